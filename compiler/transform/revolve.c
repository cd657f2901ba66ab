/* revolve: the reverse sweep of a loop that may store only so many of its states, and computes the others again.
**
** A state is what the loop carries, as far as it is known, at the start of a round.  The sweep goes from the last round to the
** first.  It has a pile of stored states, the first of the loop at its bottom: arrays with a slice for each, and the
** rounds they belong to.  To reverse a round it starts from the topmost state, which stands d rounds before it, and
** while there is room goes on by as many rounds as is best, and stores what it has there; then it goes on to the round
** itself, and when a stored state has served its own round it leaves the pile.
**
** With s states (the topmost of the pile among them) a stretch of at most b(s, r) = (s + r)! / (s! r!) rounds can be
** reversed so that none is run more than r times before its own turn.  Putting the next state min(b(s, r-1), l - b(s-1, r-1))
** rounds on, for the least r with l = d + 1 <= b(s, r), takes the fewest rounds that can do: r l - b(s + 1, r - 1).
**
** All of it is ordinary instructions, so it has derivatives and lanes like any other loop.  Its own loops keep all they
** need when they are differentiated in turn. */
#include "transform/transpose.h"

typedef struct {
    Back *w;
    Builder *b;
    const Inst *in;
    const Block *old;
    int nstates; /* known carries */
    int *carry;  /* which of the carries they are */
    Value **xs;  /* known stacked arguments, whole; NULL for linear ones */
    Value *trip;
    Value *most; /* states */
} Replay;

typedef Value *(*Test)(Replay *, Value *const *carries);
typedef void (*Body)(Replay *, Value *const *carries, Values *results);

/* A while over those carries. */
static Value *const *loop_while(Replay *r, const Values *start, Test test, Body body) {
    Block *blocks[2] = { block_new(r->b->func, NULL), block_new(r->b->func, NULL) };
    Values results = { 0 };
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < start->n; i++) block_param(blocks[k], start->at[i]->type);
    builder_enter(r->b, blocks[0]);
    block_return(r->b, (Value *[]){ test(r, blocks[0]->params) }, 1);
    builder_leave(r->b);
    builder_enter(r->b, blocks[1]);
    body(r, blocks[1]->params, &results);
    block_return(r->b, results.at, results.n);
    builder_leave(r->b);
    Attrs attrs = *attrs_loop(r->w->arena, NULL, start->n, false);
    attrs.states = dim_int(r->w->m->cx, 0);
    return emit_region(r->b, OP_while, start->at, start->n, &attrs, blocks, 2)->results;
}

static Value *plus(Replay *r, Value *x, int64_t c) { return ir_add(r->b, x, ir_i64(r->b, c)); }

/* Rounds are counted from the first that is run, indices from the first slice. */
static Value *index_of_round(Replay *r, Value *round) {
    return r->in->attrs->reversed ? ir_sub(r->b, plus(r, r->trip, -1), round) : round;
}

/* Going on: [the round, the round to reach, the state] */

static Value *is_before(Replay *r, Value *const *c) { return ir_lt(r->b, c[0], c[1]); }

/* Of an array with a slice for each round; how many there are may differ between lanes. */
static Value *slice_at(Replay *r, Value *x, Value *index) {
    if (dim_is_int(x->type->dim[0], NULL)) return ir_index0(r->b, x, index);
    const Dim *one = dim_int(r->w->m->cx, 1);
    Value *at = ir_reshape(r->b, index, type_of(r->w->m->cx, DT_i64, 1, &one));
    return ir_gather(r->b, x, at, 0, 1, &(int64_t){ 0 }, GATHER_INSIDE);
}

static void one_round(Replay *r, Value *const *c, Values *results) {
    Back *w = r->w;
    int carries = (int)r->in->attrs->carries, nxs = r->in->nargs - carries;
    Value *index = index_of_round(r, c[0]);
    DimMap sizes = { 0 };
    w->known.at[r->old->params[0]->id] = index;
    for (int i = 0; i < r->nstates; i++) w->known.at[r->old->params[1 + r->carry[i]]->id] = c[2 + i];
    for (int i = 0; i < nxs; i++)
        if (r->xs[i]) w->known.at[r->old->params[1 + carries + i]->id] = slice_at(r, r->xs[i], index);
    for (const Inst *in = r->old->first; in; in = in->next)
        if (!involves(w, in)) copy_inst(r->b, in, &w->known, &sizes, true);
    PUSH(w->arena, results, plus(r, c[0], 1));
    PUSH(w->arena, results, c[1]);
    for (int i = 0; i < r->nstates; i++) PUSH(w->arena, results, w->known.at[r->old->results[r->carry[i]]->id]);
}

static Value *const *go_on(Replay *r, Value *const *state, Value *from, Value *to) {
    Values start = { 0 };
    PUSH(r->w->arena, &start, from);
    PUSH(r->w->arena, &start, to);
    for (int i = 0; i < r->nstates; i++) PUSH(r->w->arena, &start, state[i]);
    return loop_while(r, &start, is_before, one_round) + 2;
}

