/* A text that grows. */
#include "internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Room for n more bytes and the NUL; NULL when there is none. */
static char *room_for(Text *t, size_t n) {
    if (t->call->status) return NULL;
    char *at = jxl_grow(t->call, t->at, (int64_t)(t->n + n + 1));
    if (!at) return NULL;
    t->at = at;
    return at + t->n;
}

void jxl_text_add(Text *t, const char *bytes, size_t n) {
    char *end = room_for(t, n);
    if (!end) return;
    memcpy(end, bytes, n);
    end[n] = 0;
    t->n += n;
}

void jxl_text_put(Text *t, const char *text) { jxl_text_add(t, text, strlen(text)); }

void jxl_text_fill(Text *t, char c, int64_t n) {
    char *end = n > 0 ? room_for(t, (size_t)n) : NULL;
    if (!end) return;
    memset(end, c, (size_t)n);
    end[n] = 0;
    t->n += (size_t)n;
}

void jxl_text_addf(Text *t, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *end = n < 0 ? NULL : room_for(t, (size_t)n);
    if (!end) return;
    va_start(args, format);
    vsnprintf(end, (size_t)n + 1, format, args);
    va_end(args);
    t->n += (size_t)n;
}
