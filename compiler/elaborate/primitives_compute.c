/* primitives_compute: reductions, scans, products, gathers, sorts and random bits, for the library. */
#include "elaborate/primitives.h"

#include <string.h>

/* The operation of that name, of one of those classes. */
static bool operation(Elab *e, Py name, OpClass one, OpClass other, Op *op, Span span) {
    const char *text;
    if (py_static_text(name, &text) && op_from_name(text, op) && (op_class(*op) == one || op_class(*op) == other))
        return true;
    fail(e, span, "%s is not such an operation", py_describe(e, name));
    return false;
}

Py native_primitives_reduce(Elab *e, Call *c) {
    Op op;
    int n;
    Py x = given_array(e, c->arg[1], c->span);
    if (x->kind == PY_ERROR || !operation(e, c->arg[0], CLASS_REDUCE, CLASS_REDUCE, &op, c->span)) return e->error;
    int64_t *axes = axes_of_array(e, c->arg[2], x->array.value->type->rank, &n, "axis", c->span);
    if (!axes) return e->error;
    Attrs a = { .axes = { n, axes } };
    Value *v = array_value(e, x);
    const char *wrong = n ? emit_check(e->b, op, &v, 1, &a) : NULL;
    if (wrong) return fail(e, c->span, "%s", wrong);
    return n ? array_with(e, ir_reduce(e->b, op, v, n, axes), x) : x;
}

Py native_primitives_scan(Elab *e, Call *c) {
    Op op;
    Py x = given_array(e, c->arg[1], c->span);
    if (x->kind == PY_ERROR || !operation(e, c->arg[0], CLASS_SCAN, CLASS_SCAN, &op, c->span)) return e->error;
    int axis = to_axis(e, c->arg[2], x->array.value->type->rank, "axis", c->span);
    if (axis < 0) return e->error;
    Attrs a = { .axis = axis };
    Value *v = array_value(e, x);
    const char *wrong = emit_check(e->b, op, &v, 1, &a);
    if (wrong) return fail(e, c->span, "%s", wrong);
    return array_with(e, ir_scan(e->b, op, v, axis, c->arg[3] == e->true_), x);
}

Py native_primitives_arg(Elab *e, Call *c) {
    Op op;
    DType t;
    Py x = given_array(e, c->arg[1], c->span);
    if (x->kind == PY_ERROR || !operation(e, c->arg[0], CLASS_REDUCE, CLASS_REDUCE, &op, c->span)) return e->error;
    int axis = to_axis(e, c->arg[2], x->array.value->type->rank, "axis", c->span);
    if (axis < 0 || !to_dtype(e, c->arg[3], &t, c->span)) return e->error;
    if (dim_is(x->array.value->type->dim[axis], 0))
        return fail(e, c->span, "attempt to get %s of an empty sequence", op_name(op));
    Attrs a = { .axis = axis, .dtype = t };
    Value *v = array_value(e, x);
    const char *wrong = emit_check(e->b, op, &v, 1, &a);
    if (wrong) return fail(e, c->span, "%s", wrong);
    return py_array(e, ir_arg(e->b, op, v, axis, t), x->array.flavour, false);
}

/* The axes of y as those of x, checked at run time where that cannot be proved. */
static Value *meeting(Elab *e, Value *x, Value *y, int n, const int64_t *of_x, const int64_t *of_y, Span span) {
    const Dim *dims[MAX_RANK];
    for (int a = 0; a < y->type->rank; a++) dims[a] = y->type->dim[a];
    for (int i = 0; i < n; i++) {
        const Dim *d = x->type->dim[of_x[i]];
        if (dim_never_equal(e->cx, d, dims[of_y[i]])) {
            fail(e, span, "%s and %s do not meet: the axes that meet are %s and %s", type_text(e->cx, x->type),
                 type_text(e->cx, y->type), dim_text(e->cx, d), dim_text(e->cx, dims[of_y[i]]));
            note_shape(e, span, x);
            note_shape(e, span, y);
            return NULL;
        }
        dims[of_y[i]] = d;
    }
    return ir_retype(e->b, y, type_of(e->cx, y->type->dtype, y->type->rank, dims), "the axes that meet");
}

