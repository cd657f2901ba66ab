/* primitives: what the files of natives share. */
#ifndef JXL_PRIMITIVES_H
#define JXL_PRIMITIVES_H

#include "elaborate/values.h"

/* members_array.c */
Py number_of_array(Elab *, Py x, Span); /* one element as a Python number */

/* builtins_order.c */
bool sort_items(Elab *, Py *items, int n, Py key, bool backwards, Span);
void set_add(Elab *, Py set, Py x);

/* primitives_create.c */
Py native_primitives_broadcast_arrays(Elab *, Call *);
Py primitive_value(Elab *, const char *name); /* jxl.primitives.float32, ...; NULL if there is none */
Py given_array(Elab *, Py, Span);             /* what an argument is as an array of the flavour at hand */
Py array_with(Elab *, Value *, Py like);      /* flavour and weakness of `like` */

/* primitives_layout.c */
Py native_primitives_transpose(Elab *, Call *);
int64_t *static_ints(Elab *, Py, int *n, const char *what, Span); /* NULL after an error */
int64_t *axes_of_array(Elab *, Py, int rank, int *n, const char *what, Span);
const Dim *signed_size(Elab *, Py, const char *what, Span); /* may be negative */
Value *reshape_value(Elab *, Value *, Py shape, Span);      /* one size may be -1; NULL after an error */

/* index_read.c, index_write.c */
Py array_view(Elab *, Value *, Py of); /* names of one would see changes of the other */
Py index_read(Elab *, Py x, Py index, Span);
Py index_write(Elab *, Py x, Py index, Py v, Combine how, bool clip, Span); /* x with v combined into it */

#endif
