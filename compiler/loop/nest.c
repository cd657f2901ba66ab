/* nest: loops over the axes of an array.
**
** The last axis runs in vectors, whole ones first, then a masked tail.  The pieces a parallel loop is cut into never show in
** the result: what is summed is summed inside of one piece, or block by block (reduce.c). */
#include "loop/lower.h"

#include <string.h>

enum { GRAIN = 10000 /* nanoseconds of work worth handing to another thread */, MAX_PARALLEL_CHUNK = 1 << 16 };

LValue *round_up(Lower *l, LValue *n, int64_t by) {
    LBuilder *b = &l->b;
    return loop_binary(b, OP_div, loop_add(b, n, loop_i64(b, by - 1)), loop_i64(b, by));
}

/* How many elements make work worth handing over: at least 1. */
static LValue *grain_of(Lower *l, Work w) {
    LBuilder *b = &l->b;
    double each = w.each > 0.01 ? w.each : 0.01;
    LValue *g = loop_i64(b, (int64_t)(GRAIN / each) + 1);
    if (w.times) g = loop_binary(b, OP_div, g, loop_binary(b, OP_max, w.times, loop_i64(b, 1)));
    return loop_binary(b, OP_max, g, loop_i64(b, 1));
}

void pieces(Lower *l, LValue *n, Work w, PieceBody body, void *context) {
    LBuilder *b = &l->b;
    LValue *grain = grain_of(l, w), *zero = loop_i64(b, 0);
    int64_t count, least;
    bool small = loop_is_const(n, &count) && loop_is_const(grain, &least) && count < 2 * least;
    if (l->serial || small) {
        body(l, zero, n, context);
        return;
    }
    LLoop p = loop_parallel(b, n, grain);
    l->serial = true;
    body(l, p.i, p.hi, context);
    l->serial = false;
    loop_end(b, &p, NULL);
}

/* Another place within the same range. */
static Idx along(Idx x, LValue *i, int64_t step) { return (Idx){ .i = i, .step = step, .lo = x.lo, .hi = x.hi }; }

void nest_inner(Lower *l, LValue *lo, LValue *hi, int lanes, bool heavy, Idx *idx, int axis, NestBody body,
                void *context) {
    LBuilder *b = &l->b;
    Pull p = { .l = l, .lanes = lanes };
    LValue *length = loop_sub(b, hi, lo);
    int64_t known = -1;
    loop_is_const(length, &known);
    if (known == 0) return;
    bool whole = lanes == 1 || (known > 0 && known % lanes == 0);
    if (known >= 0 && known < lanes) { /* one vector, some lanes of it */
        idx[axis] = along(idx[axis], lo, 1);
        p.tail = loop_lanes_below(b, length, lanes);
        body(&p, idx, context);
        return;
    }
    if (!whole && heavy) { /* much code: once, with a mask */
        LLoop f = loop_for(b, lo, hi, lanes, 0, NULL);
        idx[axis] = along(idx[axis], f.i, 1);
        p.tail = loop_lanes_often(b, loop_sub(b, hi, f.i), lanes);
        body(&p, idx, context);
        loop_end(b, &f, NULL);
        return;
    }
    LValue *end = hi;
    if (!whole) end = loop_add(b, lo, loop_binary(b, OP_and, length, loop_i64(b, -lanes)));
    LLoop f = loop_for(b, lo, end, lanes, 0, NULL);
    idx[axis] = along(idx[axis], f.i, lanes > 1);
    body(&p, idx, context);
    loop_end(b, &f, NULL);
    if (whole) return;
    LLoop rest = loop_if(b, loop_binary(b, OP_lt, end, hi));
    idx[axis] = along(idx[axis], end, 1);
    p.tail = loop_lanes_below(b, loop_sub(b, hi, end), lanes);
    body(&p, idx, context);
    loop_end_then(b, &rest);
}

