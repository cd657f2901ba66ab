/* run: the terms of one block, added up. */
#ifndef JXL_LOOP_RUN_H
#define JXL_LOOP_RUN_H

#include "loop/lower.h"

/* Running sums of all reductions in hand: sum k of reduction i, in registers. */
typedef struct {
    const Domain *d;
    const Accum *a;
    int n, width;               /* width: lanes of a register */
    int subs[MAX_ACCUMS], most; /* registers of each, and of the widest */
    bool heavy;
    Idx at[2 * MAX_RANK];
} Run;

Run run_of(Lower *, const Domain *, const Accum *, int n, int lanes, const Idx *kept);
/* One number of each reduction: the rows lo .. hi, their terms from .. to. */
void run_lanes(Lower *, Run *, LValue *lo, LValue *hi, LValue *from, LValue *to, Elem *out);
/* Terms lo .. hi of each lane's own chain; the same in chunks. */
void run_chain(Lower *, Run *, const Pull *, LValue *lo, LValue *hi, Elem *out);
void run_chains(Lower *, Run *, const Pull *, LValue *lo, LValue *hi, Elem *out);

#endif
