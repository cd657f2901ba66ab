/* rotate: what a round of a loop makes becomes what the next one reads by changing places, not by being copied.
**
** Where an iteration's result cannot be written over what it is made of (a stencil), or is another carried array (a step of
** leapfrog), each round moves the names of some buffers on: name B then stands for the memory that name next(B) stood for.
** After `order` rounds all is where it was, so the number of rounds says where to begin for the results to end at home.  A
** `while` finds out at its end, and moves the elements home once.  The first round reads initial values where they are. */
#include "loop/lower.h"

#include <string.h>

enum { MOST_ORDER = 4 };

static int place_of(const Rotation *r, const Buffer *u) {
    for (int i = 0; i < r->n; i++) {
        if (r->buffer[i] == u) return i;
    }
    return -1;
}

static bool same_size(Compiler *cx, const Type *x, const Type *y) {
    return dtype_bytes(x->dtype) == dtype_bytes(y->dtype) && type_elements(cx, x) == type_elements(cx, y);
}

/* Memory that may take another's place, there before the loop begins. */
static bool may_move(Lower *l, const Buffer *u) {
    return u && u->kind != BUFFER_STACK && map_get(&l->buffers, (void *)u);
}

static int add_buffer(Lower *l, Rotation *r, const Buffer *u) {
    int i = place_of(r, u);
    if (i >= 0 || r->n == MOST_ROTATING) return i;
    r->buffer[r->n] = u;
    r->home[r->n] = map_get(&l->buffers, (void *)u);
    r->next[r->n] = -1;
    return r->n++;
}

/* Chains of names become rings: what is left over at the end of one is free at its beginning. */
static void close_rings(Rotation *r) {
    for (int i = 0; i < r->n; i++) {
        int first = i;
        for (int k = 0; k < r->n && r->next[i] < 0; k++) {
            if (r->next[k] != first) continue;
            first = k;
            k = -1;
        }
        if (r->next[i] < 0) r->next[i] = first;
    }
}

static int ring_length(const Rotation *r, int i) {
    int n = 1;
    for (int k = r->next[i]; k != i; k = r->next[k]) n++;
    return n;
}

static int common_multiple(int x, int y) {
    int n = x;
    while (n % y) n += x;
    return n;
}

Rotation rotation_of(Lower *l, const Inst *loop) {
    Rotation r = { .order = 1 };
    const Block *body = loop->regions[loop->nregions - 1];
    bool taken[MOST_ROTATING] = { false };
    for (int i = 0; i < loop->attrs->carries; i++) {
        const Buffer *to = loop->results[i]->buffer, *from = body->results[i]->buffer;
        if (to == from || !may_move(l, to) || !may_move(l, from) || !same_size(l->cx, to->type, from->type)) continue;
        if (body->results[i]->block != body) continue; /* what is of outside stays where it is */
        int a = add_buffer(l, &r, to), c = add_buffer(l, &r, from);
        if (a < 0 || c < 0) return (Rotation){ .order = 1 };
        if (taken[c] || r.next[a] >= 0) continue;
        taken[c] = true;
        r.next[a] = c;
    }
    close_rings(&r);
    for (int i = 0; i < r.n; i++) r.order = common_multiple(r.order, ring_length(&r, i));
    if (r.order > MOST_ORDER) return (Rotation){ .order = 1 };
    return r;
}

/* Buffer i's memory, where that many rounds bring it home. */
static LValue *memory_before(Lower *l, const Rotation *r, int i, LValue *rounds) {
    LBuilder *b = &l->b;
    int back[MOST_ROTATING];
    for (int k = 0; k < r->n; k++) back[r->next[k]] = k;
    LValue *at = r->home[i], *some = loop_binary(b, OP_rem, rounds, loop_i64(b, r->order));
    for (int k = 1, from = back[i]; k < r->order; k++, from = back[from])
        at = loop_select(b, loop_binary(b, OP_eq, some, loop_i64(b, k)), r->home[from], at);
    return at;
}

static LValue *apart_after(Lower *l, const Rotation *r, LValue *rounds) {
    LBuilder *b = &l->b;
    return loop_binary(b, OP_ne, loop_binary(b, OP_rem, rounds, loop_i64(b, r->order)), loop_i64(b, 0));
}

static void set_names(Lower *l, const Rotation *r, LValue *const *memory) {
    for (int i = 0; i < r->n; i++) map_set(&l->buffers, (void *)r->buffer[i], memory[i]);
}

/* moving elements */

typedef struct {
    int n;
    const Type *type;
    LValue *from[MOST_ROTATING], *to[MOST_ROTATING];
} Moves;

/* All are read before the first is written: they may change places. */
static void move_elements(Pull *p, const Idx *idx, void *context) {
    const Moves *m = context;
    LBuilder *b = &p->l->b;
    LValue *x[MOST_ROTATING];
    LType t = loop_type(dtype_real(m->type->dtype), p->lanes);
    for (int i = 0; i < m->n; i++) x[i] = loop_load(b, t, m->from[i], idx[0].i, 1, p->tail);
    for (int i = 0; i < m->n; i++) loop_store(b, x[i], m->to[i], idx[0].i, 1, p->tail);
}

static void move_piece(Lower *l, LValue *lo, LValue *hi, void *context) {
    const Moves *m = context;
    Idx idx[1] = { idx_at(lo) };
    nest_inner(l, lo, hi, lanes_for(l, dtype_bytes(dtype_real(m->type->dtype))), false, idx, 0, move_elements, context);
}

