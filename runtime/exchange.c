/* What single shards give single others, permutations, and all to all; and what some give all.
**
** Each rank's share travels from where it stands and to where it belongs, if it is in one piece there; else it is packed. */
#include "collective.h"

#include <string.h>

/* The rank that has a shard. */
static int owner_of(int64_t n, int64_t shard, int nranks) {
    int64_t size = n / nranks, longer = n % nranks, in_longer = longer * (size + 1);
    return (int)(shard < in_longer ? shard / (size + 1) : longer + (shard - in_longer) / size);
}

/* Permutations. */

typedef struct {
    bool known, packs, unpacks;
    int64_t sent, taken; /* bytes of what is packed, and of what comes so */
    char *out, *in;
    int32_t from[]; /* of which all this is known */
} Permutation;

static int64_t permutation_bytes(const Collective *d) {
    return (int64_t)sizeof(Permutation) + d->n * (int64_t)sizeof(int32_t);
}
static void permutation_plan(Collective *d) { (void)d; }

/* What goes to, or comes from, one rank; whether that is not in one piece. */
static bool add_shard(int64_t *bytes, int64_t *at, int rank, int64_t shard_at, int64_t shard_bytes) {
    if (!bytes[rank]) at[rank] = shard_at;
    bool apart = at[rank] + bytes[rank] != shard_at;
    bytes[rank] += shard_bytes;
    return apart;
}

/* One behind the other; how much that is. */
static int64_t in_order(int nranks, const int64_t *bytes, int64_t *at) {
    int64_t total = 0;
    for (int i = 0; i < nranks; total += bytes[i++]) at[i] = total;
    return total;
}

static void learn(Collective *d) {
    Permutation *p = d->own;
    size_t bytes = (size_t)d->n * sizeof *p->from;
    if (p->known && !memcmp(p->from, d->from, bytes)) return;
    memcpy(p->from, d->from, bytes);
    p->known = true;
    p->packs = p->unpacks = false;
    for (int i = 0; i < d->nranks; i++) d->to_bytes[i] = d->in_bytes[i] = 0;
    for (int64_t i = 0; i < d->n; i++) {
        if (d->from[i] < 0 || d->from[i] >= d->n) continue;
        int to = owner_of(d->n, i, d->nranks), by = owner_of(d->n, d->from[i], d->nranks);
        if (to == by) continue;
        if (by == d->rank)
            p->packs |= add_shard(d->to_bytes, d->to_at, to, (d->from[i] - d->first) * d->bytes, d->bytes);
        if (to == d->rank) p->unpacks |= add_shard(d->in_bytes, d->in_at, by, (i - d->first) * d->bytes, d->bytes);
    }
    p->sent = p->packs ? in_order(d->nranks, d->to_bytes, d->to_at) : 0;
    p->taken = p->unpacks ? in_order(d->nranks, d->in_bytes, d->in_at) : 0;
}

/* In the order of those who get it. */
static void pack(const Collective *d, char *out) {
    for (int64_t i = 0; i < d->n; i++) {
        int to = owner_of(d->n, i, d->nranks);
        if (to == d->rank || d->from[i] < d->first || d->from[i] >= d->first + d->count) continue;
        memcpy(out + d->to_at[to], d->arrays->x + (d->from[i] - d->first) * d->bytes, (size_t)d->bytes);
        d->to_at[to] += d->bytes;
    }
    for (int i = 0; i < d->nranks; i++) d->to_at[i] -= d->to_bytes[i];
}

static void unpack(const Collective *d, const char *in) {
    const Permutation *p = d->own;
    for (int64_t i = 0; i < d->count; i++) {
        int64_t source = p->from[d->first + i];
        int by = source >= 0 && source < d->n ? owner_of(d->n, source, d->nranks) : d->rank;
        if (by == d->rank) continue;
        memcpy(d->arrays->y + i * d->bytes, in + d->in_at[by], (size_t)d->bytes);
        d->in_at[by] += d->bytes;
    }
    for (int i = 0; i < d->nranks; i++) d->in_at[i] -= d->in_bytes[i];
}

/* What stays, and what nobody sends. */
static void permute_own(const Collective *d) {
    for (int64_t i = 0; d->bytes && i < d->count; i++) {
        int64_t source = d->from[d->first + i];
        char *y = d->arrays->y + i * d->bytes;
        if (source < 0 || source >= d->n)
            memset(y, 0, (size_t)d->bytes);
        else if (source >= d->first && source < d->first + d->count)
            memcpy(y, d->arrays->x + (source - d->first) * d->bytes, (size_t)d->bytes);
    }
}

static int permutation_begin(Collective *d) {
    Permutation *p = d->own;
    learn(d);
    if (p->sent + p->taken) {
        p->out = jxl_collective_room(d, p->sent + p->taken);
        if (!p->out) return d->c->status;
        p->in = p->out + p->sent;
        if (p->packs) pack(d, p->out);
    }
    if (d->nranks > 1 &&
        jxl_collective_start(d, JXL_FIRST_STREAM, p->packs ? p->out : d->arrays->x, p->unpacks ? p->in : d->arrays->y))
        return d->c->status;
    permute_own(d);
    return 0;
}

