/* linear: jvp, vjp, linearize and linear_transpose as the program calls them. */
#include "elaborate/transforms.h"

#include <string.h>

/* A tangent or cotangent as its array, of the type that what it belongs to has; NULL after an error.  `what` says
** "the tangent", `of` what it belongs to. */
static Value *matching(Elab *e, Py d, const Type *type, const char *what, const char *of, Span span) {
    Value *v = leaf_value(e, d, arena_text(e->arena, "%ss", what + 4), span);
    if (!v || v->type == type) return v;
    if (v->type->dtype != type->dtype && leaf_weak(d) && dtype_is_inexact(v->type->dtype))
        v = ir_convert(e->b, v, type->dtype);
    if (v->type == type) return v;
    bool fits = v->type->dtype == type->dtype && v->type->rank == type->rank;
    for (int i = 0; fits && i < type->rank; i++) fits = !dim_never_equal(e->cx, v->type->dim[i], type->dim[i]);
    if (fits) return ir_retype(e->b, v, type, arena_text(e->arena, "%s of %s", what, of));
    fail(e, span, "%s is %s, and %s is %s", of, type_text(e->cx, type), what, type_text(e->cx, v->type));
    return NULL;
}

/* With has_aux a function returns (value, aux): the value; NULL after an error. */
static Py without_aux(Elab *e, Py result, Py f, Span span) {
    if (result->kind == PY_TUPLE && result->contents->n == 2) return result->contents->at[0];
    fail(e, span, "with has_aux=True %s returns (value, aux), and it returned %s", title_of(e, f),
         tree_node_text(e, result));
    return NULL;
}

/* jvp(f, primals, tangents) */

Py native_primitives_jvp(Elab *e, Call *c) {
    Py *primals, *tangents, f = c->arg[0];
    int n, m;
    for (int i = 1; i < 3; i++)
        if (c->arg[i]->kind != PY_TUPLE && c->arg[i]->kind != PY_LIST)
            return fail(e, c->span, "jvp takes primals and tangents as tuples: write jvp(f, (x,), (dx,)); %s are %s",
                        i == 1 ? "the primals" : "the tangents", py_describe(e, c->arg[i]));
    if (!iterate(e, c->arg[1], &primals, &n, c->span) || !iterate(e, c->arg[2], &tangents, &m, c->span))
        return e->error;
    if (n != m) return fail(e, c->span, "jvp has %d primals and %d tangents", n, m);
    Value *v;
    bool has_aux = py_truth(e, c->arg[3], &v) == 1;
    Args in = { .nargs = n, .args = primals, .span = c->span };
    in = arguments_entering(e, &in, c->span);
    Leaves x = { 0 }, dx = { 0 };
    for (int i = 0; i < n; i++) {
        TreeDifference d;
        if (tree_difference(e, primals[i], tangents[i], argument_name(e, f, i), &d))
            return fail(e, c->span, "jvp: %s is %s, and its tangent is %s", d.path, d.x, d.y);
        tree_flatten(e, in.args[i], &x);
        tree_flatten(e, tangents[i], &dx);
    }
    Value **values = NEW_ARRAY(e->arena, Value *, 2 * x.n + 1);
    const Type **types = NEW_ARRAY(e->arena, const Type *, x.n + 1);
    bool *chosen = flags_of(e, n, n);
    for (int i = 0; i < x.n; i++) {
        values[i] = leaf_value(e, x.at[i], "the primals of jvp", c->span);
        if (!values[i]) return e->error;
        types[i] = values[i]->type;
    }
    Traced t;
    const char *title = arena_text(e->arena, "jvp(%s)", title_of(e, f));
    e->derivatives++;
    bool traced = trace(e, &t, f, &(Entering){ &in, chosen, false, &x, types, title }, c->span);
    e->derivatives--;
    if (!traced) return e->error;
    if (has_aux && !without_aux(e, t.result, f, c->span)) return e->error;
    int nparams = t.func->body->nparams, nargs = nparams;
    bool *active = flags_of(e, nparams, 0), *active_out = flags_of(e, t.out.n, 0);
    Value **args = NEW_ARRAY(e->arena, Value *, nparams + x.n + 1);
    memcpy(args, with_captured(e, &t, values), sizeof *args * (size_t)nparams);
    for (int i = 0; i < x.n; i++) {
        if (!type_has_tangent(types[i])) continue;
        Value *d = matching(e, dx.at[i], types[i], "its tangent",
                            arena_text(e->arena, "jvp: %s", argument_path(e, f, &in, NULL, i)), c->span);
        if (!d) return e->error;
        active[i] = true;
        args[nargs++] = d;
    }
    Func *g = transform_jvp(e->module, t.func, active, active_out);
    Inst *in_call = call_func(e, g, args, nargs, NULL);
    Value **dy = NEW_ARRAY(e->arena, Value *, t.out.n + 1);
    for (int i = 0, at = t.out.n; i < t.out.n; i++)
        dy[i] = active_out[i] ? in_call->results[at++] : ir_fill(e->b, in_call->results[i]->type, 0);
    Py y = has_aux ? rebuilt_aux(e, &t, in_call->results) : rebuilt(e, &t, in_call->results),
       d = rebuilt_tangents(e, &t, dy);
    if (!has_aux) return py_tuple(e, 2, (Py[]){ y, d });
    return py_tuple(e, 3, (Py[]){ y->contents->at[0], d->contents->at[0], y->contents->at[1] });
}

