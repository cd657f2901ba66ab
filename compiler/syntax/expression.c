/* expression: the rules of the grammar from `:=` down to calls and subscripts. */
#include "syntax/syntax.h"

bool parse_starts_expression(TokenKind kind) {
    switch (kind) {
    case TOKEN_NAME:
    case TOKEN_NUMBER:
    case TOKEN_STRING:
    case TOKEN_PAREN:
    case TOKEN_BRACKET:
    case TOKEN_BRACE:
    case TOKEN_PLUS:
    case TOKEN_MINUS:
    case TOKEN_TILDE:
    case TOKEN_STAR:
    case TOKEN_ELLIPSIS:
    case KEY_None:
    case KEY_True:
    case KEY_False:
    case KEY_not:
    case KEY_lambda:
    case KEY_await:
    case KEY_yield:
    case TOKEN_BROKEN: return true;
    default: return false;
    }
}

static Span token_span(const Parser *p, Token t) { return (Span){ p->file, t.start, t.end }; }

/* `*` part */
static Node *starred(Parser *p, Node *(*part)(Parser *)) {
    int start = parse_next(p).start;
    Node *value = part(p);
    Node *n = parse_node(p, NODE_Starred, start);
    n->Starred.value = value;
    return n;
}

static void keyword_argument(Parser *p, Nodes *keywords, int start, const char *name) {
    for (int i = 0; name && i < keywords->n; i++)
        if (keywords->at[i]->keyword.arg == name)
            diag(p->cx, (Span){ p->file, start, p->last_end }, "the keyword argument `%s` is given twice", name);
    Span word = { p->file, start, p->last_end };
    if (name) parse_next(p); /* the `=` */
    Node *value = parse_expression(p);
    Node *k = parse_node(p, NODE_keyword, start);
    k->at = word;
    k->keyword.arg = name;
    k->keyword.value = value;
    PUSH(p->cx->arena, keywords, k);
}

static void argument(Parser *p, Nodes *args, Nodes *keywords) {
    Token t = parse_peek(p, 0);
    if (parse_accept(p, TOKEN_POWER)) {
        keyword_argument(p, keywords, t.start, NULL);
        return;
    }
    if (t.kind == TOKEN_NAME && parse_peek(p, 1).kind == TOKEN_ASSIGN) {
        parse_next(p);
        keyword_argument(p, keywords, t.start, t.name);
        return;
    }
    Node *value = t.kind == TOKEN_STAR ? starred(p, parse_expression) : parse_named_expression(p);
    if (parse_clauses_follow(p)) value = parse_comprehension(p, NODE_GeneratorExp, value, value->span.start);
    if (parse_is(p, TOKEN_ASSIGN)) {
        parse_fail_at(p, value->span, "only a name can stand before `=` in a call");
    } else if (keywords->n && value->kind != NODE_Starred && !p->failed) {
        diag(p->cx, value->span, "a positional argument follows a keyword argument");
        note_at(p->cx, keywords->at[keywords->n - 1]->span, "the keyword argument");
    } else if (keywords->n && value->kind == NODE_Starred && !keywords->at[keywords->n - 1]->keyword.arg) {
        diag(p->cx, value->span, "`*` follows `**` in a call");
    }
    PUSH(p->cx->arena, args, value);
}

void parse_arguments(Parser *p, Nodes *args, Nodes *keywords) {
    int opened = p->last_end - 1;
    while (!parse_is(p, TOKEN_PAREN_END) && !p->failed) {
        argument(p, args, keywords);
        if (!parse_accept(p, TOKEN_COMMA)) break;
    }
    bool comma = p->at > 0 && p->tokens.at[p->at - 1].kind == TOKEN_COMMA;
    parse_expect(p, TOKEN_PAREN_END, "after the arguments of a call");
    for (int i = 0; i < args->n && !p->failed; i++) {
        Node *a = args->at[i];
        bool bare = a->kind == NODE_GeneratorExp && a->span.start == a->GeneratorExp.elt->span.start;
        if (bare && (args->n > 1 || keywords->n || comma))
            diag(p->cx, a->span, "a generator expression beside other arguments needs parentheses");
        else if (bare)
            a->span = a->at = (Span){ p->file, opened, p->last_end };
    }
}

