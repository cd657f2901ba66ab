/* ranges: what integers cannot be is not asked for.
**
** For every integer it is found between which two numbers it lies: counters of loops, remainders, indices that were wrapped,
** what a condition has said of them (interval.c says what operations do).  What loops carry is widened until it no longer
** grows, and then computed once more from what it can be.  With that
**   - Python's arithmetic that fits into 64 bits is ordinary arithmetic;
**   - quotients and remainders of what is not negative are those of unsigned numbers, of 32 bits where these do, or bits;
**   - comparisons that come out one way are that, and with them checks, branches, and the wrapping of indices. */
#include "optimize/ranges.h"
#include "optimize/optimize.h"

typedef struct {
    int id;
    Range before;
} Narrowed;

typedef struct {
    Range arg[2];
} Given;

typedef struct {
    Compiler *cx;
    Arena *arena;
    const Func *func; /* that the ranges belong to */
    Range *of;        /* by value id */
    Given *given;     /* by id of an instruction's first result: what its first two arguments were there */
    int depth;        /* of loops */
    struct {
        Narrowed *at;
        int n, cap;
    } narrowed; /* by conditions, to be undone */
} Ranges;

static bool equal(Range x, Range y) { return x.lo == y.lo && x.hi == y.hi; }

/* conditions */

static void narrow(Ranges *r, const Value *v, int64_t lo, int64_t hi) {
    Range x = r->of[v->id], y = { lo > x.lo ? lo : x.lo, hi < x.hi ? hi : x.hi };
    if (y.lo > y.hi || equal(x, y)) return; /* the first: a side that nobody takes */
    PUSH(r->arena, &r->narrowed, ((Narrowed){ v->id, x }));
    r->of[v->id] = y;
}

static void widen_back(Ranges *r, int to) {
    while (r->narrowed.n > to) {
        Narrowed last = r->narrowed.at[--r->narrowed.n];
        r->of[last.id] = last.before;
    }
}

static Op opposite(Op op) {
    static const Op of[][2] = { { OP_lt, OP_ge }, { OP_le, OP_gt }, { OP_eq, OP_ne } };
    for (int i = 0; i < COUNT(of); i++)
        for (int k = 0; k < 2; k++)
            if (op == of[i][k]) return of[i][!k];
    return op;
}

static void assume_compared(Ranges *r, Op op, const Value *x, const Value *y) {
    Range a = r->of[x->id], b = r->of[y->id];
    int64_t under_b = b.hi == INT64_MIN ? b.hi : b.hi - 1, over_a = a.lo == INT64_MAX ? a.lo : a.lo + 1;
    switch ((int)op) {
    case OP_gt: assume_compared(r, OP_lt, y, x); break;
    case OP_ge: assume_compared(r, OP_le, y, x); break;
    case OP_lt:
        narrow(r, x, INT64_MIN, under_b);
        narrow(r, y, over_a, INT64_MAX);
        break;
    case OP_le:
        narrow(r, x, INT64_MIN, b.hi);
        narrow(r, y, a.lo, INT64_MAX);
        break;
    case OP_eq:
        narrow(r, x, b.lo, b.hi);
        narrow(r, y, a.lo, a.hi);
        break;
    case OP_ne:
        if (range_is_one(b) && a.lo == b.lo && a.lo < a.hi) narrow(r, x, a.lo + 1, a.hi);
        if (range_is_one(b) && a.hi == b.lo && a.lo < a.hi) narrow(r, x, a.lo, a.hi - 1);
        break;
    default: break;
    }
}

/* Where that bool is so. */
static void assume(Ranges *r, const Value *c, bool holds) {
    const Inst *in = c->def;
    if (!in || c->type->rank) return;
    switch ((int)in->op) {
    case OP_not: assume(r, in->args[0], !holds); break;
    case OP_and:
    case OP_or:
        for (int i = 0; i < 2 && holds == (in->op == OP_and); i++) assume(r, in->args[i], holds);
        break;
    case OP_eq:
    case OP_ne:
    case OP_lt:
    case OP_le:
    case OP_gt:
    case OP_ge:
        if (in->args[0]->type->dtype == DT_bool || !range_tracks(in->args[0]->type->dtype)) break;
        assume_compared(r, holds ? in->op : opposite(in->op), in->args[0], in->args[1]);
        break;
    default: break;
    }
}

