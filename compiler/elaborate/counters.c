/* counters: the counters of run-time loops, which stand in size expressions while their body is elaborated but are no
** sizes; and sizes that are bound to what is known at run time only. */
#include "elaborate/values.h"

bool dim_is_local(Elab *e, const Dim *d) {
    for (LoopIndex *x = e->indices; x; x = x->outer)
        if (dim_mentions(d, x->var)) return true;
    return false;
}

/* In a loop whose count is known, what a shape depends on must be known too: the loop is unrolled instead. */
static bool made_in_counted_loop(Elab *e, const Value *v) {
    for (Attempt *a = e->attempt; a; a = a->outer)
        if (a->counted && v->block->func == a->func && v->id >= a->first_value) return true;
    return false;
}

const Dim *bind_size(Elab *e, Value *v, const char *name, Span span) {
    Data d;
    if (!value_is_constant(v, &d) && made_in_counted_loop(e, v)) {
        fail(e, span, "a size depends on what the loop computes, so the loop must be unrolled");
        return NULL;
    }
    return ir_bind_size(e->b, v, name);
}
