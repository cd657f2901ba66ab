/* sort: the runtime finds the permutation of each row; the arrays are then gathered by it. */
#include "loop/lower.h"

#include <string.h>

typedef struct {
    const Value *x;
    LValue *to;
    int axis;
    const Type *row_type; /* x with the sorted axis last */
    LValue *order;        /* i64 of row_type */
} Rows;

/* Element idx of the rows: the sorted axis last. */
static void to_rows(Pull *p, const Idx *idx, void *context) {
    const Rows *r = context;
    Idx at[MAX_RANK];
    int rank = r->x->type->rank;
    for (int i = 0, k = 0; i < rank; i++) at[i] = i == r->axis ? idx[rank - 1] : idx[k++];
    store_at(p, r->row_type, r->to, idx, pull(p, r->x, at));
}

static void by_order(Pull *p, const Idx *idx, void *context) {
    const Rows *r = context;
    Idx row[MAX_RANK], at[MAX_RANK];
    int rank = r->x->type->rank;
    for (int i = 0, k = 0; i < rank; i++) {
        if (i == r->axis)
            row[rank - 1] = idx[i];
        else
            row[k++] = idx[i];
    }
    Type order_type = *r->row_type;
    order_type.dtype = DT_i64;
    LValue *from = load_at(p, &order_type, r->order, row).re;
    memcpy(at, idx, sizeof(Idx) * (size_t)rank);
    at[r->axis] = from->type.lanes > 1 ? (Idx){ .each = from } : idx_at(from);
    store_at(p, r->x->type, r->to, idx, pull(p, r->x, at));
}

/* One array along its last axis: no permutation is needed. */
static bool sort_values(Lower *l, const Inst *in) {
    const Value *x = in->args[0];
    LValue *from = home_of(l, x).ptr;
    if (in->nargs != 1 || in->attrs->axis != x->type->rank - 1 || !from) return false;
    LValue *to = home_new(l, in->results[0]).ptr;
    LValue *args[] = { lower_descriptor(l, to, x->type), lower_descriptor(l, from, x->type) };
    loop_runtime(&l->b, RUNTIME_sort, args, 2);
    l->b.epoch++;
    l->memo = map_new(l->arena);
    return true;
}

void lower_sort(Lower *l, const Inst *in) {
    if (sort_values(l, in)) return;
    LBuilder *b = &l->b;
    const Type *t = in->args[0]->type;
    int axis = (int)in->attrs->axis, keys = (int)in->attrs->keys;
    const Dim *dim[MAX_RANK];
    for (int i = 0, k = 0; i < t->rank; i++) {
        if (i == axis)
            dim[t->rank - 1] = t->dim[i];
        else
            dim[k++] = t->dim[i];
    }
    const Type *order_type = type_of(l->cx, DT_i64, t->rank, dim);
    LValue *order = take_memory(l, lower_bytes(l, order_type));
    LValue *all = loop_stack(b, 24 * keys, 8);
    for (int k = 0; k < keys; k++) {
        const Value *x = in->args[k];
        const Type *row_type = type_with_dtype(l->cx, order_type, x->type->dtype);
        LValue *rows = home_of(l, x).ptr;
        if (axis != t->rank - 1) {
            rows = take_memory(l, lower_bytes(l, row_type));
            Rows r = { .x = x, .to = rows, .axis = axis, .row_type = row_type };
            Axes axes = { t->rank, { 0 } };
            for (int i = 0; i < t->rank; i++) axes.dim[i] = dim[i];
            nest(l, &axes, (Work){ 0.5, NULL }, 1, to_rows, &r);
        }
        loop_copy(b, loop_at(b, all, loop_i64(b, k), 24), lower_descriptor(l, rows, row_type), loop_i64(b, 24));
    }
    LValue *args[] = { lower_descriptor(l, order, order_type), loop_int(b, loop_type(DT_i32, 1), keys), all };
    loop_runtime(b, RUNTIME_argsort, args, 3);
    l->b.epoch++;
    l->memo = map_new(l->arena);
    for (int i = 0; i < in->nargs; i++) {
        const Value *x = in->args[i];
        const Type *row_type = type_with_dtype(l->cx, order_type, x->type->dtype);
        Rows r = { .x = x, .to = home_new(l, in->results[i]).ptr, .axis = axis, .row_type = row_type, .order = order };
        Axes axes = { t->rank, { 0 } };
        for (int k = 0; k < t->rank; k++) axes.dim[k] = t->dim[k];
        nest(l, &axes, (Work){ 1, NULL }, 1, by_order, &r);
    }
}
