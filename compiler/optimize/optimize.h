/* optimize: from the program as it was written to what is to be run.
**
** Every pass reads a module and writes a new one.  pipeline.c has them in order, and says why in that order. */
#ifndef JXL_OPTIMIZE_H
#define JXL_OPTIMIZE_H

#include "transform/transform.h"

/* walk.c: the walk of a pass that changes instructions wherever they stand, blocks in blocks included */

typedef struct Walk {
    Builder b;
    ValueMap map; /* what every old value has become */
    DimMap dims;
    bool fresh;          /* sizes that are bound become new ones, unless `dims` says otherwise */
    const Origin *outer; /* of the call whose function is walked in its place */
    /* One of the two: appends what an instruction, or all of a block, becomes, and sets the map. */
    void (*inst)(struct Walk *, const Inst *);
    void (*block)(struct Walk *, const Block *);
    void *context;
} Walk;
Module *walk_module(const Module *, void (*inst)(Walk *, const Inst *), void *context);
Module *walk_module_blocks(const Module *, void (*block)(Walk *, const Block *));
void walk_block(Walk *, const Block *);
Inst *walk_copy(Walk *, const Inst *);                     /* the instruction as it was, its blocks walked through */
Inst *walk_copy_with(Walk *, const Inst *, const Attrs *); /* ... with other attributes */
Value *walk_value(const Walk *, const Value *old);

/* unread.c */
Module *pass_unread(const Module *);

/* inline.c */
Module *pass_inline(const Module *);
bool inst_is_call(const Inst *); /* of whatever kind; no pmap */

/* shard.c */
Module *pass_shard(const Module *);
/* loads.c */
Module *pass_loads(const Module *);
/* spread.c */
Module *pass_spread(const Module *);
/* lanes.c */
Module *pass_lanes(const Module *);

/* lanewise.c: loops that compute every element of what they carry from that element alone */
const Type *plan_lanewise(const Inst *loop); /* the shape of what it carries; NULL where it is not so */
bool plan_lanewise_side(const Block *);      /* of a cond of lanes: its results likewise */

/* guards.c */
Module *pass_guards(const Module *);

/* ranges.c */
Module *pass_ranges(const Module *);

/* simplify.c */
Module *pass_simplify(const Module *);

/* components.c */
Module *pass_components(const Module *);

/* products.c */
Module *pass_products(const Module *);
/* order.c: in what order terms are added, from shapes alone:
**   lanes        256 bytes of running sums: term k of a row goes to lane k mod 64 (4-byte numbers) or mod 32 (8-byte ones), and
**                at the end lane i takes lane i + half until one is left
**   chain        in order, in chunks of 512 that are added in order: matrix products and scans
**   lane_blocks  blocks of 4096 terms by lanes, joined as a binary tree joins them
**   tree         runs of 8 terms in order, joined as a binary tree joins them: across rows */
Module *pass_order(const Module *);
/* Sums along the last axis go by lanes; across other axes, and along a short last one, by trees. */
bool order_goes_across(const Inst *);

/* blocks.c: what is large between small arrays, some rows at a time */
Module *pass_blocks(const Module *);

/* plan.c: how one kernel runs */

enum { MOST_SUMS = 16 /* in one kernel */, SHORT_AXIS = 4 /* of a map: its places are written out (loop/weave.c) */ };
typedef enum {
    PLAN_MAP, /* every result has the same shape: one loop nest over it */
    PLAN_ROWS, /* reductions over the same axes of the same shape: the kept axes outside, phases over the reduced ones inside */
    PLAN_DOT,   /* a matrix product, what its operands are made of, and what is made of its elements */
    PLAN_ROOT,  /* scatter, an update of a slice or a scan, and what its arguments are made of */
    PLAN_SWEEP, /* reductions of each row, and then across all rows, while a row is at hand */
    PLAN_LANES  /* a loop by itself, all of its rounds for some elements at a time */
} PlanKind;
typedef struct {
    PlanKind kind;
    int rank;
    const Dim *dim[MAX_RANK]; /* of the domain: all axes, in the order in which memory has them */
    bool reduced[MAX_RANK];   /* rows */
    bool across;              /* rows: lanes lie along the last kept axis */
    const Inst *root;         /* dot, root */
    int8_t place[MAX_RANK];   /* dot: which axis of the domain each axis of the product is; the last one is the last */
    int phases;               /* rows: how many reductions wait for one another */
    const char *why_not;      /* in words, where there is no plan */
    const Inst *because;      /* of this one */
} Plan;
typedef struct {
    const Inst *const *at; /* in order */
    int n;
    const Value *const *results; /* what is wanted of them */
    int nresults;
} Group;
bool plan_group(Compiler *, const Group *, Plan *);
int plan_phase(const Group *, const Value *); /* 0 before all reductions, else behind so many */
bool plan_is_reduction(const Inst *);         /* a reduction, or a dot that is one: of a matrix by a vector */
bool plan_reshape_is_plain(const Inst *);     /* only axes of size 1 come or go */
/* update.c: updates of a slice at places that are known */
bool plan_update_start(const Inst *, int axis, int64_t *start);
bool plan_update_is_map(Compiler *, const Inst *); /* nearly all is new: every element of the result is computed once */
double plan_cost(const Inst *);                    /* rough nanoseconds an element */
/* sweep.c: a group as two, which are planned each by itself; values that the second reads of the first are the first's results,
** a number for each row */
enum { LONGEST_ROW = 16384 /* bytes */ };
typedef struct {
    Group along, across;
    Plan rows, columns;
} Sweep;
bool plan_sweep(Compiler *, Arena *, const Group *, Sweep *);
/* Which arguments a result of the same shape may be written over: each element is read before its own place is written.  That
** holds for as many results as it gives. */
int plan_in_place(Compiler *, const Inst *, bool *args);

/* border.c: the padding that an operand of a matrix product is read through.  Its element at i, j, ... is that of the padded
** array at origin[s] + i * step[s][0] + j * step[s][1] + ... along each axis s. */
typedef struct {
    const Inst *pad;
    int operand;
    int64_t origin[MAX_RANK], step[MAX_RANK][MAX_RANK];
    int apart; /* so many of the operand's free axes, the first, are gone through one index at a time */
} Border;
bool plan_border(const Inst *dot, Border *);

/* view.c */
bool slice_is_view(const Inst *);
const Dim *slice_offset(Compiler *, const Inst *); /* of its first element */

/* fuse.c */
Module *pass_fuse(const Module *);

/* sink.c */
Module *sink_formulas(const Module *);

/* hoist.c: what loops compute again and again stands before them */
Module *hoist_out_of_loops(const Module *);

/* place.c */
Module *pass_place(const Module *);

/* pack.c */
const Dim *arena_bytes(Compiler *, const Func *, const Inst *after);     /* of all that is taken there */
bool buffer_is_rounded(const Buffer *);                                  /* it may begin behind what its formula says */
bool buffer_is_behind(Compiler *, const Buffer *, const Buffer *before); /* from the next multiple of 64 bytes on */
bool buffers_meet(Compiler *, const Buffer *, const Buffer *);           /* or may do so */

/* memory.c */
void memory_print(FILE *, const Module *); /* what `place` asks for, in bytes, function by function */

#endif
