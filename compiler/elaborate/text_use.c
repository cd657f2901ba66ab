/* text_use: a text as the template that a program prints, and choices in it that are made at run time. */
#include "elaborate/texts.h"

#include <string.h>

/* '{0!ps}' and its kin: which library prints the value, and how. */
static char printer_of(Py x) {
    if (x->kind == PY_SCALAR) return 'p';
    if (x->array.flavour == FLAVOUR_NUMPY) return x->array.numpy_scalar ? 'g' : 'n';
    return x->array.weak ? 'w' : 'j';
}

const char *text_template(Elab *e, Py text, int first, Value ***values, int *n) {
    Text t = text_new(e->arena);
    struct {
        Value **at;
        int n, cap;
    } all = { 0 };
    int parts = text->kind == PY_TEXT ? text->text.nparts : 1;
    struct TextPart whole = { .text = text->kind == PY_STR ? text->str.at : "",
                              .length = text->kind == PY_STR ? text->str.n : 0 };
    const struct TextPart *part = text->kind == PY_TEXT ? text->text.part : &whole;
    for (int i = 0; i < parts; i++) {
        if (part[i].text) {
            for (int k = 0; k < part[i].length; k++) {
                char c = part[i].text[k];
                if (c == '{' || c == '}') text_put(&t, &c, 1);
                text_put(&t, &c, 1);
            }
            continue;
        }
        Py x = part[i].value;
        if (!x) {
            fail(e, e->span,
                 "a list whose length is known at run time only can be printed, and not put into a text otherwise");
            break;
        }
        Value *v = x->kind == PY_ARRAY ? array_value(e, x) : scalar_value(e, x, x->scalar.number);
        int at = 0;
        while (at < all.n && all.at[at] != v) at++;
        if (at == all.n) PUSH(e->arena, &all, v);
        text_add(&t, "{%d!%c%c%s%s}", first + at, part[i].chars ? 't' : printer_of(x), part[i].conversion,
                 *part[i].spec ? ":" : "", part[i].spec);
    }
    *values = all.at;
    *n = all.n;
    return t.at ? t.at : "";
}

void emit_message(Elab *e, Op op, Value *holds, Py text) {
    Value **values;
    int n;
    const char *format = text_template(e, text, 1, &values, &n);
    Value **args = NEW_ARRAY(e->arena, Value *, n + 1);
    args[0] = holds;
    for (int i = 0; i < n; i++) args[i + 1] = values[i];
    emit_inst(e->b, op, args, n + 1, &(Attrs){ .format = name_of(e->cx, format) });
}

/* A text one part of which is chosen at run time, with that choice made. */
static Py chosen(Elab *e, Py text, int at, bool left) {
    Parts p = { 0 };
    for (int i = 0; i < text->text.nparts; i++) {
        struct TextPart *part = &text->text.part[i];
        if (i == at)
            parts_put_text(e, &p, left ? part->left : part->right);
        else if (part->text)
            parts_put(e, &p, part->text, part->length);
        else
            PUSH(e->arena, &p, *part);
    }
    return parts_text(e, &p);
}

typedef struct {
    Py left, right;
    void (*whole)(Elab *, Py, TextUse, void *);
    TextUse use;
    void *data;
} Choice;
static void use_left(Elab *e, void *data) {
    Choice *c = data;
    c->whole(e, c->left, c->use, c->data);
}
static void use_right(Elab *e, void *data) {
    Choice *c = data;
    c->whole(e, c->right, c->use, c->data);
}

void text_use(Elab *e, Py text, TextUse use, void *data) {
    for (int i = 0; text->kind == PY_TEXT && i < text->text.nparts; i++) {
        struct TextPart *part = &text->text.part[i];
        if (!part->left) continue;
        Choice c = { chosen(e, text, i, true), chosen(e, text, i, false), text_use, use, data };
        branch(e, scalar_value(e, part->which, NUMBER_BOOL), use_left, use_right, &c, e->span);
        return;
    }
    use(e, data, text);
}