Py native_primitives_dot(Elab *e, Call *c) {
    Py x = given_array(e, c->arg[0], c->span), y = given_array(e, c->arg[1], c->span);
    int64_t batch;
    if (x->kind == PY_ERROR || y->kind == PY_ERROR) return e->error;
    if (!py_static_int(e, c->arg[2], &batch)) return fail(e, c->span, "batch must be known when compiling");
    Value *v = array_value(e, x), *w = array_value(e, y);
    if (v->type->dtype != w->type->dtype)
        return fail(e, c->span, "dot of %s and %s: the dtypes differ", type_text(e->cx, v->type),
                    type_text(e->cx, w->type));
    int n, m;
    int64_t *left = axes_of_array(e, c->arg[3], v->type->rank, &n, "dot", c->span);
    int64_t *right = left ? axes_of_array(e, c->arg[4], w->type->rank, &m, "dot", c->span) : NULL;
    if (!right) return e->error;
    if (n != m) return fail(e, c->span, "dot contracts %d axes of one operand and %d of the other", n, m);
    int64_t lead[MAX_RANK];
    for (int i = 0; i < batch; i++) lead[i] = i;
    w = meeting(e, v, w, (int)batch, lead, lead, c->span);
    w = w ? meeting(e, v, w, n, left, right, c->span) : NULL;
    if (!w) return e->error;
    return py_array(e, ir_dot(e->b, v, w, (int)batch, n, left, right), x->array.flavour,
                    x->array.weak && y->array.weak);
}

/* x where the mask c holds, else y; c is a bool array or number, x and y are of one dtype. */
Py native_primitives_select(Elab *e, Call *c) {
    Py mask = c->arg[0];
    Value *v[3];
    if (mask->kind != PY_ARRAY && !py_is_number(mask))
        return fail(e, c->span, "a mask is an array of bools, and not %s", py_describe(e, mask));
    v[0] = mask->kind == PY_ARRAY ? array_value(e, mask) : number_as(e, mask, DT_bool);
    if (v[0]->type->dtype != DT_bool)
        return fail(e, c->span, "a mask is an array of bools, and not %s", type_text(e->cx, v[0]->type));
    Kind k = promote(e, kind_of(e, c->arg[1]), kind_of(e, c->arg[2]));
    for (int i = 1; i < 3; i++) v[i] = as_kind(e, c->arg[i], k);
    if (!broadcast_together(e, v, 3, "select", c->span)) return e->error;
    Py y = py_array(e, ir_select(e->b, v[0], v[1], v[2]), k.scalar ? e->flavour : k.flavour, k.weak);
    y->array.numpy_scalar = k.flavour == FLAVOUR_NUMPY && !k.scalar && !v[1]->type->rank;
    return y;
}

typedef struct {
    Py x;
    Value *v, *idx;
    int batch, n;
    int64_t *axes;
} Indexed;

static bool indexed(Elab *e, Call *c, int at, Indexed *ix) {
    ix->x = given_array(e, c->arg[0], c->span);
    Py idx = given_array(e, c->arg[1], c->span);
    int64_t batch;
    if (ix->x->kind == PY_ERROR || idx->kind == PY_ERROR) return false;
    ix->v = array_value(e, ix->x);
    ix->idx = array_value(e, idx);
    DType t = ix->idx->type->dtype;
    if (!dtype_is_integer(t)) {
        fail(e, c->span, "positions are integers, and not %s", type_text(e->cx, ix->idx->type));
        return false;
    }
    if (t != DT_i32 && t != DT_i64) ix->idx = ir_convert(e->b, ix->idx, dtype_bytes(t) < 4 ? DT_i32 : DT_i64);
    if (!py_static_int(e, c->arg[at], &batch)) return false;
    ix->batch = (int)batch;
    ix->axes = axes_of_array(e, c->arg[at + 1], ix->v->type->rank, &ix->n, "axes", c->span);
    return ix->axes != NULL;
}

