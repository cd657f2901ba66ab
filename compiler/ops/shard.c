/* shard: blocks of shards and the processes that have them.  The evaluator is one process, which has them all. */
#include "ops/rules.h"

#include <string.h>

static const char *shape_world(Compiler *cx, const Inst *in, const Type **results) {
    (void)cx, (void)in, (void)results;
    return NULL;
}
static bool eval_world(Eval *ev, const Inst *in, const Tensor *args, Tensor *results) {
    (void)ev, (void)in, (void)args, (void)results;
    return true;
}
const Rules rules_world = { .shape = shape_world, .eval = eval_world };

static const char *shape_world_info(Compiler *cx, const Inst *in, const Type **results) {
    results[0] = type_scalar(cx, DT_i64);
    return in->attrs->name ? NULL : "world_info of nothing";
}
static bool eval_world_info(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    (void)ev, (void)in, (void)args;
    element_set_int(DT_i64, y->bytes, 1);
    return true;
}
const Rules rules_world_info = { .shape = shape_world_info, .eval = eval_world_info };

static const char *shape_range(Compiler *cx, const Inst *in, const Type **results) {
    results[0] = results[1] = type_scalar(cx, DT_i64);
    return in->attrs->dim ? NULL : "shard_range of no axis";
}
static bool eval_range(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    (void)args;
    int64_t n;
    if (!eval_dim(ev, in->attrs->dim, &n)) return false;
    element_set_int(DT_i64, y[1].bytes, n);
    return true;
}
const Rules rules_shard_range = { .shape = shape_range, .eval = eval_range };

static const char *shape_gather(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type;
    if (!in->attrs->dim || !x->rank) return "shard_gather of no shards";
    results[0] = type_with_lead(cx, type_without_lead(cx, x), in->attrs->dim);
    return NULL;
}
static bool eval_gather(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    (void)in;
    if (args[0].n != y->n) return eval_fail(ev, "shard_gather of a part, by the only process");
    if (y->n) memcpy(y->bytes, args[0].bytes, (size_t)y->n * (size_t)dtype_bytes(y->type->dtype));
    return true;
}
const Rules rules_shard_gather = { .shape = shape_gather, .eval = eval_gather };

static const char *shape_take(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type, *first = in->args[1]->type;
    const Dim *one = dim_int(cx, 1);
    if (!in->attrs->dim || !x->rank || in->attrs->shape.n != x->rank) return "shard_take of no shards";
    if (first != type_of(cx, DT_i64, 1, &one)) return "shard_take: where it begins is i64[1]";
    results[0] = type_of(cx, x->dtype, x->rank, in->attrs->shape.at);
    return NULL;
}
static bool eval_take(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    int64_t all, n = 0, first = tensor_int(&args[1], 0);
    if (!eval_dim(ev, in->attrs->dim, &all) || !dim_is_int(y->type->dim[0], &n)) return false;
    if (n > all) return eval_fail(ev, "shard_take of more shards than there are");
    if (first > all - n) first = all - n;
    size_t bytes = (size_t)y->n * (size_t)dtype_bytes(y->type->dtype), each = n ? bytes / (size_t)n : 0;
    if (bytes) memcpy(y->bytes, (const char *)args[0].bytes + (size_t)(first < 0 ? 0 : first) * each, bytes);
    return true;
}
const Rules rules_shard_take = { .shape = shape_take, .eval = eval_take };

static const char *shape_all(Compiler *cx, const Inst *in, const Type **results) {
    results[1] = type_scalar(cx, DT_i64);
    return shape_gather(cx, in, results);
}
const Rules rules_shard_all = { .shape = shape_all, .eval = eval_gather };

