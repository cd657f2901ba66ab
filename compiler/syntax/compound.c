/* compound: the statements that hold other statements. */
#include "syntax/syntax.h"

static Node *compound_node(Parser *p, NodeKind kind, Token word) {
    Node *n = parse_node(p, kind, word.start);
    n->at = (Span){ p->file, word.start, word.end };
    return n;
}

static Span token_span(const Parser *p, Token t) { return (Span){ p->file, t.start, t.end }; }

/* else_block, where one follows */
static Nodes else_block(Parser *p) {
    Token word = parse_peek(p, 0);
    if (!parse_accept(p, KEY_else)) return (Nodes){ 0 };
    if (parse_is(p, KEY_if)) {
        parse_fail(p, "`else if` is written `elif`");
        return (Nodes){ 0 };
    }
    parse_colon(p, "after `else`");
    return parse_block(p, token_span(p, word), "`else`");
}

/* if_stmt: each `elif` is an `if` in the `else` of the one before */
static Node *if_statement(Parser *p) {
    Node *first = NULL, *last = NULL;
    int links = 0;
    do {
        Token word = parse_next(p);
        links++;
        parse_enter(p, DEPTH_LINK);
        Node *test = parse_named_expression(p);
        parse_colon(p, last ? "after the condition of `elif`" : "after the condition of `if`");
        Nodes body = parse_block(p, token_span(p, word), last ? "`elif`" : "`if`");
        Node *n = compound_node(p, NODE_If, word);
        n->If.test = test;
        n->If.body = body;
        if (last)
            PUSH(p->cx->arena, &last->If.orelse, n);
        else
            first = n;
        last = n;
    } while (parse_is(p, KEY_elif));
    last->If.orelse = else_block(p);
    for (Node *n = first;; n = n->If.orelse.at[0]) {
        n->span.end = p->last_end;
        if (n == last) break;
    }
    parse_leave(p, links * DEPTH_LINK);
    return first;
}

static Node *while_statement(Parser *p) {
    Token word = parse_next(p);
    Node *test = parse_named_expression(p);
    parse_colon(p, "after the condition of `while`");
    Nodes body = parse_block(p, token_span(p, word), "`while`");
    Nodes orelse = else_block(p);
    Node *n = compound_node(p, NODE_While, word);
    n->While.test = test;
    n->While.body = body;
    n->While.orelse = orelse;
    return n;
}

static Node *for_statement(Parser *p, NodeKind kind, Token first) {
    Token word = parse_next(p);
    Node *target = parse_for_targets(p);
    parse_expect(p, KEY_in, "after the variable of `for`");
    Node *iter = parse_star_expressions(p);
    parse_colon(p, "after what `for` runs over");
    Nodes body = parse_block(p, token_span(p, word), "`for`");
    Nodes orelse = else_block(p);
    Node *n = compound_node(p, kind, first);
    n->For.target = target; /* AsyncFor is laid out alike */
    n->For.iter = iter;
    n->For.body = body;
    n->For.orelse = orelse;
    return n;
}

/* with_item: expression (`as` star_target)? */
static Node *with_item(Parser *p) {
    int start = parse_start(p);
    Node *value = parse_expression(p), *target = NULL;
    if (parse_accept(p, KEY_as)) {
        target = parse_bitwise_or(p);
        parse_as_target(p, target, CTX_Store);
    }
    Node *n = parse_node(p, NODE_withitem, start);
    n->withitem.context_expr = value;
    n->withitem.optional_vars = target;
    return n;
}

/* `(` with_item, ... `)` `:`.  What begins like this may also be an expression in parentheses, so it is an attempt:
** false, nothing read and nothing said, where it fails. */
static bool items_in_parentheses(Parser *p, Nodes *items) {
    Parser before = *p;
    int mark = diag_mark(p->cx);
    parse_next(p);
    do {
        if (items->n && parse_is(p, TOKEN_PAREN_END)) break;
        PUSH(p->cx->arena, items, with_item(p));
    } while (parse_accept(p, TOKEN_COMMA));
    if (parse_accept(p, TOKEN_PAREN_END) && parse_is(p, TOKEN_COLON) && diag_mark(p->cx) == mark) return true;
    *p = before;
    diag_rewind(p->cx, mark);
    items->n = 0;
    return false;
}

static Node *with_statement(Parser *p, NodeKind kind, Token first) {
    Token word = parse_next(p);
    Nodes items = { 0 };
    if (!parse_is(p, TOKEN_PAREN) || !items_in_parentheses(p, &items)) {
        do PUSH(p->cx->arena, &items, with_item(p));
        while (parse_accept(p, TOKEN_COMMA));
    }
    parse_colon(p, "after the items of `with`");
    Nodes body = parse_block(p, token_span(p, word), "`with`");
    Node *n = compound_node(p, kind, first);
    n->With.items = items; /* AsyncWith is laid out alike */
    n->With.body = body;
    return n;
}

/* except_block or except_star_block */
static Node *except_block(Parser *p, bool *star) {
    Token word = parse_next(p);
    Node *type = NULL;
    const char *name = NULL;
    *star = parse_accept(p, TOKEN_STAR);
    if (*star || !parse_is(p, TOKEN_COLON)) {
        type = parse_expression(p);
        if (parse_is(p, TOKEN_COMMA)) parse_fail(p, "several exceptions stand in parentheses: `except (A, B):`");
        if (parse_accept(p, KEY_as)) name = parse_name(p, "after `as`", NULL);
    }
    parse_colon(p, "after `except`");
    Nodes body = parse_block(p, token_span(p, word), "`except`");
    Node *n = compound_node(p, NODE_ExceptHandler, word);
    n->ExceptHandler.type = type;
    n->ExceptHandler.name = name;
    n->ExceptHandler.body = body;
    return n;
}

