/* What single shards give single others: permutations, and all to all. */
#include "collective.h"

#include <stdio.h>
#include <string.h>

int jxl_ranks_room(Ranks *r, jxl_call *c) {
    *r = (Ranks){ .c = c, .comm = jxl_comm_at_hand(), .nranks = c->nranks };
    r->bytes = jxl_alloc(c, 4 * (int64_t)sizeof *r->bytes * c->nranks);
    if (!r->bytes) return c->status;
    r->at = r->bytes + c->nranks;
    r->in_bytes = r->at + c->nranks;
    r->in_at = r->in_bytes + c->nranks;
    return 0;
}

int jxl_ranks_meet(Ranks *r, const char *what, int kind, int64_t n, int64_t elements) {
    static int64_t number; /* of collectives so far */
    enum { WORDS = 12 };
    int64_t mine[WORDS] = { ++number, kind, n, elements };
    int64_t *all = jxl_alloc(r->c, (int64_t)sizeof mine * r->nranks);
    if (!all) return r->c->status;
    snprintf((char *)&mine[4], sizeof mine - 4 * sizeof *mine, "%s", what);
    for (int i = 0; i < r->nranks; i++) r->bytes[i] = sizeof mine, r->at[i] = i * (int64_t)sizeof mine;
    int wrong = r->comm->gather(mine, all, r->bytes, r->at);
    for (int i = 0; i < r->nranks && !wrong && !r->c->status; i++)
        if (memcmp(all, all + i * WORDS, sizeof mine))
            jxl_fail_text(r->c, 1,
                          "the ranks went different ways: rank 0 is at %s, and rank %d at %s (collective %lld)",
                          (char *)&all[4], i, (char *)&all[i * WORDS + 4], (long long)number);
    jxl_release(r->c, all);
    return wrong ? jxl_fail_text(r->c, 1, "%s: MPI failed", what) : r->c->status;
}

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

static int permute_over_ranks(Ranks *r, int64_t n, int64_t bytes, const char *x, char *y, const int32_t *from) {
    int me = r->c->rank;
    int64_t first, count;
    char *out, *in;
    jxl_share(n, me, r->nranks, &first, &count);
    for (int i = 0; i < r->nranks; i++) r->bytes[i] = r->in_bytes[i] = 0;
    for (int64_t i = 0; i < n; i++) {
        if (from[i] < 0 || from[i] >= n) continue;
        int to = owner_of(n, i, r->nranks), by = owner_of(n, from[i], r->nranks);
        if (by == me) r->bytes[to] += bytes;
        if (to == me) r->in_bytes[by] += bytes;
    }
    if (!make_room(r, &out, &in)) return r->c->status;
    for (int64_t i = 0; i < n; i++) { /* in the order of those who get it */
        if (from[i] < first || from[i] >= first + count) continue;
        int64_t *at = &r->at[owner_of(n, i, r->nranks)];
        memcpy(out + *at, x + (from[i] - first) * bytes, (size_t)bytes);
        *at += bytes;
    }
    for (int i = 0; i < r->nranks; i++) r->at[i] -= r->bytes[i];
    r->comm->exchange(out, r->bytes, r->at, in, r->in_bytes, r->in_at);
    for (int64_t i = 0; i < count; i++) {
        int64_t source = from[first + i];
        if (source < 0 || source >= n) {
            memset(y + i * bytes, 0, (size_t)bytes);
            continue;
        }
        int64_t *at = &r->in_at[owner_of(n, source, r->nranks)];
        memcpy(y + i * bytes, in + *at, (size_t)bytes);
        *at += bytes;
    }
    jxl_release(r->c, in);
    jxl_release(r->c, out);
    return 0;
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
    r->comm->exchange(out, r->bytes, r->at, in, r->in_bytes, r->in_at);
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
