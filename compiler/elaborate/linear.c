/* linear: jvp, vjp and linearize as the program calls them. */
#include "elaborate/transforms.h"

#include <string.h>

/* jvp(f, primals, tangents) */

Py native_primitives_jvp(Elab *e, Call *c) {
    Py *primals, *tangents, f = c->arg[0];
    int n, m;
    if (!iterate(e, c->arg[1], &primals, &n, c->span) || !iterate(e, c->arg[2], &tangents, &m, c->span))
        return e->error;
    if (n != m) return fail(e, c->span, "jvp has %d primals and %d tangents", n, m);
    Args in = { .nargs = n, .args = primals, .span = c->span };
    in = arguments_entering(e, &in, c->span);
    Leaves x = { 0 }, dx = { 0 };
    for (int i = 0; i < n; i++) {
        if (!tree_same(e, primals[i], tangents[i]))
            return fail(e, c->span, "the primals and tangents of jvp are trees of different structure");
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
    if (!trace(e, &t, f, &(Entering){ &in, chosen, false, &x, types }, c->span)) return e->error;
    int nparams = t.func->body->nparams, nargs = nparams;
    bool *active = flags_of(e, nparams, 0), *active_out = flags_of(e, t.out.n, 0);
    Value **args = NEW_ARRAY(e->arena, Value *, nparams + x.n + 1);
    memcpy(args, with_captured(e, &t, values), sizeof *args * (size_t)nparams);
    for (int i = 0; i < x.n; i++) {
        if (!type_has_tangent(types[i])) continue;
        Value *d = leaf_value(e, dx.at[i], "the tangents of jvp", c->span);
        if (!d) return e->error;
        if (d->type->dtype != types[i]->dtype && leaf_weak(dx.at[i])) d = ir_convert(e->b, d, types[i]->dtype);
        if (d->type != types[i])
            return fail(e, c->span, "a primal of jvp is %s and its tangent %s", type_text(e->cx, types[i]),
                        type_text(e->cx, d->type));
        active[i] = true;
        args[nargs++] = d;
    }
    Func *g = transform_jvp(e->module, t.func, active, active_out);
    Inst *in_call = call_func(e, g, args, nargs, NULL);
    Value **dy = NEW_ARRAY(e->arena, Value *, t.out.n + 1);
    for (int i = 0, at = t.out.n; i < t.out.n; i++)
        dy[i] = active_out[i] ? in_call->results[at++] : ir_fill(e->b, in_call->results[i]->type, 0);
    Py y = rebuilt(e, &t, in_call->results);
    return py_tuple(e, 2, (Py[]){ y, rebuilt(e, &t, dy) });
}

/* vjp(f, *primals) and linearize(f, *primals): the forward sweep now, the linear part when it is called */

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
    Py shape; /* of what is differentiated: the result, or its first part */
    int nout;
} Sweep;

