/* rules: what every operation of ops.def may bring; the files of this directory define what the rows call for.
**
** rules_<op> is a const struct in the file of the operation's class.  jvp_<op> exists where the row says CURVED;
** transpose_<op> where the operation is linear in something and needs more than its row says. */
#ifndef JXL_OPS_RULES_H
#define JXL_OPS_RULES_H

#include "ops/ops.h"

#define OP(name, args, results, class, linear, effect, attrs, meaning)                                                 \
    extern const Rules rules_##name;                                                                                   \
    void jvp_##name(const Jvp *);                                                                                      \
    void transpose_##name(const Transpose *);                                                                          \
    bool batch_##name(const Batch *);                                                                                  \
    Value *fold_##name(Builder *, const Inst *);
#include "ops/ops.def"
#undef OP

/* elementwise shapes other than "all are alike": a bool of the arguments' shape; the real dtype of a complex argument */
const char *shape_bool(Compiler *, const Inst *, const Type **);
const char *shape_part(Compiler *, const Inst *, const Type **);

/* linalg.c */
bool eval_lu(Eval *, const Inst *, const Tensor *args, Tensor *results);

/* walk.c: elements of tensors by their indices, for evaluators */
void tensor_sizes(const Type *, int64_t *size);
void tensor_strides(const Type *, int64_t *stride);             /* in elements */
bool next_index(const int64_t *size, int rank, int64_t *index); /* row-major; false after the last */
int64_t offset_at(const int64_t *stride, const int64_t *index, int rank);
const void *tensor_at(const Tensor *, int64_t element);
void *tensor_slot(const Tensor *, int64_t element);
int64_t tensor_int(const Tensor *, int64_t element);
bool eval_dims(Eval *, Dims, int64_t *values); /* false after recording what went wrong */

#endif
