/* What the files of collectives share. */
#ifndef JXL_COLLECTIVE_H
#define JXL_COLLECTIVE_H

#include "comm.h"
#include "internal.h"

/* A collective at which the ranks are, and room for how much goes where, by rank. */
typedef struct {
    jxl_call *c;
    const jxl_comm *comm;
    const char *what;
    int nranks, tag;
    int64_t *bytes, *at, *in_bytes, *in_at;
} Ranks;
/* All ranks come to the same ones in the same order; the tag of their messages says which one it is, lest something be taken
** for something else. */
int jxl_ranks_meet(Ranks *, jxl_call *, const char *what, int kind, int64_t n, int64_t elements);
void jxl_ranks_part(Ranks *);
/* bytes[r] at `out` + at[r] to each other rank, in_bytes[r] from it to `in` + in_at[r]. */
void *jxl_ranks_start(Ranks *, jxl_stream, const void *out, void *in);
int jxl_ranks_finish(Ranks *, void *started, int wait); /* whether all has gone and come; else not yet, or an error */
int jxl_ranks_exchange(Ranks *, const void *out, void *in);

/* exchange.c: `bytes` of one shard, or of one shard for one other */
int jxl_permute(Ranks *, int64_t n, int64_t bytes, const char *x, char *y, const int32_t *from);
int jxl_exchange(Ranks *, int64_t n, int64_t bytes, const char *x, char *y);

/* cost.c: what communication costs, where JXL_COMM_TIME wants to know; the clock does not run otherwise */
double jxl_cost_now(void);
void jxl_cost_underway(int change, int64_t bytes); /* so many more collectives; what they send */
void jxl_cost_waited(double since);
int jxl_cost_waits(void); /* sums are waited for where they begin: JXL_COMM_WAIT */

#endif
