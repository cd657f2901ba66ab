/* What the files of ir/ share among themselves. */
#ifndef JXL_IR_INTERNAL_H
#define JXL_IR_INTERNAL_H

#include "ir/ir.h"

/* tables of one compilation: everything here lives as long as it does */
typedef struct {
    Map dims, atoms, types; /* by content */
    int nvars, ndims, natoms, ntypes;
} Tables;
Tables *tables_of(Compiler *);

const Dim *dim_of_atom(Compiler *, const Atom *);

/* dimtext.c: how a size variable is called in a text; two of one function may have the same name */
typedef struct {
    const char *(*name)(void *, const SizeVar *);
    void *context;
} Namer;
void dim_write(Text *, Compiler *, const Dim *, Namer);
void type_write(Text *, Compiler *, const Type *, Namer);

/* Calls `visit` with every variable a size mentions. */
void dim_each_var(const Dim *, void (*visit)(void *, const SizeVar *), void *context);

/* print.c: one attribute's value, as it is read back */
void element_write(Text *, DType, const void *);
void quoted_write(Text *, const char *);

/* attrs.c: those the operation has, with all they point to */
const Attrs *attrs_copy(Arena *, Op, const Attrs *);

/* op.c: how many results such an instruction has; blocks and attributes are known */
int inst_result_count(const Inst *);

/* module.c: at the end of the block, with results of these types */
void block_append(Block *, Inst *, const Type *const *types);

/* eval.c: the callee on those arguments */
bool eval_call(Eval *, const Inst *, const Tensor *args, Tensor *results);
/* eval_shards.c */
bool eval_pmap(Eval *, const Inst *, const Tensor *args, Tensor *results);

/* infer.c: what is wrong with the instruction, or NULL with the types of its results */
const char *inst_types(Compiler *, const Inst *, const Type **results);

/* build.c: as emit_region, but what is wrong is said to the caller, who gets NULL */
Inst *emit_checked(Builder *, Op, Value *const *args, int nargs, const Attrs *, Block **regions, int nregions,
                   const char **wrong);

/* fold.c: a value that is the same as the only result of this instruction, not yet appended; or NULL */
Value *fold_inst(Builder *, const Inst *);

#endif
