/* widen_see: what the body of a loop is made of, for widen.c: which numbers count, what is demanded of them, and which places it
** reads and writes. */
#include "loop/widen.h"

Number *widen_number(const Widen *w, const LValue *v) {
    Number *n = &w->of[v->id];
    if (n->loop != w->loop) *n = (Number){ .loop = w->loop };
    return n;
}

static bool demand(Widen *w, Op op, bool holds, const LValue *x, const LValue *y) {
    if (w->ndemands == DEMANDS) return false;
    w->demand[w->ndemands++] = (Demand){ op, holds, x, y };
    return true;
}

static bool is_i64(const LValue *v) { return v->type.dtype == DT_i64 && v->type.lanes == 1; }

static bool is_comparison(Op op) { return op == OP_lt || op == OP_le || op == OP_gt || op == OP_ge; }

static bool does(const LValue *v, Op fn) { return v->def && v->def->op == LOOP_apply && v->def->fn == fn; }

/* That a check comes out so in all rounds. */
static bool demand_that(Widen *w, const LValue *c, bool holds) {
    const LInst *in = c->def;
    if (widen_number(w, c)->kind == SAME) return demand(w, OP_not, !holds, c, NULL);
    if (!in) return false;
    if (in->op == LOOP_overflows && !holds) {
        if (!is_i64(in->args[0])) return false;
        for (int i = 0; i < 2; i++)
            if (widen_number(w, in->args[i])->kind == VARIES) return false;
        if (in->fn == OP_mul && widen_number(w, in->args[0])->kind == COUNTS &&
            widen_number(w, in->args[1])->kind == COUNTS)
            return false;
        return demand(w, in->fn, true, in->args[0], in->args[1]);
    }
    if (in->op != LOOP_apply) return false;
    if (in->fn == OP_not) return demand_that(w, in->args[0], !holds);
    if ((in->fn == OP_and && holds) || (in->fn == OP_or && !holds))
        return demand_that(w, in->args[0], holds) && demand_that(w, in->args[1], holds);
    if (!is_comparison(in->fn) || !is_i64(in->args[0])) return false;
    if (widen_number(w, in->args[0])->kind == VARIES || widen_number(w, in->args[1])->kind == VARIES) return false;
    return demand(w, in->fn, holds, in->args[0], in->args[1]);
}

static void is(Widen *w, const LValue *v, Kind kind, int64_t step) {
    *widen_number(w, v) = (Number){ .loop = w->loop, .kind = kind, .here = true, .step = step };
    if (kind == VARIES && v->type.dtype != DT_bool && loop_bytes(v->type) > w->widest) w->widest = loop_bytes(v->type);
}

static bool is_as(Widen *w, const LValue *v, const LValue *other) {
    is(w, v, COUNTS, widen_number(w, other)->step);
    widen_number(w, v)->other = other;
    return true;
}

/* Sums and constant multiples of what counts count; clamped to a range, and wrapped where they are negative, they are what they
** were, if that is demanded of them. */
static bool counts(Widen *w, const LInst *in) {
    const LValue *v = in->results[0], *x = in->args[0], *y = in->nargs > 1 ? in->args[1] : NULL;
    if (!is_i64(v) || in->nargs < 2) return false;
    const Number *n = widen_number(w, x), *m = widen_number(w, y);
    int64_t step, k;
    if (in->fn == OP_select) {
        const LInst *c = x->def;
        const LValue *z = in->args[2];
        bool wraps =
            c && widen_number(w, x)->here && does(x, OP_lt) && c->args[0] == z && loop_is_const(c->args[1], &k) && !k;
        return wraps && widen_number(w, z)->kind == COUNTS && demand(w, OP_lt, false, z, c->args[1]) && is_as(w, v, z);
    }
    if (n->kind == VARIES || m->kind == VARIES || (n->kind == SAME && m->kind == SAME)) return false;
    switch ((int)in->fn) {
    case OP_add: step = n->step + m->step; break;
    case OP_sub: step = n->step - m->step; break;
    case OP_mul:
        if (loop_is_const(x, &k) && k >= -STEP && k <= STEP)
            step = k * m->step;
        else if (loop_is_const(y, &k) && k >= -STEP && k <= STEP)
            step = k * n->step;
        else
            return false;
        break;
    case OP_min:
    case OP_max:
        if (n->kind == COUNTS && m->kind == COUNTS) return false;
        if (n->kind == SAME) return demand(w, in->fn == OP_min ? OP_le : OP_ge, true, y, x) && is_as(w, v, y);
        return demand(w, in->fn == OP_min ? OP_le : OP_ge, true, x, y) && is_as(w, v, x);
    default: return false;
    }
    if (step < -STEP || step > STEP) return false;
    is(w, v, step ? COUNTS : VARIES, step);
    return true;
}

/* Quotients of long integers are made one by one; and a lane that is not there may divide by nothing. */
static bool divides(const LInst *in) {
    const LValue *v = in->results[0];
    if ((in->fn != OP_div && in->fn != OP_rem) || !dtype_is_integer((DType)v->type.dtype)) return false;
    return loop_bytes(v->type) > 4 || !loop_is_const(in->args[1], NULL);
}

static bool see_value(Widen *w, const LInst *in) {
    const LValue *v = in->results[0];
    bool same = true;
    for (int i = 0; i < in->nargs; i++) {
        same = same && widen_number(w, in->args[i])->kind == SAME;
        if (in->args[i]->type.lanes > 1 || loop_is_ptr(in->args[i]->type)) return false;
    }
    if (v->type.lanes > 1 || loop_is_ptr(v->type)) return false;
    if (same) {
        is(w, v, SAME, 0);
        return true;
    }
    if (in->op == LOOP_apply && counts(w, in)) return true;
    if (in->op == LOOP_apply && divides(in)) return false;
    is(w, v, VARIES, 0);
    return true;
}

