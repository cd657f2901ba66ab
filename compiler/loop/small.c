/* small: matrices of at most 32 rows and columns, as many side by side as a register has lanes: number (i, j) of every one of
** them in one vector.  They come into a grid of such vectors, and what becomes of them is written back.
**
** What is done to one matrix does not depend on how many there are, so its bits do not either.  A batch that does not fill a
** register is taken one by one through the same steps; those of a batch that fills several, but not the last, are in part
** taken twice.  Matrices of four rows are written out: no loops, no memory. */
#include "loop/grid.h"
#include "ops/ops.h"

enum { WRITTEN_OUT = 4 };

static Elem conjugate(Small *s, Elem x) {
    if (x.im) x.im = loop_unary(&s->l->b, OP_neg, x.im);
    return x;
}

/* Row i, from column `from` on, loses `factor` times row k of another matrix as wide. */
static void row_minus(Small *s, const Grid *m, LValue *i, LValue *k, LValue *from, Elem factor) {
    Elem f = grid_repeated_elem(s, factor, m->together);
    Turns j = turns(s, from, known(s, m->columns), m->together);
    while (turn(&j))
        grid_put(s, m, i, j.i, elem_minus_product(s->l, grid_get_row(s, m, i, j.i), f, grid_get_row(s, m, k, j.i)));
}

/* Rows i and k change places in those matrices that say so. */
static void exchange(Small *s, const Grid *m, LValue *i, LValue *k, LValue *from, LValue *mask) {
    LValue *here = grid_repeated(s, mask, m->together);
    Turns j = turns(s, from, known(s, m->columns), m->together);
    while (turn(&j)) {
        Elem x = grid_get_row(s, m, i, j.i), y = grid_get_row(s, m, k, j.i);
        grid_put(s, m, i, j.i, elem_select(s->l, here, y, x));
        grid_put(s, m, k, j.i, elem_select(s->l, here, x, y));
    }
}

/* What lu says of the exchanges, in lanes of whole numbers. */
typedef struct {
    LValue *pivots, *order;
} Exchanges;

static LValue *whole_at(Small *s, LValue *ptr, LValue *i) {
    LBuilder *b = &s->l->b;
    return loop_load(b, loop_type(s->index, s->lanes), ptr, loop_mul(b, i, known(s, s->lanes)), 1, NULL);
}
static void whole_put(Small *s, LValue *ptr, LValue *i, LValue *x) {
    LBuilder *b = &s->l->b;
    loop_store(b, x, ptr, loop_mul(b, i, known(s, s->lanes)), 1, NULL);
}

/* The number of the row, from k on, whose number in column k is the largest: the first of them. */
static LValue *pivot_of(Small *s, const Grid *a, LValue *k) {
    LBuilder *b = &s->l->b;
    Turns i = turns(s, k, known(s, a->rows), 1);
    i.ncarry = 2;
    i.carry[0] = loop_real(b, loop_type(dtype_real(s->dtype), s->lanes), -1);
    i.carry[1] = wide(s, loop_convert(b, k, s->index));
    while (turn(&i)) {
        LValue *size = elem_size(s->l, grid_get(s, a, i.i, k)), *larger = loop_binary(b, OP_gt, size, i.carry[0]);
        i.carry[0] = loop_select(b, larger, size, i.carry[0]);
        i.carry[1] = loop_select(b, larger, wide(s, loop_convert(b, i.i, s->index)), i.carry[1]);
    }
    return i.carry[1];
}

static void exchange_with(Small *s, const Grid *a, const Grid *c, const Exchanges *e, LValue *k, LValue *pivot) {
    LBuilder *b = &s->l->b;
    Turns i = turns(s, after(s, k), known(s, a->rows), 1);
    while (turn(&i)) {
        LValue *mask = loop_binary(b, OP_eq, pivot, wide(s, loop_convert(b, i.i, s->index)));
        LLoop some = { 0 };
        if (!s->written_out) some = loop_if(b, s->lanes > 1 ? loop_any(b, mask) : mask);
        exchange(s, a, k, i.i, c ? k : known(s, 0), mask);
        if (c) exchange(s, c, k, i.i, known(s, 0), mask);
        if (e) {
            LValue *x = whole_at(s, e->order, k), *y = whole_at(s, e->order, i.i);
            whole_put(s, e->order, k, loop_select(b, mask, y, x));
            whole_put(s, e->order, i.i, loop_select(b, mask, x, y));
        }
        if (!s->written_out) loop_end_then(b, &some);
    }
}

