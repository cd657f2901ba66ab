/* build: appends instructions of the loop IR.
**
** An instruction with blocks is appended when it is closed.  So while a loop is open, the end of the block around it is the
** place just before it: that is where `place_of` puts what does not depend on the loop. */
#include "loop/loop.h"

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

static LValue **copy_values(LBuilder *b, LValue *const *v, int n) {
    return n ? arena_copy(b->module->arena, v, sizeof *v * (size_t)n) : NULL;
}

static LInst *inst_new(LBuilder *b, LOp op, LValue *const *args, int nargs) {
    LInst *in = NEW(b->module->arena, LInst);
    *in = (LInst){ .op = op, .nargs = nargs, .args = copy_values(b, args, nargs), .origin = b->origin };
    return in;
}

static LValue *result_in(LBuilder *b, LInst *in, LBlock *block, LType type) {
    in->results = NEW(b->module->arena, LValue *);
    in->nresults = 1;
    in->results[0] = value_new(b, block, type);
    in->results[0]->def = in;
    return in->results[0];
}

/* Something with an effect, or that reads memory: it stays here. */
static LInst *append(LBuilder *b, LOp op, LValue *const *args, int nargs, int64_t n, int64_t m) {
    LInst *in = inst_new(b, op, args, nargs);
    in->n = n;
    in->m = m;
    append_to(b->block, in);
    return in;
}

/* Something that depends on its arguments only: found if it is there, else put as far out as it goes. */
static LValue *pure(LBuilder *b, LInst shape, LType type, LValue *const *args, int nargs) {
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
    LValue *v = result_in(b, in, block, type);
    map_set_bytes(b->shared, &key, length, v);
    return v;
}

/* constants */

LValue *loop_const_bits(LBuilder *b, LType type, int64_t bits) {
    int width = loop_bytes(type) * 8;
    if (type.dtype == DT_bool)
        bits = bits != 0;
    else if (width < 64)
        bits = (int64_t)((uint64_t)bits & ((1ull << width) - 1));
    return pure(b, (LInst){ .op = LOOP_const, .n = bits }, type, NULL, 0);
}

LValue *loop_real(LBuilder *b, LType type, double x) {
    int64_t bits = 0;
    element_set_real((DType)type.dtype, &bits, x);
    return loop_const_bits(b, type, bits);
}

LValue *loop_int(LBuilder *b, LType type, int64_t x) {
    if (dtype_is_float((DType)type.dtype)) return loop_real(b, type, (double)x);
    return loop_const_bits(b, type, x);
}

LValue *loop_i64(LBuilder *b, int64_t x) { return loop_const_bits(b, loop_type(DT_i64, 1), x); }
LValue *loop_bool(LBuilder *b, bool x) { return loop_const_bits(b, loop_type(DT_bool, 1), x); }

bool loop_is_const(const LValue *v, int64_t *bits) {
    if (!v->def || v->def->op != LOOP_const) return false;
    if (bits) *bits = v->def->n;
    return true;
}

LValue *loop_data(LBuilder *b, const void *bytes, int64_t n, int alignment) {
    void *copy = arena_copy(b->module->arena, bytes, (size_t)n);
    return pure(b, (LInst){ .op = LOOP_data, .n = n, .m = alignment, .bytes = copy }, loop_ptr_type(), NULL, 0);
}

LValue *loop_text(LBuilder *b, const char *text) {
    const char *name = name_of(b->module->cx, text); /* interned: equal texts are one */
    return pure(b, (LInst){ .op = LOOP_text, .bytes = name }, loop_ptr_type(), NULL, 0);
}

/* vectors */

LValue *loop_iota(LBuilder *b, LType type) {
    if (type.lanes == 1) return loop_int(b, type, 0);
    return pure(b, (LInst){ .op = LOOP_iota }, type, NULL, 0);
}

LValue *loop_splat(LBuilder *b, LValue *x, int lanes) {
    int64_t bits;
    if (lanes == x->type.lanes) return x;
    if (loop_is_const(x, &bits)) return loop_const_bits(b, loop_type((DType)x->type.dtype, lanes), bits);
    return pure(b, (LInst){ .op = LOOP_splat }, loop_type((DType)x->type.dtype, lanes), &x, 1);
}

LValue *loop_lane(LBuilder *b, LValue *x, int lane) {
    if (x->type.lanes == 1) return x;
    return pure(b, (LInst){ .op = LOOP_lane, .n = lane }, loop_type((DType)x->type.dtype, 1), &x, 1);
}

