/* Options: "delimiter=,", "skip=1", one behind the other with '\x1f' between. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

const char *jxl_option(const char *options, const char *key, char *value, size_t room) {
    size_t n = strlen(key);
    const char *found = NULL;
    for (const char *at = options; at && *at;) {
        size_t length = strcspn(at, "\x1f");
        if (length > n && at[n] == '=' && !strncmp(at, key, n)) {
            size_t m = length - n - 1;
            if (m >= room) m = room - 1;
            memcpy(value, at + n + 1, m);
            value[m] = 0;
            found = value;
        }
        at += length;
        if (*at) at++;
    }
    return found && strcmp(found, "None") ? found : NULL;
}

double jxl_option_number(const char *options, const char *key, double fallback) {
    char text[64], *end;
    if (!jxl_option(options, key, text, sizeof text)) return fallback;
    double x = strtod(text, &end);
    return end == text ? fallback : x;
}
