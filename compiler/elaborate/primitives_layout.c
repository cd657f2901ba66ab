/* primitives_layout: the layout operations, for the library: sizes that cannot be proved equal are checked at run time. */
#include "elaborate/primitives.h"

int64_t *static_ints(Elab *e, Py x, int *n, const char *what, Span span) {
    Py *items;
    if (x->kind == PY_ERROR) return NULL;
    if (!iterate(e, x, &items, n, span)) return NULL;
    int64_t *out = NEW_ARRAY(e->arena, int64_t, *n + 1);
    for (int i = 0; i < *n; i++)
        if (!py_static_int(e, items[i], &out[i])) {
            fail(e, span, "%s must be known when compiling, and holds %s", what, py_describe(e, items[i]));
            return NULL;
        }
    return out;
}

/* Axes, negative ones from the end, in the order given. */
int64_t *axes_of_array(Elab *e, Py x, int rank, int *n, const char *what, Span span) {
    int64_t *axes = static_ints(e, x, n, what, span);
    for (int i = 0; axes && i < *n; i++) {
        if (axes[i] < -rank || axes[i] >= rank) {
            fail(e, span, "%s: axis %lld is out of range for an array with %d axes", what, (long long)axes[i], rank);
            return NULL;
        }
        if (axes[i] < 0) axes[i] += rank;
        for (int k = 0; k < i; k++)
            if (axes[k] == axes[i]) {
                fail(e, span, "%s: axis %lld is named twice", what, (long long)axes[i]);
                return NULL;
            }
    }
    return axes;
}

const Dim *signed_size(Elab *e, Py x, const char *what, Span span) {
    int64_t n;
    if (py_static_int(e, x, &n)) return dim_int(e->cx, n);
    if (x->kind == PY_SCALAR && x->scalar.dim && !dim_is_local(e, x->scalar.dim)) return x->scalar.dim;
    return to_size(e, x, what, span);
}

static const char *shape_text(Elab *e, int rank, const Dim *const *dims) {
    Text t = text_new(e->arena);
    text_add(&t, "(");
    for (int i = 0; i < rank; i++) text_add(&t, "%s%s", i ? ", " : "", dims[i] ? dim_text(e->cx, dims[i]) : "-1");
    text_add(&t, rank == 1 ? ",)" : ")");
    return t.at;
}

Value *reshape_value(Elab *e, Value *x, Py shape, Span span) {
    Compiler *cx = e->cx;
    const Dim *dims[MAX_RANK], *total = type_elements(cx, x->type), *known = dim_int(cx, 1);
    Py *items = &shape;
    int rank = 1, open = -1;
    if ((shape->kind == PY_TUPLE || shape->kind == PY_LIST) && !iterate(e, shape, &items, &rank, span)) return NULL;
    if (rank > MAX_RANK) {
        fail(e, span, "arrays have at most %d axes", MAX_RANK);
        return NULL;
    }
    for (int i = 0; i < rank; i++) {
        int64_t n;
        if (py_static_int(e, items[i], &n) && n == -1) {
            if (open >= 0) {
                fail(e, span, "only one size of a shape may be -1");
                return NULL;
            }
            open = i;
            dims[i] = NULL;
            continue;
        }
        dims[i] = to_size(e, items[i], "a size of the shape", span);
        if (!dims[i]) return NULL;
        known = dim_mul(cx, known, dims[i]);
    }
    bool fits = true;
    if (open >= 0) {
        int64_t all, rest;
        if (dim_is(known, 0))
            fits = false;
        else {
            fits = !dim_is_int(total, &all) || !dim_is_int(known, &rest) || all % rest == 0;
            dims[open] = dim_floordiv(cx, total, known);
            known = dim_mul(cx, known, dims[open]);
        }
    }
    if (!fits || dim_never_equal(cx, known, total)) {
        if (open >= 0) dims[open] = NULL;
        fail(e, span, "cannot reshape %s, which has %s elements, into shape %s", type_text(cx, x->type),
             dim_text(cx, total), shape_text(e, rank, dims));
        return NULL;
    }
    DType t = x->type->dtype;
    if (known != total) {
        x = ir_reshape(e->b, x, type_of(cx, t, 1, &total));
        x = ir_retype(e->b, x, type_of(cx, t, 1, &known), "reshape");
    }
    return ir_reshape(e->b, x, type_of(cx, t, rank, dims));
}

