/* stretch: the stretch of the program where the elements of an array are needed.
**
** Instructions are numbered in the order in which they run.  Values that are one array by another name form a class, with one
** stretch: from where it is written first to where it is read last; what a loop reads from outside, to the loop's end.  Of the
** sides of a branch only one runs: what dies in one of them is not needed in the others behind its last reading there. */
#include "optimize/place.h"

#include <stdlib.h>

bool place_is_array(const Value *v) { return v->type->rank > 0; }
bool place_is_loop(const Inst *in) { return in->op == OP_for || in->op == OP_while; }

int place_first(const Place *p, const Inst *in) { return (int)(intptr_t)map_get(&p->first, in) - 1; }
int place_last(const Place *p, const Inst *in) { return (int)(intptr_t)map_get(&p->last, in) - 1; }
static void set_position(Map *m, const Inst *in, int at) { map_set(m, in, (void *)(intptr_t)(at + 1)); }

int place_class(const Place *p, const Value *v) {
    int i = v->id;
    while (p->at[i].same != i) i = p->at[i].same;
    return i;
}

int place_web(const Place *p, const Value *v) {
    int i = place_class(p, v);
    while (p->at[i].web != i) i = p->at[i].web;
    return i;
}

/* stretches */

/* The same elements in the same places. */
bool place_is_alias(const Inst *in) {
    switch (in->op) {
    case OP_reshape:
    case OP_retype:
    case OP_stop_gradient:
    case OP_optimization_barrier:
    case OP_barrier:
    case OP_shard_end: return true;
    default: return false;
    }
}

static void define(Place *p, const Value *v, int at, bool fixed) {
    p->at[v->id] = (Class){ v->id, v->id, -1, at, at, at, -1, fixed, -1, false, NULL, v };
}

/* Used at a place in that block: if v stands outside of a loop, as long as the loop runs. */
static void used(Place *p, const Value *v, const Block *where, int at) {
    Class *c = &p->at[place_class(p, v)];
    for (const Block *b = where; b && b != v->block; b = b->parent ? b->parent->block : NULL) {
        if (b->parent && place_is_loop(b->parent) && place_last(p, b->parent) > at) at = place_last(p, b->parent);
    }
    if (at > c->end) c->end = at;
    if (place_is_array(v)) PUSH(p->arena, &p->uses, ((Use){ v, where, at }));
}

static void number_block(Place *p, const Block *block) {
    for (const Inst *in = block->first; in; in = in->next) {
        set_position(&p->first, in, p->now++);
        if (in->attrs->binds.n) PUSH(p->arena, &p->binders, in);
        if (in->op != OP_kernel) {
            for (int k = 0; k < in->nregions; k++) {
                p->now++; /* parameters begin */
                number_block(p, in->regions[k]);
                p->now++; /* results are handed on */
            }
        }
        set_position(&p->last, in, p->now++);
    }
}

static void find_stretches(Place *p, const Block *block);

static void find_in(Place *p, const Inst *in) {
    int first = place_first(p, in), last = place_last(p, in), carries = (int)in->attrs->carries;
    for (int i = 0; i < in->nargs; i++) {
        bool slices = in->op == OP_for && i >= carries;
        used(p, in->args[i], in->block, slices ? last : first);
    }
    for (int k = 0; k < in->nregions && in->op != OP_kernel; k++) {
        const Block *b = in->regions[k];
        int begins = b->first ? place_first(p, b->first) - 1 : first + 1;
        for (int i = 0; i < b->nparams; i++) {
            bool slice = in->op == OP_for && i > carries;
            define(p, b->params[i], begins, slice || in->op == OP_cond);
            if (in->op == OP_cond) { /* another name of the argument */
                p->at[b->params[i]->id].same = place_class(p, in->args[1 + i]);
            }
        }
        find_stretches(p, b);
        int ends = b->last ? place_last(p, b->last) + 1 : begins + 1;
        bool tests = in->op == OP_while && k == 0; /* it leaves what is carried as it is */
        int until = place_is_loop(in) && !tests ? last - 1 : ends;
        for (int i = 0; i < b->nresults; i++) used(p, b->results[i], b, until);
        for (int i = 0; i < b->nparams && tests; i++) used(p, b->params[i], b, until);
    }
    for (int i = 0; i < in->nresults; i++) {
        bool stacked = place_is_loop(in) && i >= carries;
        define(p, in->results[i], in->nregions && in->op != OP_kernel && !stacked ? last : first, false);
        p->at[in->results[i]->id].hull = first;
        if (in->op == OP_constant && in->attrs->data.n != 1) p->at[in->results[i]->id].fixed = true;
        if (in->op == OP_while && stacked) p->at[in->results[i]->id].fixed = true; /* it grows in memory of its own */
        if (place_is_alias(in) && place_is_array(in->results[i]))
            p->at[in->results[i]->id].same = place_class(p, in->args[i]);
    }
}

static void find_stretches(Place *p, const Block *block) {
    for (const Inst *in = block->first; in; in = in->next) find_in(p, in);
}

