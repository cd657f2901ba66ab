/* layout: elements of values that only move others: the index moves, the element is pulled where that leads.
**
** What is known of the range of an index (nest.c) decides which piece of a concatenation it lies in, and that it is not in
** the padding, without asking at run time. */
#include "loop/lower.h"

#include <string.h>

static void broadcast_index(Pull *p, const Inst *in, const Idx *idx, Idx *x) {
    const Type *from = in->args[0]->type, *to = in->results[0]->type;
    for (int i = 0; i < from->rank; i++) {
        int64_t axis = in->attrs->map.at[i];
        bool stretched = from->dim[i] != to->dim[axis]; /* an axis of size 1 repeats too */
        x[i] = stretched ? idx_at(loop_i64(&p->l->b, 0)) : idx[axis];
    }
}

static void slice_index(Pull *p, const Inst *in, const Idx *idx, Idx *x) {
    for (int i = 0; i < in->results[0]->type->rank; i++) {
        LValue *stride = loop_i64(&p->l->b, in->attrs->stride.at[i]);
        x[i] = idx_shift(p, idx_scale(p, idx[i], stride), in->attrs->start.at[i]);
    }
}

static void reverse_index(Pull *p, const Inst *in, const Idx *idx, Idx *x) {
    const Type *t = in->results[0]->type;
    memcpy(x, idx, sizeof(Idx) * (size_t)t->rank);
    for (int k = 0; k < in->attrs->axes.n; k++) {
        int64_t a = in->attrs->axes.at[k];
        LBuilder *b = &p->l->b;
        LValue *last = loop_sub(b, lower_dim(p->l, t->dim[a]), loop_i64(b, 1));
        if (x[a].each)
            x[a].each = loop_sub(b, last, x[a].each);
        else
            x[a] = (Idx){ .i = loop_sub(b, last, x[a].i), .step = -x[a].step };
    }
}

static void windows_index(Pull *p, const Inst *in, const Idx *idx, Idx *x) {
    int rank = in->args[0]->type->rank;
    LBuilder *b = &p->l->b;
    memcpy(x, idx, sizeof(Idx) * (size_t)rank);
    for (int i = 0; i < in->attrs->axes.n; i++) {
        Idx *at = &x[in->attrs->axes.at[i]];
        Idx place = idx_scale(p, idx[rank + i], loop_i64(b, in->attrs->dilation.at[i]));
        *at = idx_sum(p, idx_scale(p, *at, loop_i64(b, in->attrs->step.at[i])), place);
    }
}

/* Axes of both sides fall into groups with equal products; inside one, indices go by way of the flat index. */
static void reshape_index(Pull *p, const Type *to, const Type *from, const Idx *idx, Idx *x) {
    Lower *l = p->l;
    LBuilder *b = &l->b;
    int i = from->rank, j = to->rank;
    while (i > 0 || j > 0) {
        int i_end = i, j_end = j;
        const Dim *pi = dim_int(l->cx, 1), *pj = pi;
        if (i > 0) pi = from->dim[--i];
        if (j > 0) pj = to->dim[--j];
        while (pi != pj && (i > 0 || j > 0)) {
            if (j > 0 && (i == 0 || !dim_at_least(l->cx, pj, pi)))
                pj = dim_mul(l->cx, pj, to->dim[--j]);
            else if (i > 0)
                pi = dim_mul(l->cx, pi, from->dim[--i]);
            else
                break;
        }
        if (pi != pj) i = j = 0; /* equal only at run time: one group is left */
        if (i_end - i == 1 && j_end - j == 1) {
            x[i] = idx[j];
            continue;
        }
        Idx flat = idx_at(loop_i64(b, 0));
        LValue *stride = loop_i64(b, 1);
        for (int a = j_end - 1; a >= j; a--) {
            flat = idx_sum(p, idx_scale(p, idx[a], stride), flat);
            stride = loop_mul(b, stride, lower_dim(l, to->dim[a]));
        }
        for (int a = i_end - 1; a >= i; a--) {
            if (dim_is(from->dim[a], 1)) {
                x[a] = idx_at(loop_i64(b, 0));
                continue;
            }
            bool first = true;
            for (int k = i; k < a; k++) first &= dim_is(from->dim[k], 1);
            LValue *n = lower_dim(l, from->dim[a]);
            x[a] = first ? flat : idx_op(p, OP_rem, flat, n);
            if (!first) flat = idx_op(p, OP_div, flat, n);
        }
    }
}

