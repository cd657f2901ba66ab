/* What communication costs a program, told at its end where JXL_COMM_TIME is set.
**
** Something is underway from where a collective begins until it is seen to have ended; meanwhile the program waits for it, or
** computes.  With JXL_COMM_WAIT it always waits: what hiding is worth is the difference. */
#include "collective.h"

#include <stdio.h>
#include <stdlib.h>

static struct {
    int wanted, waiting, depth;
    int64_t number, bytes, read, held; /* of files that ranks read parts of */
    double starting, underway, waited, since;
} cost;

bool jxl_cost_waits(void) { return cost.waiting; }

double jxl_cost_now(void) { return cost.wanted ? jxl_time(1) : 0; }

void jxl_cost_starts(double since) {
    cost.wanted = getenv("JXL_COMM_TIME") != NULL;
    cost.waiting = getenv("JXL_COMM_WAIT") != NULL;
    cost.starting = jxl_cost_now() - since;
}

void jxl_cost_underway(int change, int64_t bytes) {
    if (!cost.wanted) return;
    if (change > 0) cost.number++;
    cost.bytes += bytes;
    if (!cost.depth) cost.since = jxl_time(1);
    cost.depth += change;
    if (!cost.depth) cost.underway += jxl_time(1) - cost.since;
}

void jxl_cost_waited(double since) {
    if (cost.wanted) cost.waited += jxl_time(1) - since;
}

void jxl_cost_read(int64_t bytes, int64_t of) {
    cost.read += bytes;
    cost.held += of;
}

void jxl_cost_print(const jxl_call *c) {
    if (!cost.wanted || c->rank) return;
    double hidden = cost.underway > cost.waited ? 1 - cost.waited / cost.underway : 0;
    fprintf(stderr,
            "communication of rank 0 of %d: started in %.3f s; %lld collectives, %.3f MB sent; underway %.6f s, "
            "waited for %.6f s, hidden %.0f%%\n",
            c->nranks, cost.starting, (long long)cost.number, 1e-6 * (double)cost.bytes, cost.underway, cost.waited,
            100 * hidden);
    if (cost.held)
        fprintf(stderr, "rank 0 of %d read %.3f MB of files that hold %.3f MB, for its own shards\n", c->nranks,
                1e-6 * (double)cost.read, 1e-6 * (double)cost.held);
}
