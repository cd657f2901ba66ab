/* lu: LU factors, with partial pivoting, of large real matrices.
**
** A block of columns is copied to where its rows are neighbours.  Of these, a panel of a few columns is turned round, so that
** finding a pivot, dividing by it and taking its multiples off run along columns; what follows it in the block takes the
** products with it, and at the end of the block the rest of the matrix does (blocked.c), strip by strip of columns, each of which
** exchanges its rows first.  All numbers have the bits of the plain loops (linalg.c). */
#include "loop/blocked.h"
#include "ops/ops.h"

enum { PANEL = 8, SPARE = 40 /* rows behind a panel's, which vectors may reach */ };

typedef struct {
    const Matrix *m;
    LValue *first, *rows, *wide; /* rows and columns of the matrix from the first, ... */
    LValue *block;               /* ... row by row, DEEP in each */
    LValue *at;                  /* the panel's first row and column in the block */
    LValue *panel, *height;      /* column by column, so far from each other */
    int lanes;
} Factor;

static LValue *in_block(LBuilder *b, LValue *row, LValue *column) {
    return loop_add(b, loop_mul(b, row, loop_i64(b, DEEP)), column);
}
static LValue *in_panel(LBuilder *b, const Factor *f, LValue *row, LValue *column) {
    return loop_add(b, loop_mul(b, column, f->height), row);
}

/* The panel out of the block, or back into it, a square at a time. */
static void turn(Lower *l, const Factor *f, bool back) {
    LBuilder *b = &l->b;
    LType line = loop_type(f->m->dtype, PANEL);
    LLoop i = loop_for(b, f->at, f->rows, PANEL, 0, NULL);
    LValue *v[PANEL], *row = loop_sub(b, i.i, f->at);
    for (int r = 0; r < PANEL; r++) {
        LValue *k = loop_i64(b, r), *there = in_block(b, loop_add(b, i.i, k), f->at);
        v[r] = back ? loop_load(b, line, f->panel, in_panel(b, f, row, k), 1, NULL)
                    : loop_load(b, line, f->block, there, 1, NULL);
    }
    rows_to_columns(b, v, PANEL);
    for (int r = 0; r < PANEL; r++) {
        LValue *k = loop_i64(b, r), *there = in_block(b, loop_add(b, i.i, k), f->at);
        if (back)
            loop_store(b, v[r], f->block, there, 1, NULL);
        else
            loop_store(b, v[r], f->panel, in_panel(b, f, row, k), 1, NULL);
    }
    loop_end(b, &i, NULL);
}

/* Of two lanes' numbers and rows those of the larger number, or of the first row where they are equal. */
static void better(LBuilder *b, LValue *const *x, LValue *const *y, LValue **best) {
    LValue *first = loop_binary(b, OP_and, loop_binary(b, OP_eq, y[0], x[0]), loop_binary(b, OP_lt, y[1], x[1]));
    LValue *wins = loop_binary(b, OP_or, loop_binary(b, OP_gt, y[0], x[0]), first);
    for (int i = 0; i < 2; i++) best[i] = loop_select(b, wins, y[i], x[i]);
}

/* The first of the largest numbers of column c of the panel, from row c on; row c where all are nan. */
static LValue *pivot_of(Lower *l, const Factor *f, LValue *c) {
    LBuilder *b = &l->b;
    LType numbers = loop_type(f->m->dtype, f->lanes), rows = loop_type(DT_i32, f->lanes);
    LValue *start = loop_convert(b, c, DT_i32), *length = loop_sub(b, loop_sub(b, f->rows, f->at), c);
    LValue *best[] = { loop_real(b, numbers, -1), loop_splat(b, start, f->lanes) }, *next[2];
    LLoop i = loop_for(b, loop_i64(b, 0), length, f->lanes, 2, best);
    LValue *exists = loop_lanes_below(b, loop_sub(b, length, i.i), f->lanes), *row = loop_add(b, c, i.i);
    LValue *size = loop_unary(b, OP_abs, loop_load(b, numbers, f->panel, in_panel(b, f, row, c), 1, NULL));
    LValue *larger = loop_binary(b, OP_and, loop_binary(b, OP_gt, size, i.carry[0]), exists);
    LValue *at = loop_add(b, loop_splat(b, loop_convert(b, row, DT_i32), f->lanes), loop_iota(b, rows));
    next[0] = loop_select(b, larger, size, i.carry[0]);
    next[1] = loop_select(b, larger, at, i.carry[1]);
    loop_end(b, &i, next);
    best[0] = i.carry[0], best[1] = i.carry[1];
    for (int n = f->lanes / 2; n; n /= 2) {
        LValue *half[2][2];
        int pick[LOOP_MAX_LANES];
        for (int h = 0; h < 2; h++)
            for (int v = 0; v < 2; v++) {
                for (int k = 0; k < n; k++) pick[k] = h * n + k;
                half[h][v] = loop_shuffle(b, best[v], best[v], n, pick);
            }
        better(b, half[0], half[1], best);
    }
    return loop_convert(b, loop_lane(b, best[1], 0), DT_i64);
}

