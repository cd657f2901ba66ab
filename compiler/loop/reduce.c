/* reduce: sums, products, extremes, dots and argmax, their terms added in one fixed order.
**
** Along the last axis there are 256 bytes of running sums: term k goes to lane k mod 64 (for 4-byte numbers), and at the end
** lane i takes lane i + half until one is left.  Long sums are blocks of BLOCK terms; across other axes they are runs of RUN,
** each a chain.  Blocks are joined as a binary tree joins them: 0 and 1, 2 and 3, then those two, whatever is missing on the
** right left out.  What is contracted by a matrix product is one chain in chunks of CHUNK.  Neither the machine's vectors nor
** threads appear in that, so neither changes a bit. */
#include "loop/run.h"

int domain_lanes(Lower *l, const Accum *a, int n) {
    int bytes = 1;
    for (int i = 0; i < n; i++) {
        int widest = dtype_bytes(dtype_real(a[i].dtype));
        if (accum_is_arg(&a[i]) && dtype_bytes(a[i].in->attrs->dtype) > widest)
            widest = dtype_bytes(a[i].in->attrs->dtype);
        int read = dtype_bytes(dtype_real(a[i].x->type->dtype));
        if (widest > bytes) bytes = widest;
        if (read > bytes) bytes = read;
    }
    int lanes = lanes_for(l, bytes);
    for (int i = 0; i < n; i++) {
        if (accum_lanes(&a[i]) < lanes) lanes = accum_lanes(&a[i]);
    }
    return lanes;
}

int across_lanes(Lower *l, const Accum *a, int n, int most) {
    int lanes = domain_lanes(l, a, n);
    if (most < lanes) lanes = most;
    double cost = 0;
    for (int i = 0; i < n; i++) cost += 0.1 + pull_cost(l, a[i].x) + (a[i].y ? pull_cost(l, a[i].y) : 0);
    for (int k = 0; k < 2 && cost < 0.8 && 2 * lanes <= LOOP_MAX_LANES; k++)
        lanes *= 2; /* whole cache lines at a time */
    return lanes;
}

/* The blocks of a domain: of `per` rows each, or, where a row is longer than a block, `cuts` of them to a row. */
typedef struct {
    LValue *rows, *terms, *per, *cuts, *count;
} Blocks;

static Blocks blocks_of(Lower *l, const Domain *d) {
    LBuilder *b = &l->b;
    LValue *one = loop_i64(b, 1), *limit = loop_i64(b, BLOCK);
    LValue *all = one;
    for (int k = d->nkept; k < d->n; k++) all = loop_mul(b, all, lower_dim(l, d->dim[k]));
    if (d->across) return (Blocks){ one, all, one, NULL, round_up(l, all, RUN) };
    Blocks s = { one, lower_dim(l, d->dim[d->n - 1]), one, NULL, NULL };
    for (int k = d->nkept; k + 1 < d->n; k++) s.rows = loop_mul(b, s.rows, lower_dim(l, d->dim[k]));
    LValue *some = loop_binary(b, OP_max, s.terms, one);
    s.per = loop_binary(b, OP_max, loop_binary(b, OP_div, limit, some), one);
    s.cuts = loop_binary(b, OP_max, round_up(l, s.terms, BLOCK), one);
    LValue *groups = loop_binary(b, OP_div, loop_sub(b, loop_add(b, s.rows, s.per), one), s.per);
    s.count = loop_mul(b, groups, s.cuts);
    return s;
}

static void block_at(Lower *l, Run *r, const Pull *p, const Blocks *s, LValue *block, Elem *out) {
    LBuilder *b = &l->b;
    LValue *limit = loop_i64(b, BLOCK);
    if (r->d->across) {
        LValue *lo = loop_mul(b, block, loop_i64(b, RUN));
        run_chain(l, r, p, lo, loop_binary(b, OP_min, s->terms, loop_add(b, lo, loop_i64(b, RUN))), out);
        return;
    }
    LValue *group = loop_binary(b, OP_div, block, s->cuts), *cut = loop_binary(b, OP_rem, block, s->cuts);
    LValue *row = loop_mul(b, group, s->per), *from = loop_mul(b, cut, limit);
    LValue *end = loop_binary(b, OP_min, s->rows, loop_add(b, row, s->per));
    run_lanes(l, r, row, end, from, loop_binary(b, OP_min, s->terms, loop_add(b, from, limit)), out);
}

/* A slot for each level of the tree that joins blocks, or for each block. */
typedef struct {
    LValue *re, *im;
} Slots;

static Elem slot_load(Lower *l, const Accum *a, Slots s, LValue *at, int lanes) {
    LBuilder *b = &l->b;
    LType t = loop_type(dtype_real(a->dtype), lanes);
    LValue *i = loop_mul(b, at, loop_i64(b, lanes));
    Elem e = { loop_load(b, t, s.re, i, 1, NULL), NULL };
    if (s.im)
        e.im = loop_load(b, loop_type(accum_is_arg(a) ? a->in->attrs->dtype : (DType)t.dtype, lanes), s.im, i, 1, NULL);
    return e;
}

