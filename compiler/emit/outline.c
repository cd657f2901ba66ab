/* outline: parts of a function as functions of their own.
**
** A piece of a parallel loop must be one.  Others become one because LLVM's time grows faster than a function does: in a block
** that is large, loops and branches that give no values become calls, and what is then still long is cut into stretches.  What
** a part reads of the function around it travels in a record on that function's stack, and so does what is read of it later.
** Parts that do the same are one function: twelve equal layers are compiled once.
**
** Equal layers read and write at different places of what their arrays are stacked in.  So a large number is a base, a multiple
** of FAR, and a rest; parts that differ in bases only are one function too, which is given its bases. */
#include "emit/llvm.h"

#include <string.h>

enum { LARGE = 1200 /* instructions of a block that is left as it is */, STRETCH = 400, SMALL = 16, FAR = 1 << 16 };

/* What a part reads, and what it does as bytes: equal ones for parts that are equal but for their bases. */
typedef struct Reading {
    struct {
        LValue **at;
        int n, cap;
    } in, far; /* values from around it; numbers that have a base */
    struct {
        int64_t *at;
        int n, cap;
    } bases;
    char *key;
    int n, cap;
    int next;             /* the number of the next value */
    bool given;           /* its bases */
    struct Reading *like; /* the first that is equal but for its bases */
} Reading;

struct Base {
    int64_t number;
    LLVMValueRef value;
};

/* Instructions from `first` up to `stop`, which is not one of them. */
typedef struct {
    const LInst *first, *stop;
    const LBlock *params; /* of a parallel loop: its index and end are parameters */
    bool large;           /* a stretch of a large block */
    bool once;            /* what runs once in the program, and has no loops: not worth optimizing */
    int end;              /* of a stretch: which instruction of the block comes behind it */
    struct {
        LValue **at;
        int n, cap;
    } out;
} Part;

/* Of the function in hand, by value id. */
struct Outline {
    Map sizes;   /* blocks' instructions */
    Map read;    /* Reading of a parallel loop's block */
    int *number; /* what a value is called in the part in hand */
    int *round;  /* ... where this is the number of the part */
    int *last;   /* which instruction of the block that is cut reads it last */
    int now;
};

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

static bool is_far(const LValue *v) {
    return v->def && v->def->op == LOOP_const && v->type.dtype == DT_i64 && v->type.lanes == 1 && v->def->n >= FAR;
}
static int64_t rest_of(const LValue *v) { return v->def->n % FAR; }
static int64_t base_of(const LValue *v) { return v->def->n - rest_of(v); }

/* reading */

static void put(Emit *e, Reading *r, const void *bytes, size_t n) {
    if (r->n + (int)n > r->cap) {
        int cap = 2 * (r->cap + (int)n);
        r->key = arena_grow(e->cx->arena, r->key, (size_t)r->cap, (size_t)cap);
        r->cap = cap;
    }
    if (n) memcpy(r->key + r->n, bytes, n);
    r->n += (int)n;
}

static void put_int(Emit *e, Reading *r, int64_t x) { put(e, r, &x, sizeof x); }
static void put_type(Emit *e, Reading *r, LType t) { put(e, r, &t, sizeof t); }

static void define(Emit *e, Reading *r, const LValue *v) {
    struct Outline *o = e->outline;
    o->round[v->id] = o->now;
    o->number[v->id] = r->next++;
    put_type(e, r, v->type);
}

static int number_of_base(Emit *e, Reading *r, int64_t base) {
    int k = 0;
    while (k < r->bases.n && r->bases.at[k] != base) k++;
    if (k == r->bases.n) PUSH(e->cx->arena, &r->bases, base);
    return k;
}

static void read_constant(Emit *e, Reading *r, LValue *v) {
    struct Outline *o = e->outline;
    bool far = is_far(v);
    put_int(e, r, -1 - (int64_t)v->def->op - (far ? LOOP_COUNT : 0));
    put_type(e, r, v->type);
    put_int(e, r, far ? rest_of(v) : v->def->n);
    if (far) put_int(e, r, number_of_base(e, r, base_of(v)));
    if (far && o->round[v->id] != o->now) PUSH(e->cx->arena, &r->far, v);
    o->round[v->id] = o->now;
    if (v->def->op == LOOP_data) put(e, r, v->def->bytes, (size_t)v->def->n);
    if (v->def->op == LOOP_text) put_int(e, r, (intptr_t)v->def->bytes);
}

