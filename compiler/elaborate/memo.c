/* memo: one IR function for each way a Python function is called.
**
** The first call of a function runs its body where it stands.  From the second on it is made an IR function, whose
** parameters are the arrays and run-time numbers in its arguments; all else about them is part of the key.  So is what it
** read of the outside: a later call finds the same there, or other values of the same types, or makes a function of its
** own.  A function that writes to what it did not make, returns what cannot leave a function, or leaves out rules that no
** derivative around it can reach, is run at each call. */
#include "elaborate/loops.h"

#include <string.h>

typedef struct {
    Value **at;
    int n, cap;
} ValueList;

typedef struct Entry {
    struct Entry *next;
    Py function;
    Py args; /* as they were, as a tuple; of arrays and run-time numbers only the types count */
    Names keywords;
    int nargs;
    Py copies;        /* the same inside the function */
    Tracing *tracing; /* what it read of the outside, and captured */
    Py result;        /* with the values it has inside */
    bool x64, partitionable;
    Flavour flavour;
    const Axis *axes;
} Entry;

/* What is known of one `def`. */
typedef struct {
    Entry *first;
    int calls, entries;
    bool inlined;
} Known;

enum { MOST_ENTRIES = 24 };

/* Changed through another name. */
static bool stale(Py x) { return x->array.alias && x->array.alias->version.value->integer > x->array.version; }

/* Whether a value can be handed to an IR function; counts its run-time leaves. */
static bool can_enter(Elab *e, Py x, int depth, int *leaves) {
    if (depth > 40) return false;
    switch (x->kind) {
    case PY_ARRAY:
        if (stale(x)) return false;
        (*leaves)++;
        return true;
    case PY_SCALAR:
        if (x->scalar.value || dim_is_local(e, x->scalar.dim)) (*leaves)++;
        return true;
    case PY_TUPLE:
    case PY_LIST:
    case PY_DICT:
    case PY_OBJECT:
        if (x->contents->grown || x->contents->apart || !structural(x)) return false;
        for (int i = 0; i < x->contents->n; i++)
            if (!can_enter(e, x->contents->at[i], depth + 1, leaves)) return false;
        return true;
    case PY_METHOD: {
        int inside = 0;
        return can_enter(e, x->method.self, depth + 1, &inside) && !inside && x->method.self->kind != PY_OBJECT;
    }
    case PY_APART:
    case PY_UNBOUND:
    case PY_ERROR:
    case PY_TEXT:
    case PY_RANGE:
    case PY_LAZY:
    case PY_GENERATOR:
    case PY_SUPER:
    case PY_SET:
    case PY_SLICE: return false;
    default: return true;
    }
}

static bool is_size(Elab *e, Py x) { return x->kind == PY_SCALAR && x->scalar.dim && !dim_is_local(e, x->scalar.dim); }

/* The value with parameters in the place of its run-time leaves. */
static Py copy_in(Elab *e, Py x) {
    Block *body = e->tracing->func->body;
    switch (x->kind) {
    case PY_ARRAY: {
        Py p = py_array(e, block_param(body, x->array.value->type), x->array.flavour, x->array.weak);
        p->array.key = x->array.key;
        p->array.numpy_scalar = x->array.numpy_scalar;
        /* writing its elements is writing to the outside */
        p->array.alias = NEW(e->arena, Alias);
        p->array.alias->version = (Place){ .value = py_int(e, 0), .name = "an argument" };
        return p;
    }
    case PY_SCALAR:
        if (is_size(e, x)) return x;
        return py_scalar(e, x->scalar.number, block_param(body, type_scalar(e->cx, number_dtype(x->scalar.number))));
    case PY_TUPLE:
    case PY_LIST:
    case PY_DICT:
    case PY_OBJECT: {
        Contents *c = NEW(e->arena, Contents);
        c->epoch = -1;
        for (int i = 0; i < x->contents->n; i++)
            contents_push(e, c, x->contents->keys ? x->contents->keys[i] : NULL, copy_in(e, x->contents->at[i]));
        Py copy = py_new(e, x->kind);
        copy->cls = x->cls;
        copy->contents = c;
        return copy;
    }
    default: return x;
    }
}

/* Whether the function left what it was given as it was. */
static bool untouched(Py x) {
    if (x->kind != PY_TUPLE && x->kind != PY_LIST && x->kind != PY_DICT && x->kind != PY_OBJECT) return true;
    if (x->contents->epoch != -1) return false;
    for (int i = 0; i < x->contents->n; i++)
        if (!untouched(x->contents->at[i])) return false;
    return true;
}

