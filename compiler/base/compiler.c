/* compiler: one compilation's state, and the sources it reads. */
#include "base/base.h"

Compiler *compiler_new(void) {
    Arena *arena = arena_new();
    Compiler *cx = NEW(arena, Compiler);
    cx->arena = arena;
    cx->names = map_new(arena);
    cx->options.opt_level = 2;
    cx->options.max_unroll = 20000;
    add_source(cx, "jxlc", "", 0, false); /* file 0 is nowhere */
    return cx;
}

void compiler_free(Compiler *cx) {
    if (cx) arena_free(cx->arena);
}

int add_source(Compiler *cx, const char *path, const char *text, int length, bool library) {
    char *copy = arena_alloc(cx->arena, (size_t)length + 1);
    Source s = { .path = arena_text(cx->arena, "%s", path), .text = copy, .length = length, .library = library };
    struct {
        int *at;
        int n, cap;
    } lines = { 0 };
    PUSH(cx->arena, &lines, 0);
    for (int i = 0; i < length; i++) {
        copy[i] = text[i];
        bool ends = text[i] == '\n' || (text[i] == '\r' && (i + 1 == length || text[i + 1] != '\n'));
        if (ends) PUSH(cx->arena, &lines, i + 1);
    }
    s.lines = lines.at;
    s.nlines = lines.n;
    PUSH(cx->arena, &cx->sources, s);
    return cx->sources.n - 1;
}

const Source *source_of(const Compiler *cx, int file) {
    return &cx->sources.at[file > 0 && file < cx->sources.n ? file : 0];
}

void line_column(const Compiler *cx, Span span, int *line, int *column) {
    const Source *s = source_of(cx, span.file);
    int at = span.start < 0 ? 0 : span.start > s->length ? s->length : span.start;
    int low = 0, high = s->nlines; /* lines[low] <= at < lines[high] */
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        if (s->lines[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    *line = low + 1;
    *column = 1;
    for (int i = s->lines[low]; i < at; i++)
        *column += (s->text[i] & 0xc0) != 0x80; /* bytes that continue a character do not count */
}
