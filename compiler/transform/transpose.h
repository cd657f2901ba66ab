/* transpose: what transpose.c, which walks blocks backwards, and revolve.c, which turns loops round, share. */
#ifndef JXL_TRANSFORM_TRANSPOSE_H
#define JXL_TRANSFORM_TRANSPOSE_H

#include "transform/split.h"

typedef struct {
    Module *m;
    Arena *arena;
    Builder b;
    Marks linear;
    ValueMap known; /* by old id */
    Value **ct;     /* by old id */
    DimMap no_sizes;
} Back;

bool is_linear(const Back *, const Value *old);
bool involves(const Back *, const Inst *); /* linear values */
void add_ct(Back *, const Value *old, Value *ct);
Value *ct_or_zeros(Back *, const Value *old);
void push_known(Back *, Values *list, Value *const *old, int n);
/* The linear values of the blocks around that the regions read.  While a region is walked they collect what it adds; what
** they have had so far is put aside. */
Values linear_free(Back *, const Inst *);
Value **put_aside(Back *, const Values *free);
void put_back(Back *, const Values *free, Value **aside);
void transpose_block(Back *, const Block *);

/* revolve.c: a loop that carries known values beside linear ones, of which it may store only so many at a time. */
void transpose_replayed(Back *, const Inst *);
static inline bool is_replayed(const Inst *loop) { return loop->attrs->states && !dim_is(loop->attrs->states, 0); }

#endif
