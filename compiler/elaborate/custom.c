/* custom: functions that bring their own derivative, jax.custom_jvp and jax.custom_vjp.
**
** The function and its rules are traced where it is called, and travel on the call.  What they capture stands in front of
** the arguments and has no derivative.  A rule may call its own function: that call carries the rule being made. */
#include "elaborate/transforms.h"

#include <string.h>

/* The arguments of a call, apart: those that are differentiated, and the others. */
typedef struct {
    Args all; /* numbers are arrays where they are differentiated */
    bool *chosen;
    Py *fixed, *primals;
    int nfixed, nprimals;
    Leaves leaves;
    Value **values;
    const Type **types;
} Given;

/* A function whose rule is being traced. */
typedef struct CustomCall {
    struct CustomCall *outer;
    Py function;
    Py args;
    const Given *given;
    const Traced *callee; /* captures nothing */
    Func *rule;
    bool used;
} CustomCall;

static bool split(Elab *e, Py numbers, Py args, Given *g, Span span) {
    int n = args->contents->n;
    *g = (Given){ .all = { .nargs = n, .span = span } };
    g->all.args = NEW_ARRAY(e->arena, Py, n + 1);
    g->chosen = NEW_ARRAY(e->arena, bool, n + 1);
    g->fixed = NEW_ARRAY(e->arena, Py, n + 1);
    g->primals = NEW_ARRAY(e->arena, Py, n + 1);
    for (int i = 0; i < n; i++) {
        Py x = args->contents->at[i];
        bool fixed = false;
        for (int k = 0; k < numbers->contents->n; k++) {
            int64_t at;
            if (py_static_int(e, numbers->contents->at[k], &at)) fixed |= (at < 0 ? at + n : at) == i;
        }
        g->chosen[i] = !fixed;
        g->all.args[i] = fixed ? x : numbers_to_arrays(e, x, span);
        if (fixed) {
            g->fixed[g->nfixed++] = x;
        } else {
            g->primals[g->nprimals++] = g->all.args[i];
            tree_flatten(e, g->all.args[i], &g->leaves);
        }
    }
    g->values = NEW_ARRAY(e->arena, Value *, g->leaves.n + 1);
    g->types = NEW_ARRAY(e->arena, const Type *, g->leaves.n + 1);
    for (int i = 0; i < g->leaves.n; i++) {
        g->values[i] = leaf_value(e, g->leaves.at[i], "the arguments of a function with a rule of its own", span);
        if (!g->values[i]) return false;
        g->types[i] = g->values[i]->type;
    }
    return true;
}

static const char *rule_title(Elab *e, const char *kind, Py f) {
    return arena_text(e->arena, "the %s of %s", kind, title_of(e, f));
}

/* Values that functions capture, once each. */
typedef struct {
    Value **at;
    int n, cap;
} Captured;

static void capture(Elab *e, Captured *all, const Traced *t) {
    for (int i = 0; i < t->ncaptured; i++) {
        int k = 0;
        while (k < all->n && all->at[k] != t->captured[i]) k++;
        if (k == all->n) PUSH(e->arena, all, t->captured[i]);
    }
}

/* In the function at hand, whose first parameters stand for all that is captured: a call of a traced one. */
static Inst *call_traced(Elab *e, const Traced *t, const Captured *all, Value **leaves) {
    Value **args = NEW_ARRAY(e->arena, Value *, t->nleaves + t->ncaptured + 1);
    Block *body = e->tracing->func->body;
    for (int i = 0; i < t->nleaves; i++) args[i] = leaves[i];
    for (int i = 0; i < t->ncaptured; i++)
        for (int k = 0; k < all->n; k++)
            if (all->at[k] == t->captured[i]) args[t->nleaves + i] = body->params[k];
    return call_func(e, t->func, args, t->nleaves + t->ncaptured, NULL);
}

static Value **params_of(Elab *e, int n, const Type *const *types) {
    Value **p = NEW_ARRAY(e->arena, Value *, n + 1);
    for (int i = 0; i < n; i++) p[i] = block_param(e->tracing->func->body, types[i]);
    return p;
}

