/* ir: the tensor IR.
**
** A module is functions; a function is a straight line of instructions with no jumps; control flow is an instruction that
** holds blocks, which may read the values of the blocks around them.  Every value has an interned type and a dense id.
** Nothing is edited once built: a pass reads one module and writes another. */
#ifndef JXL_IR_H
#define JXL_IR_H

#include "base/base.h"

#include <stdio.h>

#define MAX_RANK 16 /* more axes are a clear error in the front end */

/* dtype.c */

typedef enum {
#define DTYPE(name, longname, kind, bytes) DT_##name,
#include "ir/dtype.def"
#undef DTYPE
    DT_COUNT
} DType;
typedef enum { KIND_BOOL, KIND_SIGNED, KIND_UNSIGNED, KIND_FLOAT, KIND_COMPLEX } DTypeKind;

const char *dtype_name(DType);      /* "f32" */
const char *dtype_long_name(DType); /* "float32" */
int dtype_bytes(DType);
DTypeKind dtype_kind(DType);
bool dtype_is_float(DType);   /* f16 .. f64 */
bool dtype_is_integer(DType); /* signed or unsigned, not bool */
bool dtype_is_complex(DType);
bool dtype_is_inexact(DType);                /* float or complex */
DType dtype_real(DType);                     /* of the parts of a complex; else itself */
bool dtype_from_name(const char *, DType *); /* either name */
/* One element as a double or an i64, exactly rounded to the dtype; bf16 and f16 included. */
double element_real(DType, const void *);
int64_t element_int(DType, const void *);
void element_set_real(DType, void *, double);
void element_set_int(DType, void *, int64_t);           /* wraps */
void element_complex(DType, const void *, double z[2]); /* of any dtype */
void element_set_complex(DType, void *, const double z[2]);

/* dim.c: sizes.  A Dim is a polynomial with integer coefficients over atoms: size variables, and floor division, mod, min and
** max of other Dims.  Interned in canonical form, for the whole compilation: equal sizes are one pointer. */

typedef struct {
    const char *name; /* "n"; unique within a compilation by `id` */
    int id;
    Span span; /* where it was bound */
} SizeVar;

typedef enum { ATOM_VAR, ATOM_FLOORDIV, ATOM_MOD, ATOM_MIN, ATOM_MAX } AtomKind;
typedef struct Dim Dim;
typedef struct {
    AtomKind kind;
    const SizeVar *var; /* ATOM_VAR */
    const Dim *a, *b;   /* the others */
    int id;             /* order of canonical form */
} Atom;
typedef struct {
    int64_t coefficient;
    int natoms; /* ascending by id, repeated for powers; 0 in the constant term */
    const Atom **atoms;
} Term;
struct Dim {
    int nterms; /* 0 is the number 0; the constant term comes last */
    const Term *terms;
    uint64_t hash;
    int id;
};

const SizeVar *size_var(Compiler *, const char *name, Span); /* a new one at each call */
const Dim *dim_int(Compiler *, int64_t);
const Dim *dim_var(Compiler *, const SizeVar *);
const Dim *dim_add(Compiler *, const Dim *, const Dim *);
const Dim *dim_sub(Compiler *, const Dim *, const Dim *);
const Dim *dim_mul(Compiler *, const Dim *, const Dim *);
const Dim *dim_floordiv(Compiler *, const Dim *, const Dim *);
const Dim *dim_mod(Compiler *, const Dim *, const Dim *);
const Dim *dim_min(Compiler *, const Dim *, const Dim *);
const Dim *dim_max(Compiler *, const Dim *, const Dim *);
bool dim_is_int(const Dim *, int64_t *value); /* value may be NULL */
bool dim_is(const Dim *, int64_t value);
/* What can be proved knowing that every size variable is at least 0. */
bool dim_at_least(Compiler *, const Dim *, const Dim *); /* a >= b for sure */
bool dim_never_equal(Compiler *, const Dim *, const Dim *);
/* Solves a == b for the one variable of `a` that is not in `known` (linear, exact); false where that cannot be done. */
bool dim_solve(Compiler *, const Dim *a, const Dim *b, const SizeVar *unknown, const Dim **answer);
bool dim_mentions(const Dim *, const SizeVar *);
const Dim *dim_product(Compiler *, const Dim *const *, int n);
const char *dim_text(Compiler *, const Dim *); /* "2*n + 1" */

