/* The header of a .npy file: a magic word, a version, and a Python dictionary with the three things to know about the
** elements, {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }.  Nothing in it is believed before it was
** checked: files come damaged. */
#include "npy.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

enum { MOST_HEADER = 1 << 16 };

int jxl_fail_file(jxl_call *c, const char *path, const char *what, const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    int named = what && *what;
    return jxl_fail_text(c, 1, "%s%s%s %s", named ? what : "", named ? ": " : "", path, text);
}

/* A reader of Python literals, as much of them as headers need. */
typedef struct {
    const char *at, *end;
} Cursor;

static void skip_space(Cursor *s) {
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\t')) s->at++;
}

static int take(Cursor *s, char c) {
    skip_space(s);
    if (s->at == s->end || *s->at != c) return 0;
    s->at++;
    return 1;
}

static int take_word(Cursor *s, const char *word) {
    size_t n = strlen(word);
    skip_space(s);
    if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n)) return 0;
    s->at += n;
    return 1;
}

/* A quoted text without escapes, of at most `room` - 1 bytes. */
static int take_string(Cursor *s, char *text, size_t room) {
    skip_space(s);
    if (s->at == s->end || (*s->at != '\'' && *s->at != '"')) return 0;
    char quote = *s->at++;
    size_t n = 0;
    for (; s->at < s->end && *s->at != quote; s->at++) {
        if (n + 1 == room || *s->at == '\\' || (unsigned char)*s->at < ' ') return 0;
        text[n++] = *s->at;
    }
    text[n] = 0;
    return take(s, quote);
}

static int take_shape(Cursor *s, Npy *f) {
    if (!take(s, '(')) return 0;
    f->rank = 0;
    while (!take(s, ')')) {
        int64_t n = 0;
        skip_space(s);
        if (s->at == s->end || *s->at < '0' || *s->at > '9' || f->rank == NPY_MOST_AXES) return 0;
        for (; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++) {
            if (n > (INT64_MAX - 9) / 10) return 0;
            n = 10 * n + (*s->at - '0');
        }
        f->shape[f->rank++] = n;
        if (!take(s, ',')) return f->rank > 1 && take(s, ')');
    }
    return 1;
}

static int find_dtype(const char *descr, Npy *f) {
    static const struct {
        const char *code;
        int dtype;
    } codes[] = { { "b1", JXL_BOOL }, { "i1", JXL_I8 },  { "i2", JXL_I16 }, { "i4", JXL_I32 },   { "i8", JXL_I64 },
                  { "u1", JXL_U8 },   { "u2", JXL_U16 }, { "u4", JXL_U32 }, { "u8", JXL_U64 },   { "f2", JXL_F16 },
                  { "f4", JXL_F32 },  { "f8", JXL_F64 }, { "c8", JXL_C64 }, { "c16", JXL_C128 }, { "V2", JXL_BF16 } };
    if (!*descr || !strchr("<>|=", *descr)) return 0;
    f->swapped = *descr == '>'; /* compiled programs run on little-endian machines only */
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (strcmp(codes[i].code, descr + 1)) continue;
        f->dtype = codes[i].dtype;
        return 1;
    }
    return 0;
}

/* How many elements, checked to fit into memory at all. */
int jxl_count_elements(Npy *f) {
    int empty = 0;
    f->count = 1;
    for (int i = 0; i < f->rank; i++) empty |= f->shape[i] == 0;
    for (int i = 0; i < f->rank && !empty; i++)
        if (__builtin_mul_overflow(f->count, f->shape[i], &f->count)) return 0;
    if (empty) f->count = 0;
    int64_t bytes;
    return !__builtin_mul_overflow(f->count, (int64_t)jxl_dtypes[f->dtype].size, &bytes);
}

/* Non-zero with the text of `descr` where the dictionary is well-formed. */
static int parse(const char *text, size_t n, Npy *f, char *descr, size_t room) {
    Cursor s = { text, text + n };
    int seen_descr = 0, seen_order = 0, seen_shape = 0;
    if (!take(&s, '{')) return 0;
    while (!take(&s, '}')) {
        char key[16];
        if (!take_string(&s, key, sizeof key) || !take(&s, ':')) return 0;
        if (!strcmp(key, "descr")) {
            seen_descr = 1;
            if (take_string(&s, descr, room)) {
            } else if (take(&s, '[')) {
                memcpy(descr, "[", 2); /* records: well-formed as far as we care */
                return 1;
            } else {
                return 0;
            }
        } else if (!strcmp(key, "fortran_order")) {
            seen_order = 1;
            f->fortran = take_word(&s, "True");
            if (!f->fortran && !take_word(&s, "False")) return 0;
        } else if (!strcmp(key, "shape")) {
            seen_shape = 1;
            if (!take_shape(&s, f)) return 0;
        } else {
            return 0;
        }
        if (!take(&s, ',') && (skip_space(&s), s.at == s.end || *s.at != '}')) return 0;
    }
    skip_space(&s);
    return seen_descr && seen_order && seen_shape && s.at == s.end;
}

int jxl_read_npy_header(jxl_call *c, FILE *file, const char *path, const char *what, Npy *f) {
    unsigned char start[12];
    *f = (Npy){ 0 };
    if (fread(start, 1, 10, file) != 10 || memcmp(start, "\x93NUMPY", 6))
        return jxl_fail_file(c, path, what, ferror(file) ? "could not be read: %s" : "is not a .npy file",
                             strerror(errno));
    int version = start[6];
    if (version < 1 || version > 3 || start[7])
        return jxl_fail_file(c, path, what, "is a .npy file of version %d.%d; 1.0, 2.0 and 3.0 are known", version,
                             start[7]);
    if (version > 1 && fread(start + 10, 1, 2, file) != 2)
        return jxl_fail_file(c, path, what, "ends within its header");
    size_t n = start[8] | (size_t)start[9] << 8;
    if (version > 1) n |= (size_t)start[10] << 16 | (size_t)start[11] << 24;
    char *text = n <= MOST_HEADER ? jxl_alloc(c, (int64_t)n) : NULL;
    char descr[32];
    if (c->status) return c->status;
    if (!text) return jxl_fail_file(c, path, what, "has a damaged header: it would be %zu bytes long", n);
    int whole = fread(text, 1, n, file) == n;
    int good = whole && parse(text, n, f, descr, sizeof descr);
    jxl_release(c, text);
    if (!whole) return jxl_fail_file(c, path, what, "ends within its header");
    if (!good) return jxl_fail_file(c, path, what, "has a damaged header");
    if (descr[0] == '[') return jxl_fail_file(c, path, what, "holds records, not numbers");
    if (!find_dtype(descr, f))
        return jxl_fail_file(c, path, what, "holds elements of NumPy's type '%s', not numbers", descr);
    if (!jxl_count_elements(f)) return jxl_fail_file(c, path, what, "has a damaged header: its shape is too large");
    return 0;
}