/* The items of a list that grows, each behind `between` but the first. */
typedef struct {
    Place *first;
    Py between;
    char conversion;
    TextUse use;
    void *data;
} Items;
static void nothing_before(Elab *e, void *data) { place_set(e, ((Items *)data)->first, e->false_, e->span); }
static void between_before(Elab *e, void *data) {
    Items *items = data;
    text_use_pieces(e, items->between, items->use, items->data);
}
static void use_item(Elab *e, void *data, Py x) {
    Items *items = data;
    Value *v;
    int first = py_truth(e, place_get(e, items->first), &v);
    if (first >= 0)
        (first ? nothing_before : between_before)(e, items);
    else
        branch(e, v, nothing_before, between_before, items, e->span);
    text_use_pieces(e, text_of(e, x, items->conversion, "", e->span), items->use, items->data);
}

void text_use_pieces(Elab *e, Py text, TextUse use, void *data) {
    Parts run = { 0 };
    for (int i = 0; text->kind == PY_TEXT && i < text->text.nparts; i++) {
        struct TextPart *part = &text->text.part[i];
        if (part->each) {
            bool list = !part->between;
            if (list) text_put_literal(e, &run, "[");
            if (run.n) use(e, data, parts_text(e, &run));
            Items items = { place_new(e, "item"), list ? py_str(e, ", ") : part->between, list ? 'r' : 's', use, data };
            place_set(e, items.first, e->true_, e->span);
            for_each(e, part->each, use_item, &items, e->span);
            run = (Parts){ 0 };
            if (list) text_put_literal(e, &run, "]");
            continue;
        }
        if (!part->left) {
            PUSH(e->arena, &run, *part);
            continue;
        }
        if (run.n) use(e, data, parts_text(e, &run));
        run = (Parts){ 0 };
        Choice c = { part->left, part->right, text_use_pieces, use, data };
        branch(e, scalar_value(e, part->which, NUMBER_BOOL), use_left, use_right, &c, e->span);
    }
    if (text->kind != PY_TEXT)
        use(e, data, text);
    else if (run.n)
        use(e, data, parts_text(e, &run));
}

/* "%d of %5.2f" % (i, x): each conversion as format() writes it. */
Py text_percent(Elab *e, Py x, Py y, Span span) {
    Parts p = { 0 };
    int used = 0, given = y->kind == PY_TUPLE && !y->cls ? y->contents->n : 1;
    Py *args = y->kind == PY_TUPLE && !y->cls ? y->contents->at : &y;
    if (x->kind != PY_STR) return fail(e, span, "the left of `%%` must be a str that is known when compiling");
    for (const char *s = x->str.at; *s;) {
        const char *percent = strchr(s, '%');
        parts_put(e, &p, s, percent ? (int)(percent - s) : (int)strlen(s));
        if (!percent) break;
        s = percent + 1;
        if (*s == '%') {
            text_put_literal(e, &p, "%");
            s++;
            continue;
        }
        int flags = (int)strspn(s, "-+ #0"), length = flags + (int)strspn(s + flags, "0123456789.");
        char kind = s[length];
        bool left = memchr(s, '-', (size_t)flags), zero = memchr(s, '0', (size_t)flags),
             plus = memchr(s, '+', (size_t)flags), space = memchr(s, ' ', (size_t)flags);
        if (!kind || !strchr("diouxXeEfFgGsrc", kind))
            return fail(e, span, "`%%` formats do not have `%c`", kind ? kind : ' ');
        if (used == given) return fail(e, span, "this text has more `%%` formats than there are values");
        Py v = args[used++];
        bool textual = kind == 's' || kind == 'r' || kind == 'c';
        if (textual) v = text_of(e, v, kind == 'r' ? 'r' : 's', "", span);
        if (kind == 'd' && py_is_static_number(v) && py_number_kind(v) == NUMBER_FLOAT)
            v = py_int(e, (Int128)v->number);
        const char *type = textual ? "" : kind == 'i' || kind == 'u' ? "d" : arena_text(e->arena, "%c", kind);
        const char *align = left ? "<" : length > flags ? ">" : "";
        if (zero && !left && !textual) align = "0";
        const char *sign = plus ? "+" : space ? " " : "";
        const char *spec = *align == '0'
                               ? arena_text(e->arena, "%s0%.*s%s", sign, length - flags, s + flags, type)
                               : arena_text(e->arena, "%s%s%.*s%s", align, sign, length - flags, s + flags, type);
        Py text = textual && !*spec ? v : text_of(e, v, 'f', spec, span);
        if (text->kind == PY_ERROR) return text;
        parts_put_text(e, &p, text);
        s += length + 1;
    }
    if (used < given) return fail(e, span, "this text has fewer `%%` formats than there are values");
    return parts_text(e, &p);
}
