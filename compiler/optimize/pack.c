/* pack: where in its arena every array lies.
**
** Arrays that are needed at the same time must not meet, and the arena should end early: the largest comes first, and each goes to
** the lowest place that is free for as long as it is needed.  So several small arrays lie where a large one has died.  Sizes may
** be formulas; then "free" and "lower" are what can be shown for all values of their variables, and where nothing can be shown an
** array goes behind all others.  Arrays begin at multiples of 64 bytes: one that comes behind a formula that says nothing of
** that is rounded up at run time, for which it has 63 bytes more. */
#include "optimize/pack.h"

#include <stdlib.h>
#include <string.h>

static const Dim *dim_of(const Packer *p, Bytes x) { return x.exact ? x.exact : dim_int(p->cx, (int64_t)x.about); }

static Bytes add(const Packer *p, Bytes x, Bytes y) {
    Bytes sum = { x.about + y.about, NULL };
    if (x.exact || y.exact) sum.exact = dim_add(p->cx, dim_of(p, x), dim_of(p, y));
    return sum;
}

static bool at_least(const Packer *p, Bytes x, Bytes y) {
    if (!x.exact && !y.exact) return x.about >= y.about;
    return dim_at_least(p->cx, dim_of(p, x), dim_of(p, y));
}

static Bytes size_of(const Packer *p, const Type *t) {
    double about = dtype_bytes(t->dtype);
    int64_t size;
    for (int i = 0; i < t->rank; i++) about *= dim_is_int(t->dim[i], &size) ? (double)size : 1000;
    bool known = type_is_static(t) && about < 0x1p50;
    return (Bytes){ about,
                    known ? NULL : dim_mul(p->cx, dim_int(p->cx, dtype_bytes(t->dtype)), type_elements(p->cx, t)) };
}

/* How many bytes are missing to the next multiple of 64; -1 where that is not known. */
static int missing(Bytes x) {
    int64_t constant = x.exact ? 0 : (int64_t)x.about;
    for (int i = 0; x.exact && i < x.exact->nterms; i++) {
        const Term *t = &x.exact->terms[i];
        if (!t->natoms)
            constant = t->coefficient;
        else if (t->coefficient % 64)
            return -1;
    }
    return (int)(-constant & 63);
}

bool buffer_is_rounded(const Buffer *u) { return missing((Bytes){ 0, u->at }) != 0; }

/* The next place where something may begin. */
static Bytes rounded(const Packer *p, Bytes x) {
    int more = missing(x);
    return more > 0 ? add(p, x, (Bytes){ more, NULL }) : x;
}

static Bytes end_of(const Packer *p, Bytes from, Bytes size) {
    Bytes to = add(p, from, size);
    return missing(from) ? add(p, to, (Bytes){ 63, NULL }) : to;
}

/* Where what ends at `top` ends with another array, which begins no later than that.  If it is not known which end is the later
** one, the array's size is added: once for each, so that formulas grow as their number does. */
static Bytes top_with(const Packer *p, Bytes top, Bytes from, Bytes size) {
    Bytes to = end_of(p, from, size);
    return at_least(p, top, to) ? top : at_least(p, to, top) ? to : end_of(p, rounded(p, top), size);
}

/* The end of that arena, so far. */
static Bytes top_of(const Packer *p, const Inst *after) {
    const Bytes *top = map_get(&p->tops, after);
    return top ? *top : (Bytes){ 0, NULL };
}

static void place_at(Packer *p, Packing *x, Bytes from) {
    Bytes top = top_with(p, top_of(p, x->buffer->after), from, x->size);
    map_set(&p->tops, x->buffer->after, arena_copy(p->arena, &top, sizeof top));
    x->from = from;
    x->to = end_of(p, from, x->size);
    x->buffer->at = dim_of(p, from);
    PUSH(p->arena, &p->placed, x);
    for (int i = p->placed.n - 1; i && p->placed.at[i - 1]->from.about > from.about; i--) {
        p->placed.at[i] = p->placed.at[i - 1];
        p->placed.at[i - 1] = x;
    }
}

static bool meet(const Packing *x, const Packing *y) {
    return x->buffer->after == y->buffer->after && x->start <= y->end && y->start <= x->end;
}

/* Whether it ends before all that it meets of what was placed, number i and on. */
static bool ends_before(const Packer *p, const Packing *x, Bytes to, int i) {
    for (; i < p->placed.n; i++) {
        if (meet(x, p->placed.at[i]) && !at_least(p, p->placed.at[i]->from, to)) return false;
    }
    return true;
}

