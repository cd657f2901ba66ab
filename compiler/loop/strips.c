/* strips: reductions across rows, read as the rows lie in memory.
**
** A strip is some neighbours along the last kept axis.  Its running sums lie in the first cache: row after row is added to
** them, run by run (reduce.c), and what waits for its right half of the tree has a strip of its own for each level.  The order
** of terms is that of reduce_at.  What a phase found stays in a strip too, where later ones read it. */
#include "loop/lower.h"

#include <string.h>

enum {
    SHORT = 512,        /* bytes of a row, and */
    FEW = 64,           /* rows that are added up in registers (reduce_at) */
    STRIP_BYTES = 1024, /* of one running sum */
    TOGETHER = 4,       /* rows, if little is done with each */
    LEVELS = 44         /* of a tree of runs */
};

/* The running sums of one reduction: slot 0 is added to, slot 1 + k waits on level k. */
typedef struct {
    LValue *re, *im;
} Sums;

static LType part_type(const Accum *a, bool second, int lanes) {
    DType d = dtype_real(a->dtype);
    return loop_type(second && accum_is_arg(a) ? a->in->attrs->dtype : d, lanes);
}

static int widest(const Accum *a, int n) {
    int bytes = 1;
    for (int i = 0; i < n; i++) {
        for (int part = 0; part < accum_parts(&a[i]); part++) {
            int size = loop_bytes(part_type(&a[i], part, 1));
            if (size > bytes) bytes = size;
        }
    }
    return bytes;
}

static int64_t rows_known(const Domain *d) {
    int64_t rows = 1, size;
    for (int k = d->nkept; k < d->n; k++) {
        if (!dim_is_int(d->dim[k], &size)) return -1;
        rows *= size;
    }
    return rows;
}

bool strips_fit(const Domain *d, const Accum *a, int n) {
    int64_t size, rows = rows_known(d);
    if (!d->across || !d->blocks || !d->nkept || (rows >= 0 && rows <= FEW)) return false;
    return !dim_is_int(d->dim[d->nkept - 1], &size) || size * widest(a, n) > SHORT;
}

/* loops over a strip */

void strip_columns(Lower *l, Strip *s, NestBody body, void *context) {
    Idx idx[2 * MAX_RANK];
    memcpy(idx, s->at, sizeof idx);
    int last = s->d->nkept - 1;
    idx[last] = (Idx){ .lo = dim_int(l->cx, 0), .hi = s->d->dim[last] };
    nest_inner(l, s->lo, s->hi, s->lanes, s->heavy, idx, last, body, context);
}

/* Row `term` of the reduced axes, counted through all of them. */
static void find_row(Lower *l, const Domain *d, LValue *term, Idx *at) {
    LBuilder *b = &l->b;
    LValue *rest = term;
    for (int k = d->n - 1; k >= d->nkept; k--) {
        LValue *size = lower_dim(l, d->dim[k]);
        at[k] = idx_at(k > d->nkept ? loop_binary(b, OP_rem, rest, size) : rest);
        rest = k > d->nkept ? loop_binary(b, OP_div, rest, size) : rest;
    }
}

static LValue *rows_of(Lower *l, const Domain *d) {
    LValue *rows = loop_i64(&l->b, 1);
    for (int k = d->nkept; k < d->n; k++) rows = loop_mul(&l->b, rows, lower_dim(l, d->dim[k]));
    return rows;
}

void strip_rows(Lower *l, Strip *s, NestBody body, void *context) {
    LBuilder *b = &l->b;
    LLoop f = loop_for(b, loop_i64(b, 0), rows_of(l, s->d), 1, 0, NULL);
    find_row(l, s->d, f.i, s->at);
    strip_columns(l, s, body, context);
    loop_end(b, &f, NULL);
}

/* adding up */

typedef struct {
    const Strip *s;
    const Accum *a;
    int n;
    const Sums *sums;
    LValue *from, *to; /* slots */
    Idx rows[TOGETHER][2 * MAX_RANK];
    int nrows;  /* that are added at a time */
    bool fresh; /* to nothing, not to what is there */
} Step;

