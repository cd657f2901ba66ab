/* build: appends instructions to a block.
**
** `emit` infers the types of the results, takes a simpler value where there is one, takes an equal earlier one where that
** can be seen from here, and appends otherwise.  So whoever writes IR may write the obvious thing. */
#include "ir/internal.h"

#include <string.h>

/* What was appended before, by content.  Entries are a stack: leaving a block forgets its own. */
typedef struct {
    uint64_t hash;
    Inst *inst;
    int below; /* the entry of the same slot before this one, or -1 */
} Entry;
typedef struct {
    Block *block; /* to go back to */
    int entries;
} Entered;
struct Shared {
    struct {
        Entry *at;
        int n, cap;
    } entries;
    struct {
        Entered *at;
        int n, cap;
    } entered;
    int *slots; /* the newest entry of each, or -1 */
    int nslots;
    int barrier; /* entries before this one are behind a clock reading: what follows is computed anew */
};

Builder builder_new(Func *f) {
    Builder b = { .module = f->module, .cx = f->module->cx, .arena = f->module->arena, .func = f, .block = f->body };
    b.shared = NEW(b.arena, Shared);
    return b;
}

static void rehash(Builder *b, int nslots) {
    Shared *s = b->shared;
    s->nslots = nslots;
    s->slots = NEW_ARRAY(b->arena, int, nslots);
    for (int i = 0; i < nslots; i++) s->slots[i] = -1;
    for (int i = 0; i < s->entries.n; i++) {
        int *slot = &s->slots[s->entries.at[i].hash % (uint64_t)nslots];
        s->entries.at[i].below = *slot;
        *slot = i;
    }
}

static uint64_t content_hash(const Inst *in) {
    uint64_t h = attrs_hash(in->op, in->attrs);
    for (int i = 0; i < in->nargs; i++) h = hash_bytes(&in->args[i], sizeof in->args[i], h);
    return h;
}

static Inst *find_equal(const Builder *b, const Inst *in, uint64_t hash) {
    const Shared *s = b->shared;
    if (!s->nslots) return NULL;
    for (int i = s->slots[hash % (uint64_t)s->nslots]; i >= 0; i = s->entries.at[i].below) {
        Inst *old = s->entries.at[i].inst;
        if (i < s->barrier && in->op != OP_constant) continue;
        if (s->entries.at[i].hash == hash && old->op == in->op && old->nargs == in->nargs &&
            (!in->nargs || !memcmp(old->args, in->args, sizeof *in->args * (size_t)in->nargs)) &&
            attrs_equal(in->op, old->attrs, in->attrs)) {
            if (old->origin != b->origin) old->elsewhere = true;
            return old;
        }
    }
    return NULL;
}

static void remember(Builder *b, Inst *in, uint64_t hash) {
    Shared *s = b->shared;
    if (2 * s->entries.n >= s->nslots) rehash(b, s->nslots ? 2 * s->nslots : 64);
    int *slot = &s->slots[hash % (uint64_t)s->nslots];
    PUSH(b->arena, &s->entries, ((Entry){ hash, in, *slot }));
    *slot = s->entries.n - 1;
}

void builder_enter(Builder *b, Block *block) {
    Shared *s = b->shared;
    PUSH(b->arena, &s->entered, ((Entered){ b->block, s->entries.n }));
    b->block = block;
}

void builder_leave(Builder *b) {
    Shared *s = b->shared;
    if (!s->entered.n) bug(b->cx, "a block is left that was not entered");
    b->block = s->entered.at[--s->entered.n].block;
    while (s->entries.n > s->entered.at[s->entered.n].entries) {
        Entry *e = &s->entries.at[--s->entries.n];
        s->slots[e->hash % (uint64_t)s->nslots] = e->below;
    }
    if (s->barrier > s->entries.n) s->barrier = s->entries.n;
}

void block_return(Builder *b, Value **results, int n) {
    b->block->results = arena_copy(b->arena, results, sizeof *results * (size_t)n);
    b->block->nresults = n;
}

/* Does it read the clock, or wait for what it is given?  Nothing is shared across such a place. */
static bool is_barrier(const Inst *in) {
    return in->op == OP_time || in->op == OP_barrier ||
           (op_class(in->op) == CLASS_CONTROL && inst_effect(in) == EFFECT_ORDERED);
}

/* Equal instructions may be one: they have no effect, or only one that would have ended the program the first time. */
static bool may_be_shared(const Inst *in) {
    return in->nregions == 0 && !op_has_attr(in->op, ATTR_INDEX_binds) && op_effect(in->op) != EFFECT_ORDERED &&
           op_class(in->op) != CLASS_CONTROL;
}

