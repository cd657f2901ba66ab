/* outline: parts of a function as functions of their own.
**
** A piece of a parallel loop must be one.  Others become one because LLVM's time grows faster than a function does: in a block
** that is large, loops and branches that give no values become calls, and what is then still long is cut into stretches.  What
** a part reads of the function around it travels in a record on that function's stack, and so does what is read of it later.
** Parts that do the same are one function: twelve equal layers are compiled once. */
#include "emit/llvm.h"

#include <string.h>

enum { LARGE = 1200 /* instructions of a block that is left as it is */, STRETCH = 400, SMALL = 16 };

/* Instructions from `first` up to `stop`, which is not one of them. */
typedef struct {
    const LInst *first, *stop;
    const LBlock *params; /* of a parallel loop: its index and end are parameters */
    bool large;           /* a stretch of a large block */
    int end;              /* of a stretch: which instruction of the block comes behind it */
    struct {
        LValue **at;
        int n, cap;
    } in, out;
} Part;

/* Of the function in hand, by value id. */
struct Outline {
    Map sizes;   /* blocks' instructions */
    int *number; /* what a value is called in the part in hand */
    int *round;  /* ... where this is the number of the part */
    int *last;   /* which instruction of the block that is cut reads it last */
    int now;
};

void outline_begin(Emit *e, const LFunc *f) {
    struct Outline *o = e->outline = NEW(e->cx->arena, struct Outline);
    o->sizes = map_new(e->cx->arena);
    o->number = NEW_ARRAY(e->cx->arena, int, f->nvalues + 1);
    o->round = NEW_ARRAY(e->cx->arena, int, f->nvalues + 1);
    o->last = NEW_ARRAY(e->cx->arena, int, f->nvalues + 1);
}

static int size_of(Emit *e, const LBlock *block) {
    intptr_t known = (intptr_t)map_get(&e->outline->sizes, block), n = 1;
    if (known) return (int)known;
    for (const LInst *in = block->first; in; in = in->next) {
        n++;
        for (int k = 0; k < in->nblocks; k++) n += size_of(e, in->blocks[k]);
    }
    map_set(&e->outline->sizes, block, (void *)n);
    return (int)n;
}

static int size_with_blocks(Emit *e, const LInst *in) {
    int n = 1;
    for (int k = 0; k < in->nblocks; k++) n += size_of(e, in->blocks[k]);
    return n;
}

/* The same in every function. */
static bool is_constant(const LValue *v) {
    return v->def &&
           (v->def->op == LOOP_const || v->def->op == LOOP_data || v->def->op == LOOP_text || v->def->op == LOOP_iota);
}

/* Memory on the stack may be used behind the stretch, by way of what points into it: the function around it has it. */
static bool outlives(const Part *p, const LInst *in) { return p->end && in->op == LOOP_stack; }

/* what a part reads, and what it does as bytes: equal ones for equal parts */

typedef struct {
    Emit *e;
    Part *part;
    char *key;
    int n, cap;
    int next; /* the number of the next value */
} Reading;

static void put(Reading *r, const void *bytes, size_t n) {
    if (r->n + (int)n > r->cap) {
        int cap = 2 * (r->cap + (int)n);
        r->key = arena_grow(r->e->cx->arena, r->key, (size_t)r->cap, (size_t)cap);
        r->cap = cap;
    }
    memcpy(r->key + r->n, bytes, n);
    r->n += (int)n;
}

static void put_int(Reading *r, int64_t x) { put(r, &x, sizeof x); }
static void put_type(Reading *r, LType t) { put(r, &t, sizeof t); }

static void define(Reading *r, const LValue *v) {
    struct Outline *o = r->e->outline;
    o->round[v->id] = o->now;
    o->number[v->id] = r->next++;
    put_type(r, v->type);
}

static void read_value(Reading *r, LValue *v) {
    struct Outline *o = r->e->outline;
    if (is_constant(v)) {
        put_int(r, -1 - (int64_t)v->def->op);
        put_type(r, v->type);
        put_int(r, v->def->n);
        if (v->def->op == LOOP_data) put(r, v->def->bytes, (size_t)v->def->n);
        if (v->def->op == LOOP_text) put_int(r, (intptr_t)v->def->bytes);
        return;
    }
    if (o->round[v->id] != o->now) {
        define(r, v);
        PUSH(r->e->cx->arena, &r->part->in, v);
    }
    put_int(r, o->number[v->id]);
}

static void read_block(Reading *r, const LBlock *block);

static void read_inst(Reading *r, const LInst *in) {
    if (in->nresults == 1 && is_constant(in->results[0])) return;
    put_int(r, in->op);
    put_int(r, (int64_t)in->fn << 32 | in->entry);
    put_int(r, in->n);
    put_int(r, in->m);
    put_int(r, (intptr_t)in->callee);
    put_int(r, in->nargs);
    for (int i = 0; i < in->nargs; i++) read_value(r, in->args[i]);
    if (in->pick) put(r, in->pick, sizeof *in->pick * in->results[0]->type.lanes);
    for (int k = 0; k < in->nblocks; k++) read_block(r, in->blocks[k]);
    put_int(r, in->nresults);
    for (int i = 0; i < in->nresults; i++) define(r, in->results[i]);
}

