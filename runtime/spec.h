/* Between spec.c, which reads format specs, field.c, which fills fields, and the two that format numbers. */
#ifndef JXL_SPEC_H
#define JXL_SPEC_H

#include "internal.h"

/* [[fill]align][sign][z][#][0][width][grouping][.precision][type] */
typedef struct {
    char fill[5];     /* one character in UTF-8 */
    char align, sign; /* sign 0 where none was given */
    char grouping;    /* , or _ or 0 */
    char type;        /* 0 where none was given */
    char alternate, no_negative_zero;
    int64_t width, precision; /* -1 where none was given */
} Spec;

/* What stands in a field: sign, prefix, digits (of which `grouping` makes groups), rest. */
typedef struct {
    const char *sign, *prefix, *digits, *rest;
    int64_t ndigits, nrest;
} Field;

/* spec.c: 0 after recording what is wrong.  `type` is the Python type's name. */
int jxl_read_spec(jxl_call *, const char *text, const char *type, char default_align, Spec *);
int jxl_unknown_code(jxl_call *, const Spec *, const char *type);

/* field.c */
void jxl_put_field(Text *, const Spec *, const Field *);
void jxl_pad(Text *, const Spec *, const char *text, size_t n);
int64_t jxl_characters(const char *text, size_t n);

/* spec_int.c, spec_float.c */
void jxl_format_int(Text *, const Number *, const Spec *, const char *type);
void jxl_format_float(Text *, double, const Spec *);
void jxl_format_complex(Text *, double re, double im, const Spec *);

#endif
