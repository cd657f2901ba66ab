/* read: the text of a module back into a module.
**
** Headers of functions are read first, so that calls know what they call; then the bodies, one instruction a line.  The
** first mistake is reported, with its place, and ends the reading.  `//` at the start of a line begins a comment. */
#include "ir/read.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* characters and words */

bool read_wrong(Reader *r, const char *format, ...) {
    if (r->failed) return false;
    r->failed = true;
    va_list args;
    va_start(args, format);
    int at = (int)(r->at - r->text), end = at;
    while (isalnum((unsigned char)r->text[end])) end++;
    diagv(r->cx, (Span){ r->file, at, end > at ? end : at + 1 }, format, args);
    va_end(args);
    return false;
}

static void skip_space(Reader *r) {
    for (;;) {
        while (*r->at == ' ' || *r->at == '\t' || *r->at == '\r' || *r->at == '\n') r->at++;
        const char *line = r->at;
        while (line > r->text && (line[-1] == ' ' || line[-1] == '\t')) line--;
        bool starts_line = line == r->text || line[-1] == '\n';
        if (!starts_line || r->at[0] != '/' || r->at[1] != '/') return;
        while (*r->at && *r->at != '\n') r->at++;
    }
}

bool read_if(Reader *r, const char *what) {
    skip_space(r);
    size_t n = strlen(what);
    if (strncmp(r->at, what, n)) return false;
    bool word = isalnum((unsigned char)what[0]);
    if (word && (isalnum((unsigned char)r->at[n]) || r->at[n] == '_')) return false;
    r->at += n;
    return true;
}
bool read_expect(Reader *r, const char *what) { return read_if(r, what) || read_wrong(r, "expected `%s` here", what); }

/* A name of letters, digits, dots and underscores; NULL if there is none. */
const char *read_word(Reader *r) {
    skip_space(r);
    const char *start = r->at;
    if (!isalpha((unsigned char)*start) && *start != '_') return NULL;
    while (isalnum((unsigned char)*r->at) || *r->at == '_' || *r->at == '.') r->at++;
    return name_of_n(r->cx, start, (int)(r->at - start));
}

const char *read_quoted(Reader *r) {
    if (!read_expect(r, "\"")) return NULL;
    Text t = text_new(r->cx->arena);
    for (; *r->at && *r->at != '"'; r->at++) {
        char c = *r->at;
        if (c == '\\') {
            c = *++r->at;
            if (c == 'x') {
                char digits[3] = { r->at[1], r->at[1] ? r->at[2] : 0, 0 };
                c = (char)strtol(digits, NULL, 16);
                if (!isxdigit((unsigned char)digits[0]) || !isxdigit((unsigned char)digits[1]) || !c) {
                    read_wrong(r, "expected two digits after \\x");
                    return NULL;
                }
                r->at += 2;
            } else if (c == 'n' || c == 't') {
                c = c == 'n' ? '\n' : '\t';
            } else if (c != '"' && c != '\\') {
                read_wrong(r, "an unknown escape");
                return NULL;
            }
        }
        text_put(&t, &c, 1);
    }
    return read_expect(r, "\"") ? name_of_n(r->cx, t.at, t.n) : NULL;
}

static const char *func_name(Reader *r) {
    if (!read_expect(r, "@")) return NULL;
    if (*r->at == '"') return read_quoted(r);
    const char *name = isalnum((unsigned char)*r->at) || *r->at == '_' ? r->at : NULL;
    if (!name) {
        read_wrong(r, "expected the name of a function");
        return NULL;
    }
    while (isalnum((unsigned char)*r->at) || *r->at == '_' || *r->at == '.') r->at++;
    return name_of_n(r->cx, name, (int)(r->at - name));
}
Func *read_func_name(Reader *r) {
    const char *name = func_name(r);
    Func *f = name ? module_find(r->module, name) : NULL;
    if (name && !f) read_wrong(r, "there is no function @%s", name);
    return f;
}

/* values and types */

static int number(Reader *r) {
    if (!read_expect(r, "%")) return -1;
    if (!isdigit((unsigned char)*r->at)) return read_wrong(r, "expected the number of a value"), -1;
    long n = strtol(r->at, (char **)&r->at, 10);
    return n > 100000000 ? (read_wrong(r, "a value has a number that large"), -1) : (int)n;
}

static bool define(Reader *r, int n, Value *v) {
    while (r->values.n <= n) PUSH(r->cx->arena, &r->values, NULL);
    if (r->values.at[n]) return read_wrong(r, "%%%d is defined twice", n);
    r->values.at[n] = v;
    return true;
}

