/* fuse_nodes: the instructions of a block as fuse.c sees them: what is needed, who reads it, and what belongs to whoever
** reads it, as often as it is read. */
#include "optimize/fuse.h"

Node *fuse_node_of(const Fuse *f, const Value *v) {
    return v->def && v->def->block == f->block ? map_get(&f->at, v->def) : NULL;
}

static bool only_moves(const Inst *in) {
    if (in->op == OP_retype || in->op == OP_optimization_barrier || in->op == OP_pad || in->op == OP_concatenate)
        return false;
    return op_class(in->op) == CLASS_CREATE || op_class(in->op) == CLASS_LAYOUT;
}

/* One step of arithmetic on broadcasts of what is smaller, as the differences of all pairs are: reading it would cost more than
** computing it does. */
static bool is_cheap_of_smaller(const Inst *in) {
    if (op_class(in->op) != CLASS_ELEMENTWISE || plan_cost(in) > 0.05 || in->nresults != 1) return false;
    for (int i = 0; i < in->nargs; i++) {
        const Inst *made = in->args[i]->def;
        if (!made || made->block != in->block) return false;
        if (op_class(made->op) == CLASS_CREATE && made->op != OP_iota) continue;
        if (made->op != OP_broadcast || made->args[0]->type->rank >= in->results[0]->type->rank) return false;
    }
    return true;
}

static bool can_fuse(const Inst *in) {
    if (in->nresults < 1 || in->nregions || inst_effect(in) != EFFECT_NONE) return false;
    OpClass c = op_class(in->op);
    if (c == CLASS_REDUCE || c == CLASS_CONTRACT) return true;
    if (in->results[0]->type->rank == 0) return false; /* a number: in a register anyway */
    if (in->op == OP_dynamic_update_slice || in->op == OP_scatter) return true;
    if (in->op == OP_retype || in->op == OP_optimization_barrier || in->op == OP_nonzero) return false;
    return c == CLASS_CREATE || c == CLASS_ELEMENTWISE || c == CLASS_LAYOUT || c == CLASS_INDEX || c == CLASS_SCAN;
}

static void need_values(Fuse *f, Value *const *v, int n, bool wanted) {
    for (int i = 0; i < n; i++) {
        Node *made = fuse_node_of(f, v[i]);
        if (!made) continue;
        made->live = true;
        made->wanted |= wanted;
    }
}

static void want_all_in(Fuse *f, const Block *inner) {
    for (const Inst *in = inner->first; in; in = in->next) {
        need_values(f, in->args, in->nargs, true);
        for (int k = 0; k < in->nregions; k++) want_all_in(f, in->regions[k]);
    }
    need_values(f, inner->results, inner->nresults, true);
}

/* From the end: what is read by what is needed is needed; and by what is no group, it must be in memory. */
static void find_needed(Fuse *f) {
    need_values(f, f->block->results, f->block->nresults, true);
    for (int i = f->n - 1; i >= 0; i--) {
        Node *n = &f->node[i];
        if (inst_effect(n->in) != EFFECT_NONE || n->in->attrs->binds.n) n->live = true;
        if (!n->live) continue;
        need_values(f, n->in->args, n->in->nargs, !n->fusable);
        for (int k = 0; k < n->in->nregions; k++) want_all_in(f, n->in->regions[k]);
    }
}

static void add_reader(Fuse *f, Node *made, int reader) {
    if (made->nreaders && made->reader[made->nreaders - 1] == reader) return;
    for (int i = 0; i < made->nreaders; i++) {
        if (made->reader[i] == reader) return;
    }
    size_t n = (size_t)made->nreaders;
    made->reader = arena_grow(f->arena, made->reader, n * sizeof(int), (n + 1) * sizeof(int));
    made->reader[made->nreaders++] = reader;
}

static void read_by(Fuse *f, const Inst *in, int reader);

static void read_values(Fuse *f, Value *const *v, int n, int reader) {
    for (int i = 0; i < n; i++) {
        Node *made = fuse_node_of(f, v[i]);
        if (!made) continue;
        if (made->free)
            read_by(f, made->in, reader);
        else
            add_reader(f, made, reader);
    }
}

/* Blocks inside read what they like of this one. */
static void read_by(Fuse *f, const Inst *in, int reader) {
    read_values(f, in->args, in->nargs, reader);
    for (int k = 0; k < in->nregions; k++) {
        for (const Inst *inner = in->regions[k]->first; inner; inner = inner->next) read_by(f, inner, reader);
        read_values(f, in->regions[k]->results, in->regions[k]->nresults, reader);
    }
}

static bool dims_mention(Dims d, const SizeVar *v) {
    for (int i = 0; i < d.n; i++) {
        if (dim_mentions(d.at[i], v)) return true;
    }
    return false;
}

