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
    { "x86-64-v2", 2 },      { "x86-64-v3", 3 },      { "x86-64-v4", 4 },      { "nehalem", 2 },
    { "westmere", 2 },       { "sandybridge", 2 },    { "ivybridge", 2 },      { "haswell", 3 },
    { "broadwell", 3 },      { "skylake", 3 },        { "alderlake", 3 },      { "znver1", 3 },
    { "znver2", 3 },         { "znver3", 3 },         { "skylake-avx512", 4 }, { "cascadelake", 4 },
    { "cooperlake", 4 },     { "icelake-client", 4 }, { "icelake-server", 4 }, { "rocketlake", 4 },
    { "sapphirerapids", 4 }, { "znver4", 4 },
};

/* What a level adds to the one before it. */
static const char *const level_features[] = {
    [2] = "+cx16,+popcnt,+sahf,+sse3,+ssse3,+sse4.1,+sse4.2",
    [3] = ",+avx,+avx2,+bmi,+bmi2,+f16c,+fma,+lzcnt,+movbe",
    [4] = ",+avx512f,+avx512bw,+avx512cd,+avx512dq,+avx512vl",
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

static void native(Compiler *cx, Machine *m) {
    char *features = LLVMGetHostCPUFeatures();
    m->target.name = "native";
    m->features = arena_text(cx->arena, "%s", features);
    LLVMDisposeMessage(features);
    registers(m);
    own_caches(&m->target);
    if (!strstr(m->triple, "x86_64")) { /* any other processor: vectors of 16 bytes, which LLVM knows how to make */
        m->cpu = "";
        m->target.fma = true;
        m->target.vector_registers = 32;
    } else {
        m->cpu = has(m, "amx-tile") ? "sapphirerapids"
                                    : level_cpu[m->target.vector_bytes == 64                    ? 4
                                                : m->target.vector_bytes == 32 && m->target.fma ? 3
                                                                                                : 2];
    }
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
    Text features = text_new(cx->arena);
    for (int i = 2; i <= level; i++) text_add(&features, "%s", level_features[i]);
    m->target.name = name;
    m->features = features.at;
    m->cpu = level_cpu[level];
    registers(m);
    return true;
}

const Machine *machine_of(Compiler *cx) {
    const char *march = cx->options.march;
    if (cx->machine) return cx->machine;
    LLVMInitializeNativeTarget();
    LLVMInitializeNativeAsmPrinter();
    Machine *m = NEW(cx->arena, Machine);
    char *triple = LLVMGetDefaultTargetTriple();
    m->triple = arena_text(cx->arena, "%s", triple);
    LLVMDisposeMessage(triple);
    m->target.l1 = 32 << 10;
    m->target.l2 = 1 << 20;
    m->target.l3 = 2 << 20;
    m->target.cache_line = 64;
    if (!march || !strcmp(march, "native"))
        native(cx, m);
    else if (!named(cx, m, march))
        return NULL;
    cx->machine = m;
    if (cx->options.verbose)
        fprintf(stderr, "jxlc: %s: %s, vectors of %d bytes, caches of %lld, %lld and %lld KiB\n", m->target.name,
                m->cpu, m->target.vector_bytes, (long long)m->target.l1 >> 10, (long long)m->target.l2 >> 10,
                (long long)m->target.l3 >> 10);
    return m;
}

const Target *emit_target(Compiler *cx) {
    const Machine *m = machine_of(cx);
    return m ? &m->target : NULL;
}

const char *emit_llvm_version(void) { return LLVM_VERSION_STRING; }
