/* blocked: LU and Cholesky factors and triangular solves of large real matrices, block by block.
**
** Of a block of DEEP rows some columns at a time are solved for, and lie, negated, in a buffer in the first cache; rows that
** wait for them take the products with it, a few rows by a few registers at a time.  What is taken off a number is taken off in
** the order of the plain loops (linalg.c), so the bits are theirs, however many columns or threads there are. */
#include "loop/lower.h"
#include "ops/ops.h"

enum { PANEL = 8, ROWS = 6 };

/* A block of triangular rows lo .. hi, and rows that wait for it. */
typedef struct {
    const Matrix *m;
    LValue *a, *stride; /* the triangle, row by row */
    bool forward, transposed, unit;
    bool solved;   /* already */
    bool triangle; /* only rows up to the columns at hand wait */
    LValue *lo, *hi, *wait_lo, *wait_hi;
    LValue *from, *to; /* columns */
    int lanes;
} Strips;

/* Row number t of the block in the order of solving. */
static LValue *in_order(Lower *l, const Strips *s, LValue *t) {
    LBuilder *b = &l->b;
    return s->forward ? loop_add(b, s->lo, t) : loop_sub(b, loop_sub(b, s->hi, loop_i64(b, 1)), t);
}

static LValue *of_triangle(Pull *p, const Strips *s, LValue *i, LValue *k) {
    LBuilder *b = &p->l->b;
    LValue *at = s->transposed ? loop_add(b, loop_mul(b, k, s->stride), i) : loop_add(b, loop_mul(b, i, s->stride), k);
    return loop_splat(b, loop_load(b, loop_type(s->m->dtype, 1), s->a, at, 1, NULL), p->lanes);
}

static LValue *row_at(Pull *p, const Strips *s, LValue *i, LValue *column) {
    LBuilder *b = &p->l->b;
    LValue *at = loop_add(b, loop_mul(b, i, s->m->m), column);
    return loop_load(b, loop_type(s->m->dtype, p->lanes), s->m->y, at, 1, p->tail);
}
static void row_put(Pull *p, const Strips *s, LValue *x, LValue *i, LValue *column) {
    LBuilder *b = &p->l->b;
    loop_store(b, x, s->m->y, loop_add(b, loop_mul(b, i, s->m->m), column), 1, p->tail);
}

/* Rows i, i + 1, ... take the products with the first `depth` rows of the buffer. */
static void take(Pull *p, const Strips *s, LValue *i, int rows, LValue *buffer, LValue *depth, LValue **sum) {
    LBuilder *b = &p->l->b;
    LLoop t = loop_for(b, loop_i64(b, 0), depth, 1, rows, sum);
    LValue *k = in_order(p->l, s, t.i), *at = loop_mul(b, t.i, loop_i64(b, p->lanes)), *next[ROWS];
    LValue *y = loop_load(b, loop_type(s->m->dtype, p->lanes), buffer, at, 1, NULL);
    for (int r = 0; r < rows; r++)
        next[r] = loop_fma(b, of_triangle(p, s, loop_add(b, i, loop_i64(b, r)), k), y, t.carry[r]);
    loop_end(b, &t, next);
    for (int r = 0; r < rows; r++) sum[r] = t.carry[r];
}

static void waiting_rows(Pull *p, const Strips *s, LValue *lo, LValue *hi, int rows, LValue *column, LValue *buffer) {
    LBuilder *b = &p->l->b;
    LLoop f = loop_for(b, lo, hi, rows, 0, NULL);
    LValue *sum[ROWS];
    for (int r = 0; r < rows; r++) sum[r] = row_at(p, s, loop_add(b, f.i, loop_i64(b, r)), column);
    take(p, s, f.i, rows, buffer, loop_sub(b, s->hi, s->lo), sum);
    for (int r = 0; r < rows; r++) row_put(p, s, sum[r], loop_add(b, f.i, loop_i64(b, r)), column);
    loop_end(b, &f, NULL);
}