static Value *use(Reader *r) {
    int n = number(r);
    if (n < 0) return NULL;
    if (n < r->values.n && r->values.at[n]) return r->values.at[n];
    read_wrong(r, "%%%d is not defined above", n);
    return NULL;
}

static const Type *read_type(Reader *r) {
    const char *word = read_word(r);
    DType d;
    if (!word || !dtype_from_name(word, &d)) return read_wrong(r, "expected a type, such as f32[n, 3]"), NULL;
    const Dim *dim[MAX_RANK];
    int rank = 0;
    if (!read_expect(r, "[")) return NULL;
    while (!read_if(r, "]")) {
        if (rank == MAX_RANK) return read_wrong(r, "too many axes"), NULL;
        if (rank && !read_expect(r, ",")) return NULL;
        if (!(dim[rank++] = read_dim(r))) return NULL;
    }
    return type_of(r->cx, d, rank, dim);
}

/* instructions */

typedef struct {
    int number;
    const Type *type;
} Definition;
typedef struct {
    Definition *at;
    int n, cap;
} Definitions;

static bool definitions(Reader *r, Definitions *d) { /* %1: f32[n] #3, %2: i32[] */
    do {
        int n = number(r);
        if (n < 0 || !read_expect(r, ":")) return false;
        const Type *t = read_type(r);
        if (!t) return false;
        if (read_if(r, "#")) read_word(r); /* where it was placed: that is decided anew */
        PUSH(r->cx->arena, d, ((Definition){ n, t }));
    } while (read_if(r, ","));
    return true;
}

static bool params(Reader *r, Block *b) {
    Definitions d = { 0 };
    if (!read_expect(r, "(")) return false;
    if (!read_if(r, ")") && (!definitions(r, &d) || !read_expect(r, ")"))) return false;
    for (int i = 0; i < d.n; i++)
        if (!define(r, d.at[i].number, block_param(b, d.at[i].type))) return false;
    return true;
}

static bool block(Reader *, Builder *);

static bool region(Reader *r, Builder *b, Block *inner) {
    if (!params(r, inner) || !read_expect(r, "{")) return false;
    builder_enter(b, inner);
    bool ok = block(r, b);
    builder_leave(b);
    return ok;
}

static bool instruction(Reader *r, Builder *b) {
    Definitions d = { 0 };
    Op op;
    Attrs attrs = { 0 };
    struct {
        Value **at;
        int n, cap;
    } args = { 0 };
    struct {
        Block **at;
        int n, cap;
    } regions = { 0 };
    skip_space(r);
    const char *start = r->at;
    if (*r->at == '%' && (!definitions(r, &d) || !read_expect(r, "="))) return false;
    skip_space(r);
    const char *at_op = r->at, *word = read_word(r);
    if (!word || !op_from_name(word, &op)) {
        r->at = at_op;
        return word ? read_wrong(r, "there is no operation %s", word) : read_wrong(r, "expected an operation");
    }
    Origin *origin = NEW(r->cx->arena, Origin);
    *origin = (Origin){ .span = { r->file, (int)(at_op - r->text), (int)(r->at - r->text) }, .func = b->func->title };
    skip_space(r);
    if (*r->at == '%') {
        do {
            Value *v = use(r);
            if (!v) return false;
            PUSH(r->cx->arena, &args, v);
        } while (read_if(r, ","));
    }
    bool takes_block = op_class(op) == CLASS_CONTROL || op_class(op) == CLASS_KERNEL;
    if (read_if(r, "{") && !read_attrs(r, op, &attrs)) return false;
    while (takes_block && (skip_space(r), *r->at == '(')) {
        Block *inner = block_new(b->func, NULL);
        if (!region(r, b, inner)) return false;
        PUSH(r->cx->arena, &regions, inner);
    }
    const char *after = r->at;
    r->at = at_op;
    const char *wrong;
    b->origin = origin;
    Inst *in = emit_checked(b, op, args.at, args.n, &attrs, regions.at, regions.n, &wrong);
    if (!in) return read_wrong(r, "%s", wrong);
    if (in->nresults != d.n) return read_wrong(r, "%s gives %d values, not %d", op_name(op), in->nresults, d.n);
    for (int i = 0; i < d.n; i++) {
        if (in->results[i]->type != d.at[i].type) {
            r->at = start;
            return read_wrong(r, "%%%d is %s, not %s", d.at[i].number, type_text(r->cx, in->results[i]->type),
                              type_text(r->cx, d.at[i].type));
        }
        if (!define(r, d.at[i].number, in->results[i])) return false;
    }
    r->at = after;
    return true;
}

