/* records: classes whose fields are declared: NamedTuple and @dataclass.
**
** A NamedTuple is a tuple with a class.  A dataclass is a class to which methods are added, as Python does. */
#include "elaborate/values.h"

#include <string.h>

static int field_index(const PyClass *c, const char *name) {
    for (int i = 0; i < c->nfields; i++)
        if (strcmp(c->fields[i], name) == 0) return i;
    return -1;
}

static int field_add(Elab *e, PyClass *c, const char *name) {
    int i = field_index(c, name);
    if (i >= 0) return i;
    size_t n = (size_t)c->nfields;
    c->fields = arena_grow(e->arena, c->fields, n * sizeof *c->fields, (n + 1) * sizeof *c->fields);
    c->defaults = arena_grow(e->arena, c->defaults, n * sizeof *c->defaults, (n + 1) * sizeof *c->defaults);
    c->factories = arena_grow(e->arena, c->factories, n * sizeof *c->factories, (n + 1) * sizeof *c->factories);
    c->options = arena_grow(e->arena, c->options, n * sizeof *c->options, (n + 1) * sizeof *c->options);
    c->fields[n] = name_of(e->cx, name);
    return c->nfields++;
}

/* The fields of the bases come first, those of the last base at the very front. */
void record_inherit(Elab *e, Py cls) {
    PyClass *c = cls->class_;
    for (int i = c->norder - 1; i > 0; i--) {
        PyClass *base = c->order[i]->class_;
        c->named_tuple |= base->named_tuple;
        c->dataclass |= base->dataclass;
        c->frozen |= base->frozen;
        for (int k = 0; k < base->nfields; k++) {
            int at = field_add(e, c, base->fields[k]);
            c->defaults[at] = base->defaults[k];
            c->factories[at] = base->factories[k];
            c->options[at] = base->options[k];
        }
    }
}

/* `ClassVar` and `ClassVar[...]` declare no field. */
static bool is_class_variable(const Node *annotation) {
    if (annotation->kind == NODE_Subscript) annotation = annotation->Subscript.value;
    if (annotation->kind == NODE_Attribute) return strcmp(annotation->Attribute.attr, "ClassVar") == 0;
    return annotation->kind == NODE_Name && strcmp(annotation->Name.id, "ClassVar") == 0;
}

void record_annotation(Elab *e, PyClass *c, const char *name, const Node *annotation) {
    if (is_class_variable(annotation)) return;
    for (int i = 0; i < c->annotated.n; i++)
        if (c->annotated.at[i] == name) return;
    PUSH(e->arena, &c->annotated, name);
}

/* Arguments to fields, in the order of the fields; what has no argument stays NULL. */
static bool bind_fields(Elab *e, PyClass *c, const Args *a, int skip, Py *value) {
    int given = skip;
    for (int i = 0; i < c->nfields && given < a->nargs; i++)
        if (!(c->options[i] & (FIELD_NO_INIT | FIELD_KEYWORD))) value[i] = a->args[given++];
    if (given < a->nargs) {
        fail(e, a->span, "%s() takes %d argument%s, and was given %d", c->name, given - skip,
             given - skip == 1 ? "" : "s", a->nargs - skip);
        return false;
    }
    for (int k = 0; k < a->nkeywords; k++) {
        int i = field_index(c, a->names[k]);
        if (i < 0 || (c->options[i] & FIELD_NO_INIT)) {
            fail(e, a->span, "%s() has no argument named %s", c->name, a->names[k]);
            return false;
        }
        if (value[i]) {
            fail(e, a->span, "%s() was given %s twice", c->name, a->names[k]);
            return false;
        }
        value[i] = a->values[k];
    }
    for (int i = 0; i < c->nfields; i++) {
        if (value[i]) continue;
        value[i] = c->factories[i] ? call_values(e, c->factories[i], 0, NULL, a->span) : c->defaults[i];
        if (value[i] || (c->options[i] & FIELD_NO_INIT)) continue;
        fail(e, a->span, "%s() needs its field %s", c->name, c->fields[i]);
        return false;
    }
    return true;
}

