/* What shards give each other, wherever they run: begun in one place and waited for in another.
**
** Between kernels programs poll, which takes what has begun one step further.  Ranks come to the same collectives in the same
** order; those that have a second step take it in the order in which they began: so what ranks send each other comes in the
** same order everywhere. */
#include "collective.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

static const double LATE = 3e-4, PAUSE = 3e-5; /* seconds */
enum { SOON = 200, PLACES = 64, MOST_OF_A_PLACE = 8, SHORT_ROOM = 1 << 17 };

static struct { Collective *first, **last; } begun = { NULL, &begun.first };
static Collective *kept[PLACES];

/* Blocks of all to all; of one process, a copy. */

static int64_t gather_own_bytes(const Collective *d) { return (void)d, 0; }

static void gather_plan(Collective *d) {
    for (int i = 0; i < d->nranks; i++) {
        int64_t first, count;
        jxl_share(d->n, i, d->nranks, &first, &count);
        d->to_at[i] = 0;
        d->to_bytes[i] = d->count * d->bytes;
        d->in_at[i] = first * d->bytes;
        d->in_bytes[i] = count * d->bytes;
    }
}

static int gather_begin(Collective *d) {
    char *mine = d->arrays->y + d->in_at[d->rank];
    if (d->nranks > 1 && jxl_collective_start(d, JXL_FIRST_STREAM, d->arrays->x, d->arrays->y)) return d->c->status;
    if (d->to_bytes[d->rank] > 0) memcpy(mine, d->arrays->x, (size_t)d->to_bytes[d->rank]);
    return 0;
}

static int gather_go_on(Collective *d) { return (void)d, 0; }

static const Kind_of_collective gathers = { gather_own_bytes, gather_plan, gather_begin, gather_go_on };

static const Kind_of_collective *kind_of(const Collective *d) {
    switch (d->kind) {
    case JXL_GATHER: return &gathers;
    case JXL_PERMUTE: return &jxl_permutations;
    case JXL_EXCHANGE: return &jxl_exchanges;
    case JXL_TAKE: return &jxl_takings;
    default: return &jxl_reductions;
    }
}

/* Plans. */

static int64_t elements_of(const jxl_array *x) {
    int64_t n = 1;
    for (int i = 1; i < x->rank; i++) n *= x->shape[i];
    return n;
}

static bool same_arrays(const Collective *d, const jxl_array *xs) {
    for (int i = 0; i < d->narrays; i++)
        if (d->arrays[i].elements != elements_of(&xs[i])) return false;
    return true;
}

static uint64_t mixed(uint64_t hash, uint64_t x) { return (hash ^ x) * 0x9e3779b97f4a7c15; }

/* What tells places of a program apart. */
typedef struct {
    const char *what;
    int kind, way, dtype, narrays;
    int64_t n;
    const jxl_array *arrays;
} Place;

/* One that is kept and like that, or NULL; `*spare`: where there are enough of them, one that is not used now. */
static Collective *find(Collective **kept_there, const Place *p, Collective ***spare) {
    int k = 0;
    for (Collective **link = kept_there; *link; link = &(*link)->other, k++) {
        Collective *d = *link;
        if (d->used) continue;
        if (d->what == p->what && d->kind == p->kind && d->way == p->way && d->n == p->n && d->dtype == p->dtype &&
            d->narrays == p->narrays && same_arrays(d, p->arrays))
            return d;
        if (k >= MOST_OF_A_PLACE) *spare = link;
    }
    return NULL;
}

static int64_t aligned(int64_t bytes) { return (bytes + 15) / 16 * 16; }

