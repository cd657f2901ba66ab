/* reduce: sums and their kin over axes and along them.
**
** The evaluator adds floats in double and rounds once, so it is at least as exact as any order the compiler may choose. */
#include "ops/rules.h"

#include <math.h>
#include <string.h>

/* One running result, in the form that its dtype needs. */
typedef struct {
    double z[2];
    int64_t i;
} Running;

static int64_t least_int(DType d) { return dtype_kind(d) == KIND_SIGNED ? INT64_MIN >> (64 - 8 * dtype_bytes(d)) : 0; }
static int64_t greatest_int(DType d) { return d == DT_bool ? 1 : ~least_int(d) & INT64_MAX; }

static Running identity_of(Op op, DType d) {
    int64_t most = dtype_kind(d) == KIND_UNSIGNED ? -1 : greatest_int(d);
    switch (op) {
    case OP_reduce_prod:
    case OP_cumprod: return (Running){ { 1, 0 }, 1 };
    case OP_reduce_max:
    case OP_cummax: return (Running){ { -HUGE_VAL, 0 }, least_int(d) };
    case OP_reduce_min:
    case OP_cummin: return (Running){ { HUGE_VAL, 0 }, most };
    case OP_reduce_and: return (Running){ { 0, 0 }, d == DT_bool ? 1 : -1 };
    default: return (Running){ { 0, 0 }, 0 };
    }
}

static Op step_of(Op op) {
    switch (op) {
    case OP_reduce_sum:
    case OP_cumsum: return OP_add;
    case OP_reduce_prod:
    case OP_cumprod: return OP_mul;
    case OP_reduce_max:
    case OP_cummax: return OP_max;
    case OP_reduce_min:
    case OP_cummin: return OP_min;
    case OP_reduce_and: return OP_and;
    case OP_reduce_or: return OP_or;
    default: return OP_xor;
    }
}

static Running step(const Rules *r, DType d, Running so_far, const void *x) {
    if (dtype_is_complex(d)) {
        double pair[2][2] = { { so_far.z[0], so_far.z[1] }, { 0 } };
        element_complex(d, x, pair[1]);
        r->complex((const double(*)[2])pair, so_far.z);
    } else if (dtype_is_float(d)) {
        so_far.z[0] = r->real((double[]){ so_far.z[0], element_real(d, x) });
    } else {
        so_far.i = r->integer((int64_t[]){ so_far.i, element_int(d, x) }, d);
    }
    return so_far;
}
static void store(DType d, void *p, Running r) {
    if (dtype_is_inexact(d))
        element_set_complex(d, p, r.z);
    else
        element_set_int(d, p, r.i);
}

Value *ops_neutral(Builder *b, Op op, const Type *t) {
    char bytes[16] = { 0 };
    Op like = op == OP_argmax ? OP_reduce_max : op == OP_argmin ? OP_reduce_min : op;
    store(t->dtype, bytes, identity_of(like, t->dtype));
    return ir_constant(b, t, 1, bytes);
}

static bool eval_reduce(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    int64_t size[MAX_RANK], index[MAX_RANK] = { 0 }, to[MAX_RANK] = { 0 }, stride_y[MAX_RANK];
    DType d = x->type->dtype;
    const Rules *rules = op_rules[step_of(in->op)];
    tensor_sizes(x->type, size);
    tensor_strides(y->type, stride_y);
    Ints axes = in->attrs->axes;
    for (int i = 0, k = 0, out = 0; i < x->type->rank; i++) {
        bool reduced = k < axes.n && axes.at[k] == i;
        to[i] = reduced ? 0 : stride_y[out];
        k += reduced;
        out += !reduced;
    }
    Running *all = NEW_ARRAY(ev->arena, Running, y->n);
    for (int64_t i = 0; i < y->n; i++) all[i] = identity_of(in->op, d);
    for (int64_t i = 0; i < x->n; i++) {
        Running *r = &all[offset_at(to, index, x->type->rank)];
        *r = step(rules, d, *r, tensor_at(x, i));
        next_index(size, x->type->rank, index);
    }
    for (int64_t i = 0; i < y->n; i++) store(d, tensor_slot(y, i), all[i]);
    return true;
}

