/* values: making Python values and asking about them. */
#include "elaborate/values.h"
#include "jxl/runtime.h"

#include <math.h>
#include <string.h>

Py py_new(Elab *e, PyKind kind) {
    Py x = NEW(e->arena, struct PyObject);
    x->kind = kind;
    x->born = ++e->serial;
    return x;
}

Py py_bool(Elab *e, bool value) { return value ? e->true_ : e->false_; }

Py py_int(Elab *e, Int128 value) {
    Py x = py_new(e, PY_INT);
    x->integer = value;
    return x;
}

Py py_float(Elab *e, double value) {
    Py x = py_new(e, PY_FLOAT);
    x->number = value;
    return x;
}

Py py_complex(Elab *e, double re, double im) {
    Py x = py_new(e, PY_COMPLEX);
    x->number = re;
    x->imag = im;
    return x;
}

Py py_str_n(Elab *e, const char *text, int n) {
    Py x = py_new(e, PY_STR);
    char *copy = arena_alloc(e->arena, (size_t)n + 1);
    memcpy(copy, text, (size_t)n);
    x->str.at = copy;
    x->str.n = n;
    return x;
}

Py py_str(Elab *e, const char *text) { return py_str_n(e, text, (int)strlen(text)); }

Py py_dtype(Elab *e, DType dtype) {
    Py x = py_new(e, PY_DTYPE);
    x->dtype = dtype;
    return x;
}

Py py_slice(Elab *e, Py start, Py stop, Py step) {
    Py x = py_new(e, PY_SLICE);
    x->slice.start = start;
    x->slice.stop = stop;
    x->slice.step = step;
    return x;
}

static Py container(Elab *e, PyKind kind, int n, Py const *at) {
    Py x = py_new(e, kind);
    Contents *c = NEW(e->arena, Contents);
    c->epoch = e->epoch;
    c->n = c->cap = n;
    c->at = n ? arena_copy(e->arena, at, sizeof *at * (size_t)n) : NULL;
    x->contents = c;
    return x;
}

Py py_tuple(Elab *e, int n, Py const *at) {
    if (!n && e->empty_tuple) return e->empty_tuple;
    return container(e, PY_TUPLE, n, at);
}
Py py_list(Elab *e, int n, Py const *at) { return container(e, PY_LIST, n, at); }
Py py_dict(Elab *e) { return container(e, PY_DICT, 0, NULL); }
Py py_set(Elab *e) { return container(e, PY_SET, 0, NULL); }

Py py_object(Elab *e, Py cls) {
    Py x = container(e, PY_OBJECT, 0, NULL);
    x->cls = cls;
    return x;
}

Py py_method(Elab *e, Py function, Py self) {
    Py x = py_new(e, PY_METHOD);
    x->method.function = function;
    x->method.self = self;
    return x;
}

Py py_closure(Elab *e, const char *name, ClosureFn call_it, void *data, Py inner) {
    Py x = py_new(e, PY_CLOSURE);
    x->closure.call = call_it;
    x->closure.name = name;
    x->closure.data = data;
    x->closure.inner = inner;
    return x;
}

Py py_native(Elab *e, const char *module, const char *name) {
    const Native *row = native_find(module, name);
    if (!row) return NULL;
    Py x = py_new(e, PY_NATIVE);
    x->native = row;
    return x;
}

Py py_lazy(Elab *e, LazyKind kind, int n, Py const *part) {
    Py x = py_new(e, PY_LAZY);
    x->lazy.kind = kind;
    x->lazy.part = n ? arena_copy(e->arena, part, sizeof *part * (size_t)n) : NULL;
    x->lazy.nparts = n;
    x->lazy.position = NEW(e->arena, Contents);
    x->lazy.position->epoch = e->epoch;
    return x;
}

Py py_type(Elab *e, const char *name) {
    Py x = py_new(e, PY_TYPE);
    x->type.name = name_of(e->cx, name);
    return x;
}

/* A constant scalar of the IR is a static number again. */
static Py static_scalar(Elab *e, NumberKind kind, Data d) {
    switch (kind) {
    case NUMBER_BOOL: return py_bool(e, *(const unsigned char *)d.bytes != 0);
    case NUMBER_INT: return py_int(e, *(const int64_t *)d.bytes);
    case NUMBER_FLOAT: return py_float(e, *(const double *)d.bytes);
    case NUMBER_COMPLEX: return py_complex(e, ((const double *)d.bytes)[0], ((const double *)d.bytes)[1]);
    }
    return e->error;
}

