/* place: decides which memory every array lives in.
**
** Values that are one array by another name (a reshape) form a class, with the stretch of the program where its elements are
** needed.  Classes whose stretches do not meet are joined where that saves a copy: a loop's initial value, its parameter, what
** an iteration gives and its result; what a branch gives; the result of an instruction and an argument that dies there, if it
** is read element by element as the result is written; what a function returns and the caller's memory; what a round gives and
** the place where the loop stacks it.  What is then left shares memory where stretches allow: small arrays of known size on the
** stack, the others in an arena (pack.c); there what goes to others as one message stands side by side.  The smallest ones that a
** loop works with share nothing: they may come to live in registers. */
#include "optimize/place.h"

#include <stdlib.h>
#include <string.h>

/* joining */

static bool same_bytes(const Type *x, const Type *y) {
    return x->rank == y->rank && dtype_bytes(x->dtype) == dtype_bytes(y->dtype) &&
           !memcmp(x->dim, y->dim, sizeof *x->dim * (size_t)x->rank);
}

static bool same_size(Compiler *cx, const Type *x, const Type *y) {
    return dtype_bytes(x->dtype) == dtype_bytes(y->dtype) && type_elements(cx, x) == type_elements(cx, y);
}

/* It is no array, or a part of a larger one. */
static bool is_part(const Place *p, const Value *v) {
    if (!place_is_array(v)) return true;
    return type_elements(p->cx, v->type) != type_elements(p->cx, p->at[place_class(p, v)].value->type);
}

/* One memory for both, if no two classes of theirs meet; `dying` may die in the instruction that makes `born`. */
static bool join(Place *p, const Value *dying, const Value *born, bool in_place) {
    int a = place_web(p, dying), b = place_web(p, born);
    if (a == b) return true;
    if (p->at[a].fixed || p->at[b].fixed || is_part(p, dying) || is_part(p, born)) return false;
    int ca = place_class(p, dying), cb = place_class(p, born);
    for (int i = a; i >= 0; i = p->at[i].next) {
        for (int j = b; j >= 0; j = p->at[j].next) {
            if (in_place && i == ca && j == cb && place_ends_at(p, i, p->at[j].start)) continue;
            if (place_meet(p, i, j)) return false;
        }
    }
    int tail = a;
    while (p->at[tail].next >= 0) tail = p->at[tail].next;
    p->at[tail].next = b;
    p->at[b].web = a;
    return true;
}

typedef struct {
    bool *args;
    int results;
} Over;

static const Over *over_of(Place *p, const Inst *in) {
    Over *o = map_get(&p->over, in);
    if (o) return o;
    map_set(&p->over, in, o = NEW(p->arena, Over));
    o->args = NEW_ARRAY(p->arena, bool, in->nargs + 1);
    o->results = plan_in_place(p->cx, in, o->args);
    return o;
}

/* How many results an instruction may write over that argument, which dies there: what else it reads is elsewhere. */
static int may_write_over(Place *p, const Inst *in, int arg) {
    int class = place_class(p, in->args[arg]);
    if (!place_ends_at(p, class, place_first(p, in))) return 0;
    for (int i = 0; i < in->nargs; i++) {
        bool same = place_is_array(in->args[i]) && place_class(p, in->args[i]) == class;
        if (same && in->args[i] != in->args[arg]) return 0;
    }
    return over_of(p, in)->args[arg] ? over_of(p, in)->results : 0;
}

/* y is written over x, if x dies where y is made and is read there element by element. */
static void over_argument(Place *p, const Value *x, const Value *y) {
    const Inst *in = y->def;
    if (!place_is_array(x) || !same_bytes(x->type, y->type)) return;
    for (int i = 0; i < in->nargs; i++) {
        if (in->args[i] != x) continue;
        if (y->index < may_write_over(p, in, i)) join(p, x, y, true);
        return;
    }
}

static void join_block(Place *p, const Block *block);

static void join_loop(Place *p, const Inst *in) {
    const Block *body = in->regions[in->nregions - 1];
    int carries = (int)in->attrs->carries, skip = in->op == OP_for;
    for (int i = 0; i < carries; i++) {
        const Value *param = body->params[skip + i], *result = in->results[i];
        if (!place_is_array(param)) continue;
        join(p, param, result, false); /* always: they begin and end where the loop does */
        if (in->op == OP_while) join(p, in->regions[0]->params[i], result, false);
        if (same_bytes(in->args[i]->type, param->type)) join(p, in->args[i], param, false);
    }
    for (int i = 0; i < carries; i++) { /* before others are written over the parameters */
        const Value *given = body->results[i], *param = body->params[skip + i];
        if (!place_is_array(given) || given->block != body || !given->def) continue;
        if (!join(p, given, in->results[i], false)) over_argument(p, param, given);
    }
    for (int k = 0; k < in->nregions; k++) join_block(p, in->regions[k]);
}

