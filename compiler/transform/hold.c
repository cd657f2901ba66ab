/* hold: what the linear part of a split is handed, and what it computes again.
**
** Never handed over: the index of a loop, and slices of an array that is there anyway.  Of the rest keep.c decides what is
** kept.  What has a size that is bound anew in each round of a loop cannot be stacked, so the instructions that make it are
** repeated. */
#include "transform/split.h"

#include <stdlib.h>

const Held held_again = HELD_AGAIN, held_given = HELD_GIVEN, held_index = HELD_INDEX, held_kept = HELD_KEPT;

Scope *scope_new(Cut *c, Scope *outer, Block *fwd) {
    Scope *s = NEW(c->arena, Scope);
    *s = (Scope){
        .outer = outer, .fwd = fwd, .held = map_new(c->arena), .again = map_new(c->arena), .repeats = map_new(c->arena)
    };
    return s;
}

static Scope *scope_of(Cut *c, const Value *w) {
    for (Scope *s = c->scope; s; s = s->outer)
        if (s->fwd == w->block) return s;
    bug(c->m->cx, "a residual of @%s is out of scope", c->b.func->name);
}

void need(Cut *c, Value *w) {
    Scope *s = scope_of(c, w);
    for (int i = 0; i < s->needed.n; i++)
        if (s->needed.at[i] == w) return;
    PUSH(c->arena, &s->needed, w);
}

/* The place of a parameter behind the index and the carries of its loop; negative for those. */
static int given_place(const Scope *s, const Value *param) { return param->index - s->has_index - s->carries; }

bool is_at_hand(const Scope *s, const Value *w) {
    if (w->block != s->fwd || map_get(&s->held, w)) return true;
    return !w->def && (!s->outer || given_place(s, w) >= 0 || (s->has_index && w->index == 0));
}

bool has_size_bound_here(const Scope *s, const Value *w) {
    for (const Inst *in = s->fwd->first; in; in = in->next)
        for (int k = 0; k < in->attrs->binds.n; k++)
            for (int i = 0; i < w->type->rank; i++)
                if (dim_mentions(w->type->dim[i], in->attrs->binds.at[k])) return true;
    return false;
}

static void hold(Cut *, Scope *, Value *);

static void repeat(Cut *c, Scope *s, Inst *in) {
    if (map_get(&s->again, in)) return;
    if (happens_once(c->arena, in)) {
        diag(c->m->cx, in->origin ? in->origin->span : (Span){ 0 },
             "reverse mode would have to repeat %s here, which happens once", op_name(in->op));
        note(c->m->cx, "move it out of the loop that is differentiated");
    }
    map_set(&s->again, in, in);
    Values free = free_values(c->arena, in);
    for (int i = 0; i < in->nargs; i++) PUSH(c->arena, &free, in->args[i]);
    for (int i = 0; i < free.n; i++) {
        if (free.at[i]->block == s->fwd)
            hold(c, s, free.at[i]);
        else
            need(c, free.at[i]);
    }
}

static void hold(Cut *c, Scope *s, Value *w) {
    if (map_get(&s->held, w)) return;
    const Held *how = &held_kept;
    bool given = !w->def && given_place(s, w) >= 0;
    if (w->def && (s->replayed || has_own_size(s, w) || map_get(&s->repeats, w->def)))
        how = &held_again;
    else if (!w->def && ((s->has_index && w->index == 0) || (s->replayed && !given)))
        how = &held_index;
    else if (!w->def && (!s->outer || given))
        how = &held_given;
    map_set(&s->held, w, (void *)how);
    if (how == &held_again) repeat(c, s, w->def);
    if (how == &held_kept) PUSH(c->arena, &s->kept, w);
    if (how == &held_kept || how == &held_given) PUSH(c->arena, &s->handed, w);
}

static int by_id(const void *a, const void *b) {
    const Value *const *x = a, *const *y = b;
    return (*x)->id - (*y)->id;
}

void settle(Cut *c, Scope *s) {
    if (s->needed.n) qsort(s->needed.at, (size_t)s->needed.n, sizeof *s->needed.at, by_id);
    if (s->outer) /* sizes bound in the block are bound in its linear counterpart */
        for (Inst *in = s->fwd->first; in; in = in->next)
            if (in->attrs->binds.n) repeat(c, s, in);
    if (!s->replayed) choose_repeats(c, s);
    for (int i = 0; i < s->needed.n; i++) hold(c, s, s->needed.at[i]);
}
