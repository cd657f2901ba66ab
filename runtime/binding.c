/* How ranks and threads share the processors of a machine: where that can be done better rank 0 says so, once. */
#define _GNU_SOURCE
#include "world.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What starts `ranks` ranks on each machine with so many processors for each. */
static void say_how(const Launch *launch, int ranks, int each) {
    static const char *const how[] = { [LAUNCHED_BY_OPENMPI] = "mpirun --map-by ppr:%d:node:PE=%d --bind-to core",
                                       [LAUNCHED_BY_MPICH] = "mpirun -ppn %d -bind-to core:%d",
                                       [LAUNCHED_BY_SLURM] = "srun --ntasks-per-node=%d --cpus-per-task=%d" };
    fprintf(stderr, "; `");
    fprintf(stderr, how[launch->by], ranks, each);
    fprintf(stderr, "` gives each %d\n", each);
}

void jxl_advise_binding(const Launch *launch, int ranks) {
    cpu_set_t set;
    int all = (int)sysconf(_SC_NPROCESSORS_ONLN), threads = jxl_num_threads(),
        wanted = getenv("JXL_NUM_THREADS") != NULL;
    if (sched_getaffinity(0, sizeof set, &set)) return;
    int bound = CPU_COUNT(&set), each = all / ranks > 1 ? all / ranks : 1;
    if (wanted && threads > bound) {
        fprintf(stderr, "advice: rank 0 is to use %d threads (JXL_NUM_THREADS), and may run on %d of %d processors",
                threads, bound, all);
        say_how(launch, ranks, threads);
    } else if (!wanted && threads > 1 && ranks * threads > all) {
        fprintf(stderr,
                "advice: %d ranks of this machine use %d threads each, of %d processors; JXL_NUM_THREADS=%d is better",
                ranks, threads, all, each);
        say_how(launch, ranks, each);
    } else if (!wanted && bound == 1 && each > 1) {
        fprintf(
            stderr,
            "advice: each of the %d ranks of this machine may run on 1 of %d processors (JXL_NUM_THREADS=1 says that "
            "this is meant)",
            ranks, all);
        say_how(launch, ranks, each);
    }
}