/* Gauss's elimination of a, and of c beside it.  A column of zeros is left as it is. */
static void eliminate(Small *s, const Grid *a, const Grid *c, const Exchanges *e) {
    LBuilder *b = &s->l->b;
    Turns k = turns(s, known(s, 0), known(s, a->rows < a->columns ? a->rows : a->columns), 1);
    while (turn(&k)) {
        LValue *pivot = pivot_of(s, a, k.i), *next = after(s, k.i);
        if (e) whole_put(s, e->pivots, k.i, pivot);
        exchange_with(s, a, c, e, k.i, pivot);
        Elem by = grid_get(s, a, k.i, k.i);
        LValue *none = loop_binary(b, OP_eq, elem_size(s->l, by), loop_int(b, by.re->type, 0));
        Turns i = turns(s, next, known(s, a->rows), 1);
        while (turn(&i)) {
            Elem x = grid_get(s, a, i.i, k.i), factor = elem_select(s->l, none, x, elem_divided(s->l, x, by));
            if (e) grid_put(s, a, i.i, k.i, factor);
            row_minus(s, a, i.i, k.i, next, factor);
            if (c) row_minus(s, c, i.i, k.i, known(s, 0), factor);
        }
    }
}

/* c becomes a^-1 c for triangular a, or its transpose: forward or backward, every row taken off those to come. */
static void substitute(Small *s, const Grid *a, const Grid *c, bool forward, bool transposed, bool unit) {
    LBuilder *b = &s->l->b;
    LValue *n = known(s, a->rows), *none = known(s, 0);
    Turns t = turns(s, none, n, 1);
    while (turn(&t)) {
        LValue *k = forward ? t.i : loop_sub(b, known(s, a->rows - 1), t.i);
        if (!unit) {
            Elem by = grid_repeated_elem(s, grid_get(s, a, k, k), c->together);
            Turns j = turns(s, none, known(s, c->columns), c->together);
            while (turn(&j)) grid_put(s, c, k, j.i, elem_divided(s->l, grid_get_row(s, c, k, j.i), by));
        }
        Turns i = turns(s, forward ? after(s, k) : none, forward ? n : k, 1);
        while (turn(&i)) row_minus(s, c, i.i, k, none, transposed ? grid_get(s, a, k, i.i) : grid_get(s, a, i.i, k));
    }
}

/* what becomes of the matrices from number `first` on */

static void small_cholesky(Small *s, LValue *first) {
    LBuilder *b = &s->l->b;
    Grid x = grid_load(s, s->in->args[0], first, false),
         v = grid_turned(s, &x); /* becomes Lᵀ, whose rows lie together */
    Turns k = turns(s, known(s, 0), known(s, v.rows), 1);
    k.ncarry = 1;
    k.carry[0] = wide(s, loop_bool(b, true));
    while (turn(&k)) {
        Elem d = grid_get(s, &v, k.i, k.i);
        LValue *next = after(s, k.i), *n = known(s, v.columns);
        k.carry[0] = loop_binary(b, OP_and, k.carry[0], loop_binary(b, OP_gt, d.re, loop_int(b, d.re->type, 0)));
        d.re = loop_unary(b, OP_sqrt, d.re);
        if (d.im) d.im = loop_int(b, d.re->type, 0);
        grid_put(s, &v, k.i, k.i, d);
        LValue *by = grid_repeated(s, d.re, v.together);
        Turns j = turns(s, next, n, v.together);
        while (turn(&j)) {
            Elem y = grid_get_row(s, &v, k.i, j.i);
            y.re = loop_binary(b, OP_div, y.re, by);
            if (y.im) y.im = loop_binary(b, OP_div, y.im, by);
            grid_put(s, &v, k.i, j.i, y);
        }
        Turns i = turns(s, next, n, 1);
        while (turn(&i)) row_minus(s, &v, i.i, k.i, i.i, conjugate(s, grid_get(s, &v, k.i, i.i)));
    }
    LValue *nan = loop_real(b, loop_type(dtype_real(s->dtype), s->lanes), __builtin_nan(""));
    Elem bad = { nan, dtype_is_complex(s->dtype) ? grid_zero(s).im : NULL };
    Turns i = turns(s, known(s, 0), known(s, x.rows), 1);
    while (turn(&i)) {
        Turns j = turns(s, known(s, 0), after(s, i.i), 1);
        while (turn(&j)) { grid_put(s, &x, i.i, j.i, elem_select(s->l, k.carry[0], grid_get(s, &v, j.i, i.i), bad)); }
        Turns above = turns(s, after(s, i.i), known(s, x.columns), 1);
        while (turn(&above)) grid_put(s, &x, i.i, above.i, grid_zero(s));
    }
    grid_store(s, s->in->results[0], first, &x);
}

static void small_triangular_solve(Small *s, LValue *first) {
    const Attrs *at = s->in->attrs;
    Grid a = grid_load(s, s->in->args[0], first, false), c = grid_load(s, s->in->args[1], first, true);
    substitute(s, &a, &c, (at->lower != 0) != (at->transposed != 0), at->transposed, at->unit);
    grid_store(s, s->in->results[0], first, &c);
}