static void read_value(Emit *e, Reading *r, LValue *v) {
    struct Outline *o = e->outline;
    if (is_constant(v)) {
        read_constant(e, r, v);
        return;
    }
    if (o->round[v->id] != o->now) {
        define(e, r, v);
        PUSH(e->cx->arena, &r->in, v);
    }
    put_int(e, r, o->number[v->id]);
}

static void read_block(Emit *e, Reading *r, const LBlock *block);

static void read_inst(Emit *e, Reading *r, const LInst *in) {
    if (in->nresults == 1 && is_constant(in->results[0])) return;
    put_int(e, r, in->op);
    put_int(e, r, (int64_t)in->fn << 32 | in->entry);
    put_int(e, r, in->n);
    put_int(e, r, in->m);
    put_int(e, r, (intptr_t)in->callee);
    put_int(e, r, in->nargs);
    for (int i = 0; i < in->nargs; i++) read_value(e, r, in->args[i]);
    if (in->pick) put(e, r, in->pick, sizeof *in->pick * in->results[0]->type.lanes);
    for (int k = 0; k < in->nblocks; k++) read_block(e, r, in->blocks[k]);
    put_int(e, r, in->nresults);
    for (int i = 0; i < in->nresults; i++) define(e, r, in->results[i]);
}

static void read_block(Emit *e, Reading *r, const LBlock *block) {
    put_int(e, r, block->nparams);
    for (int i = 0; i < block->nparams; i++) define(e, r, block->params[i]);
    for (const LInst *in = block->first; in; in = in->next) read_inst(e, r, in);
    put_int(e, r, block->nresults);
    for (int i = 0; i < block->nresults; i++) read_value(e, r, block->results[i]);
}

static void read_part(Emit *e, Reading *r, const Part *p) {
    e->outline->now++;
    for (int i = 0; p->params && i < p->params->nparams; i++) define(e, r, p->params->params[i]);
    for (const LInst *in = p->first; in != p->stop; in = in->next) {
        if (!outlives(p, in)) read_inst(e, r, in);
    }
}

/* Parallel loops that differ in their bases only are given them. */
static void read_parallel(Emit *e, Map *alike, const LBlock *block) {
    for (const LInst *in = block->first; in; in = in->next) {
        for (int k = 0; k < in->nblocks && in->op != LOOP_parallel; k++) read_parallel(e, alike, in->blocks[k]);
        if (in->op != LOOP_parallel) continue;
        Reading *r = NEW(e->cx->arena, Reading);
        read_part(e, r, &(Part){ .first = in->blocks[0]->first, .params = in->blocks[0] });
        map_set(&e->outline->read, in->blocks[0], r);
        r->like = map_get_bytes(alike, r->key, r->n);
        if (!r->like) map_set_bytes(alike, r->key, r->n, r->like = r);
        if (r->bases.n && memcmp(r->like->bases.at, r->bases.at, sizeof *r->bases.at * (size_t)r->bases.n))
            r->like->given = true;
    }
}

