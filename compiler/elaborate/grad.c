/* grad: grad and value_and_grad, by linearizing and transposing. */
#include "elaborate/transforms.h"

#include <string.h>

typedef struct {
    Py argnums;
    bool has_aux, value, many, holomorphic, allow_int;
} Grad;

/* The numbers of the arguments that argnums names, counted from the start; NULL after an error. */
static int *argument_numbers(Elab *e, const Grad *g, const char *title, const Args *a, int *n) {
    Py *nums;
    if (!g->many) {
        nums = NEW(e->arena, Py);
        *nums = g->argnums;
        *n = 1;
    } else if (!iterate(e, g->argnums, &nums, n, a->span)) {
        return NULL;
    }
    int *order = NEW_ARRAY(e->arena, int, *n + 1);
    for (int i = 0; i < *n; i++) {
        int64_t k;
        if (!py_static_int(e, nums[i], &k)) {
            fail(e, a->span, "argnums must be an int or a tuple of ints, and is %s", py_describe(e, g->argnums));
            return NULL;
        }
        if (k < -a->nargs || k >= a->nargs) {
            fail(e, a->span, "%s has argnums %lld, and %d positional argument%s given", title, (long long)k, a->nargs,
                 a->nargs == 1 ? " was" : "s were");
            return NULL;
        }
        order[i] = (int)(k < 0 ? k + a->nargs : k);
    }
    return order;
}

/* Whether a leaf may be differentiated, or an error that names it. */
static bool may_differentiate(Elab *e, const Grad *g, const char *title, const Type *type, const char *path,
                              Span span) {
    if (g->holomorphic && !dtype_is_complex(type->dtype)) {
        fail(e, span, "%s with holomorphic=True differentiates complex arrays, and %s is %s", title, path,
             type_text(e->cx, type));
        return false;
    }
    if (g->allow_int || type_has_tangent(type)) return true;
    fail(e, span, "%s differentiates floats, and %s is %s", title, path, type_text(e->cx, type));
    return false;
}

/* The value that is differentiated: one float.  NULL after an error. */
static const Type *loss_type(Elab *e, const Grad *g, const Traced *t, const char *title, Py f, Py loss, Span span) {
    const Type *type = t->out.n ? t->func->body->results[0]->type : NULL;
    if (!py_is_number(loss) && loss->kind != PY_ARRAY) {
        fail(e, span, "%s needs a function that returns one number, and %s returns %s%s", title, title_of(e, f),
             tree_node_text(e, loss),
             loss->kind == PY_TUPLE && !g->has_aux && loss->contents->n == 2 ? "; write has_aux=True if the second "
                                                                               "part is not to be differentiated"
                                                                             : "");
        return NULL;
    }
    if (type->rank) {
        fail(e, span, "%s needs a function that returns one number, and %s returns %s", title, title_of(e, f),
             type_text(e->cx, type));
        note_shape(e, span, t->func->body->results[0]);
        return NULL;
    }
    if (g->holomorphic ? !dtype_is_complex(type->dtype) : !dtype_is_float(type->dtype)) {
        fail(e, span, "%s%s needs a function that returns a %s, and %s returns %s%s", title,
             g->holomorphic ? " with holomorphic=True" : "", g->holomorphic ? "complex number" : "float",
             title_of(e, f), type_text(e->cx, type),
             dtype_is_complex(type->dtype) ? "; write holomorphic=True for a function of complex numbers" : "");
        return NULL;
    }
    return type;
}

