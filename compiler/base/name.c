/* name: equal names are one pointer, so that they are compared as pointers. */
#include "base/base.h"

#include <string.h>

const char *name_of_n(Compiler *cx, const char *text, int length) {
    const char *name = map_get_bytes(&cx->names, text, length);
    if (name) return name;
    map_set_bytes(&cx->names, text, length, NULL);
    MapEntry *added = &cx->names.entries[cx->names.n - 1];
    added->value = (void *)added->key; /* the map's own copy, which ends in NUL */
    return added->key;
}

const char *name_of(Compiler *cx, const char *text) { return name_of_n(cx, text, (int)strlen(text)); }
