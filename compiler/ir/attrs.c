/* attrs: the attributes of instructions; every function here is a loop over attrs.def. */
#include "ir/internal.h"

#include <string.h>

const Attrs no_attrs;

Ints ints_of(Arena *arena, int n, const int64_t *at) {
    return (Ints){ n, arena_copy(arena, at, sizeof *at * (size_t)n) };
}
Dims dims_of(Arena *arena, int n, const Dim *const *at) {
    return (Dims){ n, arena_copy(arena, at, sizeof *at * (size_t)n) };
}

/* one function per kind: equal */
static bool equal_INT(int64_t x, int64_t y) { return x == y; }
static bool equal_DTYPE(DType x, DType y) { return x == y; }
static bool equal_DIM(const Dim *x, const Dim *y) { return x == y; }
static bool equal_TEXT(const char *x, const char *y) { return x == y || (x && y && !strcmp(x, y)); }
static bool equal_FUNC(const Func *x, const Func *y) { return x == y; }
static bool equal_list(int n, const void *x, int m, const void *y, size_t each) {
    return n == m && (n == 0 || memcmp(x, y, each * (size_t)n) == 0);
}
static bool equal_INTS(Ints x, Ints y) { return equal_list(x.n, x.at, y.n, y.at, sizeof *x.at); }
static bool equal_DIMS(Dims x, Dims y) { return equal_list(x.n, x.at, y.n, y.at, sizeof *x.at); }
static bool equal_SIZES(Sizes x, Sizes y) { return equal_list(x.n, x.at, y.n, y.at, sizeof *x.at); }

/* Elements have the width of the instruction's dtype. */
static size_t data_bytes(const Attrs *a) { return (size_t)a->data.n * (size_t)dtype_bytes(a->dtype); }

bool attrs_equal(Op op, const Attrs *a, const Attrs *b) {
#define equal_DATA(x, y) ((x).n == (y).n && a->dtype == b->dtype && !memcmp((x).bytes, (y).bytes, data_bytes(a)))
#define ATTR(name, kind, under_vmap, meaning)                                                                          \
    if (op_has_attr(op, ATTR_INDEX_##name) && !equal_##kind(a->name, b->name)) return false;
#include "ir/attrs.def"
#undef ATTR
#undef equal_DATA
    return true;
}

/* one function per kind: hash */
static uint64_t hash_INT(int64_t x, uint64_t h) { return hash_bytes(&x, sizeof x, h); }
static uint64_t hash_DTYPE(DType x, uint64_t h) { return hash_INT(x, h); }
static uint64_t hash_DIM(const Dim *x, uint64_t h) { return hash_INT(x ? x->id : -1, h); }
static uint64_t hash_TEXT(const char *x, uint64_t h) { return x ? hash_bytes(x, strlen(x), h) : h; }
static uint64_t hash_FUNC(const Func *x, uint64_t h) { return hash_bytes(&x, sizeof x, h); }
static uint64_t hash_INTS(Ints x, uint64_t h) { return x.n ? hash_bytes(x.at, sizeof *x.at * (size_t)x.n, h) : h; }
static uint64_t hash_DIMS(Dims x, uint64_t h) {
    for (int i = 0; i < x.n; i++) h = hash_INT(x.at[i]->id, h);
    return h;
}
static uint64_t hash_SIZES(Sizes x, uint64_t h) {
    for (int i = 0; i < x.n; i++) h = hash_INT(x.at[i]->id, h);
    return h;
}

uint64_t attrs_hash(Op op, const Attrs *a) {
    uint64_t h = (uint64_t)op;
#define hash_DATA(x, seed) hash_bytes((x).bytes, data_bytes(a), seed)
#define ATTR(name, kind, under_vmap, meaning)                                                                          \
    if (op_has_attr(op, ATTR_INDEX_##name)) h = hash_##kind(a->name, h + ATTR_INDEX_##name);
#include "ir/attrs.def"
#undef ATTR
#undef hash_DATA
    return h;
}

/* one function per kind: copy into an arena */
static Attrs copied(Arena *arena, Op op, const Attrs *a) {
    Attrs r = { 0 };
#define copy_INT(x) (x)
#define copy_DTYPE(x) (x)
#define copy_DIM(x) (x)
#define copy_FUNC(x) (x)
#define copy_TEXT(x) ((x) ? arena_copy(arena, (x), strlen(x) + 1) : NULL)
#define copy_INTS(x) ints_of(arena, (x).n, (x).at)
#define copy_DIMS(x) dims_of(arena, (x).n, (x).at)
#define copy_SIZES(x) ((Sizes){ (x).n, arena_copy(arena, (x).at, sizeof *(x).at * (size_t)(x).n) })
#define copy_DATA(x) ((Data){ (x).n, arena_copy(arena, (x).bytes, data_bytes(a)) })
#define ATTR(name, kind, under_vmap, meaning)                                                                          \
    if (op_has_attr(op, ATTR_INDEX_##name)) r.name = copy_##kind(a->name);
#include "ir/attrs.def"
#undef ATTR
    return r;
}
const Attrs *attrs_copy(Arena *arena, Op op, const Attrs *a) {
    Attrs *r = NEW(arena, Attrs);
    *r = copied(arena, op, a);
    return r;
}

/* one function per kind: sizes replaced */
static const Dim *subst_DIM(Compiler *cx, const Dim *x, const DimMap *m) { return x ? dim_subst(cx, x, m) : NULL; }
static Dims subst_DIMS(Compiler *cx, Dims x, const DimMap *m) {
    const Dim **at = NEW_ARRAY(cx->arena, const Dim *, x.n);
    for (int i = 0; i < x.n; i++) at[i] = dim_subst(cx, x.at[i], m);
    return (Dims){ x.n, at };
}
/* A variable that is bound stays one: it may only be replaced by another. */
static Sizes subst_SIZES(Compiler *cx, Sizes x, const DimMap *m) {
    const SizeVar **at = NEW_ARRAY(cx->arena, const SizeVar *, x.n);
    for (int i = 0; i < x.n; i++) {
        const Dim *d = dim_subst(cx, dim_var(cx, x.at[i]), m);
        bool is_var = d->nterms == 1 && d->terms[0].natoms == 1 && d->terms[0].coefficient == 1;
        at[i] = is_var && d->terms[0].atoms[0]->var ? d->terms[0].atoms[0]->var : x.at[i];
    }
    return (Sizes){ x.n, at };
}

Attrs attrs_subst(Compiler *cx, const Attrs *a, const DimMap *m) {
    Attrs r = *a;
    if (!m || !m->n) return r;
#define subst_INT(c, x, map) (x)
#define subst_INTS(c, x, map) (x)
#define subst_DTYPE(c, x, map) (x)
#define subst_TEXT(c, x, map) (x)
#define subst_DATA(c, x, map) (x)
#define subst_FUNC(c, x, map) (x)
#define ATTR(name, kind, under_vmap, meaning) r.name = subst_##kind(cx, a->name, m);
#include "ir/attrs.def"
#undef ATTR
    return r;
}
