/* number: number literals, where they end and what they are. */
#include "syntax/syntax.h"

#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 UInt128;

typedef struct {
    const char *text;
    int n, at;
    const char *wrong;
} Number;

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

static int digit_of(char c) {
    c = lower(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

static char peek(const Number *s) { return s->at < s->n ? s->text[s->at] : 0; }

/* Digits of a base with single underscores between them; how many. */
static int digits(Number *s, int base) {
    int count = 0;
    for (; s->at < s->n; s->at++) {
        bool between = count && s->text[s->at - 1] != '_';
        if (peek(s) == '_' && !between)
            s->wrong = "`_` stands between two digits of a number";
        else if (peek(s) != '_' && digit_of(peek(s)) >= base)
            break;
        count += peek(s) != '_';
    }
    if (count && s->text[s->at - 1] == '_') s->wrong = "`_` stands between two digits of a number";
    return count;
}

static void based(Number *s, int base, const char *none) {
    s->at = 2;
    if (peek(s) == '_') s->at++; /* 0x_ff */
    if (!digits(s, base))
        s->wrong = none;
    else if (digit_of(peek(s)) < 10)
        s->wrong = "this digit is too large for the base of the number";
}

static void decimal(Number *s) {
    bool whole = true, some = peek(s) != '.';
    if (some) digits(s, 10);
    bool leading_zero = s->at > 1 && s->text[0] == '0';
    if (peek(s) == '.') {
        whole = false;
        s->at++;
        if (peek(s) == '_') s->wrong = "`_` stands between two digits of a number";
        digits(s, 10);
    }
    if (lower(peek(s)) == 'e') {
        int e = s->at++;
        bool sign = peek(s) == '+' || peek(s) == '-';
        if (sign) s->at++;
        if (digit_of(peek(s)) < 10) {
            whole = false;
            digits(s, 10);
        } else if (sign) {
            s->wrong = "an exponent needs digits";
        } else {
            s->at = e; /* `1else` */
        }
    }
    if (lower(peek(s)) == 'j') {
        whole = false;
        s->at++;
    }
    if (whole && leading_zero)
        for (int i = 0; i < s->at; i++)
            if (s->text[i] != '0' && s->text[i] != '_')
                s->wrong = "a whole number does not begin with 0; octal numbers are written 0o17";
}

/* Words that may follow a number without a space, as in `1if x else 2`. */
static bool keyword_follows(const char *text, int n) {
    static const char *const words[] = { "and", "else", "for", "if", "in", "is", "not", "or" };
    for (int i = 0; i < COUNT(words); i++) {
        int length = (int)strlen(words[i]);
        if (n >= length && memcmp(text, words[i], (size_t)length) == 0) return true;
    }
    return false;
}

int number_length(const char *text, int n, const char **wrong) {
    Number s = { .text = text, .n = n };
    char base = n > 1 && text[0] == '0' ? lower(text[1]) : 0;
    if (base == 'x')
        based(&s, 16, "a hexadecimal number needs digits after 0x");
    else if (base == 'o')
        based(&s, 8, "an octal number needs digits from 0 to 7 after 0o");
    else if (base == 'b')
        based(&s, 2, "a binary number needs digits 0 or 1 after 0b");
    else
        decimal(&s);
    uint32_t c = 0;
    int length = utf8_decode(text + s.at, n - s.at, &c);
    if (length && continues_name(c) && (s.wrong || !keyword_follows(text + s.at, n - s.at))) {
        if (!s.wrong) s.wrong = "a name does not begin with a digit, and a number does not end in a letter";
        while (length && continues_name(c)) {
            s.at += length;
            length = utf8_decode(text + s.at, n - s.at, &c);
        }
    }
    *wrong = s.wrong;
    return s.at;
}

static Constant whole_number(const char *digits_only, int base) {
    UInt128 largest = ((UInt128)1 << 127) - 1, value = 0;
    Constant c = { .kind = CONSTANT_INT };
    for (const char *p = digits_only; *p; p++) {
        unsigned digit = (unsigned)digit_of(*p);
        if (value > (largest - digit) / (unsigned)base)
            c.too_large = true;
        else
            value = value * (unsigned)base + digit;
    }
    c.integer = c.too_large ? 0 : (Int128)value;
    return c;
}

Constant number_value(Compiler *cx, const char *text, int length) {
    char *plain = arena_alloc(cx->arena, (size_t)length + 1);
    int n = 0;
    for (int i = 0; i < length; i++)
        if (text[i] != '_') plain[n++] = lower(text[i]);
    int base = n > 1 && plain[0] == '0' ? (plain[1] == 'x' ? 16 : plain[1] == 'o' ? 8 : plain[1] == 'b' ? 2 : 10) : 10;
    if (base != 10) return whole_number(plain + 2, base);
    bool imaginary = plain[n - 1] == 'j';
    if (imaginary) plain[n - 1] = 0;
    if (!imaginary && !strpbrk(plain, ".e")) return whole_number(plain, 10);
    return (Constant){ .kind = imaginary ? CONSTANT_COMPLEX : CONSTANT_FLOAT, .number = strtod(plain, NULL) };
}
