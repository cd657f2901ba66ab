/* operators: which arithmetic an operator means, by what it is given: numbers, arrays, strings and containers, objects. */
#include "elaborate/values.h"
#include "jxl/runtime.h"

#include <string.h>

static bool arithmetic(Py x) { return py_is_number(x) || x->kind == PY_ARRAY; }

static const char *const method_names[][2] = {
    [OPERATOR_Add] = { "__add__", "__radd__" },
    [OPERATOR_Sub] = { "__sub__", "__rsub__" },
    [OPERATOR_Mult] = { "__mul__", "__rmul__" },
    [OPERATOR_MatMult] = { "__matmul__", "__rmatmul__" },
    [OPERATOR_Div] = { "__truediv__", "__rtruediv__" },
    [OPERATOR_Mod] = { "__mod__", "__rmod__" },
    [OPERATOR_Pow] = { "__pow__", "__rpow__" },
    [OPERATOR_LShift] = { "__lshift__", "__rlshift__" },
    [OPERATOR_RShift] = { "__rshift__", "__rrshift__" },
    [OPERATOR_BitOr] = { "__or__", "__ror__" },
    [OPERATOR_BitXor] = { "__xor__", "__rxor__" },
    [OPERATOR_BitAnd] = { "__and__", "__rand__" },
    [OPERATOR_FloorDiv] = { "__floordiv__", "__rfloordiv__" },
    [OPERATOR_Invert] = { "__invert__", NULL },
    [OPERATOR_UAdd] = { "__pos__", NULL },
    [OPERATOR_USub] = { "__neg__", NULL },
    [OPERATOR_Eq] = { "__eq__", "__eq__" },
    [OPERATOR_NotEq] = { "__ne__", "__ne__" },
    [OPERATOR_Lt] = { "__lt__", "__gt__" },
    [OPERATOR_LtE] = { "__le__", "__ge__" },
    [OPERATOR_Gt] = { "__gt__", "__lt__" },
    [OPERATOR_GtE] = { "__ge__", "__le__" },
};

static bool has_method(Elab *e, Py x, const char *name) { return x->cls && class_lookup(e, x->cls, name); }

/* An object's own method, or the other's reflected one; NULL where neither has it. */
static Py by_method(Elab *e, Operator op, Py x, Py y, Span span) {
    const char *const *names = method_names[op];
    if (has_method(e, x, names[0])) {
        Py r = call_method(e, x, names[0], 1, &y, span);
        if (r->kind != PY_NOT_IMPLEMENTED) return r;
    }
    if (names[1] && has_method(e, y, names[1])) {
        Py r = call_method(e, y, names[1], 1, &x, span);
        if (r->kind != PY_NOT_IMPLEMENTED) return r;
    }
    return NULL;
}

static Py undefined(Elab *e, Operator op, Py x, Py y, Span span) {
    return fail(e, span, "`%s` is not defined for %s and %s", operator_text(op), py_describe(e, x), py_describe(e, y));
}

static Py joined(Elab *e, Py x, Py y) {
    const Contents *a = contents_of(e, x), *b = contents_of(e, y);
    Py *at = NEW_ARRAY(e->arena, Py, a->n + b->n + 1);
    if (a->n) memcpy(at, a->at, sizeof *at * (size_t)a->n);
    if (b->n) memcpy(at + a->n, b->at, sizeof *at * (size_t)b->n);
    return x->kind == PY_TUPLE ? py_tuple(e, a->n + b->n, at) : py_list(e, a->n + b->n, at);
}

