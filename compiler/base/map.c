/* map: from bytes or pointers to pointers.
**
** Entries stand in the order they were added; `slots` is a hash table of their
** numbers with linear probing, at most half full. */
#include "base/base.h"

#include <string.h>

uint64_t hash_bytes(const void *data, size_t n, uint64_t seed) {
    const unsigned char *p = data;
    uint64_t h = seed ^ (n * 0x9e3779b97f4a7c15u);
    while (n) {
        uint64_t word = 0;
        size_t take = n < 8 ? n : 8;
        memcpy(&word, p, take);
        h = (h ^ word) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
        p += take;
        n -= take;
    }
    h *= 0xc4ceb9fe1a85ec53u;
    return h ^ (h >> 29);
}

Map map_new(Arena *arena) { return (Map){ .arena = arena }; }

static uint64_t hash_key(const void *key, int length) {
    if (length < 0) return hash_bytes(&key, sizeof key, 1);
    return hash_bytes(key, (size_t)length, 2);
}

static bool same_key(const MapEntry *e, const void *key, int length, uint64_t hash) {
    if (e->hash != hash || e->length != length) return false;
    return length < 0 ? e->key == key : length == 0 || memcmp(e->key, key, (size_t)length) == 0;
}

/* The slot that holds the key, or the empty one where it would go. */
static int *slot_of(const Map *m, const void *key, int length, uint64_t hash) {
    uint64_t mask = (uint64_t)m->nslots - 1;
    for (uint64_t i = hash & mask;; i = (i + 1) & mask) {
        int *slot = &m->slots[i];
        if (!*slot || same_key(&m->entries[*slot - 1], key, length, hash)) return slot;
    }
}

static void *get(const Map *m, const void *key, int length) {
    if (!m->n) return NULL;
    int slot = *slot_of(m, key, length, hash_key(key, length));
    return slot ? m->entries[slot - 1].value : NULL;
}

static void set(Map *m, const void *key, int length, void *value) {
    if (2 * (m->n + 1) > m->nslots) {
        m->nslots = m->nslots ? 2 * m->nslots : 16;
        m->slots = NEW_ARRAY(m->arena, int, m->nslots);
        for (int i = 0; i < m->n; i++) {
            MapEntry *e = &m->entries[i];
            *slot_of(m, e->key, e->length, e->hash) = i + 1;
        }
    }
    uint64_t hash = hash_key(key, length);
    int *slot = slot_of(m, key, length, hash);
    if (*slot) {
        m->entries[*slot - 1].value = value;
        return;
    }
    if (length >= 0) {
        char *copy = arena_alloc(m->arena, (size_t)length + 1);
        if (length) memcpy(copy, key, (size_t)length);
        key = copy;
    }
    struct {
        MapEntry *at;
        int n, cap;
    } entries = { m->entries, m->n, m->cap };
    PUSH(m->arena, &entries, ((MapEntry){ key, length, hash, value }));
    m->entries = entries.at;
    m->n = entries.n;
    m->cap = entries.cap;
    *slot = m->n;
}

void *map_get(const Map *m, const void *key) { return get(m, key, -1); }
void map_set(Map *m, const void *key, void *value) { set(m, key, -1, value); }
void *map_get_bytes(const Map *m, const void *key, int length) { return get(m, key, length); }
void map_set_bytes(Map *m, const void *key, int length, void *value) { set(m, key, length, value); }
