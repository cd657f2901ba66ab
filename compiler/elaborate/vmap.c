/* vmap: a function over many arguments at once; and jit, after which numbers are arrays. */
#include "elaborate/transforms.h"

#include <string.h>

typedef struct {
    Py in_axes, out_axes, axis_size, axis_name;
} Vmap;

/* Axis `from` becomes axis `to`, the others keep their order. */
static Value *move_axis(Elab *e, Value *x, int from, int to) {
    if (from == to) return x;
    int64_t perm[MAX_RANK];
    int rank = x->type->rank, at = 0;
    for (int i = 0; i < rank; i++) {
        if (i == to) {
            perm[i] = from;
            continue;
        }
        if (at == from) at++;
        perm[i] = at++;
    }
    return ir_transpose(e->b, x, perm);
}

static Py call_vmap(Elab *e, Py self, const Args *a) {
    Vmap *m = self->closure.data;
    Py f = self->closure.inner;
    const char *title = title_of(e, self);
    Args in = arguments_entering(e, a, a->span);
    Leaves leaves = { 0 }, axes = { 0 };
    bool *chosen = flags_of(e, a->nargs, a->nargs);
    Py all = py_tuple(e, a->nargs, in.args), in_axes = m->in_axes;
    if (in_axes->kind == PY_LIST) in_axes = py_tuple(e, contents_of(e, in_axes)->n, contents_of(e, in_axes)->at);
    if (in_axes->kind == PY_TUPLE && in_axes->contents->n != a->nargs)
        return fail(e, a->span, "in_axes of %s has %d entries, and %d argument%s given", title, in_axes->contents->n,
                    a->nargs, a->nargs == 1 ? " was" : "s were");
    if (!tree_spread(e, in_axes, all, &axes, "in_axes", a->span)) return e->error;
    tree_flatten(e, all, &leaves);
    for (int i = 0; i < a->nkeywords; i++) { /* keyword arguments are mapped over axis 0 */
        int before = leaves.n;
        tree_flatten(e, in.values[i], &leaves);
        for (int k = before; k < leaves.n; k++) PUSH(e->arena, &axes, py_int(e, 0));
    }
    Value **values = NEW_ARRAY(e->arena, Value *, leaves.n + 1);
    const Type **types = NEW_ARRAY(e->arena, const Type *, leaves.n + 1);
    bool *batched = flags_of(e, leaves.n + 1, 0);
    const Dim *lanes = NULL;
    const Type *from = NULL;
    if (m->axis_size->kind != PY_NONE) lanes = to_size(e, m->axis_size, "axis_size", a->span);
    for (int i = 0; i < leaves.n; i++) {
        values[i] = leaf_value(e, leaves.at[i], arena_text(e->arena, "the arguments of %s", title), a->span);
        if (!values[i]) return e->error;
        types[i] = values[i]->type;
        if (axes.at[i]->kind == PY_NONE) continue;
        int key = leaves.at[i]->kind == PY_ARRAY && leaves.at[i]->array.key;
        if (types[i]->rank - key == 0)
            return fail(e, a->span, "%s maps over an axis of %s, which has none; write in_axes=None for it", title,
                        type_text(e->cx, types[i]));
        int axis = to_axis(e, axes.at[i], types[i]->rank - key, "in_axes", a->span);
        if (axis < 0) return e->error;
        const Dim *n = types[i]->dim[axis];
        if (lanes && lanes != n && dim_never_equal(e->cx, lanes, n))
            return fail(e, a->span, "%s maps over axes of different sizes: %s in %s and %s in %s", title,
                        dim_text(e->cx, lanes), from ? type_text(e->cx, from) : "axis_size", dim_text(e->cx, n),
                        type_text(e->cx, types[i]));
        if (!lanes) {
            lanes = n;
            from = types[i];
        }
        batched[i] = true;
        values[i] = move_axis(e, values[i], axis, 0);
        values[i] = ir_retype(e->b, values[i], type_with_lead(e->cx, type_without_lead(e->cx, values[i]->type), lanes),
                              "the axes that vmap maps over");
        types[i] = type_without_lead(e->cx, values[i]->type);
    }
    if (!lanes) return fail(e, a->span, "%s has nothing to map over: in_axes is None for every argument", title);
    Traced t;
    const Axis *axes_around = e->axes, *axis = NULL;
    if (m->axis_name->kind != PY_NONE) {
        axis = axis_enter(e, m->axis_name, lanes, false, a->span);
        if (!axis) return e->error;
    }
    bool traced = trace(e, &t, f, &(Entering){ &in, chosen, true, &leaves, types }, a->span);
    e->axes = axes_around;
    if (!traced) return e->error;
    int nparams = t.func->body->nparams;
    bool *each = flags_of(e, nparams, 0), *each_out = flags_of(e, t.out.n, 0);
    memcpy(each, batched, sizeof *each * (size_t)leaves.n);
    Func *g = transform_vmap_named(e->module, t.func, each, lanes, axis ? axis->unique : NULL, false, each_out);
    DimMap sizes = { 0 };
    if (!dim_is_int(lanes, NULL)) dim_map_add(e->cx, &sizes, g->sizes.at[g->sizes.n - 1], lanes);
    Inst *in_call = call_func(e, g, with_captured(e, &t, values), nparams, &sizes);
    Leaves out_axes = { 0 };
    if (!tree_spread(e, m->out_axes, t.result, &out_axes, "out_axes", a->span)) return e->error;
    Value **y = NEW_ARRAY(e->arena, Value *, t.out.n + 1);
    for (int i = 0; i < t.out.n; i++) {
        y[i] = in_call->results[i];
        Py to_axes = out_axes.at[i];
        if (to_axes->kind == PY_NONE) {
            if (each_out[i])
                return fail(e, a->span, "out_axes of %s is None for a result that differs from lane to lane: %s", title,
                            type_text(e->cx, type_without_lead(e->cx, y[i]->type)));
            continue;
        }
        if (!each_out[i]) {
            int64_t map[MAX_RANK];
            for (int k = 0; k < y[i]->type->rank; k++) map[k] = k + 1;
            y[i] = ir_broadcast(e->b, y[i], type_with_lead(e->cx, y[i]->type, lanes), map);
        }
        int key = t.out.at[i]->kind == PY_ARRAY && t.out.at[i]->array.key;
        int to = to_axis(e, to_axes, y[i]->type->rank - key, "out_axes", a->span);
        if (to < 0) return e->error;
        y[i] = move_axis(e, y[i], 0, to);
    }
    return rebuilt(e, &t, y);
}