LValue *loop_insert(LBuilder *b, LValue *x, LValue *scalar, int lane) {
    return pure(b, (LInst){ .op = LOOP_insert, .n = lane }, x->type, (LValue *[]){ x, scalar }, 2);
}

LValue *loop_shuffle(LBuilder *b, LValue *x, LValue *y, int lanes, const int *pick) {
    LType type = loop_type((DType)x->type.dtype, lanes);
    return pure(b, (LInst){ .op = LOOP_shuffle, .pick = pick }, type, (LValue *[]){ x, y }, 2);
}

LValue *loop_lanes_below(LBuilder *b, LValue *count, int lanes) {
    if (lanes == 1) return loop_binary(b, OP_gt, count, loop_i64(b, 0));
    return pure(b, (LInst){ .op = LOOP_lanes_below }, loop_type(DT_bool, lanes), &count, 1);
}

LValue *loop_any(LBuilder *b, LValue *x) {
    if (x->type.lanes == 1) return x;
    return pure(b, (LInst){ .op = LOOP_any }, loop_type(DT_bool, 1), &x, 1);
}

LValue *loop_all(LBuilder *b, LValue *x) {
    if (x->type.lanes == 1) return x;
    return pure(b, (LInst){ .op = LOOP_all }, loop_type(DT_bool, 1), &x, 1);
}

/* arithmetic */

/* On i64 constants, wrapping; false where it is not known here. */
static bool fold_i64(Op op, int64_t x, int64_t y, int64_t *z) {
    switch ((int)op) {
    case OP_add: *z = (int64_t)((uint64_t)x + (uint64_t)y); return true;
    case OP_sub: *z = (int64_t)((uint64_t)x - (uint64_t)y); return true;
    case OP_mul: *z = (int64_t)((uint64_t)x * (uint64_t)y); return true;
    case OP_and: *z = x & y; return true;
    case OP_max: *z = x > y ? x : y; return true;
    case OP_min: *z = x < y ? x : y; return true;
    case OP_eq: *z = x == y; return true;
    case OP_ne: *z = x != y; return true;
    case OP_lt: *z = x < y; return true;
    case OP_le: *z = x <= y; return true;
    case OP_gt: *z = x > y; return true;
    case OP_ge: *z = x >= y; return true;
    case OP_div:
    case OP_rem:
        if (!y || y == -1) return false;
        *z = op == OP_div ? x / y : x % y;
        return true;
    default: return false;
    }
}

static bool is_zero(const LValue *v) { return loop_is_const(v, NULL) && !v->def->n; }
static bool is_one(const LValue *v) { return loop_is_const(v, NULL) && v->def->n == 1; }

/* What an instruction is without computing it, or NULL. */
static LValue *folded(LBuilder *b, Op op, LValue *const *args, int nargs, LType type) {
    LValue *x = args[0], *y = nargs > 1 ? args[1] : NULL;
    int64_t i, j, k;
    if (op == OP_select && loop_is_const(x, &i)) return i ? args[1] : args[2];
    if (op == OP_select && args[1] == args[2]) return args[1];
    const LInst *made = x->def;
    if (op == OP_abs && made && made->op == LOOP_apply && made->fn == OP_neg)
        return loop_unary(b, OP_abs, made->args[0]);
    if (nargs != 2) return NULL;
    if (x->type.dtype == DT_bool && (op == OP_and || op == OP_or)) {
        if (loop_is_const(x, &i)) return (i != 0) == (op == OP_and) ? y : x;
        if (loop_is_const(y, &i)) return (i != 0) == (op == OP_and) ? x : y;
        return x == y ? x : NULL;
    }
    if (dtype_is_float((DType)x->type.dtype) || x->type.dtype == LOOP_PTR) return NULL;
    if ((op == OP_add || op == OP_or || op == OP_xor) && is_zero(x)) return y;
    if ((op == OP_add || op == OP_sub || op == OP_or || op == OP_xor) && is_zero(y)) return x;
    if (op == OP_mul && (is_one(x) || is_zero(y))) return y;
    if (op == OP_mul && (is_one(y) || is_zero(x))) return x;
    if (op == OP_div && is_one(y)) return x;
    if (x->type.dtype != DT_i64) return NULL;
    if ((op == OP_min || op == OP_max) && x == y) return x;
    if (op == OP_sub && x == y) return loop_const_bits(b, type, 0);
    if (loop_is_const(x, &i) && loop_is_const(y, &j) && fold_i64(op, i, j, &k)) return loop_const_bits(b, type, k);
    const LInst *sum = made && made->op == LOOP_apply && made->fn == OP_add ? made : NULL;
    for (int s = 0; s < 2 && sum; s++) { /* i + n - n, i - 1 + 1 */
        if (op == OP_sub && sum->args[s] == y) return sum->args[!s];
        if (op == OP_add && loop_is_const(y, &j) && loop_is_const(sum->args[s], &i) && fold_i64(OP_add, i, j, &k))
            return loop_add(b, sum->args[!s], loop_const_bits(b, type, k));
    }
    return NULL;
}