Py py_scalar(Elab *e, NumberKind kind, Value *value) {
    Data d;
    if (value_is_constant(value, &d)) return static_scalar(e, kind, d);
    Py x = py_new(e, PY_SCALAR);
    x->scalar.value = value;
    x->scalar.number = kind;
    if (value->def && value->def->op == OP_size) x->scalar.dim = value->def->attrs->dim;
    return x;
}

Py py_size(Elab *e, const Dim *dim) {
    int64_t n;
    if (dim_is_int(dim, &n)) return py_int(e, n);
    Py x = py_new(e, PY_SCALAR);
    x->scalar.dim = dim;
    x->scalar.number = NUMBER_INT;
    return x;
}

Py py_array(Elab *e, Value *value, Flavour flavour, bool weak) {
    Py x = py_new(e, PY_ARRAY);
    x->array.value = value;
    x->array.flavour = flavour;
    x->array.weak = weak;
    return x;
}

Py py_array_like(Elab *e, Value *value, Py like) {
    return py_array(e, value, like->kind == PY_ARRAY ? like->array.flavour : FLAVOUR_JAX, false);
}

bool py_is_static_number(Py x) { return x->kind >= PY_BOOL && x->kind <= PY_COMPLEX; }
bool py_is_number(Py x) { return py_is_static_number(x) || x->kind == PY_SCALAR; }
bool py_is_array(Py x) { return x->kind == PY_ARRAY; }
bool py_is_int(Py x) { return x->kind == PY_INT || (x->kind == PY_SCALAR && x->scalar.number == NUMBER_INT); }

bool py_is_index(Py x) {
    if (py_is_number(x)) return py_number_kind(x) <= NUMBER_INT;
    return x->kind == PY_ARRAY && x->array.value->type->rank == 0 && dtype_is_integer(x->array.value->type->dtype);
}

NumberKind py_number_kind(Py x) {
    switch (x->kind) {
    case PY_BOOL: return NUMBER_BOOL;
    case PY_INT: return NUMBER_INT;
    case PY_FLOAT: return NUMBER_FLOAT;
    case PY_COMPLEX: return NUMBER_COMPLEX;
    default: return x->scalar.number;
    }
}

static const char *const number_names[] = { "bool", "int", "float", "complex" };

const char *py_type_name(Elab *e, Py x) {
    (void)e;
    switch (x->kind) {
    case PY_NONE: return "NoneType";
    case PY_BOOL:
    case PY_INT:
    case PY_FLOAT:
    case PY_COMPLEX:
    case PY_SCALAR: return number_names[py_number_kind(x)];
    case PY_STR:
    case PY_TEXT: return "str";
    case PY_BYTES: return "bytes";
    case PY_ELLIPSIS: return "ellipsis";
    case PY_NOT_IMPLEMENTED: return "NotImplementedType";
    case PY_DTYPE: return "dtype";
    case PY_SLICE: return "slice";
    case PY_FUNCTION:
    case PY_CLOSURE: return "function";
    case PY_METHOD: return "method";
    case PY_NATIVE: return "builtin_function_or_method";
    case PY_TYPE:
    case PY_CLASS: return "type";
    case PY_MODULE: return "module";
    case PY_PROPERTY: return x->wrapped.what;
    case PY_ARRAY:
        return x->array.flavour == FLAVOUR_NUMPY
                   ? x->array.numpy_scalar ? dtype_long_name(x->array.value->type->dtype) : "ndarray"
                   : "Array";
    case PY_TUPLE: return x->cls ? x->cls->class_->name : "tuple";
    case PY_LIST: return "list";
    case PY_DICT: return "dict";
    case PY_SET: return "set";
    case PY_OBJECT: return x->cls->class_->name;
    case PY_RANGE: return "range";
    case PY_LAZY: {
        static const char *const names[] = { "zip", "enumerate", "map", "filter", "reversed", "iterator" };
        return names[x->lazy.kind];
    }
    case PY_GENERATOR: return "generator";
    case PY_TREEDEF: return "PyTreeDef";
    default: return "error";
    }
}

