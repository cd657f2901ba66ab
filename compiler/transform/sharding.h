/* sharding: what shard.c, which cuts functions into pieces, and shard_sums.c, which says when collectives begin and end, share. */
#ifndef JXL_TRANSFORM_SHARDING_H
#define JXL_TRANSFORM_SHARDING_H

#include "transform/lanes.h"

/* Sums over the shards that go as one message; or one collective of another kind. */
typedef struct Bucket {
    Op op;
    DType dtype;
    int64_t bytes; /* of one shard's */
    struct {
        const Inst **at;
        int n, cap;
    } members;
    const Inst *begun; /* shard_begin or the like, once it stands there */
    bool read;         /* in the plan: some piece reads it, later ones need not wait */
    bool ended;
} Bucket;

typedef struct Sharding {
    Value *first;      /* the number of the block's first shard */
    const Dim *shards; /* how many there are in all */
    Map piece;         /* Inst -> the number of its piece, from 1 */
    Map cut;           /* Inst that waits, with work before it that need not: another piece begins */
    int *made_in;      /* by value id: the piece that makes it; 0 for none */
    bool *leaves;      /* by value id: it is read outside of its piece */
    int npieces;
    Map bucket; /* Inst -> Bucket, of its members */
} Sharding;

/* The same function, in which collectives over the axis of that name, and what little is done for them, come as early as they
** can, and what reads them as late. */
const Func *collectives_early(Module *, const Func *, const char *name);
void collectives_plan(Vmap *, const Block *);     /* puts the block's collectives into buckets */
bool is_light(const Inst *);                      /* fused with what reads it, or with what it reads */
bool is_begun_at(const Sharding *, const Inst *); /* it is the last member of a bucket */
void begin_bucket(Vmap *, const Inst *last);      /* all terms are there */
bool plan_waits(Vmap *, const Inst *);            /* the first that reads some bucket */
void end_read_by(Vmap *, const Inst *);           /* what it reads has to end now */
void end_read(Vmap *, Value *const *read, int n);

/* shard.c: a collective of another kind than sums begins */
const Inst *begin_alone(Vmap *, const Inst *);

#endif