/* What is carried in that memory goes from one place to the other. */
static void move_all(Lower *l, const Inst *loop, const Rotation *r, LValue *const *from, LValue *const *to) {
    LBuilder *b = &l->b;
    bool done[MOST_ROTATING] = { false };
    for (int first = 0; first < r->n; first++) {
        Moves m = { 0 };
        for (int at = first; !done[at]; at = r->next[at]) { /* a ring at a time */
            done[at] = true;
            for (int i = 0; i < loop->attrs->carries; i++) {
                if (loop->results[i]->buffer != r->buffer[at]) continue;
                m.type = loop->results[i]->type;
                m.from[m.n] = from[at];
                m.to[m.n++] = to[at];
                break;
            }
        }
        if (!m.n) continue;
        LValue *n = lower_elements(l, m.type);
        if (dtype_is_complex(m.type->dtype)) n = loop_mul(b, n, loop_i64(b, 2));
        pieces(l, n, (Work){ 0.2, NULL }, move_piece, &m);
    }
}

/* Whether a round writes to that memory. */
static bool writes(Compiler *cx, const Block *block, const Buffer *u) {
    for (const Inst *in = block->first; in; in = in->next) {
        for (int i = 0; i < in->nresults; i++) {
            const Buffer *to = in->results[i]->buffer;
            if (to && buffers_meet(cx, to, u)) return true;
        }
        for (int k = 0; k < in->nregions && in->op != OP_kernel; k++) {
            if (writes(cx, in->regions[k], u)) return true;
        }
    }
    return false;
}

static bool is_home(const Rotation *r, const LValue *ptr) {
    for (int i = 0; i < r->n; i++) {
        if (r->home[i] == ptr) return true;
    }
    return false;
}

/* The initial values are all elsewhere: the first round may read them there, if it writes nothing there. */
static bool begins_elsewhere(Lower *l, const Inst *loop, const Rotation *r) {
    for (int i = 0; i < loop->attrs->carries; i++) {
        if (is_home(r, home_of(l, loop->args[i]).ptr)) return false;
    }
    return true;
}

void rotation_plan(Lower *l, const Inst *loop, Rotation *r, LValue *rounds, LValue **begin) {
    const Block *body = loop->regions[loop->nregions - 1];
    bool elsewhere = begins_elsewhere(l, loop, r);
    for (int i = 0; i < r->n; i++) r->at[i] = rounds ? memory_before(l, r, i, rounds) : r->home[i];
    r->moves = rounds && !elsewhere;
    for (int i = 0; i < loop->attrs->carries && rounds && elsewhere; i++) {
        int k = place_of(r, loop->results[i]->buffer);
        if (k < 0) continue;
        begin[i] = r->at[k];
        const Buffer *given = loop->args[i]->buffer;
        if (writes(l->cx, body, r->buffer[k]) || (given && writes(l->cx, body, given))) continue;
        r->instead[k] = r->at[k];
        r->at[k] = begin[i] = home_of(l, loop->args[i]).ptr;
    }
}

void rotation_begin(Lower *l, const Inst *loop, const Rotation *r, LValue *rounds) {
    LBuilder *b = &l->b;
    if (!r->n || !r->moves) return;
    LLoop f = loop_if(b, apart_after(l, r, rounds));
    move_all(l, loop, r, r->home, r->at);
    loop_end_then(b, &f);
}

void rotation_inside(Lower *l, const Inst *loop, Rotation *r, LValue *const *memory, LValue **buffer) {
    for (int i = 0; i < r->n; i++) r->at[i] = memory[i];
    set_names(l, r, memory);
    for (int i = 0; i < loop->attrs->carries; i++) {
        int k = place_of(r, loop->results[i]->buffer);
        if (k >= 0) buffer[i] = memory[k];
    }
}

void rotation_turn(Lower *l, const Inst *loop, const Rotation *r, LValue *round, LValue **memory, LValue **buffer) {
    LBuilder *b = &l->b;
    for (int i = 0; i < r->n; i++) {
        int k = r->next[i];
        memory[i] = r->at[k];
        if (r->instead[k])
            memory[i] = loop_select(b, loop_binary(b, OP_eq, round, loop_i64(b, 0)), r->instead[k], r->at[k]);
    }
    for (int i = 0; i < loop->attrs->carries; i++) {
        int k = place_of(r, loop->results[i]->buffer);
        if (k >= 0) buffer[i] = memory[k];
    }
}

void rotation_end(Lower *l, const Inst *loop, const Rotation *r, LValue *rounds, LValue *const *memory) {
    LBuilder *b = &l->b;
    if (!r->n) return;
    set_names(l, r, r->home);
    if (loop->op == OP_while) {
        LLoop f = loop_if(b, apart_after(l, r, rounds));
        move_all(l, loop, r, memory, r->home);
        loop_end_then(b, &f);
        return;
    }
    int64_t known;
    if (loop_is_const(rounds, &known) && known > 0) return;
    LLoop f = loop_if(b, loop_binary(b, OP_le, rounds, loop_i64(b, 0))); /* nothing was read or made */
    for (int i = 0; i < loop->attrs->carries; i++) {
        int k = place_of(r, loop->results[i]->buffer);
        if (k < 0 || !r->instead[k]) continue;
        loop_copy(b, r->home[k], memory[k], lower_bytes(l, loop->results[i]->type));
    }
    loop_end_then(b, &f);
}
