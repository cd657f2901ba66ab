/* small: matrices of at most 32 rows and columns, as many side by side as a register has lanes: number (i, j) of every one of
** them in one vector.  They come into a grid of such vectors, and what becomes of them is written back.
**
** What is done to one matrix does not depend on how many there are, so its bits do not either.  A batch that does not fill a
** register is taken one by one through the same steps; those of a batch that fills several, but not the last, are in part
** taken twice.  Matrices of four rows are written out: no loops, no memory. */
#include "loop/lower.h"
#include "ops/ops.h"

enum { WRITTEN_OUT = 4, TOGETHER = 4 /* columns, where there are many */ };

typedef struct {
    Lower *l;
    const Inst *in;
    DType dtype, index; /* index: the integers that are as wide as the numbers */
    int lanes;
    bool written_out;
    LValue *count; /* of the batch */
} Small;

/* Rows one after another, each with room for a group of columns that begins in its last one. */
typedef struct {
    LValue *at;
    int rows, columns, pitch, together;
} Grid;

/* for i = lo, lo + step, ... below hi: `while (turn(&t))` goes through it once and makes a loop of what is appended there, or as
** often as it says.  `carry` is what it hands from one turn to the next, and in the end. */
typedef struct {
    LBuilder *b;
    LLoop loop;
    LValue *lo, *hi, *i, *carry[2];
    int64_t step, next;
    int ncarry;
    bool written_out, open;
} Turns;

static Turns turns(Small *s, LValue *lo, LValue *hi, int step) {
    Turns t = { .b = &s->l->b, .lo = lo, .hi = hi, .step = step, .written_out = s->written_out };
    if (t.written_out) loop_is_const(lo, &t.next);
    return t;
}

static bool turn(Turns *t) {
    if (t->written_out) {
        int64_t hi = 0;
        loop_is_const(t->hi, &hi);
        t->i = loop_i64(t->b, t->next);
        t->next += t->step;
        return t->next - t->step < hi;
    }
    t->open = !t->open;
    if (t->open)
        t->loop = loop_for(t->b, t->lo, t->hi, t->step, t->ncarry, t->carry);
    else
        loop_end(t->b, &t->loop, t->carry);
    t->i = t->loop.i;
    for (int k = 0; k < t->ncarry; k++) t->carry[k] = t->loop.carry[k];
    return t->open;
}

static LValue *known(Small *s, int64_t i) { return loop_i64(&s->l->b, i); }
static LValue *after(Small *s, LValue *i) { return loop_add(&s->l->b, i, known(s, 1)); }

/* numbers in grids */

static Grid grid_new(Small *s, int rows, int columns, bool rows_count) {
    Grid m = { .rows = rows, .columns = columns, .together = 1 };
    int most = s->lanes == 1 ? 2 * lanes_for(s->l, dtype_bytes(dtype_real(s->dtype))) : TOGETHER;
    while (!s->written_out && rows_count && 2 * m.together <= columns && 2 * m.together <= most &&
           2 * m.together * s->lanes <= LOOP_MAX_LANES)
        m.together *= 2;
    m.pitch = columns + m.together - 1;
    int parts = dtype_is_complex(s->dtype) ? 2 : 1, bytes = dtype_bytes(dtype_real(s->dtype));
    m.at = loop_stack(&s->l->b, (int64_t)rows * m.pitch * parts * s->lanes * bytes, 64);
    return m;
}

static LValue *place(Small *s, const Grid *m, LValue *i, LValue *j) {
    LBuilder *b = &s->l->b;
    return loop_mul(b, loop_add(b, loop_mul(b, i, known(s, m->pitch)), j), known(s, s->lanes));
}

/* Imaginary parts lie behind all real ones. */
static LValue *imaginary(Small *s, const Grid *m, LValue *at) {
    return loop_add(&s->l->b, at, known(s, (int64_t)m->rows * m->pitch * s->lanes));
}

static Elem get_some(Small *s, const Grid *m, LValue *i, LValue *j, int together) {
    LBuilder *b = &s->l->b;
    LType t = loop_type(dtype_real(s->dtype), s->lanes * together);
    LValue *at = place(s, m, i, j), *im = NULL;
    if (dtype_is_complex(s->dtype)) im = loop_load(b, t, m->at, imaginary(s, m, at), 1, NULL);
    return (Elem){ loop_load(b, t, m->at, at, 1, NULL), im };
}

static void put(Small *s, const Grid *m, LValue *i, LValue *j, Elem x) {
    LBuilder *b = &s->l->b;
    LValue *at = place(s, m, i, j);
    loop_store(b, x.re, m->at, at, 1, NULL);
    if (x.im) loop_store(b, x.im, m->at, imaginary(s, m, at), 1, NULL);
}

