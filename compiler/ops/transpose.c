/* Transposes of linear operations: from the cotangent of the result to that of the arguments.
**
** Where a cotangent is multiplied by something known it is by cotangent_mul, which keeps an exact zero: what lies behind
** the side of a `where` that was not taken may be infinite, and counts for nothing.  There are no conjugates here: the
** pairing that is kept is the real part of the sum of u v. */
#include "ops/derive.h"
#include "ops/rules.h"

#include <math.h>

static const Type *type_of_arg(const Transpose *d, int i) { return d->in->args[i]->type; }

/* elementwise */

void transpose_neg(const Transpose *d) { d->dx[0] = ir_neg(d->b, d->ct[0]); }
void transpose_conj(const Transpose *d) {
    d->dx[0] = dtype_is_complex(type_of_arg(d, 0)->dtype) ? ir_conj(d->b, d->ct[0]) : ir_real(d->b, d->ct[0]);
}
void transpose_convert(const Transpose *d) { d->dx[0] = ir_convert(d->b, d->ct[0], type_of_arg(d, 0)->dtype); }

void transpose_real(const Transpose *d) {
    d->dx[0] =
        dtype_is_complex(type_of_arg(d, 0)->dtype) ? ir_complex(d->b, d->ct[0], number(d->b, d->ct[0], 0)) : d->ct[0];
}
void transpose_imag(const Transpose *d) {
    if (dtype_is_complex(type_of_arg(d, 0)->dtype))
        d->dx[0] = ir_complex(d->b, number(d->b, d->ct[0], 0), ir_neg(d->b, d->ct[0]));
}
void transpose_complex(const Transpose *d) {
    if (d->linear[0]) d->dx[0] = ir_real(d->b, d->ct[0]);
    if (d->linear[1]) d->dx[1] = ir_neg(d->b, ir_imag(d->b, d->ct[0]));
}

void transpose_add(const Transpose *d) {
    for (int i = 0; i < 2; i++)
        if (d->linear[i]) d->dx[i] = d->ct[0];
}
void transpose_sub(const Transpose *d) {
    if (d->linear[0]) d->dx[0] = d->ct[0];
    if (d->linear[1]) d->dx[1] = ir_neg(d->b, d->ct[0]);
}

void transpose_mul(const Transpose *d) {
    int i = d->linear[0] ? 0 : 1;
    d->dx[i] = ir_cotangent_mul(d->b, d->ct[0], d->x[1 - i]);
}

void transpose_div(const Transpose *d) {
    Builder *b = d->b;
    double divisor;
    if (value_is_splat(d->x[1], &divisor) && divisor != 0 && isfinite(divisor))
        d->dx[0] = ir_div(b, d->ct[0], d->x[1]);
    else
        d->dx[0] = ir_cotangent_mul(b, d->ct[0], ir_div(b, number(b, d->x[1], 1), d->x[1]));
}

void transpose_fma(const Transpose *d) {
    if (d->linear[0]) d->dx[0] = ir_cotangent_mul(d->b, d->ct[0], d->x[1]);
    if (d->linear[1]) d->dx[1] = ir_cotangent_mul(d->b, d->ct[0], d->x[0]);
    if (d->linear[2]) d->dx[2] = d->ct[0];
}

/* Of the second argument the transpose must be 0 where either factor is exactly 0; the two products below have the same
** derivatives, so this has them too. */
void transpose_cotangent_mul(const Transpose *d) {
    Builder *b = d->b;
    Value *ct = d->ct[0], *x = d->x[0];
    if (d->linear[0]) {
        d->dx[0] = ir_cotangent_mul(b, ct, d->x[1]);
        return;
    }
    Value *is_zero = ir_eq(b, x, number(b, x, 0));
    d->dx[1] = ir_select(b, is_zero, ir_cotangent_mul(b, x, ct), ir_cotangent_mul(b, ct, x));
}

void transpose_select(const Transpose *d) {
    Value *zero = number(d->b, d->ct[0], 0);
    if (d->linear[1]) d->dx[1] = ir_select(d->b, d->x[0], d->ct[0], zero);
    if (d->linear[2]) d->dx[2] = ir_select(d->b, d->x[0], zero, d->ct[0]);
}

/* layout */

/* Summed over the axes x repeats along: those it does not have, and those where it has size 1. */
void transpose_broadcast(const Transpose *d) {
    const Ints *map = &d->in->attrs->map;
    const Type *x = type_of_arg(d, 0), *y = d->ct[0]->type;
    int64_t axes[MAX_RANK];
    int naxes = 0;
    for (int i = 0, k = 0; i < y->rank; i++) {
        bool kept = k < map->n && map->at[k] == i && x->dim[k] == y->dim[i];
        if (k < map->n && map->at[k] == i) k++;
        if (!kept) axes[naxes++] = i;
    }
    d->dx[0] = ir_reshape(d->b, ir_reduce(d->b, OP_reduce_sum, d->ct[0], naxes, axes), x);
}