static Py repeated(Elab *e, Py x, Py times, Span span) {
    int64_t n;
    if (!py_static_int(e, times, &n)) {
        Py item = x->kind == PY_STR ? x : x->contents->n == 1 && x->kind == PY_LIST ? x->contents->at[0] : NULL;
        if (!item || !py_is_index(times))
            return fail(e, span, "how often a %s is repeated must be known when compiling", py_type_name(e, x));
        Py list = growing_repeated(e, item, times, span);
        return list->kind == PY_LIST && x->kind == PY_STR ? growing_join(e, list, py_str(e, ""), span) : list;
    }
    if (n < 0) n = 0;
    if (x->kind == PY_STR) {
        if (n * x->str.n > 1 << 24) return fail(e, span, "this str is too long");
        Text t = text_new(e->arena);
        for (int64_t i = 0; i < n; i++) text_put(&t, x->str.at, x->str.n);
        return py_str_n(e, t.at ? t.at : "", t.n);
    }
    const Contents *c = contents_of(e, x);
    if (n * c->n > 1 << 20) return fail(e, span, "this %s is too long", py_type_name(e, x));
    Py *at = NEW_ARRAY(e->arena, Py, n * c->n + 1);
    for (int64_t i = 0; i < n; i++) memcpy(at + i * c->n, c->at, sizeof *at * (size_t)c->n);
    return x->kind == PY_TUPLE ? py_tuple(e, (int)n * c->n, at) : py_list(e, (int)n * c->n, at);
}

static bool is_text(Py x) { return x->kind == PY_STR || x->kind == PY_TEXT; }
static bool is_sequence(Py x) { return x->kind == PY_LIST || x->kind == PY_TUPLE || x->kind == PY_STR; }

static Py set_operation(Elab *e, Operator op, Py x, Py y) {
    Py r = py_set(e);
    const Contents *a = contents_of(e, x), *b = contents_of(e, y);
    for (int i = 0; i < a->n; i++) {
        bool other = contents_find(e, b, a->keys[i]) >= 0;
        if (op == OPERATOR_BitOr || (op == OPERATOR_BitAnd) == other) dict_set(e, r, a->keys[i], e->none);
    }
    for (int i = 0; i < b->n && (op == OPERATOR_BitOr || op == OPERATOR_BitXor); i++)
        if (op == OPERATOR_BitOr || contents_find(e, a, b->keys[i]) < 0) dict_set(e, r, b->keys[i], e->none);
    return r;
}

/* A list times a 0-d array is an array, a text is repeated. */
static bool can_repeat(Py x, Py times) { return py_is_number(times) || (x->kind == PY_STR && py_is_index(times)); }

/* What neither numbers nor arrays take part in; NULL: nothing known. */
static Py structures(Elab *e, Operator op, Py x, Py y, Span span) {
    if (op == OPERATOR_Add && is_text(x) && is_text(y)) return text_join(e, 2, (Py[]){ x, y });
    if (op == OPERATOR_Add && x->kind == y->kind && (x->kind == PY_LIST || x->kind == PY_TUPLE)) return joined(e, x, y);
    if (op == OPERATOR_Mult && is_sequence(x) && can_repeat(x, y)) return repeated(e, x, y, span);
    if (op == OPERATOR_Mult && is_sequence(y) && can_repeat(y, x)) return repeated(e, y, x, span);
    if (op == OPERATOR_Mod && is_text(x)) return text_percent(e, x, y, span);
    if (x->kind == PY_SET && y->kind == PY_SET) return set_operation(e, op, x, y);
    if (x->kind == PY_DICT && y->kind == PY_DICT && op == OPERATOR_BitOr) {
        Py r = py_dict(e);
        const Contents *a = contents_of(e, x), *b = contents_of(e, y);
        for (int i = 0; i < a->n; i++) dict_set(e, r, a->keys[i], a->at[i]);
        for (int i = 0; i < b->n; i++) dict_set(e, r, b->keys[i], b->at[i]);
        return r;
    }
    return NULL;
}

/* Arrays: the library's functions of these names say what the operators mean (jxl/array.jxl). */
static Py array_operator(Elab *e, const char *name, int n, Py const *x, Span span) {
    Py module = import_module(e, "jxl.array", span);
    Py f = module->kind == PY_MODULE ? attribute_or_null(e, module, name) : NULL;
    if (!f) return fail(e, span, "arrays have no %s", name);
    return call_values(e, f, n, x, span);
}

static bool unusable(Py x) { return x->kind == PY_ERROR; }

