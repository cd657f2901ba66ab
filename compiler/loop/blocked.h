/* blocked: what the files share that take large matrices block by block (blocked.c, lu.c). */
#ifndef JXL_LOOP_BLOCKED_H
#define JXL_LOOP_BLOCKED_H

#include "loop/lower.h"

enum { DEEP = 64 /* rows of a block */ };

/* A block of triangular rows lo .. hi, and rows that wait for what is solved with it. */
typedef struct {
    DType dtype;
    LValue *a, *stride; /* the numbers of the block and of the rows that wait, row by row */
    LValue *a_row;      /* they begin with that row and number lo of it; NULL: with the first of each */
    bool across;        /* ... or column by column */
    LValue *y, *width;  /* what is solved for, row by row */
    bool forward, unit;
    bool solved;                         /* already */
    bool triangle;                       /* only rows up to the columns at hand wait */
    LValue *lo, *hi, *wait_lo, *wait_hi; /* wait_lo: NULL where none wait */
    LValue *pivots, *pivots_from; /* exchanges of rows lo .. hi, counted from pivots_from, that come first; or NULL */
    bool exchanged;               /* and nothing else is done */
    LValue *from, *to;            /* columns */
    int lanes;
} Strips;

/* blocked.c */
bool lower_is_large(const Matrix *);
void blocked_strips(Lower *, const Strips *);
int blocked_lanes(Lower *, const Matrix *);    /* of a strip */
LValue *blocked_room(Lower *, const Matrix *); /* for DEEP numbers of every row, and a few rows more */

void blocked_triangular_solve(Lower *, const Matrix *);
/* What stands behind column hi of rows lo .. hi, and what follows from it for all further rows. */
void blocked_cholesky(Lower *, const Matrix *, LValue *room, LValue *lo, LValue *hi);

/* lu.c */
void blocked_lu(Lower *, const Matrix *);

#endif
