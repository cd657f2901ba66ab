/* depfile: a rule for make that says what an output was made from.
**
** Paths are absolute: relative ones go wrong under CMake with Ninja. */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

/* A path as make reads it: spaces and # get a backslash, $ is doubled. */
static void put_path(Text *t, const char *path, bool absolute) {
    char *whole = absolute ? realpath(path, NULL) : NULL;
    for (const char *p = whole ? whole : path; *p; p++) {
        if (*p == ' ' || *p == '#') text_put(t, "\\", 1);
        if (*p == '$') text_put(t, "$", 1);
        text_put(t, p, 1);
    }
    free(whole);
}

static void put_all(Compiler *cx, Text *t, const char *before, const char *after) {
    for (int i = 1; i < cx->sources.n + cx->files_read.n; i++) {
        text_add(t, "%s", before);
        put_path(t, i < cx->sources.n ? cx->sources.at[i].path : cx->files_read.at[i - cx->sources.n], true);
        text_add(t, "%s", after);
    }
}

bool depfile_write(Compiler *cx, const Command *c, const char *output, const char *depfile) {
    Text t = text_new(cx->arena);
    put_path(&t, c->depfile_target ? c->depfile_target : output, false);
    text_add(&t, ":");
    put_all(cx, &t, " \\\n  ", "");
    text_add(&t, "\n");
    if (c->phony) put_all(cx, &t, "", ":\n");
    return write_file(depfile, t.at, (size_t)t.n);
}
