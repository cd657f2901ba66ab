/* reach: what an element of a loop nest reads, before any code is made.
**
** A walk from the results to the arrays in memory, with the index along every axis as an axis of the nest and an offset.  Pads
** and concatenations on the way say where the nest is to be cut, so that most of it asks nothing; an array that is read along
** another axis than its last is better read in blocks (tile.c). */
#include "loop/lower.h"

#include <string.h>

enum {
    NEAR = 64,   /* of the ends of an axis whose size is known at run time only */
    SMALL = 256, /* elements of an array that is not read in blocks, */
    NARROW = 8,  /* ... nor is one with so few rows or columns */
    LONG = 64,   /* a stretch of the last axis beside another one, */
    LONG_OUTER = 8
};

typedef struct {
    Lower *l;
    const Axes *axes;
    Reach reach;
    int last;     /* the axis of the nest along which vectors lie */
    bool several; /* some axis has several stretches */
    Map seen;
    ReachArray array; /* or NULL */
    void *context;
    struct {
        const Dim **at;
        int n, cap;
    } cuts[MAX_RANK];
} Walker;

static void visit(Walker *w, const Value *v, const Along *at);

static const Along unknown = { .axis = -1 };

static void cut(Walker *w, Along x, const Dim *boundary) {
    Compiler *cx = w->l->cx;
    if (x.axis < 0 || x.back || x.slice || !x.offset) return;
    const Dim *at = dim_sub(cx, boundary, x.offset);
    if (dim_at_least(cx, dim_int(cx, 0), at) || dim_at_least(cx, at, w->axes->dim[x.axis])) return;
    PUSH(w->l->arena, &w->cuts[x.axis], at);
}

/* Whether that is an index along an axis of that size wherever the nest stands. */
static bool stays_within(Walker *w, Along x, const Dim *size) {
    Compiler *cx = w->l->cx;
    const Dim *zero = dim_int(cx, 0), *one = dim_int(cx, 1);
    if (!x.offset) return false;
    if (x.slice) return true; /* asked where the slice was met; only other slices lie behind it */
    const Dim *steps = x.axis < 0 ? zero : dim_sub(cx, w->axes->dim[x.axis], one);
    const Dim *least = x.back ? dim_sub(cx, x.offset, steps) : x.offset;
    const Dim *most = x.back ? x.offset : dim_add(cx, x.offset, steps);
    return dim_at_least(cx, least, zero) && dim_at_least(cx, size, dim_add(cx, most, one));
}

static void note_crossing(Walker *w, const Value *v, const Along *at) {
    const Type *t = v->type;
    int last = t->rank - 1, column = -1;
    Reach *r = &w->reach;
    if (dtype_is_complex(t->dtype) || r->ncrossings == MAX_CROSSINGS) return;
    while (last > 0 && dim_is(t->dim[last], 1)) last--;
    for (int i = 0; i < t->rank; i++) {
        if (!stays_within(w, at[i], t->dim[i])) return;
        if (at[i].axis < 0) continue;
        if (at[i].axis == w->last) column = i;
        for (int k = 0; k < i; k++) {
            if (at[k].axis == at[i].axis) return;
        }
    }
    int row = last < 0 ? -1 : at[last].axis;
    if (row < 0 || column < 0 || column == last) return;
    int64_t rows, columns;
    if (dim_is_int(w->axes->dim[w->last], &rows) && dim_is_int(w->axes->dim[row], &columns) &&
        (rows < NARROW || columns < NARROW || rows * columns < SMALL))
        return; /* in registers, perhaps */
    if (r->ncrossings && r->crossing[0].row != row) return;
    Crossing *c = &r->crossing[r->ncrossings++];
    *c = (Crossing){ .v = v, .row = row, .column = column, .last = last };
    memcpy(c->at, at, sizeof *at * (size_t)t->rank);
}

Idx along_index(Pull *p, const Along *x, const Idx *nest) {
    LBuilder *b = &p->l->b;
    LValue *offset = lower_dim(p->l, x->offset);
    Idx y = idx_at(offset);
    if (x->axis >= 0 && x->back)
        y = (Idx){ .i = loop_sub(b, offset, nest[x->axis].i), .step = -nest[x->axis].step };
    else if (x->axis >= 0)
        y = (Idx){ .i = loop_add(b, nest[x->axis].i, offset), .step = nest[x->axis].step };
    return x->slice ? idx_add(p, y, slice_start(p, x->slice, x->slice_axis)) : y;
}

static Along shifted(Walker *w, Along x, const Dim *by) {
    if (x.offset) x.offset = dim_add(w->l->cx, x.offset, by);
    return x;
}

/* The same where a piece of an array begins, or the middle of a pad. */
static Along shifted_back(Walker *w, Along x, const Dim *by) {
    return x.slice ? unknown : shifted(w, x, dim_sub(w->l->cx, dim_int(w->l->cx, 0), by));
}

