/* linearize: the jvp of f, split: values now, tangents later.  What waits for the tangents is linear in them. */
#include "transform/split.h"

Linearized transform_linearize(Module *m, const Func *f, const bool *active) {
    int n = f->body->nparams, nresults = f->body->nresults;
    Linearized made = { .active_out = bools_new(m->arena, nresults) };
    Func *both = transform_jvp(m, f, active, made.active_out);
    bool *known = bools_new(m->arena, both->body->nparams);
    for (int i = 0; i < n; i++) known[i] = true;
    const Split *split = split_func(m, both, known, nresults, true);
    made.forward = split->forward;
    made.linear = split->linear;
    made.nresiduals = split->nresiduals;
    return made;
}
