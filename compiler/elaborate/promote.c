/* promote: which dtype two operands meet in, and how their shapes do.
**
** JAX's lattice, in which Python's numbers and weak arrays stand below everything of their kind:
**   bool < int* < u8 u16 u32 u64, i8 i16 i32 i64 < float* < bf16 f16 f32 f64 < complex* < c64 c128
** NumPy arrays among themselves promote as NumPy does. */
#include "elaborate/values.h"

#include <string.h>

enum { WEAK_INT = DT_COUNT, WEAK_FLOAT, WEAK_COMPLEX, LATTICE };

/* What stands directly above each: the smallest common upper bound is the promotion. */
static const int above[LATTICE][4] = {
    [DT_bool] = { WEAK_INT, -1 },
    [WEAK_INT] = { DT_u8, DT_i8, -1 },
    [DT_u8] = { DT_u16, DT_i16, -1 },
    [DT_u16] = { DT_u32, DT_i32, -1 },
    [DT_u32] = { DT_u64, DT_i64, -1 },
    [DT_u64] = { WEAK_FLOAT, -1 },
    [DT_i8] = { DT_i16, -1 },
    [DT_i16] = { DT_i32, -1 },
    [DT_i32] = { DT_i64, -1 },
    [DT_i64] = { WEAK_FLOAT, -1 },
    [WEAK_FLOAT] = { DT_bf16, DT_f16, WEAK_COMPLEX, -1 },
    [DT_bf16] = { DT_f32, -1 },
    [DT_f16] = { DT_f32, -1 },
    [DT_f32] = { DT_f64, DT_c64, -1 },
    [DT_f64] = { DT_c128, -1 },
    [WEAK_COMPLEX] = { DT_c64, -1 },
    [DT_c64] = { DT_c128, -1 },
    [DT_c128] = { -1 },
};

static uint32_t all_above(int t) {
    uint32_t set = 1u << t;
    for (int i = 0; above[t][i] >= 0 && i < 4; i++) set |= all_above(above[t][i]);
    return set;
}

/* The least element of both upper sets: the one whose own upper set is all of what they share. */
static int join(int a, int b) {
    uint32_t both = all_above(a) & all_above(b);
    for (int t = 0; t < LATTICE; t++)
        if ((both >> t & 1) && all_above(t) == both) return t;
    return DT_c128;
}

static int lattice_point(Kind k) {
    if (!k.weak || k.dtype == DT_bool) return (int)k.dtype;
    if (dtype_is_complex(k.dtype)) return WEAK_COMPLEX;
    return dtype_is_float(k.dtype) ? WEAK_FLOAT : WEAK_INT;
}

Kind kind_of(Elab *e, Py x) {
    if (x->kind == PY_ARRAY) {
        DType t = x->array.value->type->dtype;
        return (Kind){ t, x->array.weak, x->array.flavour, false };
    }
    NumberKind k = py_number_kind(x);
    return (Kind){ default_dtype(e, k), k != NUMBER_BOOL, FLAVOUR_NUMPY, true };
}

/* NumPy: ints of one sign class grow until both fit; u64 with a signed int is f64; floats are wide enough for the int. */
static DType promote_numpy(DType a, DType b) {
    if (a == b) return a;
    if (dtype_kind(a) > dtype_kind(b)) {
        DType t = a;
        a = b;
        b = t;
    }
    DTypeKind ka = dtype_kind(a), kb = dtype_kind(b);
    int na = dtype_bytes(a), nb = dtype_bytes(b);
    static const DType floats[] = { DT_f16, DT_f32, DT_f64 };
    if (ka == KIND_BOOL) return b;
    if (ka == kb) return a == DT_bf16 || b == DT_bf16 ? DT_f32 : na > nb ? a : b;
    if (ka == KIND_SIGNED && kb == KIND_UNSIGNED) {
        if (na > nb) return a;
        return nb == 1 ? DT_i16 : nb == 2 ? DT_i32 : nb == 4 ? DT_i64 : DT_f64;
    }
    if (kb == KIND_FLOAT) {
        DType least = floats[na == 1 ? 0 : na == 2 ? 1 : 2];
        return dtype_bytes(least) > nb ? least : b;
    }
    if (ka == KIND_FLOAT) return na == 8 ? DT_c128 : b;
    return na >= 4 ? DT_c128 : b;
}

