/* index: elements at positions known only at run time. */
#include "ops/rules.h"

#include <math.h>
#include <string.h>

static const char *said(Compiler *cx, const Inst *in, const char *what) {
    Text t = text_new(cx->arena);
    for (int i = 0; i < in->nargs; i++) text_add(&t, "%s%s", i ? ", " : "", type_text(cx, in->args[i]->type));
    return arena_text(cx->arena, "%s of %s: %s", op_name(in->op), t.at, what);
}
static void copy_element(const Tensor *y, int64_t to, const Tensor *x, int64_t from) {
    memcpy(tensor_slot(y, to), tensor_at(x, from), (size_t)dtype_bytes(y->type->dtype));
}
static bool is_indexed(const Attrs *a, int axis) {
    for (int i = 0; i < a->axes.n; i++)
        if (a->axes.at[i] == axis) return true;
    return false;
}

/* [batch, idx but its last axis, the axes of x not indexed] */
static const char *gathered(Compiler *cx, const Inst *in, const Type **result) {
    const Type *x = in->args[0]->type, *idx = in->args[1]->type;
    const Attrs *a = in->attrs;
    const Dim *dim[2 * MAX_RANK];
    int rank = 0, batch = (int)a->batch;
    if (!dtype_is_integer(idx->dtype)) return said(cx, in, "positions are integers");
    if (batch < 0 || idx->rank < batch + 1 || x->rank < batch) return said(cx, in, "too few axes");
    if (!dim_is(idx->dim[idx->rank - 1], a->axes.n)) return said(cx, in, "one coordinate for each indexed axis");
    for (int i = 0; i < a->axes.n; i++)
        if (a->axes.at[i] < batch || a->axes.at[i] >= x->rank || (i && a->axes.at[i] <= a->axes.at[i - 1]))
            return said(cx, in, "no such axes");
    for (int i = 0; i < batch; i++)
        if (x->dim[i] != idx->dim[i]) return said(cx, in, "the batch axes differ");
    for (int i = 0; i < idx->rank - 1; i++) dim[rank++] = idx->dim[i];
    for (int i = batch; i < x->rank; i++)
        if (!is_indexed(a, i)) dim[rank++] = x->dim[i];
    if (rank > MAX_RANK) return said(cx, in, "too many axes");
    *result = type_of(cx, x->dtype, rank, dim);
    return NULL;
}
static const char *shape_gather(Compiler *cx, const Inst *in, const Type **results) {
    return gathered(cx, in, results);
}
static const char *shape_scatter(Compiler *cx, const Inst *in, const Type **results) {
    const Type *u;
    const char *wrong = gathered(cx, in, &u);
    if (wrong) return wrong;
    if (in->args[2]->type != u) return said(cx, in, arena_text(cx->arena, "updates are %s", type_text(cx, u)));
    results[0] = in->args[0]->type;
    return NULL;
}

/* Where element `index` of the gather lies in x, or -1 where a coordinate is out of range (it is clamped first if asked). */
typedef struct {
    const Attrs *attrs;
    const Tensor *x, *idx;
    int64_t size_x[MAX_RANK], stride_x[MAX_RANK], stride_idx[MAX_RANK];
} Positions;
static Positions positions(const Attrs *a, const Tensor *x, const Tensor *idx) {
    Positions p = { .attrs = a, .x = x, .idx = idx };
    tensor_sizes(x->type, p.size_x);
    tensor_strides(x->type, p.stride_x);
    tensor_strides(idx->type, p.stride_idx);
    return p;
}
static int64_t position(const Positions *p, const int64_t *index, bool clamp) {
    int batch = (int)p->attrs->batch, before = p->idx->type->rank - 1; /* axes that come from idx */
    int64_t at = offset_at(p->stride_x, index, batch), row = offset_at(p->stride_idx, index, before);
    for (int i = batch, rest = before; i < p->x->type->rank; i++)
        if (!is_indexed(p->attrs, i)) at += p->stride_x[i] * index[rest++];
    for (int i = 0; i < p->attrs->axes.n; i++) {
        int axis = (int)p->attrs->axes.at[i];
        int64_t k = tensor_int(p->idx, row + i), n = p->size_x[axis];
        if (p->idx->type->dtype == DT_u64 && k < 0) k = INT64_MAX;
        if (clamp) k = k < 0 ? 0 : k >= n ? n - 1 : k;
        if (k < 0 || k >= n) return -1;
        at += k * p->stride_x[axis];
    }
    return at;
}

