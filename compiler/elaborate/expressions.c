/* expressions: what each node of the tree evaluates to. */
#include "elaborate/values.h"

#include <string.h>

/* Instructions made from now on come from this expression; inside the library, from the user's call. */
void at_node(Elab *e, const Node *n) {
    e->span = n->span;
    if (e->frame->library) return;
    Origin *o = NEW(e->cx->arena, Origin);
    o->span = n->span;
    o->func = e->frame->title;
    o->caller = e->frame->origin;
    o->inside = e->inside ? e->inside->name : NULL;
    e->b->origin = o;
}

static Py eval_constant(Elab *e, Node *n) {
    const Constant *c = &n->Constant.value;
    switch (c->kind) {
    case CONSTANT_NONE: return e->none;
    case CONSTANT_BOOL: return py_bool(e, c->integer != 0);
    case CONSTANT_INT:
        if (c->too_large)
            return fail(e, n->span, "an int known when compiling is exact to 128 bits, and this one is larger");
        return py_int(e, c->integer);
    case CONSTANT_FLOAT: return py_float(e, c->number);
    case CONSTANT_COMPLEX: return py_complex(e, 0, c->number);
    case CONSTANT_STR: return py_str_n(e, c->text, c->length);
    case CONSTANT_BYTES: {
        Py x = py_str_n(e, c->text, c->length);
        x->kind = PY_BYTES;
        return x;
    }
    case CONSTANT_ELLIPSIS: return e->ellipsis;
    }
    return e->error;
}

/* One of two expressions, by a value known at run time. */
typedef struct {
    Node *yes, *no; /* NULL: the value that decided */
    Py value;
    Nodes rest; /* of and / or */
    Operator op;
    Place *result;
    Span span;
} Choice;

static Py eval_bool_from(Elab *e, Operator op, Nodes values, Span span);

static void choose_yes(Elab *e, void *data) {
    Choice *c = data;
    Py x = c->yes                               ? eval(e, c->yes)
           : c->op == OPERATOR_And && c->rest.n ? eval_bool_from(e, c->op, c->rest, c->span)
                                                : c->value;
    place_set(e, c->result, x, c->span);
}
static void choose_no(Elab *e, void *data) {
    Choice *c = data;
    Py x = c->no                               ? eval(e, c->no)
           : c->op == OPERATOR_Or && c->rest.n ? eval_bool_from(e, c->op, c->rest, c->span)
                                               : c->value;
    place_set(e, c->result, x, c->span);
}

static Py choose(Elab *e, Value *v, Choice *c) {
    c->result = place_new(e, "the value");
    branch(e, v, choose_yes, choose_no, c, c->span);
    return value_read(e, place_get(e, c->result), "the value", c->span);
}

static Py eval_bool_from(Elab *e, Operator op, Nodes values, Span span) {
    Py x = e->none;
    for (int i = 0; i < values.n; i++) {
        x = eval(e, values.at[i]);
        if (i == values.n - 1) return x;
        Value *v;
        int known = py_truth(e, x, &v);
        if (known == -2) return e->error;
        if (known >= 0) {
            if (known == (op == OPERATOR_Or)) return x;
            continue;
        }
        Choice c = { .op = op, .span = span, .value = x, .rest = { values.at + i + 1, values.n - i - 1, 0 } };
        return choose(e, v, &c);
    }
    return x;
}

static Py eval_if(Elab *e, Node *n) {
    Value *v;
    int known = py_truth(e, eval(e, n->IfExp.test), &v);
    if (known == -2) return e->error;
    if (known >= 0) return eval(e, known ? n->IfExp.body : n->IfExp.orelse);
    Choice c = { .yes = n->IfExp.body, .no = n->IfExp.orelse, .span = n->span };
    at_node(e, n);
    return choose(e, v, &c);
}

static Py eval_compare(Elab *e, Node *n) {
    Py left = eval(e, n->Compare.left), result = NULL;
    for (int i = 0; i < n->Compare.ops.n; i++) {
        Py right = eval(e, n->Compare.comparators.at[i]);
        at_node(e, n);
        Py one = compare(e, n->Compare.ops.at[i], left, right, n->span);
        if (n->Compare.ops.n == 1) return one;
        Value *v, *before;
        int known = py_truth(e, one, &v);
        if (known == -2) return e->error;
        if (known == 0) return one;
        if (known == -1) {
            if (result && py_truth(e, result, &before) == -1) v = ir_and(e->b, before, v);
            result = py_scalar(e, NUMBER_BOOL, v);
        } else if (!result) {
            result = one;
        }
        left = right;
    }
    return result;
}

