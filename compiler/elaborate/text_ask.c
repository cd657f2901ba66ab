/* text_ask: what is decided by the characters of a text that is known at run time only: comparisons, its length, int() and
** float() of it; and where such texts come from: the command line and the environment.  And sys.exit. */
#include "elaborate/texts.h"
#include "jxl/runtime.h"

/* A question about two texts, asked once for each of their choices. */
typedef struct {
    int question;
    Py a, b;
    Place *answer;
    Span span;
} Asking;

static void ask_both(Elab *e, void *data, Py b) {
    Asking *q = data;
    Value **x, **y;
    int n, m;
    Attrs a = { .kind = q->question };
    a.format = name_of(e->cx, text_template(e, q->a, 0, &x, &n));
    a.name = name_of(e->cx, text_template(e, b, n, &y, &m));
    Value **args = NEW_ARRAY(e->arena, Value *, n + m + 1);
    for (int i = 0; i < n; i++) args[i] = x[i];
    for (int i = 0; i < m; i++) args[n + i] = y[i];
    Value *v = emit(e->b, OP_text_ask, args, n + m, &a);
    place_set(e, q->answer, py_scalar(e, NUMBER_INT, v), q->span);
}
static void ask_first(Elab *e, void *data, Py a) {
    Asking *q = data;
    q->a = a;
    text_use(e, q->b, ask_both, q);
}

/* The answer, an int; `question` is one of runtime.h's. */
Py text_ask(Elab *e, int question, Py a, Py b, Span span) {
    Asking q = { question, a, b, place_new(e, "the answer"), span };
    text_use(e, a, ask_first, &q);
    return value_read(e, place_get(e, q.answer), "the answer", span);
}

/* int(text) and float(text) */

typedef struct {
    NumberKind kind;
    Place *number;
    Span span;
} Reading;

static void read_number(Elab *e, void *data, Py text) {
    Reading *r = data;
    Value **args;
    int n;
    Attrs a = { .dtype = number_dtype(r->kind), .format = name_of(e->cx, text_template(e, text, 0, &args, &n)) };
    place_set(e, r->number, py_scalar(e, r->kind, emit(e->b, OP_text_number, args, n, &a)), r->span);
}

Py text_number(Elab *e, Py text, NumberKind kind, Span span) {
    Reading r = { kind, place_new(e, "the number"), span };
    text_use(e, text, read_number, &r);
    return value_read(e, place_get(e, r.number), "the number", span);
}

/* sys.argv */

Py native_primitives_argument_count(Elab *e, Call *c) {
    (void)c;
    return py_scalar(e, NUMBER_INT, emit(e->b, OP_argument_count, NULL, 0, &no_attrs));
}

Py native_primitives_argument(Elab *e, Call *c) {
    if (!py_is_index(c->arg[0]))
        return fail(e, c->span, "sys.argv is indexed by an int, and was given %s", py_describe(e, c->arg[0]));
    Py i = c->arg[0];
    Value *at = i->kind == PY_ARRAY ? ir_convert(e->b, array_value(e, i), DT_i64) : scalar_value(e, i, NUMBER_INT);
    return text_of_flag(e, emit(e->b, OP_argument, &at, 1, &no_attrs));
}

/* environment(name): whether it is set, and its text */
Py native_primitives_environment(Elab *e, Call *c) {
    const char *name;
    if (!py_static_text(c->arg[0], &name))
        return fail(e, c->span, "the name of a variable of the environment must be known when compiling");
    Attrs a = { .name = name_of(e->cx, name) };
    Value *at = emit(e->b, OP_environment, NULL, 0, &a);
    Value *set = ir_ne(e->b, at, ir_fill(e->b, at->type, 0));
    return py_tuple(e, 2, (Py[]){ py_scalar(e, NUMBER_BOOL, set), text_of_flag(e, at) });
}

/* sys.exit */

typedef struct {
    Value *status;
} Leaving;

static void leave(Elab *e, void *data, Py text) {
    Value **values;
    int n;
    Attrs a = { .format = name_of(e->cx, text_template(e, text, 1, &values, &n)) };
    Value **args = NEW_ARRAY(e->arena, Value *, n + 1);
    args[0] = ((Leaving *)data)->status;
    for (int i = 0; i < n; i++) args[i + 1] = values[i];
    emit_inst(e->b, OP_exit, args, n + 1, &a);
}

Py native_primitives_exit(Elab *e, Call *c) {
    Py x = c->arg[0];
    bool number = py_is_index(x) || x->kind == PY_BOOL;
    Py text = number || x->kind == PY_NONE ? py_str(e, "") : text_of(e, x, 's', "", c->span);
    if (text->kind == PY_ERROR) return text;
    Leaving l = { ir_i64(e->b, x->kind != PY_NONE) };
    if (number && x->kind == PY_ARRAY)
        l.status = ir_convert(e->b, array_value(e, x), DT_i64);
    else if (number)
        l.status = scalar_value(e, x, NUMBER_INT);
    text_use(e, text, leave, &l);
    state_set(e, STATE_NEVER, c->span);
    return e->none;
}
Py native_builtins_exit(Elab *e, Call *c) { return native_primitives_exit(e, c); }
Py native_builtins_quit(Elab *e, Call *c) { return native_primitives_exit(e, c); }