static Value **captured_params(Elab *e, const Captured *all) {
    const Type **types = NEW_ARRAY(e->arena, const Type *, all->n + 1);
    for (int i = 0; i < all->n; i++) types[i] = all->at[i]->type;
    return params_of(e, all->n, types);
}

/* The function with what all of them capture in front of its arguments. */
static Func *wrapped(Elab *e, const Traced *t, const Captured *all, const Given *g) {
    if (!all->n) return t->func;
    Tracing tr;
    tracing_begin(e, &tr, t->func->name, t->func->title);
    captured_params(e, all);
    Inst *in = call_traced(e, t, all, params_of(e, g->leaves.n, g->types));
    tracing_end(e, in->results, in->nresults);
    return tr.func;
}

/* Functions that travel on one call have the same size parameters. */
static Sizes share_sizes(Elab *e, Func **f, int n) {
    Map all = map_new(e->arena);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < f[i]->sizes.n; k++) map_set(&all, f[i]->sizes.at[k], e);
    const SizeVar **at = NEW_ARRAY(e->cx->arena, const SizeVar *, all.n + 1);
    for (int i = 0; i < all.n; i++) at[i] = all.entries[i].key;
    for (int i = 0; i < n; i++) f[i]->sizes = (Sizes){ all.n, at };
    return (Sizes){ all.n, at };
}

static Dims as_dims(Elab *e, Sizes s) {
    const Dim **d = NEW_ARRAY(e->cx->arena, const Dim *, s.n + 1);
    for (int i = 0; i < s.n; i++) d[i] = dim_var(e->cx, s.at[i]);
    return (Dims){ s.n, d };
}

static Value **call_values_of(Elab *e, const Captured *all, const Given *g, int *n) {
    Value **args = NEW_ARRAY(e->arena, Value *, all->n + g->leaves.n + 1);
    *n = 0;
    for (int i = 0; i < all->n; i++) args[(*n)++] = value_here(e, all->at[i]);
    for (int i = 0; i < g->leaves.n; i++) args[(*n)++] = value_here(e, g->values[i]);
    return args;
}

/* A leaf of what a rule gives, as the type it must have; NULL after an error. */
static Value *rule_value(Elab *e, Value *v, const Type *type, const char *what, const char *of, Span span) {
    if (v->type == type) return v;
    if (v->type->rank == type->rank && type_with_dtype(e->cx, v->type, type->dtype) == type)
        return ir_convert(e->b, v, type->dtype);
    if (!v->type->rank) return ir_broadcast_scalar(e->b, ir_convert(e->b, v, type->dtype), type);
    fail(e, span, "%s is %s, and %s is %s", what, type_text(e->cx, v->type), of, type_text(e->cx, type));
    return NULL;
}

/* A rule's value, or tangent, is a tree like what the function gives. */
static bool like_result(Elab *e, Py given, Py result, const char *what, Py f, Span span) {
    TreeDifference d;
    if (!tree_difference(e, given, result, "", &d)) return true;
    fail(e, span, "%s%s%s is %s, and what %s gives is %s", what, *d.path ? " at " : "", d.path, d.x, title_of(e, f),
         d.y);
    return false;
}

static CustomCall *active_call(Elab *e, Py f, Py args, const Given *g) {
    for (CustomCall *c = e->custom; c; c = c->outer) {
        const Given *was = c->given;
        if (c->function != f || was->leaves.n != g->leaves.n || !tree_same(e, c->args, args)) continue;
        bool same = true;
        for (int i = 0; i < was->leaves.n; i++) same &= was->types[i] == g->types[i];
        for (int i = 0; i < was->nfixed; i++) same &= py_equal_static(e, was->fixed[i], g->fixed[i]);
        if (same) return c;
    }
    return NULL;
}

static Py call_plainly(Elab *e, const Traced *callee, const Given *g) {
    Value **args = with_captured(e, callee, g->values);
    return rebuilt(e, callee, call_func(e, callee->func, args, g->leaves.n + callee->ncaptured, NULL)->results);
}

static Py call_itself(Elab *e, CustomCall *c, const Given *g) {
    c->used = true;
    if (c->callee->ncaptured) return call_plainly(e, c->callee, g);
    Attrs a = { .callee = c->callee->func, .rule = c->rule, .sizes = as_dims(e, c->callee->func->sizes) };
    Captured nothing = { 0 };
    int n;
    Value **args = call_values_of(e, &nothing, g, &n);
    return rebuilt(e, c->callee, emit_inst(e->b, OP_custom_jvp_call, args, n, &a)->results);
}

