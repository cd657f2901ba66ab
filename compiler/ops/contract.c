/* contract: sums of products. */
#include "ops/rules.h"

static const char *shape_dot(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type, *y = in->args[1]->type;
    const Attrs *a = in->attrs;
    const Dim *dim[2 * MAX_RANK];
    int rank = 0;
    unsigned used_x = 0, used_y = 0;
    const char *both = arena_text(cx->arena, "dot of %s and %s", type_text(cx, x), type_text(cx, y));
    if (x->dtype != y->dtype) return arena_text(cx->arena, "%s: the dtypes differ", both);
    if (a->batch < 0 || a->batch > x->rank || a->batch > y->rank || a->lhs_axes.n != a->rhs_axes.n)
        return arena_text(cx->arena, "%s: the axes do not pair", both);
    for (int i = 0; i < a->batch; i++) {
        if (x->dim[i] != y->dim[i]) return arena_text(cx->arena, "%s: batch axis %d differs", both, i);
        dim[rank++] = x->dim[i];
    }
    for (int i = 0; i < a->lhs_axes.n; i++) {
        int64_t p = a->lhs_axes.at[i], q = a->rhs_axes.at[i];
        if (p < a->batch || p >= x->rank || q < a->batch || q >= y->rank || (used_x >> p & 1) || (used_y >> q & 1))
            return arena_text(cx->arena, "%s: no such axes", both);
        if (x->dim[p] != y->dim[q])
            return arena_text(cx->arena, "%s: the axes that meet are %s and %s", both, dim_text(cx, x->dim[p]),
                              dim_text(cx, y->dim[q]));
        used_x |= 1u << p;
        used_y |= 1u << q;
    }
    for (int i = (int)a->batch; i < x->rank; i++)
        if (!(used_x >> i & 1)) dim[rank++] = x->dim[i];
    for (int i = (int)a->batch; i < y->rank; i++)
        if (!(used_y >> i & 1)) dim[rank++] = y->dim[i];
    if (rank > MAX_RANK) return arena_text(cx->arena, "%s: too many axes", both);
    results[0] = type_of(cx, x->dtype, rank, dim);
    return NULL;
}

/* Per axis of the result, then per contracted axis: its size, and its stride in either argument. */
static bool eval_dot(Eval *ev, const Inst *in, const Tensor *args, Tensor *z) {
    (void)ev;
    const Type *x = args[0].type, *y = args[1].type;
    const Attrs *a = in->attrs;
    DType d = x->dtype;
    int64_t size_x[MAX_RANK], size_y[MAX_RANK], stride_x[MAX_RANK], stride_y[MAX_RANK];
    int64_t size[2 * MAX_RANK], step_x[2 * MAX_RANK] = { 0 }, step_y[2 * MAX_RANK] = { 0 };
    tensor_sizes(x, size_x), tensor_sizes(y, size_y);
    tensor_strides(x, stride_x), tensor_strides(y, stride_y);
    int rank = 0;
    unsigned used_x = 0, used_y = 0;
    for (int i = 0; i < a->lhs_axes.n; i++) {
        used_x |= 1u << a->lhs_axes.at[i];
        used_y |= 1u << a->rhs_axes.at[i];
    }
    for (int i = 0; i < a->batch; i++) {
        size[rank] = size_x[i];
        step_x[rank] = stride_x[i];
        step_y[rank++] = stride_y[i];
    }
    for (int i = (int)a->batch; i < x->rank; i++)
        if (!(used_x >> i & 1)) size[rank] = size_x[i], step_x[rank++] = stride_x[i];
    for (int i = (int)a->batch; i < y->rank; i++)
        if (!(used_y >> i & 1)) size[rank] = size_y[i], step_y[rank++] = stride_y[i];
    int64_t terms = 1;
    for (int i = 0; i < a->lhs_axes.n; i++) {
        size[rank + i] = size_x[a->lhs_axes.at[i]];
        step_x[rank + i] = stride_x[a->lhs_axes.at[i]];
        step_y[rank + i] = stride_y[a->rhs_axes.at[i]];
        terms *= size[rank + i];
    }
    int64_t index[2 * MAX_RANK] = { 0 };
    int all = rank + a->lhs_axes.n;
    for (int64_t i = 0; i < z->n; i++) {
        double sum[2] = { 0, 0 };
        uint64_t integer = 0;
        bool any = false;
        for (int64_t k = 0; k < terms; k++) {
            const void *p = tensor_at(&args[0], offset_at(step_x, index, all));
            const void *q = tensor_at(&args[1], offset_at(step_y, index, all));
            if (dtype_is_inexact(d)) {
                double u[2], v[2];
                element_complex(d, p, u), element_complex(d, q, v);
                sum[0] += dtype_is_complex(d) ? u[0] * v[0] - u[1] * v[1] : u[0] * v[0];
                sum[1] += dtype_is_complex(d) ? u[0] * v[1] + u[1] * v[0] : 0;
            } else {
                integer += (uint64_t)element_int(d, p) * (uint64_t)element_int(d, q);
                any = any || (element_int(d, p) && element_int(d, q));
            }
            next_index(size, all, index);
        }
        if (terms == 0) next_index(size, rank, index);
        if (dtype_is_inexact(d))
            element_set_complex(d, tensor_slot(z, i), sum);
        else
            element_set_int(d, tensor_slot(z, i), d == DT_bool ? any : (int64_t)integer);
    }
    return true;
}
const Rules rules_dot = { .shape = shape_dot, .eval = eval_dot, .transpose = transpose_dot, .batch = batch_dot };
