/* target: what the machine can do, from the features it reports and never from its name.
**
** A virtual machine may give a wrong name with the right features, so the processor that LLVM tunes for is chosen by the
** features too.  -march=NAME must make the same code everywhere: nothing of this machine goes into it, cache sizes
** included. */
#include "emit/llvm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The x86-64 levels, and the processors one may name; a name stands for its level. */
static const struct {
    const char *name;
    int level;
} names[] = {
    { "x86-64-v2", 2 },  { "x86-64-v3", 3 },      { "x86-64-v4", 4 },      { "nehalem", 2 },
    { "westmere", 2 },   { "sandybridge", 2 },    { "ivybridge", 2 },      { "haswell", 3 },
    { "broadwell", 3 },  { "skylake", 3 },        { "alderlake", 3 },      { "raptorlake", 3 },
    { "meteorlake", 3 }, { "arrowlake", 3 },      { "lunarlake", 3 },      { "znver1", 3 },
    { "znver2", 3 },     { "znver3", 3 },         { "skylake-avx512", 4 }, { "cascadelake", 4 },
    { "cooperlake", 4 }, { "icelake-client", 4 }, { "icelake-server", 4 }, { "tigerlake", 4 },
    { "rocketlake", 4 }, { "sapphirerapids", 4 }, { "emeraldrapids", 4 },  { "graniterapids", 4 },
    { "znver4", 4 },     { "znver5", 4 },
};

/* What code may use, and the level that it came with. */
static const struct {
    const char *name;
    int level;
} known[] = {
#define CPU(name, level, leaf, subleaf, register, bit, state) { name, level },
#include "jxl/cpu.def"
#undef CPU
};
static const char *const level_cpu[] = { [2] = "x86-64-v2", [3] = "haswell", [4] = "skylake-avx512" };

static bool has(const Machine *m, const char *feature) {
    size_t n = strlen(feature);
    for (const char *at = strstr(m->features, feature); at; at = strstr(at + 1, feature))
        if (at > m->features && at[-1] == '+' && (at[n] == ',' || !at[n])) return true;
    return false;
}

/* "48K" in a file of sysfs. */
static int64_t cache_size(int index, int *level, bool *instructions) {
    static const char *const files[] = { "level", "type", "size" };
    char text[3][32];
    for (int i = 0; i < 3; i++) {
        char path[96];
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/%s", index, files[i]);
        FILE *f = fopen(path, "r");
        if (!f) return 0;
        bool read = fgets(text[i], sizeof text[i], f) != NULL;
        fclose(f);
        if (!read) return 0;
    }
    *level = atoi(text[0]);
    *instructions = text[1][0] == 'I';
    char *unit;
    int64_t n = strtoll(text[2], &unit, 10);
    return *unit == 'K' ? n << 10 : *unit == 'M' ? n << 20 : n;
}

/* The third level is shared: one core may count on a fair part of it at most, and a hypervisor's word on it is not worth
** much. */
static void own_caches(Target *t) {
    enum { MOST_L3 = 8 << 20 };
    for (int i = 0; i < 8; i++) {
        int level;
        bool instructions;
        int64_t size = cache_size(i, &level, &instructions);
        if (size <= 0 || instructions) continue;
        if (level == 1) t->l1 = size;
        if (level == 2) t->l2 = size;
        if (level == 3) t->l3 = size < MOST_L3 ? size : MOST_L3;
    }
}

static void registers(Machine *m) {
    Target *t = &m->target;
    bool wide = has(m, "avx512f") && has(m, "avx512bw") && has(m, "avx512dq") && has(m, "avx512vl");
    t->vector_bytes = wide ? 64 : has(m, "avx2") ? 32 : 16;
    t->vector_registers = wide ? 32 : 16;
    t->fma = has(m, "fma");
    t->masked = wide || has(m, "avx2");
    t->masked_narrow = wide;
    t->parts = wide;
    m->f16c = has(m, "f16c");
}

static bool is_known(const char *feature, size_t n) {
    for (int i = 0; i < COUNT(known); i++)
        if (strlen(known[i].name) == n && !memcmp(known[i].name, feature, n)) return true;
    return false;
}

/* "+avx2,-sha,+clzero": what is there and known, so that a program that is started elsewhere can tell what it misses there; and
** what is not there. */
static void own_features(Compiler *cx, Machine *m) {
    char *host = LLVMGetHostCPUFeatures();
    Text features = text_new(cx->arena), needs = text_new(cx->arena);
    for (const char *at = host; *at;) {
        size_t n = strcspn(at, ",");
        bool there = at[0] == '+' && n && is_known(at + 1, n - 1);
        if (there) text_add(&needs, "%s%.*s", needs.n ? "," : "", (int)n - 1, at + 1);
        if (there || at[0] == '-') text_add(&features, "%s%.*s", features.n ? "," : "", (int)n, at);
        at += n + (at[n] == ',');
    }
    LLVMDisposeMessage(host);
    m->features = features.at ? features.at : "";
    m->needs = needs.at ? needs.at : "";
}

static void native(Compiler *cx, Machine *m) {
    m->target.name = "native";
    own_features(cx, m);
    registers(m);
    own_caches(&m->target);
    m->cpu = has(m, "amx-tile") ? "sapphirerapids"
                                : level_cpu[m->target.vector_bytes == 64                    ? 4
                                            : m->target.vector_bytes == 32 && m->target.fma ? 3
                                                                                            : 2];
}