Py binary(Elab *e, Operator op, Py x, Py y, Span span) {
    if (unusable(x) || unusable(y)) return e->error;
    if (py_is_number(x) && py_is_number(y) && op != OPERATOR_MatMult) return number_binary(e, op, x, y, span);
    Py r = by_method(e, op, x, y, span);
    if (r) return r;
    r = structures(e, op, x, y, span);
    if (r) return r;
    if (arithmetic(x) && arithmetic(y)) {
        static const struct {
            Operator op;
            Op direct;
        } same[] = { { OPERATOR_Add, OP_add }, { OPERATOR_Sub, OP_sub }, { OPERATOR_Mult, OP_mul } };
        Py both[2] = { x, y };
        for (int i = 0; i < COUNT(same); i++) {
            bool bools = op == OPERATOR_Sub || (kind_of(e, x).dtype == DT_bool && kind_of(e, y).dtype == DT_bool);
            if (same[i].op == op && !bools) return elementwise(e, same[i].direct, 2, both, operator_text(op), span);
        }
        return array_operator(e, method_names[op][0], 2, both, span);
    }
    return undefined(e, op, x, y, span);
}

Py unary(Elab *e, Operator op, Py x, Span span) {
    if (unusable(x)) return e->error;
    if (op == OPERATOR_Not) {
        Value *c;
        int known = py_truth(e, x, &c);
        if (known == -2) return e->error;
        return known >= 0 ? py_bool(e, !known) : py_scalar(e, NUMBER_BOOL, ir_not(e->b, c));
    }
    if (py_is_number(x)) return number_unary(e, op, x, span);
    if (has_method(e, x, method_names[op][0])) return call_method(e, x, method_names[op][0], 0, NULL, span);
    if (x->kind == PY_ARRAY) return array_operator(e, method_names[op][0], 1, &x, span);
    return fail(e, span, "`%s` is not defined for %s", operator_text(op), py_describe(e, x));
}

static Py negated(Elab *e, Py x, Span span) { return unary(e, OPERATOR_Not, x, span); }

/* == of tuples, lists and dicts: all parts are equal.  A run-time part gives a run-time answer. */
static Py equal(Elab *e, Py x, Py y, Span span);

static Py all_equal(Elab *e, int n, Py const *x, Py const *y, Span span) {
    Py result = e->true_;
    for (int i = 0; i < n; i++) {
        Py one = equal(e, x[i], y[i], span);
        Value *c;
        int known = py_truth(e, one, &c);
        if (known == -2) return e->error;
        if (known == 0) return e->false_;
        if (known == 1) continue;
        Py run = py_scalar(e, NUMBER_BOOL, c);
        result = result == e->true_ ? run : number_binary(e, OPERATOR_BitAnd, result, run, span);
    }
    return result;
}

