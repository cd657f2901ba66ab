/* keys: calls of Python functions; recursion that goes on for as long as run-time values say.
**
** A call runs the function's body where it stands.  A function that calls itself behind a run-time branch becomes an IR
** function, with one parameter for each run-time leaf of its arguments; numbers that change from call to call are
** run-time numbers.  Its first pass finds what it returns from the sides that do not recurse: a side that does is
** abandoned at the call.  Further passes assume that result, and repeat until what comes out is what was assumed. */
#include "elaborate/values.h"

#include <string.h>

typedef struct ActiveCall {
    struct ActiveCall *outer;
    Py function;
    const Args *args;
    int branches; /* around it */
} ActiveCall;

typedef struct Recursion {
    Py function;
    Args args; /* run-time leaves are its parameters */
    Func *func;
    Py result;  /* NULL before the first pass has ended */
    Leaves out; /* the leaves of the result, as they are assumed */
    Value **captured;
    int ncaptured;
    Value *depth; /* of its calls inside each other: a parameter behind the leaves */
    Tracing *tracing;
    bool building, failed;
    const Axis *axes;
} Recursion;

enum { MOST_PASSES = 8, MOST_INSIDE = 4, DEEPEST = 5000 };

static bool same_function(Py f, Py g) {
    return f == g || (f->function.node == g->function.node && f->function.env == g->function.env);
}

static bool is_run_time(Py x) { return x->kind == PY_SCALAR || x->kind == PY_ARRAY; }

static void all_leaves(Elab *e, const Args *a, Leaves *out) {
    for (int i = 0; i < a->nargs; i++) tree_flatten(e, a->args[i], out);
    for (int i = 0; i < a->nkeywords; i++) tree_flatten(e, a->values[i], out);
}

static bool same_structure(Elab *e, const Args *a, const Args *b) {
    if (a->nargs != b->nargs || a->nkeywords != b->nkeywords) return false;
    for (int i = 0; i < a->nargs; i++)
        if (!tree_same(e, a->args[i], b->args[i])) return false;
    for (int i = 0; i < a->nkeywords; i++)
        if (a->names[i] != b->names[i] || !tree_same(e, a->values[i], b->values[i])) return false;
    return true;
}

/* Arguments of the same structure with other leaves. */
static Args with_leaves(Elab *e, const Args *a, Py *leaves) {
    Args out = *a;
    out.args = NEW_ARRAY(e->arena, Py, a->nargs + 1);
    out.values = NEW_ARRAY(e->arena, Py, a->nkeywords + 1);
    out.spans = NULL;
    for (int i = 0; i < a->nargs; i++) out.args[i] = tree_unflatten(e, a->args[i], &leaves);
    for (int i = 0; i < a->nkeywords; i++) out.values[i] = tree_unflatten(e, a->values[i], &leaves);
    return out;
}

static bool fits(Elab *e, Py parameter, Py x) {
    if (parameter->kind == PY_SCALAR) return py_is_number(x) && py_number_kind(x) == parameter->scalar.number;
    if (parameter->kind != PY_ARRAY) return py_equal_static(e, parameter, x);
    return x->kind == PY_ARRAY && x->array.value->type == parameter->array.value->type &&
           x->array.weak == parameter->array.weak && x->array.flavour == parameter->array.flavour &&
           x->array.key == parameter->array.key;
}

/* What it read of the outside is still there. */
static bool reads_hold(Elab *e, const Recursion *r) {
    const Tracing *t = r->tracing;
    for (int i = 0; i < t->reads.n; i++) {
        const void *key = t->reads.entries[i].key;
        void *seen = t->reads.entries[i].value;
        if (map_get(&t->read_places, key)) {
            Py now = ((const Place *)key)->value;
            if (now != seen && !py_equal_static(e, now, seen)) return false;
        } else if (((Py)(uintptr_t)key)->contents != seen) {
            return false;
        }
    }
    return true;
}

