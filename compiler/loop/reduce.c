/* reduce: sums, products, extremes, dots and argmax, their terms added in one fixed order.
**
** Along the last axis there are 256 bytes of running sums: term k goes to lane k mod 64 (for 4-byte numbers), and at the end
** lane i takes lane i + half until one is left.  Long sums are blocks of BLOCK terms; across other axes they are runs of RUN,
** each a chain.  Blocks are joined as a binary tree joins them: 0 and 1, 2 and 3, then those two, whatever is missing on the
** right left out.  What is contracted by a matrix product is one chain in chunks of CHUNK.  Neither the machine's vectors nor
** threads appear in that, so neither changes a bit. */
#include "loop/lower.h"

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

/* Running sums of all reductions in hand: sum k of reduction i, in registers. */
typedef struct {
    const Domain *d;
    const Accum *a;
    int n, width;               /* width: lanes of a register */
    int subs[MAX_ACCUMS], most; /* registers of each, and of the widest */
    bool heavy;
    Idx at[2 * MAX_RANK];
} Run;

typedef struct {
    Elem at[MAX_ACCUMS][LANE_BYTES / 4];
} Sums;

static int flatten(const Run *r, const Sums *s, LValue **v) {
    int n = 0;
    for (int i = 0; i < r->n; i++) {
        for (int k = 0; k < r->subs[i]; k++) {
            v[n++] = s->at[i][k].re;
            if (accum_parts(&r->a[i]) == 2) v[n++] = s->at[i][k].im;
        }
    }
    return n;
}

static void unflatten(const Run *r, Sums *s, LValue *const *v) {
    int n = 0;
    for (int i = 0; i < r->n; i++) {
        for (int k = 0; k < r->subs[i]; k++) {
            s->at[i][k].re = v[n++];
            s->at[i][k].im = accum_parts(&r->a[i]) == 2 ? v[n++] : NULL;
        }
    }
}

enum { MAX_SUMS = MAX_ACCUMS * 2 * LANE_BYTES / 4 };

/* The terms k + sub*width .. of the last axis. */
static void add_sub(Lower *l, Run *r, Sums *s, LValue *k, int sub, LValue *tail) {
    Pull p = { .l = l, .lanes = r->width, .tail = tail };
    LValue *i = loop_add(&l->b, k, loop_i64(&l->b, (int64_t)sub * r->width));
    r->at[r->d->n - 1] = (Idx){ .i = i, .step = r->width > 1 };
    for (int a = 0; a < r->n; a++) {
        Elem *e = &s->at[a][sub % r->subs[a]];
        *e = accum_step(&p, r->d, &r->a[a], *e, r->at);
    }
    if (r->d->also) r->d->also(&p, r->at, r->d->also_context);
}

/* Terms lo .. hi with the running sums in memory: little code, for what is long or seldom run. */
static void add_compact(Lower *l, Run *r, Sums *s, LValue *lo, LValue *hi) {
    LBuilder *b = &l->b;
    LValue *memory[MAX_ACCUMS][2] = { { NULL } };
    LValue *zero = loop_i64(b, 0);
    for (int i = 0; i < r->n; i++) {
        for (int q = 0; q < accum_parts(&r->a[i]); q++) {
            LValue *first = q ? s->at[i][0].im : s->at[i][0].re;
            int64_t bytes = loop_bytes(first->type) * r->width;
            memory[i][q] = loop_stack(b, bytes * r->subs[i], 64);
            for (int k = 0; k < r->subs[i]; k++) {
                LValue *v = q ? s->at[i][k].im : s->at[i][k].re;
                loop_store(b, v, memory[i][q], loop_i64(b, (int64_t)k * r->width), 1, NULL);
            }
        }
    }
    LLoop f = loop_for(b, lo, hi, r->width, 0, NULL);
    Pull p = { .l = l, .lanes = r->width };
    p.tail = loop_lanes_below(b, loop_sub(b, hi, f.i), r->width);
    r->at[r->d->n - 1] = (Idx){ .i = f.i, .step = r->width > 1 };
    for (int i = 0; i < r->n; i++) {
        LValue *slot = loop_sub(b, f.i, lo), *re = memory[i][0], *im = memory[i][1];
        slot = loop_binary(b, OP_and, slot, loop_i64(b, (int64_t)r->subs[i] * r->width - 1));
        LType tr = s->at[i][0].re->type;
        Elem e = { loop_load(b, tr, re, slot, 1, NULL), NULL };
        if (im) e.im = loop_load(b, s->at[i][0].im->type, im, slot, 1, NULL);
        e = accum_step(&p, r->d, &r->a[i], e, r->at);
        loop_store(b, e.re, re, slot, 1, NULL);
        if (im) loop_store(b, e.im, im, slot, 1, NULL);
    }
    if (r->d->also) r->d->also(&p, r->at, r->d->also_context);
    loop_end(b, &f, NULL);
    for (int i = 0; i < r->n; i++) {
        for (int k = 0; k < r->subs[i]; k++) {
            Elem *e = &s->at[i][k];
            LValue *slot = loop_add(b, zero, loop_i64(b, (int64_t)k * r->width));
            e->re = loop_load(b, e->re->type, memory[i][0], slot, 1, NULL);
            if (e->im) e->im = loop_load(b, e->im->type, memory[i][1], slot, 1, NULL);
        }
    }
}

