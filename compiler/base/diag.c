/* diag: what goes wrong, and where.
**
** Diagnostics are kept until they are flushed, so that an attempt can take its
** own back, and so that they come out in the order of the text. */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SHOWN = 100, WIDEST_LINE = 160, BEFORE_CARET = 60 };

typedef struct {
    Span span; /* file 0: no place of its own */
    const char *text;
} Note;

typedef struct {
    Span span;
    bool warning, printed;
    int order; /* in which it was made: breaks ties */
    const char *message, *caret;
    struct {
        Note *at;
        int n, cap;
    } notes;
} Diag;

typedef struct Diags {
    Diag *at;
    int n, cap;
} Diags;

static const char *formatted(Compiler *cx, const char *format, va_list args) {
    Text t = text_new(cx->arena);
    text_addv(&t, format, args);
    return t.at;
}

static void keep(Compiler *cx, Span span, bool warning, const char *message) {
    if (!cx->diags) cx->diags = NEW(cx->arena, Diags);
    Diag d = { .span = span, .warning = warning, .order = cx->diags->n, .message = message };
    PUSH(cx->arena, cx->diags, d);
}

void diagv(Compiler *cx, Span span, const char *format, va_list args) {
    keep(cx, span, false, formatted(cx, format, args));
}

void diag(Compiler *cx, Span span, const char *format, ...) {
    va_list args;
    va_start(args, format);
    diagv(cx, span, format, args);
    va_end(args);
}

void warn(Compiler *cx, Span span, const char *format, ...) {
    va_list args;
    va_start(args, format);
    keep(cx, span, true, formatted(cx, format, args));
    va_end(args);
}

static Diag *newest(Compiler *cx) {
    if (!cx->diags || !cx->diags->n) bug(cx, "a note without a diagnostic");
    return &cx->diags->at[cx->diags->n - 1];
}

void note(Compiler *cx, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Note it = { .text = formatted(cx, format, args) };
    va_end(args);
    PUSH(cx->arena, &newest(cx)->notes, it);
}

void note_at(Compiler *cx, Span span, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Note it = { span, formatted(cx, format, args) };
    va_end(args);
    PUSH(cx->arena, &newest(cx)->notes, it);
}

void caret(Compiler *cx, const char *format, ...) {
    va_list args;
    va_start(args, format);
    newest(cx)->caret = formatted(cx, format, args);
    va_end(args);
}

int diag_mark(Compiler *cx) { return cx->diags ? cx->diags->n : 0; }

void diag_rewind(Compiler *cx, int mark) {
    if (cx->diags && cx->diags->n > mark) cx->diags->n = mark;
}

bool diag_newest_is_at(const Compiler *cx, Span span) {
    if (!cx->diags || !cx->diags->n) return false;
    Span at = cx->diags->at[cx->diags->n - 1].span;
    return at.file == span.file && at.start == span.start && at.end == span.end;
}

int diag_errors(const Compiler *cx) {
    int errors = 0;
    for (int i = 0; cx->diags && i < cx->diags->n; i++) errors += !cx->diags->at[i].warning;
    return errors;
}

