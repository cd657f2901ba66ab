/* print: the IR as text, which read.c reads back.
**
** Values are numbered in the order in which the text defines them; two sizes of one name become n and n.2. */
#include "ir/internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    Text text;
    Compiler *cx;
    int *numbers; /* by value id; 0 is not yet numbered */
    int nnumbers;
    int next;
    struct {
        const SizeVar **at;
        int n, cap;
    } vars;
    struct {
        const char **at;
        int n, cap;
    } names;
} Printer;

/* numbers */

static bool same_double(double x, double y) { return memcmp(&x, &y, sizeof x) == 0; }

static void real_write(Text *t, DType d, double x) {
    char text[40];
    if (x != x || x - x != x - x) {
        text_add(t, "%s%s", (x < 0 || (x != x && __builtin_signbit(x))) ? "-" : "", x != x ? "nan" : "inf");
        return;
    }
    for (int digits = 1; digits <= 17; digits++) { /* the fewest that are read back as the same element */
        char bytes[16];
        snprintf(text, sizeof text, "%.*g", digits, x);
        element_set_real(d, bytes, strtod(text, NULL));
        if (!same_double(element_real(d, bytes), x)) continue;
        double size = x < 0 ? -x : x;
        if (size >= 10 && size < 1e15 && digits < 15)
            snprintf(text, sizeof text, "%.15g", strtod(text, NULL)); /* not 1e+01 */
        break;
    }
    text_add(t, "%s", text);
}

void element_write(Text *t, DType d, const void *p) {
    if (dtype_is_complex(d)) {
        double z[2];
        Text imag = text_new(t->arena);
        element_complex(d, p, z);
        real_write(t, dtype_real(d), z[0]);
        real_write(&imag, dtype_real(d), z[1]);
        text_add(t, "%s%sj", imag.at[0] == '-' ? "" : "+", imag.at);
    } else if (dtype_is_float(d)) {
        real_write(t, d, element_real(d, p));
    } else if (d == DT_bool) {
        text_add(t, "%s", element_int(d, p) ? "true" : "false");
    } else if (d == DT_u64) {
        text_add(t, "%llu", (unsigned long long)element_int(d, p));
    } else {
        text_add(t, "%lld", (long long)element_int(d, p));
    }
}

void quoted_write(Text *t, const char *s) {
    text_put(t, "\"", 1);
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            text_add(t, "\\%c", c);
        else if (c == '\n')
            text_add(t, "\\n");
        else if (c == '\t')
            text_add(t, "\\t");
        else if (c < ' ' || c == 0x7f)
            text_add(t, "\\x%02x", c);
        else
            text_put(t, s, 1);
    }
    text_put(t, "\"", 1);
}

/* names */

static bool plain_name(const char *s) {
    for (int i = 0; s[i]; i++)
        if (!isalnum((unsigned char)s[i]) && s[i] != '_' && s[i] != '.') return false;
    return *s != 0;
}
static void func_name(Text *t, const Func *f) {
    text_add(t, "@");
    if (!f)
        text_add(t, "none");
    else if (plain_name(f->name))
        text_add(t, "%s", f->name);
    else
        quoted_write(t, f->name);
}

static const char *size_name(void *context, const SizeVar *v) {
    Printer *p = context;
    for (int i = 0; i < p->vars.n; i++)
        if (p->vars.at[i] == v) return p->names.at[i];
    const char *base = plain_name(v->name) && !isdigit((unsigned char)v->name[0]) ? v->name : "size", *name = base;
    for (int again = 2, clash = 1; clash; again++) {
        clash = !strcmp(name, "min") || !strcmp(name, "max");
        for (int i = 0; i < p->names.n; i++) clash |= !strcmp(p->names.at[i], name);
        if (clash) name = arena_text(p->text.arena, "%s.%d", base, again);
    }
    PUSH(p->text.arena, &p->vars, v);
    PUSH(p->text.arena, &p->names, name);
    return name;
}
static Namer namer(Printer *p) { return (Namer){ size_name, p }; }

