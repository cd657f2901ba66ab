/* abstract: functions that are traced and looked at: closure_convert, eval_shape and make_jaxpr. */
#include "elaborate/transforms.h"

#include <stdlib.h>
#include <string.h>

/* Traces f(args...) with every leaf that is an array or a number as a parameter; false after an error. */
bool trace_all(Elab *e, Traced *t, Py f, Args *in, Leaves *leaves, Py args, Py kwargs, Span span) {
    Args given = { .nargs = args->contents->n, .args = args->contents->at, .span = span };
    const Contents *named = contents_of(e, kwargs);
    given.nkeywords = named->n;
    given.names = NEW_ARRAY(e->arena, const char *, named->n + 1);
    given.values = named->at;
    for (int i = 0; i < named->n; i++) given.names[i] = name_of(e->cx, named->keys[i]->str.at);
    *in = arguments_entering(e, &given, span);
    for (int i = 0; i < in->nargs; i++) tree_flatten(e, in->args[i], leaves);
    for (int i = 0; i < in->nkeywords; i++) tree_flatten(e, in->values[i], leaves);
    const Type **types = NEW_ARRAY(e->arena, const Type *, leaves->n + 1);
    for (int i = 0; i < leaves->n; i++)
        if (leaves->at[i]->kind == PY_ARRAY) types[i] = leaves->at[i]->array.value->type;
    return trace(e, t, f, &(Entering){ in, flags_of(e, in->nargs, in->nargs), true, leaves, types, NULL }, span);
}

/* closure_convert(f, *example_args): f of (args, captured), and what it captures. */

static Py call_converted(Elab *e, Py self, const Args *a) {
    Traced *t = self->closure.data;
    Leaves all = { 0 };
    Args in = arguments_entering(e, a, a->span);
    for (int i = 0; i < in.nargs; i++) tree_flatten(e, in.args[i], &all);
    if (all.n != t->nleaves + t->ncaptured)
        return fail(e, a->span, "the function that closure_convert gave takes %d arrays, and was given %d",
                    t->nleaves + t->ncaptured, all.n);
    Value **args = NEW_ARRAY(e->arena, Value *, all.n + 1);
    for (int i = 0; i < all.n; i++) {
        const Type *type = t->func->body->params[i]->type;
        args[i] = leaf_value(e, all.at[i], "its arguments", a->span);
        if (!args[i]) return e->error;
        if (args[i]->type->dtype != type->dtype && leaf_weak(all.at[i]))
            args[i] = ir_convert(e->b, args[i], type->dtype);
        if (args[i]->type != type)
            return fail(e, a->span, "array %d of what closure_convert gave is %s, and was given as %s", i,
                        type_text(e->cx, type), type_text(e->cx, args[i]->type));
    }
    return rebuilt(e, t, call_func(e, t->func, args, all.n, NULL)->results);
}

Py native_primitives_closure_convert(Elab *e, Call *c) {
    Traced *t = NEW(e->arena, Traced);
    Args in;
    Leaves leaves = { 0 };
    if (!trace_all(e, t, c->arg[0], &in, &leaves, c->arg[1], py_dict(e), c->span)) return e->error;
    Py *captured = NEW_ARRAY(e->arena, Py, t->ncaptured + 1);
    for (int i = 0; i < t->ncaptured; i++) captured[i] = py_array(e, t->captured[i], FLAVOUR_JAX, false);
    Py f = py_closure(e, title_of(e, c->arg[0]), call_converted, t, NULL);
    return py_tuple(e, 2, (Py[]){ f, py_list(e, t->ncaptured, captured) });
}

/* abstract(f, args, kwargs): what f returns, of which only shapes and dtypes may be read. */
Py native_primitives_abstract(Elab *e, Call *c) {
    Traced t;
    Args in;
    Leaves leaves = { 0 };
    if (!trace_all(e, &t, c->arg[0], &in, &leaves, c->arg[1], c->arg[2], c->span)) return e->error;
    return t.result;
}

static void mark_callees(Map *seen, const Block *b) {
    for (const Inst *in = b->first; in; in = in->next) {
        const Attrs *a = in->attrs;
        Func *callees[] = { a->callee, a->rule, a->backward };
        for (int i = 0; i < COUNT(callees); i++)
            if (callees[i] && !map_get(seen, callees[i])) map_set(seen, callees[i], callees[i]);
        for (int i = 0; i < in->nregions; i++) mark_callees(seen, in->regions[i]);
    }
}

/* traced_text(f, args, kwargs): the tensor IR of f and of the functions that it calls. */
Py native_primitives_traced_text(Elab *e, Call *c) {
    Traced t;
    Args in;
    Leaves leaves = { 0 };
    if (!trace_all(e, &t, c->arg[0], &in, &leaves, c->arg[1], c->arg[2], c->span)) return e->error;
    Map seen = map_new(e->arena);
    map_set(&seen, t.func, t.func);
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (!out) fatal("no memory");
    for (int i = 0; i < seen.n; i++) {
        const Func *f = seen.entries[i].value;
        mark_callees(&seen, f->body);
        if (i) fprintf(out, "\n");
        print_func(out, f);
    }
    fclose(out);
    while (length && text[length - 1] == '\n') length--;
    Py r = py_str_n(e, text, (int)length);
    free(text);
    return r;
}
