/* options: "color=red", "label=f(x)", and texts that are kept. */
#include "plot.h"

#include <stdlib.h>
#include <string.h>

const char *option(const char *options, const char *key, char *value, size_t room) {
    return jxl_option(options, key, value, room);
}

double option_number(const char *options, const char *key, double fallback) {
    return jxl_option_number(options, key, fallback);
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