static bool mentions(const Inst *in, const SizeVar *v) {
    const Attrs *a = in->attrs;
    for (int i = 0; i < in->nresults + in->nargs; i++) {
        const Type *t = i < in->nresults ? in->results[i]->type : in->args[i - in->nresults]->type;
        if (dims_mention((Dims){ t->rank, t->dim }, v)) return true;
    }
    if (dims_mention(a->start, v) || dims_mention(a->limit, v) || dims_mention(a->low, v) || dims_mention(a->sizes, v))
        return true;
    return (a->dim && dim_mentions(a->dim, v)) || (a->trip && dim_mentions(a->trip, v)) || in->nregions;
}

/* Who needs a size reads who binds it. */
static void find_binders(Fuse *f) {
    for (int k = 0; k < f->n; k++) {
        Sizes bound = f->node[k].in->attrs->binds;
        for (int i = k + 1; i < f->n && bound.n; i++) {
            Node *n = &f->node[i];
            for (int s = 0; s < bound.n; s++) {
                if (!mentions(n->in, bound.at[s])) continue;
                size_t bytes = sizeof(int) * (size_t)n->nbinders;
                n->binder = arena_grow(f->arena, n->binder, bytes, bytes + sizeof(int));
                n->binder[n->nbinders++] = k;
                if (n->live && !n->free) add_reader(f, &f->node[k], i);
                break;
            }
        }
    }
}

/* It is there, and not made again where it is read. */
static bool lies_in_memory(const Fuse *f, const Value *v) {
    const Node *made = fuse_node_of(f, v);
    return !made || !made->free;
}

/* Padding that nobody reads but products which read through it. */
static bool is_border(const Fuse *f, int k) {
    const Inst *pad = f->node[k].in;
    if (pad->op != OP_pad || !f->node[k].fusable || f->node[k].wanted) return false;
    const Node *made = fuse_node_of(f, pad->args[0]);
    if (made && made->free && (made->in->op != OP_reshape || !lies_in_memory(f, made->in->args[0]))) return false;
    bool *from = NEW_ARRAY(f->arena, bool, f->n + 1);
    from[k] = true;
    for (int i = k + 1; i < f->n; i++) {
        const Node *n = &f->node[i];
        Border border;
        for (int j = 0; j < n->in->nargs && n->live && !from[i]; j++) {
            made = fuse_node_of(f, n->in->args[j]);
            from[i] = made && from[made - f->node];
        }
        if (!from[i] || (n->free && n->in->nargs == 1)) continue;
        if (n->in->op != OP_dot || !plan_border(n->in, &border) || border.pad != pad) return false;
        from[i] = false;
    }
    return true;
}

/* What is computed again where it is read, but moves no index, is read by arithmetic and sums only; and not past a clock. */
static void keep_what_others_read(Fuse *f) {
    for (int i = 0; i < f->n; i++) {
        const Inst *in = f->node[i].in;
        bool plain = op_class(in->op) == CLASS_ELEMENTWISE || (plan_is_reduction(in) && in->op != OP_dot);
        for (int k = 0; k < in->nargs; k++) {
            Node *made = fuse_node_of(f, in->args[k]);
            if (!made || op_class(made->in->op) != CLASS_ELEMENTWISE) continue;
            if (!plain || made->segment != f->node[i].segment) made->free = false;
        }
    }
}

void fuse_find_nodes(Fuse *f) {
    int segment = 0;
    for (const Inst *in = f->block->first; in; in = in->next) f->n++;
    f->node = NEW_ARRAY(f->arena, Node, f->n + 1);
    f->n = 0;
    for (const Inst *in = f->block->first; in; in = in->next) {
        Node *n = &f->node[f->n];
        if (in->op == OP_time || in->op == OP_barrier) segment++;
        *n = (Node){ .in = in,
                     .group = n,
                     .fusable = can_fuse(in),
                     .segment = segment,
                     .first = f->n,
                     .last = f->n,
                     .nmembers = 1 };
        n->member = arena_copy(f->arena, &f->n, sizeof f->n);
        map_set(&f->at, (void *)in, n);
        f->n++;
    }
    find_needed(f);
    for (int i = 0; i < f->n; i++) {
        Node *n = &f->node[i];
        n->free = n->fusable && (only_moves(n->in) || is_cheap_of_smaller(n->in)) && !n->wanted;
        if (!n->live) n->fusable = false;
    }
    keep_what_others_read(f);
    for (int i = 0; i < f->n; i++) { /* a reshape reads memory, or what has a formula for every index */
        const Inst *in = f->node[i].in;
        Node *made = in->op == OP_reshape && !plan_reshape_is_plain(in) ? fuse_node_of(f, in->args[0]) : NULL;
        if (made && op_class(made->in->op) != CLASS_CREATE) made->free = false;
    }
    for (int i = 0; i < f->n; i++) f->node[i].free = f->node[i].free || is_border(f, i);
    for (int i = 0; i < f->n; i++) {
        if (f->node[i].live && !f->node[i].free) read_by(f, f->node[i].in, i);
    }
    find_binders(f);
}
