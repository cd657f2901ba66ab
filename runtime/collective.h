/* What the files of collectives share. */
#ifndef JXL_COLLECTIVE_H
#define JXL_COLLECTIVE_H

#include "comm.h"
#include "internal.h"

#include <stdbool.h>

typedef struct {
    const char *x;
    char *y;
    int64_t elements, at; /* of each shard's x; where they begin among all */
} Array;

/* What shards give each other at some place of a program, wherever they run.  All that can be known once is made once: of
** several ranks each keeps it, with room for what is short, for the next time. */
typedef struct Collective {
    struct Collective *later, *other; /* began after it; kept where it is */
    jxl_call *c;
    const jxl_comm *comm;
    const char *what;
    uint64_t hash;                       /* of what all ranks must agree about */
    int kind, way, dtype, size, narrays; /* way: what the program said besides its kind */
    int64_t n, first, count;             /* shards, and this rank's block of them */
    Array *arrays;
    int64_t elements, bytes;     /* of a shard, in all arrays */
    bool in_one, comes_in_one;   /* what there is of the only shard of each rank; and what it gets */
    const int32_t *from;         /* of a permutation */
    int64_t wanted, wanted_from; /* so many shards, and from which on */
    /* under way: so much goes where and comes from where, by rank */
    int rank, nranks, tag;
    int64_t *to_bytes, *to_at, *in_bytes, *in_at;
    void *started;
    bool used, kept, ended, in_turn; /* in_turn: more will travel, in the order of those of which that is so */
    char *room, *borrowed;
    int64_t room_bytes;
    void *own; /* of its kind */
} Collective;

/* A kind of them: `own` of so many bytes is filled at first, then all that depends on where arrays are.  `begin` may start
** messages, and so may `go_on`, once they are there; where it does not it has ended. */
typedef struct {
    int64_t (*own_bytes)(const Collective *);
    void (*plan)(Collective *);
    int (*begin)(Collective *);
    int (*go_on)(Collective *);
} Kind_of_collective;
extern const Kind_of_collective jxl_reductions, jxl_permutations, jxl_exchanges, jxl_takings;

/* For as long as it is under way; NULL after an error. */
char *jxl_collective_room(Collective *, int64_t bytes);
/* to_bytes[r] at `out` + to_at[r] to each other rank, in_bytes[r] from it to `in` + in_at[r]. */
int jxl_collective_start(Collective *, jxl_stream, const void *out, void *in);

/* cost.c: what communication costs, where JXL_COMM_TIME wants to know; the clock does not run otherwise */
double jxl_cost_now(void);
void jxl_cost_underway(int change, int64_t bytes); /* so many more collectives; what they send */
void jxl_cost_waited(double since);
bool jxl_cost_waits(void);                     /* all are waited for where they begin: JXL_COMM_WAIT */
void jxl_cost_read(int64_t bytes, int64_t of); /* so much of a file that is so long */

#endif