void transpose_reshape(const Transpose *d) { d->dx[0] = ir_reshape(d->b, d->ct[0], type_of_arg(d, 0)); }
void transpose_retype(const Transpose *d) {
    d->dx[0] = ir_retype(d->b, d->ct[0], type_of_arg(d, 0), d->in->attrs->message);
}
void transpose_optimization_barrier(const Transpose *d) { d->dx[0] = d->ct[0]; }
void transpose_checkpoint_name(const Transpose *d) { d->dx[0] = d->ct[0]; }
void transpose_reverse(const Transpose *d) {
    d->dx[0] = ir_reverse(d->b, d->ct[0], d->in->attrs->axes.n, d->in->attrs->axes.at);
}
void transpose_transpose(const Transpose *d) {
    int64_t inverse[MAX_RANK];
    for (int i = 0; i < d->in->attrs->perm.n; i++) inverse[d->in->attrs->perm.at[i]] = i;
    d->dx[0] = ir_transpose(d->b, d->ct[0], inverse);
}

static Value *zero_of(Builder *b, const Value *like) { return zeros(b, type_scalar(b->cx, like->type->dtype)); }

/* Zeros where nothing was read.  A stride that leaves a rest reads 1 + (n-1) stride elements, n of them whole. */
void transpose_slice(const Transpose *d) {
    Builder *b = d->b;
    Compiler *cx = b->cx;
    const Attrs *a = d->in->attrs;
    const Type *x = type_of_arg(d, 0), *y = d->ct[0]->type;
    const Dim *low[MAX_RANK], *high[MAX_RANK], *none = dim_int(cx, 0);
    int64_t interior[MAX_RANK];
    for (int i = 0; i < x->rank; i++) {
        const Dim *gaps = dim_max(cx, dim_sub(cx, y->dim[i], dim_int(cx, 1)), none);
        const Dim *read = dim_add(cx, y->dim[i], dim_mul(cx, gaps, dim_int(cx, a->stride.at[i] - 1)));
        interior[i] = a->stride.at[i] - 1;
        low[i] = a->start.at[i];
        high[i] = dim_sub(cx, dim_sub(cx, x->dim[i], low[i]), interior[i] ? read : y->dim[i]);
    }
    d->dx[0] = ir_retype(b, ir_pad(b, d->ct[0], zero_of(b, d->ct[0]), low, high, interior), x, "a slice");
}

void transpose_pad(const Transpose *d) {
    Builder *b = d->b;
    Compiler *cx = b->cx;
    const Attrs *a = d->in->attrs;
    const Type *x = type_of_arg(d, 0);
    Value *ct = d->ct[0];
    const Dim *low[MAX_RANK], *high[MAX_RANK], *start[MAX_RANK];
    int64_t interior[MAX_RANK], stride[MAX_RANK], axes[MAX_RANK];
    for (int i = 0; i < x->rank; i++) {
        low[i] = dim_sub(cx, dim_int(cx, 0), a->low.at[i]);
        high[i] = dim_sub(cx, dim_int(cx, 0), a->high.at[i]);
        interior[i] = 0;
        start[i] = dim_int(cx, 0);
        stride[i] = a->interior.at[i] + 1;
        axes[i] = i;
    }
    if (d->linear[0]) {
        Value *spread = ir_pad(b, ct, zero_of(b, ct), low, high, interior);
        d->dx[0] = ir_retype(b, ir_slice(b, spread, start, spread->type->dim, stride), x, "padding");
    }
    if (d->linear[1]) {
        Value *inside = ir_pad(b, ir_fill_int(b, type_with_dtype(cx, x, DT_bool), 1), ir_bool(b, false), a->low.at,
                               a->high.at, a->interior.at);
        d->dx[1] = ir_reduce(b, OP_reduce_sum, ir_select(b, inside, number(b, ct, 0), ct), x->rank, axes);
    }
}

void transpose_concatenate(const Transpose *d) {
    int axis = (int)d->in->attrs->axis;
    const Dim *start = dim_int(d->b->cx, 0);
    for (int i = 0; i < d->in->nargs; i++) {
        const Dim *limit = dim_add(d->b->cx, start, type_of_arg(d, i)->dim[axis]);
        if (d->linear[i]) d->dx[i] = slice_axis(d->b, d->ct[0], axis, start, limit);
        start = limit;
    }
}