static void visit_pad(Walker *w, const Inst *in, const Along *at) {
    Compiler *cx = w->l->cx;
    Along x[MAX_RANK];
    for (int i = 0; i < in->args[0]->type->rank; i++) {
        const Dim *low = in->attrs->low.at[i];
        x[i] = unknown;
        if (in->attrs->interior.at[i]) continue;
        cut(w, at[i], low);
        cut(w, at[i], dim_add(cx, low, in->args[0]->type->dim[i]));
        x[i] = shifted_back(w, at[i], low);
    }
    visit(w, in->args[0], x);
}

static void visit_concatenate(Walker *w, const Inst *in, const Along *at) {
    Compiler *cx = w->l->cx;
    const Dim *start = dim_int(cx, 0);
    int axis = (int)in->attrs->axis;
    for (int k = 0; k < in->nargs; k++) {
        Along x[MAX_RANK];
        memcpy(x, at, sizeof *x * (size_t)in->args[k]->type->rank);
        x[axis] = shifted_back(w, at[axis], start);
        start = dim_add(cx, start, in->args[k]->type->dim[axis]);
        if (k + 1 < in->nargs) cut(w, at[axis], start);
        visit(w, in->args[k], x);
    }
}

/* What is new lies within what is old. */
static void visit_update(Walker *w, const Inst *in, const Along *at) {
    Compiler *cx = w->l->cx;
    const Type *u = in->args[1]->type;
    Along x[MAX_RANK];
    for (int i = 0; i < u->rank; i++) {
        int64_t start = 0;
        plan_update_start(in, i, &start);
        cut(w, at[i], dim_int(cx, start));
        cut(w, at[i], dim_add(cx, dim_int(cx, start), u->dim[i]));
        x[i] = shifted_back(w, at[i], dim_int(cx, start));
    }
    visit(w, in->args[0], at);
    visit(w, in->args[1], x);
}

/* Only axes of size 1 come or go. */
static void plain_reshape(Walker *w, const Inst *in, const Along *at, Along *x) {
    const Type *from = in->args[0]->type, *to = in->results[0]->type;
    for (int i = 0, j = 0; i < from->rank; i++) {
        x[i] = (Along){ -1, .offset = dim_int(w->l->cx, 0) };
        if (dim_is(from->dim[i], 1)) continue;
        while (dim_is(to->dim[j], 1)) j++;
        x[i] = at[j++];
    }
}

static void dynamic_slice(Walker *w, const Inst *in, const Along *at, Along *x) {
    const Type *from = in->args[0]->type, *to = in->results[0]->type;
    for (int i = 0; i < to->rank; i++) {
        if (from->dim[i] == to->dim[i]) { /* it starts at 0 */
            x[i] = at[i];
        } else if (!at[i].slice && stays_within(w, at[i], to->dim[i])) {
            x[i] = at[i];
            x[i].slice = in;
            x[i].slice_axis = i;
        }
    }
}

static void visit_inst(Walker *w, const Inst *in, const Along *at) {
    Along x[MAX_RANK];
    Compiler *cx = w->l->cx;
    for (int i = 0; i < MAX_RANK; i++) x[i] = unknown;
    const Type *from = in->nargs ? in->args[0]->type : NULL, *to = in->results[0]->type;
    switch ((int)in->op) {
    case OP_broadcast:
        for (int i = 0; i < from->rank; i++) {
            int64_t axis = in->attrs->map.at[i];
            x[i] = from->dim[i] == to->dim[axis] ? at[axis] : (Along){ -1, .offset = dim_int(cx, 0) };
        }
        break;
    case OP_transpose:
        for (int i = 0; i < to->rank; i++) x[in->attrs->perm.at[i]] = at[i];
        break;
    case OP_reshape:
        if (home_of(w->l, in->args[0]).ptr) {
            note_crossing(w, in->results[0], at);
            if (w->array) w->array(in->args[0], x, w->context);
            return;
        }
        if (plan_reshape_is_plain(in)) plain_reshape(w, in, at, x);
        break;
    case OP_reverse:
        memcpy(x, at, sizeof *x * (size_t)to->rank);
        for (int k = 0; k < in->attrs->axes.n; k++) {
            Along *a = &x[in->attrs->axes.at[k]];
            const Dim *end = a->offset ? dim_sub(cx, to->dim[in->attrs->axes.at[k]], dim_int(cx, 1)) : NULL;
            if (!end || a->slice)
                *a = unknown;
            else
                *a = (Along){ a->axis, !a->back, dim_sub(cx, end, a->offset), NULL, 0 };
        }
        break;
    case OP_slice:
        for (int i = 0; i < to->rank; i++) {
            if (in->attrs->stride.at[i] == 1) x[i] = shifted(w, at[i], in->attrs->start.at[i]);
        }
        break;
    case OP_dynamic_slice: dynamic_slice(w, in, at, x); break;
    case OP_pad: visit_pad(w, in, at); return;
    case OP_concatenate: visit_concatenate(w, in, at); return;
    case OP_dynamic_update_slice:
        if (plan_update_is_map(w->l->cx, in)) {
            visit_update(w, in, at);
            return;
        }
        break;
    default:
        if (op_class(in->op) == CLASS_ELEMENTWISE || in->op == OP_retype) memcpy(x, at, sizeof *x * (size_t)to->rank);
        break;
    }
    for (int i = 0; i < in->nargs; i++) visit(w, in->args[i], x);
}

