/* widen: loops that were written element by element do several rounds at a time.
**
** `for j in range(n): y[j] += a * x[j]` comes here as a loop over single numbers, with checks of its indices.  In front of
** such a loop another one is put, of vectors, whose lanes are rounds that follow one another; the loop itself does the rounds
** that are left, and all of them where the other must not run.  So a check that fails fails where it did.
**
** A number of the body is the same in all rounds, or counts (it grows by the same in every round), or varies.  Whatever is asked
** of numbers that count, of indices above all, holds in all rounds if it holds in the first and in the last: it is asked in
** front of the loop, once.  So is whether rounds that are done together read or write what another of them writes: two places
** that move alike must not meet within so many rounds, the earlier in the text in the later round; other places must not
** meet at all; but what stands still may be read and, in one round, be written by what moves, as `d[i, k]` is in Floyd's loop
** over j: that loop is two, one up to that round.  An `if` becomes a mask of what it stores. */
#include "loop/build.h"

#include <string.h>

enum {
    MOST = 200,   /* instructions of a body */
    PLACES = 24,  /* that it reads and writes */
    DEMANDS = 48, /* of what counts */
    TERMS = 12,
    STEP = 1 << 20, /* the most that a number counts by */
    FIRST = 0,
    LAST,
    NOW,
    END /* rounds: the first, the last; those at hand, in the loop of vectors and in its tail */
};
#define ROUNDS (INT64_C(1) << 40)    /* the most that such a loop does, ... */
#define UNWRAPPED (INT64_C(1) << 61) /* ... so what begins below that stays below 2^62 */

typedef enum { SAME, COUNTS, VARIES } Kind;

typedef struct {
    Kind kind;
    const LInst *loop;   /* that this is known of; of others nothing is */
    bool here;           /* defined in the body */
    bool stored;         /* of a ptr: the body has put a number there, for itself */
    int64_t step;        /* of what counts */
    const LValue *other; /* this one, as demanded */
    LValue *at[END + 1]; /* the number, in these rounds */
    LValue *vector;      /* the numbers, in the rounds at hand */
} Number;

typedef struct {
    const LInst *in;
    bool writes;
    LValue *ptr, *root; /* root: of which ptr is so many bytes on */
    const LValue *index;
    int64_t bytes, step; /* of an element; by which it moves */
} Place;

typedef struct {
    Op op; /* a comparison; add, sub or mul: that this does not overflow; not: x alone is false */
    bool holds;
    const LValue *x, *y;
} Demand;

typedef struct {
    LBuilder b;
    Number *of;           /* by id */
    const LBlock **among; /* by id of a ptr to a single number on the stack: the block whose instructions use it */
    int nvalues;
    /* of the loop in hand */
    const LInst *loop;
    const LBlock *body;
    Place place[PLACES];
    Demand demand[DEMANDS];
    const Place *still, *moves; /* of which one is written by the other in one round, or NULL */
    int nplaces, ndemands, ninsts, widest, stores;
    bool narrow, branches, backwards; /* backwards: lane k is the last round but k */
    int lanes;
    LValue *mask; /* of the lanes at hand, NULL: all */
    int when;
} Widen;

/* what a body is made of */

static Number *number(const Widen *w, const LValue *v) {
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
    if (number(w, c)->kind == SAME) return demand(w, OP_not, !holds, c, NULL);
    if (!in) return false;
    if (in->op == LOOP_overflows && !holds) {
        if (!is_i64(in->args[0])) return false;
        for (int i = 0; i < 2; i++)
            if (number(w, in->args[i])->kind == VARIES) return false;
        if (in->fn == OP_mul && number(w, in->args[0])->kind == COUNTS && number(w, in->args[1])->kind == COUNTS)
            return false;
        return demand(w, in->fn, true, in->args[0], in->args[1]);
    }
    if (in->op != LOOP_apply) return false;
    if (in->fn == OP_not) return demand_that(w, in->args[0], !holds);
    if ((in->fn == OP_and && holds) || (in->fn == OP_or && !holds))
        return demand_that(w, in->args[0], holds) && demand_that(w, in->args[1], holds);
    if (!is_comparison(in->fn) || !is_i64(in->args[0])) return false;
    if (number(w, in->args[0])->kind == VARIES || number(w, in->args[1])->kind == VARIES) return false;
    return demand(w, in->fn, holds, in->args[0], in->args[1]);
}

