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

/* Where an instruction stands, as the user knows it. */
typedef struct {
    const char *path, *text; /* path: NULL where nobody wrote it */
    int line, column;
} Place;

enum { QUOTED = 40 /* bytes of an expression */ };

/* What stands there: one line of it. */
static const char *quoted(Arena *a, const Source *s, Span span) {
    int n = 0, end = span.end - span.start;
    const char *from = s->text + span.start;
    while (n < end && n < QUOTED && from[n] != '\n') n++;
    while (n < end && n > 0 && ((unsigned char)from[n] & 0xc0) == 0x80) n--; /* not within a character */
    return n < end ? arena_text(a, "`%.*s...`", n, from) : arena_text(a, "`%.*s`", n, from);
}

/* What the library made is the user's call of it. */
static Place place_of(Why *w, const Inst *in) {
    Compiler *cx = w->cx;
    const Origin *o = in->origin;
    bool transposed = false;
    for (const Origin *k = o; k; k = k->caller) transposed = transposed || (k->what && !strcmp(k->what, "transpose"));
    while (o && o->caller && (!o->span.file || source_of(cx, o->span.file)->library)) o = o->caller;
    const char *of = transposed ? "the gradient of " : "";
    if (!o || !o->span.file) return (Place){ .text = arena_text(w->arena, "%s%s", of, op_name(in->op)) };
    const Source *s = source_of(cx, o->span.file);
    Place p = { .path = s->path, .text = arena_text(w->arena, "%s%s", of, quoted(w->arena, s, o->span)) };
    line_column(cx, o->span, &p.line, &p.column);
    return p;
}

static bool is_same(const Place *p, const Place *q) {
    return p->path && p->path == q->path && p->line == q->line && p->column == q->column;
}

static void add_place(Text *t, const Place *p, const Place *from) {
    text_add(t, "%s", p->text);
    if (!p->path || is_same(p, from)) return;
    if (p->path == from->path)
        text_add(t, " at %d:%d", p->line, p->column);
    else
        text_add(t, " at %s:%d:%d", p->path, p->line, p->column);
}

static const char *size_text(Why *w, const Type *t) {
    int64_t n;
    if (!dim_is_int(type_elements(w->cx, t), &n)) return "";
    n *= dtype_bytes(t->dtype);
    if (n < 1 << 20) return arena_text(w->arena, " (%lld KiB)", (long long)(n + 1023) >> 10);
    return arena_text(w->arena, " (%lld MiB)", (long long)(n + (1 << 20) - 1) >> 20);
}

/* "file:3:5: the f32[n, 784] of `exp(x)` goes through memory to `sum(y)` at 4:1: why (`sort(x)` at 5:1)".  Once for each two
** places: what the first of several instructions there cannot do the others cannot either. */
static void say(Why *w, Map *said, const Apart *a, const Inst *reader) {
    Text t = text_new(w->arena);
    const Type *type = a->made->results[0]->type;
    Place from = place_of(w, a->made), to = place_of(w, reader);
    struct {
        const char *from, *to;
        int line[2], column[2];
    } at;
    memset(&at, 0, sizeof at);
    at.from = from.path, at.line[0] = from.line, at.column[0] = from.column;
    at.to = to.path, at.line[1] = to.line, at.column[1] = to.column;
    if (from.path && to.path && map_get_bytes(said, &at, sizeof at)) return;
    map_set_bytes(said, &at, sizeof at, w);
    if (from.path) text_add(&t, "%s:%d:%d: ", from.path, from.line, from.column);
    text_add(&t, "the %s%s of %s goes through memory", type_text(w->cx, type), size_text(w, type), from.text);
    bool within = is_same(&from, &to) && !strcmp(from.text, to.text);
    if (within) {
        text_add(&t, " within it");
    } else {
        text_add(&t, " to ");
        add_place(&t, &to, &from);
    }
    text_add(&t, ": %s", is_name(a->reader) ? "a reshape lies between" : a->why);
    if (a->because && a->because != a->made && a->because != a->reader && !is_name(a->because)) {
        Place because = place_of(w, a->because);
        bool part = is_same(&because, &from) || is_same(&because, &to);
        text_add(&t, part ? " (a part of " : " (");
        if (part && within)
            text_add(&t, "it");
        else
            add_place(&t, &because, is_same(&because, &to) ? &to : &from);
        text_add(&t, ")");
    }
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