typedef struct {
    const SizeVar **from;
    const Dim **to;
    int n, cap;
} DimMap;
void dim_map_add(Compiler *, DimMap *, const SizeVar *, const Dim *);
const Dim *dim_subst(Compiler *, const Dim *, const DimMap *);
/* Evaluates with the value of each variable given by id; division by zero and overflow are a false return. */
bool dim_eval(const Dim *, const int64_t *value_by_id, int64_t *result);

/* type.c: interned; equal types are one pointer */

typedef struct Type {
    DType dtype;
    int rank;
    const Dim **dim;
    int id;
} Type;

const Type *type_of(Compiler *, DType, int rank, const Dim *const *dim);
const Type *type_scalar(Compiler *, DType);
const Type *type_with_dtype(Compiler *, const Type *, DType);
const Type *type_with_lead(Compiler *, const Type *, const Dim *lanes); /* one more axis in front */
const Type *type_without_lead(Compiler *, const Type *);
const Type *type_subst(Compiler *, const Type *, const DimMap *);
const Dim *type_elements(Compiler *, const Type *);
bool type_is_static(const Type *);               /* every size a number */
const char *type_text(Compiler *, const Type *); /* "f32[n, 784]" */

/* ir.h proper */

typedef enum {
#define OP(name, args, results, class, linear, effect, attrs, meaning) OP_##name,
#include "ops/ops.def"
#undef OP
    OP_COUNT
} Op;
typedef enum {
    CLASS_CREATE,
    CLASS_ELEMENTWISE,
    CLASS_LAYOUT,
    CLASS_REDUCE,
    CLASS_SCAN,
    CLASS_CONTRACT,
    CLASS_INDEX,
    CLASS_SORT,
    CLASS_CONTROL,
    CLASS_EFFECT,
    CLASS_LINALG,
    CLASS_COLLECTIVE,
    CLASS_KERNEL
} OpClass;
typedef enum { LINEAR_ALL, LINEAR_EACH, LINEAR_FIRST, LINEAR_REST, LINEAR_FLAT, LINEAR_CURVED, LINEAR_OWN } Linear;
typedef enum { EFFECT_NONE, EFFECT_TRAP, EFFECT_ORDERED } Effect;
typedef enum { GATHER_CLIP, GATHER_FILL, GATHER_INSIDE } GatherMode; /* the last: no index is out of range */
/* FILE_TREE asks whether a .npz file is there, which must then hold the arrays of these names; FILE_LEAF is one of them, which
** must have the dtype and shape of the result; FILE_THERE asks whether there is anything of that name, or a "file", or a "dir". */
typedef enum {
    FILE_NPY,
    FILE_NPZ,
    FILE_NPZ_COMPRESSED,
    FILE_TENSORS,
    FILE_TEXT,
    FILE_PNG,
    FILE_TREE,
    FILE_LEAF,
    FILE_THERE
} FileKind;
typedef enum { COMBINE_SET, COMBINE_ADD, COMBINE_MUL, COMBINE_MIN, COMBINE_MAX } Combine;
typedef enum { ORDER_OPEN, ORDER_LANES, ORDER_CHAIN, ORDER_LANE_BLOCKS, ORDER_TREE } Order; /* optimize/order.c */

typedef struct Value Value;
typedef struct Inst Inst;
typedef struct Block Block;
typedef struct Func Func;

