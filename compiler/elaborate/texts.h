/* texts: how a text is put together from its parts. */
#ifndef JXL_ELABORATE_TEXTS_H
#define JXL_ELABORATE_TEXTS_H

#include "elaborate/values.h"

void parts_put(Elab *, Parts *, const char *text, int n);
void parts_put_text(Elab *, Parts *, Py text);
Py parts_text(Elab *, const Parts *);                 /* PY_STR where all of it is known */
int32_t code_point(Py);                               /* of a known text of one character; -1 else */
void emit_message(Elab *, Op, Value *holds, Py text); /* assert or check: the text, where `holds` does not */

#endif