static void join_cond(Place *p, const Inst *in) {
    for (int k = 0; k < in->nregions; k++) {
        const Block *side = in->regions[k];
        join_block(p, side);
        for (int i = 0; i < side->nresults; i++) {
            const Value *given = side->results[i];
            if (place_is_array(given) && given->block == side && given->def) join(p, given, in->results[i], false);
        }
    }
}

static void join_inst(Place *p, const Inst *in) {
    if (place_is_loop(in))
        join_loop(p, in);
    else if (in->op == OP_cond)
        join_cond(p, in);
    if (place_is_loop(in) || in->op == OP_cond || place_is_alias(in)) return;
    for (int i = 0; i < in->nargs; i++) {
        const Type *x = in->args[i]->type;
        int results = x->rank ? may_write_over(p, in, i) : 0;
        for (int k = 0; k < results; k++)
            if (same_bytes(x, in->results[k]->type) && join(p, in->args[i], in->results[k], true)) break;
    }
}

static void join_block(Place *p, const Block *block) {
    for (const Inst *in = block->first; in; in = in->next) join_inst(p, in);
}

static void join_results(Place *p) {
    const Block *body = p->f->body;
    if (p->f == p->f->module->main) return;
    for (int i = 0; i < body->nresults; i++) {
        const Value *v = body->results[i];
        if (!place_is_array(v)) continue;
        int w = place_web(p, v);
        bool joined = !p->at[w].fixed && p->at[w].result < 0;
        for (int c = w; c >= 0; c = p->at[c].next) { /* all that lives there fits, and may be in memory */
            const Value *x = p->at[c].value;
            joined =
                joined && same_size(p->cx, x->type, v->type) && !(place_in_loop(x) && place_is_tiny(p->cx, x->type));
        }
        if (joined) p->at[w].result = i;
    }
}

static bool is_inside(const Value *v, const Block *outer) {
    const Block *b = v->block;
    while (b && b != outer) b = b->parent ? b->parent->block : NULL;
    return b != NULL;
}

/* What a round gives to be stacked is made in its place, if nothing lives there that other rounds see. */
static void find_slices(Place *p, const Block *block) {
    for (const Inst *in = block->first; in; in = in->next) {
        if (in->op == OP_kernel) continue;
        for (int k = 0; k < in->nregions; k++) find_slices(p, in->regions[k]);
        for (int i = (int)in->attrs->carries; i < in->nresults && in->op == OP_for && !in->attrs->apart; i++) {
            const Value *v = in->regions[0]->results[i];
            if (!place_is_array(v) || place_is_tiny(p->cx, v->type)) continue;
            int w = place_web(p, v);
            bool slice = !p->at[w].fixed && p->at[w].result < 0;
            for (int c = w; c >= 0; c = p->at[c].next) {
                const Value *x = p->at[c].value;
                slice = slice && same_size(p->cx, x->type, v->type) && x->def && is_inside(x, in->regions[0]);
            }
            p->at[w].slice |= slice;
        }
    }
}

static void assign_block(Place *p, Buffer *const *of_web, const Block *block) {
    for (int i = 0; i < block->nparams; i++) {
        Value *v = block->params[i];
        if (place_is_array(v) && !p->at[place_class(p, v)].fixed) v->buffer = of_web[place_web(p, v)];
    }
    for (const Inst *in = block->first; in; in = in->next) {
        for (int i = 0; i < in->nresults; i++) {
            Value *v = in->results[i];
            if (place_is_array(v)) v->buffer = of_web[place_web(p, v)];
            if (in->op == OP_kernel) in->regions[0]->results[i]->buffer = v->buffer;
        }
        for (int k = 0; k < in->nregions && in->op != OP_kernel; k++) assign_block(p, of_web, in->regions[k]);
    }
}

static void place_func(Module *m, Func *f) {
    Arena *a = arena_new();
    Place p = { .cx = m->cx, .arena = a, .f = f, .first = map_new(a), .last = map_new(a), .over = map_new(a) };
    p.at = NEW_ARRAY(a, Class, f->nvalues + 1);
    place_find_stretches(&p);
    join_block(&p, f->body);
    join_results(&p);
    find_slices(&p, f->body);
    assign_block(&p, place_share(&p, m->arena), f->body);
    arena_free(a);
}

static void copy_as_it_is(Walk *w, const Inst *in) {
    w->b.plain = true;
    walk_copy(w, in);
}

Module *pass_place(const Module *m) {
    Module *placed = walk_module(m, copy_as_it_is, NULL);
    for (Func *f = placed->first; f; f = f->next) place_func(placed, f);
    return placed;
}
