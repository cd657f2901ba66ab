/* sharding: what shard.c, which cuts functions into pieces, and shard_sums.c share. */
#ifndef JXL_TRANSFORM_SHARDING_H
#define JXL_TRANSFORM_SHARDING_H

#include "transform/lanes.h"

/* Sums over the shards that go as one message. */
typedef struct {
    Op op;
    DType dtype;
    int64_t bytes; /* of one shard's */
    struct {
        const Inst **at;
        int n, cap;
    } members;
    const Inst *begun; /* shard_begin, once it stands there */
    bool ended;
} Bucket;

typedef struct Sharding {
    Value *first;      /* the number of the block's first shard */
    const Dim *shards; /* how many there are in all */
    Map piece;         /* Inst -> the number of its piece, from 1 */
    int *made_in;      /* by value id: the piece that makes it; 0 for none */
    bool *leaves;      /* by value id: it is read outside of its piece */
    int npieces;
    Map bucket; /* Inst -> Bucket, of its members */
} Sharding;

/* The same function, in which sums over the axis of that name, and what little is done to their terms, come as early as
** they can. */
const Func *sums_early(Module *, const Func *, const char *name);
void sums_plan(Vmap *, const Block *);              /* puts the block's sums into buckets */
bool sums_begin_at(const Sharding *, const Inst *); /* it is the last member of a bucket */
void sums_begin(Vmap *, const Inst *last);          /* all terms are there */
void sums_end_read_by(Vmap *, const Inst *);        /* sums that it reads have to be there */
void sums_end(Vmap *, Value *const *read, int n);

#endif
