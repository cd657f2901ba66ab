/* What shards give each other, wherever they run. */
#include "collective.h"
#include "world.h"

#include <string.h>

static const double LATE = 3e-4, PAUSE = 3e-5; /* seconds */
enum { SOON = 200 };

int jxl_ranks_meet(Ranks *r, jxl_call *c, const char *what, int kind, int64_t n, int64_t elements) {
    static uint64_t number; /* of collectives so far */
    uint64_t hash = ++number;
    int64_t all[] = { kind, n, elements };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) hash = (hash ^ (uint64_t)all[i]) * 0x9e3779b97f4a7c15;
    for (const char *s = what; *s; s++) hash = (hash ^ (unsigned char)*s) * 0x100000001b3;
    *r = (Ranks){ .c = c, .comm = jxl_comm_at_hand(), .what = what, .nranks = c->nranks };
    r->tag = (int)((hash >> 40) % JXL_COMM_TAGS);
    r->bytes = jxl_alloc(c, 4 * (int64_t)sizeof *r->bytes * c->nranks);
    if (!r->bytes) return c->status;
    r->at = r->bytes + c->nranks;
    r->in_bytes = r->at + c->nranks;
    r->in_at = r->in_bytes + c->nranks;
    jxl_cost_underway(1, 0);
    return 0;
}

void jxl_ranks_part(Ranks *r) { jxl_release(r->c, r->bytes); }

void *jxl_ranks_start(Ranks *r, jxl_stream stream, const void *out, void *in) {
    int64_t bytes = 0;
    for (int i = 0; i < r->nranks; i++)
        if (i != r->c->rank) bytes += r->bytes[i];
    jxl_cost_underway(0, bytes);
    void *started = r->comm->start(stream, r->tag, out, r->bytes, r->at, in, r->in_bytes, r->in_at);
    if (!started) jxl_fail_text(r->c, 1, "%s: MPI failed", r->what);
    return started;
}

/* At first it looks again and again; who waits long leaves the processor to others, such as those it waits for. */
static int wait_for(const jxl_comm *comm, void *started) {
    int result = 0;
    double since = 0;
    for (int k = 0; !result; k++) {
        if (k == SOON) since = jxl_time(1);
        if (k > SOON && jxl_time(1) - since > LATE) jxl_pause(PAUSE);
        result = comm->finish(started, 0);
    }
    return result;
}

int jxl_ranks_finish(Ranks *r, void *started, int wait) {
    int result = wait ? wait_for(r->comm, started) : r->comm->finish(started, 0);
    if (result < 0 && result >= -r->nranks)
        jxl_fail_text(r->c, 1, "%s: the ranks went different ways: rank %d is somewhere else", r->what, -1 - result);
    else if (result < 0)
        jxl_fail_text(r->c, 1, "%s: MPI failed, or the ranks went different ways", r->what);
    return result > 0;
}

int jxl_ranks_exchange(Ranks *r, const void *out, void *in) {
    int me = r->c->rank;
    if (r->in_bytes[me]) memcpy((char *)in + r->in_at[me], (const char *)out + r->at[me], (size_t)r->in_bytes[me]);
    void *started = jxl_ranks_start(r, JXL_FIRST_STREAM, out, in);
    if (started) jxl_ranks_finish(r, started, 1);
    return r->c->status;
}

/* The blocks of all to all. */
static void gather(Ranks *r, int64_t n, int64_t bytes, const void *x, void *y) {
    int64_t first, count, mine;
    jxl_share(n, r->c->rank, r->nranks, &first, &mine);
    for (int i = 0; i < r->nranks; i++) {
        jxl_share(n, i, r->nranks, &first, &count);
        r->at[i] = 0;
        r->bytes[i] = mine * bytes;
        r->in_at[i] = first * bytes;
        r->in_bytes[i] = count * bytes;
    }
    jxl_ranks_exchange(r, x, y);
}

int jxl_collective(jxl_call *c, const char *what, int32_t kind, int64_t n, const jxl_array *x_y_from) {
    const jxl_array *x = &x_y_from[0], *y = &x_y_from[1];
    int64_t elements = 1, bytes;
    Ranks r = { .c = c, .nranks = 1 };
    double since = jxl_cost_now();
    for (int i = 1; i < x->rank; i++) elements *= x->shape[i];
    bytes = elements * jxl_dtypes[x->dtype].size;
    if (c->nranks > 1) {
        jxl_watch(what);
        if (jxl_ranks_meet(&r, c, what, kind, n, elements)) return c->status;
    }
    if (kind == JXL_PERMUTE)
        jxl_permute(&r, n, bytes, x->data, y->data, x_y_from[2].data);
    else if (kind == JXL_EXCHANGE)
        jxl_exchange(&r, n, n ? bytes / n : 0, x->data, y->data);
    else if (c->nranks > 1)
        gather(&r, n, bytes, x->data, y->data);
    else if (n > 0 && bytes > 0)
        memcpy(y->data, x->data, (size_t)(n * bytes));
    if (c->nranks > 1) {
        jxl_ranks_part(&r);
        jxl_cost_underway(-1, 0);
        jxl_cost_waited(since);
        jxl_watch(NULL);
    }
    return c->status;
}
