/* products: contractions as those that are computed best.
**
** A product of complex matrices is one of real matrices, twice as wide and twice as deep:
**
**     [x_re x_im] [ y_re  y_im]  =  [z_re z_im]
**                 [-y_im  y_re]
**
** which runs in tiles like any other.  A matrix by a single column is a matrix by a vector, whose rows are added up as they lie. */
#include "optimize/optimize.h"

enum { LEAST = 8 /* of every size: below, parts are not worth putting together */ };

static bool listed(Ints list, int64_t x) {
    for (int i = 0; i < list.n; i++) {
        if (list.at[i] == x) return true;
    }
    return false;
}

/* The free axes of an operand; and how many elements they have together, or -1. */
static int free_axes(const Type *t, int batch, Ints contracted, int64_t *axes, int64_t *size) {
    int n = 0;
    int64_t known;
    *size = 1;
    for (int i = batch; i < t->rank; i++) {
        if (listed(contracted, i)) continue;
        axes[n++] = i;
        *size = *size >= 0 && dim_is_int(t->dim[i], &known) ? *size * known : -1;
    }
    return n;
}

static int64_t size_of(const Type *t, Ints axes) {
    int64_t size = 1, known;
    for (int i = 0; i < axes.n; i++) size = size >= 0 && dim_is_int(t->dim[axes.at[i]], &known) ? size * known : -1;
    return size;
}

static bool is_small(int64_t n) { return n < LEAST; } /* or not known */

/* x with an axis of length 1 at that place. */
static Value *with_axis(Builder *b, Value *x, int at) {
    const Dim *dim[MAX_RANK];
    for (int i = 0; i <= x->type->rank; i++) dim[i] = i == at ? dim_int(b->cx, 1) : x->type->dim[i - (i > at)];
    return ir_reshape(b, x, type_of(b->cx, x->type->dtype, x->type->rank + 1, dim));
}

/* Two arrays side by side along a new axis. */
static Value *pair(Builder *b, Value *first, Value *second, int at) {
    Value *both[] = { with_axis(b, first, at), with_axis(b, second, at) };
    return ir_concatenate(b, both, 2, at);
}

/* One of them again. */
static Value *part(Builder *b, Value *pair, int at, int k) {
    const Dim *start[MAX_RANK], *limit[MAX_RANK], *dim[MAX_RANK];
    int64_t stride[MAX_RANK];
    const Type *t = pair->type;
    for (int i = 0, n = 0; i < t->rank; i++) {
        start[i] = dim_int(b->cx, i == at ? k : 0);
        limit[i] = i == at ? dim_int(b->cx, k + 1) : t->dim[i];
        stride[i] = 1;
        if (i != at) dim[n++] = t->dim[i];
    }
    return ir_reshape(b, ir_slice(b, pair, start, limit, stride), type_of(b->cx, t->dtype, t->rank - 1, dim));
}

static bool split_complex(Walk *w, const Inst *in) {
    Builder *b = &w->b;
    const Attrs *a = in->attrs;
    const Type *s = in->args[0]->type, *t = in->args[1]->type;
    int64_t of_x[MAX_RANK], of_y[MAX_RANK], perm[MAX_RANK], lhs[MAX_RANK], rhs[MAX_RANK], m, n;
    int batch = (int)a->batch, nx = free_axes(s, batch, a->lhs_axes, of_x, &m), nk = a->lhs_axes.n;
    int ny = free_axes(t, batch, a->rhs_axes, of_y, &n), rank = 0;
    if (!dtype_is_complex(s->dtype) || !nx || !ny || !nk || s->rank + 1 > MAX_RANK || t->rank + 2 > MAX_RANK)
        return false;
    if (is_small(m) || is_small(n) || is_small(size_of(s, a->lhs_axes)) || batch + nx + ny + 1 > MAX_RANK) return false;
    for (int i = 0; i < batch; i++) perm[rank++] = i;
    for (int i = 0; i < nx; i++) perm[rank++] = of_x[i];
    for (int i = 0; i < nk; i++) perm[rank++] = a->lhs_axes.at[i];
    Value *x = ir_transpose(b, walk_value(w, in->args[0]), perm);
    Value *re = ir_real(b, x), *im = ir_imag(b, x);
    x = pair(b, re, im, batch + nx);
    rank = batch;
    for (int i = 0; i < nk; i++) perm[rank++] = a->rhs_axes.at[i];
    for (int i = 0; i < ny; i++) perm[rank++] = of_y[i];
    Value *y = ir_transpose(b, walk_value(w, in->args[1]), perm), *upper, *lower;
    re = ir_real(b, y);
    im = ir_imag(b, y);
    upper = pair(b, re, im, batch + nk);
    lower = pair(b, ir_neg(b, im), re, batch + nk);
    y = pair(b, upper, lower, batch);
    for (int i = 0; i <= nk; i++) {
        lhs[i] = batch + nx + i;
        rhs[i] = batch + i;
    }
    Value *z = ir_dot(b, x, y, batch, nk + 1, lhs, rhs);
    re = part(b, z, batch + nx, 0);
    im = part(b, z, batch + nx, 1);
    w->map.at[in->results[0]->id] = ir_complex(b, re, im);
    return true;
}

static bool take_column(Walk *w, const Inst *in) {
    Builder *b = &w->b;
    const Attrs *a = in->attrs;
    const Type *s = in->args[0]->type, *t = in->args[1]->type;
    int64_t of_x[MAX_RANK], of_y[MAX_RANK], rhs[MAX_RANK], m, n;
    int batch = (int)a->batch, nx = free_axes(s, batch, a->lhs_axes, of_x, &m), nk = a->lhs_axes.n, rank = 0;
    int ny = free_axes(t, batch, a->rhs_axes, of_y, &n);
    bool rows = nk && a->lhs_axes.at[nk - 1] == s->rank - 1; /* they lie along the terms */
    if (!nx || !ny || n != 1 || !rows || is_small(m) || is_small(size_of(s, a->lhs_axes))) return false;
    const Dim *dim[MAX_RANK];
    for (int i = 0; i < t->rank; i++) {
        for (int k = 0; k < nk; k++) {
            if (a->rhs_axes.at[k] == i) rhs[k] = rank;
        }
        if (i < batch || listed(a->rhs_axes, i)) dim[rank++] = t->dim[i];
    }
    Value *y = ir_reshape(b, walk_value(w, in->args[1]), type_of(b->cx, t->dtype, rank, dim));
    Value *z = ir_dot(b, walk_value(w, in->args[0]), y, batch, nk, a->lhs_axes.at, rhs);
    w->map.at[in->results[0]->id] = ir_reshape(b, z, in->results[0]->type);
    return true;
}

static void products_inst(Walk *w, const Inst *in) {
    if (in->op != OP_dot || (!split_complex(w, in) && !take_column(w, in))) walk_copy(w, in);
}

Module *pass_products(const Module *m) { return walk_module(m, products_inst, NULL); }
