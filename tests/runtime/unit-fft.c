/* Fourier transforms of many lengths and arrangements, against the sum that they are; and the same bits in vectors of any
** width. */
#include "fft.h"
#include "internal.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static double number(int64_t i) { return sin((double)i * 12.9898 + 1) * 1.5; }

typedef struct {
    double cos, sin;
} Root;

/* Of a line of x, whose numbers stand `step` apart: point k of its transform, by the definition; roots: of
** 2 pi k / n. */
static void direct(const double *x, int64_t step, int32_t what, int64_t n, int64_t k, const Root *roots, double y[2]) {
    int sign = what == JXL_FFT || what == JXL_RFFT ? -1 : 1;
    long double re = 0, im = 0;
    for (int64_t j = 0; j < n; j++) {
        double a, b = 0, c = roots[j * k % n].cos, d = sign * roots[j * k % n].sin;
        if (what == JXL_RFFT) {
            a = x[j * step];
        } else {
            int64_t at = what == JXL_IRFFT && j > n / 2 ? n - j : j;
            a = x[2 * at * step];
            b = x[2 * at * step + 1] * (at != j ? -1 : 1);
            if (what == JXL_IRFFT && 2 * at % n == 0) b = 0;
        }
        re += (long double)a * c - (long double)b * d;
        im += (long double)a * d + (long double)b * c;
    }
    y[0] = (double)re;
    y[1] = (double)im;
}

/* The worst error in lines of [outer, n, inner], in units of the size of a line. */
static double worst(int32_t what, int64_t outer, int64_t n, int64_t inner, int single) {
    jxl_call c;
    jxl_call_init(&c);
    int64_t nx = what == JXL_IRFFT ? n / 2 + 1 : n, ny = what == JXL_RFFT ? n / 2 + 1 : n;
    int px = what == JXL_RFFT ? 1 : 2, py = what == JXL_IRFFT ? 1 : 2;
    int64_t count_x = outer * nx * inner * px, count_y = outer * ny * inner * py, shape_x[] = { outer, nx, inner },
            shape_y[] = { outer, ny, inner };
    int size = single ? 4 : 8, complex = single ? JXL_C64 : JXL_C128, real = single ? JXL_F32 : JXL_F64;
    char *x = jxl_alloc(&c, count_x * size), *y = jxl_alloc(&c, count_y * size);
    double *exact = malloc((size_t)count_x * sizeof *exact), error = 0;
    for (int64_t i = 0; i < count_x; i++) {
        if (single)
            exact[i] = (double)(((float *)x)[i] = (float)number(i));
        else
            exact[i] = ((double *)x)[i] = number(i);
    }
    Root *roots = malloc((size_t)n * sizeof *roots);
    for (int64_t k = 0; k < n; k++) {
        long double angle = 6.28318530717958647692528676655900577L * (long double)k / (long double)n;
        roots[k].cos = (double)cosl(angle);
        roots[k].sin = (double)sinl(angle);
    }
    jxl_array ax = { x, px == 1 ? real : complex, 3, shape_x }, ay = { y, py == 1 ? real : complex, 3, shape_y };
    cr_assert_eq(jxl_fft(&c, what, 1, 0, &ax, &ay), 0);
    if (px == py) { /* in place, too */
        cr_assert_eq(jxl_fft(&c, what, 1, 0, &ax, &ax), 0);
        cr_assert(!memcmp(x, y, (size_t)(count_x * size)), "%d of %lld points, in place", what, (long long)n);
    }
    for (int64_t o = 0; o < outer; o++)
        for (int64_t i = 0; i < inner; i++)
            for (int64_t k = 0; k<ny; k += ny> 100 ? ny / 37 : 1) {
                double want[2];
                direct(exact + (o * nx * inner + i) * px, inner, what, n, k, roots, want);
                int64_t at = ((o * ny + k) * inner + i) * py;
                for (int p = 0; p < py; p++) {
                    double have = single ? (double)((float *)y)[at + p] : ((double *)y)[at + p];
                    error = fmax(error, fabs(have - want[p]) / (double)n);
                    if (have != have) error = 1;
                }
            }
    free(exact);
    free(roots);
    jxl_release(&c, x);
    jxl_release(&c, y);
    jxl_call_free(&c);
    return error;
}

