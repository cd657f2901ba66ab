/* Between the files that read and write arrays. */
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

/* A file, or a member of one, that is being read: its elements follow in `file`. */
typedef struct {
    FILE *file;
    Npy header;
    int wanted;    /* the dtype of the program's array */
    int64_t start; /* where its first element is; negative where that cannot be gone to */
    char *path, *what;
    void *memory; /* that `file` reads, or NULL */
    char *lacks;  /* by rank: it cannot open the file itself; NULL where there is one rank */
} Opened;

/* npy_load.c: what every reader begins and ends with */
Opened *jxl_opened_new(jxl_call *, const char *path, const char *what); /* NULL: out of memory */
int jxl_opened_memory(jxl_call *, Opened *, void *bytes, size_t n);     /* the block is the reader's from here on */
int jxl_opened_as(jxl_call *, Opened *, int32_t dtype, int32_t rank, void **file, int64_t *shape);
int jxl_opened_look(jxl_call *, Opened *, int32_t *dtype, int32_t *rank, int64_t *shape);
void jxl_opened_close(jxl_call *, Opened *);
int jxl_read_elements(jxl_call *, const Opened *, int64_t first, int64_t n, void *data); /* npy_elements.c */
int jxl_count_elements(Npy *); /* npy_header.c: sets count; 0 where the shape is too large for any memory */

/* npy_save.c: a new file beside the old one, which it replaces when it is complete; a device or a pipe is written to.
** `write` is non-zero where it went well. */
typedef int (*FileWriter)(jxl_call *, FILE *, const void *context);
int jxl_write_file(jxl_call *, const char *path, const char *what, FileWriter write, const void *context);
int jxl_write_npy(jxl_call *, FILE *, const jxl_array *);
void jxl_put_npy_header(Text *, const jxl_array *); /* all that stands before the elements */
int jxl_ends_with(const char *text, const char *end);

/* npy_header.c: reads up to the first element.  0, or an error in words that start with `what` and the path. */
int jxl_read_npy_header(jxl_call *, FILE *, const char *path, const char *what, Npy *);
int jxl_fail_file(jxl_call *, const char *path, const char *what, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