static void slot_store(Lower *l, Slots s, LValue *at, Elem e) {
    LBuilder *b = &l->b;
    LValue *i = loop_mul(b, at, loop_i64(b, e.re->type.lanes));
    loop_store(b, e.re, s.re, i, 1, NULL);
    if (s.im) loop_store(b, e.im, s.im, i, 1, NULL);
}

enum { LEVELS = 52 /* blocks are fewer than 2 to that */, FEW_RUNS = 4 };

/* Block after block, keeping one partial result for each level of the tree that waits for its right half. */
static void stream_blocks(Lower *l, Run *r, const Pull *p, const Blocks *s, int lanes, Elem *out) {
    LBuilder *b = &l->b;
    LValue *zero = loop_i64(b, 0), *one = loop_i64(b, 1), *v[2 * MAX_ACCUMS + 2];
    Slots slots[MAX_ACCUMS];
    for (int i = 0; i < r->n; i++) {
        Elem e = accum_start(l, &r->a[i], lanes);
        slots[i].re = loop_stack(b, (int64_t)LEVELS * loop_bytes(e.re->type) * lanes, 64);
        slots[i].im = e.im ? loop_stack(b, (int64_t)LEVELS * loop_bytes(e.im->type) * lanes, 64) : NULL;
    }
    LLoop f = loop_for(b, zero, s->count, 1, 0, NULL);
    block_at(l, r, p, s, f.i, out);
    int n = 0;
    v[n++] = f.i;
    v[n++] = zero;
    n += accum_values(r->a, r->n, out, v + n);
    LLoop up = loop_while(b, n, v);
    LValue *odd = loop_binary(b, OP_eq, loop_binary(b, OP_and, up.carry[0], one), one);
    loop_while_body(b, &up, odd);
    Elem part[MAX_ACCUMS];
    accum_elems(r->a, r->n, part, up.carry + 2);
    for (int i = 0; i < r->n; i++) {
        part[i] = accum_merge(l, &r->a[i], slot_load(l, &r->a[i], slots[i], up.carry[1], lanes), part[i]);
    }
    n = 0;
    v[n++] = loop_binary(b, OP_shift_right_logical, up.carry[0], one);
    v[n++] = loop_add(b, up.carry[1], one);
    n += accum_values(r->a, r->n, part, v + n);
    loop_end(b, &up, v);
    accum_elems(r->a, r->n, part, up.carry + 2);
    for (int i = 0; i < r->n; i++) slot_store(l, slots[i], up.carry[1], part[i]);
    loop_end(b, &f, NULL);

    /* What waits, lowest level first: the bits of the count say where. */
    for (int i = 0; i < r->n; i++) out[i] = accum_start(l, &r->a[i], lanes);
    n = 0;
    v[n++] = s->count;
    v[n++] = zero;
    n += accum_values(r->a, r->n, out, v + n);
    v[n++] = loop_bool(b, false);
    LLoop down = loop_while(b, n, v);
    LValue *left = loop_binary(b, OP_ne, down.carry[0], zero);
    loop_while_body(b, &down, left);
    accum_elems(r->a, r->n, part, down.carry + 2);
    LValue *has = down.carry[n - 1];
    LValue *set = loop_binary(b, OP_ne, loop_binary(b, OP_and, down.carry[0], one), zero);
    LLoop there = loop_if(b, set);
    Elem joined[MAX_ACCUMS];
    for (int i = 0; i < r->n; i++) {
        Elem e = slot_load(l, &r->a[i], slots[i], down.carry[1], lanes);
        joined[i] = elem_select(l, has, accum_merge(l, &r->a[i], e, part[i]), e);
    }
    n = 0;
    n += accum_values(r->a, r->n, joined, v + n);
    loop_else(b, &there, n, v);
    n = 0;
    n += accum_values(r->a, r->n, part, v + n);
    loop_end_if(b, &there, n, v);
    n = 0;
    v[n++] = loop_binary(b, OP_shift_right_logical, down.carry[0], one);
    v[n++] = loop_add(b, down.carry[1], one);
    for (int i = 0; i < there.inst->nresults; i++) v[n++] = there.carry[i];
    v[n++] = loop_binary(b, OP_or, has, set);
    loop_end(b, &down, v);
    accum_elems(r->a, r->n, out, down.carry + 2);
}

/* The same for a few runs, written out. */
static void tree_of_runs(Lower *l, Run *r, const Pull *p, int64_t lo, int64_t hi, Elem *out) {
    LBuilder *b = &l->b;
    int64_t left = RUN;
    while (2 * left < hi - lo) left *= 2;
    if (hi - lo <= RUN) {
        run_chain(l, r, p, loop_i64(b, lo), loop_i64(b, hi), out);
        return;
    }
    Elem right[MAX_ACCUMS];
    tree_of_runs(l, r, p, lo, lo + left, out);
    tree_of_runs(l, r, p, lo + left, hi, right);
    for (int i = 0; i < r->n; i++) out[i] = accum_merge(l, &r->a[i], out[i], right[i]);
}

