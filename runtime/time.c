/* The clocks of Python's `time` module, in seconds. */
#include "internal.h"

#include <time.h>

double jxl_time(int32_t clock) {
    static const clockid_t ids[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID };
    struct timespec now;
    clock_gettime(ids[clock], &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