/* Two numbers or vectors change places. */
static void exchange(LBuilder *b, LType type, LValue *ptr, LValue *i, LValue *j) {
    LValue *x = loop_load(b, type, ptr, i, 1, NULL), *y = loop_load(b, type, ptr, j, 1, NULL);
    loop_store(b, y, ptr, i, 1, NULL);
    loop_store(b, x, ptr, j, 1, NULL);
}

/* Rows c and p, counted from the panel's first, in the panel and the block; elsewhere when the block is done. */
static void exchange_rows(Lower *l, const Factor *f, LValue *c, LValue *p) {
    LBuilder *b = &l->b;
    LType one = loop_type(f->m->dtype, 1), some = loop_type(f->m->dtype, PANEL), word = loop_type(DT_i32, 1);
    LValue *zero = loop_i64(b, 0), *here = loop_add(b, f->at, c), *there = loop_add(b, f->at, p);
    LValue *row = loop_add(b, f->first, here), *other = loop_add(b, f->first, there);
    loop_store(b, loop_convert(b, other, DT_i32), f->m->pivots, row, 1, NULL);
    LLoop apart = loop_if(b, loop_binary(b, OP_ne, c, p));
    exchange(b, word, f->m->order, row, other);
    LLoop j = loop_for(b, zero, loop_i64(b, PANEL), 1, 0, NULL);
    exchange(b, one, f->panel, in_panel(b, f, c, j.i), in_panel(b, f, p, j.i));
    loop_end(b, &j, NULL);
    LLoop k = loop_for(b, zero, loop_i64(b, DEEP), PANEL, 0, NULL);
    exchange(b, some, f->block, in_block(b, here, k.i), in_block(b, there, k.i));
    loop_end(b, &k, NULL);
    loop_end_then(b, &apart);
}

/* What stands below the diagonal in column c is divided by what stands on it; columns behind it lose its multiples. */
static void eliminate(Lower *l, const Factor *f, LValue *c) {
    LBuilder *b = &l->b;
    LType one = loop_type(f->m->dtype, 1), some = loop_type(f->m->dtype, f->lanes);
    LValue *next = loop_add(b, c, loop_i64(b, 1)), *rows = loop_sub(b, f->rows, f->at);
    LValue *pivot = loop_load(b, one, f->panel, in_panel(b, f, c, c), 1, NULL);
    LLoop any = loop_if(b, loop_binary(b, OP_ne, pivot, loop_int(b, one, 0)));
    LValue *by = loop_splat(b, pivot, f->lanes);
    LLoop i = loop_for(b, next, rows, f->lanes, 0, NULL);
    LValue *at = in_panel(b, f, i.i, c), *x = loop_load(b, some, f->panel, at, 1, NULL);
    loop_store(b, loop_binary(b, OP_div, x, by), f->panel, at, 1, NULL);
    loop_end(b, &i, NULL);
    LLoop j = loop_for(b, next, loop_i64(b, PANEL), 1, 0, NULL);
    LValue *u = loop_unary(b, OP_neg, loop_load(b, one, f->panel, in_panel(b, f, c, j.i), 1, NULL));
    LLoop k = loop_for(b, next, rows, f->lanes, 0, NULL);
    LValue *y = loop_load(b, some, f->panel, in_panel(b, f, k.i, c), 1, NULL), *there = in_panel(b, f, k.i, j.i);
    x = loop_load(b, some, f->panel, there, 1, NULL);
    loop_store(b, loop_fma(b, y, loop_splat(b, u, f->lanes), x), f->panel, there, 1, NULL);
    loop_end(b, &k, NULL);
    loop_end(b, &j, NULL);
    loop_end_then(b, &any);
}

