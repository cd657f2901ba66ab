/* What a plugin brings that lets processes talk: bytes, from and to all ranks.
**
** A plugin is a shared library with a `const jxl_comm jxl_comm_table`; parts/mpi.c is built against the MPI that is
** installed.  Functions that give an int give 0 if all went well. */
#ifndef JXL_COMM_H
#define JXL_COMM_H

#include <stddef.h>
#include <stdint.h>

enum { JXL_COMM_VERSION = 2 };

typedef struct jxl_comm {
    int version;
    const char *name; /* of the MPI, in words */
    int (*begin)(int *rank, int *nranks);
    void (*end)(void);
    void (*abort)(int status);                   /* ends all ranks */
    int (*broadcast)(void *data, int64_t bytes); /* rank 0's */
    /* Rank r's bytes[r] bytes go to everybody's `all` + at[r]. */
    int (*gather)(const void *mine, void *all, const int64_t *bytes, const int64_t *at);
    /* out_bytes[r] bytes at `out` + out_at[r] go to rank r; what rank r sends comes to `in` + in_at[r]. */
    int (*exchange)(const void *out, const int64_t *out_bytes, const int64_t *out_at, void *in, const int64_t *in_bytes,
                    const int64_t *in_at);
} jxl_comm;

#endif