/* NamedTuple */

Py record_tuple(Elab *e, Py cls, const Args *a) {
    PyClass *c = cls->class_;
    Py *value = NEW_ARRAY(e->arena, Py, c->nfields + 1);
    if (!bind_fields(e, c, a, 0, value)) return e->error;
    return record_tuple_of(e, cls, value);
}

Py record_tuple_of(Elab *e, Py cls, Py const *values) {
    Py x = py_list(e, cls->class_->nfields, values);
    x->kind = PY_TUPLE;
    x->cls = cls;
    return x;
}

static void set_fields_members(Elab *e, Py cls) {
    PyClass *c = cls->class_;
    Py *names = NEW_ARRAY(e->arena, Py, c->nfields + 1);
    for (int i = 0; i < c->nfields; i++) names[i] = py_str(e, c->fields[i]);
    Py all = py_tuple(e, c->nfields, names);
    class_set(e, cls, "__match_args__", all);
    if (!c->named_tuple) return;
    class_set(e, cls, "_fields", all);
    Py make = py_new(e, PY_PROPERTY);
    make->wrapped.what = "classmethod";
    make->wrapped.wrapped = py_native(e, "namedtuple", "_make");
    class_set(e, cls, "_make", make);
}

static void member_remove(Elab *e, PyClass *c, const char *name) {
    Contents *m = contents_change(e, c->members);
    int at = contents_find(e, m, py_str(e, name));
    if (at < 0) return;
    for (int i = at; i + 1 < m->n; i++) m->at[i] = m->at[i + 1], m->keys[i] = m->keys[i + 1];
    m->n--;
}

/* The body of a class built on NamedTuple has run. */
void record_named_tuple(Elab *e, Py cls, Span span) {
    PyClass *c = cls->class_;
    bool subclass = c->norder > 1;
    for (int i = 0; !subclass && i < c->annotated.n; i++) {
        const char *name = c->annotated.at[i];
        if (*name == '_') fail(e, span, "the field %s of a NamedTuple may not begin with an underscore", name);
        int at = field_add(e, c, name);
        c->defaults[at] = attribute_get(e, c->members, name);
        if (!c->defaults[at] && at && c->defaults[at - 1])
            fail(e, span, "the field %s of %s has no default, and stands behind one that has", name, c->name);
        member_remove(e, c, name);
    }
    set_fields_members(e, cls);
}

/* A class that no `class` statement made: namedtuple("P", "x y"). */
static Py tuple_class(Elab *e, Py name, int n, Py const *fields, Py defaults, Span span) {
    const char *text;
    if (!py_static_text(name, &text)) return fail(e, span, "the name of a namedtuple must be known when compiling");
    Py cls = py_new(e, PY_CLASS);
    PyClass *c = cls->class_ = NEW(e->arena, PyClass);
    c->name = name_of(e->cx, text);
    c->named_tuple = true;
    c->library = true;
    c->members = py_dict(e);
    c->order = arena_copy(e->arena, &cls, sizeof cls);
    c->norder = 1;
    for (int i = 0; i < n; i++) {
        if (!py_static_text(fields[i], &text)) return fail(e, span, "the fields of a namedtuple must be str");
        field_add(e, c, text);
    }
    if (c->nfields != n) return fail(e, span, "two fields of %s have the same name", c->name);
    if (defaults->kind != PY_NONE) {
        Py *items;
        int have;
        if (!iterate(e, defaults, &items, &have, span)) return e->error;
        if (have > n) return fail(e, span, "%s has more defaults than fields", c->name);
        for (int i = 0; i < have; i++) c->defaults[n - have + i] = items[i];
    }
    set_fields_members(e, cls);
    return cls;
}