typedef struct {
    int naxes;
    const Dim *dim[MAX_RANK];
    LValue *size[MAX_RANK];
    int axis[MAX_RANK]; /* those longer than 1, outermost first */
    int n, lanes;
    int64_t chunk;
    bool heavy;
    const Interior *interior; /* or NULL */
    bool within;              /* the outer axes are inside of it */
    NestBody body;
    void *context;
    Idx idx[MAX_RANK];
} Nest;

static bool even(const Dim *x, int lanes) {
    int64_t n;
    return dim_is_int(x, &n) && n % lanes == 0;
}

/* Along the last axis: stretches inside, and what is before, between and behind them. */
static void inner(Lower *l, Nest *t, LValue *lo, LValue *hi) {
    LBuilder *b = &l->b;
    int a = t->axis[t->n - 1], n = t->interior && t->within ? t->interior->along[a].n : 0;
    Idx *x = &t->idx[a];
    const Dim *zero = dim_int(l->cx, 0), *behind = zero;
    *x = (Idx){ .lo = zero, .hi = t->dim[a] };
    if (!n) {
        bool edge = t->heavy || (t->interior && !t->within);
        nest_inner(l, lo, hi, t->lanes, edge, t->idx, a, t->body, t->context);
        return;
    }
    LValue *mask = loop_i64(b, -t->lanes); /* whole vectors: those of the result then lie on cache lines */
    for (int i = 0; i < n; i++) {
        const Dim *first = t->interior->along[a].lo[i], *end = t->interior->along[a].hi[i];
        LValue *from = lo, *to = hi;
        if (first != behind || !even(first, t->lanes)) {
            from = loop_binary(b, OP_and, loop_add(b, lower_dim(l, first), loop_i64(b, t->lanes - 1)), mask);
            from = loop_binary(b, OP_min, loop_binary(b, OP_max, from, lo), hi);
        }
        if (end != t->dim[a]) {
            to = loop_binary(b, OP_and, lower_dim(l, end), mask);
            to = loop_binary(b, OP_max, loop_binary(b, OP_min, to, hi), from);
        }
        *x = (Idx){ .lo = zero, .hi = t->dim[a] };
        nest_inner(l, lo, from, t->lanes, true, t->idx, a, t->body, t->context);
        *x = (Idx){ .lo = first, .hi = end };
        nest_inner(l, from, to, t->lanes, t->heavy, t->idx, a, t->body, t->context);
        lo = to;
        behind = end;
    }
    *x = (Idx){ .lo = zero, .hi = t->dim[a] };
    nest_inner(l, lo, hi, t->lanes, true, t->idx, a, t->body, t->context);
}

static LValue *in_stretch(Lower *l, const Nest *t, int a, int i) {
    LBuilder *b = &l->b;
    LValue *x = t->idx[a].i, *above = loop_binary(b, OP_ge, x, lower_dim(l, t->interior->along[a].lo[i]));
    LValue *below = loop_binary(b, OP_lt, x, lower_dim(l, t->interior->along[a].hi[i]));
    return loop_binary(b, OP_and, above, below);
}

/* Which stretch of the axis that has several the row lies in is known; `inside` says whether it does.  In two ways, if others may
** lie outside of theirs. */
static void row_of(Lower *l, Nest *t, int several, bool known) {
    LBuilder *b = &l->b;
    LValue *inside = NULL, *zero = loop_i64(b, 0), *size = t->size[t->axis[t->n - 1]];
    for (int k = 0; known && k + 1 < t->n; k++) {
        int a = t->axis[k];
        if (a != several && t->interior && t->interior->along[a].n)
            inside = masks_both(b, inside, in_stretch(l, t, a, 0));
    }
    t->within = known;
    if (!inside) {
        inner(l, t, zero, size);
        return;
    }
    Idx before[MAX_RANK];
    memcpy(before, t->idx, sizeof before);
    LLoop f = loop_if(b, inside);
    for (int k = 0; k + 1 < t->n; k++) {
        int a = t->axis[k];
        if (a == several || !t->interior->along[a].n) continue;
        t->idx[a].lo = t->interior->along[a].lo[0];
        t->idx[a].hi = t->interior->along[a].hi[0];
    }
    inner(l, t, zero, size);
    loop_else(b, &f, 0, NULL);
    memcpy(t->idx, before, sizeof before);
    t->within = false;
    inner(l, t, zero, size);
    loop_end_if(b, &f, 0, NULL);
}

