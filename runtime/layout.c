/* An array as text, arranged as numpy.array2string arranges it: brackets, line breaks (at 75 columns), and of many
** elements (more than 1000) the first and last few (three) along each axis. */
#include "words.h"

#include <string.h>

typedef struct {
    const jxl_array *array;
    const PrintOptions *options;
    int summarize;
    WordFormat format;
    int separator_width, mark_width; /* and without the spaces at its end */
    Text *out;
    int64_t shown, *index; /* while collecting the elements that are shown */
} Layout;

static int64_t stride_of(const jxl_array *a, int axis) {
    int64_t stride = 1;
    for (int i = axis + 1; i < a->rank; i++) stride *= a->shape[i];
    return stride;
}

static int is_cut(const Layout *l, int axis) {
    return l->summarize && l->array->shape[axis] > 2 * l->options->edge_items;
}

/* The first index after the gap of a cut axis. */
static int64_t after_gap(const Layout *l, int axis, int64_t i) {
    int64_t edge = l->options->edge_items;
    return i == edge && is_cut(l, axis) ? l->array->shape[axis] - edge : i;
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
            jxl_text_put(l->out, l->options->separator);
            column += l->separator_width;
        }
        if (next != i) {
            from = l->out->n;
            jxl_text_put(l->out, "...");
            column = break_before(l, from, column, indent, width);
            jxl_text_put(l->out, l->options->separator);
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
    jxl_text_add(l->out, l->options->separator, (size_t)l->mark_width);
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
        put_row(l, at, indent, width - (l->mark_width > 1 ? l->mark_width : 1));
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

void jxl_put_array(Text *t, const jxl_array *a, const PrintOptions *o) {
    int64_t count = jxl_count(a);
    if (count == 0) {
        jxl_text_put(t, "[]");
        return;
    }
    Layout l = { .array = a, .options = o, .summarize = count > o->threshold, .out = t };
    l.separator_width = l.mark_width = (int)strlen(o->separator);
    while (l.mark_width && o->separator[l.mark_width - 1] == ' ') l.mark_width--;
    collect(&l, 0, 0);
    l.index = jxl_alloc(t->call, l.shown * (int64_t)sizeof *l.index);
    if (!l.index) return;
    l.shown = 0;
    collect(&l, 0, 0);
    l.format = jxl_word_format(&(Shown){ a, l.index, l.shown }, o);
    jxl_release(t->call, l.index);
    put_axis(&l, 0, 0, o->prefix + 1, o->line_width - o->suffix);
}
