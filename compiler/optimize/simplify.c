/* simplify: the same with less.
**
** Dead instructions go, equal ones are shared, constants are folded: that is clean's and the builder's work.  Here is what
** needs to see more than one instruction: a*b + c becomes one rounding, the sum over the rows of a matrix product is the product
** of the sum, loops of one iteration and branches whose side is known become straight lines, and what a loop computes again
** and again stands before it (hoist.c). */
#include "optimize/optimize.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
    const Func *func; /* the old one that `uses` belongs to */
    int *uses;
} Simplify;

static int uses_of(Walk *w, const Value *v) {
    Simplify *s = w->context;
    if (s->func != v->block->func) {
        s->func = v->block->func;
        s->uses = use_counts(w->b.arena, s->func);
    }
    return s->uses[v->id];
}

static void becomes(Walk *w, const Inst *in, Value *v) { w->map.at[in->results[0]->id] = v; }

/* Is there a clock reading, or a wait, between the two?  What is computed before it stays there. */
static bool crosses_barrier(const Inst *from, const Inst *to) {
    for (const Inst *in = from; in != to; in = in->next)
        if (in->op == OP_time || in->op == OP_barrier ||
            (op_class(in->op) == CLASS_CONTROL && inst_effect(in) == EFFECT_ORDERED))
            return true;
    return false;
}

/* The new multiplication that an argument has become, if nothing else needs it.  Decided by what the program says and by
** nothing else: the same program rounds the same way on every machine. */
static const Inst *fusable_mul(Walk *w, const Inst *in, int arg) {
    const Value *old = in->args[arg];
    if (!old->def || old->def->op != OP_mul || old->block != in->block || uses_of(w, old) != 1) return NULL;
    if (crosses_barrier(old->def, in)) return NULL;
    const Value *v = walk_value(w, old);
    return v->def && v->def->op == OP_mul && !v->def->attrs->apart ? v->def : NULL;
}

static bool fuse_multiply_add(Walk *w, const Inst *in) {
    Builder *b = &w->b;
    DType d = in->results[0]->type->dtype;
    if (d != DT_f32 && d != DT_f64) return false;
    for (int k = 0; k < 2; k++) {
        const Inst *mul = fusable_mul(w, in, k);
        if (!mul) continue;
        Value *x = mul->args[0], *y = mul->args[1], *z = walk_value(w, in->args[1 - k]);
        if (in->op == OP_sub && k == 0) z = ir_neg(b, z);
        if (in->op == OP_sub && k == 1) x = ir_neg(b, x);
        becomes(w, in, ir_fma(b, x, y, z));
        return true;
    }
    return false;
}

/* Division by a power of two whose reciprocal is a normal number is multiplication by it, exactly. */
static bool divide_exactly(Walk *w, const Inst *in) {
    Value *x = walk_value(w, in->args[0]), *y = walk_value(w, in->args[1]);
    double c;
    int exponent;
    DType d = x->type->dtype;
    if (!dtype_is_float(d) || !value_is_splat(y, &c) || !isfinite(c) || c == 0) return false;
    if (fabs(frexp(c, &exponent)) != 0.5 || abs(exponent) > (d == DT_f16 ? 12 : 120)) return false;
    becomes(w, in, ir_mul(&w->b, x, ir_fill(&w->b, y->type, 1 / c)));
    return true;
}

/* Transposes of a contraction's arguments are a matter of which axes meet, as long as the others keep their order. */
static bool absorb_transpose(const Value **x, Ints *axes, int batch, int64_t *room) {
    if (!(*x)->def || (*x)->def->op != OP_transpose) return false;
    Ints perm = (*x)->def->attrs->perm;
    int64_t last = -1;
    for (int i = 0; i < perm.n; i++) {
        bool contracted = false;
        for (int k = 0; k < axes->n; k++) contracted = contracted || axes->at[k] == i;
        if (i < batch ? perm.at[i] != i : !contracted && perm.at[i] < last) return false;
        if (!contracted) last = perm.at[i];
    }
    for (int k = 0; k < axes->n; k++) room[k] = perm.at[axes->at[k]];
    axes->at = room;
    *x = (*x)->def->args[0];
    return true;
}
static bool dot_of_transposes(Walk *w, const Inst *in) {
    Attrs a = *in->attrs;
    int64_t lhs[MAX_RANK], rhs[MAX_RANK];
    const Value *x = walk_value(w, in->args[0]), *y = walk_value(w, in->args[1]);
    bool left = absorb_transpose(&x, &a.lhs_axes, (int)a.batch, lhs);
    bool right = absorb_transpose(&y, &a.rhs_axes, (int)a.batch, rhs);
    if (!left && !right) return false;
    becomes(w, in, emit(&w->b, OP_dot, (Value *[]){ (Value *)x, (Value *)y }, 2, &a));
    return true;
}