/* blocks */

static void find_block(Ranges *, const Block *);

static void hand_on(Ranges *r, Value *const *to, Value *const *from, int n) {
    for (int i = 0; i < n; i++) r->of[to[i]->id] = r->of[from[i]->id];
}

static void find_cond(Ranges *r, const Inst *in) {
    bool two = in->args[0]->type->dtype == DT_bool && in->nregions == 2;
    for (int k = 0; k < in->nregions; k++) {
        const Block *side = in->regions[k];
        int before = r->narrowed.n;
        if (two) assume(r, in->args[0], k == 1);
        hand_on(r, side->params, in->args + 1, side->nparams);
        find_block(r, side);
        for (int i = 0; i < in->nresults; i++) {
            Range x = r->of[side->results[i]->id];
            r->of[in->results[i]->id] = k ? range_join(r->of[in->results[i]->id], x) : x;
        }
        widen_back(r, before);
    }
}

/* One round: what is carried is in r->of of the body's parameters (`while`: of the test's). */
static void find_round(Ranges *r, const Inst *in) {
    const Block *body = in->regions[in->nregions - 1];
    int before = r->narrowed.n, carries = (int)in->attrs->carries;
    if (in->op == OP_while) {
        const Block *test = in->regions[0];
        find_block(r, test);
        assume(r, test->results[0], true);
        hand_on(r, body->params, test->params, carries);
    }
    find_block(r, body);
    widen_back(r, before);
}

/* The counter of a `for`, and what slices of its arguments hold.  Who counts up by ones is not at 2^62 for a hundred years. */
static void find_fixed(Ranges *r, const Inst *in) {
    const Block *body = in->regions[in->nregions - 1];
    int carries = (int)in->attrs->carries;
    int64_t trip, last = in->attrs->reversed ? INT64_MAX - 1 : INT64_C(1) << 62;
    if (in->op != OP_for) return;
    if (dim_is_int(in->attrs->trip, &trip) && trip > 0) last = trip - 1;
    r->of[body->params[0]->id] = (Range){ 0, last };
    hand_on(r, body->params + 1 + carries, in->args + carries, in->nargs - carries);
}

/* Where x grew to y: as far as it might go. */
static Range widened(Range x, Range y, DType d, bool for_good) {
    Range all = range_of_dtype(d);
    if (y.lo < x.lo) y.lo = y.lo >= 0 && !for_good ? 0 : all.lo;
    if (y.hi > x.hi) y.hi = y.hi <= 0 && !for_good ? 0 : all.hi;
    return y;
}

static void find_loop(Ranges *r, const Inst *in) {
    enum { ROUNDS = 6 };
    const Block *body = in->regions[in->nregions - 1], *head = in->regions[0];
    int carries = (int)in->attrs->carries, first = in->op == OP_for, patience = r->depth < 2 ? 2 - r->depth : 0;
    Range *now = NEW_ARRAY(r->arena, Range, carries + 1);
    r->depth++;
    for (int i = 0; i < carries; i++) now[i] = r->of[in->args[i]->id];
    for (int round = 0, stable = 0; stable < 2; round++) {
        find_fixed(r, in);
        for (int i = 0; i < carries; i++) r->of[head->params[first + i]->id] = now[i];
        find_round(r, in);
        bool grew = false, shrank = false;
        for (int i = 0; i < carries; i++) {
            Range made = range_join(r->of[in->args[i]->id], r->of[body->results[i]->id]), had = now[i];
            bool grows = !range_within(made, had) && !stable;
            if (grows) now[i] = range_join(made, had);
            if (grows && round >= patience)
                now[i] = widened(had, now[i], body->results[i]->type->dtype, round >= ROUNDS);
            grew = grew || grows;
            shrank = shrank || !equal(made, had);
        }
        if (grew) continue;
        stable += shrank ? 1 : 2;
        for (int i = 0; i < carries && stable < 2; i++)
            now[i] = range_join(r->of[in->args[i]->id], r->of[body->results[i]->id]);
    }
    r->depth--;
    int before = r->narrowed.n;
    if (in->op == OP_while) assume(r, head->results[0], false);
    hand_on(r, in->results, head->params + first, carries);
    hand_on(r, in->results + carries, body->results + carries, in->nresults - carries);
    widen_back(r, before);
}

