/* endless: generators that never end, taken from by next().
**
** Such a generator is what it does before its loop, and the body of a `while True` with one `yield`, which may stand in a
** `for` over a range.  It stands in front of its loop or at the `yield`; next() runs it from there to the next `yield`, in
** the place of the call.  What it remembers are its variables, so next() in a run-time loop carries them, as it carries
** any variable. */
#include "elaborate/loops.h"

#include <string.h>

/* The body of a loop around its `yield`, or around the `for` that holds it. */
typedef struct {
    Nodes first, last;
    const Node *middle;
} Around;

/* The `while True` at the end of a generator, and the place of the `yield` in it. */
typedef struct {
    Nodes before;
    Around loop;
    Around items; /* of the `for`; middle is NULL where there is none */
} Endless;

static bool leaves(Nodes body) {
    return body_has(body, NODE_Break) || body_has(body, NODE_Continue) || body_has(body, NODE_Return);
}

static bool yields(Nodes body) { return body_has(body, NODE_Yield) || body_has(body, NODE_YieldFrom); }

static bool is_yield(const Node *n) { return n->kind == NODE_Expr && n->Expr.value->kind == NODE_Yield; }

static bool is_range(const Node *n) {
    return n->kind == NODE_For && !n->For.orelse.n && n->For.iter->kind == NODE_Call &&
           n->For.iter->Call.func->kind == NODE_Name && strcmp(n->For.iter->Call.func->Name.id, "range") == 0;
}

/* Splits a body at the one statement that yields. */
static bool split(Nodes body, Around *a) {
    int at = -1;
    for (int i = 0; i < body.n; i++) {
        if (!yields((Nodes){ .at = &body.at[i], .n = 1 })) continue;
        if (at >= 0) return false;
        at = i;
    }
    if (at < 0) return false;
    *a = (Around){ { .at = body.at, .n = at }, { .at = body.at + at + 1, .n = body.n - at - 1 }, body.at[at] };
    return true;
}

static bool find_loop(Py g, Endless *found) {
    if (g->kind != PY_GENERATOR || !g->generator.function) return false;
    Nodes body = g->generator.function->function.node->FunctionDef.body;
    const Node *loop = body.n ? body.at[body.n - 1] : NULL;
    *found = (Endless){ .before = { .at = body.at, .n = body.n - 1 } };
    if (!loop || loop->kind != NODE_While || loop->While.orelse.n || yields(found->before) || leaves(found->before))
        return false;
    const Node *test = loop->While.test;
    if (test->kind != NODE_Constant || !test->Constant.value.integer || leaves(loop->While.body)) return false;
    if (!split(loop->While.body, &found->loop)) return false;
    if (is_yield(found->loop.middle)) return true;
    return is_range(found->loop.middle) && split(found->loop.middle->For.body, &found->items) &&
           is_yield(found->items.middle);
}

bool is_endless(Py g) {
    Endless found;
    return find_loop(g, &found) && (!g->generator.position->n || g->generator.position->at[0]->kind == PY_BOOL);
}

/* A generator that goes on: where it is in its `for`. */
typedef struct {
    const Endless *it;
    Place *item;
    Span span;
} Resumed;

static Py range_of(Elab *e, const Endless *it) { return eval(e, it->loop.middle->For.iter); }

/* From the end of the `for`, or of the loop's body, to its beginning. */
static void start_again(Elab *e, void *data) {
    Resumed *r = data;
    run_body(e, r->it->loop.last);
    run_body(e, r->it->loop.first);
    if (r->item) place_set(e, r->item, py_int(e, 0), r->span);
}

static void goes_on(Elab *e, void *data) { (void)e, (void)data; }

static void next_item(Elab *e, Resumed *r) {
    run_body(e, r->it->items.last);
    Py i = number_binary(e, OPERATOR_Add, place_get(e, r->item), py_int(e, 1), r->span);
    place_set(e, r->item, i, r->span);
    Py count = source_count(e, range_of(e, r->it), r->span);
    Value *v;
    int more = py_truth(e, number_compare(e, OPERATOR_Lt, i, count, r->span), &v);
    if (more == 0)
        start_again(e, r);
    else if (more == -1)
        branch(e, v, goes_on, start_again, r, r->span);
}

Py endless_next(Elab *e, Py g, Span span) {
    Endless it;
    if (!find_loop(g, &it)) return e->error;
    Py f = g->generator.function;
    bool begun = contents_of(e, g)->n > 0;
    Frame *frame = frame_begin(e, g->generator.env, f, f->function.name, f->function.library, span);
    const Node *each = it.items.middle ? it.loop.middle : NULL;
    Resumed r = { &it, each ? env_place(e, g->generator.env, name_of(e->cx, "the item of the for")) : NULL, span };
    if (begun && each) {
        next_item(e, &r);
    } else if (begun) {
        start_again(e, &r);
    } else {
        run_body(e, it.before);
        run_body(e, it.loop.first);
        if (each) place_set(e, r.item, py_int(e, 0), span);
    }
    if (each) {
        Py source = range_of(e, &it), count = source_count(e, source, span);
        int64_t n;
        if (py_static_int(e, count, &n) && n < 1)
            fail(e, span, "%s never yields: its inner loop has no items", f->function.name);
        assign(e, each->For.target, source_item(e, source, place_get(e, r.item), NULL, span), span);
        run_body(e, it.items.first);
    }
    Node *value = (each ? it.items.middle : it.loop.middle)->Expr.value->Yield.value;
    Py x = value ? eval(e, value) : e->none;
    frame->result.value = e->none;
    frame_end(e, span);
    if (!begun) contents_push(e, contents_change(e, g), NULL, e->true_);
    return x;
}

Py native_primitives_is_endless(Elab *e, Call *c) { return py_bool(e, is_endless(c->arg[0])); }
