/* parse: a file, its blocks, and the statements of one line.
**
** After a mistake the statement is given up, with the block that belongs to it;
** that block is still read, so that mistakes in it are found, too. */
#include "syntax/syntax.h"

#include <string.h>

static Nodes statements(Parser *);

static void skip_line(Parser *p) {
    for (;;) {
        TokenKind kind = parse_peek(p, 0).kind;
        if (kind == TOKEN_END || kind == TOKEN_INDENT || kind == TOKEN_DEDENT) return;
        parse_next(p);
        if (kind == TOKEN_NEWLINE) return;
    }
}

static bool continues_statement(TokenKind kind) {
    return kind == KEY_elif || kind == KEY_else || kind == KEY_except || kind == KEY_finally;
}

/* What is nested too deeply is not read. */
static void skip_block(Parser *p, int level) {
    while (!parse_is(p, TOKEN_END) && !(parse_is(p, TOKEN_DEDENT) && p->level == level)) parse_next(p);
}

static bool has_clauses(TokenKind kind) {
    return kind == KEY_if || kind == KEY_for || kind == KEY_while || kind == KEY_try || kind == KEY_async ||
           continues_statement(kind);
}

/* Behind the statement that began at the token `start`, at this level of indentation, and failed: reads its blocks and
** its other clauses. */
static void recover(Parser *p, int level, int start) {
    TokenKind before = p->at > start ? p->tokens.at[p->at - 1].kind : TOKEN_FAILED;
    bool line_starts = before == TOKEN_NEWLINE || before == TOKEN_INDENT || before == TOKEN_DEDENT;
    bool clauses = has_clauses(p->tokens.at[start].kind);
    p->failed = false;
    p->recovering++;
    do {
        if (!line_starts) skip_line(p);
        line_starts = false;
        if (parse_accept(p, TOKEN_INDENT)) {
            if (p->depth + 4 * DEPTH_LEVEL > DEPTH_MOST)
                skip_block(p, level + 1);
            else
                statements(p);
        }
        while (p->level > level && !parse_is(p, TOKEN_END)) {
            parse_accept(p, TOKEN_DEDENT);
            if (p->level > level) statements(p);
        }
    } while (clauses && continues_statement(parse_peek(p, 0).kind));
    p->recovering--;
}

/* Up to a DEDENT, which is left, or the end of the file. */
static Nodes statements(Parser *p) {
    Nodes all = { 0 };
    int level = p->level;
    while (!parse_is(p, TOKEN_END) && !parse_is(p, TOKEN_DEDENT)) {
        if (!parse_enter(p, DEPTH_LEVEL)) {
            parse_leave(p, DEPTH_LEVEL);
            p->failed = false;
            skip_block(p, level);
            break;
        }
        if (parse_is(p, TOKEN_INDENT)) {
            Token t = parse_next(p);
            diag(p->cx, (Span){ p->file, t.start, t.end }, "this line is indented, but no block begins here");
            statements(p);
            parse_accept(p, TOKEN_DEDENT);
        } else if (parse_accept(p, TOKEN_NEWLINE)) {
            /* a line joined to nothing */
        } else {
            int before = all.n, start = p->at;
            Node *one = parse_compound(p);
            if (one)
                PUSH(p->cx->arena, &all, one);
            else
                parse_simple_statements(p, &all);
            if (p->failed) {
                all.n = before;
                recover(p, level, start);
            }
        }
        parse_leave(p, DEPTH_LEVEL);
    }
    return all;
}

void parse_colon(Parser *p, const char *where) {
    bool block = parse_is(p, TOKEN_NEWLINE) && parse_peek(p, 1).kind == TOKEN_INDENT;
    if (!parse_expect(p, TOKEN_COLON, where) && block) p->failed = false; /* only the `:` is missing */
}

Nodes parse_block(Parser *p, Span owner, const char *words) {
    Nodes all = { 0 };
    if (!parse_accept(p, TOKEN_NEWLINE)) {
        parse_simple_statements(p, &all);
        return all;
    }
    if (!parse_accept(p, TOKEN_INDENT)) {
        Token t = parse_peek(p, 0);
        p->failed |= t.kind == TOKEN_BROKEN;
        if (p->failed) return all;
        diag(p->cx, owner, "expected an indented block after %s", words);
        if (t.kind > TOKEN_DEDENT)
            note_at(p->cx, (Span){ p->file, t.start, t.end }, "this line is not indented deeper");
        return all;
    }
    all = statements(p);
    parse_accept(p, TOKEN_DEDENT);
    return all;
}

