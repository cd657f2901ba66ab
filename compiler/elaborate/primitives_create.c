/* primitives_create: arrays from values, and dtypes: what jxl.primitives offers the library to begin with. */
#include "elaborate/primitives.h"

#include <string.h>

static Py scalar_type(Elab *e, DType t, const char *maker) {
    Py x = py_dtype(e, t);
    x->maker = maker;
    return x;
}

Py native_primitives_numpy_type(Elab *e, Call *c) { return scalar_type(e, c->arg[0]->dtype, "numpy"); }

Py primitive_value(Elab *e, const char *name) {
    DType t;
    size_t n = strlen(name);
    if (n && name[n - 1] == '_' && strcmp(name, "bool_") != 0)
        return py_native(e, "primitives", name_of_n(e->cx, name, (int)n - 1)); /* and_, or_, not_ */
    if (strcmp(name, "array_type") == 0) return py_type(e, "Array");
    if (strcmp(name, "numpy_array_type") == 0) return py_type(e, "ndarray");
    if (strcmp(name, "bool_") == 0) return scalar_type(e, DT_bool, "jax.numpy");
    if (strcmp(name, "bool") != 0 && dtype_from_name(name, &t) && strcmp(name, dtype_long_name(t)) == 0)
        return scalar_type(e, t, "jax.numpy");
    return NULL;
}

Py given_array(Elab *e, Py x, Span span) {
    if (x->kind == PY_ARRAY && x->array.key) return x;
    return to_array(e, x, e->flavour, span);
}

/* Of a Python number among NumPy's arrays. */
static DType wide(DType t) {
    return dtype_is_complex(t) ? DT_c128 : dtype_is_float(t) ? DT_f64 : t == DT_bool ? DT_bool : DT_i64;
}

/* The same array with other elements: flavour and weakness stay. */
Py array_with(Elab *e, Value *v, Py like) {
    Py y = py_array(e, v, like->array.flavour, like->array.weak);
    y->array.key = like->array.key;
    return y;
}

static DType held(Elab *e, DType t) { return e->flavour == FLAVOUR_JAX ? canonical_dtype(e, t) : t; }

static Py as_dtype(Elab *e, Py x, DType t, Span span) {
    if (py_is_number(x)) return py_array(e, number_as(e, x, t), e->flavour, false);
    if (x->kind != PY_ARRAY) x = to_array(e, x, FLAVOUR_NUMPY, span); /* wide: rounded once, by the conversion */
    if (x->kind == PY_ERROR) return x;
    return py_array(e, ir_convert(e->b, array_value(e, x), t), e->flavour, false);
}

/* An int that is written out must fit the dtype that is asked for, as in NumPy. */
static bool ints_fit(Elab *e, Py x, DType t, Span span) {
    if (x->kind == PY_INT && !int_fits(x->integer, t)) {
        fail(e, span, "the Python int %s does not fit %s", int_text(e, x->integer), dtype_long_name(t));
        return false;
    }
    const Contents *all = (x->kind == PY_LIST && !list_grows(x)) || x->kind == PY_TUPLE ? contents_of(e, x) : NULL;
    for (int i = 0; all && i < all->n; i++)
        if (!ints_fit(e, all->at[i], t, span)) return false;
    return true;
}

Py native_primitives_array(Elab *e, Call *c) {
    DType t;
    Flavour before = e->flavour;
    if (c->arg[2]->kind == PY_BOOL && c->arg[2]->integer) e->flavour = FLAVOUR_NUMPY;
    Py y;
    if (c->arg[1]->kind == PY_NONE)
        y = given_array(e, c->arg[0], c->span);
    else if (!to_dtype(e, c->arg[1], &t, c->span) || !ints_fit(e, c->arg[0], t, c->span))
        y = e->error;
    else if (c->arg[0]->kind == PY_ARRAY && c->arg[0]->array.value->type->dtype == t &&
             c->arg[0]->array.flavour == e->flavour && !c->arg[0]->array.weak)
        y = c->arg[0];
    else
        y = as_dtype(e, c->arg[0], t, c->span);
    if (c->arg[2]->kind == PY_BOOL && c->arg[2]->integer && y->kind == PY_ARRAY && !y->array.value->type->rank)
        y->array.numpy_scalar = true;
    e->flavour = before;
    return y;
}

