/* clean: the same function without what nothing needs.
**
** First everything that is needed is marked, from the results backwards; then it is built again, folded and shared.  Loops
** and conds lose what they carry, stack or are given for nothing. */
#include "transform/walk.h"

typedef struct {
    Arena *arena;
    bool *live; /* by old id */
    bool more;  /* something was marked */
    Builder b;
    ValueMap value;
    DimMap no_sizes;
} Clean;

static void need_block(Clean *, const Block *);

static void need(Clean *c, const Value *v) {
    if (c->live[v->id]) return;
    c->live[v->id] = c->more = true;
}
static void need_where(Clean *c, Value *const *v, Value *const *where, int n) {
    for (int i = 0; i < n; i++)
        if (c->live[where[i]->id]) need(c, v[i]);
}
static bool any_live(const Clean *c, Value *const *v, int n) {
    for (int i = 0; i < n; i++)
        if (c->live[v[i]->id]) return true;
    return false;
}

static bool is_needed(const Clean *c, const Inst *in) {
    return any_live(c, in->results, in->nresults) || in->attrs->binds.n > 0 || inst_effect(in) != EFFECT_NONE;
}

static void need_loop(Clean *c, const Inst *in) {
    const Block *body = in->regions[in->nregions - 1];
    int carries = (int)in->attrs->carries, first = in->op == OP_for;
    Value *const *carried = body->params + first;
    if (in->attrs->binds.n > 0) need(c, in->results[carries]); /* without it the count would not be bound */
    need_where(c, body->results, in->results, body->nresults);
    bool before = c->more;
    do { /* what one round needs of the carries, the round before must give */
        c->more = false;
        if (in->op == OP_while) {
            need(c, in->regions[0]->results[0]);
            need_block(c, in->regions[0]);
            need_where(c, carried, in->regions[0]->params, carries);
        }
        need_where(c, body->results, carried, carries);
        need_block(c, body);
        before |= c->more;
    } while (c->more);
    c->more = before;
    need_where(c, in->args, in->results, carries);
    need_where(c, in->args, carried, in->nargs);
}

static void need_cond(Clean *c, const Inst *in) {
    need(c, in->args[0]);
    for (int r = 0; r < in->nregions; r++) {
        const Block *side = in->regions[r];
        need_where(c, side->results, in->results, in->nresults);
        need_block(c, side);
        need_where(c, in->args + 1, side->params, side->nparams);
    }
}

static void need_inst(Clean *c, const Inst *in) {
    switch (in->op) {
    case OP_for:
    case OP_while: need_loop(c, in); break;
    case OP_cond: need_cond(c, in); break;
    default:
        for (int i = 0; i < in->nargs; i++) need(c, in->args[i]);
        for (int r = 0; r < in->nregions; r++) {
            for (int i = 0; i < in->regions[r]->nresults; i++) need(c, in->regions[r]->results[i]);
            need_block(c, in->regions[r]);
        }
    }
}

static void need_block(Clean *c, const Block *block) {
    struct {
        const Inst **at;
        int n, cap;
    } insts = { 0 };
    for (const Inst *in = block->first; in; in = in->next) PUSH(c->arena, &insts, in);
    for (int i = insts.n - 1; i >= 0; i--)
        if (is_needed(c, insts.at[i])) need_inst(c, insts.at[i]);
}

/* The second walk */

static void copy_block(Clean *, const Block *);

/* The new values of those old ones that `where` says are live. */
static void push_live(Clean *c, Values *list, Value *const *v, Value *const *where, Value *const *or_where, int n) {
    for (int i = 0; i < n; i++)
        if (c->live[where[i]->id] || c->live[or_where[i]->id]) PUSH(c->arena, list, c->value.at[v[i]->id]);
}
static void add_live_params(Clean *c, Block *block, Value *const *v, Value *const *or_where, int n) {
    for (int i = 0; i < n; i++)
        if (c->live[v[i]->id] || c->live[or_where[i]->id]) c->value.at[v[i]->id] = block_param(block, v[i]->type);
}

