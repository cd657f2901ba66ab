/* planted: bugs such as passes have, each of which the verifier or --check-passes must see.
**
** A bug is a pass that copies a program and gets one thing wrong.  `none` is the same without a bug, and must pass. */
#include "optimize/optimize.h"
#include "check.h"
#include "pipeline.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <criterion/redirect.h>
#include <string.h>
#include <unistd.h>

static const char loops[] =
    "func @f[n](%0: f32[n, 2], %1: f32[2], %2: i64[]) -> f32[2], f32[2], f32[n, 2], f32[2], f32[t, 2], f32[2] {\n"
    "  %3: f32[2], %4: f32[2], %5: f32[n, 2] = for %1, %1, %0 {reversed=1, trip=n, carries=2} (%6: i64[], %7: f32[2], "
    "%8: f32[2], %9: f32[2]) {\n"
    "    %10: f32[] = convert %6 {dtype=f32}\n"
    "    %11: f32[2] = broadcast %10 {shape=[2]}\n"
    "    %12: f32[2] = add %7, %11\n"
    "    %13: f32[2] = sub %9, %8\n"
    "    %14: f32[2] = tanh %13\n"
    "    return %12, %14, %12\n"
    "  }\n"
    "  %15: f32[2] = constant {data=2, dtype=f32, shape=[2]}\n"
    "  %16: f32[2], %17: f32[t, 2] = while %1 {carries=1, binds=[t]} (%18: f32[2]) {\n"
    "    %19: bool[2] = le %18, %15\n"
    "    %20: bool[] = reduce_and %19 {axes=[0]}\n"
    "    return %20\n"
    "  } (%21: f32[2]) {\n"
    "    %22: f32[2] = constant {data=1, dtype=f32, shape=[2]}\n"
    "    %23: f32[2] = add %21, %22\n"
    "    return %23, %21\n"
    "  }\n"
    "  %24: f32[2] = for %1 {trip=3, carries=1} (%25: i64[], %26: f32[2]) {\n"
    "    %27: f32[2] = add %26, %26\n"
    "    return %27\n"
    "  }\n"
    "  return %3, %4, %5, %16, %17, %24\n"
    "}\n";
static const char sizes[] = "func @g[n, m](%0: f32[n, m]) -> i64[] {\n"
                            "  %1: i64[] = size {dim=n - m}\n"
                            "  return %1\n"
                            "}\n"
                            "func @f[n](%0: f32[n + 2], %1: f32[3, n], %2: bool[n]) -> i64[], f32[n + 1], i64[], "
                            "f32[(n + 1)//2], i64[], i64[] {\n"
                            "  %3: i64[] = size {dim=n//2 + 1}\n"
                            "  %4: f32[n + 1] = slice %0 {start=[0], limit=[n + 1], stride=[1]}\n"
                            "  %5: f32[n, 3] = transpose %1 {perm=[1, 0]}\n"
                            "  %6: i64[] = call %5 {callee=@g, sizes=[n, 3]}\n"
                            "  %7: f32[n] = slice %0 {start=[2], limit=[n + 2], stride=[1]}\n"
                            "  %8: f32[(n + 1)//2] = slice %7 {start=[0], limit=[n], stride=[2]}\n"
                            "  %9: i64[k, 1] = nonzero %2 {binds=[k]}\n"
                            "  %10: i64[] = size {dim=k}\n"
                            "  %11: i64[] = constant {data=4, dtype=i64}\n"
                            "  bind_size %11 {binds=[j]}\n"
                            "  %12: i64[] = size {dim=min(j, n)}\n"
                            "  return %3, %4, %6, %8, %10, %12\n"
                            "}\n";
