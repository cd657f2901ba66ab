/* widen: what is known of a loop that may do several rounds at a time (widen.c). */
#ifndef JXL_LOOP_WIDEN_H
#define JXL_LOOP_WIDEN_H

#include "loop/build.h"

enum {
    MOST = 200,    /* instructions of a body */
    PLACES = 24,   /* that it reads and writes */
    DEMANDS = 48,  /* of what counts */
    TERMS = 12,    /* of an index */
    STEP = 1 << 20 /* the most that a number counts by */
};
enum { FIRST, LAST, NOW, END }; /* rounds: the first, the last; those at hand, in the loop of vectors and in its tail */
#define ROUNDS (INT64_C(1) << 40)    /* the most that such a loop does, ... */
#define UNWRAPPED (INT64_C(1) << 61) /* ... so what begins below that stays below 2^62 */

typedef enum { SAME, COUNTS, VARIES } Kind;

typedef struct {
    Kind kind;
    const LInst *loop;   /* that this is known of; of others nothing is */
    bool here;           /* defined in the body */
    bool stored;         /* of a ptr: the body has put a number there, for itself */
    int64_t step;        /* of what counts */
    const LValue *other; /* this one, as demanded */
    LValue *at[END + 1]; /* the number, in these rounds */
    LValue *vector;      /* the numbers, in the rounds at hand */
} Number;

typedef struct {
    const LInst *in;
    bool writes;
    LValue *ptr, *root; /* root: of which ptr is so many bytes on */
    const LValue *index;
    int64_t bytes, step; /* of an element; by which it moves */
    bool always;         /* in every round */
} Place;

typedef struct {
    Op op; /* a comparison; add, sub or mul: that this does not overflow; not: x alone is false */
    bool holds;
    const LValue *x, *y;
} Demand;

typedef struct Widen {
    LBuilder b;
    Number *of;           /* by id */
    const LBlock **among; /* by id of a ptr to a single number on the stack: the block whose instructions use it */
    int nvalues;
    /* of the loop in hand */
    const LInst *loop;
    const LBlock *body;
    Place place[PLACES];
    Demand demand[DEMANDS];
    const Place *still, *moves; /* of which one is written by the other in one round, or NULL */
    int nplaces, ndemands, ninsts, widest, stores, inside; /* inside: so many ifs */
    const Place *before;                                   /* what reads what the round before has written, or NULL */
    LValue *carried, *next;                                /* ... that number; the one that this round writes */
    bool narrow, branches, backwards;                      /* backwards: lane k is the last round but k */
    int lanes;
    LValue *mask; /* of the lanes at hand, NULL: all */
    int when;
} Widen;

Number *widen_number(const Widen *, const LValue *);

/* widen_see.c: what the body of a loop is made of; false where it must stay as it is */
bool widen_see(Widen *, const LInst *loop);
bool widen_is_private(const Widen *, const LValue *ptr, const LValue *index);
bool widen_is_check(const LInst *);

/* widen_ask.c: what is asked in front of the loop */
LValue *widen_at(Widen *, const LValue *, int when); /* a number that does not vary, in that round */
LValue *widen_demands(Widen *, LValue *also);        /* that checks hold */
LValue *widen_meetings(Widen *, LValue *also);       /* that rounds which are done together do not meet */
void widen_find_split(Widen *);
LValue *widen_split_at(Widen *, LValue *lower, LValue *upper);
/* Whether a number is read that the round before has written, always and there alone. */
bool widen_find_carried(Widen *);

#endif
