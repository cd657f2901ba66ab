/* place: decides which memory every array lives in.
**
** Values that are one array by another name (a reshape) form a class, with the stretch of the program where its elements are
** needed.  Classes whose stretches do not meet are joined where that saves a copy: a loop's initial value, its parameter, what
** an iteration gives and its result; what a branch gives; the result of an instruction and an argument that dies there, if it
** is read element by element as the result is written; what a function returns and the caller's memory; what a round gives and
** the place where the loop stacks it.  What is then left shares memory where stretches allow: small arrays of known size on the
** stack, the others in an arena (pack.c); there what goes to others as one message stands side by side.  The smallest ones that a
** loop works with share nothing: they may come to live in registers. */
#include "optimize/pack.h"

#include <stdlib.h>
#include <string.h>

enum { STACK_BYTES = 1024, STACK_TOTAL = 16384, REGISTER_BYTES = 512, REGISTER_TOTAL = 32768 };

/* Indexed by value id; the first of a class, or of a web of classes, stands for it. */
typedef struct {
    int same, web;  /* towards the one that stands for the class, the web */
    int next;       /* another class of the web, or -1 */
    int start, end; /* of the class: where it is written first and read last */
    int hull;       /* of a result that is written early: where its memory must be free */
    bool fixed;     /* the caller's, or constant: never written */
    int result;     /* of a web: which of the function's, or -1 */
    bool slice;     /* of a web: it is made where a loop stacks it */
    Buffer *beside; /* of a web: behind that of another one */
    const Value *value;
} Class;

typedef struct {
    Compiler *cx;
    Arena *arena;
    Func *f;
    Class *at;
    Map first, last; /* Inst to positions, plus 1 */
    int now;
    struct {
        const Inst **at;
        int n, cap;
    } binders;
} Place;

static bool is_array(const Value *v) { return v->type->rank > 0; }
static bool is_loop(const Inst *in) { return in->op == OP_for || in->op == OP_while; }

static int position(const Map *m, const Inst *in) { return (int)(intptr_t)map_get(m, in) - 1; }
static void set_position(Map *m, const Inst *in, int at) { map_set(m, in, (void *)(intptr_t)(at + 1)); }

static int class_of(const Place *p, const Value *v) {
    int i = v->id;
    while (p->at[i].same != i) i = p->at[i].same;
    return i;
}

static int web_of(const Place *p, const Value *v) {
    int i = class_of(p, v);
    while (p->at[i].web != i) i = p->at[i].web;
    return i;
}

/* stretches */

/* The same elements in the same places. */
static bool is_alias(const Inst *in) {
    switch (in->op) {
    case OP_reshape:
    case OP_retype:
    case OP_stop_gradient:
    case OP_optimization_barrier:
    case OP_barrier:
    case OP_shard_end: return true;
    default: return false;
    }
}

static void define(Place *p, const Value *v, int at, bool fixed) {
    p->at[v->id] = (Class){ v->id, v->id, -1, at, at, at, fixed, -1, false, NULL, v };
}

/* Used at a place in that block: if v stands outside of a loop, as long as the loop runs. */
static void used(Place *p, const Value *v, const Block *where, int at) {
    Class *c = &p->at[class_of(p, v)];
    for (const Block *b = where; b && b != v->block; b = b->parent ? b->parent->block : NULL) {
        if (b->parent && is_loop(b->parent) && position(&p->last, b->parent) > at) at = position(&p->last, b->parent);
    }
    if (at > c->end) c->end = at;
}

static void number_block(Place *p, const Block *block) {
    for (const Inst *in = block->first; in; in = in->next) {
        set_position(&p->first, in, p->now++);
        if (in->attrs->binds.n) PUSH(p->arena, &p->binders, in);
        if (in->op != OP_kernel) {
            for (int k = 0; k < in->nregions; k++) {
                p->now++; /* parameters begin */
                number_block(p, in->regions[k]);
                p->now++; /* results are handed on */
            }
        }
        set_position(&p->last, in, p->now++);
    }
}

static void find_stretches(Place *p, const Block *block);

