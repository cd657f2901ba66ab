/* guards: a product of cotangent and residual is guarded (`cotangent_mul`: 0 where the cotangent is, whatever the residual)
** only where a branch, a maximum, an index or a mask can have made the cotangent zero.
**
** For every value it is found whether such a zero can be among its elements: constants and converted bools have some, what
** chooses and what pads lets them in, products and most functions hand them on, sums of something else do away with them.
** What the program is given counts as having none: a cotangent is not zero by chance.  Elsewhere the product is an ordinary
** one, rounded in the same way. */
#include "optimize/optimize.h"

typedef struct {
    const Func *func; /* that `zeros` belongs to */
    bool *zeros;      /* by value id */
    bool more;
} Guards;

static bool has(const Guards *g, const Value *v) { return g->zeros[v->id]; }

static void put(Guards *g, const Value *v, bool zeros) {
    if (!zeros || g->zeros[v->id]) return;
    g->zeros[v->id] = g->more = true;
}

static bool any_has(const Guards *g, const Inst *in) {
    for (int i = 0; i < in->nargs; i++)
        if (has(g, in->args[i])) return true;
    return false;
}

static bool constant_has(const Inst *in) {
    Data d = in->attrs->data;
    DType t = in->results[0]->type->dtype;
    for (int64_t i = 0; i < d.n; i++) {
        double z[2];
        element_complex(t, (const char *)d.bytes + i * dtype_bytes(t), z);
        if (z[0] == 0 && z[1] == 0) return true;
    }
    return false;
}

static bool gives_zeros(const Guards *g, const Inst *in) {
    Value *const *x = in->args;
    switch (in->op) {
    case OP_constant: return constant_has(in);
    case OP_convert: return has(g, x[0]) || !dtype_is_inexact(x[0]->type->dtype);
    case OP_add:
    case OP_sub:
    case OP_complex: return has(g, x[0]) && has(g, x[1]);
    case OP_fma: return (has(g, x[0]) || has(g, x[1])) && has(g, x[2]);
    case OP_select: return has(g, x[1]) || has(g, x[2]);
    case OP_div:
    case OP_pow:
    case OP_atan2:
    case OP_copysign:
    case OP_gather: return has(g, x[0]) || (in->op == OP_gather && in->attrs->mode == GATHER_FILL);
    case OP_dynamic_slice: return has(g, x[0]);
    case OP_dynamic_update_slice: return has(g, x[0]) || has(g, x[1]);
    case OP_scatter: return has(g, x[0]) || has(g, x[2]);
    case OP_exp:
    case OP_exp2:
    case OP_cos:
    case OP_cosh:
    case OP_acos:
    case OP_acosh:
    case OP_log:
    case OP_log2:
    case OP_rsqrt:
    case OP_logistic:
    case OP_erfc:
    case OP_lgamma:
    case OP_digamma:
    case OP_load:
    case OP_flag:
    case OP_time: return false;
    case OP_mul:
    case OP_cotangent_mul:
    case OP_integer_pow:
    case OP_neg:
    case OP_abs:
    case OP_real:
    case OP_imag:
    case OP_conj:
    case OP_sqrt:
    case OP_cbrt:
    case OP_sin:
    case OP_tan:
    case OP_asin:
    case OP_atan:
    case OP_sinh:
    case OP_tanh:
    case OP_asinh:
    case OP_atanh:
    case OP_expm1:
    case OP_log1p:
    case OP_erf:
    case OP_erf_inv:
    case OP_stop_gradient:
    case OP_broadcast:
    case OP_reshape:
    case OP_retype:
    case OP_transpose:
    case OP_slice:
    case OP_reverse:
    case OP_concatenate:
    case OP_reduce_sum:
    case OP_reduce_prod:
    case OP_reduce_max:
    case OP_reduce_min:
    case OP_cumsum:
    case OP_dot: return any_has(g, in);
    default: return true;
    }
}

static void find_block(Guards *, const Block *);

static void hand_on(Guards *g, Value *const *to, Value *const *from, int n) {
    for (int i = 0; i < n; i++) put(g, to[i], has(g, from[i]));
}

static void find_loop(Guards *g, const Inst *in) {
    const Block *body = in->regions[in->nregions - 1];
    int first = in->op == OP_for, carries = (int)in->attrs->carries;
    bool before = g->more;
    hand_on(g, body->params + first, in->args, in->nargs);
    do {
        g->more = false;
        find_block(g, body);
        hand_on(g, body->params + first, body->results, carries);
        before |= g->more;
    } while (g->more);
    g->more = before;
    hand_on(g, in->results, body->params + first, carries);
    hand_on(g, in->results, body->results, body->nresults);
}

static void find_cond(Guards *g, const Inst *in) {
    for (int r = 0; r < in->nregions; r++) {
        const Block *side = in->regions[r];
        hand_on(g, side->params, in->args + 1, side->nparams);
        find_block(g, side);
        hand_on(g, in->results, side->results, side->nresults);
    }
}

static void find_block(Guards *g, const Block *block) {
    for (const Inst *in = block->first; in; in = in->next) {
        bool each = in->op == OP_sort || in->op == OP_barrier;
        if (in->op == OP_for || in->op == OP_while)
            find_loop(g, in);
        else if (in->op == OP_cond)
            find_cond(g, in);
        else if (each)
            hand_on(g, in->results, in->args, in->nresults);
        else
            for (int i = 0; i < in->nresults; i++) put(g, in->results[i], gives_zeros(g, in));
    }
}

static bool calls(const Block *block, const Func *f) {
    for (const Inst *in = block->first; in; in = in->next) {
        const Attrs *a = in->attrs;
        if (a->callee == f || a->rule == f || a->backward == f) return true;
        for (int r = 0; r < in->nregions; r++)
            if (calls(in->regions[r], f)) return true;
    }
    return false;
}

/* What a function is given that others call may be such a cotangent. */
static bool is_called(const Func *f) {
    for (const Func *other = f->module->first; other; other = other->next)
        if (calls(other->body, f)) return true;
    return false;
}

static void find(Guards *g, const Func *f, Arena *arena) {
    g->func = f;
    g->zeros = NEW_ARRAY(arena, bool, f->nvalues + 1);
    bool called = is_called(f);
    for (int i = 0; i < f->body->nparams; i++) put(g, f->body->params[i], called);
    find_block(g, f->body);
}

static void inst(Walk *w, const Inst *in) {
    Guards *g = w->context;
    if (in->op != OP_cotangent_mul) {
        walk_copy(w, in);
        return;
    }
    if (g->func != in->block->func) find(g, in->block->func, w->b.arena);
    if (has(g, in->args[0])) {
        walk_copy(w, in);
        return;
    }
    w->map.at[in->results[0]->id] = ir_mul(&w->b, walk_value(w, in->args[0]), walk_value(w, in->args[1]));
}

Module *pass_guards(const Module *m) { return walk_module(m, inst, &(Guards){ 0 }); }
