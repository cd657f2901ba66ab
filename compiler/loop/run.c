/* run: the terms of one block of a reduction, or of several reductions at once, added up in registers (reduce.c says in what
** order, and joins the blocks). */
#include "loop/run.h"

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
void run_lanes(Lower *l, Run *r, LValue *lo, LValue *hi, LValue *from, LValue *to, Elem *out) {
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
void run_chain(Lower *l, Run *r, const Pull *p, LValue *lo, LValue *hi, Elem *s) {
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

void run_chains(Lower *l, Run *r, const Pull *p, LValue *lo, LValue *hi, Elem *out) {
    LBuilder *b = &l->b;
    int64_t known;
    if (loop_is_const(loop_sub(b, hi, lo), &known) && known <= CHUNK) {
        run_chain(l, r, p, lo, hi, out);
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
    run_chain(l, r, p, f.i, end, out);
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

Run run_of(Lower *l, const Domain *d, const Accum *a, int n, int lanes, const Idx *kept) {
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
