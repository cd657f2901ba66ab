/* Some of the programs as a person would write them in C, for cc -O3 -march=native: the least seconds of some calls.
**
** The rows are those that the file names which is its argument. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROOM = 16384 * 1024, COLUMNS = 1024, NAMES = 1 << 16 };
static float *x, *y, *z, *out;
static double *a, *b, *c, *d;
static int *cells, *next, n;
static char wanted[NAMES + 1] = "\n";
static volatile float sink;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
static void measure(const char *name, int size, void (*f)(void)) {
    char line[64];
    double least = 1e9, spent = 0;
    snprintf(line, sizeof line, "\n%s\n", name);
    if (!strstr(wanted, line)) return;
    n = size;
    f();
    for (int i = 0; i < 4 || (spent < 0.05 && i < 1000); i++) {
        double start = now();
        f();
        double t = now() - start;
        spent += t;
        if (t < least) least = t;
    }
    printf("%s %.9f\n", name, least);
}

static void chain(void) {
    float s = 0;
    for (int i = 0; i < n; i++) s += x[i] * 2 * y[i] + z[i];
    sink = s;
}
static void sum_axis_0(void) {
    memset(out, 0, COLUMNS * sizeof *out);
    for (int r = 0; r < n; r++)
        for (int i = 0; i < COLUMNS; i++) out[i] += x[r * COLUMNS + i];
}
static void transpose(void) {
    for (int r = 0; r < n; r++)
        for (int i = 0; i < COLUMNS; i++) out[i * n + r] = x[r * COLUMNS + i];
}
static void cumsum(void) {
    float s = 0;
    for (int i = 0; i < n; i++) out[i] = s += x[i];
}
static void softmax(void) {
    for (int r = 0; r < n; r++) {
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
    memcpy(v, u, (size_t)n * (size_t)n * sizeof *u);
    for (int step = 0; step < 20; step++) {
        for (int i = 1; i < n - 1; i++)
            for (int j = 1; j < n - 1; j++) {
                const float *p = u + i * n + j;
                v[i * n + j] = *p + 0.1f * (p[-n] + p[n] + p[-1] + p[1] - 4 * *p);
            }
        float *swap = u;
        u = v, v = swap;
    }
}
static void heat_f64(void) {
    double *u = a, *v = d;
    memcpy(v, u, (size_t)n * (size_t)n * sizeof *u);
    for (int step = 0; step < 20; step++) {
        for (int i = 1; i < n - 1; i++)
            for (int j = 1; j < n - 1; j++) {
                const double *p = u + i * n + j;
                v[i * n + j] = *p + 0.1 * (p[-n] + p[n] + p[-1] + p[1] - 4 * *p);
            }
        double *swap = u;
        u = v, v = swap;
    }
}
static void life(void) {
    for (int step = 0; step < 10; step++) {
        for (int i = 0; i < n; i++) {
            const int *up = cells + (i + n - 1) % n * n, *here = cells + i * n, *down = cells + (i + 1) % n * n;
            for (int j = 0; j < n; j++) {
                int l = j ? j - 1 : n - 1, r = j < n - 1 ? j + 1 : 0;
                int k = up[l] + up[j] + up[r] + here[l] + here[r] + down[l] + down[j] + down[r];
                next[i * n + j] = k == 3 || (here[j] == 1 && k == 2);
            }
        }
        int *swap = cells;
        cells = next, next = swap;
    }
}
static void gravity(void) {
    for (int i = 0; i < n; i++) {
        float f[3] = { 0 };
        for (int j = 0; j < n; j++) {
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
    for (int i = 0; i < n; i++) {
        double t = c[i], root = 0.3 * sqrt(t), d1 = (log(a[i] / b[i]) + (0.02 + 0.045) * t) / root;
        double k = b[i] * exp(-0.02 * t), call = a[i] * cdf(d1) - k * cdf(d1 - root);
        d[i] = call;
        d[i + n] = call - a[i] + k;
    }
}

static float *numbers(void) {
    float *p = malloc(ROOM * sizeof *p);
    for (int i = 0; p && i < ROOM; i++) p[i] = (float)rand() / (float)RAND_MAX + 0.5f;
    return p;
}
static double *wide(const float *from) {
    double *p = malloc(2048 * 2048 * sizeof *p);
    for (int i = 0; p && i < 2048 * 2048; i++) p[i] = (double)from[i];
    return p;
}
int main(int argc, char **argv) {
    FILE *names = argc > 1 ? fopen(argv[1], "r") : NULL;
    if (!names) return 2;
    wanted[1 + fread(wanted + 1, 1, NAMES - 1, names)] = 0;
    fclose(names);
    x = numbers(), y = numbers(), z = numbers(), out = numbers();
    if (!x || !y || !z || !out) return 1;
    a = wide(x), b = wide(y), c = wide(z), d = wide(out);
    cells = malloc(2048 * 2048 * sizeof *cells), next = malloc(2048 * 2048 * sizeof *next);
    if (!a || !b || !c || !d || !cells || !next) return 1;
    for (int i = 0; i < 2048 * 2048; i++) cells[i] = x[i] < 0.8f;
    measure("sum(x*2*y+z)-1e3", 1000, chain);
    measure("sum(x*2*y+z)-cache", 20000, chain);
    measure("sum(x*2*y+z)-memory", 10000000, chain);
    measure("softmax-cache", 64, softmax);
    measure("softmax-memory", 16384, softmax);
    measure("sum-axis-0-cache", 64, sum_axis_0);
    measure("sum-axis-0-memory", 16384, sum_axis_0);
    measure("transpose-cache", 64, transpose);
    measure("transpose-memory", 16384, transpose);
    measure("a@b-32", 32, sgemm);
    measure("a@b-128", 128, sgemm);
    measure("a@b-512", 512, sgemm);
    measure("cumsum-cache", 16384, cumsum);
    measure("cumsum-memory", 8000000, cumsum);
    measure("mandelbrot", 400, mandelbrot);
    measure("n-body-256", 256, gravity);
    measure("n-body-2048", 2048, gravity);
    measure("heat-cache", 256, heat);
    measure("heat-memory", 2048, heat);
    measure("heat-f64-cache", 256, heat_f64);
    measure("heat-f64-memory", 2048, heat_f64);
    measure("life-cache", 256, life);
    measure("life-memory", 2048, life);
    measure("black-scholes-cache", 20000, black_scholes);
    measure("black-scholes-memory", 2000000, black_scholes);
}
