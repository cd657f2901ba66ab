/* compiled: what is compiled computes what is evaluated, and the same bits on any number of threads and with any vectors.
**
**   compiled FILE.jxir...
**
** Every function of every file goes through all passes and is compiled for this machine and for AVX2, and run with 1, 2 and
** 5 threads on small inputs, on such as fill some vectors, and on such as are worth sharing among threads. */
#include "check.h"
#include "pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *march, *threads;
    LModule *loops;
    Loaded *loaded;
} Way;

static Way ways[] = {
    { .march = "native", .threads = "1" },    { .march = "native", .threads = "2" },
    { .march = "native", .threads = "5" },    { .march = "x86-64-v3", .threads = "1" },
    { .march = "x86-64-v3", .threads = "5" },
};
static const int64_t sizes[] = { 0, 0, 29, 300, 60000 };
enum { MOST_ELEMENTS = 300000 };

static bool compile(Way *w, Compiler *cx, const Module *m) {
    setenv("JXL_NUM_THREADS", w->threads, 1); /* read once by every library that is loaded */
    cx->options.march = w->march;
    cx->machine = NULL;
    w->loops = loop_lower(m, emit_target(cx));
    if (diag_errors(cx)) return false;
    loop_verify(w->loops);
    w->loaded = emit_load(w->loops);
    return w->loaded != NULL;
}

static const LFunc *of_source(const LModule *loops, const Func *f) {
    for (const LFunc *lf = loops->first; lf; lf = lf->next)
        if (lf->source == f) return lf;
    return NULL;
}

static int64_t elements(const Func *f, const Tensor *args) {
    int64_t n = 0;
    for (int i = 0; i < f->body->nparams; i++) n += args[i].n;
    return n;
}

/* 1 if something differs. */
static int check(Compiler *cx, const Func *f, int64_t size, uint64_t seed) {
    Arena *arena = arena_new();
    Tensor *args = NEW_ARRAY(arena, Tensor, f->body->nparams + 1);
    const char *what = NULL;
    if (check_draw(cx, arena, f, seed, size, args) && elements(f, args) <= MOST_ELEMENTS) {
        Outcome right = check_evaluated(arena, f, args), first = { 0 };
        bool open = !right.ok && (!strcmp(right.failure, "too long") || strstr(right.failure, "empty array"));
        for (int i = 0; i < COUNT(ways) && !what && !open; i++) {
            Outcome o = check_compiled(arena, ways[i].loaded, of_source(ways[i].loops, f), args, &right);
            what = check_difference(arena, f, &right, &o, false);
            if (i == 0)
                first = o;
            else if (!what)
                what = check_difference(arena, f, &first, &o, true);
            if (what)
                printf("%s, sizes about %d, on %s with %s threads: %s\n", f->name, (int)size, ways[i].march,
                       ways[i].threads, what);
        }
        free(right.printed);
    }
    arena_free(arena);
    return what != NULL;
}

static int check_file(const char *path) {
    Compiler *cx = compiler_new();
    size_t length;
    const char *text = read_file(cx->arena, path, &length);
    if (!text) fatal("%s cannot be read", path);
    Module *m = read_module(cx, add_source(cx, path, text, (int)length, false));
    bool stopped = false;
    int failures = 0, n = 0;
    if (m) m = pipeline_run(cx, m, &stopped);
    for (int i = 0; m && i < COUNT(ways); i++)
        if (!compile(&ways[i], cx, m)) m = NULL;
    for (const Func *f = m ? m->first : NULL; f; f = f->next) {
        if (f == m->main || !check_is_quiet(f) || func_binds_results(f) || !of_source(ways[0].loops, f)) continue;
        for (int i = 0; i < COUNT(sizes); i++) failures += check(cx, f, sizes[i], (uint64_t)i);
        n++;
    }
    failures += diag_flush(cx);
    printf("%s: %d functions, %d failures\n", path, n, failures);
    return failures;
}

int main(int argc, char **argv) {
    int failures = 0;
    for (int i = 1; i < argc; i++) failures += check_file(argv[i]);
    return failures != 0;
}
