/* lex: source to tokens.
**
** Indentation becomes INDENT and DEDENT; line ends inside brackets are not seen.
** A mistake is reported here and leaves a token BROKEN, at which the parser gives
** up its statement without a word.  A bracket that is never closed would swallow
** the rest of the file: the lexer goes back and resumes at the first line that is
** indented no deeper than the one that opened it. */
#include "syntax/syntax.h"

#include <string.h>

enum { MOST_RESUMED = 20 };

typedef struct {
    int columns, characters;
} Indent; /* a tab reaches the next multiple of 8, or counts 1 */
typedef struct {
    char open;
    int at;
} Bracket;

typedef struct {
    Compiler *cx;
    int file, at, end;
    const char *text;
    Tokens tokens;
    struct {
        Indent *at;
        int n, cap;
    } indents;
    struct {
        Bracket *at;
        int n, cap;
    } brackets;
    bool inside, line_start; /* line_start: nothing of this line is read yet */
    bool mixed;              /* tabs and spaces: said once */
    int resumed;
    unsigned char first[128]; /* by character, the first text of a token that begins with it */
} Lexer;

static const char *const token_texts[TOKEN_KINDS] = {
#define PUNCTUATION(name, text) [TOKEN_##name] = text,
#define KEYWORD(name, text) [KEY_##name] = text,
#include "syntax/tokens.def"
#undef PUNCTUATION
#undef KEYWORD
};

const char *token_text(TokenKind kind) { return token_texts[kind]; }

static Span span_of(const Lexer *l, int start, int end) { return (Span){ l->file, start, end }; }

static char ahead(const Lexer *l, int i) { return l->at + i < l->end ? l->text[l->at + i] : 0; }

static void emit(Lexer *l, TokenKind kind, int start, int end) {
    PUSH(l->cx->arena, &l->tokens, ((Token){ .kind = kind, .start = start, .end = end }));
}

static bool at_newline(const Lexer *l) { return ahead(l, 0) == '\n' || ahead(l, 0) == '\r'; }

static void pass_newline(Lexer *l) { l->at += ahead(l, 0) == '\r' && ahead(l, 1) == '\n' ? 2 : 1; }

static void pass_line(Lexer *l) {
    while (l->at < l->end && !at_newline(l)) l->at++;
}

/* Reads the white space that begins a line. */
static Indent measure(Lexer *l) {
    Indent in = { 0, 0 };
    for (;; l->at++) {
        char c = ahead(l, 0);
        if (c == ' ')
            in.columns++, in.characters++;
        else if (c == '\t')
            in.columns = (in.columns / 8 + 1) * 8, in.characters++;
        else if (c == '\f')
            in = (Indent){ 0, 0 };
        else
            return in;
    }
}

/* Skips lines that hold nothing, then compares the next one with the lines above. */
static void indentation(Lexer *l) {
    Indent in;
    int start;
    for (;;) {
        start = l->at;
        in = measure(l);
        if (ahead(l, 0) == '#') pass_line(l);
        if (l->at >= l->end) return;
        if (!at_newline(l)) break;
        pass_newline(l);
    }
    l->line_start = false;
    Indent top = l->indents.at[l->indents.n - 1];
    bool agree = (in.columns > top.columns) == (in.characters > top.characters);
    if (in.columns > top.columns) {
        PUSH(l->cx->arena, &l->indents, in);
        emit(l, TOKEN_INDENT, start, l->at);
    }
    int deeper = top.columns;
    while (in.columns < l->indents.at[l->indents.n - 1].columns) {
        deeper = l->indents.at[--l->indents.n].columns;
        emit(l, TOKEN_DEDENT, l->at, l->at);
    }
    top = l->indents.at[l->indents.n - 1];
    if (top.columns == in.columns) agree &= top.characters == in.characters;
    if (!agree && !l->mixed) {
        diag(l->cx, span_of(l, start, l->at),
             "tabs and spaces are mixed: how deep this line stands depends on the tab");
        caret(l->cx, "indent with spaces only");
        l->mixed = true;
        emit(l, TOKEN_BROKEN, start, l->at);
    } else if (agree && top.columns != in.columns) {
        diag(l->cx, span_of(l, start, l->at), "the indentation of this line matches none of the lines above");
        caret(l->cx, "%d columns; %d or %d would do", in.columns, top.columns, deeper);
    }
}