bool layout_index(Pull *p, const Inst *in, const Idx *idx, Idx *x) {
    const Type *t = in->results[0]->type;
    switch ((int)in->op) {
    case OP_broadcast: broadcast_index(p, in, idx, x); return true;
    case OP_slice: slice_index(p, in, idx, x); return true;
    case OP_reverse: reverse_index(p, in, idx, x); return true;
    case OP_windows: windows_index(p, in, idx, x); return true;
    case OP_retype: memcpy(x, idx, sizeof(Idx) * (size_t)t->rank); return true;
    case OP_transpose:
        for (int i = 0; i < t->rank; i++) x[in->attrs->perm.at[i]] = idx[i];
        return true;
    case OP_reshape:
        if (!plan_reshape_is_plain(in)) return false;
        reshape_index(p, t, in->args[0]->type, idx, x);
        return true;
    default: return false;
    }
}

static Elem pull_reshape(Pull *p, const Inst *in, const Idx *idx) {
    const Value *x = in->args[0];
    Home h = home_of(p->l, x);
    Elem e;
    if (h.ptr && crossed_load(p, in->results[0], idx, &e)) return e;
    if (h.ptr && !h.from) return load_flat(p, &h, x->type->dtype, flat_index(p, in->results[0]->type, idx));
    Idx at[MAX_RANK];
    reshape_index(p, in->results[0]->type, x->type, idx, at);
    return pull(p, x, at);
}

/* Pulls x where `inside` holds, else gives `outside`. */
Elem pull_where(Pull *p, LValue *inside, const Value *x, const Idx *idx, Elem outside) {
    int64_t known;
    if (!inside || (loop_is_const(inside, &known) && known)) return pull(p, x, idx);
    if (loop_is_const(inside, &known)) return outside;
    LValue *before = p->valid;
    p->valid = masks_both(&p->l->b, before, inside);
    Elem y = pull(p, x, idx);
    p->valid = before;
    return elem_select(p->l, inside, y, outside);
}

/* lo <= x < hi as a mask; NULL stands for no bound, and is given where nothing has to be asked. */
LValue *within(Pull *p, LValue *mask, Idx x, const Dim *lo, const Dim *hi) {
    Lower *l = p->l;
    LBuilder *b = &l->b;
    if (lo && x.lo && dim_at_least(l->cx, x.lo, lo)) lo = NULL;
    if (hi && x.hi && dim_at_least(l->cx, hi, x.hi)) hi = NULL;
    bool never = (lo && x.hi && dim_at_least(l->cx, lo, x.hi)) || (hi && x.lo && dim_at_least(l->cx, x.lo, hi));
    if (never) return loop_bool(b, false);
    LValue *v = lo || hi ? idx_value(p, x) : NULL;
    if (lo) mask = masks_both(b, mask, loop_binary(b, OP_ge, v, loop_splat(b, lower_dim(l, lo), v->type.lanes)));
    if (hi) mask = masks_both(b, mask, loop_binary(b, OP_lt, v, loop_splat(b, lower_dim(l, hi), v->type.lanes)));
    return mask;
}

static Elem pull_pad(Pull *p, const Inst *in, const Idx *idx) {
    Lower *l = p->l;
    LBuilder *b = &l->b;
    const Type *t = in->args[0]->type;
    const Dim *zero = dim_int(l->cx, 0);
    Idx x[MAX_RANK];
    LValue *inside = NULL;
    for (int i = 0; i < t->rank; i++) {
        int64_t gap = in->attrs->interior.at[i] + 1;
        const Dim *low = in->attrs->low.at[i], *high = in->attrs->high.at[i];
        x[i] = idx_shift(p, idx[i], dim_sub(l->cx, zero, low));
        if (!dim_at_least(l->cx, zero, low)) inside = within(p, inside, x[i], zero, NULL);
        if (gap > 1) {
            Idx rest = idx_op(p, OP_rem, x[i], loop_i64(b, gap)), none = idx_at(loop_i64(b, 0));
            LValue *zero_rest = loop_binary(b, OP_eq, idx_value(p, rest), none.i);
            inside = masks_both(b, inside, zero_rest);
            x[i] = idx_op(p, OP_div, x[i], loop_i64(b, gap));
        }
        if (!dim_at_least(l->cx, zero, high)) inside = within(p, inside, x[i], NULL, t->dim[i]);
    }
    return pull_where(p, inside, in->args[0], x, pull(p, in->args[1], NULL));
}

