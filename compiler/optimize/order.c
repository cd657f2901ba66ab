/* order: decides in what order the terms of every sum, product, contraction and scan are added.
**
** It looks at sizes and at the roles of axes only: never at the machine, threads, fusion or tiles, which all keep what is
** decided here.  That is why a program prints the same digits on any number of threads and with any vectors.
**
** Axes at the end that are summed together and are short become one axis first: the lanes are then full. */
#include "optimize/optimize.h"

enum { SHORT = 8 /* a last axis not worth lanes of its own */, ROW = 64 /* terms that fill all lanes */, BLOCK = 4096 };

static bool listed(Ints list, int64_t x) {
    for (int i = 0; i < list.n; i++) {
        if (list.at[i] == x) return true;
    }
    return false;
}

static bool is_short(const Dim *d) {
    int64_t n;
    return dim_is_int(d, &n) && n <= SHORT;
}

/* A matrix, or a batch of them, by a vector: whether the vector lies along the rows. */
static bool dots_rows(const Inst *in) {
    const Type *x = in->args[0]->type, *y = in->args[1]->type;
    int batch = (int)in->attrs->batch;
    Ints lhs = in->attrs->lhs_axes, rhs = in->attrs->rhs_axes;
    bool x_free = x->rank > batch + lhs.n, y_free = y->rank > batch + rhs.n;
    if ((x_free && y_free) || !lhs.n) return false;
    return lhs.at[lhs.n - 1] == x->rank - 1 && rhs.at[rhs.n - 1] == y->rank - 1 && !is_short(x->dim[x->rank - 1]);
}

bool order_goes_across(const Inst *in) {
    const Type *t = in->args[0]->type;
    if (op_has_attr(in->op, ATTR_INDEX_order) && in->attrs->order != ORDER_OPEN)
        return in->attrs->order == ORDER_CHAIN || in->attrs->order == ORDER_TREE;
    if (in->op == OP_dot) return !dots_rows(in);
    int last = t->rank - 1;
    bool arg = in->op == OP_argmax || in->op == OP_argmin;
    if (last < 0 || !(arg ? in->attrs->axis == last : listed(in->attrs->axes, last))) return true;
    return is_short(t->dim[last]);
}

static bool may_be_long(Compiler *cx, const Inst *in) {
    const Type *t = in->args[0]->type;
    Ints axes = in->op == OP_dot ? in->attrs->lhs_axes : in->attrs->axes;
    const Dim *total = dim_int(cx, 1);
    for (int i = 0; i < axes.n; i++) total = dim_mul(cx, total, t->dim[axes.at[i]]);
    int64_t n;
    return !dim_is_int(total, &n) || n > BLOCK;
}

/* A matrix product has enough results to be cut by; a sum or a vector has not. */
static bool is_matrix_product(const Inst *in) {
    if (in->op != OP_dot) return false;
    int batch = (int)in->attrs->batch;
    return in->args[0]->type->rank > batch + in->attrs->lhs_axes.n &&
           in->args[1]->type->rank > batch + in->attrs->rhs_axes.n;
}

/* Of places in windows, which lie side by side in no memory: neighbouring windows do. */
static bool reduces_windows(const Inst *in) {
    const Inst *made = in->args[0]->def;
    return op_class(in->op) == CLASS_REDUCE && in->op != OP_argmax && in->op != OP_argmin && in->attrs->axes.n &&
           made && made->op == OP_windows && in->attrs->axes.at[0] >= made->args[0]->type->rank;
}

/* Along rows sixteen terms at a time. */
static Order scan_order(const Inst *in) {
    const Type *t = in->args[0]->type;
    bool rows = in->attrs->axis == t->rank - 1 && !is_short(t->dim[t->rank - 1]) && !dtype_is_complex(t->dtype);
    return rows ? ORDER_LANES : ORDER_CHAIN;
}

static Order order_of(Compiler *cx, const Inst *in) {
    if (op_class(in->op) == CLASS_SCAN) return scan_order(in);
    if (reduces_windows(in) || order_goes_across(in)) return is_matrix_product(in) ? ORDER_CHAIN : ORDER_TREE;
    return may_be_long(cx, in) && !is_matrix_product(in) ? ORDER_LANE_BLOCKS : ORDER_LANES;
}

/* The first axis of the row: as many reduced axes from the end as it takes to fill the lanes. */
static int row_start(const Inst *in) {
    const Type *t = in->args[0]->type;
    int64_t terms = 1, n;
    int a = t->rank;
    while (a > 0 && listed(in->attrs->axes, a - 1) && terms < ROW) {
        a--;
        if (!dim_is_int(t->dim[a], &n)) break;
        terms *= n;
    }
    return a;
}

/* Whether several axes at the end are to be one.  Not where terms are taken one by one anyway. */
static bool wants_row(const Inst *in) {
    const Type *t = in->args[0]->type;
    if (row_start(in) >= t->rank - 1 || reduces_windows(in)) return false;
    return op_has_attr(in->op, ATTR_INDEX_order) || !is_short(t->dim[t->rank - 1]);
}

/* x with the axes from `start` as one. */
static Value *with_row(Builder *b, Value *x, int start) {
    const Dim *dim[MAX_RANK], *row = dim_int(b->cx, 1);
    for (int i = 0; i < start; i++) dim[i] = x->type->dim[i];
    for (int i = start; i < x->type->rank; i++) row = dim_mul(b->cx, row, x->type->dim[i]);
    dim[start] = row;
    return ir_reshape(b, x, type_of(b->cx, x->type->dtype, start + 1, dim));
}

static void order_inst(Walk *w, const Inst *in) {
    Builder *b = &w->b;
    Attrs attrs = *in->attrs;
    bool reduces = op_class(in->op) == CLASS_REDUCE && in->op != OP_argmax && in->op != OP_argmin;
    if (reduces && wants_row(in)) {
        int start = row_start(in), n = 0;
        Value *x = with_row(b, walk_value(w, in->args[0]), start);
        int64_t axes[MAX_RANK];
        for (int i = 0; i < attrs.axes.n; i++) {
            if (attrs.axes.at[i] <= start) axes[n++] = attrs.axes.at[i];
        }
        attrs.axes = ints_of(b->arena, n, axes);
        Inst probe = *in;
        probe.args = &x;
        probe.attrs = &attrs;
        if (op_has_attr(in->op, ATTR_INDEX_order)) attrs.order = order_of(b->cx, &probe);
        w->map.at[in->results[0]->id] = emit(b, in->op, &x, 1, &attrs);
        return;
    }
    if (op_has_attr(in->op, ATTR_INDEX_order) && attrs.order == ORDER_OPEN) attrs.order = order_of(b->cx, in);
    walk_copy_with(w, in, &attrs);
}

Module *pass_order(const Module *m) { return walk_module(m, order_inst, NULL); }
