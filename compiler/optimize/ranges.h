/* ranges: between which two numbers an integer lies, for the pass of that name. */
#ifndef JXL_RANGES_H
#define JXL_RANGES_H

#include "ir/ir.h"

typedef struct {
    int64_t lo, hi; /* both included */
} Range;

/* interval.c */
bool range_tracks(DType);    /* bools, and integers that 64 bits with a sign hold */
Range range_of_dtype(DType); /* all of it; of what is not tracked, more than can be used */
Range range_join(Range, Range);
bool range_within(Range, Range outer);
bool range_is_one(Range);
/* Whether x op y (add, sub, mul, or int_add and its kin) is in `outer` whatever they are; what it then is.  `same`: x is y. */
bool range_arithmetic(Op, Range x, Range y, bool same, Range outer, Range *z);
/* Of the first result of an instruction without blocks, from those of its arguments. */
Range range_of_inst(Compiler *, const Inst *, const Range *args);

#endif
