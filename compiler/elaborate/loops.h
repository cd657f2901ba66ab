/* loops: what the files about run-time loops share. */
#ifndef JXL_ELABORATE_LOOPS_H
#define JXL_ELABORATE_LOOPS_H

#include "elaborate/values.h"

typedef struct {
    Value **at;
    int n, cap;
} Values;

/* A part of a carried value: the same in every iteration, or a number or an array that the loop carries. */
typedef struct {
    enum { LEAF_SAME, LEAF_NUMBER, LEAF_ARRAY } mode;
    NumberKind number;
    Kind kind;
    const Type *type; /* of an array, but for its dtype */
    bool key;
} Leaf;

/* A variable, or an object with contents, that the body writes. */
typedef struct {
    Place *place;
    Py object;
    Py before; /* what it holds on entry; for an object, a view of its contents */
    Py like;   /* its structure */
    Leaf *leaf;
    int nleaves;
    bool fresh;   /* the body writes it before it reads it: what it holds on entry does not matter */
    bool dropped; /* fresh, and nobody looks at it after the loop */
    int grows;    /* a list: how many items each iteration appends */
    Py tail;      /* those of the iteration in hand, as a tuple */
    bool maybe;   /* whether it does is known at run time: the tail is (item, bool) */
    Leaf *rows;   /* and their leaves */
    int nrows;
} Cell;
typedef struct {
    Cell *at;
    int n, cap;
} Cells;

typedef struct Loop {
    const Node *node; /* NULL: of for_each */
    const void *key;  /* by which decisions are remembered */
    bool over;        /* a `for` */
    Py item;          /* of for_each, in hand */
    Node *target;     /* of a `for` */
    Py source;        /* what a `for` runs over, and how often */
    Py count;
    Node *test; /* of a `while` */
    void (*body)(Elab *, void *);
    void *data;
    Span span;
    int64_t first;     /* how many iterations were peeled */
    int64_t last;      /* 1: the last one is made by itself */
    bool whole;        /* it is not: what the loop appends must be alike */
    bool returned;     /* `return` was met in its body */
    bool sometimes;    /* its test was not True for sure */
    const char *cause; /* why it could not run at run time */
} Loop;

/* parts.c: what values of a known structure are made of */

int count_parts(Py); /* -1: it has none */
bool structural(Py);
Py part(Py, int i);
Py with_parts(Elab *, Py like, Py *parts, int n);
int part_like(Elab *, Py like, int i, Py x); /* which part of x stands where part i of `like` does; -1: none */
bool same_structure(Elab *, Py, Py);         /* of the value itself, not of its parts */
int count_leaves(Py);

/* loops.c */

Value *still_runs(Elab *);                                /* the state is RUNS, as a bool[] */
void run_item(Elab *, Loop *, Py index, Value ***slices); /* one iteration, here */

/* attempt.c */

enum { MOST_PEELED = 2 };
typedef enum { DONE, PEEL, PEEL_LAST, UNROLL, WRONG } Outcome;
Outcome loop_attempt(Elab *, Loop *, Value *goes, bool runs); /* `runs`: at least once for sure */
Py iterations_left(Elab *, Loop *);                           /* of a `for`, but for those that were peeled */

/* carried.c */

typedef enum { FITS, AGAIN, DIFFERS } Fit; /* AGAIN: the cells were widened; DIFFERS: there is no fixed point */

Py cell_value(Elab *, const Cell *, Value **);        /* its structure, the carried leaves taken from there in order */
int cell_width(const Cell *);                         /* how many leaves it carries */
void cell_leaves(Elab *, const Cell *, Py, Values *); /* the carried leaves of a value of its structure, converted */
void cell_zeros(Elab *, const Cell *, Values *);
void cell_types(Elab *, const Cell *, const Type **); /* of its carried leaves */
void cell_put(Elab *, const Cell *, Py);              /* makes the variable or object hold that */
void row_values(Elab *, const Cell *, Values *);      /* what an iteration appends, as values */
void rows_put(Elab *, const Cell *, Value **stacked, int64_t count);
Fit cells_fit(Elab *, Cells *, const Writings *, const Attempt *, Loop *);

/* Items and their leaves, for growing.c. */
Py rows_rebuild(Elab *, Py item, const Leaf *, Value **);
void rows_values(Elab *, Py like, Py item, const Leaf *, Values *);
bool rows_fit(Elab *, Py item, Py like, const Leaf *, int n); /* the item has that structure, and leaves that convert */
bool rows_same(const Leaf *, const Leaf *, int n);

/* growing.c */

typedef struct Growing {
    const Dim *count;
    Py item; /* the structure of one */
    const Leaf *leaf;
    int nleaf;
    Py *stacked; /* an array for each leaf that differs from item to item */
    int nstacked;
} Growing;

bool growing_alike(Elab *, const Growing *, const Growing *); /* parts.c: but for their arrays; both may be NULL */
Contents *growing_with(Elab *, const Growing *, Py const *stacked); /* the same list of other arrays */
void growing_put(Elab *, const Cell *, Value **stacked, const Dim *count);

/* source.c: what a `for` runs over */

bool source_runs(Elab *, Py); /* its items can be found by a run-time index */
Py source_count(Elab *, Py, Span);
/* Item number `index`.  Slices, if given, are what the loop hands out for the arrays of source_arrays, in order. */
Py source_item(Elab *, Py, Py index, Value ***slices, Span);
void source_arrays(Elab *, Py, Values *);

/* usage.c */

bool used_outside(Elab *, const Place *, const Node *loop); /* whether a variable is read anywhere but in that loop */

#endif
