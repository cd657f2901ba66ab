/* vmap and pmap: a function over many arguments at once. */
#include "elaborate/transforms.h"

#include <string.h>

typedef struct {
    Py in_axes, out_axes, axis_size, axis_name;
    Py fixed;    /* argnums that are not mapped and stay as they are */
    bool shards; /* a pmap */
} Vmap;

static bool is_fixed(Elab *e, const Vmap *m, Py f, int i, int nargs) {
    return argument_listed(e, f, i, nargs, m->fixed, e->none);
}

static bool inside_pmap(const Elab *e) {
    for (const Axis *a = e->axes; a; a = a->outer)
        if (a->shards) return true;
    return false;
}

/* The traced function for each shard: everything it captured is whole. */
static Inst *emit_pmap(Elab *e, const Traced *t, Value **args, const bool *mapped, const Axis *axis) {
    Func *f = t->func;
    int n = f->body->nparams;
    int64_t *each = NEW_ARRAY(e->arena, int64_t, n + 1);
    const Dim **sizes = NEW_ARRAY(e->arena, const Dim *, f->sizes.n + 1);
    for (int i = 0; i < n; i++) {
        each[i] = mapped[i];
        args[i] = value_here(e, args[i]);
    }
    for (int i = 0; i < f->sizes.n; i++) sizes[i] = dim_var(e->cx, f->sizes.at[i]);
    Attrs attrs = no_attrs;
    attrs.callee = f;
    attrs.sizes = (Dims){ f->sizes.n, sizes };
    attrs.dim = axis->size;
    attrs.name = axis->unique;
    attrs.mapped = (Ints){ n, each };
    Inst *in = emit_inst(e->b, OP_pmap, args, n, &attrs);
    /* what shards cannot do together is found when they are dealt out, and is to be said now */
    if (!axis->outer) transform_shard(e->module, in, flags_of(e, in->nresults, 0));
    return in;
}

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

/* The axis for each leaf of the arguments; keyword arguments are mapped over axis 0. */
static bool axes_of_arguments(Elab *e, const Vmap *m, Py f, const char *title, const Args *in, Leaves *leaves,
                              Leaves *axes, Span span) {
    Py given = m->in_axes;
    bool each = given->kind == PY_TUPLE || given->kind == PY_LIST;
    if (each && contents_of(e, given)->n != in->nargs) {
        int n = contents_of(e, given)->n;
        fail(e, span, "in_axes of %s has %d entr%s, and %d argument%s given", title, n, n == 1 ? "y" : "ies", in->nargs,
             in->nargs == 1 ? " was" : "s were");
        return false;
    }
    for (int i = 0; i < in->nargs; i++) {
        if (is_fixed(e, m, f, i, in->nargs)) continue;
        const char *what = each ? arena_text(e->arena, "in_axes[%d]", i) : "in_axes";
        Py axis = each ? contents_of(e, given)->at[i] : given;
        if (!tree_spread(e, axis, in->args[i], axes, what, argument_name(e, f, i), span)) return false;
        tree_flatten(e, in->args[i], leaves);
    }
    for (int i = 0; i < in->nkeywords; i++) {
        tree_flatten(e, in->values[i], leaves);
        while (axes->n < leaves->n) PUSH(e->arena, axes, py_int(e, 0));
    }
    return true;
}

/* The lanes, and where their number was first met. */
typedef struct {
    const Dim *n;
    const char *from; /* "x: f32[3, 4]" */
} Lanes;

