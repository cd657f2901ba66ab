/* item_choice: one of several items, by an index or the key of a dict that is known at run time only.
**
** Numbers, arrays and the code points of characters are looked up in a table; other texts are halved until one is left;
** containers of one structure are chosen part by part. */
#include "elaborate/counters.h"
#include "elaborate/loops.h"
#include "elaborate/texts.h"

#include <string.h>

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
    Py text = text_of(e, number, 'f', "c", span);
    if (text->kind != PY_TEXT) return text;
    text->text.part->plain = true;
    for (int k = 0; k < n; k++)
        text->text.part->plain &= points[k] >= ' ' && points[k] < 0x7f && !strchr("'\"\\", points[k]);
    return text;
}

static Py halved(Elab *e, int from, int to, Py const *texts, Value *i) {
    if (to - from == 1) return texts[from];
    int middle = from + (to - from) / 2;
    struct TextPart part = { .which = py_scalar(e, NUMBER_BOOL, ir_lt(e->b, i, ir_i64(e->b, middle))),
                             .left = halved(e, from, middle, texts, i),
                             .right = halved(e, middle, to, texts, i) };
    Parts p = { 0 };
    PUSH(e->arena, &p, part);
    return parts_text(e, &p);
}

/* ints among floats become floats. */
static Py number_at(Elab *e, int n, Py const *numbers, Value *i, Span span) {
    NumberKind kind = NUMBER_BOOL;
    for (int k = 0; k < n; k++)
        if (py_number_kind(numbers[k]) > kind) kind = py_number_kind(numbers[k]);
    Py table = to_array(e, py_tuple(e, n, (Py *)(uintptr_t)numbers), FLAVOUR_NUMPY, span);
    if (table->kind != PY_ARRAY) return table;
    return py_scalar(e, kind, ir_convert(e->b, ir_index0(e->b, array_value(e, table), i), number_dtype(kind)));
}

static Py one_of_two(Elab *e, Py const *x, Value *i) {
    NumberKind a = py_number_kind(x[0]), b = py_number_kind(x[1]), kind = a > b ? a : b;
    Value *second = ir_ne(e->b, i, ir_i64(e->b, 0));
    return py_scalar(e, kind, ir_select(e->b, second, scalar_value(e, x[1], kind), scalar_value(e, x[0], kind)));
}

static Py array_at(Elab *e, int n, Py const *arrays, Value *i) {
    Kind kind = kind_of(e, arrays[0]);
    const Type *row = arrays[0]->array.value->type;
    for (int k = 1; k < n; k++) {
        const Type *t = arrays[k]->array.value->type;
        if (arrays[k]->array.key != arrays[0]->array.key || t->rank != row->rank) return NULL;
        for (int d = 0; d < row->rank; d++)
            if (t->dim[d] != row->dim[d]) return NULL;
        kind = promote(e, kind, kind_of(e, arrays[k]));
    }
    const Type *one = type_with_lead(e->cx, type_with_dtype(e->cx, row, kind.dtype), dim_int(e->cx, 1));
    Value **rows = NEW_ARRAY(e->arena, Value *, n);
    for (int k = 0; k < n; k++) rows[k] = ir_reshape(e->b, as_kind(e, arrays[k], kind), one);
    Py x = py_array(e, ir_index0(e->b, ir_concatenate(e->b, rows, n, 0), i), kind.flavour, kind.weak);
    x->array.key = arrays[0]->array.key;
    return x;
}

static bool is_number(Py x) { return py_is_number(x); }
static bool is_text(Py x) { return x->kind == PY_STR || x->kind == PY_TEXT; }
static bool is_array(Py x) { return x->kind == PY_ARRAY; }

bool py_all(int n, Py const *x, bool (*holds)(Py)) {
    for (int i = 0; i < n; i++)
        if (!holds(x[i])) return false;
    return n > 0;
}

static Py text_at(Elab *e, int n, Py const *texts, Value *i, Span span) {
    int32_t *points = NEW_ARRAY(e->arena, int32_t, n + 1);
    bool characters = true;
    for (int k = 0; k < n; k++) characters &= (points[k] = code_point(texts[k])) >= 0;
    return characters ? character_at(e, n, points, i, span) : halved(e, 0, n, texts, i);
}