static Elem get(Small *s, const Grid *m, LValue *i, LValue *j) { return get_some(s, m, i, j, 1); }
static Elem get_row(Small *s, const Grid *m, LValue *i, LValue *j) { return get_some(s, m, i, j, m->together); }

/* One number of each matrix, for all columns of a group. */
static LValue *repeated(Small *s, LValue *x, int together) {
    int pick[LOOP_MAX_LANES];
    if (together == 1) return x;
    if (s->lanes == 1) return loop_splat(&s->l->b, x, together);
    for (int k = 0; k < s->lanes * together; k++) pick[k] = k % s->lanes;
    return loop_shuffle(&s->l->b, x, x, s->lanes * together, pick);
}
static Elem elem_repeated(Small *s, Elem x, int together) {
    return (Elem){ repeated(s, x.re, together), x.im ? repeated(s, x.im, together) : NULL };
}

static Elem conjugate(Small *s, Elem x) {
    if (x.im) x.im = loop_unary(&s->l->b, OP_neg, x.im);
    return x;
}

static LValue *wide(Small *s, LValue *x) { return loop_splat(&s->l->b, x, s->lanes); }
static Elem zero(Small *s) {
    LValue *none = loop_int(&s->l->b, loop_type(dtype_real(s->dtype), s->lanes), 0);
    return (Elem){ none, dtype_is_complex(s->dtype) ? none : NULL };
}

/* from memory into grids and back */

typedef struct {
    LValue *ptr, *first; /* of `size` numbers each; number of the first */
    int64_t size;
} Memory;

static LValue *number_at(Small *s, const Memory *m, int lane, LValue *k) {
    LBuilder *b = &s->l->b;
    return loop_add(b, loop_mul(b, loop_add(b, m->first, known(s, lane)), known(s, m->size)), k);
}

/* `n` neighbouring numbers of every matrix, from number `k` on, as vectors with a lane for each matrix; `n` at most lanes. */
static void read_across(Small *s, const Memory *m, LValue *k, int n, LValue **v) {
    LBuilder *b = &s->l->b;
    LType t = loop_type(s->dtype, s->lanes);
    LValue *mask = n < s->lanes ? loop_lanes_below(b, known(s, n), s->lanes) : NULL;
    for (int i = 0; i < s->lanes; i++) v[i] = loop_load(b, t, m->ptr, number_at(s, m, i, k), 1, mask);
    rows_to_columns(b, v, s->lanes);
}

static void write_across(Small *s, const Memory *m, LValue *k, int n, LValue **v) {
    LBuilder *b = &s->l->b;
    LValue *mask = n < s->lanes ? loop_lanes_below(b, known(s, n), s->lanes) : NULL;
    for (int i = n; i < s->lanes; i++) v[i] = v[0];
    rows_to_columns(b, v, s->lanes);
    for (int i = 0; i < s->lanes; i++) loop_store(b, v[i], m->ptr, number_at(s, m, i, k), 1, mask);
}

/* Number k of every matrix. */
static Elem read_one(Small *s, const Memory *m, LValue *k) {
    return elem_load(s->l, s->dtype, s->lanes, m->ptr, number_at(s, m, 0, k), m->size, NULL, false);
}
static void write_one(Small *s, const Memory *m, LValue *k, Elem x) {
    elem_store(s->l, s->dtype, x, m->ptr, number_at(s, m, 0, k), m->size, NULL);
}

static bool goes_across(const Small *s, int64_t n) {
    return s->lanes > 1 && s->lanes <= 16 && n > 4 && !dtype_is_complex(s->dtype);
}

/* Columns from .. from + n of a row. */
static void move_across(Small *s, const Memory *mem, const Grid *m, LValue *i, LValue *from, int n, bool back) {
    LBuilder *b = &s->l->b;
    LValue *v[LOOP_MAX_LANES], *k = loop_add(b, loop_mul(b, i, known(s, m->columns)), from);
    if (!back) read_across(s, mem, k, n, v);
    for (int c = 0; c < n; c++) {
        LValue *j = loop_add(b, from, known(s, c));
        if (back)
            v[c] = get(s, m, i, j).re;
        else
            put(s, m, i, j, (Elem){ v[c], NULL });
    }
    if (back) write_across(s, mem, k, n, v);
}