static Py call_grad(Elab *e, Py self, const Args *a) {
    Grad *g = self->closure.data;
    Py f = self->closure.inner;
    const char *title = title_of(e, self);
    Args in = *a; /* what is not differentiated stays as it is */
    in.args = NEW_ARRAY(e->arena, Py, a->nargs + 1);
    bool *chosen = NEW_ARRAY(e->arena, bool, a->nargs + 1);
    int nnums;
    int *order = argument_numbers(e, g, title, a, &nnums);
    if (!order) return e->error;
    for (int i = 0; i < nnums; i++) chosen[order[i]] = true;
    for (int i = 0; i < a->nargs; i++) in.args[i] = chosen[i] ? numbers_to_arrays(e, a->args[i], a->span) : a->args[i];
    Leaves leaves = { 0 };
    for (int i = 0; i < a->nargs; i++)
        if (chosen[i]) tree_flatten(e, in.args[i], &leaves);
    Value **values = NEW_ARRAY(e->arena, Value *, leaves.n + 1);
    const Type **types = NEW_ARRAY(e->arena, const Type *, leaves.n + 1);
    int nmoving = 0; /* leaves that have a gradient */
    for (int i = 0; i < leaves.n; i++) {
        const char *path = argument_path(e, f, &in, chosen, i);
        Value *v =
            leaf_value(e, leaves.at[i], arena_text(e->arena, "%s, which %s differentiates,", path, title), a->span);
        if (!v || !may_differentiate(e, g, title, v->type, path, a->span)) return e->error;
        types[i] = type_has_tangent(v->type) ? v->type : NULL;
        if (types[i]) values[nmoving++] = v;
    }
    Traced t;
    e->derivatives++;
    bool traced = trace(e, &t, f, &(Entering){ &in, chosen, false, &leaves, types, title }, a->span);
    e->derivatives--;
    if (!traced) return e->error;
    Py loss = t.result;
    if (g->has_aux && (t.result->kind != PY_TUPLE || t.result->contents->n != 2))
        return fail(e, a->span, "with has_aux=True %s returns (value, aux), and it returned %s", title_of(e, f),
                    tree_node_text(e, t.result));
    if (g->has_aux) loss = t.result->contents->at[0];
    if (!loss_type(e, g, &t, title, f, loss, a->span)) return e->error;
    int nparams = t.func->body->nparams;
    Linearized l = transform_linearize(e->module, t.func, flags_of(e, nparams, nmoving));
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
        for (int i = 0; i < nmoving; i++) grads[i] = in_back->results[i];
    } else {
        for (int i = 0; i < nmoving; i++) grads[i] = ir_fill(e->b, values[i]->type, 0);
    }
    Py *leaf = NEW_ARRAY(e->arena, Py, leaves.n + 1), *at = leaf;
    for (int i = 0, k = 0; i < leaves.n; i++)
        leaf[i] =
            types[i] ? py_array(e, grads[k++], FLAVOUR_JAX, leaf_weak(leaves.at[i])) : no_tangent(e, leaves.at[i]);
    Py *trees = NEW_ARRAY(e->arena, Py, a->nargs + 1), *result = NEW_ARRAY(e->arena, Py, nnums + 1);
    for (int i = 0; i < a->nargs; i++)
        if (chosen[i]) trees[i] = tree_unflatten(e, in.args[i], &at);
    for (int i = 0; i < nnums; i++) result[i] = trees[order[i]];
    Py gradient = g->many ? py_tuple(e, nnums, result) : result[0];
    Py value = g->has_aux ? rebuilt_aux(e, &t, forward->results) : rebuilt(e, &t, forward->results);
    if (g->value) return py_tuple(e, 2, (Py[]){ value, gradient });
    return g->has_aux ? py_tuple(e, 2, (Py[]){ gradient, value->contents->at[1] }) : gradient;
}

static Py make_grad(Elab *e, Call *c, bool value) {
    Grad *g = NEW(e->arena, Grad);
    Value *v;
    g->argnums = c->arg[1];
    g->many = c->arg[1]->kind == PY_TUPLE || c->arg[1]->kind == PY_LIST;
    g->has_aux = py_truth(e, c->arg[2], &v) == 1;
    g->holomorphic = py_truth(e, c->arg[3], &v) == 1;
    g->allow_int = py_truth(e, c->arg[4], &v) == 1;
    g->value = value;
    return py_closure(e, value ? "value_and_grad" : "grad", call_grad, g, c->arg[0]);
}
Py native_primitives_grad(Elab *e, Call *c) { return make_grad(e, c, false); }
Py native_primitives_value_and_grad(Elab *e, Call *c) { return make_grad(e, c, true); }