static void visit(Walker *w, const Value *v, const Along *at) {
    struct {
        const Value *v;
        Along at[MAX_RANK];
    } key;
    memset(&key, 0, sizeof key);
    key.v = v;
    for (int i = 0; i < v->type->rank; i++) {
        key.at[i].axis = at[i].axis;
        key.at[i].back = at[i].back;
        key.at[i].offset = at[i].offset;
        key.at[i].slice = at[i].slice;
        key.at[i].slice_axis = at[i].slice_axis;
    }
    Home h = home_of(w->l, v);
    if (h.elem.re || v->type->rank == 0 || map_get_bytes(&w->seen, &key, sizeof key)) return;
    map_set_bytes(&w->seen, &key, sizeof key, w);
    if (h.ptr && w->array)
        w->array(v, at, w->context);
    else if (h.ptr)
        note_crossing(w, v, at);
    else if (v->def)
        visit_inst(w, v->def, at);
}

static void add_stretch(Walker *w, int a, const Dim *lo, const Dim *hi) {
    Interior *in = &w->reach.interior;
    int n = in->along[a].n++;
    in->along[a].lo[n] = lo;
    in->along[a].hi[n] = hi;
    w->reach.has_interior = true;
}

/* Of an axis whose size is known here: the longest stretch between two cuts, or several that are long. */
static void known_stretches(Walker *w, int a, int64_t size) {
    Compiler *cx = w->l->cx;
    int64_t *at = NEW_ARRAY(w->l->arena, int64_t, w->cuts[a].n + 2), least = a == w->last ? LONG : LONG_OUTER, cut_at;
    int n = 1, many = 0, longest = 0;
    for (int i = 0; i <= w->cuts[a].n; i++) { /* in order, the end among them */
        if (i < w->cuts[a].n && !dim_is_int(w->cuts[a].at[i], &cut_at)) return;
        if (i == w->cuts[a].n) cut_at = size;
        int k = n++;
        for (; at[k - 1] > cut_at; k--) at[k] = at[k - 1];
        at[k] = cut_at;
    }
    for (int i = 0; i + 1 < n; i++) {
        many += at[i + 1] - at[i] >= least;
        if (at[i + 1] - at[i] > at[longest + 1] - at[longest]) longest = i;
    }
    bool all = many > 1 && many <= MOST_STRETCHES && !w->several;
    w->several |= all;
    for (int i = 0; i + 1 < n && at[longest + 1] - at[longest] < size; i++) {
        if (all ? at[i + 1] - at[i] >= least : i == longest)
            add_stretch(w, a, dim_int(cx, at[i]), dim_int(cx, at[i + 1]));
    }
}

/* The parts of an axis between what is cut off. */
static void find_interior(Walker *w, int a) {
    Compiler *cx = w->l->cx;
    const Dim *size = w->axes->dim[a];
    int64_t n = -1, at, low = 0, high = 0;
    if (dim_is_int(size, &n)) {
        known_stretches(w, a, n);
        return;
    }
    for (int i = 0; i < w->cuts[a].n; i++) { /* near its two ends */
        const Dim *cut_at = w->cuts[a].at[i];
        if (dim_is_int(cut_at, &at) && at >= 0 && at <= NEAR)
            low = at > low ? at : low;
        else if (dim_is_int(dim_sub(cx, size, cut_at), &at) && at >= 0 && at <= NEAR)
            high = at > high ? at : high;
    }
    if (low || high) add_stretch(w, a, dim_int(cx, low), dim_sub(cx, size, dim_int(cx, high)));
}

static void visit_results(Walker *w, const Value *const *results, int n) {
    Along at[MAX_RANK];
    for (int a = 0; a < w->axes->n; a++) {
        at[a] = (Along){ .axis = a, .offset = dim_int(w->l->cx, 0) };
        if (!dim_is(w->axes->dim[a], 1)) w->last = a;
    }
    for (int i = 0; i < n; i++) visit_inst(w, results[i]->def, at);
}

void reach_arrays(Lower *l, const Axes *axes, const Value *const *results, int n, ReachArray array, void *context) {
    Walker w = { .l = l, .axes = axes, .seen = map_new(l->arena), .last = -1, .array = array, .context = context };
    visit_results(&w, results, n);
}

Reach reach_of(Lower *l, const Axes *axes, const Value *const *results, int n) {
    Walker w = { .l = l, .axes = axes, .seen = map_new(l->arena), .last = -1 };
    visit_results(&w, results, n);
    for (int a = axes->n; a-- > 0;) find_interior(&w, a);
    return w.reach;
}