static void move_row(Small *s, const Memory *mem, const Grid *m, LValue *i, bool back) {
    LBuilder *b = &s->l->b;
    int n = m->columns;
    if (!goes_across(s, n)) {
        Turns t = turns(s, known(s, 0), known(s, n), 1);
        while (turn(&t)) {
            LValue *k = loop_add(b, loop_mul(b, i, known(s, n)), t.i);
            if (back)
                write_one(s, mem, k, get(s, m, i, t.i));
            else
                put(s, m, i, t.i, read_one(s, mem, k));
        }
        return;
    }
    if (n < s->lanes) {
        move_across(s, mem, m, i, known(s, 0), n, back);
        return;
    }
    Turns t = turns(s, known(s, 0), known(s, n / s->lanes * s->lanes), s->lanes);
    while (turn(&t)) move_across(s, mem, m, i, t.i, s->lanes, back);
    if (n % s->lanes) move_across(s, mem, m, i, known(s, n - s->lanes), s->lanes, back); /* some once more */
}

/* Rows without room between them are one long row. */
static void move(Small *s, const Memory *mem, const Grid *m, bool back) {
    Grid flat = *m;
    if (m->pitch == m->columns) {
        flat.columns = flat.pitch = m->rows * m->columns;
        flat.rows = 1;
        move_row(s, mem, &flat, known(s, 0), back);
        return;
    }
    Turns t = turns(s, known(s, 0), known(s, m->rows), 1);
    while (turn(&t)) move_row(s, mem, m, t.i, back);
}

static Memory memory(Small *s, const Value *v, LValue *first) {
    const Type *t = v->type;
    int64_t rows = 1, columns = 1;
    dim_is_int(t->dim[t->rank - 2], &rows);
    dim_is_int(t->dim[t->rank - 1], &columns);
    return (Memory){ home_of(s->l, v).ptr, first, rows * columns };
}

static Grid grid_like(Small *s, const Value *v, bool rows_count) {
    int64_t rows = 1, columns = 1;
    const Type *t = v->type;
    dim_is_int(t->dim[t->rank - 2], &rows);
    dim_is_int(t->dim[t->rank - 1], &columns);
    return grid_new(s, (int)rows, (int)columns, rows_count);
}

static Grid load(Small *s, const Value *v, LValue *first, bool rows_count) {
    Grid m = grid_like(s, v, rows_count);
    Memory mem = memory(s, v, first);
    move(s, &mem, &m, false);
    if (m.together == 1) return m;
    Turns i = turns(s, known(s, 0), known(s, m.rows), 1); /* what is computed beyond a row is not to be slow */
    while (turn(&i)) {
        Turns j = turns(s, known(s, m.columns), known(s, m.pitch), 1);
        while (turn(&j)) put(s, &m, i.i, j.i, zero(s));
    }
    return m;
}

static void store(Small *s, const Value *v, LValue *first, const Grid *m) {
    Memory mem = memory(s, v, first);
    move(s, &mem, m, true);
}

/* The transpose. */
static Grid turned(Small *s, const Grid *x) {
    Grid y = grid_new(s, x->columns, x->rows, true);
    Turns i = turns(s, known(s, 0), known(s, x->rows), 1);
    while (turn(&i)) {
        Turns j = turns(s, known(s, 0), known(s, x->columns), 1);
        while (turn(&j)) put(s, &y, j.i, i.i, get(s, x, i.i, j.i));
    }
    return y;
}

/* the steps */

/* Row i, from column `from` on, loses `factor` times row k of another matrix as wide. */
static void row_minus(Small *s, const Grid *m, LValue *i, LValue *k, LValue *from, Elem factor) {
    Elem f = elem_repeated(s, factor, m->together);
    Turns j = turns(s, from, known(s, m->columns), m->together);
    while (turn(&j)) put(s, m, i, j.i, elem_minus_product(s->l, get_row(s, m, i, j.i), f, get_row(s, m, k, j.i)));
}

