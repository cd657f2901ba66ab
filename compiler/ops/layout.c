/* layout: the same elements in other places. */
#include "ops/rules.h"

#include <string.h>

static const char *said(Compiler *cx, const Inst *in, const char *what) {
    return arena_text(cx->arena, "%s of %s: %s", op_name(in->op), type_text(cx, in->args[0]->type), what);
}
static void copy_element(const Tensor *y, int64_t to, const Tensor *x, int64_t from) {
    memcpy(tensor_slot(y, to), tensor_at(x, from), (size_t)dtype_bytes(y->type->dtype));
}

/* For every element of y: the element of x at start + sum of index * step. */
static void copy_strided(const Tensor *x, int64_t start, const int64_t *step, const Tensor *y) {
    int64_t size[MAX_RANK], index[MAX_RANK] = { 0 };
    int rank = y->type->rank;
    tensor_sizes(y->type, size);
    for (int64_t i = 0; i < y->n; i++) {
        copy_element(y, i, x, start + offset_at(step, index, rank));
        next_index(size, rank, index);
    }
}

static const char *shape_broadcast(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type;
    const Attrs *a = in->attrs;
    if (a->map.n != x->rank || a->shape.n > MAX_RANK) return said(cx, in, "map must name every axis");
    for (int i = 0; i < x->rank; i++) {
        int64_t to = a->map.at[i];
        if (to < 0 || to >= a->shape.n || (i && to <= a->map.at[i - 1])) return said(cx, in, "map is not ascending");
        if (x->dim[i] != a->shape.at[to] && !dim_is(x->dim[i], 1))
            return arena_text(cx->arena, "axis %d of %s does not fit into size %s", i, type_text(cx, x),
                              dim_text(cx, a->shape.at[to]));
    }
    results[0] = type_of(cx, x->dtype, a->shape.n, a->shape.at);
    return NULL;
}
static bool eval_broadcast(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    (void)ev;
    int64_t stride[MAX_RANK], size[MAX_RANK], size_y[MAX_RANK], step[MAX_RANK] = { 0 };
    tensor_strides(x->type, stride);
    tensor_sizes(x->type, size);
    tensor_sizes(y->type, size_y);
    for (int i = 0; i < x->type->rank; i++) {
        int to = (int)in->attrs->map.at[i];
        step[to] = size[i] == size_y[to] ? stride[i] : 0;
    }
    copy_strided(x, 0, step, y);
    return true;
}
const Rules rules_broadcast = {
    .shape = shape_broadcast, .eval = eval_broadcast, .fold = fold_broadcast, .transpose = transpose_broadcast
};

static bool eval_same_elements(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    (void)ev, (void)in;
    memcpy(y->bytes, x->bytes, (size_t)y->n * (size_t)dtype_bytes(y->type->dtype));
    return true;
}
static const char *shape_reshape(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type;
    if (in->attrs->shape.n > MAX_RANK) return said(cx, in, "too many axes");
    results[0] = type_of(cx, x->dtype, in->attrs->shape.n, in->attrs->shape.at);
    if (type_elements(cx, x) != type_elements(cx, results[0]))
        return said(cx, in, arena_text(cx->arena, "%s has another number of elements", type_text(cx, results[0])));
    return NULL;
}
const Rules rules_reshape = {
    .shape = shape_reshape, .eval = eval_same_elements, .fold = fold_reshape, .transpose = transpose_reshape
};

static const char *shape_retype(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type;
    if (in->attrs->shape.n != x->rank) return said(cx, in, "another rank");
    results[0] = type_of(cx, x->dtype, x->rank, in->attrs->shape.at);
    return NULL;
}
static bool eval_retype(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    int64_t have[MAX_RANK], want[MAX_RANK];
    tensor_sizes(x->type, have);
    tensor_sizes(y->type, want);
    for (int i = 0; i < x->type->rank; i++)
        if (have[i] != want[i])
            return eval_fail(ev, "%s: axis %d has size %lld, not %lld",
                             in->attrs->message ? in->attrs->message : "array", i, (long long)have[i],
                             (long long)want[i]);
    return eval_same_elements(ev, in, x, y);
}
const Rules rules_retype = {
    .shape = shape_retype, .eval = eval_retype, .fold = fold_retype, .transpose = transpose_retype
};

