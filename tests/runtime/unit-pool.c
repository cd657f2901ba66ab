/* The pool, on 1, 2 and 5 threads: every index once, the lowest error, loops in loops, callers side by side. */
#include "internal.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static int thread_counts[] = { 1, 2, 5 };

typedef struct {
    _Atomic unsigned char *seen;
    int64_t fail_from; /* indexes from here on fail */
} Loop;

static int mark(jxl_call *c, void *context, int64_t lo, int64_t hi) {
    Loop *l = context;
    for (int64_t i = lo; i < hi; i++) {
        if (i >= l->fail_from) return jxl_fail_text(c, 3, "index %ld", (long)i);
        if (!jxl_alloc(c, 100)) return 1; /* not released: the piece's end does that */
        l->seen[i]++;
    }
    return 0;
}

static void check_loop(jxl_call *c, int64_t n, int64_t grain) {
    Loop l = { calloc((size_t)n + 1, 1), n };
    cr_assert(jxl_parallel_for(c, mark, &l, n, grain) == 0);
    for (int64_t i = 0; i < n; i++) cr_assert(l.seen[i] == 1);
    free((void *)l.seen);
}

static int loop_inside(jxl_call *c, void *context, int64_t lo, int64_t hi) {
    (void)context;
    for (int64_t i = lo; i < hi; i++) check_loop(c, 100, 1);
    return 0;
}

static void *caller(void *unused) {
    jxl_call c;
    jxl_call_init(&c);
    for (int i = 0; i < 200; i++) check_loop(&c, 50, 1);
    jxl_call_free(&c);
    return unused;
}

static jxl_call start(int threads) {
    char text[8];
    snprintf(text, sizeof text, "%d", threads);
    setenv("JXL_NUM_THREADS", text, 1);
    jxl_call c;
    jxl_call_init(&c);
    cr_assert(jxl_num_threads() == threads);
    return c;
}

ParameterizedTestParameters(pool, each_index_once) { return cr_make_param_array(int, thread_counts, 3); }
ParameterizedTest(int *threads, pool, each_index_once) {
    jxl_call c = start(*threads);
    for (int64_t n = 0; n < 70; n++)
        for (int64_t grain = 0; grain < 12; grain += 3) check_loop(&c, n, grain);
    check_loop(&c, 10007, 1);
    check_loop(&c, 10007, 1000000);
    jxl_call_free(&c);
}

ParameterizedTestParameters(pool, the_lowest_error_wins) { return cr_make_param_array(int, thread_counts, 3); }
ParameterizedTest(int *threads, pool, the_lowest_error_wins) {
    for (int round = 0; round < 300; round++) {
        jxl_call c = start(*threads);
        Loop l = { calloc(1000, 1), round };
        char wanted[32];
        snprintf(wanted, sizeof wanted, "index %d", round);
        cr_assert(jxl_parallel_for(&c, mark, &l, 1000, 1) == 3);
        cr_assert(c.status == 3);
        cr_assert_str_eq(jxl_message(&c), wanted);
        for (int i = 0; i < round; i++) cr_assert(l.seen[i] == 1);
        check_loop(&c, 10, 1); /* the pool goes on */
        jxl_call_free(&c);
        free((void *)l.seen);
    }
}

ParameterizedTestParameters(pool, loops_in_loops) { return cr_make_param_array(int, thread_counts, 3); }
ParameterizedTest(int *threads, pool, loops_in_loops) {
    jxl_call c = start(*threads);
    for (int i = 0; i < 20; i++) cr_assert(jxl_parallel_for(&c, loop_inside, NULL, 20, 1) == 0);
    jxl_call_free(&c);
}

ParameterizedTestParameters(pool, callers_side_by_side) { return cr_make_param_array(int, thread_counts, 3); }
ParameterizedTest(int *threads, pool, callers_side_by_side) {
    pthread_t callers[4];
    jxl_call c = start(*threads);
    for (int i = 0; i < 4; i++) cr_assert(pthread_create(&callers[i], NULL, caller, NULL) == 0);
    for (int i = 0; i < 4; i++) pthread_join(callers[i], NULL);
    jxl_call_free(&c);
}

Test(pool, a_wrong_number_of_threads_is_an_error) {
    static const char *const wrong[] = { "", "0", "-1", "two", "2.5", "100000", " 3" };
    for (int i = 0; i < 7; i++) {
        setenv("JXL_NUM_THREADS", wrong[i], 1);
        jxl_call c;
        jxl_call_init(&c);
        cr_assert(!jxl_threads_wanted(&c), "%s", wrong[i]);
        cr_assert(c.status == 1);
        jxl_call_free(&c);
    }
}
