/* linearize: the jvp of f, split: values now, tangents later.  What waits for the tangents is linear in them. */
#include "transform/split.h"

Linearized transform_linearize(Module *m, const Func *f, const bool *active) {
    int n = f->body->nparams, nresults = f->body->nresults;
    Linearized made = { .active_out = bools_new(m->arena, nresults) };
    Func *both = transform_jvp(m, f, active, made.active_out);
    bool *known = bools_new(m->arena, both->body->nparams);
    for (int i = 0; i < n; i++) known[i] = true;
    const Split *split = split_func(m, both, known, nresults, true, NULL);
    made.forward = split->forward;
    made.linear = split->linear;
    made.nresiduals = split->nresiduals;
    return made;
}

Inst *transform_call(Builder *b, Func *callee, Value *const *args, int nargs, Dims sizes, Dims *behind) {
    Sizes bound = func_bound_sizes(b->arena, callee);
    const SizeVar **binds = NEW_ARRAY(b->arena, const SizeVar *, bound.n + 1);
    const Dim **all = NEW_ARRAY(b->arena, const Dim *, sizes.n + bound.n + 1);
    for (int i = 0; i < sizes.n; i++) all[i] = sizes.at[i];
    for (int i = 0; i < bound.n; i++) {
        binds[i] = size_var(b->cx, bound.at[i]->name, bound.at[i]->span);
        all[sizes.n + i] = dim_var(b->cx, binds[i]);
    }
    if (behind) *behind = (Dims){ sizes.n + bound.n, all };
    return call_with_sizes(b, callee, args, nargs, sizes, (Sizes){ bound.n, binds });
}