/* NamedTuple("P", [("x", int), ("y", int)]), namedtuple("P", "x y") and namedtuple("P", ["x", "y"]). */
Py native_primitives_NamedTuple(Elab *e, Call *c) {
    const char *text;
    Leaves fields = { 0 };
    if (py_static_text(c->arg[1], &text)) {
        while (*(text += strspn(text, " ,\t\n"))) {
            int n = (int)strcspn(text, " ,\t\n");
            Py name = py_str_n(e, text, n);
            PUSH(e->arena, &fields, name);
            text += n;
        }
        return tuple_class(e, c->arg[0], fields.n, fields.at, c->arg[2], c->span);
    }
    Py *items;
    int n;
    if (!iterate(e, c->arg[1], &items, &n, c->span)) return e->error;
    for (int i = 0; i < n; i++) {
        bool pair = items[i]->kind == PY_TUPLE && items[i]->contents->n == 2;
        PUSH(e->arena, &fields, pair ? items[i]->contents->at[0] : items[i]);
    }
    return tuple_class(e, c->arg[0], fields.n, fields.at, c->arg[2], c->span);
}

Py native_namedtuple__replace(Elab *e, Call *c) {
    Py x = c->arg[0];
    PyClass *cls = x->cls->class_;
    Py *value = NEW_ARRAY(e->arena, Py, cls->nfields + 1);
    memcpy(value, x->contents->at, sizeof *value * (size_t)cls->nfields);
    const Contents *new = contents_of(e, c->arg[1]);
    for (int i = 0; i < new->n; i++) {
        int at = field_index(cls, new->keys[i]->str.at);
        if (at < 0) return fail(e, c->span, "%s has no field %s", cls->name, new->keys[i]->str.at);
        value[at] = new->at[i];
    }
    return record_tuple_of(e, x->cls, value);
}

Py native_namedtuple__asdict(Elab *e, Call *c) {
    Py d = py_dict(e), x = c->arg[0];
    for (int i = 0; i < x->cls->class_->nfields; i++)
        dict_set(e, d, py_str(e, x->cls->class_->fields[i]), x->contents->at[i]);
    return d;
}

Py native_namedtuple__make(Elab *e, Call *c) {
    Py *items;
    int n;
    if (!iterate(e, c->arg[1], &items, &n, c->span)) return e->error;
    PyClass *cls = c->arg[0]->class_;
    if (n != cls->nfields) return fail(e, c->span, "%s has %d fields, and was given %d", cls->name, cls->nfields, n);
    return record_tuple_of(e, c->arg[0], items);
}

/* @dataclass */

typedef struct {
    Py preset, factory;
    unsigned options;
} FieldSpec;

static Py field_called(Elab *e, Py self, const Args *a) {
    (void)self;
    return fail(e, a->span, "what field(...) gives stands in the body of a dataclass only");
}

Py native_primitives_field(Elab *e, Call *c) {
    static const struct {
        const char *name;
        unsigned when_false, when_true;
    } switches[] = {
        { "init", FIELD_NO_INIT, 0 },
        { "repr", FIELD_NO_REPR, 0 },
        { "compare", FIELD_NO_COMPARE, 0 },
        { "kw_only", 0, FIELD_KEYWORD },
    };
    const Contents *given = contents_of(e, c->arg[0]);
    FieldSpec *spec = NEW(e->arena, FieldSpec);
    for (int i = 0; i < given->n; i++) {
        const char *name = given->keys[i]->str.at;
        Py x = given->at[i];
        Value *v;
        if (strcmp(name, "default") == 0)
            spec->preset = x;
        else if (strcmp(name, "default_factory") == 0)
            spec->factory = x;
        else if (strcmp(name, "metadata") == 0) {
            Py fixed = x->kind == PY_DICT ? dict_get(e, x, py_str(e, "static")) : NULL;
            if (fixed && py_truth(e, fixed, &v) == 1) spec->options |= FIELD_STATIC;
        } else if (strcmp(name, "hash") != 0) {
            int k = 0;
            while (k < COUNT(switches) && strcmp(switches[k].name, name) != 0) k++;
            if (k == COUNT(switches)) return fail(e, c->span, "field() has no argument named %s", name);
            spec->options |= py_truth(e, x, &v) ? switches[k].when_true : switches[k].when_false;
        }
    }
    if (spec->preset && spec->factory)
        return fail(e, c->span, "field() takes default or default_factory, and was given both");
    return py_closure(e, "field", field_called, spec, NULL);
}

