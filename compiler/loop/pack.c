/* pack: the first operand of a matrix product, copied so that what a tile reads of it lies side by side.
**
** Where its rows are columns of memory, as in a.T @ b, every step along the contracted axes is another line of the cache, of which a
** tile reads a part.  Where the lines are a multiple of 4 KB apart they fall into few sets of the cache, and have gone when the
** next tile comes: 1.2 times the time, for 1024x1024.  So the rows of a tile are copied step by step, once for all panels. */
#include "loop/dot.h"

enum { APART = 4096 /* bytes */, WIDE = 4 /* panels that read it */, STEPS = 8 };

bool pack_pays(const Dot *d) {
    int64_t m, n, apart, step;
    if (!d->x_flat || !loop_is_const(d->m, &m) || !loop_is_const(d->n, &n)) return false;
    if (!strides_are_line(&d->x_rows, &apart) || !strides_are_line(&d->x_k, &step)) return false;
    return apart == 1 && step && step * dtype_bytes(d->x_view.dtype) % APART == 0 && m >= d->rows &&
           n >= WIDE * d->width;
}

typedef struct {
    const Dot *d;
    LValue *to, *each, *batch; /* elements of a tile, and of what all tiles of one index of the batch axes take */
    LValue *groups;            /* of steps */
} Pack;

/* lanes of them, from one place to another */
static void move(Lower *l, const Pack *p, LValue *from, LValue *to, int lanes) {
    LBuilder *b = &l->b;
    const View *x = &p->d->x_view;
    Elem e = elem_load(l, x->dtype, lanes, x->home.ptr, from, 1, NULL, x->home.fixed);
    loop_store(b, loop_convert(b, e.re, p->d->sum), p->to, to, 1, NULL);
}

/* Steps lo .. hi of the tile that begins at a row.  A row of it is not a power of 2: it takes a few vectors. */
static void whole_tile(Lower *l, const Pack *p, LValue *lo, LValue *hi, LValue *from, LValue *to) {
    const Dot *d = p->d;
    LBuilder *b = &l->b;
    LLoop f = loop_for(b, lo, hi, 1, 0, NULL);
    LValue *at = loop_add(b, from, strides_offset(l, &d->x_k, f.i));
    LValue *row = loop_add(b, to, loop_mul(b, f.i, loop_i64(b, d->rows)));
    for (int r = 0; r < d->rows;) {
        int lanes = lanes_for(l, dtype_bytes(d->sum));
        while (lanes > d->rows - r) lanes /= 2;
        move(l, p, loop_add(b, at, loop_i64(b, r)), loop_add(b, row, loop_i64(b, r)), lanes);
        r += lanes;
    }
    loop_end(b, &f, NULL);
}

/* Rows that are not there are the last one. */
static void last_tile(Lower *l, const Pack *p, LValue *lo, LValue *hi, LValue *base, LValue *first, LValue *to) {
    const Dot *d = p->d;
    LBuilder *b = &l->b;
    LValue *last = loop_sub(b, d->m, loop_i64(b, 1));
    LLoop f = loop_for(b, lo, hi, 1, 0, NULL);
    LValue *at = loop_add(b, base, strides_offset(l, &d->x_k, f.i));
    LValue *row = loop_add(b, to, loop_mul(b, f.i, loop_i64(b, d->rows)));
    for (int r = 0; r < d->rows; r++) {
        LValue *there = loop_binary(b, OP_min, loop_add(b, first, loop_i64(b, r)), last);
        move(l, p, loop_add(b, at, there), loop_add(b, row, loop_i64(b, r)), 1);
    }
    loop_end(b, &f, NULL);
}

/* Some steps of all tiles: so few that the lines they lie in are all in the cache. */
static void pack_pieces(Lower *l, LValue *begin, LValue *end, void *context) {
    const Pack *p = context;
    const Dot *d = p->d;
    LBuilder *b = &l->b;
    LValue *rows = loop_i64(b, d->rows), *steps = loop_i64(b, STEPS);
    LLoop f = loop_for(b, begin, end, 1, 0, NULL);
    LValue *rest = loop_binary(b, OP_div, f.i, p->groups), *to = loop_mul(b, rest, p->batch), *base = d->x_view.base;
    LValue *lo = loop_mul(b, loop_binary(b, OP_rem, f.i, p->groups), steps);
    LValue *hi = loop_binary(b, OP_min, loop_add(b, lo, steps), d->k);
    for (int i = d->batch - 1; i >= 0; i--) {
        LValue *size = lower_dim(l, d->x->type->dim[i]);
        base = loop_add(b, base, loop_mul(b, loop_binary(b, OP_rem, rest, size), d->x_view.stride[i]));
        rest = loop_binary(b, OP_div, rest, size);
    }
    LValue *whole = loop_binary(b, OP_div, d->m, rows), *after = loop_mul(b, whole, rows);
    LLoop t = loop_for(b, loop_i64(b, 0), whole, 1, 0, NULL);
    whole_tile(l, p, lo, hi, loop_add(b, base, loop_mul(b, t.i, rows)), loop_add(b, to, loop_mul(b, t.i, p->each)));
    loop_end(b, &t, NULL);
    LLoop more = loop_if(b, loop_binary(b, OP_lt, after, d->m));
    last_tile(l, p, lo, hi, base, after, loop_add(b, to, loop_mul(b, whole, p->each)));
    loop_end_then(b, &more);
    loop_end(b, &f, NULL);
}

/* From here on the tiles lie one behind the other; in one, steps; in a step, rows. */
void pack(Lower *l, Dot *d) {
    LBuilder *b = &l->b;
    Pack p = { .d = d, .each = loop_mul(b, d->k, loop_i64(b, d->rows)) };
    p.batch = loop_mul(b, round_up(l, d->m, d->rows), p.each);
    p.groups = round_up(l, d->k, STEPS);
    LValue *stride = p.batch, *batches = loop_i64(b, 1);
    for (int i = 0; i < d->batch; i++) batches = loop_mul(b, batches, lower_dim(l, d->x->type->dim[i]));
    p.to = take_memory(l, loop_mul(b, loop_mul(b, batches, p.batch), loop_i64(b, dtype_bytes(d->sum))));
    pieces(l, loop_mul(b, batches, p.groups), (Work){ STEPS * 0.3, d->m }, pack_pieces, &p);
    d->packed = true;
    d->x_view.home = (Home){ .ptr = p.to };
    d->x_view.dtype = d->sum;
    d->x_view.base = loop_i64(b, 0);
    for (int i = d->batch - 1; i >= 0; i--) {
        d->x_view.stride[i] = stride;
        stride = loop_mul(b, stride, lower_dim(l, d->x->type->dim[i]));
    }
    d->x_k = (Strides){ .n = 1, .size = { d->k }, .stride = { loop_i64(b, d->rows) } };
}
