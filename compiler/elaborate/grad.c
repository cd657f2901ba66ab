/* grad: grad and value_and_grad, by linearizing and transposing. */
#include "elaborate/transforms.h"

#include <string.h>

typedef struct {
    Py argnums;
    bool has_aux, value, many;
} Grad;

/* Numbers that stand beside the value and are known stay Python's. */
static Py keep_numbers(Elab *e, Py value, const Traced *t) {
    Leaves leaves = { 0 };
    tree_flatten(e, value, &leaves);
    for (int i = 1; i < leaves.n; i++)
        if (py_is_static_number(t->out.at[i])) leaves.at[i] = t->out.at[i];
    Py *at = leaves.at;
    return tree_unflatten(e, value, &at);
}

static Py call_grad(Elab *e, Py self, const Args *a) {
    Grad *g = self->closure.data;
    Py f = self->closure.inner;
    const char *name = self->closure.name;
    Args in = arguments_entering(e, a, a->span);
    bool *chosen = NEW_ARRAY(e->arena, bool, a->nargs + 1);
    Py *nums;
    int nnums;
    if (g->many) {
        if (!iterate(e, g->argnums, &nums, &nnums, a->span)) return e->error;
    } else {
        nums = &g->argnums;
        nnums = 1;
    }
    int *order = NEW_ARRAY(e->arena, int, nnums + 1);
    for (int i = 0; i < nnums; i++) {
        int64_t k;
        if (!py_static_int(e, nums[i], &k)) return fail(e, a->span, "argnums must be known when compiling");
        if (k < 0) k += a->nargs;
        if (k < 0 || k >= a->nargs)
            return fail(e, a->span, "%s differentiates argument %lld, and %d %s given", name, (long long)k, a->nargs,
                        a->nargs == 1 ? "was" : "were");
        chosen[k] = true;
        order[i] = (int)k;
    }
    Leaves leaves = { 0 };
    for (int i = 0; i < a->nargs; i++)
        if (chosen[i]) tree_flatten(e, in.args[i], &leaves);
    Value **values = NEW_ARRAY(e->arena, Value *, leaves.n + 1);
    const Type **types = NEW_ARRAY(e->arena, const Type *, leaves.n + 1);
    for (int i = 0; i < leaves.n; i++) {
        values[i] = leaf_value(e, leaves.at[i], arena_text(e->arena, "what %s differentiates", name), a->span);
        if (!values[i]) return e->error;
        types[i] = values[i]->type;
        if (!type_has_tangent(types[i]))
            return fail(e, a->span, "%s differentiates with respect to floats, and was given %s", name,
                        type_text(e->cx, types[i]));
    }
    Traced t;
    if (!trace(e, &t, f, &(Entering){ &in, chosen, false, &leaves, types }, a->span)) return e->error;
    Py loss = t.result;
    if (g->has_aux && (t.result->kind != PY_TUPLE || t.result->contents->n != 2))
        return fail(e, a->span, "with has_aux the function returns (value, aux), and it returned %s",
                    py_describe(e, t.result));
    if (g->has_aux) loss = t.result->contents->at[0];
    if (!py_is_number(loss) && loss->kind != PY_ARRAY)
        return fail(e, a->span, "%s needs a function that returns one number, and %s returns %s", name, title_of(e, f),
                    py_describe(e, loss));
    const Type *type = t.func->body->results[0]->type;
    if (type->rank)
        return fail(e, a->span, "%s needs a function that returns one number, and %s returns %s", name, title_of(e, f),
                    type_text(e->cx, type));
    if (!dtype_is_float(type->dtype))
        return fail(e, a->span, "%s needs a function that returns a float, and %s returns %s", name, title_of(e, f),
                    type_text(e->cx, type));
    int nparams = t.func->body->nparams;
    Linearized l = transform_linearize(e->module, t.func, flags_of(e, nparams, leaves.n));
    Value **args = with_captured(e, &t, values);
    Inst *forward = call_func(e, l.forward, args, nparams, NULL);
    Value **grads = NEW_ARRAY(e->arena, Value *, leaves.n + 1);
    if (l.active_out[0]) {
        bool *only_loss = flags_of(e, l.linear->body->nresults, 1); /* nothing flows back from what is auxiliary */
        Func *back = transform_transpose_some(e->module, l.linear, l.nresiduals, only_loss);
        Value **x = NEW_ARRAY(e->arena, Value *, l.nresiduals + t.out.n + 1);
        int n = 0;
        for (int i = 0; i < l.nresiduals; i++) x[n++] = forward->results[t.out.n + i];
        x[n++] = ir_fill(e->b, forward->results[0]->type, 1);
        DimMap map = sizes_bound_by(e, forward);
        Inst *in_back = call_func(e, back, x, n, &map);
        for (int i = 0; i < leaves.n; i++) grads[i] = in_back->results[i];
    } else {
        for (int i = 0; i < leaves.n; i++) grads[i] = ir_fill(e->b, types[i], 0);
    }
    Py *leaf = NEW_ARRAY(e->arena, Py, leaves.n + 1), *at = leaf;
    for (int i = 0; i < leaves.n; i++) leaf[i] = py_array(e, grads[i], FLAVOUR_JAX, leaf_weak(leaves.at[i]));
    Py *trees = NEW_ARRAY(e->arena, Py, a->nargs + 1), *result = NEW_ARRAY(e->arena, Py, nnums + 1);
    for (int i = 0; i < a->nargs; i++)
        if (chosen[i]) trees[i] = tree_unflatten(e, in.args[i], &at);
    for (int i = 0; i < nnums; i++) result[i] = trees[order[i]];
    Py gradient = g->many ? py_tuple(e, nnums, result) : result[0];
    Py value = g->has_aux ? keep_numbers(e, rebuilt(e, &t, forward->results), &t) : rebuilt(e, &t, forward->results);
    if (g->value) return py_tuple(e, 2, (Py[]){ value, gradient });
    return g->has_aux ? py_tuple(e, 2, (Py[]){ gradient, value->contents->at[1] }) : gradient;
}

static Py make_grad(Elab *e, Call *c, bool value) {
    Grad *g = NEW(e->arena, Grad);
    Value *v;
    g->argnums = c->arg[1];
    g->many = c->arg[1]->kind == PY_TUPLE || c->arg[1]->kind == PY_LIST;
    g->has_aux = py_truth(e, c->arg[2], &v) == 1;
    g->value = value;
    return py_closure(e, value ? "value_and_grad" : "grad", call_grad, g, c->arg[0]);
}
Py native_primitives_grad(Elab *e, Call *c) { return make_grad(e, c, false); }
Py native_primitives_value_and_grad(Elab *e, Call *c) { return make_grad(e, c, true); }
