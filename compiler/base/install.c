/* install: where jxl's own files are, told from where jxlc itself stands.
**
**   installed   <prefix>/bin/jxlc   <prefix>/include/jxl/          <prefix>/lib/jxl/libjxlrt.a
**   built       build/jxlc          the source's include/jxl/      build/lib/libjxlrt.a
**
** So an installed tree may be moved as a whole. */
#include "base/base.h"

#include <string.h>
#include <unistd.h>

/* The directory of the running program, without a slash at its end. */
static const char *own_directory(Compiler *cx) {
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0) fatal("cannot tell where jxlc is: /proc/self/exe is not readable");
    path[n] = 0;
    char *slash = strrchr(path, '/');
    *slash = 0;
    return arena_text(cx->arena, "%s", path);
}

static bool exists(const char *path) { return access(path, R_OK) == 0; }

const char *install_runtime(Compiler *cx) {
    const char *dir = own_directory(cx);
    const char *built = arena_text(cx->arena, "%s/lib/libjxlrt.a", dir);
    if (exists(built)) return built;
    const char *test = arena_text(cx->arena, "%s/../lib/libjxlrt.a", dir); /* build/bin holds programs for tests */
    if (exists(test)) return test;
    return arena_text(cx->arena, "%s/../lib/jxl/libjxlrt.a", dir);
}

const char *install_include(Compiler *cx) {
    const char *dir = own_directory(cx);
    if (exists(arena_text(cx->arena, "%s/lib/libjxlrt.a", dir))) return JXL_SOURCE_INCLUDE;
    return arena_text(cx->arena, "%s/../include/jxl", dir);
}