static const char *shape_same(Compiler *cx, const Inst *in, const Type **results) {
    (void)cx;
    results[0] = in->args[0]->type;
    return NULL;
}
const Rules rules_optimization_barrier = { .shape = shape_same,
                                           .eval = eval_same_elements,
                                           .transpose = transpose_optimization_barrier };
const Rules rules_checkpoint_name = { .shape = shape_same,
                                      .eval = eval_same_elements,
                                      .transpose = transpose_checkpoint_name };

static const char *shape_transpose(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type;
    Ints perm = in->attrs->perm;
    const Dim *dim[MAX_RANK];
    unsigned seen = 0;
    if (perm.n != x->rank) return said(cx, in, "perm must name every axis");
    for (int i = 0; i < x->rank; i++) {
        if (perm.at[i] < 0 || perm.at[i] >= x->rank || (seen >> perm.at[i] & 1))
            return said(cx, in, "not a permutation");
        seen |= 1u << perm.at[i];
        dim[i] = x->dim[perm.at[i]];
    }
    results[0] = type_of(cx, x->dtype, x->rank, dim);
    return NULL;
}
static bool eval_transpose(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    (void)ev;
    int64_t stride[MAX_RANK], step[MAX_RANK];
    tensor_strides(x->type, stride);
    for (int i = 0; i < x->type->rank; i++) step[i] = stride[in->attrs->perm.at[i]];
    copy_strided(x, 0, step, y);
    return true;
}
const Rules rules_transpose = {
    .shape = shape_transpose, .eval = eval_transpose, .fold = fold_transpose, .transpose = transpose_transpose
};

/* That the slice lies inside is the promise of whoever writes it; what is wrong for sure is refused here. */
static const char *shape_slice(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type;
    const Attrs *a = in->attrs;
    const Dim *dim[MAX_RANK], *one = dim_int(cx, 1);
    if (a->start.n != x->rank || a->limit.n != x->rank || a->stride.n != x->rank)
        return said(cx, in, "start, limit and stride must name every axis");
    for (int i = 0; i < x->rank; i++) {
        const Dim *start = a->start.at[i], *limit = a->limit.at[i], *length = dim_sub(cx, limit, start);
        const Dim *stride = dim_int(cx, a->stride.at[i]);
        if (a->stride.at[i] < 1) return said(cx, in, "strides are positive");
        if (dim_at_least(cx, dim_int(cx, -1), start) || dim_at_least(cx, dim_sub(cx, start, one), limit) ||
            dim_at_least(cx, dim_sub(cx, limit, one), x->dim[i]))
            return said(
                cx, in,
                arena_text(cx->arena, "%s:%s does not lie in axis %d", dim_text(cx, start), dim_text(cx, limit), i));
        dim[i] = dim_floordiv(cx, dim_add(cx, length, dim_sub(cx, stride, one)), stride);
    }
    results[0] = type_of(cx, x->dtype, x->rank, dim);
    return NULL;
}
static bool eval_slice(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    int64_t stride[MAX_RANK], start[MAX_RANK], limit[MAX_RANK], size[MAX_RANK];
    tensor_strides(x->type, stride);
    tensor_sizes(x->type, size);
    if (!eval_dims(ev, in->attrs->start, start) || !eval_dims(ev, in->attrs->limit, limit)) return false;
    for (int i = 0; i < x->type->rank; i++)
        if (start[i] < 0 || limit[i] < start[i] || limit[i] > size[i]) return eval_fail(ev, "a slice out of range");
    int64_t first = offset_at(stride, start, x->type->rank);
    for (int i = 0; i < x->type->rank; i++) stride[i] *= in->attrs->stride.at[i];
    copy_strided(x, first, stride, y);
    return true;
}
const Rules rules_slice = {
    .shape = shape_slice, .eval = eval_slice, .fold = fold_slice, .transpose = transpose_slice
};

