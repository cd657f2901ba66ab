/* fuse: groups operations that can share one loop nest.
**
** Every group begins as one instruction.  From the end of a block to its beginning, each is joined with those that read what it
** makes, where there is a plan for both together (plan.c) and nothing has to run between them; then groups that read the same
** arrays are joined.  What only moves an index (a transpose, a slice, a constant), or is one step of arithmetic on what is
** smaller, belongs to whoever reads it, as often as it is read.  What is left between groups goes through memory; --why=fuse says why. */
#include "optimize/fuse.h"

enum { MOST = 160 /* instructions in a group */, LONG = 3000 };

static Node *group_of(Node *n) {
    while (n->group != n) {
        n->group = n->group->group;
        n = n->group;
    }
    return n;
}

/* groups */

typedef struct {
    const Inst **at;
    int n, cap;
    const Value **results;
    int nresults;
} Members;

static void add_with_free(Fuse *f, Members *m, Node *n) {
    if (n->taken == f->taken) return;
    n->taken = f->taken;
    for (int i = 0; i < n->in->nargs; i++) {
        Node *made = fuse_node_of(f, n->in->args[i]);
        if (made && made->free) add_with_free(f, m, made);
    }
    PUSH(f->arena, m, n->in);
}

static bool read_outside(const Fuse *f, const Node *n, const Node *a, const Node *b) {
    if (n->wanted) return true;
    for (int i = 0; i < n->nreaders; i++) {
        const Node *g = group_of(&f->node[n->reader[i]]);
        if (g != a && g != b) return true;
    }
    return false;
}

/* The instructions of one or two groups, with what they need of the free ones, and what others read of them. */
static Members members_of(Fuse *f, const Node *a, const Node *b) {
    int i = 0, j = 0, nb = b ? b->nmembers : 0;
    Members m = { .results = NEW_ARRAY(f->arena, const Value *, 2 * (a->nmembers + nb) + 2) };
    f->taken++;
    while (i < a->nmembers || j < nb) {
        bool from_a = j == nb || (i < a->nmembers && a->member[i] < b->member[j]);
        Node *n = &f->node[from_a ? a->member[i++] : b->member[j++]];
        add_with_free(f, &m, n);
        if (!read_outside(f, n, a, b)) continue;
        for (int k = 0; k < n->in->nresults; k++) m.results[m.nresults++] = n->in->results[k];
    }
    return m;
}

static bool plan_members(Fuse *f, const Members *m, Plan *plan) {
    Group g = { m->at, m->n, m->results, m->nresults };
    return m->nresults > 0 && plan_group(f->cx, &g, plan);
}

/* Whether something of `from` reaches `to` through another group, which `via` begins: then they cannot be one.  A search that
** becomes long says yes, to be safe. */
static bool detour(Fuse *f, Node *at, const Node *from, const Node *to) {
    if (at->mark == f->mark) return false;
    at->mark = f->mark;
    if (at == to || ++f->visited > LONG) return true;
    for (int m = 0; m < at->nmembers; m++) {
        const Node *n = &f->node[at->member[m]];
        for (int i = 0; i < n->nreaders; i++) {
            Node *next = group_of(&f->node[n->reader[i]]);
            if (at == from && next == to) continue;
            if (next == at || !detour(f, next, from, to)) continue;
            if (at == from) f->via = f->node[n->reader[i]].in;
            return true;
        }
    }
    return false;
}

static bool blocked(Fuse *f, Node *a, Node *b) {
    f->mark++;
    f->visited = 0;
    if (detour(f, a, a, b)) return true;
    f->mark++;
    f->visited = 0;
    return detour(f, b, b, a);
}

static void join(Fuse *f, Node *a, Node *b) {
    int *all = NEW_ARRAY(f->arena, int, a->nmembers + b->nmembers), n = 0, i = 0, j = 0;
    while (i < a->nmembers || j < b->nmembers) {
        bool from_a = j == b->nmembers || (i < a->nmembers && a->member[i] < b->member[j]);
        all[n++] = from_a ? a->member[i++] : b->member[j++];
    }
    b->group = a;
    a->member = all;
    a->nmembers = n;
    a->first = all[0];
    a->last = all[n - 1];
}

/* What was said of two groups holds until one of them grows. */
typedef struct {
    const char *why;
    const Inst *because;
} Refusal;