static const char kernels[] =
    "func @f[n](%0: f32[3, 3], %1: f32[3, 3], %2: f32[3], %3: f32[n, 3]) -> f32[3], f32[3, 3], f32[3], f32[n] {\n"
    "  %4: f32[3], %5: f32[3, 3] = kernel %0, %1, %2 {axes=[0]} (%6: f32[3, 3], %7: f32[3, 3], %8: f32[3]) {\n"
    "    %9: f32[3, 3] = sub %6, %7\n"
    "    %10: f32[3, 3] = broadcast %8 {shape=[3, 3], map=[0]}\n"
    "    %11: f32[3, 3] = mul %9, %10\n"
    "    %12: f32[3] = reduce_sum %11 {axes=[1]}\n"
    "    %13: f32[3, 3] = exp %9\n"
    "    return %12, %13\n"
    "  }\n"
    "  %14: f32[3] = kernel %0, %2 {axes=[0]} (%15: f32[3, 3], %16: f32[3]) {\n"
    "    %17: f32[3] = dot %15, %16 {lhs_axes=[1], rhs_axes=[0]}\n"
    "    %18: f32[3] = tanh %17\n"
    "    return %18\n"
    "  }\n"
    "  %19: f32[n] = kernel %3 {axes=[0]} (%20: f32[n, 3]) {\n"
    "    %21: f32[n] = reduce_max %20 {axes=[1]}\n"
    "    return %21\n"
    "  }\n"
    "  return %4, %5, %14, %19\n"
    "}\n";
static const char plain[] = "func @f(%0: f32[4], %1: i32[4], %2: bool[], %3: f32[2, 2, 2]) -> f32[4], f32[4], i32[4], "
                            "f32[2, 2, 2], f32[4] {\n"
                            "  %4: f32[4] = constant {data=0, dtype=f32, shape=[4]}\n"
                            "  %5: f32[4] = div %4, %4\n"
                            "  %6: f32[4] = mul %5, %4\n"
                            "  %7: bool[4] = lt %0, %4\n"
                            "  %8: f32[4] = select %7, %4, %0\n"
                            "  %9: i32[4] = convert %0 {dtype=i32}\n"
                            "  %10: f32[2, 2, 2] = transpose %3 {perm=[1, 2, 0]}\n"
                            "  %11: f32[4] = cond %2, %0 (%12: f32[4]) {\n"
                            "    %13: f32[4] = exp %12\n"
                            "    return %13\n"
                            "  } (%14: f32[4]) {\n"
                            "    return %14\n"
                            "  }\n"
                            "  print %0 {stream=1, format=\"first {0!jr}\\n\"}\n"
                            "  print %1 {stream=1, format=\"second {0!jr}\\n\"}\n"
                            "  assert %2 {format=\"it does not hold\"}\n"
                            "  return %6, %8, %9, %10, %11\n"
                            "}\n";

static const char indices[] = "func @f(%0: f32[4], %1: i32[4, 1]) -> f32[4], f32[4] {\n"
                              "  %2: f32[4] = gather %0, %1 {axes=[0], mode=1}\n"
                              "  %3: f32[4] = constant {data=1, dtype=f32, shape=[4]}\n"
                              "  %4: f32[4] = scatter %0, %1, %3 {axes=[0], combine=1}\n"
                              "  return %2, %4\n"
                              "}\n";

/* each copies the instruction, or gets it wrong and returns true */

static int seen; /* of the instructions that a bug could spoil, in order */

static bool with_attrs(Walk *w, const Inst *in, Attrs a) { return walk_copy_with(w, in, &a), true; }
static bool with_op(Walk *w, const Inst *in, Op op) {
    Inst other = *in;
    other.op = op;
    return walk_copy(w, &other), true;
}
static bool with_args(Walk *w, const Inst *in, int i, int k) { /* two arguments change places */
    Value *args[8];
    memcpy(args, in->args, sizeof *args * (size_t)in->nargs);
    Value *x = args[i];
    args[i] = args[k];
    args[k] = x;
    Inst other = *in;
    other.args = args;
    return walk_copy(w, &other), true;
}
static bool with_results(Walk *w, const Inst *in, int region, int to, Value *from) {
    Block *b = in->regions[region];
    Value *was = b->results[to];
    b->results[to] = from; /* put back when it is copied */
    walk_copy(w, in);
    b->results[to] = was;
    return true;
}

static bool none(Walk *w, const Inst *in) { return (void)w, (void)in, false; }

