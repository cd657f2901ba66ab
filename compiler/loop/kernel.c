/* kernel: one fused loop nest. */
#include "loop/lower.h"

void lower_kernel(Lower *l, const Inst *in) { bug(l->cx, "%s", op_name(in->op)); }
