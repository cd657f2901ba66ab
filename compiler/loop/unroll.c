/* unroll: short loops whose bounds are known become what they do, one turn after another.
**
** A 4x4 matrix product in the body of a scan is a few short loops over memory on the stack.  Written out, every index is a
** constant, so LLVM takes these arrays apart into registers, also those that the loop around carries from one iteration to
** the next.  For the same reason what is read or written there with a stride or under a mask is so lane by lane.
**
** Only inside of other loops, where it pays, and where such arrays are first filled; and within limits: code costs time to
** compile.  A function in which nothing can be written out stays as it is. */
#include "loop/loop.h"

enum {
    TURNS = 16,           /* of one loop */
    NEST_SIZE = 400,      /* instructions that one nest of loops may become */
    FUNCTION_SIZE = 8000, /* ... and all in a function */
    STACK_BYTES = 2048,   /* of an array that may live in registers */
    LANES = 8             /* that are taken one by one */
};

typedef struct {
    LBuilder b;
    LValue **map; /* by old id */
    int64_t left; /* instructions that may still be added */
    int depth;    /* loops around this place that stay loops */
} Unroll;

/* How often a `for` turns; -1 where that is not known. */
static int64_t turns_of(const LInst *in) {
    int64_t lower, upper;
    if (in->op != LOOP_for || in->m || !loop_is_const(in->args[0], &lower) || !loop_is_const(in->args[1], &upper))
        return -1;
    return upper <= lower ? 0 : (upper - lower + in->n - 1) / in->n;
}

/* Instructions that an instruction is when all loops in it are written out; -1 where one should not be. */
static int64_t written(const LInst *in) {
    if (in->op == LOOP_for) {
        int64_t turns = turns_of(in), each = 0;
        if (turns < 0 || turns > TURNS) return -1;
        for (const LInst *x = in->blocks[0]->first; x; x = x->next) {
            int64_t n = written(x);
            if (n < 0 || turns * (each += n) > NEST_SIZE) return -1;
        }
        return turns * each;
    }
    return in->nblocks || in->op == LOOP_call || in->op == LOOP_runtime || in->op == LOOP_stack ? -1 : 1;
}

/* Whether a place in memory may come to live in registers: a small array on the stack. */
static bool may_be_register(const LValue *ptr) {
    return ptr->def && ptr->def->op == LOOP_stack && ptr->def->n <= STACK_BYTES;
}

static bool stores_to_stack(const LInst *in) {
    if (in->op == LOOP_store) return may_be_register(in->args[1]);
    for (int k = 0; k < in->nblocks; k++) {
        for (const LInst *x = in->blocks[k]->first; x; x = x->next) {
            if (stores_to_stack(x)) return true;
        }
    }
    return false;
}

/* What a `for` would be written out, or -1 where it is to stay a loop. */
static int64_t worth_writing(const LInst *in, bool inside) {
    if (in->op != LOOP_for || (!inside && !stores_to_stack(in))) return -1;
    return written(in);
}

static bool may_write_out(const LBlock *block, bool inside) {
    for (const LInst *in = block->first; in; in = in->next) {
        if (inside && worth_writing(in, true) >= 0) return true;
        bool loop = in->op == LOOP_for || in->op == LOOP_while;
        for (int k = 0; k < in->nblocks; k++) {
            if (may_write_out(in->blocks[k], inside || loop)) return true;
        }
    }
    return false;
}

/* copying */

static LValue *now(const Unroll *u, const LValue *old) { return u->map[old->id]; }

static LValue **now_all(Unroll *u, LValue *const *old, int n) {
    LValue **x = NEW_ARRAY(u->b.module->arena, LValue *, n + 1);
    for (int i = 0; i < n; i++) x[i] = now(u, old[i]);
    return x;
}

static void becomes(Unroll *u, LValue *const *old, LValue *const *x, int n) {
    for (int i = 0; i < n; i++) u->map[old[i]->id] = x[i];
}

static void copy_block(Unroll *u, const LBlock *block);

static void write_out(Unroll *u, const LInst *in) {
    const LBlock *body = in->blocks[0];
    int64_t lower = 0, turns = turns_of(in);
    loop_is_const(in->args[0], &lower);
    LValue **carry = now_all(u, in->args + 2, in->nresults);
    for (int64_t t = 0; t < turns; t++) {
        u->map[body->params[0]->id] = loop_i64(&u->b, lower + t * in->n);
        becomes(u, body->params + 1, carry, in->nresults);
        copy_block(u, body);
        carry = now_all(u, body->results, in->nresults);
    }
    becomes(u, in->results, carry, in->nresults);
}

static void copy_for(Unroll *u, const LInst *in) {
    int64_t size = worth_writing(in, u->depth > 0);
    if (size >= 0 && size <= u->left) {
        u->left -= size;
        write_out(u, in);
        return;
    }
    const LBlock *body = in->blocks[0];
    LLoop l = loop_for(&u->b, now(u, in->args[0]), now(u, in->args[1]), in->n, in->nresults,
                       now_all(u, in->args + 2, in->nresults));
    u->map[body->params[0]->id] = l.i;
    becomes(u, body->params + 1, l.carry, in->nresults);
    u->depth++;
    copy_block(u, body);
    u->depth--;
    loop_end(&u->b, &l, now_all(u, body->results, in->nresults));
    becomes(u, in->results, l.carry, in->nresults);
}