static void read_block(Reading *r, const LBlock *block) {
    put_int(r, block->nparams);
    for (int i = 0; i < block->nparams; i++) define(r, block->params[i]);
    for (const LInst *in = block->first; in; in = in->next) read_inst(r, in);
    put_int(r, block->nresults);
    for (int i = 0; i < block->nresults; i++) read_value(r, block->results[i]);
}

static void read_part(Reading *r) {
    r->e->outline->now++;
    for (int i = 0; r->part->params && i < r->part->params->nparams; i++) define(r, r->part->params->params[i]);
    for (const LInst *in = r->part->first; in != r->part->stop; in = in->next) {
        if (!outlives(r->part, in)) read_inst(r, in);
    }
}

/* building */

static LLVMValueRef slot(Emit *e, LLVMValueRef record, LLVMTypeRef type, int k) {
    LLVMTargetDataRef layout = LLVMGetModuleDataLayout(e->module);
    return byte_offset(e, record, int_const(e->i64, (int64_t)LLVMOffsetOfElement(layout, type, (unsigned)k)));
}

static void slot_store(Emit *e, const LValue *v, LLVMValueRef record, LLVMTypeRef type, int k) {
    LLVMTypeRef t = memory_type(e, v->type);
    LLVMValueRef x = e->value[v->id];
    if (v->type.dtype == DT_bool) x = LLVMBuildZExt(e->b, x, t, "");
    store_to(e, x, slot(e, record, type, k), (int)LLVMABIAlignmentOfType(LLVMGetModuleDataLayout(e->module), t));
}

static void slot_load(Emit *e, const LValue *v, LLVMValueRef record, LLVMTypeRef type, int k) {
    LLVMTypeRef t = memory_type(e, v->type);
    LLVMValueRef x =
        load_from(e, t, slot(e, record, type, k), (int)LLVMABIAlignmentOfType(LLVMGetModuleDataLayout(e->module), t));
    e->value[v->id] = v->type.dtype == DT_bool ? LLVMBuildTrunc(e->b, x, type_in(e, v->type), "") : x;
}

static bool is_part(Emit *e, const LInst *in) {
    if (!in->nblocks || in->nresults || in->op == LOOP_parallel) return false;
    int n = size_with_blocks(e, in);
    return n >= SMALL && n <= LARGE;
}

static void call_part(Emit *e, Part *p);

static void part_insts(Emit *e, const Part *p) {
    for (const LInst *in = p->first; in != p->stop; in = in->next) {
        if (in->nresults == 1 && is_constant(in->results[0]) && e->value[in->results[0]->id]) continue;
        if (p->large && is_part(e, in))
            call_part(e, &(Part){ .first = in, .stop = in->next });
        else if (!outlives(p, in))
            inst(e, in);
    }
}

/* int part(call, record, lo, hi) */
static LLVMValueRef part_function(Emit *e, const Part *p, LLVMTypeRef record) {
    LLVMTypeRef params[] = { e->ptr, e->ptr, e->i64, e->i64 };
    LLVMTypeRef type = LLVMFunctionType(e->i32, params, 4, false);
    LLVMValueRef f = LLVMAddFunction(e->module, arena_text(e->cx->arena, "%s.piece", LLVMGetValueName(e->func)), type);
    LLVMSetLinkage(f, LLVMInternalLinkage);

    Emit outer = *e;
    LLVMBasicBlockRef from = LLVMGetInsertBlock(e->b);
    LLVMMetadataRef place = LLVMGetCurrentDebugLocation2(e->b);
    LLVMValueRef *was = NEW_ARRAY(e->cx->arena, LLVMValueRef, p->in.n + 1);
    for (int k = 0; k < p->in.n; k++) was[k] = e->value[p->in.at[k]->id];

    function_begin(e, f);
    debug_function(e, f, p->params ? "a parallel loop" : "a part", p->first ? p->first->origin : NULL);
    if (p->first) debug_place(e, p->first->origin);
    LLVMValueRef at = LLVMGetParam(f, 1);
    for (int k = 0; k < p->in.n; k++) slot_load(e, p->in.at[k], at, record, k);
    for (int k = 0; p->params && k < 2; k++) e->value[p->params->params[k]->id] = LLVMGetParam(f, 2 + (unsigned)k);
    part_insts(e, p);
    for (int k = 0; k < p->out.n; k++) slot_store(e, p->out.at[k], at, record, p->in.n + k);
    function_finish(e);

    for (int k = 0; k < p->in.n; k++) e->value[p->in.at[k]->id] = was[k];
    *e = outer;
    LLVMPositionBuilderAtEnd(e->b, from);
    LLVMSetCurrentDebugLocation2(e->b, place);
    return f;
}