Py native_primitives_full(Elab *e, Call *c) {
    const Dim *dims[MAX_RANK];
    DType t;
    int rank = to_shape(e, c->arg[0], dims, "the shape", c->span);
    if (rank < 0 || !to_dtype(e, c->arg[2], &t, c->span)) return e->error;
    Py x = as_dtype(e, c->arg[1], t, c->span);
    if (x->kind == PY_ERROR) return x;
    Value *v = ir_broadcast_scalar(e->b, array_value(e, x), type_of(e->cx, t, rank, dims));
    return py_array(e, v, e->flavour, false);
}

Py native_primitives_iota(Elab *e, Call *c) {
    const Dim *dims[MAX_RANK];
    DType t;
    int rank = to_shape(e, c->arg[1], dims, "the shape", c->span);
    if (rank < 0 || !to_dtype(e, c->arg[0], &t, c->span)) return e->error;
    int axis = to_axis(e, c->arg[2], rank, "axis", c->span);
    if (axis < 0) return e->error;
    return py_array(e, ir_iota(e->b, type_of(e->cx, t, rank, dims), axis), e->flavour, false);
}

static Py filled_like(Elab *e, Py x, int64_t n, Span span) {
    if (x->kind != PY_ARRAY) x = given_array(e, x, span);
    if (x->kind == PY_ERROR) return x;
    return array_with(e, ir_fill_int(e->b, x->array.value->type, n), x);
}

Py native_primitives_zeros_like(Elab *e, Call *c) { return filled_like(e, c->arg[0], 0, c->span); }
Py native_primitives_ones_like(Elab *e, Call *c) { return filled_like(e, c->arg[0], 1, c->span); }

Py native_primitives_convert(Elab *e, Call *c) {
    DType t;
    Py x = given_array(e, c->arg[0], c->span);
    if (x->kind == PY_ERROR || !to_dtype(e, c->arg[1], &t, c->span)) return e->error;
    if (x->array.key) return x;
    return py_array(e, ir_convert(e->b, array_value(e, x), t), x->array.flavour, c->arg[2] == e->true_);
}

Py native_primitives_bitcast(Elab *e, Call *c) {
    DType t;
    Py x = given_array(e, c->arg[0], c->span);
    if (x->kind == PY_ERROR || !to_dtype(e, c->arg[1], &t, c->span)) return e->error;
    DType from = x->array.value->type->dtype;
    if (dtype_bytes(from) != dtype_bytes(t))
        return fail(e, c->span, "%s has %d bytes and %s has %d: the bits of one are not those of the other",
                    dtype_long_name(from), dtype_bytes(from), dtype_long_name(t), dtype_bytes(t));
    return py_array(e, ir_bitcast(e->b, array_value(e, x), t), x->array.flavour, false);
}

Py native_primitives_is_array(Elab *e, Call *c) { return py_bool(e, c->arg[0]->kind == PY_ARRAY); }

Py native_primitives_canonicalize_dtype(Elab *e, Call *c) {
    DType t;
    return to_dtype(e, c->arg[0], &t, c->span) ? py_dtype(e, held(e, t)) : e->error;
}

Py native_primitives_dtype(Elab *e, Call *c) {
    DType t;
    if (c->arg[0]->kind == PY_ARRAY) return py_dtype(e, c->arg[0]->array.value->type->dtype);
    return to_dtype(e, c->arg[0], &t, c->span) ? py_dtype(e, t) : e->error;
}

/* A number, array, dtype or Python type as promotion sees it; Python's types are weak. */
static bool kind_given(Elab *e, Py x, Kind *k, Span span) {
    DType t;
    if (x->kind == PY_ARRAY || py_is_number(x)) {
        *k = kind_of(e, x);
        if (x->kind == PY_ARRAY && e->flavour == FLAVOUR_JAX) {
            k->dtype = canonical_dtype(e, k->dtype);
            k->flavour = FLAVOUR_JAX;
        }
        return true;
    }
    if (x->kind == PY_LIST || x->kind == PY_TUPLE) {
        x = given_array(e, x, span);
        if (x->kind == PY_ERROR) return false;
        *k = kind_of(e, x);
        return true;
    }
    if (!to_dtype(e, x, &t, span)) return false;
    *k = (Kind){ held(e, t), x->kind == PY_TYPE && t != DT_bool, e->flavour, x->kind == PY_TYPE };
    return true;
}

