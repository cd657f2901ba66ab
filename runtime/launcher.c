/* Who started this program, on how many ranks, and the plugin for the MPI that this belongs to.
**
** Programs of different MPIs do not understand each other's launchers: each process would take itself for the only one.  So
** the launcher's environment chooses among the plugins that jxl was built with, or JXL_MPI does. */
#define _GNU_SOURCE
#include "world.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What --mpi=link puts into the program; else there is none. */
extern const jxl_comm jxl_comm_table __attribute__((weak));

static const struct {
    const char *name, *title, *package;
} mpis[] = { { "openmpi", "Open MPI", "libopenmpi-dev" }, { "mpich", "MPICH", "libmpich-dev" } };
enum { OPENMPI = LAUNCHED_BY_OPENMPI, MPICH = LAUNCHED_BY_MPICH, MPIS };

/* From the surest sign to the least; `also` must be there too. */
static const struct {
    const char *size, *also, *rank;
    int mpi;
    int sure; /* no other MPI can be meant */
    const char *launcher;
} signs[] = {
    { "OMPI_COMM_WORLD_SIZE", "", "OMPI_COMM_WORLD_RANK", OPENMPI, 1, "Open MPI's mpirun" },
    { "PMI_SIZE", "MPI_LOCALNRANKS", "PMI_RANK", MPICH, 1, "MPICH's mpirun" },
    { "SLURM_STEP_NUM_TASKS", "PMIX_RANK", "PMIX_RANK", OPENMPI, 0, "srun" },
    { "PMI_SIZE", "", "PMI_RANK", MPICH, 0, "a launcher with PMI" },
    { "SLURM_STEP_NUM_TASKS", "", "SLURM_PROCID", OPENMPI, 0, "srun" },
};

static int number(const char *name) {
    const char *text = getenv(name);
    return text ? atoi(text) : 0;
}

Launch jxl_launched(void) {
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (number(signs[i].size) < 2 || (*signs[i].also && !getenv(signs[i].also))) continue;
        int by = !signs[i].sure && getenv("SLURM_JOB_ID") ? LAUNCHED_BY_SLURM : signs[i].mpi;
        return (Launch){ signs[i].launcher, number(signs[i].rank), number(signs[i].size),
                         signs[i].mpi,      signs[i].sure,         by };
    }
    return (Launch){ .ranks = 1 };
}

/* Where the program stands. */
static void own_directory(char *path, size_t room) {
    ssize_t n = readlink("/proc/self/exe", path, room - 1);
    path[n > 0 ? n : 0] = 0;
    char *slash = strrchr(path, '/');
    if (slash) *slash = 0;
}

static const jxl_comm *table_in(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL); /* Open MPI's own plugins want its names */
    const jxl_comm *comm = library ? dlsym(library, "jxl_comm_table") : NULL;
    return comm && comm->version == JXL_COMM_VERSION ? comm : NULL;
}

/* The plugin's path: beside jxl's runtime, or beside the program; 0 where it is at neither place. */
static int find(int mpi, const char *directory, char *path, size_t room) {
    char own[3000];
    own_directory(own, sizeof own);
    const char *const places[] = { directory, own };
    for (int i = 0; i < 2; i++) {
        snprintf(path, room, "%s/libjxlmpi-%s.so", places[i], mpis[mpi].name);
        if (!access(path, R_OK)) return 1;
    }
    return 0;
}

/* The one plugin that is meant, whatever the launcher. */
static const jxl_comm *chosen_by_hand(jxl_call *c, const char *choice, const char *directory) {
    char path[4096];
    int there = 1;
    snprintf(path, sizeof path, "%s", choice);
    if (!strchr(choice, '/')) {
        int mpi = 0;
        while (mpi < MPIS && strcmp(mpis[mpi].name, choice)) mpi++;
        if (mpi == MPIS) {
            jxl_fail_text(c, 1, "JXL_MPI is \"%s\"; it must be openmpi, mpich, or the path of a plugin", choice);
            return NULL;
        }
        there = find(mpi, directory, path, sizeof path);
    }
    const jxl_comm *comm = there ? table_in(path) : NULL;
    if (!comm)
        jxl_fail_text(c, 1, "JXL_MPI is \"%s\", and that plugin could not be loaded: %s", choice,
                      there ? dlerror() : "jxl was built without that MPI");
    return comm;
}

const jxl_comm *jxl_plugin(jxl_call *c, const Launch *launch, const char *directory) {
    const char *by_hand = getenv("JXL_MPI");
    char path[4096];
    int other = 1 - launch->mpi;
    if (&jxl_comm_table) return &jxl_comm_table;
    if (by_hand && *by_hand) return chosen_by_hand(c, by_hand, directory);
    int mpi = find(launch->mpi, directory, path, sizeof path) ? launch->mpi : other;
    int there = mpi == launch->mpi || find(other, directory, path, sizeof path);
    if (!there) {
        jxl_fail_text(c, 1,
                      "%s started this program on %d ranks, and jxl was built without MPI (no libjxlmpi-%s.so in %s or "
                      "beside the program): build it where %s is installed, or name a plugin in JXL_MPI",
                      launch->launcher, launch->ranks, mpis[launch->mpi].name, directory, mpis[launch->mpi].package);
        return NULL;
    }
    if (mpi != launch->mpi && launch->sure) {
        jxl_fail_text(
            c, 1,
            "%s started this program on %d ranks, and jxl was built with %s only: start it with %s's mpirun, or "
            "build jxl where %s is installed",
            launch->launcher, launch->ranks, mpis[other].title, mpis[other].title, mpis[launch->mpi].package);
        return NULL;
    }
    const jxl_comm *comm = table_in(path);
    if (!comm) {
        const char *why = dlerror();
        jxl_fail_text(c, 1, "jxl's plugin for %s could not be loaded: %s", mpis[mpi].title,
                      why ? why : "it is another jxl's");
    }
    return comm;
}