/* Any dtype that the step is defined on. */
static const char *shape_reduce(Compiler *cx, const Inst *in, const Type **results) {
    const Rules *r = op_rules[step_of(in->op)];
    DType d = in->args[0]->type->dtype;
    if (!(dtype_is_float(d) ? r->real != NULL : dtype_is_complex(d) ? r->complex != NULL : r->integer != NULL))
        return arena_text(cx->arena, "%s is not defined on %s", op_name(in->op), dtype_name(d));
    return infer_class(cx, in, results);
}

const Rules rules_reduce_sum = {
    .shape = shape_reduce, .eval = eval_reduce, .fold = fold_reduce_sum, .transpose = transpose_reduce_sum
};
const Rules rules_reduce_prod = {
    .shape = shape_reduce, .eval = eval_reduce, .fold = fold_reduce_prod, .jvp = jvp_reduce_prod
};
const Rules rules_reduce_max = {
    .shape = shape_reduce, .eval = eval_reduce, .fold = fold_reduce_max, .jvp = jvp_reduce_max
};
const Rules rules_reduce_min = {
    .shape = shape_reduce, .eval = eval_reduce, .fold = fold_reduce_min, .jvp = jvp_reduce_min
};
const Rules rules_reduce_and = { .shape = shape_reduce, .eval = eval_reduce, .fold = fold_reduce_and };
const Rules rules_reduce_or = { .shape = shape_reduce, .eval = eval_reduce, .fold = fold_reduce_or };
const Rules rules_reduce_xor = { .shape = shape_reduce, .eval = eval_reduce, .fold = fold_reduce_xor };

/* An array seen as [outer, n, inner] around one axis. */
typedef struct {
    int64_t outer, n, inner;
} Along;
static Along along(const Type *t, int axis) {
    int64_t size[MAX_RANK];
    Along a = { 1, 1, 1 };
    tensor_sizes(t, size);
    for (int i = 0; i < t->rank; i++) *(i < axis ? &a.outer : i == axis ? &a.n : &a.inner) *= size[i];
    return a;
}

static bool eval_scan(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    (void)ev;
    DType d = x->type->dtype;
    const Rules *rules = op_rules[step_of(in->op)];
    Along a = along(x->type, (int)in->attrs->axis);
    for (int64_t outer = 0; outer < a.outer; outer++)
        for (int64_t inner = 0; inner < a.inner; inner++) {
            Running r = identity_of(in->op, d);
            for (int64_t k = 0; k < a.n; k++) {
                int64_t at = (outer * a.n + (in->attrs->reversed ? a.n - 1 - k : k)) * a.inner + inner;
                r = step(rules, d, r, tensor_at(x, at));
                store(d, tensor_slot(y, at), r);
            }
        }
    return true;
}
const Rules rules_cumsum = { .shape = shape_reduce, .eval = eval_scan, .transpose = transpose_cumsum };
const Rules rules_cumprod = { .shape = shape_reduce, .eval = eval_scan, .jvp = jvp_cumprod };
const Rules rules_cummax = { .shape = shape_reduce, .eval = eval_scan, .jvp = jvp_cummax };
const Rules rules_cummin = { .shape = shape_reduce, .eval = eval_scan, .jvp = jvp_cummin };

/* Is a better than b, for argmax; a nan is better than any number. */
static bool better(Op op, DType d, const void *a, const void *b) {
    bool most = op == OP_argmax;
    if (dtype_is_float(d)) {
        double x = element_real(d, a), y = element_real(d, b);
        return isnan(x) ? !isnan(y) : most ? x > y : x < y;
    }
    int64_t x[2] = { element_int(d, a), element_int(d, b) };
    return op_rules[most ? OP_gt : OP_lt]->integer(x, d);
}
static bool eval_arg(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    DType d = x->type->dtype;
    Along a = along(x->type, (int)in->attrs->axis);
    if (a.n == 0 && y->n) return eval_fail(ev, "%s of an empty array", op_name(in->op));
    for (int64_t outer = 0; outer < a.outer; outer++)
        for (int64_t inner = 0; inner < a.inner; inner++) {
            int64_t best = 0, first = outer * a.n * a.inner + inner;
            for (int64_t k = 1; k < a.n; k++)
                if (better(in->op, d, tensor_at(x, first + k * a.inner), tensor_at(x, first + best * a.inner)))
                    best = k;
            element_set_int(y->type->dtype, tensor_slot(y, outer * a.inner + inner), best);
        }
    return true;
}
const Rules rules_argmax = { .eval = eval_arg };
const Rules rules_argmin = { .eval = eval_arg };
