/* arrays: the borders between Python's numbers and arrays, and how arrays are made.
**
** In Python code numbers are Python's: 64-bit.  Where one meets an array, or enters a function of the library, it becomes a
** 0-d weak array of JAX's default dtype. */
#include "elaborate/values.h"

#include <math.h>
#include <string.h>

/* Python's types of numbers, and how they are held at run time. */
static const struct {
    const char *name;
    DType dtype;
} python_numbers[] = {
    [NUMBER_BOOL] = { "bool", DT_bool },
    [NUMBER_INT] = { "int", DT_i64 },
    [NUMBER_FLOAT] = { "float", DT_f64 },
    [NUMBER_COMPLEX] = { "complex", DT_c128 },
};

DType number_dtype(NumberKind kind) { return python_numbers[kind].dtype; }
NumberKind number_kind_of(DType t) {
    return t == DT_bool          ? NUMBER_BOOL
           : dtype_is_integer(t) ? NUMBER_INT
           : dtype_is_float(t)   ? NUMBER_FLOAT
                                 : NUMBER_COMPLEX;
}

bool number_named(const char *name, NumberKind *kind) {
    for (int i = 0; i < COUNT(python_numbers); i++)
        if (strcmp(name, python_numbers[i].name) == 0) {
            *kind = (NumberKind)i;
            return true;
        }
    return false;
}

DType canonical_dtype(Elab *e, DType t) {
    if (e->x64) return t;
    switch (t) {
    case DT_i64: return DT_i32;
    case DT_u64: return DT_u32;
    case DT_f64: return DT_f32;
    case DT_c128: return DT_c64;
    default: return t;
    }
}

DType default_dtype(Elab *e, NumberKind kind) { return canonical_dtype(e, number_dtype(kind)); }

/* A static number as one element of that dtype. */
static Value *constant(Elab *e, Py x, DType t) {
    unsigned char element[16] = { 0 };
    if (dtype_is_complex(t)) {
        double re = x->kind == PY_FLOAT || x->kind == PY_COMPLEX ? x->number : (double)x->integer;
        double im = x->kind == PY_COMPLEX ? x->imag : 0;
        int half = dtype_bytes(t) / 2;
        element_set_real(dtype_real(t), element, re);
        element_set_real(dtype_real(t), element + half, im);
    } else if (x->kind == PY_FLOAT || x->kind == PY_COMPLEX) {
        if (dtype_is_float(t))
            element_set_real(t, element, x->number);
        else if (t == DT_bool)
            element[0] = x->number != 0;
        else
            element_set_int(t, element, isfinite(x->number) ? (int64_t)x->number : 0);
    } else if (dtype_is_float(t)) {
        element_set_real(t, element, (double)x->integer);
    } else if (t == DT_bool) {
        element[0] = x->integer != 0;
    } else {
        element_set_int(t, element, (int64_t)x->integer);
    }
    return ir_constant(e->b, type_scalar(e->cx, t), 1, element);
}

Value *scalar_value(Elab *e, Py x, NumberKind kind) {
    if (py_is_static_number(x)) return constant(e, x, number_dtype(kind));
    Value *v = x->scalar.value ? value_here(e, x->scalar.value) : ir_size(e->b, x->scalar.dim);
    if (kind == NUMBER_BOOL && v->type->dtype != DT_bool) return ir_ne(e->b, v, ir_fill_int(e->b, v->type, 0));
    return v->type->dtype == number_dtype(kind) ? v : ir_convert(e->b, v, number_dtype(kind));
}

bool int_fits(Int128 x, DType t) {
    if (t == DT_bool || !dtype_is_integer(t)) return true;
    int bits = 8 * dtype_bytes(t);
    Int128 one = 1;
    if (dtype_kind(t) == KIND_UNSIGNED) return x >= 0 && x < one << bits;
    return x >= -(one << (bits - 1)) && x < one << (bits - 1);
}

