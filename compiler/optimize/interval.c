/* interval: what an operation gives for integers between two numbers.
**
** An answer may be wider than the truth, never narrower.  What Python's integers do not hold ends the program, so what goes on
** is within 64 bits; JAX's wrap, and where they might, nothing is known. */
#include "optimize/ranges.h"

static const Range everything = { INT64_MIN, INT64_MAX };

static int64_t lesser(int64_t x, int64_t y) { return x < y ? x : y; }
static int64_t larger(int64_t x, int64_t y) { return x > y ? x : y; }

bool range_tracks(DType d) { return d == DT_bool || (dtype_is_integer(d) && d != DT_u64); }

Range range_of_dtype(DType d) {
    if (!range_tracks(d)) return everything;
    if (d == DT_bool) return (Range){ 0, 1 };
    int bits = 8 * dtype_bytes(d);
    if (dtype_kind(d) == KIND_UNSIGNED) return (Range){ 0, (INT64_C(1) << bits) - 1 };
    return bits == 64 ? everything : (Range){ -(INT64_C(1) << (bits - 1)), (INT64_C(1) << (bits - 1)) - 1 };
}

Range range_join(Range x, Range y) { return (Range){ lesser(x.lo, y.lo), larger(x.hi, y.hi) }; }
bool range_within(Range x, Range outer) { return x.lo >= outer.lo && x.hi <= outer.hi; }
bool range_is_one(Range x) { return x.lo == x.hi; }

bool range_arithmetic(Op op, Range x, Range y, bool same, Range outer, Range *z) {
    const int64_t a[4] = { x.lo, x.lo, x.hi, x.hi }, b[4] = { y.lo, y.hi, y.lo, y.hi };
    for (int i = 0; i < 4; i++) { /* each is monotone in both: corners are the extremes */
        int64_t r;
        bool over = op == OP_add || op == OP_int_add   ? __builtin_add_overflow(a[i], b[i], &r)
                    : op == OP_sub || op == OP_int_sub ? __builtin_sub_overflow(a[i], b[i], &r)
                                                       : __builtin_mul_overflow(a[i], b[i], &r);
        if (over) return false;
        *z = i ? (Range){ lesser(z->lo, r), larger(z->hi, r) } : (Range){ r, r };
    }
    if (same && (op == OP_sub || op == OP_int_sub)) *z = (Range){ 0, 0 };
    if (same && (op == OP_mul || op == OP_int_mul) && x.lo < 0 && x.hi > 0) z->lo = 0;
    return range_within(*z, outer);
}

static int64_t floor_divide(int64_t x, int64_t y) { return x / y - (x % y != 0 && (x < 0) != (y < 0)); }

/* By something above 0; x - 1 is towards nothing special, so the corners are the extremes again. */
static Range quotient(Range x, Range y, bool floored, Range outer) {
    if (y.lo <= 0) return outer;
    int64_t low = x.lo < 0 ? y.lo : y.hi, high = x.hi < 0 ? y.hi : y.lo;
    return floored ? (Range){ floor_divide(x.lo, low), floor_divide(x.hi, high) } : (Range){ x.lo / low, x.hi / high };
}

static Range rest_of(Range x, Range y, bool floored, Range outer) {
    if (y.lo <= 0) return outer;
    Range z = { floored ? 0 : 1 - y.hi, y.hi - 1 };
    if (x.lo >= 0) return (Range){ 0, lesser(x.hi, z.hi) };
    return !floored && x.hi <= 0 ? (Range){ larger(x.lo, z.lo), 0 } : z;
}

/* All ones as wide as the wider of the two. */
static int64_t ones_over(int64_t x, int64_t y) {
    int64_t z = 0;
    while (z < x || z < y) z = 2 * z + 1;
    return z;
}

static Range bits(Op op, Range x, Range y, bool logical, Range outer) {
    if (logical && op == OP_and) return (Range){ lesser(x.lo, y.lo), lesser(x.hi, y.hi) };
    if (logical && op == OP_or) return (Range){ larger(x.lo, y.lo), larger(x.hi, y.hi) };
    if (op == OP_and && x.lo >= 0) return (Range){ 0, y.lo >= 0 ? lesser(x.hi, y.hi) : x.hi };
    if (op == OP_and && y.lo >= 0) return (Range){ 0, y.hi };
    return x.lo >= 0 && y.lo >= 0 ? (Range){ 0, ones_over(x.hi, y.hi) } : outer;
}

static Range shifted(Op op, Range x, Range y, int width, Range outer) {
    Range z;
    if (!range_is_one(y) || y.lo < 0 || y.lo >= lesser(width, 63)) return outer;
    if (op == OP_shift_left) {
        Range by = { INT64_C(1) << y.lo, INT64_C(1) << y.lo };
        return range_arithmetic(OP_mul, x, by, false, outer, &z) ? z : outer;
    }
    if (op == OP_shift_right_logical && x.lo < 0) return outer;
    return (Range){ x.lo >> y.lo, x.hi >> y.lo };
}

static Range compared(Op op, Range x, Range y) {
    bool never = x.hi < y.lo || x.lo > y.hi, both = range_is_one(x) && range_is_one(y) && x.lo == y.lo;
    bool yes = false, no = false;
    switch (op) {
    case OP_eq: yes = both, no = never; break;
    case OP_ne: yes = never, no = both; break;
    case OP_lt: yes = x.hi < y.lo, no = x.lo >= y.hi; break;
    case OP_le: yes = x.hi <= y.lo, no = x.lo > y.hi; break;
    case OP_gt: yes = x.lo > y.hi, no = x.hi <= y.lo; break;
    default: yes = x.lo >= y.hi, no = x.hi < y.lo; break;
    }
    return (Range){ yes, !no };
}

