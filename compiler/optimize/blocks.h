/* blocks: what blocks.c, which decides what is cut, and blocks_loop.c, which writes the loops, share. */
#ifndef JXL_OPTIMIZE_BLOCKS_H
#define JXL_OPTIMIZE_BLOCKS_H

#include "optimize/optimize.h"

enum { NONE = -1 };

/* Which of the cut axes each axis of a value follows: a batch axis, or the rows, the last of them. */
typedef struct {
    int8_t at[MAX_RANK];
} Cuts;

typedef struct {
    const Value *v;
    Cuts cuts;
    bool sum;    /* over the rows: each round adds its part */
    bool spread; /* small values for every element: made again by whoever wants them outside of the loop */
} Member;

typedef struct {
    Walk *w;
    Compiler *cx;
    Arena *arena;
    const Block *block;
    const Inst **at;           /* what is still to come of the block, the product first */
    int n, limit;              /* of these, the first that may come into the loop */
    int end;                   /* behind the last one of the loop */
    Map place;                 /* Inst to its place there, plus 1 */
    const Inst *root;          /* the product */
    int batch, ncuts;          /* the rows are cut batch */
    const Dim *size[MAX_RANK]; /* of the cut axes */
    int64_t elements;          /* of the product */
    Map members;               /* Inst to Member: in the loop */
    Map behind;                /* Inst: what needs something of the loop and is not in it */
    Map again;                 /* Inst: spread, and made again behind the loop */
    struct {
        const Value **at;
        int n, cap;
    } leaving;
    int64_t rows; /* of a block; 0: rows are not cut */
    Map now;      /* (value, cuts) to what it is in the body */
    Value *round; /* of the outer loop, of the inner one */
    Value *inner_round;
    struct {
        Value **given;
        const Value **of;
        Cuts *cuts;
        int n;
    } outside; /* cut arrays that come from outside */
} Cut;

const Inst *def_here(const Cut *, const Value *); /* in the block that is being cut; or NULL */
const Member *member_of(const Cut *, const Value *);
bool any_cut(Cuts, int rank);
Cuts no_cuts(void);
bool listed(Ints, int64_t);

bool cut_is_cheap(const Cut *, const Value *); /* computed for these rows where it is read */
Cuts cuts_backward(const Cut *, const Inst *, int arg, const Cuts *result);
bool take_outside(Cut *); /* finds what comes from outside; false where a loop cannot be given it slice by slice */
void emit_cut_loops(Cut *);

#endif
