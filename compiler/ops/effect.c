/* effect: what the world sees, and what comes from it. */
#include "ops/rules.h"

#include <string.h>

static const char *shape_nothing(Compiler *cx, const Inst *in, const Type **results) {
    (void)cx, (void)results;
    return in->attrs->format ? NULL : "no format";
}
static bool eval_print(Eval *ev, const Inst *in, const Tensor *args, Tensor *results) {
    (void)results;
    char *text = eval_format(ev, in->attrs->format, in->nargs, args);
    if (!text) return false;
    if (ev->out) fputs(text, ev->out);
    return true;
}
const Rules rules_print = { .shape = shape_nothing, .eval = eval_print, .batch = batch_print };

static const char *shape_assert(Compiler *cx, const Inst *in, const Type **results) {
    (void)results;
    if (in->nargs < 1 || in->args[0]->type->dtype != DT_bool) return "assert without a bool";
    if (in->args[0]->type != type_scalar(cx, DT_bool)) return "assert of many bools; reduce_and them first";
    return in->attrs->format ? NULL : "no format";
}
static bool eval_assert(Eval *ev, const Inst *in, const Tensor *args, Tensor *results) {
    (void)results;
    if (tensor_int(&args[0], 0)) return true;
    char *text = eval_format(ev, in->attrs->format, in->nargs, args);
    return text ? eval_fail(ev, "%s", text) : false;
}
const Rules rules_assert = { .shape = shape_assert, .eval = eval_assert, .batch = batch_assert };
const Rules rules_check = { .shape = shape_assert, .eval = eval_assert, .batch = batch_assert };

static const char *shape_array(Compiler *cx, const Inst *in, const Type **results) {
    const Attrs *a = in->attrs;
    if (a->shape.n > MAX_RANK) return "too many axes";
    results[0] = type_of(cx, a->dtype, a->shape.n, a->shape.at);
    return NULL;
}
static bool eval_the_load(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    char *path = eval_format(ev, in->attrs->format, in->nargs, args);
    return path && eval_load(ev, in, path, y);
}
/* The evaluator reads it whole: the number is where that is. */
static const char *shape_open(Compiler *cx, const Inst *in, const Type **results) {
    results[0] = type_scalar(cx, DT_i64);
    return in->attrs->shape.n > MAX_RANK ? "too many axes" : NULL;
}
static bool eval_load_open(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    Tensor *all = NEW(ev->arena, Tensor);
    y[0] = tensor_new(ev->arena, in->results[0]->type);
    element_set_int(DT_i64, y->bytes, (int64_t)(intptr_t)all);
    return eval_the_load(ev, in, args, all);
}
const Rules rules_load_open = { .shape = shape_open, .eval = eval_load_open };

static const char *shape_parts(Compiler *cx, const Inst *in, const Type **results) {
    const Attrs *a = in->attrs;
    if (in->nargs < 2 || in->nargs != 1 + a->shape.n) return "load_parts of no parts";
    for (int i = 0; i < a->shape.n; i++) results[i] = type_of(cx, a->dtype, 1, &a->shape.at[i]);
    return NULL;
}
static bool eval_load_parts(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    const Tensor *all = (const Tensor *)(intptr_t)tensor_int(&args[0], 0);
    int64_t bytes = dtype_bytes(all->type->dtype);
    for (int i = 0; i < in->nresults; i++) {
        int64_t first = tensor_int(&args[1 + i], 0);
        if (first < 0 || first > all->n - y[i].n) return eval_fail(ev, "load_parts beyond the file");
        if (y[i].n) memcpy(y[i].bytes, (const char *)all->bytes + first * bytes, (size_t)(y[i].n * bytes));
    }
    return true;
}
const Rules rules_load_parts = { .shape = shape_parts, .eval = eval_load_parts };

static bool eval_the_flag(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    (void)args;
    return eval_flag(ev, in, y);
}
const Rules rules_load = { .shape = shape_array, .eval = eval_the_load };
const Rules rules_flag = { .shape = shape_array, .eval = eval_the_flag };

static const char *shape_save(Compiler *cx, const Inst *in, const Type **results) {
    (void)cx, (void)results;
    return in->nargs < 1 ? "save of nothing" : in->attrs->format ? NULL : "no format";
}
/* Evaluation is for looking; it leaves no files and no pictures behind. */
static bool eval_save(Eval *ev, const Inst *in, const Tensor *args, Tensor *results) {
    (void)results;
    return eval_format(ev, in->attrs->format, in->nargs, args) != NULL;
}
const Rules rules_plot = { .shape = shape_nothing, .eval = eval_save, .batch = batch_print };
const Rules rules_save = { .shape = shape_save, .eval = eval_save, .batch = batch_save };

