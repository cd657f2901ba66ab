/* linalg: Cholesky and LU factors and triangular solves, one matrix after another, in the textbook's order; what LAPACK makes
** is the runtime's. */
#include "loop/blocked.h"
#include "ops/ops.h"

static LValue *at(Lower *l, LValue *row, LValue *columns, LValue *column) {
    return loop_add(&l->b, loop_mul(&l->b, row, columns), column);
}

static Elem read_at(Lower *l, const Matrix *m, LValue *ptr, LValue *i) {
    return elem_load(l, m->dtype, 1, ptr, i, 1, NULL, false);
}

static void write_at(Lower *l, const Matrix *m, Elem x, LValue *ptr, LValue *i) {
    elem_store(l, m->dtype, x, ptr, i, 1, NULL);
}

Elem elem_minus_product(Lower *l, Elem s, Elem p, Elem q) {
    LBuilder *b = &l->b;
    if (!s.im) return (Elem){ loop_fma(b, loop_unary(b, OP_neg, p.re), q.re, s.re), NULL };
    Elem pq = complex_mul(l, p, q);
    return (Elem){ loop_sub(b, s.re, pq.re), loop_sub(b, s.im, pq.im) };
}

Elem elem_divided(Lower *l, Elem x, Elem y) {
    return x.im ? complex_div(l, x, y) : (Elem){ loop_binary(&l->b, OP_div, x.re, y.re), NULL };
}

/* Numbers of two lines of matrices: number k is at start + k * step. */
typedef struct {
    LValue *ptr, *start, *step;
    bool conj;
} Line;

/* s minus the products p[k] q[k] for k in lo .. hi, in order. */
static Elem minus_products(Lower *l, const Matrix *m, Elem s, LValue *lo, LValue *hi, Line p, Line q) {
    LBuilder *b = &l->b;
    LLoop f = loop_for(b, lo, hi, 1, s.im ? 2 : 1, (LValue *[]){ s.re, s.im });
    Elem x = read_at(l, m, p.ptr, loop_add(b, p.start, loop_mul(b, f.i, p.step)));
    Elem y = read_at(l, m, q.ptr, loop_add(b, q.start, loop_mul(b, f.i, q.step)));
    if (q.conj && y.im) y.im = loop_unary(b, OP_neg, y.im);
    Elem next = elem_minus_product(l, (Elem){ f.carry[0], s.im ? f.carry[1] : NULL }, x, y);
    loop_end(b, &f, (LValue *[]){ next.re, next.im });
    return (Elem){ f.carry[0], s.im ? f.carry[1] : NULL };
}

/* Nan below the diagonal and on it. */
static void fill_with_nan(Lower *l, const Matrix *m, Elem like) {
    LBuilder *b = &l->b;
    LValue *zero = loop_i64(b, 0), *one = loop_i64(b, 1);
    Elem nan = { loop_real(b, like.re->type, __builtin_nan("")), like.im ? loop_int(b, like.re->type, 0) : NULL };
    LLoop i = loop_for(b, zero, m->n, 1, 0, NULL);
    LLoop j = loop_for(b, zero, loop_add(b, i.i, one), 1, 0, NULL);
    write_at(l, m, nan, m->y, at(l, i.i, m->n, j.i));
    loop_end(b, &j, NULL);
    loop_end(b, &i, NULL);
}

static bool is_small(const Matrix *m) {
    int64_t n;
    return loop_is_const(m->n, &n) && n <= 16;
}

/* L[j, j] = sqrt(x[j, j] - sum |L[j, k]|^2);  L[i, j] = (x[i, j] - sum L[i, k] conj(L[j, k])) / L[j, j] */
static void cholesky(Lower *l, const Matrix *m) {
    LBuilder *b = &l->b;
    LValue *zero = loop_i64(b, 0), *one = loop_i64(b, 1), *n = m->n, *fine = loop_bool(b, true);
    LLoop j = loop_for(b, zero, n, 1, 1, &fine);
    LValue *row_j = loop_mul(b, j.i, n), *diagonal = loop_add(b, row_j, j.i);
    Line of_j = { m->y, row_j, one, true };
    Elem s = read_at(l, m, m->x, diagonal);
    s = minus_products(l, m, s, zero, j.i, (Line){ m->y, row_j, one, false }, of_j);
    LValue *positive = loop_binary(b, OP_and, j.carry[0], loop_binary(b, OP_gt, s.re, loop_int(b, s.re->type, 0)));
    s.re = loop_unary(b, OP_sqrt, s.re);
    if (s.im) s.im = loop_int(b, s.re->type, 0);
    write_at(l, m, s, m->y, diagonal);
    LLoop i = loop_for(b, loop_add(b, j.i, one), n, 1, 0, NULL);
    LValue *row_i = loop_mul(b, i.i, n), *here = loop_add(b, row_i, j.i);
    Elem v = minus_products(l, m, read_at(l, m, m->x, here), zero, j.i, (Line){ m->y, row_i, one, false }, of_j);
    Elem none = { loop_int(b, v.re->type, 0), v.im ? loop_int(b, v.re->type, 0) : NULL };
    write_at(l, m, elem_divided(l, v, s), m->y, here);
    write_at(l, m, none, m->y, at(l, j.i, n, i.i));
    loop_end(b, &i, NULL);
    loop_end(b, &j, &positive);
    LLoop bad = loop_if(b, loop_unary(b, OP_not, j.carry[0]));
    fill_with_nan(l, m, s);
    loop_end_then(b, &bad);
}