static void strip(Pull *p, const Idx *idx, void *context) {
    const Strips *s = context;
    LBuilder *b = &p->l->b;
    LValue *column = idx->i, *wait_hi = s->wait_hi;
    LValue *buffer = loop_stack(b, (int64_t)DEEP * p->lanes * dtype_bytes(s->m->dtype), 64);
    LLoop t = loop_for(b, loop_i64(b, 0), loop_sub(b, s->hi, s->lo), 1, 0, NULL);
    LValue *i = in_order(p->l, s, t.i), *x = row_at(p, s, i, column);
    if (!s->solved) {
        take(p, s, i, 1, buffer, t.i, &x);
        if (!s->unit) x = loop_binary(b, OP_div, x, of_triangle(p, s, i, i));
        row_put(p, s, x, i, column);
    }
    loop_store(b, loop_unary(b, OP_neg, x), buffer, loop_mul(b, t.i, loop_i64(b, p->lanes)), 1, NULL);
    loop_end(b, &t, NULL);
    if (!s->wait_lo) return;
    if (s->triangle) wait_hi = loop_binary(b, OP_min, wait_hi, loop_add(b, column, loop_i64(b, p->lanes)));
    LValue *rows = loop_i64(b, ROWS), *whole = loop_sub(b, wait_hi, s->wait_lo);
    whole = loop_binary(b, OP_max, loop_mul(b, loop_binary(b, OP_div, whole, rows), rows), loop_i64(b, 0));
    whole = loop_add(b, s->wait_lo, whole);
    waiting_rows(p, s, s->wait_lo, whole, ROWS, column, buffer);
    waiting_rows(p, s, whole, wait_hi, 1, column, buffer);
}

static void some_strips(Lower *l, LValue *lo, LValue *hi, void *context) {
    LBuilder *b = &l->b;
    Strips *s = context;
    LValue *lanes = loop_i64(b, s->lanes), *to = loop_add(b, s->from, loop_mul(b, hi, lanes));
    Idx idx[1] = { { .i = NULL } };
    nest_inner(l, loop_add(b, s->from, loop_mul(b, lo, lanes)), loop_binary(b, OP_min, to, s->to), s->lanes, false, idx,
               0, strip, s);
}

/* All columns from .. to. */
static void all_strips(Lower *l, Strips *s) {
    LBuilder *b = &l->b;
    LValue *width = loop_binary(b, OP_max, loop_sub(b, s->to, s->from), loop_i64(b, 0));
    Work w = { DEEP * s->lanes / 20.0, s->wait_lo ? loop_sub(b, s->wait_hi, s->wait_lo) : loop_i64(b, DEEP) };
    pieces(l, round_up(l, width, s->lanes), w, some_strips, s);
}

static int registers(Lower *l, const Matrix *m, int most) {
    int lanes = (l->to->target->vector_registers > 16 ? 4 : 2) * lanes_for(l, dtype_bytes(m->dtype));
    return lanes > most ? most : lanes;
}

bool lower_is_large(const Matrix *m) {
    int64_t n, columns;
    if (dtype_is_complex(m->dtype) || (loop_is_const(m->n, &n) && n < 2 * DEEP)) return false;
    return m->in->op == OP_cholesky || !loop_is_const(m->m, &columns) || columns >= 16;
}

void blocked_triangular_solve(Lower *l, const Matrix *m) {
    LBuilder *b = &l->b;
    const Attrs *attrs = m->in->attrs;
    bool forward = (attrs->lower != 0) != (attrs->transposed != 0);
    LValue *zero = loop_i64(b, 0), *n = m->n;
    Strips s = {
        .m = m, .a = m->x, .stride = n, .forward = forward, .transposed = attrs->transposed, .unit = attrs->unit
    };
    LLoop f = loop_for(b, zero, n, DEEP, 0, NULL);
    LValue *end = loop_add(b, f.i, loop_i64(b, DEEP));
    s.lo = forward ? f.i : loop_binary(b, OP_max, loop_sub(b, n, end), zero);
    s.hi = forward ? loop_binary(b, OP_min, end, n) : loop_sub(b, n, f.i);
    s.wait_lo = forward ? s.hi : zero;
    s.wait_hi = forward ? n : s.lo;
    s.from = zero;
    s.to = m->m;
    s.lanes = registers(l, m, LOOP_MAX_LANES);
    all_strips(l, &s);
    loop_end(b, &f, NULL);
}

