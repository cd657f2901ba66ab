/* instead: what to write in the place of names that the library does not have. */
#include "elaborate/values.h"

#include <string.h>

static const struct {
    const char *name, *advice;
} all[] = {
#define INSTEAD(name, advice) { name, advice },
#include "elaborate/instead.def"
#undef INSTEAD
};

const char *instead_of(const char *name) {
    for (int i = 0; i < COUNT(all); i++) {
        size_t n = strlen(all[i].name);
        if (!strncmp(name, all[i].name, n) && (!name[n] || name[n] == '.')) return all[i].advice;
    }
    return NULL;
}