/* How many columns at a time: several registers, so that their sums do not wait for each other. */
static int columns_at_once(Lower *l, const Matrix *m) {
    int lanes = 4 * lanes_for(l, dtype_bytes(dtype_real(m->dtype)));
    int64_t columns;
    if (lanes > LOOP_MAX_LANES) lanes = LOOP_MAX_LANES;
    while (loop_is_const(m->m, &columns) && lanes > 1 && lanes / 2 >= columns) lanes /= 2;
    return lanes;
}

/* y[row, columns], and some of it less the products of a[k] (at start + k step of x or y) and y[k, columns], k from lo up to
** hi, or down. */
static Elem columns_of(Pull *p, const Matrix *m, LValue *row, LValue *column) {
    return elem_load(p->l, m->dtype, p->lanes, m->y, at(p->l, row, m->m, column), 1, p->tail, false);
}
static Elem minus_rows(Pull *p, const Matrix *m, Elem s, LValue *lo, LValue *hi, bool up, Line a, LValue *column) {
    Lower *l = p->l;
    LBuilder *b = &l->b;
    LLoop f = loop_for(b, lo, hi, 1, s.im ? 2 : 1, (LValue *[]){ s.re, s.im });
    LValue *k = up ? f.i : loop_sub(b, loop_sub(b, loop_add(b, lo, hi), loop_i64(b, 1)), f.i);
    Elem x = read_at(l, m, a.ptr, loop_add(b, a.start, loop_mul(b, k, a.step)));
    if (a.conj && x.im) x.im = loop_unary(b, OP_neg, x.im);
    Elem y = columns_of(p, m, k, column);
    Elem next = elem_minus_product(l, (Elem){ f.carry[0], s.im ? f.carry[1] : NULL }, elem_splat(l, x, p->lanes), y);
    loop_end(b, &f, (LValue *[]){ next.re, next.im });
    return (Elem){ f.carry[0], s.im ? f.carry[1] : NULL };
}

/* Forward or backward, some columns of the right-hand side at a time. */
static void solve_columns(Pull *p, const Idx *idx, void *context) {
    Lower *l = p->l;
    LBuilder *b = &l->b;
    const Matrix *m = context;
    const Attrs *attrs = m->in->attrs;
    bool forward = (attrs->lower != 0) != (attrs->transposed != 0);
    LValue *zero = loop_i64(b, 0), *one = loop_i64(b, 1), *n = m->n, *last = loop_sub(b, n, one);
    LLoop k = loop_for(b, zero, n, 1, 0, NULL);
    LValue *i = forward ? k.i : loop_sub(b, last, k.i);
    LValue *lo = forward ? zero : loop_add(b, i, one), *hi = forward ? i : n;
    Line row = { m->x, attrs->transposed ? i : loop_mul(b, i, n), attrs->transposed ? n : one, false };
    Elem s = minus_rows(p, m, columns_of(p, m, i, idx->i), lo, hi, forward, row, idx->i);
    if (!attrs->unit) s = elem_divided(l, s, elem_splat(l, read_at(l, m, m->x, at(l, i, n, i)), p->lanes));
    elem_store(l, m->dtype, s, m->y, at(l, i, m->m, idx->i), 1, p->tail);
    loop_end(b, &k, NULL);
}

static void triangular_solve(Lower *l, const Matrix *m) {
    Idx idx[1];
    nest_inner(l, loop_i64(&l->b, 0), m->m, columns_at_once(l, m), true, idx, 0, solve_columns, (void *)m);
}

/* Part of a row of y: y[i, j] takes its place, or loses a multiple of another row's. */
typedef struct {
    const Matrix *m;
    LValue *row, *other; /* where they begin */
    Elem factor;         /* none: the two rows are exchanged */
} Rows;

