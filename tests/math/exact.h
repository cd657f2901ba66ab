/* The elementary functions to more digits than a long double has. */
#ifndef JXL_TESTS_EXACT_H
#define JXL_TESTS_EXACT_H

#include "ir/ir.h"

/* Through MPFR; false where it has no such function. */
bool exact(Op, double x, double y, long double *value);

#endif
