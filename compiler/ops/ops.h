/* ops: the rules particular to each operation, in files by class; table.c gathers them from ops.def.
**
** `rules_exp` and its kin are const structs; forget one that the row calls for and the program does not link, or the first
** test says which. */
#ifndef JXL_OPS_H
#define JXL_OPS_H

#include "ir/ir.h"

/* A derivative rule is given the instruction, the new values of its arguments and results, and tangents; NULL is a zero
** tangent.  It sets dy[i] (left NULL: zero). */
struct Jvp {
    Builder *b;
    const Inst *in;
    Value **x;  /* arguments, in the function being built */
    Value **y;  /* results, in the function being built */
    Value **t;  /* tangents of the arguments */
    Value **dy; /* tangents of the results: to be set */
};

/* Given cotangents of the results (NULL: zero), sets the cotangent of every linear argument (left NULL: zero). */
struct Transpose {
    Builder *b;
    const Inst *in; /* in the linear function */
    Value **x;      /* arguments that are known (residuals); NULL for the linear ones */
    bool *linear;   /* which arguments are linear */
    Value **ct;     /* cotangents of the results */
    Value **dx;     /* cotangents of the arguments: to be set */
};

/* Batched arguments carry the lanes along axis 0.  Sets y[i] and whether each has lanes. */
struct Batch {
    Builder *b;
    const Inst *in;
    Value **x;
    bool *each; /* which arguments have lanes */
    const Dim *lanes;
    Value **y;
    bool *y_each;
};

/* Derived from the row where the operation brings no rule of its own. */
void ops_jvp(const Jvp *);
void ops_transpose(const Transpose *);
void ops_batch(const Batch *);

/* A value with lanes, or one made to have them by broadcasting. */
Value *batch_lanes(const Batch *, int arg);

/* linalg.c: the most rows and columns of what is `solve`d, and of matrices that go side by side in registers (loop/small.c) */
enum { MOST_SMALL = 32 };
/* jvp_linalg.c: a^-1 c for any square a, by way of its factors */
Value *ops_solve_by_factors(Builder *, Value *a, Value *c, bool transposed);

/* lapack.c: which of runtime.h's factorizations it is */
int32_t lapack_number(const Inst *);

/* What leaves a reduction as it is, as an array of that type. */
Value *ops_neutral(Builder *, Op reduction, const Type *);

/* What is wrong with the table and the rules, in words, or NULL; the first unit test. */
const char *ops_table_complaint(void);

#endif