/* The transpose of a matrix product is the product of the other two: x y transposed is y' x', and to a dot it does not matter
** which way round its arguments lie.  The same terms in the same order. */
static bool transpose_of_dot(Walk *w, const Inst *in) {
    const Value *v = in->args[0];
    const Inst *dot = v->def;
    if (!dot || dot->op != OP_dot || v->block != in->block || uses_of(w, v) != 1 || crosses_barrier(dot, in))
        return false;
    int batch = (int)dot->attrs->batch, rank = v->type->rank;
    int left = dot->args[0]->type->rank - batch - dot->attrs->lhs_axes.n, right = rank - batch - left;
    for (int i = 0; i < rank; i++) {
        if (in->attrs->perm.at[i] != (i < batch ? i : i < batch + right ? i + left : i - right)) return false;
    }
    Attrs a = *dot->attrs;
    a.lhs_axes = dot->attrs->rhs_axes;
    a.rhs_axes = dot->attrs->lhs_axes;
    Value *x[2] = { walk_value(w, dot->args[1]), walk_value(w, dot->args[0]) };
    becomes(w, in, emit(&w->b, OP_dot, x, 2, &a));
    return true;
}

/* Which argument of a dot has that axis of the result, and which of its axes it is; -1 for a batch axis. */
static int dot_axis(const Inst *dot, int64_t axis, int64_t *of) {
    const Attrs *a = dot->attrs;
    axis -= a->batch;
    for (int k = 0; k < 2 && axis >= 0; k++) {
        Ints met = k ? a->rhs_axes : a->lhs_axes;
        for (int64_t i = a->batch; i < dot->args[k]->type->rank; i++) {
            bool contracted = false;
            for (int j = 0; j < met.n; j++) contracted = contracted || met.at[j] == i;
            if (contracted || axis-- > 0) continue;
            *of = i;
            return k;
        }
    }
    return -1;
}

static bool among(const int64_t *axes, int n, int64_t axis) {
    for (int i = 0; i < n; i++) {
        if (axes[i] == axis) return true;
    }
    return false;
}

/* An axis when others have gone. */
static int64_t without(const int64_t *gone, int n, int64_t axis) {
    int64_t left = axis;
    for (int i = 0; i < n; i++) left -= gone[i] < axis;
    return left;
}

static void insert_ascending(int64_t *axes, int n, int64_t axis) {
    for (; n > 0 && axes[n - 1] > axis; n--) axes[n] = axes[n - 1];
    axes[n] = axis;
}

/* A reduction of x over some axes, x itself rather than a transpose of it: in the order in which memory has it, as far as is
** known here. */
static Value *reduce_plainly(Builder *b, Op op, Value *x, const int64_t *axes, int n) {
    int64_t over[MAX_RANK], perm[MAX_RANK];
    if (!x->def || x->def->op != OP_transpose) return emit(b, op, &x, 1, &(Attrs){ .axes = { n, axes } });
    Ints old = x->def->attrs->perm;
    int left = 0;
    for (int i = 0; i < n; i++) insert_ascending(over, i, old.at[axes[i]]);
    for (int i = 0; i < old.n; i++) {
        if (!among(axes, n, i)) perm[left++] = without(over, n, old.at[i]);
    }
    Value *y = reduce_plainly(b, op, x->def->args[0], over, n);
    return emit(b, OP_transpose, &y, 1, &(Attrs){ .perm = { left, perm } });
}
static bool reduce_of_transpose(Walk *w, const Inst *in) {
    Value *x = walk_value(w, in->args[0]);
    if (!x->def || x->def->op != OP_transpose) return false;
    becomes(w, in, reduce_plainly(&w->b, in->op, x, in->attrs->axes.at, in->attrs->axes.n));
    return true;
}