/* Instructions up to `return` and the closing brace. */
static bool block(Reader *r, Builder *b) {
    while (!read_if(r, "return"))
        if (!instruction(r, b)) return false;
    struct {
        Value **at;
        int n, cap;
    } results = { 0 };
    skip_space(r);
    if (*r->at == '%') {
        do {
            Value *v = use(r);
            if (!v) return false;
            PUSH(r->cx->arena, &results, v);
        } while (read_if(r, ","));
    }
    block_return(b, results.at, results.n);
    return read_expect(r, "}");
}

/* functions */

typedef struct {
    Func *func;
    const char *body; /* behind its opening brace */
    Reader names;     /* its sizes and parameters */
} Header;

static bool header(Reader *r, Header *h) {
    bool is_main = read_if(r, "main"), exported = read_if(r, "export");
    if (!read_if(r, "func")) return read_wrong(r, "expected `func`");
    skip_space(r);
    const char *at = r->at, *name = func_name(r);
    if (!name) return false;
    if (module_find(r->module, name)) {
        r->at = at;
        return read_wrong(r, "there are two functions @%s", name);
    }
    Func *f = func_new(r->module, name);
    f->exported = exported;
    if (exported) f->export_name = name;
    if (is_main) r->module->main = f;
    r->func = f;
    r->values.n = r->sizes.n = 0;
    r->values.at = NULL, r->values.cap = 0;
    r->sizes.at = NULL, r->sizes.cap = 0;
    if (read_if(r, "[")) {
        do {
            const char *size = read_word(r);
            if (!size) return read_wrong(r, "expected the name of a size");
            for (int i = 0; i < r->sizes.n; i++)
                if (r->sizes.at[i]->name == size) return read_wrong(r, "two sizes are called %s", size);
            read_size_name(r, size);
        } while (read_if(r, ","));
        if (!read_expect(r, "]")) return false;
    }
    f->sizes =
        (Sizes){ r->sizes.n, arena_copy(r->module->arena, r->sizes.at, sizeof *r->sizes.at * (size_t)r->sizes.n) };
    if (!params(r, f->body)) return false;
    struct {
        Value **at;
        int n, cap;
    } results = { 0 };
    if (read_if(r, "->")) { /* until the body is read, its results are values that have the types but no definition */
        do {
            const Type *t = read_type(r);
            if (!t) return false;
            Value *v = NEW(r->module->arena, Value);
            *v = (Value){ .type = t, .block = f->body, .id = -1 };
            PUSH(r->module->arena, &results, v);
        } while (read_if(r, ","));
    }
    f->body->results = results.at;
    f->body->nresults = results.n;
    if (!read_expect(r, "{")) return false;
    *h = (Header){ f, r->at, *r };
    for (int depth = 1; depth;) { /* to behind the body */
        char c = *r->at++;
        if (!c) return r->at--, read_wrong(r, "the function @%s does not end", name);
        if (c == '"')
            for (; *r->at && *r->at != '"'; r->at++) r->at += r->at[0] == '\\' && r->at[1];
        if (c == '"' && *r->at) r->at++;
        depth += (c == '{') - (c == '}');
    }
    return true;
}

static bool body(Reader *r, const Header *h) {
    Reader inner = h->names;
    inner.at = h->body;
    Builder b = builder_new(h->func);
    b.plain = true;
    int n = h->func->body->nresults;
    Value **declared = h->func->body->results;
    bool ok = block(&inner, &b);
    if (ok && h->func->body->nresults != n)
        ok = read_wrong(&inner, "@%s says it gives %d values and gives %d", h->func->name, n, h->func->body->nresults);
    for (int i = 0; ok && i < n; i++)
        if (h->func->body->results[i]->type != declared[i]->type)
            ok = read_wrong(&inner, "@%s gives %s, not %s", h->func->name,
                            type_text(r->cx, h->func->body->results[i]->type), type_text(r->cx, declared[i]->type));
    return ok;
}

Module *read_module(Compiler *cx, int file) {
    const Source *s = source_of(cx, file);
    Reader r = { .cx = cx, .module = module_new(cx), .file = file, .text = s->text, .at = s->text };
    struct {
        Header *at;
        int n, cap;
    } headers = { 0 };
    bool ok = true;
    for (skip_space(&r); ok && *r.at; skip_space(&r)) {
        Header h = { 0 };
        ok = header(&r, &h);
        if (ok) PUSH(cx->arena, &headers, h);
    }
    for (int i = 0; ok && i < headers.n; i++) ok = body(&r, &headers.at[i]);
    const Func *f;
    const Inst *in;
    const char *wrong = ok ? verify_complaint(r.module, &f, &in) : NULL;
    if (wrong) diag(cx, in && in->origin ? in->origin->span : (Span){ file, 0, 0 }, "in @%s: %s", f->name, wrong);
    if (ok && !wrong) return r.module;
    module_free(r.module);
    return NULL;
}