/* A leaf with its lanes in front, and its type in one lane; false after an error. */
static bool lanes_in_front(Elab *e, Py leaf, Py at, const char *title, const char *path, Lanes *lanes, Value **value,
                           const Type **type, Span span) {
    int key = leaf->kind == PY_ARRAY && leaf->array.key, rank = (*value)->type->rank - key;
    const char *text = type_text(e->cx, (*value)->type);
    int64_t k;
    if (!py_static_int(e, at, &k)) {
        fail(e, span, "in_axes of %s are ints or None, and for %s there is %s", title, path, py_describe(e, at));
        return false;
    }
    if (rank == 0) {
        fail(e, span, "%s maps over an axis of %s, and that is %s, which has none; write in_axes=None for it", title,
             path, text);
        return false;
    }
    if (k < -rank || k >= rank) {
        fail(e, span, "%s maps over axis %lld of %s, and that is %s", title, (long long)k, path, text);
        return false;
    }
    int axis = (int)(k < 0 ? k + rank : k);
    const Dim *n = (*value)->type->dim[axis];
    if (lanes->n && lanes->n != n && dim_never_equal(e->cx, lanes->n, n)) {
        fail(e, span, "%s maps over axes of different sizes: %s has %s along axis %d (%s), and %s", title, path,
             dim_text(e->cx, n), axis, text, lanes->from);
        return false;
    }
    if (!lanes->n) {
        lanes->n = n;
        lanes->from = arena_text(e->arena, "%s has %s along axis %d (%s)", path, dim_text(e->cx, n), axis, text);
    }
    Value *v = move_axis(e, *value, axis, 0);
    *type = type_without_lead(e->cx, v->type);
    *value = ir_retype(e->b, v, type_with_lead(e->cx, *type, lanes->n), "the axes that vmap maps over");
    return true;
}

/* A result with its lanes along the axis that out_axes asks for; NULL after an error. */
static Value *lanes_to(Elab *e, Value *y, bool batched, Py at, int key, const Dim *lanes, const char *title,
                       const char *path, Span span) {
    int64_t k;
    const Type *lane = batched ? type_without_lead(e->cx, y->type) : y->type;
    if (at->kind == PY_NONE) {
        if (!batched) return y;
        fail(e, span, "out_axes of %s is None for %s: %s, which differs from lane to lane", title, path,
             type_text(e->cx, lane));
        return NULL;
    }
    int rank = lane->rank - key + 1;
    if (!py_static_int(e, at, &k) || k < -rank || k >= rank) {
        fail(e, span, "out_axes of %s is %s for %s, which is %s in each lane", title,
             py_static_int(e, at, &k) ? arena_text(e->arena, "%lld", (long long)k) : py_describe(e, at), path,
             type_text(e->cx, lane));
        return NULL;
    }
    if (!batched) {
        int64_t map[MAX_RANK];
        for (int i = 0; i < y->type->rank; i++) map[i] = i + 1;
        y = ir_broadcast(e->b, y, type_with_lead(e->cx, y->type, lanes), map);
    }
    return move_axis(e, y, 0, (int)(k < 0 ? k + rank : k));
}