Py native_primitives_reshape(Elab *e, Call *c) {
    Py x = given_array(e, c->arg[0], c->span);
    if (x->kind == PY_ERROR) return x;
    Value *v = reshape_value(e, array_value(e, x), c->arg[1], c->span);
    return v ? array_view(e, v, x) : e->error;
}

Py native_primitives_broadcast(Elab *e, Call *c) {
    Py x = given_array(e, c->arg[0], c->span);
    const Dim *dims[MAX_RANK], *own[MAX_RANK];
    int n, rank = to_shape(e, c->arg[1], dims, "the shape", c->span);
    if (x->kind == PY_ERROR || rank < 0) return e->error;
    Value *v = array_value(e, x);
    int64_t *map = axes_of_array(e, c->arg[2], rank, &n, "broadcast", c->span);
    if (!map) return e->error;
    if (n != v->type->rank)
        return fail(e, c->span, "broadcast: %d axes are placed, and %s has %d", n, type_text(e->cx, v->type),
                    v->type->rank);
    for (int i = 0; i < n; i++) {
        own[i] = dims[map[i]];
        if (dim_never_equal(e->cx, own[i], v->type->dim[i]))
            return fail(e, c->span, "%s cannot be broadcast to shape %s", type_text(e->cx, v->type),
                        shape_text(e, rank, dims));
    }
    v = ir_retype(e->b, v, type_of(e->cx, v->type->dtype, n, own), "broadcast");
    return array_with(e, ir_broadcast(e->b, v, type_of(e->cx, v->type->dtype, rank, dims), map), x);
}

Py native_primitives_transpose(Elab *e, Call *c) {
    Py x = given_array(e, c->arg[0], c->span);
    if (x->kind == PY_ERROR) return x;
    Value *v = array_value(e, x);
    int n;
    int64_t *perm = axes_of_array(e, c->arg[1], v->type->rank, &n, "transpose", c->span);
    if (!perm) return e->error;
    if (n != v->type->rank)
        return fail(e, c->span, "transpose needs each of the %d axes of %s once", v->type->rank,
                    type_text(e->cx, v->type));
    return array_view(e, ir_transpose(e->b, v, perm), x);
}

Py native_primitives_pad(Elab *e, Call *c) {
    Py x = given_array(e, c->arg[0], c->span), filler = given_array(e, c->arg[1], c->span);
    if (x->kind == PY_ERROR || filler->kind == PY_ERROR) return e->error;
    Value *v = array_value(e, x);
    int rank = v->type->rank, n[3];
    Py *low, *high;
    if (!iterate(e, c->arg[2], &low, &n[0], c->span) || !iterate(e, c->arg[3], &high, &n[1], c->span)) return e->error;
    int64_t *interior = static_ints(e, c->arg[4], &n[2], "the padding between elements", c->span);
    if (!interior) return e->error;
    if (n[0] != rank || n[1] != rank || n[2] != rank)
        return fail(e, c->span, "padding for %d axes does not fit %s", n[0], type_text(e->cx, v->type));
    const Dim *before[MAX_RANK], *behind[MAX_RANK];
    for (int i = 0; i < rank; i++) {
        before[i] = signed_size(e, low[i], "padding", c->span);
        behind[i] = signed_size(e, high[i], "padding", c->span);
        if (!before[i] || !behind[i]) return e->error;
        int64_t size;
        const Dim *left = dim_add(e->cx, v->type->dim[i], dim_add(e->cx, before[i], behind[i]));
        if (!interior[i] && dim_is_int(left, &size) && size < 0)
            return fail(e, c->span, "negative padding cuts more than there is from %s", type_text(e->cx, v->type));
    }
    Value *fill = ir_convert(e->b, array_value(e, filler), v->type->dtype);
    if (fill->type->rank) return fail(e, c->span, "what pads is one number, and is %s", type_text(e->cx, fill->type));
    return array_with(e, ir_pad(e->b, v, fill, before, behind, interior), x);
}

