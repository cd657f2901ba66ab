/* Errors whose text has values of the program in it. */
#include "internal.h"

int jxl_fail(jxl_call *c, const char *format, int nargs, const jxl_array *args) {
    if (c->status) return c->status;
    jxl_call scratch = { .place = -1 };
    char *text = jxl_format(&scratch, format, nargs, args);
    jxl_fail_text(c, 1, "%s", text ? text : jxl_message(&scratch));
    jxl_call_free(&scratch);
    return c->status;
}
