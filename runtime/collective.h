/* What the files of collectives share. */
#ifndef JXL_COLLECTIVE_H
#define JXL_COLLECTIVE_H

#include "comm.h"
#include "internal.h"

/* The ranks, and room for how much goes where, by rank. */
typedef struct {
    jxl_call *c;
    const jxl_comm *comm;
    int nranks;
    int64_t *bytes, *at, *in_bytes, *in_at;
} Ranks;
int jxl_ranks_room(Ranks *, jxl_call *);
/* All ranks must be at the same place: else what they send would be taken for something else. */
int jxl_ranks_meet(Ranks *, const char *what, int kind, int64_t n, int64_t elements);

/* exchange.c: `bytes` of one shard, or of one shard for one other */
int jxl_permute(Ranks *, int64_t n, int64_t bytes, const char *x, char *y, const int32_t *from);
int jxl_exchange(Ranks *, int64_t n, int64_t bytes, const char *x, char *y);

#endif
