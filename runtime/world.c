/* The processes that run one program together.
**
** MPI is started only where the program has use for it and a launcher says that there are several ranks; it is reached
** through a plugin.  A process that fails ends all of them with one message; one that waits for ever is found by a watch. */
#define _GNU_SOURCE
#include "comm.h"
#include "internal.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
    const jxl_comm *comm;
    int rank, nranks;
    int64_t devices; /* JXL_NUM_DEVICES; 0: as many as ranks */
    int64_t timeout; /* seconds */
} world = { .nranks = 1 };

static _Atomic(const char *) waits_in; /* what the main thread waits for others in */
static atomic_llong waits_since;       /* seconds */

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

/* How many ranks a launcher says there are, and which it is; 1 without one. */
static int launched(const char **launcher) {
    static const struct {
        const char *size, *launcher;
    } known[] = {
        { "OMPI_COMM_WORLD_SIZE", "Open MPI's mpirun" },
        { "MPI_LOCALNRANKS", "MPICH's mpirun" },
        { "PMI_SIZE", "a launcher with PMI" },
        { "SLURM_STEP_NUM_TASKS", "srun" },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const char *text = getenv(known[i].size);
        int n = text ? atoi(text) : 0;
        *launcher = known[i].launcher;
        if (n > 1) return n;
    }
    return 1;
}

/* Beside jxl's runtime, beside the program, or where JXL_COMM says. */
static const jxl_comm *plugin(jxl_call *c, const char *directory) {
    char path[4][4096], own[3000] = "";
    const char *named = getenv("JXL_COMM");
    ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
    char *slash = n > 0 ? strrchr(own, '/') : NULL;
    if (slash) *slash = 0;
    snprintf(path[0], sizeof path[0], "%s", named ? named : "");
    snprintf(path[1], sizeof path[1], "%s/libjxlmpi.so", directory);
    snprintf(path[2], sizeof path[2], "%s/libjxlmpi.so", own);
    snprintf(path[3], sizeof path[3], "libjxlmpi.so");
    for (int i = named ? 0 : 1; i < (named ? 1 : 4); i++) {
        void *library = dlopen(path[i], RTLD_NOW | RTLD_GLOBAL);
        const jxl_comm *comm = library ? dlsym(library, "jxl_comm_table") : NULL;
        if (comm && comm->version == JXL_COMM_VERSION) return comm;
    }
    jxl_fail_text(c, 1,
                  "a launcher started this program on several ranks, and jxl's MPI plugin is not there (%s); build jxl "
                  "where MPI is installed, or name it in JXL_COMM",
                  path[named ? 0 : 1]);
    return NULL;
}

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

static void pause_for(double seconds) {
    struct timespec t = { (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) };
    nanosleep(&t, NULL);
}

/* Who waits longest says so; a little later for higher ranks, so that one of them does. */
static void *watch(void *none) {
    for (;;) {
        pause_for(0.2);
        const char *what = atomic_load(&waits_in);
        if (!what || now() - atomic_load(&waits_since) < world.timeout) continue;
        pause_for(0.3 * world.rank);
        if (what != atomic_load(&waits_in)) continue;
        fprintf(stderr, "rank %d: %s: the other ranks did not come within %lld s (JXL_TIMEOUT)\n", world.rank, what,
                (long long)world.timeout);
        fflush(stderr);
        _exit(1); /* the launcher ends the others */
    }
    return none;
}

void jxl_watch(const char *what) {
    atomic_store(&waits_since, now());
    atomic_store(&waits_in, what);
}

/* All ranks run this program on as many shards. */
static int compare(jxl_call *c, int64_t hash) {
    int64_t mine[2] = { hash, world.devices },
            *all = malloc((size_t)world.nranks * (sizeof mine + 2 * sizeof(int64_t)));
    if (!all) return jxl_fail_text(c, 1, "out of memory");
    int64_t *bytes = all + 2 * world.nranks, *at = bytes + world.nranks;
    for (int r = 0; r < world.nranks; r++) bytes[r] = sizeof mine, at[r] = r * (int64_t)sizeof mine;
    jxl_watch("the start");
    world.comm->gather(mine, all, bytes, at);
    jxl_watch(NULL);
    for (int r = 1; r < world.nranks && !c->status; r++) {
        if (all[2 * r] != all[0]) jxl_fail_text(c, 1, "rank %d runs another program than rank 0", r);
        if (all[2 * r + 1] != all[1]) jxl_fail_text(c, 1, "rank %d has another JXL_NUM_DEVICES than rank 0", r);
    }
    free(all);
    return c->status;
}

int jxl_world(jxl_call *c, const char *directory, int64_t hash) {
    const char *launcher;
    int expected = launched(&launcher);
    world.timeout = 300;
    if (number_of(c, "JXL_NUM_DEVICES", 1, &world.devices) || number_of(c, "JXL_TIMEOUT", 1, &world.timeout))
        return c->status;
    if (expected == 1) return 0;
    world.comm = plugin(c, directory);
    if (!world.comm) return c->status;
    if (world.comm->begin(&world.rank, &world.nranks)) return jxl_fail_text(c, 1, "MPI could not be started");
    if (world.nranks != expected) {
        world.comm = NULL;
        return jxl_fail_text(
            c, 1,
            "%s started %d ranks, and the MPI that jxl was built with sees %d; start the program with the "
            "mpirun of that MPI",
            launcher, expected, world.nranks);
    }
    c->rank = world.rank;
    c->nranks = world.nranks;
    pthread_t thread;
    if (!pthread_create(&thread, NULL, watch, NULL)) pthread_detach(thread);
    return compare(c, hash);
}

int64_t jxl_world_info(jxl_call *c, int32_t which) {
    int64_t devices = world.devices ? world.devices : c->nranks, first, count;
    if (which == 0) return devices;
    if (which == 2) return c->nranks;
    jxl_share(devices, 0, c->nranks, &first, &count);
    return count;
}

/* The same mistake is often made by all ranks: then rank 0 speaks, and others wait a little before they do. */
void jxl_world_end(jxl_call *c) {
    if (!c->status) {
        jxl_watch("the end");
        world.comm->end();
        jxl_watch(NULL);
        return;
    }
    if (c->rank) pause_for(2 + 0.2 * c->rank);
    if (*jxl_message(c)) {
        if (c->rank)
            fprintf(stderr, "rank %d: %s\n", c->rank, jxl_message(c));
        else
            fprintf(stderr, "%s\n", jxl_message(c));
    }
    fflush(stderr);
    world.comm->abort(c->status);
}
