/* options: "color=red", "label=f(x)", one behind the other. */
#include "plot.h"

#include <stdlib.h>
#include <string.h>

const char *option(const char *options, const char *key, char *value, size_t room) {
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

double option_number(const char *options, const char *key, double fallback) {
    char text[64], *end;
    if (!option(options, key, text, sizeof text)) return fallback;
    double x = strtod(text, &end);
    return end == text ? fallback : x;
}

bool option_true(const char *options, const char *key, bool fallback) {
    char text[16];
    if (!option(options, key, text, sizeof text)) return fallback;
    return strcmp(text, "False") && strcmp(text, "0") && strcmp(text, "off");
}

char *text_copy(const char *text) {
    if (!text) return NULL;
    size_t n = strlen(text) + 1;
    char *copy = malloc(n);
    return copy ? memcpy(copy, text, n) : NULL;
}
