/* The plugin that lets ranks talk through MPI.  It alone is built against MPI, once for each that is installed, and only
** programs that some launcher started on several ranks load it.  MPI counts in int: what is longer goes in pieces. */
#include "comm.h"

#include <mpi.h>
#include <stdlib.h>
#include <string.h>

enum { SHORT = 1024 /* bytes */ };
static int rank, nranks;
static int64_t piece = INT64_C(1) << 30; /* bytes in one message */
static MPI_Comm stream[2];

static int begin(int *my_rank, int *their_number) {
    const char *text = getenv("JXL_MPI_PIECE"); /* for tests */
    if (text && atoll(text) > 0) piece = atoll(text);
    int ready = 0;
    MPI_Initialized(&ready);
    if (!ready && MPI_Init(NULL, NULL)) return 1;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &nranks);
    for (int i = 0; i < 2; i++) {
        if (MPI_Comm_dup(MPI_COMM_WORLD, &stream[i])) return 1;
        MPI_Comm_set_errhandler(stream[i], MPI_ERRORS_RETURN);
    }
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

/* Messages on their way. */
typedef struct Started {
    struct Started *next;
    int tag, n, from, to; /* requests from .. to - 1 are those of what comes */
    int64_t most;
    MPI_Request *request;
    MPI_Status *status;
} Started;
static Started *ended; /* kept for the next time */

static Started *room_for(int64_t most) {
    for (Started **link = &ended, *s; (s = *link); link = &s->next) {
        if (s->most < most) continue;
        *link = s->next;
        s->n = 0;
        return s;
    }
    Started *s = malloc(sizeof *s + (size_t)most * (sizeof(MPI_Request) + sizeof(MPI_Status)));
    if (!s) return NULL;
    *s = (Started){ .most = most, .status = (MPI_Status *)(s + 1) };
    s->request = (MPI_Request *)(s->status + most);
    return s;
}

static void keep(Started *s) {
    s->next = ended;
    ended = s;
}

static int64_t pieces(int64_t bytes) { return bytes <= piece ? bytes > 0 : (bytes + piece - 1) / piece; }

/* The other ranks, nearest first: not all turn to the same one at the same time. */
static int other(int i) { return (rank + i) % nranks; }

static int take(Started *s, MPI_Comm comm, char *in, const int64_t *bytes, const int64_t *place) {
    int wrong = 0;
    s->from = s->n;
    for (int i = 1; i < nranks; i++)
        for (int64_t at = 0, r = other(i); at < bytes[r]; at += piece)
            wrong |= MPI_Irecv(in + place[r] + at, (int)least(piece, bytes[r] - at), MPI_BYTE, (int)r, MPI_ANY_TAG,
                               comm, &s->request[s->n++]);
    s->to = s->n;
    return wrong;
}

static int give(Started *s, MPI_Comm comm, const char *out, const int64_t *bytes, const int64_t *place) {
    int wrong = 0;
    for (int i = 1; i < nranks; i++)
        for (int64_t at = 0, r = other(nranks - i); at < bytes[r]; at += piece)
            wrong |= MPI_Isend(out + place[r] + at, (int)least(piece, bytes[r] - at), MPI_BYTE, (int)r, s->tag, comm,
                               &s->request[s->n++]);
    return wrong;
}

/* What is short is better sent at once: it is there while others still make room for it. */
static void *start(jxl_stream which, int tag, const void *out, const int64_t *out_bytes, const int64_t *out_at,
                   void *in, const int64_t *in_bytes, const int64_t *in_at) {
    int64_t most = 0, longest = 0;
    for (int i = 1; i < nranks; i++) {
        int r = other(i);
        most += pieces(in_bytes[r]) + pieces(out_bytes[r]);
        if (out_bytes[r] > longest) longest = out_bytes[r];
    }
    Started *s = room_for(most);
    if (!s) return NULL;
    s->tag = tag;
    MPI_Comm comm = stream[which];
    int wrong = longest <= SHORT ? give(s, comm, out, out_bytes, out_at) || take(s, comm, in, in_bytes, in_at)
                                 : take(s, comm, in, in_bytes, in_at) || give(s, comm, out, out_bytes, out_at);
    if (!wrong) return s;
    keep(s);
    return NULL;
}

static int finish(void *started, int wait) {
    Started *s = started;
    int done = 1, result = 1;
    int wrong = wait ? MPI_Waitall(s->n, s->request, s->status) : MPI_Testall(s->n, s->request, &done, s->status);
    if (!wrong && !done) return 0;
    if (wrong) result = -1 - nranks;
    for (int i = s->from; i < s->to && result > 0; i++)
        if (s->status[i].MPI_TAG != s->tag) result = -1 - s->status[i].MPI_SOURCE;
    keep(s);
    return result;
}

/* By MPI's own algorithm where the counts fit. */
static int gather(const void *mine, void *all, const int64_t *bytes, const int64_t *at) {
    int *counts = malloc(2 * (size_t)nranks * sizeof *counts), *places = counts + nranks, fits = 1, wrong;
    int64_t *same = malloc(2 * (size_t)nranks * sizeof *same), *zero = same + nranks;
    for (int r = 0; counts && same && r < nranks; r++) {
        fits &= at[r] + bytes[r] <= piece;
        counts[r] = (int)bytes[r];
        places[r] = (int)at[r];
        same[r] = bytes[rank];
        zero[r] = 0;
    }
    if (!counts || !same) {
        wrong = 1;
    } else if (fits) {
        wrong = MPI_Allgatherv(mine, counts[rank], MPI_BYTE, all, counts, places, MPI_BYTE, MPI_COMM_WORLD);
    } else {
        void *s = start(JXL_FIRST_STREAM, 0, mine, same, zero, all, bytes, at);
        wrong = !s || finish(s, 1) != 1;
        memcpy((char *)all + at[rank], mine, (size_t)bytes[rank]);
    }
    free(same);
    free(counts);
    return wrong;
}

#ifdef OPEN_MPI
#define MPI_NAME "Open MPI"
#else
#define MPI_NAME "MPICH"
#endif
const jxl_comm jxl_comm_table = { JXL_COMM_VERSION, MPI_NAME, begin, end, stop, broadcast, gather, start, finish };