static const FieldSpec *field_spec(Py x) {
    return x && x->kind == PY_CLOSURE && x->closure.call == field_called ? x->closure.data : NULL;
}

/* The generated __init__(self, ...); `data` of all generated methods is the class. */
static Py dataclass_init(Elab *e, Py self, const Args *a) {
    Py cls = self->closure.data;
    PyClass *c = cls->class_;
    if (!a->nargs || a->args[0]->kind != PY_OBJECT) return fail(e, a->span, "%s.__init__() needs its object", c->name);
    Py *value = NEW_ARRAY(e->arena, Py, c->nfields + 1);
    if (!bind_fields(e, c, a, 1, value)) return e->error;
    for (int i = 0; i < c->nfields; i++)
        if (value[i]) dict_set(e, a->args[0], py_str(e, c->fields[i]), value[i]);
    if (!class_lookup(e, a->args[0]->cls, "__post_init__")) return e->none;
    Py r = call_method(e, a->args[0], "__post_init__", 0, NULL, a->span);
    return r->kind == PY_ERROR ? r : e->none;
}

static Py fields_text(Elab *e, Py self, const Args *a) {
    Py x = a->args[0];
    PyClass *c = x->cls->class_;
    Leaves parts = { 0 };
    Py part = py_str(e, arena_text(e->arena, "%s(", c->name));
    PUSH(e->arena, &parts, part);
    for (int i = 0, shown = 0; i < c->nfields; i++) {
        if (c->options[i] & FIELD_NO_REPR) continue;
        Py value = attribute(e, x, c->fields[i], a->span);
        part = py_str(e, arena_text(e->arena, "%s%s=", shown++ ? ", " : "", c->fields[i]));
        PUSH(e->arena, &parts, part);
        part = text_of(e, value, 'r', "", a->span);
        PUSH(e->arena, &parts, part);
    }
    part = py_str(e, ")");
    PUSH(e->arena, &parts, part);
    (void)self;
    return text_join(e, parts.n, parts.at);
}

static Py compared_fields(Elab *e, Py x, Span span) {
    PyClass *c = x->cls->class_;
    Leaves all = { 0 };
    for (int i = 0; i < c->nfields; i++) {
        if (c->options[i] & FIELD_NO_COMPARE) continue;
        Py value = attribute(e, x, c->fields[i], span);
        PUSH(e->arena, &all, value);
    }
    return py_tuple(e, all.n, all.at);
}

static const struct {
    const char *name;
    Operator op;
} comparisons[] = {
    { "__eq__", OPERATOR_Eq }, { "__lt__", OPERATOR_Lt },  { "__le__", OPERATOR_LtE },
    { "__gt__", OPERATOR_Gt }, { "__ge__", OPERATOR_GtE },
};

static Py dataclass_compare(Elab *e, Py self, const Args *a) {
    if (a->nargs != 2) return fail(e, a->span, "%s() takes two objects", self->closure.name);
    Py x = a->args[0], y = a->args[1];
    if (y->kind != PY_OBJECT || y->cls != x->cls) return e->not_implemented;
    int i = 0;
    while (strcmp(comparisons[i].name, self->closure.name) != 0) i++;
    return compare(e, comparisons[i].op, compared_fields(e, x, a->span), compared_fields(e, y, a->span), a->span);
}

/* Adds a method unless the class body wrote one. */
static void add_method(Elab *e, Py cls, const char *name, ClosureFn f) {
    if (!attribute_get(e, cls->class_->members, name)) class_set(e, cls, name, py_closure(e, name, f, cls, NULL));
}

