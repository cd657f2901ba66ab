/* blocked: Cholesky factors of large real matrices and solutions with triangular ones, block by block.
**
** Of a block of DEEP rows some columns at a time are solved for, and lie, negated, in a buffer in the first cache; rows that
** wait for them take the products with it, a few rows by a few registers at a time.  The numbers these are multiplied with are
** copied before, to where they are neighbours, if there is more than one such strip of columns.  What is taken off a number is
** taken off in the order of the plain loops (linalg.c), so the bits are theirs, however many columns or threads there are. */
#include "loop/blocked.h"
#include "ops/ops.h"

enum { ROWS = 6, SOLVED = 4 /* rows that are solved for together */, SQUARE = 8 };

/* Row number t of the block in the order of solving. */
static LValue *in_order(Lower *l, const Strips *s, LValue *t) {
    LBuilder *b = &l->b;
    return s->forward ? loop_add(b, s->lo, t) : loop_sub(b, loop_sub(b, s->hi, loop_i64(b, 1)), t);
}

static LValue *of_triangle(Pull *p, const Strips *s, LValue *i, LValue *k) {
    LBuilder *b = &p->l->b;
    if (s->a_row) i = loop_sub(b, i, s->a_row), k = loop_sub(b, k, s->lo);
    LValue *at = s->across ? loop_add(b, loop_mul(b, k, s->stride), i) : loop_add(b, loop_mul(b, i, s->stride), k);
    return loop_splat(b, loop_load(b, loop_type(s->dtype, 1), s->a, at, 1, NULL), p->lanes);
}

static LValue *row_at(Pull *p, const Strips *s, LValue *i, LValue *column) {
    LBuilder *b = &p->l->b;
    LValue *at = loop_add(b, loop_mul(b, i, s->width), column);
    return loop_load(b, loop_type(s->dtype, p->lanes), s->y, at, 1, p->tail);
}
static void row_put(Pull *p, const Strips *s, LValue *x, LValue *i, LValue *column) {
    LBuilder *b = &p->l->b;
    loop_store(b, x, s->y, loop_add(b, loop_mul(b, i, s->width), column), 1, p->tail);
}

/* Rows lie on pages of their own, which no processor goes on to by itself. */
static void row_wanted(Pull *p, const Strips *s, LValue *i, LValue *column) {
    LBuilder *b = &p->l->b;
    int bytes = dtype_bytes(s->dtype);
    LValue *at = loop_mul(b, loop_add(b, loop_mul(b, i, s->width), column), loop_i64(b, bytes));
    for (int line = 0; line < p->lanes * bytes; line += p->l->to->target->cache_line)
        loop_prefetch(b, s->y, loop_add(b, at, loop_i64(b, line)), true);
}

/* Row t of the buffer. */
static LValue *in_buffer(Pull *p, LValue *t) { return loop_mul(&p->l->b, t, loop_i64(&p->l->b, p->lanes)); }

/* Some rows take the products with the first `depth` rows of the buffer. */
static void take(Pull *p, const Strips *s, LValue *const *row, int rows, LValue *buffer, LValue *depth, LValue **sum) {
    LBuilder *b = &p->l->b;
    LLoop t = loop_for(b, loop_i64(b, 0), depth, 1, rows, sum);
    LValue *k = in_order(p->l, s, t.i), *next[ROWS];
    LValue *y = loop_load(b, loop_type(s->dtype, p->lanes), buffer, in_buffer(p, t.i), 1, NULL);
    for (int r = 0; r < rows; r++) next[r] = loop_fma(b, of_triangle(p, s, row[r], k), y, t.carry[r]);
    loop_end(b, &t, next);
    for (int r = 0; r < rows; r++) sum[r] = t.carry[r];
}

static void waiting_rows(Pull *p, const Strips *s, LValue *lo, LValue *hi, int rows, LValue *column, LValue *buffer) {
    LBuilder *b = &p->l->b;
    LLoop f = loop_for(b, lo, hi, rows, 0, NULL);
    LValue *sum[ROWS], *row[ROWS];
    for (int r = 0; r < rows; r++) {
        row[r] = loop_add(b, f.i, loop_i64(b, r));
        sum[r] = row_at(p, s, row[r], column);
    }
    for (int r = 0; r < rows && rows > 1; r++) row_wanted(p, s, loop_add(b, row[r], loop_i64(b, rows)), column);
    take(p, s, row, rows, buffer, loop_sub(b, s->hi, s->lo), sum);
    for (int r = 0; r < rows; r++) row_put(p, s, sum[r], row[r], column);
    loop_end(b, &f, NULL);
}

