/* Between the files that read and write .npy. */
#ifndef JXL_NPY_H
#define JXL_NPY_H

#include "internal.h"

#include <stdio.h>

enum { NPY_MOST_AXES = 32 };

typedef struct {
    int32_t dtype, rank;
    int64_t shape[NPY_MOST_AXES];
    int swapped;   /* the bytes of each number are in the other order */
    int fortran;   /* the first axis moves fastest */
    int64_t count; /* of elements */
} Npy;

/* npy_header.c: reads up to the first element.  0, or an error in words that start with `what` and the path. */
int jxl_read_npy_header(jxl_call *, FILE *, const char *path, const char *what, Npy *);
int jxl_fail_file(jxl_call *, const char *path, const char *what, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