/* slice: expression? `:` expression? (`:` expression?)? | named_expression */
static Node *slice(Parser *p) {
    int start = parse_start(p);
    Node *lower = parse_is(p, TOKEN_COLON) ? NULL : parse_star_named_expression(p);
    if (!parse_is(p, TOKEN_COLON)) return lower;
    Token colon = parse_next(p);
    Node *upper = NULL, *step = NULL;
    if (parse_starts_expression(parse_peek(p, 0).kind)) upper = parse_expression(p);
    if (parse_accept(p, TOKEN_COLON) && parse_starts_expression(parse_peek(p, 0).kind)) step = parse_expression(p);
    Node *n = parse_node(p, NODE_Slice, start);
    n->at = token_span(p, colon);
    n->Slice.lower = lower;
    n->Slice.upper = upper;
    n->Slice.step = step;
    return n;
}

static Node *slices(Parser *p) {
    int start = parse_start(p);
    if (parse_is(p, TOKEN_BRACKET_END)) return parse_fail(p, "expected an index between the brackets");
    Node *first = slice(p);
    if (!parse_is(p, TOKEN_COMMA) && first->kind != NODE_Starred) return first;
    Nodes all = { 0 };
    PUSH(p->cx->arena, &all, first);
    while (parse_accept(p, TOKEN_COMMA) && !parse_is(p, TOKEN_BRACKET_END) && !p->failed)
        PUSH(p->cx->arena, &all, slice(p));
    Node *n = parse_node(p, NODE_Tuple, start);
    n->Tuple.elts = all;
    return n;
}

/* What follows the opening token that was just read, around `value`. */
static Node *trailer(Parser *p, Node *value, TokenKind opening) {
    int start = value->span.start;
    if (opening == TOKEN_DOT) {
        Span word;
        const char *attr = parse_name(p, "after `.`", &word);
        Node *n = parse_node(p, NODE_Attribute, start);
        n->at = word;
        n->Attribute.value = value;
        n->Attribute.attr = attr;
        return n;
    }
    if (opening == TOKEN_BRACKET) {
        Node *index = slices(p);
        parse_expect(p, TOKEN_BRACKET_END, "after the index");
        Node *n = parse_node(p, NODE_Subscript, start);
        n->Subscript.value = value;
        n->Subscript.slice = index;
        return n;
    }
    Nodes args = { 0 }, keywords = { 0 };
    parse_arguments(p, &args, &keywords);
    Node *n = parse_node(p, NODE_Call, start);
    n->Call.func = value;
    n->Call.args = args;
    n->Call.keywords = keywords;
    return n;
}

static Node *primary(Parser *p) {
    int start = parse_start(p), links = 0;
    Node *value = parse_atom(p);
    for (;;) {
        TokenKind kind = parse_peek(p, 0).kind;
        if (kind != TOKEN_DOT && kind != TOKEN_BRACKET && kind != TOKEN_PAREN) break;
        links++;
        parse_enter(p, DEPTH_LINK);
        parse_next(p);
        value = trailer(p, value, kind);
        value->span.start = start; /* the parentheses around the first part count */
        if (kind != TOKEN_DOT) value->at.start = start;
    }
    parse_leave(p, links * DEPTH_LINK);
    return value;
}

static Node *await_primary(Parser *p) {
    Token t = parse_peek(p, 0);
    if (!parse_accept(p, KEY_await)) return primary(p);
    Node *value = primary(p);
    Node *n = parse_node(p, NODE_Await, t.start);
    n->at = token_span(p, t);
    n->Await.value = value;
    return n;
}

static Node *binary_node(Parser *p, int start, Node *left, Operator op, Token sign, Node *right) {
    Node *n = parse_node(p, NODE_BinOp, start);
    n->at = token_span(p, sign);
    n->BinOp.left = left;
    n->BinOp.op = op;
    n->BinOp.right = right;
    return n;
}

static Node *unary_node(Parser *p, Token sign, Operator op, Node *operand) {
    Node *n = parse_node(p, NODE_UnaryOp, sign.start);
    n->at = token_span(p, sign);
    n->UnaryOp.op = op;
    n->UnaryOp.operand = operand;
    return n;
}

/* factor: (`+` | `-` | `~`) factor | await_primary (`**` factor)? */
static Node *factor(Parser *p) {
    Token t = parse_peek(p, 0);
    Operator op = t.kind == TOKEN_PLUS ? OPERATOR_UAdd : t.kind == TOKEN_MINUS ? OPERATOR_USub : OPERATOR_Invert;
    if (t.kind == TOKEN_PLUS || t.kind == TOKEN_MINUS || t.kind == TOKEN_TILDE) {
        parse_next(p);
        parse_enter(p, DEPTH_LEVEL);
        Node *operand = factor(p);
        parse_leave(p, DEPTH_LEVEL);
        return unary_node(p, t, op, operand);
    }
    Node *base = await_primary(p);
    Token sign = parse_peek(p, 0);
    if (!parse_accept(p, TOKEN_POWER)) return base;
    parse_enter(p, DEPTH_LEVEL);
    Node *exponent = factor(p);
    parse_leave(p, DEPTH_LEVEL);
    return binary_node(p, t.start, base, OPERATOR_Pow, sign, exponent);
}