/* A rule is needed by the derivatives around its call; inside a rule, which uses one of them up, by one fewer.  So a rule
** that calls its own function with other arguments does not ask for rules without end. */
static bool needs_no_rule(Elab *e, Py f) {
    int depth = 0;
    for (CustomCall *c = e->custom; c; c = c->outer) depth += c->function == f;
    return depth && depth >= e->derivatives;
}

static Py call_without_rule(Elab *e, const Traced *callee, const Given *g) {
    e->plain_calls++;
    return call_plainly(e, callee, g);
}

/* The rule gives (value, tangent) for primals and tangents; the function, values, then tangents of those that have one. */
static bool jvp_rule(Elab *e, Py f, Func *shell, const Traced *t, const Traced *callee, const Captured *all,
                     const Given *g, Span span) {
    Py result = t->result;
    const char *title = rule_title(e, "rule", f);
    if (result->kind != PY_TUPLE || result->contents->n != 2) {
        fail(e, span, "%s gives (value, tangent), and it gave %s", title, tree_node_text(e, result));
        return false;
    }
    Py y = result->contents->at[0], dy = result->contents->at[1];
    if (!like_result(e, y, callee->result, arena_text(e->arena, "the value that %s gives", title), f, span) ||
        !like_result(e, dy, callee->result, arena_text(e->arena, "the tangent that %s gives", title), f, span))
        return false;
    int ny = callee->out.n;
    Tracing tr;
    tracing_into(e, &tr, shell);
    captured_params(e, all);
    Value **leaves = params_of(e, g->leaves.n, g->types), **args = NEW_ARRAY(e->arena, Value *, 2 * g->leaves.n + 1);
    int n = g->leaves.n;
    memcpy(args, leaves, sizeof *args * (size_t)n);
    for (int i = 0; i < g->leaves.n; i++)
        if (type_has_tangent(g->types[i])) args[n++] = block_param(shell->body, g->types[i]);
    Inst *in = call_traced(e, t, all, args);
    Value **out = NEW_ARRAY(e->arena, Value *, 2 * ny + 1);
    int nout = 0;
    bool right = true;
    for (int i = 0; i < 2 * ny; i++) {
        const Type *type = callee->func->body->results[i % ny]->type;
        if (i >= ny && !type_has_tangent(type)) continue;
        const char *path = tree_path(e, callee->result, "", i % ny);
        out[nout] = rule_value(e, in->results[i], type,
                               arena_text(e->arena, "the %s%s%s that %s gives", i < ny ? "value" : "tangent",
                                          *path ? " at " : "", path, title),
                               arena_text(e->arena, "what %s gives", title_of(e, f)), span);
        right &= out[nout++] != NULL;
    }
    tracing_end(e, out, right ? nout : 0);
    return right;
}