/* vjp(f, *primals), linearize and linear_transpose: the forward sweep now, the linear part when it is called */

typedef struct {
    Traced t;
    Linearized l;
    Func *back;
    Value **residuals;
    DimMap sizes; /* that the forward sweep bound */
    Args in;
    Leaves leaves;
    const Type **types;
    bool has_aux;
    Py f;
    const char *name; /* of f */
    Py shape;         /* of what is differentiated: the result, or its first part */
    int nout;
} Sweep;

static Py call_vjp(Elab *e, Py self, const Args *a) {
    Sweep *d = self->closure.data;
    TreeDifference differs;
    if (a->nargs != 1)
        return fail(e, a->span, "the function that vjp returns takes one cotangent, and was given %d", a->nargs);
    if (tree_difference(e, d->shape, a->args[0], "", &differs))
        return fail(e, a->span, "%s%sthe result of %s is %s, and its cotangent is %s", differs.path,
                    *differs.path ? " of " : "", d->name, differs.x, differs.y);
    Leaves ct = { 0 };
    tree_flatten(e, a->args[0], &ct);
    Value **x = NEW_ARRAY(e->arena, Value *, d->l.nresiduals + d->t.out.n + 1);
    int n = 0;
    for (int i = 0; i < d->l.nresiduals; i++) x[n++] = d->residuals[i];
    for (int i = 0; i < d->t.out.n; i++) {
        const Type *type = d->t.func->body->results[i]->type;
        bool given = i < d->nout && type_has_tangent(type);
        if (!given && !d->l.active_out[i]) continue;
        Value *v = given ? matching(e, ct.at[i], type, "its cotangent", result_path(e, d->shape, d->f, i), a->span)
                         : ir_fill(e->b, type, 0);
        if (!v) return e->error;
        if (d->l.active_out[i]) x[n++] = v;
    }
    Inst *in = d->back ? call_func(e, d->back, x, n, &d->sizes) : NULL;
    Py *leaf = NEW_ARRAY(e->arena, Py, d->leaves.n + 1), *at = leaf;
    for (int i = 0, k = 0; i < d->leaves.n; i++) {
        if (!type_has_tangent(d->types[i])) {
            leaf[i] = no_tangent(e, d->leaves.at[i]);
            continue;
        }
        Value *v = in ? in->results[k++] : ir_fill(e->b, d->types[i], 0);
        leaf[i] = py_array(e, v, FLAVOUR_JAX, leaf_weak(d->leaves.at[i]));
    }
    Py *trees = NEW_ARRAY(e->arena, Py, d->in.nargs + 1);
    for (int i = 0; i < d->in.nargs; i++) trees[i] = tree_unflatten(e, d->in.args[i], &at);
    return py_tuple(e, d->in.nargs, trees);
}

static Py call_linear(Elab *e, Py self, const Args *a) {
    Sweep *d = self->closure.data;
    if (a->nargs != d->in.nargs)
        return fail(e, a->span, "this linear function takes %d tangents, and was given %d", d->in.nargs, a->nargs);
    Leaves dx = { 0 };
    for (int i = 0; i < a->nargs; i++) {
        TreeDifference differs;
        if (tree_difference(e, d->in.args[i], a->args[i], argument_name(e, d->f, i), &differs))
            return fail(e, a->span, "%s is %s, and its tangent is %s", differs.path, differs.x, differs.y);
        tree_flatten(e, a->args[i], &dx);
    }
    Value **x = NEW_ARRAY(e->arena, Value *, d->l.nresiduals + d->leaves.n + 1),
          **dy = NEW_ARRAY(e->arena, Value *, d->t.out.n + 1);
    int n = 0;
    for (int i = 0; i < d->l.nresiduals; i++) x[n++] = d->residuals[i];
    for (int i = 0; i < d->leaves.n; i++) {
        if (!type_has_tangent(d->types[i])) continue;
        Value *v = matching(e, dx.at[i], d->types[i], "its tangent", argument_path(e, d->f, &d->in, NULL, i), a->span);
        if (!v) return e->error;
        x[n++] = v;
    }
    Inst *in = call_func(e, d->l.linear, x, n, &d->sizes);
    for (int i = 0, k = 0; i < d->t.out.n; i++)
        dy[i] = d->l.active_out[i] ? in->results[k++] : ir_fill(e->b, d->t.func->body->results[i]->type, 0);
    Py y = rebuilt_tangents(e, &d->t, dy);
    Leaves out = { 0 };
    bool strong = false;
    for (int i = 0; i < dx.n; i++) strong |= !leaf_weak(dx.at[i]);
    tree_flatten(e, y, &out);
    for (int i = 0; i < out.n && strong; i++) out.at[i]->array.weak = false;
    return d->has_aux ? y->contents->at[0] : y;
}

