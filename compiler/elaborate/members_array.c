/* members_array: what every array and dtype has: x.shape, x.astype(...); the rest is in include/jxl/jxl/array.jxl. */
#include "elaborate/primitives.h"

#include <string.h>

static const Type *type_here(Py x) { return x->array.value->type; }

Py native_array_property_shape(Elab *e, Call *c) {
    const Type *t = type_here(c->arg[0]);
    Py sizes[MAX_RANK];
    int rank = t->rank - c->arg[0]->array.key;
    for (int i = 0; i < rank; i++) sizes[i] = py_size(e, t->dim[i]);
    return py_tuple(e, rank, sizes);
}
Py native_array_property_ndim(Elab *e, Call *c) { return py_int(e, type_here(c->arg[0])->rank - c->arg[0]->array.key); }
Py native_array_property_size(Elab *e, Call *c) {
    const Type *t = type_here(c->arg[0]);
    return py_size(e, dim_product(e->cx, t->dim, t->rank - c->arg[0]->array.key));
}
Py native_array_property_dtype(Elab *e, Call *c) { return py_dtype(e, type_here(c->arg[0])->dtype); }
Py native_array_property_weak_type(Elab *e, Call *c) { return py_bool(e, c->arg[0]->array.weak); }
Py native_array_property_itemsize(Elab *e, Call *c) { return py_int(e, dtype_bytes(type_here(c->arg[0])->dtype)); }
Py native_array_property_nbytes(Elab *e, Call *c) {
    const Type *t = type_here(c->arg[0]);
    return py_size(e, dim_mul(e->cx, type_elements(e->cx, t), dim_int(e->cx, dtype_bytes(t->dtype))));
}

Py native_array_property_T(Elab *e, Call *c) {
    Value *v = array_value(e, c->arg[0]);
    int64_t perm[MAX_RANK];
    for (int i = 0; i < v->type->rank; i++) perm[i] = v->type->rank - 1 - i;
    return array_view(e, ir_transpose(e->b, v, perm), c->arg[0]);
}

Py native_array_property_mT(Elab *e, Call *c) {
    Value *v = array_value(e, c->arg[0]);
    int64_t perm[MAX_RANK];
    int n = v->type->rank;
    if (n < 2) return fail(e, c->span, "x.mT needs at least 2 axes, and %s has %d", type_text(e->cx, v->type), n);
    for (int i = 0; i < n; i++) perm[i] = i < n - 2 ? i : 2 * n - 3 - i;
    return array_view(e, ir_transpose(e->b, v, perm), c->arg[0]);
}

static Py part(Elab *e, Call *c, bool real) {
    Py x = c->arg[0];
    Value *v = array_value(e, x);
    if (dtype_is_complex(v->type->dtype)) return py_array_like(e, real ? ir_real(e->b, v) : ir_imag(e->b, v), x);
    return real ? x : array_with(e, ir_fill(e->b, v->type, 0), x);
}
Py native_array_property_real(Elab *e, Call *c) { return part(e, c, true); }
Py native_array_property_imag(Elab *e, Call *c) { return part(e, c, false); }

Py native_array_astype(Elab *e, Call *c) {
    DType t;
    Py x = c->arg[0];
    if (!to_dtype(e, c->arg[1], &t, c->span)) return e->error;
    if (x->array.flavour == FLAVOUR_JAX) t = canonical_dtype(e, t);
    Value *v = array_value(e, x);
    if (dtype_is_complex(v->type->dtype) && !dtype_is_complex(t) && t != DT_bool) v = ir_real(e->b, v);
    Py y = py_array(e, ir_convert(e->b, v, t), x->array.flavour, false);
    y->array.numpy_scalar = x->array.numpy_scalar;
    return y;
}

Py native_array_reshape(Elab *e, Call *c) {
    Py x = c->arg[0], shape = c->arg[1];
    if (shape->contents->n == 1 &&
        (shape->contents->at[0]->kind == PY_TUPLE || shape->contents->at[0]->kind == PY_LIST))
        shape = shape->contents->at[0];
    const char *order;
    Value *v = array_value(e, x);
    if (py_static_text(c->arg[2], &order) && *order == 'F') {
        Py f = attribute(e, import_module(e, "jax.numpy", c->span), "reshape", c->span);
        return call_values(e, f, 3, (Py[]){ x, shape, c->arg[2] }, c->span);
    }
    v = reshape_value(e, v, shape, c->span);
    return v ? array_view(e, v, x) : e->error;
}

