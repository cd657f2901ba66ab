/* build: appends instructions of the loop IR.
**
** An instruction with blocks is appended when it is closed.  So while a loop is open, the end of the block around it is the
** place just before it: that is where `place_of` puts what does not depend on the loop. */
#include "loop/build.h"

#include <string.h>

LModule *loop_module_new(Compiler *cx, const Target *target) {
    Arena *a = arena_new();
    LModule *m = NEW(a, LModule);
    *m = (LModule){ .cx = cx, .arena = a, .target = target, .numbers = map_new(a) };
    return m;
}

void loop_module_free(LModule *m) { arena_free(m->arena); }

static LBlock *block_of(LModule *m, LBlock *parent, LOp within, int epoch) {
    LBlock *b = NEW(m->arena, LBlock);
    *b = (LBlock){ .parent = parent, .within = within, .epoch = epoch };
    return b;
}

static intptr_t number_behind(const LModule *m, const char *name) {
    return (intptr_t)map_get_bytes(&m->numbers, name, (int)strlen(name));
}

static void set_number(LModule *m, const char *name, intptr_t next) {
    map_set_bytes(&m->numbers, name, (int)strlen(name), (void *)next);
}

LFunc *loop_func_new(LModule *m, const char *name) {
    LFunc *f = NEW(m->arena, LFunc);
    f->name = arena_text(m->arena, "%s", name);
    intptr_t next = number_behind(m, name);
    for (; number_behind(m, f->name); next++) f->name = arena_text(m->arena, "%s_%d", name, (int)next);
    set_number(m, name, next ? next : 2);
    if (next) set_number(m, f->name, 2);
    f->body = block_of(m, NULL, LOOP_call, 0);
    if (m->last)
        m->last->next = f;
    else
        m->first = f;
    m->last = f;
    return f;
}

LBuilder loop_builder(LModule *m, LFunc *f) {
    Map *shared = NEW(m->arena, Map);
    *shared = map_new(m->arena);
    return (LBuilder){ .module = m, .func = f, .block = f->body, .shared = shared };
}

static LValue *value_new(LBuilder *b, LBlock *block, LType type) {
    LValue *v = NEW(b->module->arena, LValue);
    *v = (LValue){ .type = type, .id = b->func->nvalues++, .block = block };
    return v;
}

static LValue *add_param(LBuilder *b, LBlock *block, LType type) {
    Arena *a = b->module->arena;
    LValue *v = value_new(b, block, type);
    size_t n = (size_t)block->nparams;
    block->params = arena_grow(a, block->params, n * sizeof(LValue *), (n + 1) * sizeof(LValue *));
    block->params[block->nparams++] = v;
    return v;
}

LValue *loop_param(LBuilder *b, LType type) { return add_param(b, b->block, type); }

static bool encloses(const LBlock *outer, const LBlock *inner) {
    while (inner && inner != outer) inner = inner->parent;
    return inner != NULL;
}

/* The outermost block, through `for` loops only, where all arguments are known; what reads memory stays in its epoch. */
static LBlock *place_of(const LBuilder *b, bool reads, LValue *const *args, int nargs) {
    LBlock *here = b->block;
    while (here->within == LOOP_for && !(reads && here->epoch != b->epoch)) {
        for (int i = 0; i < nargs; i++) {
            if (args[i]->block == here) return here;
        }
        here = here->parent;
    }
    return here;
}

static void append_to(LBlock *block, LInst *in) {
    if (block->last)
        block->last->next = in;
    else
        block->first = in;
    block->last = in;
}

void build_move(LBuilder *b, LInst *in) { append_to(b->block, in); }

static LValue **copy_values(LBuilder *b, LValue *const *v, int n) {
    return n ? arena_copy(b->module->arena, v, sizeof *v * (size_t)n) : NULL;
}

static LInst *inst_new(LBuilder *b, LOp op, LValue *const *args, int nargs) {
    LInst *in = NEW(b->module->arena, LInst);
    *in = (LInst){ .op = op, .nargs = nargs, .args = copy_values(b, args, nargs), .origin = b->origin };
    return in;
}

LValue *build_result(LBuilder *b, LInst *in, LBlock *block, LType type) {
    in->results = NEW(b->module->arena, LValue *);
    in->nresults = 1;
    in->results[0] = value_new(b, block, type);
    in->results[0]->def = in;
    return in->results[0];
}

/* Something with an effect, or that reads memory: it stays here. */
LInst *build_append(LBuilder *b, LOp op, LValue *const *args, int nargs, int64_t n, int64_t m) {
    LInst *in = inst_new(b, op, args, nargs);
    in->n = n;
    in->m = m;
    append_to(b->block, in);
    return in;
}