Kind promote(Elab *e, Kind a, Kind b) {
    if (a.scalar && b.scalar) {
        Kind k = a;
        k.dtype = dtype_kind(a.dtype) >= dtype_kind(b.dtype) ? a.dtype : b.dtype;
        k.weak = a.weak || b.weak;
        return k;
    }
    Flavour flavour = (!a.scalar && a.flavour == FLAVOUR_JAX) || (!b.scalar && b.flavour == FLAVOUR_JAX)
                          ? FLAVOUR_JAX
                          : FLAVOUR_NUMPY;
    if (flavour == FLAVOUR_NUMPY && !a.scalar && !b.scalar)
        return (Kind){ promote_numpy(a.dtype, b.dtype), false, FLAVOUR_NUMPY, false };
    if (flavour == FLAVOUR_NUMPY) {
        Kind array = a.scalar ? b : a, number = a.scalar ? a : b;
        int point = join((int)array.dtype, lattice_point(number));
        static const DType wide[] = { DT_i64, DT_f64, DT_c128 };
        DType t = point < DT_COUNT ? (DType)point : wide[point - WEAK_INT];
        if (dtype_is_float(t) && dtype_is_integer(array.dtype)) t = promote_numpy(array.dtype, DT_f64);
        if (dtype_is_complex(t) && array.dtype == DT_f64) t = DT_c128;
        return (Kind){ t, false, FLAVOUR_NUMPY, false };
    }
    /* a NumPy array that meets a JAX array is held as JAX holds it */
    if (!a.scalar && a.flavour == FLAVOUR_NUMPY) a.dtype = canonical_dtype(e, a.dtype);
    if (!b.scalar && b.flavour == FLAVOUR_NUMPY) b.dtype = canonical_dtype(e, b.dtype);
    int point = join(lattice_point(a), lattice_point(b));
    static const NumberKind weak_kind[] = { NUMBER_INT, NUMBER_FLOAT, NUMBER_COMPLEX };
    Kind k = { .flavour = FLAVOUR_JAX };
    k.weak = point >= DT_COUNT;
    k.dtype = k.weak ? default_dtype(e, weak_kind[point - WEAK_INT]) : (DType)point;
    bool wide = dtype_bytes(dtype_real(a.dtype)) == 8 || dtype_bytes(dtype_real(b.dtype)) == 8;
    if (!wide) k.dtype = canonical_dtype(e, k.dtype); /* u32 and i32 meet in what i64 is here */
    if (k.weak && dtype_kind(a.dtype) == dtype_kind(k.dtype) && a.weak && !a.scalar) k.dtype = a.dtype;
    if (k.weak && dtype_kind(b.dtype) == dtype_kind(k.dtype) && b.weak && !b.scalar) k.dtype = b.dtype;
    return k;
}

Value *as_kind(Elab *e, Py x, Kind k) {
    Value *v;
    if (py_is_static_number(x)) {
        Py number = x;
        if (x->kind == PY_BOOL) number = py_int(e, x->integer);
        v = number_as(e, number, k.dtype);
    } else {
        v = x->kind == PY_ARRAY ? value_here(e, x->array.value) : scalar_value(e, x, x->scalar.number);
    }
    return v->type->dtype == k.dtype ? v : ir_convert(e->b, v, k.dtype);
}

/* The size two axes have together: equal ones stay, a constant 1 stretches. */
static const Dim *meet(Elab *e, const Dim *a, const Dim *b, bool *check) {
    if (a == b || dim_is(b, 1)) return a;
    if (dim_is(a, 1)) return b;
    if (dim_never_equal(e->cx, a, b)) return NULL;
    *check = true;
    return dim_is_int(b, NULL) ? b : a; /* a size variable never broadcasts as 1: they must be equal */
}

