/* wavefront: some rounds of a loop over grids while their rows are at hand.
**
** A stencil's round makes each row of a grid of rows nearby, and once the grid is larger than the caches all of it goes through
** them in every round.  But round t may make row i as soon as round t-1 has made the rows up to i + reach, and nothing else is
** asked: who reads, or writes over, a row stands no further than that from it.  So a few rows at a time are taken through the
** rounds of a tile, each round `reach` rows behind the one before; several kernels in a round are so many steps.  Buffers change
** places as they do without (rotate.c).
**
** For threads the rows are cut into blocks, whatever their number.  First each block shrinks by `reach` rows at its cuts with
** every step, then what is missing around each cut grows by as many: by then all that it reads is there, and what it writes over
** nobody needs.  Grids that are closed to a ring are cut at row 0 too. */
#include "loop/kernel.h"

enum {
    MOST_REACH = 8,  /* rows */
    TILE = 8,        /* rounds, about */
    STEPS_APART = 8, /* a block is so many times as long as what its cuts take away */
    MOST_BLOCKS = 64,
    UNKNOWN = 1000 /* a size of run time, taken to be that */
};

struct Wave {
    int stages, reach; /* kernels of a round; in rows */
    bool wraps;        /* row 0 is a neighbour of the last */
    const Dim *rows;
    int64_t bytes, kernel_bytes; /* of a row of all that a round touches */
    int rounds;                  /* of a tile: all buffers are then where they were */
    int64_t height;              /* rows that are taken through a tile together */
    /* while code is made: */
    int stage;
    LValue *phase, *first, *last, *at_start, *at_end, *top, *step, *total;
};

typedef struct {
    struct Wave *w;
    const Inst *kernel;
    const Block *body;
    bool ok;
} Check;

static int64_t about(const Dim *d) {
    int64_t n;
    return dim_is_int(d, &n) ? n : UNKNOWN;
}

static int64_t row_bytes(const Type *t) {
    int64_t n = dtype_bytes(t->dtype);
    for (int i = 1; i < t->rank; i++) n *= about(t->dim[i]);
    return n;
}

/* How far from its own row a kernel reads an array that the loop makes: as far around a ring, where that is nearer. */
static bool near(struct Wave *w, const Along *x) {
    int64_t d, n;
    if (x->axis != 0 || x->back || x->slice || !x->offset || !dim_is_int(x->offset, &d)) return false;
    if ((d > MOST_REACH || d < -MOST_REACH) && dim_is_int(w->rows, &n)) {
        d = d > 0 ? d - n : d + n;
        w->wraps = true;
    }
    if (d > MOST_REACH || d < -MOST_REACH) return false;
    if (d > w->reach) w->reach = (int)d;
    if (-d > w->reach) w->reach = (int)-d;
    return true;
}

static void check_array(const Value *v, const Along *at, void *context) {
    Check *c = context;
    if (v->block != c->kernel->regions[0] || v->def) {
        c->ok = false;
        return;
    }
    const Value *arg = c->kernel->args[v->index];
    if (arg->block != c->body) return;
    c->ok = c->ok && v->type->dim[0] == c->w->rows && near(c->w, &at[0]);
}

static bool check_kernel(Lower *l, struct Wave *w, const Inst *in, const Block *body) {
    Check c = { w, in, body, true };
    for (int i = 0; i < in->nresults; i++) { /* what comes later reads it there */
        const Value *v = in->results[i];
        LValue *ptr = v->buffer ? map_get(&l->buffers, v->buffer) : NULL;
        if (!ptr || !v->type->rank) return false;
        home_set(l, v, (Home){ .ptr = ptr });
        if (!w->rows) w->rows = v->type->dim[0];
        if (v->type->dim[0] != w->rows) return false;
    }
    w->stages++;
    return kernel_by_rows(l, in, check_array, &c) && c.ok;
}