/* A row, whose outer axes have their indices: once for each stretch it may lie in. */
static void row(Lower *l, Nest *t) {
    LBuilder *b = &l->b;
    LLoop f[MOST_STRETCHES];
    int several = -1, n = 0;
    for (int k = 0; k + 1 < t->n; k++) {
        int a = t->axis[k];
        t->idx[a].lo = dim_int(l->cx, 0);
        t->idx[a].hi = t->dim[a];
        if (t->interior && t->interior->along[a].n > 1) several = a;
    }
    if (several < 0) {
        row_of(l, t, several, true);
        return;
    }
    const Dim *behind = dim_int(l->cx, 0);
    Idx before = t->idx[several];
    bool gaps = false;
    for (; n < t->interior->along[several].n; n++) {
        const Dim *lo = t->interior->along[several].lo[n], *hi = t->interior->along[several].hi[n];
        gaps |= lo != behind;
        behind = hi;
        bool last = !gaps && hi == t->dim[several];
        if (!last) f[n] = loop_if(b, in_stretch(l, t, several, n));
        t->idx[several].lo = lo;
        t->idx[several].hi = hi;
        row_of(l, t, several, true);
        t->idx[several] = before;
        if (last) break;
        loop_else(b, &f[n], 0, NULL);
    }
    if (n == t->interior->along[several].n) row_of(l, t, several, false);
    while (n-- > 0) loop_end_if(b, &f[n], 0, NULL);
}

/* Chunks lo .. hi of the only axis. */
static void chunks(Lower *l, LValue *lo, LValue *hi, void *nest_in_hand) {
    Nest *t = nest_in_hand;
    LBuilder *b = &l->b;
    LValue *size = t->size[t->axis[0]], *chunk = loop_i64(b, t->chunk);
    t->within = true;
    inner(l, t, loop_mul(b, lo, chunk), loop_binary(b, OP_min, loop_mul(b, hi, chunk), size));
}

/* Rows lo .. hi, counted through all axes but the last: divided once, then each axis counts where the one behind it is through. */
static void rows(Lower *l, LValue *lo, LValue *hi, void *nest_in_hand) {
    Nest *t = nest_in_hand;
    LBuilder *b = &l->b;
    LValue *at[MAX_RANK] = { 0 }, *rest = lo;
    int outer = t->n - 1;
    for (int k = outer - 1; k >= 0; k--) {
        at[k] = k ? loop_binary(b, OP_rem, rest, t->size[t->axis[k]]) : rest;
        if (k) rest = loop_binary(b, OP_div, rest, t->size[t->axis[k]]);
    }
    LLoop f = loop_for(b, lo, hi, 1, outer, at);
    for (int k = 0; k < outer; k++) t->idx[t->axis[k]] = idx_at(f.carry[k]);
    row(l, t);
    LValue *more = loop_i64(b, 1);
    for (int k = outer - 1; k >= 0; k--) {
        at[k] = loop_add(b, f.carry[k], more);
        if (!k) break;
        LValue *through = loop_binary(b, OP_eq, at[k], t->size[t->axis[k]]);
        at[k] = loop_select(b, through, loop_i64(b, 0), at[k]);
        more = loop_convert(b, through, DT_i64);
    }
    loop_end(b, &f, at);
}

static void nested(Lower *l, Nest *t, int k);

