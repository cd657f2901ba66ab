/* create: arrays out of attributes alone. */
#include "ops/rules.h"

#include <string.h>

static const char *shape_constant(Compiler *cx, const Inst *in, const Type **results) {
    const Attrs *a = in->attrs;
    if (a->shape.n > MAX_RANK) return "too many axes";
    results[0] = type_of(cx, a->dtype, a->shape.n, a->shape.at);
    if (a->data.n != 1 && !dim_is(type_elements(cx, results[0]), a->data.n))
        return arena_text(cx->arena, "%lld elements for %s", (long long)a->data.n, type_text(cx, results[0]));
    return NULL;
}
static bool eval_constant(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    (void)ev, (void)args;
    size_t bytes = (size_t)dtype_bytes(y->type->dtype);
    if (in->attrs->data.n == y->n)
        memcpy(y->bytes, in->attrs->data.bytes, bytes * (size_t)y->n);
    else
        for (int64_t i = 0; i < y->n; i++) memcpy(tensor_slot(y, i), in->attrs->data.bytes, bytes);
    return true;
}

/* Equal elements are said once. */
Value *fold_constant(Builder *b, const Inst *in) {
    Data x = in->attrs->data;
    size_t width = (size_t)dtype_bytes(in->attrs->dtype);
    if (x.n < 2) return NULL;
    for (int64_t i = 1; i < x.n; i++)
        if (memcmp((const char *)x.bytes + (size_t)i * width, x.bytes, width)) return NULL;
    return ir_constant(b, in->results[0]->type, 1, x.bytes);
}
const Rules rules_constant = { .shape = shape_constant, .eval = eval_constant, .fold = fold_constant };

static const char *shape_iota(Compiler *cx, const Inst *in, const Type **results) {
    const Attrs *a = in->attrs;
    if (a->axis < 0 || a->axis >= a->shape.n || a->shape.n > MAX_RANK) return "iota along an axis it has not";
    if (a->dtype == DT_bool) return "iota of bool";
    results[0] = type_of(cx, a->dtype, a->shape.n, a->shape.at);
    return NULL;
}
static bool eval_iota(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    (void)ev, (void)args;
    int64_t size[MAX_RANK], stride[MAX_RANK];
    tensor_sizes(y->type, size);
    tensor_strides(y->type, stride);
    int axis = (int)in->attrs->axis;
    for (int64_t i = 0; i < y->n; i++)
        element_set_int(y->type->dtype, tensor_slot(y, i), i / stride[axis] % size[axis]);
    return true;
}
const Rules rules_iota = { .shape = shape_iota, .eval = eval_iota };

static const char *shape_size(Compiler *cx, const Inst *in, const Type **results) {
    if (!in->attrs->dim) return "no size";
    results[0] = type_scalar(cx, DT_i64);
    return NULL;
}
static bool eval_size(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    (void)args;
    int64_t value;
    if (!eval_dim(ev, in->attrs->dim, &value)) return false;
    element_set_int(DT_i64, y->bytes, value);
    return true;
}
const Rules rules_size = { .shape = shape_size, .eval = eval_size, .fold = fold_size };