/* Terms lo .. hi of one row. */
static void add_row(Lower *l, Run *r, Sums *s, LValue *lo, LValue *hi) {
    LBuilder *b = &l->b;
    LValue *length = loop_sub(b, hi, lo);
    int64_t known = -1, group = (int64_t)r->most * r->width;
    loop_is_const(length, &known);
    if (known == 0) return;
    int vectors = known < 0 ? r->most : (int)((known % group + r->width - 1) / r->width);
    if (r->heavy && (known < 0 || known > r->width)) {
        add_compact(l, r, s, lo, hi);
        return;
    }
    LValue *end = loop_add(b, lo, loop_binary(b, OP_and, length, loop_i64(b, -group)));
    LValue *v[MAX_SUMS];
    if (known < 0 || known >= group) {
        int n = flatten(r, s, v);
        LLoop f = loop_for(b, lo, end, group, n, v);
        unflatten(r, s, f.carry);
        for (int k = 0; k < r->most; k++) add_sub(l, r, s, f.i, k, NULL);
        flatten(r, s, v);
        loop_end(b, &f, v);
        unflatten(r, s, f.carry);
    }
    if (known >= 0) {
        for (int k = 0; k < vectors; k++) {
            int64_t left = known % group - (int64_t)k * r->width;
            LValue *tail = left >= r->width ? NULL : loop_lanes_below(b, loop_i64(b, left), r->width);
            add_sub(l, r, s, end, k, tail);
        }
        return;
    }
    Sums before = *s;
    LLoop rest = loop_if(b, loop_binary(b, OP_lt, end, hi));
    if (r->most == 1)
        add_sub(l, r, s, end, 0, loop_lanes_below(b, loop_sub(b, hi, end), r->width));
    else
        add_compact(l, r, s, end, hi);
    int n = flatten(r, s, v);
    loop_else(b, &rest, n, v);
    flatten(r, &before, v);
    loop_end_if(b, &rest, n, v);
    unflatten(r, s, rest.carry);
}

/* Lane i takes lane i + half, until one is left. */
static Elem tree_of_lanes(Lower *l, const Run *r, int i, Sums *s) {
    LBuilder *b = &l->b;
    const Accum *a = &r->a[i];
    for (int half = r->subs[i] / 2; half; half /= 2) {
        for (int k = 0; k < half; k++) s->at[i][k] = accum_merge(l, a, s->at[i][k], s->at[i][k + half]);
    }
    Elem e = s->at[i][0];
    for (int half = r->width / 2; half; half /= 2) {
        int low[LOOP_MAX_LANES], high[LOOP_MAX_LANES];
        for (int k = 0; k < half; k++) low[k] = k, high[k] = k + half;
        Elem x = { loop_shuffle(b, e.re, e.re, half, low), e.im ? loop_shuffle(b, e.im, e.im, half, low) : NULL };
        Elem y = { loop_shuffle(b, e.re, e.re, half, high), e.im ? loop_shuffle(b, e.im, e.im, half, high) : NULL };
        e = accum_merge(l, a, x, y);
    }
    return e;
}

static void start(Lower *l, const Run *r, Sums *s) {
    for (int i = 0; i < r->n; i++) {
        for (int k = 0; k < r->subs[i]; k++) s->at[i][k] = accum_start(l, &r->a[i], r->width);
    }
}

/* One number of each reduction: the rows lo .. hi, their terms from .. to. */
static void block_of_lanes(Lower *l, Run *r, LValue *lo, LValue *hi, LValue *from, LValue *to, Elem *out) {
    LBuilder *b = &l->b;
    const Domain *d = r->d;
    Sums s;
    start(l, r, &s);
    if (d->n - d->nkept == 1) {
        add_row(l, r, &s, from, to);
    } else {
        LValue *v[MAX_SUMS];
        int n = flatten(r, &s, v);
        LLoop f = loop_for(b, lo, hi, 1, n, v);
        unflatten(r, &s, f.carry);
        LValue *rest = f.i;
        for (int k = d->n - 2; k >= d->nkept; k--) {
            LValue *size = lower_dim(l, d->dim[k]);
            r->at[k] = idx_at(k > d->nkept ? loop_binary(b, OP_rem, rest, size) : rest);
            rest = k > d->nkept ? loop_binary(b, OP_div, rest, size) : rest;
        }
        add_row(l, r, &s, from, to);
        flatten(r, &s, v);
        loop_end(b, &f, v);
        unflatten(r, &s, f.carry);
    }
    for (int i = 0; i < r->n; i++) out[i] = tree_of_lanes(l, r, i, &s);
}

