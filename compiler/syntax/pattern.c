/* pattern: `match` and its patterns. */
#include "syntax/syntax.h"

#include <string.h>

static Node *pattern(Parser *);

static bool wildcard(const char *name) { return name && strcmp(name, "_") == 0; }

/* The end of the line that the next token is on. */
static int line_end(const Parser *p) {
    int i = p->at;
    while (p->tokens.at[i].kind != TOKEN_NEWLINE && p->tokens.at[i].kind != TOKEN_END) i++;
    return i;
}

static bool block_follows(const Parser *p) {
    int i = line_end(p);
    return i > 0 && i + 1 < p->tokens.n && p->tokens.at[i - 1].kind == TOKEN_COLON &&
           p->tokens.at[i + 1].kind == TOKEN_INDENT;
}

/* `case` is a name, too; behind a `match` that failed it is taken for the keyword wherever it may be. */
bool parse_begins_case(const Parser *p) {
    if (!parse_is_name(p, "case")) return false;
    for (int i = p->at; p->recovering && i < line_end(p); i++)
        if (p->tokens.at[i].kind == TOKEN_COLON) return true;
    return block_follows(p);
}

/* `match` is a name, too.  It is the statement where what follows cannot continue an expression, or where the line
** ends in `:` and a block follows. */
bool parse_begins_match(const Parser *p) {
    if (!parse_is_name(p, "match")) return false;
    switch (parse_peek(p, 1).kind) {
    case TOKEN_NAME:
    case TOKEN_NUMBER:
    case TOKEN_STRING:
    case TOKEN_BRACE:
    case TOKEN_TILDE:
    case KEY_lambda:
    case KEY_await:
    case KEY_None:
    case KEY_True:
    case KEY_False:
    case TOKEN_ELLIPSIS: return true;
    case TOKEN_PAREN:
    case TOKEN_BRACKET:
    case TOKEN_STAR:
    case TOKEN_MINUS:
    case TOKEN_PLUS:
    case KEY_not: break;
    default: return false;
    }
    return block_follows(p);
}

static Node *value_pattern(Parser *p, Node *value, int start) {
    Node *n = parse_node(p, NODE_MatchValue, start);
    n->MatchValue.value = value;
    return n;
}

static bool is_number(const Node *n, bool imaginary) {
    if (n->kind == NODE_UnaryOp && n->UnaryOp.op == OPERATOR_USub) n = n->UnaryOp.operand;
    if (n->kind != NODE_Constant) return false;
    ConstantKind kind = n->Constant.value.kind;
    return imaginary ? kind == CONSTANT_COMPLEX : kind == CONSTANT_INT || kind == CONSTANT_FLOAT;
}

/* A number with its sign, or the sum of a real and an imaginary one; a string; None, True, False */
static Node *literal(Parser *p) {
    int start = parse_start(p);
    Node *value = parse_sum(p);
    if (p->failed) return value;
    if (value->kind == NODE_Constant && value->Constant.value.kind <= CONSTANT_BOOL) {
        Node *n = parse_node(p, NODE_MatchSingleton, start);
        n->MatchSingleton.value = value->Constant.value;
        return n;
    }
    bool sum = value->kind == NODE_BinOp && (value->BinOp.op == OPERATOR_Add || value->BinOp.op == OPERATOR_Sub);
    bool complex = sum && is_number(value->BinOp.left, false) && value->BinOp.right->kind == NODE_Constant &&
                   is_number(value->BinOp.right, true);
    bool simple = value->kind == NODE_Constant || is_number(value, false) || is_number(value, true);
    if (!complex && !simple)
        return parse_fail_at(p, value->span, "a pattern holds literals, not %s", node_words(value->kind));
    return value_pattern(p, value, start);
}

/* NAME (`.` NAME)* */
static Node *dotted_name(Parser *p) {
    int start = parse_start(p);
    Node *n = NULL;
    do {
        Span word;
        const char *name = parse_name(p, n ? "after `.`" : "in a pattern", &word);
        Node *value = n;
        n = parse_node(p, value ? NODE_Attribute : NODE_Name, start);
        n->at = word;
        if (value) {
            n->Attribute.value = value;
            n->Attribute.attr = name;
        } else {
            n->Name.id = name;
        }
    } while (parse_accept(p, TOKEN_DOT));
    return n;
}

/* star_pattern or pattern, as an element of a sequence */
static Node *element(Parser *p) {
    int start = parse_start(p);
    if (!parse_accept(p, TOKEN_STAR)) return pattern(p);
    const char *name = parse_name(p, "after `*` in a pattern", NULL);
    Node *n = parse_node(p, NODE_MatchStar, start);
    n->MatchStar.name = wildcard(name) ? NULL : name;
    return n;
}

