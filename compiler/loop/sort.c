/* sort: the runtime finds the permutation of each row; the arrays are then gathered by it. */
#include "loop/lower.h"

#include <string.h>

typedef struct {
    const Value *x;
    const Type *type; /* of the result */
    LValue *to;
    int axis;
    const Type *row_type; /* what is sorted, or its order, with that axis last */
    LValue *order;        /* of row_type; or the sorted rows themselves */
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
    LValue *from = loop_convert(&p->l->b, load_at(p, r->row_type, r->order, row).re, DT_i64);
    memcpy(at, idx, sizeof(Idx) * (size_t)rank);
    at[r->axis] = from->type.lanes > 1 ? (Idx){ .each = from } : idx_at(from);
    store_at(p, r->type, r->to, idx, pull(p, r->x, at));
}

/* Element idx of an array, from its sorted rows. */
static void from_rows(Pull *p, const Idx *idx, void *context) {
    const Rows *r = context;
    Idx row[MAX_RANK];
    int rank = r->x->type->rank;
    for (int i = 0, k = 0; i < rank; i++) row[i == r->axis ? rank - 1 : k++] = idx[i];
    store_at(p, r->type, r->to, idx, load_at(p, r->row_type, r->order, row));
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

/* With the sorted axis last. */
static const Type *rows_type(Lower *l, const Type *t, int axis, DType dtype) {
    const Dim *dim[MAX_RANK];
    for (int i = 0, k = 0; i < t->rank; i++) dim[i == axis ? t->rank - 1 : k++] = t->dim[i];
    return type_of(l->cx, dtype, t->rank, dim);
}

static LValue *first_place(Lower *l, const Inst *in) {
    return in->attrs->first ? lower_dim(l, in->attrs->first) : loop_i64(&l->b, 0);
}

/* One array alone: no permutation is needed. */
static void sort_values(Lower *l, const Inst *in) {
    const Value *x = in->args[0], *y = in->results[0];
    int axis = (int)in->attrs->axis;
    const Type *row_type = rows_type(l, x->type, axis, x->type->dtype),
               *sorted_type = rows_type(l, y->type, axis, x->type->dtype);
    LValue *from = rows_of(l, x, axis, row_type), *to = home_new(l, y).ptr, *sorted = to;
    bool last = axis == x->type->rank - 1;
    if (!last) sorted = take_memory(l, lower_bytes(l, sorted_type));
    LValue *args[] = { lower_descriptor(l, sorted, sorted_type), lower_descriptor(l, from, row_type),
                       first_place(l, in) };
    loop_runtime(&l->b, RUNTIME_sort, args, 3);
    memory_changed(l);
    if (last) return;
    Rows r = { .x = x, .type = y->type, .to = to, .axis = axis, .row_type = sorted_type, .order = sorted };
    all_elements(l, y->type, 0.5, from_rows, &r);
}

/* The numbers of the places are what comes of such an argument. */
static bool counts_along(const Value *x, int axis) {
    DType t = x->type->dtype;
    return x->def && x->def->op == OP_iota && x->def->attrs->axis == axis && axis == x->type->rank - 1 &&
           (t == DT_i32 || t == DT_i64);
}

/* The order, written where a result wants just that, if there is one: then that result's number, else -1. */
static int find_order(Lower *l, const Inst *in, Rows *r) {
    const Type *t = in->results[0]->type;
    const Dim *most = dim_int(l->cx, INT32_MAX), *n = in->args[0]->type->dim[r->axis];
    for (int i = 0; i < in->nargs; i++) {
        if (!counts_along(in->args[i], r->axis) || value_is_used_only_by(in->results[i], NULL)) continue;
        r->row_type = rows_type(l, t, r->axis, in->args[i]->type->dtype);
        r->order = home_new(l, in->results[i]).ptr;
        return i;
    }
    r->row_type = rows_type(l, t, r->axis, dim_at_least(l->cx, most, n) ? DT_i32 : DT_i64);
    r->order = take_memory(l, lower_bytes(l, r->row_type));
    return -1;
}

void lower_sort(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    int axis = (int)in->attrs->axis, keys = (int)in->attrs->keys;
    if (in->nargs == 1 && !in->attrs->descending) {
        sort_values(l, in);
        return;
    }
    Rows r = { .axis = axis };
    LValue *all = loop_stack(b, 24 * keys, 8);
    for (int k = 0; k < keys; k++) {
        const Value *x = in->args[k];
        const Type *row_type = rows_type(l, x->type, axis, x->type->dtype);
        LValue *rows = rows_of(l, x, axis, row_type);
        loop_copy(b, loop_at(b, all, loop_i64(b, k), 24), lower_descriptor(l, rows, row_type), loop_i64(b, 24));
    }
    int written = find_order(l, in, &r);
    LType word = loop_type(DT_i32, 1);
    LValue *args[] = { lower_descriptor(l, r.order, r.row_type), loop_int(b, word, keys), all, first_place(l, in),
                       loop_int(b, word, in->attrs->descending) };
    loop_runtime(b, RUNTIME_argsort, args, 5);
    memory_changed(l);
    for (int i = 0; i < in->nargs; i++) {
        if (i == written || value_is_used_only_by(in->results[i], NULL)) continue;
        r.x = in->args[i];
        r.type = in->results[i]->type;
        r.to = home_new(l, in->results[i]).ptr;
        all_elements(l, r.type, 1, by_order, &r);
    }
}