static bool matches(Elab *e, const Recursion *r, Py f, const Args *a) {
    if (r->failed || !axes_alike(r->axes, e->axes) || !same_function(r->function, f) || !same_structure(e, &r->args, a))
        return false;
    if (!r->building && (r->ncaptured || !reads_hold(e, r))) return false;
    Leaves mine = { 0 }, given = { 0 };
    all_leaves(e, &r->args, &mine);
    all_leaves(e, a, &given);
    for (int i = 0; i < mine.n; i++)
        if (!fits(e, mine.at[i], given.at[i])) return false;
    return true;
}

static Py like_leaf(Elab *e, Py like, Value *v) {
    if (like->kind == PY_SCALAR) return py_scalar(e, like->scalar.number, v);
    Py x = py_array(e, v, like->array.flavour, like->array.weak);
    x->array.key = like->array.key;
    return x;
}

static const Type *leaf_type(Elab *e, Py x) {
    return x->kind == PY_SCALAR ? type_scalar(e->cx, number_dtype(x->scalar.number)) : x->array.value->type;
}

static Py call_recursion(Elab *e, Recursion *r, const Args *a) {
    if (!r->result) {
        e->abandoned = true;
        return e->error;
    }
    Leaves mine = { 0 }, given = { 0 };
    all_leaves(e, &r->args, &mine);
    all_leaves(e, a, &given);
    const Block *body = r->func->body;
    Value **args = NEW_ARRAY(e->arena, Value *, mine.n + r->ncaptured + body->nparams + 2);
    int n = 0;
    for (int i = 0; i < mine.n; i++) {
        if (mine.at[i]->kind == PY_SCALAR)
            args[n++] = scalar_value(e, given.at[i], mine.at[i]->scalar.number);
        else if (mine.at[i]->kind == PY_ARRAY)
            args[n++] = array_value(e, given.at[i]);
    }
    Value *depth = ir_i64(e->b, 0);
    if (r->building) depth = ir_int_add(e->b, value_here(e, r->depth), ir_i64(e->b, 1));
    args[n++] = depth;
    for (int i = 0; i < r->ncaptured; i++) args[n++] = r->captured[i];
    for (; r->building && n < body->nparams; n++) args[n] = body->params[n]; /* met in this pass; the next knows them */
    Inst *in = call_func(e, r->func, args, n, NULL);
    Py *leaves = NEW_ARRAY(e->arena, Py, r->out.n + 1), *at = leaves;
    for (int i = 0, k = 0; i < r->out.n; i++)
        leaves[i] = is_run_time(r->out.at[i]) ? like_leaf(e, r->out.at[i], in->results[k++]) : r->out.at[i];
    return tree_unflatten(e, r->result, &at);
}

/* A number that one call gives and another one changes is known at run time only. */
static Py widened_leaf(Elab *e, Py outer, Py inner) {
    if (!outer || !py_is_number(outer) || !py_is_number(inner) || py_equal_static(e, outer, inner)) return inner;
    NumberKind a = py_number_kind(outer), b = py_number_kind(inner);
    Py x = py_new(e, PY_SCALAR);
    x->scalar.number = a > b ? a : b;
    return x;
}

static Args widened(Elab *e, const Args *outer, const Args *inner) {
    Leaves was = { 0 }, is = { 0 };
    all_leaves(e, inner, &is);
    bool alike = same_structure(e, outer, inner);
    if (alike) all_leaves(e, outer, &was);
    for (int i = 0; i < is.n; i++) is.at[i] = widened_leaf(e, alike ? was.at[i] : NULL, is.at[i]);
    return with_leaves(e, inner, is.at);
}