/* The pile: [the round to reverse, how many states are stored, their rounds, the states] */

static Value *top_round(Replay *r, Value *const *pile) { return ir_index0(r->b, pile[2], plus(r, pile[1], -1)); }
static Value **top_state(Replay *r, Value *const *pile) {
    Value **state = values_new(r->w->arena, r->nstates), *place = plus(r, pile[1], -1);
    for (int i = 0; i < r->nstates; i++) state[i] = ir_index0(r->b, pile[3 + i], place);
    return state;
}
static Value *put(Replay *r, Value *array, Value *slice, Value *place) {
    const Type *type = type_with_lead(r->w->m->cx, slice->type, dim_int(r->w->m->cx, 1));
    Value *starts[MAX_RANK];
    for (int k = 0; k < type->rank; k++) starts[k] = k ? ir_i64(r->b, 0) : place;
    return ir_dynamic_update_slice(r->b, array, ir_reshape(r->b, slice, type), starts);
}

/* There is room, and the next round would not be stored only to be taken at once. */
static Value *can_store(Replay *r, Value *const *pile) {
    Value *away = ir_sub(r->b, pile[0], top_round(r, pile));
    return ir_and(r->b, ir_lt(r->b, pile[1], r->most), ir_ge(r->b, away, ir_i64(r->b, 2)));
}

/* The least r with b(s, r) >= l: [r, b(s, r), l, s] */

static Value *is_too_short(Replay *r, Value *const *c) { return ir_lt(r->b, c[1], c[2]); }
static void longer(Replay *r, Value *const *c, Values *results) {
    Value *repeats = plus(r, c[0], 1);
    PUSH(r->w->arena, results, repeats);
    PUSH(r->w->arena, results, ir_div(r->b, ir_mul(r->b, c[1], ir_add(r->b, c[3], repeats)), repeats));
    PUSH(r->w->arena, results, c[2]);
    PUSH(r->w->arena, results, c[3]);
}

static Value *best_distance(Replay *r, Value *rounds, Value *states) {
    Builder *b = r->b;
    Values start = { 0 };
    PUSH(r->w->arena, &start, ir_i64(b, 0));
    PUSH(r->w->arena, &start, ir_i64(b, 1));
    PUSH(r->w->arena, &start, rounds);
    PUSH(r->w->arena, &start, states);
    Value *const *found = loop_while(r, &start, is_too_short, longer);
    Value *both = ir_add(b, states, found[0]);
    Value *one_less = ir_div(b, ir_mul(b, found[1], found[0]), both);            /* b(s, r-1) */
    Value *two_less = ir_div(b, ir_mul(b, one_less, states), plus(r, both, -1)); /* b(s-1, r-1) */
    return ir_min(b, one_less, ir_sub(b, rounds, two_less));
}

static void store(Replay *r, Value *const *pile, Values *results) {
    Builder *b = r->b;
    Value *top = top_round(r, pile);
    Value *rounds = plus(r, ir_sub(b, pile[0], top), 1), *room = plus(r, ir_sub(b, r->most, pile[1]), 1);
    Value *there = ir_add(b, top, best_distance(r, rounds, room));
    Value *const *state = go_on(r, top_state(r, pile), top, there);
    PUSH(r->w->arena, results, pile[0]);
    PUSH(r->w->arena, results, plus(r, pile[1], 1));
    PUSH(r->w->arena, results, put(r, pile[2], there, pile[1]));
    for (int i = 0; i < r->nstates; i++) PUSH(r->w->arena, results, put(r, pile[3 + i], state[i], pile[1]));
}

static Value *repeated(Replay *r, Value *x, const Dim *n) {
    int64_t map[MAX_RANK];
    for (int i = 0; i < x->type->rank; i++) map[i] = i + 1;
    return ir_broadcast(r->b, x, type_with_lead(r->w->m->cx, x->type, n), map);
}

static Replay replay_of(Back *w, const Inst *in) {
    int carries = (int)in->attrs->carries, nxs = in->nargs - carries;
    Replay r = { .w = w, .b = &w->b, .in = in, .old = in->regions[0] };
    r.carry = NEW_ARRAY(w->arena, int, carries + 1);
    r.xs = values_new(w->arena, nxs);
    for (int i = 0; i < carries; i++)
        if (!is_linear(w, r.old->params[1 + i])) r.carry[r.nstates++] = i;
    for (int i = 0; i < nxs; i++)
        if (!is_linear(w, in->args[carries + i])) r.xs[i] = w->known.at[in->args[carries + i]->id];
    r.trip = ir_size(&w->b, in->attrs->trip);
    return r;
}