/* sum over i of sum over k of x[i, k] * y[k, j] is sum over k of (sum over i of x[i, k]) * y[k, j]: as many times less work as
** there are rows.  So it comes out of `vmap`: the gradient of what all lanes share. */
static bool sum_of_dot(Walk *w, const Inst *in) {
    Builder *b = &w->b;
    const Value *v = in->args[0];
    int rank = v->type->rank, n = in->attrs->axes.n;
    int64_t at[MAX_RANK], gone[MAX_RANK], perm[MAX_RANK], axes[2][MAX_RANK], met[2][MAX_RANK];
    int naxes[2] = { 0, 0 };
    bool negative = false;
    for (int i = 0; i < rank; i++) at[i] = i; /* where they are in v */
    for (;; v = v->def->args[0]) {
        if (!v->def || v->block != in->block || uses_of(w, v) != 1 || crosses_barrier(v->def, in)) return false;
        if (v->def->op == OP_neg)
            negative = !negative;
        else if (v->def->op == OP_transpose)
            for (int i = 0; i < rank; i++) at[i] = v->def->attrs->perm.at[at[i]];
        else
            break;
    }
    const Inst *dot = v->def;
    DType d = v->type->dtype;
    if (dot->op != OP_dot || d == DT_f16 || d == DT_bf16 || d == DT_bool || !n) return false;
    for (int i = 0; i < n; i++) {
        int64_t axis;
        int k = dot_axis(dot, gone[i] = at[in->attrs->axes.at[i]], &axis);
        if (k < 0) return false;
        insert_ascending(axes[k], naxes[k]++, axis);
    }
    Value *x[2];
    Attrs a = *dot->attrs;
    for (int k = 0; k < 2; k++) {
        Ints *contracted = k ? &a.rhs_axes : &a.lhs_axes;
        for (int i = 0; i < contracted->n; i++) met[k][i] = without(axes[k], naxes[k], contracted->at[i]);
        contracted->at = met[k];
        x[k] = walk_value(w, dot->args[k]);
        if (naxes[k]) x[k] = reduce_plainly(b, OP_reduce_sum, x[k], axes[k], naxes[k]);
    }
    Value *y = emit(b, OP_dot, x, 2, &a);
    int left = 0;
    for (int i = 0; i < rank; i++) {
        if (!among(gone, n, at[i])) perm[left++] = without(gone, n, at[i]);
    }
    y = emit(b, OP_transpose, &y, 1, &(Attrs){ .perm = { left, perm } });
    becomes(w, in, negative ? ir_neg(b, y) : y);
    return true;
}

/* A branch whose side is known. */
static bool take_side(Walk *w, const Inst *in) {
    Data p;
    Value *predicate = walk_value(w, in->args[0]);
    if (predicate->type->rank || !value_is_constant(predicate, &p)) return false;
    int64_t side = element_int(predicate->type->dtype, p.bytes), last = in->nregions - 1;
    const Block *b = in->regions[side < 0 ? 0 : side > last ? last : side];
    for (int i = 0; i < b->nparams; i++) w->map.at[b->params[i]->id] = walk_value(w, in->args[1 + i]);
    walk_block(w, b);
    for (int i = 0; i < in->nresults; i++) w->map.at[in->results[i]->id] = walk_value(w, b->results[i]);
    return true;
}

/* A loop of no iteration or of one. */
static bool run_through(Walk *w, const Inst *in) {
    Builder *b = &w->b;
    const Block *body = in->regions[0];
    int carries = (int)in->attrs->carries;
    bool once = dim_is(in->attrs->trip, 1);
    if (!once && !dim_is(in->attrs->trip, 0)) return false;
    if (once) {
        Value *zero = ir_i64(b, 0);
        w->map.at[body->params[0]->id] = zero;
        for (int i = 0; i < in->nargs; i++) {
            Value *x = walk_value(w, in->args[i]);
            if (i >= carries) x = ir_reshape(b, x, type_without_lead(b->cx, x->type));
            w->map.at[body->params[1 + i]->id] = x;
        }
        walk_block(w, body);
    }
    for (int i = 0; i < in->nresults; i++) {
        const Type *t = in->results[i]->type;
        Value *v = i < carries ? walk_value(w, once ? body->results[i] : in->args[i])
                   : once ? ir_reshape(b, walk_value(w, body->results[i]), t)
                               : ir_fill_int(b, t, 0);
        w->map.at[in->results[i]->id] = v;
    }
    return true;
}

static void inst(Walk *w, const Inst *in) {
    bool done = false;
    switch (in->op) {
    case OP_add:
    case OP_sub: done = fuse_multiply_add(w, in); break;
    case OP_div: done = divide_exactly(w, in); break;
    case OP_dot: done = dot_of_transposes(w, in); break;
    case OP_transpose: done = transpose_of_dot(w, in); break;
    case OP_reduce_sum: done = sum_of_dot(w, in) || reduce_of_transpose(w, in); break;
    case OP_reduce_max:
    case OP_reduce_min: done = reduce_of_transpose(w, in); break;
    case OP_cond: done = take_side(w, in); break;
    case OP_for: done = run_through(w, in); break;
    default: break;
    }
    if (!done) walk_copy(w, in);
}

static void clean(Builder *b, const Func *old, void *context) {
    (void)context;
    clean_into(b, old);
}

Module *pass_simplify(const Module *m) {
    Module *cleaned = module_rewrite(m, clean, NULL);
    Module *changed = walk_module(cleaned, inst, &(Simplify){ 0 });
    Module *hoisted = hoist_out_of_loops(changed);
    Module *after = module_rewrite(hoisted, clean, NULL);
    module_free(cleaned);
    module_free(changed);
    module_free(hoisted);
    return after;
}
