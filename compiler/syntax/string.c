/* string: string literals: escapes, implicit concatenation, f-strings. */
#include "syntax/syntax.h"

#include <string.h>

enum { FSTRING_LEVELS = 2 }; /* f"{x:{width}}" is two */

/* One literal's letters and quotes, and the range between the quotes. */
typedef struct {
    bool raw, bytes, format, triple;
    char quote;
    int start, end;
} Literal;

/* What an f-string has become so far: the text that no node holds yet comes last. */
typedef struct {
    Parser *p;
    Text text;
    int text_start;
    Nodes values;
} Joined;

static const char *source_text(const Parser *p) { return source_of(p->cx, p->file)->text; }

static Literal literal_of(const Parser *p, Token t) {
    const char *text = source_text(p);
    Literal s = { .start = t.start };
    for (; text[s.start] != '"' && text[s.start] != '\''; s.start++) {
        char c = text[s.start] | 32;
        s.raw |= c == 'r';
        s.bytes |= c == 'b';
        s.format |= c == 'f';
    }
    s.quote = text[s.start];
    int width = t.end - s.start >= 6 && text[s.start + 1] == s.quote && text[s.start + 2] == s.quote ? 3 : 1;
    s.triple = width == 3;
    s.start += width;
    s.end = t.end - width;
    return s;
}

static int digit_of(char c, int base) {
    int d = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : 99;
    return d < base ? d : -1;
}

static void put_character(Text *out, uint32_t c) {
    char bytes[4];
    text_put(out, bytes, utf8_encode(c, bytes));
}

/* \xhh, \uhhhh, \Uhhhhhhhh: exactly so many digits */
static int hexadecimal(Parser *p, Text *out, Literal s, int at, int count) {
    const char *text = source_text(p);
    uint32_t c = 0;
    int i = 0;
    while (i < count && at + 2 + i < s.end && digit_of(text[at + 2 + i], 16) >= 0)
        c = c * 16 + (uint32_t)digit_of(text[at + 2 + i++], 16);
    Span span = { p->file, at, at + 2 + i };
    if (i < count)
        diag(p->cx, span, "`\\%c` needs %d hexadecimal digits", text[at + 1], count);
    else if (c > 0x10ffff)
        diag(p->cx, span, "no character has the number 0x%x", c);
    else if (s.bytes)
        text_put(out, (char[]){ (char)c }, 1);
    else
        put_character(out, c);
    return at + 2 + i;
}

/* Reads the escape at `at` into `out`; returns where it ends. */
static int escape(Parser *p, Text *out, Literal s, int at) {
    static const char letters[] = "abfnrtv\\'\"", meant[] = "\a\b\f\n\r\t\v\\'\"";
    const char *text = source_text(p);
    char c = text[at + 1];
    const char *simple = c ? strchr(letters, c) : NULL;
    if (simple) {
        text_put(out, meant + (simple - letters), 1);
        return at + 2;
    }
    if (c == '\r' && text[at + 2] == '\n') return at + 3;
    if (c == '\n' || c == '\r') return at + 2;
    if (c == 'x') return hexadecimal(p, out, s, at, 2);
    if (c == 'u' && !s.bytes) return hexadecimal(p, out, s, at, 4);
    if (c == 'U' && !s.bytes) return hexadecimal(p, out, s, at, 8);
    if (digit_of(c, 8) >= 0) {
        uint32_t value = 0;
        int i = 1;
        while (i < 4 && at + i < s.end && digit_of(text[at + i], 8) >= 0)
            value = value * 8 + (uint32_t)digit_of(text[at + i++], 8);
        if (s.bytes)
            text_put(out, (char[]){ (char)value }, 1);
        else
            put_character(out, value);
        return at + i;
    }
    if (c == 'N' && !s.bytes && text[at + 2] == '{') {
        int end = at + 3;
        while (end < s.end && text[end] != '}') end++;
        diag(p->cx, (Span){ p->file, at, end < s.end ? end + 1 : end },
             "characters by name, `\\N{...}`, are not supported; write the character itself or `\\uXXXX`");
        return end < s.end ? end + 1 : end;
    }
    text_put(out, "\\", 1); /* an unknown escape stands for itself */
    return at + 1;
}