static void copy_while(Unroll *u, const LInst *in) {
    const LBlock *condition = in->blocks[0], *body = in->blocks[1];
    LLoop l = loop_while(&u->b, in->nargs, now_all(u, in->args, in->nargs));
    becomes(u, condition->params, l.carry, in->nargs);
    u->depth++;
    copy_block(u, condition);
    loop_while_body(&u->b, &l, now(u, condition->results[0]));
    becomes(u, body->params, l.carry, in->nargs);
    copy_block(u, body);
    u->depth--;
    loop_end(&u->b, &l, now_all(u, body->results, in->nargs));
    becomes(u, in->results, l.carry, in->nresults);
}

static void copy_if(Unroll *u, const LInst *in) {
    int64_t known;
    if (loop_is_const(now(u, in->args[0]), &known)) {
        const LBlock *taken = in->blocks[!known];
        copy_block(u, taken);
        becomes(u, in->results, now_all(u, taken->results, in->nresults), in->nresults);
        return;
    }
    LLoop l = in->n ? loop_if_rare(&u->b, now(u, in->args[0])) : loop_if(&u->b, now(u, in->args[0]));
    copy_block(u, in->blocks[0]);
    loop_else(&u->b, &l, in->nresults, now_all(u, in->blocks[0]->results, in->nresults));
    copy_block(u, in->blocks[1]);
    loop_end_if(&u->b, &l, in->nresults, now_all(u, in->blocks[1]->results, in->nresults));
    becomes(u, in->results, l.carry, in->nresults);
}

static void copy_parallel(Unroll *u, const LInst *in) {
    const LBlock *body = in->blocks[0];
    LLoop l = loop_parallel(&u->b, now(u, in->args[0]), now(u, in->args[1]));
    becomes(u, body->params, (LValue *[]){ l.i, l.hi }, 2);
    copy_block(u, body);
    loop_end(&u->b, &l, NULL);
}

static bool is_register(const LValue *ptr, const LValue *index) {
    return may_be_register(ptr) && loop_is_const(index, NULL);
}

/* Which lanes there are: the first so many, or -1 where that is not known. */
static int64_t lanes_there(const LValue *mask, int lanes) {
    int64_t n;
    if (!mask) return lanes;
    if (!mask->def || mask->def->op != LOOP_lanes_below || !loop_is_const(mask->def->args[0], &n)) return -1;
    return n < 0 ? 0 : n > lanes ? lanes : n;
}

static void copy_load(Unroll *u, const LInst *in) {
    LBuilder *b = &u->b;
    LValue *ptr = now(u, in->args[0]), *index = now(u, in->args[1]), *mask = in->nargs > 2 ? now(u, in->args[2]) : NULL;
    LType t = in->results[0]->type, one = loop_type((DType)t.dtype, 1);
    int64_t there = lanes_there(mask, t.lanes);
    LValue *x;
    if (t.lanes == 1 || t.lanes > LANES || (in->n == 1 && !mask) || there < 0 || !is_register(ptr, index)) {
        x = loop_load(b, t, ptr, index, in->n, mask);
    } else {
        x = loop_const_bits(b, t, 0);
        for (int k = 0; k < there; k++) {
            LValue *at = loop_add(b, index, loop_i64(b, k * in->n));
            x = loop_insert(b, x, loop_load(b, one, ptr, at, 1, NULL), k);
        }
    }
    u->map[in->results[0]->id] = x;
}

static void copy_store(Unroll *u, const LInst *in) {
    LBuilder *b = &u->b;
    LValue *x = now(u, in->args[0]), *ptr = now(u, in->args[1]), *index = now(u, in->args[2]),
           *mask = in->nargs > 3 ? now(u, in->args[3]) : NULL;
    int64_t there = lanes_there(mask, x->type.lanes);
    if (x->type.lanes == 1 || x->type.lanes > LANES || (in->n == 1 && !mask) || there < 0 || !is_register(ptr, index)) {
        loop_repeat(b, in, now_all(u, in->args, in->nargs));
        return;
    }
    for (int k = 0; k < there; k++)
        loop_store(b, loop_lane(b, x, k), ptr, loop_add(b, index, loop_i64(b, k * in->n)), 1, NULL);
}

static void copy_block(Unroll *u, const LBlock *block) {
    for (const LInst *in = block->first; in; in = in->next) {
        u->b.origin = in->origin;
        switch (in->op) {
        case LOOP_for: copy_for(u, in); break;
        case LOOP_while: copy_while(u, in); break;
        case LOOP_if: copy_if(u, in); break;
        case LOOP_parallel: copy_parallel(u, in); break;
        case LOOP_load: copy_load(u, in); break;
        case LOOP_store: copy_store(u, in); break;
        default: {
            LValue *y = loop_repeat(&u->b, in, now_all(u, in->args, in->nargs));
            if (y) u->map[in->results[0]->id] = y;
        }
        }
    }
}

void loop_unroll(LModule *m) {
    for (LFunc *f = m->first; f; f = f->next) {
        if (!may_write_out(f->body, false)) continue;
        const LBlock before = *f->body;
        Unroll u = { .map = NEW_ARRAY(m->arena, LValue *, f->nvalues + 1), .left = FUNCTION_SIZE };
        f->body->first = f->body->last = NULL;
        u.b = loop_builder(m, f);
        becomes(&u, before.params, before.params, before.nparams);
        copy_block(&u, &before);
    }
}