/* loops */
static bool forwards(Walk *w, const Inst *in) {
    Attrs a = *in->attrs;
    a.reversed = 0;
    return in->op == OP_for && in->attrs->reversed && with_attrs(w, in, a);
}
static bool carries_crossed(Walk *w, const Inst *in) {
    if (in->op != OP_for || in->attrs->carries != 2) return false;
    Block *b = in->regions[0];
    return with_results(w, in, 0, 0, b->results[1]);
}
static bool stacks_what_was_before(Walk *w, const Inst *in) {
    return in->op == OP_for && in->attrs->carries == 2 && with_results(w, in, 0, 2, in->regions[0]->params[1]);
}
static bool one_iteration_less(Walk *w, const Inst *in) {
    Attrs a = *in->attrs;
    a.trip = in->op == OP_for && in->nargs == 1 ? dim_int(w->b.cx, 2) : NULL;
    return a.trip && with_attrs(w, in, a);
}
static bool one_iteration_more(Walk *w, const Inst *in) {
    return in->op == OP_reduce_and && in->block->parent && with_op(w, in, OP_reduce_or);
}
static bool index_lost(Walk *w, const Inst *in) {
    if (in->op != OP_convert || !in->block->parent) return false;
    w->map.at[in->results[0]->id] = ir_fill(&w->b, in->results[0]->type, 0);
    return true;
}
static bool uses_the_first_carry(Walk *w, const Inst *in) {
    if (in->op != OP_tanh || !in->block->parent || in->block->nparams != 4) return false;
    w->map.at[in->results[0]->id] = walk_value(w, in->block->params[2]);
    return true;
}
static bool captured_instead_of_carried(Walk *w, const Inst *in) {
    if (in->op != OP_add || !in->block->parent || in->block->nparams != 2) return false;
    Value *x = w->b.func->body->params[1];
    w->map.at[in->results[0]->id] = ir_add(&w->b, x, x);
    return true;
}

/* sizes */
static bool size_off_by_one(Walk *w, const Inst *in) {
    Attrs a = *in->attrs;
    if (in->op != OP_size || in->block->func->body->nparams != 3 || seen++) return false;
    a.dim = dim_add(w->b.cx, a.dim, dim_int(w->b.cx, 1));
    return with_attrs(w, in, a);
}
static bool quotient_rounded_up(Walk *w, const Inst *in) {
    Attrs a = *in->attrs;
    if (in->op != OP_size || in->block->func->body->nparams != 3 || seen++) return false;
    const Dim *n = dim_var(w->b.cx, in->block->func->sizes.at[0]), *two = dim_int(w->b.cx, 2);
    a.dim = dim_add(w->b.cx, dim_floordiv(w->b.cx, dim_add(w->b.cx, n, dim_int(w->b.cx, 1)), two), dim_int(w->b.cx, 1));
    return with_attrs(w, in, a);
}
static bool slice_shifted(Walk *w, const Inst *in) {
    if (in->op != OP_slice || seen++) return false;
    Attrs a = *in->attrs;
    const Dim *one = dim_int(w->b.cx, 1), *limit = dim_add(w->b.cx, a.limit.at[0], one);
    a.start.at = &one;
    a.limit.at = &limit;
    return with_attrs(w, in, a);
}
static bool sizes_of_a_call_crossed(Walk *w, const Inst *in) {
    if (in->op != OP_call) return false;
    Attrs a = *in->attrs;
    const Dim *crossed[] = { a.sizes.at[1], a.sizes.at[0] };
    Value *back = ir_transpose(&w->b, walk_value(w, in->args[0]), (int64_t[]){ 1, 0 });
    a.sizes.at = crossed;
    w->map.at[in->results[0]->id] = emit(&w->b, OP_call, &back, 1, &a);
    return true;
}
static bool other_size_bound(Walk *w, const Inst *in) {
    if (in->op != OP_bind_size) return false;
    Value *x = ir_i64(&w->b, 3);
    emit_inst(&w->b, OP_bind_size, &x, 1, in->attrs);
    return true;
}
static bool size_unbound(Walk *w, const Inst *in) { return (void)w, in->op == OP_bind_size; }
static bool counts_what_is_zero(Walk *w, const Inst *in) {
    if (in->op != OP_nonzero) return false;
    Value *x = ir_not(&w->b, walk_value(w, in->args[0]));
    w->map.at[in->results[0]->id] = emit(&w->b, OP_nonzero, &x, 1, in->attrs);
    return true;
}