/* Something that depends on its arguments only: found if it is there, else put as far out as it goes. */
LValue *build_pure(LBuilder *b, LInst shape, LType type, LValue *const *args, int nargs) {
    struct {
        int64_t n, m;
        const void *bytes;
        int16_t op, fn;
        LType type;
        int args[3], epoch, pick[LOOP_MAX_LANES];
    } key;
    memset(&key, 0, sizeof key);
    bool reads = shape.op == LOOP_load || shape.op == LOOP_gather;
    key.epoch = reads ? b->epoch : 0;
    key.n = shape.n;
    key.m = shape.m;
    key.bytes = shape.bytes;
    key.op = (int16_t)shape.op;
    key.fn = (int16_t)shape.fn;
    key.type = type;
    for (int i = 0; i < 3; i++) key.args[i] = i < nargs ? args[i]->id : -1;
    if (shape.pick) memcpy(key.pick, shape.pick, sizeof(int) * type.lanes);
    int length = (int)(shape.pick ? sizeof key : offsetof(__typeof__(key), pick));

    LValue *known = map_get_bytes(b->shared, &key, length);
    if (known && encloses(known->block, b->block)) return known;
    LInst *in = inst_new(b, shape.op, args, nargs);
    in->fn = shape.fn;
    in->n = shape.n;
    in->m = shape.m;
    in->bytes = shape.bytes;
    if (shape.pick) in->pick = arena_copy(b->module->arena, shape.pick, sizeof(int) * type.lanes);
    LBlock *block = place_of(b, reads, args, nargs);
    append_to(block, in);
    LValue *v = build_result(b, in, block, type);
    map_set_bytes(b->shared, &key, length, v);
    return v;
}

/* control */

static LLoop open(LBuilder *b, LOp op, LValue *const *args, int nargs, int64_t step) {
    LInst *in = inst_new(b, op, args, nargs);
    in->n = step;
    in->nblocks = 1;
    in->blocks[0] = block_of(b->module, b->block, op, b->epoch);
    b->block = in->blocks[0];
    return (LLoop){ .inst = in };
}

static void open_carries(LBuilder *b, LLoop *l, int n, LValue *const *init) {
    l->carry = NEW_ARRAY(b->module->arena, LValue *, n + 1);
    for (int i = 0; i < n; i++) l->carry[i] = loop_param(b, init[i]->type);
}

LLoop loop_for(LBuilder *b, LValue *lower, LValue *upper, int64_t step, int ncarry, LValue *const *init) {
    LValue **args = NEW_ARRAY(b->module->arena, LValue *, ncarry + 2);
    args[0] = lower;
    args[1] = upper;
    for (int i = 0; i < ncarry; i++) args[i + 2] = init[i];
    LLoop l = open(b, LOOP_for, args, ncarry + 2, step);
    l.i = loop_param(b, loop_type(DT_i64, 1));
    open_carries(b, &l, ncarry, init);
    return l;
}

LLoop loop_parallel(LBuilder *b, LValue *count, LValue *grain) {
    LLoop l = open(b, LOOP_parallel, (LValue *[]){ count, grain }, 2, 0);
    l.i = loop_param(b, loop_type(DT_i64, 1));
    l.hi = loop_param(b, loop_type(DT_i64, 1));
    return l;
}

LLoop loop_while(LBuilder *b, int ncarry, LValue *const *init) {
    LLoop l = open(b, LOOP_while, init, ncarry, 0);
    open_carries(b, &l, ncarry, init);
    return l;
}

static void hand_on(LBuilder *b, LBlock *block, LValue *const *values, int n) {
    block->results = copy_values(b, values, n);
    block->nresults = n;
}

void loop_while_body(LBuilder *b, LLoop *l, LValue *condition) {
    LInst *in = l->inst;
    hand_on(b, in->blocks[0], &condition, 1);
    in->nblocks = 2;
    in->blocks[1] = block_of(b->module, in->blocks[0]->parent, LOOP_while, b->epoch);
    b->block = in->blocks[1];
    open_carries(b, l, in->nargs, in->args);
}

typedef struct {
    char *defined; /* by id */
    LBuilder *b;
    LInst *in;
} Capture;

static void capture(Capture *c, LValue *v) {
    if (c->defined[v->id]) return;
    c->defined[v->id] = 1;
    Arena *a = c->b->module->arena;
    size_t n = (size_t)c->in->ncaptured;
    c->in->captured = arena_grow(a, c->in->captured, n * sizeof(LValue *), (n + 1) * sizeof(LValue *));
    c->in->captured[c->in->ncaptured++] = v;
}

