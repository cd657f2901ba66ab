/* loops: `for` and `while`.
**
** A loop is tried at run time first: its body is run again and again, into a block that is thrown away, until what it
** carries no longer changes.  Where that fails, the first iteration is peeled (twice at most), and where that fails too, a
** loop whose count is known is unrolled. */
#include "elaborate/loops.h"

#include <string.h>

bool inside_branch(Elab *e) { return e->branches > 0; }

static void run_loop(Elab *e, Loop *l);

/* What `continue` and `break` leave behind is known to the loop alone. */
static void state_becomes(Elab *e, State from, State to, Span span) {
    Py s = e->frame->state.value;
    if (s->kind == PY_INT) {
        if (s->integer == from) state_set(e, to, span);
        return;
    }
    Value *v = scalar_value(e, s, NUMBER_INT);
    Value *changed = ir_select(e->b, ir_eq(e->b, v, ir_i64(e->b, from)), ir_i64(e->b, to), v);
    place_set(e, &e->frame->state, py_scalar(e, NUMBER_INT, changed), span);
}

Value *still_runs(Elab *e) {
    return ir_eq(e->b, scalar_value(e, e->frame->state.value, NUMBER_INT), ir_i64(e->b, STATE_RUNS));
}

static void run_loop_body(Elab *e, Loop *l) {
    e->frame->loops++;
    l->body(e, l->data);
    state_becomes(e, STATE_CONTINUE, STATE_RUNS, l->span);
    e->frame->loops--;
}

/* An item goes to the target of the `for`, or waits for the body of for_each. */
static void hand_out(Elab *e, Loop *l, Py item) {
    if (l->target)
        assign(e, l->target, item, l->span);
    else
        l->item = item;
}

void run_item(Elab *e, Loop *l, Py index, Value ***slices) {
    if (l->over) {
        if (l->first) index = number_binary(e, OPERATOR_Add, index, py_int(e, l->first), l->span);
        hand_out(e, l, source_item(e, l->source, index, slices, l->span));
    }
    run_loop_body(e, l);
}

/* One iteration at a time, as long as it is known that there is one. */
typedef struct {
    Loop *loop;
    int64_t i, count;
    Py *items;  /* NULL: found by index */
    int values; /* of the function when it began */
} Unrolled;

static void unroll_from(Elab *e, void *data);
static void leave(Elab *e, void *data) { (void)e, (void)data; }

static bool too_large(Elab *e, Unrolled *u) {
    int most = e->cx->options.max_unroll ? e->cx->options.max_unroll : 20000;
    if (e->tracing->func->nvalues - u->values <= most) return false;
    fail(e, u->loop->span, "this loop has to be unrolled, and makes more than %d instructions", most);
    if (u->loop->cause) note(e->cx, "it cannot run at run time: %s", u->loop->cause);
    return true;
}

static void unroll_from(Elab *e, void *data) {
    Unrolled u = *(Unrolled *)data;
    Loop *l = u.loop;
    int errors = diag_mark(e->cx);
    for (; l->test || u.i < u.count; u.i++) {
        if (l->test && u.i) { /* the first test is done */
            Value *v;
            int known = py_truth(e, eval(e, l->test), &v);
            if (known == 0 || known == -2) return;
            if (known == -1) {
                fail(e, l->span, "this loop does not settle: %s",
                     l->cause ? l->cause : "what it carries changes its type at every iteration");
                return;
            }
        }
        if (u.items) {
            hand_out(e, l, u.items[u.i]);
            run_loop_body(e, l);
        } else {
            run_item(e, l, l->over ? py_int(e, u.i) : NULL, NULL);
        }
        if (diag_mark(e->cx) > errors || too_large(e, &u)) return;
        int state = state_of(e);
        if (state > 0) return;
        if (state == 0) continue;
        u.i++;
        branch(e, still_runs(e), unroll_from, leave, &u, l->span);
        return;
    }
}

static void unroll(Elab *e, Loop *l, Py *items, int64_t count) {
    Unrolled u = { l, 0, count, items, e->tracing->func->nvalues };
    unroll_from(e, &u);
}