Py native_array_copy(Elab *e, Call *c) {
    Py y = array_with(e, array_value(e, c->arg[0]), c->arg[0]);
    y->array.numpy_scalar = c->arg[0]->array.numpy_scalar;
    return y;
}

/* One element as a Python number. */
Py number_of_array(Elab *e, Py x, Span span) {
    Value *v = array_value(e, x);
    if (!dim_is(type_elements(e->cx, v->type), 1))
        return fail(e, span, "only an array with one element becomes a Python number, and this is %s",
                    type_text(e->cx, v->type));
    if (v->type->rank) v = ir_reshape(e->b, v, type_scalar(e->cx, v->type->dtype));
    DType t = v->type->dtype;
    NumberKind k = number_kind_of(t);
    Tensor known;
    if (static_elements(e, v, &known)) {
        if (k == NUMBER_COMPLEX) {
            double z[2];
            element_complex(t, known.bytes, z);
            return py_complex(e, z[0], z[1]);
        }
        if (k == NUMBER_FLOAT) return py_float(e, element_real(t, known.bytes));
        return k == NUMBER_BOOL ? py_bool(e, element_int(t, known.bytes) != 0) : py_int(e, element_int(t, known.bytes));
    }
    return py_scalar(e, k, t == number_dtype(k) ? v : ir_convert(e->b, v, number_dtype(k)));
}

Py native_array_item(Elab *e, Call *c) {
    Py x = c->arg[0], at = c->arg[1];
    if (!at->contents->n) return number_of_array(e, x, c->span);
    Py index = at->contents->n == 1 ? at->contents->at[0] : at;
    if (index->kind != PY_TUPLE && type_here(x)->rank > 1) {
        const Dim *n = type_elements(e->cx, type_here(x));
        x = py_array(e, ir_reshape(e->b, array_value(e, x), type_of(e->cx, type_here(x)->dtype, 1, &n)),
                     x->array.flavour, false);
    }
    Py y = subscript(e, x, index, c->span);
    return y->kind == PY_ERROR ? y : number_of_array(e, y, c->span);
}

enum { FEW_ELEMENTS = 64 };

static Py listed(Elab *e, Py x, Span span) {
    const Type *t = type_here(x);
    int64_t n;
    if (!t->rank) return number_of_array(e, x, span);
    bool few = dim_is_int(type_elements(e->cx, t), &n) && n <= FEW_ELEMENTS;
    if (!few && !static_elements(e, array_value(e, x), &(Tensor){ 0 })) return growing_of_array(e, array_value(e, x));
    if (!dim_is_int(t->dim[0], &n))
        return fail(e, span, "a list needs a size that is known when compiling, and this is %s", type_text(e->cx, t));
    Py *items = NEW_ARRAY(e->arena, Py, n + 1);
    for (int i = 0; i < n; i++) items[i] = listed(e, subscript(e, x, py_int(e, i), span), span);
    return py_list(e, (int)n, items);
}
Py native_array_tolist(Elab *e, Call *c) { return listed(e, c->arg[0], c->span); }

Py native_array_block_until_ready(Elab *e, Call *c) {
    return call_values(e, py_native(e, "primitives", "block_until_ready"), 1, &c->arg[0], c->span);
}

Py native_dtype_property_name(Elab *e, Call *c) { return py_str(e, dtype_long_name(c->arg[0]->dtype)); }
Py native_dtype_property_itemsize(Elab *e, Call *c) { return py_int(e, dtype_bytes(c->arg[0]->dtype)); }
Py native_dtype_property_type(Elab *e, Call *c) {
    (void)e;
    return c->arg[0];
}
Py native_dtype_property_dtype(Elab *e, Call *c) {
    (void)e;
    return c->arg[0];
}
Py native_dtype_property___name__(Elab *e, Call *c) { return py_str(e, dtype_long_name(c->arg[0]->dtype)); }
Py native_dtype_property_kind(Elab *e, Call *c) {
    static const char *const letters[] = {
        [KIND_BOOL] = "b", [KIND_SIGNED] = "i", [KIND_UNSIGNED] = "u", [KIND_FLOAT] = "f", [KIND_COMPLEX] = "c"
    };
    return py_str(e, letters[dtype_kind(c->arg[0]->dtype)]);
}
