/* scan: running sums, products and extremes along an axis: one chain, term after term; or along rows, sixteen terms at a time.
**
** Of sixteen each is first joined with the one before it, then with what is two before, four, eight; then with all that came
** before the sixteen.  That is the same in registers of any width. */
#include "loop/lower.h"

#include <math.h>
#include <string.h>

enum { GROUP = 16 };

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

/* What joined with x on its left is x: to the bit, the sign of zero too. */
static LValue *neutral(LBuilder *b, const Inst *in, LType t) {
    DType d = (DType)t.dtype;
    bool real = dtype_is_float(d), is_signed = dtype_kind(d) == KIND_SIGNED, largest = in->op == OP_cummin;
    int64_t top = (int64_t)(1ull << (dtype_bytes(d) * 8 - 1));
    switch ((int)in->op) {
    case OP_cumprod: return loop_int(b, t, 1);
    case OP_cummax:
    case OP_cummin:
        if (real) return loop_real(b, t, largest ? INFINITY : -INFINITY);
        if (is_signed) return loop_const_bits(b, t, largest ? top - 1 : top);
        return loop_const_bits(b, t, largest ? -1 : 0);
    default: return real ? loop_real(b, t, -0.0) : loop_int(b, t, 0);
    }
}

typedef struct {
    const Inst *in;
    Idx at[MAX_RANK];
    LValue *last; /* the index at the end of the axis */
} Row;

/* The terms from number i on; `tail` says which there are, NULL: all.  What came before them, in every lane, to what has now. */
static LValue *scan_group(Lower *l, const Row *r, LValue *i, LValue *tail, LValue *before) {
    LBuilder *b = &l->b;
    const Inst *in = r->in;
    const Value *x = in->args[0], *y = in->results[0];
    DType d = x->type->dtype;
    Pull p = { .l = l, .lanes = GROUP, .tail = tail };
    Idx idx[MAX_RANK];
    memcpy(idx, r->at, sizeof idx);
    idx[in->attrs->axis] =
        in->attrs->reversed ? (Idx){ .i = loop_sub(b, r->last, i), .step = -1 } : (Idx){ .i = i, .step = 1 };
    LValue *e = loop_convert(b, elem_splat(l, pull(&p, x, idx), GROUP).re, (DType)before->type.dtype);
    LValue *none = neutral(b, in, before->type);
    for (int step = 1; step < GROUP; step *= 2) {
        int pick[GROUP];
        for (int k = 0; k < GROUP; k++) pick[k] = k < step ? k : GROUP + k - step;
        e = loop_apply(b, joins(in), 2, (LValue *[]){ loop_shuffle(b, none, e, GROUP, pick), e });
    }
    LValue *sum = loop_apply(b, joins(in), 2, (LValue *[]){ before, e });
    store_at(&p, y->type, home_of(l, y).ptr, idx, (Elem){ loop_convert(b, sum, d), NULL });
    LValue *all = loop_splat(b, loop_lane(b, e, GROUP - 1), GROUP); /* so the chain is one operation a group */
    return loop_apply(b, joins(in), 2, (LValue *[]){ before, all });
}

static void scan_row(Pull *p, const Idx *at, void *context) {
    const Inst *in = context;
    Lower *l = p->l;
    LBuilder *b = &l->b;
    const Type *t = in->args[0]->type;
    DType d = t->dtype == DT_f16 || t->dtype == DT_bf16 ? DT_f32 : t->dtype;
    LValue *n = lower_dim(l, t->dim[t->rank - 1]), *whole = loop_binary(b, OP_and, n, loop_i64(b, -GROUP));
    Row r = { .in = in, .last = loop_sub(b, n, loop_i64(b, 1)) };
    memcpy(r.at, at, sizeof(Idx) * (size_t)t->rank);
    LValue *before = neutral(b, in, loop_type(d, GROUP));
    LLoop f = loop_for(b, loop_i64(b, 0), whole, GROUP, 1, &before);
    LValue *next = scan_group(l, &r, f.i, NULL, f.carry[0]);
    loop_end(b, &f, &next);
    LLoop rest = loop_if(b, loop_binary(b, OP_lt, whole, n));
    scan_group(l, &r, whole, loop_lanes_below(b, loop_sub(b, n, whole), GROUP), f.carry[0]);
    loop_end_then(b, &rest);
}

void lower_scan(Lower *l, const Inst *in) {
    const Type *t = in->args[0]->type;
    home_new(l, in->results[0]);
    Axes axes = { t->rank, { 0 } };
    for (int i = 0; i < t->rank; i++) axes.dim[i] = i == in->attrs->axis ? dim_int(l->cx, 1) : t->dim[i];
    bool last = in->attrs->axis == t->rank - 1, groups = in->attrs->order == ORDER_LANES;
    int lanes = last ? 1 : lanes_for(l, dtype_bytes(dtype_real(t->dtype)));
    Work work = { groups ? 0.2 : 1, lower_dim(l, t->dim[in->attrs->axis]) };
    nest(l, &axes, work, lanes, groups ? scan_row : scan_body, (void *)in);
}
