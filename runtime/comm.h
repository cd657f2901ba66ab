/* What a plugin brings that lets processes talk: bytes, from and to all ranks.
**
** A plugin is a shared library with a `const jxl_comm jxl_comm_table`; parts/mpi.c is built against the MPI that is
** installed.  Functions that give an int give 0 if all went well. */
#ifndef JXL_COMM_H
#define JXL_COMM_H

#include <stddef.h>
#include <stdint.h>

enum { JXL_COMM_VERSION = 3, JXL_COMM_TAGS = 1 << 15 };

/* Of what a rank sends on one of them, and another takes, the order is the same. */
typedef enum { JXL_FIRST_STREAM, JXL_SECOND_STREAM } jxl_stream;

typedef struct jxl_comm {
    int version;
    const char *name; /* of the MPI, in words */
    int (*begin)(int *rank, int *nranks);
    void (*end)(void);
    void (*abort)(int status);                   /* ends all ranks */
    int (*broadcast)(void *data, int64_t bytes); /* rank 0's */
    /* Rank r's bytes[r] bytes go to everybody's `all` + at[r]. */
    int (*gather)(const void *mine, void *all, const int64_t *bytes, const int64_t *at);
    /* Begins to send out_bytes[r] bytes at `out` + out_at[r] to rank r, and to take in_bytes[r] from it to `in` + in_at[r],
    ** for all r but this one.  All bring the same tag, below JXL_COMM_TAGS.  NULL if that went wrong. */
    void *(*start)(jxl_stream, int tag, const void *out, const int64_t *out_bytes, const int64_t *out_at, void *in,
                   const int64_t *in_bytes, const int64_t *in_at);
    /* 1 once all has gone and come, and `started` is no more; 0 if it has not yet (never so if `wait`).  Below 0 it is no
    ** use to wait: -1 - r where rank r brought another tag, or less than -(number of ranks). */
    int (*finish)(void *started, int wait);
} jxl_comm;

#endif
