/* weave: short axes of a map, written out.
**
** Vectors along a last axis of two to four elements would be nearly empty.  So they lie along the axis before it, once for each
** of its places, and what they give is woven together in registers and stored as one stretch.  Other short axes along which
** arrays are concatenated are written out too: which piece an element lies in is then known here. */
#include "loop/lower.h"

#include <string.h>

enum { MOST = 16 /* copies of the code */, LONG = 8 /* an axis worth vectors */ };

static bool is_short(const Dim *d, int64_t *n) { return dim_is_int(d, n) && *n > 1 && *n <= SHORT_AXIS; }

static bool joins_along(const Inst *const *group, int n, const Axes *axes, int axis) {
    for (int i = 0; i < n; i++) {
        const Type *t = group[i]->results[0]->type;
        if (group[i]->op == OP_concatenate && group[i]->attrs->axis == axis && t->rank == axes->n &&
            t->dim[axis] == axes->dim[axis])
            return true;
    }
    return false;
}

static void take_out(Lower *l, Weave *w, Axes *axes, int axis, int64_t n) {
    w->axis[w->n] = axis;
    w->size[w->n++] = (int)n;
    w->copies *= (int)n;
    axes->dim[axis] = dim_int(l->cx, 1);
}

bool weave_of(Lower *l, Axes *axes, const Inst *const *group, int n, Weave *w) {
    Axes left = *axes;
    int last = axes->n - 1, before;
    int64_t size, long_enough;
    *w = (Weave){ .copies = 1 };
    while (last >= 0 && dim_is(axes->dim[last], 1)) last--;
    for (before = last - 1; before >= 0 && dim_is(axes->dim[before], 1);) before--;
    w->woven = before >= 0 && is_short(axes->dim[last], &size) &&
               !(dim_is_int(axes->dim[before], &long_enough) && long_enough < LONG);
    for (int a = 0; a < last; a++) {
        if (is_short(axes->dim[a], &size) && w->copies * size * (w->woven ? SHORT_AXIS : 1) <= MOST &&
            joins_along(group, n, axes, a))
            take_out(l, w, &left, a, size);
    }
    if (w->woven && is_short(axes->dim[last], &size)) take_out(l, w, &left, last, size);
    *axes = left;
    return w->n > 0;
}

/* What is woven together is one vector. */
int weave_lanes(const Weave *w, int lanes) {
    while (w->woven && lanes * w->size[w->n - 1] > LOOP_MAX_LANES) lanes /= 2;
    return lanes;
}

static Idx weave_place(Lower *l, int i) {
    return (Idx){ .i = loop_i64(&l->b, i), .lo = dim_int(l->cx, i), .hi = dim_int(l->cx, i + 1) };
}

/* Lane i of the result is lane i / n of v[i % n]. */
static LValue *woven(LBuilder *b, LValue *const *v, int n, int lanes) {
    int pick[LOOP_MAX_LANES];
    LValue *x = v[0], *y = v[1];
    for (int i = 0; i < 2 * lanes; i++) pick[i] = i;
    if (n > 2) {
        x = loop_shuffle(b, v[0], v[1], 2 * lanes, pick);
        y = loop_shuffle(b, v[2], v[3], 2 * lanes, pick);
    }
    for (int i = 0; i < n * lanes; i++) pick[i] = i % n * lanes + i / n;
    return loop_shuffle(b, x, y, n * lanes, pick);
}

/* One of n vectors of such lanes: LLVM makes those of three, which are no power of two, lane by lane. */
static LValue *woven_part(LBuilder *b, LValue *const *v, int n, int lanes, int part) {
    int pick[LOOP_MAX_LANES];
    LValue *x = v[0];
    for (int j = 1; j < n; j++) {
        for (int i = 0; i < lanes; i++) {
            int at = part * lanes + i, from = at % n;
            pick[i] = from == j ? lanes + at / n : j == 1 ? at / n : i;
        }
        x = loop_shuffle(b, x, v[j], lanes, pick);
    }
    return x;
}

/* The elements at n neighbouring places of the last axis, for a vector along the axis before it. */
static void store_woven(Pull *p, const Type *t, LValue *ptr, Idx *idx, int axis, Elem *y, int n) {
    Lower *l = p->l;
    LBuilder *b = &l->b;
    idx[axis] = idx_at(loop_i64(b, 0));
    Idx at = flat_index(p, t, idx);
    bool counted = !p->tail || p->tail->def->op == LOOP_lanes_below;
    if (p->lanes == 1 || at.each || at.step != n || dtype_is_complex(t->dtype) || p->lanes * n > LOOP_MAX_LANES ||
        !counted || p->valid) {
        for (int i = 0; i < n; i++) {
            idx[axis] = idx_at(loop_i64(b, i));
            store_at(p, t, ptr, idx, y[i]);
        }
        return;
    }
    LValue *v[SHORT_AXIS];
    for (int i = 0; i < n; i++) {
        v[i] = elem_splat(l, y[i], p->lanes).re;
        if (t->dtype == DT_bool) v[i] = loop_convert(b, v[i], DT_u8);
    }
    int parts = n == 3 ? n : 1, lanes = n * p->lanes / parts;
    for (int k = 0; k < parts; k++) {
        LValue *x = n == 3 ? woven_part(b, v, n, p->lanes, k) : woven(b, v, n, p->lanes);
        LValue *mask = loop_lanes_of_each(b, p->tail, n, k * lanes, lanes);
        loop_store(b, x, ptr, loop_add(b, at.i, loop_i64(b, k * lanes)), 1, mask);
    }
}

/* All of these elements are there before the first is stored: it may be written over an argument. */
static void weave_last(Pull *p, const Weave *w, Idx *idx, const Value *const *v, const Value *const *to, int nresults) {
    Lower *l = p->l;
    int axis = w->axis[w->n - 1], n = w->woven ? w->size[w->n - 1] : 1;
    Elem(*y)[SHORT_AXIS] = arena_alloc(l->arena, sizeof *y * (size_t)nresults);
    for (int i = 0; i < n; i++) {
        if (w->woven) idx[axis] = weave_place(l, i);
        for (int r = 0; r < nresults; r++)
            y[r][i] = v[r] == to[r] ? pull_inst(p, v[r]->def, 0, idx) : pull(p, v[r], idx);
    }
    for (int r = 0; r < nresults; r++) {
        LValue *ptr = home_of(l, to[r]).ptr;
        if (w->woven)
            store_woven(p, to[r]->type, ptr, idx, axis, y[r], n);
        else
            store_at(p, to[r]->type, ptr, idx, y[r][0]);
    }
}

void weave(Pull *p, const Weave *w, const Idx *outer, const Value *const *v, const Value *const *to, int nresults) {
    Idx idx[MAX_RANK];
    int rank = to[0]->type->rank, outside = w->n - w->woven;
    memcpy(idx, outer, sizeof *idx * (size_t)rank);
    for (int copy = 0, copies = w->woven ? w->copies / w->size[w->n - 1] : w->copies; copy < copies; copy++) {
        for (int i = outside - 1, rest = copy; i >= 0; i--) {
            idx[w->axis[i]] = weave_place(p->l, rest % w->size[i]);
            rest /= w->size[i];
        }
        weave_last(p, w, idx, v, to, nresults);
    }
}
