/* Batching of what reads and writes at run-time positions. */
#include "ops/derive.h"
#include "ops/rules.h"

/* Only x has lanes: they are one more axis that is not indexed.  Only idx has: they are one more axis of positions. */
bool batch_gather(const Batch *d) {
    Builder *b = d->b;
    const Attrs *a = d->in->attrs;
    int batch = (int)a->batch, n = a->axes.n;
    if (d->each[0] && d->each[1]) return false;
    int64_t shifted[MAX_RANK];
    for (int i = 0; i < n; i++) shifted[i] = a->axes.at[i] + (d->each[0] ? 1 : 0);
    Value *x = d->x[0], *idx = d->x[1];
    int at = batch;
    if (d->each[1])
        idx = move_axis(b, idx, 0, batch);
    else {
        x = move_axis(b, x, 0, batch);
        at = idx->type->rank - 1; /* the first of the axes behind the positions */
    }
    d->y[0] = move_axis(b, ir_gather(b, x, idx, batch, n, shifted, (GatherMode)a->mode), at, 0);
    d->y_each[0] = true;
    return true;
}

/* Windows that start elsewhere in each lane: every position of the window, for the axes it does not fill. */
typedef struct {
    Value *idx; /* [lanes, size of the window on each axis, n] */
    int n;
    int64_t axes[MAX_RANK]; /* of x without lanes */
} Window;

static Window window_positions(const Batch *d, const Type *x, const Type *window, int first_start) {
    Builder *b = d->b;
    Compiler *cx = b->cx;
    Window w = { 0 };
    const Dim *dim[MAX_RANK + 2];
    int rank = 0;
    dim[rank++] = d->lanes;
    for (int i = 0; i < x->rank; i++)
        if (x->dim[i] != window->dim[i]) {
            w.axes[w.n++] = i;
            dim[rank++] = window->dim[i];
        }
    if (w.n == 0) { /* the whole of x, read as if along axis 0 */
        w.axes[w.n++] = 0;
        dim[rank++] = x->dim[0];
    }
    dim[rank++] = dim_int(cx, 1);
    const Type *column = type_of(cx, DT_i64, rank, dim);
    Value *columns[MAX_RANK];
    for (int k = 0; k < w.n; k++) {
        int axis = (int)w.axes[k], arg = first_start + axis;
        Value *start = ir_convert(b, d->x[arg], DT_i64);
        Value *room = ir_size(b, dim_sub(cx, x->dim[axis], window->dim[axis]));
        Value *zero = ir_i64(b, 0);
        if (d->each[arg]) {
            room = ir_broadcast_scalar(b, room, start->type);
            zero = ir_broadcast_scalar(b, zero, start->type);
        }
        start = ir_max(b, ir_min(b, start, room), zero);
        start = d->each[arg] ? ir_broadcast(b, start, column, &(int64_t){ 0 }) : ir_broadcast_scalar(b, start, column);
        columns[k] = ir_add(b, start, ir_iota(b, column, 1 + k));
    }
    w.idx = ir_concatenate(b, columns, w.n, rank - 1);
    return w;
}

/* From [lanes, windowed axes, the others] to [lanes, axes in order], or back. */
static Value *window_order(Builder *b, Value *x, const Window *w, bool back) {
    int64_t perm[MAX_RANK], inverse[MAX_RANK];
    int rank = x->type->rank, others = 1 + w->n, k = 0;
    perm[0] = 0;
    for (int i = 0; i < rank - 1; i++) {
        bool windowed = k < w->n && w->axes[k] == i;
        perm[i + 1] = windowed ? 1 + k++ : others++;
    }
    for (int i = 0; i < rank; i++) inverse[perm[i]] = i;
    return ir_transpose(b, x, back ? inverse : perm);
}

static bool any_each(const Batch *d, int from) {
    for (int i = from; i < d->in->nargs; i++)
        if (d->each[i]) return true;
    return false;
}

/* Starts in front: lane 0, like the rest of one integer dtype. */
static Value **starts_with_lanes(const Batch *d, int first) {
    int n = d->in->nargs - first;
    Value **starts = NEW_ARRAY(d->b->arena, Value *, n + 1);
    const Type *type = n ? d->x[first]->type : type_scalar(d->b->cx, DT_i64);
    starts[0] = ir_fill_int(d->b, type, 0);
    for (int i = 0; i < n; i++) starts[i + 1] = d->x[first + i];
    return starts;
}

bool batch_dynamic_slice(const Batch *d) {
    Builder *b = d->b;
    const Type *y = d->in->results[0]->type;
    d->y_each[0] = true;
    if (!any_each(d, 1)) {
        d->y[0] = ir_dynamic_slice(b, d->x[0], starts_with_lanes(d, 1), type_with_lead(b->cx, y, d->lanes));
        return true;
    }
    Window w = window_positions(d, d->in->args[0]->type, y, 1);
    int64_t shifted[MAX_RANK];
    for (int i = 0; i < w.n; i++) shifted[i] = w.axes[i] + d->each[0];
    Value *got = ir_gather(b, d->x[0], w.idx, d->each[0], w.n, shifted, GATHER_CLIP);
    d->y[0] = window_order(b, got, &w, false);
    return true;
}

bool batch_dynamic_update_slice(const Batch *d) {
    Builder *b = d->b;
    Value *x = batch_lanes(d, 0), *u = batch_lanes(d, 1);
    d->y_each[0] = true;
    if (!any_each(d, 2)) {
        d->y[0] = ir_dynamic_update_slice(b, x, u, starts_with_lanes(d, 2));
        return true;
    }
    Window w = window_positions(d, d->in->args[0]->type, d->in->args[1]->type, 2);
    int64_t shifted[MAX_RANK];
    for (int i = 0; i < w.n; i++) shifted[i] = w.axes[i] + 1;
    d->y[0] = ir_scatter(b, x, w.idx, window_order(b, u, &w, true), 1, w.n, shifted, COMBINE_SET);
    return true;
}

static void differs_between_lanes(const Batch *d, const char *what) {
    diag(d->b->cx, d->in->origin ? d->in->origin->span : (Span){ 0 }, "%s differs between the lanes of vmap", what);
}

/* A size is one number for all lanes.  After the error the first lane's serves, so that compilation goes on. */
bool batch_nonzero(const Batch *d) {
    differs_between_lanes(d, "how many elements a mask selects");
    note(d->b->cx, "write jnp.where(mask, x, filler), which keeps the shape");
    d->y[0] = emit(d->b, OP_nonzero, (Value *[]){ ir_index0(d->b, d->x[0], ir_i64(d->b, 0)) }, 1, d->in->attrs);
    return true;
}
bool batch_save(const Batch *d) {
    differs_between_lanes(d, "what one file shall hold");
    note(d->b->cx, "save the result of vmap instead");
    return true;
}