static void find_in(Place *p, const Inst *in) {
    int first = position(&p->first, in), last = position(&p->last, in), carries = (int)in->attrs->carries;
    for (int i = 0; i < in->nargs; i++) {
        bool slices = in->op == OP_for && i >= carries;
        used(p, in->args[i], in->block, slices ? last : first);
    }
    for (int k = 0; k < in->nregions && in->op != OP_kernel; k++) {
        const Block *b = in->regions[k];
        int begins = b->first ? position(&p->first, b->first) - 1 : first + 1;
        for (int i = 0; i < b->nparams; i++) {
            bool slice = in->op == OP_for && i > carries;
            define(p, b->params[i], begins, slice || in->op == OP_cond);
            if (in->op == OP_cond) { /* another name of the argument */
                p->at[b->params[i]->id].same = class_of(p, in->args[1 + i]);
            }
        }
        find_stretches(p, b);
        int ends = b->last ? position(&p->last, b->last) + 1 : begins + 1;
        bool tests = in->op == OP_while && k == 0; /* it leaves what is carried as it is */
        int until = is_loop(in) && !tests ? last - 1 : ends;
        for (int i = 0; i < b->nresults; i++) used(p, b->results[i], b, until);
        for (int i = 0; i < b->nparams && tests; i++) used(p, b->params[i], b, until);
    }
    for (int i = 0; i < in->nresults; i++) {
        bool stacked = is_loop(in) && i >= carries;
        define(p, in->results[i], in->nregions && in->op != OP_kernel && !stacked ? last : first, false);
        p->at[in->results[i]->id].hull = first;
        if (in->op == OP_constant && in->attrs->data.n != 1) p->at[in->results[i]->id].fixed = true;
        if (in->op == OP_while && stacked) p->at[in->results[i]->id].fixed = true; /* it grows in memory of its own */
        if (is_alias(in) && is_array(in->results[i])) p->at[in->results[i]->id].same = class_of(p, in->args[i]);
    }
}

static void find_stretches(Place *p, const Block *block) {
    for (const Inst *in = block->first; in; in = in->next) find_in(p, in);
}

/* joining */

static bool same_bytes(const Type *x, const Type *y) {
    return x->rank == y->rank && dtype_bytes(x->dtype) == dtype_bytes(y->dtype) &&
           !memcmp(x->dim, y->dim, sizeof *x->dim * (size_t)x->rank);
}

/* Whether classes i and j need their elements at the same time. */
static bool meet(const Class *x, const Class *y) { return x->start <= y->end && y->start <= x->end; }

/* One memory for both, if no two classes of theirs meet; `dying` may die in the instruction that makes `born`. */
static bool join(Place *p, const Value *dying, const Value *born, bool in_place) {
    int a = web_of(p, dying), b = web_of(p, born);
    if (a == b) return true;
    if (p->at[a].fixed || p->at[b].fixed || !is_array(dying) || !is_array(born)) return false;
    int ca = class_of(p, dying), cb = class_of(p, born);
    for (int i = a; i >= 0; i = p->at[i].next) {
        for (int j = b; j >= 0; j = p->at[j].next) {
            if (in_place && i == ca && j == cb && p->at[i].end == p->at[j].start) continue;
            if (meet(&p->at[i], &p->at[j])) return false;
        }
    }
    int tail = a;
    while (p->at[tail].next >= 0) tail = p->at[tail].next;
    p->at[tail].next = b;
    p->at[b].web = a;
    return true;
}

/* y is written over x, if x dies where y is made and is read there element by element. */
static void over_argument(Place *p, const Value *x, const Value *y) {
    const Inst *in = y->def;
    if (!is_array(x) || !same_bytes(x->type, y->type)) return;
    for (int i = 0; i < in->nargs; i++) {
        if (in->args[i] != x || p->at[class_of(p, x)].end != position(&p->first, in)) continue;
        if (plan_in_place(p->cx, in, i, y->index)) join(p, x, y, true);
        return;
    }
}

static void join_block(Place *p, const Block *block);

static void join_loop(Place *p, const Inst *in) {
    const Block *body = in->regions[in->nregions - 1];
    int carries = (int)in->attrs->carries, skip = in->op == OP_for;
    for (int i = 0; i < carries; i++) {
        const Value *param = body->params[skip + i], *result = in->results[i];
        if (!is_array(param)) continue;
        join(p, param, result, false); /* always: they begin and end where the loop does */
        if (in->op == OP_while) join(p, in->regions[0]->params[i], result, false);
        if (same_bytes(in->args[i]->type, param->type)) join(p, in->args[i], param, false);
    }
    for (int i = 0; i < carries; i++) { /* before others are written over the parameters */
        const Value *given = body->results[i], *param = body->params[skip + i];
        if (!is_array(given) || given->block != body || !given->def) continue;
        if (!join(p, given, in->results[i], false)) over_argument(p, param, given);
    }
    for (int k = 0; k < in->nregions; k++) join_block(p, in->regions[k]);
}