/* The part as a function, its record filled. */
static LLVMValueRef part_of(Emit *e, Part *p, LLVMTypeRef *record, LLVMValueRef *place) {
    Reading r = { .e = e, .part = p };
    read_part(&r);
    int n = p->in.n + p->out.n;
    LLVMTypeRef *fields = NEW_ARRAY(e->cx->arena, LLVMTypeRef, n + 1);
    for (int k = 0; k < n; k++) {
        fields[k] = memory_type(e, (k < p->in.n ? p->in.at[k] : p->out.at[k - p->in.n])->type);
    }
    *record = LLVMStructTypeInContext(e->llvm, fields, (unsigned)n, false);
    *place = stack_place(e, (int64_t)LLVMABISizeOfType(LLVMGetModuleDataLayout(e->module), *record), 64);
    for (int k = 0; k < p->in.n; k++) slot_store(e, p->in.at[k], *place, *record, k);
    bool shared = !e->debug && !p->out.n;
    LLVMValueRef f = shared ? map_get_bytes(e->parts, r.key, r.n) : NULL;
    if (!f) f = part_function(e, p, *record);
    if (shared) map_set_bytes(e->parts, r.key, r.n, f);
    return f;
}

/* args: count, grain */
void parallel(Emit *e, const LInst *in) {
    Part p = { .first = in->blocks[0]->first, .params = in->blocks[0] };
    LLVMTypeRef record, params[] = { e->ptr, e->ptr, e->ptr, e->i64, e->i64 }, type;
    LLVMValueRef place, piece = LLVMBuildBitCast(e->b, part_of(e, &p, &record, &place), e->ptr, "");
    LLVMValueRef f = function_named(e, "jxl_parallel_for", e->i32, 5, params, &type);
    LLVMValueRef args[] = { e->call, piece, place, e->value[in->args[0]->id], e->value[in->args[1]->id] };
    leave_unless_zero(e, LLVMBuildCall2(e->b, type, f, args, 5, ""));
}

static void call_part(Emit *e, Part *p) {
    LLVMTypeRef record, params[] = { e->ptr, e->ptr, e->i64, e->i64 };
    LLVMTypeRef type = LLVMFunctionType(e->i32, params, 4, false);
    LLVMValueRef place, f = part_of(e, p, &record, &place), zero = int_const(e->i64, 0);
    LLVMValueRef args[] = { e->call, place, zero, zero };
    leave_unless_zero(e, LLVMBuildCall2(e->b, type, f, args, 4, ""));
    for (int k = 0; k < p->out.n; k++) slot_load(e, p->out.at[k], place, record, p->in.n + k);
}

/* large blocks */

static void note_reads(Emit *e, const LInst *in, int at) {
    for (int i = 0; i < in->nargs; i++) e->outline->last[in->args[i]->id] = at;
    for (int k = 0; k < in->nblocks; k++) {
        for (const LInst *inner = in->blocks[k]->first; inner; inner = inner->next) note_reads(e, inner, at);
        for (int i = 0; i < in->blocks[k]->nresults; i++) e->outline->last[in->blocks[k]->results[i]->id] = at;
    }
}

static int weight(Emit *e, const LInst *in) { return in->nblocks && !is_part(e, in) ? size_with_blocks(e, in) : 4; }

/* What a stretch makes that is read behind it. */
static void find_out(Emit *e, Part *p) {
    for (const LInst *in = p->first; in != p->stop; in = in->next) {
        if (outlives(p, in)) {
            inst(e, in);
            continue;
        }
        for (int i = 0; i < in->nresults; i++) {
            bool read = e->outline->last[in->results[i]->id] >= p->end;
            if (read && !is_constant(in->results[i])) PUSH(e->cx->arena, &p->out, in->results[i]);
        }
    }
}

static void cut(Emit *e, const LBlock *block) {
    struct {
        Part *at;
        int n, cap;
    } parts = { 0 };
    int at = 0, n = 0;
    for (const LInst *in = block->first; in; in = in->next) {
        note_reads(e, in, at++);
        if (in->nresults == 1 && is_constant(in->results[0])) inst(e, in); /* for all stretches */
    }
    for (int i = 0; i < block->nresults; i++) e->outline->last[block->results[i]->id] = at;
    Part p = { .first = block->first, .large = true };
    at = 0;
    for (const LInst *in = block->first; in; in = in->next) {
        at++;
        n += weight(e, in);
        if (n < STRETCH && in->next) continue;
        p.stop = in->next;
        p.end = at;
        find_out(e, &p);
        PUSH(e->cx->arena, &parts, p);
        p = (Part){ .first = in->next, .large = true };
        n = 0;
    }
    for (int i = 0; i < parts.n; i++) call_part(e, &parts.at[i]);
}

void block_insts(Emit *e, const LBlock *block) {
    Part all = { .first = block->first, .large = size_of(e, block) > LARGE };
    int64_t n = 0;
    for (const LInst *in = block->first; in && all.large; in = in->next) n += weight(e, in);
    if (n > LARGE && block->first->next)
        cut(e, block);
    else
        part_insts(e, &all);
}
