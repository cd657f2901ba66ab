/* print: what the program writes, and files it reads and writes by name. */
#include "elaborate/values.h"

#include <string.h>

typedef struct {
    int stream;
} Output;

static void print_text(Elab *e, void *data, Py text) {
    Value **values;
    int n;
    const char *format = text_template(e, text, 0, &values, &n);
    Attrs a = { .format = name_of(e->cx, format), .stream = ((Output *)data)->stream };
    emit_inst(e->b, OP_print, values, n, &a);
}

Py native_builtins_print(Elab *e, Call *c) {
    Py items = c->arg[0], sep = c->arg[1], end = c->arg[2], file = c->arg[3];
    Output out = { 1 };
    if (file->kind != PY_NONE) {
        if (file->kind == PY_STR && strcmp(file->str.at, "<stderr>") == 0)
            out.stream = 2;
        else if (file->kind != PY_STR)
            return fail(e, c->span, "print() writes to sys.stdout and sys.stderr only");
    }
    if (sep->kind == PY_NONE) sep = py_str(e, " ");
    if (end->kind == PY_NONE) end = py_str(e, "\n");
    int n = items->contents->n;
    Py *parts = NEW_ARRAY(e->arena, Py, 2 * n + 2);
    int at = 0;
    for (int i = 0; i < n; i++) {
        if (i) parts[at++] = sep;
        parts[at] = text_of(e, items->contents->at[i], 's', "", c->span);
        if (parts[at++]->kind == PY_ERROR) return e->error;
    }
    parts[at++] = end;
    Py text = text_join(e, at, parts);
    if (text->kind == PY_ERROR) return text;
    text_use_pieces(e, text, print_text, &out);
    return e->none;
}
