/* The pool: runs the pieces of a parallel loop on a few threads.
**
** One 64-bit word {epoch, pieces left} is all that threads compete for: who decrements it owns a piece, lowest first.
** The caller takes part and waits for *pieces*, not for threads, so a thread that the system keeps from running costs
** nothing.  A loop inside a loop, or one that starts while another caller has the pool, runs on its own thread.
** Threads start at the first loop that has work for them, spin for a moment after each loop, then sleep.
**
** A thread that the system takes off its processor in the middle of a piece is waited for, and one that sleeps costs a call to wake
** it.  So what loops lose by that, against one thread's time, is counted; when they have lost something, those that follow run on
** one thread for a few times as long.  A process that is busy on one of the processors then costs a fifth at most. */
#define _GNU_SOURCE
#include "internal.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PIECES_PER_THREAD = 4, SPIN_MICROSECONDS = 30 };
static const double patience = 1e-4 /* seconds that may be lost */, credit = 1e-3 /* and that gains make up for */;
enum { ALONE_FOR = 4 /* times what was lost */ };

struct jxl_pool {
    _Alignas(64) atomic_ullong word; /* epoch << 32 | pieces of the loop that nobody took yet */
    _Alignas(64) atomic_uint done;   /* pieces that have ended */
    atomic_uint waiting;             /* the caller sleeps on `done` */
    _Alignas(64) atomic_uint epoch;  /* as in `word`; idle threads sleep on it */
    atomic_uint asleep;              /* how many do */
    _Alignas(64) atomic_flag busy;   /* a caller has the pool */
    int threads;                     /* started so far, the caller's own not counted */
    int tried;                       /* starting them was tried */

    /* The loop at hand: valid for whoever owns a piece of it. */
    jxl_body body;
    void *context;
    int64_t n;
    unsigned pieces;
    int rank, nranks, own;
    double lost, alone;   /* seconds: by threads; and for which loops run without them */
    atomic_uint failed;   /* the lowest failed piece, UINT_MAX while there is none */
    pthread_mutex_t lock; /* of `failure` */
    jxl_call failure;
};

static struct jxl_pool process_pool = { .busy = ATOMIC_FLAG_INIT, .lock = PTHREAD_MUTEX_INITIALIZER };

jxl_pool *jxl_process_pool(void) { return &process_pool; }

static void sleep_on(atomic_uint *word, unsigned seen) {
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}
static void wake(atomic_uint *word, int n) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0); }

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* True while `word` stayed as it was for all of the time that is worth spinning. */
static int spin(atomic_uint *word, unsigned seen) {
    double end = jxl_time(1) + 1e-6 * SPIN_MICROSECONDS;
    do {
        for (int i = 0; i < 16; i++) {
            if (atomic_load_explicit(word, memory_order_acquire) != seen) return 0;
            relax();
        }
    } while (jxl_time(1) < end);
    return 1;
}

static void keep_lowest(jxl_pool *p, unsigned piece, jxl_call *mine) {
    pthread_mutex_lock(&p->lock);
    if (piece < atomic_load(&p->failed)) {
        atomic_store(&p->failed, piece);
        free(p->failure.message);
        p->failure.status = mine->status ? mine->status : 1;
        p->failure.message = mine->message;
        mine->message = NULL;
    }
    pthread_mutex_unlock(&p->lock);
}

static int64_t start_of(int64_t n, unsigned pieces, unsigned piece) {
    int64_t size = n / pieces, longer = n % pieces;
    return piece * size + (piece < longer ? piece : longer);
}

/* After a failure the pieces not yet taken are counted and not run: they are all higher than the failed one. */
static void run_piece(jxl_pool *p, unsigned piece) {
    if (piece < atomic_load_explicit(&p->failed, memory_order_relaxed)) {
        jxl_call mine = { .place = -1, .rank = p->rank, .nranks = p->nranks, .own = p->own };
        int64_t lo = start_of(p->n, p->pieces, piece), hi = start_of(p->n, p->pieces, piece + 1);
        if (p->body(&mine, p->context, lo, hi)) keep_lowest(p, piece, &mine);
        jxl_call_free(&mine);
    }
    unsigned pieces = p->pieces; /* not to be read once the last piece is done */
    if (atomic_fetch_add(&p->done, 1) + 1 == pieces && atomic_load(&p->waiting)) wake(&p->done, 1);
}