/* Length of the well-formed UTF-8 character at p, or 0. */
static int character(const unsigned char *p, const unsigned char *end) {
    int n = *p < 0x80 ? 1 : *p >= 0xc2 && *p < 0xe0 ? 2 : *p >= 0xe0 && *p < 0xf0 ? 3 : *p >= 0xf0 && *p < 0xf5 ? 4 : 0;
    if (n > end - p) return 0;
    for (int i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    return n;
}

/* One column per character; what a terminal could not show becomes '?'. */
static void print_bytes(const char *text, int n) {
    const unsigned char *p = (const unsigned char *)text, *end = p + n;
    while (p < end) {
        int length = character(p, end);
        if (length == 0 || (*p < ' ' && *p != '\t') || *p == 0x7f) {
            fputc('?', stderr);
            p++;
        } else {
            fwrite(p, 1, (size_t)length, stderr);
            p += length;
        }
    }
}

static int columns(const char *text, int n) {
    const unsigned char *p = (const unsigned char *)text, *end = p + n;
    int count = 0;
    while (p < end) {
        int length = character(p, end);
        p += length ? length : 1;
        count++;
    }
    return count;
}

static bool inside_character(const Source *s, int at) { return at < s->length && (s->text[at] & 0xc0) == 0x80; }

/* The line, and below it a caret under each of the span's columns. */
static void print_excerpt(Compiler *cx, Span span, const char *words) {
    const Source *s = source_of(cx, span.file);
    int line, column;
    line_column(cx, span, &line, &column);
    int begin = s->lines[line - 1], end = line < s->nlines ? s->lines[line] : s->length;
    while (end > begin && (s->text[end - 1] == '\n' || s->text[end - 1] == '\r')) end--;
    int start = span.start > end ? end : span.start < begin ? begin : span.start;
    int stop = span.end > end ? end : span.end < start ? start : span.end;

    bool cut_left = false, cut_right = false;
    if (end - begin > WIDEST_LINE && start - begin > BEFORE_CARET) {
        begin = start - BEFORE_CARET;
        for (int i = 0; i < 3 && inside_character(s, begin); i++) begin++;
        cut_left = true;
    }
    if (end - begin > WIDEST_LINE) {
        end = begin + WIDEST_LINE;
        for (int i = 0; i < 3 && inside_character(s, end); i++) end--;
        cut_right = true;
    }
    if (stop > end) stop = end;

    fprintf(stderr, "%5d | %s", line, cut_left ? "..." : "");
    print_bytes(s->text + begin, end - begin);
    fprintf(stderr, "%s\n      | %s", cut_right ? "..." : "", cut_left ? "   " : "");
    for (int i = begin; i < start; i++) /* tabs stay tabs, so that the caret stands where the text does */
        if (!inside_character(s, i)) fputc(s->text[i] == '\t' ? '\t' : ' ', stderr);
    int width = columns(s->text + start, stop - start);
    for (int i = width > 0 ? width : 1; i > 0; i--) fputc('^', stderr);
    fprintf(stderr, "%s%s\n", words ? " " : "", words ? words : "");
}

static void print_place(Compiler *cx, Span span) {
    int line, column;
    line_column(cx, span, &line, &column);
    fprintf(stderr, "%s:%d:%d: ", source_of(cx, span.file)->path, line, column);
}

static void print_diag(Compiler *cx, const Diag *d) {
    if (d->span.file)
        print_place(cx, d->span);
    else
        fprintf(stderr, "jxlc: ");
    fprintf(stderr, "%s: %s\n", d->warning ? "warning" : "error", d->message);
    if (d->span.file)
        print_excerpt(cx, d->span, d->caret);
    else if (d->caret)
        fprintf(stderr, "      note: %s\n", d->caret);
    for (int i = 0; i < d->notes.n; i++) {
        Note it = d->notes.at[i];
        fprintf(stderr, "      note: ");
        if (it.span.file) print_place(cx, it.span);
        fprintf(stderr, "%s\n", it.text);
        if (it.span.file) print_excerpt(cx, it.span, NULL);
    }
}

static int by_place(const void *x, const void *y) {
    const Diag *a = *(Diag *const *)x, *b = *(Diag *const *)y;
    if (a->span.file != b->span.file) return a->span.file < b->span.file ? -1 : 1;
    if (a->span.start != b->span.start) return a->span.start < b->span.start ? -1 : 1;
    return a->order < b->order ? -1 : 1;
}

static bool same_diag(const Diag *a, const Diag *b) {
    return a->span.file == b->span.file && a->span.start == b->span.start && a->warning == b->warning &&
           strcmp(a->message, b->message) == 0;
}

/* Whether one like sorted[i] stands before it: equal ones share a place, so they are near. */
static bool repeated(Diag **sorted, int i) {
    for (int j = i - 1;
         j >= 0 && sorted[j]->span.file == sorted[i]->span.file && sorted[j]->span.start == sorted[i]->span.start; j--)
        if (same_diag(sorted[j], sorted[i])) return true;
    return false;
}

int diag_flush(Compiler *cx) {
    int n = diag_mark(cx), errors = 0, shown = 0, hidden = 0;
    Diag **sorted = NEW_ARRAY(cx->arena, Diag *, n);
    for (int i = 0; i < n; i++) sorted[i] = &cx->diags->at[i];
    if (n > 1) qsort(sorted, (size_t)n, sizeof *sorted, by_place);
    for (int i = 0; i < n; i++) {
        Diag *d = sorted[i];
        bool again = repeated(sorted, i);
        if (!d->warning && !again) errors++;
        if (!again && !d->printed) {
            if (shown < MOST_SHOWN)
                print_diag(cx, d), shown++;
            else
                hidden++;
        }
        d->printed = true;
    }
    if (hidden) fprintf(stderr, "jxlc: and %d more like these\n", hidden);
    return errors;
}

void bug(Compiler *cx, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fprintf(stderr, "jxlc: this is a mistake in the compiler%s%s: ", cx && cx->pass ? ", in " : "",
            cx && cx->pass ? cx->pass : "");
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    if (cx && cx->on_bug) {
        void (*show)(Compiler *) = cx->on_bug;
        cx->on_bug = NULL; /* showing may fail too */
        show(cx);
    }
    exit(70);
}

void fatal(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("jxlc: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}