/* Rows first, first + 1, ... below `end` in the order of solving, `rows` at a time. */
static void solved_rows(Pull *p, const Strips *s, LValue *first, LValue *end, int rows, LValue *column,
                        LValue *buffer) {
    LBuilder *b = &p->l->b;
    LLoop f = loop_for(b, first, end, rows, 0, NULL);
    LValue *x[SOLVED], *t[SOLVED], *i[SOLVED];
    for (int r = 0; r < rows; r++) {
        t[r] = loop_add(b, f.i, loop_i64(b, r));
        i[r] = in_order(p->l, s, t[r]);
        x[r] = row_at(p, s, i[r], column);
    }
    if (!s->solved) take(p, s, i, rows, buffer, f.i, x);
    for (int r = 0; r < rows; r++) {
        if (!s->solved && !s->unit) x[r] = loop_binary(b, OP_div, x[r], of_triangle(p, s, i[r], i[r]));
        LValue *less = loop_unary(b, OP_neg, x[r]);
        for (int q = r + 1; q < rows && !s->solved; q++) x[q] = loop_fma(b, of_triangle(p, s, i[q], i[r]), less, x[q]);
        if (!s->solved) row_put(p, s, x[r], i[r], column);
        loop_store(b, less, buffer, in_buffer(p, t[r]), 1, NULL);
    }
    loop_end(b, &f, NULL);
}

/* So many of lo .. hi as are whole groups: where these end. */
static LValue *groups_end(LBuilder *b, LValue *lo, LValue *hi, int each) {
    LValue *n = loop_i64(b, each), *whole = loop_mul(b, loop_binary(b, OP_div, loop_sub(b, hi, lo), n), n);
    return loop_add(b, lo, loop_binary(b, OP_max, whole, loop_i64(b, 0)));
}

/* What exchanges of rows make of these columns. */
static void exchange(Pull *p, const Strips *s, LValue *column) {
    LBuilder *b = &p->l->b;
    LLoop t = loop_for(b, s->lo, s->hi, 1, 0, NULL);
    LValue *other = loop_convert(b, loop_load(b, loop_type(DT_i32, 1), s->pivots, t.i, 1, NULL), DT_i64);
    other = loop_sub(b, other, s->pivots_from);
    LValue *x = row_at(p, s, t.i, column), *y = row_at(p, s, other, column);
    row_put(p, s, y, t.i, column);
    row_put(p, s, x, other, column);
    loop_end(b, &t, NULL);
}

static void strip(Pull *p, const Idx *idx, void *context) {
    const Strips *s = context;
    LBuilder *b = &p->l->b;
    LValue *column = idx->i, *zero = loop_i64(b, 0), *depth = loop_sub(b, s->hi, s->lo);
    if (s->pivots) exchange(p, s, column);
    if (s->exchanged) return;
    LValue *buffer = loop_stack(b, (int64_t)DEEP * p->lanes * dtype_bytes(s->dtype), 64);
    LValue *whole = groups_end(b, zero, depth, SOLVED);
    solved_rows(p, s, zero, whole, SOLVED, column, buffer);
    solved_rows(p, s, whole, depth, 1, column, buffer);
    if (!s->wait_lo) return;
    LValue *wait_hi = s->wait_hi;
    if (s->triangle) wait_hi = loop_binary(b, OP_min, wait_hi, loop_add(b, column, loop_i64(b, p->lanes)));
    whole = groups_end(b, s->wait_lo, wait_hi, ROWS);
    waiting_rows(p, s, s->wait_lo, whole, ROWS, column, buffer);
    waiting_rows(p, s, whole, wait_hi, 1, column, buffer);
}

static void some_strips(Lower *l, LValue *lo, LValue *hi, void *context) {
    LBuilder *b = &l->b;
    Strips *s = context;
    LValue *lanes = loop_i64(b, s->lanes), *to = loop_add(b, s->from, loop_mul(b, hi, lanes));
    Idx idx[1] = { { .i = NULL } };
    nest_inner(l, loop_add(b, s->from, loop_mul(b, lo, lanes)), loop_binary(b, OP_min, to, s->to), s->lanes, true, idx,
               0, strip, s);
}

void blocked_strips(Lower *l, const Strips *s) {
    LBuilder *b = &l->b;
    LValue *width = loop_binary(b, OP_max, loop_sub(b, s->to, s->from), loop_i64(b, 0));
    Work w = { DEEP * s->lanes / 20.0, s->wait_lo ? loop_sub(b, s->wait_hi, s->wait_lo) : loop_i64(b, DEEP) };
    pieces(l, round_up(l, width, s->lanes), w, some_strips, (void *)s);
}

int blocked_lanes(Lower *l, const Matrix *m) {
    int lanes = (l->to->target->vector_registers > 16 ? 4 : 2) * lanes_for(l, dtype_bytes(m->dtype));
    return lanes > LOOP_MAX_LANES ? LOOP_MAX_LANES : lanes;
}

