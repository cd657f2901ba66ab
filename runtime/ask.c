/* Questions about texts that are known at run time only; and how a program ends by its own will. */
#include "internal.h"

#include <string.h>

static const char *expanded(Text *t, const char *format, int nargs, const jxl_array *args) {
    jxl_expand(t, format, nargs, args);
    return t->at ? t->at : "";
}

static int64_t answer(int32_t question, const char *x, const char *y) {
    size_t n = strlen(x), m = strlen(y);
    int64_t letters = 0;
    switch (question) {
    case TEXT_STARTS: return !strncmp(x, y, m);
    case TEXT_ENDS: return n >= m && !strcmp(x + n - m, y);
    case TEXT_CONTAINS: return strstr(x, y) != NULL;
    case TEXT_LENGTH:
        for (; *x; x++) letters += (*x & 0xc0) != 0x80;
        return letters;
    default: {
        int order = strcmp(x, y); /* of UTF-8 it is that of code points */
        return (order > 0) - (order < 0);
    }
    }
}

int64_t jxl_text_ask(jxl_call *c, int32_t question, const char *text, const char *other, int32_t nargs,
                     const jxl_array *args) {
    Text x = { .call = c }, y = { .call = c };
    const char *a = expanded(&x, text, nargs, args), *b = expanded(&y, other, nargs, args);
    int64_t r = answer(question, a, b);
    jxl_release(c, x.at);
    jxl_release(c, y.at);
    return r;
}

/* The text stays as long as the call. */
int jxl_text_make(jxl_call *c, const char *text, int32_t nargs, const jxl_array *args, const char **made) {
    Text x = { .call = c };
    *made = expanded(&x, text, nargs, args);
    return c->status;
}

int jxl_text_number(jxl_call *c, const char *where, const char *text, int32_t nargs, const jxl_array *args,
                    int32_t dtype, void *value) {
    Text x = { .call = c };
    jxl_call scratch = { .place = -1 };
    const char *s = expanded(&x, text, nargs, args);
    if (jxl_number(&scratch, s, dtype, value)) jxl_fail_text(c, 1, "%s%s", where, jxl_message(&scratch));
    jxl_call_free(&scratch);
    jxl_release(c, x.at);
    return c->status;
}

int jxl_exit(jxl_call *c, int64_t status, const char *message, int32_t nargs, const jxl_array *args) {
    Text x = { .call = c };
    const char *s = expanded(&x, message, nargs, args);
    if (!c->status) jxl_fail_text(c, JXL_EXIT + (int)(status & 255), "%s", s);
    jxl_release(c, x.at);
    return c->status;
}