static Elem sums_load(Pull *p, const Step *t, int i, LValue *slot, const Idx *idx, LValue **at) {
    LBuilder *b = &p->l->b;
    const Accum *a = &t->a[i];
    Sums s = t->sums[i];
    *at = loop_sub(b, idx[t->s->d->nkept - 1].i, t->s->lo);
    *at = loop_add(b, loop_mul(b, slot, loop_i64(b, t->s->most)), *at);
    Elem e = { loop_load(b, part_type(a, false, p->lanes), s.re, *at, 1, p->tail), NULL };
    if (s.im) e.im = loop_load(b, part_type(a, true, p->lanes), s.im, *at, 1, p->tail);
    return e;
}

static void sums_store(Pull *p, const Step *t, int i, LValue *at, Elem e) {
    LBuilder *b = &p->l->b;
    loop_store(b, e.re, t->sums[i].re, at, 1, p->tail);
    if (e.im) loop_store(b, e.im, t->sums[i].im, at, 1, p->tail);
}

static void start_body(Pull *p, const Idx *idx, void *context) {
    const Step *t = context;
    LValue *at;
    for (int i = 0; i < t->n; i++) {
        sums_load(p, t, i, t->to, idx, &at);
        sums_store(p, t, i, at, accum_start(p->l, &t->a[i], p->lanes));
    }
}

static void add_body(Pull *p, const Idx *idx, void *context) {
    Step *t = context;
    const Domain *d = t->s->d;
    LValue *at[MAX_ACCUMS];
    Elem e[MAX_ACCUMS];
    for (int i = 0; i < t->n; i++) {
        e[i] = sums_load(p, t, i, t->to, idx, &at[i]);
        if (t->fresh) e[i] = accum_start(p->l, &t->a[i], p->lanes);
    }
    for (int q = 0; q < t->nrows; q++) {
        memcpy(t->rows[q], idx, sizeof *idx * (size_t)d->nkept);
        for (int i = 0; i < t->n; i++) e[i] = accum_step(p, d, &t->a[i], e[i], t->rows[q]);
        if (d->also) d->also(p, t->rows[q], d->also_context);
    }
    for (int i = 0; i < t->n; i++) sums_store(p, t, i, at[i], e[i]);
}

static void merge_body(Pull *p, const Idx *idx, void *context) {
    const Step *t = context;
    LValue *at;
    for (int i = 0; i < t->n; i++) {
        Elem left = sums_load(p, t, i, t->from, idx, &at), right = sums_load(p, t, i, t->to, idx, &at);
        sums_store(p, t, i, at, accum_merge(p->l, &t->a[i], left, right));
    }
}

static void move_body(Pull *p, const Idx *idx, void *context) {
    const Step *t = context;
    LValue *at;
    for (int i = 0; i < t->n; i++) {
        Elem e = sums_load(p, t, i, t->from, idx, &at);
        sums_load(p, t, i, t->to, idx, &at);
        sums_store(p, t, i, at, e);
    }
}

static void add_some(Lower *l, Strip *s, Step *t, LValue *first, int n, bool fresh) {
    for (int q = 0; q < n; q++) find_row(l, s->d, loop_add(&l->b, first, loop_i64(&l->b, q)), t->rows[q]);
    t->nrows = n;
    t->fresh = fresh;
    strip_columns(l, s, add_body, t);
}

/* A whole run. */
static void add_run(Lower *l, Strip *s, Step *t, LValue *lo) {
    for (int q = 0; q < RUN; q += TOGETHER)
        add_some(l, s, t, loop_add(&l->b, lo, loop_i64(&l->b, q)), TOGETHER, q == 0);
}

static void add_rows(Lower *l, Strip *s, Step *t, LValue *lo, LValue *hi) {
    LLoop row = loop_for(&l->b, lo, hi, 1, 0, NULL);
    add_some(l, s, t, row.i, 1, false);
    loop_end(&l->b, &row, NULL);
}