static Collective *made(jxl_call *c, const Place *p, bool keep) {
    Collective like = { .c = c,
                        .comm = jxl_comm_at_hand(),
                        .what = p->what,
                        .kind = p->kind,
                        .way = p->way,
                        .dtype = p->dtype,
                        .size = jxl_dtypes[p->dtype].size,
                        .narrays = p->narrays,
                        .n = p->n,
                        .rank = c->rank,
                        .nranks = c->nranks };
    int64_t arrays = aligned((int64_t)sizeof like), ranks = arrays + aligned(p->narrays * (int64_t)sizeof(Array));
    int64_t own = ranks + aligned(4 * (int64_t)sizeof(int64_t) * c->nranks);
    int64_t bytes = own + kind_of(&like)->own_bytes(&like);
    char *memory = keep ? malloc((size_t)bytes) : jxl_alloc(c, bytes);
    if (!memory) {
        jxl_fail_text(c, 1, "out of memory");
        return NULL;
    }
    memset(memory, 0, (size_t)bytes);
    Collective *d = (Collective *)memory;
    *d = like;
    d->kept = keep;
    d->arrays = (Array *)(memory + arrays);
    d->to_bytes = (int64_t *)(memory + ranks);
    d->to_at = d->to_bytes + d->nranks;
    d->in_bytes = d->to_at + d->nranks;
    d->in_at = d->in_bytes + d->nranks;
    d->own = memory + own;
    jxl_share(d->n, d->rank, d->nranks, &d->first, &d->count);
    d->in_one = p->way & JXL_SIDE_BY_SIDE && d->n == d->nranks && keep;
    d->comes_in_one = d->in_one && p->way & JXL_COME_SIDE_BY_SIDE;
    for (int i = 0; i < d->narrays; i++) {
        int64_t line = d->in_one ? 64 / d->size : 1;
        d->arrays[i].at = (d->elements + line - 1) / line * line;
        d->arrays[i].elements = elements_of(&p->arrays[i]);
        d->elements = d->arrays[i].at + d->arrays[i].elements;
    }
    d->bytes = d->elements * d->size;
    d->hash = mixed(mixed(mixed(0, (uint64_t)d->kind), (uint64_t)d->n), (uint64_t)d->elements);
    for (const char *s = d->what; keep && *s; s++) d->hash = (d->hash ^ (unsigned char)*s) * 0x100000001b3;
    kind_of(d)->plan(d);
    return d;
}

static Collective *planned(jxl_call *c, const Place *p) {
    if (c->nranks == 1) return made(c, p, false); /* calls may come from several threads */
    uint64_t hash = mixed(mixed((uintptr_t)p->what, (uint64_t)p->kind), (uint64_t)elements_of(p->arrays));
    Collective **place = &kept[hash >> 40 & (PLACES - 1)], **spare = NULL, *d = find(place, p, &spare);
    if (d) return d;
    if (spare) {
        Collective *old = *spare;
        *spare = old->other;
        free(old->room);
        free(old);
    }
    d = made(c, p, true);
    if (!d) return NULL;
    d->other = *place;
    return *place = d;
}

char *jxl_collective_room(Collective *d, int64_t bytes) {
    if (!d->kept || bytes > SHORT_ROOM) return d->borrowed = jxl_alloc(d->c, bytes);
    if (d->room && d->room_bytes >= bytes) return d->room;
    free(d->room);
    d->room_bytes = (bytes + 63) / 64 * 64;
    d->room = aligned_alloc(64, (size_t)(d->room_bytes ? d->room_bytes : 64));
    if (!d->room) jxl_fail_text(d->c, 1, "out of memory");
    return d->room;
}

/* Under way. */

int jxl_collective_start(Collective *d, jxl_stream stream, const void *out, void *in) {
    int64_t bytes = 0, taken = 0;
    for (int i = 0; i < d->nranks; i++) {
        bytes += i == d->rank ? 0 : d->to_bytes[i];
        taken += i == d->rank ? 0 : d->in_bytes[i];
    }
    if (!bytes && !taken) return 0;
    jxl_cost_underway(0, bytes);
    d->started = d->comm->start(stream, d->tag, out, d->to_bytes, d->to_at, in, d->in_bytes, d->in_at);
    return d->started ? 0 : jxl_fail_text(d->c, 1, "%s: MPI failed", d->what);
}

/* Whether all that is on its way has gone and come; else not yet, or an error. */
static bool has_come(Collective *d) {
    if (!d->started) return true;
    int result = d->comm->finish(d->started, 0);
    if (result < 0 && result >= -d->nranks)
        jxl_fail_text(d->c, 1, "%s: the ranks went different ways: rank %d is somewhere else", d->what, -1 - result);
    else if (result < 0)
        jxl_fail_text(d->c, 1, "%s: MPI failed, or the ranks went different ways", d->what);
    if (result > 0) d->started = NULL;
    return result > 0;
}