/* Rows i and k change places in those matrices that say so. */
static void exchange(Small *s, const Grid *m, LValue *i, LValue *k, LValue *from, LValue *mask) {
    LValue *here = repeated(s, mask, m->together);
    Turns j = turns(s, from, known(s, m->columns), m->together);
    while (turn(&j)) {
        Elem x = get_row(s, m, i, j.i), y = get_row(s, m, k, j.i);
        put(s, m, i, j.i, elem_select(s->l, here, y, x));
        put(s, m, k, j.i, elem_select(s->l, here, x, y));
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
        LValue *size = elem_size(s->l, get(s, a, i.i, k)), *larger = loop_binary(b, OP_gt, size, i.carry[0]);
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
        Elem by = get(s, a, k.i, k.i);
        LValue *none = loop_binary(b, OP_eq, elem_size(s->l, by), loop_int(b, by.re->type, 0));
        Turns i = turns(s, next, known(s, a->rows), 1);
        while (turn(&i)) {
            Elem x = get(s, a, i.i, k.i), factor = elem_select(s->l, none, x, elem_divided(s->l, x, by));
            if (e) put(s, a, i.i, k.i, factor);
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
            Elem by = elem_repeated(s, get(s, a, k, k), c->together);
            Turns j = turns(s, none, known(s, c->columns), c->together);
            while (turn(&j)) put(s, c, k, j.i, elem_divided(s->l, get_row(s, c, k, j.i), by));
        }
        Turns i = turns(s, forward ? after(s, k) : none, forward ? n : k, 1);
        while (turn(&i)) row_minus(s, c, i.i, k, none, transposed ? get(s, a, k, i.i) : get(s, a, i.i, k));
    }
}

/* what becomes of the matrices from number `first` on */

static void small_cholesky(Small *s, LValue *first) {
    LBuilder *b = &s->l->b;
    Grid x = load(s, s->in->args[0], first, false), v = turned(s, &x); /* becomes Lᵀ, whose rows lie together */
    Turns k = turns(s, known(s, 0), known(s, v.rows), 1);
    k.ncarry = 1;
    k.carry[0] = wide(s, loop_bool(b, true));
    while (turn(&k)) {
        Elem d = get(s, &v, k.i, k.i);
        LValue *next = after(s, k.i), *n = known(s, v.columns);
        k.carry[0] = loop_binary(b, OP_and, k.carry[0], loop_binary(b, OP_gt, d.re, loop_int(b, d.re->type, 0)));
        d.re = loop_unary(b, OP_sqrt, d.re);
        if (d.im) d.im = loop_int(b, d.re->type, 0);
        put(s, &v, k.i, k.i, d);
        LValue *by = repeated(s, d.re, v.together);
        Turns j = turns(s, next, n, v.together);
        while (turn(&j)) {
            Elem y = get_row(s, &v, k.i, j.i);
            y.re = loop_binary(b, OP_div, y.re, by);
            if (y.im) y.im = loop_binary(b, OP_div, y.im, by);
            put(s, &v, k.i, j.i, y);
        }
        Turns i = turns(s, next, n, 1);
        while (turn(&i)) row_minus(s, &v, i.i, k.i, i.i, conjugate(s, get(s, &v, k.i, i.i)));
    }
    LValue *nan = loop_real(b, loop_type(dtype_real(s->dtype), s->lanes), __builtin_nan(""));
    Elem bad = { nan, dtype_is_complex(s->dtype) ? zero(s).im : NULL };
    Turns i = turns(s, known(s, 0), known(s, x.rows), 1);
    while (turn(&i)) {
        Turns j = turns(s, known(s, 0), after(s, i.i), 1);
        while (turn(&j)) { put(s, &x, i.i, j.i, elem_select(s->l, k.carry[0], get(s, &v, j.i, i.i), bad)); }
        Turns above = turns(s, after(s, i.i), known(s, x.columns), 1);
        while (turn(&above)) put(s, &x, i.i, above.i, zero(s));
    }
    store(s, s->in->results[0], first, &x);
}

static void small_triangular_solve(Small *s, LValue *first) {
    const Attrs *at = s->in->attrs;
    Grid a = load(s, s->in->args[0], first, false), c = load(s, s->in->args[1], first, true);
    substitute(s, &a, &c, (at->lower != 0) != (at->transposed != 0), at->transposed, at->unit);
    store(s, s->in->results[0], first, &c);
}

static void small_solve(Small *s, LValue *first) {
    bool flip = s->in->attrs->transposed;
    Grid a = load(s, s->in->args[0], first, !flip), c = load(s, s->in->args[1], first, true);
    if (flip) a = turned(s, &a);
    eliminate(s, &a, &c, NULL);
    substitute(s, &a, &c, false, false, false);
    store(s, s->in->results[0], first, &c);
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
    Grid a = load(s, s->in->args[0], first, true);
    int64_t least = a.rows < a.columns ? a.rows : a.columns, bytes = s->lanes * (s->index == DT_i64 ? 8 : 4);
    Exchanges e = { loop_stack(b, least * bytes, 64), loop_stack(b, a.rows * bytes, 64) };
    Turns i = turns(s, known(s, 0), known(s, a.rows), 1);
    while (turn(&i)) whole_put(s, e.order, i.i, wide(s, loop_convert(b, i.i, s->index)));
    eliminate(s, &a, NULL, &e);
    store(s, s->in->results[0], first, &a);
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
