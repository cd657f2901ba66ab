/* fuse_why: what --why=fuse says: which arrays go through memory, from where to where, and why.
**
** It is said of arrays that a person would want fused: not of small ones, nor of what a loop, a sort or print reads.  A reshape
** is another name for an array, so it is said of who reads that. */
#include "optimize/fuse_why.h"

#include <string.h>

enum { SMALL = 4096 /* bytes that stay in the first cache */ };

typedef struct {
    const Inst *made, *reader;
    const char *why;
    const Inst *because;
} Apart;

struct Why {
    Compiler *cx;
    Arena *arena;
    struct {
        Apart *at;
        int n, cap;
    } apart;
};

Why *why_new(Compiler *cx, Arena *a) {
    if (!cx->options.why || strcmp(cx->options.why, "fuse")) return NULL;
    Why *w = NEW(a, Why);
    *w = (Why){ .cx = cx, .arena = a };
    return w;
}

static bool is_name(const Inst *in) {
    return in->op == OP_reshape || in->op == OP_retype || in->op == OP_optimization_barrier ||
           in->op == OP_stop_gradient;
}

static bool is_small(Compiler *cx, const Type *t) {
    int64_t n;
    return dim_is_int(type_elements(cx, t), &n) && n * dtype_bytes(t->dtype) <= SMALL;
}

void why_apart(Why *w, const Inst *made, const Inst *reader, const char *why, const Inst *because) {
    if (!w || is_small(w->cx, made->results[0]->type)) return;
    if (is_name(made) || op_class(made->op) == CLASS_CREATE) return;
    PUSH(w->arena, &w->apart, ((Apart){ made, reader, why, because }));
}

/* Where the user wrote it; false where nobody did. */
static bool place(Compiler *cx, const Inst *in, const char **path, int *line, int *column) {
    const Origin *o = in->origin;
    while (o && o->caller && (!o->span.file || source_of(cx, o->span.file)->library)) o = o->caller;
    if (!o || !o->span.file) return false;
    *path = source_of(cx, o->span.file)->path;
    line_column(cx, o->span, line, column);
    return true;
}

static const char *size_text(Why *w, const Type *t) {
    int64_t n;
    if (!dim_is_int(type_elements(w->cx, t), &n)) return "";
    n *= dtype_bytes(t->dtype);
    if (n < 1 << 20) return arena_text(w->arena, " (%lld KiB)", (long long)(n + 1023) >> 10);
    return arena_text(w->arena, " (%lld MiB)", (long long)(n + (1 << 20) - 1) >> 20);
}

/* "file:3:5: the f32[n, 784] of exp goes through memory to reduce_sum at 4:1: why".  Once for each two places: what the first
** of several instructions there cannot do the others cannot either. */
static void say(Why *w, Map *said, const Apart *a, const Inst *reader) {
    Text t = text_new(w->arena);
    const Type *type = a->made->results[0]->type;
    struct {
        const char *from, *to;
        int line[2], column[2];
    } at;
    memset(&at, 0, sizeof at);
    bool known = place(w->cx, a->made, &at.from, &at.line[0], &at.column[0]);
    bool reader_known = place(w->cx, reader, &at.to, &at.line[1], &at.column[1]);
    if (known && reader_known && map_get_bytes(said, &at, sizeof at)) return;
    map_set_bytes(said, &at, sizeof at, w);
    if (known) text_add(&t, "%s:%d:%d: ", at.from, at.line[0], at.column[0]);
    text_add(&t, "the %s%s of %s goes through memory to %s", type_text(w->cx, type), size_text(w, type),
             op_name(a->made->op), op_name(reader->op));
    bool same_file = at.from == at.to;
    if (reader_known && !(same_file && at.line[0] == at.line[1] && at.column[0] == at.column[1]))
        text_add(&t, " at %s%s%d:%d", same_file ? "" : at.to, same_file ? "" : ":", at.line[1], at.column[1]);
    text_add(&t, ": %s", is_name(a->reader) ? "a reshape lies between" : a->why);
    if (a->because && a->because != a->made && a->because != a->reader && !is_name(a->because))
        text_add(&t, " (the %s)", op_name(a->because->op));
    fprintf(stderr, "%s\n", t.at);
}

void why_say(Why *w, WhyAsk ask, void *context) {
    if (!w) return;
    Map said = map_new(w->arena);
    for (int i = w->apart.n - 1; i >= 0; i--) { /* they were met from the end */
        const Apart *a = &w->apart.at[i];
        if (!is_name(a->reader)) {
            if (ask(context, a->made, a->reader)) say(w, &said, a, a->reader);
            continue;
        }
        for (const Inst *in = a->reader->next; in; in = in->next) {
            bool reads = false;
            for (int k = 0; k < in->nargs; k++) reads = reads || in->args[k]->def == a->reader;
            if (reads && ask(context, a->made, in)) say(w, &said, a, in);
        }
    }
}