static void join_cond(Place *p, const Inst *in) {
    for (int k = 0; k < in->nregions; k++) {
        const Block *side = in->regions[k];
        join_block(p, side);
        for (int i = 0; i < side->nresults; i++) {
            const Value *given = side->results[i];
            if (is_array(given) && given->block == side && given->def) join(p, given, in->results[i], false);
        }
    }
}

static void join_inst(Place *p, const Inst *in) {
    if (is_loop(in))
        join_loop(p, in);
    else if (in->op == OP_cond)
        join_cond(p, in);
    if (is_loop(in) || in->op == OP_cond || is_alias(in)) return;
    int at = position(&p->first, in);
    for (int i = 0; i < in->nargs; i++) {
        if (!is_array(in->args[i]) || p->at[class_of(p, in->args[i])].end != at) continue;
        for (int k = 0; k < in->nresults; k++) {
            const Type *x = in->args[i]->type, *y = in->results[k]->type;
            if (x->rank && same_bytes(x, y) && plan_in_place(p->cx, in, i, k) &&
                join(p, in->args[i], in->results[k], true))
                break;
        }
    }
}

static void join_block(Place *p, const Block *block) {
    for (const Inst *in = block->first; in; in = in->next) join_inst(p, in);
}

static int64_t static_bytes(Compiler *cx, const Type *t) {
    int64_t n;
    if (!dim_is_int(type_elements(cx, t), &n) || n > STACK_BYTES) return -1;
    return n * dtype_bytes(t->dtype);
}

/* What may come to live in registers, where a loop works with it. */
static bool is_tiny(Compiler *cx, const Type *t) {
    int64_t bytes = static_bytes(cx, t);
    return bytes >= 0 && bytes <= REGISTER_BYTES;
}

static bool within_loop(const Value *v) {
    const Block *b = v->block;
    while (b->parent && !is_loop(b->parent)) b = b->parent->block;
    return b->parent != NULL;
}

static void join_results(Place *p) {
    const Block *body = p->f->body;
    if (p->f == p->f->module->main) return;
    for (int i = 0; i < body->nresults; i++) {
        const Value *v = body->results[i];
        if (!is_array(v)) continue;
        int w = web_of(p, v);
        bool joined = !p->at[w].fixed && p->at[w].result < 0;
        for (int c = w; c >= 0; c = p->at[c].next) { /* all that lives there fits, and may be in memory */
            const Value *x = p->at[c].value;
            joined = joined && same_bytes(x->type, v->type) && !(within_loop(x) && is_tiny(p->cx, x->type));
        }
        if (joined) p->at[w].result = i;
    }
}

static bool is_inside(const Value *v, const Block *outer) {
    const Block *b = v->block;
    while (b && b != outer) b = b->parent ? b->parent->block : NULL;
    return b != NULL;
}

/* What a round gives to be stacked is made in its place, if nothing lives there that other rounds see. */
static void find_slices(Place *p, const Block *block) {
    for (const Inst *in = block->first; in; in = in->next) {
        if (in->op == OP_kernel) continue;
        for (int k = 0; k < in->nregions; k++) find_slices(p, in->regions[k]);
        for (int i = (int)in->attrs->carries; i < in->nresults && in->op == OP_for && !in->attrs->apart; i++) {
            const Value *v = in->regions[0]->results[i];
            if (!is_array(v) || is_tiny(p->cx, v->type)) continue;
            int w = web_of(p, v);
            bool slice = !p->at[w].fixed && p->at[w].result < 0;
            for (int c = w; c >= 0; c = p->at[c].next) {
                const Value *x = p->at[c].value;
                slice = slice && same_bytes(x->type, v->type) && x->def && is_inside(x, in->regions[0]);
            }
            p->at[w].slice |= slice;
        }
    }
}

/* buffers */

static bool mentions(const Type *t, const SizeVar *v) {
    for (int i = 0; i < t->rank; i++) {
        if (dim_mentions(t->dim[i], v)) return true;
    }
    return false;
}

/* The last instruction that binds a size of that type; NULL where all are parameters. */
static const Inst *binder_of(const Place *p, const Type *t) {
    const Inst *last = NULL;
    for (int i = 0; i < p->binders.n; i++) {
        Sizes bound = p->binders.at[i]->attrs->binds;
        for (int k = 0; k < bound.n; k++) {
            if (mentions(t, bound.at[k])) last = p->binders.at[i];
        }
    }
    return last;
}

