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
    if (jxl_ranks_exchange(r, out, in)) return r->c->status;
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
