/* Ends that nobody asked for, of one of several processes: it waits for ever, it is stopped by a signal, it calls exit().
**
** All end then, and one says where it was.  Which one: the ranks of a machine share a word of memory, and speaks who finds it
** still empty.  It is in a nameless file of the first of them, which goes away with the processes however they end. */
#define _GNU_SOURCE
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static atomic_int own_word;
static atomic_int *said = &own_word;   /* not 0: one of this machine's ranks has said why all end */
static bool too_late;                  /* the process that has the word had ended before this one asked for it */
static _Atomic(const char *) waits_in; /* what the main thread waits for others in */
static _Atomic(const char *) last_in;  /* ... or waited last */
static atomic_llong waits_since;       /* seconds */
static atomic_bool over;               /* it ended as it should, or is about to end all */

static struct {
    const jxl_comm *comm;
    int rank, may_speak;
    long long timeout;
    char name[24]; /* "rank 3: " */
} me;

void jxl_pause(double seconds) {
    struct timespec t = { (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) };
    nanosleep(&t, NULL);
}

static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

void jxl_watch(const char *what) {
    atomic_store(&waits_since, now());
    if (what) atomic_store(&last_in, what);
    atomic_store(&waits_in, what);
}

void jxl_comes_to(const char *what) { atomic_store_explicit(&last_in, what, memory_order_relaxed); }

const char *jxl_last_place(void) { return atomic_load(&last_in); }

/* ---- one of them speaks ---- */

int jxl_said_new(void) {
    int fd = memfd_create("jxl-said", MFD_CLOEXEC);
    if (fd >= 0 && ftruncate(fd, sizeof *said)) close(fd), fd = -1;
    return fd;
}

void jxl_said_share(int64_t pid, int64_t fd) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%lld/fd/%lld", (long long)pid, (long long)fd);
    int file = fd < 0 ? -1 : open(path, O_RDWR | O_CLOEXEC);
    too_late = fd >= 0 && file < 0 && errno == ENOENT;
    void *word = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *said, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file >= 0) close(file);
    if (word != MAP_FAILED) said = word;
}

int jxl_speaks(void) { return !atomic_exchange(said, 1); }

/* A launcher may kill this process, and forget what it has not read of it yet: until it has, or for a second. */
void jxl_let_read(void) {
    int left;
    fflush(stdout);
    for (int i = 0; i < 100 && !ioctl(STDERR_FILENO, FIONREAD, &left) && left; i++) jxl_pause(0.01);
}

/* As a signal handler may. */
static void say(const char *text) {
    const char *const all[] = { me.name, atomic_load(&last_in), text };
    for (int i = 0; i < 3; i++)
        if (write(STDERR_FILENO, all[i], strlen(all[i])) < 0) return;
}

/* ---- how it ends ---- */

/* MPI takes its time to start on a busy machine. */
static long long limit(void) {
    enum { START = 60 };
    return me.comm || me.timeout > START ? me.timeout : START;
}

/* Who waits longest says so; a little later for higher ranks, so that one of them does. */
static void *watch(void *none) {
    for (;;) {
        jxl_pause(0.2);
        const char *what = atomic_load(&waits_in);
        if (!what || now() - atomic_load(&waits_since) < limit()) continue;
        jxl_pause(0.3 * me.rank + (me.may_speak ? 0 : 1)); /* other machines than the first have a word of their own */
        if (what != atomic_load(&waits_in)) continue;
        if (jxl_speaks())
            fprintf(stderr, "%s%s: the other ranks did not come within %lld s (JXL_TIMEOUT)\n", me.name, what, limit());
        jxl_let_read();
        _exit(1); /* the launcher ends the others */
    }
    return none;
}

/* What some launchers send to those that are left when one has ended; others kill at once. */
static void on_signal(int number) {
    if (!atomic_load(&over) && me.may_speak && !too_late && jxl_speaks())
        say(" was the last place when the launcher ended it (SIGTERM): another rank had ended, or all were stopped\n");
    signal(number, SIG_DFL);
    raise(number);
}

/* C code that the program calls has called exit(): some MPIs would take that for success. */
static void on_exit_early(void) {
    if (atomic_exchange(&over, true)) return;
    if (jxl_speaks()) say(": exit() was called after this, before the end of the program\n");
    jxl_let_read();
    if (me.comm) me.comm->abort(1);
    _exit(1);
}

void jxl_ends_watch(int rank, int64_t timeout) {
    pthread_t thread;
    me.rank = rank;
    me.timeout = timeout;
    snprintf(me.name, sizeof me.name, "rank %d: ", rank);
    jxl_watch("the start");
    if (!pthread_create(&thread, NULL, watch, NULL)) pthread_detach(thread);
    atexit(on_exit_early);
}

void jxl_ends_met(const jxl_comm *comm, int may_speak) {
    struct sigaction old, new = { .sa_handler = on_signal };
    me.comm = comm;
    me.may_speak = may_speak;
    jxl_watch(NULL);
    if (!sigaction(SIGTERM, NULL, &old) && old.sa_handler == SIG_DFL) sigaction(SIGTERM, &new, NULL);
}

void jxl_ends_well(void) { atomic_store(&over, true); }
