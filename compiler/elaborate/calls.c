/* calls: binding arguments to parameters, and running what is called. */
#include "elaborate/values.h"

#include <string.h>

enum { DEEPEST = 900 }; /* Python's own limit is 1000 */

static Node *parameters(Py f) {
    Node *n = f->function.node;
    return n->kind == NODE_Lambda ? n->Lambda.args : n->FunctionDef.args;
}

static Scope *function_scope(Py f) {
    Node *n = f->function.node;
    return n->kind == NODE_Lambda ? n->Lambda.scope : n->FunctionDef.scope;
}

/* "f() takes 2 arguments, and was given 3", with where f is. */
static bool complain(Elab *e, Py f, Span span, const char *words) {
    fail(e, span, "%s", words);
    if (!f->function.library) note_at(e->cx, f->function.node->at, "%s is defined here", f->function.name);
    return false;
}

static int keyword_index(const Args *a, const char *name) {
    for (int i = 0; i < a->nkeywords; i++)
        if (a->names[i] == name) return i;
    return -1;
}

static bool bind(Elab *e, Py f, Env *env, const Args *a) {
    Node *ps = parameters(f);
    const char *name = f->function.name;
    Nodes groups[3] = { ps->arguments.posonlyargs, ps->arguments.args, ps->arguments.kwonlyargs };
    bool *used = NEW_ARRAY(e->arena, bool, a->nkeywords + 1);
    int given = 0, number = 0;
    for (int g = 0; g < 3; g++)
        for (int i = 0; i < groups[g].n; i++, number++) {
            Node *p = groups[g].at[i];
            Py x = NULL;
            if (g < 2 && given < a->nargs) x = a->args[given++];
            int k = g > 0 ? keyword_index(a, p->arg.arg) : -1;
            if (k >= 0) {
                if (x)
                    return complain(e, f, a->span, arena_text(e->arena, "%s() was given %s twice", name, p->arg.arg));
                used[k] = true;
                x = a->values[k];
            }
            if (!x) x = f->function.defaults[number];
            if (!x)
                return complain(e, f, a->span, arena_text(e->arena, "%s() needs its argument %s", name, p->arg.arg));
            if (p->arg.annotation && (x->kind == PY_ARRAY || py_is_number(x)))
                x = annotation_parameter(e, f, env, p, x, a->span);
            place_set(e, env_place(e, env, p->arg.arg), x, p->span);
        }
    if (ps->arguments.vararg) {
        Py rest = py_tuple(e, a->nargs - given, a->args + given);
        place_set(e, env_place(e, env, ps->arguments.vararg->arg.arg), rest, ps->span);
    } else if (given < a->nargs) {
        return complain(e, f, a->span,
                        arena_text(e->arena, "%s() takes %d argument%s, and was given %d", name, given,
                                   given == 1 ? "" : "s", a->nargs));
    }
    Py rest = ps->arguments.kwarg ? py_dict(e) : NULL;
    for (int k = 0; k < a->nkeywords; k++) {
        if (used[k]) continue;
        if (!rest)
            return complain(e, f, a->span, arena_text(e->arena, "%s() has no argument named %s", name, a->names[k]));
        dict_set(e, rest, py_str(e, a->names[k]), a->values[k]);
    }
    if (rest) place_set(e, env_place(e, env, ps->arguments.kwarg->arg.arg), rest, ps->span);
    return true;
}

/* A frame for a function that is about to run in `env`.  The journal knows its places after it has ended, too. */
Frame *frame_begin(Elab *e, Env *env, Py function, const char *title, bool library, Span span) {
    Frame *f = NEW(e->arena, Frame);
    *f = (Frame){
        .caller = e->frame, .env = env, .function = function, .title = title, .call = span, .library = library
    };
    f->state = (Place){ .value = py_int(e, STATE_RUNS), .name = "state", .born = ++e->serial, .control = true };
    f->result = (Place){ .value = e->unbound, .name = "the result", .born = ++e->serial, .optional = true };
    f->origin = e->b ? e->b->origin : NULL;
    e->frame = f;
    e->depth++;
    return f;
}

static void return_none(Elab *e, void *data) { place_set(e, &e->frame->result, e->none, *(Span *)data); }
static void keep_result(Elab *e, void *data) { (void)e, (void)data; }