static void one_star(Parser *p, Nodes patterns) {
    int stars = 0;
    for (int i = 0; i < patterns.n; i++)
        if (patterns.at[i]->kind == NODE_MatchStar && stars++)
            diag(p->cx, patterns.at[i]->span, "only one element of a sequence pattern can have a `*`");
}

/* `(` or `[`, elements, and its end; parentheses around one pattern only group it */
static Node *sequence(Parser *p, TokenKind end) {
    int start = parse_next(p).start;
    Nodes all = { 0 };
    bool comma = false;
    while (!parse_is(p, end) && !p->failed) {
        PUSH(p->cx->arena, &all, element(p));
        if (!(comma = parse_accept(p, TOKEN_COMMA))) break;
    }
    parse_expect(p, end, "after the elements of a pattern");
    if (end == TOKEN_PAREN_END && all.n == 1 && !comma && all.at[0]->kind != NODE_MatchStar) return all.at[0];
    one_star(p, all);
    Node *n = parse_node(p, NODE_MatchSequence, start);
    n->MatchSequence.patterns = all;
    return n;
}

static Node *mapping(Parser *p) {
    int start = parse_next(p).start;
    Nodes keys = { 0 }, patterns = { 0 };
    const char *rest = NULL;
    while (!parse_is(p, TOKEN_BRACE_END) && !p->failed) {
        if (rest) parse_fail(p, "nothing follows the name with `**` in a pattern");
        if (parse_accept(p, TOKEN_POWER)) {
            rest = parse_name(p, "after `**` in a pattern", NULL);
        } else {
            Node *key = parse_is(p, TOKEN_NAME) ? dotted_name(p) : literal(p);
            if (key->kind == NODE_Name)
                return parse_fail_at(p, key->span, "a key of a pattern is a literal or a name with a `.`");
            if (key->kind == NODE_MatchValue)
                key = key->MatchValue.value;
            else if (key->kind == NODE_MatchSingleton) {
                Node *c = parse_node(p, NODE_Constant, key->span.start);
                c->Constant.value = key->MatchSingleton.value;
                key = c;
            }
            parse_expect(p, TOKEN_COLON, "after the key of a pattern");
            PUSH(p->cx->arena, &keys, key);
            PUSH(p->cx->arena, &patterns, pattern(p));
        }
        if (!parse_accept(p, TOKEN_COMMA)) break;
    }
    parse_expect(p, TOKEN_BRACE_END, "after the items of a pattern");
    Node *n = parse_node(p, NODE_MatchMapping, start);
    n->MatchMapping.keys = keys;
    n->MatchMapping.patterns = patterns;
    n->MatchMapping.rest = rest;
    return n;
}

/* the name and `(` are read */
static Node *class_pattern(Parser *p, Node *cls) {
    Nodes patterns = { 0 }, kwd_patterns = { 0 };
    Names kwd_attrs = { 0 };
    while (!parse_is(p, TOKEN_PAREN_END) && !p->failed) {
        Token t = parse_peek(p, 0);
        if (t.kind == TOKEN_NAME && parse_peek(p, 1).kind == TOKEN_ASSIGN) {
            parse_next(p);
            parse_next(p);
            for (int i = 0; i < kwd_attrs.n; i++)
                if (kwd_attrs.at[i] == t.name)
                    diag(p->cx, (Span){ p->file, t.start, t.end }, "the attribute `%s` is matched twice", t.name);
            PUSH(p->cx->arena, &kwd_attrs, t.name);
            PUSH(p->cx->arena, &kwd_patterns, pattern(p));
        } else {
            if (kwd_attrs.n) parse_fail(p, "a positional pattern follows a keyword pattern");
            PUSH(p->cx->arena, &patterns, pattern(p));
        }
        if (!parse_accept(p, TOKEN_COMMA)) break;
    }
    parse_expect(p, TOKEN_PAREN_END, "after the arguments of a class pattern");
    Node *n = parse_node(p, NODE_MatchClass, cls->span.start);
    n->MatchClass.cls = cls;
    n->MatchClass.patterns = patterns;
    n->MatchClass.kwd_attrs = kwd_attrs;
    n->MatchClass.kwd_patterns = kwd_patterns;
    return n;
}