static Py equal(Elab *e, Py x, Py y, Span span) {
    if (arithmetic(x) && arithmetic(y)) return compare(e, OPERATOR_Eq, x, y, span);
    if (x == y) return e->true_;
    Py r = by_method(e, OPERATOR_Eq, x, y, span);
    if (r) return r;
    bool sequences = (x->kind == PY_LIST && y->kind == PY_LIST) || (x->kind == PY_TUPLE && y->kind == PY_TUPLE);
    if (sequences) {
        const Contents *a = contents_of(e, x), *b = contents_of(e, y);
        return a->n != b->n ? e->false_ : all_equal(e, a->n, a->at, b->at, span);
    }
    if ((x->kind == PY_DICT && y->kind == PY_DICT) || (x->kind == PY_SET && y->kind == PY_SET)) {
        const Contents *a = contents_of(e, x), *b = contents_of(e, y);
        if (a->n != b->n) return e->false_;
        Py *other = NEW_ARRAY(e->arena, Py, a->n + 1);
        for (int i = 0; i < a->n; i++) {
            int at = contents_find(e, b, a->keys[i]);
            if (at < 0) return e->false_;
            other[i] = b->at[at];
        }
        return x->kind == PY_SET ? e->true_ : all_equal(e, a->n, a->at, other, span);
    }
    if (x->kind == PY_OBJECT && y->kind == PY_OBJECT && x->cls == y->cls && x->cls->class_->dataclass) {
        const Contents *a = contents_of(e, x), *b = contents_of(e, y);
        return a->n != b->n ? e->false_ : all_equal(e, a->n, a->at, b->at, span);
    }
    if (x->kind == PY_DTYPE || y->kind == PY_DTYPE) {
        DType a, b;
        bool may = (x->kind == PY_DTYPE || x->kind == PY_STR || x->kind == PY_TYPE) &&
                   (y->kind == PY_DTYPE || y->kind == PY_STR || y->kind == PY_TYPE);
        if (!may) return e->false_;
        return py_bool(e, to_dtype(e, x, &a, span) && to_dtype(e, y, &b, span) && a == b);
    }
    if (x->kind == PY_RANGE && y->kind == PY_RANGE)
        return all_equal(e, 3, (Py[]){ x->slice.start, x->slice.stop, x->slice.step },
                         (Py[]){ y->slice.start, y->slice.stop, y->slice.step }, span);
    if (x->kind == PY_TREEDEF && y->kind == PY_TREEDEF)
        return py_bool(e, tree_same(e, x->wrapped.wrapped, y->wrapped.wrapped));
    if ((x->kind == PY_TEXT && is_text(y)) || (y->kind == PY_TEXT && is_text(x)))
        return number_compare(e, OPERATOR_Eq, text_ask(e, TEXT_ORDER, x, y, span), py_int(e, 0), span);
    return py_bool(e, py_equal_static(e, x, y));
}

static Py identical(Elab *e, Py x, Py y, Span span) {
    if (x == y) return e->true_;
    if (y->kind == PY_NONE && x->kind == PY_OBJECT && class_lookup(e, x->cls, "__is_none__"))
        return call_method(e, x, "__is_none__", 0, NULL, span);
    bool singletons = x->kind <= PY_BOOL || y->kind <= PY_BOOL;
    if (x->kind == PY_SCALAR && y->kind == PY_BOOL && x->scalar.number == NUMBER_BOOL)
        return compare(e, OPERATOR_Eq, x, y, span);
    if (singletons || x->kind == PY_NATIVE || x->kind == PY_DTYPE || x->kind == PY_TYPE || x->kind == PY_MODULE ||
        x->kind == PY_ELLIPSIS)
        return py_bool(e, py_equal_static(e, x, y));
    if (x->kind == PY_INT || x->kind == PY_STR) return py_bool(e, py_equal_static(e, x, y));
    return e->false_;
}

static Py as_bool(Elab *e, Py x) {
    Value *c;
    int known = py_truth(e, x, &c);
    return known == -2 ? e->error : known == -1 ? py_scalar(e, NUMBER_BOOL, c) : py_bool(e, known);
}

/* From part i on: the first parts that differ decide. */
static Py ordered_parts(Elab *e, Operator op, const Contents *a, const Contents *b, int i, Span span) {
    if (i == a->n || i == b->n) return number_compare(e, op, py_int(e, a->n), py_int(e, b->n), span);
    Py same = as_bool(e, equal(e, a->at[i], b->at[i], span));
    if (same->kind == PY_ERROR) return same;
    if (same == e->false_) return compare(e, op, a->at[i], b->at[i], span);
    Py rest = as_bool(e, ordered_parts(e, op, a, b, i + 1, span));
    if (same == e->true_ || rest->kind == PY_ERROR) return rest;
    Operator strict = op == OPERATOR_LtE ? OPERATOR_Lt : op == OPERATOR_GtE ? OPERATOR_Gt : op;
    Py here = as_bool(e, compare(e, strict, a->at[i], b->at[i], span));
    if (here->kind == PY_ERROR) return here;
    return number_binary(e, OPERATOR_BitOr, here, number_binary(e, OPERATOR_BitAnd, same, rest, span), span);
}