const char *py_describe(Elab *e, Py x) {
    switch (x->kind) {
    case PY_NONE: return "None";
    case PY_BOOL: return x->integer ? "True" : "False";
    case PY_INT: return arena_text(e->arena, "the int %lld", (long long)x->integer);
    case PY_FLOAT: return arena_text(e->arena, "the float %g", x->number);
    case PY_STR: return arena_text(e->arena, "the str '%s'", x->str.at);
    case PY_TEXT: return "a str known at run time";
    case PY_SCALAR:
        if (x->scalar.dim) return arena_text(e->arena, "the size %s", dim_text(e->cx, x->scalar.dim));
        return arena_text(e->arena, "%s %s known at run time", x->scalar.number == NUMBER_INT ? "an" : "a",
                          number_names[x->scalar.number]);
    case PY_ARRAY: return type_text(e->cx, x->array.value->type);
    case PY_LIST:
        if (list_grows(x)) return "a list whose length is known at run time";
        return arena_text(e->arena, "a list of %d", x->contents->n);
    case PY_TUPLE:
        if (x->cls) return arena_text(e->arena, "a %s", x->cls->class_->name);
        return arena_text(e->arena, "a tuple of %d", x->contents->n);
    case PY_DICT: return arena_text(e->arena, "a dict of %d", x->contents->n);
    case PY_FUNCTION: return arena_text(e->arena, "the function %s", x->function.name);
    case PY_NATIVE: return arena_text(e->arena, "the function %s", x->native->name);
    case PY_CLOSURE: return arena_text(e->arena, "the function %s", x->closure.name);
    case PY_TYPE: return arena_text(e->arena, "the type %s", x->type.name);
    case PY_CLASS: return arena_text(e->arena, "the class %s", x->class_->name);
    case PY_MODULE: return arena_text(e->arena, "the module %s", x->module->name);
    case PY_DTYPE: return arena_text(e->arena, "the dtype %s", dtype_long_name(x->dtype));
    case PY_UNBOUND: return "no value";
    case PY_ELLIPSIS: return "`...`";
    default: {
        const char *name = py_type_name(e, x);
        return arena_text(e->arena, "%s %s", strchr("aeiouAEIO", *name) ? "an" : "a", name);
    }
    }
}

bool py_static_int(Elab *e, Py x, int64_t *value) {
    if (x->kind == PY_INT || x->kind == PY_BOOL) {
        if (x->integer > INT64_MAX || x->integer < INT64_MIN) return false;
        *value = (int64_t)x->integer;
        return true;
    }
    if (x->kind == PY_SCALAR && x->scalar.dim) return dim_is_int(x->scalar.dim, value);
    if (x->kind == PY_ARRAY && x->array.value->type->rank == 0) {
        const Type *t = x->array.value->type;
        Tensor data;
        if (!dtype_is_integer(t->dtype) && t->dtype != DT_bool) return false;
        if (!static_elements(e, x->array.value, &data)) return false;
        *value = element_int(t->dtype, data.bytes);
        return true;
    }
    return false;
}

bool py_static_real(Elab *e, Py x, double *value) {
    int64_t n;
    if (x->kind == PY_FLOAT) {
        *value = x->number;
        return true;
    }
    if (py_static_int(e, x, &n)) {
        *value = (double)n;
        return true;
    }
    if (x->kind == PY_ARRAY && x->array.value->type->rank == 0 && dtype_is_float(x->array.value->type->dtype)) {
        Tensor data;
        if (!static_elements(e, x->array.value, &data)) return false;
        *value = element_real(x->array.value->type->dtype, data.bytes);
        return true;
    }
    return false;
}

bool py_static_text(Py x, const char **text) {
    if (x->kind == PY_STR) *text = x->str.at;
    return x->kind == PY_STR;
}

static bool same_number(Py x, Py y) {
    if (x->kind == PY_COMPLEX || y->kind == PY_COMPLEX)
        return x->kind == y->kind && x->number == y->number && x->imag == y->imag;
    if (x->kind == PY_FLOAT && y->kind == PY_FLOAT)
        return memcmp(&x->number, &y->number, sizeof x->number) == 0; /* 0.0 is not -0.0, nan is nan */
    if (x->kind == PY_FLOAT || y->kind == PY_FLOAT) return false;
    return x->integer == y->integer;
}