Py native_primitives_concatenate(Elab *e, Call *c) {
    Py *items;
    int n;
    if (!iterate(e, c->arg[0], &items, &n, c->span)) return e->error;
    if (!n) return fail(e, c->span, "there is nothing to concatenate");
    Value **v = NEW_ARRAY(e->arena, Value *, n);
    bool weak = true;
    for (int i = 0; i < n; i++) {
        items[i] = given_array(e, items[i], c->span);
        if (items[i]->kind == PY_ERROR) return e->error;
        v[i] = array_value(e, items[i]);
        weak = weak && items[i]->array.weak;
    }
    const Type *t = v[0]->type;
    int axis = to_axis(e, c->arg[1], t->rank, "axis", c->span);
    if (axis < 0) return e->error;
    for (int i = 1; i < n; i++) {
        const Dim *dims[MAX_RANK];
        bool fits = v[i]->type->rank == t->rank && v[i]->type->dtype == t->dtype;
        for (int a = 0; fits && a < t->rank; a++) {
            dims[a] = a == axis ? v[i]->type->dim[a] : t->dim[a];
            if (a != axis && dim_never_equal(e->cx, t->dim[a], v[i]->type->dim[a])) fits = false;
        }
        if (!fits)
            return fail(e, c->span, "%s and %s cannot be put one after another along axis %d", type_text(e->cx, t),
                        type_text(e->cx, v[i]->type), axis);
        v[i] = ir_retype(e->b, v[i], type_of(e->cx, t->dtype, t->rank, dims), "concatenate");
    }
    Py y = py_array(e, n == 1 ? v[0] : ir_concatenate(e->b, v, n, axis), items[0]->array.flavour, weak);
    return y;
}

Py native_primitives_windows(Elab *e, Call *c) {
    Py x = given_array(e, c->arg[0], c->span);
    if (x->kind == PY_ERROR) return x;
    Value *v = array_value(e, x);
    static const char *const what[] = { "the size of a window", "the step between windows",
                                        "the dilation of a window" };
    int64_t *given[3];
    int n;
    int64_t *axes = axes_of_array(e, c->arg[1], v->type->rank, &n, "windows", c->span);
    for (int i = 0; i < 3; i++) {
        int count;
        given[i] = static_ints(e, c->arg[2 + i], &count, what[i], c->span);
        if (!axes || !given[i]) return e->error;
        if (count != n)
            return fail(e, c->span, "%s is needed for each of %d axes, and %d are given", what[i], n, count);
        for (int k = 0; k < n; k++)
            if (given[i][k] < 1)
                return fail(e, c->span, "%s must be at least 1, and is %lld", what[i], (long long)given[i][k]);
    }
    if (v->type->rank + n > MAX_RANK)
        return fail(e, c->span, "windows along %d axes of %s: arrays have at most %d axes", n,
                    type_text(e->cx, v->type), MAX_RANK);
    return n ? array_with(e, ir_windows(e->b, v, n, axes, given[0], given[1], given[2]), x) : x;
}

Py native_primitives_reverse(Elab *e, Call *c) {
    Py x = given_array(e, c->arg[0], c->span);
    if (x->kind == PY_ERROR) return x;
    int n;
    int64_t *axes = axes_of_array(e, c->arg[1], x->array.value->type->rank, &n, "reverse", c->span);
    if (!axes) return e->error;
    return n ? array_view(e, ir_reverse(e->b, array_value(e, x), n, axes), x) : x;
}

/* Leaves of one shape along a new first axis. */
static Py stack_leaves(Elab *e, void *data, Py *leaf) {
    int n = *(int *)data;
    Value **v = NEW_ARRAY(e->arena, Value *, n);
    Py first = NULL;
    for (int i = 0; i < n; i++) {
        Py x = given_array(e, leaf[i], e->span);
        if (x->kind == PY_ERROR) return x;
        if (!first) first = x;
        Value *one = array_value(e, x);
        if (i && one->type->dtype != first->array.value->type->dtype)
            one = ir_convert(e->b, one, first->array.value->type->dtype);
        if (i && one->type != first->array.value->type)
            return fail(e, e->span, "%s and %s cannot be stacked", type_text(e->cx, first->array.value->type),
                        type_text(e->cx, one->type));
        v[i] = ir_reshape(e->b, one, type_with_lead(e->cx, one->type, dim_int(e->cx, 1)));
    }
    return array_with(e, n == 1 ? v[0] : ir_concatenate(e->b, v, n, 0), first);
}

/* What a loop put into a list, one after another, as one tree of arrays. */
Py native_primitives_stacked(Elab *e, Call *c) {
    if (list_grows(c->arg[0]) && !c->arg[0]->contents->n) return growing_tree(e, c->arg[0]);
    const Contents *l = contents_of(e, c->arg[0]);
    int n = l->n;
    if (!n) return diag_errors(e->cx) ? e->error : e->none; /* a loop over a mistake has no rounds */
    return tree_map(e, n, l->at, stack_leaves, &n, c->span);
}