Py native_primitives_gather(Elab *e, Call *c) {
    Indexed ix;
    const char *mode;
    if (!indexed(e, c, 2, &ix) || !py_static_text(c->arg[4], &mode)) return e->error;
    GatherMode m = !strcmp(mode, "fill") ? GATHER_FILL : !strcmp(mode, "inside") ? GATHER_INSIDE : GATHER_CLIP;
    return array_with(e, ir_gather(e->b, ix.v, ix.idx, ix.batch, ix.n, ix.axes, m), ix.x);
}

Py native_primitives_scatter(Elab *e, Call *c) {
    static const char *const names[] = { "set", "add", "mul", "min", "max" };
    Indexed ix;
    const char *name;
    Py u = given_array(e, c->arg[2], c->span);
    if (!indexed(e, c, 3, &ix) || u->kind == PY_ERROR || !py_static_text(c->arg[5], &name)) return e->error;
    for (int i = 0; i < COUNT(names); i++)
        if (strcmp(name, names[i]) == 0) {
            Value *v = ir_convert(e->b, array_value(e, u), ix.v->type->dtype);
            return array_with(e, ir_scatter(e->b, ix.v, ix.idx, v, ix.batch, ix.n, ix.axes, (Combine)i), ix.x);
        }
    return fail(e, c->span, "'%s' is not a way to combine", name);
}

/* Scalar starts as i64, negative ones from the end. */
static bool starts_of(Elab *e, Py x, const Type *t, Value **start, Span span) {
    Py *items;
    int n;
    if (!iterate(e, x, &items, &n, span)) return false;
    if (n != t->rank) {
        fail(e, span, "%d starts do not fit %s", n, type_text(e->cx, t));
        return false;
    }
    for (int i = 0; i < n; i++) {
        if (items[i]->kind == PY_ERROR) return false;
        if (!py_is_index(items[i])) {
            fail(e, span, "a start is an integer, and not %s", py_describe(e, items[i]));
            return false;
        }
        Value *v = items[i]->kind == PY_ARRAY ? ir_convert(e->b, array_value(e, items[i]), DT_i64)
                                              : scalar_value(e, items[i], NUMBER_INT);
        Value *zero = ir_i64(e->b, 0);
        start[i] = ir_select(e->b, ir_lt(e->b, v, zero), ir_add(e->b, v, ir_size(e->b, t->dim[i])), v);
    }
    return true;
}

Py native_primitives_dynamic_slice(Elab *e, Call *c) {
    Py x = given_array(e, c->arg[0], c->span);
    if (x->kind == PY_ERROR) return x;
    Value *start[MAX_RANK], *v = array_value(e, x);
    const Dim *dims[MAX_RANK];
    if (!starts_of(e, c->arg[1], v->type, start, c->span)) return e->error;
    int rank = to_shape(e, c->arg[2], dims, "the slice sizes", c->span);
    if (rank < 0) return e->error;
    if (rank != v->type->rank) return fail(e, c->span, "%d slice sizes do not fit %s", rank, type_text(e->cx, v->type));
    for (int i = 0; i < rank; i++) {
        int64_t have, want;
        if (dim_is_int(dims[i], &want) && dim_is_int(v->type->dim[i], &have) && want > have)
            return fail(e, c->span, "slice size %lld is larger than axis %d of %s", (long long)want, i,
                        type_text(e->cx, v->type));
    }
    return array_with(e, ir_dynamic_slice(e->b, v, start, type_of(e->cx, v->type->dtype, rank, dims)), x);
}

