/* loop: the second, small IR: loops, loads, stores, scalars and vectors.
**
** Everything that costs time is explicit here: which loop is parallel, what is a vector of how many lanes, where memory is
** taken, which multiply-add is fused, in what order terms are added.  `emit` translates it one instruction at a time.
**
** - A module is functions.  A function is `int name(jxl_call *c, params...)`: the call `c` is implicit everywhere (a parallel
**   piece has its own).  Functions made from the tensor IR take their sizes (i64), then a ptr for each input, then one for
**   each output; helpers take what they like.  Falling off the end of the body returns 0.
** - A value is a scalar or a vector of a fixed number of lanes of a dtype, or a ptr (one lane).  There are no complex values
**   (two real ones serve) and no shapes.  f16 and bf16 are only moved, selected, bitcast and converted, and converted exactly
**   rounded.  A bool value is one bit (a vector of them is a mask); in memory it is a byte, 0 or 1.
**   A vector may be wider than the machine's: it is then several registers.
** - Control flow is instructions that hold blocks.  No jumps; a failing check leaves the function with its status.
** - What is dropped, moved or fused after this point must not change a bit: no fast-math, no reassociation, no contraction.
**   Reading memory is ordered with writing it as the text stands, whatever the pointers.
**
** What `apply` must do (x, y as in ops.def; everything else has been expanded, by lowering or by math.c):
**   neg abs add sub mul       IEEE on floats; wrapping on integers
**   div rem                   IEEE and fmod on floats; on integers truncating, the divisor neither 0 nor -1 under the smallest
**   floor ceil round trunc sqrt fma   on floats, exactly rounded; round goes to even; fma is fused where the target has it
**   max min                   x > y (x < y) or x is nan ? x : y, in these words; also on integers and bool
**   and or xor not            on integers and bool
**   shift_left shift_right_*  the amount is below the width
**   eq ne lt le gt ge         bool; nan compares as IEEE says (ne is true)
**   select                    c, x, y: c ? x : y, the same lanes; x, y of any type
**   convert                   between any two dtypes: to bool x != 0; float to integer truncates and saturates, nan gives 0;
**                             integer to narrower integer wraps; to float rounds to nearest even
**   bitcast                   the same number of bytes per lane
**   population_count clz      on integers, the result in the same dtype
**   exp .. digamma, pow, atan2   elementary functions: math.c expands them when they are appended (loop_apply) */
#ifndef JXL_LOOP_H
#define JXL_LOOP_H

#include "ir/ir.h"

#include <stdio.h>

/* What the code is made for.  emit fills it in; nothing before emit asks for a name. */
typedef struct Target {
    const char *name;     /* "native", "x86-64-v3": for messages */
    int vector_bytes;     /* of the widest register worth using: 64, 32, 16 */
    int vector_registers; /* 32 or 16 */
    bool fma;
    bool masked;        /* masked loads and stores of 4 and 8 bytes per lane are cheap; */
    bool masked_narrow; /* ... and of 1 and 2 bytes */
    bool parts;         /* a float is taken apart and scaled by one instruction: scale, exponent, mantissa */
    int64_t l1, l2, l3; /* data cache of one core, in bytes; l3 is what one core may count on */
    int cache_line;
} Target;

/* values and instructions */

typedef enum {
#define LOP(name, args, gives, meaning) LOOP_##name,
#include "loop/loop.def"
#undef LOP
    LOOP_COUNT
} LOp;

typedef enum {
#define RUNTIME(name, args, gives) RUNTIME_##name,
#include "loop/runtime.def"
#undef RUNTIME
    RUNTIME_COUNT
} RuntimeEntry;

enum { LOOP_PTR = DT_COUNT, LOOP_MAX_LANES = 64 };
typedef enum { SPACE_MAIN } Space; /* where a ptr points: the processor's memory; a GPU's spaces are further ones */

typedef struct {
    uint8_t dtype; /* a DType, not complex; or LOOP_PTR */
    uint8_t lanes; /* 1 is a scalar */
    uint8_t space; /* of a ptr */
} LType;

typedef struct LValue LValue;
typedef struct LInst LInst;
typedef struct LBlock LBlock;
typedef struct LFunc LFunc;

struct LValue {
    LType type;
    int id;        /* dense in its function */
    LInst *def;    /* NULL for a parameter of a block */
    LBlock *block; /* where it is defined */
};

struct LInst {
    LOp op;
    Op fn;              /* apply, overflows */
    RuntimeEntry entry; /* runtime */
    int nargs, nresults, nblocks, ncaptured;
    LValue **args, **results;
    LBlock *blocks[2];
    LValue **captured;    /* parallel: the outer values that its block reads */
    int64_t n, m;         /* see loop.def */
    const void *bytes;    /* data, text */
    const int *pick;      /* shuffle */
    LFunc *callee;        /* call */
    const Origin *origin; /* for line tables; may be NULL */
    LInst *next;
};

