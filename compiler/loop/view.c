/* view: operands of matrix products as memory with strides.
**
** Where each of its axes leads is asked by probing: the flat index at 0, and at 1 along each axis.  So whatever lies between
** an operand and memory, as long as it moves indices by sums of multiples, costs nothing. */
#include "loop/dot.h"

static bool flat_of(Pull *p, const Value *v, const Idx *idx, Home *home, LValue **flat) {
    *home = reshaped_home(p->l, v);
    const Type *t = v->type;
    if (home_of(p->l, v).elem.re) return false;
    if (home->ptr) {
        *flat = flat_index(p, t, idx).i;
        return true;
    }
    Idx x[MAX_RANK];
    return v->def && v->def->nargs && layout_index(p, v->def, idx, x) && flat_of(p, v->def->args[0], x, home, flat);
}

bool view_of(Lower *l, const Value *v, View *view) {
    LBuilder *b = &l->b;
    Pull p = { .l = l, .lanes = 1 };
    Idx idx[MAX_RANK];
    Home home;
    for (int i = 0; i < v->type->rank; i++) idx[i] = idx_at(loop_i64(b, 0));
    view->dtype = v->type->dtype;
    if (!flat_of(&p, v, idx, &view->home, &view->base)) return false;
    for (int i = 0; i < v->type->rank; i++) {
        LValue *next;
        idx[i] = idx_at(loop_i64(b, 1));
        flat_of(&p, v, idx, &home, &next);
        view->stride[i] = loop_sub(b, next, view->base);
        idx[i] = idx_at(loop_i64(b, 0));
    }
    return true;
}

static bool same(const LValue *x, const LValue *y) {
    int64_t i, j;
    return x == y || (loop_is_const(x, &i) && loop_is_const(y, &j) && i == j);
}

Strides strides_of(Lower *l, const View *view, const Value *v, const int *axes, int n) {
    LBuilder *b = &l->b;
    Strides s = { 0 };
    for (int i = n - 1; i >= 0; i--) {
        LValue *size = lower_dim(l, v->type->dim[axes[i]]), *stride = view->stride[axes[i]];
        int64_t known;
        if (loop_is_const(size, &known) && known == 1) continue;
        int last = s.n - 1;
        if (s.n && same(stride, loop_mul(b, s.size[last], s.stride[last]))) {
            s.size[last] = loop_mul(b, size, s.size[last]);
            continue;
        }
        s.size[s.n] = size;
        s.stride[s.n++] = stride;
    }
    if (!s.n) {
        s.size[0] = loop_i64(b, 1);
        s.stride[s.n++] = loop_i64(b, 0);
    }
    for (int i = 0; i < s.n / 2; i++) { /* outermost first */
        LValue *size = s.size[i], *stride = s.stride[i];
        s.size[i] = s.size[s.n - 1 - i];
        s.stride[i] = s.stride[s.n - 1 - i];
        s.size[s.n - 1 - i] = size;
        s.stride[s.n - 1 - i] = stride;
    }
    return s;
}

/* Of the first n axes. */
static LValue *offset_of(Lower *l, const Strides *s, int n, LValue *i) {
    LBuilder *b = &l->b;
    LValue *offset = loop_i64(b, 0);
    for (int a = n - 1; a >= 0; a--) {
        LValue *at = a ? loop_binary(b, OP_rem, i, s->size[a]) : i;
        offset = loop_add(b, offset, loop_mul(b, at, s->stride[a]));
        if (a) i = loop_binary(b, OP_div, i, s->size[a]);
    }
    return offset;
}

LValue *strides_offset(Lower *l, const Strides *s, LValue *i) {
    if (s->table) return loop_load(&l->b, loop_type(DT_i64, 1), s->table, i, 1, NULL);
    return offset_of(l, s, s->n, i);
}