static void is(Widen *w, const LValue *v, Kind kind, int64_t step) {
    *number(w, v) = (Number){ .loop = w->loop, .kind = kind, .here = true, .step = step };
    if (kind == VARIES && v->type.dtype != DT_bool && loop_bytes(v->type) > w->widest) w->widest = loop_bytes(v->type);
}

static bool is_as(Widen *w, const LValue *v, const LValue *other) {
    is(w, v, COUNTS, number(w, other)->step);
    number(w, v)->other = other;
    return true;
}

/* Sums and constant multiples of what counts count; clamped to a range, and wrapped where they are negative, they are what they
** were, if that is demanded of them. */
static bool counts(Widen *w, const LInst *in) {
    const LValue *v = in->results[0], *x = in->args[0], *y = in->nargs > 1 ? in->args[1] : NULL;
    if (!is_i64(v) || in->nargs < 2) return false;
    const Number *n = number(w, x), *m = number(w, y);
    int64_t step, k;
    if (in->fn == OP_select) {
        const LInst *c = x->def;
        const LValue *z = in->args[2];
        bool wraps =
            c && number(w, x)->here && does(x, OP_lt) && c->args[0] == z && loop_is_const(c->args[1], &k) && !k;
        return wraps && number(w, z)->kind == COUNTS && demand(w, OP_lt, false, z, c->args[1]) && is_as(w, v, z);
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
        same = same && number(w, in->args[i])->kind == SAME;
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

static bool is_private(const Widen *w, const LValue *ptr, const LValue *index) {
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
    const Number *n = number(w, index);
    LType t = writes ? in->args[0]->type : in->results[0]->type;
    if (t.lanes > 1 || in->nargs > 2 + writes || in->m || loop_is_ptr(t) || number(w, ptr)->here) return false;
    if (n->kind == VARIES || n->step < -1 || n->step > 1 || w->nplaces == PLACES) return false;
    if (writes && !n->step) return false;
    if (writes && !w->stores++) w->backwards = n->step < 0;
    int bytes = loop_bytes(t);
    if (bytes > w->widest) w->widest = bytes;
    w->narrow = w->narrow || bytes < 4;
    w->place[w->nplaces++] = (Place){ in, writes, ptr, root_of(ptr), index, bytes, n->step };
    return true;
}

static bool see_block(Widen *, const LBlock *, bool first);

static bool is_check(const LInst *in) {
    const LInst *last = in->blocks[0]->last;
    return in->n == 1 && !in->nresults && !in->blocks[1]->first && last && last->op == LOOP_runtime &&
           last->entry == RUNTIME_fail;
}

static bool see_if(Widen *w, const LInst *in) {
    if (is_check(in)) return demand_that(w, in->args[0], false);
    w->branches = true;
    for (int k = 0; k < 2; k++)
        if (!see_block(w, in->blocks[k], false)) return false;
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
        if (is_private(w, in->args[0], in->args[1])) return number(w, in->args[0])->stored;
        return see_place(w, in, false);
    case LOOP_store:
        if (is_private(w, in->args[1], in->args[2])) {
            number(w, in->args[1])->stored = true;
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

static bool can_be_widened(Widen *w, const LInst *in) {
    if (in->op != LOOP_for || in->n != 1 || in->m || in->nresults) return false;
    w->loop = in;
    w->body = in->blocks[0];
    w->nplaces = w->ndemands = w->ninsts = w->stores = 0;
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

/* numbers in front of the loop, and at hand */

static LValue *at(Widen *w, const LValue *v, int when) {
    Number *n = number(w, v);
    if (!n->here) return (LValue *)v;
    if (n->other) return at(w, n->other, when);
    if (n->at[when]) return n->at[when];
    LValue *x[3];
    for (int i = 0; i < v->def->nargs; i++) x[i] = at(w, v->def->args[i], when);
    return n->at[when] = loop_repeat(&w->b, v->def, x);
}

static LValue *both_hold(Widen *w, LValue *all, LValue *also) { return loop_binary(&w->b, OP_and, all, also); }

static LValue *demanded(Widen *w, const Demand *d, LValue *all) {
    LBuilder *b = &w->b;
    if (d->op == OP_not) {
        LValue *x = at(w, d->x, FIRST);
        return both_hold(w, all, d->holds ? loop_unary(b, OP_not, x) : x);
    }
    const LValue *both[] = { d->x, d->y };
    for (int when = FIRST; when <= LAST; when++) {
        LValue *x = at(w, d->x, when), *y = at(w, d->y, when);
        bool compares = is_comparison(d->op);
        LValue *c = compares ? loop_binary(b, d->op, x, y) : loop_overflows(b, d->op, x, y);
        all = both_hold(w, all, compares && d->holds ? c : loop_unary(b, OP_not, c));
    }
    for (int i = 0; i < 2; i++) {
        if (number(w, both[i])->kind == SAME) continue;
        LValue *x = at(w, both[i], FIRST);
        all = both_hold(w, all, loop_binary(b, OP_lt, x, loop_i64(b, UNWRAPPED)));
        all = both_hold(w, all, loop_binary(b, OP_gt, x, loop_i64(b, -UNWRAPPED)));
    }
    return all;
}

/* What a number is a sum of. */
typedef struct {
    const LValue *of[TERMS];
    int64_t times[TERMS], rest;
    int n;
    bool known; /* all of it */
} Sum;

static void add_term(Sum *s, const LValue *v, int64_t times) {
    const LInst *in = v->def;
    int64_t k;
    int i = 0;
    if (loop_is_const(v, &k)) {
        s->rest += times * k;
        return;
    }
    if (does(v, OP_add) || does(v, OP_sub)) {
        add_term(s, in->args[0], times);
        add_term(s, in->args[1], in->fn == OP_sub ? -times : times);
        return;
    }
    if (does(v, OP_mul) && loop_is_const(in->args[1], &k) && k >= -STEP && k <= STEP && times >= -STEP &&
        times <= STEP) {
        add_term(s, in->args[0], times * k);
        return;
    }
    while (i < s->n && s->of[i] != v) i++;
    s->known = s->known && i < TERMS;
    if (i == TERMS) return;
    if (i == s->n) s->of[s->n++] = v;
    s->times[i] += times;
}

/* x - y, as a constant where it is one. */
static LValue *difference(Widen *w, LValue *x, LValue *y) {
    Sum s = { .known = true };
    add_term(&s, x, 1);
    add_term(&s, y, -1);
    for (int i = 0; i < s.n; i++) s.known = s.known && !s.times[i];
    return s.known ? loop_i64(&w->b, s.rest) : loop_sub(&w->b, x, y);
}

/* Its first byte, from the root on. */
static LValue *byte_of(Widen *w, const Place *p, int when) {
    LBuilder *b = &w->b;
    LValue *byte = loop_mul(b, at(w, p->index, when), loop_i64(b, p->bytes));
    for (LValue *ptr = p->ptr; ptr != p->root; ptr = ptr->def->args[0])
        byte = loop_add(b, byte, loop_mul(b, ptr->def->args[1], loop_i64(b, ptr->def->n)));
    return byte;
}

/* x stands before y in the text. */
static LValue *do_not_meet(Widen *w, const Place *x, const Place *y, LValue *all) {
    LBuilder *b = &w->b;
    LValue *x0 = byte_of(w, x, FIRST), *y0 = byte_of(w, y, FIRST);
    int64_t move = x->step * x->bytes;
    if (move && move == y->step * y->bytes) {
        LValue *ahead = move > 0 ? difference(w, y0, x0) : difference(w, x0, y0);
        LValue *behind = loop_binary(b, OP_le, ahead, loop_i64(b, 0));
        LValue *far = loop_binary(b, OP_ge, ahead, loop_i64(b, (move > 0 ? move : -move) * w->lanes));
        return both_hold(w, all, loop_binary(b, OP_or, behind, far));
    }
    LValue *x1 = byte_of(w, x, LAST), *y1 = byte_of(w, y, LAST);
    LValue *x_end = loop_add(b, x->step < 0 ? x0 : x1, loop_i64(b, x->bytes));
    LValue *y_end = loop_add(b, y->step < 0 ? y0 : y1, loop_i64(b, y->bytes));
    LValue *before = loop_binary(b, OP_le, x_end, y->step < 0 ? y1 : y0);
    LValue *behind = loop_binary(b, OP_le, y_end, x->step < 0 ? x1 : x0);
    return both_hold(w, all, loop_binary(b, OP_or, before, behind));
}

static bool is_split(const Widen *w, const Place *x, const Place *y) {
    return w->still && y == w->moves && !x->writes && x->ptr == y->ptr && x->index == w->still->index && x < y;
}

/* What stands still, and is written by what moves. */
static void find_split(Widen *w) {
    w->still = w->moves = NULL;
    for (int i = 0; i < w->nplaces; i++)
        for (int k = 0; k < i && !w->still; k++) {
            const Place *x = &w->place[k], *y = &w->place[i];
            if (!y->writes || x->writes || x->step || x->ptr != y->ptr) continue;
            w->still = x;
            w->moves = y;
        }
}

/* The first round behind the one that writes there. */
static LValue *split_at(Widen *w, LValue *lower, LValue *upper) {
    LBuilder *b = &w->b;
    LValue *x = at(w, w->still->index, FIRST), *y = at(w, w->moves->index, FIRST);
    LValue *ahead = w->moves->step > 0 ? loop_sub(b, x, y) : loop_sub(b, y, x);
    LValue *behind = loop_add(b, loop_add(b, lower, ahead), loop_i64(b, 1));
    return loop_binary(b, OP_max, lower, loop_binary(b, OP_min, behind, upper));
}

static LValue *may_run(Widen *w, LValue *all) {
    for (int i = 0; i < w->ndemands; i++) all = demanded(w, &w->demand[i], all);
    for (int i = 0; i < w->nplaces; i++)
        for (int k = 0; k < i; k++) {
            const Place *x = &w->place[k], *y = &w->place[i];
            if ((x->writes || y->writes) && x->root == y->root && !is_split(w, x, y)) all = do_not_meet(w, x, y, all);
        }
    return all;
}

/* vectors */

static LValue *reversed(Widen *w, LValue *x) {
    int pick[LOOP_MAX_LANES];
    for (int k = 0; k < w->lanes; k++) pick[k] = w->lanes - 1 - k;
    return loop_shuffle(&w->b, x, x, w->lanes, pick);
}

static LValue *vector(Widen *w, const LValue *v) {
    LBuilder *b = &w->b;
    const Number *n = number(w, v);
    if (n->kind == VARIES && !n->step && n->vector) return n->vector;
    LValue *x = loop_splat(b, at(w, v, w->when), w->lanes);
    if (n->kind != COUNTS) return x;
    LValue *k = loop_iota(b, loop_type(DT_i64, w->lanes)), *last = loop_splat(b, loop_i64(b, w->lanes - 1), w->lanes);
    if (w->backwards) k = loop_sub(b, last, k);
    return loop_add(b, x, loop_mul(b, k, loop_splat(b, loop_i64(b, n->step), w->lanes)));
}

/* Where the first lane lies, and whether lanes lie the other way round. */
static LValue *lowest(Widen *w, const LValue *index, bool *turned) {
    int64_t step = number(w, index)->step;
    LValue *i = at(w, index, w->when);
    *turned = step && (step < 0) != w->backwards;
    return step < 0 ? loop_sub(&w->b, i, loop_i64(&w->b, w->lanes - 1)) : i;
}

static LValue *load(Widen *w, const LInst *in) {
    LBuilder *b = &w->b;
    LType t = in->results[0]->type;
    bool turned;
    LValue *i = lowest(w, in->args[1], &turned), *mask = w->mask;
    if (!number(w, in->args[1])->step) { /* the same for all */
        LValue *any = mask ? loop_any(b, mask) : NULL;
        return loop_splat(b, loop_load(b, t, in->args[0], i, 1, any), w->lanes);
    }
    if (mask && turned) mask = reversed(w, mask);
    LValue *x = loop_load(b, loop_type((DType)t.dtype, w->lanes), in->args[0], i, 1, mask);
    return turned ? reversed(w, x) : x;
}

static void store(Widen *w, const LInst *in) {
    bool turned;
    LValue *x = vector(w, in->args[0]), *i = lowest(w, in->args[2], &turned), *mask = w->mask;
    if (turned) x = reversed(w, x);
    if (turned && mask) mask = reversed(w, mask);
    loop_store(&w->b, x, in->args[1], i, 1, mask);
}

static void write_block(Widen *, const LBlock *);

static void write_if(Widen *w, const LInst *in) {
    LBuilder *b = &w->b;
    LValue *c = vector(w, in->args[0]), *before = w->mask;
    for (int k = 0; k < 2; k++) {
        LValue *side = k ? loop_unary(b, OP_not, c) : c;
        w->mask = before ? loop_binary(b, OP_and, before, side) : side;
        write_block(w, in->blocks[k]);
    }
    w->mask = before;
    for (int i = 0; i < in->nresults; i++)
        number(w, in->results[i])->vector =
            loop_select(b, c, vector(w, in->blocks[0]->results[i]), vector(w, in->blocks[1]->results[i]));
}

static void write_value(Widen *w, const LInst *in) {
    LBuilder *b = &w->b;
    const LValue *v = in->results[0];
    LValue *x[3];
    for (int i = 0; i < in->nargs; i++) x[i] = vector(w, in->args[i]);
    number(w, v)->vector = in->op == LOOP_apply
                               ? loop_plain(b, in->fn, in->nargs, x, (DType)v->type.dtype)
                               : build_pure(b, *in, loop_type((DType)v->type.dtype, w->lanes), x, in->nargs);
}

static void write_block(Widen *w, const LBlock *block) {
    for (const LInst *in = block->first; in; in = in->next) {
        w->b.origin = in->origin;
        switch (in->op) {
        case LOOP_store:
            if (is_private(w, in->args[1], in->args[2]))
                number(w, in->args[1])->vector = vector(w, in->args[0]);
            else
                store(w, in);
            break;
        case LOOP_load:
            number(w, in->results[0])->vector =
                is_private(w, in->args[0], in->args[1]) ? number(w, in->args[0])->vector : load(w, in);
            break;
        case LOOP_if:
            if (!is_check(in)) write_if(w, in);
            break;
        default:
            if (number(w, in->results[0])->kind == VARIES) write_value(w, in);
        }
    }
}

static void write_rounds(Widen *w, LValue *i, int when, LValue *mask) {
    number(w, w->body->params[0])->at[when] = i;
    w->when = when;
    w->mask = mask;
    write_block(w, w->body);
}

/* Rounds lower .. upper: vectors, and, if there is a mask for them, the rest, which are fewer than lanes.  Where it ends. */
static LValue *write_vectors(Widen *w, LValue *lower, LValue *upper, bool tail) {
    LBuilder *b = &w->b;
    LValue *whole = loop_binary(b, OP_and, loop_sub(b, upper, lower), loop_i64(b, -(int64_t)w->lanes));
    LValue *end = loop_add(b, lower, whole);
    LLoop f = loop_for(b, lower, end, w->lanes, 0, NULL);
    write_rounds(w, f.i, NOW, NULL);
    loop_end(b, &f, NULL);
    if (!tail) return end;
    LValue *left = loop_sub(b, upper, end);
    LLoop some = loop_if(b, loop_binary(b, OP_gt, left, loop_i64(b, 0)));
    LValue *mask = loop_lanes_below(b, left, w->lanes);
    write_rounds(w, end, END, w->backwards ? reversed(w, mask) : mask);
    loop_end_then(b, &some);
    return upper;
}

static void write_both(Widen *w, LValue *lower, LValue *upper) {
    LBuilder *b = &w->b;
    LValue *zero = loop_i64(b, 0), *middle = split_at(w, lower, upper);
    LValue *empty = loop_binary(b, OP_eq, middle, lower);
    LLoop two = loop_for(b, loop_select(b, empty, loop_i64(b, 1), zero), loop_i64(b, 2), 1, 0, NULL);
    LValue *first = loop_binary(b, OP_eq, two.i, zero);
    LValue *from = loop_select(b, first, lower, middle), *to = loop_select(b, first, middle, upper);
    write_vectors(w, from, to, true);
    loop_end(b, &two, NULL);
}

/* The loop of vectors in front of the loop; where that is to go on. */
static LValue *widen(Widen *w) {
    LBuilder *b = &w->b;
    LValue *lower = w->loop->args[0], *upper = w->loop->args[1], *one = loop_i64(b, 1);
    const Target *t = b->module->target;
    bool tail = w->narrow ? t->masked_narrow : t->masked;
    Number *i = number(w, w->body->params[0]);
    w->still = w->moves = NULL;
    if (tail) find_split(w);
    i->at[FIRST] = lower;
    i->at[LAST] = loop_sub(b, upper, one);
    LValue *rounds = loop_sub(b, upper, lower);
    LValue *enough = loop_binary(b, OP_ge, rounds, loop_i64(b, w->lanes));
    LValue *runs = may_run(w, both_hold(w, enough, loop_binary(b, OP_lt, rounds, loop_i64(b, ROUNDS))));
    int64_t known;
    if (loop_is_const(runs, &known) && !known) return lower;
    LLoop may = loop_if(b, runs);
    LValue *end = upper;
    if (w->still)
        write_both(w, lower, upper);
    else
        end = write_vectors(w, lower, upper, tail);
    loop_else(b, &may, 1, &end);
    loop_end_if(b, &may, 1, &lower);
    return may.carry[0];
}

/* the walk */

static void use(Widen *w, const LValue *v, const LBlock *block) {
    bool one = v->def && v->def->op == LOOP_stack && v->def->n <= 8;
    if (!one || v->id >= w->nvalues) return;
    const LBlock **among = &w->among[v->id], *all = v->block;
    *among = *among && *among != block ? all : block;
}

static void see_uses(Widen *w, const LBlock *block) {
    for (const LInst *in = block->first; in; in = in->next) {
        for (int i = 0; i < in->nargs; i++) use(w, in->args[i], block);
        for (int k = 0; k < in->nblocks; k++) see_uses(w, in->blocks[k]);
    }
}

/* Puts the block together again, so that what is new stands where a builder would have put it. */
static void walk(Widen *w, LBlock *block) {
    LInst *next, *in = block->first;
    block->first = block->last = NULL;
    for (; in; in = next) {
        next = in->next;
        in->next = NULL;
        bool wide = can_be_widened(w, in);
        for (int k = 0; k < in->nblocks && !wide; k++) walk(w, in->blocks[k]);
        w->b.block = block;
        w->b.epoch = block->epoch;
        w->b.origin = in->origin;
        if (wide) in->args[0] = widen(w);
        build_move(&w->b, in);
    }
}

static bool has_loops(const LBlock *block) {
    for (const LInst *in = block->first; in; in = in->next) {
        if (in->op == LOOP_for && in->n == 1) return true;
        for (int k = 0; k < in->nblocks; k++)
            if (has_loops(in->blocks[k])) return true;
    }
    return false;
}

void loop_widen(LModule *m) {
    for (LFunc *f = m->first; f; f = f->next) {
        if (!has_loops(f->body)) continue;
        Widen w = { .b = loop_builder(m, f), .nvalues = f->nvalues };
        size_t n = (size_t)f->nvalues + 1;
        w.of = NEW_ARRAY(m->arena, Number, n);
        w.among = NEW_ARRAY(m->arena, const LBlock *, n);
        see_uses(&w, f->body);
        walk(&w, f->body);
    }
}