/* Memory that is handed on at the end of a block, or to a loop that carries it, is better made where it goes. */
static void find_handed_on(const Place *p, const Block *block, bool *handed_on) {
    for (int i = 0; i < block->nresults; i++) handed_on[place_class(p, block->results[i])] = true;
    for (const Inst *in = block->first; in; in = in->next) {
        for (int i = 0; i < in->attrs->carries && place_is_loop(in); i++) handed_on[place_class(p, in->args[i])] = true;
        for (int k = 0; k < in->nregions && in->op != OP_kernel; k++) find_handed_on(p, in->regions[k], handed_on);
    }
}

/* A slice that is a piece of memory is read where it is, unless something much larger would have to stay for it. */
static void view_slices(Place *p, const Block *block, const bool *handed_on) {
    enum { MUCH_LARGER = 4 /* times */ };
    for (const Inst *in = block->first; in; in = in->next) {
        for (int k = 0; k < in->nregions && in->op != OP_kernel; k++) view_slices(p, in->regions[k], handed_on);
        const Value *y = in->results[0], *x = in->args[0];
        if (in->op != OP_slice || !slice_is_view(in) || place_is_tiny(p->cx, y->type)) continue;
        int whole = place_class(p, x), part = place_class(p, y);
        const Dim *most = dim_mul(p->cx, type_elements(p->cx, y->type), dim_int(p->cx, MUCH_LARGER));
        bool stays = p->at[whole].fixed || p->at[whole].end >= p->at[part].end;
        if (handed_on[part] || (!stays && !dim_at_least(p->cx, most, type_elements(p->cx, p->at[whole].value->type))))
            continue;
        if (p->at[whole].end < p->at[part].end) p->at[whole].end = p->at[part].end;
        p->at[part].same = whole;
    }
}

/* holes */

bool place_ends_at(const Place *p, int class, int at) {
    if (p->at[class].end == at) return true;
    for (int h = p->at[class].hole; h >= 0; h = p->holes.at[h].next)
        if (p->holes.at[h].from == at) return true;
    return false;
}

static bool falls_into_hole(const Place *p, const Class *x, const Class *y) {
    for (int h = y->hole; h >= 0; h = p->holes.at[h].next)
        if (x->start > p->holes.at[h].from && x->end <= p->holes.at[h].to) return true;
    return false;
}

bool place_meet(const Place *p, int i, int j) {
    const Class *x = &p->at[i], *y = &p->at[j];
    return x->start <= y->end && y->start <= x->end && !falls_into_hole(p, x, y) && !falls_into_hole(p, y, x);
}

static bool is_in(const Block *b, const Block *side) {
    while (b && b != side) b = b->parent ? b->parent->block : NULL;
    return b != NULL;
}

/* The uses of a class are n; the last of them on some way is `last`, in the block `within` or deeper. */
static void find_holes(Place *p, int class, const Use *uses, int n, const Use *last, const Block *within) {
    for (const Block *b = last->where; b != within; b = b->parent->block) {
        const Inst *in = b->parent;
        if (!in) return;
        int first = place_first(p, in);
        if (in->op != OP_cond || first <= p->at[class].start || last->at >= place_last(p, in)) continue;
        for (int k = 0; k < in->nregions; k++) {
            const Block *side = in->regions[k];
            if (side == b || !side->first) continue;
            int from = place_first(p, side->first) - 2, to = place_last(p, side->last) + 1;
            const Use *there = NULL;
            for (int i = 0; i < n; i++) {
                if (is_in(uses[i].where, side) && (!there || there->at < uses[i].at)) there = &uses[i];
            }
            PUSH(p->arena, &p->holes, ((Hole){ there ? there->at : from, to, p->at[class].hole }));
            p->at[class].hole = p->holes.n - 1;
            if (there) find_holes(p, class, uses, n, there, side);
        }
    }
}

static int by_class(const void *x, const void *y) {
    const Use *a = x, *b = y;
    return a->v->id != b->v->id ? (a->v->id > b->v->id) - (a->v->id < b->v->id) : (a->at > b->at) - (a->at < b->at);
}

static void find_all_holes(Place *p) {
    Use *uses = p->uses.at;
    for (int i = 0; i < p->uses.n; i++) uses[i].v = p->at[place_class(p, uses[i].v)].value;
    qsort(uses, (size_t)p->uses.n, sizeof *uses, by_class);
    for (int i = 0, n; i < p->uses.n; i += n) {
        const Value *v = uses[i].v;
        for (n = 1; i + n < p->uses.n && uses[i + n].v == v;) n++;
        if (uses[i + n - 1].at == p->at[v->id].end) find_holes(p, v->id, uses + i, n, &uses[i + n - 1], v->block);
    }
}

void place_find_stretches(Place *p) {
    const Block *body = p->f->body;
    number_block(p, body);
    for (int i = 0; i < body->nparams; i++) define(p, body->params[i], 0, true);
    find_stretches(p, body);
    for (int i = 0; i < body->nresults; i++) used(p, body->results[i], body, p->now + 1);
    bool *handed_on = NEW_ARRAY(p->arena, bool, p->f->nvalues + 1);
    find_handed_on(p, body, handed_on);
    view_slices(p, body, handed_on);
    if (p->uses.n) find_all_holes(p);
}
