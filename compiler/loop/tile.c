/* tile: arrays read across their rows.
**
** A square block of as many rows as a vector has lanes is loaded row by row, transposed in registers, and lies in a small
** buffer; where the nest then asks for a column, it gets a row of the buffer.  So memory is read and written in whole cache
** lines, and what is computed of the elements needs to know nothing of it. */
#include "loop/lower.h"

#include <string.h>

enum {
    MOST_LANES = 16,
    ROWS = 4 /* blocks one below the other before the next column: pages are visited less often */
};

/* v[k] is row k; n vectors of n lanes each, n a power of two.  Blocks of size `half` change places, for ever larger ones. */
void rows_to_columns(LBuilder *b, LValue **v, int n) {
    for (int half = 1; half < n; half *= 2) {
        int low[LOOP_MAX_LANES], high[LOOP_MAX_LANES];
        for (int k = 0; k < n; k++) {
            low[k] = k & half ? n + k - half : k;
            high[k] = k & half ? n + k : k + half;
        }
        for (int k = 0; k < n; k++) {
            if (k & half) continue;
            LValue *x = v[k], *y = v[k + half];
            v[k] = loop_shuffle(b, x, y, n, low);
            v[k + half] = loop_shuffle(b, x, y, n, high);
        }
    }
}

typedef struct {
    const Axes *axes;
    const Reach *reach;
    int lanes, row, column; /* axes of the nest */
    LValue *size[MAX_RANK];
    NestBody body;
    void *context;
} Tiles;

/* The block of an array whose columns are wanted, into its buffer. */
static void fill_buffer(Lower *l, const Tiles *t, const Crossing *c, const Idx *at, LValue *buffer) {
    LBuilder *b = &l->b;
    LValue *v[MOST_LANES], *rows = t->size[t->row], *columns = t->size[t->column];
    Idx x[MAX_RANK];
    int last = c->v->type->rank - 1;
    Pull p = { .l = l, .lanes = t->lanes };
    p.tail = loop_lanes_below(b, loop_sub(b, rows, at[t->row].i), t->lanes);
    for (int i = 0; i <= last; i++) x[i] = at[c->axis[i]];
    x[last] = (Idx){ .i = at[t->row].i, .step = 1 };
    for (int k = 0; k < t->lanes; k++) { /* those that are not there: the last one again */
        LValue *i = loop_add(b, at[t->column].i, loop_i64(b, k));
        x[c->column] = idx_at(loop_binary(b, OP_min, i, loop_sub(b, columns, loop_i64(b, 1))));
        v[k] = load_at(&p, c->v->type, home_of(l, c->v).ptr, x).re;
    }
    rows_to_columns(b, v, t->lanes);
    for (int k = 0; k < t->lanes; k++) { loop_store(b, v[k], buffer, loop_i64(b, (int64_t)k * t->lanes), 1, NULL); }
}

static void one_tile(Lower *l, const Tiles *t, Idx *at, LValue *const *buffers) {
    LBuilder *b = &l->b;
    const Reach *r = t->reach;
    LValue *lanes = loop_i64(b, t->lanes), *from = at[t->row].i, *columns = t->size[t->column];
    for (int k = 0; k < r->ncrossings; k++) fill_buffer(l, t, &r->crossing[k], at, buffers[k]);
    LValue *to = loop_binary(b, OP_min, t->size[t->row], loop_add(b, from, lanes));
    LLoop f = loop_for(b, from, to, 1, 0, NULL);
    Idx idx[MAX_RANK];
    memcpy(idx, at, sizeof idx);
    idx[t->row] = idx_at(f.i);
    idx[t->column] = (Idx){ .i = at[t->column].i, .step = 1 };
    Crossed crossed = { .row = f.i, .column = at[t->column].i, .reach = r, .buffers = buffers, .lanes = t->lanes };
    crossed.at = loop_mul(b, loop_sub(b, f.i, from), lanes);
    Pull p = { .l = l, .lanes = t->lanes, .crossed = &crossed };
    int64_t n;
    if (!loop_is_const(columns, &n) || n % t->lanes)
        p.tail = loop_lanes_below(b, loop_sub(b, columns, at[t->column].i), t->lanes);
    t->body(&p, idx, t->context);
    loop_end(b, &f, NULL);
}

