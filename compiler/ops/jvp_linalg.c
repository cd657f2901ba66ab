/* Derivatives of factorizations and solves, on the last two axes. */
#include "ops/derive.h"
#include "ops/rules.h"

/* Where the row is below (or above) the column, or `diagonal` apart at least: bool of the shape of x. */
static Value *triangle(Builder *b, const Value *x, bool lower, int diagonal) {
    const Type *whole = type_with_dtype(b->cx, x->type, DT_i64);
    Value *row = ir_iota(b, whole, whole->rank - 2), *column = ir_iota(b, whole, whole->rank - 1);
    Value *distance = lower ? ir_sub(b, row, column) : ir_sub(b, column, row);
    return ir_ge(b, distance, ir_fill_int(b, whole, diagonal));
}

static Value *flipped(Builder *b, Value *x) { return move_axis(b, x, x->type->rank - 2, x->type->rank - 1); }

static Value *adjoint(Builder *b, Value *x) {
    return dtype_is_complex(x->type->dtype) ? ir_conj(b, flipped(b, x)) : flipped(b, x);
}

static Value *matmul(Builder *b, Value *x, Value *y) {
    int rank = x->type->rank;
    return ir_dot(b, x, y, rank - 2, 1, &(int64_t){ rank - 1 }, &(int64_t){ rank - 2 });
}

static Value *solve(Builder *b, Value *a, Value *c, bool lower, bool transposed, bool unit) {
    Attrs attrs = no_attrs;
    attrs.lower = lower;
    attrs.transposed = transposed;
    attrs.unit = unit;
    return emit(b, OP_triangular_solve, (Value *[]){ a, c }, 2, &attrs);
}

/* With S = L^-1 dx L^-H: dL = L times the lower triangle of S, its diagonal halved (Murray, arXiv:1602.07527).  Only the
** lower triangle of x is read, so only that of dx counts. */
void jvp_cholesky(const Jvp *d) {
    Builder *b = d->b;
    Value *l = d->y[0], *t = d->t[0], *zero = zeros(b, t->type);
    Value *strict = ir_select(b, triangle(b, t, true, 1), t, zero);
    Value *both = ir_add(b, ir_select(b, triangle(b, t, true, 0), t, zero), adjoint(b, strict));
    Value *left = solve(b, l, both, true, false, false);          /* L^-1 dx */
    Value *s = solve(b, l, adjoint(b, left), true, false, false); /* L^-1 (L^-1 dx)^H = S^H = S */
    Value *half = ir_select(b, triangle(b, s, true, 1), s, scaled(b, s, 0.5));
    d->dy[0] = matmul(b, l, ir_select(b, triangle(b, s, true, 0), half, zero));
}

/* a y = c gives a dy = dc - da y, the triangle of da that is read. */
void jvp_triangular_solve(const Jvp *d) {
    Builder *b = d->b;
    bool lower = d->in->attrs->lower, transposed = d->in->attrs->transposed, unit = d->in->attrs->unit;
    Value *right = d->t[1];
    if (d->t[0]) {
        Value *da = ir_select(b, triangle(b, d->t[0], lower, unit), d->t[0], number(b, d->t[0], 0));
        Value *moved = ir_neg(b, matmul(b, transposed ? flipped(b, da) : da, d->y[0]));
        right = sum_of(b, right, moved);
    }
    d->dy[0] = solve(b, d->x[0], right, lower, transposed, unit);
}

void transpose_triangular_solve(const Transpose *d) {
    const Attrs *a = d->in->attrs;
    d->dx[1] = solve(d->b, d->x[0], d->ct[0], a->lower, !a->transposed, a->unit);
}

/* x[permutation], row by row, of a permutation of each matrix. */
static Value *rows_at(Builder *b, Value *x, Value *permutation) {
    int batch = x->type->rank - 2;
    const Type *t = permutation->type;
    Value *idx = ir_reshape(b, permutation, type_insert_axis(b->cx, t, batch + 1, dim_int(b->cx, 1)));
    return ir_gather(b, x, idx, batch, 1, &(int64_t){ batch }, GATHER_CLIP);
}

/* L U = P a: a^-1 c = U^-1 L^-1 P c, and a^-T c = P^T L^-T U^-T c. */
Value *ops_solve_by_factors(Builder *b, Value *a, Value *c, bool transposed) {
    Inst *in = emit_inst(b, OP_lu, &a, 1, &no_attrs);
    Value *lu = in->results[0], *order = in->results[2];
    if (!transposed) return solve(b, lu, solve(b, lu, rows_at(b, c, order), true, false, true), false, false, false);
    Value *z = solve(b, lu, solve(b, lu, c, false, true, false), true, true, true);
    Value *ids = ir_iota(b, order->type, order->type->rank - 1), *back[2] = { order, ids };
    Attrs attrs = no_attrs;
    attrs.axis = order->type->rank - 1;
    attrs.keys = 1;
    return rows_at(b, z, emit_inst(b, OP_sort, back, 2, &attrs)->results[1]);
}