/* A Python number as a 0-d array of that dtype. */
Value *number_as(Elab *e, Py x, DType t) {
    if (py_is_static_number(x)) {
        /* as JAX: a number that fits the default int wraps in a smaller one */
        if (x->kind == PY_INT && !int_fits(x->integer, t) && !int_fits(x->integer, default_dtype(e, NUMBER_INT))) {
            fail(e, e->span, "the Python int %s does not fit %s", int_text(e, x->integer), dtype_long_name(t));
        }
        return constant(e, x, t);
    }
    Value *v = scalar_value(e, x, x->scalar.number);
    return v->type->dtype == t ? v : ir_convert(e->b, v, t);
}

Value *array_value(Elab *e, Py x) {
    if (x->kind == PY_ARRAY) return value_here(e, x->array.value);
    if (py_is_number(x)) return number_as(e, x, default_dtype(e, py_number_kind(x)));
    bug(e->cx, "array_value of %s", py_type_name(e, x));
}

/* jnp.asarray of nested lists: the common kind and shape, then one after another. */
static bool nested_kind(Elab *e, Py x, Kind *kind, bool *any) {
    if (x->kind == PY_LIST || x->kind == PY_TUPLE) {
        const Contents *c = contents_of(e, x);
        for (int i = 0; i < c->n; i++)
            if (!nested_kind(e, c->at[i], kind, any)) return false;
        return true;
    }
    if (!py_is_number(x) && x->kind != PY_ARRAY) return false;
    *kind = *any ? promote(e, *kind, kind_of(e, x)) : kind_of(e, x);
    *any = true;
    return true;
}

static bool nested_static(Elab *e, Py x, DType t, Text *bytes) {
    if (x->kind == PY_LIST || x->kind == PY_TUPLE) {
        const Contents *c = contents_of(e, x);
        for (int i = 0; i < c->n; i++)
            if (!nested_static(e, c->at[i], t, bytes)) return false;
        return true;
    }
    if (!py_is_static_number(x)) return false;
    Data d;
    if (!value_is_constant(number_as(e, x, t), &d)) return false;
    text_put(bytes, d.bytes, dtype_bytes(t));
    return true;
}

static int nested_shape(Elab *e, Py x, const Dim **dims) {
    int rank = 0;
    while (x->kind == PY_LIST || x->kind == PY_TUPLE) {
        const Contents *c = contents_of(e, x);
        if (rank == MAX_RANK) return -1;
        dims[rank++] = dim_int(e->cx, c->n);
        if (!c->n) return rank;
        x = c->at[0];
    }
    if (x->kind != PY_ARRAY) return rank;
    const Type *t = x->array.value->type;
    if (rank + t->rank > MAX_RANK) return -1;
    for (int i = 0; i < t->rank; i++) dims[rank++] = t->dim[i];
    return rank;
}

/* Ragged lists are refused before anything is made. */
static bool same_shape(Elab *e, Py x, int rank, const Dim *const *dims) {
    if (x->kind != PY_LIST && x->kind != PY_TUPLE) {
        int n = x->kind == PY_ARRAY ? x->array.value->type->rank : 0;
        if (n != rank) return false;
        for (int i = 0; i < n; i++)
            if (x->array.value->type->dim[i] != dims[i]) return false;
        return true;
    }
    const Contents *c = contents_of(e, x);
    if (!rank || !dim_is(dims[0], c->n)) return false;
    for (int i = 0; i < c->n; i++)
        if (!same_shape(e, c->at[i], rank - 1, dims + 1)) return false;
    return true;
}

static Value *nested_value(Elab *e, Py x, DType t, int rank, const Dim *const *dims) {
    if (x->kind != PY_LIST && x->kind != PY_TUPLE) {
        if (x->kind != PY_ARRAY) return number_as(e, x, t);
        Value *v = value_here(e, x->array.value);
        return v->type->dtype == t ? v : ir_convert(e->b, v, t);
    }
    const Contents *c = contents_of(e, x);
    const Dim *one[MAX_RANK + 1];
    one[0] = dim_int(e->cx, 1);
    for (int i = 1; i < rank; i++) one[i] = dims[i];
    const Type *row = type_of(e->cx, t, rank, one);
    Value **rows = NEW_ARRAY(e->arena, Value *, c->n + 1);
    for (int i = 0; i < c->n; i++) rows[i] = ir_reshape(e->b, nested_value(e, c->at[i], t, rank - 1, dims + 1), row);
    return ir_concatenate(e->b, rows, c->n, 0);
}