bool lower_is_large(const Matrix *m) {
    bool symmetric = m->in->op == OP_cholesky;
    int64_t n, columns;
    if (dtype_is_complex(m->dtype) || (loop_is_const(m->n, &n) && n <= (symmetric ? DEEP : DEEP / 2))) return false;
    return symmetric || !loop_is_const(m->m, &columns) || columns >= 16;
}

/* Numbers lo .. hi of rows from .. to, `across` those of columns, to where DEEP of each are neighbours. */
static void copy_block(Lower *l, const Strips *s, LValue *room, LValue *from, LValue *to) {
    LBuilder *b = &l->b;
    LType row = loop_type(s->dtype, SQUARE);
    LLoop i = loop_for(b, from, to, SQUARE, 0, NULL), k = loop_for(b, s->lo, s->hi, SQUARE, 0, NULL);
    LValue *v[SQUARE], *column = loop_sub(b, k.i, s->lo), *last = loop_i64(b, 1);
    LValue *mask = s->across ? loop_lanes_below(b, loop_sub(b, to, i.i), SQUARE)
                             : loop_lanes_below(b, loop_sub(b, s->hi, k.i), SQUARE);
    last = loop_sub(b, s->across ? s->hi : to, last);
    for (int r = 0; r < SQUARE; r++) {
        LValue *line = loop_binary(b, OP_min, loop_add(b, s->across ? k.i : i.i, loop_i64(b, r)), last);
        LValue *at = loop_add(b, loop_mul(b, line, s->stride), s->across ? i.i : k.i);
        v[r] = loop_load(b, row, s->a, at, 1, mask);
    }
    if (s->across) rows_to_columns(b, v, SQUARE);
    for (int r = 0; r < SQUARE; r++) {
        LValue *line = loop_add(b, loop_sub(b, i.i, from), loop_i64(b, r));
        loop_store(b, v[r], room, loop_add(b, loop_mul(b, line, loop_i64(b, DEEP)), column), 1, NULL);
    }
    loop_end(b, &k, NULL);
    loop_end(b, &i, NULL);
}

/* Reads the triangle, and what stands below or above it, from a copy. */
static Strips copied(Lower *l, const Strips *s, LValue *room, LValue *from, LValue *to) {
    Strips c = *s;
    copy_block(l, s, room, from, to);
    c.a = room;
    c.stride = loop_i64(&l->b, DEEP);
    c.across = false;
    c.a_row = from;
    return c;
}

LValue *blocked_room(Lower *l, const Matrix *m) {
    LBuilder *b = &l->b;
    LValue *rows = loop_add(b, m->n, loop_i64(b, SQUARE));
    return loop_alloc(b, loop_mul(b, rows, loop_i64(b, DEEP * dtype_bytes(m->dtype))));
}

void blocked_triangular_solve(Lower *l, const Matrix *m) {
    LBuilder *b = &l->b;
    const Attrs *attrs = m->in->attrs;
    bool forward = (attrs->lower != 0) != (attrs->transposed != 0);
    LValue *zero = loop_i64(b, 0), *n = m->n, *room = NULL;
    Strips s = { .dtype = m->dtype, .a = m->x, .stride = n, .y = m->y, .width = m->m };
    s.forward = forward;
    s.across = attrs->transposed;
    s.unit = attrs->unit;
    s.from = zero;
    s.to = m->m;
    s.lanes = blocked_lanes(l, m);
    int64_t columns;
    if (!loop_is_const(m->m, &columns) || columns > s.lanes) room = blocked_room(l, m);
    LLoop f = loop_for(b, zero, n, DEEP, 0, NULL);
    LValue *end = loop_add(b, f.i, loop_i64(b, DEEP));
    s.lo = forward ? f.i : loop_binary(b, OP_max, loop_sub(b, n, end), zero);
    s.hi = forward ? loop_binary(b, OP_min, end, n) : loop_sub(b, n, f.i);
    s.wait_lo = forward ? s.hi : zero;
    s.wait_hi = forward ? n : s.lo;
    Strips block = room ? copied(l, &s, room, forward ? s.lo : zero, forward ? n : s.hi) : s;
    blocked_strips(l, &block);
    loop_end(b, &f, NULL);
    if (room) loop_release(b, room);
}

/* U lies above the diagonal: its columns are the rows of L = Uᵀ. */
void blocked_cholesky(Lower *l, const Matrix *m, LValue *room, LValue *lo, LValue *hi) {
    Strips s = { .dtype = m->dtype, .a = m->y, .stride = m->n, .y = m->y, .width = m->n };
    s.forward = s.across = true;
    s.lo = lo;
    s.hi = s.from = hi;
    s.to = m->n;
    s.lanes = blocked_lanes(l, m);
    Strips block = copied(l, &s, room, lo, hi);
    blocked_strips(l, &block);
    block = copied(l, &s, room, hi, m->n);
    block.solved = block.triangle = true;
    block.wait_lo = hi;
    block.wait_hi = m->n;
    blocked_strips(l, &block);
}
