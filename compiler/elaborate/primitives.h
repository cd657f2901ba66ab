/* primitives: what the files of natives share. */
#ifndef JXL_PRIMITIVES_H
#define JXL_PRIMITIVES_H

#include "elaborate/values.h"

/* primitives_create.c */
Py primitive_value(Elab *, const char *name);   /* jxl.primitives.float32, ...; NULL if there is none */
Py given_array(Elab *, Py, Span);               /* what an argument is as an array of the flavour at hand */
Py array_with(Elab *, Value *, Py like);        /* flavour and weakness of `like` */

/* primitives_layout.c */
int64_t *static_ints(Elab *, Py, int *n, const char *what, Span); /* NULL after an error */
int64_t *axes_of_array(Elab *, Py, int rank, int *n, const char *what, Span);
const Dim *signed_size(Elab *, Py, const char *what, Span); /* may be negative */
Value *reshape_value(Elab *, Value *, Py shape, Span);      /* one size may be -1; NULL after an error */

/* index_read.c */
Py array_view(Elab *, Value *, Py of);

#endif
