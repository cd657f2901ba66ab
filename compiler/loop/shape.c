/* shape: which tiles, panels and pieces a matrix product is computed in. */
#include "loop/dot.h"

enum {
    ROWS = 252 /* of a piece, about, */,
    MORE_ROWS = 504 /* or, where that leaves so many pieces: */,
    PIECES = 16,
    FEW_ROWS = 16 /* too few to copy the panel for */,
    NARROW = 12 /* columns of y: x and y change places, */,
    APART = 8, /* rows that lie anywhere: their numbers wait in registers, or sums would have to */
    DEEP = 64 /* where there are so many steps */,
    TOGETHER = 4, /* panels of a piece */
    SHALLOW = 16 /* steps that are little beside storing the sums */,
    SETS = 4096 /* bytes: what lies a multiple of it apart falls into few sets of the cache */
};

bool dot_contracts(Ints list, int64_t x) {
    for (int i = 0; i < list.n; i++) {
        if (list.at[i] == x) return true;
    }
    return false;
}

bool dot_wastes(int64_t n, int64_t each) { return n % each && (each - n % each) * 25 > n; }

static int64_t count_free(const Type *t, int batch, Ints contracted) {
    int64_t all = 1, n;
    for (int i = batch; i < t->rank; i++) {
        if (dot_contracts(contracted, i)) continue;
        if (!dim_is_int(t->dim[i], &n)) return -1;
        all *= n;
    }
    return all;
}

bool dot_is_narrow(Lower *l, const Inst *in) {
    const Attrs *a = in->attrs;
    const Type *x = in->args[0]->type, *y = in->args[1]->type;
    int64_t n = count_free(y, (int)a->batch, a->rhs_axes), m = count_free(x, (int)a->batch, a->lhs_axes), k = 1, size;
    for (int i = 0; i < a->lhs_axes.n; i++) {
        if (!dim_is_int(x->dim[a->lhs_axes.at[i]], &size)) return false;
        k *= size;
    }
    int lanes = lanes_for(l, dtype_bytes(x->dtype));
    return n >= 0 && n <= NARROW && n % lanes && k >= DEEP && m >= 8 * lanes;
}

/* Where the columns are places of windows, neighbours along a line lie side by side, and the next line a pitch further: columns
** are counted through what lies between too.  So all windows of a tile are read where the array lies, without a copy for each
** place in the window; what is computed in between is not stored.  Only while all of it stays near, in a part of its own, and the
** numbers of x are read as they lie: of whole arrays, of many steps and of turned weights a copy is faster, by 1.1 to 1.5. */
void dot_choose_lines(Lower *l, Dot *d) {
    const Strides *c = &d->y_columns;
    int64_t count, line, pitch, one, lanes = lanes_for(l, dtype_bytes(d->sum)), step;
    bool windows = false;
    if (!d->border || d->border_x || !loop_is_const(d->k, &step) || step > 2 * CHUNK) return;
    if (c->n != 2 || !loop_is_const(d->n, &count) || !loop_is_const(c->size[1], &line)) return;
    count /= line;
    if (!loop_is_const(c->stride[0], &pitch) || !loop_is_const(c->stride[1], &one) || one != 1 || pitch < line) return;
    int64_t columns = (count - 1) * pitch + line, needed = (columns + lanes - 1) / lanes;
    if (columns < lanes || needed * 8 > (count * line + lanes - 1) / lanes * 9) return;
    for (int i = 0; i < d->y_k.n; i++) {
        if (!loop_is_const(d->y_k.stride[i], &step)) return;
        windows = windows || (step > 0 && step < line);
        if (step * dtype_bytes(d->y_view.dtype) % SETS == 0) return;
    }
    if (!windows || !d->x_flat || !strides_are_line(&d->x_k, &step) || step != 1) return;
    d->pitch = pitch;
    d->line = line;
    d->n = loop_i64(&l->b, columns);
    d->y_columns = (Strides){ .n = 1, .size = { d->n }, .stride = { loop_i64(&l->b, 1) } };
}