/* What a leaf of the result is assumed to be: a run-time number or array like x and what was assumed before. */
static bool assume(Elab *e, Py *assumed, Py x, Py f, Span span) {
    Py old = *assumed;
    if (!py_is_number(x) && x->kind != PY_ARRAY) {
        if (old && !py_equal_static(e, old, x))
            fail(e, span, "%s returns %s in one call and %s in another", f->function.name, py_describe(e, old),
                 py_describe(e, x));
        *assumed = x;
        return !old;
    }
    if (x->kind == PY_ARRAY) {
        if (old && old->kind == PY_ARRAY && old->array.value->type == x->array.value->type &&
            old->array.weak == x->array.weak)
            return false;
        if (old && old->kind == PY_ARRAY && old->array.value->type == x->array.value->type && !old->array.weak)
            return false;
        *assumed = x;
        return true;
    }
    if (old && old->kind == PY_ARRAY) return false;
    if (old && old->kind == PY_SCALAR && old->scalar.number >= py_number_kind(x)) return false;
    *assumed = py_new(e, PY_SCALAR);
    (*assumed)->scalar.number = py_number_kind(x);
    return true;
}

static Value *result_value(Elab *e, Py x, Py assumed) {
    if (assumed->kind == PY_SCALAR) return scalar_value(e, x, assumed->scalar.number);
    if (py_is_number(x)) return number_as(e, x, assumed->array.value->type->dtype);
    return array_value(e, x);
}

/* Arguments enter by value: what the function changes in lists and dicts would be lost. */
static bool unchanged(Elab *e, const Args *a, const Args *b) {
    Leaves x = { 0 }, y = { 0 };
    if (!same_structure(e, a, b)) return false;
    all_leaves(e, a, &x);
    all_leaves(e, b, &y);
    for (int i = 0; i < x.n; i++)
        if (x.at[i] != y.at[i]) return false;
    return true;
}

/* One pass over the body; true where nothing new was found. */
static bool build_pass(Elab *e, Recursion *r, Span span) {
    Tracing *t = r->tracing = NEW(e->arena, Tracing);
    Sizes sizes = r->func ? r->func->sizes : (Sizes){ 0 };
    tracing_begin(e, t, r->function->function.name, r->function->function.name);
    t->watched = true;
    Leaves leaves = { 0 };
    all_leaves(e, &r->args, &leaves);
    for (int i = 0; i < leaves.n; i++)
        if (is_run_time(leaves.at[i]))
            leaves.at[i] = like_leaf(e, leaves.at[i], block_param(t->func->body, leaf_type(e, leaves.at[i])));
    r->args = with_leaves(e, &r->args, leaves.at);
    r->depth = block_param(t->func->body, type_scalar(e->cx, DT_i64));
    for (int i = 0; i < r->ncaptured; i++) value_here(e, r->captured[i]);
    Value *holds = ir_lt(e->b, r->depth, ir_i64(e->b, DEEPEST));
    const char *message =
        arena_text(e->arena, "%s calls itself more than %d times deep", r->function->function.name, DEEPEST);
    emit_inst(e->b, OP_assert, &holds, 1, &(Attrs){ .format = name_of(e->cx, message) });
    Value **results = NEW_ARRAY(e->arena, Value *, r->out.n + 1);
    int n = 0;
    for (int i = 0; i < r->out.n; i++)
        if (is_run_time(r->out.at[i])) results[n++] = ir_fill(e->b, leaf_type(e, r->out.at[i]), 0);
    block_return(e->b, results, n); /* so that calls of it know their results */
    t->func->sizes = sizes;
    r->func = t->func;

    int mark = journal_mark(e), before = r->ncaptured;
    bool abandoned = e->abandoned, settled = r->result != NULL;
    Args given = with_leaves(e, &r->args, leaves.at); /* its own lists and dicts */
    ActiveCall active = { e->active, r->function, &r->args, e->branches };
    e->active = &active;
    e->abandoned = false;
    Py result = run_function(e, r->function, &given);
    bool never = e->abandoned;
    e->abandoned = abandoned;
    e->active = active.outer;
    if (result->kind != PY_ERROR && !unchanged(e, &r->args, &given))
        result = fail(
            e, span,
            "%s calls itself at run time, and changes a list, dict or object it is given; return the new one instead",
            r->function->function.name);
    journal_undo(e, mark);

    Leaves out = { 0 };
    if (never) result = fail(e, span, "%s calls itself on every path: it never ends", r->function->function.name);
    if (result->kind != PY_ERROR) {
        if (r->result && !tree_same(e, r->result, result))
            result = fail(e, span, "%s returns %s in one call and %s in another", r->function->function.name,
                          py_describe(e, r->result), py_describe(e, result));
        else
            tree_flatten(e, result, &out);
    }
    if (result->kind == PY_ERROR) r->failed = true;
    Py *assumed = NEW_ARRAY(e->arena, Py, out.n + 1);
    results = NEW_ARRAY(e->arena, Value *, out.n + 1);
    n = 0;
    for (int i = 0; i < out.n && !r->failed; i++) {
        assumed[i] = r->result ? r->out.at[i] : NULL;
        if (assume(e, &assumed[i], out.at[i], r->function, span)) settled = false;
        if (is_run_time(assumed[i])) results[n++] = result_value(e, out.at[i], assumed[i]);
    }
    tracing_end(e, results, r->failed ? 0 : n);
    if (t->writes_outside && !r->failed) {
        fail(e, span, "%s calls itself at run time, and changes what it did not make; return the new value instead",
             r->function->function.name);
        r->failed = true;
    }
    r->captured = tracing_captured(e, t, &r->ncaptured);
    if (r->ncaptured != before || r->func->sizes.n != sizes.n) settled = false;
    for (int i = 0; settled && i < sizes.n; i++) settled = sizes.at[i] == r->func->sizes.at[i];
    if (r->failed) return true;
    r->result = result;
    r->out = (Leaves){ assumed, out.n, out.n };
    return settled;
}

