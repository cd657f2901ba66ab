/* A call: the one thing that is handed down through a compiled program.  It keeps the first error that happened and the
** memory that an error leaves behind. */
#include "internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void jxl_call_init(jxl_call *c) { *c = (jxl_call){ .place = -1, .pool = jxl_process_pool(), .nranks = 1 }; }

void jxl_call_free(jxl_call *c) {
    jxl_release_all(c);
    free(c->message);
    c->message = NULL;
}

const char *jxl_message(const jxl_call *c) {
    if (!c->status) return "";
    return c->message ? c->message : "out of memory";
}

int jxl_fail_text(jxl_call *c, int status, const char *format, ...) {
    if (c->status) return c->status;
    c->status = status;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    c->message = n < 0 ? NULL : malloc((size_t)n + 1);
    if (!c->message) return status;
    va_start(args, format);
    vsnprintf(c->message, (size_t)n + 1, format, args);
    va_end(args);
    return status;
}