LValue *loop_plain(LBuilder *b, Op op, int nargs, LValue *const *args, DType result) {
    int lanes = 1;
    LValue *x[3];
    for (int i = 0; i < nargs; i++) lanes = args[i]->type.lanes > lanes ? args[i]->type.lanes : lanes;
    for (int i = 0; i < nargs; i++) x[i] = loop_splat(b, args[i], lanes);
    LType type = result == (DType)LOOP_PTR ? loop_ptr_type() : loop_type(result, lanes);
    LValue *simple = folded(b, op, x, nargs, type);
    if (simple) return simple;
    return pure(b, (LInst){ .op = LOOP_apply, .fn = op }, type, x, nargs);
}

static bool is_comparison(Op op) {
    return op == OP_eq || op == OP_ne || op == OP_lt || op == OP_le || op == OP_gt || op == OP_ge;
}

LValue *loop_unary(LBuilder *b, Op op, LValue *x) { return loop_plain(b, op, 1, &x, (DType)x->type.dtype); }

LValue *loop_binary(LBuilder *b, Op op, LValue *x, LValue *y) {
    return loop_plain(b, op, 2, (LValue *[]){ x, y }, is_comparison(op) ? DT_bool : (DType)x->type.dtype);
}

LValue *loop_select(LBuilder *b, LValue *c, LValue *x, LValue *y) {
    return loop_plain(b, OP_select, 3, (LValue *[]){ c, x, y }, (DType)x->type.dtype);
}

LValue *loop_fma(LBuilder *b, LValue *x, LValue *y, LValue *z) {
    return loop_plain(b, OP_fma, 3, (LValue *[]){ x, y, z }, (DType)x->type.dtype);
}

LValue *loop_convert(LBuilder *b, LValue *x, DType dtype) {
    int64_t bits;
    if (x->type.dtype == dtype) return x;
    if (loop_is_const(x, &bits) && x->type.dtype == DT_i64) return loop_int(b, loop_type(dtype, x->type.lanes), bits);
    return loop_plain(b, OP_convert, 1, &x, dtype);
}

LValue *loop_bitcast(LBuilder *b, LValue *x, DType dtype) {
    return x->type.dtype == dtype ? x : loop_plain(b, OP_bitcast, 1, &x, dtype);
}

LValue *loop_overflows(LBuilder *b, Op op, LValue *x, LValue *y) {
    int lanes = x->type.lanes > y->type.lanes ? x->type.lanes : y->type.lanes;
    LValue *args[] = { loop_splat(b, x, lanes), loop_splat(b, y, lanes) };
    return pure(b, (LInst){ .op = LOOP_overflows, .fn = op }, loop_type(DT_bool, lanes), args, 2);
}

LValue *loop_scale(LBuilder *b, LValue *x, LValue *exponent) {
    return pure(b, (LInst){ .op = LOOP_scale }, x->type, (LValue *[]){ x, exponent }, 2);
}

LValue *loop_part(LBuilder *b, LOp op, LValue *x) { return pure(b, (LInst){ .op = op }, x->type, &x, 1); }

LValue *loop_lookup(LBuilder *b, DType dtype, LValue *index, const double *table, int n) {
    LType type = loop_type(dtype, index->type.lanes);
    return pure(b, (LInst){ .op = LOOP_lookup, .bytes = table, .n = n }, type, &index, 1);
}

LValue *loop_add(LBuilder *b, LValue *x, LValue *y) { return loop_binary(b, OP_add, x, y); }
LValue *loop_sub(LBuilder *b, LValue *x, LValue *y) { return loop_binary(b, OP_sub, x, y); }
LValue *loop_mul(LBuilder *b, LValue *x, LValue *y) { return loop_binary(b, OP_mul, x, y); }

