/* lanewise: whether a loop computes every element of what it carries from that element alone.
**
** Then nothing keeps some elements from being taken through all rounds before others: the loop is a kernel over the shape of
** what it carries, with the rounds inside and the carries in registers (loop/lanes.c).  A `while` must have come from lanes
** that end by themselves; its predicate, and that of a cond of lanes, is then asked of the lanes in hand. */
#include "optimize/optimize.h"

#include <string.h>

typedef enum {
    STILL, /* the same in every round, or a number: read at whatever index */
    MOVES, /* has the shape of the domain, and is known at the element in hand only */
    ANY    /* of a predicate: whether it holds anywhere along the last axes; read without them */
} Kind;

typedef struct {
    const Type *domain;   /* the shape counts */
    const Block *outside; /* the block that the loop stands in */
    uint8_t *kind;        /* by value id */
    double numbers, each; /* what one round costs, beside the elements and for each of them */
} Lanewise;

static bool is_domain(const Lanewise *w, const Type *t) {
    return t->rank == w->domain->rank && !memcmp(t->dim, w->domain->dim, sizeof *t->dim * (size_t)t->rank);
}

static Kind kind_of(const Lanewise *w, const Value *v) { return (Kind)w->kind[v->id]; }

static bool see_block(Lanewise *, const Block *);

/* What control hands on lives in registers: a number, or the element in hand. */
static bool give(Lanewise *w, const Value *to, const Value *from) {
    if (kind_of(w, from) == ANY) return false;
    if (to->type->rank == 0) return kind_of(w, from) == STILL;
    w->kind[to->id] = MOVES;
    return is_domain(w, to->type);
}

static bool give_all(Lanewise *w, Value *const *to, Value *const *from, int n) {
    for (int i = 0; i < n; i++)
        if (!give(w, to[i], from[i])) return false;
    return true;
}

/* A number that is the same for all; or one that lanes ask of themselves. */
static bool decides(const Lanewise *w, const Inst *in, const Value *predicate) {
    return predicate->type->dtype == DT_bool && (kind_of(w, predicate) == STILL || in->attrs->lanes);
}

static bool see_cond(Lanewise *w, const Inst *in) {
    if (in->nregions != 2 || !decides(w, in, in->args[0])) return false;
    bool apart = kind_of(w, in->args[0]) == ANY;
    for (int r = 0; r < 2; r++) {
        const Block *side = in->regions[r];
        if (!give_all(w, side->params, in->args + 1, side->nparams) || !see_block(w, side)) return false;
        if (!give_all(w, in->results, side->results, side->nresults)) return false;
    }
    for (int i = 0; i < in->nresults; i++)
        if (apart && in->results[i]->type->rank == 0) return false;
    return true;
}

static bool stands_outside(const Lanewise *w, const Value *v) {
    for (const Block *b = w->outside; b; b = b->parent ? b->parent->block : NULL)
        if (b == v->block) return true;
    return false;
}

/* Slices are read where the loop is; what is stacked is written there, by the outermost loop only. */
static bool see_for(Lanewise *w, const Inst *in) {
    const Block *body = in->regions[0];
    int carries = (int)in->attrs->carries;
    Value *const *carried = body->params + 1;
    if (!give_all(w, carried, in->args, carries)) return false;
    for (int i = carries; i < in->nargs; i++)
        if (!stands_outside(w, in->args[i])) return false;
    if (!see_block(w, body) || !give_all(w, in->results, body->results, carries)) return false;
    for (int i = carries; i < in->nresults; i++) {
        const Value *slice = body->results[i];
        if (in->block != w->outside || !is_domain(w, slice->type) || kind_of(w, slice) == ANY) return false;
    }
    return true;
}

static bool see_while(Lanewise *w, const Inst *in) {
    const Block *test = in->regions[0], *body = in->regions[1];
    if (in->nresults > in->nargs || !give_all(w, test->params, in->args, in->nargs)) return false;
    if (!give_all(w, body->params, in->args, in->nargs)) return false;
    if (!see_block(w, test) || !decides(w, in, test->results[0])) return false;
    for (int i = 0; i < in->nargs; i++)
        if (in->attrs->lanes && in->args[i]->type->rank == 0) return false;
    return see_block(w, body) && give_all(w, in->results, body->results, in->nresults);
}