/* Distinct arrays, a row of each: those that kernels read and make. */
static int64_t bytes_of(Lower *l, const Inst *loop, const Dim *rows) {
    const Block *body = loop->regions[0];
    Map seen = map_new(l->arena);
    int64_t bytes = 0;
    for (const Inst *in = body->first; in; in = in->next) {
        for (int k = 0; in->op == OP_kernel && k < in->nargs + in->nresults; k++) {
            const Value *v = k < in->nargs ? in->args[k] : in->results[k - in->nargs];
            const void *what = v->buffer ? (const void *)v->buffer : v;
            if (!v->type->rank || v->type->dim[0] != rows || map_get(&seen, what)) continue;
            map_set(&seen, (void *)what, (void *)v);
            bytes += row_bytes(v->type);
        }
    }
    return bytes;
}

/* What a round hands on lies where the next one looks for it. */
static bool hands_on(const Inst *loop, const Rotation *r) {
    const Block *body = loop->regions[0];
    for (int i = 0; i < loop->nresults; i++) {
        const Buffer *to = loop->results[i]->buffer, *from = body->results[i]->buffer;
        bool moved = false;
        for (int k = 0; k < r->n; k++) moved = moved || (r->buffer[k] == to && r->buffer[r->next[k]] == from);
        if (!to || body->results[i]->block != body || (to != from && !moved)) return false;
    }
    return true;
}

/* Whether row i of one lies where row i of the other does, or nowhere near: memory that several arrays have is written over row
** by row. */
static bool keep_apart(Compiler *cx, const Value *x, const Value *y) {
    if (x->buffer != y->buffer) return !x->buffer || !y->buffer || !buffers_meet(cx, x->buffer, y->buffer);
    const Type *s = x->type, *t = y->type;
    bool same = !x->buffer || (s->rank == t->rank && dtype_bytes(s->dtype) == dtype_bytes(t->dtype));
    for (int a = 1; same && x->buffer && a < s->rank; a++) same = s->dim[a] == t->dim[a];
    return same;
}

/* ... of all that a round makes and hands on. */
static bool all_apart(Compiler *cx, const Inst *loop) {
    const Block *body = loop->regions[0];
    for (const Inst *in = body->first; in; in = in->next)
        for (int i = 0; i < in->nresults && in->op == OP_kernel; i++) {
            const Value *x = in->results[i];
            for (int k = 0; k < loop->nresults; k++)
                if (!keep_apart(cx, x, loop->results[k])) return false;
            for (const Inst *other = in; other; other = other->next)
                for (int k = 0; k < other->nresults && other->op == OP_kernel; k++)
                    if (!keep_apart(cx, x, other->results[k])) return false;
        }
    return true;
}

/* How many rounds and rows: what is at hand is to stay in the second level of the caches, or else in the third. */
static bool choose_sizes(Lower *l, struct Wave *w, const Rotation *r, int64_t trip) {
    const Target *t = l->to->target;
    int64_t each = (int64_t)w->stages * (w->reach ? w->reach : 1), n, budget = 0;
    if (w->bytes * about(w->rows) <= t->l2) return false;
    int64_t caches[] = { t->l2 / 2, t->l3 / 2 };
    for (int i = 0; i < COUNT(caches); i++) {
        budget = caches[i] / w->bytes - 2 * w->reach;
        w->rounds = r->order * (TILE / r->order);
        while (w->rounds > r->order && w->rounds * each * 2 > budget) w->rounds -= r->order;
        if (w->rounds > 1 && w->rounds * each + 2 <= budget) break;
        if (i + 1 == COUNT(caches)) return false;
    }
    w->height = budget - w->rounds * each;
    if (w->wraps && dim_is_int(w->rows, &n) && n < 4 * w->rounds * each) return false;
    return trip != 0 && trip != 1;
}

static bool find_wave(Lower *l, const Inst *in, const Rotation *r, LValue *trip, LValue *const *at, struct Wave *w) {
    const Block *body = in->regions[0];
    int carries = (int)in->attrs->carries;
    int64_t rounds = -1;
    loop_is_const(trip, &rounds);
    if (l->serial || l->nunderway || in->attrs->own || in->nargs != carries || in->nresults != carries) return false;
    for (int i = 0; i < carries; i++) {
        if (!in->results[i]->type->rank) return false;
        home_set(l, body->params[1 + i], (Home){ .ptr = at[i] });
    }
    if (!hands_on(in, r) || !all_apart(l->cx, in)) return false;
    for (const Inst *k = body->first; k; k = k->next) {
        bool number = k->nresults == 1 && !k->results[0]->type->rank && !k->nregions && inst_effect(k) == EFFECT_NONE;
        if (k->op == OP_kernel ? !check_kernel(l, w, k, body) : !number) return false;
    }
    if (!w->stages) return false;
    w->bytes = bytes_of(l, in, w->rows);
    return choose_sizes(l, w, r, rounds);
}

