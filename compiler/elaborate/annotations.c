/* annotations: types in signatures and assignments: f32[n, 784].
**
** A lower-case name in the brackets is a size variable: the first array that is declared with it says what it is, and
** every other one is checked against it.  What is proved needs no check, and the rest is checked at run time. */
#include "elaborate/values.h"

#include <ctype.h>
#include <string.h>

/* The dtype that an annotation begins with; names that mean something else are nothing to check. */
static bool declared_dtype(Elab *e, Env *env, Node *n, DType *dtype) {
    bool sized = n->kind == NODE_Subscript;
    if (sized) n = n->Subscript.value;
    if (n->kind != NODE_Name) return false;
    Py x = place_get(e, name_place(e, env, n->Name.id));
    if (x->kind == PY_UNBOUND) x = py_builtin(e, n->Name.id);
    if (x && x->kind == PY_TYPE && strcmp(x->type.name, "bool") == 0 && sized) {
        *dtype = DT_bool;
        return true;
    }
    if (!x || x->kind != PY_DTYPE) return false;
    *dtype = x->dtype;
    return true;
}

/* The expressions between the brackets; none for a 0-d type. */
static Nodes declared_sizes(Node *n) {
    if (n->kind != NODE_Subscript) return (Nodes){ 0 };
    Node *s = n->Subscript.slice;
    if (s->kind == NODE_Tuple) return s->Tuple.elts;
    return (Nodes){ &n->Subscript.slice, 1, 1 };
}

typedef struct {
    Elab *e;
    Env *env;
    Place *place; /* of the first size that has no value yet */
    Node *node;
    int n;
} Unknown;

static void find_unknown(void *data, Node *n) {
    Unknown *u = data;
    if (n->kind == NODE_Name) {
        Symbol *s = u->env->scope ? symbol_in(u->env->scope, n->Name.id) : NULL;
        if (!s || !s->size) return;
        Place *p = name_place(u->e, u->env, n->Name.id);
        if (p->value->kind != PY_UNBOUND || p == u->place) return;
        if (!u->n++) u->place = p, u->node = n;
    }
    node_children(n, find_unknown, u);
}

static const Dim *evaluate_size(Elab *e, Env *env, Node *n) {
    Env *outer = e->frame->env;
    e->frame->env = env;
    Py x = eval(e, n);
    e->frame->env = outer;
    if (x->kind == PY_ERROR) return NULL;
    int64_t k;
    if (py_static_int(e, x, &k)) {
        if (k >= 0) return dim_int(e->cx, k);
        fail(e, n->span, "a size is never negative, and this is %lld", (long long)k);
        return NULL;
    }
    const Dim *d = py_is_int(x) ? number_dim(e, x) : NULL;
    if (!d) fail(e, n->span, "a size in a type must be an int, and this is %s", py_describe(e, x));
    return d;
}

/* What an axis must be; binds a size that has no value so far.  NULL after an error. */
static const Dim *declared_size(Elab *e, Env *env, Node *n, const Dim *actual, Span span) {
    Unknown u = { .e = e, .env = env };
    find_unknown(&u, n);
    if (u.n > 1) {
        place_set(e, u.place, e->error, n->span);
        fail(e, n->span, "this type binds two sizes at once; put an argument that has one of them alone before it");
        return NULL;
    }
    if (!u.n) return evaluate_size(e, env, n);
    if (u.node == n) {
        place_set(e, u.place, py_size(e, actual), n->span);
        return actual;
    }
    const SizeVar *var = size_var(e->cx, u.place->name, n->span);
    place_set(e, u.place, py_size(e, dim_var(e->cx, var)), n->span);
    const Dim *d = evaluate_size(e, env, n), *answer;
    if (!d) return NULL;
    if (!dim_solve(e->cx, d, actual, var, &answer)) {
        place_set(e, u.place, e->error, n->span);
        fail(e, span, "no whole %s makes %s equal to %s", u.place->name, dim_text(e->cx, d), dim_text(e->cx, actual));
        note_at(e->cx, n->span, "the size is declared here");
        return NULL;
    }
    place_set(e, u.place, py_size(e, answer), n->span);
    return actual;
}