/* fusion */
static bool kernel_arguments_crossed(Walk *w, const Inst *in) {
    return in->op == OP_kernel && in->nargs == 3 && with_args(w, in, 0, 1);
}
static bool reduces_the_other_axis(Walk *w, const Inst *in) {
    Attrs a = *in->attrs;
    int64_t axis = 0;
    a.axes.at = &axis;
    return in->op == OP_reduce_sum && with_attrs(w, in, a);
}
static bool broadcasts_along_the_other_axis(Walk *w, const Inst *in) {
    Attrs a = *in->attrs;
    int64_t axis = 1;
    a.map.at = &axis;
    return in->op == OP_broadcast && in->block->parent && in->block->parent->op == OP_kernel && with_attrs(w, in, a);
}
static bool epilogue_lost(Walk *w, const Inst *in) {
    if (in->op != OP_kernel || in->nargs != 2) return false;
    return with_results(w, in, 0, 0, in->regions[0]->first->results[0]);
}
static bool other_result_of_the_kernel(Walk *w, const Inst *in) {
    return in->op == OP_kernel && in->nargs == 3 && with_results(w, in, 0, 1, in->regions[0]->first->results[0]);
}
static bool starts_from_zero(Walk *w, const Inst *in) { /* a maximum whose running value begins with 0 */
    if (in->op != OP_reduce_max) return false;
    walk_copy(w, in);
    Value *v = walk_value(w, in->results[0]);
    w->map.at[in->results[0]->id] = ir_max(&w->b, v, ir_fill(&w->b, v->type, 0));
    return true;
}
static bool contracts_the_other_axis(Walk *w, const Inst *in) {
    Attrs a = *in->attrs;
    int64_t axis = 0;
    a.lhs_axes.at = &axis;
    return in->op == OP_dot && with_attrs(w, in, a);
}

/* foldings, layout, effects */
static bool zero_times_anything(Walk *w, const Inst *in) {
    if (in->op != OP_mul || in->block->parent) return false;
    w->map.at[in->results[0]->id] = ir_fill(&w->b, in->results[0]->type, 0);
    return true;
}
static bool select_crossed(Walk *w, const Inst *in) { return in->op == OP_select && !seen++ && with_args(w, in, 1, 2); }
static bool compares_the_other_way(Walk *w, const Inst *in) { return in->op == OP_lt && with_op(w, in, OP_gt); }
static bool rounds_instead_of_cutting(Walk *w, const Inst *in) {
    if (in->op != OP_convert || in->block->parent) return false;
    Value *x = ir_round(&w->b, walk_value(w, in->args[0]));
    w->map.at[in->results[0]->id] = ir_convert(&w->b, x, DT_i32);
    return true;
}
static bool inverse_permutation(Walk *w, const Inst *in) {
    Attrs a = *in->attrs;
    int64_t inverse[3];
    if (in->op != OP_transpose || a.perm.n != 3) return false;
    for (int i = 0; i < 3; i++) inverse[a.perm.at[i]] = i;
    a.perm.at = inverse;
    return with_attrs(w, in, a);
}
static bool sides_crossed(Walk *w, const Inst *in) {
    if (in->op != OP_cond) return false;
    Block *crossed[] = { in->regions[1], in->regions[0] };
    Inst other = *in;
    other.regions = crossed;
    return walk_copy(w, &other), true;
}
static bool print_dropped(Walk *w, const Inst *in) { return (void)w, in->op == OP_print && !seen++; }
static bool print_repeated(Walk *w, const Inst *in) {
    return in->op == OP_print && !seen++ && (walk_copy(w, in), walk_copy(w, in), true);
}
static bool assert_dropped(Walk *w, const Inst *in) { return (void)w, in->op == OP_assert; }
static bool fills_where_it_should_clip(Walk *w, const Inst *in) {
    Attrs a = *in->attrs;
    a.mode = GATHER_CLIP;
    return in->op == OP_gather && with_attrs(w, in, a);
}
static bool sets_where_it_should_add(Walk *w, const Inst *in) {
    Attrs a = *in->attrs;
    a.combine = COMBINE_SET;
    return in->op == OP_scatter && with_attrs(w, in, a);
}