/* Where the memory of a value is taken: in each piece of the outermost loop around it whose rounds are apart. */
static const Inst *arena_of(const Place *p, const Value *v) {
    const Inst *outermost = binder_of(p, v->type);
    for (const Block *b = v->block; b->parent; b = b->parent->block) {
        if (b->parent->op == OP_for && b->parent->attrs->apart && !b->parent->attrs->carries) outermost = b->parent;
    }
    return outermost;
}

typedef struct {
    int web, start, end;
    bool in_loop; /* a loop works with it */
    Buffer *buffer;
} Life;

static int by_start(const void *a, const void *b) {
    const Life *x = a, *y = b;
    return x->start != y->start ? (x->start > y->start) - (x->start < y->start) : (x->web > y->web) - (x->web < y->web);
}

typedef struct {
    Life *at;
    int n;
} Lives;

/* What a round gives to the next one, where that is not the memory of what is carried: the two may change places from round to
** round (loop/rotate.c), so both are nobody else's while the loop runs. */
static void keep_for_loops(Place *p, const Block *block, Life *const *of_web) {
    for (const Inst *in = block->first; in; in = in->next) {
        if (in->op == OP_kernel) continue;
        for (int k = 0; k < in->nregions; k++) keep_for_loops(p, in->regions[k], of_web);
        for (int i = 0; is_loop(in) && i < in->attrs->carries; i++) {
            const Value *given = in->regions[in->nregions - 1]->results[i];
            Life *life = is_array(given) ? of_web[web_of(p, given)] : NULL;
            if (!life || life->web == web_of(p, in->results[i])) continue;
            int first = position(&p->first, in), last = position(&p->last, in);
            if (life->start > first) life->start = first;
            if (life->end < last) life->end = last;
        }
    }
}

static Lives lives_of(Place *p) {
    Lives l = { NEW_ARRAY(p->arena, Life, p->f->nvalues + 1), 0 };
    for (int i = 0; i < p->f->nvalues; i++) {
        Class *c = &p->at[i];
        if (!c->value || c->same != i || c->web != i || c->fixed || c->slice || c->result >= 0 || !is_array(c->value))
            continue;
        Life *life = &l.at[l.n++];
        *life = (Life){ i, c->start, c->end, false, NULL };
        for (int k = i; k >= 0; k = p->at[k].next) {
            const Class *x = &p->at[k];
            if (x->hull < life->start) life->start = x->hull;
            if (x->start < life->start) life->start = x->start;
            if (x->end > life->end) life->end = x->end;
            if (within_loop(x->value)) life->in_loop = true;
        }
    }
    Life **of_web = NEW_ARRAY(p->arena, Life *, p->f->nvalues + 1);
    for (int i = 0; i < l.n; i++) of_web[l.at[i].web] = &l.at[i];
    keep_for_loops(p, p->f->body, of_web);
    qsort(l.at, (size_t)l.n, sizeof *l.at, by_start);
    return l;
}

/* Each has memory of its own, and sizes that are known at the same place. */
static bool can_stand_side_by_side(Place *p, Value *const *v, int n) {
    for (int i = 0; i < n; i++) {
        if (!is_array(v[i]) || arena_of(p, v[i]) != arena_of(p, v[0])) return false;
        const Class *c = &p->at[web_of(p, v[i])];
        if (c->fixed || c->slice || c->result >= 0 || c->beside) return false;
        for (int k = 0; k < i; k++)
            if (web_of(p, v[k]) == web_of(p, v[i])) return false;
    }
    return n > 1;
}

/* What travels as one message: its parts are made one behind the other, and come so. */
static void side_by_side(Place *p, Arena *arena, const Block *block, Packer *packer) {
    for (const Inst *in = block->first; in; in = in->next) {
        for (int k = 0; k < in->nregions && in->op != OP_kernel; k++) side_by_side(p, arena, in->regions[k], packer);
        for (int way = 0; way < 2 && in->op == OP_shard_begin; way++) {
            Value *const *v = way ? in->results : in->args;
            for (int i = 0; i < in->nargs && (i || can_stand_side_by_side(p, v, in->nargs)); i++) {
                Buffer *b = NEW(arena, Buffer);
                *b = (Buffer){ BUFFER_ARENA, 0, v[i]->type, arena_of(p, v[i]), NULL };
                p->at[web_of(p, v[i])].beside = b;
                pack_behind(packer, b);
            }
        }
    }
}

