/* header: C declarations of the exported functions, for C and C++.
**
** Arrays are pointers to packed row-major elements; sizes come first, as int64_t; records are structs. */
#include "emit/export.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static const char *const c_types[] = {
    [DT_bool] = "bool",     [DT_i8] = "int8_t",    [DT_i16] = "int16_t",  [DT_i32] = "int32_t",  [DT_i64] = "int64_t",
    [DT_u8] = "uint8_t",    [DT_u16] = "uint16_t", [DT_u32] = "uint32_t", [DT_u64] = "uint64_t", [DT_f16] = "uint16_t",
    [DT_bf16] = "uint16_t", [DT_f32] = "float",    [DT_f64] = "double",   [DT_c64] = "float",    [DT_c128] = "double",
};

static bool is_c_keyword(const char *name) {
    static const char *const words[] = {
        "auto",   "break",    "case",     "char",     "const", "continue", "default",  "do",        "double",
        "else",   "enum",     "extern",   "float",    "for",   "goto",     "if",       "inline",    "int",
        "long",   "register", "restrict", "return",   "short", "signed",   "sizeof",   "static",    "struct",
        "switch", "typedef",  "union",    "unsigned", "void",  "volatile", "while",    "bool",      "class",
        "delete", "new",      "private",  "public",   "this",  "template", "operator", "namespace", "error",
    };
    for (int i = 0; i < COUNT(words); i++)
        if (!strcmp(words[i], name)) return true;
    return false;
}

/* A name of the program as C can have it; "0" becomes _0, class becomes class_. */
static const char *c_name(Compiler *cx, const char *name) {
    Text t = text_new(cx->arena);
    if (!isalpha((unsigned char)name[0]) && name[0] != '_') text_add(&t, "_");
    for (const char *p = name; *p; p++) text_add(&t, "%c", isalnum((unsigned char)*p) ? *p : '_');
    if (is_c_keyword(t.at)) text_add(&t, "_");
    return t.at;
}

static const char *shape_note(Compiler *cx, const Type *t) {
    const char *more = dtype_is_complex(t->dtype) ? ", real and imaginary parts in turn" : "";
    return arena_text(cx->arena, "%s%s", type_text(cx, t), more);
}

typedef struct {
    Compiler *cx;
    const Func *f;
    Text *out;
    Map *records; /* text of each struct that stands in the header, by name */
} Header;

static const char *record_name(const Header *h, const ExportField *x) {
    return *x->record ? c_name(h->cx, x->record)
                      : arena_text(h->cx->arena, "%s_%s", h->f->export_name, c_name(h->cx, x->name));
}

static void record_fields(Header *h, Text *t, const ExportField *x, bool result);

/* The struct of a record, those inside it first; the same one is written once. */
static void record_type(Header *h, const ExportField *x, bool result) {
    for (int i = 0; i < x->nfields; i++)
        if (x->fields[i].record) record_type(h, &x->fields[i], result);
    Text t = text_new(h->cx->arena);
    const char *name = record_name(h, x);
    record_fields(h, &t, x, result);
    const char *known = map_get_bytes(h->records, name, (int)strlen(name));
    if (known && strcmp(known, t.at))
        diag(h->cx, h->f->origin ? h->f->origin->span : (Span){ 0 },
             "%s: the record %s has other shapes here than in another exported function", h->f->export_name, name);
    if (known) return;
    map_set_bytes(h->records, name, (int)strlen(name), t.at);
    unsigned long long hash = hash_bytes(t.at, (size_t)t.n, 0);
    text_add(h->out,
             "#ifndef JXL_RECORD_%s_%016llx\n#define JXL_RECORD_%s_%016llx\ntypedef struct %s {\n%s} %s;\n#endif\n\n",
             name, hash, name, hash, name, t.at, name);
}

static void record_fields(Header *h, Text *t, const ExportField *x, bool result) {
    for (int i = 0; i < x->nfields; i++) {
        const ExportField *y = &x->fields[i];
        const char *name = c_name(h->cx, y->name);
        if (y->record) {
            text_add(t, "    %s %s;\n", record_name(h, y), name);
            continue;
        }
        const Type *type = export_leaf_type(h->f, y, result);
        text_add(t, "    %s %s%s; /* %s */\n", c_types[type->dtype], export_by_value(type) ? "" : "*", name,
                 shape_note(h->cx, type));
    }
}

static const char *result_name(const Header *h, const Export *info, int i) {
    const char *name = info->results[i].name;
    if (info->nresults == 1) return "result";
    if (!strncmp(name, "result", 6)) return name;
    if (isdigit((unsigned char)name[0])) return arena_text(h->cx->arena, "result%s", name);
    return arena_text(h->cx->arena, "result_%s", c_name(h->cx, name));
}