/* low + n + (n - 1) * interior + high, where an empty axis has nothing between its elements */
static const char *shape_pad(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type;
    const Attrs *a = in->attrs;
    const Dim *dim[MAX_RANK], *one = dim_int(cx, 1), *zero = dim_int(cx, 0);
    if (in->args[1]->type != type_scalar(cx, x->dtype)) return said(cx, in, "filled with something else than a scalar");
    if (a->low.n != x->rank || a->high.n != x->rank || a->interior.n != x->rank)
        return said(cx, in, "low, high and interior must name every axis");
    for (int i = 0; i < x->rank; i++) {
        if (a->interior.at[i] < 0) return said(cx, in, "negative padding between elements");
        const Dim *gaps = a->interior.at[i] ? dim_max(cx, dim_sub(cx, x->dim[i], one), zero) : zero;
        const Dim *inner = dim_add(cx, x->dim[i], dim_mul(cx, gaps, dim_int(cx, a->interior.at[i])));
        dim[i] = dim_add(cx, dim_add(cx, a->low.at[i], inner), a->high.at[i]);
        int64_t size;
        if (dim_is_int(dim[i], &size) && size < 0) return said(cx, in, "a negative size");
    }
    results[0] = type_of(cx, x->dtype, x->rank, dim);
    return NULL;
}
static bool eval_pad(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    int64_t low[MAX_RANK], size[MAX_RANK], stride[MAX_RANK], size_y[MAX_RANK], at[MAX_RANK], index[MAX_RANK] = { 0 };
    int rank = y->type->rank;
    if (!eval_dims(ev, in->attrs->low, low)) return false;
    tensor_sizes(x->type, size);
    tensor_strides(y->type, stride);
    tensor_sizes(y->type, size_y);
    for (int64_t i = 0; i < y->n; i++) copy_element(y, i, &x[1], 0);
    for (int64_t i = 0; i < x->n; i++) {
        bool inside = true;
        for (int k = 0; k < rank; k++) {
            at[k] = low[k] + index[k] * (1 + in->attrs->interior.at[k]);
            inside = inside && at[k] >= 0 && at[k] < size_y[k];
        }
        if (inside) copy_element(y, offset_at(stride, at, rank), x, i);
        next_index(size, rank, index);
    }
    return true;
}
const Rules rules_pad = {
    .shape = shape_pad, .eval = eval_pad, .fold = fold_pad, .transpose = transpose_pad, .batch = batch_pad
};

static const char *shape_concatenate(Compiler *cx, const Inst *in, const Type **results) {
    if (!in->nargs) return "concatenate of nothing";
    const Type *x = in->args[0]->type;
    int axis = (int)in->attrs->axis;
    if (axis < 0 || axis >= x->rank) return said(cx, in, "no such axis");
    const Dim *dim[MAX_RANK];
    memcpy(dim, x->dim, sizeof *dim * (size_t)x->rank);
    for (int i = 1; i < in->nargs; i++) {
        const Type *t = in->args[i]->type;
        if (t->dtype != x->dtype || t->rank != x->rank) return said(cx, in, "the arrays differ");
        for (int k = 0; k < x->rank; k++)
            if (k != axis && t->dim[k] != x->dim[k])
                return said(cx, in, arena_text(cx->arena, "%s does not fit to it", type_text(cx, t)));
        dim[axis] = dim_add(cx, dim[axis], t->dim[axis]);
    }
    results[0] = type_of(cx, x->dtype, x->rank, dim);
    return NULL;
}
static bool eval_concatenate(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    (void)ev;
    int axis = (int)in->attrs->axis, rank = y->type->rank;
    int64_t stride[MAX_RANK], shift = 0;
    tensor_strides(y->type, stride);
    for (int i = 0; i < in->nargs; i++) {
        int64_t size[MAX_RANK], index[MAX_RANK] = { 0 };
        tensor_sizes(x[i].type, size);
        for (int64_t k = 0; k < x[i].n; k++) {
            copy_element(y, offset_at(stride, index, rank) + shift * stride[axis], &x[i], k);
            next_index(size, rank, index);
        }
        shift += size[axis];
    }
    return true;
}
const Rules rules_concatenate = {
    .shape = shape_concatenate, .eval = eval_concatenate, .fold = fold_concatenate, .transpose = transpose_concatenate
};