static bool try_join(Fuse *f, Node *a, Node *b, const char **why, const Inst **because) {
    Plan plan = { .why_not = "nobody reads it" };
    int key[] = { a->member[0], b->member[0], a->nmembers, b->nmembers };
    const Refusal *known = map_get_bytes(&f->refused, key, sizeof key);
    *because = known ? known->because : NULL;
    if (known)
        *why = known->why;
    else if (a->nmembers + b->nmembers > MOST)
        *why = "one loop for both would be too long";
    else if (a->segment != b->segment)
        *why = "the clock is read between them";
    else if (blocked(f, a, b)) {
        *why = "something else must run between them";
        *because = f->via;
    } else {
        Members m = members_of(f, a, b);
        if (plan_members(f, &m, &plan)) {
            join(f, a, b);
            return true;
        }
        *why = plan.why_not;
        *because = plan.because;
    }
    if (!known)
        map_set_bytes(&f->refused, key, sizeof key, arena_copy(f->arena, &(Refusal){ *why, *because }, sizeof *known));
    return false;
}

static void join_readers(Fuse *f, Node *n) {
    for (int i = n->nreaders - 1; i >= 0; i--) {
        Node *reader = &f->node[n->reader[i]], *a = group_of(n), *b = group_of(reader);
        if (a == b || n->in->results[0]->type->rank == 0) continue;
        const char *why = "it is not computed element by element";
        const Inst *because = NULL;
        if (reader->fusable && try_join(f, a, b, &why, &because)) continue;
        why_apart(f->why, n->in, reader->in, why, because);
    }
}

static bool shares_argument(const Inst *x, const Inst *y) {
    for (int i = 0; i < x->nargs; i++) {
        for (int k = 0; k < y->nargs; k++) {
            if (x->args[i] == y->args[k] && x->args[i]->type->rank) return true;
        }
    }
    return false;
}

/* Groups that read the same arrays: one pass over them. */
static void join_neighbours(Fuse *f) {
    enum { FAR = 64 };
    for (int i = 0; i < f->n; i++) {
        Node *a = group_of(&f->node[i]);
        if (!f->node[i].fusable || f->node[i].free) continue;
        for (int j = i + 1; j < f->n && j < i + FAR; j++) {
            Node *b = group_of(&f->node[j]);
            const char *why;
            const Inst *because;
            if (!f->node[j].fusable || f->node[j].free) continue;
            a = group_of(a);
            if (a == b || !shares_argument(f->node[i].in, f->node[j].in)) continue;
            try_join(f, a, b, &why, &because);
        }
    }
}

/* building */

static void emit_node(Fuse *f, Node *n);

static void emit_needed(Fuse *f, const Value *v) {
    Node *made = fuse_node_of(f, v);
    if (made) emit_node(f, made->free ? made : group_of(made));
}

/* What a block inside reads of this one must be there before it. */
static void emit_for_blocks(Fuse *f, const Block *inner) {
    for (const Inst *in = inner->first; in; in = in->next) {
        for (int i = 0; i < in->nargs; i++) emit_needed(f, in->args[i]);
        for (int k = 0; k < in->nregions; k++) emit_for_blocks(f, in->regions[k]);
    }
    for (int i = 0; i < inner->nresults; i++) emit_needed(f, inner->results[i]);
}

static void emit_kernel(Fuse *f, const Members *m) {
    Walk *w = f->w;
    Builder *b = &w->b;
    int n = 0, most = 0;
    for (int i = 0; i < m->n; i++) most += m->at[i]->nargs;
    Value **args = NEW_ARRAY(b->arena, Value *, most + 1);
    const Value **outer = NEW_ARRAY(f->arena, const Value *, most + 1);
    ValueMap inside = { NEW_ARRAY(f->arena, Value *, w->map.n), w->map.n };
    Block *block = block_new(b->func, NULL);
    bool plain = b->plain;
    b->plain = true;                 /* what is in the kernel stays in it */
    for (int i = 0; i < m->n; i++) { /* what comes from outside */
        for (int k = 0; k < m->at[i]->nargs; k++) {
            Value *v = m->at[i]->args[k];
            bool own = false;
            for (int j = 0; j < i && v->def; j++) own |= m->at[j] == v->def;
            if (own || inside.at[v->id]) continue;
            inside.at[v->id] = block_param(block, v->type);
            outer[n++] = v;
        }
    }
    for (int i = 0; i < n; i++) args[i] = walk_value(w, outer[i]);
    builder_enter(b, block);
    DimMap none = { 0 };
    const Origin *origin = m->at[m->n - 1]->origin;
    for (int i = 0; i < m->n; i++) {
        b->origin = NULL;
        copy_inst(b, m->at[i], &inside, &none, false);
    }
    Value **results = NEW_ARRAY(b->arena, Value *, m->nresults + 1);
    for (int i = 0; i < m->nresults; i++) results[i] = inside.at[m->results[i]->id];
    block_return(b, results, m->nresults);
    builder_leave(b);
    b->origin = origin;
    Attrs attrs = no_attrs;
    Inst *kernel = emit_region(b, OP_kernel, args, n, &attrs, &block, 1);
    b->plain = plain;
    for (int i = 0; i < m->nresults; i++) w->map.at[m->results[i]->id] = kernel->results[i];
}

