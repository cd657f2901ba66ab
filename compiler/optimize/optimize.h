/* optimize: from the program as it was written to what is to be run.
**
** Every pass reads a module and writes a new one.  pipeline.c has them in order, and says why in that order. */
#ifndef JXL_OPTIMIZE_H
#define JXL_OPTIMIZE_H

#include "transform/transform.h"

/* walk.c: the walk of a pass that changes instructions wherever they stand, blocks in blocks included */

typedef struct Walk {
    Builder  b;
    ValueMap map; /* what every old value has become */
    DimMap   dims;
    bool     fresh;      /* sizes that are bound become new ones, unless `dims` says otherwise */
    const Origin *outer; /* of the call whose function is walked in its place */
    void   (*inst)(struct Walk *, const Inst *); /* appends what the instruction becomes and sets the map */
    void    *context;
} Walk;
Module *walk_module(const Module *, void (*inst)(Walk *, const Inst *), void *context);
void    walk_block(Walk *, const Block *);
Inst   *walk_copy(Walk *, const Inst *);               /* the instruction as it was, its blocks walked through */
Inst   *walk_copy_with(Walk *, const Inst *, const Attrs *); /* ... with other attributes */
Value  *walk_value(const Walk *, const Value *old);

/* inline.c */
Module *pass_inline(const Module *);

/* simplify.c */
Module *pass_simplify(const Module *);

/* order.c: in what order terms are added, from shapes alone:
**   lanes        256 bytes of running sums: term k of a row goes to lane k mod 64 (4-byte numbers) or mod 32 (8-byte ones), and
**                at the end lane i takes lane i + half until one is left
**   chain        in order, in chunks of 512 that are added in order
**   lane_blocks, chain_blocks   of 4096 terms, each in one of these ways, joined as a binary tree joins them */
Module *pass_order(const Module *);
/* Sums along the last axis go by lanes; across other axes, and along a short last one, by chains. */
bool    order_goes_across(const Inst *);

#endif