struct LBlock {
    int nparams, nresults;
    LValue **params, **results;
    LInst *first, *last;
    LBlock *parent; /* NULL for a function's body */
    LOp within;     /* what holds it: LOOP_for, ...; LOOP_call for a function's body */
    int epoch;      /* of the builder, when it was opened */
};

struct LFunc {
    const char *name;   /* unique; the symbol, unless exported */
    const char *symbol; /* of an exported function, else NULL: not visible outside the object */
    const Func *source; /* the tensor function it was made from, or NULL */
    LBlock *body;       /* its params are the function's */
    int nvalues;
    bool is_inner; /* seldom called: kept a function of its own; its status is always 0 */
    const Origin *origin;
    LFunc *next;
};

/* The program itself, if there is one, has the parameters argc (i32) and argv (ptr): emit makes main() of it, which calls
** jxl_main. */
typedef struct LModule {
    Compiler *cx;
    Arena *arena;
    const Target *target;
    LFunc *first, *last;
    LFunc *main; /* NULL for a library */
    Map numbers; /* name to the next number that may be put behind it; 0: nobody has it */
} LModule;

/* build.c, values.c: appends.  Arithmetic on i64 constants is folded; what was computed before is shared; and what does not
** change in a `for` stands before it, so that lowering may write the obvious thing where it is needed. */

typedef struct LBuilder {
    LModule *module;
    LFunc *func;
    LBlock *block;
    const Origin *origin; /* given to what is appended */
    Map *shared;          /* of the function: by content, what was appended */
    int epoch;            /* what is read as `fixed` is shared and moved only within the same one */
} LBuilder;

LModule *loop_module_new(Compiler *, const Target *);
void loop_module_free(LModule *);
LFunc *loop_func_new(LModule *, const char *name); /* made unique by a number behind it */
LBuilder loop_builder(LModule *, LFunc *);         /* at the end of its body */
LValue *loop_param(LBuilder *, LType);             /* one more parameter of the block in hand */

LType loop_type(DType, int lanes);
LType loop_ptr_type(void);
int loop_bytes(LType); /* of one lane in memory; 8 for a ptr */
bool loop_is_ptr(LType);
bool loop_same_type(LType, LType);

LValue *loop_const_bits(LBuilder *, LType, int64_t bits);
LValue *loop_real(LBuilder *, LType, double); /* rounded to the dtype; integers too */
LValue *loop_int(LBuilder *, LType, int64_t); /* wrapped to the dtype; floats too */
LValue *loop_i64(LBuilder *, int64_t);
LValue *loop_bool(LBuilder *, bool);
bool loop_is_const(const LValue *, int64_t *bits);
LValue *loop_data(LBuilder *, const void *bytes, int64_t n, int alignment);
LValue *loop_text(LBuilder *, const char *);
LValue *loop_iota(LBuilder *, LType);
LValue *loop_splat(LBuilder *, LValue *, int lanes); /* itself where lanes is 1 */
LValue *loop_lane(LBuilder *, LValue *, int lane);
LValue *loop_insert(LBuilder *, LValue *, LValue *scalar, int lane);
LValue *loop_shuffle(LBuilder *, LValue *, LValue *, int lanes, const int *pick);
LValue *loop_lanes_below(LBuilder *, LValue *count, int lanes);
LValue *loop_lanes_often(LBuilder *, LValue *count,
                         int lanes); /* the same, of a loop: but for its last round they are all there */
/* Where each lane of such a mask stands for n numbers in a row: which of the numbers from `first` on are there.  No mask for
** none. */
LValue *loop_lanes_of_each(LBuilder *, LValue *mask, int n, int64_t first, int lanes);
LValue *loop_any(LBuilder *, LValue *mask);
LValue *loop_all(LBuilder *, LValue *mask);
/* One `apply`, not expanded. */
LValue *loop_plain(LBuilder *, Op, int nargs, LValue *const *args, DType result);
LValue *loop_unary(LBuilder *, Op, LValue *);
LValue *loop_binary(LBuilder *, Op, LValue *, LValue *);
LValue *loop_select(LBuilder *, LValue *c, LValue *x, LValue *y);
LValue *loop_fma(LBuilder *, LValue *x, LValue *y, LValue *z);
LValue *loop_convert(LBuilder *, LValue *, DType);
LValue *loop_bitcast(LBuilder *, LValue *, DType);
LValue *loop_overflows(LBuilder *, Op, LValue *, LValue *);
LValue *loop_scale(LBuilder *, LValue *, LValue *exponent);
LValue *loop_part(LBuilder *, LOp, LValue *);                                      /* exponent, mantissa, significand */
LValue *loop_lookup(LBuilder *, DType, LValue *index, const double *table, int n); /* the table stays where it is */
LValue *loop_add(LBuilder *, LValue *, LValue *);                                  /* these three fold */
LValue *loop_sub(LBuilder *, LValue *, LValue *);
LValue *loop_mul(LBuilder *, LValue *, LValue *);