static void along_rows(Pull *p, const Idx *idx, void *context) {
    Lower *l = p->l;
    LBuilder *b = &l->b;
    const Rows *r = context;
    DType d = r->m->dtype;
    LValue *here = loop_add(b, r->row, idx->i), *there = loop_add(b, r->other, idx->i);
    Elem x = elem_load(l, d, p->lanes, r->m->y, here, 1, p->tail, false);
    Elem y = elem_load(l, d, p->lanes, r->m->y, there, 1, p->tail, false);
    if (r->factor.re) {
        elem_store(l, d, elem_minus_product(l, x, elem_splat(l, r->factor, p->lanes), y), r->m->y, here, 1, p->tail);
    } else {
        elem_store(l, d, y, r->m->y, here, 1, p->tail);
        elem_store(l, d, x, r->m->y, there, 1, p->tail);
    }
}

static void over_columns(Lower *l, Rows *r, LValue *from) {
    Idx idx[1];
    nest_inner(l, from, r->m->m, lanes_for(l, dtype_bytes(dtype_real(r->m->dtype))), false, idx, 0, along_rows, r);
}

/* Row i of U where Uᴴ U = x: what the rows above leave of it, some columns at a time. */
typedef struct {
    const Matrix *m;
    LValue *i, *from; /* rows from .. i have not been taken off yet */
    LValue *pivot;
} Row;

static void row_of_cholesky(Pull *p, const Idx *idx, void *context) {
    Lower *l = p->l;
    LBuilder *b = &l->b;
    const Row *r = context;
    Elem s = columns_of(p, r->m, r->i, idx->i);
    s = minus_rows(p, r->m, s, r->from, r->i, true, (Line){ r->m->y, r->i, r->m->n, true }, idx->i);
    LValue *pivot = loop_splat(b, r->pivot, p->lanes);
    s.re = loop_binary(b, OP_div, s.re, pivot);
    if (s.im) s.im = loop_binary(b, OP_div, s.im, pivot);
    elem_store(l, r->m->dtype, s, r->m->y, at(l, r->i, r->m->n, idx->i), 1, p->tail);
}

/* x, lower, into the upper half of y as xᴴ; and back, with zeros left above.  Some rows below at a time, whose cache lines then
** stay until all of each has been read. */
static void turn_over(Lower *l, const Matrix *m, LValue *from, bool back) {
    enum { SOME = 16 };
    LBuilder *b = &l->b;
    LLoop some = loop_for(b, loop_i64(b, 0), m->n, SOME, 0, NULL);
    LValue *end = loop_binary(b, OP_min, loop_add(b, some.i, loop_i64(b, SOME)), m->n);
    LLoop i = loop_for(b, loop_i64(b, 0), end, 1, 0, NULL);
    LValue *first = loop_binary(b, OP_max, back ? loop_add(b, i.i, loop_i64(b, 1)) : i.i, some.i);
    LLoop j = loop_for(b, first, end, 1, 0, NULL);
    LValue *low = at(l, j.i, m->n, i.i), *high = at(l, i.i, m->n, j.i);
    Elem x = read_at(l, m, from, back ? high : low);
    Elem none = { loop_int(b, x.re->type, 0), x.im ? loop_int(b, x.re->type, 0) : NULL };
    if (x.im) x.im = loop_unary(b, OP_neg, x.im);
    write_at(l, m, x, m->y, back ? low : high);
    if (back) write_at(l, m, none, m->y, high);
    loop_end(b, &j, NULL);
    loop_end(b, &i, NULL);
    loop_end(b, &some, NULL);
}

/* Rows lo .. hi and their columns up to hi; `fine` and whether they are positive. */
static LValue *rows_of_cholesky(Lower *l, const Matrix *m, LValue *lo, LValue *hi, LValue *fine) {
    LBuilder *b = &l->b;
    LLoop i = loop_for(b, lo, hi, 1, 1, &fine);
    LValue *diagonal = at(l, i.i, m->n, i.i);
    Elem s = read_at(l, m, m->y, diagonal);
    s = minus_products(l, m, s, lo, i.i, (Line){ m->y, i.i, m->n, false }, (Line){ m->y, i.i, m->n, true });
    LValue *positive = loop_binary(b, OP_and, i.carry[0], loop_binary(b, OP_gt, s.re, loop_int(b, s.re->type, 0)));
    s.re = loop_unary(b, OP_sqrt, s.re);
    if (s.im) s.im = loop_int(b, s.re->type, 0);
    write_at(l, m, s, m->y, diagonal);
    Row row = { m, i.i, lo, s.re };
    Idx idx[1];
    nest_inner(l, loop_add(b, i.i, loop_i64(b, 1)), hi, columns_at_once(l, m), true, idx, 0, row_of_cholesky, &row);
    loop_end(b, &i, &positive);
    return i.carry[0];
}