Py native_primitives_custom_jvp_call(Elab *e, Call *c) {
    Py f = c->arg[0], rule = c->arg[1], args = c->arg[3];
    Given g;
    if (!split(e, c->arg[2], args, &g, c->span)) return e->error;
    CustomCall *itself = active_call(e, f, args, &g);
    if (itself) return call_itself(e, itself, &g);
    Traced *callee = NEW(e->arena, Traced), t;
    if (!trace(e, callee, f, &(Entering){ &g.all, g.chosen, false, &g.leaves, g.types, NULL }, c->span))
        return e->error;
    if (needs_no_rule(e, f)) return call_without_rule(e, callee, &g);
    /* rule(fixed..., (primals...), (tangents...)) */
    int n = g.nfixed + 2;
    Args in = { .nargs = n, .args = NEW_ARRAY(e->arena, Py, n), .span = c->span };
    bool *chosen = NEW_ARRAY(e->arena, bool, n);
    for (int i = 0; i < g.nfixed; i++) in.args[i] = g.fixed[i];
    in.args[n - 2] = in.args[n - 1] = py_tuple(e, g.nprimals, g.primals);
    chosen[n - 2] = chosen[n - 1] = true;
    Leaves leaves = { 0 };
    const Type **types = NEW_ARRAY(e->arena, const Type *, 2 * g.leaves.n + 1);
    for (int i = 0; i < 2 * g.leaves.n; i++) {
        int k = i % g.leaves.n;
        bool tangent = i >= g.leaves.n, none = tangent && !type_has_tangent(g.types[k]);
        PUSH(e->arena, &leaves, none ? py_array(e, ir_fill(e->b, g.types[k], 0), FLAVOUR_JAX, false) : g.leaves.at[k]);
        types[i] = none ? NULL : g.types[k];
    }
    CustomCall active = { e->custom, f, args, &g, callee, func_new(e->module, "rule"), false };
    e->custom = &active;
    bool right =
        trace(e, &t, rule, &(Entering){ &in, chosen, false, &leaves, types, rule_title(e, "rule", f) }, c->span);
    e->custom = active.outer;
    if (!right) return e->error;
    Captured all = { 0 };
    capture(e, &all, callee);
    capture(e, &all, &t);
    if (active.used && all.n && !callee->ncaptured)
        return fail(
            e, c->span,
            "a rule that calls its own function may not use run-time values from outside; pass them as arguments");
    if (!jvp_rule(e, f, active.rule, &t, callee, &all, &g, c->span)) return e->error;
    Func *both[2] = { wrapped(e, callee, &all, &g), active.rule };
    Attrs a = { .callee = both[0], .rule = both[1], .count = all.n };
    int before = both[0]->sizes.n;
    a.sizes = as_dims(e, share_sizes(e, both, 2));
    if (active.used && a.sizes.n != before)
        return fail(e, c->span, "a rule that calls its own function may not use sizes from outside");
    Value **values = call_values_of(e, &all, &g, &n);
    return rebuilt(e, callee, emit_inst(e->b, OP_custom_jvp_call, values, n, &a)->results);
}

/* backward(fixed..., residuals, cotangents) gives a cotangent for each argument, None for zeros. */
static Func *backward_rule(Elab *e, Py f, Py rule, const Traced *forward, Py residuals, const Traced *callee,
                           const Given *g, Traced *t, Span span) {
    int n = g->nfixed + 2;
    Args in = { .nargs = n, .args = NEW_ARRAY(e->arena, Py, n), .span = span };
    bool *chosen = NEW_ARRAY(e->arena, bool, n);
    for (int i = 0; i < g->nfixed; i++) in.args[i] = g->fixed[i];
    in.args[n - 2] = residuals;
    in.args[n - 1] = callee->result;
    chosen[n - 2] = chosen[n - 1] = true;
    Leaves leaves = { 0 };
    tree_flatten(e, residuals, &leaves);
    int nres = leaves.n;
    for (int i = 0; i < callee->out.n; i++) PUSH(e->arena, &leaves, callee->out.at[i]);
    const Type **types = NEW_ARRAY(e->arena, const Type *, leaves.n + 1);
    for (int i = 0; i < leaves.n; i++) {
        const Type *type = i < nres ? forward->func->body->results[callee->out.n + i]->type
                                    : callee->func->body->results[i - nres]->type;
        bool none = i >= nres && !type_has_tangent(type);
        if (none) leaves.at[i] = py_array(e, ir_fill(e->b, type, 0), FLAVOUR_JAX, false);
        types[i] = none ? NULL : type;
    }
    if (!trace(e, t, rule, &(Entering){ &in, chosen, false, &leaves, types, rule_title(e, "backward rule", f) }, span))
        return NULL;
    const char *title = rule_title(e, "backward rule", f);
    if ((t->result->kind != PY_LIST && t->result->kind != PY_TUPLE) || contents_of(e, t->result)->n != g->nprimals) {
        fail(e, span, "%s gives a tuple of %d, a cotangent for each argument, and it gave %s", title, g->nprimals,
             tree_node_text(e, t->result));
        return NULL;
    }
    Py *parts = contents_of(e, t->result)->at;
    int nparts = g->nprimals;
    /* parameters: residuals, what the rule captured, cotangents of the results that have one */
    Tracing tr;
    tracing_begin(e, &tr, "backward", t->func->title);
    Value **res = params_of(e, nres, types), **args = NEW_ARRAY(e->arena, Value *, leaves.n + t->ncaptured + 1);
    int nargs = 0;
    for (int i = 0; i < nres; i++) args[nargs++] = res[i];
    Value **captured = NEW_ARRAY(e->arena, Value *, t->ncaptured + 1);
    for (int i = 0; i < t->ncaptured; i++) captured[i] = block_param(tr.func->body, t->captured[i]->type);
    for (int i = nres; i < leaves.n; i++)
        if (types[i]) args[nargs++] = block_param(tr.func->body, types[i]);
    for (int i = 0; i < t->ncaptured; i++) args[nargs++] = captured[i];
    Inst *call_it = call_func(e, t->func, args, nargs, NULL);
    Value **out = NEW_ARRAY(e->arena, Value *, g->leaves.n + 1);
    int nout = 0, from = 0, leaf = 0;
    bool right = true;
    for (int i = 0, number = -1; i < nparts; i++) {
        Leaves like = { 0 }, ct = { 0 };
        TreeDifference d;
        do number++;
        while (!g->chosen[number]);
        const char *name = argument_name(e, f, number);
        tree_flatten(e, g->primals[i], &like);
        tree_flatten(e, parts[i], &ct);
        if (parts[i]->kind != PY_NONE && tree_difference(e, parts[i], g->primals[i], name, &d)) {
            fail(e, span, "%s gives %s as the cotangent of %s, which is %s", title, d.x, d.path, d.y);
            right = false;
            break;
        }
        for (int k = 0; k < like.n; k++, leaf++) {
            if (!type_has_tangent(g->types[leaf])) continue;
            const char *path = tree_path(e, g->primals[i], name, k);
            out[nout] =
                ct.n ? rule_value(e, call_it->results[from + k], g->types[leaf],
                                  arena_text(e->arena, "the cotangent of %s that %s gives", path, title), path, span)
                     : ir_fill(e->b, g->types[leaf], 0);
            right &= out[nout++] != NULL;
        }
        from += ct.n;
    }
    tracing_end(e, out, right ? nout : 0);
    return right ? tr.func : NULL;
}