/* How a call fits an entry. */
typedef struct {
    DimMap sizes;
    ValueList args;
    Map values;    /* value seen when the entry was made -> value now */
    Leaves pairs;  /* sizes still to be compared: as run-time numbers, two by two */
    bool entering; /* arguments, not what it read outside */
} Fitting;

static bool fits_dim(Elab *e, Fitting *f, const Dim *was, const Dim *is) {
    if (dim_is_int(was, NULL)) return was == is;
    PUSH(e->arena, &f->pairs, py_size(e, was));
    Py now = py_new(e, PY_SCALAR);
    now->scalar.dim = is;
    PUSH(e->arena, &f->pairs, now);
    return true;
}

static const SizeVar *only_var(const Dim *d) {
    if (d->nterms != 1 || d->terms[0].coefficient != 1 || d->terms[0].natoms != 1) return NULL;
    const Atom *a = d->terms[0].atoms[0];
    return a->kind == ATOM_VAR ? a->var : NULL;
}

static const Dim *mapped(const Fitting *f, const SizeVar *v) {
    for (int i = 0; i < f->sizes.n; i++)
        if (f->sizes.from[i] == v) return f->sizes.to[i];
    return NULL;
}

/* Size variables by themselves say what they stand for; with that, all sizes must be equal. */
static bool fits_sizes(Elab *e, Fitting *f) {
    for (int i = 0; i < f->pairs.n; i += 2) {
        const SizeVar *v = only_var(f->pairs.at[i]->scalar.dim);
        if (v && !mapped(f, v)) dim_map_add(e->cx, &f->sizes, v, f->pairs.at[i + 1]->scalar.dim);
    }
    for (int i = 0; i < f->pairs.n; i += 2)
        if (dim_subst(e->cx, f->pairs.at[i]->scalar.dim, &f->sizes) != f->pairs.at[i + 1]->scalar.dim) return false;
    return true;
}

static bool fits_array(Elab *e, Fitting *f, Py was, Py is) {
    if (stale(is)) return false;
    const Type *a = was->array.value->type, *b = is->array.value->type;
    if (a->dtype != b->dtype || a->rank != b->rank || was->array.flavour != is->array.flavour) return false;
    if (was->array.weak != is->array.weak || was->array.key != is->array.key ||
        was->array.numpy_scalar != is->array.numpy_scalar)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (!fits_dim(e, f, a->dim[i], b->dim[i])) return false;
    return true;
}

/* Constants are made again inside a function, so they are part of its key. */
static bool same_constant(Value *was, Value *is) {
    Data a, b;
    if (was->type != is->type || !value_is_constant(is, &b) || !value_is_constant(was, &a)) return false;
    return a.n == b.n && memcmp(a.bytes, b.bytes, (size_t)a.n * (size_t)dtype_bytes(was->type->dtype)) == 0;
}

/* A value seen before may stand for one value now only. */
static bool fits_value(Fitting *f, Value *was, Value *is) {
    if (was->def && was->def->op == OP_constant) return was == is || same_constant(was, is);
    if (was->def && was->def->op == OP_size) return was == is;
    Value *have = map_get(&f->values, was);
    if (have) return have == is;
    map_set(&f->values, was, is);
    return true;
}

static bool fits(Elab *e, Fitting *f, Py was, Py is) {
    if (!f->entering && was == is) return was->kind != PY_ARRAY || !stale(was);
    if (was->kind != is->kind || was->cls != is->cls) return false;
    switch (was->kind) {
    case PY_ARRAY:
        if (!fits_array(e, f, was, is)) return false;
        if (!f->entering) return fits_value(f, was->array.value, is->array.value);
        PUSH(e->arena, &f->args, is->array.value);
        return true;
    case PY_SCALAR: {
        if (was->scalar.number != is->scalar.number || is_size(e, was) != is_size(e, is)) return false;
        if (is_size(e, was)) return fits_dim(e, f, was->scalar.dim, is->scalar.dim);
        if (!f->entering) return fits_value(f, was->scalar.value, is->scalar.value);
        PUSH(e->arena, &f->args, scalar_value(e, is, is->scalar.number));
        return true;
    }
    case PY_TUPLE:
    case PY_LIST:
    case PY_DICT:
    case PY_OBJECT: {
        if (!f->entering && was->kind != PY_TUPLE) return false; /* another object: what was read of it is not known */
        const Contents *a = was->contents, *b = is->contents;
        if (a->n != b->n || b->grown || b->apart) return false;
        for (int i = 0; i < a->n; i++) {
            if (a->keys && !py_equal_static(e, a->keys[i], b->keys[i])) return false;
            if (!fits(e, f, a->at[i], b->at[i])) return false;
        }
        return true;
    }
    default: return py_equal_static(e, was, is);
    }
}

