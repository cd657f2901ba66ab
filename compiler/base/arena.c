/* arena: memory that is freed all at once.
**
** Blocks are taken from the system zeroed and handed out in order.  A block is
** never moved, so a pointer into an arena is good for the arena's life. */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 16, FIRST_BLOCK = 1 << 16, LARGEST_BLOCK = 1 << 22 };

typedef struct Block {
    struct Block *before;
    size_t used, size;
    _Alignas(ALIGN) char bytes[];
} Block;

struct Arena {
    Block *last;
    size_t next_size;
};

Arena *arena_new(void) {
    Arena *a = calloc(1, sizeof *a);
    if (!a) fatal("out of memory");
    a->next_size = FIRST_BLOCK;
    return a;
}

void arena_free(Arena *a) {
    if (!a) return;
    for (Block *b = a->last; b;) {
        Block *before = b->before;
        free(b);
        b = before;
    }
    free(a);
}

static size_t rounded(size_t bytes) { return (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1); }

void *arena_alloc(Arena *a, size_t bytes) {
    if (bytes > PTRDIFF_MAX / 2) fatal("out of memory: %zu bytes asked for", bytes);
    bytes = rounded(bytes ? bytes : 1);
    if (!a->last || a->last->size - a->last->used < bytes) {
        size_t size = bytes > a->next_size ? bytes : a->next_size;
        Block *b = calloc(1, sizeof *b + size);
        if (!b) fatal("out of memory: %zu bytes asked for", size);
        b->size = size;
        b->before = a->last;
        a->last = b;
        if (a->next_size < LARGEST_BLOCK) a->next_size *= 2;
    }
    void *p = a->last->bytes + a->last->used;
    a->last->used += bytes;
    return p;
}

void *arena_copy(Arena *a, const void *from, size_t bytes) {
    void *p = arena_alloc(a, bytes);
    if (bytes) memcpy(p, from, bytes);
    return p;
}

char *arena_text(Arena *a, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Text t = text_new(a);
    text_addv(&t, format, args);
    va_end(args);
    return t.at;
}

void *arena_grow(Arena *a, void *old, size_t old_bytes, size_t new_bytes) {
    if (old && new_bytes <= old_bytes) return old;
    Block *b = a->last;
    if (old && b && (char *)old + rounded(old_bytes) == b->bytes + b->used) { /* the newest: grow where it is */
        size_t more = rounded(new_bytes) - rounded(old_bytes);
        if (b->size - b->used >= more) {
            b->used += more;
            return old;
        }
    }
    void *p = arena_alloc(a, new_bytes);
    if (old && old_bytes) memcpy(p, old, old_bytes);
    return p;
}