static Node *try_statement(Parser *p) {
    Token word = parse_next(p);
    Nodes handlers = { 0 }, orelse = { 0 }, finalbody = { 0 };
    bool star = false;
    parse_colon(p, "after `try`");
    Nodes body = parse_block(p, token_span(p, word), "`try`");
    while (parse_is(p, KEY_except)) {
        bool starred;
        Node *h = except_block(p, &starred);
        if (p->failed) break;
        if (handlers.n && starred != star)
            return parse_fail_at(p, h->at, "`except` and `except*` do not mix in one `try`");
        if (handlers.n && !handlers.at[handlers.n - 1]->ExceptHandler.type)
            diag(p->cx, handlers.at[handlers.n - 1]->at, "`except` for every exception comes last");
        star = starred;
        PUSH(p->cx->arena, &handlers, h);
    }
    if (handlers.n) orelse = else_block(p);
    Token end = parse_peek(p, 0);
    if (parse_accept(p, KEY_finally)) {
        parse_colon(p, "after `finally`");
        finalbody = parse_block(p, token_span(p, end), "`finally`");
    } else if (!handlers.n) {
        return parse_fail(p, "expected `except` or `finally` after the block of `try`, met %s", parse_met(p));
    }
    Node *n = compound_node(p, star ? NODE_TryStar : NODE_Try, word);
    n->Try.body = body; /* TryStar is laid out alike */
    n->Try.handlers = handlers;
    n->Try.orelse = orelse;
    n->Try.finalbody = finalbody;
    return n;
}

static Node *function_def(Parser *p, NodeKind kind, Token first, Nodes decorators) {
    Token word = parse_next(p);
    Span at;
    const char *name = parse_name(p, "after `def`", &at);
    parse_expect(p, TOKEN_PAREN, "after the name of a function");
    Node *args = parse_parameters(p, TOKEN_PAREN_END, true);
    parse_expect(p, TOKEN_PAREN_END, "after the parameters");
    Node *returns = parse_accept(p, TOKEN_ARROW) ? parse_quoted(p, parse_expression(p)) : NULL;
    parse_colon(p, "after the head of `def`");
    Nodes body = parse_block(p, token_span(p, word), "`def`");
    Node *n = compound_node(p, kind, first);
    n->at = at;
    n->FunctionDef.name = name; /* AsyncFunctionDef is laid out alike */
    n->FunctionDef.args = args;
    n->FunctionDef.body = body;
    n->FunctionDef.decorator_list = decorators;
    n->FunctionDef.returns = returns;
    return n;
}

static Node *class_def(Parser *p, Nodes decorators) {
    Token word = parse_next(p);
    Nodes bases = { 0 }, keywords = { 0 };
    Span at;
    const char *name = parse_name(p, "after `class`", &at);
    if (parse_accept(p, TOKEN_PAREN)) parse_arguments(p, &bases, &keywords);
    parse_colon(p, "after the head of `class`");
    Nodes body = parse_block(p, token_span(p, word), "`class`");
    Node *n = compound_node(p, NODE_ClassDef, word);
    n->at = at;
    n->ClassDef.name = name;
    n->ClassDef.bases = bases;
    n->ClassDef.keywords = keywords;
    n->ClassDef.body = body;
    n->ClassDef.decorator_list = decorators;
    return n;
}

static Node *async_statement(Parser *p, Nodes decorators) {
    Token word = parse_next(p);
    switch (parse_peek(p, 0).kind) {
    case KEY_def: return function_def(p, NODE_AsyncFunctionDef, word, decorators);
    case KEY_for: return for_statement(p, NODE_AsyncFor, word);
    case KEY_with: return with_statement(p, NODE_AsyncWith, word);
    default: return parse_fail(p, "expected `def`, `for` or `with` after `async`, met %s", parse_met(p));
    }
}

/* decorators: (`@` named_expression NEWLINE)+, and what they decorate */
static Node *decorated(Parser *p) {
    Nodes decorators = { 0 };
    while (parse_accept(p, TOKEN_AT)) {
        PUSH(p->cx->arena, &decorators, parse_named_expression(p));
        parse_expect(p, TOKEN_NEWLINE, "after a decorator");
    }
    Token t = parse_peek(p, 0);
    if (t.kind == KEY_def) return function_def(p, NODE_FunctionDef, t, decorators);
    if (t.kind == KEY_class) return class_def(p, decorators);
    if (t.kind == KEY_async && parse_peek(p, 1).kind == KEY_def) return async_statement(p, decorators);
    return parse_fail(p, "expected `def` or `class` after a decorator, met %s", parse_met(p));
}

Node *parse_compound(Parser *p) {
    Token t = parse_peek(p, 0);
    switch (t.kind) {
    case KEY_if: return if_statement(p);
    case KEY_while: return while_statement(p);
    case KEY_for: return for_statement(p, NODE_For, t);
    case KEY_with: return with_statement(p, NODE_With, t);
    case KEY_try: return try_statement(p);
    case KEY_def: return function_def(p, NODE_FunctionDef, t, (Nodes){ 0 });
    case KEY_class: return class_def(p, (Nodes){ 0 });
    case KEY_async: return async_statement(p, (Nodes){ 0 });
    case TOKEN_AT: return decorated(p);
    default: break;
    }
    if (parse_begins_match(p)) return parse_match(p);
    if (!parse_begins_case(p)) return NULL;
    if (!p->recovering) diag(p->cx, (Span){ p->file, t.start, t.end }, "`case` outside `match`");
    return parse_case(p);
}
