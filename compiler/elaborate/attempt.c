/* attempt: a loop at run time.
**
** The body is run again and again, into a block that is thrown away, until what it carries no longer changes; then the
** instruction is made. */
#include "elaborate/loops.h"

#include <string.h>

enum { MOST_ATTEMPTS = 40, MOST_STATIC = 4096, FEW_ROWS = 4 };

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

/* Nothing in the block depends on what is known at run time only, and nothing happens there. */
static bool only_numbers_in(const Block *b, const Block *whole) {
    for (const Inst *in = b->first; in; in = in->next) {
        OpClass class = op_class(in->op);
        bool control = in->op == OP_cond || in->op == OP_for || in->op == OP_while;
        if (class == CLASS_EFFECT || class == CLASS_COLLECTIVE || (class == CLASS_CONTROL && !control)) return false;
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
    x->can_shorten = !l->whole;
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
    bool runs;    /* at least once for sure */
    bool shorter; /* a slice of the last iteration is */
    Value *go;
    int carries; /* the loop's own: the counter and whether it goes on */
} Try;

static bool grows(const Cells *cells) {
    for (int i = 0; i < cells->n; i++)
        if (cells->at[i].grows) return true;
    return false;
}

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
    Attempt a = {
        .outer = e->attempt, .id = ++e->attempts, .reads = map_new(e->arena), .looked = map_new(e->arena), .func = func
    };
    a.first_value = func->nvalues;
    a.counted = t->count && dim_is_int(t->count, NULL);
    a.tested = l->test && t->runs;
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
    t->shorter = index && e->indices->shorter;
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
    int carried = next.n;
    for (int i = 0; i < t->cells.n; i++) row_values(e, &t->cells.at[i], &next);
    /* a list of one known value again and again: how long it is, is the length of what is stacked */
    if (t->as_while && grows(&t->cells) && next.n == carried) PUSH(e->arena, &next, ir_bool(e->b, true));
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
static void finish(Elab *e, Try *t, Value *goes) {
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
        if (after && c->fresh && !t->runs && !c->place->optional && !c->place->control)
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
Outcome loop_attempt(Elab *e, Loop *l, Value *goes, bool runs) {
    Try t = { .loop = l, .as_while = l->test != NULL, .runs = runs };
    int64_t count = -1;
    if (l->over) {
        t.count = to_count(e, iterations_left(e, l), l->span);
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
        if (t.shorter) {
            diag_rewind(e->cx, errors);
            if (count >= 0 || !grows(&t.cells)) return PEEL_LAST;
            l->whole = true;
            t.cells.n = 0;
            continue;
        }
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
        finish(e, &t, goes);
        return DONE;
    }
    l->cause = "what it carries never settles";
    return UNROLL;
}