/* code */

void wave_rows(Lower *l, PieceBody body, void *context) {
    LBuilder *b = &l->b;
    struct Wave *w = l->wave;
    LValue *zero = loop_i64(b, 0), *reach = loop_i64(b, w->reach);
    LValue *step = loop_add(b, w->step, loop_i64(b, w->stage++)), *shift = loop_mul(b, step, reach);
    LValue *left = loop_select(b, w->at_start, zero, loop_add(b, w->first, shift));
    LValue *right = loop_select(b, w->at_end, w->total, loop_sub(b, w->last, shift));
    LValue *top = loop_sub(b, w->top, shift);
    LValue *from = loop_binary(b, OP_max, left, top);
    LValue *to = loop_binary(b, OP_min, right, loop_add(b, top, loop_i64(b, w->height)));
    if (w->phase) {
        LValue *first = loop_binary(b, OP_eq, w->phase, zero), *cut = loop_select(b, w->at_start, zero, shift);
        from = loop_select(b, first, from, loop_sub(b, w->first, cut));
        to = loop_select(b, first, to, loop_add(b, w->first, cut));
    }
    if (!w->wraps) {
        body(l, from, to, context);
        return;
    }
    /* around row 0: the last rows, and then the first ones */
    LValue *one = loop_i64(b, 1), *second = loop_binary(b, OP_ne, w->phase, zero);
    LValue *ring = loop_binary(b, OP_and, second, loop_binary(b, OP_eq, w->first, zero));
    LLoop parts = loop_for(b, zero, loop_select(b, ring, loop_i64(b, 2), one), 1, 0, NULL);
    LValue *behind = loop_binary(b, OP_and, ring, loop_binary(b, OP_eq, parts.i, zero));
    from = loop_select(b, behind, loop_sub(b, w->total, shift), loop_binary(b, OP_max, from, zero));
    body(l, from, loop_select(b, behind, w->total, to), context);
    loop_end(b, &parts, NULL);
}

typedef struct {
    const Inst *in;
    Rotation *r;
    struct Wave *w;
    LValue *blocks, *tile, *rounds, *trip, **names, **at;
} Tile;

/* The rows in hand through all rounds of a tile. */
static void rounds_of_tile(Lower *l, const Tile *t) {
    LBuilder *b = &l->b;
    const Block *body = t->in->regions[0];
    LLoop f = loop_for(b, loop_i64(b, 0), t->rounds, 1, t->r->n, t->names);
    LValue *next[MOST_ROTATING], *round = loop_add(b, t->tile, f.i), *i = round;
    rotation_inside(l, t->in, t->r, f.carry, t->at);
    if (t->in->attrs->reversed) i = loop_sub(b, loop_sub(b, t->trip, loop_i64(b, 1)), round);
    home_set(l, body->params[0], (Home){ .elem = { i, NULL } });
    for (int k = 0; k < t->in->nargs; k++) home_set(l, body->params[1 + k], (Home){ .ptr = t->at[k], .fixed = true });
    t->w->stage = 0;
    t->w->step = loop_mul(b, f.i, loop_i64(b, t->w->stages));
    lower_block(l, body);
    rotation_turn(l, t->in, t->r, round, next, t->at);
    loop_end(b, &f, next);
}