static void leave_queue(const Collective *d) {
    Collective **link = &begun.first;
    while (*link != d) link = &(*link)->later;
    *link = d->later;
    if (!*link) begun.last = link;
    jxl_cost_underway(-1, 0);
}

static void go_on(Collective *d) {
    while (!d->ended && has_come(d)) {
        if (kind_of(d)->go_on(d)) return;
        d->ended = !d->started;
    }
    if (d->ended) leave_queue(d);
}

static Collective *first_in_turn(void) {
    Collective *d = begun.first;
    while (d && !d->in_turn) d = d->later;
    return d;
}

/* At first it looks again and again; who waits long leaves the processor to others, such as those it waits for. */
static void wait_for(Collective *d) {
    double since = 0;
    int k = 0;
    for (; !d->ended && !d->c->status; k++) {
        if (k == SOON) {
            jxl_watch(d->what);
            since = jxl_time(1);
        }
        if (k > SOON && jxl_time(1) - since > LATE) jxl_pause(PAUSE);
        Collective *turn = first_in_turn();
        if (turn) go_on(turn);
        if (!d->in_turn && !d->ended) go_on(d);
    }
    if (k > SOON) jxl_watch(NULL);
}

static void drop(Collective *d) {
    jxl_release(d->c, d->borrowed);
    d->borrowed = NULL;
    d->used = false;
    if (!d->kept) jxl_release(d->c, d);
}

int jxl_collective_begin(jxl_call *c, const char *what, int32_t kind, int64_t n, int32_t narrays,
                         const jxl_array *xs_ys_from, int64_t *token) {
    static uint64_t number; /* of collectives so far */
    double since = jxl_cost_now();
    int way = kind & (JXL_SIDE_BY_SIDE | JXL_COME_SIDE_BY_SIDE);
    kind -= way;
    Place place = { what, kind, way, xs_ys_from->dtype, narrays, n, xs_ys_from };
    Collective *d = planned(c, &place);
    *token = 0;
    if (!d) return c->status;
    for (int i = 0; i < narrays; i++) {
        d->arrays[i].x = xs_ys_from[i].data;
        d->arrays[i].y = xs_ys_from[narrays + i].data;
    }
    d->from = kind == JXL_PERMUTE ? xs_ys_from[2].data : NULL;
    d->wanted = kind == JXL_TAKE ? xs_ys_from[1].shape[0] : 0;
    d->wanted_from = kind == JXL_TAKE ? *(const int64_t *)xs_ys_from[2].data : 0;
    d->c = c;
    d->used = true;
    d->ended = d->in_turn = false;
    d->later = NULL;
    if (c->nranks == 1) {
        kind_of(d)->begin(d);
        drop(d);
        return c->status;
    }
    d->tag = (int)((mixed(d->hash, ++number) >> 40) % JXL_COMM_TAGS);
    jxl_comes_to(what);
    jxl_cost_underway(1, 0);
    if (kind_of(d)->begin(d)) return c->status;
    *begun.last = d;
    begun.last = &d->later;
    *token = (int64_t)(intptr_t)d;
    if (jxl_cost_waits()) {
        wait_for(d);
        jxl_cost_waited(since);
    }
    return c->status;
}

int jxl_collective_poll(jxl_call *c) {
    if (!begun.first) return 0;
    double since = jxl_cost_now();
    bool turn = true;
    for (Collective *d = begun.first, *later; d && !c->status; d = later) {
        later = d->later;
        if (!d->in_turn || turn) go_on(d);
        turn &= !d->in_turn || d->ended;
    }
    jxl_cost_waited(since);
    return c->status;
}

int jxl_collective_end(jxl_call *c, int64_t token) {
    Collective *d = (Collective *)(intptr_t)token;
    if (!d) return 0;
    double since = jxl_cost_now();
    wait_for(d);
    jxl_cost_waited(since);
    drop(d);
    return c->status;
}