/* A function is linear if what its derivative keeps does not depend on where it is taken, which is what vmap asks too. */
static bool is_linear(Elab *e, const Sweep *d) {
    int n = d->l.forward->body->nparams, nout = d->l.forward->body->nresults;
    bool *depends = flags_of(e, nout, 0);
    transform_vmap(e->module, d->l.forward, flags_of(e, n, d->leaves.n), dim_int(e->cx, 2), false, depends);
    for (int i = 0; i < d->l.nresiduals; i++)
        if (depends[d->t.out.n + i]) return false;
    return true;
}

typedef enum { VJP, LINEARIZE, LINEAR_TRANSPOSE } LinearKind;

static Py linearized(Elab *e, Call *c, LinearKind kind) {
    Sweep *d = NEW(e->arena, Sweep);
    Py f = c->arg[0], primals = c->arg[1];
    Value *v;
    const char *what = c->native->name;
    Args in = { .nargs = primals->contents->n, .args = primals->contents->at, .span = c->span };
    d->in = arguments_entering(e, &in, c->span);
    d->has_aux = kind != LINEAR_TRANSPOSE && py_truth(e, c->arg[2], &v) == 1;
    d->f = f;
    d->name = title_of(e, f);
    for (int i = 0; i < in.nargs; i++) tree_flatten(e, d->in.args[i], &d->leaves);
    Value **values = NEW_ARRAY(e->arena, Value *, d->leaves.n + 1);
    d->types = NEW_ARRAY(e->arena, const Type *, d->leaves.n + 1);
    for (int i = 0; i < d->leaves.n; i++) {
        values[i] = leaf_value(e, d->leaves.at[i], arena_text(e->arena, "the primals of %s", what), c->span);
        if (!values[i]) return e->error;
        d->types[i] = values[i]->type;
    }
    Entering entering = { &d->in,   flags_of(e, in.nargs, in.nargs),
                          false,    &d->leaves,
                          d->types, arena_text(e->arena, "%s(%s)", what, d->name) };
    e->derivatives++;
    bool traced = trace(e, &d->t, f, &entering, c->span);
    e->derivatives--;
    if (!traced) return e->error;
    d->shape = d->has_aux ? without_aux(e, d->t.result, f, c->span) : d->t.result;
    if (!d->shape) return e->error;
    Leaves out = { 0 };
    tree_flatten(e, d->shape, &out);
    d->nout = out.n;
    int nparams = d->t.func->body->nparams;
    bool *active = flags_of(e, nparams, 0);
    for (int i = 0; i < d->leaves.n; i++) active[i] = type_has_tangent(d->types[i]);
    d->l = transform_linearize(e->module, d->t.func, active);
    if (kind == LINEAR_TRANSPOSE && !is_linear(e, d))
        return fail(e, c->span, "linear_transpose needs a linear function, and %s is not", d->name);
    Inst *forward = call_func(e, d->l.forward, with_captured(e, &d->t, values), nparams, NULL);
    d->sizes = sizes_bound_by(e, forward);
    d->residuals = forward->results + d->t.out.n;
    bool any = false;
    for (int i = 0; i < d->t.out.n; i++) any |= d->l.active_out[i];
    if (kind != LINEARIZE && any) d->back = transform_transpose(e->module, d->l.linear, d->l.nresiduals);
    Py y = d->has_aux ? rebuilt_aux(e, &d->t, forward->results) : rebuilt(e, &d->t, forward->results);
    Py g = py_closure(e, what, kind == LINEARIZE ? call_linear : call_vjp, d, NULL);
    if (kind == LINEAR_TRANSPOSE) return g;
    if (d->has_aux) return py_tuple(e, 3, (Py[]){ y->contents->at[0], g, y->contents->at[1] });
    return py_tuple(e, 2, (Py[]){ y, g });
}
Py native_primitives_vjp(Elab *e, Call *c) { return linearized(e, c, VJP); }
Py native_primitives_linearize(Elab *e, Call *c) { return linearized(e, c, LINEARIZE); }
Py native_primitives_linear_transpose(Elab *e, Call *c) { return linearized(e, c, LINEAR_TRANSPOSE); }
