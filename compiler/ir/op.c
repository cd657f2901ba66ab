/* op: the table of operations, and what follows from it for an instruction. */
#include "ir/internal.h"

#include <string.h>

typedef struct {
    const char *name;
    int nargs, nresults;
    OpClass class;
    Linear linear;
    Effect effect;
    const char *attrs; /* "shape|map" */
    const char *meaning;
} Row;

static const Row rows[OP_COUNT] = {
#define OP(name, args, results, class, linear, effect, attrs, meaning)                                                 \
    { #name, args, results, CLASS_##class, LINEAR_##linear, EFFECT_##effect, #attrs, meaning },
#include "ops/ops.def"
#undef OP
};

const char *op_name(Op op) { return rows[op].name; }
int op_nargs(Op op) { return rows[op].nargs; }
int op_nresults(Op op) { return rows[op].nresults; }
OpClass op_class(Op op) { return rows[op].class; }
Linear op_linear(Op op) { return rows[op].linear; }
Effect op_effect(Op op) { return rows[op].effect; }
const char *op_meaning(Op op) { return rows[op].meaning; }

bool op_from_name(const char *name, Op *op) {
    for (int i = 0; i < OP_COUNT; i++)
        if (!strcmp(name, rows[i].name)) {
            *op = (Op)i;
            return true;
        }
    return false;
}

static const char *const attr_names[ATTR_COUNT] = {
#define ATTR(name, kind, under_vmap, meaning) #name,
#include "ir/attrs.def"
#undef ATTR
};
const char *attr_name(AttrIndex a) { return attr_names[a]; }

/* The attributes of each row as bits; the words of the column are these constants. */
static uint64_t attr_bits(Op op) {
    enum { none = 0 };
#define ATTR(name, kind, under_vmap, meaning) const uint64_t name = UINT64_C(1) << ATTR_INDEX_##name;
#include "ir/attrs.def"
#undef ATTR
    switch (op) {
#define OP(name, args, results, class, linear, effect, attrs, meaning)                                                 \
    case OP_##name:                                                                                                    \
        return attrs;
#include "ops/ops.def"
#undef OP
    default: return 0;
    }
}
bool op_has_attr(Op op, AttrIndex a) { return attr_bits(op) >> a & 1; }

/* Effects of a function's body; a function that is being looked at already adds nothing. */
typedef struct Looking {
    const Func *func;
    const struct Looking *before;
} Looking;

static Effect effect_of(const Inst *, const Looking *);

static Effect effect_of_block(const Block *b, const Looking *looking) {
    Effect e = EFFECT_NONE;
    for (const Inst *in = b->first; in && e != EFFECT_ORDERED; in = in->next) {
        Effect one = effect_of(in, looking);
        if (one > e) e = one;
    }
    return e;
}

static Effect effect_of(const Inst *in, const Looking *looking) {
    Effect e = rows[in->op].effect;
    for (int i = 0; i < in->nregions && e != EFFECT_ORDERED; i++) {
        Effect one = effect_of_block(in->regions[i], looking);
        if (one > e) e = one;
    }
    const Func *callee = in->attrs->callee;
    if (e == EFFECT_ORDERED || !callee || !op_has_attr(in->op, ATTR_INDEX_callee)) return e;
    for (const Looking *l = looking; l; l = l->before)
        if (l->func == callee) return e;
    Effect one = effect_of_block(callee->body, &(Looking){ callee, looking });
    return one > e ? one : e;
}

Effect inst_effect(const Inst *in) { return effect_of(in, NULL); }
bool inst_is_pure(const Inst *in) { return inst_effect(in) == EFFECT_NONE; }

int inst_result_count(const Inst *in) {
    int n = rows[in->op].nresults;
    if (n >= 0) return n;
    switch (in->op) {
    case OP_sort:
    case OP_barrier: return in->nargs;
    case OP_load_parts: return in->nargs - 1;
    case OP_shard_begin: return in->nargs + 1;
    case OP_shard_end: return in->nargs / 2;
    case OP_while: return in->nregions == 2 ? in->regions[1]->nresults : 0;
    case OP_cond:
    case OP_for:
    case OP_kernel: return in->nregions ? in->regions[0]->nresults : 0;
    default: return in->attrs->callee ? in->attrs->callee->body->nresults : 0; /* calls */
    }
}