static const char *shape_reverse(Compiler *cx, const Inst *in, const Type **results) {
    results[0] = in->args[0]->type;
    for (int i = 0; i < in->attrs->axes.n; i++)
        if (in->attrs->axes.at[i] < 0 || in->attrs->axes.at[i] >= results[0]->rank) return said(cx, in, "no such axis");
    return NULL;
}
static bool eval_reverse(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    (void)ev;
    int64_t step[MAX_RANK], size[MAX_RANK], start = 0;
    tensor_strides(x->type, step);
    tensor_sizes(x->type, size);
    for (int i = 0; i < in->attrs->axes.n; i++) {
        int axis = (int)in->attrs->axes.at[i];
        start += (size[axis] - 1) * step[axis];
        step[axis] = -step[axis];
    }
    copy_strided(x, start, step, y);
    return true;
}
const Rules rules_reverse = {
    .shape = shape_reverse, .eval = eval_reverse, .fold = fold_reverse, .transpose = transpose_reverse
};

/* (n - (window - 1) dilation - 1) / step + 1 windows, none where not one fits */
static const char *shape_windows(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type;
    const Attrs *a = in->attrs;
    const Dim *dim[MAX_RANK], *one = dim_int(cx, 1);
    int n = a->axes.n;
    if (a->window.n != n || a->step.n != n || a->dilation.n != n)
        return said(cx, in, "window, step and dilation must be given for each of axes");
    if (x->rank + n > MAX_RANK) return said(cx, in, "too many axes");
    memcpy(dim, x->dim, sizeof *dim * (size_t)x->rank);
    for (int i = 0; i < n; i++) {
        int64_t axis = a->axes.at[i];
        if (axis < 0 || axis >= x->rank || (i && axis <= a->axes.at[i - 1]))
            return said(cx, in, "axes are not ascending");
        if (a->window.at[i] < 1 || a->step.at[i] < 1 || a->dilation.at[i] < 1)
            return said(cx, in, "windows, steps and dilations are positive");
        const Dim *step = dim_int(cx, a->step.at[i]),
                  *beyond = dim_int(cx, (a->window.at[i] - 1) * a->dilation.at[i] + 1);
        const Dim *count = dim_add(cx, dim_floordiv(cx, dim_sub(cx, x->dim[axis], beyond), step), one);
        dim[axis] = dim_max(cx, count, dim_int(cx, 0));
        dim[x->rank + i] = dim_int(cx, a->window.at[i]);
    }
    results[0] = type_of(cx, x->dtype, x->rank + n, dim);
    return NULL;
}
static bool eval_windows(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    (void)ev;
    int64_t step[MAX_RANK];
    tensor_strides(x->type, step);
    for (int i = 0; i < in->attrs->axes.n; i++) {
        int64_t axis = in->attrs->axes.at[i];
        step[x->type->rank + i] = step[axis] * in->attrs->dilation.at[i];
        step[axis] *= in->attrs->step.at[i];
    }
    copy_strided(x, 0, step, y);
    return true;
}
const Rules rules_windows = { .shape = shape_windows, .eval = eval_windows, .transpose = transpose_windows };
