/* transform: functions to functions.
**
** Applied by the front end when the program says `grad` or `vmap`, innermost first, and memoised on (function,
** transformation, which arguments).  Every result is cleaned up (folded, shared, dead instructions left out). */
#ifndef JXL_TRANSFORM_H
#define JXL_TRANSFORM_H

#include "ops/ops.h"

/* jvp.c: f(x...) -> y... becomes jvp_f(x..., t of the active x...) -> (y..., dy of the active y...).
** `active[i]` says which parameters have a tangent (integers never do); the results that have one are reported in
** `active_out`, the others do not move. */
Func *transform_jvp(Module *, const Func *, const bool *active, bool *active_out);

/* What custom rules take and give, `count` being the attribute of the call:
**   custom_jvp_call   rule(all arguments, tangents of those from `count` on that can have one)
**                     -> (results, tangents of those that can have one)
**   custom_vjp_call   rule(all arguments) -> (results, residuals)
**                     backward(residuals, cotangents of the results that can have one)
**                     -> cotangents of the arguments from `count` on that can have one
**   linear_call       callee(all arguments) -> results; backward(the first `count`, cotangents) -> cotangents of the rest
** All functions on one call have the same size parameters. */

/* linearize.c: f(x...) becomes forward(x...) -> (y..., residuals...) and linear(residuals..., t...) -> dy... */
typedef struct {
    Func *forward, *linear;
    int nresiduals;
    bool *active_out; /* per result of f */
} Linearized;
Linearized transform_linearize(Module *, const Func *, const bool *active);

/* Calls a function made here.  `sizes` are what the size parameters of the function it was made from stand for; sizes that
** the callee binds become new ones of the caller.  *behind, if not NULL, is set to the sizes for a function that is handed
** the residuals: `linear`, or its transpose. */
Inst *transform_call(Builder *, Func *, Value *const *args, int nargs, Dims sizes, Dims *behind);

/* transpose.c: linear(residuals..., t...) -> dy... becomes transposed(residuals..., ct of dy...) -> ct of t... */
Func *transform_transpose(Module *, const Func *linear, int nresiduals);
/* Only those cotangents are parameters; the others are zero, and nothing is computed from them. */
Func *transform_transpose_some(Module *, const Func *linear, int nresiduals, const bool *has_cotangent);

/* vmap.c: axis 0 of the batched parameters is the batch; all results that depend on them have it in front.
** With `force`, every result has it.  Unless `lanes` is a number, the function has one more size parameter, behind those
** of f: how many lanes there are. */
Func *transform_vmap(Module *, const Func *, const bool *batched, const Dim *lanes, bool force, bool *batched_out);

/* The same for an axis with a name: collectives over it become operations on the axis of the lanes. */
Func *transform_vmap_named(Module *, const Func *, const bool *batched, const Dim *lanes, const char *name, bool force,
                           bool *batched_out);

/* shard.c: the function of a pmap for a block of its shards: mapped parameters, and those results that are not the same for
** all shards, are stacks of the block's; one
** more parameter is the number of the block's first shard; one more size is how many it has, and one may be how many there
** are. */
Func *transform_shard(Module *, const Inst *pmap, bool *stacked);

/* checkify.c: f(x..., failed, message) -> y..., failed, message, where checks of these kinds are values: whether one has
** failed, and where the text of the first that did begins. */
enum { CHECK_USER = 1, CHECK_NAN = 2, CHECK_DIV = 4, CHECK_INDEX = 8 };
Func *transform_checkify(Module *, const Func *, unsigned kinds);

/* clean.c: the same function, folded, shared and without dead instructions. */
Func *transform_clean(Module *, const Func *);
void clean_into(Builder *, const Func *); /* that, as the body of the builder's function, which is empty so far */

/* The dtype of tangents of a value of that type: itself for floats and complex; others have none. */
bool type_has_tangent(const Type *);

#endif