/* bitwise_or down to term: six rules that differ in their operators only */
static const struct {
    TokenKind sign;
    Operator op;
    int binds;
} binaries[] = {
    { TOKEN_BAR, OPERATOR_BitOr, 1 },      { TOKEN_CARET, OPERATOR_BitXor, 2 }, { TOKEN_AMPERSAND, OPERATOR_BitAnd, 3 },
    { TOKEN_LEFT, OPERATOR_LShift, 4 },    { TOKEN_RIGHT, OPERATOR_RShift, 4 }, { TOKEN_PLUS, OPERATOR_Add, 5 },
    { TOKEN_MINUS, OPERATOR_Sub, 5 },      { TOKEN_STAR, OPERATOR_Mult, 6 },    { TOKEN_SLASH, OPERATOR_Div, 6 },
    { TOKEN_FLOOR, OPERATOR_FloorDiv, 6 }, { TOKEN_PERCENT, OPERATOR_Mod, 6 },  { TOKEN_AT, OPERATOR_MatMult, 6 },
};

static Node *binary(Parser *p, int least) {
    int start = parse_start(p), links = 0;
    Node *left = factor(p);
    for (;;) {
        Token sign = parse_peek(p, 0);
        int i = 0;
        while (i < COUNT(binaries) && binaries[i].sign != sign.kind) i++;
        if (i == COUNT(binaries) || binaries[i].binds < least) break;
        links++;
        parse_enter(p, DEPTH_LINK);
        parse_next(p);
        Node *right = binary(p, binaries[i].binds + 1);
        left = binary_node(p, start, left, binaries[i].op, sign, right);
    }
    parse_leave(p, links * DEPTH_LINK);
    return left;
}

Node *parse_bitwise_or(Parser *p) { return binary(p, 1); }
Node *parse_sum(Parser *p) { return binary(p, 5); }

/* The operator of a comparison, read; false where none comes next. */
static bool comparison_operator(Parser *p, Operator *op) {
    TokenKind kind = parse_peek(p, 0).kind;
    switch (kind) {
    case TOKEN_EQUAL: *op = OPERATOR_Eq; break;
    case TOKEN_NOT_EQUAL: *op = OPERATOR_NotEq; break;
    case TOKEN_LESS: *op = OPERATOR_Lt; break;
    case TOKEN_LESS_EQUAL: *op = OPERATOR_LtE; break;
    case TOKEN_GREATER: *op = OPERATOR_Gt; break;
    case TOKEN_GREATER_EQUAL: *op = OPERATOR_GtE; break;
    case KEY_in: *op = OPERATOR_In; break;
    case KEY_is: *op = OPERATOR_Is; break;
    case KEY_not:
        if (parse_peek(p, 1).kind != KEY_in) return false;
        *op = OPERATOR_NotIn;
        parse_next(p);
        break;
    default: return false;
    }
    parse_next(p);
    if (kind == KEY_is && parse_accept(p, KEY_not)) *op = OPERATOR_IsNot;
    return true;
}

static Node *comparison(Parser *p) {
    int start = parse_start(p);
    Node *left = parse_bitwise_or(p);
    int sign = parse_start(p), sign_end = 0;
    Operators ops = { 0 };
    Nodes others = { 0 };
    for (Operator op; comparison_operator(p, &op);) {
        if (!sign_end) sign_end = p->last_end;
        PUSH(p->cx->arena, &ops, op);
        PUSH(p->cx->arena, &others, parse_bitwise_or(p));
    }
    if (!ops.n) return left;
    Node *n = parse_node(p, NODE_Compare, start);
    n->at = (Span){ p->file, sign, sign_end };
    n->Compare.left = left;
    n->Compare.ops = ops;
    n->Compare.comparators = others;
    return n;
}

static Node *inversion(Parser *p) {
    Token t = parse_peek(p, 0);
    if (!parse_accept(p, KEY_not)) return comparison(p);
    parse_enter(p, DEPTH_LEVEL);
    Node *operand = inversion(p);
    parse_leave(p, DEPTH_LEVEL);
    return unary_node(p, t, OPERATOR_Not, operand);
}

