/* parser: what all rules of the grammar stand on. */
#include "syntax/syntax.h"

#include <string.h>

Token parse_peek(const Parser *p, int ahead) {
    int i = p->at + ahead;
    if (p->failed) return (Token){ .kind = TOKEN_FAILED, .start = p->last_end, .end = p->last_end };
    return p->tokens.at[i < p->tokens.n ? i : p->tokens.n - 1];
}

bool parse_is(const Parser *p, TokenKind kind) { return parse_peek(p, 0).kind == kind; }

bool parse_is_name(const Parser *p, const char *word) {
    Token t = parse_peek(p, 0);
    return t.kind == TOKEN_NAME && strcmp(t.name, word) == 0;
}

int parse_start(const Parser *p) { return parse_peek(p, 0).start; }

Token parse_next(Parser *p) {
    Token t = parse_peek(p, 0);
    if (!p->failed && t.kind != TOKEN_END) {
        p->at++;
        p->level += (t.kind == TOKEN_INDENT) - (t.kind == TOKEN_DEDENT);
        if (t.kind > TOKEN_DEDENT) p->last_end = t.end;
    }
    return t;
}

bool parse_accept(Parser *p, TokenKind kind) {
    if (!parse_is(p, kind)) return false;
    parse_next(p);
    return true;
}

static const char *words_of(const Parser *p, Token t) {
    int n = t.end - t.start;
    switch (t.kind) {
    case TOKEN_NEWLINE: return "the end of the line";
    case TOKEN_END: return p->in_braces ? "the end of the braces" : "the end of the file";
    case TOKEN_INDENT: return "a deeper indentation";
    case TOKEN_DEDENT: return "the end of the block";
    case TOKEN_STRING: return "a string";
    default: return arena_text(p->cx->arena, "`%.*s`", n < 60 ? n : 60, source_of(p->cx, p->file)->text + t.start);
    }
}

const char *parse_met(const Parser *p) { return words_of(p, parse_peek(p, 0)); }

/* Whether the lexer has already said what is wrong with this line. */
static bool line_broken(const Parser *p) {
    for (int i = p->at; i < p->tokens.n; i++) {
        TokenKind kind = p->tokens.at[i].kind;
        if (kind == TOKEN_BROKEN) return true;
        if (kind == TOKEN_NEWLINE || kind == TOKEN_END) return false;
    }
    return false;
}

static Node *fail(Parser *p, Span span, const char *format, va_list args) {
    if (!p->failed && !line_broken(p)) diagv(p->cx, span, format, args);
    p->failed = true;
    return parse_node(p, NODE_Error, span.start);
}

Node *parse_fail_at(Parser *p, Span span, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Node *e = fail(p, span, format, args);
    va_end(args);
    return e;
}

Node *parse_fail(Parser *p, const char *format, ...) {
    Token t = parse_peek(p, 0);
    bool visible = t.kind > TOKEN_DEDENT;
    Span span = { p->file, visible ? t.start : p->last_end, visible ? t.end : p->last_end + 1 };
    va_list args;
    va_start(args, format);
    Node *e = fail(p, span, format, args);
    va_end(args);
    return e;
}

bool parse_expect(Parser *p, TokenKind kind, const char *where) {
    if (parse_accept(p, kind)) return true;
    const char *wanted = kind == TOKEN_NEWLINE ? "the end of the line"
                         : kind == TOKEN_END   ? "`}`"
                                               : arena_text(p->cx->arena, "`%s`", token_text(kind));
    int before = diag_mark(p->cx);
    bool assigns = parse_is(p, TOKEN_ASSIGN);
    parse_fail(p, "expected %s %s, met %s", wanted, where, parse_met(p));
    if (assigns && diag_mark(p->cx) > before) caret(p->cx, "`==` compares, `=` assigns");
    return false;
}

const char *parse_name(Parser *p, const char *where, Span *span) {
    Token t = parse_peek(p, 0);
    if (span) *span = (Span){ p->file, t.start, t.end };
    if (parse_accept(p, TOKEN_NAME)) return t.name;
    parse_fail(p, "expected a name %s, met %s%s", where, parse_met(p), t.kind >= KEY_False ? ", a keyword" : "");
    return NULL;
}

Node *parse_node(Parser *p, NodeKind kind, int start) {
    Node *n = NEW(p->cx->arena, Node);
    n->kind = kind;
    n->span = n->at = (Span){ p->file, start, p->last_end > start ? p->last_end : start };
    return n;
}

bool parse_enter(Parser *p, int depth) {
    p->depth += depth;
    if (p->depth > DEPTH_MOST && !p->failed)
        parse_fail(p, "this is nested too deeply: more than %d levels, or %d terms in one chain",
                   DEPTH_MOST / DEPTH_LEVEL, DEPTH_MOST);
    return !p->failed;
}

void parse_leave(Parser *p, int depth) { p->depth -= depth; }