/* The first iteration by itself, then the rest. */
static void peel(Elab *e, void *data) {
    Loop *l = data;
    int errors = diag_mark(e->cx);
    run_item(e, l, l->over ? py_int(e, 0) : NULL, NULL);
    if (diag_mark(e->cx) > errors) return;
    l->first++;
    int state = state_of(e);
    if (state == STATE_RUNS)
        run_loop(e, l);
    else if (state < 0)
        branch(e, still_runs(e), (Side)run_loop, leave, l, l->span);
}

/* All but the last iteration, then that one, whose slices may be shorter. */
static void run_last(Elab *e, void *data) {
    Loop *l = data;
    Py index = number_binary(e, OPERATOR_Sub, l->count, py_int(e, l->first + 1), l->span);
    run_item(e, l, index, NULL);
}
static void peel_last(Elab *e, void *data) {
    Loop *l = data;
    int errors = diag_mark(e->cx);
    l->last = 1;
    run_loop(e, l);
    if (diag_mark(e->cx) > errors) return;
    int state = state_of(e);
    if (state == STATE_RUNS)
        run_last(e, l);
    else if (state < 0)
        branch(e, still_runs(e), run_last, leave, l, l->span);
}

Py iterations_left(Elab *e, Loop *l) {
    return number_binary(e, OPERATOR_Sub, l->count, py_int(e, l->first + l->last), l->span);
}

static const char unrolled[] = "unrolled";

static void run_loop(Elab *e, Loop *l) {
    Value *goes = NULL;
    int known = 1;
    int64_t count = -1;
    if (l->test) {
        known = py_truth(e, eval(e, l->test), &goes);
        if (known == -2) return;
        if (known == 1) goes = ir_bool(e->b, true);
    } else {
        Py left = iterations_left(e, l);
        if (py_static_int(e, left, &count)) {
            known = count > 0;
        } else {
            known = py_truth(e, number_compare(e, OPERATOR_Gt, left, py_int(e, 0), l->span), &goes);
        }
    }
    if (known == 0) return;
    bool remembered =
        (map_get(&e->memory, l->key) == unrolled && (count >= 0 || known == 1)) ||
        (l->node && l->node->kind == NODE_comprehension && e->frame->library && count >= 0); /* axes and shapes */
    Outcome o = remembered && !l->first  ? UNROLL
                : count == 1 && !l->test ? UNROLL
                                         : loop_attempt(e, l, goes, known == 1);
    switch (o) {
    case DONE:
    case WRONG: break;
    case PEEL:
    case PEEL_LAST: {
        Side side = o == PEEL ? peel : peel_last;
        if (known == 1)
            side(e, l);
        else
            branch_loop(e, goes, side, l, l->span);
        break;
    }
    case UNROLL:
        if (!l->test && count < 0) {
            fail(e, l->span, "this loop does not settle, and how often it runs is known at run time only: %s",
                 l->cause ? l->cause : "");
            break;
        }
        if (count != 1) map_set(&e->memory, l->key, (void *)(uintptr_t)unrolled);
        unroll(e, l, NULL, count);
        break;
    }
}

/* Afterwards `break` is over; `else` runs where there was none. */
typedef struct {
    Nodes body;
} Else;
static void run_else(Elab *e, void *data) { run_body(e, ((Else *)data)->body); }

static void after_loop(Elab *e, Loop *l, Nodes orelse, int returns) {
    Else other = { orelse };
    int state = state_of(e);
    if (orelse.n) {
        if (state == STATE_RUNS)
            run_else(e, &other);
        else if (state < 0)
            branch(e, still_runs(e), run_else, leave, &other, l->span);
    }
    if (state_of(e) < 0 && e->frame->returns == returns)
        state_set(e, STATE_RUNS, l->span);
    else
        state_becomes(e, STATE_BREAK, STATE_RUNS, l->span);
}

/* A generator: the body of the loop takes the place of `yield`. */
typedef struct {
    Loop *loop;
    Frame *consumer;
} Consumer;