static void copy_loop(Clean *c, const Inst *in) {
    const Block *body = in->regions[in->nregions - 1];
    int carries = (int)in->attrs->carries, first = in->op == OP_for;
    Value *const *carried = body->params + first, *const *slices = carried + carries;
    Values args = { 0 };
    push_live(c, &args, in->args, carried, in->results, carries);
    Attrs attrs = *in->attrs;
    attrs.carries = args.n;
    push_live(c, &args, in->args + carries, slices, slices, in->nargs - carries);
    Block *blocks[2];
    int n = 0;
    if (in->op == OP_while) {
        const Block *test = in->regions[0];
        Block *made = blocks[n++] = block_new(c->b.func, NULL);
        for (int i = 0; i < carries; i++)
            if (c->live[carried[i]->id] || c->live[in->results[i]->id])
                c->value.at[test->params[i]->id] = block_param(made, test->params[i]->type);
        builder_enter(&c->b, made);
        copy_block(c, test);
        block_return(&c->b, &c->value.at[test->results[0]->id], 1);
        builder_leave(&c->b);
    }
    Block *made = blocks[n++] = block_new(c->b.func, NULL);
    if (first) c->value.at[body->params[0]->id] = block_param(made, body->params[0]->type);
    add_live_params(c, made, carried, in->results, carries);
    add_live_params(c, made, slices, slices, in->nargs - carries);
    builder_enter(&c->b, made);
    copy_block(c, body);
    Values results = { 0 };
    push_live(c, &results, body->results, carried, in->results, carries);
    push_live(c, &results, body->results + carries, in->results + carries, in->results + carries,
              body->nresults - carries);
    block_return(&c->b, results.at, results.n);
    builder_leave(&c->b);
    const Inst *loop = emit_region(&c->b, in->op, args.at, args.n, &attrs, blocks, n);
    int from = 0;
    for (int i = 0; i < in->nresults; i++)
        if (c->live[in->results[i]->id] || (i < carries && c->live[carried[i]->id]))
            c->value.at[in->results[i]->id] = loop->results[from++];
}

static void copy_cond(Clean *c, const Inst *in) {
    int nparams = in->nargs - 1;
    bool *kept = bools_new(c->arena, nparams);
    for (int r = 0; r < in->nregions; r++)
        for (int i = 0; i < nparams; i++) kept[i] |= c->live[in->regions[r]->params[i]->id];
    Values args = { 0 };
    PUSH(c->arena, &args, c->value.at[in->args[0]->id]);
    for (int i = 0; i < nparams; i++)
        if (kept[i]) PUSH(c->arena, &args, c->value.at[in->args[i + 1]->id]);
    Block **sides = NEW_ARRAY(c->arena, Block *, in->nregions);
    for (int r = 0; r < in->nregions; r++) {
        const Block *side = in->regions[r];
        sides[r] = block_new(c->b.func, NULL);
        for (int i = 0; i < nparams; i++)
            if (kept[i]) c->value.at[side->params[i]->id] = block_param(sides[r], side->params[i]->type);
        builder_enter(&c->b, sides[r]);
        copy_block(c, side);
        Values results = { 0 };
        push_live(c, &results, side->results, in->results, in->results, in->nresults);
        block_return(&c->b, results.at, results.n);
        builder_leave(&c->b);
    }
    const Inst *cond = emit_region(&c->b, OP_cond, args.at, args.n, in->attrs, sides, in->nregions);
    int from = 0;
    for (int i = 0; i < in->nresults; i++)
        if (c->live[in->results[i]->id]) c->value.at[in->results[i]->id] = cond->results[from++];
}

static void copy_block(Clean *c, const Block *block) {
    for (const Inst *in = block->first; in; in = in->next) {
        if (!is_needed(c, in)) continue;
        c->b.origin = in->origin;
        switch (in->op) {
        case OP_for:
        case OP_while: copy_loop(c, in); break;
        case OP_cond: copy_cond(c, in); break;
        default: copy_inst(&c->b, in, &c->value, &c->no_sizes, false);
        }
    }
}

void clean_into(Builder *b, const Func *f) {
    const Block *body = f->body;
    Clean c = {
        .arena = b->arena, .live = bools_new(b->arena, f->nvalues), .value = value_map_new(b->arena, f), .b = *b
    };
    for (int i = 0; i < body->nresults; i++) need(&c, body->results[i]);
    need_block(&c, body);
    for (int i = 0; i < body->nparams; i++) c.value.at[body->params[i]->id] = b->func->body->params[i];
    copy_block(&c, body);
    Values results = { 0 };
    for (int i = 0; i < body->nresults; i++) PUSH(b->arena, &results, c.value.at[body->results[i]->id]);
    block_return(&c.b, results.at, results.n);
    *b = c.b;
}

Func *transform_clean(Module *m, const Func *f) {
    Builder b = builder_new(func_shell(m, f));
    clean_into(&b, f);
    return b.func;
}

/* The blocks of one function become those of another. */
static void adopt(Func *f, Block *block) {
    block->func = f;
    for (Inst *in = block->first; in; in = in->next)
        for (int r = 0; r < in->nregions; r++) adopt(f, in->regions[r]);
}

void clean_made(Module *m, Func *raw) {
    Func *before = m->last, *clean = transform_clean(m, raw);
    m->last = before;
    before->next = NULL;
    raw->body = clean->body;
    raw->nvalues = clean->nvalues;
    adopt(raw, raw->body);
}