/* The value that was returned; a path that ends without `return` gives None. */
Py frame_end(Elab *e, Span span) {
    Frame *f = e->frame;
    int state = state_of(e);
    if (state == STATE_RUNS || state == STATE_NEVER) {
        place_set(e, &f->result, e->none, span);
    } else if (state < 0) {
        f->result.optional = false;
        Value *s = scalar_value(e, f->state.value, NUMBER_INT);
        branch(e, ir_eq(e->b, s, ir_i64(e->b, STATE_RUNS)), return_none, keep_result, &span, span);
    }
    Py r = value_read(e, f->result.value, arena_text(e->arena, "the result of %s", f->title), span);
    e->frame = f->caller;
    e->depth--;
    if (e->b) e->b->origin = f->origin;
    e->span = span;
    return r;
}

Py run_function(Elab *e, Py f, const Args *a) {
    if (e->depth >= DEEPEST)
        return fail(
            e, a->span,
            "%s calls itself too deeply: its end must be known when compiling, or be decided by a run-time `if`",
            f->function.name);
    Env *env = env_new(e, function_scope(f), f->function.env);
    if (!bind(e, f, env, a)) return e->error;
    if (function_scope(f)->generator) return generator_new(e, f, env);
    Frame *frame = frame_begin(e, env, f, f->function.name, f->function.library, a->span);
    Node *n = f->function.node;
    if (n->kind == NODE_Lambda) {
        Py r = eval(e, n->Lambda.body);
        place_set(e, &frame->result, r, a->span);
        state_set(e, STATE_RETURN, a->span);
    } else {
        run_body(e, n->FunctionDef.body);
    }
    bool never = state_of(e) == STATE_NEVER; /* it always ends the program */
    Py r = frame_end(e, a->span);
    if (never) {
        f->function.inline_always = true;
        state_set(e, STATE_NEVER, a->span);
    }
    if (n->kind == NODE_FunctionDef && n->FunctionDef.returns && r->kind == PY_ARRAY)
        r = annotation_result(e, f, env, r, a->span);
    return r;
}

/* The same arguments with one more in front. */
static Args with_self(Elab *e, const Args *a, Py self) {
    Args more = *a;
    more.args = NEW_ARRAY(e->arena, Py, a->nargs + 1);
    more.args[0] = self;
    if (a->nargs) memcpy(more.args + 1, a->args, sizeof *a->args * (size_t)a->nargs);
    more.nargs++;
    more.spans = NULL;
    return more;
}

Py call(Elab *e, Py f, const Args *a) {
    for (int i = 0; i < a->nargs; i++)
        if (a->args[i]->kind == PY_ERROR) return e->error;
    for (int i = 0; i < a->nkeywords; i++)
        if (a->values[i]->kind == PY_ERROR) return e->error;
    switch (f->kind) {
    case PY_ERROR: return f;
    case PY_FUNCTION: f->function.called = true; return call_function(e, f, a);
    case PY_NATIVE: return native_call(e, f->native, a);
    case PY_CLOSURE: return f->closure.call(e, f, a);
    case PY_METHOD: {
        Args more = with_self(e, a, f->method.self);
        return call(e, f->method.function, &more);
    }
    case PY_CLASS: return class_call(e, f, a);
    case PY_TYPE: {
        Py make = py_native(e, "builtins", f->type.name);
        if (make) return native_call(e, make->native, a);
        return fail(e, a->span, "%s cannot be called", py_describe(e, f));
    }
    case PY_DTYPE: {
        Args more = with_self(e, a, f);
        return native_call(e, native_find("dtype", "__call__"), &more);
    }
    case PY_OBJECT: {
        Py method = class_lookup(e, f->cls, "__call__");
        if (!method) break;
        Args more = with_self(e, a, f);
        return call(e, method, &more);
    }
    case PY_PROPERTY:
        if (strcmp(f->wrapped.what, "staticmethod") == 0) return call(e, f->wrapped.wrapped, a);
        break;
    default: break;
    }
    return fail(e, a->span, "%s cannot be called", py_describe(e, f));
}

Py call_values(Elab *e, Py f, int n, Py const *x, Span span) {
    Args a = { .nargs = n, .args = n ? arena_copy(e->arena, x, sizeof *x * (size_t)n) : NULL, .span = span };
    return call(e, f, &a);
}

Py call_method(Elab *e, Py x, const char *name, int n, Py const *args, Span span) {
    Py f = attribute(e, x, name, span);
    return f->kind == PY_ERROR ? f : call_values(e, f, n, args, span);
}