/* What stands at place k of the windows, for one axis: shifted by k, with the steps between, and added up. */
static Value *overlap(Builder *b, Value *ct, int axis, const Dim *size, int64_t step, int64_t dilation) {
    Compiler *cx = b->cx;
    int last = ct->type->rank - 1;
    int64_t window, interior[MAX_RANK] = { 0 };
    const Dim *low[MAX_RANK], *high[MAX_RANK], *zero = dim_int(cx, 0), *one = dim_int(cx, 1);
    dim_is_int(ct->type->dim[last], &window);
    for (int i = 0; i < last; i++) low[i] = high[i] = zero;
    const Dim *n = ct->type->dim[axis], *gaps = dim_max(cx, dim_sub(cx, n, one), zero);
    const Dim *spread = dim_add(cx, n, dim_mul(cx, gaps, dim_int(cx, step - 1)));
    interior[axis] = step - 1;
    Value *sum = NULL;
    for (int64_t k = 0; k < window; k++) {
        Value *piece = slice_axis(b, ct, last, dim_int(cx, k), dim_int(cx, k + 1));
        piece = ir_reshape(b, piece, type_of(cx, ct->type->dtype, last, ct->type->dim));
        low[axis] = dim_int(cx, k * dilation);
        high[axis] = dim_sub(cx, dim_sub(cx, size, low[axis]), spread);
        sum = sum_of(b, sum, ir_pad(b, piece, zero_of(b, ct), low, high, interior));
    }
    return sum;
}

/* The same for wide windows, by where each element came from. */
static Value *overlap_scattered(Builder *b, Value *ct, int axis, const Dim *size, int64_t step, int64_t dilation) {
    Compiler *cx = b->cx;
    int last = ct->type->rank - 1;
    const Dim *dim[MAX_RANK] = { ct->type->dim[axis], ct->type->dim[last], dim_int(cx, 1) };
    const Type *places = type_of(cx, DT_i64, 3, dim);
    Value *first = ir_iota(b, places, 0), *place = ir_iota(b, places, 1);
    Value *idx =
        ir_add(b, ir_mul(b, first, ir_fill_int(b, places, step)), ir_mul(b, place, ir_fill_int(b, places, dilation)));
    Value *updates = move_axis(b, move_axis(b, ct, axis, 0), last, 1);
    for (int i = 0; i < last; i++) dim[i] = i == axis ? size : ct->type->dim[i];
    Value *none = zeros(b, type_of(cx, ct->type->dtype, last, dim));
    return ir_scatter(b, none, idx, updates, 0, 1, &(int64_t){ axis }, COMBINE_ADD);
}

/* The same for windows whose places lie side by side, `step` > 1 apart, and behind their axis: place j * step + r of window o
** is r in row o + j of [n, step].  Those rows are added up; as one axis they are what the windows were made of. */
static Value *overlap_rows(Builder *b, Value *ct, int axis, int64_t step) {
    Compiler *cx = b->cx;
    int place = axis + 1;
    int64_t window, interior[MAX_RANK] = { 0 };
    const Dim *low[MAX_RANK], *high[MAX_RANK], *zero = dim_int(cx, 0);
    for (int i = 0; i < ct->type->rank; i++) low[i] = high[i] = zero;
    dim_is_int(ct->type->dim[place], &window);
    int64_t rows = (window + step - 1) / step;
    Value *sum = NULL;
    for (int64_t j = 0; j < rows; j++) {
        int64_t end = (j + 1) * step < window ? (j + 1) * step : window;
        Value *piece = slice_axis(b, ct, place, dim_int(cx, j * step), dim_int(cx, end));
        low[axis] = dim_int(cx, j);
        high[axis] = dim_int(cx, rows - 1 - j);
        high[place] = dim_int(cx, (j + 1) * step - end);
        if (rows > 1 || end % step) piece = ir_pad(b, piece, zero_of(b, ct), low, high, interior);
        sum = sum_of(b, sum, piece);
    }
    return sum;
}

