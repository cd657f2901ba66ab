/* dot.h: what the files of matrix products share: operands as memory (view.c), panels (panel.c), tiles (dot.c). */
#ifndef JXL_LOOP_DOT_H
#define JXL_LOOP_DOT_H

#include "loop/lower.h"

/* view.c: an operand that lies in memory: its element at i, j, ... is at base + i * stride[0] + j * stride[1] + ...; so are
** transposes, slices, broadcasts and windows of what lies in memory. */
typedef struct {
    Home home;
    DType dtype;
    LValue *base, *stride[MAX_RANK];
} View;
bool view_of(Lower *, const Value *, View *);

/* Some axes of a view counted through as one, those that lie side by side joined. */
typedef struct {
    int n;
    LValue *size[MAX_RANK], *stride[MAX_RANK];
    LValue *table; /* the offset of every index, or NULL */
} Strides;
Strides strides_of(Lower *, const View *, const Value *, const int *axes, int n);
LValue *strides_offset(Lower *, const Strides *, LValue *i);
void strides_tabulate(Lower *, Strides *, LValue *length); /* once; taking an offset is then reading it */
bool strides_are_line(const Strides *, int64_t *stride);   /* one axis, its stride known here */

enum { MOST_VECTORS = 12, MAX_ROWS = 12 /* of a tile */ };

typedef struct {
    const Value *x, *y;  /* the operands, */
    bool swapped;        /* or the second and the first */
    Ints x_axes, y_axes; /* that are contracted */
    int batch, nx, ny, nk,
        outer; /* axes: shared, free ones of x and of y, contracted; of the free ones of y so many are outer */
    int x_free[MAX_RANK], y_free[MAX_RANK];
    bool rows_merge;          /* rows are counted through along the last free axis of x, as far as results go */
    LValue *size_x[MAX_RANK]; /* of its free axes */
    LValue *m, *n, *k;        /* n: of the free axes of y that are not outer, as one */
    LValue *panels, *chunks;  /* how many pieces there are side by side, and one below the other */
    DType sum;
    bool x_flat, y_flat; /* they are views; else their elements are pulled */
    View x_view, y_view;
    Strides x_rows, x_k, y_columns, y_k;
    int rows, vectors, lanes; /* of a tile */
    int64_t width, tall;      /* columns of a panel; rows of a piece, a multiple of a tile's */
    LValue *wide;             /* columns of a piece, a multiple of a panel's; */
    bool several;             /* ... of several panels, where there are more steps than one chunk */
    int rest;                 /* rows of the last tile, where it is another one; or 0 */
    bool dear;                /* more is done with the sums than to store them */
    bool packed;              /* x is a copy (pack.c) */
    bool copy, whole;         /* whole: panels have no tail */
    LValue *row;       /* whether x is one row, which goes along rows of y (row.c); NULL: it is not, or does not */
    int64_t row_width; /* columns of a piece then */
    bool across;       /* y lies in memory along the contracted axes */
    Idx at[MAX_RANK];  /* of the batch axes, then of the outer free axes of y */
    LValue *x_base, *y_base; /* where the views begin there */
    LValue *panel;           /* the copy: [k - from, column] */
    /* An operand that is read through padding, a part at a time (border.c). */
    const Border *border;   /* or NULL */
    bool border_x;          /* of x */
    int x_outer;            /* free axes of x that are outer then */
    Idx x_at[MAX_RANK];     /* of these */
    int64_t strips, each;   /* that its first inner axis is cut into; rows or columns of one */
    LValue *strip, *before; /* the one at hand; rows or columns before it */
    int64_t extent[MAX_RANK], step[MAX_RANK], run, part_bytes; /* of a part; its axis along which memory is copied */
    int64_t pitch, line; /* columns are counted through lines of so many elements, of which `line` are results; or 0 */
    DotStore store;
    void *context;
} Dot;

/* view.c: the axes of both operands and how long they are; then where they lie, and which of them are outer */
void dot_find_axes(Lower *, Dot *);
void dot_find_views(Lower *, Dot *, int columns); /* so many of y may be counted through as one */
void dot_put_outer(Lower *, Dot *);               /* where the views begin at these outer indices */

/* shape.c */
bool dot_contracts(Ints axes, int64_t axis);
bool dot_wastes(int64_t n, int64_t each);  /* whether it pays to have code for what is left over */
bool dot_is_narrow(Lower *, const Inst *); /* too few columns for vectors, and rows enough */
void dot_choose_lines(Lower *, Dot *);     /* then the tile, then the panels */
void dot_choose_tile(Lower *, Dot *);
void dot_choose_panels(Lower *, Dot *);

/* row.c */
void dot_choose_row(Lower *, Dot *);
void dot_row(Lower *, const Dot *, LValue *left, LValue *right);
LValue *dot_number_of_x(Lower *, const Dot *, LValue *k);
void dot_store_vector(Lower *, const Dot *, LValue *j, LValue *sum, bool whole);

/* border.c */
void border_find(Lower *, Dot *, const Inst *);
void border_plan(Lower *,
                 Dot *); /* which parts, and the operand as a view of one; the product is of one from here on */
void border_take(Lower *, Dot *); /* memory for one */
void border_fill(Lower *, const Dot *);

/* pack.c */
bool pack_pays(const Dot *);
void pack(Lower *, Dot *);

/* panel.c */
void panel_copy(Lower *, const Dot *, LValue *j, LValue *from, LValue *to);
LValue *panel_load(Lower *, const Dot *, LValue *k, int vector);
void panel_ahead(Lower *, const Dot *, LValue *j, LValue *k, LValue *end);
void panel_next(Lower *, const Dot *, LValue *j, LValue *from, LValue *row);
/* A row as it was read from y. */
void panel_fill(Lower *, const Dot *, LValue *j, LValue *k, LValue *at, LValue *end, LValue *const *y);
LValue *dot_tail(Lower *, const Dot *, LValue *column);
LValue *dot_column(Lower *, const Dot *, LValue *j, int vector);
LValue *dot_vector_of_y(Lower *, const Dot *, LValue *k, LValue *j, LValue *tail);
void dot_put_k(Lower *, const Dot *, bool for_x, LValue *k, Idx *);
bool panel_can_cross(const Dot *); /* columns of y lie in memory along the contracted axes, in runs long enough */

#endif
