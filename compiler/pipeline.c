/* pipeline: the table of passes, and how they are run.
**
** The order of rows is the order of passes. */
#include "pipeline.h"
#include "check.h"
#include "optimize/optimize.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

const Pass passes[] = {
    { "unread", pass_unread, "leave out what the program does not reach, and results that no caller reads" },
    { "inline", pass_inline, "put small functions, and those called once, in the place of their calls" },
    { "shard", pass_shard, "deal the shards of every pmap to processes" },
    { "loads", pass_loads, "let each process read of a file what its shards need" },
    { "spread", pass_spread, "leave what shards give where it is, until somebody needs it whole" },
    { "lanes", pass_lanes, "decide what lanes do that are not there: nothing, or what another does" },
    { "components", pass_components, "write out axes of a few components where all pairs are reduced" },
    { "ranges", pass_ranges, "leave out checks that integers cannot fail, and the signs they cannot have" },
    { "simplify", pass_simplify, "fold, share, leave out what is not needed, join multiplications with additions" },
    { "guards", pass_guards, "guard products with cotangents only where something has made them zero" },
    { "products", pass_products, "write contractions as those that are computed best" },
    { "order", pass_order, "decide in what order terms are added" },
    { "blocks", pass_blocks, "compute what is large between products some rows at a time" },
    { "fuse", pass_fuse, "group operations that can share one loop" },
    { "place", pass_place, "decide which memory every array lives in" },
};
const int npasses = COUNT(passes);

double pipeline_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double pipeline_time(Compiler *cx, const char *step, double since) {
    double now = pipeline_now();
    if (cx->options.time_passes) fprintf(stderr, "%9.3f ms  %s\n", (now - since) * 1e3, step);
    return now;
}

static const Pass *pass_named(const char *name) {
    for (int i = 0; i < npasses; i++)
        if (!strcmp(passes[i].name, name)) return &passes[i];
    return NULL;
}

static void unknown(Compiler *cx, const char *option, const char *name) {
    const char *nearest = NULL;
    int least = 4;
    for (int i = 0; i < npasses; i++) {
        int d = edit_distance(name, passes[i].name);
        if (d < least) least = d, nearest = passes[i].name;
    }
    diag(cx, (Span){ 0 }, "%s: there is no pass '%s'", option, name);
    if (nearest) note(cx, "did you mean '%s'?", nearest);
    note(cx, "--help-passes lists them");
}

bool pipeline_knows(Compiler *cx, const char *option, const char *name) {
    if (pass_named(name) || (!strcmp(option, "--print-after") && !strcmp(name, "all"))) return true;
    unknown(cx, option, name);
    return false;
}

static bool chosen(const char *option, const char *name) {
    return option && (!strcmp(option, name) || !strcmp(option, "all"));
}

/* The module after one pass, verified; the one before it is freed.  NULL where only this pass could see that the program is
** wrong. */
static Module *run_pass(Compiler *cx, const Pass *p, Module *before) {
    double start = pipeline_now();
    cx->pass = p->name;
    cx->module = before;
    Module *after = p->run(before);
    if (diag_errors(cx)) {
        module_free(before);
        if (after) module_free(after);
        return NULL;
    }
    verify_module(after);
    pipeline_time(cx, p->name, start);
    if (cx->options.check_passes) check_pass(cx, p->name, before, after);
    if (chosen(cx->options.print_after, p->name)) {
        fprintf(stderr, "// after %s\n", p->name);
        print_module(stderr, after);
    }
    cx->module = NULL;
    cx->pass = NULL;
    module_free(before);
    return after;
}

Module *pipeline_run(Compiler *cx, Module *m, bool *stopped) {
    for (int i = 0; m && i < npasses && !*stopped; i++) {
        m = run_pass(cx, &passes[i], m);
        *stopped = cx->options.stop_after && !strcmp(cx->options.stop_after, passes[i].name);
    }
    return m;
}

Module *pipeline_run_named(Compiler *cx, Module *m, const char *names) {
    for (const char *at = names; m && *at; at += *at == ',') {
        size_t n = strcspn(at, ",");
        const char *name = arena_text(cx->arena, "%.*s", (int)n, at);
        const Pass *p = pass_named(name);
        if (!p) {
            unknown(cx, "--passes", name);
            module_free(m);
            return NULL;
        }
        m = run_pass(cx, p, m);
        at += n;
    }
    return m;
}
