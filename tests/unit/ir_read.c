/* ir_read: what is printed is read back; what is wrong is reported; and the verifier sees what the reader lets through. */
#include "ir/ir.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <string.h>

static Compiler *cx;
static void set_up(void) { cx = compiler_new(); }
static void tear_down(void) { compiler_free(cx); }
TestSuite(read, .init = set_up, .fini = tear_down);

static Module *module_of(const char *text) {
    return read_module(cx, add_source(cx, "f.jxir", text, (int)strlen(text), false));
}
static void round_trip(const char *text) {
    Module *m = module_of(text);
    diag_flush(cx);
    cr_assert(m != NULL);
    verify_module(m);
    cr_assert_str_eq(module_text(cx->arena, m), text);
    Module *copy = module_copy(m);
    verify_module(copy);
    module_free(copy);
    module_free(m);
}

Test(read, straight_lines_and_constants) {
    round_trip("func @f[n, m](%0: f32[n, m], %1: f32[m, 2*n + 1], %2: bool[n]) -> f32[n, 2*n + 1], i64[] {\n"
               "  %3: f32[n, 2*n + 1] = dot %0, %1 {lhs_axes=[1], rhs_axes=[0]}\n"
               "  %4: f32[3] = constant {data=[0.1, -0, 1e-45], dtype=f32, shape=[3]}\n"
               "  %5: f64[] = constant {data=nan, dtype=f64}\n"
               "  %6: f16[2] = constant {data=[inf, -0.3335], dtype=f16, shape=[2]}\n"
               "  %7: c64[] = constant {data=1.5-2j, dtype=c64}\n"
               "  %8: u64[] = constant {data=18446744073709551615, dtype=u64}\n"
               "  %9: bool[n] = constant {data=true, dtype=bool, shape=[n]}\n"
               "  %10: i8[0] = constant {data=[], dtype=i8, shape=[0]}\n"
               "  %11: i64[] = size {dim=min(n + n//2, n//2 + 5)}\n"
               "  %12: f32[n, m] = slice %0 {start=[0, 0], limit=[n, m], stride=[1, 1]}\n"
               "  return %3, %11\n"
               "}\n");
}

Test(read, control_and_calls) {
    round_trip("func @step[k](%0: f32[k]) -> f32[k] {\n"
               "  %1: f32[k] = neg %0\n"
               "  return %1\n"
               "}\n"
               "\n"
               "func @\"vmap(<lambda>)\"[n](%0: f32[4, n], %1: bool[]) -> f32[n], f32[4, n], f32[trip, n], f32[] {\n"
               "  %2: f32[n] = constant {data=0, dtype=f32, shape=[n]}\n"
               "  %3: f32[n], %4: f32[4, n] = for %2, %0 {trip=4, carries=1} (%5: i64[], %6: f32[n], %7: f32[n]) {\n"
               "    %8: f32[n] = call %7 {callee=@step, sizes=[n]}\n"
               "    %9: f32[n] = add %6, %8\n"
               "    return %9, %8\n"
               "  }\n"
               "  %10: f32[n], %11: f32[trip, n] = while %3 {carries=1, binds=[trip]} (%12: f32[n]) {\n"
               "    %13: f32[] = reduce_sum %12 {axes=[0]}\n"
               "    %14: f32[] = constant {data=3, dtype=f32}\n"
               "    %15: bool[] = lt %13, %14\n"
               "    return %15\n"
               "  } (%16: f32[n]) {\n"
               "    %17: f32[n] = add %16, %16\n"
               "    return %17, %16\n"
               "  }\n"
               "  %18: f32[] = cond %1, %10 (%19: f32[n]) {\n"
               "    %20: f32[] = reduce_max %19 {axes=[0]}\n"
               "    return %20\n"
               "  } (%21: f32[n]) {\n"
               "    %22: f32[] = reduce_min %21 {axes=[0]}\n"
               "    return %22\n"
               "  }\n"
               "  print %18 {stream=1, format=\"x = {0!js}\\n\\\"\"}\n"
               "  return %10, %4, %11, %18\n"
               "}\n"
               "\n"
               "main func @main() {\n"
               "  return\n"
               "}\n");
}

/* A call of a function that binds sizes of its results names them anew; inlined copies would too. */
Test(read, sizes_bound_inside) {
    round_trip("func @pick[n](%0: bool[n]) -> i64[k, 1] {\n"
               "  %1: i64[k, 1] = nonzero %0 {binds=[k]}\n"
               "  return %1\n"
               "}\n"
               "\n"
               "main func @main() {\n"
               "  %0: bool[3] = constant {data=[true, false, true], dtype=bool, shape=[3]}\n"
               "  %1: i64[k, 1] = call %0 {binds=[k], callee=@pick, sizes=[3]}\n"
               "  %2: i64[k.2, 1] = call %0 {binds=[k.2], callee=@pick, sizes=[3]}\n"
               "  return\n"
               "}\n");
}

static const struct {
    const char *text, *message;
} mistakes[] = {
    { "func @f() {\n  %0: f32[] = expp %1\n  return\n}\n", "there is no operation expp" },
    { "func @f(%0: f32[]) {\n  %1: f32[] = exp %2\n  return\n}\n", "%2 is not defined above" },
    { "func @f(%0: f32[]) {\n  %1: f64[] = exp %0\n  return\n}\n", "%1 is f32[], not f64[]" },
    { "func @f(%0: f32[]) {\n  %1: f32[] = add %0\n  return\n}\n", "add takes 2 arguments, not 1" },
    { "func @f(%0: f32[3]) {\n  %1: f32[] = reduce_sum %0 {axis=[0]}\n  return\n}\n",
      "reduce_sum has no attribute axis" },
    { "func @f(%0: f32[q]) {\n  return\n}\n", "the size q is not bound here" },
    { "func @f() {\n", "the function @f does not end" },
    { "func @f() -> f32[] {\n  return\n}\n", "@f says it gives 1 values and gives 0" },
    { "func @f() {\n  %0: i8[] = constant {data=200, dtype=i8}\n  return\n}\n", "this does not fit into i8" },
    { "func @f() {\n  return\n}\nfunc @f() {\n  return\n}\n", "there are two functions @f" },
    { "func @f(%0: f32[2]) {\n  %1: f32[2] = call %0 {callee=@g}\n  return\n}\n", "there is no function @g" },
};

Test(read_mistakes, are_reported, .init = cr_redirect_stderr) {
    for (int i = 0; i < COUNT(mistakes); i++) {
        Compiler *one = cx = compiler_new();
        cr_assert(module_of(mistakes[i].text) == NULL, "%s", mistakes[i].message);
        cr_assert(diag_flush(one) == 1);
        compiler_free(one);
    }
    fflush(stderr);
    FILE *err = cr_get_redirected_stderr();
    char *all = calloc(1, 1 << 16);
    size_t n = fread(all, 1, (1 << 16) - 1, err);
    all[n] = 0;
    const char *at = all;
    for (int i = 0; i < COUNT(mistakes); i++) {
        const char *found = strstr(at, mistakes[i].message);
        cr_assert(found != NULL, "%s not in %s", mistakes[i].message, at);
        at = found;
    }
    free(all);
}