/* memory */

LValue *loop_load(LBuilder *b, LType type, LValue *ptr, LValue *index, int64_t stride, LValue *mask) {
    LInst *in = append(b, LOOP_load, (LValue *[]){ ptr, index, mask }, mask ? 3 : 2, stride, 0);
    return result_in(b, in, b->block, type);
}

LValue *loop_load_fixed(LBuilder *b, LType type, LValue *ptr, LValue *index, int64_t stride, LValue *mask) {
    LInst shape = { .op = LOOP_load, .n = stride };
    return pure(b, shape, type, (LValue *[]){ ptr, index, mask }, mask ? 3 : 2);
}

void loop_store(LBuilder *b, LValue *x, LValue *ptr, LValue *index, int64_t stride, LValue *mask) {
    append(b, LOOP_store, (LValue *[]){ x, ptr, index, mask }, mask ? 4 : 3, stride, 0);
}

LValue *loop_gather(LBuilder *b, LType type, LValue *ptr, LValue *indices, LValue *mask) {
    LInst *in = append(b, LOOP_gather, (LValue *[]){ ptr, indices, mask }, mask ? 3 : 2, 0, 0);
    return result_in(b, in, b->block, type);
}

LValue *loop_gather_fixed(LBuilder *b, LType type, LValue *ptr, LValue *indices, LValue *mask) {
    return pure(b, (LInst){ .op = LOOP_gather }, type, (LValue *[]){ ptr, indices, mask }, mask ? 3 : 2);
}

void loop_scatter(LBuilder *b, LValue *x, LValue *ptr, LValue *indices, LValue *mask) {
    append(b, LOOP_scatter, (LValue *[]){ x, ptr, indices, mask }, mask ? 4 : 3, 0, 0);
}

LValue *loop_at(LBuilder *b, LValue *ptr, LValue *index, int64_t bytes) {
    if (is_zero(index)) return ptr;
    return pure(b, (LInst){ .op = LOOP_at, .n = bytes }, loop_ptr_type(), (LValue *[]){ ptr, index }, 2);
}

/* One place for each call of it here: never shared. */
LValue *loop_stack(LBuilder *b, int64_t bytes, int alignment) {
    LInst *in = append(b, LOOP_stack, NULL, 0, bytes, alignment);
    return result_in(b, in, b->block, loop_ptr_type());
}

LValue *loop_alloc(LBuilder *b, LValue *bytes) { return loop_runtime(b, RUNTIME_alloc, &bytes, 1); }
void loop_release(LBuilder *b, LValue *ptr) { loop_runtime(b, RUNTIME_release, &ptr, 1); }

void loop_copy(LBuilder *b, LValue *to, LValue *from, LValue *bytes) {
    if (to != from && !is_zero(bytes)) append(b, LOOP_copy, (LValue *[]){ to, from, bytes }, 3, 0, 0);
}

void loop_clear(LBuilder *b, LValue *to, LValue *bytes) { append(b, LOOP_clear, (LValue *[]){ to, bytes }, 2, 0, 0); }

void loop_keep(LBuilder *b, LValue *ptr) { append(b, LOOP_keep, &ptr, 1, 0, 0); }

void loop_prefetch(LBuilder *b, LValue *ptr, LValue *byte, bool write) {
    append(b, LOOP_prefetch, (LValue *[]){ ptr, byte }, 2, 0, write);
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
    append(b, LOOP_call, args, nargs, 0, 0)->callee = callee;
}

static LType runtime_type(char gives) {
    if (gives == 'i') return loop_type(DT_i64, 1);
    if (gives == 'w') return loop_type(DT_i32, 1);
    if (gives == 'd') return loop_type(DT_f64, 1);
    return loop_ptr_type();
}

LValue *loop_runtime(LBuilder *b, RuntimeEntry entry, LValue *const *args, int nargs) {
    LInst *in = append(b, LOOP_runtime, args, nargs, 0, 0);
    in->entry = entry;
    char gives = runtime_gives(entry);
    return gives == 'v' || gives == 's' || gives == 'm' ? NULL : result_in(b, in, b->block, runtime_type(gives));
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
    case LOOP_at: return pure(b, *in, type, args, in->nargs);
    default: break;
    }
    LInst *copy = append(b, in->op, args, in->nargs, in->n, in->m);
    copy->entry = in->entry;
    copy->callee = in->callee;
    return in->nresults ? result_in(b, copy, b->block, type) : NULL;
}