/* a x = c gives a dx = dc - da x. */
static Value *solve_small(Builder *b, Value *a, Value *c, bool transposed) {
    Attrs attrs = no_attrs;
    attrs.transposed = transposed;
    return emit(b, OP_solve, (Value *[]){ a, c }, 2, &attrs);
}
void jvp_solve(const Jvp *d) {
    Builder *b = d->b;
    bool transposed = d->in->attrs->transposed;
    Value *right = d->t[1];
    if (d->t[0]) right = sum_of(b, right, ir_neg(b, matmul(b, transposed ? flipped(b, d->t[0]) : d->t[0], d->y[0])));
    d->dy[0] = solve_small(b, d->x[0], right, transposed);
}
void transpose_solve(const Transpose *d) { d->dx[1] = solve_small(d->b, d->x[0], d->ct[0], !d->in->attrs->transposed); }

/* Lanes of the right-hand side only are more of its columns, so that a shared matrix stays shared. */
typedef Value *SolveColumns(const Batch *, Value *columns);
static bool batch_columns(const Batch *d, SolveColumns *solved) {
    Builder *b = d->b;
    if (d->each[0] || !d->each[1]) return false;
    Value *c = move_axis(b, d->x[1], 0, d->x[1]->type->rank - 2);
    const Type *apart = c->type;
    int last = apart->rank - 2;
    const Dim *dims[MAX_RANK];
    for (int i = 0; i < last; i++) dims[i] = apart->dim[i];
    dims[last] = dim_mul(b->cx, apart->dim[last], apart->dim[last + 1]);
    Value *y = solved(d, ir_reshape(b, c, type_of(b->cx, apart->dtype, last + 1, dims)));
    d->y[0] = move_axis(b, ir_reshape(b, y, apart), last, 0);
    d->y_each[0] = true;
    return true;
}
static Value *triangular_columns(const Batch *d, Value *c) {
    const Attrs *a = d->in->attrs;
    return solve(d->b, d->x[0], c, a->lower, a->transposed, a->unit);
}
static Value *small_columns(const Batch *d, Value *c) {
    int64_t m;
    bool transposed = d->in->attrs->transposed;
    if (dim_is_int(c->type->dim[c->type->rank - 1], &m) && m <= MOST_SMALL)
        return solve_small(d->b, d->x[0], c, transposed);
    return ops_solve_by_factors(d->b, d->x[0], c, transposed);
}
bool batch_triangular_solve(const Batch *d) { return batch_columns(d, triangular_columns); }
bool batch_solve(const Batch *d) { return batch_columns(d, small_columns); }

/* lu, qr, svd, eigh, eig: the pieces their derivatives are written with */

static Value *below(Builder *b, Value *x) { return ir_select(b, triangle(b, x, true, 1), x, zeros(b, x->type)); }
static Value *above(Builder *b, Value *x) { return ir_select(b, triangle(b, x, false, 0), x, zeros(b, x->type)); }

static Value *on_diagonal(Builder *b, const Value *like) {
    return ir_and(b, triangle(b, like, true, 0), triangle(b, like, false, 0));
}

static Value *diagonal(Builder *b, Value *x) {
    int64_t last = x->type->rank - 1;
    return ir_reduce(b, OP_reduce_sum, ir_select(b, on_diagonal(b, x), x, zeros(b, x->type)), 1, &last);
}

/* w[..., n] as every row of a matrix like x, or as every column. */
static Value *as_rows(Builder *b, Value *w, const Value *x) {
    Ints axis = axes_from_to(b->arena, x->type->rank - 2, x->type->rank - 1);
    return broadcast_along(b, w, x->type, &axis);
}
static Value *as_columns(Builder *b, Value *w, const Value *x) {
    Ints axis = axes_from_to(b->arena, x->type->rank - 1, x->type->rank);
    return broadcast_along(b, w, x->type, &axis);
}

static Value *part_of(Builder *b, Value *x, int from_end, const Dim *start, const Dim *limit) {
    int axis = x->type->rank - from_end;
    return x->type->dim[axis] == limit && dim_is(start, 0) ? x : slice_axis(b, x, axis, start, limit);
}