/* Displays and calls: a starred expression stands for its items. */
bool eval_items(Elab *e, Nodes nodes, Leaves *out) {
    bool right = true;
    for (int i = 0; i < nodes.n; i++) {
        Node *n = nodes.at[i];
        if (n->kind == NODE_Starred) {
            Py *items;
            int count;
            if (!iterate(e, eval(e, n->Starred.value), &items, &count, n->span)) {
                right = false;
                continue;
            }
            for (int k = 0; k < count; k++) PUSH(e->arena, out, items[k]);
        } else {
            Py x = eval(e, n);
            PUSH(e->arena, out, x);
        }
    }
    return right;
}

static Py eval_dict(Elab *e, Node *n) {
    Py d = py_dict(e);
    for (int i = 0; i < n->Dict.values.n; i++) {
        Py x;
        if (!n->Dict.keys.at[i]) {
            x = eval(e, n->Dict.values.at[i]);
            if (x->kind == PY_ERROR) continue;
            Span span = n->Dict.values.at[i]->span;
            if (is_mapping(e, x))
                dict_update(e, d, x, span);
            else
                fail(e, span, "`**` takes a dict, and was given %s", py_describe(e, x));
            continue;
        }
        Py key = eval(e, n->Dict.keys.at[i]);
        x = eval(e, n->Dict.values.at[i]);
        if (key_fits(e, key, n->Dict.keys.at[i]->span)) dict_set(e, d, key, x);
    }
    return d;
}

/* Keys must be known when compiling. */
bool key_fits(Elab *e, Py key, Span span) {
    if (key->kind == PY_ERROR) return false;
    if (key->kind == PY_TUPLE) {
        for (int i = 0; i < key->contents->n; i++)
            if (!key_fits(e, key->contents->at[i], span)) return false;
        return true;
    }
    if (key->kind == PY_SCALAR || key->kind == PY_ARRAY || key->kind == PY_TEXT || key->kind == PY_LIST ||
        key->kind == PY_DICT || key->kind == PY_SET) {
        fail(e, span, "the key of a dict or set must be known when compiling and never change, and this is %s",
             py_describe(e, key));
        return false;
    }
    return true;
}

static Py eval_call(Elab *e, Node *n) {
    Py f = eval(e, n->Call.func);
    Leaves args = { 0 }, values = { 0 };
    Names names = { 0 };
    bool right = eval_items(e, n->Call.args, &args);
    for (int i = 0; i < n->Call.keywords.n; i++) {
        Node *k = n->Call.keywords.at[i];
        Py x = eval(e, k->keyword.value);
        if (k->keyword.arg) {
            PUSH(e->arena, &names, k->keyword.arg);
            PUSH(e->arena, &values, x);
            continue;
        }
        if (is_mapping(e, x)) {
            Py all = py_dict(e);
            right &= dict_update(e, all, x, k->span);
            const Contents *c = contents_of(e, all);
            for (int j = 0; j < c->n; j++) {
                if (c->keys[j]->kind != PY_STR) return fail(e, k->span, "the keys of `**` must be str");
                PUSH(e->arena, &names, name_of(e->cx, c->keys[j]->str.at));
                PUSH(e->arena, &values, c->at[j]);
            }
        } else if (x->kind != PY_ERROR) {
            fail(e, k->span, "`**` takes a dict, and was given %s", py_describe(e, x));
            right = false;
        }
    }
    if (!right || f->kind == PY_ERROR) return e->error;
    at_node(e, n);
    Args a = {
        .nargs = args.n, .args = args.at, .nkeywords = names.n, .names = names.at, .values = values.at, .span = n->span
    };
    return call(e, f, &a);
}

static Py eval_slice(Elab *e, Node *n) {
    Py start = n->Slice.lower ? eval(e, n->Slice.lower) : e->none;
    Py stop = n->Slice.upper ? eval(e, n->Slice.upper) : e->none;
    Py step = n->Slice.step ? eval(e, n->Slice.step) : e->none;
    if (start->kind == PY_ERROR || stop->kind == PY_ERROR || step->kind == PY_ERROR) return e->error;
    return py_slice(e, start, stop, step);
}

static Py eval_text(Elab *e, Node *n) {
    Py *parts = NEW_ARRAY(e->arena, Py, n->JoinedStr.values.n + 1);
    for (int i = 0; i < n->JoinedStr.values.n; i++) {
        parts[i] = eval(e, n->JoinedStr.values.at[i]);
        if (parts[i]->kind == PY_ERROR) return e->error;
    }
    return text_join(e, n->JoinedStr.values.n, parts);
}

