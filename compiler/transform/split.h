/* split: cut a function in two, what can be computed now and what waits.
**
** Which parameters are known is given.  What follows from them goes into `forward`; the rest goes into `linear`, which is
** handed what it reads of the first part: the residuals.  forward.c writes the forward part, hold.c and keep.c decide
** what is handed over and what is computed again, wait.c writes the linear part. */
#ifndef JXL_TRANSFORM_SPLIT_H
#define JXL_TRANSFORM_SPLIT_H

#include "transform/walk.h"

typedef struct Split {
    Func *forward; /* known parameters -> known results, extra residuals */
    Func *linear;  /* residuals, unknown parameters -> unknown results */
    int nresiduals;
    int *from_param;   /* per residual: the parameter of f it is, or -1 */
    int *from_result;  /* per residual: the result of `forward` it is, or -1 */
    bool *unknown_out; /* per result of f */
} Split;
/* Results from `waits` on count as unknown even where they are not.  With `all_extra` residuals that are parameters or
** known results are extra results too.  `remat`, if not NULL, says which values may be residuals besides. */
const Split *split_func(Module *, const Func *, const bool *known, int waits, bool all_extra, const char *remat);

/* A forward block whose linear counterpart will need some of its values. */
typedef struct Scope {
    struct Scope *outer;
    Block *fwd;
    bool is_loop, has_index;
    bool replayed;       /* nothing is kept: the linear loop carries the known carries too */
    int carries;         /* known ones, which differ from round to round */
    int old_carries;     /* all of them */
    Value *const *given; /* in the scope around: what the parameters behind the carries are slices of (or are) */
    Values needed;       /* values of this block that the linear part reads */
    Map held;            /* those and what they are computed from, as soon as it is decided: -> Held* */
    Values handed;       /* those that the linear block has a parameter for, in that order */
    Values kept;         /* those that the forward block must give as extra results, in order */
    Map repeats;         /* instructions that are cheaper to repeat than their results are to keep */
    Map again;           /* instructions that the linear block does repeat */
} Scope;
typedef enum {
    HELD_AGAIN, /* computed again */
    HELD_GIVEN, /* the parameter is given what the forward parameter was given */
    HELD_INDEX, /* the loop index, or a carry that the linear loop carries too */
    HELD_KEPT   /* the forward block gives it as an extra result */
} Held;
extern const Held held_again, held_given, held_index, held_kept;

/* How an instruction that is known in part was cut. */
typedef struct {
    const Split *split; /* a call: how its callee was */
    Dims sizes;         /* a call: for the linear callee */
    Values residuals;   /* what the linear instruction is handed, values of the forward scope around */
    bool *mapped;       /* a pmap: which of them are */
    Scope **scopes;     /* of the sides of a cond or the body of a loop */
    int **slots;        /* cond: for each side, which residual each of its handed values is */
    Value *predicate;
    const Dim *trip;
    const Dim *states; /* a loop that is replayed: how many carries may be stored */
} Part;

typedef struct {
    Module *m;
    Arena *arena;
    const char *remat;
    int *uses;   /* by old id */
    Sizes bound; /* bound in the function and seen in its results */
    Marks unknown;
    Builder b;      /* of the forward function */
    ValueMap known; /* old id -> forward value */
    Scope *scope;
    Map parts;        /* old Inst* -> Part* */
    Builder l;        /* of the linear function */
    ValueMap waiting; /* old id -> linear value, of unknown ones */
    ValueMap held;    /* forward id -> linear value */
    DimMap no_sizes;
} Cut;

static inline bool is_unknown(const Cut *c, const Value *old) { return c->unknown.at[old->id]; }
static inline Value *forward_of(const Cut *c, const Value *old) { return c->known.at[old->id]; }
static inline bool is_cut(const Cut *c, const Inst *in) {
    return any_marked(&c->unknown, in->args, in->nargs) || reads_marked(&c->unknown, in) ||
           decision_is_marked(&c->unknown, in);
}
/* Not known at all: the linear part has the whole instruction. */
static inline bool waits_whole(const Cut *c, const Inst *in) {
    return !(is_call(in) || in->op == OP_cond || in->op == OP_for || in->op == OP_while) ||
           decision_is_marked(&c->unknown, in);
}

/* budget.c: how many carries the reverse sweep of a loop may store, of which these are known; NULL: as many as there are */
const Dim *states_of_loop(Cut *, const Inst *, Value *const *carries, int ncarries);

/* split.c: the callee of a call or pmap */
const Split *split_of_callee(Cut *, const Inst *, const bool *known);

/* forward.c */
void forward_block(Cut *, const Block *);

/* hold.c */
Scope *scope_new(Cut *, Scope *outer, Block *fwd);
void need(Cut *, Value *forward);
void settle(Cut *, Scope *); /* decides how everything needed is held */
/* It costs nothing to have: it is held already, stands outside, or is a parameter that is no carry. */
bool is_at_hand(const Scope *, const Value *);
/* A size in its type is bound in this block; if that is a body or a side, it is another each time. */
bool has_size_bound_here(const Scope *, const Value *);
static inline bool has_own_size(const Scope *s, const Value *w) { return s->outer && has_size_bound_here(s, w); }

/* keep.c */
void choose_repeats(Cut *, Scope *);
bool is_outer_product(const Inst *); /* much larger than what it is made of, and large */

/* silent.c: what is run again writes nothing */
bool happens_once(Arena *,
                  const Inst *); /* it cannot be run again: something in it happens in order and gives a result */
void copy_silently(Module *, Builder *, const Inst *, ValueMap *);
Func *silent_func(Module *, Func *); /* itself, if it writes nothing */

/* wait.c */
void linear_scope(Cut *, const Scope *, Value *const *params); /* at the start of a linear block: its handed values */
void linear_block(Cut *, const Block *);
Value *linear_of(Cut *, const Value *old);

#endif
