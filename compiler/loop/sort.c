/* sort: the runtime finds the permutation of each row; the arrays are then gathered by it. */
#include "loop/lower.h"

#include <string.h>

typedef struct {
    const Value *x;
    LValue *to;
    int axis;
    const Type *row_type; /* x with the sorted axis last */
    LValue *order;        /* i64 of row_type; or the sorted rows themselves */
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

/* Element idx of an array, from its sorted rows. */
static void from_rows(Pull *p, const Idx *idx, void *context) {
    const Rows *r = context;
    Idx row[MAX_RANK];
    int rank = r->x->type->rank;
    for (int i = 0, k = 0; i < rank; i++) row[i == r->axis ? rank - 1 : k++] = idx[i];
    store_at(p, r->x->type, r->to, idx, load_at(p, r->row_type, r->order, row));
}

static void all_elements(Lower *l, const Type *t, double work, void (*f)(Pull *, const Idx *, void *), Rows *r) {
    Axes axes = { t->rank, { 0 } };
    for (int i = 0; i < t->rank; i++) axes.dim[i] = t->dim[i];
    nest(l, &axes, (Work){ work, NULL }, 1, f, r);
}

/* The array as rows: itself, or a copy with the sorted axis last. */
static LValue *rows_of(Lower *l, const Value *x, int axis, const Type *row_type) {
    LValue *rows = home_of(l, x).ptr;
    if (rows && axis == x->type->rank - 1) return rows;
    rows = take_memory(l, lower_bytes(l, row_type));
    Rows r = { .x = x, .to = rows, .axis = axis, .row_type = row_type };
    all_elements(l, row_type, 0.5, to_rows, &r);
    return rows;
}

static void memory_changed(Lower *l) {
    l->b.epoch++;
    l->memo = map_new(l->arena);
}

/* One array alone: no permutation is needed. */
static void sort_values(Lower *l, const Inst *in, const Type *row_type) {
    const Value *x = in->args[0];
    int axis = (int)in->attrs->axis;
    LValue *from = rows_of(l, x, axis, row_type), *to = home_new(l, in->results[0]).ptr, *sorted = to;
    bool last = axis == x->type->rank - 1;
    if (!last) sorted = take_memory(l, lower_bytes(l, row_type));
    LValue *args[] = { lower_descriptor(l, sorted, row_type), lower_descriptor(l, from, row_type) };
    loop_runtime(&l->b, RUNTIME_sort, args, 2);
    memory_changed(l);
    if (last) return;
    Rows r = { .x = x, .to = to, .axis = axis, .row_type = row_type, .order = sorted };
    all_elements(l, x->type, 0.5, from_rows, &r);
}

void lower_sort(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    const Type *t = in->args[0]->type;
    int axis = (int)in->attrs->axis, keys = (int)in->attrs->keys;
    const Dim *dim[MAX_RANK];
    for (int i = 0, k = 0; i < t->rank; i++) dim[i == axis ? t->rank - 1 : k++] = t->dim[i];
    const Type *order_type = type_of(l->cx, DT_i64, t->rank, dim);
    if (in->nargs == 1) {
        sort_values(l, in, type_with_dtype(l->cx, order_type, t->dtype));
        return;
    }
    LValue *order = take_memory(l, lower_bytes(l, order_type));
    LValue *all = loop_stack(b, 24 * keys, 8);
    for (int k = 0; k < keys; k++) {
        const Value *x = in->args[k];
        const Type *row_type = type_with_dtype(l->cx, order_type, x->type->dtype);
        LValue *rows = rows_of(l, x, axis, row_type);
        loop_copy(b, loop_at(b, all, loop_i64(b, k), 24), lower_descriptor(l, rows, row_type), loop_i64(b, 24));
    }
    LValue *args[] = { lower_descriptor(l, order, order_type), loop_int(b, loop_type(DT_i32, 1), keys), all };
    loop_runtime(b, RUNTIME_argsort, args, 3);
    memory_changed(l);
    for (int i = 0; i < in->nargs; i++) {
        const Value *x = in->args[i];
        const Type *row_type = type_with_dtype(l->cx, order_type, x->type->dtype);
        Rows r = { .x = x, .to = home_new(l, in->results[i]).ptr, .axis = axis, .row_type = row_type, .order = order };
        all_elements(l, t, 1, by_order, &r);
    }
}