static void cholesky_by_rows(Lower *l, const Matrix *m) {
    LBuilder *b = &l->b;
    LValue *zero = loop_i64(b, 0), *fine = loop_bool(b, true);
    turn_over(l, m, m->x, false);
    if (lower_is_large(m)) {
        LValue *room = blocked_room(l, m);
        LLoop block = loop_for(b, zero, m->n, DEEP, 1, &fine);
        LValue *hi = loop_binary(b, OP_min, loop_add(b, block.i, loop_i64(b, DEEP)), m->n);
        LValue *next = rows_of_cholesky(l, m, block.i, hi, block.carry[0]);
        blocked_cholesky(l, m, room, block.i, hi);
        loop_end(b, &block, &next);
        loop_release(b, room);
        fine = block.carry[0];
    } else {
        fine = rows_of_cholesky(l, m, zero, m->n, fine);
    }
    turn_over(l, m, m->y, true);
    LLoop bad = loop_if(b, loop_unary(b, OP_not, fine));
    Elem like = { loop_int(b, loop_type(dtype_real(m->dtype), 1), 0), NULL };
    if (dtype_is_complex(m->dtype)) like.im = like.re;
    fill_with_nan(l, m, like);
    loop_end_then(b, &bad);
}

LValue *elem_size(Lower *l, Elem x) {
    LBuilder *b = &l->b;
    LValue *re = loop_unary(b, OP_abs, x.re);
    return x.im ? loop_add(b, re, loop_unary(b, OP_abs, x.im)) : re;
}

/* The row from k on whose number in column k is the largest: the first of them. */
static LValue *pivot_row(Lower *l, const Matrix *m, LValue *k) {
    LBuilder *b = &l->b;
    LValue *best = loop_real(b, loop_type(dtype_real(m->dtype), 1), -1);
    LLoop i = loop_for(b, k, m->n, 1, 2, (LValue *[]){ best, k });
    LValue *size = elem_size(l, read_at(l, m, m->y, at(l, i.i, m->m, k)));
    LValue *larger = loop_binary(b, OP_gt, size, i.carry[0]);
    LValue *next[] = { loop_select(b, larger, size, i.carry[0]), loop_select(b, larger, i.i, i.carry[1]) };
    loop_end(b, &i, next);
    return i.carry[1];
}

static void exchange_rows(Lower *l, const Matrix *m, LValue *k, LValue *p, LValue *order) {
    LBuilder *b = &l->b;
    LType word = loop_type(DT_i32, 1);
    LLoop apart = loop_if(b, loop_binary(b, OP_ne, k, p));
    LValue *at_k = loop_load(b, word, order, k, 1, NULL), *at_p = loop_load(b, word, order, p, 1, NULL);
    loop_store(b, at_p, order, k, 1, NULL);
    loop_store(b, at_k, order, p, 1, NULL);
    Rows rows = { m, loop_mul(b, k, m->m), loop_mul(b, p, m->m), { NULL, NULL } };
    over_columns(l, &rows, loop_i64(b, 0));
    loop_end_then(b, &apart);
}

/* Of column k: its row to row k. */
static void pivot(Lower *l, const Matrix *m, LValue *k) {
    LBuilder *b = &l->b;
    LValue *p = pivot_row(l, m, k);
    loop_store(b, loop_convert(b, p, DT_i32), m->pivots, k, 1, NULL);
    exchange_rows(l, m, k, p, m->order);
}

/* Gauss's elimination in y, which begins as x.  A column of zeros is left as it is. */
static void lu(Lower *l, const Matrix *m) {
    LBuilder *b = &l->b;
    LValue *zero = loop_i64(b, 0), *one = loop_i64(b, 1);
    LLoop each = loop_for(b, zero, m->n, 1, 0, NULL);
    loop_store(b, loop_convert(b, each.i, DT_i32), m->order, each.i, 1, NULL);
    loop_end(b, &each, NULL);
    if (lower_is_large(m)) {
        blocked_lu(l, m);
        return;
    }
    LLoop k = loop_for(b, zero, loop_binary(b, OP_min, m->n, m->m), 1, 0, NULL);
    LValue *row_k = loop_mul(b, k.i, m->m), *next = loop_add(b, k.i, one);
    pivot(l, m, k.i);
    Elem divisor = read_at(l, m, m->y, loop_add(b, row_k, k.i));
    LValue *none = loop_int(b, divisor.re->type, 0);
    LLoop some = loop_if(b, loop_binary(b, OP_ne, elem_size(l, divisor), none));
    LLoop i = loop_for(b, next, m->n, 1, 0, NULL);
    LValue *row_i = loop_mul(b, i.i, m->m), *here = loop_add(b, row_i, k.i);
    Elem factor = elem_divided(l, read_at(l, m, m->y, here), divisor);
    write_at(l, m, factor, m->y, here);
    Rows rows = { m, row_i, row_k, factor };
    over_columns(l, &rows, next);
    loop_end(b, &i, NULL);
    loop_end_then(b, &some);
    loop_end(b, &k, NULL);
}

