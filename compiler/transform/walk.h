/* walk: what the files of transform/ share.
**
** A transformation walks a function once and keeps for every old value what it means in the new one.  What it needs to
** know of a value beforehand (does it move, does it have lanes, is it known) it finds by a first walk, `Marks`. */
#ifndef JXL_TRANSFORM_WALK_H
#define JXL_TRANSFORM_WALK_H

#include "transform/transform.h"

typedef FreeValues Values;

/* memo.c: what has been made of a function already */

typedef enum {
    MEMO_JVP,
    MEMO_SPLIT,
    MEMO_TRANSPOSE,
    MEMO_LINEAR,
    MEMO_VMAP,
    MEMO_INLINED,
    MEMO_CHAIN,
    MEMO_SILENT,
    MEMO_CHECKED, /* functions */
    MEMO_ACTIVE,
    MEMO_UNKNOWN,
    MEMO_LANES,
    MEMO_SEARCH /* marks of results */
} MemoKind;
typedef struct {
    MemoKind kind;
    const Func *func;
    const bool *mask; /* per parameter, and whatever else the result depends on */
    int nmask;
    int64_t number;
    const char *name; /* of the axis that vmap maps over, or what a remat keeps; or NULL */
} MemoKey;
void *memo_get(Module *, const MemoKey *); /* NULL: not yet made */
void memo_set(Module *, const MemoKey *, void *);

/* A function that calls itself is met again while it is made.  Its results are promised: they have types, and values
** without definition until block_return says what they are. */
void promise_result(Func *, const Type *);
bool calls_itself(Module *, const Func *);
bool func_reaches(Module *, const Func *from, const Func *to); /* by calls */

/* chain.c: a function that calls itself at one place only, as loops; others as they are */
const Func *as_loops(Module *, const Func *);

/* marks.c: a property that spreads from arguments to results */

typedef struct Marks {
    Module *module;
    Arena *arena;
    bool *at; /* by value id */
    bool any; /* something was marked since this was last cleared */
    struct {
        const SizeVar **at;
        int n, cap;
    } sizes; /* bound by a while whose predicate is marked */
    /* Marks the results of an instruction without regions. */
    void (*spread)(struct Marks *, const Inst *);
    const char *name; /* of the axis that vmap maps over, or NULL */
} Marks;
Marks marks_new(Module *, const Func *, void (*spread)(Marks *, const Inst *), const char *name);
void mark(Marks *, const Value *);
bool any_marked(const Marks *, Value *const *, int n);
void mark_sizes(Marks *, const Sizes *);  /* they differ */
void marks_block(Marks *, const Block *); /* to a fixed point, loops included */
bool dim_is_marked(const Marks *, const Dim *);
/* What decides how often (or which) blocks run is marked: then so is everything they give. */
bool decision_is_marked(const Marks *, const Inst *);
/* Some value of the blocks around that the regions read is marked. */
bool reads_marked(const Marks *, const Inst *);

/* flow.c: which results of a function are marked if those parameters are */
const bool *marked_results(Module *, MemoKind, const Func *, const bool *mask, void (*spread)(Marks *, const Inst *),
                           const char *name);
const bool *marked_by_call(Marks *, MemoKind, const Inst *call);

/* common.c */

const Origin *origin_made(Arena *, const Origin *, const char *what);
Func *func_like(Module *, const Func *, const char *what); /* "jvp.f", same size parameters, titled "jvp(f)" */
const Attrs *attrs_loop(Arena *, const Dim *trip, int carries, bool reversed);
/* The call of a function made from another: sizes of the result that the callee binds become `binds`. */
Inst *call_with_sizes(Builder *, Func *, Value *const *args, int nargs, Dims sizes, Sizes binds);
/* A call, or the same for each shard of a pmap. */
static inline bool is_call(const Inst *in) { return in->op == OP_call || in->op == OP_pmap; }
/* Arguments of a call, with whether they are mapped where it is a pmap. */
typedef struct {
    Values args;
    struct {
        int64_t *at;
        int n, cap;
    } mapped;
} CallArgs;
void call_arg(Arena *, CallArgs *, Value *, bool mapped);
static inline bool is_mapped(const Inst *call, int arg) { return call->op == OP_pmap && call->attrs->mapped.at[arg]; }
/* Like the instruction `like`, a call or a pmap, of another function. */
Inst *call_like(Builder *, const Inst *like, Func *, const CallArgs *, Dims sizes, Sizes binds);
/* Some collective over the axis of that name (of any, where it is NULL) stands in the instruction or in what it calls. */
bool speaks_of(const Inst *, const char *name);
Dims sizes_of(Module *, const Func *); /* the size parameters as sizes: for a call from a function that has the same */
Value **values_new(Arena *, int n);
bool *bools_new(Arena *, int n);
int count_true(const bool *, int n);
/* inline.c: the same function with vmaps in the place of pmaps, and calls that hide one, or a collective, replaced */
const Func *with_pmaps_bared(Module *, const Func *);
/* the same function with those calls replaced by what they call in which lanes could differ unseen */
const Func *with_calls_bared(Module *, const Func *);
/* the same function with short calls replaced */
const Func *with_short_calls_bared(Module *, const Func *);

/* transform_clean of a function just made, in place: who calls it already keeps calling it. */
void clean_made(Module *, Func *raw);

#endif