/* The first line below the outermost open bracket that cannot belong to it, by its indentation. */
static int next_statement(Lexer *l) {
    int deepest = l->indents.at[l->indents.n - 1].columns, was = l->at, found = l->end;
    l->at = l->brackets.at[0].at;
    pass_line(l);
    while (l->at < l->end) {
        pass_newline(l);
        int start = l->at;
        Indent in = measure(l);
        char c = ahead(l, 0);
        if (c && !at_newline(l) && !strchr("#)]}", c) && in.columns <= deepest) {
            found = start;
            break;
        }
        pass_line(l);
    }
    l->at = was;
    return found;
}

/* Goes on with the next statement, and reports the innermost bracket that is open before it. */
static void unclosed(Lexer *l) {
    int resume = l->resumed++ < MOST_RESUMED ? next_statement(l) : l->end;
    int i = l->brackets.n - 1;
    while (i > 0 && l->brackets.at[i].at >= resume) i--;
    Bracket b = l->brackets.at[i];
    diag(l->cx, span_of(l, b.at, b.at + 1), "`%c` is never closed", b.open);
    while (l->tokens.n && l->tokens.at[l->tokens.n - 1].start >= resume) l->tokens.n--;
    l->brackets.n = 0;
    emit(l, TOKEN_BROKEN, resume, resume);
    emit(l, TOKEN_NEWLINE, resume, resume);
    l->at = resume;
    l->line_start = true;
}

static void close_bracket(Lexer *l, char c) {
    char open = c == ')' ? '(' : c == ']' ? '[' : '{';
    if (!l->brackets.n) {
        if (!l->inside) {
            diag(l->cx, span_of(l, l->at, l->at + 1), "`%c` closes nothing", c);
            emit(l, TOKEN_BROKEN, l->at, l->at + 1);
        }
        return;
    }
    Bracket b = l->brackets.at[l->brackets.n - 1];
    int matching = l->brackets.n - 1; /* those inside it were forgotten */
    while (matching > 0 && l->brackets.at[matching].open != open) matching--;
    l->brackets.n = l->brackets.at[matching].open == open ? matching : l->brackets.n - 1;
    if (b.open == open) return;
    diag(l->cx, span_of(l, l->at, l->at + 1), "`%c` does not close `%c`", c, b.open);
    note_at(l->cx, span_of(l, b.at, b.at + 1), "`%c` is opened here", b.open);
    emit(l, TOKEN_BROKEN, l->at, l->at + 1);
}

static void broken(Lexer *l, int length, const char *message) {
    diag(l->cx, span_of(l, l->at, l->at + length), "%s", message);
    emit(l, TOKEN_BROKEN, l->at, l->at + length);
    l->at += length;
}

/* How long `text` is, if it stands there; else 0. */
static int stands_at(const Lexer *l, int at, const char *text) {
    int n = 0;
    for (; text[n]; n++) {
        if (at + n >= l->end || l->text[at + n] != text[n]) return 0;
    }
    return n;
}

static int first_with(const Lexer *l, int at) {
    unsigned char c = (unsigned char)l->text[at];
    return c < COUNT(l->first) ? l->first[c] : 0;
}

