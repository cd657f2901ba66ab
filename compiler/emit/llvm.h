/* llvm: what translating one module needs, and what differs between LLVM 14 and 22, in one place.
**
** Before LLVM 15 pointers have types: here every pointer is then i8*, arithmetic is in bytes, and the type is put on where
** memory is touched (`typed`). */
#ifndef JXL_LLVM_H
#define JXL_LLVM_H

#include "emit/emit.h"

#include <llvm-c/Analysis.h>
#include <llvm-c/Core.h>
#include <llvm-c/DebugInfo.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm/Config/llvm-config.h>

/* The machine, as LLVM is told of it. */
typedef struct {
    Target target; /* what the loop IR sees */
    const char *triple, *cpu, *features;
    const char *needs; /* the features that a processor must have, for jxl_choose_level; NULL: nothing can be missing */
    bool f16c;         /* converts f16 in one instruction */
} Machine;
const Machine *machine_least(const Machine *); /* any processor of that kind */

/* Translating a module; the second part changes from level to level, the third from function to function. */
typedef struct Emit {
    Compiler *cx;
    LLVMContextRef llvm;
    LLVMModuleRef module;
    LLVMTargetMachineRef generator;
    LLVMBuilderRef b;
    LLVMTypeRef i1, i8, i16, i32, i64, f16, f32, f64, ptr, none;
    struct Debug *debug; /* NULL without -g */
    bool packed;         /* functions for loaded_call too */

    const LModule *loops;
    const Machine *machine;
    Map functions; /* LLVMValueRef by LFunc */
    Map *parts;    /* LLVMValueRef by what it does */

    LLVMValueRef func, call; /* the function being built, its jxl_call */
    LLVMBasicBlockRef entry, body;
    LLVMBasicBlockRef failed;   /* where a status that is not 0 leaves the function; NULL until one does */
    LLVMValueRef failed_status; /* phi in it */
    LLVMValueRef *value;        /* by LValue id */
    struct Outline *outline;
    struct Base *bases; /* numbers that this function is given, because others call it with other ones */
    int nbases;
} Emit;

/* llvm.c */
LLVMTypeRef lane_type(Emit *, int dtype); /* as a value: bool is i1, f16 and bf16 are i16 */
LLVMTypeRef type_in(Emit *, LType);       /* as a value */
LLVMTypeRef memory_type(Emit *, LType);   /* as in memory: bool is i8 */
LLVMTypeRef vector_of(LLVMTypeRef, int lanes);
LLVMTypeRef lanes_like(LLVMTypeRef lane, LLVMValueRef like); /* that lane type, as many lanes as `like` */
int lanes_of(LLVMValueRef);
LLVMValueRef int_const(LLVMTypeRef, int64_t); /* in every lane */
LLVMValueRef bits_const(Emit *, LType, int64_t bits);
LLVMValueRef intrinsic(Emit *, const char *name, int ntypes, LLVMTypeRef *types, int nargs, LLVMValueRef *args);
LLVMValueRef intrinsic1(Emit *, const char *name, LLVMValueRef x);      /* overloaded on the type of x */
LLVMValueRef byte_offset(Emit *, LLVMValueRef ptr, LLVMValueRef bytes); /* either may be a vector */
LLVMValueRef load_from(Emit *, LLVMTypeRef, LLVMValueRef ptr, int align);
LLVMValueRef store_to(Emit *, LLVMValueRef, LLVMValueRef ptr, int align);
LLVMValueRef masked_load(Emit *, LLVMTypeRef, LLVMValueRef ptr, int align, LLVMValueRef mask);
void masked_store(Emit *, LLVMValueRef, LLVMValueRef ptr, int align, LLVMValueRef mask);
LLVMValueRef masked_gather(Emit *, LLVMTypeRef, LLVMValueRef ptrs, int align, LLVMValueRef mask);
void masked_scatter(Emit *, LLVMValueRef, LLVMValueRef ptrs, int align, LLVMValueRef mask);
LLVMValueRef stack_place(Emit *, int64_t bytes, int align); /* in the entry block */
LLVMValueRef function_named(Emit *, const char *name, LLVMTypeRef result, int n, LLVMTypeRef *params,
                            LLVMTypeRef *type);
void function_attribute(Emit *, LLVMValueRef, const char *name, const char *value); /* value NULL: a plain one */
LLVMValueRef global_bytes(Emit *, const void *bytes, int64_t n, int align);
LLVMValueRef global_text(Emit *, const char *); /* ends in NUL */
const char *pass_list(int opt_level);

/* apply.c: elementwise operations */
LLVMValueRef apply(Emit *, const LInst *);
LLVMValueRef overflows(Emit *, const LInst *);

/* pieces.c: what the machine does to vectors of one size only */
LLVMValueRef parts(Emit *, const LInst *);  /* scale, exponent, mantissa */
LLVMValueRef lookup(Emit *, const LInst *); /* in a table that fits into registers */

/* convert.c: between dtypes */
LLVMValueRef convert(Emit *, LLVMValueRef, DType from, DType to);

/* memory.c: loads and stores */
LLVMValueRef memory_inst(Emit *, const LInst *); /* NULL where there is no result */

/* control.c: loops, branches, calls */
bool control_inst(Emit *, const LInst *); /* false: it is not one of them */
void leave_unless_zero(Emit *, LLVMValueRef status);

/* outline.c: parts of a function as functions of their own */
void outline_begin(Emit *, const LFunc *);
void block_insts(Emit *, const LBlock *);
void parallel(Emit *, const LInst *);
LLVMValueRef offset_from_base(Emit *, const LInst *); /* NULL if it is something else */

/* function.c */
void inst(Emit *, const LInst *);
LLVMTypeRef function_type(Emit *, const LFunc *);
void function_declare(Emit *, const LFunc *);
void function_define(Emit *, const LFunc *);
void function_begin(Emit *, LLVMValueRef); /* blocks entry, body and failed; the call is its first parameter */
void function_finish(Emit *);
void program_entry(Emit *, LLVMValueRef program);

/* levels.c: what is called from outside chooses among the functions that the levels have for it */
typedef struct {
    int n;
    const LModule *loops[EMIT_LEVELS]; /* the best first */
    Map functions[EMIT_LEVELS];
    LLVMValueRef chosen, table; /* globals */
} Levels;
void levels_begin(Emit *, Levels *);
LLVMValueRef level_choice(Emit *, const Levels *, const LFunc *); /* of the first level: a function of the same type */

/* split.c: a large module through LLVM in several processes at once */
int split_parts(Emit *); /* how many would be worth it */
bool split_object(Emit *, int n, const char *path, bool (*object)(Emit *, const char *path));

/* export.c: functions with a public signature */
void export_define(Emit *, const LFunc *, LLVMValueRef inner);
void own_call_begin(Emit *);                   /* the function makes its own jxl_call ... */
void own_call_end(Emit *, LLVMValueRef error); /* ... and returns its status, its message copied */

/* load.c */
void packed_define(Emit *, const LFunc *);

/* module.c */
bool emit_packed(const LModule *, const char *path); /* an object with packed functions too */

/* debug.c */
void debug_begin(Emit *);
void debug_function(Emit *, LLVMValueRef, const char *title, const Origin *);
void debug_place(Emit *, const Origin *);
const char *debug_place_text(Emit *, const Origin *); /* "FILE:LINE: ", as messages begin; NULL where there is none */
void debug_finish(Emit *);

#endif