/* Each of these axes, ascending, and the one behind it as one; then as many elements as the goal has. */
static Value *join_rows(Builder *b, Value *ct, const bool *joined, const Type *goal) {
    Compiler *cx = b->cx;
    int64_t interior[MAX_RANK] = { 0 }, stride[MAX_RANK];
    const Dim *dim[MAX_RANK], *low[MAX_RANK], *high[MAX_RANK], *zero = dim_int(cx, 0);
    bool cut = true;
    for (int i = 0, from = 0; i < goal->rank; i++) {
        dim[i] = ct->type->dim[from++];
        if (joined[i]) dim[i] = dim_mul(cx, dim[i], ct->type->dim[from++]);
        low[i] = zero;
        high[i] = dim_sub(cx, goal->dim[i], dim[i]);
        stride[i] = 1;
        cut = cut && dim_at_least(cx, zero, high[i]);
    }
    ct = ir_reshape(b, ct, type_of(cx, ct->type->dtype, goal->rank, dim));
    return cut ? ir_slice(b, ct, low, goal->dim, stride) : ir_pad(b, ct, zero_of(b, ct), low, high, interior);
}

void transpose_windows(const Transpose *d) {
    enum { WIDE = 16 };
    const Attrs *a = d->in->attrs;
    const Type *x = type_of_arg(d, 0);
    Value *ct = d->ct[0];
    bool joined[MAX_RANK] = { false }, any = false;
    for (int i = a->axes.n - 1; i >= 0; i--) {
        int axis = (int)a->axes.at[i], last = ct->type->rank - 1;
        int64_t step = a->step.at[i], dilation = a->dilation.at[i];
        if (a->window.at[i] <= WIDE && step > 1 && dilation == 1) {
            ct = move_axis(d->b, ct, last, axis + 1);
            joined[axis] = any = true;
            continue;
        }
        Value *(*add_up)(Builder *, Value *, int, const Dim *, int64_t, int64_t) =
            a->window.at[i] > WIDE ? overlap_scattered : overlap;
        ct = add_up(d->b, ct, axis, x->dim[axis], step, dilation);
    }
    for (int i = 0, before = 0; i < a->axes.n; i++) {
        if (joined[a->axes.at[i]]) ct = overlap_rows(d->b, ct, (int)a->axes.at[i] + before++, a->step.at[i]);
    }
    if (any) ct = join_rows(d->b, ct, joined, x);
    d->dx[0] = ir_retype(d->b, ct, x, "windows");
}

/* sums */

void transpose_reduce_sum(const Transpose *d) {
    d->dx[0] = broadcast_along(d->b, d->ct[0], type_of_arg(d, 0), &d->in->attrs->axes);
}
void transpose_cumsum(const Transpose *d) {
    d->dx[0] = ir_scan(d->b, OP_cumsum, d->ct[0], (int)d->in->attrs->axis, !d->in->attrs->reversed);
}

/* z[batch, rest of x, rest of y] = sum of x y.  For x: contract z's rest of y with y's; what is left of y are its
** contracted axes in their own order, which then go where x has them. */
static Value *dot_for(const Transpose *d, bool for_lhs) {
    Builder *b = d->b;
    const Attrs *a = d->in->attrs;
    int batch = (int)a->batch, n = a->lhs_axes.n;
    const int64_t *mine = for_lhs ? a->lhs_axes.at : a->rhs_axes.at;
    const int64_t *theirs = for_lhs ? a->rhs_axes.at : a->lhs_axes.at;
    Value *other = d->x[for_lhs ? 1 : 0];
    const Type *goal = type_of_arg(d, for_lhs ? 0 : 1);
    int mine_free = goal->rank - batch - n;

    int64_t ct_axes[MAX_RANK], other_axes[MAX_RANK], perm[MAX_RANK];
    int nfree = 0;
    for (int i = batch; i < other->type->rank; i++) {
        bool contracted = false;
        for (int k = 0; k < n; k++) contracted |= theirs[k] == i;
        if (contracted) continue;
        ct_axes[nfree] = (for_lhs ? batch + mine_free : batch) + nfree;
        other_axes[nfree++] = i;
    }
    Value *product = ir_dot(b, d->ct[0], other, batch, nfree, ct_axes, other_axes);
    int free_seen = 0;
    for (int i = 0; i < goal->rank; i++) { /* [batch, my free axes, contracted axes ascending in the other] */
        int k = 0;
        while (k < n && mine[k] != i) k++;
        if (i < batch)
            perm[i] = i;
        else if (k == n)
            perm[i] = batch + free_seen++;
        else {
            perm[i] = batch + mine_free;
            for (int j = 0; j < n; j++) perm[i] += theirs[j] < theirs[k];
        }
    }
    return ir_transpose(b, product, perm);
}

void transpose_dot(const Transpose *d) {
    if (d->linear[0])
        d->dx[0] = dot_for(d, true);
    else
        d->dx[1] = dot_for(d, false);
}

void transpose_barrier(const Transpose *d) {
    for (int i = 0; i < d->in->nargs; i++)
        if (d->linear[i]) d->dx[i] = d->ct[i];
}
