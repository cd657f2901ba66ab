/* The processes that run one program together.
**
** MPI is started only where the program has use for it and a launcher says that there are several ranks; it is reached
** through a plugin. */
#define _GNU_SOURCE
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What ranks show each other when they meet. */
typedef struct {
    int64_t hash, devices; /* of the program; JXL_NUM_DEVICES */
    int64_t host, pid, said;
} Card;

static struct {
    const jxl_comm *comm;
    int rank, nranks;
    int64_t devices; /* JXL_NUM_DEVICES; 0: as many as ranks */
    int64_t timeout; /* seconds */
} world = { .nranks = 1 };

const jxl_comm *jxl_comm_at_hand(void) { return world.comm; }

void jxl_share(int64_t n, int rank, int nranks, int64_t *first, int64_t *count) {
    int64_t size = n / nranks, longer = n % nranks;
    *first = rank * size + (rank < longer ? rank : longer);
    *count = size + (rank < longer);
}

void jxl_shard_range(jxl_call *c, int64_t n, int64_t *first_and_count) {
    jxl_share(n, c->rank, c->nranks, &first_and_count[0], &first_and_count[1]);
}

/* A number of the environment; `least` and more, else an error. */
static int number_of(jxl_call *c, const char *name, int64_t least, int64_t *n) {
    const char *text = getenv(name);
    char *end;
    if (!text) return 0;
    *n = strtoll(text, &end, 10);
    if (end == text || *end || *n < least)
        return jxl_fail_text(c, 1, "%s is \"%s\"; it must be a number from %lld on", name, text, (long long)least);
    return 0;
}

static int64_t hash_of_host(void) {
    char name[256] = "";
    uint64_t hash = 1469598103934665603u;
    gethostname(name, sizeof name - 1);
    for (const char *s = name; *s; s++) hash = (hash ^ (unsigned char)*s) * 1099511628211u;
    return (int64_t)hash;
}

static void take_card(int64_t hash, Card *mine, Card *all, int64_t *bytes, int64_t *at) {
    *mine = (Card){ hash, world.devices, hash_of_host(), getpid(), jxl_said_new() };
    for (int r = 0; r < world.nranks; r++) bytes[r] = sizeof *mine, at[r] = r * (int64_t)sizeof *mine;
    world.comm->gather(mine, all, bytes, at);
}

/* All ranks run this program on as many shards. */
static int compare(jxl_call *c, int64_t hash, const Launch *launch) {
    Card mine, *all = malloc((size_t)world.nranks * (sizeof *all + 2 * sizeof(int64_t)));
    if (!all) return jxl_fail_text(c, 1, "out of memory");
    take_card(hash, &mine, all, (int64_t *)(all + world.nranks), (int64_t *)(all + world.nranks) + world.nranks);
    int first = 0;
    while (all[first].host != mine.host) first++;
    jxl_said_share(all[first].pid, all[first].said);
    if (first != world.rank && mine.said >= 0) close((int)mine.said);
    for (int r = 1; r < world.nranks && !c->status; r++) {
        if (all[r].hash != all[0].hash) jxl_fail_text(c, 1, "rank %d runs another program than rank 0", r);
        if (all[r].devices != all[0].devices) jxl_fail_text(c, 1, "rank %d has another JXL_NUM_DEVICES than rank 0", r);
    }
    int here = 0;
    for (int r = 0; r < world.nranks; r++) here += all[r].host == mine.host;
    if (world.rank == 0 && !c->status) jxl_advise_binding(launch, here);
    jxl_ends_met(world.comm, first == 0);
    free(all);
    return c->status;
}

int jxl_meet(jxl_call *c, const char *directory, int64_t hash) {
    Launch launch = jxl_launched();
    world.timeout = 300;
    c->rank = launch.rank;
    c->nranks = launch.ranks;
    if (number_of(c, "JXL_NUM_DEVICES", 1, &world.devices) || number_of(c, "JXL_TIMEOUT", 1, &world.timeout))
        return c->status;
    if (launch.ranks == 1) return 0;
    double since = jxl_time(1);
    const jxl_comm *comm = jxl_plugin(c, &launch, directory);
    if (!comm) return c->status;
    jxl_ends_watch(launch.rank, world.timeout);
    if (comm->begin(&world.rank, &world.nranks)) return jxl_fail_text(c, 1, "%s could not be started", comm->name);
    if (world.nranks != launch.ranks)
        return jxl_fail_text(
            c, 1,
            "%s started %d ranks, and %s, through which this program talks to them, sees %d: start it with "
            "%s's mpirun%s",
            launch.launcher, launch.ranks, comm->name, world.nranks, comm->name,
            launch.sure ? "" : ", srun --mpi=pmix (Open MPI) or srun --mpi=pmi2 (MPICH)");
    world.comm = comm;
    c->rank = world.rank;
    jxl_cost_starts(since);
    return compare(c, hash, &launch);
}

int64_t jxl_world_info(jxl_call *c, int32_t which) {
    int64_t devices = world.devices ? world.devices : c->nranks, first, count;
    if (which == 0) return devices;
    if (which == 2) return c->nranks;
    jxl_share(devices, 0, c->nranks, &first, &count);
    return count;
}

/* The same mistake is often made by all ranks: then rank 0 speaks, and others wait a little before they do. */
static void say_why(jxl_call *c) {
    const char *why = jxl_message(c), *after = jxl_last_place();
    char who[24] = "";
    if (c->rank) jxl_pause(2 + 0.2 * c->rank);
    if (!*why || !jxl_speaks()) return;
    if (c->rank) snprintf(who, sizeof who, "rank %d: ", c->rank);
    if (after && !strncmp(why, "out of memory", 13)) /* which has no place of its own */
        fprintf(stderr, "%s%s, after %s\n", who, why, after);
    else
        fprintf(stderr, "%s%s\n", who, why);
    jxl_let_read();
}

void jxl_world_end(jxl_call *c) {
    if (!c->status) {
        jxl_cost_print(c);
        jxl_watch("the end");
        world.comm->end();
        jxl_watch(NULL);
        jxl_ends_well();
        return;
    }
    jxl_ends_well();
    say_why(c);
    if (world.comm) world.comm->abort(c->status);
    _exit(c->status); /* an MPI that sees one rank only may wait for ever for the others */
}
