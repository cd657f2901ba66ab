/* How many threads to use: JXL_NUM_THREADS, else the processors that this process may run on, and has the time of. */
#define _GNU_SOURCE
#include "internal.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { MOST_THREADS = 1024 };

/* Of a quota of one and a half processors two threads would wait for each other half of the time. */
static int processors(void) {
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
    double quota = n > 1 ? jxl_processor_quota("/sys/fs/cgroup", "/proc/self/cgroup") : 0;
    if (quota > 0 && quota < n) n = (int)quota;
    return n < 1 ? 1 : n > MOST_THREADS ? MOST_THREADS : n;
}

/* 0 where the text is not a number of threads. */
static int number_in(const char *text) {
    int n = 0;
    for (const char *s = text; *s; s++) {
        if (*s < '0' || *s > '9') return 0;
        n = 10 * n + (*s - '0');
        if (n > MOST_THREADS) return 0;
    }
    return n;
}

int jxl_num_threads(void) {
    static atomic_int known; /* the environment is read once */
    int n = atomic_load_explicit(&known, memory_order_relaxed);
    if (n) return n;
    const char *text = getenv("JXL_NUM_THREADS");
    n = text ? number_in(text) : 0;
    if (!n) n = processors();
    atomic_store_explicit(&known, n, memory_order_relaxed);
    return n;
}

int jxl_threads_wanted(jxl_call *c) {
    const char *text = getenv("JXL_NUM_THREADS");
    if (!text || number_in(text)) return 1;
    jxl_fail_text(c, 1, "JXL_NUM_THREADS is \"%s\"; it must be a number from 1 to %d", text, MOST_THREADS);
    return 0;
}
