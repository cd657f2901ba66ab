/* print: of several ranks only the first one does. */
#include "internal.h"

#include <stdio.h>

int jxl_print(jxl_call *c, int stream, const char *format, int nargs, const jxl_array *args) {
    if (c->rank) return 0;
    Text t = { .call = c };
    jxl_expand(&t, format, nargs, args);
    if (stream == 2) fflush(stdout); /* so that both, on one terminal, come in the program's order */
    if (t.n && !c->status) fwrite(t.at, 1, t.n, stream == 2 ? stderr : stdout);
    jxl_release(c, t.at);
    return c->status;
}