Py to_array(Elab *e, Py x, Flavour flavour, Span span) {
    if (x->kind == PY_ERROR) return x;
    if (x->kind == PY_ARRAY) {
        if (x->array.flavour == flavour && !x->array.numpy_scalar) return x;
        Value *v = value_here(e, x->array.value);
        DType t = flavour == FLAVOUR_JAX ? canonical_dtype(e, v->type->dtype) : v->type->dtype;
        return py_array(e, v->type->dtype == t ? v : ir_convert(e->b, v, t), flavour, false);
    }
    if (py_is_number(x)) {
        NumberKind k = py_number_kind(x);
        DType t = flavour == FLAVOUR_NUMPY ? number_dtype(k) : default_dtype(e, k);
        return py_array(e, number_as(e, x, t), flavour, flavour == FLAVOUR_JAX && k != NUMBER_BOOL);
    }
    if (list_grows(x) && !x->contents->n) {
        Py rows = growing_array(e, x, flavour);
        return rows->kind == PY_ARRAY && rows->array.flavour != flavour ? to_array(e, rows, flavour, span) : rows;
    }
    if (x->kind != PY_LIST && x->kind != PY_TUPLE) return fail(e, span, "%s is not an array", py_describe(e, x));
    Kind kind = { .dtype = flavour == FLAVOUR_NUMPY ? DT_f64 : default_dtype(e, NUMBER_FLOAT), .flavour = flavour };
    bool any = false;
    if (!nested_kind(e, x, &kind, &any))
        return fail(e, span, "%s holds things that are not numbers or arrays", py_describe(e, x));
    DType t = flavour == FLAVOUR_JAX ? canonical_dtype(e, kind.dtype) : kind.dtype;
    if (flavour == FLAVOUR_NUMPY && any && kind.scalar) t = number_dtype(number_kind_of(kind.dtype));
    const Dim *dims[MAX_RANK];
    int rank = nested_shape(e, x, dims);
    if (rank < 0) return fail(e, span, "arrays have at most %d axes", MAX_RANK);
    if (!same_shape(e, x, rank, dims)) return fail(e, span, "the rows of %s have different shapes", py_describe(e, x));
    const Type *type = type_of(e->cx, t, rank, dims);
    if (!any) return py_array(e, ir_constant(e->b, type, 1, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), flavour, false);
    Text bytes = text_new(e->arena);
    if (nested_static(e, x, t, &bytes))
        return py_array(e, ir_constant(e->b, type, bytes.n / dtype_bytes(t), bytes.at), flavour, false);
    return py_array(e, nested_value(e, x, t, rank, dims), flavour, false);
}

/* A count of iterations may change from one iteration of a loop around to the next, where the size of an array may not. */
static const Dim *size_or_count(Elab *e, Py x, const char *what, bool count, Span span) {
    if (x->kind == PY_ERROR) return NULL;
    int64_t n;
    if (py_static_int(e, x, &n)) {
        if (n >= 0) return dim_int(e->cx, n);
        fail(e, span, "%s is %lld; a size is not negative", what, (long long)n);
        return NULL;
    }
    if (x->kind == PY_SCALAR && x->scalar.number <= NUMBER_INT) {
        if (x->scalar.dim && !dim_is_local(e, x->scalar.dim)) return x->scalar.dim;
        Value *v = scalar_value(e, x, NUMBER_INT);
        if (count) return ir_bind_size(e->b, v, "count");
        const Dim *d = bind_size(e, v, "size", span);
        if (x->scalar.value == v && v->block == e->b->block)
            x->scalar.dim = d; /* a size wherever the number is known */
        return d;
    }
    if (x->kind == PY_ARRAY && py_is_index(x)) {
        Value *v = ir_convert(e->b, array_value(e, x), DT_i64);
        return count ? ir_bind_size(e->b, v, "count") : bind_size(e, v, "size", span);
    }
    fail(e, span, "%s must be an int, and is %s", what, py_describe(e, x));
    return NULL;
}

