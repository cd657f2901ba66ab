/* text: bytes that grow at the end, and how far two words are apart. */
#include "base/base.h"

#include <stdio.h>
#include <string.h>

static void reserve(Text *t, int more) {
    if (more > INT32_MAX - 1 - t->n) fatal("text of more than 2 GB");
    int need = t->n + more + 1;
    if (need <= t->cap) return;
    int cap = t->cap > INT32_MAX / 2 ? INT32_MAX : 2 * t->cap;
    if (cap < need) cap = need;
    if (cap < 32) cap = 32;
    t->at = arena_grow(t->arena, t->at, (size_t)t->cap, (size_t)cap);
    t->cap = cap;
}

Text text_new(Arena *arena) {
    Text t = { .arena = arena };
    reserve(&t, 0);
    return t;
}

void text_addv(Text *t, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n > 0) {
        reserve(t, n);
        vsnprintf(t->at + t->n, (size_t)n + 1, format, again);
        t->n += n;
    }
    va_end(again);
}

void text_add(Text *t, const char *format, ...) {
    va_list args;
    va_start(args, format);
    text_addv(t, format, args);
    va_end(args);
}

void text_put(Text *t, const char *bytes, int n) {
    reserve(t, n);
    if (n) memcpy(t->at + t->n, bytes, (size_t)n);
    t->n += n;
    t->at[t->n] = 0;
}

static int least(int a, int b) { return a < b ? a : b; }

/* Insertions, deletions, replacements and swaps of neighbours; words longer than
** any name one mistypes are as far apart as they are long. */
int edit_distance(const char *a, const char *b) {
    enum { LONGEST = 63 };
    int na = (int)strlen(a), nb = (int)strlen(b);
    if (na > LONGEST || nb > LONGEST) return strcmp(a, b) ? (na > nb ? na : nb) : 0;
    int rows[3][LONGEST + 1];
    int *two_before = rows[0], *before = rows[1], *now = rows[2];
    for (int j = 0; j <= nb; j++) before[j] = j;
    for (int i = 1; i <= na; i++) {
        now[0] = i;
        for (int j = 1; j <= nb; j++) {
            int d = before[j - 1] + (a[i - 1] != b[j - 1]);
            d = least(d, least(before[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d = least(d, two_before[j - 2] + 1);
            now[j] = d;
        }
        int *old = two_before;
        two_before = before;
        before = now;
        now = old;
    }
    return before[nb];
}