static void all_of_dtype(Ranges *r, Value *const *v, int n) {
    for (int i = 0; i < n; i++) r->of[v[i]->id] = range_of_dtype(v[i]->type->dtype);
}

static void find_inst(Ranges *r, const Inst *in) {
    enum { MOST_ARGS = 16 };
    Range x[MOST_ARGS];
    int before = r->narrowed.n;
    for (int k = 0; k < in->nregions; k++) {
        all_of_dtype(r, in->regions[k]->params, in->regions[k]->nparams);
        find_block(r, in->regions[k]);
        widen_back(r, before);
    }
    if (in->op == OP_assert) { /* who goes on behind it */
        assume(r, in->args[0], true);
        narrow(r, in->args[0], 1, 1);
    }
    all_of_dtype(r, in->results, in->nresults);
    if (!in->nresults || in->nregions || in->nargs > MOST_ARGS) return;
    for (int i = 0; i < in->nargs; i++) {
        x[i] = r->of[in->args[i]->id];
        if (i < 2) r->given[in->results[0]->id].arg[i] = x[i];
    }
    r->of[in->results[0]->id] = range_of_inst(r->cx, in, x);
}

static void find_block(Ranges *r, const Block *block) {
    for (const Inst *in = block->first; in; in = in->next) {
        if (in->op == OP_cond)
            find_cond(r, in);
        else if (in->op == OP_for || in->op == OP_while)
            find_loop(r, in);
        else
            find_inst(r, in);
    }
}

static void find(Ranges *r, Walk *w, const Func *f) {
    *r = (Ranges){ .cx = w->b.cx, .arena = w->b.arena, .func = f };
    r->of = NEW_ARRAY(r->arena, Range, f->nvalues + 1);
    r->given = NEW_ARRAY(r->arena, Given, f->nvalues + 1);
    all_of_dtype(r, f->body->params, f->body->nparams);
    find_block(r, f->body);
    widen_back(r, 0);
}

/* what instructions become */

static int exponent_of(Range y) { /* of a power of two that is known; -1 of another */
    if (!range_is_one(y) || y.lo < 1 || (y.lo & (y.lo - 1))) return -1;
    int n = 0;
    while (y.lo >> n > 1) n++;
    return n;
}

/* A quotient or remainder of what is not negative. */
static Value *unsigned_divide(Builder *b, Op op, Value *x, Value *y, int64_t largest) {
    DType d = x->type->dtype, narrow = largest <= UINT32_MAX ? DT_u32 : DT_u64;
    if (dtype_bytes(d) < dtype_bytes(narrow)) narrow = d;
    x = ir_convert(b, x, narrow);
    y = ir_convert(b, y, narrow);
    return ir_convert(b, ir_binary(b, op, x, y), d);
}

/* Python's, by something above 0: one less than what is rounded to 0, where a rest is below 0. */
static Value *rounded_down(Builder *b, Value *x, Value *y, bool wanted) {
    Value *rest = ir_rem(b, x, y), *below = ir_lt(b, rest, ir_fill_int(b, x->type, 0));
    if (wanted) return ir_select(b, below, ir_add(b, rest, y), rest);
    Value *q = ir_div(b, x, y);
    return ir_select(b, below, ir_sub(b, q, ir_fill_int(b, x->type, 1)), q);
}

static Value *divide(Builder *b, const Inst *in, Value *x, Value *y, const Range *given) {
    bool floored = in->op == OP_int_floordiv || in->op == OP_int_mod, wanted = in->op == OP_int_mod || in->op == OP_rem;
    Range n = given[0], k = given[1];
    int exponent = exponent_of(k);
    if (k.lo <= 0 || (n.lo < 0 && !floored)) return NULL;
    if (n.lo >= 0 && n.hi < k.lo) return wanted ? x : ir_fill_int(b, x->type, 0);
    if (exponent >= 0 && wanted) return ir_and(b, x, ir_fill_int(b, x->type, k.lo - 1));
    if (exponent >= 0) return ir_shift_right_arithmetic(b, x, ir_fill_int(b, x->type, exponent));
    if (n.lo < 0) return rounded_down(b, x, y, wanted);
    return unsigned_divide(b, wanted ? OP_rem : OP_div, x, y, n.hi > k.hi ? n.hi : k.hi);
}

