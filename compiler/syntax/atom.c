/* atom: literals, names, and what stands in brackets: tuples, lists, dicts, sets and their comprehensions. */
#include "syntax/syntax.h"

static Node *constant(Parser *p, Constant value, int start) {
    Node *n = parse_node(p, NODE_Constant, start);
    n->Constant.value = value;
    return n;
}

/* for_if_clauses: `for` targets `in` disjunction (`if` disjunction)*, once or more */
static Nodes for_if_clauses(Parser *p) {
    Nodes clauses = { 0 };
    while (parse_is(p, KEY_for) || (parse_is(p, KEY_async) && parse_peek(p, 1).kind == KEY_for)) {
        int start = parse_start(p);
        bool async = parse_accept(p, KEY_async);
        Nodes ifs = { 0 };
        parse_next(p);
        Node *target = parse_for_targets(p);
        parse_expect(p, KEY_in, "after the variable of `for`");
        Node *iter = parse_disjunction(p);
        while (parse_accept(p, KEY_if)) PUSH(p->cx->arena, &ifs, parse_disjunction(p));
        Node *c = parse_node(p, NODE_comprehension, start);
        c->comprehension.target = target;
        c->comprehension.iter = iter;
        c->comprehension.ifs = ifs;
        c->comprehension.is_async = async;
        PUSH(p->cx->arena, &clauses, c);
    }
    return clauses;
}

bool parse_clauses_follow(const Parser *p) { return parse_is(p, KEY_for) || parse_is(p, KEY_async); }

/* genexp and its like: the element is read, `for` comes next */
Node *parse_comprehension(Parser *p, NodeKind kind, Node *element, int start) {
    if (element->kind == NODE_Starred) parse_fail_at(p, element->span, "a comprehension cannot unpack with `*`");
    Nodes clauses = for_if_clauses(p);
    Node *n = parse_node(p, kind, start);
    n->ListComp.elt = element; /* SetComp and GeneratorExp are laid out alike */
    n->ListComp.generators = clauses;
    return n;
}

/* The node ends with the bracket that comes next. */
static Node *closed(Parser *p, Node *n, TokenKind end, const char *where) {
    parse_expect(p, end, where);
    n->span.end = n->at.end = p->last_end;
    return n;
}

/* (element `,`)* element? up to a token that cannot begin one */
static Nodes elements(Parser *p, Node *first) {
    Nodes list = { 0 };
    PUSH(p->cx->arena, &list, first);
    while (parse_accept(p, TOKEN_COMMA) && parse_starts_expression(parse_peek(p, 0).kind))
        PUSH(p->cx->arena, &list, parse_star_named_expression(p));
    return list;
}

Node *parse_paren_contents(Parser *p, TokenKind end, int start) {
    if (parse_accept(p, end)) return parse_node(p, NODE_Tuple, start);
    Node *first = parse_is(p, KEY_yield) ? parse_star_expressions(p) : parse_star_named_expression(p);
    if (parse_clauses_follow(p))
        return closed(p, parse_comprehension(p, NODE_GeneratorExp, first, start), end, "after a generator expression");
    if (parse_is(p, TOKEN_COMMA)) {
        Nodes list = elements(p, first);
        parse_expect(p, end, "after the elements of a tuple");
        Node *n = parse_node(p, NODE_Tuple, start);
        n->Tuple.elts = list;
        return n;
    }
    if (first->kind == NODE_Starred && !p->failed)
        return parse_fail_at(p, first->span, "`*` unpacks into a tuple, list or call; write `(*x,)` for a tuple");
    parse_expect(p, end, p->in_braces ? "after the expression in braces" : "after the expression in parentheses");
    return first;
}

static Node *group(Parser *p) {
    int start = parse_next(p).start;
    return parse_paren_contents(p, TOKEN_PAREN_END, start);
}

static Node *list(Parser *p) {
    int start = parse_next(p).start;
    Nodes all = { 0 };
    if (!parse_is(p, TOKEN_BRACKET_END)) {
        Node *first = parse_star_named_expression(p);
        if (parse_clauses_follow(p))
            return closed(p, parse_comprehension(p, NODE_ListComp, first, start), TOKEN_BRACKET_END,
                          "after a list comprehension");
        all = elements(p, first);
    }
    parse_expect(p, TOKEN_BRACKET_END, "after the elements of a list");
    Node *n = parse_node(p, NODE_List, start);
    n->List.elts = all;
    return n;
}

