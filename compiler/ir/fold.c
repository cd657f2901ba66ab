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

/* The result is the number nearest to the true one, or one of the arguments, on every machine. */
static bool is_exact(const Inst *in) {
    DType d = in->args[in->op == OP_select ? 1 : 0]->type->dtype, result = in->results[0]->type->dtype;
    if (!dtype_is_inexact(d) && !dtype_is_inexact(result)) return true;
    switch (in->op) {
    case OP_neg:
    case OP_real:
    case OP_imag:
    case OP_conj:
    case OP_complex:
    case OP_convert:
    case OP_bitcast:
    case OP_add:
    case OP_sub:
    case OP_select:
    case OP_eq:
    case OP_ne:
    case OP_is_finite: return true;
    case OP_abs:
    case OP_sign:
    case OP_floor:
    case OP_ceil:
    case OP_round:
    case OP_trunc:
    case OP_sqrt:
    case OP_mul:
    case OP_div:
    case OP_rem:
    case OP_max:
    case OP_min:
    case OP_copysign:
    case OP_nextafter:
    case OP_lt:
    case OP_le:
    case OP_gt:
    case OP_ge:
    case OP_fma:
    case OP_cotangent_mul:
    case OP_reduce_max:
    case OP_reduce_min: return !dtype_is_complex(d);
    default: return op_class(in->op) == CLASS_LAYOUT || op_class(in->op) == CLASS_INDEX;
    }
}

enum { MOST_FOLDED = 4096 }; /* elements; larger arrays are left to be computed, not stored in the program */

static bool few_elements(const Type *t, int64_t *n) {
    *n = 1;
    for (int i = 0; i < t->rank; i++) {
        int64_t size;
        if (!dim_is_int(t->dim[i], &size) || (size && *n > MOST_FOLDED / size)) return false;
        *n *= size;
    }
    return true;
}

static Tensor expanded(Arena *arena, const Type *t, Data data) {
    Tensor x = tensor_new(arena, t);
    size_t width = (size_t)dtype_bytes(t->dtype);
    for (int64_t i = 0; i < x.n; i++)
        memcpy((char *)x.bytes + (size_t)i * width, (const char *)data.bytes + (data.n == 1 ? 0 : (size_t)i * width),
               width);
    return x;
}

/* Of elementwise operations on splats one element is computed, whatever the shape. */
static Value *fold_constants(Builder *b, const Inst *in) {
    Data data[8];
    OpClass class = op_class(in->op);
    bool splats = class == CLASS_ELEMENTWISE;
    bool foldable =
        splats || class == CLASS_LAYOUT || class == CLASS_REDUCE || class == CLASS_SCAN || class == CLASS_INDEX;
    if (!foldable || !in->nargs || in->nargs > COUNT(data) || in->nresults != 1) return NULL;
    for (int i = 0; i < in->nargs; i++) {
        if (!value_is_constant(in->args[i], &data[i])) return NULL;
        splats = splats && data[i].n == 1;
    }
    if (!is_exact(in)) return NULL;
    const Type *type = in->results[0]->type, *one = type_scalar(b->cx, type->dtype);
    int64_t n;
    for (int i = 0; !splats && i < in->nargs; i++)
        if (!few_elements(in->args[i]->type, &n)) return NULL;
    if (!splats && !few_elements(type, &n)) return NULL;
    Eval ev = { .arena = arena_new() };
    Tensor args[8], result;
    for (int i = 0; i < in->nargs; i++) {
        const Type *t = in->args[i]->type;
        args[i] = expanded(ev.arena, splats ? type_scalar(b->cx, t->dtype) : t, data[i]);
    }
    Inst probe = *in;
    Value *like = &(Value){ .type = splats ? one : type };
    probe.results = &like;
    bool ok = eval_inst(&ev, &probe, args, &result);
    Value *v = ok ? ir_constant(b, type, result.n, result.bytes) : NULL;
    arena_free(ev.arena);
    return v;
}

Value *fold_inst(Builder *b, const Inst *in) {
    const Rules *r = op_rules[in->op];
    Value *v = fold_constants(b, in);
    return v ? v : r->fold ? r->fold(b, in) : NULL;
}