static Inst *append(Builder *b, const Inst *probe, const Type *const *types) {
    Inst *in = arena_copy(b->arena, probe, sizeof *probe);
    in->args = arena_copy(b->arena, probe->args, sizeof *probe->args * (size_t)probe->nargs);
    in->attrs = attrs_copy(b->arena, probe->op, probe->attrs);
    in->regions = arena_copy(b->arena, probe->regions, sizeof *probe->regions * (size_t)probe->nregions);
    for (int i = 0; i < in->nregions; i++) in->regions[i]->parent = in;
    block_append(b->block, in, types);
    if (is_barrier(in)) b->shared->barrier = b->shared->entries.n;
    return in;
}

enum { FEW = 16 };

static const Type **types_or_bug(Builder *b, Inst *probe, const Type **few) {
    const Type **types = probe->nresults > FEW ? NEW_ARRAY(b->arena, const Type *, probe->nresults) : few;
    const char *wrong = inst_types(b->cx, probe, types);
    if (wrong) bug(b->cx, "%s in @%s: %s", op_name(probe->op), b->func->name, wrong);
    return types;
}

static Inst probe_of(Builder *b, Op op, Value *const *args, int nargs, const Attrs *attrs) {
    Inst probe = { .op = op, .args = (Value **)args, .nargs = nargs, .attrs = attrs ? attrs : &no_attrs };
    probe.origin = b->origin;
    probe.block = b->block;
    probe.nresults = inst_result_count(&probe);
    return probe;
}

const char *emit_check(Builder *b, Op op, Value *const *args, int nargs, const Attrs *attrs) {
    Inst probe = probe_of(b, op, args, nargs, attrs);
    const Type *few[FEW];
    return inst_types(b->cx, &probe, probe.nresults > FEW ? NEW_ARRAY(b->arena, const Type *, probe.nresults) : few);
}

Value *emit(Builder *b, Op op, Value *const *args, int nargs, const Attrs *attrs) {
    Inst probe = probe_of(b, op, args, nargs, attrs);
    const Type *few[FEW], **types = types_or_bug(b, &probe, few);
    if (probe.nresults != 1) bug(b->cx, "%s in @%s has %d results", op_name(op), b->func->name, probe.nresults);
    if (!b->plain) {
        Value *type_only = &(Value){ .type = types[0], .def = &probe, .block = b->block, .id = -1 };
        probe.results = &type_only;
        Value *simpler = fold_inst(b, &probe);
        if (simpler && simpler->type != types[0])
            bug(b->cx, "%s in @%s: %s was folded to %s", op_name(op), b->func->name, type_text(b->cx, types[0]),
                type_text(b->cx, simpler->type));
        if (simpler) return simpler;
        probe.results = NULL;
    }
    bool share = !b->plain && may_be_shared(&probe);
    uint64_t hash = share ? content_hash(&probe) : 0;
    Inst *old = share ? find_equal(b, &probe, hash) : NULL;
    if (old) return old->results[0];
    Inst *in = append(b, &probe, types);
    if (share) remember(b, in, hash);
    return in->results[0];
}

Inst *emit_inst(Builder *b, Op op, Value *const *args, int nargs, const Attrs *attrs) {
    Inst probe = probe_of(b, op, args, nargs, attrs);
    const Type *few[FEW], **types = types_or_bug(b, &probe, few);
    bool share = !b->plain && may_be_shared(&probe);
    uint64_t hash = share ? content_hash(&probe) : 0;
    Inst *old = share ? find_equal(b, &probe, hash) : NULL;
    if (old) return old;
    Inst *in = append(b, &probe, types);
    if (share) remember(b, in, hash);
    return in;
}

Inst *emit_checked(Builder *b, Op op, Value *const *args, int nargs, const Attrs *attrs, Block **regions, int nregions,
                   const char **wrong) {
    Inst probe = probe_of(b, op, args, nargs, attrs);
    probe.regions = regions;
    probe.nregions = nregions;
    probe.nresults = inst_result_count(&probe);
    const Type **types = NEW_ARRAY(b->arena, const Type *, probe.nresults);
    *wrong = inst_types(b->cx, &probe, types);
    return *wrong ? NULL : append(b, &probe, types);
}

Inst *emit_region(Builder *b, Op op, Value *const *args, int nargs, const Attrs *attrs, Block **regions, int nregions) {
    Inst probe = probe_of(b, op, args, nargs, attrs);
    probe.regions = regions;
    probe.nregions = nregions;
    probe.nresults = inst_result_count(&probe);
    const Type *few[FEW], **types = types_or_bug(b, &probe, few);
    return append(b, &probe, types);
}
