/* marks: a property of values that spreads from arguments to results, found before anything is rewritten.
**
** Through loops it is a fixed point: a carried value is marked if its first value is, or what the body makes of it.  Marks
** are only ever added, so that ends. */
#include "transform/walk.h"

Marks marks_new(Module *m, const Func *f, void (*spread)(Marks *, const Inst *), const char *name) {
    return (Marks){
        .module = m, .arena = m->arena, .at = NEW_ARRAY(m->arena, bool, f->nvalues), .spread = spread, .name = name
    };
}

void mark(Marks *m, const Value *v) {
    if (m->at[v->id]) return;
    m->at[v->id] = m->any = true;
}

bool any_marked(const Marks *m, Value *const *v, int n) {
    for (int i = 0; i < n; i++)
        if (m->at[v[i]->id]) return true;
    return false;
}

bool dim_is_marked(const Marks *m, const Dim *d) {
    for (int i = 0; i < m->sizes.n; i++)
        if (dim_mentions(d, m->sizes.at[i])) return true;
    return false;
}

void mark_sizes(Marks *m, const Sizes *sizes) {
    for (int i = 0; i < sizes->n; i++) {
        bool known = false;
        for (int k = 0; k < m->sizes.n; k++) known |= m->sizes.at[k] == sizes->at[i];
        if (known) continue;
        PUSH(m->arena, &m->sizes, sizes->at[i]);
        m->any = true;
    }
}

bool decision_is_marked(const Marks *m, const Inst *in) {
    switch (in->op) {
    case OP_cond: return m->at[in->args[0]->id];
    case OP_for: return dim_is_marked(m, in->attrs->trip);
    case OP_while: return m->at[in->regions[0]->results[0]->id];
    default: return false;
    }
}

bool reads_marked(const Marks *m, const Inst *in) {
    Values free = free_values(m->arena, in);
    return any_marked(m, free.at, free.n);
}

static void mark_where(Marks *m, Value *const *to, Value *const *from, int n) {
    for (int i = 0; i < n; i++)
        if (m->at[from[i]->id]) mark(m, to[i]);
}

static void mark_all(Marks *m, Value *const *v, int n) {
    for (int i = 0; i < n; i++) mark(m, v[i]);
}

static void marks_cond(Marks *m, const Inst *in) {
    for (int r = 0; r < in->nregions; r++) {
        const Block *side = in->regions[r];
        mark_where(m, side->params, in->args + 1, side->nparams);
        marks_block(m, side);
        mark_where(m, in->results, side->results, side->nresults);
    }
    if (decision_is_marked(m, in)) mark_all(m, in->results, in->nresults);
}

/* Until a round adds nothing. */
static void marks_loop(Marks *m, const Inst *in) {
    const Block *body = in->regions[in->nregions - 1];
    int first = in->op == OP_for ? 1 : 0, carries = (int)in->attrs->carries;
    bool before = m->any;
    mark_where(m, body->params + first, in->args, in->nargs);
    do {
        m->any = false;
        if (in->op == OP_while) {
            mark_where(m, in->regions[0]->params, body->params, carries);
            marks_block(m, in->regions[0]);
        }
        if (decision_is_marked(m, in)) {
            mark_all(m, body->params + first, carries);
            mark_all(m, in->results, in->nresults);
            if (in->op == OP_while && !in->attrs->lanes) mark_sizes(m, &in->attrs->binds);
        }
        marks_block(m, body);
        mark_where(m, body->params + first, body->results, carries);
        before |= m->any;
    } while (m->any);
    m->any = before;
    mark_where(m, in->results, body->params + first, carries);
    mark_where(m, in->results, body->results, body->nresults);
}

void marks_block(Marks *m, const Block *block) {
    for (const Inst *in = block->first; in; in = in->next) switch (in->op) {
        case OP_cond: marks_cond(m, in); break;
        case OP_for:
        case OP_while: marks_loop(m, in); break;
        default: m->spread(m, in);
        }
}