Py native_primitives_custom_vjp_call(Elab *e, Call *c) {
    Py f = c->arg[0], args = c->arg[4];
    Given g;
    if (!split(e, c->arg[3], args, &g, c->span)) return e->error;
    CustomCall *itself = active_call(e, f, args, &g);
    if (itself) return call_plainly(e, itself->callee, &g);
    Traced callee, forward, back;
    Entering in = { &g.all, g.chosen, false, &g.leaves, g.types, NULL };
    if (!trace(e, &callee, f, &in, c->span)) return e->error;
    if (needs_no_rule(e, f)) return call_without_rule(e, &callee, &g);
    CustomCall active = { e->custom, f, args, &g, &callee, NULL, false };
    e->custom = &active;
    in.title = rule_title(e, "forward rule", f);
    bool right = trace(e, &forward, c->arg[1], &in, c->span);
    Py both = right ? forward.result : e->error;
    if (right && (both->kind != PY_TUPLE || both->contents->n != 2))
        both = fail(e, c->span, "%s gives (value, residuals), and it gave %s", in.title, tree_node_text(e, both));
    if (both->kind == PY_TUPLE && !like_result(e, both->contents->at[0], callee.result,
                                               arena_text(e->arena, "the value that %s gives", in.title), f, c->span))
        both = e->error;
    Func *backward = both->kind == PY_TUPLE
                         ? backward_rule(e, f, c->arg[2], &forward, both->contents->at[1], &callee, &g, &back, c->span)
                         : NULL;
    e->custom = active.outer;
    if (!backward) return e->error;
    Captured all = { 0 };
    capture(e, &all, &callee);
    capture(e, &all, &forward);
    capture(e, &all, &back);
    /* values, residuals, and what the backward rule captured */
    Tracing tr;
    tracing_begin(e, &tr, "forward", forward.func->title);
    Value **p = captured_params(e, &all);
    Inst *call_it = call_traced(e, &forward, &all, params_of(e, g.leaves.n, g.types));
    Value **out = NEW_ARRAY(e->arena, Value *, call_it->nresults + back.ncaptured + 1);
    int nout = 0;
    for (int i = 0; i < call_it->nresults; i++) {
        out[nout] = call_it->results[i];
        if (i < callee.out.n)
            out[nout] = rule_value(e, out[nout], callee.func->body->results[i]->type,
                                   arena_text(e->arena, "the value that %s gives", in.title),
                                   arena_text(e->arena, "what %s gives", title_of(e, f)), c->span);
        if (!out[nout++]) right = false;
    }
    for (int i = 0; i < back.ncaptured; i++)
        for (int k = 0; k < all.n; k++)
            if (all.at[k] == back.captured[i]) out[nout++] = p[k];
    tracing_end(e, out, right ? nout : 0);
    if (!right) return e->error;
    Func *three[3] = { wrapped(e, &callee, &all, &g), tr.func, backward };
    Attrs a = { .callee = three[0], .rule = three[1], .backward = three[2], .count = all.n };
    a.sizes = as_dims(e, share_sizes(e, three, 3));
    int n;
    Value **values = call_values_of(e, &all, &g, &n);
    return rebuilt(e, &callee, emit_inst(e->b, OP_custom_vjp_call, values, n, &a)->results);
}