typedef struct {
    int n;
    const int64_t *at;
} Ints;
typedef struct {
    int n;
    const Dim *const *at;
} Dims;
typedef struct {
    int n;
    const SizeVar *const *at;
} Sizes;
typedef struct {
    int64_t n;
    const void *bytes;
} Data; /* n elements; 1 stands for all */

typedef int64_t INT_attr;
typedef Ints INTS_attr;
typedef const Dim *DIM_attr;
typedef Dims DIMS_attr;
typedef DType DTYPE_attr;
typedef const char *TEXT_attr; /* interned, may hold any bytes but NUL */
typedef Data DATA_attr;
typedef Func *FUNC_attr;
typedef Sizes SIZES_attr;

typedef struct Attrs {
#define ATTR(name, kind, under_vmap, meaning) kind##_attr name;
#include "ir/attrs.def"
#undef ATTR
} Attrs;

typedef enum {
#define ATTR(name, kind, under_vmap, meaning) ATTR_INDEX_##name,
#include "ir/attrs.def"
#undef ATTR
    ATTR_COUNT
} AttrIndex;

/* Where an instruction comes from: a chain, innermost first.  Origins outlive modules: they stand in cx->arena. */
typedef struct Origin {
    Span span;                   /* the expression */
    const char *what;            /* NULL, or "jvp", "transpose", "vmap": made by that transformation of ... */
    const char *func;            /* the function the expression stands in, as the user calls it */
    const char *inside;          /* NULL, or "vmap(loss)": what the program transformed */
    const struct Origin *caller; /* where that function was called, or the origin this was made from */
} Origin;

/* Memory that arrays share, one after another; made by `place`, gone in the next module. */
typedef enum { BUFFER_ARENA, BUFFER_STACK, BUFFER_RESULT, BUFFER_SLICE /* of what a loop stacks */ } BufferKind;
typedef struct Buffer {
    BufferKind kind;
    int number;       /* stack, slice: counted; of a result: which one */
    const Type *type; /* the largest that lives there */
    const Inst *
        after; /* taken on entry (NULL), behind the instruction that binds the last of its sizes, or in each piece of a loop
                       ** whose rounds are apart */
    const Dim *at; /* arena: bytes from its beginning on, rounded up to 64 at run time if the formula does not say so */
} Buffer;

struct Value {
    const Type *type;
    Inst *def;            /* NULL for a parameter of its block */
    Block *block;         /* where it is defined */
    int index;            /* which result, or which parameter */
    int id;               /* dense in its function: indexes side tables */
    const Buffer *buffer; /* NULL: not placed, in a register, or the caller's */
};

struct Inst {
    Op op;
    int nargs, nresults, nregions;
    Value **args;
    Value **results;
    const Attrs *attrs; /* never NULL */
    Block **regions;
    const Origin *origin;
    bool elsewhere; /* it was written at other places too: the origin is the first of them */
    Block *block;   /* that it stands in */
    Inst *next;
};

struct Block {
    int nparams, nresults;
    Value **params, **results;
    Inst *first, *last;
    Inst *parent; /* the instruction that holds it; NULL for a function's body */
    Func *func;
};

struct Func {
    struct Module *module;
    const char *name;  /* unique in its module */
    const char *title; /* as the user knows it: "loss", "grad(loss)" */
    Sizes sizes;       /* size parameters; the sizes of parameter types are expressions over these */
    Block *body;
    int nvalues;
    bool exported; /* a C function */
    const char *export_name;
    const char **param_names; /* for headers and messages; may be NULL */
    const Origin *origin;
    const Buffer *const *buffers; /* after `place`: all of them but the results' */
    int nbuffers;
    struct Export *export_info; /* what the header needs (records, text of sizes), in cx->arena; NULL unless exported */
    Func *next;
};

