/* accum: what a reduction adds up: where it starts, how a term is added, how two partial results are joined. */
#include "loop/lower.h"

#include <string.h>

bool accum_is_arg(const Accum *a) { return a->in->op == OP_argmax || a->in->op == OP_argmin; }

static Op joins(const Accum *a) {
    switch ((int)a->in->op) {
    case OP_reduce_prod: return OP_mul;
    case OP_reduce_max: return OP_max;
    case OP_reduce_min: return OP_min;
    case OP_reduce_and: return OP_and;
    case OP_reduce_or: return OP_or;
    case OP_reduce_xor: return OP_xor;
    default: return OP_add;
    }
}

static double extreme(DType d, bool largest) {
    double inf = __builtin_inf();
    if (dtype_is_float(d)) return largest ? inf : -inf;
    return 0;
}

static LValue *extreme_value(Lower *l, LType t, bool largest) {
    LBuilder *b = &l->b;
    DType d = (DType)t.dtype;
    if (dtype_is_float(d)) return loop_real(b, t, extreme(d, largest));
    if (d == DT_bool) return loop_const_bits(b, t, largest);
    int bits = dtype_bytes(d) * 8;
    uint64_t all = bits == 64 ? ~0ull : (1ull << bits) - 1;
    if (dtype_kind(d) == KIND_UNSIGNED) return loop_const_bits(b, t, largest ? (int64_t)all : 0);
    return loop_const_bits(b, t, (int64_t)(largest ? all >> 1 : (all >> 1) + 1));
}

Elem accum_start(Lower *l, const Accum *a, int lanes) {
    LBuilder *b = &l->b;
    LType t = loop_type(dtype_real(a->dtype), lanes);
    if (accum_is_arg(a)) {
        LValue *none = extreme_value(l, loop_type(a->in->attrs->dtype, lanes), true);
        return (Elem){ extreme_value(l, t, a->in->op == OP_argmin), none };
    }
    Elem e = { NULL, NULL };
    switch ((int)joins(a)) {
    case OP_mul: e.re = loop_int(b, t, 1); break;
    case OP_max: e.re = extreme_value(l, t, false); break;
    case OP_min: e.re = extreme_value(l, t, true); break;
    case OP_and: e.re = loop_const_bits(b, t, -1); break;
    default: e.re = loop_int(b, t, 0); break;
    }
    if (dtype_is_complex(a->dtype)) e.im = loop_int(b, t, 0);
    return e;
}

/* Of two (value, index) the better one: the larger, nan above all, the lower index among equals. */
static Elem better(Lower *l, const Accum *a, Elem x, Elem y) {
    LBuilder *b = &l->b;
    Op wins = a->in->op == OP_argmax ? OP_gt : OP_lt;
    LValue *y_wins = loop_apply(b, wins, 2, (LValue *[]){ y.re, x.re });
    LValue *equal = loop_apply(b, OP_eq, 2, (LValue *[]){ y.re, x.re });
    if (dtype_is_float((DType)x.re->type.dtype)) {
        LValue *x_nan = loop_binary(b, OP_ne, x.re, x.re), *y_nan = loop_binary(b, OP_ne, y.re, y.re);
        LValue *both = loop_binary(b, OP_and, x_nan, y_nan);
        equal = loop_binary(b, OP_or, equal, both);
        y_wins = loop_binary(b, OP_or, y_wins, loop_binary(b, OP_and, y_nan, loop_unary(b, OP_not, x_nan)));
    }
    LValue *first = loop_binary(b, OP_and, equal, loop_binary(b, OP_lt, y.im, x.im));
    y_wins = loop_binary(b, OP_or, y_wins, first);
    return elem_select(l, y_wins, y, x);
}

Elem accum_merge(Lower *l, const Accum *a, Elem x, Elem y) {
    LBuilder *b = &l->b;
    if (accum_is_arg(a)) return better(l, a, x, y);
    if (x.im && joins(a) == OP_mul) return complex_mul(l, x, y);
    LValue *re = loop_apply(b, joins(a), 2, (LValue *[]){ x.re, y.re });
    return (Elem){ re, x.im ? loop_apply(b, joins(a), 2, (LValue *[]){ x.im, y.im }) : NULL };
}

static Elem widened(Pull *p, const Accum *a, Elem x) {
    x = elem_splat(p->l, x, p->lanes);
    if (x.re->type.dtype != dtype_real(a->dtype)) x.re = loop_convert(&p->l->b, x.re, dtype_real(a->dtype));
    return x;
}

static Elem element(Pull *p, const Accum *a, const Value *v, const int *axis, const Idx *at) {
    Idx x[MAX_RANK];
    for (int i = 0; i < v->type->rank; i++) x[i] = at[axis[i]];
    return widened(p, a, pull(p, v, x));
}

/* One more term: lanes without one keep what they have. */
Elem accum_step(Pull *p, const Domain *d, const Accum *a, Elem s, const Idx *at) {
    Lower *l = p->l;
    LBuilder *b = &l->b;
    Elem x = element(p, a, a->x, a->x_axis, at), next;
    if (accum_is_arg(a)) {
        int64_t size;
        const Dim *n = d->dim[d->n - 1];
        bool small = dim_is_int(n, &size) && size < INT32_MAX;
        x.im = loop_splat(b, idx_as(p, at[d->n - 1], a->in->attrs->dtype, small), p->lanes);
        next = better(l, a, s, x);
    } else if (a->y) {
        Elem y = element(p, a, a->y, a->y_axis, at);
        if (x.im) {
            Elem xy = complex_mul(l, x, y);
            next = (Elem){ loop_add(b, s.re, xy.re), loop_add(b, s.im, xy.im) };
        } else {
            next = (Elem){ loop_apply(b, OP_fma, 3, (LValue *[]){ x.re, y.re, s.re }), NULL };
        }
    } else {
        next = accum_merge(l, a, s, x);
    }
    return p->tail && !d->across && !d->side_by_side ? elem_select(l, p->tail, next, s) : next;
}