/* One character or escape of a literal that is not in braces. */
static int literal_character(Parser *p, Text *out, Literal s, int at) {
    const char *text = source_text(p);
    if (text[at] == '\\' && !s.raw) return escape(p, out, s, at);
    if (text[at] == '\r') { /* line ends are \n in a string, whatever they are in the file */
        text_put(out, "\n", 1);
        return at + 1 + (text[at + 1] == '\n');
    }
    if (s.bytes && (text[at] & 0x80)) {
        uint32_t c;
        int n = utf8_decode(text + at, s.end - at, &c);
        diag(p->cx, (Span){ p->file, at, at + n }, "bytes hold ASCII characters only; write `\\x..` for others");
        return at + n;
    }
    text_put(out, text + at, 1);
    return at + 1;
}

static Node *text_constant(Parser *p, Text text, ConstantKind kind, int start, int end) {
    Node *n = parse_node(p, NODE_Constant, start);
    n->span.end = n->at.end = end;
    n->Constant.value = (Constant){ .kind = kind, .text = text.at, .length = text.n };
    return n;
}

/* The text so far becomes a node of its own. */
static void flush(Joined *j, int end) {
    if (j->text.n) PUSH(j->p->cx->arena, &j->values, text_constant(j->p, j->text, CONSTANT_STR, j->text_start, end));
    j->text = text_new(j->p->cx->arena);
    j->text_start = end;
}

/* Where the expression in braces ends: at `!`, `:`, `=` or `}` outside brackets and strings; -1 after a mistake. */
static int expression_end(Parser *p, int at, int end) {
    const char *text = source_text(p);
    int depth = 0, start = at;
    for (; at < end; at++) {
        char c = text[at], next = at + 1 < end ? text[at + 1] : 0, before = at > start ? text[at - 1] : 0;
        if (c == '\\' || c == '#') {
            diag(p->cx, (Span){ p->file, at, at + 1 },
                 c == '#' ? "the braces of an f-string cannot hold a comment"
                          : "the braces of an f-string cannot hold a `\\`");
            return -1;
        }
        if (c == '\'' || c == '"') {
            int width = next == c && at + 2 < end && text[at + 2] == c ? 3 : 1, closing = 0;
            for (at += width; at < end && closing < width; at++) closing = text[at] == c ? closing + 1 : 0;
            at--;
        } else if (strchr("([{", c)) {
            depth++;
        } else if (depth && strchr(")]}", c)) {
            depth--;
        } else if (!depth) {
            if (c == '}' || c == ':' || (c == '!' && next != '=')) return at;
            if (c == '=' && next == '=')
                at++;
            else if (c == '=' && !(before && strchr("!<>", before)))
                return at;
        }
    }
    return at;
}

static Node *braced(Parser *outer, int start, int end) {
    Parser p = { .cx = outer->cx, .file = outer->file, .depth = outer->depth, .last_end = start, .in_braces = true };
    p.tokens = lex(outer->cx, outer->file, start, end, true);
    Node *e;
    if (parse_is(&p, TOKEN_END))
        e = parse_fail_at(&p, (Span){ p.file, start - 1, end + 1 }, "expected an expression in the braces");
    else if (parse_enter(&p, DEPTH_LEVEL))
        e = parse_paren_contents(&p, TOKEN_END, start);
    else
        e = NULL;
    if (p.failed) outer->failed = true;
    return e;
}

static int fstring(Joined *j, Literal s, int at, int level);

static Node *format_spec(Parser *p, Literal s, int *at, int level) {
    Joined spec = { .p = p, .text = text_new(p->cx->arena), .text_start = *at };
    int start = *at;
    *at = fstring(&spec, s, *at, level + 1);
    flush(&spec, *at);
    Node *n = parse_node(p, NODE_JoinedStr, start);
    n->span.end = n->at.end = *at;
    n->JoinedStr.values = spec.values;
    return n;
}

