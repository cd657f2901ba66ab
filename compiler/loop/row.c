/* row: a matrix product of one row.
**
** A panel would read a few lines of each row of the other operand, and rows lie pages apart.  Here STEPS rows of it are read at a
** time, as they lie in memory, some of the columns, and added to sums that stay in the first cache.  Every element is the same
** chain as elsewhere. */
#include "loop/dot.h"

enum { STEPS = 8, PIECES = 4, NARROWEST = 1024, WIDEST = 8192 /* bytes of a row, of a piece */ };

/* Where rows of y are long enough; panels of twelve registers of 64 bytes are as good while y is in some cache.  Where the number
** of rows is not known there is code for both. */
void dot_choose_row(Lower *l, Dot *d) {
    LBuilder *b = &l->b;
    const Target *t = l->to->target;
    int64_t m = 1, n, k, stride, bytes = dtype_bytes(d->sum), least = NARROWEST / bytes, most = WIDEST / bytes;
    bool known = loop_is_const(d->n, &n), line = d->y_flat && strides_are_line(&d->y_columns, &stride) && stride == 1;
    bool any = !loop_is_const(d->m, &m), deep = loop_is_const(d->k, &k), wide = t->vector_registers >= 32;
    if (m != 1 || !line || d->across || d->lanes == 1) return;
    if (!any && (d->copy || (wide && (!known || !deep || n * k * bytes <= t->l3)))) return;
    if (known && (n <= least || (deep && k < 2 * STEPS))) return;
    int64_t width = known ? (n / PIECES + least - 1) / least * least : 2 * least;
    d->row_width = width < least ? least : width > most ? most : width;
    d->row = loop_binary(b, OP_eq, d->m, loop_i64(b, 1));
    d->wide = loop_select(b, d->row, loop_i64(b, d->row_width), d->wide);
}

typedef struct {
    const Dot *d;
    LValue *left, *right;  /* columns */
    LValue *sums, *totals; /* of the chunk at hand, and of those before it */
    LValue *first;         /* step */
    LValue *x[STEPS];      /* its number, and those of the steps behind it */
    int steps;
} RowSweep;

typedef void Columns(Lower *, const RowSweep *, LValue *j, LValue *at, LValue *tail);

/* Vector after vector, the last one perhaps of fewer lanes. */
static void columns(Lower *l, const RowSweep *s, Columns body) {
    LBuilder *b = &l->b;
    const Dot *d = s->d;
    LValue *all = loop_sub(b, s->right, s->left);
    LValue *end = loop_add(b, s->left, loop_binary(b, OP_and, all, loop_i64(b, -d->lanes)));
    LLoop j = loop_for(b, s->left, end, d->lanes, 0, NULL);
    body(l, s, j.i, loop_sub(b, j.i, s->left), NULL);
    loop_end(b, &j, NULL);
    int64_t n;
    if (loop_is_const(d->n, &n) && n % d->lanes == 0) return;
    LLoop rest = loop_if(b, loop_binary(b, OP_lt, end, s->right));
    body(l, s, end, loop_sub(b, end, s->left), loop_lanes_below(b, loop_sub(b, s->right, end), d->lanes));
    loop_end_then(b, &rest);
}

static LValue *sums_at(Lower *l, const RowSweep *s, LValue *from, LValue *at) {
    return loop_load(&l->b, loop_type(s->d->sum, s->d->lanes), from, at, 1, NULL);
}

static void add_steps(Lower *l, const RowSweep *s, LValue *j, LValue *at, LValue *tail) {
    LBuilder *b = &l->b;
    LValue *sum = sums_at(l, s, s->sums, at);
    for (int q = 0; q < s->steps; q++) {
        LValue *y = dot_vector_of_y(l, s->d, loop_add(b, s->first, loop_i64(b, q)), j, tail);
        sum = loop_apply(b, OP_fma, 3, (LValue *[]){ s->x[q], y, sum });
    }
    loop_store(b, sum, s->sums, at, 1, NULL);
}

static void add_chunk(Lower *l, const RowSweep *s, LValue *j, LValue *at, LValue *tail) {
    (void)j, (void)tail;
    LValue *sum = loop_add(&l->b, sums_at(l, s, s->totals, at), sums_at(l, s, s->sums, at));
    loop_store(&l->b, sum, s->totals, at, 1, NULL);
}

static void store(Lower *l, const RowSweep *s, LValue *j, LValue *at, LValue *tail) {
    dot_store_vector(l, s->d, j, sums_at(l, s, s->totals ? s->totals : s->sums, at), !tail);
}

static void steps(Lower *l, RowSweep *s, LValue *from, LValue *to, int each) {
    LBuilder *b = &l->b;
    LLoop f = loop_for(b, from, to, each, 0, NULL);
    f.inst->m = 1; /* not written out */
    s->first = f.i;
    s->steps = each;
    for (int q = 0; q < each; q++)
        s->x[q] = loop_splat(b, dot_number_of_x(l, s->d, loop_add(b, f.i, loop_i64(b, q))), s->d->lanes);
    columns(l, s, add_steps);
    loop_end(b, &f, NULL);
}

static void chunk(Lower *l, RowSweep *s, LValue *from, LValue *to, LValue *bytes) {
    LBuilder *b = &l->b;
    LValue *all = loop_sub(b, to, from), *some = loop_i64(b, STEPS);
    LValue *end = loop_add(b, from, loop_mul(b, loop_binary(b, OP_div, all, some), some));
    loop_clear(b, s->sums, bytes);
    steps(l, s, from, end, STEPS);
    steps(l, s, end, to, 1);
    if (s->totals) columns(l, s, add_chunk);
}

void dot_row(Lower *l, const Dot *d, LValue *left, LValue *right) {
    LBuilder *b = &l->b;
    int64_t known, room = (d->row_width + d->lanes) * dtype_bytes(d->sum);
    RowSweep s = { .d = d, .left = left, .right = right, .sums = loop_stack(b, room, 64) };
    LValue *bytes = loop_i64(b, room), *zero = loop_i64(b, 0);
    if (loop_is_const(d->k, &known) && known <= CHUNK) {
        chunk(l, &s, zero, d->k, bytes);
    } else {
        s.totals = loop_stack(b, room, 64);
        loop_clear(b, s.totals, bytes);
        LLoop f = loop_for(b, zero, d->k, CHUNK, 0, NULL);
        chunk(l, &s, f.i, loop_binary(b, OP_min, d->k, loop_add(b, f.i, loop_i64(b, CHUNK))), bytes);
        loop_end(b, &f, NULL);
    }
    columns(l, &s, store);
}
