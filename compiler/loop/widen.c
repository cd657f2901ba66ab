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
** over j: that loop is two, one up to that round.  An `if` becomes a mask of what it stores.
**
** A loop whose rounds need what the one before has written, `a[j] += a[j - 1]`, goes round by round, but without its checks, and
** with that number in a register. */
#include "loop/widen.h"

static LValue *reversed(Widen *w, LValue *x) {
    int pick[LOOP_MAX_LANES];
    for (int k = 0; k < w->lanes; k++) pick[k] = w->lanes - 1 - k;
    return loop_shuffle(&w->b, x, x, w->lanes, pick);
}

static LValue *vector(Widen *w, const LValue *v) {
    LBuilder *b = &w->b;
    const Number *n = widen_number(w, v);
    if (n->kind == VARIES && !n->step && n->vector) return n->vector;
    LValue *x = loop_splat(b, widen_at(w, v, w->when), w->lanes);
    if (n->kind != COUNTS) return x;
    LValue *k = loop_iota(b, loop_type(DT_i64, w->lanes)), *last = loop_splat(b, loop_i64(b, w->lanes - 1), w->lanes);
    if (w->backwards) k = loop_sub(b, last, k);
    return loop_add(b, x, loop_mul(b, k, loop_splat(b, loop_i64(b, n->step), w->lanes)));
}

/* Where the first lane lies, and whether lanes lie the other way round. */
static LValue *lowest(Widen *w, const LValue *index, bool *turned) {
    int64_t step = widen_number(w, index)->step;
    LValue *i = widen_at(w, index, w->when);
    *turned = w->lanes > 1 && step && (step < 0) != w->backwards;
    return step < 0 ? loop_sub(&w->b, i, loop_i64(&w->b, w->lanes - 1)) : i;
}

static bool is_carried(const Widen *w, const LInst *in) {
    return w->before && in->args[0] == w->before->ptr && in->args[1] == w->before->index;
}

static LValue *load(Widen *w, const LInst *in) {
    LBuilder *b = &w->b;
    if (is_carried(w, in)) return w->carried;
    LType t = in->results[0]->type;
    bool turned;
    LValue *i = lowest(w, in->args[1], &turned), *mask = w->mask;
    if (!widen_number(w, in->args[1])->step) { /* the same for all */
        LValue *any = mask ? loop_any(b, mask) : NULL;
        return loop_splat(b, loop_load(b, t, in->args[0], i, 1, any), w->lanes);
    }
    if (mask && turned) mask = reversed(w, mask);
    LValue *x = loop_load(b, loop_type((DType)t.dtype, w->lanes), in->args[0], i, 1, mask);
    return turned ? reversed(w, x) : x;
}

static void store(Widen *w, const LInst *in) {
    bool turned;
    LValue *x = vector(w, in->args[0]);
    if (w->before) w->next = x;
    LValue *i = lowest(w, in->args[2], &turned), *mask = w->mask;
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
        widen_number(w, in->results[i])->vector =
            loop_select(b, c, vector(w, in->blocks[0]->results[i]), vector(w, in->blocks[1]->results[i]));
}

static void write_value(Widen *w, const LInst *in) {
    LBuilder *b = &w->b;
    const LValue *v = in->results[0];
    LValue *x[3];
    for (int i = 0; i < in->nargs; i++) x[i] = vector(w, in->args[i]);
    widen_number(w, v)->vector = in->op == LOOP_apply
                                     ? loop_plain(b, in->fn, in->nargs, x, (DType)v->type.dtype)
                                     : build_pure(b, *in, loop_type((DType)v->type.dtype, w->lanes), x, in->nargs);
}

static void write_block(Widen *w, const LBlock *block) {
    for (const LInst *in = block->first; in; in = in->next) {
        w->b.origin = in->origin;
        switch (in->op) {
        case LOOP_store:
            if (widen_is_private(w, in->args[1], in->args[2]))
                widen_number(w, in->args[1])->vector = vector(w, in->args[0]);
            else
                store(w, in);
            break;
        case LOOP_load:
            widen_number(w, in->results[0])->vector =
                widen_is_private(w, in->args[0], in->args[1]) ? widen_number(w, in->args[0])->vector : load(w, in);
            break;
        case LOOP_if:
            if (!widen_is_check(in)) write_if(w, in);
            break;
        default:
            if (widen_number(w, in->results[0])->kind == VARIES) write_value(w, in);
        }
    }
}

static void write_rounds(Widen *w, LValue *i, int when, LValue *mask) {
    widen_number(w, w->body->params[0])->at[when] = i;
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
    LValue *zero = loop_i64(b, 0), *middle = widen_split_at(w, lower, upper);
    LValue *empty = loop_binary(b, OP_eq, middle, lower);
    LLoop two = loop_for(b, loop_select(b, empty, loop_i64(b, 1), zero), loop_i64(b, 2), 1, 0, NULL);
    LValue *first = loop_binary(b, OP_eq, two.i, zero);
    LValue *from = loop_select(b, first, lower, middle), *to = loop_select(b, first, middle, upper);
    write_vectors(w, from, to, true);
    loop_end(b, &two, NULL);
}

/* Rounds that need what the one before has written, without checks: that number lives in a register. */
static void write_one_by_one(Widen *w, LValue *lower, LValue *upper) {
    LBuilder *b = &w->b;
    LType t = w->before->in->results[0]->type;
    LValue *first = loop_load(b, t, w->before->ptr, widen_at(w, w->before->index, FIRST), 1, NULL);
    LLoop f = loop_for(b, lower, upper, 1, 1, &first);
    w->carried = f.carry[0];
    write_rounds(w, f.i, NOW, NULL);
    loop_end(b, &f, &w->next);
}

/* The other loop in front of the loop; where that is to go on. */
static LValue *widen(Widen *w) {
    LBuilder *b = &w->b;
    LValue *lower = w->loop->args[0], *upper = w->loop->args[1], *one = loop_i64(b, 1);
    const Target *t = b->module->target;
    bool tail = w->narrow ? t->masked_narrow : t->masked;
    Number *i = widen_number(w, w->body->params[0]);
    w->before = w->still = w->moves = NULL;
    if (tail) widen_find_split(w);
    i->at[FIRST] = lower;
    i->at[LAST] = loop_sub(b, upper, one);
    LValue *rounds = loop_sub(b, upper, lower);
    LValue *few = loop_binary(b, OP_lt, rounds, loop_i64(b, ROUNDS));
    LValue *holds = widen_demands(w, loop_binary(b, OP_and, few, loop_binary(b, OP_ge, rounds, loop_i64(b, w->lanes))));
    LValue *runs = widen_meetings(w, holds);
    int64_t known;
    if (loop_is_const(runs, &known) && !known) {
        if ((loop_is_const(holds, &known) && !known) || !widen_find_carried(w)) return lower;
        w->lanes = 1;
        runs = holds;
    }
    LLoop may = loop_if(b, runs);
    LValue *end = upper;
    if (w->before)
        write_one_by_one(w, lower, upper);
    else if (w->still)
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
        bool wide = widen_see(w, in);
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