/* conjunction and disjunction */
static Node *boolean(Parser *p, TokenKind word, Operator op, Node *(*part)(Parser *)) {
    Token t = parse_peek(p, 0);
    Node *first = part(p);
    if (!parse_is(p, word)) return first;
    Span at = token_span(p, parse_peek(p, 0));
    Nodes values = { 0 };
    PUSH(p->cx->arena, &values, first);
    while (parse_accept(p, word)) PUSH(p->cx->arena, &values, part(p));
    Node *n = parse_node(p, NODE_BoolOp, t.start);
    n->at = at;
    n->BoolOp.op = op;
    n->BoolOp.values = values;
    return n;
}

static Node *conjunction(Parser *p) { return boolean(p, KEY_and, OPERATOR_And, inversion); }

Node *parse_disjunction(Parser *p) { return boolean(p, KEY_or, OPERATOR_Or, conjunction); }

static Node *lambda(Parser *p) {
    Token t = parse_next(p);
    Node *args = parse_parameters(p, TOKEN_COLON, false);
    parse_expect(p, TOKEN_COLON, "after the parameters of `lambda`");
    Node *body = parse_expression(p);
    Node *n = parse_node(p, NODE_Lambda, t.start);
    n->at = token_span(p, t);
    n->Lambda.args = args;
    n->Lambda.body = body;
    return n;
}

/* expression: lambda | disjunction (`if` disjunction `else` expression)? */
static Node *conditional(Parser *p) {
    if (parse_is(p, KEY_lambda)) return lambda(p);
    int start = parse_start(p);
    Node *value = parse_disjunction(p);
    Token word = parse_peek(p, 0);
    if (!parse_accept(p, KEY_if)) return value;
    Node *test = parse_disjunction(p);
    parse_expect(p, KEY_else, "after the condition of `... if ...`");
    Node *other = parse_expression(p);
    Node *n = parse_node(p, NODE_IfExp, start);
    n->at = token_span(p, word);
    n->IfExp.test = test;
    n->IfExp.body = value;
    n->IfExp.orelse = other;
    return n;
}

Node *parse_expression(Parser *p) {
    int start = parse_start(p);
    Node *e = parse_enter(p, DEPTH_LEVEL) ? conditional(p) : parse_node(p, NODE_Error, start);
    parse_leave(p, DEPTH_LEVEL);
    return e;
}

/* named_expression: NAME `:=` expression | expression */
Node *parse_named_expression(Parser *p) {
    int start = parse_start(p);
    Node *target = parse_expression(p);
    Token sign = parse_peek(p, 0);
    if (sign.kind != TOKEN_WALRUS) return target;
    if (target->kind != NODE_Name)
        return parse_fail_at(p, target->span, "only a name can stand before `:=`, not %s", node_words(target->kind));
    parse_next(p);
    target->Name.ctx = CTX_Store;
    Node *value = parse_expression(p);
    Node *n = parse_node(p, NODE_NamedExpr, start);
    n->at = token_span(p, sign);
    n->NamedExpr.target = target;
    n->NamedExpr.value = value;
    return n;
}

Node *parse_star_named_expression(Parser *p) {
    return parse_is(p, TOKEN_STAR) ? starred(p, parse_bitwise_or) : parse_named_expression(p);
}

static Node *star_expression(Parser *p) {
    return parse_is(p, TOKEN_STAR) ? starred(p, parse_bitwise_or) : parse_expression(p);
}

/* yield_expr: `yield` `from` expression | `yield` star_expressions? */
static Node *yield_expression(Parser *p) {
    Token t = parse_next(p);
    bool from = parse_accept(p, KEY_from);
    Node *value = NULL;
    if (from)
        value = parse_expression(p);
    else if (parse_starts_expression(parse_peek(p, 0).kind))
        value = parse_star_expressions(p);
    Node *n = parse_node(p, from ? NODE_YieldFrom : NODE_Yield, t.start);
    n->at = token_span(p, t);
    if (from)
        n->YieldFrom.value = value;
    else
        n->Yield.value = value;
    return n;
}

Node *parse_star_expressions(Parser *p) {
    if (parse_is(p, KEY_yield)) return yield_expression(p);
    int start = parse_start(p);
    Node *first = star_expression(p);
    if (!parse_is(p, TOKEN_COMMA)) return first;
    Nodes all = { 0 };
    PUSH(p->cx->arena, &all, first);
    while (parse_accept(p, TOKEN_COMMA) && parse_starts_expression(parse_peek(p, 0).kind))
        PUSH(p->cx->arena, &all, star_expression(p));
    Node *n = parse_node(p, NODE_Tuple, start);
    n->Tuple.elts = all;
    return n;
}