static Py eval_formatted(Elab *e, Node *n) {
    Py x = eval(e, n->FormattedValue.value);
    const char *spec = "";
    if (n->FormattedValue.format_spec) {
        Py s = eval(e, n->FormattedValue.format_spec);
        if (s->kind == PY_ERROR) return s;
        if (s->kind != PY_STR) return fail(e, n->span, "the format of a value must be known when compiling");
        spec = s->str.at;
    }
    if (x->kind == PY_ERROR) return x;
    at_node(e, n);
    int conversion = n->FormattedValue.conversion;
    if (conversion <= 0) return text_of(e, x, 'f', spec, n->span);
    Py text = text_of(e, x, conversion == 'r' || conversion == 'a' ? 'r' : 's', "", n->span);
    return *spec ? text_of(e, text, 'f', spec, n->span) : text;
}

static Py eval_yield(Elab *e, Node *n) {
    Frame *f = e->frame;
    if (!f->on_yield) return fail(e, n->span, "`yield` outside of a generator that runs");
    if (n->kind == NODE_Yield) return f->on_yield(e, f->yield_data, n->Yield.value ? eval(e, n->Yield.value) : e->none);
    Py *items;
    int count;
    if (!iterate(e, eval(e, n->YieldFrom.value), &items, &count, n->span)) return e->error;
    for (int i = 0; i < count && f->state.value->kind == PY_INT && f->state.value->integer == STATE_RUNS; i++)
        f->on_yield(e, f->yield_data, items[i]);
    return e->none;
}

static Py eval_named(Elab *e, Node *n) {
    Py x = eval(e, n->NamedExpr.value);
    assign(e, n->NamedExpr.target, x, n->span);
    return x;
}

Py eval(Elab *e, Node *n) {
    switch (n->kind) {
    case NODE_Constant: return eval_constant(e, n);
    case NODE_Name: return name_get(e, e->frame->env, n->Name.id, n->span);
    case NODE_BoolOp: return eval_bool_from(e, n->BoolOp.op, n->BoolOp.values, n->span);
    case NODE_NamedExpr: return eval_named(e, n);
    case NODE_BinOp: {
        Py x = eval(e, n->BinOp.left), y = eval(e, n->BinOp.right);
        at_node(e, n);
        return binary(e, n->BinOp.op, x, y, n->span);
    }
    case NODE_UnaryOp: {
        Py x = eval(e, n->UnaryOp.operand);
        at_node(e, n);
        return unary(e, n->UnaryOp.op, x, n->span);
    }
    case NODE_Lambda: return function_new(e, n, "<lambda>");
    case NODE_IfExp: return eval_if(e, n);
    case NODE_Dict: return eval_dict(e, n);
    case NODE_Set: {
        Leaves items = { 0 };
        if (!eval_items(e, n->Set.elts, &items)) return e->error;
        Py s = py_set(e);
        for (int i = 0; i < items.n; i++)
            if (key_fits(e, items.at[i], n->span)) dict_set(e, s, items.at[i], e->none);
        return s;
    }
    case NODE_ListComp:
    case NODE_SetComp:
    case NODE_DictComp:
    case NODE_GeneratorExp: return eval_comprehension(e, n);
    case NODE_Yield:
    case NODE_YieldFrom: return eval_yield(e, n);
    case NODE_Compare: return eval_compare(e, n);
    case NODE_Call: return eval_call(e, n);
    case NODE_FormattedValue: return eval_formatted(e, n);
    case NODE_JoinedStr: return eval_text(e, n);
    case NODE_Attribute: {
        Py x = eval(e, n->Attribute.value);
        at_node(e, n);
        return x->kind == PY_ERROR ? x : attribute(e, x, n->Attribute.attr, n->at);
    }
    case NODE_Subscript: {
        Py x = eval(e, n->Subscript.value), i = eval(e, n->Subscript.slice);
        if (x->kind == PY_ERROR || i->kind == PY_ERROR) return e->error;
        at_node(e, n);
        return value_read(e, subscript(e, x, i, n->span), "this element", n->span);
    }
    case NODE_List:
    case NODE_Tuple: {
        Leaves items = { 0 };
        if (!eval_items(e, n->kind == NODE_List ? n->List.elts : n->Tuple.elts, &items)) return e->error;
        return n->kind == NODE_List ? py_list(e, items.n, items.at) : py_tuple(e, items.n, items.at);
    }
    case NODE_Slice: return eval_slice(e, n);
    case NODE_Starred: return fail(e, n->span, "a starred expression stands in a call, a list or a tuple only");
    default: refuse_node(e->cx, n); return e->error;
    }
}