/* Of the first axis lo .. hi. */
static void first_rows(Lower *l, LValue *lo, LValue *hi, void *nest_in_hand) {
    Nest *t = nest_in_hand;
    LBuilder *b = &l->b;
    if (t->n == 1) {
        t->within = true;
        inner(l, t, lo, hi);
        return;
    }
    LLoop f = loop_for(b, lo, hi, 1, 0, NULL);
    t->idx[t->axis[0]] = idx_at(f.i);
    nested(l, t, 1);
    loop_end(b, &f, NULL);
}

static void nested(Lower *l, Nest *t, int k) {
    LBuilder *b = &l->b;
    LValue *zero = loop_i64(b, 0);
    if (k == t->n - 1) {
        row(l, t);
        return;
    }
    LLoop f = loop_for(b, zero, t->size[t->axis[k]], 1, 0, NULL);
    t->idx[t->axis[k]] = idx_at(f.i);
    nested(l, t, k + 1);
    loop_end(b, &f, NULL);
}

/* The steps of an elementary function wait for each other: those of two registers at a time, where there are always two, do not.
** Where more wait for each other, and longer, some registers go at a time if there are many times as many. */
int nest_lanes(const Axes *axes, double each, int registers, int lanes) {
    int64_t last = 1;
    for (int a = 0; a < axes->n; a++)
        if (!dim_is(axes->dim[a], 1) && !dim_is_int(axes->dim[a], &last)) return lanes;
    if (registers > 1)
        return last >= 4 * registers * lanes && registers * lanes <= LOOP_MAX_LANES ? registers * lanes : lanes;
    return each > 0.5 && each < 3 && last % (2 * lanes) == 0 && last >= 8 * lanes ? 2 * lanes : lanes;
}

void nest(Lower *l, const Axes *axes, Work w, int lanes, NestBody body, void *context) {
    nest_interior(l, axes, NULL, w, lanes, body, context);
}

void nest_interior(Lower *l, const Axes *axes, const Interior *in, Work w, int lanes, NestBody body, void *context) {
    LBuilder *b = &l->b;
    Nest t = { .lanes = lanes, .body = body, .context = context, .heavy = w.each > 2, .interior = in };
    LValue *outer = loop_i64(b, 1);
    for (int a = 0; a < axes->n; a++) {
        t.size[a] = lower_dim(l, axes->dim[a]);
        t.dim[a] = axes->dim[a];
        t.idx[a] = idx_at(loop_i64(b, 0));
        if (!dim_is(axes->dim[a], 1)) t.axis[t.n++] = a;
    }
    if (t.n == 0) {
        Pull p = { .l = l, .lanes = 1 };
        body(&p, t.idx, context);
        return;
    }
    for (int k = 0; k + 1 < t.n; k++) outer = loop_mul(b, outer, t.size[t.axis[k]]);
    LValue *last = t.size[t.axis[t.n - 1]];
    int64_t n, m;
    if (loop_is_const(last, &n)) {
        while (t.lanes > 1 && t.lanes / 2 >= n) t.lanes /= 2;
    }
    if (l->wave) {
        wave_rows(l, first_rows, &t);
        return;
    }
    if (t.n == 1) {
        double each = (w.each > 0.01 ? w.each : 0.01);
        t.chunk = w.times ? 1 : (int64_t)(GRAIN / each / 4) / lanes * lanes;
        if (t.chunk < lanes) t.chunk = lanes;
        if (t.chunk > MAX_PARALLEL_CHUNK) t.chunk = MAX_PARALLEL_CHUNK;
        if (l->serial || (loop_is_const(last, &n) && n <= 8 * t.chunk && !w.times))
            nested(l, &t, 0);
        else
            pieces(l, round_up(l, last, t.chunk), (Work){ w.each * (double)t.chunk, w.times }, chunks, &t);
        return;
    }
    bool small =
        loop_is_const(outer, &n) && loop_is_const(last, &m) && !w.times && (double)n * (double)m * w.each < 2 * GRAIN;
    if (l->serial || small) {
        nested(l, &t, 0);
        return;
    }
    LValue *times = w.times ? loop_mul(b, w.times, last) : last;
    pieces(l, outer, (Work){ w.each, times }, rows, &t);
}