static bool eval_gather(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    int64_t size[MAX_RANK], index[MAX_RANK] = { 0 };
    tensor_sizes(y->type, size);
    Positions p = positions(in->attrs, &args[0], &args[1]);
    DType d = y->type->dtype;
    for (int64_t i = 0; i < y->n; i++) {
        int64_t from = position(&p, index, in->attrs->mode != GATHER_FILL);
        if (from >= 0)
            copy_element(y, i, &args[0], from);
        else if (in->attrs->mode != GATHER_FILL)
            return eval_fail(ev, "an element of an empty array is read");
        else if (dtype_is_inexact(d))
            element_set_complex(d, tensor_slot(y, i), (double[]){ (double)NAN, dtype_is_complex(d) ? (double)NAN : 0 });
        next_index(size, y->type->rank, index);
    }
    return true;
}
const Rules rules_gather = {
    .shape = shape_gather, .eval = eval_gather, .jvp = jvp_gather, .transpose = transpose_gather, .batch = batch_gather
};

static void combine(DType d, Combine how, void *x, const void *u) {
    static const Op ops[] = { OP_add, OP_add, OP_mul, OP_min, OP_max };
    const Rules *r = op_rules[ops[how]];
    if (how == COMBINE_SET) {
        memcpy(x, u, (size_t)dtype_bytes(d));
    } else if (dtype_is_complex(d)) {
        double pair[2][2], z[2];
        element_complex(d, x, pair[0]);
        element_complex(d, u, pair[1]);
        r->complex((const double(*)[2])pair, z);
        element_set_complex(d, x, z);
    } else if (dtype_is_float(d)) {
        element_set_real(d, x, r->real((double[]){ element_real(d, x), element_real(d, u) }));
    } else {
        element_set_int(d, x, r->integer((int64_t[]){ element_int(d, x), element_int(d, u) }, d));
    }
}
static bool eval_scatter(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    (void)ev;
    int64_t size[MAX_RANK], index[MAX_RANK] = { 0 };
    const Tensor *u = &args[2];
    memcpy(y->bytes, args[0].bytes, (size_t)y->n * (size_t)dtype_bytes(y->type->dtype));
    tensor_sizes(u->type, size);
    Positions p = positions(in->attrs, &args[0], &args[1]);
    for (int64_t i = 0; i < u->n; i++) {
        int64_t to = position(&p, index, false);
        if (to >= 0) combine(y->type->dtype, (Combine)in->attrs->combine, tensor_slot(y, to), tensor_at(u, i));
        next_index(size, u->type->rank, index);
    }
    return true;
}
const Rules rules_scatter = {
    .shape = shape_scatter, .eval = eval_scatter, .jvp = jvp_scatter, .transpose = transpose_scatter
};

static const char *check_starts(Compiler *cx, const Inst *in, int first) {
    int rank = in->args[0]->type->rank;
    if (in->nargs != first + rank) return said(cx, in, "one start for each axis");
    for (int i = first; i < in->nargs; i++)
        if (in->args[i]->type->rank || !dtype_is_integer(in->args[i]->type->dtype) ||
            in->args[i]->type != in->args[first]->type)
            return said(cx, in, "starts are integers of one dtype");
    return NULL;
}
static bool fits(Compiler *cx, const Dim *small, const Dim *large) {
    return !dim_at_least(cx, dim_sub(cx, small, dim_int(cx, 1)), large);
}
static const char *shape_dynamic_slice(Compiler *cx, const Inst *in, const Type **results) {
    if (in->nargs < 1) return "no argument";
    const Type *x = in->args[0]->type;
    if (in->attrs->shape.n != x->rank) return said(cx, in, "the shape has another rank");
    for (int i = 0; i < x->rank; i++)
        if (!fits(cx, in->attrs->shape.at[i], x->dim[i])) return said(cx, in, "the slice is larger than the array");
    results[0] = type_of(cx, x->dtype, x->rank, in->attrs->shape.at);
    return check_starts(cx, in, 1);
}
static const char *shape_dynamic_update_slice(Compiler *cx, const Inst *in, const Type **results) {
    if (in->nargs < 2) return "too few arguments";
    const Type *x = in->args[0]->type, *u = in->args[1]->type;
    if (x->rank != u->rank || x->dtype != u->dtype) return said(cx, in, "another rank or dtype");
    for (int i = 0; i < x->rank; i++)
        if (!fits(cx, u->dim[i], x->dim[i])) return said(cx, in, "the update is larger than the array");
    results[0] = x;
    return check_starts(cx, in, 2);
}

