/* index_write: x with some elements replaced or updated: x[...] = v and x.at[...].
**
** Boxes of whole or contiguous axes are written at their start; everything else is a scatter over the coordinates of the
** axes that are indexed, whole axes riding along in the updates. */
#include "elaborate/index.h"

static bool is_box(const Index *ix) {
    if (ix->arrays) return false;
    for (int i = 0; i < ix->n; i++)
        if (ix->item[i].kind == INDEX_SLICE && ix->item[i].step != 1) return false;
    return true;
}

static Value *combined(Elab *e, Combine how, Value *old, Value *u) {
    bool is_bool = u->type->dtype == DT_bool;
    switch (how) {
    case COMBINE_ADD: return is_bool ? ir_or(e->b, old, u) : ir_add(e->b, old, u);
    case COMBINE_MUL: return is_bool ? ir_and(e->b, old, u) : ir_mul(e->b, old, u);
    case COMBINE_MIN: return ir_min(e->b, old, u);
    case COMBINE_MAX: return ir_max(e->b, old, u);
    default: return u;
    }
}

/* What lies outside is dropped: there the box keeps what it has. */
static Value *write_box(Elab *e, Index *ix, Value *u, Combine how) {
    Builder *b = e->b;
    Value *x = ix->x, *start[MAX_RANK], *inside = NULL;
    const Type *t = x->type;
    const Dim *size[MAX_RANK];
    bool whole = true;
    for (int i = 0; i < ix->n; i++) {
        IndexItem *it = &ix->item[i];
        if (it->kind == INDEX_NEW) continue;
        size[it->axis] = it->size;
        start[it->axis] = it->at ? it->at : ir_size(b, it->start);
        whole = whole && it->kind == INDEX_SLICE && it->full;
        if (it->kind != INDEX_SCALAR || !it->at) continue;
        Value *ok = ir_and(b, ir_ge(b, it->at, ir_i64(b, 0)), ir_lt(b, it->at, ir_size(b, t->dim[it->axis])));
        inside = inside ? ir_and(b, inside, ok) : ok;
    }
    const Type *box = type_of(e->cx, t->dtype, t->rank, size);
    u = ir_reshape(b, u, box);
    if (whole) return combined(e, how, x, u);
    if (how != COMBINE_SET || inside) {
        Value *old = ir_dynamic_slice(b, x, start, box);
        u = combined(e, how, old, u);
        if (inside) u = ir_select(b, ir_broadcast_scalar(b, inside, type_with_dtype(e->cx, box, DT_bool)), u, old);
    }
    return ir_dynamic_update_slice(b, x, u, start);
}

/* start + step * (0, 1, ...) along axis `place` of the coordinates. */
static Value *slice_positions(Elab *e, const IndexItem *it, DType t, int rank, const Dim *const *dims, int place) {
    Builder *b = e->b;
    const Type *type = type_of(e->cx, t, rank, dims);
    Value *i = ir_iota(b, type, place), *from = it->at ? it->at : ir_size(b, it->start);
    if (it->step != 1) i = ir_mul(b, i, ir_fill_int(b, type, it->step));
    return ir_add(b, i, ir_broadcast_scalar(b, ir_convert(b, from, t), type));
}

