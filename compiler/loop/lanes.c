/* lanes: a loop over an array each of whose elements goes its own way (optimize/lanewise.c): for some neighbours at a time,
** as many as fill a few registers, all rounds are run before the next ones begin.  What is carried stays in registers.
**
** Lanes that have ended are kept as they are by the loop's own body; a block of them ends when none goes on. */
#include "loop/lower.h"

typedef struct {
    const Inst *in; /* the loop */
    const Type *domain;
} Lanes;

static int parts(const Value *v) { return dtype_is_complex(v->type->dtype) ? 2 : 1; }

/* Elements as a list of registers, wide unless they are numbers; and back. */
static int to_list(Pull *p, const Value *v, Elem e, LValue **list) {
    if (v->type->rank) e = elem_splat(p->l, e, p->lanes);
    list[0] = e.re;
    if (e.im) list[1] = e.im;
    return parts(v);
}

typedef struct {
    Value **at;
    int n;
} Some;

/* All of them, or only the numbers. */
static Some some_of(Pull *p, Value *const *v, int n, bool numbers) {
    Some s = { NEW_ARRAY(p->l->arena, Value *, n + 1), 0 };
    for (int i = 0; i < n; i++)
        if (!numbers || v[i]->type->rank == 0) s.at[s.n++] = v[i];
    return s;
}

static int pull_list(Pull *p, Some v, const Idx *idx, LValue **list) {
    int k = 0;
    for (int i = 0; i < v.n; i++) k += to_list(p, v.at[i], pull(p, v.at[i], idx), list + k);
    return k;
}

static Elem elem_of(const Value *v, LValue *const *list) { return (Elem){ list[0], parts(v) == 2 ? list[1] : NULL }; }

static void name_list(Pull *p, Some v, LValue *const *list) {
    for (int i = 0; i < v.n; i++) {
        home_set(p->l, v.at[i], (Home){ .elem = elem_of(v.at[i], list) });
        list += parts(v.at[i]);
    }
}

static void know_list(Pull *p, Some v, const Idx *idx, LValue *const *list) {
    for (int i = 0; i < v.n; i++) {
        pull_known(p, v.at[i], idx, elem_of(v.at[i], list));
        list += parts(v.at[i]);
    }
}

static LValue **list_for(Pull *p, int n) { return NEW_ARRAY(p->l->arena, LValue *, 2 * n + 2); }

/* The predicate of the lanes in hand: "or" over the last axes is left out. */
static LValue *pull_lane(Pull *p, const Value *v, const Idx *idx) {
    const Inst *in = v->def;
    if (in && in->op == OP_reduce_or) return pull_lane(p, in->args[0], idx);
    if (in && in->op == OP_and && home_of(p->l, v).elem.re == NULL && home_of(p->l, v).ptr == NULL)
        return loop_binary(&p->l->b, OP_and, pull_lane(p, in->args[0], idx), pull_lane(p, in->args[1], idx));
    return pull(p, v, idx).re;
}

/* A number, or whether any of the lanes in hand says so. */
static LValue *decide(Pull *p, const Inst *in, const Value *predicate, const Idx *idx) {
    LBuilder *b = &p->l->b;
    if (!in->attrs->lanes) return pull(p, predicate, idx).re;
    LValue *mask = pull_lane(p, predicate, idx), *live = pull_live(p);
    if (p->lanes > 1) mask = loop_splat(b, mask, p->lanes);
    if (live) mask = loop_binary(b, OP_and, mask, p->lanes > 1 ? loop_splat(b, live, p->lanes) : live);
    return p->lanes > 1 ? loop_any(b, mask) : mask;
}

/* What does not change in the loop is computed before it. */
static void pull_still(Pull *p, const Block *block, const Block *loop, const Idx *idx, int rank, bool *still) {
    for (const Inst *in = block->first; in; in = in->next) {
        bool known = in->nregions == 0 && in->op != OP_reduce_or && in->op != OP_of_present;
        for (int i = 0; i < in->nargs; i++) {
            const Value *x = in->args[i];
            bool inside = false;
            for (const Block *b = x->block; b && !inside; b = b->parent ? b->parent->block : NULL) inside = b == loop;
            known = known && (!inside || still[x->id]);
        }
        for (int i = 0; known && i < in->nresults; i++) {
            still[in->results[i]->id] = true;
            int r = in->results[i]->type->rank;
            if (r == 0 || r == rank) pull(p, in->results[i], idx);
        }
    }
}