static Node *closed_pattern(Parser *p) {
    int start = parse_start(p);
    switch (parse_peek(p, 0).kind) {
    case TOKEN_PAREN: return sequence(p, TOKEN_PAREN_END);
    case TOKEN_BRACKET: return sequence(p, TOKEN_BRACKET_END);
    case TOKEN_BRACE: return mapping(p);
    case TOKEN_NUMBER:
    case TOKEN_STRING:
    case TOKEN_MINUS:
    case KEY_None:
    case KEY_True:
    case KEY_False: return literal(p);
    case TOKEN_NAME: break;
    default: return parse_fail(p, "expected a pattern, met %s", parse_met(p));
    }
    Node *name = dotted_name(p);
    if (parse_accept(p, TOKEN_PAREN)) return class_pattern(p, name);
    if (name->kind != NODE_Name) return value_pattern(p, name, start);
    Node *n = parse_node(p, NODE_MatchAs, start);
    n->MatchAs.name = wildcard(name->Name.id) ? NULL : name->Name.id;
    return n;
}

/* or_pattern: closed_pattern (`|` closed_pattern)* */
static Node *or_pattern(Parser *p) {
    int start = parse_start(p);
    Node *first = closed_pattern(p);
    if (!parse_is(p, TOKEN_BAR)) return first;
    Nodes all = { 0 };
    PUSH(p->cx->arena, &all, first);
    while (parse_accept(p, TOKEN_BAR)) PUSH(p->cx->arena, &all, closed_pattern(p));
    Node *n = parse_node(p, NODE_MatchOr, start);
    n->MatchOr.patterns = all;
    return n;
}

/* as_pattern: or_pattern (`as` NAME)? */
static Node *as_pattern(Parser *p) {
    int start = parse_start(p);
    Node *inner = or_pattern(p);
    if (!parse_accept(p, KEY_as)) return inner;
    Span word;
    const char *name = parse_name(p, "after `as` in a pattern", &word);
    if (wildcard(name)) return parse_fail_at(p, word, "`_` is not a name in a pattern");
    Node *n = parse_node(p, NODE_MatchAs, start);
    n->at = word;
    n->MatchAs.pattern = inner;
    n->MatchAs.name = name;
    return n;
}

static Node *pattern(Parser *p) {
    int start = parse_start(p);
    Node *n = parse_enter(p, DEPTH_LEVEL) ? as_pattern(p) : parse_node(p, NODE_Error, start);
    parse_leave(p, DEPTH_LEVEL);
    return n;
}

/* patterns: a sequence without brackets, or one pattern */
static Node *patterns(Parser *p) {
    int start = parse_start(p);
    Node *first = element(p);
    if (!parse_is(p, TOKEN_COMMA) && first->kind != NODE_MatchStar) return first;
    Nodes all = { 0 };
    PUSH(p->cx->arena, &all, first);
    while (parse_accept(p, TOKEN_COMMA) && !parse_is(p, TOKEN_COLON) && !parse_is(p, KEY_if) && !p->failed)
        PUSH(p->cx->arena, &all, element(p));
    one_star(p, all);
    Node *n = parse_node(p, NODE_MatchSequence, start);
    n->MatchSequence.patterns = all;
    return n;
}

Node *parse_case(Parser *p) {
    Token word = parse_next(p);
    Span at = { p->file, word.start, word.end };
    Node *matched = patterns(p);
    Node *guard = parse_accept(p, KEY_if) ? parse_named_expression(p) : NULL;
    parse_colon(p, guard ? "after the guard of `case`" : "after the pattern of `case`");
    Nodes body = parse_block(p, at, "`case`");
    Node *n = parse_node(p, NODE_match_case, word.start);
    n->at = at;
    n->match_case.pattern = matched;
    n->match_case.guard = guard;
    n->match_case.body = body;
    return n;
}

Node *parse_match(Parser *p) {
    Token word = parse_next(p);
    int start = parse_start(p);
    Node *subject = parse_star_named_expression(p);
    if (parse_is(p, TOKEN_COMMA)) {
        Nodes all = { 0 };
        PUSH(p->cx->arena, &all, subject);
        while (parse_accept(p, TOKEN_COMMA) && parse_starts_expression(parse_peek(p, 0).kind))
            PUSH(p->cx->arena, &all, parse_star_named_expression(p));
        subject = parse_node(p, NODE_Tuple, start);
        subject->Tuple.elts = all;
    }
    parse_expect(p, TOKEN_COLON, "after the subject of `match`");
    parse_expect(p, TOKEN_NEWLINE, "after `match ...:`");
    if (!parse_accept(p, TOKEN_INDENT))
        parse_fail(p, "expected an indented `case` after `match`, met %s", parse_met(p));
    Nodes cases = { 0 };
    while (parse_is_name(p, "case")) PUSH(p->cx->arena, &cases, parse_case(p));
    if (!parse_accept(p, TOKEN_DEDENT)) parse_fail(p, "expected `case`, met %s", parse_met(p));
    Node *n = parse_node(p, NODE_Match, word.start);
    n->at = (Span){ p->file, word.start, word.end };
    n->Match.subject = subject;
    n->Match.cases = cases;
    return n;
}
