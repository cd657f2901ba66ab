/* How lines of one length are transformed: the factors of the length, and the roots of unity, which are kept. */
#include "fft.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

enum { MOST_KEPT = 64, MOST_ODD = 4096 /* longer ones are pocketfft's */ };

static int is_odd(int32_t what, int64_t n) { return (what == JXL_RFFT || what == JXL_IRFFT) && n % 2; }
static int64_t points_of(int32_t what, int64_t n) {
    return (what == JXL_RFFT || what == JXL_IRFFT) && n % 2 == 0 ? n / 2 : n;
}

static int factorize(int64_t n, Factors *f) {
    static const int odd[] = { 11, 7, 5, 3 };
    int twos = 0;
    *f = (Factors){ .n = n };
    for (int i = 0; i < 4; i++)
        for (; n % odd[i] == 0; n /= odd[i]) f->factor[f->count++] = odd[i];
    for (; n % 2 == 0; n /= 2) twos++;
    while (twos) {
        int by = twos == 1 ? 1 : twos == 2 || twos == 4 ? 2 : 3;
        f->factor[f->count++] = 1 << by;
        twos -= by;
    }
    return n == 1;
}

int jxl_fft_has_plan(int32_t what, int64_t n) {
    Factors f;
    return n > 0 && (n <= MOST_ODD || (!is_odd(what, n) && factorize(points_of(what, n), &f)));
}

/* exp(-2 pi i k / n), exactly rounded in all but a few cases, by the one long double function there is on a machine. */
static void put_root(void *to, int64_t re_at, int64_t im_at, int single, int64_t k, int64_t n) {
    static const double quarters[4][2] = { { 1, 0 }, { 0, -1 }, { -1, 0 }, { 0, 1 } };
    long double angle = 6.28318530717958647692528676655900577L * (long double)(k %= n) / (long double)n;
    double re = (double)cosl(angle), im = (double)-sinl(angle);
    if (4 * k % n == 0) re = quarters[4 * k / n][0], im = quarters[4 * k / n][1];
    if (single) {
        ((float *)to)[re_at] = (float)re;
        ((float *)to)[im_at] = (float)im;
    } else {
        ((double *)to)[re_at] = re;
        ((double *)to)[im_at] = im;
    }
}

static void *table(int64_t complex_numbers, int single) {
    return malloc((size_t)(complex_numbers + 1) * (single ? 8 : 16));
}

/* For every factor R, with m of what is to come: w^(p k) for p < m, 0 < k < R. */
static int make_roots(Factors *f, int single) {
    int64_t n = f->n, all = 0, at = 0;
    for (int i = 0; i < f->count; i++) all += (n /= f->factor[i]) * (f->factor[i] - 1);
    f->roots = table(all, single);
    n = f->n;
    for (int i = 0; f->roots && i < f->count; i++) {
        int R = f->factor[i];
        for (int64_t p = 0; p < n / R; p++)
            for (int64_t k = 1; k < R; k++, at++) put_root(f->roots, 2 * at, 2 * at + 1, single, p * k, n);
        n /= R;
    }
    return f->roots != NULL;
}

/* n = n1 n2 with n2 a multiple of SPLIT, as near to a square as can be; 0 where there is none. */
static int64_t rows_of(int64_t n) {
    int64_t best = 0;
    for (int64_t n1 = SPLIT; n1 <= n / n1; n1++)
        if (n % n1 == 0) {
            if (n / n1 % SPLIT == 0)
                best = n1;
            else if (n1 % SPLIT == 0 && n / n1 <= 4 * n1)
                best = -n1;
        }
    return best < 0 ? n / -best : best;
}

static int make_split(Fourier *f, int64_t n1, int single) {
    int64_t n = f->points, n2 = n / n1;
    if (!factorize(n1, &f->first) || !factorize(n2, &f->second)) return 0;
    f->fine = table(n1 * SPLIT, single);
    f->coarse = table(n / SPLIT, single);
    if (!f->fine || !f->coarse || !make_roots(&f->first, single) || !make_roots(&f->second, single)) return 0;
    for (int64_t k = 0; k < n1; k++) {
        for (int64_t j = 0; j < SPLIT; j++)
            put_root(f->fine, 2 * k * SPLIT + j, (2 * k + 1) * SPLIT + j, single, k * j, n);
        for (int64_t g = 0; g < n2 / SPLIT; g++)
            put_root(f->coarse, 2 * (g * n1 + k), 2 * (g * n1 + k) + 1, single, k * g * SPLIT, n);
    }
    return 1;
}

/* About what a transform costs for each of its points. */
static double cost_of(const Factors *f) {
    double cost = 0;
    for (int i = 0; i < f->count; i++) {
        int R = f->factor[i];
        cost += R == 8 ? 2 : R == 4 ? 1.6 : R == 2 ? 1.3 : 0.6 * R;
    }
    return cost;
}