/* Sizes that are bound inside a function but appear in its result types cannot be passed back by a call: such a function is
** always inlined, and `func_binds_results` says so. */
typedef struct Module {
    Compiler *cx;
    void *memo;   /* what `transform` has made of its functions */
    Arena *arena; /* freed whole when the next one is built */
    Func *first, *last;
    Func *main;  /* the program, no parameters; NULL for a library */
    Map named;   /* name to Func */
    Map numbers; /* name to the last number that was put behind it */
} Module;

/* module.c */

Module *module_new(Compiler *);
void module_free(Module *);
Func *module_find(const Module *, const char *name);
Func *func_new(Module *, const char *name); /* made unique by a number behind it */
bool func_binds_results(const Func *);
/* Those sizes, in the order in which the result types first name them; a call's `binds` are what stands for them there. */
Sizes func_bound_sizes(Arena *, const Func *);

/* op.c: facts of the table */

const char *op_name(Op);
bool op_from_name(const char *, Op *);
int op_nargs(Op), op_nresults(Op); /* -1: any */
OpClass op_class(Op);
Linear op_linear(Op);
Effect op_effect(Op);
const char *op_meaning(Op);
bool op_has_attr(Op, AttrIndex);
bool inst_is_pure(const Inst *); /* no effect, regions and callees included */
Effect inst_effect(const Inst *);
const char *attr_name(AttrIndex);

/* attrs.c */

extern const Attrs no_attrs;
Attrs attrs_subst(Compiler *, const Attrs *, const DimMap *); /* sizes replaced throughout */
bool attrs_equal(Op, const Attrs *, const Attrs *);
uint64_t attrs_hash(Op, const Attrs *);
Ints ints_of(Arena *, int n, const int64_t *);
Dims dims_of(Arena *, int n, const Dim *const *);

/* infer.c: the types of the results by the class's rule, or what is wrong; for shape rules that add a condition */
const char *infer_class(Compiler *, const Inst *, const Type **results);

/* build.c: appends to a block.  `emit` checks shapes (a wrong one is our bug), folds, shares, appends. */

typedef struct Shared Shared;
typedef struct Builder {
    Module *module;
    Compiler *cx;
    Arena *arena; /* the module's */
    Func *func;
    Block *block;
    const Origin *origin; /* given to what is appended */
    Shared *shared;       /* what was appended before, by content; scopes follow blocks */
    bool plain;           /* neither fold nor share: the reader, and tests of passes */
} Builder;

Builder builder_new(Func *); /* at the end of its body */
Block *block_new(Func *, Inst *parent_or_NULL);
Value *block_param(Block *, const Type *);
void builder_enter(Builder *, Block *);               /* append there from now on ... */
void builder_leave(Builder *);                        /* ... until this */
void block_return(Builder *, Value **results, int n); /* sets the block's results */

Value *emit(Builder *, Op, Value *const *args, int nargs, const Attrs *);     /* one result */
Inst *emit_inst(Builder *, Op, Value *const *args, int nargs, const Attrs *); /* any number, no regions */
/* With regions, built beforehand by block_new + builder_enter.. ; result types are given by the shape rule. */
Inst *emit_region(Builder *, Op, Value *const *args, int nargs, const Attrs *, Block **regions, int nregions);
/* What is wrong with such an instruction, in words, or NULL; for the front end to ask before emit. */
const char *emit_check(Builder *, Op, Value *const *args, int nargs, const Attrs *);
/* The value as a constant, if it is one (through broadcast and reshape of a splat too). */
bool value_is_constant(const Value *, Data *);
bool value_is_splat(const Value *, double *real); /* every element the same known real number */
bool value_is_zero(const Value *);

/* One function for each elementwise operation: ir_add(b, x, y), ir_exp(b, x), ... */
Value *ir_unary(Builder *, Op, Value *);
Value *ir_binary(Builder *, Op, Value *, Value *);
#define IR_UNARY(name)                                                                                                 \
    static inline Value *ir_##name(Builder *b, Value *x) { return ir_unary(b, OP_##name, x); }