/* Columns of the matrix from the first, into the block or out of it. */
static void copy(Lower *l, const Factor *f, bool back) {
    LBuilder *b = &l->b;
    LType some = loop_type(f->m->dtype, PANEL);
    LLoop i = loop_for(b, loop_i64(b, 0), f->rows, 1, 0, NULL);
    LValue *row = loop_add(b, loop_mul(b, loop_add(b, f->first, i.i), f->m->m), f->first);
    LLoop k = loop_for(b, loop_i64(b, 0), loop_i64(b, DEEP), PANEL, 0, NULL);
    LValue *mask = loop_lanes_below(b, loop_sub(b, f->wide, k.i), PANEL), *at = in_block(b, i.i, k.i);
    if (back)
        loop_store(b, loop_load(b, some, f->block, at, 1, NULL), f->m->y, loop_add(b, row, k.i), 1, mask);
    else
        loop_store(b, loop_load(b, some, f->m->y, loop_add(b, row, k.i), 1, mask), f->block, at, 1, NULL);
    loop_end(b, &k, NULL);
    loop_end(b, &i, NULL);
}

static void factor_block(Lower *l, Factor *f) {
    LBuilder *b = &l->b;
    LValue *zero = loop_i64(b, 0), *deep = loop_i64(b, DEEP);
    copy(l, f, false);
    LLoop panel = loop_for(b, zero, f->wide, PANEL, 0, NULL);
    LValue *hi = loop_binary(b, OP_min, loop_add(b, panel.i, loop_i64(b, PANEL)), f->wide);
    f->at = panel.i;
    turn(l, f, false);
    LLoop c = loop_for(b, zero, loop_sub(b, hi, panel.i), 1, 0, NULL);
    exchange_rows(l, f, c.i, pivot_of(l, f, c.i));
    eliminate(l, f, c.i);
    loop_end(b, &c, NULL);
    turn(l, f, true);
    Strips s = { .dtype = f->m->dtype, .a = f->block, .stride = deep, .y = f->block, .width = deep };
    s.forward = s.unit = true;
    s.lo = panel.i;
    s.hi = s.wait_lo = s.from = hi;
    s.wait_hi = f->rows;
    s.to = f->wide;
    s.lanes = blocked_lanes(l, f->m);
    blocked_strips(l, &s);
    loop_end(b, &panel, NULL);
    copy(l, f, true);
}

void blocked_lu(Lower *l, const Matrix *m) {
    LBuilder *b = &l->b;
    int bytes = dtype_bytes(m->dtype);
    LValue *zero = loop_i64(b, 0), *least = loop_binary(b, OP_min, m->n, m->m), *room = blocked_room(l, m);
    Factor f = { .m = m, .block = room, .lanes = lanes_for(l, bytes) };
    f.height = loop_add(b, loop_mul(b, round_up(l, m->n, PANEL), loop_i64(b, PANEL)), loop_i64(b, SPARE));
    f.panel = loop_alloc(b, loop_mul(b, f.height, loop_i64(b, PANEL * bytes)));
    LLoop block = loop_for(b, zero, least, DEEP, 0, NULL);
    f.first = block.i;
    f.rows = loop_sub(b, m->n, f.first);
    f.wide = loop_binary(b, OP_min, loop_sub(b, least, f.first), loop_i64(b, DEEP));
    LValue *behind = loop_at(b, f.block, in_block(b, f.rows, zero), bytes);
    loop_clear(b, behind, loop_i64(b, PANEL * DEEP * bytes));
    factor_block(l, &f);
    LValue *rows = loop_at(b, m->y, loop_mul(b, f.first, m->m), bytes);
    Strips s = { .dtype = m->dtype, .a = f.block, .stride = loop_i64(b, DEEP), .y = rows, .width = m->m };
    s.forward = s.unit = true;
    s.pivots = loop_at(b, m->pivots, f.first, 4);
    s.pivots_from = f.first;
    s.lo = zero;
    s.hi = s.wait_lo = f.wide;
    s.wait_hi = f.rows;
    s.from = loop_add(b, f.first, f.wide);
    s.to = m->m;
    s.lanes = blocked_lanes(l, m);
    blocked_strips(l, &s);
    s.exchanged = true;
    s.from = zero;
    s.to = f.first;
    blocked_strips(l, &s);
    loop_end(b, &block, NULL);
    loop_release(b, f.panel);
    loop_release(b, room);
}