static Py call_vjp(Elab *e, Py self, const Args *a) {
    Sweep *d = self->closure.data;
    if (a->nargs != 1)
        return fail(e, a->span, "the function that vjp returns takes one cotangent, and was given %d", a->nargs);
    if (!tree_same(e, d->shape, a->args[0]))
        return fail(e, a->span, "the cotangent must be a tree like the result: %s", py_describe(e, d->shape));
    Leaves ct = { 0 };
    tree_flatten(e, a->args[0], &ct);
    Value **x = NEW_ARRAY(e->arena, Value *, d->l.nresiduals + d->t.out.n + 1);
    int n = 0;
    for (int i = 0; i < d->l.nresiduals; i++) x[n++] = d->residuals[i];
    for (int i = 0; i < d->t.out.n; i++) {
        if (!d->l.active_out[i]) continue;
        const Type *type = d->t.func->body->results[i]->type;
        Value *v = i < d->nout ? leaf_value(e, ct.at[i], "cotangents", a->span) : ir_fill(e->b, type, 0);
        if (!v) return e->error;
        if (v->type->dtype != type->dtype && leaf_weak(ct.at[i])) v = ir_convert(e->b, v, type->dtype);
        if (v->type != type)
            return fail(e, a->span, "the result is %s, and its cotangent %s", type_text(e->cx, type),
                        type_text(e->cx, v->type));
        x[n++] = v;
    }
    Inst *in = d->back ? call_func(e, d->back, x, n, &d->sizes) : NULL;
    Py *leaf = NEW_ARRAY(e->arena, Py, d->leaves.n + 1), *at = leaf;
    for (int i = 0, k = 0; i < d->leaves.n; i++) {
        bool active = type_has_tangent(d->types[i]);
        Value *v = active && in ? in->results[k++] : ir_fill(e->b, d->types[i], 0);
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
    for (int i = 0; i < a->nargs; i++) tree_flatten(e, a->args[i], &dx);
    Value **x = NEW_ARRAY(e->arena, Value *, d->l.nresiduals + d->leaves.n + 1),
          **dy = NEW_ARRAY(e->arena, Value *, d->t.out.n + 1);
    int n = 0;
    for (int i = 0; i < d->l.nresiduals; i++) x[n++] = d->residuals[i];
    for (int i = 0; i < d->leaves.n; i++) {
        if (!type_has_tangent(d->types[i])) continue;
        Value *v = i < dx.n ? leaf_value(e, dx.at[i], "tangents", a->span) : NULL;
        if (!v) return e->error;
        if (v->type->dtype != d->types[i]->dtype && leaf_weak(dx.at[i])) v = ir_convert(e->b, v, d->types[i]->dtype);
        if (v->type != d->types[i])
            return fail(e, a->span, "the argument is %s, and its tangent %s", type_text(e->cx, d->types[i]),
                        type_text(e->cx, v->type));
        x[n++] = v;
    }
    Inst *in = call_func(e, d->l.linear, x, n, &d->sizes);
    for (int i = 0, k = 0; i < d->t.out.n; i++)
        dy[i] = d->l.active_out[i] ? in->results[k++] : ir_fill(e->b, d->t.func->body->results[i]->type, 0);
    return rebuilt(e, &d->t, dy);
}

static Py linearized(Elab *e, Call *c, bool transposed) {
    Sweep *d = NEW(e->arena, Sweep);
    Py f = c->arg[0], primals = c->arg[1];
    Value *v;
    Args in = { .nargs = primals->contents->n, .args = primals->contents->at, .span = c->span };
    d->in = arguments_entering(e, &in, c->span);
    d->has_aux = transposed && py_truth(e, c->arg[2], &v) == 1;
    for (int i = 0; i < in.nargs; i++) tree_flatten(e, d->in.args[i], &d->leaves);
    Value **values = NEW_ARRAY(e->arena, Value *, d->leaves.n + 1);
    d->types = NEW_ARRAY(e->arena, const Type *, d->leaves.n + 1);
    for (int i = 0; i < d->leaves.n; i++) {
        values[i] = leaf_value(e, d->leaves.at[i], "primals", c->span);
        if (!values[i]) return e->error;
        d->types[i] = values[i]->type;
    }
    if (!trace(e, &d->t, f, &(Entering){ &d->in, flags_of(e, in.nargs, in.nargs), false, &d->leaves, d->types },
               c->span))
        return e->error;
    d->shape = d->t.result;
    if (d->has_aux) {
        if (d->shape->kind != PY_TUPLE || d->shape->contents->n != 2)
            return fail(e, c->span, "with has_aux the function returns (value, aux)");
        d->shape = d->shape->contents->at[0];
    }
    Leaves out = { 0 };
    tree_flatten(e, d->shape, &out);
    d->nout = out.n;
    int nparams = d->t.func->body->nparams;
    bool *active = flags_of(e, nparams, 0);
    for (int i = 0; i < d->leaves.n; i++) active[i] = type_has_tangent(d->types[i]);
    d->l = transform_linearize(e->module, d->t.func, active);
    Inst *forward = call_func(e, d->l.forward, with_captured(e, &d->t, values), nparams, NULL);
    d->sizes = sizes_bound_by(e, forward);
    d->residuals = forward->results + d->t.out.n;
    bool any = false;
    for (int i = 0; i < d->t.out.n; i++) any |= d->l.active_out[i];
    if (transposed && any) d->back = transform_transpose(e->module, d->l.linear, d->l.nresiduals);
    Py y = rebuilt(e, &d->t, forward->results);
    Py g = py_closure(e, transposed ? "vjp" : "linearize", transposed ? call_vjp : call_linear, d, NULL);
    if (d->has_aux) return py_tuple(e, 3, (Py[]){ y->contents->at[0], g, y->contents->at[1] });
    return py_tuple(e, 2, (Py[]){ y, g });
}
Py native_primitives_vjp(Elab *e, Call *c) { return linearized(e, c, true); }
Py native_primitives_linearize(Elab *e, Call *c) { return linearized(e, c, false); }