static Py call_map(Elab *e, Py self, const Args *a) {
    Vmap *m = self->closure.data;
    Py f = self->closure.inner;
    const char *title = title_of(e, self);
    Args in = arguments_entering(e, a, a->span);
    Leaves leaves = { 0 }, axes = { 0 };
    bool *chosen = flags_of(e, a->nargs, a->nargs), shards = m->shards && !inside_pmap(e);
    for (int i = 0; i < a->nargs; i++)
        if (is_fixed(e, m, f, i, a->nargs)) {
            chosen[i] = false;
            in.args[i] = a->args[i];
        }
    if (!axes_of_arguments(e, m, f, title, &in, &leaves, &axes, a->span)) return e->error;
    Value **values = NEW_ARRAY(e->arena, Value *, leaves.n + 1);
    const Type **types = NEW_ARRAY(e->arena, const Type *, leaves.n + 1);
    bool *batched = flags_of(e, leaves.n + 1, 0);
    Lanes lanes = { 0 };
    if (m->axis_size->kind != PY_NONE) {
        lanes.n = to_size(e, m->axis_size, "axis_size", a->span);
        if (!lanes.n) return e->error;
        lanes.from = arena_text(e->arena, "axis_size is %s", dim_text(e->cx, lanes.n));
    }
    for (int i = 0; i < leaves.n; i++) {
        const char *path = argument_path(e, f, &in, chosen, i);
        values[i] = leaf_value(e, leaves.at[i], arena_text(e->arena, "the arguments of %s", title), a->span);
        if (!values[i]) return e->error;
        types[i] = values[i]->type;
        batched[i] = axes.at[i]->kind != PY_NONE;
        if (batched[i] &&
            !lanes_in_front(e, leaves.at[i], axes.at[i], title, path, &lanes, &values[i], &types[i], a->span))
            return e->error;
    }
    if (!lanes.n) return fail(e, a->span, "%s has nothing to map over: in_axes is None for every argument", title);
    Traced t;
    const Axis *axes_around = e->axes, *axis = NULL;
    if (m->axis_name->kind != PY_NONE) {
        axis = axis_enter(e, m->axis_name, lanes.n, m->shards, a->span);
        if (!axis) return e->error;
    }
    bool traced = trace(e, &t, f, &(Entering){ &in, chosen, true, &leaves, types, title }, a->span);
    e->axes = axes_around;
    if (!traced) return e->error;
    int nparams = t.func->body->nparams;
    bool *each = flags_of(e, nparams, 0), *each_out = flags_of(e, t.out.n, 0);
    memcpy(each, batched, sizeof *each * (size_t)leaves.n);
    Inst *in_call;
    if (shards) {
        each_out = flags_of(e, t.out.n, t.out.n);
        if (func_binds_results(t.func))
            return fail(e, a->span, "%s: the shape of a result of each shard is known only when it has run", title);
        in_call = emit_pmap(e, &t, with_captured(e, &t, values), each, axis);
    } else {
        Func *g = transform_vmap_named(e->module, t.func, each, lanes.n, axis ? axis->unique : NULL, false, each_out);
        DimMap sizes = { 0 };
        if (!dim_is_int(lanes.n, NULL)) dim_map_add(e->cx, &sizes, g->sizes.at[g->sizes.n - 1], lanes.n);
        in_call = call_func(e, g, with_captured(e, &t, values), nparams, &sizes);
    }
    Leaves out_axes = { 0 };
    const char *of = arena_text(e->arena, "the result of %s", title_of(e, f));
    if (!tree_spread(e, m->out_axes, t.result, &out_axes, "out_axes", of, a->span)) return e->error;
    Value **y = NEW_ARRAY(e->arena, Value *, t.out.n + 1);
    bool *stays = flags_of(e, t.out.n, 0);
    for (int i = 0; i < t.out.n; i++) {
        stays[i] = out_axes.at[i]->kind == PY_NONE;
        if (m->shards && stays[i] && each_out[i]) { /* the first shard's */
            y[i] = ir_index0(e->b, in_call->results[i], ir_i64(e->b, 0));
            stays[i] = false;
            continue;
        }
        int key = t.out.at[i]->kind == PY_ARRAY && t.out.at[i]->array.key;
        y[i] = lanes_to(e, in_call->results[i], each_out[i], out_axes.at[i], key, lanes.n, title,
                        result_path(e, t.result, f, i), a->span);
        if (!y[i]) return e->error;
    }
    return rebuilt_keeping(e, &t, y, stays);
}

Py native_primitives_vmap(Elab *e, Call *c) {
    Vmap *m = NEW(e->arena, Vmap);
    m->fixed = e->none;
    m->in_axes = c->arg[1];
    m->out_axes = c->arg[2];
    m->axis_name = c->arg[3];
    m->axis_size = c->arg[4];
    if (c->arg[5]->kind != PY_NONE)
        warn(e->cx, user_span(e, c->span),
             "spmd_axis_name says how JAX lays out lanes over devices; jxl does so itself");
    return py_closure(e, "vmap", call_map, m, c->arg[0]);
}

Py native_primitives_pmap(Elab *e, Call *c) {
    Vmap *m = NEW(e->arena, Vmap);
    m->shards = true;
    m->axis_name = c->arg[1]->kind == PY_NONE ? py_str(e, "<pmap>") : c->arg[1];
    m->in_axes = c->arg[2];
    m->out_axes = c->arg[3];
    m->fixed = c->arg[4];
    m->axis_size = c->arg[7];
    return py_closure(e, "pmap", call_map, m, c->arg[0]);
}