static int permutation_go_on(Collective *d) {
    const Permutation *p = d->own;
    if (p->unpacks) unpack(d, p->in);
    return 0;
}

const Kind_of_collective jxl_permutations = { permutation_bytes, permutation_plan, permutation_begin,
                                              permutation_go_on };

/* All to all: x has for each shard of this rank something for each other one.  Of one shard both are in one piece. */

typedef struct {
    char *out, *in;
} Exchange;

static int64_t exchange_bytes(const Collective *d) { return (void)d, (int64_t)sizeof(Exchange); }

static int64_t bytes_of_pair(const Collective *d) { return d->n ? d->bytes / d->n : 0; }

static void exchange_plan(Collective *d) {
    for (int i = 0; i < d->nranks; i++) {
        int64_t first, count;
        jxl_share(d->n, i, d->nranks, &first, &count);
        d->to_at[i] = d->in_at[i] = d->count * first * bytes_of_pair(d);
        d->to_bytes[i] = d->in_bytes[i] = d->count * count * bytes_of_pair(d);
    }
}

static int exchange_begin(Collective *d) {
    Exchange *e = d->own;
    const Array *a = d->arrays;
    int64_t bytes = bytes_of_pair(d), first, others;
    if (d->nranks == 1) {
        for (int64_t i = 0; bytes && i < d->n; i++)
            for (int64_t j = 0; j < d->n; j++)
                memcpy(a->y + (i * d->n + j) * bytes, a->x + (j * d->n + i) * bytes, (size_t)bytes);
        return 0;
    }
    if (d->count > 1) {
        e->out = jxl_collective_room(d, 2 * d->count * d->bytes);
        if (!e->out) return d->c->status;
        e->in = e->out + d->count * d->bytes;
        for (int i = 0; i < d->nranks; i++) {
            jxl_share(d->n, i, d->nranks, &first, &others);
            for (int64_t k = 0; k < d->count; k++)
                memcpy(e->out + d->to_at[i] + k * others * bytes, a->x + (k * d->n + first) * bytes,
                       (size_t)(others * bytes));
        }
        memcpy(e->in + d->in_at[d->rank], e->out + d->to_at[d->rank], (size_t)d->to_bytes[d->rank]);
        return jxl_collective_start(d, JXL_FIRST_STREAM, e->out, e->in);
    }
    if (d->to_bytes[d->rank]) memcpy(a->y + d->in_at[d->rank], a->x + d->to_at[d->rank], (size_t)d->to_bytes[d->rank]);
    return jxl_collective_start(d, JXL_FIRST_STREAM, a->x, a->y);
}

static int exchange_go_on(Collective *d) {
    const Exchange *e = d->own;
    int64_t bytes = bytes_of_pair(d), first, others;
    for (int i = 0; d->count > 1 && bytes && i < d->nranks; i++) {
        jxl_share(d->n, i, d->nranks, &first, &others);
        for (int64_t j = 0; j < others; j++)
            for (int64_t k = 0; k < d->count; k++)
                memcpy(d->arrays->y + (k * d->n + first + j) * bytes, e->in + d->in_at[i] + (j * d->count + k) * bytes,
                       (size_t)bytes);
    }
    return 0;
}

const Kind_of_collective jxl_exchanges = { exchange_bytes, exchange_plan, exchange_begin, exchange_go_on };

/* Some shards, to all. */

static int64_t taking_bytes(const Collective *d) { return (void)d, 0; }
static void taking_plan(Collective *d) { (void)d; }

static int taking_begin(Collective *d) {
    int64_t from = d->wanted_from < d->n - d->wanted ? d->wanted_from : d->n - d->wanted;
    if (from < 0) from = 0;
    for (int i = 0; i < d->nranks; i++) {
        int64_t first, count;
        jxl_share(d->n, i, d->nranks, &first, &count);
        int64_t low = first > from ? first : from, high = first + count;
        if (high > from + d->wanted) high = from + d->wanted;
        d->in_bytes[i] = high > low ? (high - low) * d->bytes : 0;
        d->in_at[i] = (low - from) * d->bytes;
    }
    int64_t bytes = d->in_bytes[d->rank], at = bytes ? (from + d->in_at[d->rank] / d->bytes - d->first) * d->bytes : 0;
    for (int i = 0; i < d->nranks; i++) {
        d->to_bytes[i] = bytes;
        d->to_at[i] = at;
    }
    if (d->nranks > 1 && jxl_collective_start(d, JXL_FIRST_STREAM, d->arrays->x, d->arrays->y)) return d->c->status;
    if (bytes) memcpy(d->arrays->y + d->in_at[d->rank], d->arrays->x + at, (size_t)bytes);
    return 0;
}

static int taking_go_on(Collective *d) { return (void)d, 0; }

const Kind_of_collective jxl_takings = { taking_bytes, taking_plan, taking_begin, taking_go_on };
