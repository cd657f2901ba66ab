/* What single shards give single others: permutations, and all to all. */
#include "collective.h"

#include <string.h>

/* The rank that has a shard. */
static int owner_of(int64_t n, int64_t shard, int nranks) {
    int64_t size = n / nranks, longer = n % nranks, in_longer = longer * (size + 1);
    return (int)(shard < in_longer ? shard / (size + 1) : longer + (shard - in_longer) / size);
}

/* From how much goes to and comes from each rank to where it stands; buffers for it, NULL where there is no memory. */
static int make_room(Ranks *r, char **out, char **in) {
    int64_t sent = 0, taken = 0;
    for (int i = 0; i < r->nranks; i++) {
        r->at[i] = sent;
        r->in_at[i] = taken;
        sent += r->bytes[i];
        taken += r->in_bytes[i];
    }
    *out = jxl_alloc(r->c, sent);
    *in = *out ? jxl_alloc(r->c, taken) : NULL;
    return *in != NULL;
}

/* What goes to, or comes from, one rank: whether it stands in one piece in the block of shards, and where. */
typedef struct {
    int64_t *bytes, *at;
    int in_pieces; /* for some rank it does not */
} Way;

static void add_shard(Way *w, int rank, int64_t at, int64_t bytes) {
    if (!w->bytes[rank]) w->at[rank] = at;
    w->in_pieces |= w->at[rank] + w->bytes[rank] != at;
    w->bytes[rank] += bytes;
}

/* In the order of those who get it. */
static void pack(Ranks *r, int64_t n, int64_t bytes, const char *x, char *out, const int32_t *from) {
    int64_t first, count;
    jxl_share(n, r->c->rank, r->nranks, &first, &count);
    for (int64_t i = 0; i < n; i++) {
        int to = owner_of(n, i, r->nranks);
        if (to == r->c->rank || from[i] < first || from[i] >= first + count) continue;
        memcpy(out + r->at[to], x + (from[i] - first) * bytes, (size_t)bytes);
        r->at[to] += bytes;
    }
    for (int i = 0; i < r->nranks; i++) r->at[i] -= r->bytes[i];
}

static void unpack(Ranks *r, int64_t n, int64_t bytes, const char *in, char *y, const int32_t *from) {
    int64_t first, count;
    jxl_share(n, r->c->rank, r->nranks, &first, &count);
    for (int64_t i = 0; i < count; i++) {
        int64_t source = from[first + i];
        int by = source >= 0 && source < n ? owner_of(n, source, r->nranks) : r->c->rank;
        if (by == r->c->rank) continue;
        memcpy(y + i * bytes, in + r->in_at[by], (size_t)bytes);
        r->in_at[by] += bytes;
    }
}

/* What stays, and what nobody sends. */
static void permute_own(Ranks *r, int64_t n, int64_t bytes, const char *x, char *y, const int32_t *from) {
    int64_t first, count;
    jxl_share(n, r->c->rank, r->nranks, &first, &count);
    for (int64_t i = 0; bytes && i < count; i++) {
        int64_t source = from[first + i];
        if (source < 0 || source >= n)
            memset(y + i * bytes, 0, (size_t)bytes);
        else if (source >= first && source < first + count)
            memcpy(y + i * bytes, x + (source - first) * bytes, (size_t)bytes);
    }
}

/* From where it stands and to where it belongs, if each rank's share is in one piece there. */
static int permute_over_ranks(Ranks *r, int64_t n, int64_t bytes, const char *x, char *y, const int32_t *from) {
    int me = r->c->rank;
    int64_t first, count, sent = 0, taken = 0;
    char *out = NULL, *in = NULL;
    Way there = { r->bytes, r->at, 0 }, back = { r->in_bytes, r->in_at, 0 };
    jxl_share(n, me, r->nranks, &first, &count);
    for (int i = 0; i < r->nranks; i++) r->bytes[i] = r->in_bytes[i] = 0;
    for (int64_t i = 0; i < n; i++) {
        if (from[i] < 0 || from[i] >= n) continue;
        int to = owner_of(n, i, r->nranks), by = owner_of(n, from[i], r->nranks);
        if (by == me && to != me) add_shard(&there, to, (from[i] - first) * bytes, bytes);
        if (to == me && by != me) add_shard(&back, by, (i - first) * bytes, bytes);
    }
    for (int i = 0; i < r->nranks; i++) {
        if (there.in_pieces) r->at[i] = sent;
        if (back.in_pieces) r->in_at[i] = taken;
        sent += r->bytes[i];
        taken += r->in_bytes[i];
    }
    if (there.in_pieces && !(out = jxl_alloc(r->c, sent))) return r->c->status;
    if (back.in_pieces && !(in = jxl_alloc(r->c, taken))) return r->c->status;
    if (out) pack(r, n, bytes, x, out, from);
    void *started = jxl_ranks_start(r, JXL_FIRST_STREAM, out ? out : x, in ? in : y);
    if (!started) return r->c->status;
    permute_own(r, n, bytes, x, y, from);
    jxl_ranks_finish(r, started, 1);
    if (in && !r->c->status) unpack(r, n, bytes, in, y, from);
    jxl_release(r->c, in);
    jxl_release(r->c, out);
    return r->c->status;
}

int jxl_permute(Ranks *r, int64_t n, int64_t bytes, const char *x, char *y, const int32_t *from) {
    if (r->nranks > 1) return permute_over_ranks(r, n, bytes, x, y, from);
    for (int64_t i = 0; bytes && i < n; i++) {
        if (from[i] >= 0 && from[i] < n)
            memcpy(y + i * bytes, x + from[i] * bytes, (size_t)bytes);
        else
            memset(y + i * bytes, 0, (size_t)bytes);
    }
    return 0;
}

static int exchange_over_ranks(Ranks *r, int64_t n, int64_t bytes, const char *x, char *y) {
    int64_t first, count, theirs, others;
    char *out, *in;
    jxl_share(n, r->c->rank, r->nranks, &first, &count);
    for (int i = 0; i < r->nranks; i++) {
        jxl_share(n, i, r->nranks, &theirs, &others);
        r->bytes[i] = r->in_bytes[i] = count * others * bytes;
    }
    if (!make_room(r, &out, &in)) return r->c->status;
    for (int i = 0; i < r->nranks; i++) {
        jxl_share(n, i, r->nranks, &theirs, &others);
        for (int64_t k = 0; k < count; k++)
            memcpy(out + r->at[i] + k * others * bytes, x + (k * n + theirs) * bytes, (size_t)(others * bytes));
    }
    if (jxl_ranks_exchange(r, out, in)) return r->c->status;
    for (int i = 0; i < r->nranks; i++) {
        jxl_share(n, i, r->nranks, &theirs, &others);
        for (int64_t j = 0; j < others; j++)
            for (int64_t k = 0; k < count; k++)
                memcpy(y + (k * n + theirs + j) * bytes, in + r->in_at[i] + (j * count + k) * bytes, (size_t)bytes);
    }
    jxl_release(r->c, in);
    jxl_release(r->c, out);
    return 0;
}

int jxl_exchange(Ranks *r, int64_t n, int64_t bytes, const char *x, char *y) {
    if (r->nranks > 1) return exchange_over_ranks(r, n, bytes, x, y);
    for (int64_t i = 0; bytes && i < n; i++)
        for (int64_t j = 0; j < n; j++) memcpy(y + (i * n + j) * bytes, x + (j * n + i) * bytes, (size_t)bytes);
    return 0;
}