/* Run after run: those with an even number are added up where they wait, others are joined with what waits. */
static void add_runs(Lower *l, Strip *s, Step *t, LValue *rows) {
    LBuilder *b = &l->b;
    LValue *zero = loop_i64(b, 0), *one = loop_i64(b, 1);
    LLoop run = loop_for(b, zero, round_up(l, rows, RUN), 1, 0, NULL);
    LValue *odd = loop_binary(b, OP_and, run.i, one);
    t->to = loop_sub(b, one, odd);
    LValue *lo = loop_mul(b, run.i, loop_i64(b, RUN)), *end = loop_add(b, lo, loop_i64(b, RUN));
    int64_t known;
    bool even = loop_is_const(rows, &known) && known % RUN == 0;
    if (even && !s->heavy) {
        add_run(l, s, t, lo);
    } else if (s->heavy) {
        strip_columns(l, s, start_body, t);
        add_rows(l, s, t, lo, loop_binary(b, OP_min, rows, end));
    } else {
        LLoop whole = loop_if(b, loop_binary(b, OP_le, end, rows));
        add_run(l, s, t, lo);
        loop_else(b, &whole, 0, NULL);
        strip_columns(l, s, start_body, t);
        add_rows(l, s, t, lo, rows);
        loop_end_if(b, &whole, 0, NULL);
    }
    LLoop is_odd = loop_if(b, loop_binary(b, OP_eq, odd, one));
    LLoop up = loop_while(b, 2, (LValue *[]){ run.i, one }); /* the bits that are left, the slot that waits */
    LValue *waits = loop_binary(b, OP_eq, loop_binary(b, OP_and, up.carry[0], one), one);
    loop_while_body(b, &up, waits);
    t->from = up.carry[1];
    t->to = zero;
    strip_columns(l, s, merge_body, t);
    LValue *rest = loop_binary(b, OP_shift_right_logical, up.carry[0], one);
    loop_end(b, &up, (LValue *[]){ rest, loop_add(b, up.carry[1], one) });
    t->from = zero;
    t->to = up.carry[1];
    strip_columns(l, s, move_body, t);
    loop_end_then(b, &is_odd);
    loop_end(b, &run, NULL);
}

/* What waits at the end, lowest level first: the bits of the number of runs say where. */
static void add_levels(Lower *l, Strip *s, Step *t, LValue *rows) {
    LBuilder *b = &l->b;
    LValue *zero = loop_i64(b, 0), *one = loop_i64(b, 1), *runs = round_up(l, rows, RUN);
    LLoop down = loop_while(b, 3, (LValue *[]){ runs, one, loop_bool(b, false) });
    LValue *left = loop_binary(b, OP_ne, down.carry[0], zero);
    loop_while_body(b, &down, left);
    LValue *set = loop_binary(b, OP_eq, loop_binary(b, OP_and, down.carry[0], one), one), *has = down.carry[2];
    t->from = down.carry[1];
    t->to = zero;
    LLoop there = loop_if(b, set);
    LLoop merge = loop_if(b, has);
    strip_columns(l, s, merge_body, t);
    loop_else(b, &merge, 0, NULL);
    strip_columns(l, s, move_body, t);
    loop_end_if(b, &merge, 0, NULL);
    loop_end_then(b, &there);
    LValue *rest = loop_binary(b, OP_shift_right_logical, down.carry[0], one);
    loop_end(b, &down, (LValue *[]){ rest, loop_add(b, down.carry[1], one), loop_binary(b, OP_or, has, set) });
}

