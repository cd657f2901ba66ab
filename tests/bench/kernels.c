/* The kernels as plain loops, for cc -O3 -march=native. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { N = 1000000, ROWS = 20000, COLUMNS = 50, CALLS = 15 };
static float *x, *y, *z, *out;
static int n;
static volatile float sink;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
static int by_size(const void *a, const void *b) {
    double p = *(const double *)a, q = *(const double *)b;
    return (p > q) - (p < q);
}
static void measure(const char *name, void (*f)(void)) {
    double times[CALLS];
    f();
    for (int i = 0; i < CALLS; i++) {
        double start = now();
        f();
        times[i] = now() - start;
    }
    qsort(times, CALLS, sizeof *times, by_size);
    printf("%s %.9f\n", name, times[CALLS / 2]);
}

static void chain(void) {
    float s = 0;
    for (int i = 0; i < N; i++) s += x[i] * 2 * y[i] + z[i];
    sink = s;
}
static void exponentials(void) { for (int i = 0; i < N; i++) out[i] = expf(x[i]); }
static void tangents(void) { for (int i = 0; i < N; i++) out[i] = tanhf(x[i]); }
static void softmax(void) {
    for (int r = 0; r < 1000; r++) {
        const float *row = x + r * 1000;
        float *to = out + r * 1000, most = -INFINITY, sum = 0;
        for (int i = 0; i < 1000; i++) most = row[i] > most ? row[i] : most;
        for (int i = 0; i < 1000; i++) sum += to[i] = expf(row[i] - most);
        for (int i = 0; i < 1000; i++) to[i] /= sum;
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
static void logistic_step(void) {
    float g[COLUMNS] = { 0 };
    for (int r = 0; r < ROWS; r++) {
        const float *row = x + r % 20000 * COLUMNS;
        float t = 0;
        for (int k = 0; k < COLUMNS; k++) t += row[k] * z[k];
        float p = y[r] / (1 + expf(y[r] * t));
        for (int k = 0; k < COLUMNS; k++) g[k] += p * row[k];
    }
    for (int k = 0; k < COLUMNS; k++) out[k] = z[k] + 0.1f * g[k] / ROWS;
}

static float *numbers(int count) {
    float *p = malloc((size_t)count * sizeof *p);
    for (int i = 0; p && i < count; i++) p[i] = (float)rand() / (float)RAND_MAX - 0.5f;
    return p;
}
int main(void) {
    int room = 1024 * 1024;
    x = numbers(room), y = numbers(room), z = numbers(room), out = numbers(room);
    if (!x || !y || !z || !out) return 1;
    measure("sum(x*2*y+z)", chain);
    measure("exp", exponentials);
    measure("tanh", tangents);
    measure("softmax", softmax);
    n = 256, measure("sgemm-256", sgemm);
    n = 512, measure("sgemm-512", sgemm);
    n = 1024, measure("sgemm-1024", sgemm);
    measure("logistic-step", logistic_step);
}
