/* The rows of scalars.jxl, as a person would write them in C: the least seconds of some calls. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static volatile double sink;

static double newton(int64_t n) {
    double total = 0;
    for (int64_t i = 1; i <= n; i++) {
        double x = (double)i;
        while (fabs(x * x - (double)i) > 1e-9 * (double)i) x = 0.5 * (x + (double)i / x);
        total += x;
    }
    return total;
}
static double collatz(int64_t n) {
    int64_t longest = 0, where = 0;
    for (int64_t start = 1; start < n; start++) {
        int64_t steps = 0, k = start;
        for (; k != 1; steps++) k = k % 2 == 0 ? k / 2 : 3 * k + 1;
        if (steps > longest) longest = steps, where = start;
    }
    return (double)where;
}
static double gcd(int64_t n) {
    int64_t total = 0;
    for (int64_t a = 1; a < n; a++)
        for (int64_t b = 1; b < n; b++) {
            int64_t x = a, y = b;
            while (y) {
                int64_t rest = x % y;
                x = y;
                y = rest;
            }
            total += x;
        }
    return (double)total;
}
static double runge_kutta(int64_t n) {
    double x = 1, v = 0, h = 1e-3;
    for (int64_t i = 0; i < n; i++) {
        double k1x = v, k1v = -x - 0.1 * v;
        double k2x = v + 0.5 * h * k1v, k2v = -(x + 0.5 * h * k1x) - 0.1 * (v + 0.5 * h * k1v);
        double k3x = v + 0.5 * h * k2v, k3v = -(x + 0.5 * h * k2x) - 0.1 * (v + 0.5 * h * k2v);
        double k4x = v + h * k3v, k4v = -(x + h * k3x) - 0.1 * (v + h * k3v);
        x += h / 6 * (k1x + 2 * k2x + 2 * k3x + k4x);
        v += h / 6 * (k1v + 2 * k2v + 2 * k3v + k4v);
    }
    return x;
}
static double leibniz(int64_t n) {
    double total = 0, sign = 1;
    for (int64_t i = 0; i < n; i++) {
        total += sign / (double)(2 * i + 1);
        sign = -sign;
    }
    return 4 * total;
}
static double branches(int64_t n) {
    int64_t total = 0;
    for (int64_t i = 0; i < n; i++) {
        if (i % 3 == 0)
            total += i * i % 7;
        else
            total -= i;
    }
    return (double)total;
}
static double table(int64_t n) {
    static const int64_t primes[] = { 2, 3, 5, 7, 11, 13, 17, 19 };
    int64_t total = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < 8; j++)
            if (i % primes[j] == 0) total += primes[(i + j) % 8];
    return (double)total;
}

static void measure(const char *name, double (*f)(int64_t), int64_t n) {
    double least = 1e9;
    for (int i = 0; i < 7; i++) {
        struct timespec from, to;
        clock_gettime(CLOCK_MONOTONIC, &from);
        sink = f(n);
        clock_gettime(CLOCK_MONOTONIC, &to);
        double t = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) * 1e-9;
        if (t < least) least = t;
    }
    printf("%s %.9f\n", name, least);
}

int main(int argc, char **argv) {
    volatile int64_t n = 100000; /* not known while compiling */
    FILE *names = argc > 1 ? fopen(argv[1], "r") : NULL;
    char name[64];
    static const struct {
        const char *name;
        double (*f)(int64_t);
        int64_t per;
    } rows[] = { { "newton", newton, 1 },   { "collatz", collatz, 1 },
                 { "gcd", gcd, 200 },       { "runge-kutta", runge_kutta, 1 },
                 { "leibniz", leibniz, 1 }, { "branches", branches, 1 },
                 { "table", table, 1 } };
    if (!names) return 2;
    while (fscanf(names, "%63s", name) == 1)
        for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
            if (!strcmp(name, rows[i].name)) measure(name, rows[i].f, n / rows[i].per);
    fclose(names);
}
