/* Some of the programs as a person would write them in C, for cc -O3 -march=native: the least seconds of some calls. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROOM = 4096 * 1024, CALLS = 7, ROWS = 4096, COLUMNS = 1024 };
static float *x, *y, *z, *out;
static double *a, *b, *c, *d;
static int *cells, *next, n;
static volatile float sink;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
static void measure(const char *name, void (*f)(void)) {
    double least = 1e9;
    for (int i = 0; i <= CALLS; i++) {
        double start = now();
        f();
        double t = now() - start;
        if (i && t < least) least = t;
    }
    printf("%s %.9f\n", name, least);
}

static void chain(void) {
    float s = 0;
    for (int i = 0; i < n; i++) s += x[i] * 2 * y[i] + z[i];
    sink = s;
}
static void exponentials(void) {
    for (int i = 0; i < 1000000; i++) out[i] = expf(x[i]);
}
static void tangents(void) {
    for (int i = 0; i < 1000000; i++) out[i] = tanhf(x[i]);
}
static void sum_axis_0(void) {
    memset(out, 0, COLUMNS * sizeof *out);
    for (int r = 0; r < ROWS; r++)
        for (int i = 0; i < COLUMNS; i++) out[i] += x[r * COLUMNS + i];
}
static void transpose(void) {
    for (int r = 0; r < ROWS; r++)
        for (int i = 0; i < COLUMNS; i++) out[i * ROWS + r] = x[r * COLUMNS + i];
}
static void cumsum(void) {
    float s = 0;
    for (int i = 0; i < 1000000; i++) out[i] = s += x[i];
}
static void softmax(void) {
    for (int r = 0; r < ROWS; r++) {
        const float *row = x + r * COLUMNS;
        float *to = out + r * COLUMNS, most = -INFINITY, sum = 0;
        for (int i = 0; i < COLUMNS; i++) most = row[i] > most ? row[i] : most;
        for (int i = 0; i < COLUMNS; i++) sum += to[i] = expf(row[i] - most);
        for (int i = 0; i < COLUMNS; i++) to[i] /= sum;
    }
}
static void sgemm(void) {
    for (int i = 0; i < n; i++) {
        float *row = out + i * n;
        for (int j = 0; j < n; j++) row[j] = 0;
        for (int k = 0; k < n; k++)
            for (int j = 0; j < n; j++) row[j] += x[i * n + k] * y[k * n + j];
    }
}
static void heat(void) {
    float *u = x, *v = out;
    memcpy(v, u, 1024 * 1024 * sizeof *u);
    for (int step = 0; step < 20; step++) {
        for (int i = 1; i < 1023; i++)
            for (int j = 1; j < 1023; j++) {
                const float *p = u + i * 1024 + j;
                v[i * 1024 + j] = *p + 0.1f * (p[-1024] + p[1024] + p[-1] + p[1] - 4 * *p);
            }
        float *swap = u;
        u = v, v = swap;
    }
}
static void life(void) {
    for (int step = 0; step < 10; step++) {
        for (int i = 0; i < 512; i++) {
            const int *up = cells + (i + 511) % 512 * 512, *here = cells + i * 512, *down = cells + (i + 1) % 512 * 512;
            for (int j = 0; j < 512; j++) {
                int l = (j + 511) % 512, r = (j + 1) % 512;
                int k = up[l] + up[j] + up[r] + here[l] + here[r] + down[l] + down[j] + down[r];
                next[i * 512 + j] = k == 3 || (here[j] == 1 && k == 2);
            }
        }
        int *swap = cells;
        cells = next, next = swap;
    }
}
static void gravity(void) {
    for (int i = 0; i < 1024; i++) {
        float f[3] = { 0 };
        for (int j = 0; j < 1024; j++) {
            float dx = x[j] - x[i], dy = y[j] - y[i], dz = z[j] - z[i];
            float r2 = dx * dx + dy * dy + dz * dz + 1e-3f, s = x[j] / (r2 * sqrtf(r2));
            f[0] += s * dx, f[1] += s * dy, f[2] += s * dz;
        }
        memcpy(out + 3 * i, f, sizeof f);
    }
}
static void mandelbrot(void) {
    for (int i = 0; i < 400; i++)
        for (int j = 0; j < 400; j++) {
            float re = 0, im = 0, px = -2.05f + 2.55f * (float)j / 399, py = -1.125f + 2.25f * (float)i / 399;
            int k = 0;
            for (; k < 100 && re * re + im * im < 4; k++) {
                float t = re * re - im * im + px;
                im = 2 * re * im + py;
                re = t;
            }
            next[i * 400 + j] = k;
        }
}
static double cdf(double v) { return 0.5 * erfc(-v / 1.4142135623730951); }
static void black_scholes(void) {
    for (int i = 0; i < 1000000; i++) {
        double t = c[i], root = 0.3 * sqrt(t), d1 = (log(a[i] / b[i]) + (0.02 + 0.045) * t) / root;
        double k = b[i] * exp(-0.02 * t), call = a[i] * cdf(d1) - k * cdf(d1 - root);
        d[i] = call;
        d[i + 1000000] = call - a[i] + k;
    }
}

static float *numbers(void) {
    float *p = malloc(ROOM * sizeof *p);
    for (int i = 0; p && i < ROOM; i++) p[i] = (float)rand() / (float)RAND_MAX + 0.5f;
    return p;
}
static double *wide(const float *from) {
    double *p = malloc(2000000 * sizeof *p);
    for (int i = 0; p && i < 2000000; i++) p[i] = (double)from[i];
    return p;
}
int main(void) {
    x = numbers(), y = numbers(), z = numbers(), out = numbers();
    if (!x || !y || !z || !out) return 1;
    a = wide(x), b = wide(y), c = wide(z), d = wide(out);
    cells = malloc(512 * 512 * sizeof *cells), next = malloc(512 * 512 * sizeof *next);
    if (!a || !b || !c || !d || !cells || !next) return 1;
    for (int i = 0; i < 512 * 512; i++) cells[i] = x[i] < 0.8f;
    n = 1000, measure("sum(x*2*y+z)-1e3", chain);
    n = 1000000, measure("sum(x*2*y+z)-1e6", chain);
    measure("softmax", softmax);
    measure("exp", exponentials);
    measure("tanh", tangents);
    measure("sum-axis-0", sum_axis_0);
    measure("transpose", transpose);
    measure("cumsum", cumsum);
    n = 128, measure("a@b-128", sgemm);
    n = 512, measure("a@b-512", sgemm);
    measure("mandelbrot", mandelbrot);
    measure("n-body", gravity);
    measure("heat", heat);
    measure("life", life);
    measure("black-scholes", black_scholes);
}