static bool common_kind(Elab *e, int n, Py const *x, Kind *k, Span span) {
    for (int i = 0; i < n; i++) {
        Kind one;
        if (!kind_given(e, x[i], &one, span)) return false;
        *k = i ? promote(e, *k, one) : one;
    }
    if (k->scalar) k->flavour = e->flavour;
    return true;
}

Py native_primitives_result_type(Elab *e, Call *c) {
    const Contents *xs = contents_of(e, c->arg[0]);
    Kind k;
    if (!xs->n) return fail(e, c->span, "result_type needs an argument");
    return common_kind(e, xs->n, xs->at, &k, c->span) ? py_dtype(e, k.dtype) : e->error;
}

Py native_primitives_promote_types(Elab *e, Call *c) {
    Kind k[2];
    for (int i = 0; i < 2; i++)
        if (!kind_given(e, c->arg[i], &k[i], c->span)) return e->error;
    return py_dtype(e, promote(e, k[0], k[1]).dtype);
}

/* The arguments as arrays of the dtype they meet in. */
static Py promoted(Elab *e, const Contents *xs, bool floats, Span span) {
    Py *y = NEW_ARRAY(e->arena, Py, xs->n + 1);
    Kind k = { 0 };
    for (int i = 0; i < xs->n; i++) {
        y[i] = py_is_number(xs->at[i]) ? xs->at[i] : given_array(e, xs->at[i], span);
        if (y[i]->kind == PY_ERROR) return y[i];
    }
    if (!xs->n) return py_list(e, 0, NULL);
    if (!common_kind(e, xs->n, y, &k, span)) return e->error;
    bool numpy = k.flavour == FLAVOUR_NUMPY;
    if (k.scalar && numpy) k.dtype = wide(k.dtype);
    if (floats && !dtype_is_inexact(k.dtype)) k.dtype = numpy ? DT_f64 : default_dtype(e, NUMBER_FLOAT);
    for (int i = 0; i < xs->n; i++) {
        Value *v = k.dtype == DT_bool || y[i]->kind != PY_BOOL ? as_kind(e, y[i], k)
                                                               : number_as(e, py_int(e, y[i]->integer), k.dtype);
        y[i] = py_array(e, v, k.flavour, k.weak && !numpy);
        y[i]->array.numpy_scalar = numpy && !v->type->rank;
    }
    return py_list(e, xs->n, y);
}

/* For functions of the library: what is made has the flavour at hand. */
Py native_primitives_promote(Elab *e, Call *c) { return promoted(e, contents_of(e, c->arg[0]), false, c->span); }
Py native_primitives_promote_floats(Elab *e, Call *c) { return promoted(e, contents_of(e, c->arg[0]), true, c->span); }

/* NumPy's flavour, where all the arrays given have it. */
static bool all_numpy(Py const *xs, int n) {
    bool any = false;
    for (int i = 0; i < n; i++) {
        if (xs[i]->kind == PY_ARRAY && xs[i]->array.flavour == FLAVOUR_JAX) return false;
        any = any || xs[i]->kind == PY_ARRAY;
    }
    return any;
}

static Py in_flavour_of(Elab *e, Call *c, Py (*f)(Elab *, Call *)) {
    Flavour flavour = e->flavour;
    bool x64 = e->x64;
    const Contents *xs = contents_of(e, c->arg[0]);
    if (all_numpy(xs->at, xs->n)) {
        e->flavour = FLAVOUR_NUMPY;
        e->x64 = true;
    } else {
        e->flavour = FLAVOUR_JAX;
    }
    Py y = f(e, c);
    e->flavour = flavour;
    e->x64 = x64;
    return y;
}

/* For operators: NumPy's arrays among themselves stay NumPy's. */
Py native_primitives_meet(Elab *e, Call *c) { return in_flavour_of(e, c, native_primitives_promote); }
Py native_primitives_meet_floats(Elab *e, Call *c) { return in_flavour_of(e, c, native_primitives_promote_floats); }
Py native_primitives_broadcast_operands(Elab *e, Call *c) {
    return in_flavour_of(e, c, native_primitives_broadcast_arrays);
}

