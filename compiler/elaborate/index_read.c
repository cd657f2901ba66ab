/* index_read: x[...] of an array: slices, then a gather where there are index arrays, then the axes in their places. */
#include "elaborate/index.h"

/* Items whose place is known at run time only, all at once; what is done is marked as a whole axis. */
static Value *take_run_time(Elab *e, Index *ix, Value *x) {
    const Type *t = x->type;
    const Dim *size[MAX_RANK];
    Value *start[MAX_RANK];
    bool any = false;
    for (int a = 0; a < t->rank; a++) {
        size[a] = t->dim[a];
        start[a] = ir_i64(e->b, 0);
    }
    for (int i = 0; i < ix->n; i++) {
        IndexItem *it = &ix->item[i];
        if ((it->kind != INDEX_SLICE && it->kind != INDEX_SCALAR) || !it->at) continue;
        size[it->axis] = it->size;
        start[it->axis] = it->at;
        any = true;
    }
    return any ? ir_dynamic_slice(e->b, x, start, type_of(e->cx, t->dtype, t->rank, size)) : x;
}

static Value *take_known(Elab *e, Index *ix, Value *x) {
    const Type *t = x->type;
    Compiler *cx = e->cx;
    const Dim *start[MAX_RANK], *limit[MAX_RANK];
    int64_t stride[MAX_RANK], backwards[MAX_RANK];
    int nbackwards = 0;
    bool any = false;
    for (int a = 0; a < t->rank; a++) {
        start[a] = dim_int(cx, 0);
        limit[a] = t->dim[a];
        stride[a] = 1;
    }
    for (int i = 0; i < ix->n; i++) {
        IndexItem *it = &ix->item[i];
        if ((it->kind != INDEX_SLICE && it->kind != INDEX_SCALAR) || !it->start || it->full) continue;
        int a = it->axis;
        int64_t k = it->step < 0 ? -it->step : it->step;
        any = true;
        stride[a] = k;
        if (dim_is(it->size, 0)) {
            limit[a] = start[a];
            continue;
        }
        const Dim *span =
            dim_sub(cx, dim_mul(cx, it->size, dim_int(cx, k)), dim_int(cx, k - 1)); /* of `size` elements */
        start[a] = it->start;
        if (it->step < 0) {
            start[a] = dim_sub(cx, it->start, dim_mul(cx, dim_sub(cx, it->size, dim_int(cx, 1)), dim_int(cx, k)));
            backwards[nbackwards++] = a;
        }
        if (!dim_at_least(cx, span, dim_int(cx, 0))) span = dim_max(cx, span, dim_int(cx, 0));
        limit[a] = dim_add(cx, start[a], span);
    }
    if (any) x = ir_slice(e->b, x, start, limit, stride);
    return nbackwards ? ir_reverse(e->b, x, nbackwards, backwards) : x;
}

/* Coordinates side by side along a last axis. */
Value *index_coordinates(Elab *e, Value *const *at, int n) {
    const Type *t = at[0]->type;
    const Dim *dims[MAX_RANK + 1];
    for (int i = 0; i < t->rank; i++) dims[i] = t->dim[i];
    dims[t->rank] = dim_int(e->cx, 1);
    const Type *column = type_of(e->cx, t->dtype, t->rank + 1, dims);
    Value *columns[MAX_RANK];
    for (int i = 0; i < n; i++) columns[i] = ir_reshape(e->b, at[i], column);
    return n == 1 ? columns[0] : ir_concatenate(e->b, columns, n, t->rank);
}

/* [lead, rest] of a gather, with the lead axes brought to where they stand in the result. */
static Value *place_lead(Elab *e, Index *ix, Value *y) {
    int before = 0, nlead = ix->nlead, n = y->type->rank;
    for (int i = 0; i < ix->n && ix->item[i].kind != INDEX_ARRAY; i++) before += ix->item[i].kind == INDEX_SLICE;
    if (ix->apart || !before || !nlead) return y;
    int64_t perm[MAX_RANK];
    for (int i = 0; i < n; i++) perm[i] = i < before ? nlead + i : i < before + nlead ? i - before : i;
    return ir_transpose(e->b, y, perm);
}

static Value *gather(Elab *e, Index *ix, Value *x, Span span) {
    Value *at[MAX_RANK];
    int64_t axes[MAX_RANK];
    int n = 0;
    for (int i = 0; i < ix->n; i++)
        if (ix->item[i].kind == INDEX_ARRAY) {
            at[n] = ix->item[i].at;
            axes[n++] = ix->item[i].axis;
        }
    if (ix->nlead + 1 > MAX_RANK) {
        fail(e, span, "the index arrays have too many axes");
        return NULL;
    }
    return place_lead(e, ix, ir_gather(e->b, x, index_coordinates(e, at, n), 0, n, axes, GATHER_CLIP));
}

Value *index_take(Elab *e, Index *ix, Span span) {
    Value *x = take_run_time(e, ix, ix->x);
    x = take_known(e, ix, x);
    for (int i = 0; i < ix->n; i++) /* sizes as the IR writes them */
        if (ix->item[i].kind == INDEX_SLICE) ix->item[i].size = x->type->dim[ix->item[i].axis];
    if (!index_shape(e, ix, span)) return NULL;
    if (ix->arrays) x = gather(e, ix, x, span);
    if (!x) return NULL;
    const Type *t = type_of(e->cx, x->type->dtype, ix->nout, ix->out);
    if (x->type == t) return x;
    for (int i = 0; i < ix->n; i++)
        if (ix->item[i].kind == INDEX_NEW && dim_is(ix->item[i].size, 0)) return ir_fill(e->b, t, 0); /* x[False] */
    return ir_reshape(e->b, x, t);
}

/* `v` is made of the elements of `of`: NumPy would see changes of one in the other. */
Py array_view(Elab *e, Value *v, Py of) {
    Py y = py_array(e, v, of->array.flavour, of->array.weak);
    if (!of->array.alias) {
        of->array.alias = NEW(e->arena, Alias);
        of->array.alias->version = (Place){ .value = py_int(e, 0), .born = of->born };
    }
    y->array.alias = of->array.alias;
    y->array.version = of->array.version;
    return y;
}

Py index_read(Elab *e, Py x, Py index, Span span) {
    Index ix;
    if (!index_parse(e, &ix, x, index, true, span)) return e->error;
    Value *v = index_take(e, &ix, span);
    if (!v) return e->error;
    if (!ix.arrays && ix.nout) return array_view(e, v, x);
    Py y = py_array(e, v, x->array.flavour, x->array.weak);
    y->array.numpy_scalar = x->array.flavour == FLAVOUR_NUMPY && !ix.nout;
    return y;
}