/* [cotangents of linear carries, of what is read from around, stored, rounds, states], [known slices, cotangents of what
** was stacked] */
void transpose_replayed(Back *w, const Inst *in) {
    Replay r = replay_of(w, in);
    const Block *old = r.old;
    const Dim *most = in->attrs->states;
    int carries = (int)in->attrs->carries, nxs = in->nargs - carries, nstacked = in->nresults - carries;
    Value *const *carried = old->params + 1, *const *slices = carried + carries, *const *xs = in->args + carries;
    Value *const *stacked = in->results + carries;
    r.most = ir_size(&w->b, most);
    Values free = linear_free(w, in), args = { 0 };
    for (int i = 0; i < carries; i++)
        if (is_linear(w, carried[i])) PUSH(w->arena, &args, ct_or_zeros(w, in->results[i]));
    int nlinear = args.n;
    for (int i = 0; i < free.n; i++) PUSH(w->arena, &args, ir_fill(&w->b, free.at[i]->type, 0));
    int pile_at = args.n;
    PUSH(w->arena, &args, ir_i64(&w->b, 1));
    PUSH(w->arena, &args, repeated(&r, ir_i64(&w->b, 0), most));
    for (int i = 0; i < r.nstates; i++)
        PUSH(w->arena, &args, repeated(&r, w->known.at[in->args[r.carry[i]]->id], most));
    int ncarries = args.n;
    push_known(w, &args, xs, nxs);
    int nknown = args.n - ncarries;
    for (int i = 0; i < nstacked; i++)
        if (w->ct[stacked[i]->id]) PUSH(w->arena, &args, w->ct[stacked[i]->id]);
    Value **aside = put_aside(w, &free);

    Block *body = block_new(w->b.func, NULL);
    Value *index = block_param(body, old->params[0]->type);
    for (int i = 0; i < ncarries; i++) block_param(body, args.at[i]->type);
    for (int i = 0; i < nxs; i++)
        if (r.xs[i]) block_param(body, slices[i]->type);
    for (int i = 0; i < nstacked; i++)
        if (w->ct[stacked[i]->id]) block_param(body, old->results[carries + i]->type);
    builder_enter(&w->b, body);

    Values start = { 0 };
    PUSH(w->arena, &start, index_of_round(&r, index));
    for (int i = pile_at; i < ncarries; i++) PUSH(w->arena, &start, body->params[1 + i]);
    Value *const *pile = loop_while(&r, &start, can_store, store), *round = start.at[0], *top = top_round(&r, pile);
    Value *const *state = go_on(&r, top_state(&r, pile), top, round);

    w->known.at[old->params[0]->id] = index;
    for (int i = 0; i < r.nstates; i++) w->known.at[carried[r.carry[i]]->id] = state[i];
    for (int i = 0, from = 1 + ncarries; i < nxs; i++)
        if (r.xs[i]) w->known.at[slices[i]->id] = body->params[from++];
    for (int i = 0; i < old->nresults; i++) w->ct[old->results[i]->id] = NULL;
    for (int i = 0, from = 1; i < carries; i++)
        if (is_linear(w, carried[i])) add_ct(w, old->results[i], body->params[from++]);
    for (int i = 0, from = 1 + ncarries + nknown; i < nstacked; i++)
        if (w->ct[stacked[i]->id]) add_ct(w, old->results[carries + i], body->params[from++]);
    transpose_block(w, old);

    Values results = { 0 };
    for (int i = 0; i < carries; i++)
        if (is_linear(w, carried[i])) PUSH(w->arena, &results, ct_or_zeros(w, carried[i]));
    for (int i = 0; i < free.n; i++) {
        Value *so_far = body->params[1 + nlinear + i], *more = w->ct[free.at[i]->id];
        PUSH(w->arena, &results, more ? ir_add(&w->b, so_far, more) : so_far);
    }
    Value *served = ir_convert(&w->b, ir_eq(&w->b, top, round), DT_i64);
    PUSH(w->arena, &results, ir_sub(&w->b, pile[1], served));
    for (int i = 2; i < start.n; i++) PUSH(w->arena, &results, pile[i]);
    for (int i = 0; i < nxs; i++)
        if (is_linear(w, xs[i])) PUSH(w->arena, &results, ct_or_zeros(w, slices[i]));
    block_return(&w->b, results.at, results.n);
    builder_leave(&w->b);
    put_back(w, &free, aside);

    Attrs attrs = *attrs_loop(w->arena, in->attrs->trip, ncarries, !in->attrs->reversed);
    attrs.states = dim_int(w->m->cx, 0);
    const Inst *loop = emit_region(&w->b, OP_for, args.at, args.n, &attrs, &body, 1);
    Value *const *from = loop->results;
    for (int i = 0; i < carries; i++)
        if (is_linear(w, carried[i])) add_ct(w, in->args[i], *from++);
    for (int i = 0; i < free.n; i++) add_ct(w, free.at[i], *from++);
    from = loop->results + ncarries;
    for (int i = 0; i < nxs; i++)
        if (is_linear(w, xs[i])) add_ct(w, xs[i], *from++);
}
