/* index: what stands between the brackets of an array, axis by axis; shared by reading, writing and `.at`. */
#ifndef JXL_INDEX_H
#define JXL_INDEX_H

#include "elaborate/primitives.h"

typedef enum { INDEX_NEW, INDEX_SLICE, INDEX_SCALAR, INDEX_ARRAY } IndexKind;

typedef struct {
    IndexKind kind;
    int axis;         /* of the array; -1 for a new axis */
    const Dim *size;  /* of the resulting axis */
    const Dim *start; /* slice, or a scalar that is known; NULL: `at` says where */
    int64_t step;     /* slice; negative runs from start down */
    bool full;        /* the whole axis, in order */
    Value *at;        /* scalar: i64[]; array: its positions, negative ones already from the end */
} IndexItem;

enum { MOST_ITEMS = 2 * MAX_RANK + 2 };

typedef struct {
    Py array;
    Value *x;
    IndexItem item[MOST_ITEMS]; /* every axis of x has one, ascending; new axes between them */
    int n;
    bool arrays;               /* there are index arrays: scalars are index arrays too */
    bool apart;                /* they stand apart: their axes come first in the result */
    int nlead;                 /* axes that the index arrays have together ... */
    const Dim *lead[MAX_RANK]; /* ... and their sizes */
    bool reading;
    int nout; /* the result's axes */
    const Dim *out[MAX_RANK];
} Index;

/* false after an error */
bool index_parse(Elab *, Index *, Py array, Py index, bool reading, Span);
/* Start and length of a slice of an axis of that size; `*at` is set where the start is known at run time only.  `alone`: it may
** become an array of positions. */
bool index_slice(Elab *, Py slice, const Dim *size, IndexItem *, bool alone, bool reading, Span);
bool index_shape(Elab *, Index *, Span);                   /* the result's axes, from the items */
Value *index_take(Elab *, Index *, Span);                  /* what an index reads; NULL after an error */
Value *index_coordinates(Elab *, Value *const *at, int n); /* side by side along a last axis */

#endif
