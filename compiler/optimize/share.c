/* share: which memory the webs of place.c lie in, one after another.
**
** Small arrays of known size are on the stack, the others in an arena (pack.c); there what goes to others as one message stands
** side by side.  The smallest ones that a loop works with share nothing: they may come to live in registers. */
#include "optimize/pack.h"
#include "optimize/place.h"

#include <stdlib.h>
#include <string.h>

enum { STACK_BYTES = 1024, STACK_TOTAL = 16384, REGISTER_BYTES = 512, REGISTER_TOTAL = 32768 };

static int64_t static_bytes(Compiler *cx, const Type *t) {
    int64_t n;
    if (!dim_is_int(type_elements(cx, t), &n) || n > STACK_BYTES) return -1;
    return n * dtype_bytes(t->dtype);
}

/* What may come to live in registers, where a loop works with it. */
bool place_is_tiny(Compiler *cx, const Type *t) {
    int64_t bytes = static_bytes(cx, t);
    return bytes >= 0 && bytes <= REGISTER_BYTES;
}

bool place_in_loop(const Value *v) {
    const Block *b = v->block;
    while (b->parent && !place_is_loop(b->parent)) b = b->parent->block;
    return b->parent != NULL;
}

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
        for (int i = 0; place_is_loop(in) && i < in->attrs->carries; i++) {
            const Value *given = in->regions[in->nregions - 1]->results[i];
            Life *life = place_is_array(given) ? of_web[place_web(p, given)] : NULL;
            if (!life || life->web == place_web(p, in->results[i])) continue;
            int first = place_first(p, in), last = place_last(p, in);
            if (life->start > first) life->start = first;
            if (life->end < last) life->end = last;
        }
    }
}

static Lives lives_of(Place *p) {
    Lives l = { NEW_ARRAY(p->arena, Life, p->f->nvalues + 1), 0 };
    for (int i = 0; i < p->f->nvalues; i++) {
        Class *c = &p->at[i];
        if (!c->value || c->same != i || c->web != i || c->fixed || c->slice || c->result >= 0 ||
            !place_is_array(c->value))
            continue;
        Life *life = &l.at[l.n++];
        *life = (Life){ i, c->start, c->end, false, NULL };
        for (int k = i; k >= 0; k = p->at[k].next) {
            const Class *x = &p->at[k];
            if (x->hull < life->start) life->start = x->hull;
            if (x->start < life->start) life->start = x->start;
            if (x->end > life->end) life->end = x->end;
            if (place_in_loop(x->value)) life->in_loop = true;
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
        if (!place_is_array(v[i]) || arena_of(p, v[i]) != arena_of(p, v[0])) return false;
        const Class *c = &p->at[place_web(p, v[i])];
        if (c->fixed || c->slice || c->result >= 0 || c->beside || c->value->type != v[i]->type) return false;
        for (int k = 0; k < i; k++)
            if (place_web(p, v[k]) == place_web(p, v[i])) return false;
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
                p->at[place_web(p, v[i])].beside = b;
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
    Packer packer = { .cx = p->cx, .arena = p->arena, .tops = map_new(p->arena) };
    side_by_side(p, arena, p->f->body, &packer);
    for (int i = 0; i < l->n; i++) {
        Life *life = &l->at[i];
        life->buffer = p->at[life->web].beside;
        if (life->buffer) continue;
        const Value *v = p->at[life->web].value;
        const Inst *after = arena_of(p, v);
        int64_t bytes = static_bytes(p->cx, v->type);
        bool alone = life->in_loop && place_is_tiny(p->cx, v->type) && registers + bytes <= REGISTER_TOTAL;
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

Buffer **place_share(Place *p, Arena *arena) {
    Lives l = lives_of(p);
    share(p, arena, &l);
    Buffer **of_web = NEW_ARRAY(p->arena, Buffer *, p->f->nvalues + 1);
    for (int i = 0; i < l.n; i++) of_web[l.at[i].web] = l.at[i].buffer;
    for (int i = 0, slices = 0; i < p->f->nvalues; i++) {
        const Class *c = &p->at[i];
        if (!c->value || c->web != i || c->same != i || (c->result < 0 && !c->slice)) continue;
        of_web[i] = NEW(arena, Buffer);
        *of_web[i] = c->slice ? (Buffer){ BUFFER_SLICE, ++slices, c->value->type, NULL, NULL }
                              : (Buffer){ BUFFER_RESULT, c->result, c->value->type, NULL, NULL };
    }
    return of_web;
}
