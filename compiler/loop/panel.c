/* panel: some columns of the second operand of a matrix product, copied so that its rows lie one behind the other.
**
** The operand may be windows of an image, transposed, spread over several axes: then neighbours along the columns are runs in
** memory, and a vector of them is put together of two or three runs.  Where runs go along the contracted axes instead, blocks
** are transposed in registers. */
#include "loop/dot.h"

enum {
    MOST_RUNS = 5, /* in a vector; of more it is gathered */
    AHEAD = 24,    /* rows */
    SPAN = 4096,
    FEW = 4 /* rows so many bytes apart fall into the same lines of the first cache: few find room */
};

LValue *dot_tail(Lower *l, const Dot *d, LValue *column) {
    return d->whole ? NULL : loop_lanes_below(&l->b, loop_sub(&l->b, d->n, column), d->lanes);
}

LValue *dot_column(Lower *l, const Dot *d, LValue *j, int v) {
    return loop_add(&l->b, j, loop_i64(&l->b, (int64_t)v * d->lanes));
}

static LValue *panel_index(Lower *l, const Dot *d, LValue *k, LValue *vector) {
    LBuilder *b = &l->b;
    LValue *row = loop_mul(b, k, loop_i64(b, (int64_t)d->vectors * d->lanes));
    return loop_add(b, row, loop_mul(b, vector, loop_i64(b, d->lanes)));
}

LValue *panel_load(Lower *l, const Dot *d, LValue *k, int v) {
    LBuilder *b = &l->b;
    return loop_load(b, loop_type(d->sum, d->lanes), d->panel, panel_index(l, d, k, loop_i64(b, v)), 1, NULL);
}

/* How many rows are fetched ahead of row k; none beyond the last. */
static LValue *ahead(Lower *l, const Dot *d, LValue *k, LValue *end) {
    LBuilder *b = &l->b;
    int64_t stride, rows = AHEAD;
    if (d->y_k.n == 1 && loop_is_const(d->y_k.stride[0], &stride) && stride) {
        int64_t bytes = stride * dtype_bytes(d->y_view.dtype), apart = bytes & -bytes;
        if (SPAN / apart * FEW < rows) rows = apart < SPAN ? SPAN / apart * FEW : FEW;
    }
    return loop_binary(b, OP_min, loop_add(b, k, loop_i64(b, rows)), loop_sub(b, end, loop_i64(b, 1)));
}

/* Row k of y will be wanted. */
static void fetch_row(Lower *l, const Dot *d, LValue *j, LValue *k) {
    LBuilder *b = &l->b;
    int64_t bytes = dtype_bytes(d->y_view.dtype), line = l->to->target->cache_line;
    LValue *first = loop_add(b, loop_add(b, d->y_base, j), strides_offset(l, &d->y_k, k));
    first = loop_mul(b, first, loop_i64(b, bytes));
    int64_t stride, last = d->width * bytes - 1;
    bool aligned = d->y_k.n == 1 && loop_is_const(d->y_k.stride[0], &stride) && stride * bytes % line == 0;
    for (int64_t byte = 0; byte < d->width * bytes; byte += line)
        loop_prefetch(b, d->y_view.home.ptr, loop_add(b, first, loop_i64(b, byte)), false);
    if (!aligned) loop_prefetch(b, d->y_view.home.ptr, loop_add(b, first, loop_i64(b, last)), false);
}

void panel_ahead(Lower *l, const Dot *d, LValue *j, LValue *k, LValue *end) {
    int64_t stride;
    if (!d->y_flat || !strides_are_line(&d->y_columns, &stride) || stride != 1) return;
    fetch_row(l, d, j, ahead(l, d, k, end));
}

/* Some rows of the next panel: all of them while the tiles of this one are computed. */
void panel_next(Lower *l, const Dot *d, LValue *j, LValue *from, LValue *row) {
    LBuilder *b = &l->b;
    int64_t stride, each = (CHUNK * d->rows + d->tall - 1) / d->tall;
    if (!d->y_flat || d->across || d->y_k.n > 1 || !strides_are_line(&d->y_columns, &stride) || stride != 1) return;
    LValue *first =
        loop_add(b, from, loop_binary(b, OP_div, loop_mul(b, row, loop_i64(b, each)), loop_i64(b, d->rows)));
    LLoop f = loop_for(b, first, loop_add(b, first, loop_i64(b, each)), 1, 0, NULL);
    fetch_row(l, d, loop_add(b, j, loop_i64(b, d->width)), f.i);
    loop_end(b, &f, NULL);
}

/* Row k of y, as it was read; those that follow may be far from each other. */
void panel_fill(Lower *l, const Dot *d, LValue *j, LValue *k, LValue *at, LValue *end, LValue *const *y) {
    LBuilder *b = &l->b;
    fetch_row(l, d, j, ahead(l, d, k, end));
    for (int v = 0; v < d->vectors; v++) loop_store(b, y[v], d->panel, panel_index(l, d, at, loop_i64(b, v)), 1, NULL);
}

