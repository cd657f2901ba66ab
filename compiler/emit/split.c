/* split: a large module becomes an object in several processes at once, each of which takes some of its functions through LLVM.
**
** What one part calls of another is hidden, under a name that no other module has; `cc -r` makes one object of them all.  Only
** functions that nothing outside knows are dealt; the variables of the module stay with the rest, in the first part. */
#define _GNU_SOURCE
#include "emit/llvm.h"

#include <llvm-c/Transforms/PassBuilder.h>

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORTH = 8000 /* instructions of a part */, MOST_PARTS = 8 };

static int processors(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
}

static int64_t weight_of(LLVMValueRef f) {
    int64_t n = 0;
    for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(f); b; b = LLVMGetNextBasicBlock(b))
        for (LLVMValueRef in = LLVMGetFirstInstruction(b); in; in = LLVMGetNextInstruction(in)) n++;
    return n;
}

int split_parts(Emit *e) {
    int wanted = e->cx->options.jobs ? e->cx->options.jobs : processors();
    int64_t total = 0;
    if (wanted < 2 || e->debug || e->cx->options.target || !link_can_join(e->cx)) return 1;
    for (LLVMValueRef f = LLVMGetFirstFunction(e->module); f; f = LLVMGetNextFunction(f)) total += weight_of(f);
    if (wanted > MOST_PARTS) wanted = MOST_PARTS;
    return total / WORTH < wanted ? (int)(total / WORTH) + !(total / WORTH) : wanted;
}

typedef struct {
    LLVMValueRef f;
    int64_t weight;
    int at; /* in the module */
} Dealt;

static int heavier(const void *a, const void *b) {
    const Dealt *x = a, *y = b;
    return x->weight != y->weight ? (x->weight < y->weight ? 1 : -1) : x->at - y->at;
}

/* Of what the program was made: the same for the same program, and for no other. */
static uint64_t module_hash(const Compiler *cx) {
    uint64_t h = 0;
    for (int i = 0; i < cx->sources.n; i++) {
        const Source *s = &cx->sources.at[i];
        if (s->text) h = hash_bytes(s->text, (size_t)s->length, h);
    }
    return h;
}

/* The functions that are dealt, the heaviest first and each to the part that has least; all that is not dealt is the first's. */
static void deal(Emit *e, int n, Map *part_of) {
    struct {
        Dealt *at;
        int n, cap;
    } dealt = { 0 };
    int64_t load[MOST_PARTS] = { 0 };
    uint64_t hash = module_hash(e->cx);
    int at = 0;
    for (LLVMValueRef f = LLVMGetFirstFunction(e->module); f; f = LLVMGetNextFunction(f), at++) {
        size_t length;
        if (LLVMIsDeclaration(f)) continue;
        if (LLVMGetLinkage(f) != LLVMInternalLinkage || strstr(LLVMGetValueName2(f, &length), ".level"))
            load[0] += weight_of(f);
        else
            PUSH(e->cx->arena, &dealt, ((Dealt){ f, weight_of(f), at }));
    }
    qsort(dealt.at, (size_t)dealt.n, sizeof *dealt.at, heavier);
    for (int i = 0; i < dealt.n; i++) {
        int least = 0;
        for (int k = 1; k < n; k++)
            if (load[k] < load[least]) least = k;
        load[least] += dealt.at[i].weight;
        map_set(part_of, dealt.at[i].f, (void *)(intptr_t)least);
        const char *name = arena_text(e->cx->arena, "jxl.%016llx.%d", (unsigned long long)hash, dealt.at[i].at);
        LLVMSetValueName2(dealt.at[i].f, name, strlen(name));
        LLVMSetLinkage(dealt.at[i].f, LLVMExternalLinkage);
        LLVMSetVisibility(dealt.at[i].f, LLVMHiddenVisibility);
    }
}

/* Leaves the functions of one part. */
static void keep_part(Emit *e, const Map *part_of, int part) {
    for (LLVMValueRef f = LLVMGetFirstFunction(e->module); f; f = LLVMGetNextFunction(f))
        if (!LLVMIsDeclaration(f) && (intptr_t)map_get(part_of, f) != part)
            LLVMSetLinkage(f, LLVMAvailableExternallyLinkage);
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    LLVMErrorRef error = LLVMRunPasses(e->module, "elim-avail-extern,globaldce", NULL, options);
    if (error) bug(e->cx, "LLVM's passes: %s", LLVMGetErrorMessage(error));
    LLVMDisposePassBuilderOptions(options);
}

bool split_object(Emit *e, int n, const char *path, bool (*object)(Emit *, const char *path)) {
    const char *directory = work_directory(e->cx), *objects[MOST_PARTS];
    pid_t children[MOST_PARTS];
    Map part_of = map_new(e->cx->arena);
    if (!directory) return false;
    deal(e, n, &part_of);
    fflush(NULL);
    bool ok = true;
    for (int i = n - 1; i >= 0; i--) { /* the first part is our own */
        objects[i] = arena_text(e->cx->arena, "%s/%d.o", directory, i);
        children[i] = i ? fork() : 0;
        if (children[i] > 0) continue;
        if (children[i] < 0) fatal("no further process can be started");
        keep_part(e, &part_of, i);
        bool made = object(e, objects[i]);
        if (i) _exit(made ? 0 : 1);
        ok = made;
    }
    for (int i = 1; i < n; i++) {
        int status = 1;
        waitpid(children[i], &status, 0);
        ok = ok && status == 0;
    }
    if (ok) ok = link_join(e->cx, objects, n, path);
    work_directory_remove(directory);
    return ok;
}