void reduce_at(Pull *p, const Domain *d, const Accum *a, int n, const Idx *kept, Elem *results) {
    if (d->side_by_side) {
        short_reduce(p, d, a, n, kept, results);
        return;
    }
    Lower *l = p->l;
    LBuilder *b = &l->b;
    int lanes = d->across ? p->lanes : domain_lanes(l, a, n);
    int64_t size;
    if (!d->across && dim_is_int(d->dim[d->n - 1], &size)) {
        while (lanes > 1 && lanes / 2 >= size)
            lanes /= 2; /* the lanes beyond are never used: their sums are what they began with */
    }
    Run r = run_of(l, d, a, n, lanes, kept);
    Blocks s = blocks_of(l, d);
    LValue *zero = loop_i64(b, 0);
    int64_t known;
    bool one_block = !d->blocks || (loop_is_const(s.count, &known) && known == 1);
    int64_t most = r.heavy ? RUN : FEW_RUNS * RUN;
    if (d->across && d->blocks && loop_is_const(s.terms, &known) && known <= most)
        tree_of_runs(l, &r, p, 0, known, results);
    else if (!one_block)
        stream_blocks(l, &r, p, &s, d->across ? lanes : 1, results);
    else if (d->across)
        run_chains(l, &r, p, zero, s.terms, results);
    else
        run_lanes(l, &r, zero, s.rows, zero, s.terms, results);
    accum_finish(l, a, n, results);
}

typedef struct {
    const Domain *d;
    const Accum *a;
    int n;
    const Blocks *s;
    Slots *slots;
} Partials;

static void partials(Lower *l, LValue *lo, LValue *hi, void *context) {
    const Partials *q = context;
    LBuilder *b = &l->b;
    Elem out[MAX_ACCUMS];
    LLoop f = loop_for(b, lo, hi, 1, 0, NULL);
    Run r = run_of(l, q->d, q->a, q->n, q->d->across ? 1 : domain_lanes(l, q->a, q->n), NULL);
    Pull p = { .l = l, .lanes = 1 };
    block_at(l, &r, &p, q->s, f.i, out);
    for (int i = 0; i < q->n; i++) slot_store(l, q->slots[i], f.i, out[i]);
    loop_end(b, &f, NULL);
}

void reduce_all(Lower *l, const Domain *d, const Accum *a, int n, Elem *results) {
    LBuilder *b = &l->b;
    Blocks s = blocks_of(l, d);
    int64_t known;
    if (l->serial || !d->blocks || (loop_is_const(s.count, &known) && known < 4)) {
        Pull p = { .l = l, .lanes = 1 };
        reduce_at(&p, d, a, n, NULL, results);
        return;
    }
    Slots slots[MAX_ACCUMS];
    LValue *zero = loop_i64(b, 0), *one = loop_i64(b, 1);
    LValue *room = loop_binary(b, OP_max, s.count, one);
    for (int i = 0; i < n; i++) {
        Elem e = accum_start(l, &a[i], 1);
        slots[i].re = loop_alloc(b, loop_mul(b, room, loop_i64(b, loop_bytes(e.re->type))));
        slots[i].im = e.im ? loop_alloc(b, loop_mul(b, room, loop_i64(b, loop_bytes(e.im->type)))) : NULL;
        slot_store(l, slots[i], zero, e);
    }
    Partials q = { d, a, n, &s, slots };
    double cost = 0;
    for (int i = 0; i < n; i++) cost += 0.05 + pull_cost(l, a[i].x) + (a[i].y ? pull_cost(l, a[i].y) : 0);
    pieces(l, s.count, (Work){ cost * BLOCK, NULL }, partials, &q);

    /* Blocks i and i + gap, for gap 1, 2, 4, ... */
    LLoop w = loop_while(b, 1, &one);
    LValue *gap = w.carry[0], *more = loop_binary(b, OP_lt, gap, s.count);
    loop_while_body(b, &w, more);
    gap = w.carry[0];
    LValue *twice = loop_add(b, gap, gap);
    LValue *pairs = loop_binary(b, OP_div, loop_sub(b, loop_add(b, s.count, gap), one), twice);
    LLoop f = loop_for(b, zero, pairs, 1, 0, NULL);
    LValue *left = loop_mul(b, f.i, twice), *right = loop_add(b, left, gap);
    for (int i = 0; i < n; i++) {
        Elem x = slot_load(l, &a[i], slots[i], left, 1), y = slot_load(l, &a[i], slots[i], right, 1);
        slot_store(l, slots[i], left, accum_merge(l, &a[i], x, y));
    }
    loop_end(b, &f, NULL);
    loop_end(b, &w, &twice);
    for (int i = 0; i < n; i++) {
        results[i] = slot_load(l, &a[i], slots[i], zero, 1);
        loop_release(b, slots[i].re);
        if (slots[i].im) loop_release(b, slots[i].im);
    }
    accum_finish(l, a, n, results);
}