/* Contracted axes of an operand that is pulled. */
void dot_put_k(Lower *l, const Dot *d, bool for_x, LValue *k, Idx *idx) {
    LBuilder *b = &l->b;
    Ints axes = for_x ? d->x_axes : d->y_axes;
    const Type *t = (for_x ? d->x : d->y)->type;
    for (int i = axes.n - 1; i >= 0; i--) {
        LValue *size = lower_dim(l, t->dim[axes.at[i]]);
        idx[axes.at[i]] = idx_at(i ? loop_binary(b, OP_rem, k, size) : k);
        if (i) k = loop_binary(b, OP_div, k, size);
    }
}

static LValue *widened(Lower *l, const Dot *d, Elem e) {
    return loop_convert(&l->b, elem_splat(l, e, d->lanes).re, d->sum);
}

/* lanes neighbours from an index of memory on */
static Elem read_line(Lower *l, const Dot *d, LValue *index, int64_t stride, LValue *mask) {
    const View *y = &d->y_view;
    if (stride || d->lanes == 1)
        return elem_load(l, y->dtype, d->lanes, y->home.ptr, index, stride, mask, y->home.fixed);
    return elem_load(l, y->dtype, 1, y->home.ptr, index, 1, NULL, y->home.fixed);
}

LValue *dot_vector_of_y(Lower *l, const Dot *d, LValue *k, LValue *j, LValue *tail) {
    LBuilder *b = &l->b;
    int64_t stride;
    if (d->y_flat && strides_are_line(&d->y_columns, &stride)) {
        LValue *at = loop_add(b, d->y_base, loop_mul(b, j, loop_i64(b, stride)));
        return widened(l, d, read_line(l, d, loop_add(b, at, strides_offset(l, &d->y_k, k)), stride, tail));
    }
    Pull p = { .l = l, .lanes = d->lanes, .tail = tail };
    Idx idx[MAX_RANK];
    for (int i = 0; i < d->batch; i++) idx[i] = d->at[i];
    for (int i = 0; i < d->outer; i++) idx[d->y_free[i]] = d->at[d->batch + i];
    Idx column = { .i = j, .step = d->lanes > 1 };
    for (int i = d->ny - 1; i >= d->outer; i--) {
        LValue *size = lower_dim(l, d->y->type->dim[d->y_free[i]]);
        idx[d->y_free[i]] = i > d->outer ? idx_op(&p, OP_rem, column, size) : column;
        if (i > d->outer) column = idx_op(&p, OP_div, column, size);
    }
    dot_put_k(l, d, false, k, idx);
    return widened(l, d, pull(&p, d->y, idx));
}

/* A vector along axes, from an index on: the runs it is made of, and where each begins. */
typedef struct {
    int n;
    int64_t stride;
    LValue *offset[MOST_RUNS], *below[MOST_RUNS],
        *mask[MOST_RUNS]; /* below: lanes before this run; NULL for all lanes */
} Runs;

/* How many runs there may be; 0 where that is not known, or they are too many. */
static int runs_of(const Strides *s, int lanes) {
    int64_t size, stride;
    if (!loop_is_const(s->stride[s->n - 1], &stride)) return 0;
    if (s->n == 1) return 1;
    if (!stride || !loop_is_const(s->size[s->n - 1], &size)) return 0;
    if (size % lanes == 0) return 1;
    int64_t n = size >= lanes ? 2 : (lanes - 2) / size + 2;
    return n <= MOST_RUNS ? (int)n : 0;
}

/* Lanes at `end` and beyond do not exist; NULL: all do. */
static Runs runs_at(Lower *l, const Strides *s, int lanes, LValue *i, LValue *end) {
    LBuilder *b = &l->b;
    Runs r = { .n = runs_of(s, lanes) };
    LValue *left = end ? loop_sub(b, end, i) : NULL, *size = s->size[s->n - 1];
    loop_is_const(s->stride[s->n - 1], &r.stride);
    if (s->n == 1) {
        r.offset[0] = loop_mul(b, i, s->stride[0]);
        r.mask[0] = left ? loop_lanes_below(b, left, lanes) : NULL;
        return r;
    }
    LValue *row = loop_binary(b, OP_div, i, size), *column = loop_binary(b, OP_rem, i, size);
    LValue *before = loop_sub(b, loop_i64(b, 0), column), *none = NULL;
    for (int k = 0; k < r.n; k++) { /* this run is lanes before .. before + size */
        Strides outer = *s;
        outer.n--;
        outer.table = NULL;
        LValue *first = strides_offset(l, &outer, loop_add(b, row, loop_i64(b, k)));
        LValue *after = loop_add(b, before, size);
        r.offset[k] = loop_sub(b, first, loop_mul(b, before, s->stride[s->n - 1]));
        r.below[k] = none;
        LValue *stop = k + 1 == r.n ? left : left ? loop_binary(b, OP_min, after, left) : after;
        r.mask[k] = stop ? loop_lanes_below(b, stop, lanes) : NULL;
        if (none) {
            LValue *from = loop_unary(b, OP_not, none);
            r.mask[k] = r.mask[k] ? loop_binary(b, OP_and, r.mask[k], from) : from;
        }
        none = loop_lanes_below(b, after, lanes);
        before = after;
    }
    return r;
}