/* What the function read of the outside is still there, or something like it. */
static bool fits_outside(Elab *e, Fitting *f, const Tracing *t) {
    f->entering = false;
    for (int i = 0; i < t->reads.n; i++) {
        void *key = (void *)(uintptr_t)t->reads.entries[i].key;
        if (map_get(&t->read_places, key)) {
            if (!fits(e, f, t->reads.entries[i].value, place_get(e, key))) return false;
            continue;
        }
        const Contents *was = t->reads.entries[i].value, *is = contents_of(e, key);
        if (was == is) continue;
        if (was->n != is->n) return false;
        for (int k = 0; k < was->n; k++)
            if ((was->keys && !py_equal_static(e, was->keys[k], is->keys[k])) || !fits(e, f, was->at[k], is->at[k]))
                return false;
    }
    return true;
}

static bool fits_call(Elab *e, Fitting *f, const Entry *en, Py function, const Args *a, Py args) {
    if (en->function != function || en->nargs != a->nargs || en->keywords.n != a->nkeywords) return false;
    for (int i = 0; i < a->nkeywords; i++)
        if (en->keywords.at[i] != a->names[i]) return false;
    if (!axes_alike(en->axes, e->axes)) return false;
    if (en->x64 != e->x64 || en->partitionable != e->partitionable || en->flavour != e->flavour) return false;
    *f = (Fitting){ .values = map_new(e->arena), .entering = true };
    return fits(e, f, en->args, args) && fits_outside(e, f, en->tracing) && fits_sizes(e, f);
}

/* What may leave a function: its values become results. */
static bool export(Elab *e, Py x, int born, ValueList *out) {
    switch (x->kind) {
    case PY_ARRAY: PUSH(e->arena, out, x->array.value); return true;
    case PY_SCALAR:
        if (!is_size(e, x)) PUSH(e->arena, out, scalar_value(e, x, x->scalar.number));
        return true;
    case PY_TUPLE:
    case PY_LIST:
    case PY_DICT:
    case PY_OBJECT:
        if (x->contents->grown || x->contents->apart || !structural(x)) return false;
        if (x->kind != PY_TUPLE && x->born < born) return false; /* an object of the outside */
        for (int i = 0; i < x->contents->n; i++)
            if (!export(e, x->contents->at[i], born, out)) return false;
        return true;
    case PY_NONE:
    case PY_BOOL:
    case PY_INT:
    case PY_FLOAT:
    case PY_COMPLEX:
    case PY_STR:
    case PY_BYTES:
    case PY_ELLIPSIS:
    case PY_DTYPE:
    case PY_NATIVE:
    case PY_TYPE:
    case PY_MODULE: return true;
    case PY_FUNCTION:
    case PY_CLASS: return x->born < born;
    default: return false;
    }
}

typedef struct {
    const Entry *entry;
    Py given; /* the arguments of this call */
    Value **results;
    const DimMap *sizes;
} Leaving;

/* The object that was handed in, where the function hands the same one out. */
static Py handed_in(Py copy, Py given, Py x) {
    if (copy == x) return given;
    if (copy->kind != PY_TUPLE && copy->kind != PY_LIST && copy->kind != PY_DICT && copy->kind != PY_OBJECT)
        return NULL;
    for (int i = 0; i < copy->contents->n; i++) {
        Py r = handed_in(copy->contents->at[i], given->contents->at[i], x);
        if (r) return r;
    }
    return NULL;
}

static void skip_results(Elab *e, Leaving *l, Py x) {
    if (x->kind == PY_ARRAY || (x->kind == PY_SCALAR && !is_size(e, x))) l->results++;
    if (x->kind == PY_TUPLE || x->kind == PY_LIST || x->kind == PY_DICT || x->kind == PY_OBJECT)
        for (int i = 0; i < x->contents->n; i++) skip_results(e, l, x->contents->at[i]);
}

static Py leave(Elab *e, Leaving *l, Py x) {
    bool part =
        x->kind == PY_ARRAY || x->kind == PY_TUPLE || x->kind == PY_LIST || x->kind == PY_DICT || x->kind == PY_OBJECT;
    Py same = part ? handed_in(l->entry->copies, l->given, x) : NULL;
    if (same) {
        skip_results(e, l, x);
        return same;
    }
    switch (x->kind) {
    case PY_ARRAY: {
        Py y = py_array(e, *l->results++, x->array.flavour, x->array.weak);
        y->array.key = x->array.key;
        y->array.numpy_scalar = x->array.numpy_scalar;
        return y;
    }
    case PY_SCALAR:
        if (is_size(e, x)) return py_size(e, dim_subst(e->cx, x->scalar.dim, l->sizes));
        return py_scalar(e, x->scalar.number, *l->results++);
    case PY_TUPLE:
    case PY_LIST:
    case PY_DICT:
    case PY_OBJECT: {
        Contents *c = NEW(e->arena, Contents);
        c->epoch = e->epoch;
        for (int i = 0; i < x->contents->n; i++)
            contents_push(e, c, x->contents->keys ? x->contents->keys[i] : NULL, leave(e, l, x->contents->at[i]));
        Py y = py_new(e, x->kind);
        y->cls = x->cls;
        y->contents = c;
        return y;
    }
    default: return x;
    }
}