static Value *like_complex(Builder *b, Value *x, DType d) {
    return dtype_is_complex(d) && !dtype_is_complex(x->type->dtype) ? ir_convert(b, x, d) : x;
}

/* 1 / x, and 0 where x is at most `least` in size. */
static Value *inverse_or_0(Builder *b, Value *x, Value *least) {
    Value *tiny = ir_le(b, ir_abs(b, x), least), *one = number(b, x, 1);
    return ir_select(b, tiny, zeros(b, x->type), ir_div(b, one, ir_select(b, tiny, one, x)));
}

/* What eigenvalues (or singular values) w differ by from rounding alone, in the shape of a matrix of them. */
static Value *rounding(Builder *b, Value *w, const Value *like) {
    int64_t last = w->type->rank - 1;
    Value *size = ir_reduce(b, OP_reduce_max, ir_abs(b, w), 1, &last);
    size = scaled(b, size, dtype_real(w->type->dtype) == DT_f32 ? 0x1p-21 : 0x1p-50);
    int64_t map[MAX_RANK];
    for (int i = 0; i < size->type->rank; i++) map[i] = i;
    return ir_broadcast(b, size, type_with_dtype(b->cx, like->type, size->type->dtype), map);
}

/* 1 / (w[j] - w[i]), 0 where they are equal but for rounding: what vectors of equal eigenvalues do is undetermined, and
** nothing that has a derivative there asks for it. */
static Value *inverse_gaps(Builder *b, Value *w, const Value *like) {
    Value *gap = ir_sub(b, as_rows(b, w, like), as_columns(b, w, like));
    return inverse_or_0(b, gap, rounding(b, w, like));
}

static Value *padded(Builder *b, Value *x, int from_end, const Dim *to) {
    const Dim *low[MAX_RANK], *high[MAX_RANK];
    int64_t interior[MAX_RANK] = { 0 };
    int axis = x->type->rank - from_end;
    if (x->type->dim[axis] == to) return x;
    for (int i = 0; i < x->type->rank; i++) {
        low[i] = dim_int(b->cx, 0);
        high[i] = i == axis ? dim_sub(b->cx, to, x->type->dim[i]) : low[i];
    }
    return ir_pad(b, x, ir_fill(b, type_scalar(b->cx, x->type->dtype), 0), low, high, interior);
}

/* Square L and U: the missing columns and rows are those of the unit matrix.  Then, of L^-1 dA U^-1 with the rows of dA
** exchanged, what is below the diagonal is L^-1 dL, and the rest dU U^-1 (de Hoog, Anderssen, Lukas 2011). */
void jvp_lu(const Jvp *d) {
    Builder *b = d->b;
    Value *lu = d->y[0], *t = d->t[0], *order = d->y[2];
    int rank = lu->type->rank;
    const Dim *m = lu->type->dim[rank - 2], *n = lu->type->dim[rank - 1], *k = dim_min(b->cx, m, n),
              *zero = dim_int(b->cx, 0);
    Value *l = padded(b, part_of(b, lu, 1, zero, k), 1, m), *u = padded(b, part_of(b, lu, 2, zero, k), 2, n);
    l = ir_select(b, on_diagonal(b, l), number(b, l, 1), below(b, l));
    Value *missing = ir_ge(b, ir_iota(b, type_with_dtype(b->cx, u->type, DT_i64), rank - 2),
                           ir_broadcast_scalar(b, ir_size(b, k), type_with_dtype(b->cx, u->type, DT_i64)));
    u = ir_select(b, ir_and(b, on_diagonal(b, u), missing), number(b, u, 1), above(b, u));
    Value *left = solve(b, l, rows_at(b, t, order), true, false, true);
    Value *both = flipped(b, solve(b, u, flipped(b, left), false, true, false));
    d->dy[0] = ir_add(b, matmul(b, l, below(b, both)), matmul(b, above(b, both), u));
}

/* X = Q R with square R (j-towns.github.io/papers/qr-derivative.pdf): with S = Q^H dX R^-1, Q^H dQ is skew and agrees with S
** below the diagonal and in the imaginary part of it. */
static void thin_qr(Builder *b, Value *q, Value *r, Value *dx, Value **dq, Value **dr) {
    Value *dx_r = flipped(b, solve(b, r, flipped(b, dx), false, true, false));
    Value *s = matmul(b, adjoint(b, q), dx_r), *low = below(b, s), *skew = ir_sub(b, low, adjoint(b, low));
    if (dtype_is_complex(s->type->dtype)) {
        Value *imaginary = ir_sub(b, s, ir_convert(b, ir_real(b, s), s->type->dtype));
        skew = ir_add(b, skew, ir_select(b, on_diagonal(b, s), imaginary, zeros(b, s->type)));
    }
    *dq = ir_add(b, matmul(b, q, ir_sub(b, skew, s)), dx_r);
    *dr = matmul(b, ir_sub(b, s, skew), r);
}