static Value *write_scatter(Elab *e, Index *ix, Value *u, Combine how, bool clip) {
    Builder *b = e->b;
    Compiler *cx = e->cx;
    const Type *t = ix->x->type;
    const Dim *dims[MAX_RANK + 1];
    int rank = 0, nrest = 0, out = 0;
    int64_t lead_at[MAX_RANK], part_at[MAX_RANK], rest_at[MAX_RANK], perm[MAX_RANK], axes[MAX_RANK];
    int npart = 0, n = 0;
    DType wide = DT_i32;
    for (int i = 0; i < ix->nlead; i++) dims[rank++] = ix->lead[i];
    /* which axis of the result is which, new axes left out */
    bool placed = false;
    const Dim *kept[MAX_RANK];
    if (ix->apart)
        for (int k = 0; k < ix->nlead; k++) {
            kept[out] = ix->lead[k];
            lead_at[k] = out++;
        }
    placed = ix->apart;
    for (int i = 0; i < ix->n; i++) {
        IndexItem *it = &ix->item[i];
        if (it->kind == INDEX_ARRAY) {
            if (it->at->type->dtype == DT_i64) wide = DT_i64;
            for (int k = 0; !placed && k < ix->nlead; k++) {
                kept[out] = ix->lead[k];
                lead_at[k] = out++;
            }
            placed = true;
        } else if (it->kind == INDEX_SLICE) {
            kept[out] = it->size;
            if (it->full)
                rest_at[nrest++] = out++;
            else {
                part_at[npart++] = out++;
                dims[rank++] = it->size;
            }
        }
    }
    for (int i = 0; i < ix->nlead; i++) perm[i] = lead_at[i];
    for (int i = 0; i < npart; i++) perm[ix->nlead + i] = part_at[i];
    for (int i = 0; i < nrest; i++) perm[ix->nlead + npart + i] = rest_at[i];
    u = ir_reshape(b, u, type_of(cx, u->type->dtype, out, kept));
    u = ir_transpose(b, u, perm);
    Value *at[MAX_RANK];
    const Type *coordinate = type_of(cx, wide, rank, dims);
    int part = 0;
    for (int i = 0; i < ix->n; i++) {
        IndexItem *it = &ix->item[i];
        if (it->kind == INDEX_NEW || (it->kind == INDEX_SLICE && it->full)) continue;
        Value *v;
        if (it->kind == INDEX_ARRAY) {
            int64_t map[MAX_RANK];
            for (int k = 0; k < ix->nlead; k++) map[k] = k;
            v = ir_convert(b, it->at, wide);
            if (v->type != coordinate) v = ir_broadcast(b, v, coordinate, map);
        } else if (it->kind == INDEX_SCALAR) {
            v = ir_broadcast_scalar(b, ir_convert(b, it->at ? it->at : ir_size(b, it->start), wide), coordinate);
        } else {
            v = slice_positions(e, it, wide, rank, dims, ix->nlead + part++);
        }
        if (clip) {
            Value *last = ir_convert(b, ir_size(b, dim_sub(cx, t->dim[it->axis], dim_int(cx, 1))), wide);
            v = ir_min(b, ir_max(b, v, ir_fill_int(b, coordinate, 0)), ir_broadcast_scalar(b, last, coordinate));
        }
        at[n] = v;
        axes[n++] = it->axis;
    }
    return ir_scatter(b, ix->x, index_coordinates(e, at, n), u, 0, n, axes, how);
}

/* x with v combined into its elements at the index, as an array like x. */
Py index_write(Elab *e, Py x, Py index, Py v, Combine how, bool clip, Span span) {
    Index ix;
    if (!index_parse(e, &ix, x, index, false, span)) return e->error;
    DType t = ix.x->type->dtype;
    if (v->kind == PY_LIST || v->kind == PY_TUPLE) v = to_array(e, v, x->array.flavour, span);
    if (v->kind == PY_ERROR) return v;
    if (!py_is_number(v) && v->kind != PY_ARRAY)
        return fail(e, span, "the elements of an array are numbers, not %s", py_describe(e, v));
    Value *u = v->kind == PY_ARRAY ? array_value(e, v) : number_as(e, v, t);
    if (u->type->dtype != t) {
        if (dtype_is_complex(u->type->dtype) && !dtype_is_complex(t))
            return fail(e, span, "a complex number cannot be an element of %s", type_text(e->cx, ix.x->type));
        u = ir_convert(e->b, u, t);
    }
    while (u->type->rank > ix.nout && dim_is(u->type->dim[0], 1))
        u = ir_reshape(e->b, u, type_without_lead(e->cx, u->type));
    const Type *to = type_of(e->cx, t, ix.nout, ix.out);
    const Type *types[] = { to, u->type };
    const Dim *dims[MAX_RANK];
    int rank;
    bool check, fits = broadcast_shapes(e, types, 2, &rank, dims, &check) && rank == ix.nout;
    for (int i = 0; fits && i < rank; i++)
        if (dim_is(to->dim[i], 1) && dims[i] != to->dim[i]) fits = false;
    if (!fits)
        return fail(e, span, "%s cannot be written to these elements, which are %s", type_text(e->cx, u->type),
                    type_text(e->cx, to));
    u = broadcast_value(e, u, ix.nout, ix.out, "the elements written");
    Value *y = is_box(&ix) && !clip ? write_box(e, &ix, u, how) : write_scatter(e, &ix, u, how, clip);
    return py_array(e, y, x->array.flavour, x->array.weak);
}
