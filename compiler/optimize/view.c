/* view: slices that are one piece of the memory of what they are taken from, as x[3], x[10:20] and x[0, 2:4] are. */
#include "optimize/optimize.h"

/* From the last axis backwards: axes that are taken whole, then one of which a piece is, then those of which one index is. */
bool slice_is_view(const Inst *in) {
    const Type *x = in->args[0]->type, *y = in->results[0]->type;
    int a = y->rank - 1;
    while (a >= 0 && x->dim[a] == y->dim[a]) a--;
    for (int i = 0; i < a; i++) {
        if (!dim_is(y->dim[i], 1)) return false;
    }
    return a < 0 || in->attrs->stride.at[a] == 1;
}

const Dim *slice_offset(Compiler *cx, const Inst *in) {
    const Type *x = in->args[0]->type;
    const Dim *at = dim_int(cx, 0);
    for (int i = 0; i < x->rank; i++) at = dim_add(cx, dim_mul(cx, at, x->dim[i]), in->attrs->start.at[i]);
    return at;
}
