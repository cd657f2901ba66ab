/* ir: sizes in canonical form, types, elements, building and printing. */
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static Compiler *cx;
static const Dim *n, *m, *k;
static void set_up(void) {
    cx = compiler_new();
    n = dim_var(cx, size_var(cx, "n", (Span){ 0 }));
    m = dim_var(cx, size_var(cx, "m", (Span){ 0 }));
    k = dim_var(cx, size_var(cx, "k", (Span){ 0 }));
}
static void tear_down(void) { compiler_free(cx); }
TestSuite(dim, .init = set_up, .fini = tear_down);
TestSuite(dtype, .init = set_up, .fini = tear_down);
TestSuite(build, .init = set_up, .fini = tear_down);

static const Dim *i(int64_t x) { return dim_int(cx, x); }
static const Dim *add(const Dim *a, const Dim *b) { return dim_add(cx, a, b); }
static const Dim *sub(const Dim *a, const Dim *b) { return dim_sub(cx, a, b); }
static const Dim *mul(const Dim *a, const Dim *b) { return dim_mul(cx, a, b); }
static const Dim *quo(const Dim *a, const Dim *b) { return dim_floordiv(cx, a, b); }
static const Dim *mod(const Dim *a, const Dim *b) { return dim_mod(cx, a, b); }
static const Dim *min(const Dim *a, const Dim *b) { return dim_min(cx, a, b); }
static const Dim *max(const Dim *a, const Dim *b) { return dim_max(cx, a, b); }

Test(dim, equal_sizes_are_one_pointer) {
    cr_assert(mul(add(n, m), sub(n, m)) == sub(mul(n, n), mul(m, m)));
    cr_assert(sub(n, n) == i(0));
    cr_assert(quo(mul(i(2), n), i(2)) == n);
    cr_assert(quo(add(mul(i(6), n), i(7)), i(3)) == add(mul(i(2), n), i(2)));
    cr_assert(quo(mul(n, m), m) == n);
    cr_assert(quo(mul(add(n, i(1)), m), add(n, i(1))) == m);
    cr_assert(quo(quo(n, i(2)), i(4)) == quo(n, i(8)));
    cr_assert(quo(add(mul(i(2), n), i(1)), i(4)) == quo(n, i(2)));
    cr_assert(mod(mul(i(4), n), i(2)) == i(0));
    cr_assert(add(mul(quo(n, i(8)), i(8)), mod(n, i(8))) == n);
    cr_assert(quo(mod(n, i(8)), i(8)) == i(0));
    cr_assert(min(n, n) == n && max(i(3), i(5)) == i(5) && min(i(0), n) == i(0) && max(n, i(0)) == n);
    cr_assert(sub(n, min(i(1), n)) == max(sub(n, i(1)), i(0)));
    cr_assert(min(n, m) == min(m, n) && add(max(n, m), min(n, m)) == add(n, m));
    cr_assert(max(mul(i(2), n), mul(i(2), m)) == mul(i(2), max(n, m)));
    cr_assert(quo(i(-7), i(2)) == i(-4) && mod(i(-7), i(2)) == i(1) && quo(i(7), i(-2)) == i(-4));
}

Test(dim, what_is_sure) {
    cr_assert(dim_at_least(cx, n, i(0)) && !dim_at_least(cx, n, i(1)));
    cr_assert(dim_at_least(cx, add(mul(n, m), i(3)), i(3)));
    cr_assert(dim_at_least(cx, n, mul(quo(n, i(8)), i(8))));
    cr_assert(dim_at_least(cx, n, mul(quo(n, m), m)));
    cr_assert(dim_at_least(cx, i(7), mod(n, i(8))) && dim_at_least(cx, mod(n, i(8)), i(0)));
    cr_assert(dim_at_least(cx, n, min(n, m)) && dim_at_least(cx, max(n, m), m) && !dim_at_least(cx, min(n, m), n));
    cr_assert(dim_never_equal(cx, n, add(n, i(1))) && !dim_never_equal(cx, n, m));
    cr_assert(dim_never_equal(cx, mul(i(2), n), add(mul(i(4), m), i(1))));
    const Dim *answer;
    const SizeVar *v = n->terms[0].atoms[0]->var;
    cr_assert(dim_solve(cx, add(mul(i(2), n), m), add(mul(i(4), k), m), v, &answer) && answer == mul(i(2), k));
    cr_assert(!dim_solve(cx, mul(i(2), n), k, v, &answer) && !dim_solve(cx, mul(n, n), k, v, &answer));
}

Test(dim, text_is_short_and_does_not_depend_on_how_it_was_made) {
    cr_assert_str_eq(dim_text(cx, add(i(1), mul(i(2), n))), "2*n + 1");
    cr_assert_str_eq(dim_text(cx, sub(m, n)), "m - n");
    cr_assert_str_eq(dim_text(cx, i(0)), "0");
    cr_assert_str_eq(dim_text(cx, mul(i(2), quo(add(n, i(1)), i(8)))), "2*((n + 1)//8)");
    cr_assert_str_eq(dim_text(cx, min(n, i(5))), "min(n, 5)");
    cr_assert_str_eq(dim_text(cx, max(i(5), n)), "max(n, 5)");
    cr_assert_str_eq(dim_text(cx, mul(m, n)), "m*n");
}

