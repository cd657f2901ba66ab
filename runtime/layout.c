/* An array as text, arranged as numpy.array2string arranges it: brackets, line breaks at 75 columns, and of more than
** 1000 elements the first and last three along each axis. */
#include "words.h"

enum { LINE_WIDTH = 75, THRESHOLD = 1000, EDGE_ITEMS = 3 };

typedef struct {
    const jxl_array *array;
    int summarize;
    WordFormat format;
    const char *separator;
    int separator_width;
    Text *out;
    int64_t shown, *index; /* while collecting the elements that are shown */
} Layout;

static int64_t stride_of(const jxl_array *a, int axis) {
    int64_t stride = 1;
    for (int i = axis + 1; i < a->rank; i++) stride *= a->shape[i];
    return stride;
}

static int is_cut(const Layout *l, int axis) { return l->summarize && l->array->shape[axis] > 2 * EDGE_ITEMS; }

/* The first index after the gap of a cut axis. */
static int64_t after_gap(const Layout *l, int axis, int64_t i) {
    return i == EDGE_ITEMS && is_cut(l, axis) ? l->array->shape[axis] - EDGE_ITEMS : i;
}

static void collect(Layout *l, int axis, int64_t at) {
    if (axis == l->array->rank) {
        if (l->index) l->index[l->shown] = at;
        l->shown++;
        return;
    }
    int64_t stride = stride_of(l->array, axis);
    for (int64_t i = 0; i < l->array->shape[axis]; i++) {
        i = after_gap(l, axis, i);
        collect(l, axis + 1, at + i * stride);
    }
}

/* Takes back the spaces at the end of a line that is about to be broken. */
static void strip(Text *t) {
    while (t->n && t->at[t->n - 1] == ' ') t->n--;
}

/* Writes what was put after `from` onto a new line if the line would become longer than `width`. */
static int break_before(Layout *l, size_t from, int column, int indent, int width) {
    int length = (int)(l->out->n - from);
    if (column + length <= width || column <= indent || l->out->call->status) return column + length;
    Text *t = l->out;
    Text word = { .call = t->call };
    jxl_text_add(&word, t->at + from, (size_t)length);
    t->n = from;
    strip(t);
    jxl_text_put(t, "\n");
    jxl_text_fill(t, ' ', indent);
    if (word.at) jxl_text_add(t, word.at, word.n);
    jxl_release(t->call, word.at);
    return indent + length;
}

/* A row of the last axis.  `indent` is the column after its bracket. */
static void put_row(Layout *l, int64_t at, int indent, int width) {
    int axis = l->array->rank - 1, column = indent;
    for (int64_t i = 0; i < l->array->shape[axis]; i++) {
        int64_t next = after_gap(l, axis, i);
        size_t from;
        if (i) {
            jxl_text_put(l->out, l->separator);
            column += l->separator_width;
        }
        if (next != i) {
            from = l->out->n;
            jxl_text_put(l->out, "...");
            column = break_before(l, from, column, indent, width);
            jxl_text_put(l->out, l->separator);
            column += l->separator_width;
            i = next;
        }
        from = l->out->n;
        Number x = jxl_element(l->array, at + i);
        jxl_put_word(l->out, &l->format, &x);
        column = break_before(l, from, column, indent, width);
    }
}

static void new_rows(Layout *l, int axis, int indent) {
    if (l->separator[0] != ' ') jxl_text_add(l->out, l->separator, 1);
    for (int i = axis + 1; i < l->array->rank; i++) jxl_text_put(l->out, "\n");
    jxl_text_fill(l->out, ' ', indent);
}

static void put_axis(Layout *l, int axis, int64_t at, int indent, int width) {
    if (axis == l->array->rank) {
        Number x = jxl_element(l->array, at);
        jxl_put_word(l->out, &l->format, &x);
        return;
    }
    jxl_text_put(l->out, "[");
    if (axis == l->array->rank - 1) {
        put_row(l, at, indent, width - 1);
    } else {
        int64_t stride = stride_of(l->array, axis);
        for (int64_t i = 0; i < l->array->shape[axis]; i++) {
            int64_t next = after_gap(l, axis, i);
            if (i) new_rows(l, axis, indent);
            if (next != i) {
                jxl_text_put(l->out, "...");
                new_rows(l, axis, indent);
                i = next;
            }
            put_axis(l, axis + 1, at + i * stride, indent + 1, width - 1);
        }
    }
    jxl_text_put(l->out, "]");
}

void jxl_put_array(Text *t, const jxl_array *a, const char *separator, int prefix, int suffix) {
    int64_t count = jxl_count(a);
    if (count == 0) {
        jxl_text_put(t, "[]");
        return;
    }
    Layout l = { .array = a, .summarize = count > THRESHOLD, .separator = separator, .out = t };
    l.separator_width = separator[1] ? 2 : 1;
    collect(&l, 0, 0);
    l.index = jxl_alloc(t->call, l.shown * (int64_t)sizeof *l.index);
    if (!l.index) return;
    l.shown = 0;
    collect(&l, 0, 0);
    l.format = jxl_word_format(&(Shown){ a, l.index, l.shown });
    jxl_release(t->call, l.index);
    put_axis(&l, 0, 0, prefix + 1, LINE_WIDTH - suffix);
}
