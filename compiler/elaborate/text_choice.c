/* text_choice: one of several texts, by an index that is known at run time only.
**
** Characters are looked up in a table of their code points; other texts are halved until one is left. */
#include "elaborate/texts.h"

int32_t code_point(Py x) {
    if (x->kind != PY_STR || !x->str.n) return -1;
    const unsigned char *s = (const unsigned char *)x->str.at;
    int bytes = *s < 0x80 ? 1 : *s < 0xE0 ? 2 : *s < 0xF0 ? 3 : 4;
    if (x->str.n != bytes) return -1;
    int32_t u = bytes == 1 ? *s : *s & (0x7F >> bytes);
    for (int i = 1; i < bytes; i++) u = u << 6 | (s[i] & 63);
    return u;
}

static Py character_at(Elab *e, int n, const int32_t *points, Value *i, Span span) {
    const Dim *size = dim_int(e->cx, n);
    Value *table = ir_constant(e->b, type_of(e->cx, DT_i32, 1, &size), n, points);
    Py number = py_scalar(e, NUMBER_INT, ir_convert(e->b, ir_index0(e->b, table, i), DT_i64));
    return text_of(e, number, 'f', "c", span);
}

static Py choice(Elab *e, int from, int to, Py const *texts, Value *i) {
    if (to - from == 1) return texts[from];
    int middle = from + (to - from) / 2;
    struct TextPart part = { .which = py_scalar(e, NUMBER_BOOL, ir_lt(e->b, i, ir_i64(e->b, middle))),
                             .left = choice(e, from, middle, texts, i),
                             .right = choice(e, middle, to, texts, i) };
    Parts p = { 0 };
    PUSH(e->arena, &p, part);
    return parts_text(e, &p);
}

Py text_choice(Elab *e, int n, Py const *texts, Py index, const char *what, Span span) {
    Value *i = index_within(e, index, ir_i64(e->b, n), what, span);
    int32_t *points = NEW_ARRAY(e->arena, int32_t, n + 1);
    bool characters = true;
    for (int k = 0; k < n; k++) characters &= (points[k] = code_point(texts[k])) >= 0;
    return characters ? character_at(e, n, points, i, span) : choice(e, 0, n, texts, i);
}
