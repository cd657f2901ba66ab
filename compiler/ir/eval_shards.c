/* eval_shards: what the shards of a pmap compute, one after another.
**
** A shard that comes to a collective needs what the others bring, who have not run yet: it is left there, what it brought is
** noted, and when all have come so far they run again from the start and find it. */
#include "ir/internal.h"

#include <stdlib.h>
#include <string.h>

/* What every shard brought to one collective. */
typedef struct {
    Tensor *given; /* by shard */
    bool whole;
} Meeting;

typedef struct Shards {
    struct Shards *outer;
    const char *name;
    const Dim *dim;
    int64_t n, mine;
    int met; /* collectives that the running shard has come to */
    bool waits;
    struct {
        Meeting *at;
        int n, cap;
    } meetings;
    Arena *arena;
} Shards;

static size_t bytes_of(const Tensor *t) { return (size_t)t->n * (size_t)dtype_bytes(t->type->dtype); }

/* n slices, one after another. */
static Tensor stack(Arena *arena, Compiler *cx, const Tensor *slices, const Type *slice, int64_t n) {
    Tensor all = tensor_new(arena, type_with_lead(cx, slice, dim_int(cx, n)));
    for (int64_t i = 0; i < n; i++) {
        size_t bytes = bytes_of(&slices[i]);
        if (bytes) memcpy((char *)all.bytes + (size_t)i * bytes, slices[i].bytes, bytes);
    }
    return all;
}

bool eval_shards(Eval *ev, const Inst *in, const Tensor *args, Tensor *all, int64_t *mine) {
    Shards *s = ev->shards;
    while (s && strcmp(s->name, in->attrs->name)) s = s->outer;
    if (!s) return eval_fail(ev, "%s over %s, which no pmap around it has", op_name(in->op), in->attrs->name);
    *mine = s->mine;
    if (!all) return true;
    int number = s->met++;
    if (number == s->meetings.n) PUSH(s->arena, &s->meetings, ((Meeting){ NEW_ARRAY(s->arena, Tensor, s->n), false }));
    Meeting *m = &s->meetings.at[number];
    if (!m->whole) {
        Tensor *t = &m->given[s->mine];
        *t = tensor_new(s->arena, args[0].type);
        if (t->n) memcpy(t->bytes, args[0].bytes, bytes_of(t));
        s->waits = true;
        return false;
    }
    for (int64_t i = 0; i < s->n; i++)
        if (m->given[i].type != args[0].type) return eval_fail(ev, "the shards of a pmap do not meet");
    *all = stack(ev->arena, in->block->func->module->cx, m->given, args[0].type, s->n);
    return true;
}

/* One shard as far as it comes. */
static bool run_shard(Eval *ev, Shards *s, const Inst *in, const Tensor *args, Tensor *results) {
    Compiler *cx = in->block->func->module->cx;
    Tensor *mine = NEW_ARRAY(s->arena, Tensor, in->nargs + 1);
    for (int i = 0; i < in->nargs; i++) {
        mine[i] = args[i];
        if (!in->attrs->mapped.at[i]) continue;
        mine[i].type = type_without_lead(cx, args[i].type);
        mine[i].n = args[i].n / s->n;
        mine[i].bytes = (char *)args[i].bytes + (size_t)s->mine * bytes_of(&mine[i]);
    }
    s->met = 0;
    s->waits = false;
    return eval_call(ev, in, mine, results);
}

bool eval_pmap(Eval *ev, const Inst *in, const Tensor *args, Tensor *results) {
    Shards s = { .outer = ev->shards, .name = in->attrs->name, .dim = in->attrs->dim, .arena = ev->arena };
    FILE *out = ev->out;
    int64_t readings = ev->readings;
    int depth = ev->depth, nresults = in->nresults;
    if (!eval_dim(ev, in->attrs->dim, &s.n)) return false;
    if (s.n == 0) return eval_make_results(ev, in, results);
    Tensor *each = NEW_ARRAY(ev->arena, Tensor, s.n * nresults + 1), *some = NEW_ARRAY(ev->arena, Tensor, s.n + 1);
    bool ok = true, waits;
    do {
        char *text = NULL;
        size_t length = 0;
        FILE *held = out ? open_memstream(&text, &length) : NULL; /* written by the run that goes to the end */
        waits = false;
        ev->readings = readings;
        for (s.mine = 0; ok && s.mine < s.n; s.mine++) {
            ev->shards = &s;
            ev->out = held;
            ok = run_shard(ev, &s, in, args, each + s.mine * nresults);
            ev->depth = depth;
            if (ok || !s.waits) continue;
            ok = waits = true;
        }
        for (int i = 0; i < s.meetings.n; i++) s.meetings.at[i].whole = true;
        ev->shards = s.outer;
        ev->out = out;
        if (held) fclose(held);
        if (held && !waits) fputs(text, out);
        free(text);
    } while (ok && waits);
    if (!ok) return false;
    for (int k = 0; k < nresults; k++) {
        for (int64_t i = 0; i < s.n; i++) some[i] = each[i * nresults + k];
        results[k] = stack(ev->arena, in->block->func->module->cx, some, some[0].type, s.n);
    }
    return true;
}