static bool option(Elab *e, Py options, const char *name, bool otherwise) {
    Py x = dict_get(e, options, py_str(e, name));
    Value *v;
    return x ? py_truth(e, x, &v) == 1 : otherwise;
}

static Py make_dataclass(Elab *e, Py cls, Py options, Span span) {
    static const char *const known[] = { "init",   "repr",       "eq",      "order", "unsafe_hash",
                                         "frozen", "match_args", "kw_only", "slots", "weakref_slot" };
    if (cls->kind != PY_CLASS) return fail(e, span, "dataclass takes a class, and was given %s", py_describe(e, cls));
    PyClass *c = cls->class_;
    const Contents *given = contents_of(e, options);
    for (int i = 0; i < given->n; i++) {
        int k = 0;
        while (k < COUNT(known) && strcmp(known[k], given->keys[i]->str.at) != 0) k++;
        if (k == COUNT(known)) return fail(e, span, "dataclass() has no argument named %s", given->keys[i]->str.at);
    }
    bool keyword = option(e, options, "kw_only", false);
    c->dataclass = true;
    c->frozen = option(e, options, "frozen", false);
    const char *behind = NULL;
    for (int i = 0; i < c->annotated.n; i++) {
        const char *name = c->annotated.at[i];
        int at = field_add(e, c, name);
        Py preset = attribute_get(e, c->members, name);
        const FieldSpec *spec = field_spec(preset);
        c->options[at] = (spec ? spec->options : 0) | (keyword ? FIELD_KEYWORD : 0);
        c->defaults[at] = spec ? spec->preset : preset;
        c->factories[at] = spec ? spec->factory : NULL;
        if (spec && spec->preset)
            class_set(e, cls, name, spec->preset);
        else if (spec)
            member_remove(e, c, name);
        Py d = c->defaults[at];
        if (d && (d->kind == PY_LIST || d->kind == PY_DICT || d->kind == PY_SET))
            return fail(e, span,
                        "the default of %s is a %s, which all objects would share; write field(default_factory=...)",
                        name, py_type_name(e, d));
    }
    for (int i = 0; i < c->nfields; i++) {
        if (c->options[i] & (FIELD_KEYWORD | FIELD_NO_INIT)) continue;
        if (c->defaults[i] || c->factories[i])
            behind = c->fields[i];
        else if (behind)
            return fail(e, span, "the field %s has no default, and stands behind %s, which has one", c->fields[i],
                        behind);
    }
    if (option(e, options, "init", true)) add_method(e, cls, "__init__", dataclass_init);
    if (option(e, options, "repr", true)) add_method(e, cls, "__repr__", fields_text);
    if (option(e, options, "eq", true)) add_method(e, cls, "__eq__", dataclass_compare);
    for (int i = 1; i < COUNT(comparisons) && option(e, options, "order", false); i++)
        add_method(e, cls, comparisons[i].name, dataclass_compare);
    set_fields_members(e, cls);
    return cls;
}

static Py dataclass_with_options(Elab *e, Py self, const Args *a) {
    if (a->nargs != 1) return fail(e, a->span, "dataclass(...) decorates one class");
    return make_dataclass(e, a->args[0], self->closure.data, a->span);
}

Py native_primitives_dataclass(Elab *e, Call *c) {
    if (c->arg[0]->kind == PY_NONE) return py_closure(e, "dataclass", dataclass_with_options, c->arg[1], NULL);
    return make_dataclass(e, c->arg[0], c->arg[1], c->span);
}

static bool is_record(Py x) { return x->kind == PY_OBJECT && x->cls->class_->dataclass; }

