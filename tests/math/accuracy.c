/* accuracy: the elementary functions, compiled, against the C library's in more digits.
**
** Every function is compiled in vectors and one number at a time, for this machine and for AVX2: the bits must be equal.
** Errors are in units of the last place, largest over random inputs of all sizes and of the usual sizes; each function has
** a bound in the table.  Special values are compared with C's own functions.
**
**     accuracy [-v]            -v prints every function's largest error and where it is
**     accuracy --mpfr [N]      against MPFR instead, on N inputs each, if the tests were built with it
**     accuracy --every [K [NAME]]
**                              every K-th f32 number there is, of all functions of one argument, beside the f64 function, and
**                              MPFR wherever that says that an error is the largest so far: all numbers without K, which
**                              takes half a minute a function
**     accuracy --march NAME    for that processor alone: one without a fused multiply-add has bits of its own,
**                              and errors up to a quarter larger */
#include "emit/emit.h"
#include "exact.h"
#include "jxl/runtime.h"

#include <dlfcn.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 1 << 16 };

typedef int (*Compiled)(jxl_call *, const void *x, const void *y, void *z, int64_t n);
typedef long double Long;

/* references that C lacks */

static Long logistic_ref(Long x) { return 1 / (1 + expl(-x)); }
static Long rsqrt_ref(Long x) { return 1 / sqrtl(x); }

static Long erf_inv_ref(Long x) {
    if (fabsl(x) >= 1) return fabsl(x) == 1 ? x * INFINITY : NAN;
    Long a = fabsl(x), q = 1 - a, w = -logl((1 - a) * (1 + a)), y = a < 0.7L ? a * 0.886226925452758L : sqrtl(w);
    if (a < 0.7L)
        for (int i = 0; i < 8; i++) y -= (erfl(y) - a) / (1.1283791670955125739L * expl(-y * y));
    else
        for (int i = 0; i < 60; i++) {
            Long e = erfcl(y), step = logl(e / q) * e / (1.1283791670955125739L * expl(-y * y)); /* of log erfc */
            y += step;
            if (fabsl(step) < 1e-20L * y) break;
        }
    return copysignl(y, x);
}

static Long tan_pi(Long x) { return tanl(3.14159265358979323846264L * (x - roundl(x))); }

static Long digamma_ref(Long x) {
    static const Long c[] = { 1.L / 12, -1.L / 120, 1.L / 252, -1.L / 240, 1.L / 132, -691.L / 32760, 1.L / 12 };
    if (x <= 0 && x == floorl(x)) return NAN;
    if (x < 0.5L) return digamma_ref(1 - x) - 3.14159265358979323846264L / tan_pi(x);
    Long sum = 0;
    while (x < 20) sum -= 1 / x, x += 1;
    Long z = 1 / (x * x), tail = 0;
    for (int i = 6; i >= 0; i--) tail = (tail + c[i]) * z;
    return sum + logl(x) - 0.5L / x - tail;
}

typedef struct {
    Op op;
    double low, high; /* the usual inputs */
    double f32, f64;  /* bounds in units of the last place */
    Long (*one)(Long);
    Long (*two)(Long, Long);
    double absolute; /* error near zeros that no double number reaches: allowed beside the bound */
} Row;

static const Row rows[] = {
    { OP_exp, -90, 90, 1, 1, expl, 0, 0 },
    { OP_exp2, -130, 130, 2, 2, exp2l, 0, 0 },
    { OP_expm1, -20, 20, 2, 2, expm1l, 0, 0 },
    { OP_log, 0, 10, 1, 1, logl, 0, 0 },
    { OP_log2, 0, 10, 2, 2, log2l, 0, 0 },
    { OP_log1p, -1, 10, 2, 2, log1pl, 0, 0 },
    { OP_sin, -100, 100, 1, 1, sinl, 0, 0 },
    { OP_cos, -100, 100, 1, 1, cosl, 0, 0 },
    { OP_tan, -100, 100, 2, 2, tanl, 0, 0 },
    { OP_asin, -1, 1, 2, 2, asinl, 0, 0 },
    { OP_acos, -1, 1, 2, 2, acosl, 0, 0 },
    { OP_atan, -5, 5, 2, 2, atanl, 0, 0 },
    { OP_sinh, -90, 90, 2, 2, sinhl, 0, 0 },
    { OP_cosh, -90, 90, 2, 2, coshl, 0, 0 },
    { OP_tanh, -10, 10, 1, 2, tanhl, 0, 0 },
    { OP_asinh, -10, 10, 2, 2, asinhl, 0, 0 },
    { OP_acosh, 1, 10, 2, 2, acoshl, 0, 0 },
    { OP_atanh, -1, 1, 2, 2, atanhl, 0, 0 },
    { OP_logistic, -100, 100, 2, 2, logistic_ref, 0, 0 },
    { OP_erf, -5, 5, 1, 2, erfl, 0, 0 },
    { OP_erfc, -5, 10, 2, 2, erfcl, 0, 0 },
    { OP_erf_inv, -1, 1, 2, 2, erf_inv_ref, 0, 0 },
    { OP_cbrt, -100, 100, 2, 1, cbrtl, 0, 0 },
    { OP_rsqrt, 0, 100, 2, 2, rsqrt_ref, 0, 0 },
    { OP_lgamma, -5, 20, 1, 4, lgammal, 0, 2e-15 },
    { OP_digamma, -5, 20, 1, 4, digamma_ref, 0, 2e-14 },
    { OP_atan2, -5, 5, 2, 2, 0, atan2l, 0 },
    { OP_pow, -3, 20, 2, 2, 0, powl, 0 },
};

