/* pack.h: what `place` asks of the arenas (pack.c). */
#ifndef JXL_OPTIMIZE_PACK_H
#define JXL_OPTIMIZE_PACK_H

#include "optimize/optimize.h"

/* Bytes: a formula, and what that is where a size of run time is a thousand; without the formula that very number. */
typedef struct {
    double about;
    const Dim *exact;
} Bytes;

typedef struct {
    Buffer *buffer;
    int start, end; /* where it is needed */
    Bytes size, from, to;
} Packing;

typedef struct {
    Compiler *cx;
    Arena *arena;
    struct {
        Packing **at;
        int n, cap;
    } wanted, placed; /* placed: the lower ones first */
    Map tops;         /* by what an arena is taken after: where it ends so far, Bytes */
} Packer;

void pack_behind(Packer *, Buffer *);                  /* at once, behind all others, for the whole time */
void pack_add(Packer *, Buffer *, int start, int end); /* to be placed by pack_end */
int pack_end(Packer *, Buffer **);                     /* all that were placed, the lower ones first */

#endif