static Py consume(Elab *e, void *data, Py x) {
    Consumer *c = data;
    Frame *generator = e->frame;
    e->frame = c->consumer;
    hand_out(e, c->loop, x);
    run_loop_body(e, c->loop);
    Py state = e->frame->state.value;
    Value *leaves = state->kind == PY_INT ? NULL : ir_not(e->b, still_runs(e));
    e->frame = generator;
    if (leaves)
        place_set(e, &generator->state, py_scalar(e, NUMBER_INT, ir_convert(e->b, leaves, DT_i64)), c->loop->span);
    else if (state->integer != STATE_RUNS)
        place_set(e, &generator->state, py_int(e, STATE_RETURN), c->loop->span);
    return e->none;
}

/* A short array of known numbers, of NumPy's: what is made of them may have to be known. */
static bool known_numbers(Elab *e, Py x) {
    enum { SHORT = 256 };
    if (x->kind != PY_ARRAY || x->array.flavour != FLAVOUR_NUMPY || x->array.value->type->rank != 1) return false;
    Tensor data;
    int64_t n;
    return dim_is_int(x->array.value->type->dim[0], &n) && n <= SHORT && static_elements(e, x->array.value, &data);
}

static void run_over(Elab *e, Loop *l) {
    Py x = l->source;
    if (x->kind == PY_ERROR) {
        if (l->target) assign(e, l->target, x, l->span);
        return;
    }
    if (x->kind == PY_OBJECT && class_lookup(e, x->cls, "__iter__"))
        x = l->source = call_method(e, x, "__iter__", 0, NULL, l->span);
    if (is_driven(x)) {
        Consumer c = { l, e->frame };
        drive(e, x, consume, &c, l->span);
        return;
    }
    if (source_runs(e, x) && !known_numbers(e, x)) {
        l->count = source_count(e, x, l->span);
        run_loop(e, l);
        return;
    }
    Py *items;
    int n;
    if (iterate(e, x, &items, &n, l->span)) unroll(e, l, items, n);
}

void run_for_over(Elab *e, const Node *node, Node *target, Py source, void (*body)(Elab *, void *), void *data) {
    Loop l = { .node = node,
               .over = true,
               .target = target,
               .source = source,
               .body = body,
               .data = data,
               .span = node->span,
               .key = node };
    run_over(e, &l);
}

/* for_each: the loop's body is a function of this layer. */
typedef struct {
    Loop *loop;
    void (*body)(Elab *, void *, Py);
    void *data;
} Each;
static void each_body(Elab *e, void *data) {
    Each *each = data;
    each->body(e, each->data, each->loop->item);
}

void for_each(Elab *e, Py source, void (*body)(Elab *, void *, Py), void *data, Span span) {
    Loop l = { .over = true, .source = source, .body = each_body, .span = span };
    Each each = { &l, body, data };
    l.data = &each;
    l.key = source_of(e->cx, span.file)->text + span.start;
    run_over(e, &l);
}

static void for_body(Elab *e, void *data) { run_body(e, ((Node *)data)->For.body); }
static void while_body(Elab *e, void *data) { run_body(e, ((Node *)data)->While.body); }

void run_for(Elab *e, Node *n) {
    int returns = e->frame->returns;
    Loop l = { .node = n,
               .over = true,
               .target = n->For.target,
               .body = for_body,
               .data = n,
               .span = n->at.file ? n->at : n->span,
               .key = n };
    l.source = eval(e, n->For.iter);
    at_node(e, n->For.iter);
    run_over(e, &l);
    after_loop(e, &l, n->For.orelse, returns);
}

void run_while(Elab *e, Node *n) {
    int returns = e->frame->returns, breaks = e->frame->breaks;
    Loop l = {
        .node = n, .test = n->While.test, .body = while_body, .data = n, .span = n->at.file ? n->at : n->span, .key = n
    };
    run_loop(e, &l);
    /* `while True` without `break` is left by `return` alone */
    if (!l.sometimes && e->frame->breaks == breaks && state_of(e) < 0) state_set(e, STATE_RETURN, l.span);
    after_loop(e, &l, n->While.orelse, returns);
}
