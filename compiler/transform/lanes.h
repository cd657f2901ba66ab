/* lanes: what vmap.c, straight-line code and calls, and vmap_control.c share. */
#ifndef JXL_TRANSFORM_LANES_H
#define JXL_TRANSFORM_LANES_H

#include "transform/walk.h"

typedef struct {
    const SizeVar *size; /* bound by a while whose lanes end at different times: the size is that of the longest ... */
    Value *own;          /* ... and these are the lanes' own: i64[lanes] */
} OwnSize;

typedef struct {
    Module *m;
    Arena *arena;
    Builder b;
    ValueMap value; /* old id -> the same value, or one with lanes along axis 0 */
    Marks batched;  /* which of the two */
    const Dim *lanes;
    const char *name;          /* of the axis, for collectives over it; or NULL */
    struct Sharding *sharding; /* shard.c: the lanes are a block of the shards of a pmap; else NULL */
    Value *active;             /* bool[lanes], which lanes are here; NULL: all */
    struct {
        OwnSize *at;
        int n, cap;
    } own;
    DimMap no_sizes;
} Vmap;

static inline bool has_lanes(const Vmap *w, const Value *old) { return w->batched.at[old->id]; }
static inline Value *lanes_value(const Vmap *w, const Value *old) { return w->value.at[old->id]; }
/* With lanes, made so by broadcasting where it has none. */
Value *with_lanes(Vmap *, const Value *old);
Value *broadcast_lanes(Vmap *, Value *);
const Type *type_lanes(Vmap *, const Value *old); /* the type of its new value */
/* A mask over lanes as one over a value that has them. */
Value *mask_like(Vmap *, Value *mask, const Type *);

void vmap_block(Vmap *, const Block *);
Marks marks_of_lanes(Module *, const Func *, const char *name); /* none yet: which values have lanes */

/* shard.c */
void shard_block(Vmap *, const Block *);

/* vmap_ragged.c */
bool ragged_spreads(const Marks *, const Inst *); /* whether results differ between lanes because lengths do */
bool vmap_ragged(Vmap *, const Inst *);           /* done here; else it is walked like others */
bool ragged_result(const Vmap *, const Value *old);
void refuse_ragged(Compiler *, const Inst *);
void vmap_bind_size(Vmap *, const Inst *);

/* vmap_collective.c */
bool collective_spreads(Op); /* over the axis of the lanes: whether its result differs between them */
void vmap_collective(Vmap *, const Inst *);

/* vmap_control.c */
void vmap_cond(Vmap *, const Inst *);
void vmap_for(Vmap *, const Inst *);
void vmap_while(Vmap *, const Inst *);
void vmap_print(Vmap *, const Inst *);
Value *own_size(Vmap *, const Dim *); /* a size that differs between lanes: i64[lanes] */

#endif