Py native_primitives_replace(Elab *e, Call *c) {
    Py x = c->arg[0];
    if (!is_record(x))
        return fail(e, c->span, "replace() takes an object of a dataclass, and was given %s", py_describe(e, x));
    PyClass *cls = x->cls->class_;
    const Contents *new = contents_of(e, c->arg[1]);
    Names names = { 0 };
    Leaves values = { 0 };
    for (int i = 0; i < cls->nfields; i++) {
        Py value = dict_get(e, c->arg[1], py_str(e, cls->fields[i]));
        if (cls->options[i] & FIELD_NO_INIT) continue;
        if (!value) value = attribute(e, x, cls->fields[i], c->span);
        PUSH(e->arena, &names, cls->fields[i]);
        PUSH(e->arena, &values, value);
    }
    for (int i = 0; i < new->n; i++) {
        int at = field_index(cls, new->keys[i]->str.at);
        if (at < 0 || (cls->options[at] & FIELD_NO_INIT))
            return fail(e, c->span, "%s has no field %s", cls->name, new->keys[i]->str.at);
    }
    Args a = { .nkeywords = names.n, .names = names.at, .values = values.at, .span = c->span };
    return call(e, x->cls, &a);
}

/* Dataclasses inside lists, tuples and dicts are taken apart too. */
static Py taken_apart(Elab *e, Py x, bool as_dict, Span span) {
    if (is_record(x)) {
        PyClass *c = x->cls->class_;
        Py d = py_dict(e), *value = NEW_ARRAY(e->arena, Py, c->nfields + 1);
        for (int i = 0; i < c->nfields; i++) {
            value[i] = taken_apart(e, attribute(e, x, c->fields[i], span), as_dict, span);
            if (as_dict) dict_set(e, d, py_str(e, c->fields[i]), value[i]);
        }
        return as_dict ? d : py_tuple(e, c->nfields, value);
    }
    if (x->kind != PY_LIST && x->kind != PY_TUPLE && x->kind != PY_DICT) return x;
    const Contents *from = contents_of(e, x);
    Py *value = NEW_ARRAY(e->arena, Py, from->n + 1);
    for (int i = 0; i < from->n; i++) value[i] = taken_apart(e, from->at[i], as_dict, span);
    if (x->kind == PY_LIST) return py_list(e, from->n, value);
    if (x->kind == PY_TUPLE) return x->cls ? record_tuple_of(e, x->cls, value) : py_tuple(e, from->n, value);
    Py d = py_dict(e);
    for (int i = 0; i < from->n; i++) dict_set(e, d, from->keys[i], value[i]);
    return d;
}

Py native_primitives_asdict(Elab *e, Call *c) {
    if (!is_record(c->arg[0]))
        return fail(e, c->span, "asdict() takes an object of a dataclass, and was given %s", py_describe(e, c->arg[0]));
    return taken_apart(e, c->arg[0], true, c->span);
}

Py native_primitives_astuple(Elab *e, Call *c) {
    if (!is_record(c->arg[0]))
        return fail(e, c->span, "astuple() takes an object of a dataclass, and was given %s",
                    py_describe(e, c->arg[0]));
    return taken_apart(e, c->arg[0], false, c->span);
}

Py native_primitives_is_dataclass(Elab *e, Call *c) {
    Py x = c->arg[0];
    return py_bool(e, is_record(x) || (x->kind == PY_CLASS && x->class_->dataclass));
}

/* dataclasses.fields: what is known of each field. */
Py native_primitives_fields(Elab *e, Call *c) {
    Py x = c->arg[0], cls = x->kind == PY_CLASS ? x : x->cls;
    if (!cls || !cls->class_->dataclass)
        return fail(e, c->span, "fields() takes a dataclass, and was given %s", py_describe(e, x));
    PyClass *k = cls->class_;
    Py names[3] = { py_str(e, "name"), py_str(e, "default"), py_str(e, "default_factory") };
    Py kind = tuple_class(e, py_str(e, "Field"), 3, names, e->none, c->span),
       *all = NEW_ARRAY(e->arena, Py, k->nfields + 1);
    for (int i = 0; i < k->nfields; i++) {
        Py parts[3] = { py_str(e, k->fields[i]), k->defaults[i] ? k->defaults[i] : e->none,
                        k->factories[i] ? k->factories[i] : e->none };
        all[i] = record_tuple_of(e, kind, parts);
    }
    return py_tuple(e, k->nfields, all);
}
