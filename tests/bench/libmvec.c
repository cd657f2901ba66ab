/* The rows of `elementary` as plain loops in C, for cc -O3 -ffast-math, which makes them calls of libmvec's vector functions where
** there are any: the least seconds of some calls.
**
** The rows are those that the file names which is its argument. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST = 8000000, N_F32 = 32768, N_F64 = 16384, NAMES = 1 << 16 };
static char wanted[NAMES + 1] = "\n";
static float *narrow[3];
static double *wide[3];

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double between(double low, double high) { return low + (high - low) * rand() / RAND_MAX; }

static void measure(const char *name, const char *kind, int n, double low, double high, void (*f)(int n)) {
    char line[64];
    double least = 1e9, spent = 0;
    snprintf(line, sizeof line, "\n%s-%s\n", name, kind);
    if (!strstr(wanted, line)) return;
    for (int i = 0; i < n; i++) {
        narrow[0][i] = (float)between(low, high), narrow[1][i] = (float)between(low, high);
        wide[0][i] = between(low, high), wide[1][i] = between(low, high);
    }
    f(n);
    for (int i = 0; i < 4 || (spent < 0.05 && i < 1000); i++) {
        double start = now();
        f(n);
        double t = now() - start;
        spent += t;
        if (t < least) least = t;
    }
    printf("%s-%s %.9f\n", name, kind, least);
}

/* name, arguments, where these lie */
#define FUNCTIONS                                                                                                      \
    F(exp, (x[i]), -20, 20)                                                                                            \
    F(exp2, (x[i]), -20, 20)                                                                                           \
    F(expm1, (x[i]), -5, 5)                                                                                            \
    F(log, (x[i]), 0.01, 100)                                                                                          \
    F(log2, (x[i]), 0.01, 100)                                                                                         \
    F(log10, (x[i]), 0.01, 100)                                                                                        \
    F(log1p, (x[i]), -0.9, 10)                                                                                         \
    F(sin, (x[i]), -20, 20)                                                                                            \
    F(cos, (x[i]), -20, 20)                                                                                            \
    F(tan, (x[i]), -20, 20)                                                                                            \
    F(asin, (x[i]), -1, 1)                                                                                             \
    F(acos, (x[i]), -1, 1)                                                                                             \
    F(atan, (x[i]), -5, 5)                                                                                             \
    F(sinh, (x[i]), -5, 5)                                                                                             \
    F(cosh, (x[i]), -5, 5)                                                                                             \
    F(tanh, (x[i]), -5, 5)                                                                                             \
    F(asinh, (x[i]), -5, 5)                                                                                            \
    F(acosh, (x[i]), 1, 5)                                                                                             \
    F(atanh, (x[i]), -0.99, 0.99)                                                                                      \
    F(erf, (x[i]), -4, 4)                                                                                              \
    F(erfc, (x[i]), -4, 4)                                                                                             \
    F(cbrt, (x[i]), -10, 10)                                                                                           \
    F(lgamma, (x[i]), 0.1, 20)                                                                                         \
    F(pow, (x[i], y[i]), 0.1, 5)                                                                                       \
    F(atan2, (x[i], y[i]), 0.1, 5)

#define F(name, arguments, low, high)                                                                                  \
    static void name##_f32(int n) {                                                                                    \
        const float *restrict x = narrow[0], *restrict y = narrow[1];                                                  \
        float *restrict z = narrow[2];                                                                                 \
        (void)y;                                                                                                       \
        for (int i = 0; i < n; i++) z[i] = name##f arguments;                                                          \
    }                                                                                                                  \
    static void name##_f64(int n) {                                                                                    \
        const double *restrict x = wide[0], *restrict y = wide[1];                                                     \
        double *restrict z = wide[2];                                                                                  \
        (void)y;                                                                                                       \
        for (int i = 0; i < n; i++) z[i] = name arguments;                                                             \
    }
FUNCTIONS
#undef F

int main(int argc, char **argv) {
    FILE *names = argc > 1 ? fopen(argv[1], "r") : NULL;
    if (!names) return 2;
    wanted[1 + fread(wanted + 1, 1, NAMES - 1, names)] = 0;
    fclose(names);
    for (int i = 0; i < 3; i++) {
        narrow[i] = aligned_alloc(64, MOST * sizeof **narrow), wide[i] = aligned_alloc(64, MOST * sizeof **wide);
        if (!narrow[i] || !wide[i]) return 1;
    }
#define F(name, arguments, low, high)                                                                                  \
    measure(#name, "f32", N_F32, low, high, name##_f32);                                                               \
    measure(#name, "f64", N_F64, low, high, name##_f64);
    FUNCTIONS
#undef F
    measure("exp", "f32-memory", MOST, 0.01, 10, exp_f32);
    measure("log", "f32-memory", MOST, 0.01, 10, log_f32);
    measure("sin", "f32-memory", MOST, 0.01, 10, sin_f32);
    measure("tanh", "f32-memory", MOST, 0.01, 10, tanh_f32);
    measure("erf", "f32-memory", MOST, 0.01, 10, erf_f32);
}
