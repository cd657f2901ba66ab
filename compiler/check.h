/* check: the same function run in two ways on the same random inputs. */
#ifndef JXL_CHECK_H
#define JXL_CHECK_H

#include "emit/emit.h"

typedef struct {
    bool ok;
    char *failure; /* the message of the trap that ended it */
    char *printed; /* by the evaluator; free it */
    Tensor *results;
} Outcome;

/* Arguments in the spirit of their dtypes; sizes are about `size`, or 0..5 where it is 0. */
bool check_draw(Compiler *, Arena *, const Func *, uint64_t seed, int64_t size, Tensor *args);
Outcome check_evaluated(Arena *, const Func *, const Tensor *args);
/* Results have the types that the evaluator gave. */
Outcome check_compiled(Arena *, const Loaded *, const LFunc *, const Tensor *args, const Outcome *evaluated);
/* What differs, in words, or NULL; numbers within a tolerance, or, with `exact`, bit by bit (but for nans). */
const char *check_difference(Arena *, const Func *, const Outcome *before, const Outcome *after, bool exact);
/* Whether it neither prints nor reads nor asks for the time. */
bool check_is_quiet(const Func *);

/* --check-passes: the difference is our mistake and is named. */
void check_pass(Compiler *, const char *pass, const Module *before, const Module *after);
void check_loops(Compiler *, const Module *, const LModule *);

#endif