Py native_primitives_dynamic_update_slice(Elab *e, Call *c) {
    Py x = given_array(e, c->arg[0], c->span), u = given_array(e, c->arg[1], c->span);
    if (x->kind == PY_ERROR || u->kind == PY_ERROR) return e->error;
    Value *start[MAX_RANK], *v = array_value(e, x), *w = array_value(e, u);
    if (!starts_of(e, c->arg[2], v->type, start, c->span)) return e->error;
    bool fits = w->type->rank == v->type->rank;
    for (int i = 0; fits && i < v->type->rank; i++) {
        int64_t have, want;
        if (dim_is_int(w->type->dim[i], &want) && dim_is_int(v->type->dim[i], &have) && want > have) fits = false;
    }
    if (!fits)
        return fail(e, c->span, "an update of type %s does not fit %s", type_text(e->cx, w->type),
                    type_text(e->cx, v->type));
    return array_with(e, ir_dynamic_update_slice(e->b, v, ir_convert(e->b, w, v->type->dtype), start), x);
}

Py native_primitives_sort(Elab *e, Call *c) {
    Py *items;
    int n;
    int64_t keys, descending;
    if (!iterate(e, c->arg[0], &items, &n, c->span) || !n || !py_static_int(e, c->arg[2], &keys)) return e->error;
    if (!py_static_int(e, c->arg[4], &descending)) return e->error;
    Value **v = NEW_ARRAY(e->arena, Value *, n);
    for (int i = 0; i < n; i++) {
        items[i] = given_array(e, items[i], c->span);
        if (items[i]->kind == PY_ERROR) return e->error;
        v[i] = array_value(e, items[i]);
    }
    Attrs a = no_attrs;
    a.axis = to_axis(e, c->arg[1], v[0]->type->rank, "axis", c->span);
    a.keys = keys;
    a.descending = descending;
    if (a.axis < 0) return e->error;
    if (c->arg[3]->kind != PY_NONE) { /* (first, how many) */
        const Dim *window[MAX_RANK];
        if (to_shape(e, c->arg[3], window, "the window", c->span) != 2) return e->error;
        a.first = window[0];
        a.places = window[1];
    }
    const char *wrong = emit_check(e->b, OP_sort, v, n, &a);
    if (wrong) return fail(e, c->span, "sort of %s: %s", type_text(e->cx, v[0]->type), wrong);
    Inst *in = emit_inst(e->b, OP_sort, v, n, &a);
    Py *y = NEW_ARRAY(e->arena, Py, n);
    for (int i = 0; i < n; i++) y[i] = array_with(e, in->results[i], items[i]);
    return py_list(e, n, y);
}

Py native_primitives_nonzero(Elab *e, Call *c) {
    Py x = given_array(e, c->arg[0], c->span);
    if (x->kind == PY_ERROR) return x;
    Attrs a = no_attrs;
    const SizeVar **var = NEW(e->arena, const SizeVar *);
    *var = size_var(e->cx, "k", c->span);
    a.binds = (Sizes){ 1, var };
    Value *v = array_value(e, x);
    return py_array(e, emit(e->b, OP_nonzero, &v, 1, &a), x->array.flavour, false);
}

Py native_primitives_threefry2x32(Elab *e, Call *c) {
    Value *v[4];
    for (int i = 0; i < 4; i++) {
        Py x = given_array(e, c->arg[i], c->span);
        if (x->kind == PY_ERROR) return x;
        v[i] = ir_convert(e->b, array_value(e, x), DT_u32);
    }
    if (!broadcast_together(e, v, 4, "threefry2x32", c->span)) return e->error;
    Inst *in = emit_inst(e->b, OP_threefry2x32, v, 4, &no_attrs);
    Py y[2] = { py_array(e, in->results[0], FLAVOUR_JAX, false), py_array(e, in->results[1], FLAVOUR_JAX, false) };
    return py_tuple(e, 2, y);
}

static Py linalg(Elab *e, Call *c, Op op, int n, const Attrs *a) {
    Value *v[2];
    Py x = NULL;
    for (int i = 0; i < n; i++) {
        Py y = given_array(e, c->arg[i], c->span);
        if (y->kind == PY_ERROR) return y;
        v[i] = array_value(e, y);
        if (!x) x = y;
    }
    const char *wrong = emit_check(e->b, op, v, n, a);
    if (wrong) return fail(e, c->span, "%s of %s: %s", op_name(op), type_text(e->cx, v[0]->type), wrong);
    return py_array(e, emit(e->b, op, v, n, a), x->array.flavour, false);
}

