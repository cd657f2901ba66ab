/* cpu: which of the levels that a program was compiled for this processor can run.
**
** What a program says it needs are names of include/jxl/cpu.def, with commas between. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>

enum { EAX, EBX, ECX, EDX };
static const struct {
    const char *name;
    int level;
    unsigned leaf, subleaf;
    int in, bit;
    uint64_t state;
} table[] = {
#define CPU(name, level, leaf, subleaf, register, bit, state) { name, level, leaf, subleaf, register, bit, state },
#include "jxl/cpu.def"
#undef CPU
};
enum { ROWS = sizeof table / sizeof *table };

/* What the operating system keeps of the registers when it turns to another process. */
static uint64_t kept(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & 1u << 27)) return 0;
    __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    return (uint64_t)d << 32 | a;
}

/* JXL_CPU=x86-64-v2: as if there were no more than that.  0: all there is; -1: no level. */
static int pretended(void) {
    static const char *const names[] = { "x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4" };
    const char *wanted = getenv("JXL_CPU");
    if (!wanted || !*wanted) return 0;
    for (int i = 0; i < 4; i++)
        if (!strcmp(wanted, names[i])) return i + 1;
    return -1;
}

static int has(int row, int most, uint64_t state) {
    unsigned x[4] = { 0 };
    if (most && (!table[row].level || table[row].level > most)) return 0;
    if ((table[row].state & state) != table[row].state) return 0;
    return __get_cpuid_count(table[row].leaf, table[row].subleaf, &x[0], &x[1], &x[2], &x[3]) &&
           x[table[row].in] >> table[row].bit & 1;
}

/* The names of `needs` that are missing, ", " between, as many as there is room for; how many. */
static int missing(const char *needs, int most, uint64_t state, char *text, size_t room) {
    int count = 0;
    size_t used = 0;
    text[0] = 0;
    for (const char *at = needs; *at;) {
        size_t n = strcspn(at, ",");
        for (int row = 0; row < ROWS; row++)
            if (strlen(table[row].name) == n && !memcmp(at, table[row].name, n) && !has(row, most, state)) {
                if (used + n + 3 < room) {
                    if (used) text[used++] = ',', text[used++] = ' ';
                    memcpy(text + used, at, n);
                    text[used += n] = 0;
                }
                count++;
            }
        at += n + (at[n] == ',');
    }
    return count;
}

int jxl_choose_level(jxl_call *c, const jxl_level *levels, int n, int *chosen) {
    char lacks[512];
    int most = pretended();
    uint64_t state = kept();
    if (most < 0)
        return jxl_fail_text(c, 1, "JXL_CPU=%s: say x86-64, x86-64-v2, x86-64-v3 or x86-64-v4", getenv("JXL_CPU"));
    for (int i = 0; i < n; i++)
        if (!missing(levels[i].needs, most, state, lacks, sizeof lacks)) {
            __atomic_store_n(chosen, i, __ATOMIC_RELAXED);
            return 0;
        }
    const char *of = most ? ", of which JXL_CPU allows a part," : "";
    if (n > 1)
        return jxl_fail_text(c, 1, "this program needs a processor of level %s at least; this one%s lacks %s",
                             levels[n - 1].name, of, lacks);
    if (!strcmp(levels[0].name, "native"))
        return jxl_fail_text(
            c, 1,
            "this program was compiled for the processor it was compiled on (-march=native); this one%s lacks "
            "%s; compile it on this one, or with --multi",
            of, lacks);
    return jxl_fail_text(c, 1,
                         "this program was compiled with -march=%s; this processor%s lacks %s; compile it with --multi",
                         levels[0].name, of, lacks);
}

int jxl_vector_bytes(void) {
    int most = pretended();
    int v4 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (v4 && (!most || most >= 4)) return 64;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") && (!most || most >= 3) ? 32 : 16;
}
#else
int jxl_vector_bytes(void) { return 16; }

int jxl_choose_level(jxl_call *c, const jxl_level *levels, int n, int *chosen) {
    (void)c, (void)levels, (void)n;
    __atomic_store_n(chosen, 0, __ATOMIC_RELAXED);
    return 0;
}
#endif