static const char *shape_begin(Compiler *cx, const Inst *in, const Type **results) {
    int64_t how = in->attrs->combine;
    if (!in->attrs->dim || !in->nargs) return "shard_begin of no shards";
    if (how != COMBINE_ADD && how != COMBINE_MAX && how != COMBINE_MIN) return "shard_begin adds, or finds an extreme";
    for (int i = 0; i < in->nargs; i++) {
        if (!in->args[i]->type->rank) return "shard_begin of no shards";
        if (in->args[i]->type->dtype != in->args[0]->type->dtype) return "shard_begin of several dtypes";
        results[i] = type_without_lead(cx, in->args[i]->type);
    }
    results[in->nargs] = type_scalar(cx, DT_i64);
    return NULL;
}
static bool eval_begin(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    int64_t how = in->attrs->combine;
    Op op = how == COMBINE_ADD ? OP_reduce_sum : how == COMBINE_MAX ? OP_reduce_max : OP_reduce_min;
    Attrs attrs = no_attrs;
    attrs.axes = (Ints){ 1, &(int64_t){ 0 } };
    Inst probe = { .op = op, .attrs = &attrs };
    for (int i = 0; i < in->nargs; i++)
        if (!op_rules[op]->eval(ev, &probe, &args[i], &y[i])) return false;
    return true;
}
const Rules rules_shard_begin = { .shape = shape_begin, .eval = eval_begin };

static const char *shape_end(Compiler *cx, const Inst *in, const Type **results) {
    (void)cx;
    if (in->nargs != 2 * in->nresults + 1 || in->args[in->nargs - 1]->type->rank) return "shard_end of nothing";
    for (int i = 0; i < in->nresults; i++) results[i] = in->args[i]->type;
    return NULL;
}
static bool eval_end(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    (void)ev;
    for (int i = 0; i < in->nresults; i++)
        if (y[i].n) memcpy(y[i].bytes, args[i].bytes, (size_t)y[i].n * (size_t)dtype_bytes(y[i].type->dtype));
    return true;
}
const Rules rules_shard_end = { .shape = shape_end, .eval = eval_end };

static size_t bytes_of(const Tensor *t) { return (size_t)t->n * (size_t)dtype_bytes(t->type->dtype); }

static const char *shape_permute(Compiler *cx, const Inst *in, const Type **results) {
    const Type *from = in->args[1]->type;
    results[1] = type_scalar(cx, DT_i64);
    results[0] = in->args[0]->type;
    if (!in->attrs->dim || !results[0]->rank) return "shard_permute of no shards";
    return from == type_of(cx, DT_i32, 1, &in->attrs->dim) ? NULL : "shard_permute: not a place for each shard";
}
static bool eval_permute(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    (void)ev, (void)in;
    int64_t n = args[1].n;
    size_t bytes = n ? bytes_of(y) / (size_t)n : 0;
    for (int64_t i = 0; bytes && i < n; i++) {
        int64_t from = tensor_int(&args[1], i);
        if (from >= 0 && from < n)
            memcpy((char *)y->bytes + (size_t)i * bytes, (char *)args[0].bytes + (size_t)from * bytes, bytes);
    }
    return true;
}
const Rules rules_shard_permute = { .shape = shape_permute, .eval = eval_permute };

static const char *shape_exchange(Compiler *cx, const Inst *in, const Type **results) {
    results[1] = type_scalar(cx, DT_i64);
    results[0] = in->args[0]->type;
    return in->attrs->dim && results[0]->rank > 1 && results[0]->dim[1] == in->attrs->dim
               ? NULL
               : "shard_exchange of no shards";
}
static bool eval_exchange(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    int64_t n;
    if (!eval_dim(ev, in->attrs->dim, &n)) return false;
    size_t bytes = n ? bytes_of(y) / (size_t)(n * n) : 0;
    for (int64_t i = 0; bytes && i < n; i++)
        for (int64_t j = 0; j < n; j++)
            memcpy((char *)y->bytes + (size_t)(i * n + j) * bytes, (char *)args[0].bytes + (size_t)(j * n + i) * bytes,
                   bytes);
    return true;
}
const Rules rules_shard_exchange = { .shape = shape_exchange, .eval = eval_exchange };

static const char *shape_scatter(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type;
    if (!in->attrs->dim || x->rank < 2 || x->dim[1] != in->attrs->dim) return "shard_scatter of no shards";
    results[1] = type_scalar(cx, DT_i64);
    results[0] = type_with_lead(cx, type_without_lead(cx, type_without_lead(cx, x)), x->dim[0]);
    return NULL;
}
static bool eval_scatter(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    (void)in;
    Attrs attrs = no_attrs;
    attrs.axes = (Ints){ 1, &(int64_t){ 0 } };
    Inst probe = { .op = OP_reduce_sum, .attrs = &attrs };
    return op_rules[OP_reduce_sum]->eval(ev, &probe, args, y);
}
const Rules rules_shard_scatter = { .shape = shape_scatter, .eval = eval_scatter };