/* The docstring inside a comment: what would end it early is taken apart. */
static void doc(Text *t, const char *text) {
    text_add(t, "/* ");
    size_t n = strlen(text);
    while (n && isspace((unsigned char)text[n - 1])) n--;
    for (size_t i = 0; i < n; i++) {
        text_put(t, text + i, 1);
        if (text[i] == '*' && text[i + 1] == '/') text_add(t, " ");
        if (text[i] != '\n') continue;
        text_add(t, "**");
        while (text[i + 1] == ' ') i++;
        if (text[i + 1] != '\n') text_add(t, " ");
    }
    text_add(t, "\n**\n");
}

static void describe(Header *h, const char *name, const ExportField *x, bool result) {
    if (x->record) {
        text_add(h->out, "**   %-14s %s%s\n", name, record_name(h, x),
                 result ? ", whose pointers say where to write" : "");
    } else {
        text_add(h->out, "**   %-14s %s\n", name, shape_note(h->cx, export_leaf_type(h->f, x, result)));
    }
}

static void function(Header *h, const Export *info) {
    const Func *f = h->f;
    for (int i = 0; i < info->nparams; i++)
        if (info->params[i].record) record_type(h, &info->params[i], false);
    for (int i = 0; i < info->nresults; i++)
        if (info->results[i].record) record_type(h, &info->results[i], true);
    Text *t = h->out;
    doc(t, info->doc && *info->doc ? info->doc : f->export_name);
    for (int i = 0; i < info->nparams; i++) describe(h, c_name(h->cx, info->params[i].name), &info->params[i], false);
    for (int i = 0; i < info->nresults; i++) describe(h, result_name(h, info, i), &info->results[i], true);
    text_add(t, "**\n** 0, or a status; then `error`, unless NULL, holds what went wrong. */\nint %s(", f->export_name);
    for (int i = 0; i < f->sizes.n; i++) text_add(t, "int64_t %s, ", c_name(h->cx, f->sizes.at[i]->name));
    for (int i = 0; i < info->nparams; i++) {
        const ExportField *x = &info->params[i];
        const char *name = c_name(h->cx, x->name);
        if (x->record) {
            text_add(t, "const %s *%s, ", record_name(h, x), name);
        } else {
            const Type *type = export_leaf_type(f, x, false);
            text_add(t, export_by_value(type) ? "%s %s, " : "const %s *%s, ", c_types[type->dtype], name);
        }
    }
    for (int i = 0; i < info->nresults; i++) {
        const ExportField *x = &info->results[i];
        text_add(t, "%s *%s, ", x->record ? record_name(h, x) : c_types[export_leaf_type(f, x, true)->dtype],
                 result_name(h, info, i));
    }
    text_add(t, "char error[JXL_ERROR_BYTES]);\n\n");
}

/* "model.h" -> MODEL_H */
static const char *guard_of(Compiler *cx, const char *path) {
    const char *slash = strrchr(path, '/');
    Text t = text_new(cx->arena);
    text_add(&t, "JXL_");
    for (const char *p = slash ? slash + 1 : path; *p; p++)
        text_add(&t, "%c", isalnum((unsigned char)*p) ? toupper((unsigned char)*p) : '_');
    return t.at;
}

/* A result whose size only the function itself finds out has no room that its caller could give. */
static bool callable(Compiler *cx, const Func *f) {
    if (!func_binds_results(f)) return true;
    diag(cx, f->origin ? f->origin->span : (Span){ 0 },
         "%s cannot be exported: the size of its result is known only when it has run", f->export_name);
    note(cx, "return an array whose size follows from the arguments, and how much of it is used");
    return false;
}

static const char made_by[] = "/* Made by jxlc";

bool emit_header(const Module *m, const char *path) {
    Compiler *cx = m->cx;
    Text t = text_new(cx->arena);
    Map records = map_new(cx->arena);
    const char *guard = guard_of(cx, path);
    int n = 0;
    text_add(
        &t,
        "%s; changes are lost.  Arrays are packed, row-major; what is not a result is only read, and no result may\n"
        "** overlap it.  Link with libjxlrt.a, -pthread and -lm. */\n"
        "#ifndef %s\n#define %s\n\n#include <stdbool.h>\n#include <stdint.h>\n\n"
        "#ifndef JXL_ERROR_BYTES\n#define JXL_ERROR_BYTES 512\n#endif\n\n"
        "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n",
        made_by, guard, guard);
    for (const Func *f = m->first; f; f = f->next) {
        if (!f->exported) continue;
        if (!callable(cx, f)) return false;
        Export info = export_of(cx, f);
        function(&(Header){ cx, f, &t, &records }, &info);
        n++;
    }
    if (diag_errors(cx)) return false;
    text_add(&t, "#ifdef __cplusplus\n}\n#endif\n#endif\n");
    const char *there = n ? read_file(cx->arena, path, NULL) : NULL;
    if (there && *there && strncmp(there, made_by, strlen(made_by))) {
        diag(cx, (Span){ 0 }, "%s would be overwritten, and jxlc has not made it; choose another name with -o", path);
        return false;
    }
    if (n && !write_file(path, t.at, (size_t)t.n)) {
        diag(cx, (Span){ 0 }, "could not write %s: %s", path, strerror(errno));
        return false;
    }
    return true;
}