bool broadcast_shapes(Elab *e, const Type *const *types, int n, int *rank, const Dim **dims, bool *check) {
    *rank = 0;
    *check = false;
    for (int i = 0; i < n; i++)
        if (types[i]->rank > *rank) *rank = types[i]->rank;
    for (int a = 0; a < *rank; a++) dims[a] = dim_int(e->cx, 1);
    for (int i = 0; i < n; i++)
        for (int a = 0; a < types[i]->rank; a++) {
            int at = *rank - types[i]->rank + a;
            const Dim *d = meet(e, dims[at], types[i]->dim[a], check);
            if (!d) return false;
            dims[at] = d;
        }
    return true;
}

Value *broadcast_value(Elab *e, Value *v, int rank, const Dim *const *dims, const char *what) {
    const Type *to = type_of(e->cx, v->type->dtype, rank, dims);
    if (v->type == to) return v;
    /* axes that are only equal at run time are checked first, then axes of 1 are dropped and all others placed */
    const Dim *same[MAX_RANK], *kept[MAX_RANK];
    int64_t map[MAX_RANK];
    int n = 0, first = rank - v->type->rank;
    for (int i = 0; i < v->type->rank; i++) {
        bool stretches = dim_is(v->type->dim[i], 1) && !dim_is(dims[first + i], 1);
        same[i] = stretches ? v->type->dim[i] : dims[first + i];
        if (stretches) continue;
        kept[n] = same[i];
        map[n++] = first + i;
    }
    v = ir_retype(e->b, v, type_of(e->cx, v->type->dtype, v->type->rank, same), what);
    if (n < v->type->rank) v = ir_reshape(e->b, v, type_of(e->cx, v->type->dtype, n, kept));
    return ir_broadcast(e->b, v, to, map);
}

bool broadcast_together(Elab *e, Value **values, int n, const char *what, Span span) {
    const Type **types = NEW_ARRAY(e->arena, const Type *, n + 1);
    const Dim *dims[MAX_RANK];
    int rank;
    bool check;
    for (int i = 0; i < n; i++) types[i] = values[i]->type;
    if (!broadcast_shapes(e, types, n, &rank, dims, &check)) {
        Text t = text_new(e->arena);
        for (int i = 0; i < n; i++)
            text_add(&t, "%s%s", !i ? "" : i < n - 1 ? ", " : " and ", type_text(e->cx, values[i]->type));
        fail(e, span, "%s: the shapes of %s do not meet", what, t.at);
        for (int i = 0; i < n; i++) note_shape(e, span, values[i]);
        return false;
    }
    for (int i = 0; i < n; i++) values[i] = broadcast_value(e, values[i], rank, dims, what);
    return true;
}

Py elementwise(Elab *e, Op op, int n, Py const *x, const char *what, Span span) {
    Value *v[4] = { 0 };
    Kind k = { 0 };
    for (int i = 0; i < n; i++) {
        if (x[i]->kind == PY_ERROR) return x[i];
        if (!py_is_number(x[i]) && x[i]->kind != PY_ARRAY) {
            if (x[i]->kind == PY_LIST || x[i]->kind == PY_TUPLE)
                return fail(e, span, "%s takes arrays, and was given %s; write jnp.array(...) around it", what,
                            py_describe(e, x[i]));
            return fail(e, span, "%s takes numbers and arrays, and was given %s", what, py_describe(e, x[i]));
        }
        k = i ? promote(e, k, kind_of(e, x[i])) : kind_of(e, x[i]);
    }
    if (k.scalar) k.flavour = FLAVOUR_JAX;
    for (int i = 0; i < n; i++) v[i] = as_kind(e, x[i], k);
    if (n > 1 && !broadcast_together(e, v, n, what, span)) return e->error;
    const char *wrong = emit_check(e->b, op, v, n, &no_attrs);
    if (wrong) return fail(e, span, "%s of %s: %s", what, type_text(e->cx, v[0]->type), wrong);
    Value *y = emit(e->b, op, v, n, &no_attrs);
    Py r = py_array(e, y, k.flavour, k.weak && y->type->dtype == k.dtype);
    r->array.numpy_scalar = k.flavour == FLAVOUR_NUMPY && !y->type->rank;
    return r;
}