static const Operator updates[] = {
    [TOKEN_POWER_ASSIGN] = OPERATOR_Pow,        [TOKEN_FLOOR_ASSIGN] = OPERATOR_FloorDiv,
    [TOKEN_RIGHT_ASSIGN] = OPERATOR_RShift,     [TOKEN_LEFT_ASSIGN] = OPERATOR_LShift,
    [TOKEN_PLUS_ASSIGN] = OPERATOR_Add,         [TOKEN_MINUS_ASSIGN] = OPERATOR_Sub,
    [TOKEN_STAR_ASSIGN] = OPERATOR_Mult,        [TOKEN_AT_ASSIGN] = OPERATOR_MatMult,
    [TOKEN_SLASH_ASSIGN] = OPERATOR_Div,        [TOKEN_PERCENT_ASSIGN] = OPERATOR_Mod,
    [TOKEN_AMPERSAND_ASSIGN] = OPERATOR_BitAnd, [TOKEN_BAR_ASSIGN] = OPERATOR_BitOr,
    [TOKEN_CARET_ASSIGN] = OPERATOR_BitXor,
};

static bool is_update(TokenKind kind) {
    return (kind >= TOKEN_POWER_ASSIGN && kind <= TOKEN_LEFT_ASSIGN) ||
           (kind >= TOKEN_PLUS_ASSIGN && kind <= TOKEN_CARET_ASSIGN);
}

static Node *statement_node(Parser *p, NodeKind kind, Token word) {
    Node *n = parse_node(p, kind, word.start);
    n->at = (Span){ p->file, word.start, word.end };
    return n;
}

static bool single_target(const Node *n) {
    return n->kind == NODE_Name || n->kind == NODE_Attribute || n->kind == NODE_Subscript;
}

static Node *annotation(Parser *p, Node *target, Token first) {
    if (!single_target(target))
        return parse_fail_at(p, target->span, "only one variable can be annotated, not %s", node_words(target->kind));
    Token colon = parse_next(p);
    parse_as_target(p, target, CTX_Store);
    Node *type = parse_quoted(p, parse_expression(p));
    Node *value = parse_accept(p, TOKEN_ASSIGN) ? parse_star_expressions(p) : NULL;
    Node *n = parse_node(p, NODE_AnnAssign, first.start);
    n->at = (Span){ p->file, colon.start, colon.end };
    n->AnnAssign.target = target;
    n->AnnAssign.annotation = type;
    n->AnnAssign.value = value;
    n->AnnAssign.simple = target->kind == NODE_Name && first.kind != TOKEN_PAREN;
    return n;
}

static Node *update(Parser *p, Node *target, Token first) {
    if (!single_target(target))
        return parse_fail_at(p, target->span, "only one variable can be updated, not %s", node_words(target->kind));
    Token sign = parse_next(p);
    parse_as_target(p, target, CTX_Store);
    Node *value = parse_star_expressions(p);
    Node *n = parse_node(p, NODE_AugAssign, first.start);
    n->at = (Span){ p->file, sign.start, sign.end };
    n->AugAssign.target = target;
    n->AugAssign.op = updates[sign.kind];
    n->AugAssign.value = value;
    return n;
}

/* assignment, or star_expressions alone */
static Node *assignment(Parser *p) {
    Token first = parse_peek(p, 0);
    Node *value = parse_star_expressions(p);
    Token sign = parse_peek(p, 0);
    if (sign.kind == TOKEN_COLON) return annotation(p, value, first);
    if (is_update(sign.kind)) return update(p, value, first);
    if (sign.kind == TOKEN_WALRUS) return parse_fail(p, "`:=` stands in parentheses or a condition; write `=` here");
    Nodes targets = { 0 };
    while (parse_accept(p, TOKEN_ASSIGN)) {
        parse_as_target(p, value, CTX_Store);
        PUSH(p->cx->arena, &targets, value);
        value = parse_star_expressions(p);
    }
    if (value->kind == NODE_Starred && !p->failed)
        return parse_fail_at(p, value->span, "`*` unpacks into a tuple, list or call; write `*x,` for a tuple");
    Node *n = parse_node(p, targets.n ? NODE_Assign : NODE_Expr, first.start);
    if (!targets.n) {
        n->Expr.value = value;
        return n;
    }
    n->at = (Span){ p->file, sign.start, sign.end };
    n->Assign.targets = targets;
    n->Assign.value = value;
    return n;
}