Py native_primitives_cholesky(Elab *e, Call *c) { return linalg(e, c, OP_cholesky, 1, &no_attrs); }

Py native_primitives_triangular_solve(Elab *e, Call *c) {
    Attrs a = no_attrs;
    a.lower = c->arg[2] == e->true_;
    a.transposed = c->arg[3] == e->true_;
    a.unit = c->arg[4] == e->true_;
    return linalg(e, c, OP_triangular_solve, 2, &a);
}

Py native_primitives_solve(Elab *e, Call *c) { return linalg(e, c, OP_solve, 2, &no_attrs); }

/* lu, qr, svd, eigh, eig or schur: a tuple. */
Py native_primitives_factor(Elab *e, Call *c) {
    Op op;
    Py x = given_array(e, c->arg[1], c->span);
    if (x->kind == PY_ERROR || !operation(e, c->arg[0], CLASS_LINALG, CLASS_LINALG, &op, c->span)) return e->error;
    Attrs a = no_attrs;
    a.full = c->arg[2] == e->true_;
    Value *v = array_value(e, x);
    const char *wrong = emit_check(e->b, op, &v, 1, &a);
    if (wrong) return fail(e, c->span, "%s", wrong);
    Inst *in = emit_inst(e->b, op, &v, 1, &a);
    Py *y = NEW_ARRAY(e->arena, Py, in->nresults);
    for (int i = 0; i < in->nresults; i++) y[i] = py_array(e, in->results[i], x->array.flavour, false);
    return py_tuple(e, in->nresults, y);
}

/* fft, ifft, rfft, or irfft to n numbers; divided by how many they are, or not */
Py native_primitives_fft(Elab *e, Call *c) {
    const char *what;
    Py x = given_array(e, c->arg[1], c->span);
    if (x->kind == PY_ERROR || !py_static_text(c->arg[0], &what)) return e->error;
    Value *v = array_value(e, x);
    Attrs a = no_attrs;
    a.axis = to_axis(e, c->arg[2], v->type->rank, "axis", c->span);
    if (a.axis < 0) return e->error;
    a.reversed = strcmp(what, "ifft") == 0;
    a.divided = c->arg[4] == e->true_;
    Op op = strcmp(what, "rfft") == 0 ? OP_rfft : strcmp(what, "irfft") == 0 ? OP_irfft : OP_fft;
    const Dim *n = op == OP_irfft ? to_size(e, c->arg[3], "the number of points", c->span) : NULL;
    if (op == OP_irfft && !n) return e->error;
    if (dim_is(v->type->dim[a.axis], 0) || (n && !dim_at_least(e->cx, n, dim_int(e->cx, 1)) && dim_is_int(n, NULL)))
        return fail(e, c->span, "%s of no points", what);
    if (n) { /* the half that is read */
        const Dim *dims[MAX_RANK];
        for (int i = 0; i < v->type->rank; i++) dims[i] = v->type->dim[i];
        dims[a.axis] = dim_add(e->cx, dim_floordiv(e->cx, n, dim_int(e->cx, 2)), dim_int(e->cx, 1));
        v = ir_retype(e->b, v, type_of(e->cx, v->type->dtype, v->type->rank, dims), "irfft");
        a.dim = n;
    }
    const char *wrong = emit_check(e->b, op, &v, 1, &a);
    if (wrong) return fail(e, c->span, "%s", wrong);
    return py_array(e, emit(e->b, op, &v, 1, &a), x->array.flavour, false);
}

Py native_primitives_integer_pow(Elab *e, Call *c) {
    int64_t n;
    Py x = c->arg[0]->kind == PY_ARRAY ? c->arg[0] : given_array(e, c->arg[0], c->span);
    if (x->kind == PY_ERROR || !py_static_int(e, c->arg[1], &n)) return e->error;
    Py y = array_with(e, ir_integer_pow(e->b, array_value(e, x), n), x);
    y->array.numpy_scalar = x->array.numpy_scalar;
    return y;
}