const Dim *to_size(Elab *e, Py x, const char *what, Span span) { return size_or_count(e, x, what, false, span); }
const Dim *to_count(Elab *e, Py x, Span span) { return size_or_count(e, x, "the number of iterations", true, span); }

int to_shape(Elab *e, Py x, const Dim **dims, const char *what, Span span) {
    if (x->kind != PY_TUPLE && x->kind != PY_LIST) {
        dims[0] = to_size(e, x, what, span);
        return dims[0] ? 1 : -1;
    }
    const Contents *c = contents_of(e, x);
    if (c->n > MAX_RANK) {
        fail(e, span, "arrays have at most %d axes", MAX_RANK);
        return -1;
    }
    for (int i = 0; i < c->n; i++)
        if (!(dims[i] = to_size(e, c->at[i], what, span))) return -1;
    return c->n;
}

int to_axis(Elab *e, Py x, int rank, const char *what, Span span) {
    int64_t axis;
    if (x->kind == PY_ERROR) return -1;
    if (!py_static_int(e, x, &axis)) {
        fail(e, span, "%s must be known when compiling, and is %s", what, py_describe(e, x));
        return -1;
    }
    if (axis < -rank || axis >= rank) {
        fail(e, span, "%s %lld is out of range for an array with %d ax%s", what, (long long)axis, rank,
             rank == 1 ? "is" : "es");
        return -1;
    }
    return (int)(axis < 0 ? axis + rank : axis);
}

bool to_dtype(Elab *e, Py x, DType *t, Span span) {
    static const struct {
        const char *name;
        DType t;
    } types[] = { { "bool", DT_bool }, { "int", DT_i64 }, { "float", DT_f64 }, { "complex", DT_c128 } };
    if (x->kind == PY_ERROR) return false;
    if (x->kind == PY_DTYPE) {
        *t = x->dtype;
        return true;
    }
    const char *name = x->kind == PY_STR ? x->str.at : x->kind == PY_TYPE ? x->type.name : NULL;
    for (int i = 0; name && i < COUNT(types); i++)
        if (strcmp(name, types[i].name) == 0) {
            *t = types[i].t;
            return true;
        }
    if (name && x->kind == PY_STR && dtype_from_name(name, t)) return true;
    fail(e, span, "%s is not a dtype", py_describe(e, x));
    return false;
}

/* Computes what hangs together from constants alone, once for each value. */
static bool compute(Elab *e, Value *v, Map *known, Tensor *out, int *left) {
    Tensor *have = map_get(known, v);
    if (have) {
        *out = *have;
        return true;
    }
    Inst *in = v->def;
    if (!in || in->nregions || in->op == OP_size || !type_is_static(v->type) || (*left)-- <= 0) return false;
    if (op_effect(in->op) != EFFECT_NONE && op_class(in->op) != CLASS_ELEMENTWISE) return false;
    if (op_class(in->op) == CLASS_CONTROL || op_class(in->op) == CLASS_EFFECT || op_class(in->op) == CLASS_KERNEL ||
        op_class(in->op) == CLASS_COLLECTIVE)
        return false;
    Tensor *args = NEW_ARRAY(e->arena, Tensor, in->nargs + 1), *results = NEW_ARRAY(e->arena, Tensor, in->nresults + 1);
    for (int i = 0; i < in->nargs; i++)
        if (!compute(e, in->args[i], known, &args[i], left)) return false;
    for (int i = 0; i < in->nresults; i++) results[i] = tensor_new(e->arena, in->results[i]->type);
    int64_t no_sizes = 0;
    Eval ev = { .arena = e->arena, .home = e->arena, .sizes = &no_sizes };
    if (!eval_inst(&ev, in, args, results)) return false;
    for (int i = 0; i < in->nresults; i++) {
        Tensor *keep = NEW(e->arena, Tensor);
        *keep = results[i];
        map_set(known, in->results[i], keep);
    }
    *out = results[v->index];
    return true;
}

bool static_elements(Elab *e, Value *v, Tensor *out) {
    int64_t n;
    if (!dim_is_int(type_elements(e->cx, v->type), &n) || n > 1 << 16) return false;
    int left = 10000;
    Map known = map_new(e->arena);
    return compute(e, v, &known, out, &left);
}