static Py call_entry(Elab *e, const Entry *en, Fitting *f, Py args) {
    const Tracing *t = en->tracing;
    for (int i = 0; i < t->imports.n; i++) {
        Value *here = t->imports.entries[i].value, *outer = (Value *)(uintptr_t)t->imports.entries[i].key;
        if (!here || here->def) continue;
        Value *now = map_get(&f->values, outer);
        PUSH(e->arena, &f->args, now ? now : outer);
    }
    Inst *in = call_func(e, t->func, f->args.at, f->args.n, &f->sizes);
    DimMap sizes = f->sizes, bound = sizes_bound_by(e, in);
    for (int i = 0; i < bound.n; i++) dim_map_add(e->cx, &sizes, bound.from[i], bound.to[i]);
    Leaving l = { en, args, in->results, &sizes };
    return leave(e, &l, en->result);
}

/* Makes the IR function; NULL (and all taken back) where that cannot be done. */
static Entry *make(Elab *e, Py function, const Args *a, Py args) {
    int mark = journal_mark(e), errors = diag_mark(e->cx), plain_calls = e->plain_calls;
    Tracing *t = NEW(e->arena, Tracing);
    tracing_begin(e, t, function->function.name, function->function.name);
    t->watched = true;
    Entry *en = NEW(e->arena, Entry);
    en->tracing = t;
    en->function = function;
    en->args = args;
    en->nargs = a->nargs;
    en->x64 = e->x64;
    en->partitionable = e->partitionable;
    en->flavour = e->flavour;
    en->axes = e->axes;
    for (int i = 0; i < a->nkeywords; i++) PUSH(e->arena, &en->keywords, a->names[i]);
    en->copies = copy_in(e, args);
    Args inner = *a;
    inner.args = en->copies->contents->at;
    inner.values = inner.args + a->nargs;
    inner.spans = NULL;
    en->result = run_function(e, function, &inner);
    ValueList out = { 0 };
    bool right = en->result->kind != PY_ERROR && !e->abandoned && diag_mark(e->cx) == errors && !t->writes_outside &&
                 untouched(en->copies) && export(e, en->result, t->born, &out) && e->plain_calls == plain_calls;
    tracing_end(e, out.at, right ? out.n : 0);
    if (right) {
        journal_keep(e, mark);
        return en;
    }
    journal_undo(e, mark);
    diag_rewind(e->cx, errors);
    e->abandoned = false;
    return NULL;
}

Py memo_call(Elab *e, Py f, const Args *a) {
    Node *node = f->function.node;
    Known *known = map_get(&e->memory, node);
    if (!known) {
        known = NEW(e->arena, Known);
        map_set(&e->memory, node, known);
    }
    bool plain = node->kind == NODE_FunctionDef && !node->FunctionDef.scope->generator;
    if (!plain || known->inlined || known->calls++ == 0) return run_function(e, f, a);
    Py *all = NEW_ARRAY(e->arena, Py, a->nargs + a->nkeywords + 1);
    if (a->nargs) memcpy(all, a->args, sizeof *all * (size_t)a->nargs);
    if (a->nkeywords) memcpy(all + a->nargs, a->values, sizeof *all * (size_t)a->nkeywords);
    Py args = py_tuple(e, a->nargs + a->nkeywords, all);
    int leaves = 0;
    if (!can_enter(e, args, 0, &leaves) || !leaves) return run_function(e, f, a);
    Fitting fit;
    for (Entry *en = known->first; en; en = en->next)
        if (fits_call(e, &fit, en, f, a, args)) return call_entry(e, en, &fit, args);
    if (known->entries == MOST_ENTRIES) return run_function(e, f, a);
    Entry *en = make(e, f, a, args);
    if (!en) {
        known->inlined = true;
        return run_function(e, f, a);
    }
    en->next = known->first;
    known->first = en;
    known->entries++;
    return fits_call(e, &fit, en, f, a, args) ? call_entry(e, en, &fit, args) : run_function(e, f, a);
}