static bool same_place(const Idx *x, const Idx *y) { return x->i == y->i && x->step == y->step && x->each == y->each; }

/* Where the pieces are of one array, and which it is depends on the row alone, as in what is rolled or bordered: the index of
** the row is chosen, and the element read once. */
static bool pull_one_source(Pull *p, const Inst *in, const Idx *idx, Elem *y) {
    Lower *l = p->l;
    int64_t axis = in->attrs->axis, known;
    if (idx[axis].step || idx[axis].each) return false;
    const Dim *start = dim_int(l->cx, 0), *zero = start;
    const Value *source = NULL;
    Idx at[MAX_RANK];
    for (int k = 0; k < in->nargs; k++) {
        const Value *v = in->args[k];
        const Dim *end = dim_add(l->cx, start, v->type->dim[axis]);
        LValue *inside = within(p, NULL, idx[axis], k ? start : NULL, k + 1 < in->nargs ? end : NULL);
        Idx x[MAX_RANK], from[MAX_RANK];
        memcpy(x, idx, sizeof(Idx) * (size_t)v->type->rank);
        x[axis] = idx_shift(p, idx[axis], dim_sub(l->cx, zero, start));
        start = end;
        if (inside && loop_is_const(inside, &known) && !known) continue;
        while (v->def && !home_of(l, v).ptr && op_class(v->def->op) == CLASS_LAYOUT &&
               layout_index(p, v->def, x, from)) {
            v = v->def->args[0];
            memcpy(x, from, sizeof(Idx) * (size_t)v->type->rank);
        }
        if (source && v != source) return false;
        for (int i = 0; source && i < v->type->rank; i++) {
            if (at[i].lo != x[i].lo || at[i].hi != x[i].hi) at[i].lo = at[i].hi = NULL;
            if (same_place(&at[i], &x[i])) continue;
            if (at[i].step || at[i].each || x[i].step || x[i].each || !inside) return false;
            at[i].i = loop_select(&l->b, inside, x[i].i, at[i].i);
        }
        if (!source) memcpy(at, x, sizeof at);
        source = v;
    }
    if (source) *y = pull(p, source, at);
    return source != NULL;
}

static Elem pull_concatenate(Pull *p, const Inst *in, const Idx *idx) {
    Lower *l = p->l;
    LBuilder *b = &l->b;
    int64_t axis = in->attrs->axis, known;
    const Dim *start = dim_int(l->cx, 0), *zero = start;
    Elem y = { 0 };
    if (pull_one_source(p, in, idx, &y)) return y;
    for (int k = 0; k < in->nargs; k++) {
        const Type *t = in->args[k]->type;
        const Dim *end = dim_add(l->cx, start, t->dim[axis]);
        LValue *inside = within(p, NULL, idx[axis], k ? start : NULL, k + 1 < in->nargs ? end : NULL);
        bool never = inside && loop_is_const(inside, &known) && !known;
        if (!never || (k + 1 == in->nargs && !y.re)) {
            Idx x[MAX_RANK];
            memcpy(x, idx, sizeof(Idx) * (size_t)t->rank);
            x[axis] = idx_shift(p, idx[axis], dim_sub(l->cx, zero, start));
            LValue *before = p->valid;
            p->valid = masks_both(b, before, inside);
            Elem e = pull(p, in->args[k], x);
            p->valid = before;
            y = y.re && inside ? elem_select(l, inside, e, y) : e;
            if (!inside && k + 1 < in->nargs) return y;
        }
        start = end;
    }
    return y;
}

Elem pull_layout(Pull *p, const Inst *in, const Idx *idx) {
    Idx x[MAX_RANK];
    switch ((int)in->op) {
    case OP_reshape: return pull_reshape(p, in, idx);
    case OP_pad: return pull_pad(p, in, idx);
    case OP_concatenate: return pull_concatenate(p, in, idx);
    default:
        if (!layout_index(p, in, idx, x)) bug(p->l->cx, "%s does not only move elements", op_name(in->op));
        return pull(p, in->args[0], x);
    }
}