bool py_equal_static(Elab *e, Py x, Py y) {
    if (x == y) return true;
    if (x->kind != y->kind || x->cls != y->cls) return false;
    switch (x->kind) {
    case PY_NONE:
    case PY_ELLIPSIS:
    case PY_NOT_IMPLEMENTED: return true;
    case PY_BOOL:
    case PY_INT:
    case PY_FLOAT:
    case PY_COMPLEX: return same_number(x, y);
    case PY_STR:
    case PY_BYTES: return x->str.n == y->str.n && memcmp(x->str.at, y->str.at, (size_t)x->str.n) == 0;
    case PY_DTYPE: return x->dtype == y->dtype;
    case PY_SLICE:
        return py_equal_static(e, x->slice.start, y->slice.start) && py_equal_static(e, x->slice.stop, y->slice.stop) &&
               py_equal_static(e, x->slice.step, y->slice.step);
    case PY_NATIVE: return x->native == y->native;
    case PY_TYPE: return x->type.name == y->type.name;
    case PY_MODULE: return x->module == y->module;
    case PY_METHOD:
        return py_equal_static(e, x->method.function, y->method.function) && x->method.self == y->method.self;
    case PY_SCALAR:
        if (x->scalar.number != y->scalar.number) return false;
        if (x->scalar.dim && y->scalar.dim) return x->scalar.dim == y->scalar.dim;
        return x->scalar.value && x->scalar.value == y->scalar.value;
    case PY_ARRAY:
        return x->array.value == y->array.value && x->array.flavour == y->array.flavour &&
               x->array.weak == y->array.weak && x->array.version == y->array.version;
    case PY_TUPLE:
        if (x->contents->n != y->contents->n) return false;
        for (int i = 0; i < x->contents->n; i++)
            if (!py_equal_static(e, x->contents->at[i], y->contents->at[i])) return false;
        return true;
    case PY_TREEDEF: return tree_same(e, x->wrapped.wrapped, y->wrapped.wrapped);
    default: return false;
    }
}

/* x != 0 as bool[], for a run-time number or a one-element array. */
static Value *is_true(Elab *e, Value *x) {
    Builder *b = e->b;
    if (x->type->rank) x = ir_reshape(b, x, type_scalar(e->cx, x->type->dtype));
    if (x->type->dtype == DT_bool) return x;
    if (dtype_is_complex(x->type->dtype)) return ir_or(b, is_true(e, ir_real(b, x)), is_true(e, ir_imag(b, x)));
    return ir_ne(b, x, ir_fill_int(b, x->type, 0));
}

static int truth_of_value(Elab *e, Value *x, Value **value) {
    Value *c = is_true(e, value_here(e, x));
    Tensor data;
    if (static_elements(e, c, &data)) return *(const unsigned char *)data.bytes != 0;
    *value = c;
    return -1;
}

int py_truth(Elab *e, Py x, Value **value) {
    switch (x->kind) {
    case PY_ERROR: return -2;
    case PY_NONE: return 0;
    case PY_BOOL:
    case PY_INT: return x->integer != 0;
    case PY_FLOAT: return x->number != 0;
    case PY_COMPLEX: return x->number != 0 || x->imag != 0;
    case PY_STR:
    case PY_BYTES: return x->str.n != 0;
    case PY_TUPLE:
        if (x->cls && !x->cls->class_->named_tuple) return 1;
        return x->contents->n != 0;
    case PY_LIST:
        if (list_grows(x)) return py_truth(e, growing_length(e, x), value);
        return contents_of(e, x)->n != 0;
    case PY_DICT:
    case PY_SET: return contents_of(e, x)->n != 0;
    case PY_SCALAR: {
        int64_t n;
        const Dim *dim = x->scalar.dim;
        if (dim && dim_is_int(dim, &n)) return n != 0;
        if (dim && dim_at_least(e->cx, dim, dim_int(e->cx, 1))) return 1;
        return truth_of_value(e, scalar_value(e, x, x->scalar.number), value);
    }
    case PY_ARRAY: {
        const Dim *n = type_elements(e->cx, x->array.value->type);
        if (!dim_is(n, 1)) {
            fail(e, e->span,
                 "the truth of an array with more than one element is ambiguous: %s; write jnp.any(x) or jnp.all(x)",
                 py_describe(e, x));
            return -2;
        }
        return truth_of_value(e, x->array.value, value);
    }
    case PY_RANGE: {
        Py n = call_values(e, py_native(e, "builtins", "len"), 1, &x, e->span);
        return py_truth(e, n, value);
    }
    case PY_OBJECT: {
        static const char *const names[] = { "__bool__", "__len__" };
        for (int i = 0; i < COUNT(names); i++)
            if (class_lookup(e, x->cls, names[i])) {
                Py r = call_method(e, x, names[i], 0, NULL, e->span);
                return py_truth(e, r, value);
            }
        return 1;
    }
    case PY_TEXT: return py_truth(e, text_ask(e, TEXT_LENGTH, x, x, e->span), value);
    default: return 1;
    }
}
