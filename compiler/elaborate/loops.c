/* loops: `for` and `while`.
**
** A loop is tried at run time first: its body is run again and again, into a block that is thrown away, until what it
** carries no longer changes.  Where that fails, the first iteration is peeled (twice at most), and where that fails too, a
** loop whose count is known is unrolled. */
#include "elaborate/loops.h"

#include <string.h>

enum { MOST_ATTEMPTS = 40, MOST_STATIC = 4096, MOST_PEELED = 2, FEW_ROWS = 4 };

bool inside_branch(Elab *e) { return e->branches > 0; }

typedef enum { DONE, PEEL, UNROLL, WRONG } Outcome;

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

static Value *still_runs(Elab *e) {
    return ir_eq(e->b, scalar_value(e, e->frame->state.value, NUMBER_INT), ir_i64(e->b, STATE_RUNS));
}

/* Whether the next iteration happens, as a bool[] of the block at hand. */
typedef struct {
    Loop *loop;
    Place *go;
    Value *index_next, *count;
} Going;

static void decide(Elab *e, void *data) {
    Going *g = data;
    Value *v = NULL;
    int known = 1;
    if (g->loop->test)
        known = py_truth(e, eval(e, g->loop->test), &v);
    else
        v = ir_lt(e->b, g->index_next, g->count), known = -1;
    g->loop->sometimes |= known != 1;
    place_set(e, g->go, known == -1 ? py_scalar(e, NUMBER_BOOL, v) : py_bool(e, known == 1), g->loop->span);
}
static void stop(Elab *e, void *data) { place_set(e, ((Going *)data)->go, e->false_, ((Going *)data)->loop->span); }

static Value *goes_on(Elab *e, Going *g) {
    int state = state_of(e);
    g->go = place_new(e, "go");
    if (state == STATE_RUNS)
        decide(e, g);
    else if (state >= 0)
        stop(e, g);
    else
        branch(e, still_runs(e), decide, stop, g, g->loop->span);
    return scalar_value(e, g->go->value, NUMBER_BOOL);
}

static bool inside(const Block *b, const Block *outer) {
    while (b && b != outer) b = b->parent ? b->parent->block : NULL;
    return b != NULL;
}

/* The block holds nothing but arithmetic on known numbers. */
static bool only_numbers_in(const Block *b, const Block *whole) {
    for (const Inst *in = b->first; in; in = in->next) {
        bool arithmetic = op_class(in->op) == CLASS_ELEMENTWISE || op_class(in->op) == CLASS_CREATE;
        if (!arithmetic && in->op != OP_cond && in->op != OP_for && in->op != OP_while) return false;
        for (int i = 0; i < in->nresults; i++)
            if (in->results[i]->type->rank) return false;
        for (int i = 0; i < in->nregions; i++)
            if (!only_numbers_in(in->regions[i], whole)) return false;
        for (int i = 0; i < in->nargs; i++)
            if (!inside(in->args[i]->block, whole) && !value_is_constant(in->args[i], &(Data){ 0 })) return false;
    }
    return true;
}
static bool only_numbers(const Block *b) { return only_numbers_in(b, b); }