/* The cheapest number of points for the convolution of n. */
static int64_t longer(int64_t n) {
    int64_t best = 0;
    double least = 0;
    for (int64_t m = 2 * n - 1; m <= 4 * n; m++) {
        Factors f;
        if (!factorize(m, &f)) continue;
        double cost = cost_of(&f) * (double)m;
        if (!best || cost < least) best = m, least = cost;
    }
    return best;
}

/* Transforms of the filter are taken in double, whatever the numbers are. */
static int make_filter(Fourier *f, int64_t m, int single) {
    int64_t n = f->points;
    Fourier plain = { .what = JXL_FFT, .scale = 1, .points = m, .nx = m, .ny = m };
    double *x = calloc((size_t)(2 * m), sizeof *x), *y = calloc((size_t)(2 * m), sizeof *y);
    void *room = malloc(3 * (size_t)(m + 2) * jxl_fft_alone[0]->size);
    int fine = x && y && room && factorize(m, &plain.whole) && make_roots(&plain.whole, 0);
    for (int64_t k = 0; fine && k < n; k++) {
        put_root(x, 2 * k, 2 * k + 1, 0, k * k, 2 * n);
        x[2 * k + 1] = -x[2 * k + 1];
        if (k) x[2 * (m - k)] = x[2 * k], x[2 * (m - k) + 1] = x[2 * k + 1];
    }
    if (fine) jxl_fft_alone[0]->lines(&plain, x, y, 0, 1, room);
    for (int64_t k = 0; fine && k < 2 * m; k++) {
        if (single)
            ((float *)f->filter)[k] = (float)(y[k] / (double)m);
        else
            ((double *)f->filter)[k] = y[k] / (double)m;
    }
    free(plain.whole.roots);
    free(x);
    free(y);
    free(room);
    return fine;
}

/* As a convolution (Bluestein): j k is (j j + k k - (j - k)(j - k)) / 2. */
static int make_chirp(Fourier *f, int single) {
    int64_t n = f->points, m = longer(n);
    f->chirp = table(n, single);
    f->filter = table(m, single);
    if (!f->chirp || !f->filter || !factorize(m, &f->whole) || !make_roots(&f->whole, single)) return 0;
    for (int64_t k = 0; k < n; k++) put_root(f->chirp, 2 * k, 2 * k + 1, single, k * k, 2 * n);
    return make_filter(f, m, single);
}

static int make_whole(Fourier *f, int single) {
    return factorize(f->points, &f->whole) ? make_roots(&f->whole, single) : make_chirp(f, single);
}

void jxl_fft_plan_free(Fourier *f) {
    free(f->chirp);
    free(f->filter);
    free(f->whole.roots);
    free(f->first.roots);
    free(f->second.roots);
    free(f->fine);
    free(f->coarse);
    free(f->half);
    free(f);
}

static Fourier *make_plan(int32_t what, int64_t n, int divided, int single, int split) {
    Fourier *f = calloc(1, sizeof *f);
    if (!f) return NULL;
    int64_t points = points_of(what, n), half = points / 2 + 1, n1;
    *f = (Fourier){ .what = what, .scale = divided ? 1 / (double)n : 1, .points = points, .nx = n, .ny = n };
    f->odd = is_odd(what, n);
    if (what == JXL_RFFT) f->ny = n / 2 + 1;
    if (what == JXL_IRFFT) f->nx = n / 2 + 1;
    n1 = split && points >= split && !f->odd && factorize(points, &f->whole) ? rows_of(points) : 0;
    int fine = n1 ? make_split(f, n1, single) : make_whole(f, single);
    if (fine && points != n) {
        f->half = table(half, single);
        fine = f->half != NULL;
        for (int64_t k = 0; fine && k < half; k++) put_root(f->half, 2 * k, 2 * k + 1, single, k, n);
    }
    if (fine) return f;
    jxl_fft_plan_free(f);
    return NULL;
}

static struct {
    pthread_mutex_t lock;
    int count;
    struct {
        int64_t n;
        int32_t what;
        int divided, single, split;
        Fourier *plan;
    } kept[MOST_KEPT];
} plans = { .lock = PTHREAD_MUTEX_INITIALIZER };

Fourier *jxl_fft_plan(int32_t what, int64_t n, int divided, int single, int split, int *is_kept) {
    Fourier *f = NULL;
    int i = 0;
    pthread_mutex_lock(&plans.lock);
    for (; i < plans.count; i++)
        if (plans.kept[i].n == n && plans.kept[i].what == what && plans.kept[i].divided == divided &&
            plans.kept[i].single == single && plans.kept[i].split == split)
            break;
    if (i < plans.count)
        f = plans.kept[i].plan;
    else
        f = make_plan(what, n, divided, single, split);
    *is_kept = f && i < MOST_KEPT;
    if (*is_kept && i == plans.count) {
        plans.kept[i].n = n;
        plans.kept[i].what = what;
        plans.kept[i].divided = divided;
        plans.kept[i].single = single;
        plans.kept[i].split = split;
        plans.kept[i].plan = f;
        plans.count++;
    }
    pthread_mutex_unlock(&plans.lock);
    return f;
}
