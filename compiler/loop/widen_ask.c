/* widen_ask: what is asked in front of a loop that may do several rounds at a time (widen.c). */
#include "loop/widen.h"

static bool is_comparison(Op op) { return op == OP_lt || op == OP_le || op == OP_gt || op == OP_ge; }

static bool does(const LValue *v, Op fn) { return v->def && v->def->op == LOOP_apply && v->def->fn == fn; }

LValue *widen_at(Widen *w, const LValue *v, int when) {
    Number *n = widen_number(w, v);
    if (!n->here) return (LValue *)v;
    if (n->other) return widen_at(w, n->other, when);
    if (n->at[when]) return n->at[when];
    LValue *x[3];
    for (int i = 0; i < v->def->nargs; i++) x[i] = widen_at(w, v->def->args[i], when);
    return n->at[when] = loop_repeat(&w->b, v->def, x);
}

static LValue *both_hold(Widen *w, LValue *all, LValue *also) { return loop_binary(&w->b, OP_and, all, also); }

static LValue *demanded(Widen *w, const Demand *d, LValue *all) {
    LBuilder *b = &w->b;
    if (d->op == OP_not) {
        LValue *x = widen_at(w, d->x, FIRST);
        return both_hold(w, all, d->holds ? loop_unary(b, OP_not, x) : x);
    }
    const LValue *both[] = { d->x, d->y };
    for (int when = FIRST; when <= LAST; when++) {
        LValue *x = widen_at(w, d->x, when), *y = widen_at(w, d->y, when);
        bool compares = is_comparison(d->op);
        LValue *c = compares ? loop_binary(b, d->op, x, y) : loop_overflows(b, d->op, x, y);
        all = both_hold(w, all, compares && d->holds ? c : loop_unary(b, OP_not, c));
    }
    for (int i = 0; i < 2; i++) {
        if (widen_number(w, both[i])->kind == SAME) continue;
        LValue *x = widen_at(w, both[i], FIRST);
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
        s->rest = (int64_t)((uint64_t)s->rest + (uint64_t)times * (uint64_t)k); /* wraps, as indices do */
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
    LValue *byte = loop_mul(b, widen_at(w, p->index, when), loop_i64(b, p->bytes));
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
void widen_find_split(Widen *w) {
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
LValue *widen_split_at(Widen *w, LValue *lower, LValue *upper) {
    LBuilder *b = &w->b;
    LValue *x = widen_at(w, w->still->index, FIRST), *y = widen_at(w, w->moves->index, FIRST);
    LValue *ahead = w->moves->step > 0 ? loop_sub(b, x, y) : loop_sub(b, y, x);
    LValue *behind = loop_add(b, loop_add(b, lower, ahead), loop_i64(b, 1));
    return loop_binary(b, OP_max, lower, loop_binary(b, OP_min, behind, upper));
}

LValue *widen_demands(Widen *w, LValue *all) {
    for (int i = 0; i < w->ndemands; i++) all = demanded(w, &w->demand[i], all);
    return all;
}

LValue *widen_meetings(Widen *w, LValue *all) {
    for (int i = 0; i < w->nplaces; i++)
        for (int k = 0; k < i; k++) {
            const Place *x = &w->place[k], *y = &w->place[i];
            if ((x->writes || y->writes) && x->root == y->root && !is_split(w, x, y)) all = do_not_meet(w, x, y, all);
        }
    return all;
}

bool widen_find_carried(Widen *w) {
    const Place *y = NULL;
    int64_t behind;
    w->before = NULL;
    for (int i = 0; i < w->nplaces; i++) {
        const Place *p = &w->place[i];
        if (!p->writes) continue;
        if (y) return false;
        y = p;
    }
    for (int i = 0; i < w->nplaces && !w->before; i++) {
        const Place *x = &w->place[i];
        if (x->writes || x->ptr != y->ptr || x->step != y->step) continue;
        LValue *d = difference(w, widen_at(w, y->index, FIRST), widen_at(w, x->index, FIRST));
        if (loop_is_const(d, &behind) && behind == y->step) w->before = x;
    }
    return w->before && y->always;
}
