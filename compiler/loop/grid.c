/* grid: matrices side by side in registers, on the stack: number (i, j) of all of them in one vector; and how they come there from
** memory and go back. */
#include "loop/grid.h"

enum { TOGETHER = 4 /* columns, where there are many */ };

Turns turns(Small *s, LValue *lo, LValue *hi, int step) {
    Turns t = { .b = &s->l->b, .lo = lo, .hi = hi, .step = step, .written_out = s->written_out };
    if (t.written_out) loop_is_const(lo, &t.next);
    return t;
}

bool turn(Turns *t) {
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

/* numbers in grids */

Grid grid_new(Small *s, int rows, int columns, bool rows_count) {
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

void grid_put(Small *s, const Grid *m, LValue *i, LValue *j, Elem x) {
    LBuilder *b = &s->l->b;
    LValue *at = place(s, m, i, j);
    loop_store(b, x.re, m->at, at, 1, NULL);
    if (x.im) loop_store(b, x.im, m->at, imaginary(s, m, at), 1, NULL);
}

Elem grid_get(Small *s, const Grid *m, LValue *i, LValue *j) { return get_some(s, m, i, j, 1); }
Elem grid_get_row(Small *s, const Grid *m, LValue *i, LValue *j) { return get_some(s, m, i, j, m->together); }

/* One number of each matrix, for all columns of a group. */
LValue *grid_repeated(Small *s, LValue *x, int together) {
    int pick[LOOP_MAX_LANES];
    if (together == 1) return x;
    if (s->lanes == 1) return loop_splat(&s->l->b, x, together);
    for (int k = 0; k < s->lanes * together; k++) pick[k] = k % s->lanes;
    return loop_shuffle(&s->l->b, x, x, s->lanes * together, pick);
}
Elem grid_repeated_elem(Small *s, Elem x, int together) {
    return (Elem){ grid_repeated(s, x.re, together), x.im ? grid_repeated(s, x.im, together) : NULL };
}

Elem grid_zero(Small *s) {
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
            v[c] = grid_get(s, m, i, j).re;
        else
            grid_put(s, m, i, j, (Elem){ v[c], NULL });
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
                write_one(s, mem, k, grid_get(s, m, i, t.i));
            else
                grid_put(s, m, i, t.i, read_one(s, mem, k));
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

Grid grid_like(Small *s, const Value *v, bool rows_count) {
    int64_t rows = 1, columns = 1;
    const Type *t = v->type;
    dim_is_int(t->dim[t->rank - 2], &rows);
    dim_is_int(t->dim[t->rank - 1], &columns);
    return grid_new(s, (int)rows, (int)columns, rows_count);
}

Grid grid_load(Small *s, const Value *v, LValue *first, bool rows_count) {
    Grid m = grid_like(s, v, rows_count);
    Memory mem = memory(s, v, first);
    move(s, &mem, &m, false);
    if (m.together == 1) return m;
    Turns i = turns(s, known(s, 0), known(s, m.rows), 1); /* what is computed beyond a row is not to be slow */
    while (turn(&i)) {
        Turns j = turns(s, known(s, m.columns), known(s, m.pitch), 1);
        while (turn(&j)) grid_put(s, &m, i.i, j.i, grid_zero(s));
    }
    return m;
}

void grid_store(Small *s, const Value *v, LValue *first, const Grid *m) {
    Memory mem = memory(s, v, first);
    move(s, &mem, m, true);
}

/* The transpose. */
Grid grid_turned(Small *s, const Grid *x) {
    Grid y = grid_new(s, x->columns, x->rows, true);
    Turns i = turns(s, known(s, 0), known(s, x->rows), 1);
    while (turn(&i)) {
        Turns j = turns(s, known(s, 0), known(s, x->columns), 1);
        while (turn(&j)) grid_put(s, &y, j.i, i.i, grid_get(s, x, i.i, j.i));
    }
    return y;
}