static void matrices(Lower *l, LValue *lo, LValue *hi, void *context) {
    LBuilder *b = &l->b;
    Matrix m = *(const Matrix *)context;
    int bytes = dtype_bytes(m.dtype);
    LLoop f = loop_for(b, lo, hi, 1, 0, NULL);
    LValue *columns = m.in->op == OP_triangular_solve ? m.n : m.m;
    m.x = loop_at(b, m.x, loop_mul(b, f.i, loop_mul(b, m.n, columns)), bytes);
    m.y = loop_at(b, m.y, loop_mul(b, f.i, loop_mul(b, m.n, m.m)), bytes);
    if (m.in->op == OP_cholesky) {
        (is_small(&m) ? cholesky : cholesky_by_rows)(l, &m);
    } else if (m.in->op == OP_lu) {
        LValue *least = loop_binary(b, OP_min, m.n, m.m);
        m.pivots = loop_at(b, m.pivots, loop_mul(b, f.i, least), 4);
        m.order = loop_at(b, m.order, loop_mul(b, f.i, m.n), 4);
        lu(l, &m);
    } else {
        (lower_is_large(&m) ? blocked_triangular_solve : triangular_solve)(l, &m);
    }
    loop_end(b, &f, NULL);
}

static void lapack(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    int n = 1 + in->nresults;
    LValue *all = loop_stack(b, 24 * n, 8), *none = loop_const_bits(b, loop_ptr_type(), 0);
    for (int i = 0; i < n; i++) {
        const Value *v = i ? in->results[i - 1] : in->args[0];
        LValue *data = !i ? home_of(l, v).ptr : value_is_used_only_by(v, NULL) ? none : home_new(l, v).ptr;
        loop_copy(b, loop_at(b, all, loop_i64(b, i), 24), lower_descriptor(l, data, v->type), loop_i64(b, 24));
    }
    LType word = loop_type(DT_i32, 1);
    loop_runtime(b, RUNTIME_lapack, (LValue *[]){ loop_int(b, word, lapack_number(in)), loop_int(b, word, n), all }, 3);
}

void lower_linalg(Lower *l, const Inst *in) {
    if (in->op == OP_fft || in->op == OP_rfft || in->op == OP_irfft) {
        lower_fft(l, in);
        return;
    }
    LBuilder *b = &l->b;
    const Value *x = in->args[0], *y = in->results[0];
    const Type *t = y->type;
    if (dtype_bytes(dtype_real(t->dtype)) < 4) {
        diag(l->cx, in->origin ? in->origin->span : (Span){ 0 }, "%s of %s is not supported; convert it to float32",
             op_name(in->op), dtype_long_name(t->dtype));
    }
    if (in->op != OP_cholesky && in->op != OP_triangular_solve && in->op != OP_solve && in->op != OP_lu) {
        lapack(l, in);
        return;
    }
    if (lower_small(l, in)) return;
    Matrix m = { .in = in,
                 .dtype = t->dtype,
                 .x = home_of(l, x).ptr,
                 .y = home_new(l, y).ptr,
                 .n = lower_dim(l, t->dim[t->rank - 2]),
                 .m = lower_dim(l, t->dim[t->rank - 1]) };
    if (in->op == OP_lu) {
        m.pivots = home_new(l, in->results[1]).ptr;
        m.order = home_new(l, in->results[2]).ptr;
        store_home(l, x, m.y);
    }
    if (in->op == OP_triangular_solve) store_home(l, in->args[1], m.y);
    LValue *count = loop_i64(b, 1), *cube = loop_mul(b, m.n, loop_mul(b, m.n, m.m));
    for (int i = 0; i + 2 < t->rank; i++) count = loop_mul(b, count, lower_dim(l, t->dim[i]));
    pieces(l, count, (Work){ 1, cube }, matrices, &m);
}
