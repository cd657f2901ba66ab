/* The plugin that lets ranks talk through MPI.  It alone is built against MPI, once for each that is installed, and only
** programs that some launcher started on several ranks load it.  MPI counts in int: what is longer goes in pieces. */
#include "comm.h"

#include <mpi.h>
#include <stdlib.h>
#include <string.h>

static int rank, nranks;
static int64_t piece = INT64_C(1) << 30; /* bytes in one message */

static int begin(int *my_rank, int *their_number) {
    const char *text = getenv("JXL_MPI_PIECE"); /* for tests */
    if (text && atoll(text) > 0) piece = atoll(text);
    int ready = 0;
    MPI_Initialized(&ready);
    if (!ready && MPI_Init(NULL, NULL)) return 1;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &nranks);
    *my_rank = rank;
    *their_number = nranks;
    return 0;
}

static void end(void) { MPI_Finalize(); }
static void stop(int status) { MPI_Abort(MPI_COMM_WORLD, status); }

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static int broadcast(void *data, int64_t bytes) {
    int wrong = 0;
    for (int64_t at = 0; at < bytes && !wrong; at += piece)
        wrong = MPI_Bcast((char *)data + at, (int)least(piece, bytes - at), MPI_BYTE, 0, MPI_COMM_WORLD);
    return wrong;
}

enum { SEND_TAG = 7 };

static int exchange(const void *out, const int64_t *out_bytes, const int64_t *out_at, void *in, const int64_t *in_bytes,
                    const int64_t *in_at) {
    int64_t rounds = 0;
    for (int r = 0; r < nranks; r++) {
        if (out_bytes[r] / piece + 1 > rounds) rounds = out_bytes[r] / piece + 1;
        if (in_bytes[r] / piece + 1 > rounds) rounds = in_bytes[r] / piece + 1;
    }
    MPI_Request *pending = malloc(2 * (size_t)nranks * sizeof *pending);
    if (!pending) return 1;
    if (in_bytes[rank]) memcpy((char *)in + in_at[rank], (const char *)out + out_at[rank], (size_t)in_bytes[rank]);
    int wrong = 0;
    for (int64_t k = 0; k < rounds; k++) {
        int n = 0;
        int64_t at = k * piece;
        for (int i = 1; i < nranks; i++) {
            int r = (rank + i) % nranks;
            if (at < in_bytes[r])
                wrong |= MPI_Irecv((char *)in + in_at[r] + at, (int)least(piece, in_bytes[r] - at), MPI_BYTE, r,
                                   SEND_TAG, MPI_COMM_WORLD, &pending[n++]);
        }
        for (int i = 1; i < nranks; i++) {
            int r = (rank + nranks - i) % nranks;
            if (at < out_bytes[r])
                wrong |= MPI_Isend((const char *)out + out_at[r] + at, (int)least(piece, out_bytes[r] - at), MPI_BYTE,
                                   r, SEND_TAG, MPI_COMM_WORLD, &pending[n++]);
        }
        wrong |= MPI_Waitall(n, pending, MPI_STATUSES_IGNORE);
    }
    free(pending);
    return wrong;
}

/* By MPI's own algorithm where the counts fit. */
static int gather(const void *mine, void *all, const int64_t *bytes, const int64_t *at) {
    int *counts = malloc(2 * (size_t)nranks * sizeof *counts), *places = counts + nranks, fits = 1;
    if (!counts) return 1;
    for (int r = 0; r < nranks; r++) {
        fits &= at[r] + bytes[r] <= piece;
        counts[r] = (int)bytes[r];
        places[r] = (int)at[r];
    }
    int wrong = 0;
    if (fits) {
        wrong = MPI_Allgatherv(mine, counts[rank], MPI_BYTE, all, counts, places, MPI_BYTE, MPI_COMM_WORLD);
    } else {
        int64_t *same = malloc(2 * (size_t)nranks * sizeof *same), *zero = same ? same + nranks : NULL;
        for (int r = 0; same && r < nranks; r++) same[r] = bytes[rank], zero[r] = 0;
        wrong = !same || exchange(mine, same, zero, all, bytes, at);
        free(same);
    }
    free(counts);
    return wrong;
}

#ifdef OPEN_MPI
#define MPI_NAME "Open MPI"
#else
#define MPI_NAME "MPICH"
#endif
const jxl_comm jxl_comm_table = { JXL_COMM_VERSION, MPI_NAME, begin, end, stop, broadcast, gather, exchange };
