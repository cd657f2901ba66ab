/* kernel: what the files that lower a kernel share. */
#ifndef JXL_LOOP_KERNEL_H
#define JXL_LOOP_KERNEL_H

#include "loop/lower.h"

enum { MAX_EARLY = 8, MAX_COLUMNS = 8 };

/* A value of a row that is written while a phase adds up terms, for what comes later: the kernel's result, or what the result
** is made of, in the result's memory until then. */
typedef struct {
    const Value *v, *into;
    int phase;
} Early;

typedef struct {
    const Inst *in; /* the kernel */
    Group g;
    Plan plan;
    Domain domain;                     /* rows */
    Accum accum[MAX_ACCUMS];           /* rows: in the order of their phases */
    int naccums, from[MAX_ACCUMS + 2]; /* phase p has accum[from[p]] .. */
    int lanes;
    Early early[MAX_EARLY];
    int nearly, phase;                /* phase: the one at hand */
    const Value *column[MAX_COLUMNS]; /* strips: what is computed from a phase's sums, once for all rows */
    int ncolumns;
    Weave weave; /* map */
} Kernel;

static inline const Value *kernel_result(const Kernel *k, int i) { return k->in->regions[0]->results[i]; }
/* Has the shape of the domain; else, in rows, that of its kept axes. */
static inline bool kernel_is_whole(const Kernel *k, const Value *v) { return v->type->rank == k->plan.rank; }

static inline void kernel_pin(Lower *l, const Inst *in, Elem e) { home_set(l, in->results[0], (Home){ .elem = e }); }
static inline void kernel_unpin(Lower *l, const Inst *in) { home_set(l, in->results[0], (Home){ .ptr = NULL }); }

/* kernel.c */
int kernel_lanes(Lower *, const Kernel *); /* elements in a register: of the widest dtype that is computed with */
double kernel_cost(Lower *, const Kernel *);
bool kernel_is_written(const Kernel *, int i); /* result i is there already: not only in the memory of another one */
void kernel_store(Pull *, const Kernel *, const Idx *);
bool kernel_by_rows(Lower *, const Inst *, ReachArray, void *context);

/* rows.c */
void kernel_rows(Lower *, Kernel *);

#endif