/* Column c of the factors, of which columns up to `hi` are the panel's. */
static void panel_column(Pull *p, const Matrix *m, LValue *c, LValue *hi) {
    Lower *l = p->l;
    LBuilder *b = &l->b;
    LType one = loop_type(m->dtype, 1), row = loop_type(m->dtype, PANEL);
    LValue *next = loop_add(b, c, loop_i64(b, 1)), *row_c = loop_mul(b, c, m->m);
    LValue *mask = loop_lanes_below(b, loop_sub(b, hi, next), PANEL);
    LValue *pivot = loop_load(b, one, m->y, loop_add(b, row_c, c), 1, NULL);
    LLoop some = loop_if(b, loop_binary(b, OP_ne, pivot, loop_int(b, one, 0)));
    LValue *u = loop_load(b, row, m->y, loop_add(b, row_c, next), 1, mask);
    LLoop i = loop_for(b, next, m->n, 1, 0, NULL);
    LValue *at = loop_add(b, loop_mul(b, i.i, m->m), c), *behind = loop_add(b, at, loop_i64(b, 1));
    LValue *factor = loop_binary(b, OP_div, loop_load(b, one, m->y, at, 1, NULL), pivot);
    loop_store(b, factor, m->y, at, 1, NULL);
    LValue *x = loop_load(b, row, m->y, behind, 1, mask);
    x = loop_fma(b, loop_splat(b, loop_unary(b, OP_neg, factor), PANEL), u, x);
    loop_store(b, x, m->y, behind, 1, mask);
    loop_end(b, &i, NULL);
    loop_end_then(b, &some);
}

/* Blocks of columns; in each, panels of a few, whose exchanges are those of whole rows. */
void blocked_lu(Lower *l, const Matrix *m) {
    LBuilder *b = &l->b;
    LValue *least = loop_binary(b, OP_min, m->n, m->m);
    Pull p = { .l = l, .lanes = 1 };
    LLoop block = loop_for(b, loop_i64(b, 0), least, DEEP, 0, NULL);
    LValue *end = loop_binary(b, OP_min, loop_add(b, block.i, loop_i64(b, DEEP)), least);
    LLoop panel = loop_for(b, block.i, end, PANEL, 0, NULL);
    LValue *hi = loop_binary(b, OP_min, loop_add(b, panel.i, loop_i64(b, PANEL)), end);
    LLoop c = loop_for(b, panel.i, hi, 1, 0, NULL);
    lower_pivot(l, m, c.i);
    panel_column(&p, m, c.i, hi);
    loop_end(b, &c, NULL);
    Strips s = { .m = m, .a = m->y, .stride = m->m, .forward = true, .unit = true };
    s.lo = panel.i;
    s.hi = s.wait_lo = hi;
    s.wait_hi = m->n;
    s.from = hi;
    s.to = end;
    s.lanes = registers(l, m, 2 * lanes_for(l, dtype_bytes(m->dtype)));
    all_strips(l, &s);
    loop_end(b, &panel, NULL);
    s.lo = block.i;
    s.hi = s.wait_lo = s.from = end;
    s.to = m->m;
    s.lanes = registers(l, m, LOOP_MAX_LANES);
    all_strips(l, &s);
    loop_end(b, &block, NULL);
}

/* Columns lo .. hi of rows from .. n: what stands across the diagonal, some rows there at a time. */
static void mirror(Lower *l, const Matrix *m, LValue *from, LValue *lo, LValue *hi) {
    LBuilder *b = &l->b;
    LType one = loop_type(m->dtype, 1);
    LLoop some = loop_for(b, lo, hi, PANEL, 0, NULL);
    LValue *end = loop_binary(b, OP_min, loop_add(b, some.i, loop_i64(b, PANEL)), hi);
    LLoop i = loop_for(b, from, m->n, 1, 0, NULL);
    LLoop k = loop_for(b, some.i, loop_binary(b, OP_min, end, i.i), 1, 0, NULL);
    LValue *x = loop_load(b, one, m->y, loop_add(b, loop_mul(b, k.i, m->n), i.i), 1, NULL);
    loop_store(b, x, m->y, loop_add(b, loop_mul(b, i.i, m->n), k.i), 1, NULL);
    loop_end(b, &k, NULL);
    loop_end(b, &i, NULL);
    loop_end(b, &some, NULL);
}

/* U lies above the diagonal, and L = Uᵀ, as far as it is there, below, so that the numbers of a row of each are neighbours. */
void blocked_cholesky(Lower *l, const Matrix *m, LValue *lo, LValue *hi) {
    Strips s = { .m = m, .a = m->y, .stride = m->n, .forward = true, .lo = lo, .hi = hi, .from = hi, .to = m->n };
    s.lanes = registers(l, m, LOOP_MAX_LANES);
    mirror(l, m, lo, lo, hi);
    all_strips(l, &s);
    mirror(l, m, hi, lo, hi);
    s.solved = s.triangle = true;
    s.wait_lo = hi;
    s.wait_hi = m->n;
    all_strips(l, &s);
}
