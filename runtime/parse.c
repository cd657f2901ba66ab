/* Numbers from texts, as Python's int() and float() read them. */
#include "parse.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static int is_digit(char c) { return c >= '0' && c <= '9'; }

/* The text without the spaces around it, and without underscores that stand between digits; NULL where an underscore
** stands elsewhere, or where it is longer than any number. */
static const char *clean(const char *text, char *to, size_t room) {
    size_t n = strlen(text), k = 0;
    while (n && is_space(*text)) text++, n--;
    while (n && is_space(text[n - 1])) n--;
    for (size_t i = 0; i < n; i++) {
        if (k + 1 >= room) return NULL;
        if (text[i] != '_')
            to[k++] = text[i];
        else if (i == 0 || i + 1 == n || !is_digit(text[i - 1]) || !is_digit(text[i + 1]))
            return NULL;
    }
    to[k] = 0;
    return k ? to : NULL;
}

static Parsed parse_int(const char *s, int dtype, void *value) {
    int bits = 8 * jxl_dtypes[dtype].size, is_signed = dtype <= JXL_I64, negative = *s == '-';
    uint64_t top = is_signed ? (1ULL << (bits - 1)) - 1 + (uint64_t)negative : negative ? 0 : UINT64_MAX >> (64 - bits);
    uint64_t x = 0;
    int large = 0;
    s += *s == '-' || *s == '+';
    if (!*s) return PARSED_NONSENSE;
    for (; *s; s++) {
        if (!is_digit(*s)) return PARSED_NONSENSE;
        uint64_t digit = (uint64_t)(*s - '0');
        if (x > (UINT64_MAX - digit) / 10)
            large = 1;
        else
            x = 10 * x + digit;
    }
    if (large || x > top) return PARSED_TOO_LARGE;
    if (negative) x = -x;
    memcpy(value, &x, (size_t)jxl_dtypes[dtype].size); /* little-endian */
    return PARSED;
}

/* A decimal number, inf or nan: what strtod reads, but for hexadecimal numbers and nan(...). */
static int is_float(const char *s) {
    s += *s == '-' || *s == '+';
    if (!strcasecmp(s, "inf") || !strcasecmp(s, "infinity") || !strcasecmp(s, "nan")) return 1;
    int digits = 0;
    for (; is_digit(*s); s++) digits = 1;
    if (*s == '.')
        for (s++; is_digit(*s); s++) digits = 1;
    if (!digits) return 0;
    if (*s != 'e' && *s != 'E') return !*s;
    s++;
    s += *s == '-' || *s == '+';
    if (!is_digit(*s)) return 0;
    while (is_digit(*s)) s++;
    return !*s;
}

static uint16_t to_bfloat(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if (isnan(x)) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static void store_float(double x, int dtype, void *value) {
    float f32 = (float)x;
    uint16_t b16 = to_bfloat(f32), h16 = jxl_double_to_half(x);
    switch (dtype) {
    case JXL_F16: memcpy(value, &h16, 2); break;
    case JXL_BF16: memcpy(value, &b16, 2); break;
    case JXL_F32: memcpy(value, &f32, 4); break;
    default: memcpy(value, &x, 8); break;
    }
}

Parsed jxl_parse_number(const char *text, int dtype, void *value) {
    char room[512];
    const char *s = clean(text, room, sizeof room);
    if (!s) return PARSED_NONSENSE;
    if (jxl_dtypes[dtype].kind == KIND_INT) return parse_int(s, dtype, value);
    if (jxl_dtypes[dtype].kind != KIND_FLOAT || !is_float(s)) return PARSED_NONSENSE;
    store_float(strtod(s, NULL), dtype, value);
    return PARSED;
}

int jxl_number(jxl_call *c, const char *text, int32_t dtype, void *value) {
    Parsed got = jxl_parse_number(text, dtype, value);
    if (got == PARSED) return 0;
    Text quoted = { .call = c };
    jxl_repr_string(&quoted, text);
    if (!c->status && got == PARSED_TOO_LARGE)
        jxl_fail_text(c, 1, "int(%s) does not fit into %s", quoted.at, jxl_dtypes[dtype].brief);
    else if (!c->status && jxl_dtypes[dtype].kind == KIND_INT)
        jxl_fail_text(c, 1, "invalid literal for int() with base 10: %s", quoted.at);
    else if (!c->status)
        jxl_fail_text(c, 1, "could not convert string to float: %s", quoted.at);
    jxl_release(c, quoted.at);
    return c->status;
}