/* How many of them this thread ran. */
static int run_pieces(jxl_pool *p) {
    int n = 0;
    unsigned long long word = atomic_load(&p->word);
    while ((unsigned)word) {
        if (!atomic_compare_exchange_weak(&p->word, &word, word - 1)) continue;
        run_piece(p, p->pieces - (unsigned)word);
        n++;
        word = atomic_load(&p->word);
    }
    return n;
}

static void *worker(void *pool) {
    jxl_pool *p = pool;
    unsigned seen = 0;
    for (;;) {
        if (spin(&p->epoch, seen)) {
            atomic_fetch_add(&p->asleep, 1);
            if (atomic_load(&p->epoch) == seen) sleep_on(&p->epoch, seen);
            atomic_fetch_sub(&p->asleep, 1);
        }
        seen = atomic_load(&p->epoch);
        run_pieces(p);
    }
    return NULL;
}

/* Fewer threads than wanted may start; the pieces do not mind. */
static void start_threads(jxl_pool *p, int wanted) {
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &old); /* signals belong to the program's own threads */
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    while (p->threads < wanted && !pthread_create(&thread, &attr, worker, p)) p->threads++;
    pthread_attr_destroy(&attr);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    p->tried = 1;
}

static void join(jxl_pool *p) {
    for (;;) {
        unsigned done = atomic_load(&p->done);
        if (done == p->pieces) return;
        if (!spin(&p->done, done)) continue;
        atomic_store(&p->waiting, 1);
        if (atomic_load(&p->done) == done) sleep_on(&p->done, done);
        atomic_store(&p->waiting, 0);
    }
}

static int take_failure(jxl_pool *p, jxl_call *c) {
    unsigned piece = atomic_load(&p->failed);
    if (piece == UINT_MAX) return 0;
    int status = p->failure.status;
    if (c->status) {
        free(p->failure.message);
    } else {
        c->status = status;
        c->place = piece;
        c->message = p->failure.message;
    }
    p->failure = (jxl_call){ 0 };
    return status;
}

/* A loop took so long; its caller ran n pieces in `own` seconds, and alone would have run all. */
static void count_loss(jxl_pool *p, double seconds, double own, int n) {
    if (!n) return;
    p->lost += seconds - own * p->pieces / n;
    if (p->lost < -credit) p->lost = -credit;
    if (p->lost < patience) return;
    p->alone = ALONE_FOR * p->lost;
    p->lost = 0;
}

/* Called with the pool taken. */
static int run_loop(jxl_call *c, jxl_pool *p, jxl_body body, void *context, int64_t n, unsigned pieces) {
    p->body = body, p->context = context, p->n = n, p->pieces = pieces;
    p->rank = c->rank, p->nranks = c->nranks, p->own = c->own;
    double start = jxl_time(1);
    atomic_store(&p->failed, UINT_MAX);
    atomic_store(&p->done, 0);
    unsigned epoch = atomic_load(&p->epoch) + 1;
    atomic_store(&p->word, (unsigned long long)epoch << 32 | pieces);
    atomic_store(&p->epoch, epoch);
    if (atomic_load(&p->asleep)) wake(&p->epoch, (int)pieces - 1);
    double begin = jxl_time(1);
    int mine = run_pieces(p);
    double end = jxl_time(1);
    join(p);
    count_loss(p, jxl_time(1) - start, end - begin, mine);
    return take_failure(p, c);
}

static int run_here(jxl_call *c, jxl_body body, void *context, int64_t n) {
    int status = body(c, context, 0, n);
    if (status && !c->status) c->status = status;
    return status;
}

static int run_alone(jxl_call *c, jxl_pool *p, jxl_body body, void *context, int64_t n) {
    double start = jxl_time(1);
    int status = run_here(c, body, context, n);
    p->alone -= jxl_time(1) - start;
    return status;
}

int jxl_parallel_for(jxl_call *c, jxl_body body, void *context, int64_t n, int64_t grain) {
    if (n <= 0) return 0;
    jxl_pool *p = c->pool;
    int threads = p ? jxl_num_threads() : 1;
    int64_t most = (int64_t)threads * PIECES_PER_THREAD;
    int64_t pieces = n / (grain < 1 ? 1 : grain);
    if (pieces > most) pieces = most;
    if (threads == 1 || pieces < 2 || atomic_flag_test_and_set(&p->busy)) return run_here(c, body, context, n);
    if (!p->tried) start_threads(p, threads - 1);
    int status = p->alone > 0 ? run_alone(c, p, body, context, n) : run_loop(c, p, body, context, n, (unsigned)pieces);
    atomic_flag_clear(&p->busy);
    return status;
}