Test(fft, of_many_lengths) {
    static const int64_t lengths[] = { 1,   2,   3,   4,   5,   6,   7,    8,    9,    10,  11,  12,
                                       13,  15,  16,  18,  21,  22,  24,   25,   30,   32,  33,  35,
                                       48,  49,  64,  77,  96,  100, 121,  125,  128,  144, 150, 256,
                                       288, 320, 400, 512, 514, 768, 1000, 1024, 1280, 2048 };
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (int32_t what = JXL_FFT; what <= JXL_IRFFT; what++) {
            int64_t n = lengths[i], inner[] = { 1, 3, 17 };
            for (int k = 0; k < 3; k++) {
                double e = worst(what, n < 200 ? 19 : 2, n, inner[k], 0),
                       f = worst(what, n < 200 ? 19 : 2, n, inner[k], 1);
                cr_assert_lt(e, 2e-15, "%d of %lld points, %lld side by side: %g", what, (long long)n,
                             (long long)inner[k], e);
                cr_assert_lt(f, 1e-6, "%d of %lld points, %lld side by side, single: %g", what, (long long)n,
                             (long long)inner[k], f);
            }
        }
}

static int runs(int width) {
#ifdef __x86_64__
    if (width == 64)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl");
    if (width == 32) return __builtin_cpu_supports("avx2");
#endif
    return width == 16;
}

static const Kernels *of_width(int width, int single) {
#ifdef __x86_64__
    if (width == 64) return jxl_fft_64[single];
    if (width == 32) return jxl_fft_32[single];
#endif
    return width == 16 ? jxl_fft_16[single] : jxl_fft_alone[single];
}

enum { LINES = 16, MOST = 2 * LINES * 1026 };

Test(fft, has_the_same_bits_in_any_vectors) {
    static const int64_t lengths[] = { 12, 64, 70, 512, 1024 };
    static _Alignas(64) double x[MOST], y[MOST], alone[MOST], room[8 * MOST];
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (int32_t what = JXL_FFT; what <= JXL_IRFFT; what++)
            for (int single = 0; single < 2; single++) {
                int64_t n = lengths[i];
                int is_kept, split_is_kept;
                Fourier *f = jxl_fft_plan(what, n, 0, single, 0, &is_kept),
                        *split = jxl_fft_plan(what, n, 0, single, 1, &split_is_kept);
                for (int k = 0; k < MOST; k++) {
                    if (single)
                        ((float *)x)[k] = (float)number(k);
                    else
                        x[k] = number(k);
                }
                for (int width = 0; width <= 64; width = width ? 2 * width : 16) {
                    if (width && !runs(width)) continue;
                    const Kernels *k = of_width(width, single);
                    int64_t size = single ? 4 : 8, nx = f->nx * (what == JXL_RFFT ? 1 : 2),
                            ny = f->ny * (what == JXL_IRFFT ? 1 : 2);
                    for (int64_t line = 0; line < LINES; line += k->lanes)
                        k->lines(f, (char *)x + line * nx * size, (char *)y + line * ny * size, 0, 1, room);
                    if (!width) memcpy(alone, y, (size_t)(LINES * ny * size));
                    cr_assert(!memcmp(alone, y, (size_t)(LINES * ny * size)), "%d of %lld points", what, (long long)n);
                }
                for (int width = 16; width <= 64 && split->first.n; width *= 2) {
                    if (!runs(width)) continue;
                    const Kernels *k = of_width(width, single);
                    double *re = room + 4 * MOST, *im = re + MOST;
                    k->columns(split, 0, split->second.n, x, re, im, room);
                    k->rows(split, 0, split->first.n, re, im, y, room);
                    if (what == JXL_RFFT) k->unpack(split, y, y);
                    size_t bytes = (size_t)(2 * split->points * (single ? 4 : 8));
                    if (width == 16) memcpy(alone, y, bytes);
                    cr_assert(!memcmp(alone, y, bytes), "%d of %lld points, split", what, (long long)n);
                }
                if (!is_kept) jxl_fft_plan_free(f);
                if (!split_is_kept) jxl_fft_plan_free(split);
            }
}
