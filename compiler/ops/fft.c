/* fft: discrete Fourier transforms along an axis. */
#include "ops/derive.h"
#include "ops/rules.h"

#include <math.h>

static const char *shape_of_line(Compiler *cx, const Inst *in, bool complex) {
    const Type *x = in->args[0]->type;
    bool fits = in->attrs->axis >= 0 && in->attrs->axis < x->rank && dtype_is_complex(x->dtype) == complex &&
                dtype_is_inexact(x->dtype) && dtype_bytes(dtype_real(x->dtype)) >= 4;
    return fits ? NULL : arena_text(cx->arena, "%s of %s", op_name(in->op), type_text(cx, x));
}

static const Type *with_axis(Compiler *cx, const Type *x, int64_t axis, const Dim *size, DType dtype) {
    const Dim *dim[MAX_RANK];
    for (int i = 0; i < x->rank; i++) dim[i] = i == axis ? size : x->dim[i];
    return type_of(cx, dtype, x->rank, dim);
}

static const char *shape_fft(Compiler *cx, const Inst *in, const Type **results) {
    results[0] = in->args[0]->type;
    return shape_of_line(cx, in, true);
}
static const char *shape_rfft(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type;
    const char *wrong = shape_of_line(cx, in, false);
    if (wrong) return wrong;
    const Dim *half = dim_floordiv(cx, x->dim[in->attrs->axis], dim_int(cx, 2));
    results[0] =
        with_axis(cx, x, in->attrs->axis, dim_add(cx, half, dim_int(cx, 1)), x->dtype == DT_f32 ? DT_c64 : DT_c128);
    return NULL;
}
static const char *shape_irfft(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type;
    const char *wrong = shape_of_line(cx, in, true);
    if (wrong) return wrong;
    if (!in->attrs->dim) return "irfft to no size";
    const Dim *half = dim_add(cx, dim_floordiv(cx, in->attrs->dim, dim_int(cx, 2)), dim_int(cx, 1));
    if (x->dim[in->attrs->axis] != half)
        return arena_text(cx->arena, "irfft of %s to %s numbers", type_text(cx, x), dim_text(cx, in->attrs->dim));
    results[0] = with_axis(cx, x, in->attrs->axis, in->attrs->dim, dtype_real(x->dtype));
    return NULL;
}

/* The sum over k of x[k] exp(sign 2 pi i j k / n), where x[n - k] is conj(x[k]) beyond what is there. */
static void sum_of_waves(const Tensor *x, int64_t first, int64_t step, int64_t have, int64_t n, int64_t j, int sign,
                         double sum[2]) {
    const double turn = 6.283185307179586476925;
    for (int64_t k = 0; k < n; k++) {
        double z[2], angle = sign * turn * (double)(j * k % n) / (double)n;
        int64_t at = k < have ? k : n - k;
        element_complex(x->type->dtype, tensor_at(x, first + at * step), z);
        if (k >= have) z[1] = -z[1];
        if (have < n && (k == 0 || 2 * k == n)) z[1] = 0;
        sum[0] += z[0] * cos(angle) - z[1] * sin(angle);
        sum[1] += z[0] * sin(angle) + z[1] * cos(angle);
    }
}

static bool eval_fft(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    int64_t size[MAX_RANK], stride[MAX_RANK], size_y[MAX_RANK];
    int axis = (int)in->attrs->axis;
    tensor_sizes(x->type, size);
    tensor_strides(x->type, stride);
    tensor_sizes(y->type, size_y);
    int64_t nx = size[axis], ny = size_y[axis], inner = stride[axis], n = in->op == OP_irfft ? ny : nx;
    int sign = in->op == OP_irfft || in->attrs->reversed ? 1 : -1;
    ev->steps += y->n * n / EVAL_STEP;
    for (int64_t line = 0; nx && ny && line < y->n / ny; line++) {
        int64_t from = line / inner * inner * nx + line % inner, to = line / inner * inner * ny + line % inner;
        for (int64_t j = 0; j < ny; j++) {
            double z[2] = { 0, 0 };
            sum_of_waves(x, from, inner, nx, n, j, sign, z);
            for (int i = 0; i < 2 && in->attrs->divided; i++) z[i] /= (double)n;
            element_set_complex(y->type->dtype, tensor_slot(y, to + j * inner), z);
        }
    }
    return true;
}

/* As `like` is divided, or is not. */
static Value *transform(Builder *b, Op op, Value *x, const Attrs *like, bool reversed, const Dim *dim) {
    Attrs a = { .axis = like->axis, .reversed = reversed, .divided = like->divided, .dim = dim };
    return emit(b, op, &x, 1, &a);
}

/* x times `inner`, but once where a number is its own partner: the first, and the last of an even transform of n. */
static Value *weighed(Builder *b, Value *x, int64_t axis, const Dim *n, double inner) {
    const Type *index = type_with_dtype(b->cx, x->type, DT_i64);
    Value *k = ir_iota(b, index, (int)axis), *twice = ir_mul(b, k, ir_fill_int(b, index, 2));
    Value *own =
        ir_or(b, ir_eq(b, k, ir_fill_int(b, index, 0)), ir_eq(b, twice, ir_broadcast_scalar(b, ir_size(b, n), index)));
    return ir_select(b, own, x, scaled(b, x, inner));
}

/* The matrix of a transform is symmetric. */
void transpose_fft(const Transpose *d) {
    d->dx[0] = transform(d->b, OP_fft, d->ct[0], d->in->attrs, d->in->attrs->reversed, NULL);
}
void transpose_rfft(const Transpose *d) {
    int64_t axis = d->in->attrs->axis;
    const Dim *n = d->in->args[0]->type->dim[axis];
    Value *half = weighed(d->b, ir_conj(d->b, d->ct[0]), axis, n, 0.5);
    d->dx[0] = transform(d->b, OP_irfft, half, d->in->attrs, false, n);
}
void transpose_irfft(const Transpose *d) {
    int64_t axis = d->in->attrs->axis;
    Value *waves = transform(d->b, OP_rfft, d->ct[0], d->in->attrs, false, NULL);
    d->dx[0] = weighed(d->b, ir_conj(d->b, waves), axis, d->in->attrs->dim, 2);
}

const Rules rules_fft = { .shape = shape_fft, .eval = eval_fft, .transpose = transpose_fft };
const Rules rules_rfft = { .shape = shape_rfft, .eval = eval_fft, .transpose = transpose_rfft };
const Rules rules_irfft = { .shape = shape_irfft, .eval = eval_fft, .transpose = transpose_irfft };
