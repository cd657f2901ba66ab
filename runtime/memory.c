/* Memory: blocks aligned to 64 bytes, chained in the call that took them, so that an error, which returns at once from
** wherever it happens, leaves nothing behind.
**
** Large blocks that are given back are kept for the next time: fresh pages cost more to fetch than most arrays to fill.  They
** never make a call hold more than it has needed at once: where that would be so, they go first.  What is larger still asks for
** huge pages: an array that is read across its rows visits a page for every few elements. */
#define _DEFAULT_SOURCE
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

typedef struct Block Block;
struct Block {
    Block *next, *before;
    size_t room; /* bytes after the header */
};
enum { LARGE = 1 << 20, HUGE_PAGE = 2 << 20 };
_Static_assert(sizeof(Block) <= JXL_BLOCK_HEADER, "a block's header fits before its first aligned byte");

static Block *header_of(void *data) { return (Block *)((char *)data - JXL_BLOCK_HEADER); }
static void *data_of(Block *b) { return (char *)b + JXL_BLOCK_HEADER; }

static void *out_of_memory(jxl_call *c, int64_t bytes) {
    static const char *const unit[] = { "bytes", "KB", "MB", "GB", "TB", "PB", "EB" };
    double amount = (double)bytes;
    int u = 0;
    for (; u < 6 && amount >= 1024; u++) amount /= 1024;
    if (bytes < 0)
        jxl_fail_text(c, 1, "out of memory: the size of an array does not fit into 64 bits");
    else
        jxl_fail_text(c, 1, "out of memory: %.*f %s were asked for", u ? 1 : 0, amount, unit[u]);
    return NULL;
}

void jxl_out_of_memory_at(jxl_call *c, const char *where) {
    char *said = c->message;
    if (!c->status || !said || strncmp(said, "out of memory", 13)) return;
    int status = c->status;
    c->status = 0;
    c->message = NULL;
    jxl_fail_text(c, status, "%s%s", where, said);
    free(said);
}

static void unchain(void **chain, Block *b) {
    if (b->next) b->next->before = b->before;
    if (b->before)
        b->before->next = b->next;
    else
        *chain = b->next;
}

static void chain(void **chain, Block *b) {
    b->before = NULL;
    b->next = *chain;
    if (b->next) b->next->before = b;
    *chain = b;
}

/* The smallest spare block that is large enough, unless most of it would be wasted. */
static Block *spare_of(jxl_call *c, size_t room) {
    Block *best = NULL;
    for (Block *b = c->spare; b; b = b->next) {
        if (b->room >= room && b->room / 2 <= room && (!best || b->room < best->room)) best = b;
    }
    if (best) unchain(&c->spare, best);
    return best;
}

static void drop_spare(jxl_call *c) {
    Block *b = c->spare;
    unchain(&c->spare, b);
    c->held -= b->room;
    free(b);
}

static Block *taken(size_t room) {
    size_t bytes = JXL_BLOCK_HEADER + room;
    if (bytes < 4 * (size_t)HUGE_PAGE) return aligned_alloc(64, bytes);
    Block *b = aligned_alloc(HUGE_PAGE, (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
#ifdef MADV_HUGEPAGE
    if (b) madvise(b, bytes, MADV_HUGEPAGE); /* a wish: nothing depends on it */
#endif
    return b;
}

static Block *fresh(jxl_call *c, size_t room) {
    while (c->spare && c->held + room > c->most) drop_spare(c);
    Block *b = taken(room);
    if (!b && c->spare) {
        while (c->spare) drop_spare(c);
        b = taken(room);
    }
    if (!b) return NULL;
    b->room = room;
    c->held += room;
    if (c->held > c->most) c->most = c->held;
    return b;
}

void *jxl_alloc(jxl_call *c, int64_t bytes) {
    if (bytes < 0 || bytes > INT64_MAX - 2 * JXL_BLOCK_HEADER) return out_of_memory(c, bytes);
    size_t room = ((size_t)bytes + 63) / 64 * 64;
    Block *b = room >= LARGE ? spare_of(c, room) : NULL;
    if (!b) b = fresh(c, room);
    if (!b) return out_of_memory(c, bytes);
    chain(&c->blocks, b);
    return data_of(b);
}

void jxl_release(jxl_call *c, void *data) {
    if (!data) return;
    Block *b = header_of(data);
    unchain(&c->blocks, b);
    chain(&c->spare, b);
    if (b->room < LARGE) drop_spare(c);
}

void jxl_release_all(jxl_call *c) {
    while (c->blocks) jxl_release(c, data_of(c->blocks));
    while (c->spare) drop_spare(c);
}

void *jxl_grow(jxl_call *c, void *data, int64_t bytes) {
    if (!data) return jxl_alloc(c, bytes);
    Block *b = header_of(data);
    if (bytes >= 0 && (size_t)bytes <= b->room) return data;
    int64_t twice = b->room < INT64_MAX / 4 ? 2 * (int64_t)b->room : bytes;
    void *grown = jxl_alloc(c, bytes < 0 || bytes > twice ? bytes : twice);
    if (!grown) return NULL;
    memcpy(grown, data, b->room);
    jxl_release(c, data);
    return grown;
}
