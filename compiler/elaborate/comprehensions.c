/* comprehensions: a loop in a scope of its own, whose values become a list, set or dict, or are yielded. */
#include "elaborate/values.h"

#include <string.h>

static Nodes generators(Node *n) {
    switch (n->kind) {
    case NODE_ListComp: return n->ListComp.generators;
    case NODE_SetComp: return n->SetComp.generators;
    case NODE_DictComp: return n->DictComp.generators;
    default: return n->GeneratorExp.generators;
    }
}

typedef struct {
    Node *node;
    Py into;   /* list, set or dict; NULL: yielded */
    Py source; /* the first iterable: it is evaluated in the scope around this one */
} Target;

static void keep(Elab *e, Target *t) {
    Node *n = t->node;
    if (n->kind == NODE_DictComp) {
        Py key = eval(e, n->DictComp.key), x = eval(e, n->DictComp.value);
        if (key_fits(e, key, n->span)) dict_set(e, t->into, key, x);
        return;
    }
    Py x = eval(e, n->kind == NODE_ListComp  ? n->ListComp.elt
                   : n->kind == NODE_SetComp ? n->SetComp.elt
                                             : n->GeneratorExp.elt);
    if (n->kind == NODE_ListComp)
        contents_push(e, contents_change(e, t->into), NULL, x);
    else if (n->kind == NODE_GeneratorExp)
        e->frame->on_yield(e, e->frame->yield_data, x);
    else if (key_fits(e, x, n->span))
        dict_set(e, t->into, x, e->none);
}

typedef struct {
    Target *target;
    int level, part; /* which `for`, and which of its conditions comes next */
} Level;

static void run_level(Elab *e, Target *t, int level);
static void run_conditions(Elab *e, Target *t, int level, int part);

static void level_body(Elab *e, void *data) {
    Level *l = data;
    run_conditions(e, l->target, l->level, l->part);
}
static void nothing(Elab *e, void *data) { (void)e, (void)data; }

static void run_conditions(Elab *e, Target *t, int level, int part) {
    Node *g = generators(t->node).at[level];
    for (; part < g->comprehension.ifs.n; part++) {
        Value *v;
        int known = py_truth(e, eval(e, g->comprehension.ifs.at[part]), &v);
        if (known == 0 || known == -2) return;
        if (known == 1) continue;
        Level l = { t, level, part + 1 };
        branch(e, v, level_body, nothing, &l, g->span);
        return;
    }
    if (level + 1 < generators(t->node).n)
        run_level(e, t, level + 1);
    else
        keep(e, t);
}

static void run_level(Elab *e, Target *t, int level) {
    Node *g = generators(t->node).at[level];
    if (refuse_node(e->cx, g)) return;
    Level l = { t, level, 0 };
    run_for_over(e, g, g->comprehension.target, level ? eval(e, g->comprehension.iter) : t->source, level_body, &l);
}

static Py in_frame(Elab *e, Node *n, Py into) {
    Frame *outer = e->frame;
    Py source = eval(e, generators(n).at[0]->comprehension.iter);
    if (source->kind == PY_ERROR) return source;
    Frame *frame = frame_begin(e, env_new(e, scope_of(n), outer->env), NULL, outer->title, outer->library, n->span);
    frame->origin = outer->origin;
    Target t = { n, into, source };
    run_level(e, &t, 0);
    frame->result.value = e->none;
    frame->state.value = py_int(e, STATE_RETURN);
    e->frame = outer;
    e->depth--;
    return into;
}

Py eval_comprehension(Elab *e, Node *n) {
    switch (n->kind) {
    case NODE_ListComp: return in_frame(e, n, py_list(e, 0, NULL));
    case NODE_SetComp: return in_frame(e, n, py_set(e));
    case NODE_DictComp: return in_frame(e, n, py_dict(e));
    default: {
        Py g = generator_new(e, NULL, env_new(e, scope_of(n), e->frame->env));
        g->generator.node = n;
        g->generator.source = eval(e, generators(n).at[0]->comprehension.iter);
        return g;
    }
    }
}

/* The body of a generator expression; its frame runs. */
void comprehension_yield(Elab *e, Py g) {
    if (g->generator.source->kind == PY_ERROR) return;
    Target t = { g->generator.node, NULL, g->generator.source };
    run_level(e, &t, 0);
}