/* Small ones of known size are on the stack, in the order in which they begin, each where another one has ended or in a new place;
** the others are packed. */
static void share(Place *p, Arena *arena, Lives *l) {
    int64_t stack = 0, registers = 0;
    Buffer **all = NEW_ARRAY(arena, Buffer *, p->f->nvalues + 1);
    int *until = NEW_ARRAY(p->arena, int, l->n + 1), n = 0;
    Packer packer = { .cx = p->cx, .arena = p->arena };
    side_by_side(p, arena, p->f->body, &packer);
    for (int i = 0; i < l->n; i++) {
        Life *life = &l->at[i];
        life->buffer = p->at[life->web].beside;
        if (life->buffer) continue;
        const Value *v = p->at[life->web].value;
        const Inst *after = arena_of(p, v);
        int64_t bytes = static_bytes(p->cx, v->type);
        bool alone = life->in_loop && is_tiny(p->cx, v->type) && registers + bytes <= REGISTER_TOTAL;
        if (alone)
            registers += bytes + 63;
        else if (bytes < 0 || bytes > STACK_BYTES || stack + bytes > STACK_TOTAL) {
            life->buffer = NEW(arena, Buffer);
            *life->buffer = (Buffer){ BUFFER_ARENA, 0, v->type, after, NULL };
            pack_add(&packer, life->buffer, life->start, life->end);
            continue;
        }
        for (int k = 0; k < n && !life->buffer && !alone; k++) {
            if (until[k] >= life->start || all[k]->after != after) continue;
            if (static_bytes(p->cx, all[k]->type) < bytes) all[k]->type = v->type;
            life->buffer = all[k];
            until[k] = life->end;
        }
        if (life->buffer) continue;
        life->buffer = all[n] = NEW(arena, Buffer);
        *all[n] = (Buffer){ BUFFER_STACK, n + 1, v->type, after, NULL };
        if (!alone) stack += STACK_BYTES;
        until[n++] = alone ? p->now + 1 : life->end;
    }
    n += pack_end(&packer, &all[n]);
    p->f->buffers = (const Buffer *const *)all;
    p->f->nbuffers = n;
}

static void assign_block(Place *p, Buffer *const *of_web, const Block *block) {
    for (int i = 0; i < block->nparams; i++) {
        Value *v = block->params[i];
        if (is_array(v) && !p->at[class_of(p, v)].fixed) v->buffer = of_web[web_of(p, v)];
    }
    for (const Inst *in = block->first; in; in = in->next) {
        for (int i = 0; i < in->nresults; i++) {
            Value *v = in->results[i];
            if (is_array(v)) v->buffer = of_web[web_of(p, v)];
            if (in->op == OP_kernel) in->regions[0]->results[i]->buffer = v->buffer;
        }
        for (int k = 0; k < in->nregions && in->op != OP_kernel; k++) assign_block(p, of_web, in->regions[k]);
    }
}

static void place_func(Module *m, Func *f) {
    Arena *a = arena_new();
    Place p = { .cx = m->cx, .arena = a, .f = f, .first = map_new(a), .last = map_new(a) };
    p.at = NEW_ARRAY(a, Class, f->nvalues + 1);
    number_block(&p, f->body);
    for (int i = 0; i < f->body->nparams; i++) define(&p, f->body->params[i], 0, true);
    find_stretches(&p, f->body);
    for (int i = 0; i < f->body->nresults; i++) used(&p, f->body->results[i], f->body, p.now + 1);
    join_block(&p, f->body);
    join_results(&p);
    find_slices(&p, f->body);
    Lives l = lives_of(&p);
    share(&p, m->arena, &l);
    Buffer **of_web = NEW_ARRAY(a, Buffer *, f->nvalues + 1);
    for (int i = 0; i < l.n; i++) of_web[l.at[i].web] = l.at[i].buffer;
    for (int i = 0, slices = 0; i < f->nvalues; i++) {
        const Class *c = &p.at[i];
        if (!c->value || c->web != i || c->same != i || (c->result < 0 && !c->slice)) continue;
        of_web[i] = NEW(m->arena, Buffer);
        *of_web[i] = c->slice ? (Buffer){ BUFFER_SLICE, ++slices, c->value->type, NULL, NULL }
                              : (Buffer){ BUFFER_RESULT, c->result, c->value->type, NULL, NULL };
    }
    assign_block(&p, of_web, f->body);
    arena_free(a);
}

static void copy_as_it_is(Walk *w, const Inst *in) {
    w->b.plain = true;
    walk_copy(w, in);
}

Module *pass_place(const Module *m) {
    Module *placed = walk_module(m, copy_as_it_is, NULL);
    for (Func *f = placed->first; f; f = f->next) place_func(placed, f);
    return placed;
}
