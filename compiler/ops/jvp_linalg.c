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