/* `{` expression `=`? (`!` letter)? (`:` spec)? `}`; returns where it ends */
static int replacement(Joined *j, Literal s, int open, int level) {
    Parser *p = j->p;
    const char *text = source_text(p);
    Span here = { p->file, open, open + 1 };
    int at = expression_end(p, open + 1, s.end), conversion = 0;
    if (at < 0) {
        p->failed = true;
        return s.end;
    }
    if (level > FSTRING_LEVELS) {
        parse_fail_at(p, here, "an f-string's braces are nested too deeply");
        return s.end;
    }
    Node *value = braced(p, open + 1, at), *spec = NULL;
    bool shows = at < s.end && text[at] == '=';
    if (shows) { /* f"{x = }" shows the text, too */
        for (at++; at < s.end && strchr(" \t\n\r\f", text[at]);) at++;
        if (!j->text.n) j->text_start = open + 1;
        text_put(&j->text, text + open + 1, at - open - 1);
    }
    if (at < s.end && text[at] == '!') {
        conversion = at + 1 < s.end ? text[at + 1] : 0;
        if (!conversion || !strchr("sra", conversion) || at + 2 >= s.end || !strchr(":}", text[at + 2])) {
            parse_fail_at(p, (Span){ p->file, at, at + 2 }, "after `!` stands s, r or a");
            return s.end;
        }
        at += 2;
    }
    flush(j, open);
    if (at < s.end && text[at] == ':') {
        at++;
        spec = format_spec(p, s, &at, level);
    }
    if (at >= s.end || text[at] != '}') {
        parse_fail_at(p, here, "`{` of an f-string is never closed");
        return s.end;
    }
    if (shows && !conversion && !spec) conversion = 'r';
    Node *n = parse_node(p, NODE_FormattedValue, open);
    n->span.end = n->at.end = at + 1;
    n->FormattedValue.value = value;
    n->FormattedValue.conversion = conversion;
    n->FormattedValue.format_spec = spec;
    PUSH(p->cx->arena, &j->values, n);
    j->text_start = at + 1;
    return at + 1;
}

/* Reads up to the end of the literal or, in a format spec, up to its `}`. */
static int fstring(Joined *j, Literal s, int at, int level) {
    const char *text = source_text(j->p);
    while (at < s.end && !j->p->failed) {
        char c = text[at];
        bool twice = at + 1 < s.end && text[at + 1] == c;
        if ((c == '{' || c == '}') && twice && level == 1) {
            text_put(&j->text, &c, 1);
            at += 2;
        } else if (c == '{') {
            at = replacement(j, s, at, level);
        } else if (c == '}') {
            if (level > 1) return at;
            parse_fail_at(j->p, (Span){ j->p->file, at, at + 1 }, "`}` closes nothing; in an f-string write `}}`");
        } else {
            at = literal_character(j->p, &j->text, s, at);
        }
    }
    return at;
}

Node *parse_strings(Parser *p) {
    int start = parse_start(p), count = 0, first_end = 0;
    Joined j = { .p = p, .text = text_new(p->cx->arena), .text_start = start };
    bool format = false, bytes = false;
    while (parse_is(p, TOKEN_STRING) && !p->failed) {
        Token t = parse_next(p);
        Literal s = literal_of(p, t);
        if (count && s.bytes != bytes) {
            diag(p->cx, (Span){ p->file, t.start, t.end }, "a string and bytes cannot be joined");
            note_at(p->cx, (Span){ p->file, start, first_end }, "the other one");
            s.bytes = bytes;
        }
        if (!count++) first_end = t.end;
        bytes = s.bytes;
        format |= s.format;
        int at = s.start;
        if (s.format)
            fstring(&j, s, at, 1);
        else
            while (at < s.end) at = literal_character(p, &j.text, s, at);
    }
    if (!format) return text_constant(p, j.text, bytes ? CONSTANT_BYTES : CONSTANT_STR, start, p->last_end);
    flush(&j, p->last_end);
    Node *n = parse_node(p, NODE_JoinedStr, start);
    n->JoinedStr.values = j.values;
    return n;
}

/* A type in quotes stands for what is in them; text that is no expression stays a string. */
Node *parse_quoted(Parser *p, Node *type) {
    if (!type || type->kind != NODE_Constant || type->Constant.value.kind != CONSTANT_STR) return type;
    int start = type->span.start + 1, end = type->span.end - 1, mark = diag_mark(p->cx);
    if (end - start != type->Constant.value.length || end == start) return type; /* a prefix, escapes, several parts */
    Parser q = { .cx = p->cx, .file = p->file, .depth = p->depth, .last_end = start };
    q.tokens = lex(p->cx, p->file, start, end, true);
    Node *inner = parse_star_expressions(&q);
    if (!q.failed && parse_is(&q, TOKEN_END) && diag_mark(p->cx) == mark) return inner;
    diag_rewind(p->cx, mark);
    return type;
}