static LValue *read_runs(Lower *l, const Dot *d, const Runs *r, LValue *at) {
    LBuilder *b = &l->b;
    LValue *y = NULL;
    for (int k = 0; k < r->n; k++) {
        LValue *x = read_line(l, d, loop_add(b, at, r->offset[k]), r->stride, r->mask[k]).re;
        y = y ? loop_select(b, r->below[k], y, x) : x;
    }
    return widened(l, d, (Elem){ y, NULL });
}

static void copy_runs(Lower *l, const Dot *d, LValue *j, LValue *from, LValue *to) {
    LBuilder *b = &l->b;
    Runs r[MOST_VECTORS];
    for (int v = 0; v < d->vectors; v++)
        r[v] = runs_at(l, &d->y_columns, d->lanes, dot_column(l, d, j, v), d->whole ? NULL : d->n);
    LLoop f = loop_for(b, from, to, 1, 0, NULL);
    LValue *at = loop_add(b, d->y_base, strides_offset(l, &d->y_k, f.i)), *row = loop_sub(b, f.i, from);
    for (int v = 0; v < d->vectors; v++)
        loop_store(b, read_runs(l, d, &r[v], at), d->panel, panel_index(l, d, row, loop_i64(b, v)), 1, NULL);
    loop_end(b, &f, NULL);
}

/* Rows j .. of y as columns of the panel: blocks are transposed in registers. */
static void copy_across(Lower *l, const Dot *d, LValue *j, LValue *from, LValue *to) {
    LBuilder *b = &l->b;
    LValue *rows[LOOP_MAX_LANES], *start[LOOP_MAX_LANES], *last = loop_sub(b, d->n, loop_i64(b, 1));
    int64_t known;
    bool whole = loop_is_const(d->k, &known) && known % d->lanes == 0;
    LLoop v = loop_for(b, loop_i64(b, 0), loop_i64(b, d->vectors), 1, 0, NULL);
    LValue *first = loop_add(b, j, loop_mul(b, v.i, loop_i64(b, d->lanes)));
    for (int i = 0; i < d->lanes; i++) {
        LValue *column = loop_add(b, first, loop_i64(b, i));
        if (!d->whole) column = loop_binary(b, OP_min, column, last);
        start[i] = loop_add(b, d->y_base, strides_offset(l, &d->y_columns, column));
    }
    LLoop f = loop_for(b, from, to, d->lanes, 0, NULL);
    Runs r = runs_at(l, &d->y_k, d->lanes, f.i, whole ? NULL : to);
    for (int i = 0; i < d->lanes; i++) rows[i] = read_runs(l, d, &r, start[i]);
    rows_to_columns(b, rows, d->lanes);
    LValue *row = loop_sub(b, f.i, from);
    for (int i = 0; i < d->lanes; i++)
        loop_store(b, rows[i], d->panel, panel_index(l, d, loop_add(b, row, loop_i64(b, i)), v.i), 1, NULL);
    loop_end(b, &f, NULL);
    loop_end(b, &v, NULL);
}

bool panel_can_cross(const Dot *d) {
    int64_t stride, size;
    if (!d->y_flat || d->lanes == 1 || d->lanes > 16 || !runs_of(&d->y_k, d->lanes)) return false;
    if (!loop_is_const(d->y_k.stride[d->y_k.n - 1], &stride) || stride != 1) return false;
    const Strides *c = &d->y_columns;
    bool line = loop_is_const(c->stride[c->n - 1], &stride) && stride == 1;
    return !line || (c->n > 1 && loop_is_const(c->size[c->n - 1], &size) && size < d->lanes);
}

void panel_copy(Lower *l, const Dot *d, LValue *j, LValue *from, LValue *to) {
    LBuilder *b = &l->b;
    if (d->across) {
        copy_across(l, d, j, from, to);
        return;
    }
    if (d->y_flat && runs_of(&d->y_columns, d->lanes)) {
        copy_runs(l, d, j, from, to);
        return;
    }
    LLoop f = loop_for(b, from, to, 1, 0, NULL);
    for (int v = 0; v < d->vectors; v++) {
        LValue *jv = dot_column(l, d, j, v), *row = loop_sub(b, f.i, from);
        LValue *y = dot_vector_of_y(l, d, f.i, jv, dot_tail(l, d, jv));
        loop_store(b, y, d->panel, panel_index(l, d, row, loop_i64(b, v)), 1, NULL);
    }
    loop_end(b, &f, NULL);
}
