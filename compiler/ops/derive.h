/* derive: what derivative and batching rules are written with. */
#ifndef JXL_OPS_DERIVE_H
#define JXL_OPS_DERIVE_H

#include "ops/ops.h"

static inline Value *number(Builder *b, const Value *like, double c) { return ir_fill(b, like->type, c); }
static inline Value *zeros(Builder *b, const Type *type) { return ir_fill(b, type, 0); }
static inline Value *scaled(Builder *b, Value *x, double c) { return ir_mul(b, x, number(b, x, c)); }

/* Sums where NULL is zero. */
Value *sum_of(Builder *, Value *, Value *);
/* The tangent, or zeros of that type. */
Value *tangent_or_zeros(Builder *, Value *t, const Type *);

/* x moved to another shape with the same axes; and 0, 1, ..., rank-1. */
Value *move_axis(Builder *, Value *x, int from, int to);
Ints axes_from_to(Arena *, int from, int to);
const Type *type_drop_axes(Compiler *, const Type *, const Ints *axes);
const Type *type_insert_axis(Compiler *, const Type *, int at, const Dim *);
/* x repeated along axes it does not have: `axes` of the result are new. */
Value *broadcast_along(Builder *, Value *x, const Type *like, const Ints *axes);
/* Like x, cut from `start` to `limit` along one axis. */
Value *slice_axis(Builder *, Value *x, int axis, const Dim *start, const Dim *limit);

/* Whether every coordinate of idx is inside x: idx without its last axis. */
Value *index_inside(Builder *, const Value *x, Value *idx, const Ints *axes);
/* idx with every coordinate clamped to x. */
Value *index_clamped(Builder *, const Value *x, Value *idx, const Ints *axes);

#endif
