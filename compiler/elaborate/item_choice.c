/* item_choice: one of several texts or numbers, by an index or the key of a dict that is known at run time only.
**
** Numbers, and the code points of characters, are looked up in a table; other texts are halved until one is left. */
#include "elaborate/counters.h"
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

static Py number_at(Elab *e, int n, Py const *numbers, Value *i, Span span) {
    NumberKind kind = py_number_kind(numbers[0]);
    Py table = to_array(e, py_tuple(e, n, (Py *)(uintptr_t)numbers), FLAVOUR_NUMPY, span);
    return table->kind == PY_ARRAY ? py_scalar(e, kind, ir_index0(e->b, array_value(e, table), i)) : e->error;
}

/* The items are all texts, or numbers of one kind. */
static bool can_choose(int n, Py const *items) {
    bool texts = n > 0, numbers = n > 0 && py_is_number(items[0]);
    for (int i = 0; i < n; i++) {
        texts = texts && (items[i]->kind == PY_STR || items[i]->kind == PY_TEXT);
        numbers = numbers && py_is_number(items[i]) && py_number_kind(items[i]) == py_number_kind(items[0]);
    }
    return texts || numbers;
}

/* Item number i, which lies inside. */
static Py choose(Elab *e, int n, Py const *items, Value *i, Span span) {
    if (py_is_number(items[0])) return number_at(e, n, items, i, span);
    int32_t *points = NEW_ARRAY(e->arena, int32_t, n + 1);
    bool characters = true;
    for (int k = 0; k < n; k++) characters &= (points[k] = code_point(items[k])) >= 0;
    return characters ? character_at(e, n, points, i, span) : halved(e, 0, n, items, i);
}

/* In a loop that is unrolled numbers are known: what is made of them may have to be. */
static bool chosen_at_run_time(Elab *e, Py index, Py first) {
    if (!py_is_index(index) || py_static_int(e, index, &(int64_t){ 0 })) return false;
    const Value *v = index->kind == PY_ARRAY ? index->array.value : index->scalar.value;
    return !py_is_number(first) || !v || !may_be_unrolled(e, v);
}

Py item_choice(Elab *e, int n, Py const *items, Py index, const char *what, Span span) {
    if (!can_choose(n, items) || !chosen_at_run_time(e, index, items[0])) return NULL;
    return choose(e, n, items, index_within(e, index, ir_i64(e->b, n), what, span), span);
}

Py value_choice(Elab *e, const Contents *dict, Py key, Span span) {
    int n = dict->n;
    if (!can_choose(n, dict->at) || !chosen_at_run_time(e, key, dict->at[0])) return NULL;
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
    return choose(e, n, dict->at, ir_reduce(b, OP_reduce_max, at, 1, (int64_t[]){ 0 }), span);
}