static void capture_block(Capture *c, const LBlock *block) {
    for (int i = 0; i < block->nparams; i++) c->defined[block->params[i]->id] = 1;
    for (const LInst *in = block->first; in; in = in->next) {
        for (int i = 0; i < in->nargs; i++) capture(c, in->args[i]);
        for (int k = 0; k < in->nblocks; k++) capture_block(c, in->blocks[k]);
        for (int i = 0; i < in->nresults; i++) c->defined[in->results[i]->id] = 1;
    }
    for (int i = 0; i < block->nresults; i++) capture(c, block->results[i]);
}

static void finish(LBuilder *b, LLoop *l, int nresults, const LBlock *like) {
    LInst *in = l->inst;
    Arena *a = b->module->arena;
    int64_t known;
    b->block = in->blocks[0]->parent;
    if (in->op == LOOP_if && !nresults && !in->blocks[1]->first && loop_is_const(in->args[0], &known) && !known) return;
    in->nresults = nresults;
    in->results = NEW_ARRAY(a, LValue *, nresults + 1);
    l->carry = NEW_ARRAY(a, LValue *, nresults + 1);
    for (int i = 0; i < nresults; i++) {
        in->results[i] = l->carry[i] = value_new(b, b->block, like->results[i]->type);
        in->results[i]->def = in;
    }
    if (in->op == LOOP_parallel) {
        Capture c = { NEW_ARRAY(a, char, b->func->nvalues + 1), b, in };
        capture_block(&c, in->blocks[0]);
    }
    append_to(b->block, in);
}

void loop_end(LBuilder *b, LLoop *l, LValue *const *next) {
    LInst *in = l->inst;
    LBlock *body = in->blocks[in->nblocks - 1];
    int n = in->op == LOOP_for ? in->nargs - 2 : in->op == LOOP_while ? in->nargs : 0;
    hand_on(b, body, next, n);
    finish(b, l, n, body);
}

LLoop loop_if(LBuilder *b, LValue *condition) { return open(b, LOOP_if, &condition, 1, 0); }
LLoop loop_if_rare(LBuilder *b, LValue *condition) { return open(b, LOOP_if, &condition, 1, 1); }

void loop_else(LBuilder *b, LLoop *l, int nresults, LValue *const *results) {
    LInst *in = l->inst;
    hand_on(b, in->blocks[0], results, nresults);
    in->nblocks = 2;
    in->blocks[1] = block_of(b->module, in->blocks[0]->parent, LOOP_if, b->epoch);
    b->block = in->blocks[1];
}

void loop_end_if(LBuilder *b, LLoop *l, int nresults, LValue *const *results) {
    hand_on(b, l->inst->blocks[1], results, nresults);
    finish(b, l, nresults, l->inst->blocks[1]);
}

void loop_end_then(LBuilder *b, LLoop *l) {
    loop_else(b, l, 0, NULL);
    loop_end_if(b, l, 0, NULL);
}

void loop_call(LBuilder *b, LFunc *callee, LValue *const *args, int nargs) {
    build_append(b, LOOP_call, args, nargs, 0, 0)->callee = callee;
}

static LType runtime_type(char gives) {
    if (gives == 'i') return loop_type(DT_i64, 1);
    if (gives == 'w') return loop_type(DT_i32, 1);
    if (gives == 'd') return loop_type(DT_f64, 1);
    return loop_ptr_type();
}

LValue *loop_runtime(LBuilder *b, RuntimeEntry entry, LValue *const *args, int nargs) {
    LInst *in = build_append(b, LOOP_runtime, args, nargs, 0, 0);
    in->entry = entry;
    char gives = runtime_gives(entry);
    return gives == 'v' || gives == 's' || gives == 'm' ? NULL : build_result(b, in, b->block, runtime_type(gives));
}

LValue *loop_repeat(LBuilder *b, const LInst *in, LValue *const *args) {
    LType type = in->nresults ? in->results[0]->type : (LType){ 0 };
    switch (in->op) {
    case LOOP_apply: return loop_plain(b, in->fn, in->nargs, args, (DType)type.dtype);
    case LOOP_const:
    case LOOP_data:
    case LOOP_text:
    case LOOP_iota:
    case LOOP_splat:
    case LOOP_lane:
    case LOOP_insert:
    case LOOP_shuffle:
    case LOOP_lanes_below:
    case LOOP_any:
    case LOOP_all:
    case LOOP_overflows:
    case LOOP_scale:
    case LOOP_exponent:
    case LOOP_mantissa:
    case LOOP_significand:
    case LOOP_lookup:
    case LOOP_at: return build_pure(b, *in, type, args, in->nargs);
    default: break;
    }
    LInst *copy = build_append(b, in->op, args, in->nargs, in->n, in->m);
    copy->entry = in->entry;
    copy->callee = in->callee;
    return in->nresults ? build_result(b, copy, b->block, type) : NULL;
}
