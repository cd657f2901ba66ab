/* endless: generators that never end, taken from by next().
**
** Such a generator is what it does before its loop, and the body of a `while True` with one `yield`.  It stands in front
** of its loop or at the `yield`; next() runs it from there to the next `yield`, in the place of the call.  What it
** remembers are its variables, so next() in a run-time loop carries them, as it carries any variable. */
#include "elaborate/values.h"

/* The `while True` at the end of a generator, and the place of the `yield` in it. */
typedef struct {
    Nodes before;
    const Node *loop;
    int at;
} Endless;

static bool leaves(Nodes body) {
    return body_has(body, NODE_Break) || body_has(body, NODE_Continue) || body_has(body, NODE_Return);
}

static bool yields(Nodes body) { return body_has(body, NODE_Yield) || body_has(body, NODE_YieldFrom); }

static bool is_yield(const Node *n) { return n->kind == NODE_Expr && n->Expr.value->kind == NODE_Yield; }

static bool find_loop(Py g, Endless *found) {
    if (g->kind != PY_GENERATOR || !g->generator.function) return false;
    Nodes body = g->generator.function->function.node->FunctionDef.body;
    const Node *loop = body.n ? body.at[body.n - 1] : NULL;
    Nodes before = { .at = body.at, .n = body.n - 1 };
    if (!loop || loop->kind != NODE_While || loop->While.orelse.n || yields(before) || leaves(before)) return false;
    const Node *test = loop->While.test;
    if (test->kind != NODE_Constant || !test->Constant.value.integer) return false;
    Nodes inside = loop->While.body;
    int at = -1;
    for (int i = 0; i < inside.n; i++) {
        bool here = is_yield(inside.at[i]);
        if (here && at >= 0) return false;
        if (here) at = i;
        if (!here && yields((Nodes){ .at = &inside.at[i], .n = 1 })) return false;
    }
    *found = (Endless){ before, loop, at };
    return at >= 0 && !leaves(inside);
}

bool is_endless(Py g) {
    Endless found;
    return find_loop(g, &found) && (!g->generator.position->n || g->generator.position->at[0]->kind == PY_BOOL);
}

Py endless_next(Elab *e, Py g, Span span) {
    Endless it;
    if (!find_loop(g, &it)) return e->error;
    Py f = g->generator.function;
    Nodes inside = it.loop->While.body;
    bool begun = contents_of(e, g)->n > 0;
    Frame frame;
    frame_begin(e, &frame, g->generator.env, f, f->function.name, f->function.library, span);
    if (begun)
        run_body(e, (Nodes){ .at = inside.at + it.at + 1, .n = inside.n - it.at - 1 });
    else
        run_body(e, it.before);
    run_body(e, (Nodes){ .at = inside.at, .n = it.at });
    Node *value = inside.at[it.at]->Expr.value->Yield.value;
    Py r = value ? eval(e, value) : e->none;
    frame.result.value = e->none;
    frame_end(e, span);
    if (!begun) contents_push(e, contents_change(e, g), NULL, e->true_);
    return r;
}

Py native_primitives_is_endless(Elab *e, Call *c) { return py_bool(e, is_endless(c->arg[0])); }