static int number_of(Printer *p, const Value *v) {
    if (v->id < 0 || v->id >= p->nnumbers) return -1;
    if (!p->numbers[v->id]) p->numbers[v->id] = ++p->next;
    return p->numbers[v->id] - 1;
}
static void type(Printer *p, const Type *t) { type_write(&p->text, p->cx, t, namer(p)); }
static void definition(Printer *p, const Value *v) {
    static const char *const kinds[] = { NULL, "stack", "out", "slice" };
    text_add(&p->text, "%%%d: ", number_of(p, v));
    type(p, v->type);
    const Buffer *u = v->buffer;
    int64_t at;
    if (u && u->kind != BUFFER_ARENA) {
        text_add(&p->text, " #%s%d", kinds[u->kind], u->number);
    } else if (u) {
        text_add(&p->text, dim_is_int(u->at, &at) ? " #" : " #(");
        dim_write(&p->text, p->cx, u->at, namer(p));
        text_add(&p->text, dim_is_int(u->at, &at) ? "" : ")");
    }
}
static void use(Printer *p, const Value *v) {
    if (v)
        text_add(&p->text, "%%%d", number_of(p, v));
    else
        text_add(&p->text, "%%missing");
}

/* attributes: one function per kind; false where the value goes without saying */

static void comma(Printer *p, int i) {
    if (i) text_add(&p->text, ", ");
}
static bool said_INT(int64_t x) { return x != 0; }
static bool said_INTS(Ints x) { return x.n > 0; }
static bool said_DIM(const Dim *x) { return x != NULL; }
static bool said_DIMS(Dims x) { return x.n > 0; }
static bool said_DTYPE(DType x) {
    (void)x;
    return true;
}
static bool said_TEXT(const char *x) { return x != NULL; }
static bool said_DATA(Data x) {
    (void)x;
    return true;
}
static bool said_FUNC(const Func *x) { return x != NULL; }
static bool said_SIZES(Sizes x) { return x.n > 0; }

static void put_INT(Printer *p, const Attrs *a, int64_t x) {
    (void)a;
    text_add(&p->text, "%lld", (long long)x);
}
static void put_INTS(Printer *p, const Attrs *a, Ints x) {
    text_add(&p->text, "[");
    for (int i = 0; i < x.n; i++) comma(p, i), put_INT(p, a, x.at[i]);
    text_add(&p->text, "]");
}
static void put_DIM(Printer *p, const Attrs *a, const Dim *x) {
    (void)a;
    dim_write(&p->text, p->cx, x, namer(p));
}
static void put_DIMS(Printer *p, const Attrs *a, Dims x) {
    text_add(&p->text, "[");
    for (int i = 0; i < x.n; i++) comma(p, i), put_DIM(p, a, x.at[i]);
    text_add(&p->text, "]");
}
static void put_DTYPE(Printer *p, const Attrs *a, DType x) {
    (void)a;
    text_add(&p->text, "%s", dtype_name(x));
}
static void put_TEXT(Printer *p, const Attrs *a, const char *x) {
    (void)a;
    quoted_write(&p->text, x);
}
static void put_DATA(Printer *p, const Attrs *a, Data x) {
    int width = dtype_bytes(a->dtype);
    if (x.n != 1) text_add(&p->text, "[");
    for (int64_t i = 0; i < x.n; i++) {
        comma(p, i > 0);
        element_write(&p->text, a->dtype, (const char *)x.bytes + i * width);
    }
    if (x.n != 1) text_add(&p->text, "]");
}
static void put_FUNC(Printer *p, const Attrs *a, const Func *x) {
    (void)a;
    func_name(&p->text, x);
}
static void put_SIZES(Printer *p, const Attrs *a, Sizes x) {
    (void)a;
    text_add(&p->text, "[");
    for (int i = 0; i < x.n; i++) comma(p, i), text_add(&p->text, "%s", size_name(p, x.at[i]));
    text_add(&p->text, "]");
}