/* Is x divisible by y?  Rounding down or to 0 makes no difference to that, nor does the sign. */
static Value *divisible(Walk *w, const Ranges *r, const Inst *in) {
    const Inst *mod = in->args[0]->def;
    if (!mod || mod->op != OP_int_mod || !equal(r->of[in->args[1]->id], (Range){ 0, 0 })) return NULL;
    const Range *given = r->given[mod->results[0]->id].arg;
    if (given[1].lo <= 0 || exponent_of(given[1]) >= 0 || (given[0].lo >= 0 && given[0].hi < given[1].lo)) return NULL;
    const Inst *made = walk_value(w, mod->results[0])->def; /* by `divide` */
    if (!made || (made->op != OP_convert && made->op != OP_select)) return NULL;
    Value *rest = made->args[made->nargs - 1];
    return ir_binary(&w->b, in->op, rest, ir_fill_int(&w->b, rest->type, 0));
}

/* Indices that are inside for sure need not be brought there. */
static bool is_inside(const Ranges *r, const Inst *in) {
    Ints axes = in->attrs->axes;
    Range at = r->of[in->args[1]->id];
    for (int i = 0; i < axes.n; i++) {
        int64_t n;
        if (!dim_is_int(in->args[0]->type->dim[axes.at[i]], &n) || !range_within(at, (Range){ 0, n - 1 })) return false;
    }
    return range_tracks(in->args[1]->type->dtype);
}

static Value *simpler(Walk *w, const Ranges *r, const Inst *in) {
    Builder *b = &w->b;
    const Value *v = in->results[0];
    const Range *given = r->given[v->id].arg;
    Range all = range_of_dtype(v->type->dtype), z = r->of[v->id];
    Value *x = in->nargs ? walk_value(w, in->args[0]) : NULL, *y = in->nargs > 1 ? walk_value(w, in->args[1]) : NULL;
    bool same = in->nargs == 2 && in->args[0] == in->args[1];
    bool known = range_is_one(z) && op_class(in->op) == CLASS_ELEMENTWISE;
    if (known && inst_effect(in) == EFFECT_NONE) return ir_fill_int(b, v->type, z.lo);
    switch ((int)in->op) {
    case OP_int_add: return range_arithmetic(in->op, given[0], given[1], same, all, &z) ? ir_add(b, x, y) : NULL;
    case OP_int_sub: return range_arithmetic(in->op, given[0], given[1], same, all, &z) ? ir_sub(b, x, y) : NULL;
    case OP_int_mul: return range_arithmetic(in->op, given[0], given[1], same, all, &z) ? ir_mul(b, x, y) : NULL;
    case OP_int_mod:
    case OP_int_floordiv:
    case OP_rem:
    case OP_div: return divide(b, in, x, y, given);
    case OP_eq:
    case OP_ne: return divisible(w, r, in);
    case OP_select: return range_is_one(given[0]) ? walk_value(w, in->args[given[0].lo ? 1 : 2]) : NULL;
    case OP_max: return given[0].lo >= given[1].hi ? x : given[1].lo >= given[0].hi ? y : NULL;
    case OP_min: return given[0].hi <= given[1].lo ? x : given[1].hi <= given[0].lo ? y : NULL;
    default: return NULL;
    }
}

static void inst(Walk *w, const Inst *in) {
    Ranges *r = w->context;
    if (r->func != in->block->func) find(r, w, in->block->func);
    if (in->op == OP_assert && equal(r->of[in->args[0]->id], (Range){ 1, 1 })) return;
    bool follows = in->nresults == 1 && !in->nregions && in->nargs <= 3 &&
                   (in->op == OP_select || range_tracks(in->results[0]->type->dtype));
    Value *v = follows ? simpler(w, r, in) : NULL;
    if (v) {
        w->map.at[in->results[0]->id] = v;
        return;
    }
    Attrs attrs = *in->attrs;
    if (in->op == OP_gather && is_inside(r, in)) attrs.mode = GATHER_INSIDE;
    walk_copy_with(w, in, &attrs);
}

Module *pass_ranges(const Module *m) { return walk_module(m, inst, &(Ranges){ 0 }); }