static bool encloses(const LBlock *outer, const LBlock *inner) {
    while (inner && inner != outer) inner = inner->parent;
    return inner != NULL;
}

bool widen_is_private(const Widen *w, const LValue *ptr, const LValue *index) {
    const LBlock *among = w->among[ptr->id];
    int64_t i;
    return among && encloses(w->body, among) && loop_is_const(index, &i) && !i;
}

static LValue *root_of(LValue *ptr) {
    while (ptr->def && ptr->def->op == LOOP_at) ptr = ptr->def->args[0];
    return ptr;
}

static bool see_place(Widen *w, const LInst *in, bool writes) {
    LValue *ptr = in->args[writes], *index = in->args[writes + 1];
    const Number *n = widen_number(w, index);
    LType t = writes ? in->args[0]->type : in->results[0]->type;
    if (t.lanes > 1 || in->nargs > 2 + writes || in->m || loop_is_ptr(t) || widen_number(w, ptr)->here) return false;
    if (n->kind == VARIES || n->step < -1 || n->step > 1 || w->nplaces == PLACES) return false;
    if (writes && !n->step) return false;
    if (writes && !w->stores++) w->backwards = n->step < 0;
    int bytes = loop_bytes(t);
    if (bytes > w->widest) w->widest = bytes;
    w->narrow = w->narrow || bytes < 4;
    w->place[w->nplaces++] = (Place){ in, writes, ptr, root_of(ptr), index, bytes, n->step, !w->inside };
    return true;
}

static bool see_block(Widen *, const LBlock *, bool first);

bool widen_is_check(const LInst *in) {
    const LInst *last = in->blocks[0]->last;
    return in->n == 1 && !in->nresults && !in->blocks[1]->first && last && last->op == LOOP_runtime &&
           last->entry == RUNTIME_fail;
}

static bool see_if(Widen *w, const LInst *in) {
    if (widen_is_check(in)) return demand_that(w, in->args[0], false);
    w->branches = true;
    w->inside++;
    for (int k = 0; k < 2; k++)
        if (!see_block(w, in->blocks[k], false)) return false;
    w->inside--;
    for (int i = 0; i < in->nresults; i++) {
        if (in->results[i]->type.lanes > 1 || loop_is_ptr(in->results[i]->type)) return false;
        is(w, in->results[i], VARIES, 0);
    }
    return true;
}

static bool see_inst(Widen *w, const LInst *in) {
    if (++w->ninsts > MOST) return false;
    switch (in->op) {
    case LOOP_const:
    case LOOP_apply:
    case LOOP_overflows:
    case LOOP_scale:
    case LOOP_exponent:
    case LOOP_mantissa:
    case LOOP_significand:
    case LOOP_lookup: return see_value(w, in);
    case LOOP_load:
        is(w, in->results[0], VARIES, 0);
        if (widen_is_private(w, in->args[0], in->args[1])) return widen_number(w, in->args[0])->stored;
        return see_place(w, in, false);
    case LOOP_store:
        if (widen_is_private(w, in->args[1], in->args[2])) {
            widen_number(w, in->args[1])->stored = true;
            return in->args[0]->type.lanes == 1 && !loop_is_ptr(in->args[0]->type);
        }
        return see_place(w, in, true);
    case LOOP_if: return see_if(w, in);
    default: return false;
    }
}

static bool see_block(Widen *w, const LBlock *block, bool first) {
    for (int i = 0; first && i < block->nparams; i++) is(w, block->params[i], COUNTS, 1);
    for (const LInst *in = block->first; in; in = in->next)
        if (!see_inst(w, in)) return false;
    return true;
}

/* Different pointers are different memory: two places of which one was taken by the function, or both were handed to it. */
static bool are_apart(const LValue *x, const LValue *y) {
    bool taken[2];
    const LValue *v[2] = { x, y };
    if (x == y) return false;
    for (int i = 0; i < 2; i++)
        taken[i] = v[i]->def && (v[i]->def->op == LOOP_stack || v[i]->def->op == LOOP_data ||
                                 (v[i]->def->op == LOOP_runtime && v[i]->def->entry == RUNTIME_alloc));
    bool given[2] = { !x->def && !x->block->parent, !y->def && !y->block->parent };
    return (taken[0] || given[0] || (!x->def && x->block == y->block)) &&
           (taken[1] || given[1] || (!y->def && x->block == y->block));
}

bool widen_see(Widen *w, const LInst *in) {
    if (in->op != LOOP_for || in->n != 1 || in->m || in->nresults) return false;
    w->loop = in;
    w->body = in->blocks[0];
    w->nplaces = w->ndemands = w->ninsts = w->stores = w->inside = 0;
    w->widest = 1;
    w->narrow = w->branches = w->backwards = false;
    if (!see_block(w, w->body, true) || !w->stores) return false;
    const Target *t = w->b.module->target;
    if (w->branches && !(w->narrow ? t->masked_narrow : t->masked)) return false;
    for (int i = 0; i < w->nplaces; i++)
        for (int k = 0; k < i; k++) {
            const LValue *x = w->place[i].root, *y = w->place[k].root;
            if ((w->place[i].writes || w->place[k].writes) && x != y && !are_apart(x, y)) return false;
        }
    w->lanes = t->vector_bytes / w->widest;
    return w->lanes > 1;
}