/* Texts that are known at run time.  The evaluator has no command line and no environment. */
static const char *shape_count(Compiler *cx, const Inst *in, const Type **results) {
    (void)in;
    results[0] = type_scalar(cx, DT_i64);
    return NULL;
}
static const char *shape_address(Compiler *cx, const Inst *in, const Type **results) {
    (void)in;
    results[0] = type_scalar(cx, DT_u64);
    return NULL;
}
static bool eval_nothing(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    (void)ev, (void)args;
    element_set_int(in->results[0]->type->dtype, y->bytes, 0);
    return true;
}
static bool eval_no_argument(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    (void)in, (void)args, (void)y;
    return eval_fail(ev, "the evaluator has no command line");
}
static bool eval_text_make(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    char *text = eval_format(ev, in->attrs->format, in->nargs, args);
    element_set_int(DT_u64, y->bytes, (int64_t)(intptr_t)text);
    return text != NULL;
}
const Rules rules_text_make = { .shape = shape_address, .eval = eval_text_make, .batch = batch_print };
const Rules rules_argument_count = { .shape = shape_count, .eval = eval_nothing };
const Rules rules_argument = { .shape = shape_address, .eval = eval_no_argument, .batch = batch_print };
const Rules rules_environment = { .shape = shape_address, .eval = eval_nothing };

static bool eval_the_question(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    char *x = eval_format(ev, in->attrs->format, in->nargs, args);
    char *other = x ? eval_format(ev, in->attrs->name, in->nargs, args) : NULL;
    if (!other) return false;
    element_set_int(DT_i64, y->bytes, eval_ask(ev, (int)in->attrs->kind, x, other));
    return true;
}
const Rules rules_text_ask = { .shape = shape_count, .eval = eval_the_question, .batch = batch_print };

static const char *shape_number(Compiler *cx, const Inst *in, const Type **results) {
    results[0] = type_scalar(cx, in->attrs->dtype);
    return in->attrs->format ? NULL : "no format";
}
static bool eval_text_number(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    char *text = eval_format(ev, in->attrs->format, in->nargs, args);
    return text && eval_number(ev, text, in->attrs->dtype, y->bytes);
}
const Rules rules_text_number = { .shape = shape_number, .eval = eval_text_number, .batch = batch_print };

static bool eval_exit(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    (void)y;
    char *text = eval_format(ev, in->attrs->format, in->nargs, args);
    return text && eval_fail(ev, "exit %lld: %s", (long long)tensor_int(&args[0], 0), text);
}
const Rules rules_exit = { .shape = shape_nothing, .eval = eval_exit, .batch = batch_print };

/* Bars of progress are for the eye: the evaluator has one that nobody sees. */
static const char *shape_bar(Compiler *cx, const Inst *in, const Type **results) {
    (void)in;
    results[0] = type_scalar(cx, DT_i64);
    return NULL;
}
static bool eval_bar(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    (void)ev, (void)in, (void)args;
    element_set_int(DT_i64, y->bytes, 0);
    return true;
}
const Rules rules_progress_new = { .shape = shape_bar, .eval = eval_bar };
const Rules rules_progress_count = { .shape = shape_bar, .eval = eval_bar };
const Rules rules_progress = { .shape = shape_nothing, .eval = eval_save, .batch = batch_print };

static const char *shape_time(Compiler *cx, const Inst *in, const Type **results) {
    if (in->attrs->clock < 0 || in->attrs->clock > 2) return "no such clock";
    results[0] = type_scalar(cx, DT_f64);
    return NULL;
}
static bool eval_time(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    (void)in, (void)args;
    element_set_real(DT_f64, y->bytes, (double)++ev->readings); /* the same at each evaluation */
    return true;
}
const Rules rules_time = { .shape = shape_time, .eval = eval_time };

static const char *shape_barrier(Compiler *cx, const Inst *in, const Type **results) {
    (void)cx;
    for (int i = 0; i < in->nargs; i++) results[i] = in->args[i]->type;
    return NULL;
}
static bool eval_barrier(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    (void)ev;
    for (int i = 0; i < in->nargs; i++)
        memcpy(y[i].bytes, args[i].bytes, (size_t)args[i].n * (size_t)dtype_bytes(args[i].type->dtype));
    return true;
}
const Rules rules_barrier = {
    .shape = shape_barrier, .eval = eval_barrier, .transpose = transpose_barrier, .batch = batch_barrier
};