static void blocks_of_tile(Lower *l, LValue *lo, LValue *hi, void *context) {
    const Tile *t = context;
    struct Wave *w = t->w;
    LBuilder *b = &l->b;
    LValue *one = loop_i64(b, 1), *height = loop_i64(b, w->height);
    LLoop block = loop_for(b, lo, hi, 1, 0, NULL);
    LValue *after = loop_add(b, block.i, one);
    w->first = loop_binary(b, OP_div, loop_mul(b, block.i, w->total), t->blocks);
    w->last = loop_binary(b, OP_div, loop_mul(b, after, w->total), t->blocks);
    w->at_start = w->wraps ? loop_bool(b, false) : loop_binary(b, OP_eq, block.i, loop_i64(b, 0));
    w->at_end = w->wraps ? loop_bool(b, false) : loop_binary(b, OP_eq, after, t->blocks);
    LValue *skew = loop_i64(b, (int64_t)w->rounds * w->stages * w->reach);
    LValue *tops = round_up(l, loop_add(b, loop_sub(b, w->last, w->first), skew), w->height);
    if (w->phase) tops = loop_select(b, loop_binary(b, OP_eq, w->phase, loop_i64(b, 0)), tops, one);
    LLoop top = loop_for(b, loop_i64(b, 0), tops, 1, 0, NULL);
    w->top = loop_add(b, w->first, loop_mul(b, top.i, height));
    rounds_of_tile(l, t);
    loop_end(b, &top, NULL);
    loop_end(b, &block, NULL);
}

/* The names at the beginning of a tile: in the first one, some stand for what the loop was given. */
static void names_of_tile(Lower *l, const Rotation *r, LValue *tile, LValue **names) {
    LBuilder *b = &l->b;
    LValue *first = loop_binary(b, OP_eq, tile, loop_i64(b, 0));
    for (int k = 0; k < r->n; k++) names[k] = r->instead[k] ? loop_select(b, first, r->at[k], r->instead[k]) : r->at[k];
}

/* What a round hands on as it was given is copied once, where others write over it later. */
static void copy_given(Lower *l, const Inst *in, Rotation *r) {
    for (int i = 0; i < in->nresults; i++) {
        const Value *v = in->regions[0]->results[i];
        for (int k = 0; k < r->n; k++) {
            if (v->def || r->buffer[k] != v->buffer || !r->instead[k]) continue;
            loop_copy(&l->b, r->instead[k], r->at[k], lower_bytes(l, v->type));
            r->at[k] = r->instead[k];
            r->instead[k] = NULL;
        }
    }
}

bool wave_rounds(Lower *l, const Inst *in, Rotation *r, LValue *trip, LValue **at) {
    LBuilder *b = &l->b;
    struct Wave w = { 0 };
    if (!find_wave(l, in, r, trip, at, &w)) return false;
    LValue *names[MOST_ROTATING], *zero = loop_i64(b, 0), *one = loop_i64(b, 1);
    int64_t taken = (int64_t)w.rounds * w.stages * w.reach, known = 0;
    Tile t = { .in = in, .r = r, .w = &w, .trip = trip, .names = names, .at = at };
    w.total = lower_dim(l, w.rows);
    t.blocks = loop_binary(b, OP_div, w.total, loop_i64(b, taken ? STEPS_APART * taken : 32));
    t.blocks = loop_binary(b, OP_max, loop_binary(b, OP_min, t.blocks, loop_i64(b, MOST_BLOCKS)), one);
    bool whole = loop_is_const(t.blocks, &known) && known == 1 && !w.wraps;
    copy_given(l, in, r);
    LLoop tiles = loop_for(b, zero, trip, w.rounds, 0, NULL);
    t.tile = tiles.i;
    t.rounds = loop_binary(b, OP_min, loop_i64(b, w.rounds), loop_sub(b, trip, tiles.i));
    names_of_tile(l, r, tiles.i, names);
    l->wave = &w;
    if (whole) {
        blocks_of_tile(l, zero, one, &t);
    } else {
        LLoop phases = loop_for(b, zero, loop_i64(b, 2), 1, 0, NULL);
        w.phase = phases.i;
        LLoop p = loop_parallel(b, t.blocks, one);
        l->serial = true;
        blocks_of_tile(l, p.i, p.hi, &t);
        l->serial = false;
        loop_end(b, &p, NULL);
        loop_end(b, &phases, NULL);
    }
    l->wave = NULL;
    loop_end(b, &tiles, NULL);
    return true;
}