Py native_primitives_transpose_of(Elab *e, Call *c) {
    Flavour flavour = e->flavour;
    e->flavour = c->arg[0]->kind == PY_ARRAY ? c->arg[0]->array.flavour : flavour;
    Py y = native_primitives_transpose(e, c);
    e->flavour = flavour;
    return y;
}

Py native_primitives_is_numpy(Elab *e, Call *c) {
    return py_bool(e, c->arg[0]->kind == PY_ARRAY && c->arg[0]->array.flavour == FLAVOUR_NUMPY);
}
/* A number known when compiling, or a tree of such numbers. */
Py native_primitives_is_static(Elab *e, Call *c) {
    Leaves leaves = { 0 };
    if (list_grows(c->arg[0])) return e->false_;
    tree_flatten(e, c->arg[0], &leaves);
    for (int i = 0; i < leaves.n; i++)
        if (!py_is_static_number(leaves.at[i]) && leaves.at[i]->kind != PY_STR) return e->false_;
    return e->true_;
}

/* Every element is the same number, known when compiling. */
Py native_primitives_is_splat(Elab *e, Call *c) {
    Py x = given_array(e, c->arg[0], c->span);
    double number;
    if (x->kind == PY_ERROR) return e->error;
    return py_bool(e, value_is_splat(array_value(e, x), &number));
}

Py native_primitives_broadcast_arrays(Elab *e, Call *c) {
    const Contents *xs = contents_of(e, c->arg[0]);
    Py *y = NEW_ARRAY(e->arena, Py, xs->n + 1);
    Value **v = NEW_ARRAY(e->arena, Value *, xs->n + 1);
    for (int i = 0; i < xs->n; i++) {
        y[i] = given_array(e, xs->at[i], c->span);
        if (y[i]->kind == PY_ERROR) return y[i];
        v[i] = array_value(e, y[i]);
    }
    if (!broadcast_together(e, v, xs->n, "broadcasting", c->span)) return e->error;
    for (int i = 0; i < xs->n; i++) y[i] = array_with(e, v[i], y[i]);
    return py_list(e, xs->n, y);
}

Py native_primitives_same_size(Elab *e, Call *c) {
    const Dim *a = to_size(e, c->arg[0], "a size", c->span), *b = to_size(e, c->arg[1], "a size", c->span);
    const char *message;
    if (!a || !b || !py_static_text(c->arg[2], &message)) return e->none;
    if (a == b) return e->none;
    if (dim_never_equal(e->cx, a, b)) return fail(e, c->span, "%s", message);
    Value *holds = ir_eq(e->b, ir_size(e->b, a), ir_size(e->b, b));
    Attrs at = no_attrs;
    at.format = name_of(e->cx, message);
    emit_inst(e->b, OP_assert, &holds, 1, &at);
    return e->none;
}

/* A function of jax.numpy as NumPy has it: made, computed and given back in NumPy's arrays and 64 bits. */
static Py call_as_numpy(Elab *e, Py self, const Args *args) {
    Flavour flavour = e->flavour;
    bool x64 = e->x64;
    e->flavour = FLAVOUR_NUMPY;
    e->x64 = true;
    Py y = call(e, self->closure.inner, args);
    e->flavour = flavour;
    e->x64 = x64;
    bool scalars = self->closure.data != NULL;
    if (scalars && y->kind == PY_ARRAY && !y->array.value->type->rank) y->array.numpy_scalar = true;
    return y;
}

Py native_primitives_as_numpy(Elab *e, Call *c) {
    return py_closure(e, "function", call_as_numpy, c->arg[1] == e->true_ ? e : NULL, c->arg[0]);
}

/* The function itself, or as NumPy has it where the arrays given are NumPy's. */
Py native_primitives_flavoured(Elab *e, Call *c) {
    const Contents *xs = contents_of(e, c->arg[1]);
    return all_numpy(xs->at, xs->n) ? py_closure(e, "function", call_as_numpy, e, c->arg[0]) : c->arg[0];
}