static void place_low(Packer *p, Packing *x) {
    Bytes from = { 0, NULL }, top = top_of(p, x->buffer->after);
    for (int i = 0; i < p->placed.n; i++) {
        const Packing *y = p->placed.at[i];
        if (!meet(x, y)) continue;
        Bytes to = end_of(p, from, x->size);
        if (at_least(p, y->from, to) && ends_before(p, x, to, i)) break;
        if (at_least(p, y->to, from)) {
            from = rounded(p, y->to);
        } else if (!at_least(p, from, y->to)) {
            from = rounded(p, top);
            break;
        }
    }
    Bytes to = end_of(p, from, x->size);
    if (!at_least(p, top, to) && !at_least(p, to, top)) from = rounded(p, top);
    place_at(p, x, from);
}

static Packing *packing_of(const Packer *p, Buffer *u, int start, int end) {
    Packing *x = NEW(p->arena, Packing);
    *x = (Packing){ .buffer = u, .start = start, .end = end, .size = size_of(p, u->type) };
    return x;
}

/* Here the next multiple of 64 is a part of the formula. */
static Bytes exactly_rounded(const Packer *p, Bytes x) {
    if (missing(x) >= 0) return rounded(p, x);
    const Dim *more = dim_add(p->cx, x.exact, dim_int(p->cx, 63)), *unit = dim_int(p->cx, 64);
    return (Bytes){ x.about, dim_mul(p->cx, dim_floordiv(p->cx, more, unit), unit) };
}

void pack_behind(Packer *p, Buffer *u) {
    place_at(p, packing_of(p, u, INT32_MIN, INT32_MAX), exactly_rounded(p, top_of(p, u->after)));
}

bool buffer_is_behind(Compiler *cx, const Buffer *u, const Buffer *before) {
    Packer p = { .cx = cx };
    Bytes end = add(&p, (Bytes){ 0, before->at }, size_of(&p, before->type));
    return u->at == dim_of(&p, exactly_rounded(&p, end));
}

void pack_add(Packer *p, Buffer *u, int start, int end) { PUSH(p->arena, &p->wanted, packing_of(p, u, start, end)); }

static int larger_first(const void *a, const void *b) {
    const Packing *x = *(Packing *const *)a, *y = *(Packing *const *)b;
    if (x->size.about != y->size.about) return x->size.about < y->size.about ? 1 : -1;
    if (x->start != y->start) return x->start < y->start ? -1 : 1;
    return (x->buffer->number > y->buffer->number) - (x->buffer->number < y->buffer->number);
}

int pack_end(Packer *p, Buffer **out) {
    for (int i = 0; i < p->wanted.n; i++) p->wanted.at[i]->buffer->number = i;
    if (p->wanted.n) qsort(p->wanted.at, (size_t)p->wanted.n, sizeof *p->wanted.at, larger_first);
    for (int i = 0; i < p->wanted.n; i++) place_low(p, p->wanted.at[i]);
    for (int i = 0; i < p->placed.n; i++) out[i] = p->placed.at[i]->buffer;
    return p->placed.n;
}

const Dim *arena_bytes(Compiler *cx, const Func *f, const Inst *after) {
    Packer p = { .cx = cx };
    Bytes top = { 0, NULL };
    for (int i = 0; i < f->nbuffers; i++) {
        const Buffer *u = f->buffers[i];
        if (u->kind != BUFFER_ARENA || u->after != after) continue;
        Bytes from = { 0, u->at }, size = size_of(&p, u->type);
        bool within =
            at_least(&p, rounded(&p, top), from); /* they may come in another order than they were placed in */
        top = top_with(&p, within ? top : add(&p, top, from), from, size);
    }
    return dim_of(&p, top);
}

bool buffers_meet(Compiler *cx, const Buffer *u, const Buffer *v) {
    if (u == v || u->kind != BUFFER_ARENA || v->kind != BUFFER_ARENA || u->after != v->after) return u == v;
    Packer p = { .cx = cx };
    Bytes x = { 0, u->at }, y = { 0, v->at };
    return !at_least(&p, x, end_of(&p, y, size_of(&p, v->type))) &&
           !at_least(&p, y, end_of(&p, x, size_of(&p, u->type)));
}