static Node *return_statement(Parser *p) {
    Token word = parse_next(p);
    Node *value = parse_starts_expression(parse_peek(p, 0).kind) ? parse_star_expressions(p) : NULL;
    Node *n = statement_node(p, NODE_Return, word);
    n->Return.value = value;
    return n;
}

static Node *raise_statement(Parser *p) {
    Token word = parse_next(p);
    Node *exc = NULL, *cause = NULL;
    if (parse_starts_expression(parse_peek(p, 0).kind)) {
        exc = parse_expression(p);
        if (parse_accept(p, KEY_from)) cause = parse_expression(p);
    }
    Node *n = statement_node(p, NODE_Raise, word);
    n->Raise.exc = exc;
    n->Raise.cause = cause;
    return n;
}

static Node *assert_statement(Parser *p) {
    Token word = parse_next(p);
    Node *test = parse_expression(p);
    Node *msg = parse_accept(p, TOKEN_COMMA) ? parse_expression(p) : NULL;
    Node *n = statement_node(p, NODE_Assert, word);
    n->Assert.test = test;
    n->Assert.msg = msg;
    return n;
}

static Node *del_statement(Parser *p) {
    Token word = parse_next(p);
    Nodes targets = { 0 };
    do {
        Node *target = parse_star_named_expression(p);
        parse_as_target(p, target, CTX_Del);
        PUSH(p->cx->arena, &targets, target);
    } while (parse_accept(p, TOKEN_COMMA) && parse_starts_expression(parse_peek(p, 0).kind));
    Node *n = statement_node(p, NODE_Delete, word);
    n->Delete.targets = targets;
    return n;
}

static Node *scope_statement(Parser *p) {
    Token word = parse_next(p);
    Names names = { 0 };
    do PUSH(p->cx->arena, &names, parse_name(p, word.kind == KEY_global ? "after `global`" : "after `nonlocal`", NULL));
    while (parse_accept(p, TOKEN_COMMA));
    Node *n = statement_node(p, word.kind == KEY_global ? NODE_Global : NODE_Nonlocal, word);
    if (word.kind == KEY_global)
        n->Global.names = names;
    else
        n->Nonlocal.names = names;
    return n;
}

/* dotted_name: NAME (`.` NAME)*, as one name */
static const char *dotted_name(Parser *p, const char *where) {
    Text all = text_new(p->cx->arena);
    do {
        const char *part = parse_name(p, all.n ? "after `.`" : where, NULL);
        text_add(&all, "%s%s", all.n ? "." : "", part ? part : "");
    } while (parse_accept(p, TOKEN_DOT));
    return name_of(p->cx, all.at);
}

static Node *alias(Parser *p, bool dotted) {
    int start = parse_start(p);
    const char *where = dotted ? "after `import`" : "to import";
    const char *name = dotted ? dotted_name(p, where) : parse_name(p, where, NULL);
    const char *asname = parse_accept(p, KEY_as) ? parse_name(p, "after `as`", NULL) : NULL;
    Node *n = parse_node(p, NODE_alias, start);
    n->alias.name = name;
    n->alias.asname = asname;
    return n;
}

static Node *import_statement(Parser *p) {
    Token word = parse_next(p);
    Nodes names = { 0 };
    do PUSH(p->cx->arena, &names, alias(p, true));
    while (parse_accept(p, TOKEN_COMMA));
    if (parse_is(p, KEY_from)) parse_fail(p, "write `from module import name`");
    Node *n = statement_node(p, NODE_Import, word);
    n->Import.names = names;
    return n;
}

static Nodes imported_names(Parser *p) {
    Nodes names = { 0 };
    if (parse_is(p, TOKEN_STAR)) {
        Token star = parse_next(p);
        Node *n = parse_node(p, NODE_alias, star.start);
        n->alias.name = name_of(p->cx, "*");
        PUSH(p->cx->arena, &names, n);
        return names;
    }
    bool paren = parse_accept(p, TOKEN_PAREN);
    do {
        if (paren && names.n && parse_is(p, TOKEN_PAREN_END)) break;
        PUSH(p->cx->arena, &names, alias(p, false));
    } while (parse_accept(p, TOKEN_COMMA));
    if (paren) parse_expect(p, TOKEN_PAREN_END, "after the imported names");
    return names;
}