/* Of a wide X = [X1 X2] the square part is as above and R2 = Q^H X2.  Of a square Q beyond the columns of a tall X, the rest
** turns by what keeps it orthogonal to them: dQ2 = -Q1 dQ1^H Q2. */
void jvp_qr(const Jvp *d) {
    Builder *b = d->b;
    Value *x = d->x[0], *t = d->t[0], *q = d->y[0], *r = d->y[1], *dq, *dr;
    int rank = x->type->rank;
    const Dim *m = x->type->dim[rank - 2], *n = x->type->dim[rank - 1], *k = dim_min(b->cx, m, n),
              *zero = dim_int(b->cx, 0);
    Value *q1 = part_of(b, q, 1, zero, k), *r1 = part_of(b, part_of(b, r, 2, zero, k), 1, zero, k);
    thin_qr(b, q1, r1, part_of(b, t, 1, zero, k), &dq, &dr);
    if (n != k) {
        Value *x2 = part_of(b, x, 1, k, n), *t2 = part_of(b, t, 1, k, n);
        Value *dr2 = ir_add(b, matmul(b, adjoint(b, dq), x2), matmul(b, adjoint(b, q1), t2));
        dr = ir_concatenate(b, (Value *[]){ dr, dr2 }, 2, rank - 1);
    }
    if (q1 != q) {
        Value *q2 = part_of(b, q, 1, k, q->type->dim[rank - 1]);
        Value *dq2 = ir_neg(b, matmul(b, q1, matmul(b, adjoint(b, dq), q2)));
        dq = ir_concatenate(b, (Value *[]){ dq, dq2 }, 2, rank - 1);
        dr = padded(b, dr, 2, r->type->dim[rank - 2]);
    }
    d->dy[0] = dq;
    d->dy[1] = dr;
}

/* With S = U^H dX V: ds is its diagonal, and U and V turn so that the rest of it vanishes. */
void jvp_svd(const Jvp *d) {
    Builder *b = d->b;
    Value *t = d->t[0], *s = d->y[0];
    int rank = t->type->rank;
    DType dtype = t->type->dtype;
    const Dim *m = t->type->dim[rank - 2], *n = t->type->dim[rank - 1], *k = dim_min(b->cx, m, n),
              *zero = dim_int(b->cx, 0);
    Value *u = part_of(b, d->y[1], 1, zero, k), *vh = part_of(b, d->y[2], 2, zero, k);
    Value *v = adjoint(b, vh), *uh = adjoint(b, u), *moved = matmul(b, matmul(b, uh, t), v);
    Value *ds = diagonal(b, moved);
    d->dy[0] = dtype_is_complex(dtype) ? ir_real(b, ds) : ds;

    Value *rows = as_rows(b, s, moved), *columns = as_columns(b, s, moved);
    Value *sum = ir_add(b, rows, columns), *least = rounding(b, s, sum);
    Value *f = ir_mul(b, inverse_gaps(b, s, sum), inverse_or_0(b, sum, least));
    f = like_complex(b, f, dtype);
    Value *by_rows = ir_mul(b, like_complex(b, rows, dtype), moved),
          *by_columns = ir_mul(b, like_complex(b, columns, dtype), moved);
    Value *turn_u = ir_mul(b, f, ir_add(b, by_rows, adjoint(b, by_rows)));
    Value *turn_v = ir_mul(b, f, ir_add(b, by_columns, adjoint(b, by_columns)));
    Value *inverse = like_complex(b, inverse_or_0(b, rows, least), dtype);
    if (dtype_is_complex(dtype)) { /* the phases that U and V share are U's */
        Value *skew = ir_mul(b, scaled(b, ir_sub(b, moved, adjoint(b, moved)), 0.5), inverse);
        turn_u = ir_add(b, turn_u, ir_select(b, on_diagonal(b, skew), skew, zeros(b, skew->type)));
    }
    Value *du = matmul(b, u, turn_u), *dv = matmul(b, v, turn_v);
    if (m != k) { /* what leaves the space of U */
        Value *tv = matmul(b, t, v), *rest = ir_sub(b, tv, matmul(b, u, matmul(b, uh, tv)));
        du = ir_add(
            b, du, ir_mul(b, rest, like_complex(b, inverse_or_0(b, as_rows(b, s, rest), rounding(b, s, rest)), dtype)));
    }
    if (n != k) {
        Value *tu = matmul(b, adjoint(b, t), u), *rest = ir_sub(b, tu, matmul(b, v, matmul(b, vh, tu)));
        dv = ir_add(
            b, dv, ir_mul(b, rest, like_complex(b, inverse_or_0(b, as_rows(b, s, rest), rounding(b, s, rest)), dtype)));
    }
    Value *dvh = adjoint(b, dv);
    if (u != d->y[1]) { /* the other columns stay orthogonal */
        Value *others = part_of(b, d->y[1], 1, k, m);
        Value *turned = ir_neg(b, matmul(b, u, matmul(b, adjoint(b, du), others)));
        du = ir_concatenate(b, (Value *[]){ du, turned }, 2, rank - 1);
    }
    if (vh != d->y[2]) {
        Value *others = part_of(b, d->y[2], 2, k, n);
        Value *turned = ir_neg(b, matmul(b, matmul(b, others, dv), vh));
        dvh = ir_concatenate(b, (Value *[]){ dvh, turned }, 2, rank - 2);
    }
    d->dy[1] = du;
    d->dy[2] = dvh;
}