/* double_starred_kvpair: `**` bitwise_or | expression `:` expression; `first` is the key if that was read */
static void pair(Parser *p, Node *first, Nodes *keys, Nodes *values) {
    Node *key = first, *value;
    if (!first && parse_accept(p, TOKEN_POWER)) {
        value = parse_bitwise_or(p);
    } else {
        if (!first) key = parse_expression(p);
        parse_expect(p, TOKEN_COLON, "after the key of a dict");
        value = parse_expression(p);
    }
    PUSH(p->cx->arena, keys, key);
    PUSH(p->cx->arena, values, value);
}

static Node *dict(Parser *p, Node *first, int start) {
    Nodes keys = { 0 }, values = { 0 };
    bool unpacks = parse_is(p, TOKEN_POWER);
    pair(p, first, &keys, &values);
    if (parse_clauses_follow(p)) {
        if (unpacks) return parse_fail(p, "a comprehension cannot unpack with `**`");
        Nodes clauses = for_if_clauses(p);
        parse_expect(p, TOKEN_BRACE_END, "after a dict comprehension");
        Node *n = parse_node(p, NODE_DictComp, start);
        n->DictComp.key = keys.at[0];
        n->DictComp.value = values.at[0];
        n->DictComp.generators = clauses;
        return n;
    }
    while (parse_accept(p, TOKEN_COMMA) && !parse_is(p, TOKEN_BRACE_END) && !p->failed) pair(p, NULL, &keys, &values);
    parse_expect(p, TOKEN_BRACE_END, "after the items of a dict");
    Node *n = parse_node(p, NODE_Dict, start);
    n->Dict.keys = keys;
    n->Dict.values = values;
    return n;
}

static Node *dict_or_set(Parser *p) {
    int start = parse_next(p).start;
    if (parse_accept(p, TOKEN_BRACE_END)) return parse_node(p, NODE_Dict, start);
    if (parse_is(p, TOKEN_POWER)) return dict(p, NULL, start);
    Node *first = parse_star_named_expression(p);
    if (parse_is(p, TOKEN_COLON) && first->kind != NODE_Starred) return dict(p, first, start);
    if (parse_clauses_follow(p))
        return closed(p, parse_comprehension(p, NODE_SetComp, first, start), TOKEN_BRACE_END,
                      "after a set comprehension");
    Nodes all = elements(p, first);
    parse_expect(p, TOKEN_BRACE_END, "after the elements of a set");
    Node *n = parse_node(p, NODE_Set, start);
    n->Set.elts = all;
    return n;
}

Node *parse_atom(Parser *p) {
    Token t = parse_peek(p, 0);
    switch (t.kind) {
    case TOKEN_NAME: {
        parse_next(p);
        Node *n = parse_node(p, NODE_Name, t.start);
        n->Name.id = t.name;
        return n;
    }
    case TOKEN_NUMBER:
        parse_next(p);
        return constant(p, number_value(p->cx, source_of(p->cx, p->file)->text + t.start, t.end - t.start), t.start);
    case TOKEN_STRING: return parse_strings(p);
    case TOKEN_PAREN: return group(p);
    case TOKEN_BRACKET: return list(p);
    case TOKEN_BRACE: return dict_or_set(p);
    case TOKEN_ELLIPSIS: parse_next(p); return constant(p, (Constant){ .kind = CONSTANT_ELLIPSIS }, t.start);
    case KEY_None: parse_next(p); return constant(p, (Constant){ .kind = CONSTANT_NONE }, t.start);
    case KEY_True: parse_next(p); return constant(p, (Constant){ .kind = CONSTANT_BOOL, .integer = 1 }, t.start);
    case KEY_False: parse_next(p); return constant(p, (Constant){ .kind = CONSTANT_BOOL }, t.start);
    default: break;
    }
    if (p->at > 0 && !p->failed) {
        Token before = p->tokens.at[p->at - 1];
        if (token_text(before.kind))
            return parse_fail(p, "expected an expression after `%s`, met %s", token_text(before.kind), parse_met(p));
    }
    return parse_fail(p, "expected an expression, met %s", parse_met(p));
}