/* `mask` may be NULL. */
LValue *loop_load(LBuilder *, LType, LValue *ptr, LValue *index, int64_t stride, LValue *mask);
/* From memory that nobody writes while the builder's epoch lasts: may be shared, and stand before its loops. */
LValue *loop_load_fixed(LBuilder *, LType, LValue *ptr, LValue *index, int64_t stride, LValue *mask);
void loop_store(LBuilder *, LValue *, LValue *ptr, LValue *index, int64_t stride, LValue *mask);
LValue *loop_gather(LBuilder *, LType, LValue *ptr, LValue *indices, LValue *mask);
LValue *loop_gather_fixed(LBuilder *, LType, LValue *ptr, LValue *indices, LValue *mask);
void loop_scatter(LBuilder *, LValue *, LValue *ptr, LValue *indices, LValue *mask);
LValue *loop_at(LBuilder *, LValue *ptr, LValue *index, int64_t bytes);
LValue *loop_stack(LBuilder *, int64_t bytes, int alignment);
LValue *loop_alloc(LBuilder *, LValue *bytes);
void loop_release(LBuilder *, LValue *ptr);
void loop_copy(LBuilder *, LValue *to, LValue *from, LValue *bytes);
void loop_clear(LBuilder *, LValue *to, LValue *bytes);
void loop_keep(LBuilder *, LValue *ptr);
void loop_prefetch(LBuilder *, LValue *ptr, LValue *byte, bool write);

/* Loops are opened, filled and closed: between, what is appended stands in the block. */
typedef struct {
    LInst *inst;
    LValue *i, *hi; /* for: the index; parallel: the piece is i .. hi */
    LValue **carry; /* inside: this iteration's; after loop_end: the results */
} LLoop;
LLoop loop_for(LBuilder *, LValue *lower, LValue *upper, int64_t step, int ncarry, LValue *const *init);
LLoop loop_parallel(LBuilder *, LValue *count, LValue *grain);
LLoop loop_while(LBuilder *, int ncarry, LValue *const *init); /* in the condition */
void loop_while_body(LBuilder *, LLoop *, LValue *condition);  /* condition is done, the body begins */
void loop_end(LBuilder *, LLoop *, LValue *const *next);
LLoop loop_if(LBuilder *, LValue *condition);                                /* in the then block */
LLoop loop_if_rare(LBuilder *, LValue *condition);                           /* ... which hardly ever runs */
void loop_else(LBuilder *, LLoop *, int nresults, LValue *const *results);   /* ... now in the else block */
void loop_end_if(LBuilder *, LLoop *, int nresults, LValue *const *results); /* closes else; carry: the results */
void loop_end_then(LBuilder *, LLoop *);                                     /* closes an if without else or results */

/* scalar.c: any elementwise operation of ops.def on real dtypes, in terms of what `apply` must do: halves by way of f32, whole
** number division by 0, shifts beyond the width; elementary functions become their polynomials (math.c). */
LValue *loop_apply(LBuilder *, Op, int nargs, LValue *const *args);

void loop_call(LBuilder *, LFunc *, LValue *const *args, int nargs);
LValue *loop_runtime(LBuilder *, RuntimeEntry, LValue *const *args, int nargs); /* its result, or NULL */
/* The same as an instruction without blocks, of other arguments; its result, or NULL. */
LValue *loop_repeat(LBuilder *, const LInst *, LValue *const *args);

/* op.c: facts of the tables */

const char *loop_op_name(LOp);
const char *loop_op_meaning(LOp);
int loop_op_args(LOp);                  /* -1: any */
const char *runtime_name(RuntimeEntry); /* "alloc": the symbol is jxl_alloc */
const char *runtime_args(RuntimeEntry);
char runtime_gives(RuntimeEntry);

/* math.c and its kin: elementary functions as polynomials; NULL where `fn` is not one.  Any number of lanes. */

LValue *math_apply(LBuilder *, Op, LValue *const *args);

/* print.c, verify.c */

void loop_print(FILE *, const LModule *);
void loop_verify(const LModule *); /* a mistake is our bug */

/* lower.c: a module of the tensor IR, after `place`, into loops */

LModule *loop_lower(const Module *, const Target *);

/* widen.c */

void loop_widen(LModule *);

/* unroll.c */

void loop_unroll(LModule *);

#endif
