/* text: str(), repr() and format() of every value.
**
** What is known is text at once, formatted by the runtime's own functions, so that it looks the same when it is not.
** What is known at run time becomes a hole in the text. */
#include "elaborate/texts.h"
#include "jxl/runtime.h"

#include <stdlib.h>
#include <string.h>

void parts_put(Elab *e, Parts *p, const char *text, int n) {
    if (!n) return;
    struct TextPart *last = p->n ? &p->at[p->n - 1] : NULL;
    if (last && last->text) {
        char *both = arena_alloc(e->arena, (size_t)last->length + (size_t)n + 1);
        memcpy(both, last->text, (size_t)last->length);
        memcpy(both + last->length, text, (size_t)n);
        last->text = both;
        last->length += n;
        return;
    }
    struct TextPart it = { .text = text, .length = n };
    PUSH(e->arena, p, it);
}
void text_put_literal(Elab *e, Parts *p, const char *text) { parts_put(e, p, text, (int)strlen(text)); }

Py parts_text(Elab *e, const Parts *p) {
    if (!p->n) return py_str(e, "");
    if (p->n == 1 && p->at[0].text) return py_str_n(e, p->at[0].text, p->at[0].length);
    Py x = py_new(e, PY_TEXT);
    x->text.part = p->at;
    x->text.nparts = p->n;
    return x;
}

void parts_put_text(Elab *e, Parts *p, Py text) {
    if (text->kind == PY_STR) {
        parts_put(e, p, text->str.at, text->str.n);
        return;
    }
    for (int i = 0; i < text->text.nparts; i++) {
        struct TextPart *part = &text->text.part[i];
        if (part->text)
            parts_put(e, p, part->text, part->length);
        else
            PUSH(e->arena, p, *part);
    }
}

/* The value is a u64 that holds the address of the characters. */
Py text_of_flag(Elab *e, Value *v) {
    struct TextPart part = {
        .value = py_array(e, v, FLAVOUR_JAX, false), .conversion = 's', .spec = "", .chars = true
    };
    Parts p = { 0 };
    PUSH(e->arena, &p, part);
    return parts_text(e, &p);
}

Py text_join(Elab *e, int n, Py const *texts) {
    Parts p = { 0 };
    for (int i = 0; i < n; i++) {
        if (texts[i]->kind == PY_ERROR) return texts[i];
        parts_put_text(e, &p, texts[i]);
    }
    return parts_text(e, &p);
}

/* A known number as the runtime prints it; an error in its words. */
static Py format_static(Elab *e, Py x, char conversion, const char *spec, Span span) {
    static const int32_t dtypes[] = { JXL_BOOL, JXL_I64, JXL_F64, JXL_C128 };
    NumberKind k = py_number_kind(x);
    if (k == NUMBER_INT && (x->integer > INT64_MAX || x->integer < INT64_MIN)) {
        if (*spec) return fail(e, span, "an int of more than 64 bits has no format but its digits");
        return py_str(e, int_text(e, x->integer));
    }
    union {
        unsigned char truth;
        int64_t integer;
        double number[2];
    } data;
    if (k == NUMBER_BOOL)
        data.truth = x->integer != 0;
    else if (k == NUMBER_INT)
        data.integer = (int64_t)x->integer;
    else
        data.number[0] = x->number, data.number[1] = x->imag;
    jxl_array value = { .data = &data, .dtype = dtypes[k] };
    jxl_call c = { .nranks = 1 };
    char *text = jxl_format(&c, arena_text(e->arena, *spec ? "{0!p%c:%s}" : "{0!p%c}", conversion, spec), 1, &value);
    Py r = text && !c.status ? py_str(e, text) : fail(e, span, "%s", jxl_message(&c));
    jxl_call_free(&c);
    return r;
}

static bool holds(const char *text, int n, char c) { return n && memchr(text, c, (size_t)n); }

static void put_escaped(Elab *e, Parts *p, const char *text, int n, char quote, bool bytes) {
    Text t = text_new(e->arena);
    for (int i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == (unsigned char)quote || c == '\\')
            text_add(&t, "\\%c", c);
        else if (c == '\n')
            text_add(&t, "\\n");
        else if (c == '\r')
            text_add(&t, "\\r");
        else if (c == '\t')
            text_add(&t, "\\t");
        else if (c < ' ' || c == 0x7f || (bytes && c > 0x7f))
            text_add(&t, "\\x%02x", c);
        else
            text_put(&t, &text[i], 1);
    }
    parts_put(e, p, t.at, t.n);
}

