/* unread: functions give no results that no caller reads, and take no arguments for those.
**
** Callers come first: what is live in them says which results of their callees are wanted.  A function is then made for all that
** is wanted of it anywhere, and once more for callers that want so little that much of it goes: the two gradients of a product
** asked for separately.  Arguments that go with a result may have been the only reason for a result of another function, so
** this is done again until nothing goes. */
#include "optimize/optimize.h"

#include <string.h>

enum { MOST_ROUNDS = 8, MOST_VARIANTS = 4 };

typedef struct {
    bool *wanted; /* by result */
    bool *taken;  /* by parameter */
    const Func *cleaned;
    Func *made;
} Variant;
typedef struct {
    int place;  /* in the module: callees stand before their callers, unless they call themselves */
    bool whole; /* its results and parameters are not ours to choose */
    struct {
        Variant *at;
        int n, cap;
    } variants; /* the first has all that is wanted anywhere */
} Facts;

typedef struct {
    Arena *arena;
    Module *cleaned, *after;
    Map facts; /* by old function */
} Unread;

static Facts *facts_of(const Unread *u, const Func *f) { return map_get(&u->facts, f); }

/* What is wanted */

/* The function with those results only, and what they need. */
static const Func *clean_for(Unread *u, const Func *f, const bool *wanted) {
    Func part = *f;
    Block body = *f->body;
    part.body = &body;
    body.results = NEW_ARRAY(u->arena, Value *, body.nresults + 1);
    body.nresults = 0;
    for (int i = 0; i < f->body->nresults; i++)
        if (wanted[i]) body.results[body.nresults++] = f->body->results[i];
    Builder b = builder_new(func_shell(u->cleaned, &part));
    clean_into(&b, &part);
    return b.func;
}

static int length_of(const Block *b) {
    int n = 0;
    for (const Inst *in = b->first; in; in = in->next) {
        n++;
        for (int i = 0; i < in->nregions; i++) n += length_of(in->regions[i]);
    }
    return n;
}

static bool *wanted_of_call(const Unread *u, const Inst *call, const int *uses) {
    bool *wanted = NEW_ARRAY(u->arena, bool, call->nresults + 1);
    for (int i = 0; i < call->nresults; i++) wanted[i] = uses[call->results[i]->id] > 0;
    return wanted;
}

static void want(Unread *u, Facts *f, bool *wanted, int n) {
    if (f->whole) return;
    bool known = false;
    for (int i = 0; i < f->variants.n; i++) known |= !memcmp(f->variants.at[i].wanted, wanted, (size_t)n);
    if (known) return;
    if (!f->variants.n) PUSH(u->arena, &f->variants, ((Variant){ .wanted = NEW_ARRAY(u->arena, bool, n + 1) }));
    for (int i = 0; i < n; i++) f->variants.at[0].wanted[i] |= wanted[i];
    PUSH(u->arena, &f->variants, ((Variant){ .wanted = wanted }));
}

static void want_of_callees(Unread *u, const Block *b, const int *uses) {
    for (const Inst *in = b->first; in; in = in->next) {
        for (int i = 0; i < in->nregions; i++) want_of_callees(u, in->regions[i], uses);
        Facts *callee = in->attrs->callee ? facts_of(u, in->attrs->callee) : NULL;
        if (callee) want(u, callee, wanted_of_call(u, in, uses), in->nresults);
    }
}

static bool *all_of(Unread *u, const Func *f) {
    bool *all = NEW_ARRAY(u->arena, bool, f->body->nresults + 1);
    for (int i = 0; i < f->body->nresults; i++) all[i] = true;
    return all;
}

/* Those variants stay that are much shorter than what all callers together want. */
static void choose_variants(Unread *u, const Func *f, Facts *facts) {
    int kept = 1, n = facts->variants.n;
    Variant *at = facts->variants.at;
    at[0].cleaned = clean_for(u, f, at[0].wanted);
    int length = length_of(at[0].cleaned->body);
    for (int i = 1; i < n && kept < MOST_VARIANTS; i++) {
        if (!memcmp(at[i].wanted, at[0].wanted, (size_t)f->body->nresults)) continue;
        at[i].cleaned = clean_for(u, f, at[i].wanted);
        if (4 * length_of(at[i].cleaned->body) <= 3 * length) at[kept++] = at[i];
    }
    facts->variants.n = kept;
}