static bool only_known(const Cells *cells) {
    for (int i = 0; i < cells->n; i++) {
        const Cell *c = &cells->at[i];
        if (c->grows) continue;
        if (c->object) return false;
        if (!c->fresh && !py_is_static_number(c->before)) return false;
    }
    return true;
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

static void run_item(Elab *e, Loop *l, Py index, Value ***slices) {
    if (l->over) {
        if (l->first) index = number_binary(e, OPERATOR_Add, index, py_int(e, l->first), l->span);
        hand_out(e, l, source_item(e, l->source, index, slices, l->span));
    }
    run_loop_body(e, l);
}

/* All of the loop here and now, on known numbers only; false (and nothing done) where something else turns up. */
static bool run_known(Elab *e, Loop *l) {
    int mark = journal_mark(e), errors = diag_mark(e->cx);
    Block *scratch = block_new(e->tracing->func, NULL);
    builder_enter(e->b, scratch);
    int64_t count = 0;
    bool right = true, ended = false;
    if (l->over) right = py_static_int(e, l->count, &count);
    for (int64_t i = 0; right && !ended; i++) {
        Value *v;
        int known = l->test && i ? py_truth(e, eval(e, l->test), &v)
                    : !l->test   ? i < count
                                 : 1; /* the first test is done */
        if (known == 0) break;
        run_item(e, l, py_int(e, i), NULL);
        int state = state_of(e);
        right = known == 1 && i < MOST_STATIC && !scratch->first && state >= 0 && diag_mark(e->cx) == errors;
        ended = state != STATE_RUNS;
    }
    builder_leave(e->b);
    if (right && !scratch->first) {
        journal_keep(e, mark);
        return true;
    }
    journal_undo(e, mark);
    diag_rewind(e->cx, errors);
    return false;
}

/* A counter that stands in the sizes of what the body slices. */
static Py counter(Elab *e, Loop *l, Value *index, const Dim *count) {
    LoopIndex *x = NEW(e->arena, LoopIndex);
    x->var = size_var(e->cx, "i", l->span);
    x->value = index;
    x->count = count;
    x->outer = e->indices;
    e->indices = x;
    Py i = py_scalar(e, NUMBER_INT, index);
    i->scalar.dim = dim_var(e->cx, x->var);
    return i;
}

/* One attempt: the body is run into a block of its own with the cells as they are known by now. */
typedef struct {
    Loop *loop;
    Cells cells;
    Block *block;
    const Dim *count; /* of a `for` */
    Values arrays;    /* handed out row by row */
    bool as_while;
    Value *go;
    int carries; /* the loop's own: the counter and whether it goes on */
} Try;

static Value **cell_params(Elab *e, Try *t, const Cell *c) {
    const Type **types = NEW_ARRAY(e->arena, const Type *, c->nleaves + 1);
    int n = cell_width(c);
    cell_types(e, c, types);
    Value **p = NEW_ARRAY(e->arena, Value *, n + 1);
    for (int i = 0; i < n; i++) p[i] = block_param(t->block, types[i]);
    return p;
}

static Fit attempt_once(Elab *e, Try *t, bool *leaves) {
    Loop *l = t->loop;
    int errors = diag_mark(e->cx);
    Func *func = e->tracing->func;
    Attempt a = { .outer = e->attempt, .id = ++e->attempts, .reads = map_new(e->arena), .func = func };
    a.first_value = func->nvalues;
    a.counted = t->count && dim_is_int(t->count, NULL);
    int mark = journal_mark(e), returns = e->frame->returns;
    const Type *i64 = type_scalar(e->cx, DT_i64), *truth = type_scalar(e->cx, DT_bool);
    LoopIndex *indices = e->indices;
    t->block = block_new(e->tracing->func, NULL);
    Value *index = l->over ? block_param(t->block, i64) : NULL;
    if (t->as_while) block_param(t->block, truth);
    t->carries = t->as_while ? 1 + l->over : 0;
    builder_enter(e->b, t->block);
    for (int i = 0; i < t->cells.n; i++) {
        Cell *c = &t->cells.at[i];
        if (c->dropped) continue;
        Value **p = cell_params(e, t, c);
        if (!c->fresh && cell_width(c)) cell_put(e, c, cell_value(e, c, p));
    }
    Value **slices = NEW_ARRAY(e->arena, Value *, t->arrays.n + 1), **at = slices;
    for (int i = 0; !t->as_while && i < t->arrays.n; i++)
        slices[i] = block_param(t->block, type_without_lead(e->cx, t->arrays.at[i]->type));
    e->attempt = &a;
    e->branches++;
    run_item(e, l, index ? counter(e, l, index, t->count) : NULL, t->as_while || !t->arrays.n ? NULL : &at);
    int state = state_of(e);
    *leaves = state != STATE_RUNS && state != STATE_NEVER;
    if (t->as_while) {
        Going g = { .loop = l };
        if (l->over) {
            g.index_next = ir_int_add(e->b, index, ir_i64(e->b, 1));
            g.count = ir_size(e->b, t->count);
        }
        t->go = goes_on(e, &g);
    }
    e->branches--;
    e->attempt = a.outer;
    e->indices = indices;
    t->loop->returned |= e->frame->returns != returns;
    Writings w = journal_take(e, mark);
    Fit fit = cells_fit(e, &t->cells, &w, &a, l);
    if (fit != FITS || (*leaves && !t->as_while) || diag_mark(e->cx) > errors) {
        builder_leave(e->b);
        return fit;
    }
    /* what the next iteration starts from */
    Values next = { 0 };
    if (t->as_while) {
        if (l->over) PUSH(e->arena, &next, ir_int_add(e->b, index, ir_i64(e->b, 1)));
        PUSH(e->arena, &next, t->go);
    }
    for (int i = 0; i < t->cells.n; i++) {
        Cell *c = &t->cells.at[i];
        if (c->dropped || !cell_width(c)) continue;
        Py after = NULL;
        for (int k = 0; k < w.n; k++)
            if (w.at[k].place == c->place && w.at[k].object == c->object) after = c->place ? w.at[k].after : NULL;
        if (!after && c->object)
            for (int k = 0; k < w.n; k++)
                if (w.at[k].object == c->object) {
                    after = py_new(e, c->object->kind);
                    after->cls = c->object->cls;
                    after->contents = w.at[k].after;
                }
        if (!after) bug(e->cx, "a loop carries what its body does not write");
        cell_leaves(e, c, after, &next);
    }
    for (int i = 0; i < t->cells.n; i++) row_values(e, &t->cells.at[i], &next);
    for (int i = 0; i < next.n; i++) next.at[i] = value_here(e, next.at[i]);
    block_return(e->b, next.at, next.n);
    builder_leave(e->b);
    return FITS;
}

/* What a loop leaves behind that may not have run. */
static Py value_that_may_be(Elab *e, Py x, Value *ran) {
    Py a = py_new(e, PY_APART);
    a->apart.left = a->apart.right = e->unbound;
    a->apart.holds = py_scalar(e, NUMBER_BOOL, ran);
    a->apart.value = x;
    return a;
}

/* The instruction itself, once the body fits. */
static void finish(Elab *e, Try *t, Value *goes, bool runs) {
    Loop *l = t->loop;
    Values args = { 0 };
    if (t->as_while && l->over) PUSH(e->arena, &args, ir_i64(e->b, 0));
    if (t->as_while) PUSH(e->arena, &args, goes);
    for (int i = 0; i < t->cells.n; i++) {
        Cell *c = &t->cells.at[i];
        if (c->dropped || !cell_width(c)) continue;
        if (c->fresh && !c->place->control)
            cell_zeros(e, c, &args);
        else
            cell_leaves(e, c, c->before, &args);
    }
    int carries = args.n;
    for (int i = 0; i < args.n; i++) args.at[i] = value_here(e, args.at[i]);
    Inst *in;
    if (t->as_while) {
        Block *test = block_new(e->tracing->func, NULL);
        for (int i = 0; i < carries; i++) block_param(test, args.at[i]->type);
        builder_enter(e->b, test);
        block_return(e->b, &test->params[t->carries - 1], 1);
        builder_leave(e->b);
        Attrs a = { .carries = carries };
        if (t->block->nresults > carries) {
            const SizeVar **bound = arena_alloc(e->cx->arena, sizeof *bound);
            bound[0] = size_var(e->cx, "count", l->span);
            a.binds = (Sizes){ 1, bound };
            t->count = dim_var(e->cx, bound[0]);
        }
        in = emit_region(e->b, OP_while, args.at, args.n, &a, (Block *[]){ test, t->block }, 2);
    } else {
        for (int i = 0; i < t->arrays.n; i++) PUSH(e->arena, &args, value_here(e, t->arrays.at[i]));
        in = emit_region(e->b, OP_for, args.at, args.n, &(Attrs){ .carries = carries, .trip = t->count }, &t->block, 1);
    }
    Value **at = in->results + t->carries;
    for (int i = 0; i < t->cells.n; i++) {
        Cell *c = &t->cells.at[i];
        if (c->grows) continue;
        int width = c->dropped ? 0 : cell_width(c);
        if (c->dropped) {
            place_set(e, c->place, e->unbound, l->span);
            continue;
        }
        Py after = width || c->fresh ? cell_value(e, c, at) : NULL;
        if (after && c->fresh && !runs && !c->place->optional && !c->place->control)
            after = value_that_may_be(e, after, goes);
        if (after) cell_put(e, c, after);
        at += width;
    }
    int64_t count;
    bool known = t->count && dim_is_int(t->count, &count);
    for (int i = 0; i < t->cells.n; i++) {
        Cell *c = &t->cells.at[i];
        if (!c->grows) continue;
        if (known && !c->maybe && (count <= FEW_ROWS || c->object->contents->n))
            rows_put(e, c, at, count);
        else
            growing_put(e, c, at, t->count);
        for (int k = 0; k < c->nrows; k++) at += c->rows[k].mode != LEAF_SAME;
    }
}

static bool waits_for_value(Elab *e, Try *t) {
    for (int i = 0; i < t->cells.n; i++)
        if (t->cells.at[i].place && t->cells.at[i].before->kind == PY_UNBOUND && !t->cells.at[i].place->optional)
            return true;
    (void)e;
    return false;
}

/* At run time, if the body allows it.  `runs`: at least once for sure. */
static Outcome attempt(Elab *e, Loop *l, Value *goes, bool runs) {
    Try t = { .loop = l, .as_while = l->test != NULL };
    int64_t count = -1;
    if (l->over) {
        Py n = number_binary(e, OPERATOR_Sub, l->count, py_int(e, l->first), l->span);
        t.count = to_size(e, n, "the number of iterations", l->span);
        if (!t.count) return WRONG;
        dim_is_int(t.count, &count);
        source_arrays(e, l->source, &t.arrays);
        for (int i = 0; i < t.arrays.n; i++) { /* from the first row that is left, as many as there are iterations */
            const Type *type = t.arrays.at[i]->type;
            const Dim *start[MAX_RANK], *limit[MAX_RANK];
            int64_t stride[MAX_RANK];
            for (int k = 0; k < type->rank; k++) {
                start[k] = dim_int(e->cx, k ? 0 : l->first);
                limit[k] = k ? type->dim[k] : dim_add(e->cx, t.count, start[0]);
                stride[k] = 1;
            }
            if (l->first || type->dim[0] != t.count)
                t.arrays.at[i] = ir_slice(e->b, t.arrays.at[i], start, limit, stride);
        }
    }
    int errors = diag_mark(e->cx);
    for (int k = 0; k < MOST_ATTEMPTS; k++) {
        bool leaves;
        Fit fit = attempt_once(e, &t, &leaves);
        bool wrong = diag_mark(e->cx) > errors;
        if (wrong) {
            if (!l->cause) l->cause = e->last_error;
            if (waits_for_value(e, &t) && l->first < MOST_PEELED) {
                diag_rewind(e->cx, errors);
                return PEEL;
            }
            if (count >= 0 || l->test) {
                diag_rewind(e->cx, errors);
                return UNROLL;
            }
            return WRONG;
        }
        if (fit == DIFFERS) return l->first < MOST_PEELED ? PEEL : UNROLL;
        if (leaves && !t.as_while) {
            t.as_while = true;
            t.cells.n = 0;
            continue;
        }
        if (fit == AGAIN) continue;
        if (only_numbers(t.block) && only_known(&t.cells) &&
            (l->test ? value_is_constant(goes, &(Data){ 0 }) : count >= 0 && !l->first) && run_known(e, l))
            return DONE;
        if (t.as_while && l->over)
            goes = count >= 0 ? ir_bool(e->b, count > 0) : ir_lt(e->b, ir_i64(e->b, 0), ir_size(e->b, t.count));
        finish(e, &t, goes, runs);
        return DONE;
    }
    l->cause = "what it carries never settles";
    return UNROLL;
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
        Py left = number_binary(e, OPERATOR_Sub, l->count, py_int(e, l->first), l->span);
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
    Outcome o = remembered && !l->first ? UNROLL : count == 1 && !l->test ? UNROLL : attempt(e, l, goes, known == 1);
    switch (o) {
    case DONE:
    case WRONG: break;
    case PEEL:
        if (known == 1)
            peel(e, l);
        else
            branch_loop(e, goes, peel, l, l->span);
        break;
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
