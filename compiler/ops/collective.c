/* collective: what shards of one axis give each other.
**
** Their meaning is over the stack of what all shards have: the evaluator gets it from eval_shards.  Sums go by the transposed
** operation: psum is its own, all_gather and psum_scatter are each other's. */
#include "ops/derive.h"
#include "ops/rules.h"

#include <string.h>

static const char *shape_like(Compiler *cx, const Inst *in, const Type **results) {
    results[0] = in->args[0]->type;
    if (!in->attrs->name) return arena_text(cx->arena, "%s over no axis", op_name(in->op));
    if (results[0]->dtype == DT_bool) return arena_text(cx->arena, "%s is not defined on bool", op_name(in->op));
    return NULL;
}

static const char *shape_extremum(Compiler *cx, const Inst *in, const Type **results) {
    const char *wrong = shape_like(cx, in, results);
    if (wrong) return wrong;
    return dtype_is_complex(results[0]->dtype)
               ? arena_text(cx->arena, "%s is not defined on complex numbers", op_name(in->op))
               : NULL;
}

static size_t bytes_of(const Tensor *t) { return (size_t)t->n * (size_t)dtype_bytes(t->type->dtype); }

/* One slice of x, which stacks `of` of them, as y. */
static void take_slice(const Tensor *x, int64_t i, int64_t of, Tensor *y) {
    size_t bytes = of ? bytes_of(x) / (size_t)of : 0;
    if (bytes) memcpy(y->bytes, (const char *)x->bytes + (size_t)i * bytes, bytes);
}

static bool reduce_stack(Eval *ev, Op op, const Tensor *x, Tensor *y) {
    Attrs attrs = no_attrs;
    attrs.axes = (Ints){ 1, &(int64_t){ 0 } };
    Inst probe = { .op = op, .attrs = &attrs };
    return op_rules[op]->eval(ev, &probe, x, y);
}

static bool eval_reduced(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    static const Op ops[] = { [OP_psum] = OP_reduce_sum, [OP_pmax] = OP_reduce_max, [OP_pmin] = OP_reduce_min };
    Tensor x;
    int64_t mine;
    return eval_shards(ev, in, args, &x, &mine) && reduce_stack(ev, ops[in->op], &x, y);
}
const Rules rules_psum = { .shape = shape_like, .eval = eval_reduced, .transpose = transpose_psum };
const Rules rules_pmax = { .shape = shape_extremum, .eval = eval_reduced, .jvp = jvp_pmax };
const Rules rules_pmin = { .shape = shape_extremum, .eval = eval_reduced, .jvp = jvp_pmin };

static Value *collective(Builder *b, const Inst *like, Op op, Value *x) {
    Attrs attrs = no_attrs;
    attrs.name = like->attrs->name;
    return emit(b, op, &x, 1, &attrs);
}

void transpose_psum(const Transpose *d) { d->dx[0] = collective(d->b, d->in, OP_psum, d->ct[0]); }

/* The mean over the shards that hold the extremum. */
static void extremum(const Jvp *d) {
    Builder *b = d->b;
    Value *holds = ir_eq(b, d->x[0], d->y[0]), *t = d->t[0];
    Value *count = collective(b, d->in, OP_psum, ir_convert(b, holds, t->type->dtype));
    d->dy[0] = ir_div(b, collective(b, d->in, OP_psum, ir_select(b, holds, t, number(b, t, 0))), count);
}
void jvp_pmax(const Jvp *d) { extremum(d); }
void jvp_pmin(const Jvp *d) { extremum(d); }

static const char *shape_axis_index(Compiler *cx, const Inst *in, const Type **results) {
    results[0] = type_scalar(cx, DT_i32);
    return in->attrs->name ? NULL : "axis_index of no axis";
}
static bool eval_axis_index(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    int64_t mine;
    if (!eval_shards(ev, in, args, NULL, &mine)) return false;
    element_set_int(DT_i32, y->bytes, mine);
    return true;
}
const Rules rules_axis_index = { .shape = shape_axis_index, .eval = eval_axis_index };

static const char *shape_all_gather(Compiler *cx, const Inst *in, const Type **results) {
    if (!in->attrs->name || !in->attrs->dim) return "all_gather over no axis";
    if (in->args[0]->type->rank == MAX_RANK) return "all_gather: too many axes";
    results[0] = type_with_lead(cx, in->args[0]->type, in->attrs->dim);
    return NULL;
}
static bool eval_all_gather(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    Tensor x;
    int64_t mine;
    if (!eval_shards(ev, in, args, &x, &mine)) return false;
    take_slice(&x, 0, 1, y);
    return true;
}
void transpose_all_gather(const Transpose *d) { d->dx[0] = collective(d->b, d->in, OP_psum_scatter, d->ct[0]); }

/* Lanes stand behind the axis of the shards inside. */
static Value *swapped(Builder *b, Value *x) {
    int64_t perm[MAX_RANK];
    for (int i = 0; i < x->type->rank; i++) perm[i] = i < 2 ? 1 - i : i;
    return ir_transpose(b, x, perm);
}
bool batch_all_gather(const Batch *d) {
    d->y[0] = swapped(d->b, emit(d->b, OP_all_gather, d->x, 1, d->in->attrs));
    d->y_each[0] = true;
    return true;
}
const Rules rules_all_gather = {
    .shape = shape_all_gather, .eval = eval_all_gather, .transpose = transpose_all_gather, .batch = batch_all_gather
};

