/* What the C functions of @export call. */
#include "internal.h"

#include <inttypes.h>
#include <stdio.h>

int jxl_call_end(jxl_call *c, char *error) {
    int status = c->status;
    if (error) snprintf(error, JXL_ERROR_BYTES, "%s", jxl_message(c));
    jxl_call_free(c);
    return status;
}

int jxl_fail_size(jxl_call *c, const char *name, int64_t size) {
    return jxl_fail_text(c, 1, "%s is %" PRId64 ": a size cannot be negative", name, size);
}