/* As many accumulators as there are registers for; panels of about the same width, pieces of about the same height. */
void dot_choose_tile(Lower *l, Dot *d) {
    const Target *t = l->to->target;
    int64_t n, m;
    bool known = loop_is_const(d->m, &m), wide = t->vector_registers >= 32;
    int most = wide ? 4 : 2;
    d->lanes = lanes_for(l, dtype_bytes(d->sum));
    if (known && m <= 2 && !panel_can_cross(d)) /* long stretches of rows of y, read once */
        most = m == 1 ? MOST_VECTORS : wide ? MOST_VECTORS / 2 : 4;
    else if (known && wide && (m == 7 || m == 8)) /* one tile */
        most = 3;
    d->vectors = most;
    if (loop_is_const(d->n, &n) && n > 0) {
        while (d->lanes > 1 && d->lanes / 2 >= n) d->lanes /= 2;
        int64_t needed = (n + d->lanes - 1) / d->lanes, panels = (needed + most - 1) / most;
        d->vectors = (int)((needed + panels - 1) / panels);
    }
    d->width = (int64_t)d->vectors * d->lanes;
    d->rows = (t->vector_registers - 2 - d->vectors) / d->vectors;
    if (d->rows > MAX_ROWS) d->rows = MAX_ROWS;
    if (wide && d->vectors > 1 && d->rows > APART && d->x_flat && d->x_rows.n > 1) d->rows = APART;
    if (d->rows < 1) d->rows = 1;
    if (known && m < d->rows) d->rows = m < 1 ? 1 : (int)m;
    if (known && m > d->rows && dot_wastes(m, d->rows)) d->rest = (int)(m % d->rows);
    d->tall = ROWS;
    if (known && loop_is_const(d->n, &n) && m / MORE_ROWS * (n / d->width) >= PIECES && (wide || panel_can_cross(d)))
        d->tall = MORE_ROWS;
    if (known && m > d->tall) {
        int64_t down = (m + d->tall / 2) / d->tall;
        d->tall = (m + down - 1) / down;
    }
    d->tall = (d->tall + d->rows - 1) / d->rows * d->rows;
}

/* Columns of a piece: where panels are narrow and there are several chunks of steps, so many panels that what they read of x,
** which is more than the caches hold, comes from far once for all of them. */
static void choose_wide(Lower *l, Dot *d) {
    LBuilder *b = &l->b;
    int64_t n, several = TOGETHER * d->width;
    d->wide = loop_i64(b, d->width);
    if (!d->copy || d->across || l->to->target->vector_registers >= 32 || (loop_is_const(d->n, &n) && n < several))
        return;
    d->several = true;
    d->wide = loop_select(b, loop_binary(b, OP_gt, d->k, loop_i64(b, CHUNK)), loop_i64(b, several), d->wide);
}

/* Whether all of y stays in the first cache while it is read again and again. */
static bool is_near(Lower *l, const Dot *d) {
    int64_t n, k;
    return loop_is_const(d->n, &n) && loop_is_const(d->k, &k) && n * k * dtype_bytes(d->sum) <= l->to->target->l1;
}

void dot_choose_panels(Lower *l, Dot *d) {
    const Target *t = l->to->target;
    int64_t m, n, k;
    if (d->pitch) {
        d->whole = loop_is_const(d->n, &n) && n % d->width == 0;
        choose_wide(l, d);
        return;
    }
    d->copy = !loop_is_const(d->m, &m) || m > FEW_ROWS || (t->vector_registers < 32 && m > d->rows && !is_near(l, d));
    bool small = loop_is_const(d->m, &m) && m <= FEW_ROWS && loop_is_const(d->k, &k) && loop_is_const(d->n, &n) &&
                 n * k <= FEW_ROWS * FEW_ROWS;
    d->across = !small && panel_can_cross(d);
    d->copy |= d->across || (d->y_flat && !strides_are_line(&d->y_columns, &n));
    d->whole = loop_is_const(d->n, &n) && n % d->width == 0;
    bool shallow = loop_is_const(d->k, &k) && k <= SHALLOW && loop_is_const(d->n, &n) && d->y_flat && !d->across;
    if (shallow && strides_are_line(&d->y_columns, &m) && n * k * dtype_bytes(d->sum) <= t->l2 / 2) {
        d->copy = false; /* what counts is to write the result as it lies in memory */
        d->tall = d->rows;
    }
    choose_wide(l, d);
    if (!d->border) dot_choose_row(l, d);
}