static void result_body(Pull *p, const Idx *idx, void *context) {
    const Step *t = context;
    LBuilder *b = &p->l->b;
    LValue *at;
    Elem e[MAX_ACCUMS];
    for (int i = 0; i < t->n; i++) e[i] = sums_load(p, t, i, t->from, idx, &at);
    accum_finish(p->l, t->a, t->n, e);
    at = loop_sub(b, idx[t->s->d->nkept - 1].i, t->s->lo);
    for (int i = 0; i < t->n; i++) {
        const Value *y = t->a[i].in->results[0];
        elem_store(p->l, y->type->dtype, e[i], home_of(p->l, y).ptr, at, 1, p->tail);
    }
}

void strip_reduce(Lower *l, Strip *s, const Accum *a, int n) {
    LBuilder *b = &l->b;
    Sums sums[MAX_ACCUMS];
    int64_t known = rows_known(s->d), levels = LEVELS;
    while (known >= 0 && levels > 1 && (int64_t)RUN << (levels - 2) >= known) levels--;
    for (int i = 0; i < n; i++) {
        int64_t slots = s->most * (levels + 1);
        sums[i].re = loop_stack(b, slots * loop_bytes(part_type(&a[i], false, 1)), 64);
        sums[i].im = accum_parts(&a[i]) == 2 ? loop_stack(b, slots * loop_bytes(part_type(&a[i], true, 1)), 64) : NULL;
    }
    Step t = { .s = s, .a = a, .n = n, .sums = sums, .to = loop_i64(b, 0) };
    LValue *rows = rows_of(l, s->d);
    strip_columns(l, s, start_body, &t); /* the result where there are no rows */
    add_runs(l, s, &t, rows);
    add_levels(l, s, &t, rows);
    for (int i = 0; i < n; i++) {
        const Value *y = a[i].in->results[0];
        LValue *at = loop_stack(b, s->most * dtype_bytes(y->type->dtype), 64);
        home_set(l, y, (Home){ .ptr = at, .from = s->lo });
    }
    t.from = loop_i64(b, 0);
    strip_columns(l, s, result_body, &t);
}

typedef struct {
    const Domain *d;
    int lanes;
    bool heavy;
    int64_t most;
    LValue *per_row; /* strips */
    StripBody body;
    void *context;
} Strips;

static void some_strips(Lower *l, LValue *lo, LValue *hi, void *context) {
    const Strips *q = context;
    LBuilder *b = &l->b;
    Strip s = { .d = q->d, .most = q->most, .lanes = q->lanes, .heavy = q->heavy };
    LLoop f = loop_for(b, lo, hi, 1, 0, NULL);
    int last = q->d->nkept - 1;
    LValue *size = lower_dim(l, q->d->dim[last]), *rest = loop_binary(b, OP_div, f.i, q->per_row);
    s.lo = loop_mul(b, loop_binary(b, OP_rem, f.i, q->per_row), loop_i64(b, q->most));
    s.hi = loop_add(b, s.lo, loop_i64(b, q->most));
    int64_t known;
    if (!loop_is_const(size, &known) || known % q->most) s.hi = loop_binary(b, OP_min, s.hi, size);
    for (int k = last - 1; k >= 0; k--) {
        LValue *n = lower_dim(l, q->d->dim[k]);
        s.at[k] = idx_at(loop_binary(b, OP_rem, rest, n));
        rest = loop_binary(b, OP_div, rest, n);
    }
    q->body(l, &s, q->context);
    loop_end(b, &f, NULL);
}

void strips(Lower *l, const Domain *d, const Accum *a, int n, Work w, int lanes, StripBody body, void *context) {
    LBuilder *b = &l->b;
    int last = d->nkept - 1;
    Strips q = { .d = d, .lanes = lanes, .heavy = w.each > 0.6, .body = body, .context = context };
    q.most = STRIP_BYTES / widest(a, n);
    q.per_row = round_up(l, lower_dim(l, d->dim[last]), q.most);
    LValue *count = q.per_row;
    for (int k = 0; k < last; k++) count = loop_mul(b, count, lower_dim(l, d->dim[k]));
    pieces(l, count, (Work){ w.each * (double)q.most, w.times }, some_strips, &q);
}
