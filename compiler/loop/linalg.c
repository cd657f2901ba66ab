/* linalg: Cholesky factors and triangular solves, one matrix after another, in the textbook's order. */
#include "loop/lower.h"

typedef struct {
    const Inst *in;
    LValue *x, *y, *n, *m; /* the matrix and the result at hand; rows, columns of the right-hand side */
} Matrix;

static LValue *at(Lower *l, LValue *row, LValue *columns, LValue *column) {
    return loop_add(&l->b, loop_mul(&l->b, row, columns), column);
}

static LValue *read_at(Lower *l, const Matrix *m, LValue *ptr, LValue *i) {
    DType d = m->in->args[0]->type->dtype;
    return loop_load(&l->b, loop_type(d, 1), ptr, i, 1, NULL);
}

/* s - x[i, k] * y[j, k] for k in lo .. hi, in order; rows of both have n columns. */
static LValue *minus_products(Lower *l, const Matrix *m, LValue *s, LValue *lo, LValue *hi, LValue *x, LValue *x0,
                              int64_t dx_is_row, LValue *y, LValue *y0, LValue *dy) {
    LBuilder *b = &l->b;
    LLoop f = loop_for(b, lo, hi, 1, 1, &s);
    LValue *xk = dx_is_row ? at(l, f.i, m->n, x0) : loop_add(b, x0, f.i);
    LValue *p = read_at(l, m, x, xk), *q = read_at(l, m, y, loop_add(b, y0, loop_mul(b, f.i, dy)));
    LValue *next = loop_fma(b, loop_unary(b, OP_neg, p), q, f.carry[0]);
    loop_end(b, &f, &next);
    return f.carry[0];
}

/* L[j, j] = sqrt(x[j, j] - sum L[j, k]^2);  L[i, j] = (x[i, j] - sum L[i, k] L[j, k]) / L[j, j] */
static void cholesky(Lower *l, const Matrix *m) {
    LBuilder *b = &l->b;
    LValue *zero = loop_i64(b, 0), *one = loop_i64(b, 1), *n = m->n;
    LLoop j = loop_for(b, zero, n, 1, 0, NULL);
    LValue *row_j = loop_mul(b, j.i, n), *diagonal = loop_add(b, row_j, j.i);
    LValue *s = minus_products(l, m, read_at(l, m, m->x, diagonal), zero, j.i, m->y, row_j, 0, m->y, row_j, one);
    s = loop_unary(b, OP_sqrt, s); /* nan where x is not positive definite, and then in all that follows */
    loop_store(b, s, m->y, diagonal, 1, NULL);
    LLoop i = loop_for(b, loop_add(b, j.i, one), n, 1, 0, NULL);
    LValue *row_i = loop_mul(b, i.i, n), *here = loop_add(b, row_i, j.i);
    LValue *v = minus_products(l, m, read_at(l, m, m->x, here), zero, j.i, m->y, row_i, 0, m->y, row_j, one);
    loop_store(b, loop_binary(b, OP_div, v, s), m->y, here, 1, NULL);
    loop_store(b, loop_int(b, v->type, 0), m->y, at(l, j.i, n, i.i), 1, NULL);
    loop_end(b, &i, NULL);
    loop_end(b, &j, NULL);
}

/* Forward or backward, column after column of the right-hand side. */
static void triangular_solve(Lower *l, const Matrix *m) {
    LBuilder *b = &l->b;
    const Attrs *attrs = m->in->attrs;
    bool forward = (attrs->lower != 0) != (attrs->transposed != 0);
    LValue *zero = loop_i64(b, 0), *one = loop_i64(b, 1), *n = m->n, *last = loop_sub(b, n, one);
    LLoop c = loop_for(b, zero, m->m, 1, 0, NULL);
    LLoop k = loop_for(b, zero, n, 1, 0, NULL);
    LValue *i = forward ? k.i : loop_sub(b, last, k.i), *here = at(l, i, m->m, c.i);
    LValue *lo = forward ? zero : loop_add(b, i, one), *hi = forward ? i : n;
    LValue *row = attrs->transposed ? i : loop_mul(b, i, n);
    LValue *s = minus_products(l, m, read_at(l, m, m->y, here), lo, hi, m->x, row, attrs->transposed, m->y, c.i, m->m);
    if (!attrs->unit) s = loop_binary(b, OP_div, s, read_at(l, m, m->x, at(l, i, n, i)));
    loop_store(b, s, m->y, here, 1, NULL);
    loop_end(b, &k, NULL);
    loop_end(b, &c, NULL);
}

static void matrices(Lower *l, LValue *lo, LValue *hi, void *context) {
    LBuilder *b = &l->b;
    Matrix m = *(const Matrix *)context;
    int bytes = dtype_bytes(m.in->args[0]->type->dtype);
    LLoop f = loop_for(b, lo, hi, 1, 0, NULL);
    m.x = loop_at(b, m.x, loop_mul(b, f.i, loop_mul(b, m.n, m.n)), bytes);
    m.y = loop_at(b, m.y, loop_mul(b, f.i, loop_mul(b, m.n, m.m)), bytes);
    if (m.in->op == OP_cholesky)
        cholesky(l, &m);
    else
        triangular_solve(l, &m);
    loop_end(b, &f, NULL);
}

void lower_linalg(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    const Value *x = in->args[0], *y = in->results[0];
    const Type *t = y->type;
    if (t->dtype != DT_f32 && t->dtype != DT_f64) {
        diag(l->cx, in->origin ? in->origin->span : (Span){ 0 }, "%s of %s is not supported yet", op_name(in->op),
             dtype_name(t->dtype));
    }
    Matrix m = { in, home_of(l, x).ptr, home_new(l, y).ptr, lower_dim(l, t->dim[t->rank - 2]),
                 lower_dim(l, t->dim[t->rank - 1]) };
    if (in->op == OP_triangular_solve) store_home(l, in->args[1], m.y);
    LValue *count = loop_i64(b, 1), *cube = loop_mul(b, m.n, loop_mul(b, m.n, m.m));
    for (int i = 0; i + 2 < t->rank; i++) count = loop_mul(b, count, lower_dim(l, t->dim[i]));
    pieces(l, count, (Work){ 1, cube }, matrices, &m);
}