/* What is made */

/* The variant that gives least beside what is wanted. */
static const Variant *variant_for(const Facts *f, const bool *wanted, int n) {
    const Variant *best = NULL;
    int least = 0;
    for (int k = 0; k < f->variants.n; k++) {
        const Variant *v = &f->variants.at[k];
        int given = 0;
        bool all = true;
        for (int i = 0; i < n; i++) {
            given += v->wanted[i];
            all &= v->wanted[i] || !wanted[i];
        }
        if (all && (!best || given < least)) best = v, least = given;
    }
    return best;
}

typedef struct {
    const Unread *unread;
    const int *uses; /* in what is walked */
    bool less;       /* some call is given less than before */
} Context;

static void call_less(Walk *w, const Inst *call, const Variant *v) {
    Context *c = w->context;
    Attrs attrs = { .callee = v->made, .sizes = call->attrs->sizes, .binds = call->attrs->binds };
    Value **args = NEW_ARRAY(w->b.arena, Value *, call->nargs + 1);
    int n = 0, given = 0;
    for (int i = 0; i < call->nargs; i++)
        if (v->taken[i]) args[n++] = walk_value(w, call->args[i]);
    const Inst *less = emit_inst(&w->b, OP_call, args, n, &attrs);
    for (int i = 0; i < call->nresults; i++)
        if (v->wanted[i]) w->map.at[call->results[i]->id] = less->results[given++];
    c->less |= n < call->nargs;
}

static void inst(Walk *w, const Inst *in) {
    const Context *c = w->context;
    const Func *callee = in->attrs->callee;
    const Facts *facts = callee ? facts_of(c->unread, callee) : NULL;
    if (facts && !facts->whole) {
        call_less(w, in, variant_for(facts, wanted_of_call(c->unread, in, c->uses), in->nresults));
    } else if (inst_is_call(in)) {
        Inst plain = *in; /* what derivatives look at has done its work */
        Attrs attrs = *in->attrs;
        attrs.rule = attrs.backward = NULL;
        plain.op = OP_call;
        walk_copy_with(w, &plain, &attrs);
    } else {
        walk_copy(w, in);
    }
}

/* The variant with its calls as they are now, and without what only those needed that are given less. */
static const Func *with_calls(const Unread *u, const Variant *v) {
    const Block *body = v->cleaned->body;
    Context context = { u, use_counts(u->arena, v->cleaned), false };
    Walk w = { .inst = inst, .context = &context };
    Func *f = func_shell(u->cleaned, v->cleaned);
    w.b = builder_new(f);
    w.map = value_map_new(w.b.arena, v->cleaned);
    for (int i = 0; i < body->nparams; i++) w.map.at[body->params[i]->id] = f->body->params[i];
    walk_block(&w, body);
    Value **results = NEW_ARRAY(w.b.arena, Value *, body->nresults + 1);
    for (int i = 0; i < body->nresults; i++) results[i] = walk_value(&w, body->results[i]);
    block_return(&w.b, results, body->nresults);
    return context.less ? transform_clean(u->cleaned, f) : f;
}

static Func *shell_of(Unread *u, const Func *old, const Variant *v, bool whole) {
    if (whole) return func_shell(u->after, old);
    Func *f = func_new(u->after, old->name);
    f->title = name_of(u->after->cx, old->title);
    f->origin = old->origin;
    f->sizes = (Sizes){ old->sizes.n,
                        arena_copy(u->after->arena, old->sizes.at, sizeof *old->sizes.at * (size_t)old->sizes.n) };
    for (int i = 0; i < old->body->nparams; i++)
        if (v->taken[i]) block_param(f->body, old->body->params[i]->type);
    return f;
}

static void make(Unread *u, const Facts *facts, const Func *old, Variant *v) {
    const Func *f = with_calls(u, v);
    const Block *body = f->body;
    const int *uses = use_counts(u->arena, f);
    v->taken = NEW_ARRAY(u->arena, bool, body->nparams + 1);
    for (int i = 0; i < body->nparams; i++) v->taken[i] = facts->whole || uses[body->params[i]->id] > 0;
    v->made = shell_of(u, old, v, facts->whole);
    Builder b = builder_new(v->made);
    ValueMap map = value_map_new(b.arena, f);
    DimMap dims = { 0 };
    for (int i = 0, n = 0; i < body->nparams; i++)
        if (v->taken[i]) map.at[body->params[i]->id] = v->made->body->params[n++];
    copy_block_into(&b, body, &map, &dims, false);
    Value **results = NEW_ARRAY(b.arena, Value *, body->nresults + 1);
    for (int i = 0; i < body->nresults; i++) results[i] = map.at[body->results[i]->id];
    block_return(&b, results, body->nresults);
}

