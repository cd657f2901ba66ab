/* dot: contractions. */
#include "loop/lower.h"

void lower_dot(Lower *l, const Inst *in) { lower_reduce(l, in); }