/* 'it''s' as Python quotes it. */
static void put_quoted(Elab *e, Parts *p, Py x) {
    char quote = holds(x->str.at, x->str.n, '\'') && !holds(x->str.at, x->str.n, '"') ? '"' : '\'';
    text_put_literal(e, p, arena_text(e->arena, "%s%c", x->kind == PY_BYTES ? "b" : "", quote));
    put_escaped(e, p, x->str.at, x->str.n, quote, x->kind == PY_BYTES);
    text_put_literal(e, p, quote == '"' ? "\"" : "'");
}

/* The same for a text with numbers in it, which hold nothing that is quoted. */
static void put_quoted_text(Elab *e, Parts *p, Py x, Span span) {
    bool single = false, two = false;
    for (int i = 0; i < x->text.nparts; i++) {
        const struct TextPart *part = &x->text.part[i];
        single |= holds(part->text, part->length, '\'');
        two |= holds(part->text, part->length, '"');
        if (part->left || part->chars || part->each ||
            (part->conversion == 'f' && strchr(part->spec, 'c') && !part->plain) ||
            (part->value && part->value->kind == PY_ARRAY && part->value->array.value->type->rank)) {
            fail(e, span, "repr() of this str, which is known at run time only, is not supported; print it plainly");
            return;
        }
    }
    char quote = single && !two ? '"' : '\'';
    const char *mark = quote == '"' ? "\"" : "'";
    text_put_literal(e, p, mark);
    for (int i = 0; i < x->text.nparts; i++) {
        struct TextPart *part = &x->text.part[i];
        if (part->text)
            put_escaped(e, p, part->text, part->length, quote, false);
        else
            PUSH(e->arena, p, *part);
    }
    text_put_literal(e, p, mark);
}

/* One of two texts is formatted by itself, characters from outside by the runtime; false where it is neither. */
static bool put_whole(Elab *e, Parts *p, Py x, char conversion, const char *spec, Span span) {
    struct TextPart it = *x->text.part;
    if (x->text.nparts != 1 || (!it.left && !it.chars)) return false;
    if (it.left) {
        it.left = text_of(e, it.left, conversion, spec, span);
        it.right = text_of(e, it.right, conversion, spec, span);
    } else if (it.conversion != 's') {
        return false;
    } else {
        it.conversion = conversion;
        it.spec = spec;
    }
    PUSH(e->arena, p, it);
    return true;
}

static void put_value(Elab *e, Parts *p, Py x, char conversion, const char *spec, Span span);

static void put_items(Elab *e, Parts *p, const char *open, const Contents *c, const char *close, Span span) {
    text_put_literal(e, p, open);
    for (int i = 0; i < c->n; i++) {
        if (i) text_put_literal(e, p, ", ");
        put_value(e, p, c->at[i], 'r', "", span);
    }
    text_put_literal(e, p, close);
}

static void put_fields(Elab *e, Parts *p, Py x, Span span) {
    PyClass *c = x->cls->class_;
    text_put_literal(e, p, c->name);
    text_put_literal(e, p, "(");
    for (int i = 0; i < c->nfields; i++) {
        if (i) text_put_literal(e, p, ", ");
        text_put_literal(e, p, c->fields[i]);
        text_put_literal(e, p, "=");
        Py v = x->kind == PY_TUPLE ? x->contents->at[i] : attribute_get(e, x, c->fields[i]);
        put_value(e, p, v ? v : e->none, 'r', "", span);
    }
    text_put_literal(e, p, ")");
}

static void put_object(Elab *e, Parts *p, Py x, char conversion, const char *spec, Span span) {
    static const char *const names[] = { "__format__", "__str__", "__repr__" };
    for (int i = conversion == 'r' ? 2 : conversion == 's' || !*spec ? 1 : 0; i < COUNT(names); i++) {
        if (!class_lookup(e, x->cls, names[i])) continue;
        Py argument = py_str(e, spec);
        Py text = call_method(e, x, names[i], i == 0, &argument, span);
        if (text->kind == PY_STR || text->kind == PY_TEXT)
            parts_put_text(e, p, text);
        else if (text->kind != PY_ERROR)
            fail(e, span, "%s of %s must give a str, and gave %s", names[i], x->cls->class_->name,
                 py_describe(e, text));
        return;
    }
    if (x->cls->class_->dataclass || x->kind == PY_TUPLE)
        put_fields(e, p, x, span);
    else
        text_put_literal(e, p, arena_text(e->arena, "<%s object>", x->cls->class_->name));
}

