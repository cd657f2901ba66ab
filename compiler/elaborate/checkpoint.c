/* checkpoint: jax.checkpoint, a function whose derivative computes again what its policy does not keep.
**
** The function is traced where it is called, and the call says what is kept (`remat`); transform does the rest. */
#include "elaborate/transforms.h"

typedef struct {
    const char *remat;
    Py fixed; /* the positions that stay static, a tuple */
} Checkpoint;

static bool is_fixed(Elab *e, const Checkpoint *k, int i, int n) {
    const Contents *at = contents_of(e, k->fixed);
    for (int j = 0; j < at->n; j++) {
        int64_t position;
        if (py_static_int(e, at->at[j], &position) && (position == i || position == i - n)) return true;
    }
    return false;
}

static Py call_checkpoint(Elab *e, Py self, const Args *a) {
    const Checkpoint *k = self->closure.data;
    Args in = arguments_entering(e, a, a->span);
    bool *chosen = flags_of(e, a->nargs, a->nargs);
    Leaves leaves = { 0 };
    for (int i = 0; i < a->nargs; i++) {
        chosen[i] = !is_fixed(e, k, i, a->nargs);
        if (chosen[i])
            tree_flatten(e, in.args[i], &leaves);
        else
            in.args[i] = a->args[i];
    }
    Value **values = NEW_ARRAY(e->arena, Value *, leaves.n + 1);
    const Type **types = NEW_ARRAY(e->arena, const Type *, leaves.n + 1);
    for (int i = 0; i < leaves.n; i++) {
        values[i] = leaf_value(e, leaves.at[i], "the arguments of a checkpointed function", a->span);
        if (!values[i]) return e->error;
        types[i] = values[i]->type;
    }
    Traced t;
    if (!trace(e, &t, self->closure.inner, &(Entering){ &in, chosen, false, &leaves, types, NULL }, a->span))
        return e->error;
    Func *f = t.func;
    Value **args = with_captured(e, &t, values);
    for (int i = 0; i < f->body->nparams; i++) args[i] = value_here(e, args[i]);
    Sizes bound = func_bound_sizes(e->arena, f);
    const SizeVar **binds = NEW_ARRAY(e->cx->arena, const SizeVar *, bound.n + 1);
    const Dim **sizes = NEW_ARRAY(e->cx->arena, const Dim *, f->sizes.n + 1);
    for (int i = 0; i < bound.n; i++) binds[i] = size_var(e->cx, bound.at[i]->name, bound.at[i]->span);
    for (int i = 0; i < f->sizes.n; i++) sizes[i] = dim_var(e->cx, f->sizes.at[i]);
    Attrs attrs = {
        .callee = f, .sizes = { f->sizes.n, sizes }, .binds = { bound.n, binds }, .remat = name_of(e->cx, k->remat)
    };
    return rebuilt(e, &t, emit_inst(e->b, OP_call, args, f->body->nparams, &attrs)->results);
}

Py native_primitives_checkpoint(Elab *e, Call *c) {
    Checkpoint *k = NEW(e->arena, Checkpoint);
    if (!py_static_text(c->arg[1], &k->remat)) return fail(e, c->span, "the policy of checkpoint must be known");
    k->fixed = c->arg[2];
    return py_closure(e, "checkpoint", call_checkpoint, k, c->arg[0]);
}

Py native_primitives_checkpoint_name(Elab *e, Call *c) {
    const char *name;
    if (!py_static_text(c->arg[1], &name)) return fail(e, c->span, "the name of checkpoint_name must be a known text");
    Value *x = array_value(e, c->arg[0]);
    if (!x) return e->error;
    Attrs attrs = { .name = name_of(e->cx, name) };
    return py_array(e, emit(e->b, OP_checkpoint_name, &x, 1, &attrs), FLAVOUR_JAX, leaf_weak(c->arg[0]));
}

Py native_primitives_optimization_barrier(Elab *e, Call *c) {
    Value *x = array_value(e, c->arg[0]);
    return x ? py_array(e, ir_optimization_barrier(e->b, x), FLAVOUR_JAX, leaf_weak(c->arg[0])) : e->error;
}