/* Predicates: "or" over the last axes; that, and something that does not have them. */
static bool see_any(Lanewise *w, const Inst *in) {
    const Type *x = in->args[0]->type;
    int kept = in->results[0]->type->rank, anys = 0;
    for (int i = 0; i < in->nargs; i++) anys += kind_of(w, in->args[i]) == ANY;
    for (int i = 0; i < x->rank; i++)
        if (x->rank > w->domain->rank || x->dim[i] != w->domain->dim[i]) return false;
    for (int i = 0; in->op == OP_reduce_or && i < in->attrs->axes.n; i++)
        if (in->attrs->axes.at[i] < kept) return false;
    w->kind[in->results[0]->id] = ANY;
    return in->op == OP_reduce_or || (in->op == OP_and && anys == 1 && x->dtype == DT_bool);
}

static bool can_stand_still(const Inst *in) {
    switch (op_class(in->op)) {
    case CLASS_CREATE:
    case CLASS_ELEMENTWISE:
    case CLASS_LAYOUT: return in->op != OP_retype;
    case CLASS_INDEX: return in->op == OP_gather || in->op == OP_dynamic_slice;
    default: return false;
    }
}

static bool see_inst(Lanewise *w, const Inst *in) {
    switch (in->op) {
    case OP_cond: return see_cond(w, in);
    case OP_for: return see_for(w, in);
    case OP_while: return see_while(w, in);
    default: break;
    }
    if (in->nregions || inst_effect(in) != EFFECT_NONE || in->nresults < 1) return false;
    *(in->results[0]->type->rank ? &w->each : &w->numbers) += plan_cost(in);
    if (in->op == OP_of_present) {
        w->kind[in->results[0]->id] = MOVES;
        return is_domain(w, in->args[0]->type) && is_domain(w, in->args[1]->type);
    }
    Kind kind = in->op == OP_reduce_or ? ANY : STILL;
    for (int i = 0; i < in->nargs; i++)
        if (kind_of(w, in->args[i]) > kind) kind = kind_of(w, in->args[i]);
    if (kind == ANY) return see_any(w, in);
    if (kind == STILL) return can_stand_still(in);
    for (int i = 0; i < in->nresults; i++) w->kind[in->results[i]->id] = MOVES;
    return op_class(in->op) == CLASS_ELEMENTWISE;
}

static bool see_block(Lanewise *w, const Block *block) {
    for (const Inst *in = block->first; in; in = in->next)
        if (!see_inst(w, in)) return false;
    return true;
}

/* The shape of what is carried but for numbers, which are computed again for some elements after others. */
static const Type *shape_carried(const Inst *in) {
    for (int i = 0; i < in->attrs->carries; i++)
        if (in->results[i]->type->rank) return in->results[i]->type;
    return NULL;
}

const Type *plan_lanewise(const Inst *in) {
    enum { WIDE = 8 /* elements that are computed together, at least */ };
    if (in->op != OP_for && in->op != OP_while) return NULL;
    Arena *a = arena_new();
    Lanewise w = { .domain = shape_carried(in),
                   .outside = in->block,
                   .kind = NEW_ARRAY(a, uint8_t, in->block->func->nvalues + 1) };
    bool ok = w.domain && see_inst(&w, in) && w.numbers <= WIDE * w.each;
    arena_free(a);
    return ok ? w.domain : NULL;
}

bool plan_lanewise_side(const Block *side) {
    if (side->nresults == 0) return false;
    Arena *a = arena_new();
    Lanewise w = { .domain = side->results[0]->type,
                   .outside = side->parent->block,
                   .kind = NEW_ARRAY(a, uint8_t, side->func->nvalues + 1) };
    bool ok = give_all(&w, side->params, side->parent->args + 1, side->nparams) && see_block(&w, side);
    for (int i = 0; ok && i < side->nresults; i++)
        ok = is_domain(&w, side->results[i]->type) && kind_of(&w, side->results[i]) != ANY;
    arena_free(a);
    return ok;
}