/* Bands of ROWS blocks, lo .. hi, counted through all other axes. */
static void bands(Lower *l, LValue *lo, LValue *hi, void *tiles) {
    const Tiles *t = tiles;
    LBuilder *b = &l->b;
    LValue *buffers[MAX_CROSSINGS], *zero = loop_i64(b, 0);
    for (int k = 0; k < t->reach->ncrossings; k++) {
        int bytes = dtype_bytes(t->reach->crossing[k].v->type->dtype);
        buffers[k] = loop_stack(b, (int64_t)t->lanes * t->lanes * bytes, 64);
    }
    LLoop band = loop_for(b, lo, hi, 1, 0, NULL);
    int64_t tall = (int64_t)ROWS * t->lanes;
    LValue *per = round_up(l, t->size[t->row], tall), *rest = band.i, *size = t->size[t->row];
    LValue *first = loop_mul(b, loop_binary(b, OP_rem, rest, per), loop_i64(b, tall));
    rest = loop_binary(b, OP_div, rest, per);
    Idx at[MAX_RANK];
    for (int a = t->axes->n - 1; a >= 0; a--) {
        at[a] = idx_at(zero);
        if (a == t->row || a == t->column) continue;
        at[a] = idx_at(loop_binary(b, OP_rem, rest, t->size[a]));
        rest = loop_binary(b, OP_div, rest, t->size[a]);
    }
    LLoop j = loop_for(b, zero, t->size[t->column], t->lanes, 0, NULL);
    LValue *end = loop_binary(b, OP_min, size, loop_add(b, first, loop_i64(b, tall)));
    LLoop i = loop_for(b, first, end, t->lanes, 0, NULL);
    at[t->row] = idx_at(i.i);
    at[t->column] = idx_at(j.i);
    one_tile(l, t, at, buffers);
    loop_end(b, &i, NULL);
    loop_end(b, &j, NULL);
    loop_end(b, &band, NULL);
}

void nest_tiles(Lower *l, const Axes *axes, const Reach *r, Work w, int lanes, NestBody body, void *context) {
    LBuilder *b = &l->b;
    Tiles t = { .axes = axes, .reach = r, .lanes = lanes, .row = r->crossing[0].row, .body = body, .context = context };
    if (t.lanes > MOST_LANES) t.lanes = MOST_LANES;
    for (int a = 0; a < axes->n; a++) {
        t.size[a] = lower_dim(l, axes->dim[a]);
        if (!dim_is(axes->dim[a], 1)) t.column = a;
    }
    int64_t tall = (int64_t)ROWS * t.lanes;
    LValue *all = round_up(l, t.size[t.row], tall);
    for (int a = 0; a < axes->n; a++) {
        if (a != t.row && a != t.column) all = loop_mul(b, all, t.size[a]);
    }
    pieces(l, all, (Work){ w.each * (double)tall, t.size[t.column] }, bands, &t);
}

/* A row of a buffer, where the index is that of a column of the block in it. */
bool crossed_load(Pull *p, const Value *v, const Idx *idx, Elem *e) {
    const Crossed *c = p->crossed;
    for (int k = 0; c && k < c->reach->ncrossings; k++) {
        const Crossing *x = &c->reach->crossing[k];
        int last = v->type->rank - 1;
        if (x->v != v || p->lanes != c->lanes || p->valid) continue;
        const Idx *row = &idx[last], *column = &idx[x->column];
        if (row->i != c->row || row->step || row->each) continue;
        if (column->i != c->column || column->step != 1 || column->each) continue;
        *e = elem_load(p->l, v->type->dtype, p->lanes, c->buffers[k], c->at, 1, NULL, false);
        return true;
    }
    return false;
}