Py choose_item(Elab *e, int n, Py const *items, Value *i, Span span) {
    bool same = true;
    for (int k = 1; k < n; k++) same = same && py_equal_static(e, items[k], items[0]);
    if (same) return items[0];
    if (py_all(n, items, is_number)) return n == 2 ? one_of_two(e, items, i) : number_at(e, n, items, i, span);
    if (py_all(n, items, is_text)) return text_at(e, n, items, i, span);
    if (py_all(n, items, is_array)) return array_at(e, n, items, i);
    int parts = structural(items[0]) ? count_parts(items[0]) : -1;
    if (parts <= 0 || list_grows(items[0])) return NULL;
    for (int k = 1; k < n; k++)
        if (!structural(items[k]) || !same_structure(e, items[0], items[k])) return NULL;
    Py *part_of = NEW_ARRAY(e->arena, Py, n), *whole = NEW_ARRAY(e->arena, Py, parts);
    for (int p = 0; p < parts; p++) {
        for (int k = 0; k < n; k++) {
            int at = part_like(e, items[0], p, items[k]);
            if (at < 0) return NULL;
            part_of[k] = part(items[k], at);
        }
        if (!(whole[p] = choose_item(e, n, part_of, i, span))) return NULL;
    }
    return with_parts(e, items[0], whole, parts);
}

/* In a loop that is unrolled all but texts are known: what is made of them may have to be. */
static bool chosen_at_run_time(Elab *e, Py index, Py first) {
    if (!py_is_index(index) || py_static_int(e, index, &(int64_t){ 0 })) return false;
    const Value *v = index->kind == PY_ARRAY ? index->array.value : index->scalar.value;
    return is_text(first) || !v || !may_be_unrolled(e, v);
}

Py item_choice(Elab *e, int n, Py const *items, Py index, const char *what, Span span) {
    if (!n || !chosen_at_run_time(e, index, items[0])) return NULL;
    return choose_item(e, n, items, index_within(e, index, ir_i64(e->b, n), what, span), span);
}

bool item_choice_set(Elab *e, Py list, Py index, Py x, Span span) {
    enum { MOST = 256 };
    const Contents *have = contents_of(e, list);
    int n = have->n;
    if (!n || n > MOST || !chosen_at_run_time(e, index, x)) return false;
    Value *i = index_within(e, index, ir_i64(e->b, n), "list assignment", span);
    Py *items = NEW_ARRAY(e->arena, Py, n);
    for (int k = 0; k < n; k++) {
        Value *here = ir_convert(e->b, ir_eq(e->b, i, ir_i64(e->b, k)), DT_i64);
        items[k] = choose_item(e, 2, (Py[]){ have->at[k], x }, here, span);
        if (!items[k]) return false;
    }
    Contents *c = contents_change(e, list);
    for (int k = 0; k < n; k++) c->at[k] = items[k];
    return true;
}

Py value_choice(Elab *e, const Contents *dict, Py key, Span span) {
    int n = dict->n;
    if (!n || !chosen_at_run_time(e, key, dict->at[0])) return NULL;
    for (int i = 0; i < n; i++)
        if (dict->keys[i]->kind != PY_INT) return NULL;
    Builder *b = e->b;
    Py keys = to_array(e, py_tuple(e, n, dict->keys), FLAVOUR_NUMPY, span);
    if (keys->kind != PY_ARRAY) return keys;
    Value *k = key->kind == PY_ARRAY ? ir_convert(b, array_value(e, key), DT_i64) : scalar_value(e, key, NUMBER_INT);
    Value *all = array_value(e, keys), *same = ir_eq(b, all, ir_broadcast_scalar(b, k, all->type));
    Value *found = ir_reduce(b, OP_reduce_or, same, 1, (int64_t[]){ 0 });
    Value *at = ir_select(b, same, ir_iota(b, all->type, 0), ir_fill_int(b, all->type, 0));
    const char *message = arena_text(e->arena, "%s: KeyError: the dict has no such key", place_text(e, span));
    emit_inst(b, OP_assert, &found, 1, &(Attrs){ .format = name_of(e->cx, message) });
    return choose_item(e, n, dict->at, ir_reduce(b, OP_reduce_max, at, 1, (int64_t[]){ 0 }), span);
}