/* What a pass assumed in vain is no part of the program. */
static void forget(Module *m, const Func *f) {
    Func *before = NULL, *at = m->first;
    for (; at && at != f; at = at->next) before = at;
    if (!at) return;
    if (before)
        before->next = at->next;
    else
        m->first = at->next;
    if (m->last == at) m->last = before;
}

static Py recursion_new(Elab *e, Py f, const Args *outer, const Args *a) {
    Recursion *r = NEW(e->arena, Recursion);
    *r = (Recursion){ .function = f, .args = widened(e, outer, a), .building = true, .axes = e->axes };
    int before = diag_errors(e->cx), inside = 0;
    for (int i = 0; i < e->recursions.n; i++)
        inside += e->recursions.at[i]->building && same_function(e->recursions.at[i]->function, f);
    if (inside == MOST_INSIDE)
        return fail(e, a->span, "%s calls itself with ever new structures or shapes of its arguments; write a loop",
                    f->function.name);
    PUSH(e->arena, &e->recursions, r);
    int own = e->recursions.n;
    for (int pass = 0; !build_pass(e, r, a->span); pass++) {
        for (int i = own - 1; i < e->recursions.n; i++) forget(e->module, e->recursions.at[i]->func);
        e->recursions.n = own; /* what was built meanwhile calls this one as it was assumed to be */
        if (pass == MOST_PASSES) {
            fail(e, a->span, "what %s returns does not settle", f->function.name);
            r->failed = true;
            break;
        }
    }
    r->building = false;
    if (diag_errors(e->cx) > before) r->failed = true;
    if (r->failed) forget(e->module, r->func);
    return r->failed ? e->error : call_recursion(e, r, a);
}

Py call_function(Elab *e, Py f, const Args *a) {
    if (f->function.library) return run_function(e, f, a);
    for (int i = e->recursions.n - 1; i >= 0; i--)
        if (matches(e, e->recursions.at[i], f, a)) return call_recursion(e, e->recursions.at[i], a);
    for (ActiveCall *c = e->active; c; c = c->outer)
        if (same_function(c->function, f) && e->branches > c->branches) return recursion_new(e, f, c->args, a);
    ActiveCall active = { e->active, f, a, e->branches };
    e->active = &active;
    bool building = false; /* a function that is not finished: what calls it may not be kept */
    for (int i = 0; i < e->recursions.n; i++) building |= e->recursions.at[i]->building;
    Py r = building ? run_function(e, f, a) : memo_call(e, f, a);
    e->active = active.outer;
    return r;
}