static void put_dict(Elab *e, Parts *p, Py x, Span span) {
    const Contents *c = contents_of(e, x);
    text_put_literal(e, p, "{");
    for (int i = 0; i < c->n; i++) {
        if (i) text_put_literal(e, p, ", ");
        put_value(e, p, c->keys[i], 'r', "", span);
        text_put_literal(e, p, ": ");
        put_value(e, p, c->at[i], 'r', "", span);
    }
    text_put_literal(e, p, "}");
}

/* Text of x, the way `format` pads it. */
static void put_padded(Elab *e, Parts *p, Py x, const char *spec, Span span) {
    if (x->kind == PY_TEXT && put_whole(e, p, x, 'f', spec, span)) return;
    if (x->kind == PY_TEXT) {
        fail(e, span, "a str known at run time cannot be padded; format its parts");
        return;
    }
    const char *s = spec, *fill = " ";
    int fill_bytes = 1, width = 0, most = -1;
    char align = '<';
    int first = (*s & 0x80) ? ((unsigned char)*s >= 0xf0 ? 4 : (unsigned char)*s >= 0xe0 ? 3 : 2) : 1;
    if (*s && s[first] && strchr("<>^", s[first])) {
        fill = s;
        fill_bytes = first;
        align = s[first];
        s += first + 1;
    } else if (*s && strchr("<>^", *s)) {
        align = *s++;
    }
    while (*s >= '0' && *s <= '9' && width < 100000) width = 10 * width + (*s++ - '0');
    if (*s == '.') {
        most = 0;
        for (s++; *s >= '0' && *s <= '9' && most < 100000; s++) most = 10 * most + (*s - '0');
    }
    if (*s == 's') s++;
    if (*s) {
        fail(e, span, "`%s` is not a format of a str", spec);
        return;
    }
    int bytes = 0, letters = 0;
    for (int i = 0; i < x->str.n; i++) {
        bool start = (x->str.at[i] & 0xc0) != 0x80;
        if (start && most >= 0 && letters == most) break;
        letters += start;
        bytes = i + 1;
    }
    int pad = width > letters ? width - letters : 0, left = align == '<' ? 0 : align == '>' ? pad : pad / 2;
    for (int i = 0; i < left; i++) parts_put(e, p, fill, fill_bytes);
    parts_put(e, p, x->str.at, bytes);
    for (int i = left; i < pad; i++) parts_put(e, p, fill, fill_bytes);
}

static void put_hole(Elab *e, Parts *p, Py x, char conversion, const char *spec) {
    struct TextPart it = { .value = x, .conversion = conversion, .spec = spec };
    PUSH(e->arena, p, it);
}

/* How numpy.set_printoptions last said that arrays are printed. */
static const char *array_options(Elab *e, Span span) {
    Py options = place_get(e, e->print_options);
    if (options->kind == PY_STR) return options->str.at;
    fail(e, span,
         "how arrays are printed must be known when compiling; here set_printoptions() depends on run-time values");
    return "";
}

/* Its items are written one after another; those of a longer one in a loop. */
static bool is_short_list(Elab *e, Py x) {
    enum { SHORT = 64 };
    int64_t n;
    return !list_grows(x) || (py_static_int(e, growing_length(e, x), &n) && n <= SHORT);
}