/* fun(residuals, operands), linear in the operands; backward(residuals, cotangents) is its transpose, or None: there is
** none, and only forward mode is possible. */
Py native_primitives_linear_call(Elab *e, Call *c) {
    Py trees[2] = { c->arg[2], c->arg[3] };
    Args in = { .nargs = 2, .args = trees, .span = c->span };
    Leaves leaves = { 0 };
    tree_flatten(e, trees[0], &leaves);
    int nresiduals = leaves.n;
    tree_flatten(e, trees[1], &leaves);
    const Type **types = NEW_ARRAY(e->arena, const Type *, leaves.n + 1);
    Value **values = NEW_ARRAY(e->arena, Value *, leaves.n + 1);
    for (int i = 0; i < leaves.n; i++) {
        values[i] = leaf_value(e, leaves.at[i], "what a linear function is called with", c->span);
        if (!values[i]) return e->error;
        types[i] = values[i]->type;
    }
    Given g = { .leaves = leaves, .values = values, .types = types };
    Traced t, back;
    Entering entering = { &in, flags_of(e, 2, 2), false, &leaves, types, NULL };
    if (!trace(e, &t, c->arg[0], &entering, c->span)) return e->error;
    Captured all = { 0 };
    capture(e, &all, &t);
    Func *both[2] = { NULL };
    int n = 1;
    Given cotangents = { 0 };
    if (c->arg[1]->kind != PY_NONE) {
        Py given[2] = { c->arg[2], t.result };
        Args in_back = { .nargs = 2, .args = given, .span = c->span };
        for (int i = 0; i < nresiduals; i++) PUSH(e->arena, &cotangents.leaves, leaves.at[i]);
        for (int i = 0; i < t.out.n; i++) PUSH(e->arena, &cotangents.leaves, t.out.at[i]);
        cotangents.types = NEW_ARRAY(e->arena, const Type *, cotangents.leaves.n + 1);
        for (int i = 0; i < cotangents.leaves.n; i++)
            cotangents.types[i] = i < nresiduals ? types[i] : t.func->body->results[i - nresiduals]->type;
        Entering turned = { &in_back, entering.chosen, false, &cotangents.leaves, cotangents.types, NULL };
        if (!trace(e, &back, c->arg[1], &turned, c->span)) return e->error;
        bool right = back.out.n == leaves.n - nresiduals;
        for (int i = 0; right && i < back.out.n; i++)
            right = back.func->body->results[i]->type == types[nresiduals + i];
        if (!right)
            return fail(e, c->span, "the transpose of a linear function gives %s, and its operands are %s",
                        tree_node_text(e, back.result), tree_node_text(e, trees[1]));
        capture(e, &all, &back);
        both[1] = wrapped(e, &back, &all, &cotangents);
        n = 2;
    }
    both[0] = wrapped(e, &t, &all, &g);
    Attrs a = { .callee = both[0], .backward = both[1], .count = all.n + nresiduals };
    a.sizes = as_dims(e, share_sizes(e, both, n));
    Value **args = call_values_of(e, &all, &g, &n);
    return rebuilt(e, &t, emit_inst(e->b, OP_linear_call, args, n, &a)->results);
}
