/* optimize: inline and simplify keep the meaning, on programs with calls, loops, sizes and recursion. */
#include "optimize/optimize.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static Compiler *cx;
static void set_up(void) { cx = compiler_new(); }
static void tear_down(void) { compiler_free(cx); }
TestSuite(optimize, .init = set_up, .fini = tear_down);

static Module *module_of(const char *text) {
    Module *m = read_module(cx, add_source(cx, "f.jxir", text, (int)strlen(text), false));
    diag_flush(cx);
    cr_assert(m != NULL);
    return m;
}

static void same_elements(Tensor a, Tensor b) {
    cr_assert(a.type == b.type);
    for (int64_t i = 0; i < a.n; i++) {
        int width = dtype_bytes(a.type->dtype);
        double x = element_real(a.type->dtype, (char *)a.bytes + i * width);
        double y = element_real(b.type->dtype, (char *)b.bytes + i * width);
        cr_assert((isnan(x) && isnan(y)) || fabs(x - y) <= 1e-5 * (1 + fabs(x)), "%g is now %g", x, y);
    }
}

/* The first function of both modules, or the one of that name. */
static void same_meaning(const Module *before, const Module *after, const char *name) {
    const Func *f = module_find(before, name), *g = module_find(after, name);
    for (uint64_t seed = 0; seed < 20; seed++) {
        Arena *arena = arena_new();
        Tensor args[8], x[8], y[8];
        Eval ev = { .arena = arena }, ev2 = { .arena = arena };
        cr_assert(eval_random_args(cx, arena, f, seed, args));
        bool ok = eval_func(&ev, f, args, x), ok2 = eval_func(&ev2, g, args, y);
        cr_assert(ok == ok2, "%s / %s", ev.failure, ev2.failure);
        for (int i = 0; ok && i < f->body->nresults; i++) same_elements(x[i], y[i]);
        arena_free(arena);
    }
}

static const char calls[] =
    "func @square[n](%0: f32[n]) -> f32[n] {\n"
    "  %1: f32[n] = mul %0, %0\n"
    "  return %1\n"
    "}\n"
    "func @norm[n](%0: f32[n], %1: f32[2*n]) -> f32[], f32[2*n] {\n"
    "  %2: f32[n] = call %0 {callee=@square, sizes=[n]}\n"
    "  %3: f32[2*n] = call %1 {callee=@square, sizes=[2*n]}\n"
    "  %4: f32[] = reduce_sum %2 {axes=[0]}\n"
    "  return %4, %3\n"
    "}\n"
    "func @positive[n](%0: f32[n]) -> i64[k, 1] {\n"
    "  %1: f32[n] = constant {data=0, dtype=f32, shape=[n]}\n"
    "  %2: bool[n] = gt %0, %1\n"
    "  %3: i64[k, 1] = nonzero %2 {binds=[k]}\n"
    "  return %3\n"
    "}\n"
    "func @countdown(%0: i64[]) -> i64[] {\n"
    "  %1: i64[] = constant {data=1, dtype=i64}\n"
    "  %2: bool[] = lt %0, %1\n"
    "  %3: i64[] = cond %2 () {\n"
    "    %4: i64[] = int_sub %0, %1\n"
    "    %5: i64[] = call %4 {callee=@countdown}\n"
    "    return %5\n"
    "  } () {\n"
    "    return %0\n"
    "  }\n"
    "  return %3\n"
    "}\n"
    "export func @f[n](%0: f32[n], %1: f32[2*n], %9: i64[]) -> f32[], f32[2*n], i64[], i64[] {\n"
    "  %2: f32[], %3: f32[2*n] = call %0, %1 {callee=@norm, sizes=[n]}\n"
    "  %4: i64[a, 1] = call %0 {binds=[a], callee=@positive, sizes=[n]}\n"
    "  %5: i64[b, 1] = call %1 {binds=[b], callee=@positive, sizes=[2*n]}\n"
    "  %6: i64[] = size {dim=a + 10*b}\n"
    "  %7: i64[] = call %9 {callee=@countdown}\n"
    "  return %2, %3, %6, %7\n"
    "}\n";

Test(optimize, inlining) {
    Module *m = module_of(calls), *after = pass_inline(m);
    verify_module(after);
    same_meaning(m, after, "f");
    cr_assert(module_find(after, "square") == NULL && module_find(after, "countdown") != NULL);
    Module *simpler = pass_simplify(after);
    verify_module(simpler);
    same_meaning(m, simpler, "f");
    module_free(simpler);
    module_free(after);
    module_free(m);
}

static const char loops[] =
    "func @g[n, m](%0: f32[n, m], %1: f32[m], %20: f32[1, m]) -> f32[m], f32[n, m], f32[m], f32[1, m], f32[n] {\n"
    "  %2: f32[m], %3: f32[n, m] = for %1, %0 {trip=n, carries=1, reversed=1} (%4: i64[], %5: f32[m], %6: f32[m]) {\n"
    "    %7: f32[m] = mul %5, %6\n"
    "    %8: f32[m] = add %7, %6\n"
    "    %9: f32[m] = sub %6, %7\n"
    "    return %8, %9\n"
    "  }\n"
    "  %21: f32[m], %22: f32[1, m] = for %1, %20 {trip=1, carries=1} (%24: i64[], %25: f32[m], %26: f32[m]) {\n"
    "    %27: f32[m] = mul %25, %26\n"
    "    %28: f32[m] = stop_gradient %27\n"
    "    %29: f32[m] = add %1, %28\n"
    "    return %29, %26\n"
    "  }\n"
    "  %30: f32[m, n] = transpose %0 {perm=[1, 0]}\n"
    "  %31: f32[n] = dot %30, %21 {lhs_axes=[0], rhs_axes=[0]}\n"
    "  %32: f32[n] = constant {data=8, dtype=f32, shape=[n]}\n"
    "  %33: f32[n] = div %31, %32\n"
    "  return %2, %3, %21, %22, %33\n"
    "}\n";

Test(optimize, simplifying) {
    Module *m = module_of(loops), *inlined = pass_inline(m), *after = pass_simplify(inlined);
    verify_module(after);
    same_meaning(m, after, "g");
    const char *text = module_text(cx->arena, after);
    cr_assert(strstr(text, "transpose") == NULL && strstr(text, "div") == NULL, "%s", text);
    cr_assert(strstr(text, "trip=1") == NULL && strstr(text, "stop_gradient") == NULL, "%s", text);
    cr_assert(strstr(text, "fma") != NULL, "%s", text);
    module_free(after);
    module_free(inlined);
    module_free(m);
}