/* With `numbers`, those of the carries that are the same for all elements, alone. */
static void pull_while(Pull *p, const Inst *in, const Idx *idx, bool numbers) {
    LBuilder *b = &p->l->b;
    const Block *test = in->regions[0], *body = in->regions[1];
    LValue **list = list_for(p, in->nargs);
    int n = pull_list(p, some_of(p, in->args, in->nargs, numbers), idx, list);
    LLoop w = loop_while(b, n, list);
    name_list(p, some_of(p, test->params, in->nargs, numbers), w.carry);
    LValue *goes_on = decide(p, in, test->results[0], idx);
    loop_while_body(b, &w, goes_on);
    name_list(p, some_of(p, body->params, in->nargs, numbers), w.carry);
    pull_list(p, some_of(p, body->results, in->nargs, numbers), idx, list);
    loop_end(b, &w, list);
    know_list(p, some_of(p, in->results, in->nargs, numbers), idx, w.carry);
}

static LValue *slice_at(Pull *p, LValue *ptr, const Type *slice, LValue *i) {
    LBuilder *b = &p->l->b;
    return loop_at(b, ptr, loop_mul(b, i, lower_elements(p->l, slice)), dtype_bytes(slice->dtype));
}

/* `stacked`: where to, or NULL where nothing is. */
static void pull_for(Pull *p, const Inst *in, const Idx *idx, bool numbers, LValue *const *stacked) {
    Lower *l = p->l;
    LBuilder *b = &l->b;
    const Block *body = in->regions[0];
    int carries = (int)in->attrs->carries;
    LValue **list = list_for(p, carries), *trip = lower_dim(l, in->attrs->trip);
    int n = pull_list(p, some_of(p, in->args, carries, numbers), idx, list);
    LLoop f = loop_for(b, loop_i64(b, 0), trip, 1, n, list);
    LValue *i = in->attrs->reversed ? loop_sub(b, loop_sub(b, trip, loop_i64(b, 1)), f.i) : f.i;
    home_set(l, body->params[0], (Home){ .elem = { i, NULL } });
    name_list(p, some_of(p, body->params + 1, carries, numbers), f.carry);
    for (int k = carries; k < in->nargs; k++) {
        const Value *slice = body->params[1 + k];
        home_fill(l, slice, slice_at(p, home_of(l, in->args[k]).ptr, slice->type, i));
    }
    pull_list(p, some_of(p, body->results, carries, numbers), idx, list);
    Elem *slices = NEW_ARRAY(l->arena, Elem, in->nresults + 1);
    for (int k = carries; stacked && k < in->nresults; k++) slices[k] = pull(p, body->results[k], idx);
    for (int k = carries; stacked && k < in->nresults; k++) {
        const Type *slice = body->results[k]->type;
        store_at(p, slice, slice_at(p, stacked[k - carries], slice, i), idx, slices[k]);
    }
    loop_end(b, &f, list);
    know_list(p, some_of(p, in->results, carries, numbers), idx, f.carry);
}

static void pull_side(Pull *p, const Inst *in, int k, const Idx *idx, bool numbers, LValue **list) {
    const Block *side = in->regions[k];
    LValue **args = list_for(p, in->nargs);
    pull_list(p, some_of(p, in->args + 1, side->nparams, numbers), idx, args);
    name_list(p, some_of(p, side->params, side->nparams, numbers), args);
    pull_list(p, some_of(p, side->results, side->nresults, numbers), idx, list);
}

static void pull_cond(Pull *p, const Inst *in, const Idx *idx, bool numbers) {
    LBuilder *b = &p->l->b;
    LValue **list = list_for(p, in->nresults);
    Some results = some_of(p, in->results, in->nresults, numbers);
    int n = 0;
    for (int i = 0; i < results.n; i++) n += parts(results.at[i]);
    LLoop f = loop_if(b, decide(p, in, in->args[0], idx));
    pull_side(p, in, 1, idx, numbers, list);
    loop_else(b, &f, n, list);
    pull_side(p, in, 0, idx, numbers, list);
    loop_end_if(b, &f, n, list);
    know_list(p, results, idx, f.carry);
}