typedef struct {
    char name[40], of[8]; /* criterion copies parameters: no pointers */
} Planted;
#define BUG(program, name) { #name, #program },
#define BUGS                                                                                                           \
    BUG(loops, forwards)                                                                                               \
    BUG(loops, carries_crossed)                                                                                        \
    BUG(loops, stacks_what_was_before)                                                                                 \
    BUG(loops, one_iteration_less)                                                                                     \
    BUG(loops, one_iteration_more)                                                                                     \
    BUG(loops, index_lost)                                                                                             \
    BUG(loops, uses_the_first_carry)                                                                                   \
    BUG(loops, captured_instead_of_carried)                                                                            \
    BUG(sizes, size_off_by_one)                                                                                        \
    BUG(sizes, quotient_rounded_up)                                                                                    \
    BUG(sizes, slice_shifted)                                                                                          \
    BUG(sizes, sizes_of_a_call_crossed)                                                                                \
    BUG(sizes, other_size_bound)                                                                                       \
    BUG(sizes, size_unbound)                                                                                           \
    BUG(sizes, counts_what_is_zero)                                                                                    \
    BUG(kernels, kernel_arguments_crossed)                                                                             \
    BUG(kernels, reduces_the_other_axis)                                                                               \
    BUG(kernels, broadcasts_along_the_other_axis)                                                                      \
    BUG(kernels, epilogue_lost)                                                                                        \
    BUG(kernels, other_result_of_the_kernel)                                                                           \
    BUG(kernels, starts_from_zero)                                                                                     \
    BUG(kernels, contracts_the_other_axis)                                                                             \
    BUG(plain, zero_times_anything)                                                                                    \
    BUG(plain, select_crossed)                                                                                         \
    BUG(plain, compares_the_other_way)                                                                                 \
    BUG(plain, rounds_instead_of_cutting)                                                                              \
    BUG(plain, inverse_permutation)                                                                                    \
    BUG(plain, sides_crossed)                                                                                          \
    BUG(plain, print_dropped)                                                                                          \
    BUG(plain, print_repeated)                                                                                         \
    BUG(plain, assert_dropped)                                                                                         \
    BUG(indices, fills_where_it_should_clip)                                                                           \
    BUG(indices, sets_where_it_should_add)
static const Planted planted[] = { BUGS };
#undef BUG
#define BUG(program, name) name,
static bool (*const bugs[])(Walk *, const Inst *) = { BUGS };
#undef BUG
#define BUG(program, name) program,
static const char *const programs[] = { BUGS };

static void spoil(Walk *w, const Inst *in) {
    bool (*const *bug_of)(Walk *, const Inst *) = w->context;
    if (!(*bug_of)(w, in)) walk_copy(w, in);
}

/* Here the compiler would end: at once, for what it still holds is no leak. */
static void leave(Compiler *cx) {
    (void)cx;
    _exit(70);
}

static void check(const char *text, bool (*planted_bug)(Walk *, const Inst *)) {
    Compiler *cx = compiler_new();
    cx->on_bug = leave;
    Module *m = read_module(cx, add_source(cx, "f.jxir", text, (int)strlen(text), false));
    diag_flush(cx);
    cr_assert(m != NULL);
    Module *after = walk_module(m, spoil, &planted_bug);
    verify_module(after);
    check_pass(cx, "planted", m, after);
    module_free(after);
    module_free(m);
    compiler_free(cx);
}

ParameterizedTestParameters(planted, is_seen) {
    return cr_make_param_array(Planted, (void *)planted, sizeof planted / sizeof *planted);
}
ParameterizedTest(Planted *p, planted, is_seen, .exit_code = 70, .init = cr_redirect_stderr) {
    for (int i = 0; i < COUNT(planted); i++)
        if (!strcmp(planted[i].name, p->name)) check(programs[i], bugs[i]);
    cr_assert_fail("%s of %s is not seen", p->name, p->of);
}

Test(planted, nothing_is_seen_where_nothing_is_wrong) {
    check(loops, none);
    check(sizes, none);
    check(kernels, none);
    check(plain, none);
    check(indices, none);
}