static void put_value(Elab *e, Parts *p, Py x, char conversion, const char *spec, Span span) {
    if (x->kind == PY_APART) x = value_read(e, x, "what is printed", span);
    if (x->kind == PY_ARRAY && *spec && conversion != 'r' && x->array.value->type->rank) {
        fail(e, span, "%s takes no format: only single numbers do; write jnp.round(x, 2), or format its elements",
             type_text(e->cx, x->array.value->type));
        return;
    }
    if (py_is_static_number(x)) {
        Py text = format_static(e, x, conversion, spec, span);
        if (text->kind == PY_STR) parts_put_text(e, p, text);
        return;
    }
    if (x->kind == PY_ARRAY && !*spec) {
        const char *options = array_options(e, span);
        bool plain = !*options || (!x->array.value->type->rank && conversion != 'r');
        put_hole(e, p, x, !plain && conversion == 'f' ? 's' : conversion, plain ? "" : options);
        return;
    }
    if (x->kind == PY_SCALAR || x->kind == PY_ARRAY) {
        put_hole(e, p, x, conversion, spec);
        return;
    }
    if (x->kind == PY_STR && *spec) {
        put_padded(e, p, x, spec, span);
        return;
    }
    if (*spec && x->kind != PY_OBJECT) {
        if (x->kind == PY_TEXT)
            put_padded(e, p, x, spec, span);
        else
            fail(e, span, "%s takes no format", py_describe(e, x));
        return;
    }
    switch (x->kind) {
    case PY_ERROR: break;
    case PY_NONE: text_put_literal(e, p, "None"); break;
    case PY_ELLIPSIS: text_put_literal(e, p, "Ellipsis"); break;
    case PY_NOT_IMPLEMENTED: text_put_literal(e, p, "NotImplemented"); break;
    case PY_STR:
        if (conversion == 'r')
            put_quoted(e, p, x);
        else
            parts_put_text(e, p, x);
        break;
    case PY_BYTES: put_quoted(e, p, x); break;
    case PY_TEXT:
        if (conversion != 'r')
            parts_put_text(e, p, x);
        else if (!put_whole(e, p, x, conversion, "", span))
            put_quoted_text(e, p, x, span);
        break;
    case PY_LIST:
        if (!is_short_list(e, x)) {
            struct TextPart it = { .each = x };
            PUSH(e->arena, p, it);
        } else {
            put_items(e, p, "[", contents_of(e, x), "]", span);
        }
        break;
    case PY_TUPLE:
        if (x->cls)
            put_object(e, p, x, conversion, spec, span);
        else
            put_items(e, p, "(", x->contents, x->contents->n == 1 ? ",)" : ")", span);
        break;
    case PY_DICT: put_dict(e, p, x, span); break;
    case PY_SET: {
        const Contents *c = contents_of(e, x);
        Contents keys = { .n = c->n, .at = c->keys };
        if (c->n)
            put_items(e, p, "{", &keys, "}", span);
        else
            text_put_literal(e, p, "set()");
        break;
    }
    case PY_OBJECT: put_object(e, p, x, conversion, spec, span); break;
    case PY_RANGE:
        text_put_literal(e, p, "range(");
        put_value(e, p, x->slice.start, 'r', "", span);
        text_put_literal(e, p, ", ");
        put_value(e, p, x->slice.stop, 'r', "", span);
        if (!(x->slice.step->kind == PY_INT && x->slice.step->integer == 1)) {
            text_put_literal(e, p, ", ");
            put_value(e, p, x->slice.step, 'r', "", span);
        }
        text_put_literal(e, p, ")");
        break;
    case PY_SLICE:
        put_items(e, p, "slice(", &(Contents){ .n = 3, .at = (Py[]){ x->slice.start, x->slice.stop, x->slice.step } },
                  ")", span);
        break;
    case PY_DTYPE:
        if (x->maker)
            text_put_literal(e, p, arena_text(e->arena, "<class '%s.%s'>", x->maker, dtype_long_name(x->dtype)));
        else
            text_put_literal(e, p,
                             arena_text(e->arena, conversion == 'r' ? "dtype('%s')" : "%s", dtype_long_name(x->dtype)));
        break;
    case PY_TYPE: text_put_literal(e, p, arena_text(e->arena, "<class '%s'>", x->type.name)); break;
    case PY_CLASS: text_put_literal(e, p, arena_text(e->arena, "<class '__main__.%s'>", x->class_->name)); break;
    case PY_MODULE: text_put_literal(e, p, arena_text(e->arena, "<module '%s'>", x->module->name)); break;
    case PY_TREEDEF:
        text_put_literal(e, p, "PyTreeDef(");
        put_treedef(e, p, x->wrapped.wrapped, span);
        text_put_literal(e, p, ")");
        break;
    default: text_put_literal(e, p, arena_text(e->arena, "<%s>", py_describe(e, x))); break;
    }
}

Py text_of(Elab *e, Py x, char conversion, const char *spec, Span span) {
    if (x->kind == PY_ERROR) return x;
    int before = diag_errors(e->cx);
    Parts p = { 0 };
    put_value(e, &p, x, conversion, spec, span);
    return diag_errors(e->cx) > before ? e->error : parts_text(e, &p);
}
