/* Many short loops from several threads, for ThreadSanitizer to watch. */
#include "jxl/runtime.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { N = 64, LOOPS = 400, CALLERS = 2 };

static int add(jxl_call *c, void *context, int64_t lo, int64_t hi) {
    int64_t *counts = context;
    int *scratch = jxl_alloc(c, 64);
    if (!scratch) return 1;
    *scratch = 1;
    for (int64_t i = lo; i < hi; i++) counts[i] += *scratch;
    jxl_release(c, scratch);
    return 0;
}

static void *caller(void *unused) {
    int64_t counts[N] = { 0 };
    jxl_call c;
    jxl_call_init(&c);
    for (int k = 0; k < LOOPS; k++) {
        jxl_parallel_for(&c, add, counts, N, 1);
        if (k % 50 == 0) nanosleep(&(struct timespec){ .tv_nsec = 300000 }, NULL); /* so that threads fall asleep */
    }
    jxl_call_free(&c);
    for (int i = 0; i < N; i++) {
        if (counts[i] == LOOPS) continue;
        fprintf(stderr, "index %d ran %ld times, not %d\n", i, (long)counts[i], LOOPS);
        exit(1);
    }
    return unused;
}

int main(void) {
    setenv("JXL_NUM_THREADS", "3", 1);
    pthread_t callers[CALLERS];
    for (int i = 0; i < CALLERS; i++) pthread_create(&callers[i], NULL, caller, NULL);
    for (int i = 0; i < CALLERS; i++) pthread_join(callers[i], NULL);
    return 0;
}