void strides_tabulate(Lower *l, Strides *s, LValue *length) {
    LBuilder *b = &l->b;
    if (s->n == 1 || s->table) return;
    LValue *zero = loop_i64(b, 0), *inner = s->size[s->n - 1], *stride = s->stride[s->n - 1];
    LValue *table = take_memory(l, loop_mul(b, length, loop_i64(b, 8)));
    LLoop o = loop_for(b, zero, loop_binary(b, OP_div, length, inner), 1, 0, NULL);
    LValue *first = offset_of(l, s, s->n - 1, o.i);
    LValue *row = loop_mul(b, o.i, inner);
    LLoop i = loop_for(b, zero, inner, 1, 0, NULL);
    loop_store(b, loop_add(b, first, loop_mul(b, i.i, stride)), table, loop_add(b, row, i.i), 1, NULL);
    loop_end(b, &i, NULL);
    loop_end(b, &o, NULL);
    s->table = table;
}

bool strides_are_line(const Strides *s, int64_t *stride) { return s->n == 1 && loop_is_const(s->stride[0], stride); }

void dot_find_axes(Lower *l, Dot *d) {
    LBuilder *b = &l->b;
    d->m = d->n = d->k = loop_i64(b, 1);
    for (int i = d->batch; i < d->x->type->rank; i++) {
        if (dot_contracts(d->x_axes, i)) continue;
        d->size_x[d->nx] = lower_dim(l, d->x->type->dim[i]);
        if (d->nx >= d->x_outer) d->m = loop_mul(b, d->m, d->size_x[d->nx]);
        d->x_free[d->nx++] = i;
    }
    for (int i = d->batch; i < d->y->type->rank; i++) {
        if (!dot_contracts(d->y_axes, i)) d->y_free[d->ny++] = i;
    }
    for (int i = 0; i < d->x_axes.n; i++) d->k = loop_mul(b, d->k, lower_dim(l, d->x->type->dim[d->x_axes.at[i]]));
}

/* The operands as memory. */
void dot_find_views(Lower *l, Dot *d, int columns) {
    int axes[MAX_RANK];
    bool border_y = d->border && !d->border_x;
    d->x_flat = d->border_x || view_of(l, d->x, &d->x_view);
    d->y_flat = border_y || view_of(l, d->y, &d->y_view);
    d->outer = !d->y_flat ? d->ny - 1 : columns < d->ny ? d->ny - columns : 0;
    if (border_y && d->outer < d->border->apart) d->outer = d->border->apart;
    for (int i = d->outer; i < d->ny; i++) d->n = loop_mul(&l->b, d->n, lower_dim(l, d->y->type->dim[d->y_free[i]]));
    if (d->border) border_plan(l, d);
    for (int i = 0; i < d->x_axes.n; i++) axes[i] = (int)d->x_axes.at[i];
    if (d->x_flat) {
        d->x_rows = strides_of(l, &d->x_view, d->x, d->x_free + d->x_outer, d->nx - d->x_outer);
        d->x_k = strides_of(l, &d->x_view, d->x, axes, d->x_axes.n);
    }
    for (int i = 0; i < d->y_axes.n; i++) axes[i] = (int)d->y_axes.at[i];
    if (d->y_flat) {
        d->y_k = strides_of(l, &d->y_view, d->y, axes, d->y_axes.n);
        d->y_columns = strides_of(l, &d->y_view, d->y, d->y_free + d->outer, d->ny - d->outer);
    }
}

/* Where the views begin at these outer indices. */
void dot_put_outer(Lower *l, Dot *d) {
    LBuilder *b = &l->b;
    d->x_base = d->x_view.base;
    d->y_base = d->y_view.base;
    for (int i = 0; i < d->batch && d->x_flat; i++)
        d->x_base = loop_add(b, d->x_base, loop_mul(b, d->at[i].i, d->x_view.stride[i]));
    for (int i = 0; i < d->batch + d->outer && d->y_flat; i++) {
        LValue *stride = d->y_view.stride[i < d->batch ? i : d->y_free[i - d->batch]];
        d->y_base = loop_add(b, d->y_base, loop_mul(b, d->at[i].i, stride));
    }
}