/* With M = V^H dX V: dw is its diagonal, and V turns by M[i, j] / (w[j] - w[i]). */
void jvp_eigh(const Jvp *d) {
    Builder *b = d->b;
    Value *t = d->t[0], *w = d->y[0], *v = d->y[1];
    DType dtype = t->type->dtype;
    Value *low = below(b, t), *middle = ir_select(b, on_diagonal(b, t), t, zeros(b, t->type));
    if (dtype_is_complex(dtype)) middle = ir_convert(b, ir_real(b, middle), dtype);
    Value *dx = ir_add(b, ir_add(b, low, adjoint(b, low)), middle); /* the lower triangle counts for both */
    Value *moved = matmul(b, adjoint(b, v), matmul(b, dx, v)), *dw = diagonal(b, moved);
    d->dy[0] = dtype_is_complex(dtype) ? ir_real(b, dw) : dw;
    Value *real = dtype_is_complex(dtype) ? ir_real(b, moved) : moved;
    d->dy[1] = matmul(b, v, ir_mul(b, like_complex(b, inverse_gaps(b, w, real), dtype), moved));
}

/* Eigenvectors are of length 1 with a real largest component, which fixes what they move along themselves. */
static Value *eigenvectors_move(Builder *b, Value *v, Value *turned) {
    int rank = v->type->rank;
    int64_t row = rank - 2;
    Value *free = matmul(b, v, turned), *size = ir_abs(b, v);
    Value *largest = ir_arg(b, OP_argmax, size, rank - 2, DT_i64);
    Value *mask = ir_eq(b, ir_iota(b, type_with_dtype(b->cx, v->type, DT_i64), rank - 2), as_rows(b, largest, v));
    Value *none = zeros(b, size->type);
    Value *along = ir_reduce(b, OP_reduce_sum, ir_real(b, ir_mul(b, ir_conj(b, v), free)), 1, &row);
    Value *at_largest = ir_reduce(b, OP_reduce_sum, ir_select(b, mask, ir_real(b, v), none), 1, &row);
    Value *phase = ir_reduce(b, OP_reduce_sum, ir_select(b, mask, ir_imag(b, free), none), 1, &row);
    Value *by = ir_complex(b, ir_neg(b, along), ir_neg(b, ir_div(b, phase, at_largest)));
    return ir_add(b, free, ir_mul(b, v, as_rows(b, by, v)));
}

/* x V = V diag(w) gives dw = diag(P) for P = V^-1 dx V, and dV = V (P[i, j] / (w[j] - w[i])). */
void jvp_eig(const Jvp *d) {
    Builder *b = d->b;
    Value *w = d->y[0], *left = d->y[1], *right = d->y[2], *dx = like_complex(b, d->t[0], w->type->dtype);
    Value *p = matmul(b, ops_solve_by_factors(b, right, dx, false), right);
    d->dy[0] = diagonal(b, p);
    d->dy[2] = eigenvectors_move(b, right, ir_mul(b, inverse_gaps(b, w, p), p));
    Value *q = matmul(b, ops_solve_by_factors(b, left, adjoint(b, dx), false), left);
    d->dy[1] = eigenvectors_move(b, left, ir_mul(b, inverse_gaps(b, ir_conj(b, w), q), q));
}

void jvp_schur(const Jvp *d) {
    diag(d->b->cx, d->b->origin ? d->b->origin->span : (Span){ 0 },
         "a Schur decomposition has no derivative here; take one of eigh, eig or of the function of the matrix that is "
         "wanted");
}