static bool named(Compiler *cx, Machine *m, const char *name) {
    const char *nearest = NULL;
    int level = 0, least = 4;
    for (int i = 0; i < COUNT(names); i++) {
        int d = edit_distance(name, names[i].name);
        if (d == 0) level = names[i].level;
        if (d < least) least = d, nearest = names[i].name;
    }
    if (!level) {
        diag(cx, (Span){ 0 }, "-march=%s: no such processor", name);
        if (nearest) note(cx, "did you mean %s?", nearest);
        note(cx, "native, x86-64-v2, x86-64-v3 and x86-64-v4 serve for most");
        return false;
    }
    Text features = text_new(cx->arena), needs = text_new(cx->arena);
    for (int i = 0; i < COUNT(known); i++) {
        if (!known[i].level || known[i].level > level) continue;
        text_add(&features, "%s+%s", features.n ? "," : "", known[i].name);
        text_add(&needs, "%s%s", needs.n ? "," : "", known[i].name);
    }
    m->target.name = name;
    m->features = features.at;
    m->needs = needs.at;
    m->cpu = level_cpu[level];
    registers(m);
    return true;
}

/* Every AArch64 processor has vectors of 16 bytes, 32 of them, and multiplies and adds at once. */
static bool aarch64(Compiler *cx, Machine *m, const char *march) {
    if (march && strcmp(march, "native") && strcmp(march, "armv8-a")) {
        diag(cx, (Span){ 0 }, "-march=%s: no such AArch64 processor", march);
        note(cx, "armv8-a serves for all of them");
        return false;
    }
    m->target.name = "armv8-a";
    m->cpu = "generic";
    m->features = "+neon";
    m->target.vector_bytes = 16;
    m->target.vector_registers = 32;
    m->target.fma = m->f16c = true;
    return true;
}

static bool begins(const char *text, const char *with) { return !strncmp(text, with, strlen(with)); }

static const Machine *machine_of(Compiler *cx, const char *triple, const char *march) {
    Machine *m = NEW(cx->arena, Machine);
    m->triple = triple;
    m->target.l1 = 32 << 10;
    m->target.l2 = 1 << 20;
    m->target.l3 = 2 << 20;
    m->target.cache_line = 64;
    if (begins(triple, "aarch64") || begins(triple, "arm64")) {
        if (!aarch64(cx, m, march)) return NULL;
    } else if (!march || !strcmp(march, "native")) {
        native(cx, m);
    } else if (!named(cx, m, march)) {
        return NULL;
    }
    if (cx->options.verbose)
        fprintf(stderr, "jxlc: %s: %s, vectors of %d bytes, caches of %lld, %lld and %lld KiB\n", m->target.name,
                m->cpu, m->target.vector_bytes, (long long)m->target.l1 >> 10, (long long)m->target.l2 >> 10,
                (long long)m->target.l3 >> 10);
    return m;
}

const Machine *machine_least(const Machine *m) {
    static Machine least = { .cpu = "x86-64", .features = "", .target = { .vector_bytes = 16 } };
    return m->needs ? &least : m;
}

/* The triple to compile for: --target, or this machine's.  NULL after a diagnostic. */
static const char *triple_of(Compiler *cx) {
    const char *wanted = cx->options.target;
    if (!wanted) {
        LLVMInitializeNativeTarget();
        LLVMInitializeNativeAsmPrinter();
        char *own = LLVMGetDefaultTargetTriple();
        wanted = arena_text(cx->arena, "%s", own);
        LLVMDisposeMessage(own);
        return wanted;
    }
    LLVMInitializeAllTargetInfos();
    LLVMInitializeAllTargets();
    LLVMInitializeAllTargetMCs();
    LLVMInitializeAllAsmPrinters();
    LLVMTargetRef target;
    char *why = NULL;
    bool supported = begins(wanted, "x86_64") || begins(wanted, "aarch64");
    if (supported && !LLVMGetTargetFromTriple(wanted, &target, &why)) return wanted;
    diag(cx, (Span){ 0 }, "--target=%s: %s", wanted, supported ? "this LLVM was built without it" : "no such target");
    note(cx, "x86_64-linux-gnu and aarch64-linux-gnu are there");
    LLVMDisposeMessage(why);
    return NULL;
}

typedef struct {
    int n;
    const Target *at[EMIT_LEVELS];
} Targets;

int emit_targets(Compiler *cx, const Target *at[EMIT_LEVELS]) {
    static const char *const levels[EMIT_LEVELS] = { "x86-64-v4", "x86-64-v3", "x86-64-v2" };
    const Targets *known_targets = cx->machine;
    if (!known_targets) {
        const char *triple = triple_of(cx);
        if (!triple) return 0;
        Targets *t = NEW(cx->arena, Targets);
        bool several = cx->options.multi && begins(triple, "x86_64");
        t->n = several ? EMIT_LEVELS : 1;
        for (int i = 0; i < t->n; i++) {
            const Machine *m = machine_of(cx, triple, several ? levels[i] : cx->options.march);
            if (!m) return 0;
            t->at[i] = &m->target;
        }
        cx->machine = known_targets = t;
    }
    memcpy(at, known_targets->at, sizeof known_targets->at);
    return known_targets->n;
}

const Target *emit_target(Compiler *cx) {
    const Target *at[EMIT_LEVELS];
    return emit_targets(cx, at) ? at[0] : NULL;
}

const char *emit_llvm_version(void) { return LLVM_VERSION_STRING; }
