/* fold: a simpler value for an instruction that is about to be appended.
**
** Only what is exactly rounded is computed here: the compiled program and the one that computes at run time must agree to
** the bit, and elementary functions are compiled to polynomials of our own. */
#include "ir/internal.h"

#include <string.h>

bool value_is_constant(const Value *v, Data *data) {
    while (v->def && (v->def->op == OP_broadcast || v->def->op == OP_reshape)) {
        const Value *x = v->def->args[0];
        Data inner;
        if (!value_is_constant(x, &inner) || inner.n != 1) return false;
        v = x;
    }
    if (!v->def || v->def->op != OP_constant) return false;
    if (data) *data = v->def->attrs->data;
    return true;
}

bool value_is_splat(const Value *v, double *real) {
    Data data;
    DType d = v->type->dtype;
    if (!value_is_constant(v, &data) || data.n != 1) return false;
    double z[2];
    element_complex(d, data.bytes, z);
    if (z[1] != 0) return false;
    *real = d == DT_i64 || d == DT_u64 ? (double)element_int(d, data.bytes) : z[0];
    return true;
}

bool value_is_zero(const Value *v) {
    double x;
    return value_is_splat(v, &x) && x == 0;
}

Value *fold_inst(Builder *b, const Inst *in) {
    const Rules *r = op_rules[in->op];
    return r->fold ? r->fold(b, in) : NULL;
}