/* Functions that are whole were called by their old names, for they may call themselves. */
static void mend(const Unread *u, Block *b) {
    for (Inst *in = b->first; in; in = in->next) {
        for (int i = 0; i < in->nregions; i++) mend(u, in->regions[i]);
        const Facts *facts = in->attrs->callee ? facts_of(u, in->attrs->callee) : NULL;
        if (facts) ((Attrs *)in->attrs)->callee = facts->variants.at[0].made;
    }
}

static void see_calls(const Unread *u, const Block *b, int place) {
    for (const Inst *in = b->first; in; in = in->next) {
        for (int i = 0; i < in->nregions; i++) see_calls(u, in->regions[i], place);
        Facts *callee = in->attrs->callee ? facts_of(u, in->attrs->callee) : NULL;
        if (callee) callee->whole |= !inst_is_call(in) || callee->place >= place;
    }
}

static Module *rebuild(Unread *u, const Module *m, const Func *const *order, int n) {
    u->after = module_new(m->cx);
    for (int i = 0; i < n; i++) {
        Facts *facts = facts_of(u, order[i]);
        for (int k = 0; k < facts->variants.n; k++) make(u, facts, order[i], &facts->variants.at[k]);
    }
    for (Func *f = u->after->first; f; f = f->next) mend(u, f->body);
    if (m->main) u->after->main = facts_of(u, m->main)->variants.at[0].made;
    Module *reached = module_copy(u->after);
    module_free(u->after);
    return reached;
}

/* Is there less to make than there is? */
static bool anything_goes(Unread *u, const Func *f, const Facts *facts) {
    if (facts->whole) return false;
    const Variant *all = &facts->variants.at[0];
    const Block *body = all->cleaned->body;
    const int *uses = use_counts(u->arena, all->cleaned);
    bool goes = facts->variants.n > 1 || body->nresults < f->body->nresults;
    for (int i = 0; i < body->nparams; i++) goes |= !uses[body->params[i]->id];
    return goes;
}

/* The module with less in it; NULL where nothing goes. */
static Module *once(const Module *m) {
    Arena *arena = arena_new();
    Unread u = { .arena = arena, .cleaned = module_new(m->cx), .facts = map_new(arena) };
    bool roots = m->main != NULL, goes = false;
    int n = 0;
    for (const Func *f = m->first; f; f = f->next, n++) roots |= f->exported;
    const Func **order = NEW_ARRAY(arena, const Func *, n + 1);
    n = 0;
    for (const Func *f = m->first; f; f = f->next) {
        Facts *facts = NEW(arena, Facts);
        facts->place = n;
        facts->whole = f->exported || f == m->main || !roots || func_binds_results(f);
        map_set(&u.facts, f, facts);
        order[n++] = f;
    }
    for (int i = 0; i < n; i++) see_calls(&u, order[i]->body, i);
    for (int i = n - 1; i >= 0; i--) { /* callers first */
        Facts *facts = facts_of(&u, order[i]);
        if (facts->whole) PUSH(arena, &facts->variants, ((Variant){ .wanted = all_of(&u, order[i]) }));
        if (!facts->variants.n) continue; /* nothing calls it any more */
        choose_variants(&u, order[i], facts);
        const Func *cleaned = facts->variants.at[0].cleaned;
        want_of_callees(&u, cleaned->body, use_counts(arena, cleaned));
        goes |= anything_goes(&u, order[i], facts);
    }
    Module *reached = goes ? rebuild(&u, m, order, n) : NULL;
    module_free(u.cleaned);
    arena_free(arena);
    return reached;
}

Module *pass_unread(const Module *m) {
    Module *now = module_copy(m), *next; /* in order */
    for (int i = 0; i < MOST_ROUNDS && (next = once(now)); i++) {
        module_free(now);
        now = next;
    }
    return now;
}