/* Terms lo .. hi of each lane's own chain. */
static void chain(Lower *l, Run *r, const Pull *p, LValue *lo, LValue *hi, Elem *s) {
    LBuilder *b = &l->b;
    const Domain *d = r->d;
    LValue *v[2 * MAX_ACCUMS];
    int n = 0;
    for (int i = 0; i < r->n; i++) {
        s[i] = accum_start(l, &r->a[i], p->lanes);
        v[n++] = s[i].re;
        if (s[i].im) v[n++] = s[i].im;
    }
    LLoop f = loop_for(b, lo, hi, 1, n, v);
    LValue *rest = f.i;
    for (int k = d->n - 1; k >= d->nkept; k--) {
        LValue *size = lower_dim(l, d->dim[k]);
        r->at[k] = idx_at(k > d->nkept ? loop_binary(b, OP_rem, rest, size) : rest);
        rest = k > d->nkept ? loop_binary(b, OP_div, rest, size) : rest;
    }
    Pull q = *p;
    n = 0;
    for (int i = 0; i < r->n; i++) {
        Elem e = { f.carry[n], s[i].im ? f.carry[n + 1] : NULL };
        n += s[i].im ? 2 : 1;
        e = accum_step(&q, d, &r->a[i], e, r->at);
        s[i] = e;
    }
    if (d->also) d->also(&q, r->at, d->also_context);
    n = 0;
    for (int i = 0; i < r->n; i++) {
        v[n++] = s[i].re;
        if (s[i].im) v[n++] = s[i].im;
    }
    loop_end(b, &f, v);
    n = 0;
    for (int i = 0; i < r->n; i++) {
        s[i].re = f.carry[n++];
        if (s[i].im) s[i].im = f.carry[n++];
    }
}

static void block_of_chains(Lower *l, Run *r, const Pull *p, LValue *lo, LValue *hi, Elem *out) {
    LBuilder *b = &l->b;
    int64_t known;
    if (loop_is_const(loop_sub(b, hi, lo), &known) && known <= CHUNK) {
        chain(l, r, p, lo, hi, out);
        return;
    }
    LValue *v[2 * MAX_ACCUMS];
    Elem total[MAX_ACCUMS];
    int n = 0;
    for (int i = 0; i < r->n; i++) {
        Elem zero = accum_start(l, &r->a[i], p->lanes);
        v[n++] = zero.re;
        if (zero.im) v[n++] = zero.im;
    }
    LLoop f = loop_for(b, lo, hi, CHUNK, n, v);
    n = 0;
    for (int i = 0; i < r->n; i++) {
        total[i].re = f.carry[n++];
        total[i].im = accum_parts(&r->a[i]) == 2 ? f.carry[n++] : NULL;
    }
    LValue *end = loop_binary(b, OP_min, hi, loop_add(b, f.i, loop_i64(b, CHUNK)));
    chain(l, r, p, f.i, end, out);
    n = 0;
    for (int i = 0; i < r->n; i++) {
        Elem e = accum_merge(l, &r->a[i], total[i], out[i]);
        v[n++] = e.re;
        if (e.im) v[n++] = e.im;
    }
    loop_end(b, &f, v);
    n = 0;
    for (int i = 0; i < r->n; i++) {
        out[i].re = f.carry[n++];
        out[i].im = accum_parts(&r->a[i]) == 2 ? f.carry[n++] : NULL;
    }
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
        chain(l, r, p, lo, loop_binary(b, OP_min, s->terms, loop_add(b, lo, loop_i64(b, RUN))), out);
        return;
    }
    LValue *group = loop_binary(b, OP_div, block, s->cuts), *cut = loop_binary(b, OP_rem, block, s->cuts);
    LValue *row = loop_mul(b, group, s->per), *from = loop_mul(b, cut, limit);
    LValue *end = loop_binary(b, OP_min, s->rows, loop_add(b, row, s->per));
    block_of_lanes(l, r, row, end, from, loop_binary(b, OP_min, s->terms, loop_add(b, from, limit)), out);
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
        chain(l, r, p, loop_i64(b, lo), loop_i64(b, hi), out);
        return;
    }
    Elem right[MAX_ACCUMS];
    tree_of_runs(l, r, p, lo, lo + left, out);
    tree_of_runs(l, r, p, lo + left, hi, right);
    for (int i = 0; i < r->n; i++) out[i] = accum_merge(l, &r->a[i], out[i], right[i]);
}

static Run run_of(Lower *l, const Domain *d, const Accum *a, int n, int lanes, const Idx *kept) {
    Run r = { .d = d, .a = a, .n = n, .width = lanes };
    double cost = 0;
    for (int i = 0; i < n; i++) {
        r.subs[i] = d->across ? 1 : accum_lanes(&a[i]) / lanes;
        if (r.subs[i] > r.most) r.most = r.subs[i];
        cost += pull_cost(l, a[i].x) + (a[i].y ? pull_cost(l, a[i].y) : 0);
    }
    r.heavy = cost > 1.5 || n > 4;
    for (int k = 0; k < d->nkept; k++) r.at[k] = kept[k];
    return r;
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
        block_of_chains(l, &r, p, zero, s.terms, results);
    else
        block_of_lanes(l, &r, zero, s.rows, zero, s.terms, results);
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
