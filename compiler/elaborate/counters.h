/* counters: what is known of the counters of loops, which lie between the ends of their ranges. */
#ifndef JXL_ELABORATE_COUNTERS_H
#define JXL_ELABORATE_COUNTERS_H

#include "elaborate/values.h"

bool may_be_unrolled(Elab *, const Value *);             /* a loop around computes it that may yet be unrolled */
bool local_at_least(Elab *, const Dim *a, const Dim *b); /* a >= b for all values of the counters, for sure */
bool local_fits(Elab *, const Dim *);                    /* it is an i64 for all of them, for sure */

/* a >= b but for the last iteration of one loop around, which is marked to make that one by itself. */
bool local_at_least_before_last(Elab *, const Dim *a, const Dim *b);

#endif
