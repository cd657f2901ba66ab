/* scan: running sums, products and extremes along an axis: one chain, term after term. */
#include "loop/lower.h"

static Op joins(const Inst *in) {
    switch ((int)in->op) {
    case OP_cumprod: return OP_mul;
    case OP_cummax: return OP_max;
    case OP_cummin: return OP_min;
    default: return OP_add;
    }
}

static Elem joined(Lower *l, const Inst *in, Elem x, Elem y) {
    LBuilder *b = &l->b;
    if (x.im && in->op == OP_cumprod) return complex_mul(l, x, y);
    LValue *re = loop_apply(b, joins(in), 2, (LValue *[]){ x.re, y.re });
    return (Elem){ re, x.im ? loop_add(b, x.im, y.im) : NULL };
}

/* The first term is where it starts, so nothing has to be neutral. */
static void scan_body(Pull *p, const Idx *at, void *context) {
    const Inst *in = context;
    Lower *l = p->l;
    LBuilder *b = &l->b;
    const Value *x = in->args[0], *y = in->results[0];
    DType d = x->type->dtype;
    bool half = d == DT_f16 || d == DT_bf16;
    int64_t axis = in->attrs->axis;
    LValue *n = lower_dim(l, x->type->dim[axis]), *one = loop_i64(b, 1), *last = loop_sub(b, n, one);
    LType t = loop_type(half ? DT_f32 : dtype_real(d), p->lanes);
    Idx idx[MAX_RANK];
    for (int i = 0; i < x->type->rank; i++) idx[i] = at[i];
    LValue *init[] = { loop_int(b, t, 0), loop_int(b, t, 0) };
    int parts = dtype_is_complex(d) ? 2 : 1;
    LLoop f = loop_for(b, loop_i64(b, 0), n, 1, parts, init);
    idx[axis] = idx_at(in->attrs->reversed ? loop_sub(b, last, f.i) : f.i);
    Elem e = elem_splat(l, pull(p, x, idx), p->lanes), sum = { f.carry[0], parts == 2 ? f.carry[1] : NULL };
    if (half) e.re = loop_convert(b, e.re, DT_f32);
    LValue *first = loop_binary(b, OP_eq, f.i, loop_i64(b, 0));
    sum = elem_select(l, first, e, joined(l, in, sum, e));
    Elem stored = sum;
    if (half) stored.re = loop_convert(b, sum.re, d);
    store_at(p, y->type, home_of(l, y).ptr, idx, stored);
    loop_end(b, &f, (LValue *[]){ sum.re, sum.im });
}

void lower_scan(Lower *l, const Inst *in) {
    const Type *t = in->args[0]->type;
    home_new(l, in->results[0]);
    Axes axes = { t->rank, { 0 } };
    for (int i = 0; i < t->rank; i++) axes.dim[i] = i == in->attrs->axis ? dim_int(l->cx, 1) : t->dim[i];
    bool last = in->attrs->axis == t->rank - 1;
    int lanes = last ? 1 : lanes_for(l, dtype_bytes(dtype_real(t->dtype)));
    nest(l, &axes, (Work){ 1, lower_dim(l, t->dim[in->attrs->axis]) }, lanes, scan_body, (void *)in);
}