#define IR_BINARY(name)                                                                                                \
    static inline Value *ir_##name(Builder *b, Value *x, Value *y) { return ir_binary(b, OP_##name, x, y); }
/* clang-format off */
IR_UNARY(neg)
IR_UNARY(abs) IR_UNARY(sign) IR_UNARY(floor) IR_UNARY(ceil) IR_UNARY(round) IR_UNARY(trunc) IR_UNARY(exp) IR_UNARY(exp2)
IR_UNARY(expm1) IR_UNARY(log) IR_UNARY(log2) IR_UNARY(log1p) IR_UNARY(sqrt) IR_UNARY(rsqrt) IR_UNARY(cbrt)
IR_UNARY(sin) IR_UNARY(cos) IR_UNARY(tan) IR_UNARY(asin) IR_UNARY(acos) IR_UNARY(atan) IR_UNARY(sinh)
IR_UNARY(cosh) IR_UNARY(tanh) IR_UNARY(asinh) IR_UNARY(acosh) IR_UNARY(atanh) IR_UNARY(logistic)
IR_UNARY(erf) IR_UNARY(erfc) IR_UNARY(erf_inv) IR_UNARY(lgamma) IR_UNARY(digamma) IR_UNARY(is_finite)
IR_UNARY(not) IR_UNARY(population_count) IR_UNARY(clz) IR_UNARY(real) IR_UNARY(imag) IR_UNARY(conj)
IR_UNARY(stop_gradient) IR_UNARY(optimization_barrier) IR_BINARY(add) IR_BINARY(sub) IR_BINARY(mul) IR_BINARY(div)
IR_BINARY(rem) IR_BINARY(pow) IR_BINARY(atan2) IR_BINARY(max) IR_BINARY(min)
IR_BINARY(copysign) IR_BINARY(nextafter) IR_BINARY(and) IR_BINARY(or) IR_BINARY(xor)
IR_BINARY(shift_left) IR_BINARY(shift_right_logical)
IR_BINARY(shift_right_arithmetic) IR_BINARY(eq) IR_BINARY(ne) IR_BINARY(lt)
IR_BINARY(le) IR_BINARY(gt) IR_BINARY(ge) IR_BINARY(complex)
IR_BINARY(cotangent_mul) IR_BINARY(int_add) IR_BINARY(int_sub)
IR_BINARY(int_mul) IR_BINARY(int_floordiv) IR_BINARY(int_mod)
IR_BINARY(int_pow)

Value *ir_constant(Builder *, const Type *, int64_t n, const void *elements); /* n is 1 or all of them */
/* clang-format on */
Value *ir_fill(Builder *, const Type *, double);
Value *ir_fill_int(Builder *, const Type *, int64_t);
Value *ir_bool(Builder *, bool);
Value *ir_i64(Builder *, int64_t);
Value *ir_iota(Builder *, const Type *, int axis);
Value *ir_size(Builder *, const Dim *);                           /* i64[] */
const Dim *ir_bind_size(Builder *, Value *i64, const char *name); /* a constant gives that number */
Value *ir_select(Builder *, Value *c, Value *x, Value *y);
Value *ir_fma(Builder *, Value *x, Value *y, Value *z);
Value *ir_convert(Builder *, Value *, DType);
Value *ir_bitcast(Builder *, Value *, DType);
Value *ir_integer_pow(Builder *, Value *, int64_t);
Value *ir_broadcast(Builder *, Value *, const Type *like, const int64_t *map); /* to the shape of `like` */
Value *ir_broadcast_scalar(Builder *, Value *, const Type *like);
Value *ir_reshape(Builder *, Value *, const Type *like);
Value *ir_retype(Builder *, Value *, const Type *like, const char *message); /* nothing where the types are equal */
Value *ir_transpose(Builder *, Value *, const int64_t *perm);
Value *ir_slice(Builder *, Value *, const Dim *const *start, const Dim *const *limit, const int64_t *stride);
Value *ir_pad(Builder *, Value *, Value *filler, const Dim *const *low, const Dim *const *high,
              const int64_t *interior);
