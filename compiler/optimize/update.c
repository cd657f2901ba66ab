/* update: an update of a slice that is nearly the whole array, at a place known while compiling.
**
** `u.at[1:-1, 1:-1].set(...)` is then no copy of u with a part written over it, but one map over all of u, in whose middle the
** new values are computed and at whose edges u is read.  So its neighbours can be read from the old array, and what follows it
** element by element belongs to the same loops. */
#include "optimize/optimize.h"

enum { EDGE = 64 /* elements of an axis that are not new */ };

/* What a kernel was given from outside may be a constant there. */
static const Value *outside(const Value *v) {
    const Inst *kernel = v->def ? NULL : v->block->parent;
    for (int i = 0; kernel && kernel->op == OP_kernel && i < kernel->nargs; i++) {
        if (kernel->regions[0]->params[i] == v) return outside(kernel->args[i]);
    }
    return v;
}

bool plan_update_start(const Inst *in, int axis, int64_t *start) {
    const Value *v = outside(in->args[2 + axis]);
    Data data;
    if (!value_is_constant(v, &data)) return false;
    *start = element_int(v->type->dtype, data.bytes);
    return true;
}

bool plan_update_is_map(Compiler *cx, const Inst *in) {
    if (in->op != OP_dynamic_update_slice) return false;
    const Type *t = in->args[0]->type, *u = in->args[1]->type;
    for (int a = 0; a < t->rank; a++) {
        const Dim *rest = dim_sub(cx, t->dim[a], u->dim[a]);
        int64_t start, old, size;
        if (!plan_update_start(in, a, &start) || !dim_is_int(rest, &old)) return false;
        if (start < 0 || start > old || old > EDGE) return false;
        if (old && dim_is_int(t->dim[a], &size) && old > size / 4) return false;
    }
    return t->rank > 0;
}