static Node *from_statement(Parser *p) {
    Token word = parse_next(p);
    const char *module = NULL;
    int level = 0;
    while (parse_is(p, TOKEN_DOT) || parse_is(p, TOKEN_ELLIPSIS)) level += parse_next(p).kind == TOKEN_DOT ? 1 : 3;
    if (!level || !parse_is(p, KEY_import)) module = dotted_name(p, "of a module after `from`");
    parse_expect(p, KEY_import, "after `from` and a module");
    Nodes names = imported_names(p);
    Node *n = statement_node(p, NODE_ImportFrom, word);
    n->ImportFrom.module = module;
    n->ImportFrom.names = names;
    n->ImportFrom.level = level;
    return n;
}

static Node *leaf_statement(Parser *p, NodeKind kind) { return statement_node(p, kind, parse_next(p)); }

static Node *misplaced(Parser *p) {
    TokenKind kind = parse_peek(p, 0).kind;
    switch (kind) {
    case KEY_elif: return parse_fail(p, "`elif` without `if`");
    case KEY_else: return parse_fail(p, "`else` without `if`, `for`, `while` or `try`");
    case KEY_except: return parse_fail(p, "`except` without `try`");
    case KEY_finally: return parse_fail(p, "`finally` without `try`");
    case KEY_if:
    case KEY_for:
    case KEY_while:
    case KEY_with:
    case KEY_try:
    case KEY_def:
    case KEY_class:
    case KEY_async:
    case TOKEN_AT: return parse_fail(p, "`%s` begins a line of its own", token_text(kind));
    default: return parse_fail(p, "expected a statement, met %s", parse_met(p));
    }
}

static Node *simple_statement(Parser *p) {
    TokenKind kind = parse_peek(p, 0).kind;
    switch (kind) {
    case KEY_pass: return leaf_statement(p, NODE_Pass);
    case KEY_break: return leaf_statement(p, NODE_Break);
    case KEY_continue: return leaf_statement(p, NODE_Continue);
    case KEY_return: return return_statement(p);
    case KEY_raise: return raise_statement(p);
    case KEY_assert: return assert_statement(p);
    case KEY_del: return del_statement(p);
    case KEY_global:
    case KEY_nonlocal: return scope_statement(p);
    case KEY_import: return import_statement(p);
    case KEY_from: return from_statement(p);
    default: return parse_starts_expression(kind) ? assignment(p) : misplaced(p);
    }
}

/* What may help where a line goes on after its statement. */
static void end_of_line(Parser *p, const Node *last) {
    if (p->failed || parse_accept(p, TOKEN_NEWLINE) || parse_is(p, TOKEN_END)) return;
    int mark = diag_mark(p->cx);
    const Node *e = last->kind == NODE_Expr ? last->Expr.value : NULL;
    bool call = e && e->kind == NODE_Name && parse_starts_expression(parse_peek(p, 0).kind);
    parse_fail(p, "expected the end of the line, met %s", parse_met(p));
    if (diag_mark(p->cx) == mark) return;
    if (call) caret(p->cx, "a call needs parentheses: `%s(...)`", e->Name.id);
}

void parse_simple_statements(Parser *p, Nodes *out) {
    Node *last;
    do {
        last = simple_statement(p);
        PUSH(p->cx->arena, out, last);
    } while (parse_accept(p, TOKEN_SEMICOLON) && !parse_is(p, TOKEN_NEWLINE) && !parse_is(p, TOKEN_END));
    end_of_line(p, last);
}

/* The first byte that is no part of a character, or -1. */
static int not_utf8(const Source *s) {
    uint32_t c;
    for (int at = 0, n; at < s->length; at += n)
        if (!(n = utf8_decode(s->text + at, s->length - at, &c))) return at;
    return -1;
}

Node *parse_file(Compiler *cx, int file) {
    const Source *s = source_of(cx, file);
    Parser p = { .cx = cx, .file = file };
    int bad = not_utf8(s), mark = diag_errors(cx);
    if (bad >= 0) {
        diag(cx, (Span){ file, bad, bad + 1 }, "the file is not UTF-8: the byte 0x%02x here is no part of a character",
             (unsigned char)s->text[bad]);
        p.tokens = lex(cx, file, 0, 0, false);
    } else {
        int bom = s->length >= 3 && memcmp(s->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
        p.tokens = lex(cx, file, bom, s->length, false);
    }
    Node *module = parse_node(&p, NODE_Module, 0);
    module->Module.body = statements(&p);
    module->span.end = s->length;
    bool whole = diag_errors(cx) == mark;
    int before = diag_mark(cx);
    resolve_scopes(cx, module);
    if (!whole) diag_rewind(cx, before); /* what is missing from the tree would be missed */
    return module;
}
