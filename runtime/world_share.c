/* What comes from outside, as programs see it: of several ranks the first one's, so that all go the same way. */
#include "comm.h"
#include "internal.h"

void jxl_world_own(jxl_call *c, int32_t more) { c->own += more; }
int32_t jxl_world_first(jxl_call *c) { return c->rank == 0 || c->own; }

int jxl_world_share(jxl_call *c, const char *what, void *data, int64_t bytes) {
    if (c->nranks == 1 || c->own || !bytes) return 0;
    jxl_watch(what);
    int wrong = jxl_comm_at_hand()->broadcast(data, bytes);
    jxl_watch(NULL);
    return wrong ? jxl_fail_text(c, 1, "%s: MPI failed", what) : 0;
}

double jxl_world_time(jxl_call *c, int32_t clock) {
    double seconds = jxl_time(clock);
    jxl_world_share(c, "reading the clock", &seconds, sizeof seconds);
    return seconds;
}