static void small_solve(Small *s, LValue *first) {
    bool flip = s->in->attrs->transposed;
    Grid a = grid_load(s, s->in->args[0], first, !flip), c = grid_load(s, s->in->args[1], first, true);
    if (flip) a = grid_turned(s, &a);
    eliminate(s, &a, &c, NULL);
    substitute(s, &a, &c, false, false, false);
    grid_store(s, s->in->results[0], first, &c);
}

/* Whole numbers, n of each matrix. */
static void store_whole(Small *s, const Value *v, LValue *first, LValue *from, int64_t n) {
    LBuilder *b = &s->l->b;
    Turns i = turns(s, known(s, 0), known(s, n), 1);
    while (turn(&i)) {
        LValue *x = loop_convert(b, whole_at(s, from, i.i), DT_i32);
        loop_store(b, x, home_of(s->l, v).ptr, loop_add(b, loop_mul(b, first, known(s, n)), i.i), n, NULL);
    }
}

static void small_lu(Small *s, LValue *first) {
    LBuilder *b = &s->l->b;
    Grid a = grid_load(s, s->in->args[0], first, true);
    int64_t least = a.rows < a.columns ? a.rows : a.columns, bytes = s->lanes * (s->index == DT_i64 ? 8 : 4);
    Exchanges e = { loop_stack(b, least * bytes, 64), loop_stack(b, a.rows * bytes, 64) };
    Turns i = turns(s, known(s, 0), known(s, a.rows), 1);
    while (turn(&i)) whole_put(s, e.order, i.i, wide(s, loop_convert(b, i.i, s->index)));
    eliminate(s, &a, NULL, &e);
    grid_store(s, s->in->results[0], first, &a);
    store_whole(s, s->in->results[1], first, e.pivots, least);
    store_whole(s, s->in->results[2], first, e.order, a.rows);
}

static void matrices(Small *s, LValue *first) {
    switch ((int)s->in->op) {
    case OP_cholesky: small_cholesky(s, first); break;
    case OP_triangular_solve: small_triangular_solve(s, first); break;
    case OP_solve: small_solve(s, first); break;
    default: small_lu(s, first); break;
    }
}

/* Registers of matrices, the last of them from the end of the batch. */
static void full_registers(Lower *l, LValue *lo, LValue *hi, void *context) {
    LBuilder *b = &l->b;
    Small *s = context;
    LLoop f = loop_for(b, lo, hi, 1, 0, NULL);
    LValue *lanes = known(s, s->lanes);
    matrices(s, loop_binary(b, OP_min, loop_mul(b, f.i, lanes), loop_sub(b, s->count, lanes)));
    loop_end(b, &f, NULL);
}

static void one_by_one(Small *s) {
    LBuilder *b = &s->l->b;
    int64_t n;
    if (loop_is_const(s->count, &n) && n == 1) {
        matrices(s, known(s, 0));
        return;
    }
    LLoop f = loop_for(b, known(s, 0), s->count, 1, 0, NULL);
    matrices(s, f.i);
    loop_end(b, &f, NULL);
}

static bool is_small(const Type *t, int64_t *largest) {
    for (int i = t->rank - 2; i < t->rank; i++) {
        int64_t n;
        if (!dim_is_int(t->dim[i], &n) || n < 1 || n > MOST_SMALL) return false;
        if (n > *largest) *largest = n;
    }
    return true;
}

bool lower_small(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    const Type *t = in->args[0]->type;
    int64_t largest = 1, count;
    for (int i = 0; i < in->nargs; i++)
        if (!is_small(in->args[i]->type, &largest)) return false;
    DType real = dtype_real(t->dtype);
    Small s = { .l = l, .in = in, .dtype = t->dtype, .index = real == DT_f32 ? DT_i32 : DT_i64 };
    s.lanes = lanes_for(l, dtype_bytes(real));
    s.written_out = largest <= WRITTEN_OUT;
    s.count = loop_i64(b, 1);
    for (int i = 0; i + 2 < t->rank; i++) s.count = loop_mul(b, s.count, lower_dim(l, t->dim[i]));
    for (int i = 0; i < in->nresults; i++) home_new(l, in->results[i]);
    Small one = s;
    one.lanes = 1;
    bool is_known = loop_is_const(s.count, &count);
    if (s.lanes == 1 || (is_known && count < s.lanes)) {
        one_by_one(&one);
        return true;
    }
    LLoop f = { 0 };
    if (!is_known) f = loop_if(b, loop_binary(b, OP_ge, s.count, known(&s, s.lanes)));
    double work = 20 + 0.5 * (double)(largest * largest * (largest + s.lanes));
    pieces(l, round_up(l, s.count, s.lanes), (Work){ work, NULL }, full_registers, &s);
    if (is_known) return true;
    loop_else(b, &f, 0, NULL);
    one_by_one(&one);
    loop_end_if(b, &f, 0, NULL);
    return true;
}