/* Canonical forms against the numbers themselves: random expressions, random values. */
static uint64_t state = 1;
static uint64_t random_below(uint64_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % bound;
}
static const Dim *random_dim(int depth, const int64_t *values, int64_t *value) {
    if (depth == 0 || random_below(4) == 0) {
        uint64_t which = random_below(5);
        if (which < 3) *value = values[(which == 0 ? n : which == 1 ? m : k)->terms[0].atoms[0]->var->id];
        if (which >= 3) *value = (int64_t)random_below(9) - 2;
        return which == 0 ? n : which == 1 ? m : which == 2 ? k : i(*value);
    }
    int64_t a, b;
    const Dim *x = random_dim(depth - 1, values, &a), *y = random_dim(depth - 1, values, &b);
    switch (random_below(7)) {
    case 0: return *value = a + b, add(x, y);
    case 1: return *value = a - b, sub(x, y);
    case 2: return *value = a * b, mul(x, y);
    case 3: return *value = a < b ? a : b, min(x, y);
    case 4: return *value = a > b ? a : b, max(x, y);
    default: {
        int64_t by = (int64_t)random_below(6) + 1, q = a / by - (a % by < 0);
        bool quotient = random_below(2);
        *value = quotient ? q : a - q * by;
        return quotient ? quo(x, i(by)) : mod(x, i(by));
    }
    }
}
Test(dim, canonical_forms_keep_the_value) {
    int64_t values[16];
    for (int round = 0; round < 4000; round++) {
        for (int v = 0; v < 3; v++) values[v] = (int64_t)random_below(12);
        int64_t want, other, got;
        const Dim *d = random_dim(4, values, &want), *e = random_dim(3, values, &other);
        cr_assert(dim_eval(d, values, &got));
        cr_assert(got == want, "%s is %lld, not %lld", dim_text(cx, d), (long long)got, (long long)want);
        if (dim_at_least(cx, d, e)) cr_assert(want >= other, "%s >= %s", dim_text(cx, d), dim_text(cx, e));
        if (dim_never_equal(cx, d, e)) cr_assert(want != other);
    }
}

Test(dtype, small_floats_round_once) {
    char bytes[16];
    static const struct {
        DType d;
        double x, want;
    } cases[] = {
        { DT_f16, 65504, 65504 },     { DT_f16, 65519.9, 65504 },     { DT_f16, 65520, HUGE_VAL },
        { DT_f16, 0x1p-24, 0x1p-24 }, { DT_f16, 0x1p-25, 0 },         { DT_f16, 0x1.8p-25, 0x1p-24 },
        { DT_f16, 2049, 2048 },       { DT_f16, 2051, 2052 },         { DT_f16, -0x1.ff8p-15, -0x1.ff8p-15 },
        { DT_bf16, 257, 256 },        { DT_bf16, 259, 260 },          { DT_bf16, 0x1p-133, 0x1p-133 },
        { DT_bf16, 1e300, HUGE_VAL }, { DT_f32, 16777217, 16777216 },
    };
    for (int c = 0; c < COUNT(cases); c++) {
        element_set_real(cases[c].d, bytes, cases[c].x);
        cr_assert(element_real(cases[c].d, bytes) == cases[c].want, "%g", cases[c].x);
    }
    for (int bits = 0; bits < 65536; bits++) {
        uint16_t b = (uint16_t)bits, back;
        for (int d = DT_f16; d <= DT_bf16; d++) {
            element_set_real((DType)d, &back, element_real((DType)d, &b));
            cr_assert(back == b || isnan(element_real((DType)d, &b)));
        }
    }
    element_set_real(DT_i8, bytes, -1000);
    cr_assert(element_int(DT_i8, bytes) == -128);
    element_set_real(DT_u32, bytes, 1e20);
    cr_assert(element_int(DT_u32, bytes) == UINT32_MAX);
}

Test(build, the_table_is_complete) {
    const char *complaint = ops_table_complaint();
    cr_assert(complaint == NULL, "%s", complaint);
}

Test(build, shares_folds_and_prints) {
    Module *module = module_new(cx);
    Func *f = func_new(module, "f");
    const SizeVar *v = n->terms[0].atoms[0]->var;
    f->sizes = (Sizes){ 1, &v };
    const Type *t = type_of(cx, DT_f32, 2, (const Dim *[]){ n, i(3) });
    Value *x = block_param(f->body, t);
    Builder b = builder_new(f);
    Value *e = ir_exp(&b, x), *y = ir_mul(&b, e, ir_fill(&b, t, 1));
    cr_assert(y == ir_exp(&b, x) && y->def->op == OP_exp);
    Value *z = ir_add(&b, y, ir_fill(&b, t, 0.1));
    cr_assert(z->def->op == OP_add);
    z = ir_reshape(&b, ir_transpose(&b, z, (int64_t[]){ 0, 1 }), t);
    Value *sum = ir_reduce(&b, OP_reduce_sum, z, 1, (int64_t[]){ 1 });
    block_return(&b, &sum, 1);
    cr_assert_str_eq(module_text(module->arena, module),
                     "func @f[n](%0: f32[n, 3]) -> f32[n] {\n"
                     "  %1: f32[n, 3] = exp %0\n"
                     "  %2: f32[n, 3] = constant {data=1, dtype=f32, shape=[n, 3]}\n"
                     "  %3: f32[n, 3] = constant {data=0.1, dtype=f32, shape=[n, 3]}\n"
                     "  %4: f32[n, 3] = add %1, %3\n"
                     "  %5: f32[n] = reduce_sum %4 {axes=[1]}\n"
                     "  return %5\n"
                     "}\n");
    float elements[] = { 0, 1, 2, 3, 4, 5 };
    Eval ev = { .arena = module->arena };
    Tensor arg = { type_of(cx, DT_f32, 2, (const Dim *[]){ i(2), i(3) }), 6, elements }, result;
    cr_assert(eval_func(&ev, f, &arg, &result), "%s", ev.failure);
    cr_assert(result.n == 2 && fabs(element_real(DT_f32, result.bytes) - (1 + M_E + M_E * M_E + 0.3)) < 1e-5);
    module_free(module);
}