/* A loop whose rounds are all run for some elements before others: a kernel by itself. */
static void emit_lanes(Fuse *f, const Inst *in) {
    Walk *w = f->w;
    Builder *b = &w->b;
    FreeValues free = free_values(f->arena, in);
    ValueMap inside = { NEW_ARRAY(f->arena, Value *, w->map.n), w->map.n };
    Value **args = NEW_ARRAY(b->arena, Value *, in->nargs + free.n + 1);
    Block *block = block_new(b->func, NULL);
    int n = 0;
    for (int i = 0; i < in->nargs + free.n; i++) {
        const Value *v = i < in->nargs ? in->args[i] : free.at[i - in->nargs];
        if (inside.at[v->id]) continue;
        inside.at[v->id] = block_param(block, v->type);
        args[n++] = walk_value(w, v);
    }
    bool plain = b->plain;
    b->plain = true;
    builder_enter(b, block);
    DimMap none = { 0 };
    const Inst *loop = copy_inst(b, in, &inside, &none, false);
    block_return(b, loop->results, loop->nresults);
    builder_leave(b);
    b->origin = in->origin;
    const Inst *kernel = emit_region(b, OP_kernel, args, n, &no_attrs, &block, 1);
    b->plain = plain;
    for (int i = 0; i < in->nresults; i++) w->map.at[in->results[i]->id] = kernel->results[i];
}

static void emit_binders(Fuse *f, const Node *n) {
    for (int i = 0; i < n->nbinders; i++) emit_node(f, group_of(&f->node[n->binder[i]]));
}

/* Pieces of memory that is there, which `place` need not copy. */
static bool are_views(const Members *m) {
    for (int i = 0; i < m->n; i++) {
        if (m->at[i]->op != OP_reshape && (m->at[i]->op != OP_slice || !slice_is_view(m->at[i]))) return false;
    }
    return true;
}

static void emit_node(Fuse *f, Node *n) {
    if (n->emitted) return;
    n->emitted = true;
    for (int i = 0; i < n->nmembers; i++) emit_binders(f, &f->node[n->member[i]]);
    if (!n->fusable || n->free) { /* by itself: a number, a loop, a call */
        for (int i = 0; i < n->in->nargs; i++) emit_needed(f, n->in->args[i]);
        for (int k = 0; k < n->in->nregions; k++) emit_for_blocks(f, n->in->regions[k]);
        f->w->b.origin = n->in->origin;
        if (plan_lanewise(n->in))
            emit_lanes(f, n->in);
        else
            walk_copy(f->w, n->in);
        return;
    }
    Members m = members_of(f, n, NULL);
    for (int i = 0; i < m.n; i++) {
        for (int k = 0; k < m.at[i]->nargs; k++) {
            Node *made = fuse_node_of(f, m.at[i]->args[k]);
            if (made && !made->free && group_of(made) != n) emit_node(f, group_of(made));
        }
    }
    if (!m.nresults) return;
    if (m.n == 1 || are_views(&m)) {
        for (int i = 0; i < m.n; i++) {
            f->w->b.origin = m.at[i]->origin;
            walk_copy(f->w, m.at[i]);
        }
    } else {
        emit_kernel(f, &m);
    }
}

static bool are_apart(void *context, const Inst *made, const Inst *reader) {
    Fuse *f = context;
    Node *a = map_get(&f->at, made), *b = map_get(&f->at, reader);
    if (b->free) return false;
    return b->fusable && group_of(a) != group_of(b);
}

static void fuse_block(Walk *w, const Block *block) {
    Arena *a = arena_new();
    Fuse f = { .w = w, .cx = w->b.cx, .arena = a, .block = block, .at = map_new(a), .refused = map_new(a) };
    f.why = why_new(f.cx, a);
    fuse_find_nodes(&f);
    for (int i = f.n - 1; i >= 0; i--) {
        if (f.node[i].fusable && !f.node[i].free) join_readers(&f, &f.node[i]);
    }
    join_neighbours(&f);
    why_say(f.why, are_apart, &f);
    for (int i = 0; i < f.n; i++) {
        Node *n = &f.node[i], *g = group_of(n);
        if (n->free || !n->live || i != g->last) continue;
        emit_node(&f, g);
    }
    arena_free(a);
}

Module *pass_fuse(const Module *m) {
    Module *sunk = sink_formulas(m), *fused = walk_module_blocks(sunk, fuse_block);
    module_free(sunk);
    return fused;
}