void outline_begin(Emit *e, const LFunc *f) {
    struct Outline *o = e->outline = NEW(e->cx->arena, struct Outline);
    o->sizes = map_new(e->cx->arena);
    o->read = map_new(e->cx->arena);
    o->number = NEW_ARRAY(e->cx->arena, int, f->nvalues + 1);
    o->round = NEW_ARRAY(e->cx->arena, int, f->nvalues + 1);
    o->last = NEW_ARRAY(e->cx->arena, int, f->nvalues + 1);
    Map alike = map_new(e->cx->arena);
    if (!e->debug) read_parallel(e, &alike, f->body);
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

static void not_optimized(Emit *e) {
    function_attribute(e, e->func, "optnone", NULL);
    function_attribute(e, e->func, "noinline", NULL);
}

/* A base as the function in hand has it. */
static LLVMValueRef base_value(Emit *e, int64_t number) {
    for (int k = 0; k < e->nbases; k++)
        if (e->bases[k].number == number) return e->bases[k].value;
    return int_const(e->i64, number);
}

/* x + (base + rest) as (x + base) + rest, so that x + base is there once for all rests, which are in the addresses. */
LLVMValueRef offset_from_base(Emit *e, const LInst *in) {
    if (!e->nbases || in->op != LOOP_apply || in->fn != OP_add || in->nargs != 2) return NULL;
    for (int k = 0; k < 2; k++)
        if (is_far(in->args[k])) {
            LLVMValueRef sum =
                LLVMBuildAdd(e->b, e->value[in->args[1 - k]->id], base_value(e, base_of(in->args[k])), "");
            return LLVMBuildAdd(e->b, sum, int_const(e->i64, rest_of(in->args[k])), "");
        }
    return NULL;
}

/* In a record stand what the part reads, its bases if it is given them, and what is read of it. */
static int out_slot(const Reading *r, int k) { return r->in.n + (r->given ? r->bases.n : 0) + k; }

/* int part(call, record, lo, hi) */
static LLVMValueRef part_function(Emit *e, const Part *p, const Reading *r, LLVMTypeRef record) {
    LLVMTypeRef params[] = { e->ptr, e->ptr, e->i64, e->i64 };
    LLVMTypeRef type = LLVMFunctionType(e->i32, params, 4, false);
    LLVMValueRef f = LLVMAddFunction(e->module, arena_text(e->cx->arena, "%s.piece", LLVMGetValueName(e->func)), type);
    LLVMSetLinkage(f, LLVMInternalLinkage);

    Emit outer = *e;
    LLVMBasicBlockRef from = LLVMGetInsertBlock(e->b);
    LLVMMetadataRef place = LLVMGetCurrentDebugLocation2(e->b);
    LLVMValueRef *was = NEW_ARRAY(e->cx->arena, LLVMValueRef, r->in.n + r->far.n + 1);
    for (int k = 0; k < r->in.n; k++) was[k] = e->value[r->in.at[k]->id];
    for (int k = 0; k < r->far.n; k++) was[r->in.n + k] = e->value[r->far.at[k]->id];

    function_begin(e, f);
    if (p->once) not_optimized(e);
    debug_function(e, f, p->params ? "a parallel loop" : "a part", p->first ? p->first->origin : NULL);
    if (p->first) debug_place(e, p->first->origin);
    LLVMValueRef at = LLVMGetParam(f, 1);
    for (int k = 0; k < r->in.n; k++) slot_load(e, r->in.at[k], at, record, k);
    e->nbases = r->given ? r->bases.n : 0;
    e->bases = NEW_ARRAY(e->cx->arena, struct Base, e->nbases + 1);
    for (int k = 0; k < e->nbases; k++)
        e->bases[k] = (struct Base){ r->bases.at[k], load_from(e, e->i64, slot(e, at, record, r->in.n + k), 8) };
    for (int k = 0; k < r->far.n; k++) {
        LValue *v = r->far.at[k];
        e->value[v->id] = LLVMBuildAdd(e->b, base_value(e, base_of(v)), int_const(e->i64, rest_of(v)), "");
    }
    for (int k = 0; p->params && k < 2; k++) e->value[p->params->params[k]->id] = LLVMGetParam(f, 2 + (unsigned)k);
    part_insts(e, p);
    for (int k = 0; k < p->out.n; k++) slot_store(e, p->out.at[k], at, record, out_slot(r, k));
    function_finish(e);

    for (int k = 0; k < r->in.n; k++) e->value[r->in.at[k]->id] = was[k];
    for (int k = 0; k < r->far.n; k++) e->value[r->far.at[k]->id] = was[r->in.n + k];
    *e = outer;
    LLVMPositionBuilderAtEnd(e->b, from);
    LLVMSetCurrentDebugLocation2(e->b, place);
    return f;
}

/* What it reads; inside of a part that is given bases, it is given them on. */
static Reading *reading_of(Emit *e, const Part *p) {
    Reading *r = p->params ? map_get(&e->outline->read, p->params) : NULL;
    if (!r) {
        r = NEW(e->cx->arena, Reading);
        read_part(e, r, p);
    }
    r->given = e->nbases || (r->like && r->like->given);
    put_int(e, r, -1); /* no instruction */
    if (!r->given) put(e, r, r->bases.at, sizeof *r->bases.at * (size_t)r->bases.n);
    return r;
}

/* The part as a function, its record filled. */
static LLVMValueRef part_of(Emit *e, const Part *p, const Reading *r, LLVMTypeRef *record, LLVMValueRef *place) {
    int first_out = out_slot(r, 0), n = out_slot(r, p->out.n);
    LLVMTypeRef *fields = NEW_ARRAY(e->cx->arena, LLVMTypeRef, n + 1);
    for (int k = 0; k < n; k++) {
        bool in = k < r->in.n, out = k >= first_out;
        fields[k] = in || out ? memory_type(e, (in ? r->in.at[k] : p->out.at[k - first_out])->type) : e->i64;
    }
    *record = LLVMStructTypeInContext(e->llvm, fields, (unsigned)n, false);
    *place = stack_place(e, (int64_t)LLVMABISizeOfType(LLVMGetModuleDataLayout(e->module), *record), 64);
    for (int k = 0; k < r->in.n; k++) slot_store(e, r->in.at[k], *place, *record, k);
    for (int k = r->in.n; k < first_out; k++)
        store_to(e, base_value(e, r->bases.at[k - r->in.n]), slot(e, *place, *record, k), 8);
    bool shared = !e->debug && !p->out.n;
    LLVMValueRef f = shared ? map_get_bytes(e->parts, r->key, r->n) : NULL;
    if (!f) f = part_function(e, p, r, *record);
    if (shared) map_set_bytes(e->parts, r->key, r->n, f);
    return f;
}

/* args: count, grain */
void parallel(Emit *e, const LInst *in) {
    Part p = { .first = in->blocks[0]->first, .params = in->blocks[0] };
    LLVMTypeRef record, params[] = { e->ptr, e->ptr, e->ptr, e->i64, e->i64 }, type;
    LLVMValueRef place, piece = LLVMBuildBitCast(e->b, part_of(e, &p, reading_of(e, &p), &record, &place), e->ptr, "");
    LLVMValueRef f = function_named(e, "jxl_parallel_for", e->i32, 5, params, &type);
    LLVMValueRef args[] = { e->call, piece, place, e->value[in->args[0]->id], e->value[in->args[1]->id] };
    leave_unless_zero(e, LLVMBuildCall2(e->b, type, f, args, 5, ""));
}

static void call_part(Emit *e, Part *p) {
    LLVMTypeRef record, params[] = { e->ptr, e->ptr, e->i64, e->i64 };
    LLVMTypeRef type = LLVMFunctionType(e->i32, params, 4, false);
    Reading *r = reading_of(e, p);
    LLVMValueRef place, f = part_of(e, p, r, &record, &place), zero = int_const(e->i64, 0);
    LLVMValueRef args[] = { e->call, place, zero, zero };
    leave_unless_zero(e, LLVMBuildCall2(e->b, type, f, args, 4, ""));
    for (int k = 0; k < p->out.n; k++) slot_load(e, p->out.at[k], place, record, out_slot(r, k));
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
    bool once = e->loops->main && block == e->loops->main->body;
    Part p = { .first = block->first, .large = true, .once = once };
    at = 0;
    for (const LInst *in = block->first; in; in = in->next) {
        at++;
        n += weight(e, in);
        if (in->op == LOOP_for || in->op == LOOP_while) p.once = false;
        if (n < STRETCH && in->next) continue;
        p.stop = in->next;
        p.end = at;
        find_out(e, &p);
        PUSH(e->cx->arena, &parts, p);
        p = (Part){ .first = in->next, .large = true, .once = once };
        n = 0;
    }
    for (int i = 0; i < parts.n; i++) call_part(e, &parts.at[i]);
}

void block_insts(Emit *e, const LBlock *block) {
    Part all = { .first = block->first, .large = size_of(e, block) > LARGE };
    int64_t n = 0;
    for (const LInst *in = block->first; in && all.large; in = in->next) n += weight(e, in);
    if (n > LARGE && block->first->next) {
        not_optimized(e);
        cut(e, block);
    } else {
        part_insts(e, &all);
    }
}