/* `f32[n, 784]` with the sizes as they are known. */
static const char *declared_text(Elab *e, Node *n, DType dtype) {
    Nodes sizes = declared_sizes(n);
    Text t = text_new(e->arena);
    text_add(&t, "%s", dtype_name(dtype));
    for (int i = 0; i < sizes.n; i++) {
        Span s = sizes.at[i]->span;
        text_add(&t, "%s%.*s", i ? ", " : "[", s.end - s.start, source_of(e->cx, s.file)->text + s.start);
    }
    if (sizes.n) text_add(&t, "]");
    return t.at;
}

typedef struct {
    const char *what; /* "x of f()", "the result of f()" or "x" */
    Node *node;       /* the annotation */
    Env *env;
    Span span;
} Check;

static Py complain(Elab *e, const Check *c, Py x, DType dtype, const char *more) {
    fail(e, c->span, "%s is %s, and is declared %s%s", c->what, py_describe(e, x), declared_text(e, c->node, dtype),
         more);
    if (c->node->span.file && !source_of(e->cx, c->node->span.file)->library)
        note_at(e->cx, c->node->span, "it is declared here");
    return e->error;
}

static Py check_number(Elab *e, const Check *c, Py x, DType dtype) {
    NumberKind k = py_number_kind(x);
    bool fits = dtype_is_complex(dtype) || (dtype_is_float(dtype) ? k <= NUMBER_FLOAT
                                            : dtype == DT_bool    ? k == NUMBER_BOOL
                                                                  : k <= NUMBER_INT);
    if (declared_sizes(c->node).n || !fits) return complain(e, c, x, dtype, "");
    return x;
}

static Py check_array(Elab *e, const Check *c, Py x) {
    DType dtype;
    if (!declared_dtype(e, c->env, c->node, &dtype)) return x;
    if (py_is_number(x)) return check_number(e, c, x, dtype);
    if (x->kind != PY_ARRAY) return x;
    Nodes sizes = declared_sizes(c->node);
    Value *v = value_here(e, x->array.value);
    const Type *t = v->type;
    if (t->dtype != dtype || t->rank != sizes.n) return complain(e, c, x, dtype, "");
    const Dim *dims[MAX_RANK];
    bool certain = true;
    for (int i = 0; i < sizes.n; i++) {
        dims[i] = declared_size(e, c->env, sizes.at[i], t->dim[i], c->span);
        if (!dims[i]) return e->error;
        if (dims[i] == t->dim[i]) continue;
        certain = false;
        if (dim_never_equal(e->cx, dims[i], t->dim[i]))
            return complain(e, c, x, dtype,
                            arena_text(e->arena, ": axis %d should be %s", i, dim_text(e->cx, dims[i])));
    }
    if (certain) return x;
    const char *message = arena_text(e->arena, "%s is declared %s", c->what, declared_text(e, c->node, dtype));
    Py r = py_new(e, PY_ARRAY);
    r->array = x->array;
    r->array.value = ir_retype(e->b, v, type_of(e->cx, dtype, sizes.n, dims), name_of(e->cx, message));
    return r;
}

Py annotation_parameter(Elab *e, Py f, Env *env, Node *p, Py x, Span span) {
    Check c = { arena_text(e->arena, "%s of %s()", p->arg.arg, f->function.name), p->arg.annotation, env, span };
    Py r = check_array(e, &c, x);
    if (r->kind == PY_ARRAY && !r->array.value->def) map_set(&e->declared, r->array.value, p);
    return r;
}

/* Sizes that only the result's type names are bound by it. */
Py annotation_result(Elab *e, Py f, Env *env, Py x, Span span) {
    Node *n = f->function.node->FunctionDef.returns;
    Check c = { arena_text(e->arena, "the result of %s()", f->function.name), n, env, span };
    return check_array(e, &c, x);
}