Py native_primitives_vmap(Elab *e, Call *c) {
    Vmap *m = NEW(e->arena, Vmap);
    m->in_axes = c->arg[1];
    m->out_axes = c->arg[2];
    m->axis_name = c->arg[3];
    m->axis_size = c->arg[4];
    if (c->arg[5]->kind != PY_NONE)
        warn(e->cx, user_span(e, c->span),
             "spmd_axis_name says how JAX lays out lanes over devices; jxl does so itself");
    return py_closure(e, "vmap", call_vmap, m, c->arg[0]);
}

/* jit: numbers become arrays on the way in and on the way out; all is compiled anyway */

typedef struct {
    Py argnums, argnames;
} Jit;

static bool listed(Elab *e, Py list, Py x) {
    if (list->kind == PY_NONE) return false;
    if (list->kind != PY_TUPLE && list->kind != PY_LIST) return py_equal_static(e, list, x);
    const Contents *c = contents_of(e, list);
    for (int i = 0; i < c->n; i++)
        if (py_equal_static(e, c->at[i], x)) return true;
    return false;
}

/* Whether positional argument i has one of those names. */
static bool parameter_listed(Elab *e, Py f, int i, Py names) {
    if (names->kind == PY_NONE || f->kind != PY_FUNCTION) return false;
    Node *n = f->function.node, *ps = n->kind == NODE_Lambda ? n->Lambda.args : n->FunctionDef.args;
    int first = ps->arguments.posonlyargs.n;
    Nodes group = i < first ? ps->arguments.posonlyargs : ps->arguments.args;
    if (i >= first) i -= first;
    return i < group.n && listed(e, names, py_str(e, group.at[i]->arg.arg));
}

static Py call_jit(Elab *e, Py self, const Args *a) {
    Jit *j = self->closure.data;
    Args in = *a;
    in.args = NEW_ARRAY(e->arena, Py, a->nargs + 1);
    in.values = NEW_ARRAY(e->arena, Py, a->nkeywords + 1);
    for (int i = 0; i < a->nargs; i++) {
        bool fixed = listed(e, j->argnums, py_int(e, i)) || listed(e, j->argnums, py_int(e, i - a->nargs)) ||
                     parameter_listed(e, self->closure.inner, i, j->argnames);
        in.args[i] = fixed ? a->args[i] : numbers_to_arrays(e, a->args[i], a->span);
    }
    for (int i = 0; i < a->nkeywords; i++)
        in.values[i] =
            listed(e, j->argnames, py_str(e, a->names[i])) ? a->values[i] : numbers_to_arrays(e, a->values[i], a->span);
    Py r = call(e, self->closure.inner, &in);
    return r->kind == PY_ERROR ? r : numbers_to_arrays(e, r, a->span);
}

Py native_primitives_jit(Elab *e, Call *c) {
    Jit *j = NEW(e->arena, Jit);
    j->argnums = c->arg[1];
    j->argnames = c->arg[2];
    return py_closure(e, "jit", call_jit, j, c->arg[0]);
}