static const char *shape_psum_scatter(Compiler *cx, const Inst *in, const Type **results) {
    const char *wrong = shape_like(cx, in, results);
    if (wrong) return wrong;
    if (!results[0]->rank) return "psum_scatter of a scalar";
    results[0] = type_without_lead(cx, results[0]);
    return NULL;
}
/* What stands at [mine] of every shard, stacked. */
static Tensor at_mine(Eval *ev, Compiler *cx, const Tensor *x, int64_t mine) {
    Tensor all = tensor_new(ev->arena, type_without_lead(cx, x->type)), one, part;
    int64_t n = 0, inner = 0;
    dim_is_int(x->type->dim[0], &n);
    dim_is_int(x->type->dim[1], &inner);
    const Type *slice = type_without_lead(cx, x->type);
    size_t bytes = n ? bytes_of(&all) / (size_t)n : 0;
    for (int64_t j = 0; j < n; j++) {
        one = tensor_new(ev->arena, slice);
        take_slice(x, j, n, &one);
        part = tensor_new(ev->arena, type_without_lead(cx, slice));
        take_slice(&one, mine, inner, &part);
        if (bytes) memcpy((char *)all.bytes + (size_t)j * bytes, part.bytes, bytes);
    }
    return all;
}
static bool eval_psum_scatter(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    Compiler *cx = in->block->func->module->cx;
    Tensor x;
    int64_t mine;
    if (!eval_shards(ev, in, args, &x, &mine)) return false;
    Tensor all = at_mine(ev, cx, &x, mine);
    return reduce_stack(ev, OP_reduce_sum, &all, y);
}
void transpose_psum_scatter(const Transpose *d) {
    Attrs attrs = no_attrs;
    attrs.name = d->in->attrs->name;
    attrs.dim = d->in->args[0]->type->dim[0];
    d->dx[0] = emit(d->b, OP_all_gather, d->ct, 1, &attrs);
}
bool batch_psum_scatter(const Batch *d) {
    d->y[0] = collective(d->b, d->in, OP_psum_scatter, swapped(d->b, d->x[0]));
    d->y_each[0] = true;
    return true;
}
const Rules rules_psum_scatter = { .shape = shape_psum_scatter,
                                   .eval = eval_psum_scatter,
                                   .transpose = transpose_psum_scatter,
                                   .batch = batch_psum_scatter };

static const char *shape_all_to_all(Compiler *cx, const Inst *in, const Type **results) {
    (void)cx;
    results[0] = in->args[0]->type;
    return !in->attrs->name ? "all_to_all over no axis" : results[0]->rank ? NULL : "all_to_all of a scalar";
}
static bool eval_all_to_all(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    Tensor x;
    int64_t mine;
    if (!eval_shards(ev, in, args, &x, &mine)) return false;
    Tensor all = at_mine(ev, in->block->func->module->cx, &x, mine);
    take_slice(&all, 0, 1, y);
    return true;
}
void transpose_all_to_all(const Transpose *d) { d->dx[0] = collective(d->b, d->in, OP_all_to_all, d->ct[0]); }
bool batch_all_to_all(const Batch *d) {
    d->y[0] = swapped(d->b, collective(d->b, d->in, OP_all_to_all, swapped(d->b, d->x[0])));
    d->y_each[0] = true;
    return true;
}
const Rules rules_all_to_all = {
    .shape = shape_all_to_all, .eval = eval_all_to_all, .transpose = transpose_all_to_all, .batch = batch_all_to_all
};

static const char *shape_ppermute(Compiler *cx, const Inst *in, const Type **results) {
    (void)cx;
    const Type *from = in->args[1]->type;
    results[0] = in->args[0]->type;
    if (!in->attrs->name) return "ppermute over no axis";
    return from->rank == 1 && from->dtype == DT_i32 ? NULL : "ppermute: where shards get theirs from is i32[shards]";
}
static bool eval_ppermute(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    Tensor x;
    int64_t mine, n = 0;
    if (!eval_shards(ev, in, args, &x, &mine)) return false;
    dim_is_int(x.type->dim[0], &n);
    int64_t from = mine < args[1].n ? tensor_int(&args[1], mine) : -1;
    if (from >= 0 && from < n) take_slice(&x, from, n, y);
    return true;
}
/* The same the other way round: j goes to where it came from. */
void transpose_ppermute(const Transpose *d) {
    Builder *b = d->b;
    Value *from = d->x[1], *none = ir_fill_int(b, from->type, -1), *number_of = ir_iota(b, from->type, 0);
    const Dim *dim[] = { from->type->dim[0], dim_int(b->cx, 1) };
    Value *idx = ir_reshape(b, from, type_of(b->cx, DT_i32, 2, dim));
    Value *to = ir_scatter(b, none, idx, number_of, 0, 1, &(int64_t){ 0 }, COMBINE_SET);
    Attrs attrs = no_attrs;
    attrs.name = d->in->attrs->name;
    d->dx[0] = emit(b, OP_ppermute, (Value *[]){ d->ct[0], to }, 2, &attrs);
}
bool batch_ppermute(const Batch *d) {
    Builder *b = d->b;
    Value *from = d->x[1];
    if (d->each[1]) {
        diag(b->cx, d->in->origin ? d->in->origin->span : (Span){ 0 },
             "who sends to whom in ppermute differs from lane to lane of vmap, which is not supported");
        from = ir_index0(b, from, ir_i64(b, 0));
    }
    d->y[0] = emit(b, OP_ppermute, (Value *[]){ batch_lanes(d, 0), from }, 2, d->in->attrs);
    d->y_each[0] = true;
    return true;
}
const Rules rules_ppermute = {
    .shape = shape_ppermute, .eval = eval_ppermute, .transpose = transpose_ppermute, .batch = batch_ppermute
};