/* Strings and sequences have an order too. */
static Py ordered(Elab *e, Operator op, Py x, Py y, Span span) {
    if (x->kind == PY_STR && y->kind == PY_STR) {
        int least = x->str.n < y->str.n ? x->str.n : y->str.n, order = memcmp(x->str.at, y->str.at, (size_t)least);
        if (!order) order = (x->str.n > y->str.n) - (x->str.n < y->str.n);
        return number_compare(e, op, py_int(e, order), py_int(e, 0), span);
    }
    if (is_text(x) && is_text(y)) return number_compare(e, op, text_ask(e, TEXT_ORDER, x, y, span), py_int(e, 0), span);
    bool sequences = (x->kind == PY_LIST && y->kind == PY_LIST) || (x->kind == PY_TUPLE && y->kind == PY_TUPLE);
    if (sequences) return ordered_parts(e, op, contents_of(e, x), contents_of(e, y), 0, span);
    if (x->kind == PY_SET && y->kind == PY_SET) {
        bool reversed = op == OPERATOR_Gt || op == OPERATOR_GtE, strict = op == OPERATOR_Lt || op == OPERATOR_Gt;
        const Contents *a = contents_of(e, reversed ? y : x), *b = contents_of(e, reversed ? x : y);
        for (int i = 0; i < a->n; i++)
            if (contents_find(e, b, a->keys[i]) < 0) return e->false_;
        return py_bool(e, !strict || a->n < b->n);
    }
    return undefined(e, op, x, y, span);
}

Py contains(Elab *e, Py c, Py x, Span span) {
    if (c->kind == PY_STR && x->kind == PY_STR) return py_bool(e, strstr(c->str.at, x->str.at) != NULL);
    if (is_text(c) && is_text(x))
        return number_compare(e, OPERATOR_NotEq, text_ask(e, TEXT_CONTAINS, c, x, span), py_int(e, 0), span);
    if (c->kind == PY_DICT || c->kind == PY_SET) {
        const Contents *keys = contents_of(e, c);
        if (x->kind == PY_TEXT) return contains(e, py_tuple(e, keys->n, keys->keys), x, span);
    }
    if (c->kind == PY_DICT || c->kind == PY_SET) return py_bool(e, contents_find(e, contents_of(e, c), x) >= 0);
    if (has_method(e, c, "__contains__")) return call_method(e, c, "__contains__", 1, &x, span);
    if (c->kind == PY_ARRAY) {
        Py both[2] = { c, x };
        return array_operator(e, "__contains__", 2, both, span);
    }
    Py *items, result = e->false_;
    int n;
    if (!iterate(e, c, &items, &n, span)) return e->error;
    for (int i = 0; i < n; i++) {
        Value *v;
        int known = py_truth(e, equal(e, items[i], x, span), &v);
        if (known == -2) return e->error;
        if (known == 1) return e->true_;
        if (known == 0) continue;
        Py run = py_scalar(e, NUMBER_BOOL, v);
        result = result == e->false_ ? run : number_binary(e, OPERATOR_BitOr, result, run, span);
    }
    return result;
}

Py compare(Elab *e, Operator op, Py x, Py y, Span span) {
    if (unusable(x) || unusable(y)) return e->error;
    switch (op) {
    case OPERATOR_Is: return identical(e, x, y, span);
    case OPERATOR_IsNot: return negated(e, identical(e, x, y, span), span);
    case OPERATOR_In: return contains(e, y, x, span);
    case OPERATOR_NotIn: return negated(e, contains(e, y, x, span), span);
    default: break;
    }
    if (py_is_number(x) && py_is_number(y)) return number_compare(e, op, x, y, span);
    if (arithmetic(x) && arithmetic(y)) {
        static const Op ops[] = { OP_eq, OP_ne, OP_lt, OP_le, OP_gt, OP_ge };
        return elementwise(e, ops[op - OPERATOR_Eq], 2, (Py[]){ x, y }, operator_text(op), span);
    }
    Py r = op == OPERATOR_NotEq && !has_method(e, x, "__ne__") ? NULL : by_method(e, op, x, y, span);
    if (r) return r;
    if (op == OPERATOR_Eq) return equal(e, x, y, span);
    if (op == OPERATOR_NotEq) return negated(e, equal(e, x, y, span), span);
    return ordered(e, op, x, y, span);
}
