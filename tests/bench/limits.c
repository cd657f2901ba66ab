/* limits: what this machine can do at most: bytes a second read and copied, by the bytes in use, and flops a second.
**
** As many threads as this process may use, each with its share.  A line is "limit-read BYTES RATE", "limit-copy BYTES RATE" or
** "limit-flops WIDTH RATE". */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* One register each. */
#if defined(__AVX512F__)
enum { WIDTH = 64, PARALLEL = 20 };
#elif defined(__AVX2__)
enum { WIDTH = 32, PARALLEL = 13 };
#else
enum { WIDTH = 16, PARALLEL = 13 };
#endif
typedef float Floats __attribute__((vector_size(WIDTH)));
typedef double Doubles __attribute__((vector_size(WIDTH)));
typedef long Words __attribute__((vector_size(WIDTH)));
enum { MOST = 64, LARGEST = 128 << 20, ROUNDS = 7 };

typedef struct {
    void (*work)(void *from, void *to, size_t bytes, long times);
    char *from, *to;
    size_t bytes;
    long times;
} Share;
static int threads;
static char *memory;
static volatile long sink;
static volatile double number = 1e-9;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
static void read_all(void *from, void *to, size_t bytes, long times) {
    Words sum[8] = { { 0 } };
    (void)to;
    for (; times--; sink = sum[0][0])
        for (Words *p = from, *end = p + bytes / sizeof *p; p < end; p += 8)
            for (int i = 0; i < 8; i++) sum[i] += p[i];
    for (int i = 0; i < 8; i++) sink = sum[i][1];
}
static void copy_all(void *from, void *to, size_t bytes, long times) {
    for (; times--; sink = *(long *)to) {
        Words *p = from, *q = to;
        for (size_t i = 0; i < bytes / sizeof *p; i += 8)
            for (size_t k = i; k < i + 8; k++) q[k] = p[k];
    }
}
static void move_all(void *from, void *to, size_t bytes,
                     long times) { /* memcpy chooses stores that pass the cache by */
    for (; times--; sink = *(long *)to) memcpy(to, from, bytes);
}
static void multiply_floats(void *from, void *to, size_t bytes, long times) {
    Floats s[PARALLEL], x = (Floats){ 0 } + (float)number, y = x + 1;
    (void)from, (void)to, (void)bytes;
    for (int k = 0; k < PARALLEL; k++) s[k] = x;
    for (; times--;) {
#pragma GCC unroll 20
        for (int k = 0; k < PARALLEL; k++) s[k] = s[k] * x + y;
        __asm__ volatile("" : "+r"(times)); /* or gcc does one sum after the other */
    }
    for (int k = 0; k < PARALLEL; k++) sink = (long)s[k][0];
}
static void multiply_doubles(void *from, void *to, size_t bytes, long times) {
    Doubles s[PARALLEL], x = (Doubles){ 0 } + number, y = x + 1;
    (void)from, (void)to, (void)bytes;
    for (int k = 0; k < PARALLEL; k++) s[k] = x;
    for (; times--;) {
#pragma GCC unroll 20
        for (int k = 0; k < PARALLEL; k++) s[k] = s[k] * x + y;
        __asm__ volatile("" : "+r"(times)); /* or gcc does one sum after the other */
    }
    for (int k = 0; k < PARALLEL; k++) sink = (long)s[k][0];
}

static void *run(void *argument) {
    Share *s = argument;
    s->work(s->from, s->to, s->bytes, s->times);
    return NULL;
}
/* The least seconds in which all threads do their share, so many times. */
static double least(void (*work)(void *, void *, size_t, long), size_t bytes, long times, int rounds) {
    double best = 1e9;
    size_t each = bytes / (size_t)threads / 1024 * 1024;
    for (int round = 0; round < rounds; round++) {
        pthread_t ids[MOST];
        Share shares[MOST];
        double start = now();
        for (int i = 0; i < threads; i++) {
            char *from = memory + each * (size_t)i, *to = memory + LARGEST + each * (size_t)i;
            shares[i] = (Share){ work, from, to, each, times };
            if (i && pthread_create(&ids[i], NULL, run, &shares[i])) exit(1);
        }
        run(&shares[0]);
        for (int i = 1; i < threads; i++) pthread_join(ids[i], NULL);
        double t = now() - start;
        if (t < best) best = t;
    }
    return best;
}

int main(void) {
    cpu_set_t set;
    threads = sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
    if (threads > MOST) threads = MOST;
    memory = aligned_alloc(4096, 2 * (size_t)LARGEST);
    if (!memory) return 1;
    memset(memory, 1, 2 * (size_t)LARGEST);
    for (size_t bytes = 32768; bytes <= LARGEST; bytes *= 4) {
        long times = (long)((256 << 20) / bytes);
        double moved = (double)bytes * (double)times, copy = least(copy_all, bytes / 2, times, ROUNDS);
        double move = least(move_all, bytes / 2, times, ROUNDS);
        printf("limit-read %zu %.4g\n", bytes, moved / least(read_all, bytes, times, ROUNDS));
        printf("limit-copy %zu %.4g\n", bytes, moved / (move < copy ? move : copy));
    }
    double times = 1e5, each = times * PARALLEL * 2 * threads;
    printf("limit-flops 4 %.4g\n", each * WIDTH / 4 / least(multiply_floats, 0, (long)times, 10 * ROUNDS));
    printf("limit-flops 8 %.4g\n", each * WIDTH / 8 / least(multiply_doubles, 0, (long)times, 10 * ROUNDS));
}