static void attributes(Printer *p, const Inst *in) {
    const Attrs *a = in->attrs;
    int n = 0;
#define ATTR(name, kind, under_vmap, meaning)                                                                          \
    if (op_has_attr(in->op, ATTR_INDEX_##name) && said_##kind(a->name)) {                                              \
        text_add(&p->text, n++ ? ", " : " {");                                                                         \
        text_add(&p->text, #name "=");                                                                                 \
        put_##kind(p, a, a->name);                                                                                     \
    }
#include "ir/attrs.def"
#undef ATTR
    if (n) text_add(&p->text, "}");
}

/* instructions */

static void indent(Printer *p, int depth) { text_add(&p->text, "%*s", 2 * depth, ""); }
static void inst(Printer *, const Inst *, int depth);

static void block_params(Printer *p, const Block *b) {
    text_add(&p->text, "(");
    for (int i = 0; i < b->nparams; i++) comma(p, i), definition(p, b->params[i]);
    text_add(&p->text, ")");
}
static void block_body(Printer *p, const Block *b, int depth) {
    text_add(&p->text, " {\n");
    for (const Inst *in = b->first; in; in = in->next) inst(p, in, depth + 1);
    indent(p, depth + 1);
    text_add(&p->text, "return");
    for (int i = 0; i < b->nresults; i++) {
        text_add(&p->text, i ? ", " : " ");
        use(p, b->results[i]);
    }
    text_add(&p->text, "\n");
    indent(p, depth);
    text_add(&p->text, "}");
}

static void inst(Printer *p, const Inst *in, int depth) {
    indent(p, depth);
    for (int i = 0; i < in->nresults; i++) comma(p, i), definition(p, in->results[i]);
    text_add(&p->text, "%s%s", in->nresults ? " = " : "", op_name(in->op));
    for (int i = 0; i < in->nargs; i++) {
        text_add(&p->text, i ? ", " : " ");
        use(p, in->args[i]);
    }
    attributes(p, in);
    for (int i = 0; i < in->nregions; i++) {
        text_add(&p->text, " ");
        block_params(p, in->regions[i]);
        block_body(p, in->regions[i], depth);
    }
    text_add(&p->text, "\n");
}

static Printer printer(Arena *arena, const Func *f) {
    Printer p = { .text = text_new(arena), .cx = f->module->cx, .nnumbers = f->nvalues };
    p.numbers = NEW_ARRAY(arena, int, f->nvalues);
    return p;
}

static void func(Printer *p, const Func *f) {
    if (f == f->module->main) text_add(&p->text, "main ");
    if (f->exported) text_add(&p->text, "export ");
    text_add(&p->text, "func ");
    func_name(&p->text, f);
    if (f->sizes.n) put_SIZES(p, NULL, f->sizes);
    block_params(p, f->body);
    for (int i = 0; i < f->body->nresults; i++) {
        text_add(&p->text, i ? ", " : " -> ");
        if (f->body->results[i]) type(p, f->body->results[i]->type);
    }
    block_body(p, f->body, 0);
    text_add(&p->text, "\n");
}

const char *module_text(Arena *arena, const Module *m) {
    Text all = text_new(arena);
    for (const Func *f = m->first; f; f = f->next) {
        Printer p = printer(arena, f);
        func(&p, f);
        text_add(&all, "%s%s", f == m->first ? "" : "\n", p.text.at);
    }
    return all.at;
}

void print_module(FILE *out, const Module *m) {
    Arena *arena = arena_new();
    fputs(module_text(arena, m), out);
    arena_free(arena);
}

void print_func(FILE *out, const Func *f) {
    Arena *arena = arena_new();
    Printer p = printer(arena, f);
    func(&p, f);
    fputs(p.text.at, out);
    arena_free(arena);
}

/* Alone, with the numbers it has in its function. */
void print_inst(FILE *out, const Inst *in) {
    Arena *arena = arena_new();
    Printer p = printer(arena, in->block->func);
    func(&p, in->block->func);
    p.text = text_new(arena);
    inst(&p, in, 0);
    fputs(p.text.at, out);
    arena_free(arena);
}

void ir_dump(const Inst *in) { print_inst(stderr, in); }
