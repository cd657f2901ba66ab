/* Many threads call the same functions; each gets its own answers and its own errors. */
#include "train.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { N = 500, K = 40, THREADS = 8, ROUNDS = 50 };
static float w[K * 2], b[2], x[N * K], right_w[K * 2], right_b[2];

static void *work(void *failed) {
    static _Thread_local float new_w[K * 2], new_b[2];
    Params p = { w, b }, q = { new_w, new_b };
    char error[JXL_ERROR_BYTES];
    for (int i = 0; i < ROUNDS; i++) {
        float number;
        int32_t at;
        if (step(K, N, &p, x, &q, error) || memcmp(new_w, right_w, sizeof w) || memcmp(new_b, right_b, sizeof b))
            return failed;
        if (chosen(N, x, i % 5, false, &number, &at, error) != (i % 5 >= 3)) return failed;
        if (i % 5 == 4 && !strstr(error, "no number 4")) return failed;
    }
    return NULL;
}

int main(void) {
    for (int i = 0; i < K * 2; i++) w[i] = (float)i / 10;
    for (int i = 0; i < N * K; i++) x[i] = (float)(i % 17) / 8 - 1;
    Params p = { w, b }, q = { right_w, right_b };
    if (step(K, N, &p, x, &q, NULL)) return 1;
    pthread_t threads[THREADS];
    int failures = 0;
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, work, &failures);
    for (int i = 0; i < THREADS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        failures += failed != NULL;
    }
    printf("%d of %d threads failed\n", failures, THREADS);
    return failures;
}