Value *ir_concatenate(Builder *, Value *const *, int n, int axis);
Value *ir_reverse(Builder *, Value *, int naxes, const int64_t *axes);
Value *ir_windows(Builder *, Value *, int naxes, const int64_t *axes, const int64_t *window, const int64_t *step,
                  const int64_t *dilation);
Value *ir_reduce(Builder *, Op, Value *, int naxes, const int64_t *axes);
Value *ir_scan(Builder *, Op, Value *, int axis, bool reversed); /* cumsum .. cummin */
Value *ir_arg(Builder *, Op, Value *, int axis, DType);
Value *ir_dot(Builder *, Value *, Value *, int batch, int naxes, const int64_t *lhs_axes, const int64_t *rhs_axes);
Value *ir_gather(Builder *, Value *x, Value *idx, int batch, int naxes, const int64_t *axes, GatherMode);
Value *ir_scatter(Builder *, Value *x, Value *idx, Value *u, int batch, int naxes, const int64_t *axes, Combine);
Value *ir_dynamic_slice(Builder *, Value *x, Value *const *starts, const Type *like);
Value *ir_dynamic_update_slice(Builder *, Value *x, Value *u, Value *const *starts);
Value *ir_index0(Builder *, Value *x, Value *i); /* x[i] along axis 0, clamped; i is an integer scalar */
Inst *ir_call(Builder *, Func *, Value *const *args, int nargs, const Dim *const *sizes);

/* rewrite.c: the walk that passes share */

typedef struct {
    Value **at; /* by old value id: what it has become */
    int n;
} ValueMap;
ValueMap value_map_new(Arena *, const Func *);
/* Where a copy comes from that is put in the place of a call: from where it came from, called from there. */
const Origin *origin_under(Compiler *, const Origin *inner, const Origin *call);
/* A new size for each that the instruction binds, unless the map knows it already. */
void binds_anew(Compiler *, const Inst *, DimMap *);
/* Copies one instruction (blocks and all) into another place, sizes replaced; sizes it binds become new ones where `fresh`. */
Inst *copy_inst(Builder *, const Inst *, ValueMap *, DimMap *, bool fresh);
void copy_block_into(Builder *, const Block *, ValueMap *, DimMap *,
                     bool fresh); /* its instructions; results are in the map */
/* An empty function with the name, sizes, parameters and other properties of the old one. */
Func *func_shell(Module *, const Func *old);
Func *copy_func(Module *, const Func *); /* calls in it are mended by module_copy */
/* A new module with one function for each that main or an exported one reaches (all, where there is neither), callees
** first; `fill` writes the body of the builder's function; calls are then mended to name the new functions. */
Module *module_rewrite(const Module *, void (*fill)(Builder *, const Func *old, void *context), void *context);
Module *module_copy(const Module *); /* a fresh arena; unreachable functions are left out */
bool value_is_used_only_by(const Value *, const Inst *);
/* use_counts[id] for every value of the function, blocks included. */
int *use_counts(Arena *, const Func *);

/* free.c: the values of surrounding blocks that an instruction's regions read, each once, in order of first use */

typedef struct {
    Value **at;
    int n, cap;
} FreeValues;
FreeValues free_values(Arena *, const Inst *);
FreeValues free_values_of_block(Arena *, const Block *);

/* print.c, read.c, verify.c */

void print_module(FILE *, const Module *);
void print_func(FILE *, const Func *);
void print_inst(FILE *, const Inst *); /* with its blocks */
void ir_dump(const Inst *);            /* to stderr, for a debugger */
const char *module_text(Arena *, const Module *);
Module *read_module(Compiler *, int file); /* diagnostics and NULL where the text is wrong */
/* What is wrong, and where; NULL where nothing is.  `at` may be NULL: the function itself. */
const char *verify_complaint(const Module *, const Func **func, const Inst **at);
void verify_module(const Module *); /* a mistake is our bug: names the pass and shows the instruction */