/* Element number of the clamped start, and the strides of x. */
static bool start_of(Eval *ev, const Tensor *x, const Type *part, const Tensor *starts, int64_t *stride,
                     int64_t *start) {
    int64_t size[MAX_RANK], want[MAX_RANK];
    tensor_strides(x->type, stride);
    tensor_sizes(x->type, size);
    tensor_sizes(part, want);
    *start = 0;
    for (int i = 0; i < part->rank; i++) {
        int64_t at = tensor_int(&starts[i], 0), most = size[i] - want[i];
        if (most < 0) return eval_fail(ev, "a slice larger than the array");
        if (starts[i].type->dtype == DT_u64 && at < 0) at = most;
        *start += stride[i] * (at < 0 ? 0 : at > most ? most : at);
    }
    return true;
}
static bool eval_dynamic_slice(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    (void)in;
    int64_t stride[MAX_RANK], start, size[MAX_RANK], index[MAX_RANK] = { 0 };
    if (!start_of(ev, x, y->type, x + 1, stride, &start)) return false;
    tensor_sizes(y->type, size);
    for (int64_t i = 0; i < y->n; i++) {
        copy_element(y, i, x, start + offset_at(stride, index, y->type->rank));
        next_index(size, y->type->rank, index);
    }
    return true;
}
static bool eval_dynamic_update_slice(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    (void)in;
    const Tensor *u = &x[1];
    int64_t stride[MAX_RANK], start, size[MAX_RANK], index[MAX_RANK] = { 0 };
    if (!start_of(ev, x, u->type, x + 2, stride, &start)) return false;
    memcpy(y->bytes, x->bytes, (size_t)y->n * (size_t)dtype_bytes(y->type->dtype));
    tensor_sizes(u->type, size);
    for (int64_t i = 0; i < u->n; i++) {
        copy_element(y, start + offset_at(stride, index, u->type->rank), u, i);
        next_index(size, u->type->rank, index);
    }
    return true;
}
const Rules rules_dynamic_slice = { .shape = shape_dynamic_slice,
                                    .eval = eval_dynamic_slice,
                                    .fold = fold_dynamic_slice,
                                    .transpose = transpose_dynamic_slice,
                                    .batch = batch_dynamic_slice };
const Rules rules_dynamic_update_slice = { .shape = shape_dynamic_update_slice,
                                           .eval = eval_dynamic_update_slice,
                                           .jvp = jvp_dynamic_update_slice,
                                           .transpose = transpose_dynamic_update_slice,
                                           .batch = batch_dynamic_update_slice };

static const char *shape_nonzero(Compiler *cx, const Inst *in, const Type **results) {
    if (in->attrs->binds.n != 1) return "nonzero binds one size";
    const Dim *dim[] = { dim_var(cx, in->attrs->binds.at[0]), dim_int(cx, in->args[0]->type->rank) };
    results[0] = type_of(cx, DT_i64, 2, dim);
    return NULL;
}
static bool is_zero(DType d, const void *x) {
    double z[2];
    if (!dtype_is_inexact(d)) return element_int(d, x) == 0;
    element_complex(d, x, z);
    return z[0] == 0 && z[1] == 0;
}
static bool eval_nonzero(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    int64_t size[MAX_RANK], index[MAX_RANK] = { 0 }, count = 0, at = 0;
    int rank = x->type->rank;
    tensor_sizes(x->type, size);
    for (int64_t i = 0; i < x->n; i++) count += !is_zero(x->type->dtype, tensor_at(x, i));
    eval_bind(ev, in, 0, count);
    if (!eval_make_results(ev, in, y)) return false;
    for (int64_t i = 0; i < x->n; i++) {
        if (!is_zero(x->type->dtype, tensor_at(x, i)))
            for (int k = 0; k < rank; k++) element_set_int(DT_i64, tensor_slot(y, at++), index[k]);
        next_index(size, rank, index);
    }
    return true;
}
const Rules rules_nonzero = { .shape = shape_nonzero, .eval = eval_nonzero, .batch = batch_nonzero };