int accum_parts(const Accum *a) { return accum_is_arg(a) || dtype_is_complex(a->dtype) ? 2 : 1; }

int accum_values(const Accum *a, int n, const Elem *e, LValue **v) {
    int count = 0;
    for (int i = 0; i < n; i++) {
        v[count++] = e[i].re;
        if (accum_parts(&a[i]) == 2) v[count++] = e[i].im;
    }
    return count;
}

void accum_elems(const Accum *a, int n, Elem *e, LValue *const *v) {
    for (int i = 0; i < n; i++) {
        e[i].re = *v++;
        e[i].im = accum_parts(&a[i]) == 2 ? *v++ : NULL;
    }
}

static int lane_bytes(const Accum *a) {
    int bytes = dtype_bytes(a->dtype);
    if (accum_is_arg(a) && dtype_bytes(a->in->attrs->dtype) > bytes) bytes = dtype_bytes(a->in->attrs->dtype);
    return bytes < 4 ? 4 : bytes;
}

/* How many running sums along the last axis: a power of two. */
int accum_lanes(const Accum *a) { return LANE_BYTES / lane_bytes(a); }

static bool listed(Ints list, int64_t x) {
    for (int i = 0; i < list.n; i++) {
        if (list.at[i] == x) return true;
    }
    return false;
}

static void domain_add(Domain *d, const Type *t, int axis, int *axes, bool kept) {
    axes[axis] = d->n;
    d->dim[d->n++] = t->dim[axis];
    if (kept) d->nkept++;
}

static void domain_of_dot(const Inst *in, Accum *a, Domain *d) {
    const Type *x = a->x->type, *y = a->y->type;
    int batch = (int)in->attrs->batch;
    Ints lhs = in->attrs->lhs_axes, rhs = in->attrs->rhs_axes;
    for (int i = 0; i < batch; i++) {
        domain_add(d, x, i, a->x_axis, true);
        a->y_axis[i] = a->x_axis[i];
    }
    for (int i = batch; i < x->rank; i++) {
        if (!listed(lhs, i)) domain_add(d, x, i, a->x_axis, true);
    }
    for (int i = batch; i < y->rank; i++) {
        if (!listed(rhs, i)) domain_add(d, y, i, a->y_axis, true);
    }
    for (int k = 0; k < lhs.n; k++) {
        domain_add(d, x, (int)lhs.at[k], a->x_axis, false);
        a->y_axis[rhs.at[k]] = a->x_axis[lhs.at[k]];
    }
}

void accum_of(Lower *l, const Inst *in, Accum *a, Domain *d) {
    memset(a, 0, sizeof *a);
    memset(d, 0, sizeof *d);
    a->in = in;
    a->x = in->args[0];
    a->y = in->op == OP_dot ? in->args[1] : NULL;
    const Type *t = a->x->type;
    a->dtype = t->dtype == DT_f16 || t->dtype == DT_bf16 ? DT_f32 : t->dtype;
    if (a->y) {
        domain_of_dot(in, a, d);
    } else {
        bool arg = accum_is_arg(a);
        for (int pass = 0; pass < 2; pass++) {
            for (int i = 0; i < t->rank; i++) {
                bool reduced = arg ? i == in->attrs->axis : listed(in->attrs->axes, i);
                if (reduced == (pass == 1)) domain_add(d, t, i, a->x_axis, !reduced);
            }
        }
    }
    if (d->n == d->nkept) { /* nothing is reduced: one term each */
        d->dim[d->n++] = dim_int(l->cx, 1);
    }
    int64_t order = op_has_attr(in->op, ATTR_INDEX_order) ? in->attrs->order : ORDER_OPEN;
    d->across = order == ORDER_CHAIN || order == ORDER_TREE;
    if (order == ORDER_OPEN) d->across = order_goes_across(in);
    int64_t total = 1, size;
    bool known = true;
    for (int k = d->nkept; k < d->n; k++) known = known && dim_is_int(d->dim[k], &size) && (total *= size) <= BLOCK;
    bool exact = !op_has_attr(in->op, ATTR_INDEX_order) && !a->y; /* any order gives the same */
    d->blocks = d->across ? order != ORDER_CHAIN : order == ORDER_LANE_BLOCKS || (exact && !known);
}

Work reduce_work(Lower *l, const Domain *d, const Accum *a, int n) {
    LBuilder *b = &l->b;
    Work w = { 0, loop_i64(b, 1) };
    for (int i = 0; i < n; i++) w.each += 0.05 + pull_cost(l, a[i].x) + (a[i].y ? pull_cost(l, a[i].y) : 0);
    for (int k = d->nkept; k < d->n; k++) w.times = loop_mul(b, w.times, lower_dim(l, d->dim[k]));
    return w;
}

void accum_finish(Lower *l, const Accum *a, int n, Elem *out) {
    for (int i = 0; i < n; i++) {
        DType d = dtype_real(a[i].in->results[0]->type->dtype);
        if (accum_is_arg(&a[i]))
            out[i] = (Elem){ out[i].im, NULL };
        else
            out[i].re = loop_convert(&l->b, out[i].re, d);
    }
}