static uint64_t next(void) { /* splitmix64 */
    static uint64_t state;
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static double usual(const Row *r) { return r->low + (r->high - r->low) * (double)(next() >> 11) * 0x1p-53; }

static double any(DType d) {
    uint64_t bits = next();
    double x;
    float y;
    uint32_t low = (uint32_t)bits;
    memcpy(&x, &bits, 8);
    memcpy(&y, &low, 4);
    return d == DT_f32 ? y : x;
}

static const double specials[] = { 0.0,    -0.0,  1,      -1,    INFINITY, -INFINITY, NAN,     0.5,
                                   -0.5,   2,     -2,     3,     -3,       0.1,       -0.1,    1e30,
                                   -1e30,  1e-30, -1e-30, 1e300, -1e300,   1e-310,    -1e-310, 1e-45,
                                   -1e-45, 88.7,  -88.7,  709.7, -745,     1e5,       2.5,     7571.23828125 };

/* code */

typedef struct {
    Compiler *cx;
    LModule *module;
    void *library;
} Library;

/* z[i] = f(x[i], y[i]) for i below n, a multiple of the lanes. */
static void define(LModule *module, const Row *r, DType d, int lanes) {
    LFunc *f = loop_func_new(module, "f");
    f->symbol = arena_text(module->arena, "%s_%s_%d", op_name(r->op), dtype_name(d), lanes);
    LBuilder b = loop_builder(module, f);
    LValue *x = loop_param(&b, loop_ptr_type()), *y = loop_param(&b, loop_ptr_type()),
           *z = loop_param(&b, loop_ptr_type());
    LValue *n = loop_param(&b, loop_type(DT_i64, 1));
    LLoop l = loop_for(&b, loop_i64(&b, 0), n, lanes, 0, NULL);
    LType t = loop_type(d, lanes);
    LValue *args[] = { loop_load(&b, t, x, l.i, 1, NULL), r->two ? loop_load(&b, t, y, l.i, 1, NULL) : NULL };
    loop_store(&b, loop_apply(&b, r->op, r->two ? 2 : 1, args), z, l.i, 1, NULL);
    loop_end(&b, &l, NULL);
}

static Library compile(const char *march) {
    Library l = { .cx = compiler_new() };
    l.cx->options.march = march;
    l.cx->options.shared = true;
    const Target *t = emit_target(l.cx);
    l.module = loop_module_new(l.cx, t);
    for (int i = 0; i < COUNT(rows); i++)
        for (int d = DT_f32; d <= DT_f64; d++) {
            define(l.module, &rows[i], d, t->vector_bytes / dtype_bytes(d));
            define(l.module, &rows[i], d, 1);
        }
    loop_verify(l.module);
    const char *dir = work_directory(l.cx);
    const char *object = arena_text(l.cx->arena, "%s/m.o", dir), *path = arena_text(l.cx->arena, "%s/m.so", dir);
    if (!emit_module(&l.module, 1, EMIT_OBJECT, object) || !emit_link(l.cx, &(Link){ &object, 1, path, true })) {
        diag_flush(l.cx);
        exit(1);
    }
    l.library = dlopen(path, RTLD_NOW);
    if (!l.library) fatal("%s", dlerror());
    work_directory_remove(dir);
    return l;
}

static Compiled find(const Library *l, const Row *r, DType d, bool vector) {
    int lanes = vector ? l->module->target->vector_bytes / dtype_bytes(d) : 1;
    const char *name = arena_text(l->cx->arena, "%s_%s_%d", op_name(r->op), dtype_name(d), lanes);
    Compiled f;
    *(void **)&f = dlsym(l->library, name);
    if (!f) fatal("%s is missing", name);
    return f;
}

/* Distance in units of the last place of the dtype at the right result. */
static double error_of(DType d, double got, Long want, double absolute) {
    int digits = d == DT_f32 ? FLT_MANT_DIG : DBL_MANT_DIG, least = d == DT_f32 ? FLT_MIN_EXP : DBL_MIN_EXP;
    double most = d == DT_f32 ? FLT_MAX : DBL_MAX;
    if (isnan(want)) return isnan(got) ? 0 : INFINITY;
    if (isnan(got)) return INFINITY;
    int exponent;
    frexpl(want, &exponent);
    if (exponent < least) exponent = least;
    Long unit = ldexpl(1, exponent - digits);
    if (fabsl(want) > (Long)most + unit / 2)
        return isinf(got) && (got > 0) == (want > 0) ? 0 : fabs(got) == most ? 1 : INFINITY;
    if (isinf(got)) return fabsl(want) == INFINITY ? 0 : fabsl(want) > (Long)most - unit ? 1 : INFINITY;
    Long miss = fabsl((Long)got - want) - (Long)absolute;
    return miss <= 0 ? 0 : (double)(miss / unit);
}

static float f32s[3][N];
static double f64s[3][N];
static uint64_t outputs[4][N]; /* native and AVX2, vector and scalar */

/* Special numbers, then any among usual ones, then usual ones only: what is rare is not done there. */
static double input(const Row *r, DType d, int i, int which) {
    int n = COUNT(specials);
    double x;
    if (i < n * n)
        x = specials[which ? i / n : i % n];
    else
        x = i % 2 || i >= N / 2 ? usual(r) : any(d);
    return d == DT_f32 ? (float)x : x;
}

static Long reference(const Row *r, double a, double b, bool by_mpfr) {
#if defined(JXL_HAVE_MPFR)
    Long value;
    if (by_mpfr && exact(r->op, a, b, &value)) return value;
#else
    (void)by_mpfr;
#endif
    return r->one ? r->one(a) : r->two(a, b);
}

static int check(const Library *libraries, int nlibraries, const Row *r, DType d, bool verbose, int by_mpfr) {
    int bytes = dtype_bytes(d), failures = 0;
    void *x = d == DT_f32 ? (void *)f32s[0] : f64s[0], *y = d == DT_f32 ? (void *)f32s[1] : f64s[1];
    for (int i = 0; i < N; i++)
        for (int which = 0; which < 2; which++) {
            double v = input(r, d, i, which);
            if (d == DT_f32)
                f32s[which][i] = (float)v;
            else
                f64s[which][i] = v;
        }
    jxl_call call;
    jxl_call_init(&call);
    for (int k = 0; k < 2 * nlibraries; k++) {
        find(&libraries[k / 2], r, d, k % 2 == 0)(&call, x, y, outputs[k], N);
        const unsigned char *a = (const unsigned char *)outputs[0], *b = (const unsigned char *)outputs[k];
        for (int i = 0; i < N; i++) {
            double p = element_real(d, a + i * bytes), q = element_real(d, b + i * bytes);
            if (!memcmp(a + i * bytes, b + i * bytes, (size_t)bytes) || (isnan(p) && isnan(q))) continue;
            printf("%s %s: %.17g gives %.17g in vectors and %.17g %s\n", op_name(r->op), dtype_name(d),
                   element_real(d, (char *)x + i * bytes), p, q, k % 2 ? "alone" : "on AVX2");
            failures++;
            break;
        }
    }
    double worst = 0, where = 0, where2 = 0;
    Long right = 0;
    double got_there = 0;
    for (int i = 0; i < (by_mpfr ? by_mpfr : N); i++) {
        double a = element_real(d, (char *)x + i * bytes), b = element_real(d, (char *)y + i * bytes);
        double got = element_real(d, (char *)outputs[0] + i * bytes);
        Long want = reference(r, a, b, by_mpfr);
        double e = error_of(d, got, want, r->absolute * (d == DT_f32 ? 1e8 : 1));
        bool same_zero = got != 0 || want != 0 || !signbit(got) == !signbit(want);
        if (!same_zero) e = INFINITY;
        if (e > worst) worst = e, where = a, where2 = b, right = want, got_there = got;
    }
    double bound = (d == DT_f32 ? r->f32 : r->f64) * (libraries[0].module->target->fma ? 1 : 1.25);
    bool bad = !(worst <= bound);
    if (verbose || bad)
        printf("%-9s %s  %8.3f of %.1f  at %.17g%s%.17g: %.17g, right %.20Lg%s\n", op_name(r->op), dtype_name(d), worst,
               bound, where, r->two ? ", " : " ", r->two ? where2 : 0, got_there, right, bad ? "  TOO MUCH" : "");
    return failures + bad;
}

/* One f32 number; exactly, where what the f64 function says is the largest error so far. */
typedef struct {
    double worst;
    float where;
    int64_t far, wrong; /* errors beyond the bound; f64 functions that are off */
} Sweep;

static void look_closely(Sweep *s, const Row *r, float x, float got) {
    double e = error_of(DT_f32, (double)got, reference(r, (double)x, 0, true), r->absolute * 1e8);
    if (e > s->worst) s->worst = e, s->where = x;
    s->far += e > r->f32;
}

/* Every K-th f32 number through one function, beside the f64 function, which is itself looked at for a number of each N. */
static int check_every(const Library *l, const Row *r, uint64_t step) {
    Compiled f = find(l, r, DT_f32, true), g = find(l, r, DT_f64, true);
    jxl_call call;
    jxl_call_init(&call);
    Sweep s = { 0 };
    double unit[256];
    for (int e = 0; e < 256; e++) unit[e] = ldexp(1, (e ? e : 1) - 150);
    for (uint64_t from = 0; from < (uint64_t)1 << 32; from += N * step) {
        for (uint64_t i = 0; i < N; i++) {
            uint32_t bits = (uint32_t)(from + i * step);
            memcpy(&f32s[0][i], &bits, 4);
            f64s[0][i] = (double)f32s[0][i];
        }
        f(&call, f32s[0], f32s[1], f32s[2], N);
        g(&call, f64s[0], f64s[1], f64s[2], N);
        for (int i = 0; i < N; i++) {
            double want = f64s[2][i], got = (double)f32s[2][i];
            float rounded = (float)want;
            uint32_t bits;
            memcpy(&bits, &rounded, 4);
            double error = fabs(got - want) / unit[bits >> 23 & 255];
            bool equal = got == (double)rounded || (isnan(got) && isnan(rounded));
            if (!equal && !(error <= s.worst)) look_closely(&s, r, f32s[0][i], f32s[2][i]);
        }
        int i = (int)(next() % N);
        Long right = reference(r, f64s[0][i], 0, true);
        s.wrong += !(error_of(DT_f64, f64s[2][i], right, r->absolute) <= r->f64);
    }
    printf("%-9s f32  %8.3f of %.1f  at %.9g%s\n", op_name(r->op), s.worst, r->f32, (double)s.where,
           s.wrong ? "  f64 TOO MUCH" : "");
    fflush(stdout);
    return s.far || s.wrong;
}

int main(int argc, char **argv) {
    const char *how = argc > 1 ? argv[1] : "";
    bool verbose = !strcmp(how, "-v"), all = !strcmp(how, "--every"), mpfr = !strcmp(how, "--mpfr");
    const char *march = argc > 2 && !strcmp(how, "--march") ? argv[2] : NULL;
    int count = argc > 2 && !march ? atoi(argv[2]) : all ? 1 : N;
    if (count < 1 || (mpfr && count > N)) fatal("accuracy: a number from 1%s", mpfr ? " to 65536" : "");
#if !defined(JXL_HAVE_MPFR)
    if (mpfr) fatal("accuracy: built without MPFR (libmpfr-dev)");
#endif
    Library libraries[2] = { compile(march) };
    int n = 1, failures = 0, done = 0;
    if (!march && libraries[0].module->target->vector_bytes > 32) libraries[n++] = compile("x86-64-v3");
    for (int i = 0; i < COUNT(rows); i++) {
        if (all && (rows[i].two || (argc > 3 && strcmp(argv[3], op_name(rows[i].op))))) continue;
        if (all) done++, failures += check_every(&libraries[0], &rows[i], (uint64_t)count);
        for (int d = DT_f32; d <= DT_f64 && !all; d++)
            done++, failures += check(libraries, n, &rows[i], d, verbose || mpfr || march, mpfr ? count : 0);
    }
    for (int i = 0; i < n; i++) {
        loop_module_free(libraries[i].module);
        compiler_free(libraries[i].cx);
    }
    printf("%d functions, %d failures\n", done, failures);
    return failures != 0;
}