/* The annotation of an assignment: kept as it is written until the value is there. */
typedef struct {
    Node *node;
    DType dtype;
} Declared;

static Py declared_called(Elab *e, Py self, const Args *a) {
    (void)self;
    return fail(e, a->span, "the type of an array cannot be called; write jnp.zeros(...)");
}

Py annotation_type(Elab *e, Node *n) {
    DType dtype;
    if (!declared_dtype(e, e->frame->env, n, &dtype)) return e->none;
    Declared *d = NEW(e->arena, Declared);
    *d = (Declared){ n, dtype };
    return py_closure(e, "annotation", declared_called, d, NULL);
}

Py annotation_check(Elab *e, Py x, Py declared, Span span) {
    if (!declared || declared->kind != PY_CLOSURE) return x;
    Declared *d = declared->closure.data;
    Span s = span;
    const char *what = arena_text(e->arena, "%.*s", s.end - s.start, source_of(e->cx, s.file)->text + s.start);
    Check c = { what, d->node, e->frame->env, span };
    return check_array(e, &c, x);
}

/* Whether the call at this place is all that stands behind `=`. */
static bool is_whole_value(Elab *e, Span annotation, Span at) {
    if (annotation.file != at.file || at.start < annotation.end) return false;
    const char *text = source_of(e->cx, at.file)->text;
    for (int i = annotation.end; i < at.start; i++)
        if (!isspace((unsigned char)text[i]) && !strchr("=(\\'\"", text[i])) return false;
    return true;
}

/* Gives every size of a type that has no value one of `sizes`, by name, or a new one. */
typedef struct {
    Elab *e;
    Env *env;
    Map *sizes;
} Fresh;

static void bind_fresh(void *data, Node *n) {
    Fresh *f = data;
    if (n->kind == NODE_Name) {
        Symbol *s = f->env->scope ? symbol_in(f->env->scope, n->Name.id) : NULL;
        Place *p = s && s->size ? name_place(f->e, f->env, n->Name.id) : NULL;
        if (!p || p->value->kind != PY_UNBOUND) return;
        const SizeVar *var = map_get(f->sizes, p->name);
        if (!var) {
            var = size_var(f->e->cx, p->name, n->span);
            map_set(f->sizes, p->name, (void *)(uintptr_t)var);
        }
        place_set(f->e, p, py_size(f->e, dim_var(f->e->cx, var)), n->span);
    }
    node_children(n, bind_fresh, f);
}

bool annotation_array(Elab *e, Env *env, Node *n, Map *sizes, const Type **type) {
    DType dtype;
    *type = NULL;
    if (!declared_dtype(e, env, n, &dtype)) return false;
    Nodes nodes = declared_sizes(n);
    const Dim *dims[MAX_RANK];
    Fresh f = { e, env, sizes };
    if (nodes.n > MAX_RANK) {
        fail(e, n->span, "arrays have at most %d axes", MAX_RANK);
        return true;
    }
    for (int i = 0; i < nodes.n; i++) {
        bind_fresh(&f, nodes.at[i]);
        dims[i] = evaluate_size(e, env, nodes.at[i]);
        if (!dims[i]) return true;
    }
    *type = type_of(e->cx, dtype, nodes.n, dims);
    return true;
}

bool annotation_wanted(Elab *e, Span span, const Type **like, Sizes *binds) {
    if (!e->annotation || e->annotation->kind != PY_CLOSURE) return false;
    Declared *d = e->annotation->closure.data;
    if (!is_whole_value(e, d->node->span, user_span(e, span))) return false;
    Frame *f = e->frame;
    while (f->library && f->caller) f = f->caller;
    Map sizes = map_new(e->arena);
    if (!annotation_array(e, f->env, d->node, &sizes, like) || !*like) return false;
    const SizeVar **vars = NEW_ARRAY(e->cx->arena, const SizeVar *, sizes.n + 1);
    for (int i = 0; i < sizes.n; i++) vars[i] = sizes.entries[i].value;
    *binds = (Sizes){ sizes.n, vars };
    return true;
}