static Range elements(const Inst *in, Range outer) {
    enum { MOST_ELEMENTS = 4096 };
    Data d = in->attrs->data;
    DType t = in->attrs->dtype;
    if (!range_tracks(t) || d.n < 1 || d.n > MOST_ELEMENTS) return outer;
    Range r = { INT64_MAX, INT64_MIN };
    for (int64_t i = 0; i < d.n; i++) {
        int64_t x = element_int(t, (const char *)d.bytes + i * dtype_bytes(t));
        r = range_join(r, (Range){ x, x });
    }
    return r;
}

/* The numbers of an axis. */
static Range places(const Type *t, int64_t axis, Range outer) {
    int64_t n;
    return dim_is_int(t->dim[axis], &n) && n > 0 && n - 1 <= outer.hi ? (Range){ 0, n - 1 } : outer;
}

static Range size(Compiler *cx, const Dim *d) {
    int64_t n;
    if (dim_is_int(d, &n)) return (Range){ n, n };
    return (Range){ dim_at_least(cx, d, dim_int(cx, 0)) ? 0 : INT64_MIN, INT64_MAX };
}

static bool has_elements(const Type *t) {
    for (int i = 0; i < t->rank; i++) {
        int64_t n;
        if (!dim_is_int(t->dim[i], &n) || n < 1) return false;
    }
    return true;
}

Range range_of_inst(Compiler *cx, const Inst *in, const Range *x) {
    DType d = in->results[0]->type->dtype;
    Range all = range_of_dtype(d), z;
    bool same = in->nargs == 2 && in->args[0] == in->args[1];
    DType from = in->nargs ? in->args[0]->type->dtype : DT_bool;
    if (!range_tracks(d)) return all;
    switch ((int)in->op) {
    case OP_constant: return elements(in, all);
    case OP_size: return size(cx, in->attrs->dim);
    case OP_iota: return places(in->results[0]->type, in->attrs->axis, all);
    case OP_argmax:
    case OP_argmin: return places(in->args[0]->type, in->attrs->axis, all);
    case OP_add:
    case OP_sub:
    case OP_mul:
        if (d == DT_bool) return all;
        return range_arithmetic(in->op, x[0], x[1], same, all, &z) ? z : all;
    case OP_int_add:
    case OP_int_sub:
    case OP_int_mul:
        if (range_arithmetic(in->op, x[0], x[1], same, all, &z)) return z;
        return same && in->op == OP_int_mul ? (Range){ 0, INT64_MAX } : all;
    case OP_neg: return range_arithmetic(OP_sub, (Range){ 0, 0 }, x[0], false, all, &z) ? z : all;
    case OP_abs:
        if (x[0].lo == INT64_MIN || -x[0].lo > all.hi) return all;
        return (Range){ x[0].lo > 0 ? x[0].lo : x[0].hi < 0 ? -x[0].hi : 0, larger(x[0].hi, -x[0].lo) };
    case OP_div: return quotient(x[0], x[1], false, all);
    case OP_rem: return rest_of(x[0], x[1], false, all);
    case OP_int_floordiv: return quotient(x[0], x[1], true, all);
    case OP_int_mod: return rest_of(x[0], x[1], true, all);
    case OP_int_pow: return x[0].lo >= 0 ? (Range){ 0, INT64_MAX } : all;
    case OP_max: return (Range){ larger(x[0].lo, x[1].lo), larger(x[0].hi, x[1].hi) };
    case OP_min: return (Range){ lesser(x[0].lo, x[1].lo), lesser(x[0].hi, x[1].hi) };
    case OP_and:
    case OP_or:
    case OP_xor: return bits(in->op, x[0], x[1], d == DT_bool, all);
    case OP_not: return d == DT_bool ? (Range){ 1 - x[0].hi, 1 - x[0].lo } : all;
    case OP_shift_left:
    case OP_shift_right_logical:
    case OP_shift_right_arithmetic: return shifted(in->op, x[0], x[1], 8 * dtype_bytes(d), all);
    case OP_population_count:
    case OP_clz: return (Range){ 0, 8 * dtype_bytes(d) };
    case OP_eq:
    case OP_ne:
    case OP_lt:
    case OP_le:
    case OP_gt:
    case OP_ge: return range_tracks(from) ? compared(in->op, x[0], x[1]) : all;
    case OP_select: return range_is_one(x[0]) ? x[x[0].lo ? 1 : 2] : range_join(x[1], x[2]);
    case OP_convert:
        if (!range_tracks(from)) return all;
        if (d == DT_bool) return compared(OP_ne, x[0], (Range){ 0, 0 });
        return range_within(x[0], all) ? x[0] : all;
    case OP_sort:
    case OP_stop_gradient:
    case OP_broadcast:
    case OP_reshape:
    case OP_retype:
    case OP_transpose:
    case OP_slice:
    case OP_reverse:
    case OP_windows:
    case OP_optimization_barrier:
    case OP_dynamic_slice: return x[0];
    case OP_gather: return in->attrs->mode == GATHER_FILL || !has_elements(in->args[0]->type) ? all : x[0];
    case OP_pad:
    case OP_dynamic_update_slice: return range_join(x[0], x[1]);
    case OP_concatenate:
        z = x[0];
        for (int i = 1; i < in->nargs; i++) z = range_join(z, x[i]);
        return z;
    case OP_reduce_max:
    case OP_reduce_min: return has_elements(in->args[0]->type) ? x[0] : all;
    case OP_cummax:
    case OP_cummin: return x[0];
    default: return all;
    }
}
