/* eval: what operations mean, against numbers from JAX and from papers (eval.jxir); and how programs end. */
#include "ir/ir.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static Compiler *cx;
static void set_up(void) { cx = compiler_new(); }
static void tear_down(void) { compiler_free(cx); }
TestSuite(eval, .init = set_up, .fini = tear_down);

static Module *module_of(const char *text) {
    Module *m = read_module(cx, add_source(cx, "eval.jxir", text, (int)strlen(text), false));
    diag_flush(cx);
    cr_assert(m != NULL);
    return m;
}

static bool near(double x, double y, double tolerance) {
    if (isnan(x) || isnan(y)) return isnan(x) && isnan(y);
    return x == y || fabs(x - y) <= tolerance * fabs(y);
}

Test(eval, gives_what_it_should) {
    size_t length;
    const char *text = read_file(cx->arena, "tests/unit/eval.jxir", &length);
    cr_assert(text != NULL);
    Module *m = module_of(text);
    for (const Func *f = m->first; f; f = f->next) {
        Eval ev = { .arena = arena_new() };
        Tensor results[8];
        cr_assert(eval_func(&ev, f, NULL, results), "@%s: %s", f->name, ev.failure);
        for (int i = 0; i < f->body->nresults; i += 2) {
            DType d = results[i].type->dtype;
            cr_assert(results[i].type == results[i + 1].type);
            for (int64_t k = 0; k < results[i].n; k++) {
                double got[2], want[2];
                element_complex(d, (char *)results[i].bytes + k * dtype_bytes(d), got);
                element_complex(d, (char *)results[i + 1].bytes + k * dtype_bytes(d), want);
                for (int part = 0; part < 2; part++)
                    cr_expect(near(got[part], want[part], dtype_is_inexact(d) ? 2e-14 : 0),
                              "@%s: element %d is %.17g, not %.17g", f->name, (int)k, got[part], want[part]);
                cr_expect(got[0] != 0 || signbit(got[0]) == signbit(want[0]), "@%s: the sign of zero", f->name);
            }
        }
        arena_free(ev.arena);
    }
    module_free(m);
}

static const struct {
    const char *text, *failure;
} endings[] = {
    { "func @f() {\n  %0: i64[] = constant {data=9223372036854775807, dtype=i64}\n  %1: i64[] = int_mul %0, %0\n  "
      "return\n}\n",
      "an integer does not fit into 64 bits" },
    { "func @f() {\n  %0: i64[] = constant {data=0, dtype=i64}\n  %1: i64[] = int_mod %0, %0\n  return\n}\n",
      "integer division or modulo by zero" },
    { "func @f() {\n  %0: i64[] = constant {data=-1, dtype=i64}\n  bind_size %0 {binds=[n]}\n  return\n}\n",
      "a size of -1" },
    { "func @g[n](%0: f32[n]) -> f32[3] {\n  %1: f32[3] = retype %0 {shape=[3], message=\"x\"}\n  return %1\n}\n"
      "main func @f() {\n  %0: f32[2] = constant {data=0, dtype=f32, shape=[2]}\n"
      "  %1: f32[3] = call %0 {callee=@g, sizes=[2]}\n  return\n}\n",
      "x: axis 0 has size 2, not 3" },
    { "func @f() {\n  %0: bool[] = constant {data=false, dtype=bool}\n  %1: i64[] = constant {data=7, dtype=i64}\n"
      "  assert %0, %1 {format=\"{1!ps} is wrong\"}\n  return\n}\n",
      "7 is wrong" },
    { "func @f() -> i64[] {\n  %0: i64[] = call {callee=@f}\n  return %0\n}\n", "calls are nested too deep in f" },
};

Test(eval, ends_with_a_reason) {
    for (int i = 0; i < COUNT(endings); i++) {
        Module *m = module_of(endings[i].text);
        Eval ev = { .arena = m->arena };
        Tensor results[1];
        cr_assert(!eval_func(&ev, m->main ? m->main : m->first, NULL, results), "%s", endings[i].failure);
        cr_assert_str_eq(ev.failure, endings[i].failure);
        module_free(m);
    }
}

Test(eval, sizes_come_from_arguments) {
    Module *m = module_of("func @f[n, m](%0: f32[2*n + 1], %1: f32[n, m]) -> i64[] {\n"
                          "  %2: i64[] = size {dim=100*n + m}\n  return %2\n}\n");
    Eval ev = { .arena = m->arena }, ev2 = { .arena = m->arena };
    const Dim *five = dim_int(cx, 5), *two = dim_int(cx, 2), *three = dim_int(cx, 3);
    Tensor args[] = { tensor_new(m->arena, type_of(cx, DT_f32, 1, &five)),
                      tensor_new(m->arena, type_of(cx, DT_f32, 2, (const Dim *[]){ two, three })) };
    Tensor result;
    cr_assert(eval_func(&ev, m->first, args, &result) && element_int(DT_i64, result.bytes) == 203);
    args[1] = tensor_new(m->arena, type_of(cx, DT_f32, 2, (const Dim *[]){ three, three }));
    cr_assert(!eval_func(&ev2, m->first, args, &result));
    cr_assert_str_eq(ev2.failure, "argument 1 of f is f32[3, 3], not f32[2, 3]");
    module_free(m);
}