static void punctuation(Lexer *l) {
    static const struct {
        const char *text, *message;
    } foreign[] = {
        { "&&", "`&&` is written `and`" },        { "||", "`||` is written `or`" },
        { "<>", "`<>` is written `!=`" },         { "===", "`===` is written `==`" },
        { "\u201c", "`\u201c` is written `\"`" }, { "\u201d", "`\u201d` is written `\"`" },
        { "\u2018", "`\u2018` is written `'`" },  { "\u2019", "`\u2019` is written `'`" },
    };
    for (int i = 0; i < COUNT(foreign); i++) {
        int n = stands_at(l, l->at, foreign[i].text);
        if (n) {
            broken(l, n, foreign[i].message);
            return;
        }
    }
    for (int kind = first_with(l, l->at); kind && kind < KEY_False; kind++) {
        int n = stands_at(l, l->at, token_texts[kind]);
        if (!n) continue;
        char c = n == 1 ? ahead(l, 0) : 0;
        if (c && strchr(")]}", c)) close_bracket(l, c);
        emit(l, (TokenKind)kind, l->at, l->at + n);
        if (c && strchr("([{", c)) PUSH(l->cx->arena, &l->brackets, ((Bracket){ c, l->at }));
        l->at += n;
        return;
    }
    uint32_t c = 0;
    int n = utf8_decode(l->text + l->at, l->end - l->at, &c);
    if (c == '!')
        broken(l, 1, "`!` is written `not`");
    else if (c == 0)
        broken(l, 1, "a NUL byte does not belong in a program");
    else if (c < ' ' || c == 0x7f)
        broken(l, 1, arena_text(l->cx->arena, "the control character 0x%02x does not belong in a program", c));
    else
        broken(l, n, arena_text(l->cx->arena, "`%.*s` does not belong in a program", n, l->text + l->at));
}

/* Length of the letters before a string's first quote; -1 where no string begins here. */
static int string_prefix(const Lexer *l) {
    int n = 0;
    while (n < 3 && ahead(l, n) && strchr("rRbBuUfF", ahead(l, n))) n++;
    if (ahead(l, n) != '"' && ahead(l, n) != '\'') return -1;
    char a = n > 0 ? ahead(l, 0) | 32 : 0, b = n > 1 ? ahead(l, 1) | 32 : 0;
    bool pair = (a == 'r' && (b == 'b' || b == 'f')) || (b == 'r' && (a == 'b' || a == 'f'));
    return n < 2 || (n == 2 && pair) ? n : -1;
}

static void string(Lexer *l, int prefix) {
    int start = l->at, i = start + prefix;
    char quote = l->text[i];
    bool triple = i + 2 < l->end && l->text[i + 1] == quote && l->text[i + 2] == quote;
    int width = triple ? 3 : 1, closing = 0;
    for (i += width; i < l->end && closing < width; i++) {
        char c = l->text[i];
        closing = c == quote ? closing + 1 : 0;
        if (c == '\\') {
            i += i + 2 < l->end && l->text[i + 1] == '\r' && l->text[i + 2] == '\n' ? 2 : 1;
        } else if (!triple && (c == '\n' || c == '\r')) {
            break;
        }
    }
    if (i > l->end) i = l->end;
    l->at = i;
    if (closing == width) {
        emit(l, TOKEN_STRING, start, i);
        return;
    }
    int shown = start + prefix + width;
    diag(l->cx, span_of(l, start, triple ? shown : i), "this string has no end");
    caret(l->cx, triple ? "no %c%c%c follows" : "no %c follows on this line", quote, quote, quote);
    emit(l, TOKEN_BROKEN, start, i);
}

static void number(Lexer *l) {
    const char *wrong;
    int n = number_length(l->text + l->at, l->end - l->at, &wrong);
    if (wrong) {
        broken(l, n, wrong);
        return;
    }
    emit(l, TOKEN_NUMBER, l->at, l->at + n);
    l->at += n;
}