/* eval.c: runs the IR as it stands, slowly and simply; the meaning that every pass must keep */

typedef struct {
    const Type *type; /* with constant sizes */
    int64_t n;        /* elements */
    void *bytes;
} Tensor;
typedef struct {
    Arena *arena;
    FILE *out;             /* where print writes */
    char *failure;         /* NULL, or the message of the trap that ended it */
    int64_t steps;         /* instructions run, and one for each EVAL_STEP elements made of products added */
    int64_t *ran;          /* by operation, how often it was run; NULL: nobody asks */
    int64_t limit;         /* 0: none; else fails with "too long" */
    int64_t *sizes;        /* by SizeVar id */
    Arena *home;           /* outlives loop iterations: for the failure */
    int64_t readings;      /* of the clock, which ticks at each */
    int depth;             /* of calls */
    struct Shards *shards; /* of the pmap whose body runs */
} Eval;
enum { EVAL_STEP = 256 };
Tensor tensor_new(Arena *, const Type *);                     /* zeros */
bool eval_fail(Eval *, const char *format, ...) FORMAT(2, 3); /* records the failure; false */
bool eval_dim(Eval *, const Dim *, int64_t *value);
/* For operations that bind sizes: sets `binds[which]`; makes the results once their sizes are known. */
void eval_bind(Eval *, const Inst *, int which, int64_t size);
bool eval_make_results(Eval *, const Inst *, Tensor *results);
/* The template of print and its kin over those arguments; NULL after a failure. */
char *eval_format(Eval *, const char *format, int nargs, const Tensor *args);
int64_t eval_ask(Eval *, int question, const char *text, const char *other); /* runtime.h's questions about texts */
bool eval_number(Eval *, const char *text, DType, void *value);
bool eval_load(Eval *, const Inst *, const char *path, Tensor *result);
bool eval_flag(Eval *, const Inst *, Tensor *result);
/* eval_shards.c: a stack of the collective's first argument on every shard, and which of them runs; false where it must wait */
bool eval_shards(Eval *, const Inst *, const Tensor *args, Tensor *all, int64_t *mine);
/* Arguments to results; false with ev->failure after a trap. */
bool eval_func(Eval *, const Func *, const Tensor *args, Tensor *results);
/* Random arguments in the spirit of their dtypes, sizes drawn from 0..5 where they are free. */
bool eval_random_args(Compiler *, Arena *, const Func *, uint64_t seed, Tensor *args);
bool eval_inst(Eval *, const Inst *, const Tensor *args,
               Tensor *results); /* no regions: for folding and static values */

/* rules: what is particular to an operation, defined in ops/.  The structs of derivative rules are completed in ops.h. */

typedef struct Jvp Jvp;
typedef struct Transpose Transpose;
typedef struct Batch Batch;
typedef struct Rules {
    double (*real)(const double *x);             /* elementwise, floats; rounded to the dtype afterwards */
    int64_t (*integer)(const int64_t *x, DType); /* elementwise, integers and bool, in the argument's dtype */
    void (*complex)(const double (*x)[2], double y[2]);
    /* Result types of an instruction whose class has no rule of its own; an error in words, or NULL. */
    const char *(*shape)(Compiler *, const Inst *, const Type **results);
    bool (*eval)(Eval *, const Inst *, const Tensor *args, Tensor *results);
    void (*jvp)(const Jvp *);
    void (*transpose)(const Transpose *);
    bool (*batch)(const Batch *);            /* false: the class's rule serves */
    Value *(*fold)(Builder *, const Inst *); /* a simpler value for the same, or NULL */
} Rules;
extern const Rules *const op_rules[OP_COUNT]; /* ops/table.c; &no_rules where nothing is particular */

#endif