/* Who asks for a number does not say where: the element in hand is known. */
void pull_control(Pull *p, const Inst *in) {
    bool numbers = !p->element;
    switch ((int)in->op) {
    case OP_cond: pull_cond(p, in, p->element, numbers); break;
    case OP_while: pull_while(p, in, p->element, numbers); break;
    default: pull_for(p, in, p->element, numbers, NULL); break;
    }
}

static void lanes_body(Pull *p, const Idx *idx, void *context) {
    const Inst *kernel = context, *in = kernel->regions[0]->first;
    Lower *l = p->l;
    int carries = (int)in->attrs->carries, rank = 0;
    LValue **stacked = NEW_ARRAY(l->arena, LValue *, in->nresults + 1);
    bool *still = NEW_ARRAY(l->arena, bool, in->block->func->nvalues + 1);
    for (int i = 0; i < carries; i++)
        if (in->results[i]->type->rank) rank = in->results[i]->type->rank;
    p->element = idx;
    for (int k = 0; k < in->nregions; k++) pull_still(p, in->regions[k], in->regions[k], idx, rank, still);
    for (int i = carries; i < in->nresults; i++) stacked[i - carries] = home_of(l, kernel->results[i]).ptr;
    if (in->op == OP_for)
        pull_for(p, in, idx, false, stacked);
    else
        pull_while(p, in, idx, false);
    for (int i = 0; i < carries; i++) {
        const Value *to = kernel->results[i];
        if (to->type->rank) store_at(p, to->type, home_of(l, to).ptr, idx, pull(p, in->results[i], idx));
    }
}

/* What the numbers are in the end. */
static void lower_numbers(Lower *l, const Inst *kernel) {
    const Inst *in = kernel->regions[0]->first;
    Pull p = { .l = l, .lanes = 1 };
    bool any = false;
    for (int i = 0; i < in->attrs->carries; i++) any |= in->results[i]->type->rank == 0;
    if (!any) return;
    if (in->op == OP_for)
        pull_for(&p, in, NULL, true, NULL);
    else
        pull_while(&p, in, NULL, true);
    for (int i = 0; i < in->attrs->carries; i++)
        if (in->results[i]->type->rank == 0)
            home_set(l, kernel->results[i], (Home){ .elem = pull(&p, in->results[i], NULL) });
}

static int widest_in(const Block *block) {
    int bytes = 1;
    for (const Inst *in = block->first; in; in = in->next) {
        int n = in->nregions ? 1 : widest_element(in);
        for (int k = 0; k < in->nregions; k++) {
            int inner = widest_in(in->regions[k]);
            if (inner > n) n = inner;
        }
        if (n > bytes) bytes = n;
    }
    return bytes;
}

static double cost_in(const Block *block, double rounds) {
    double cost = 0.1;
    for (const Inst *in = block->first; in; in = in->next) {
        if (!in->nregions) cost += plan_cost(in);
        for (int k = 0; k < in->nregions; k++) cost += cost_in(in->regions[k], in->op == OP_cond ? 1 : rounds);
    }
    return cost * rounds;
}

/* Several registers of each carry at a time: what one round makes, the next waits for. */
void lower_lanes(Lower *l, const Inst *kernel, const Plan *plan) {
    enum { ROUNDS = 20 /* a guess */, REGISTERS = 16 };
    const Inst *in = plan->root;
    const Block *body = in->regions[in->nregions - 1];
    Axes axes = { plan->rank, { 0 } };
    for (int i = 0; i < axes.n; i++) axes.dim[i] = plan->dim[i];
    for (int i = 0; i < in->nresults; i++)
        if (kernel->results[i]->type->rank) home_new(l, kernel->results[i]);
    int lanes = lanes_for(l, widest_in(body)), times = 1;
    while (times < 4 && 2 * times * in->attrs->carries <= REGISTERS && 2 * times * lanes <= LOOP_MAX_LANES) times *= 2;
    double rounds = ROUNDS;
    int64_t trip;
    if (in->op == OP_for && dim_is_int(in->attrs->trip, &trip)) rounds = (double)trip;
    nest(l, &axes, (Work){ cost_in(body, rounds), NULL }, lanes * times, lanes_body, (void *)kernel);
    lower_numbers(l, kernel);
}