/* Statements that cannot stand in brackets: met there at the start of a line, the bracket was forgotten. */
static bool only_statement(TokenKind kind) {
    switch (kind) {
    case KEY_def:
    case KEY_class:
    case KEY_return:
    case KEY_import:
    case KEY_while:
    case KEY_with:
    case KEY_try:
    case KEY_raise:
    case KEY_assert:
    case KEY_pass:
    case KEY_break:
    case KEY_continue:
    case KEY_del:
    case KEY_global:
    case KEY_nonlocal: return true;
    default: return false;
    }
}

static void name(Lexer *l) {
    int start = l->at, n;
    uint32_t c;
    while ((n = utf8_decode(l->text + l->at, l->end - l->at, &c)) && continues_name(c)) l->at += n;
    TokenKind kind = TOKEN_NAME;
    for (int k = first_with(l, start); k >= KEY_False && k < TOKEN_KINDS && token_texts[k][0] == l->text[start]; k++)
        if (stands_at(l, start, token_texts[k]) == l->at - start) kind = (TokenKind)k;
    if (l->brackets.n && !l->inside && l->line_start && only_statement(kind)) {
        unclosed(l);
        return;
    }
    emit(l, kind, start, l->at);
    if (kind == TOKEN_NAME) l->tokens.at[l->tokens.n - 1].name = name_of_n(l->cx, l->text + start, l->at - start);
}

static void token(Lexer *l) {
    uint32_t c;
    char here = ahead(l, 0);
    int prefix = string_prefix(l);
    if (prefix >= 0)
        string(l, prefix);
    else if ((here >= '0' && here <= '9') || (here == '.' && ahead(l, 1) >= '0' && ahead(l, 1) <= '9'))
        number(l);
    else if (utf8_decode(l->text + l->at, l->end - l->at, &c) && starts_name(c))
        name(l);
    else
        punctuation(l);
}

static void join_lines(Lexer *l) {
    int start = l->at++;
    if (l->at < l->end && at_newline(l)) {
        pass_newline(l);
        if (l->at < l->end) return;
    }
    diag(l->cx, span_of(l, start, start + 1), "`\\` joins two lines: nothing may stand behind it on its line");
    emit(l, TOKEN_BROKEN, start, l->at);
    pass_line(l);
}

static void newline(Lexer *l) {
    TokenKind last = l->tokens.n ? l->tokens.at[l->tokens.n - 1].kind : TOKEN_NEWLINE;
    if (!l->brackets.n && !l->inside && last != TOKEN_NEWLINE && last != TOKEN_DEDENT)
        emit(l, TOKEN_NEWLINE, l->at, l->at);
    if (l->at < l->end) pass_newline(l);
    l->line_start = true;
}

Tokens lex(Compiler *cx, int file, int start, int end, bool inside) {
    Lexer l = { .cx = cx, .file = file, .at = start, .end = end, .text = source_of(cx, file)->text, .inside = inside };
    PUSH(cx->arena, &l.indents, ((Indent){ 0, 0 }));
    for (int k = TOKEN_KINDS - 1; k > TOKEN_STRING; k--) l.first[(unsigned char)token_texts[k][0]] = (unsigned char)k;
    l.line_start = !inside;
    for (;;) {
        if (l.line_start && !l.brackets.n && !inside) indentation(&l);
        char c = ahead(&l, 0);
        if (l.at >= l.end && l.brackets.n && !inside)
            unclosed(&l);
        else if (l.at >= l.end)
            break;
        else if (c == ' ' || c == '\t' || c == '\f')
            l.at++;
        else if (c == '#')
            pass_line(&l);
        else if (at_newline(&l))
            newline(&l);
        else if (c == '\\')
            join_lines(&l);
        else {
            token(&l);
            if (!l.brackets.n || l.tokens.at[l.tokens.n - 1].kind != TOKEN_NEWLINE) l.line_start = false;
        }
    }
    newline(&l);
    while (l.indents.n-- > 1) emit(&l, TOKEN_DEDENT, end, end);
    emit(&l, TOKEN_END, end, end);
    return l.tokens;
}
