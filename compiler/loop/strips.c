/* strips: reductions across rows, read as the rows lie in memory.
**
** A strip is some neighbours along the last kept axis.  Its running sums lie in the first cache: row after row is added to
** them, run by run (reduce.c), and what waits for its right half of the tree has a strip of its own for each level.  The order
** of terms is that of reduce_at.  What a phase found stays in a strip too, where later ones read it. */
#include "loop/lower.h"

#include <string.h>

enum {
    SHORT = 512,        /* bytes of a row, and */
    FEW = 24,           /* rows that are added up in registers (reduce_at), */
    FEW_AGAIN = 12,     /* ... if they are read again: a column of more does not stay in the cache */
    STRIP_BYTES = 1024, /* of one running sum */
    LEVELS = 44         /* of a tree of runs */
};

static LType part_type(const Accum *a, bool second, int lanes) {
    DType d = dtype_real(a->dtype);
    return loop_type(second && accum_is_arg(a) ? a->in->attrs->dtype : d, lanes);
}

int strip_widest(const Accum *a, int n) {
    int bytes = 1;
    for (int i = 0; i < n; i++) {
        for (int part = 0; part < accum_parts(&a[i]); part++) {
            int size = loop_bytes(part_type(&a[i], part, 1));
            if (size > bytes) bytes = size;
        }
    }
    return bytes;
}

int64_t strip_rows_known(const Domain *d) {
    int64_t rows = 1, size;
    for (int k = d->nkept; k < d->n; k++) {
        if (!dim_is_int(d->dim[k], &size)) return -1;
        rows *= size;
    }
    return rows;
}

bool strips_fit(const Domain *d, const Accum *a, int n, bool again) {
    int64_t size, rows = strip_rows_known(d);
    if (!d->across || !d->blocks || !d->nkept || (rows >= 0 && rows <= (again ? FEW_AGAIN : FEW))) return false;
    return !dim_is_int(d->dim[d->nkept - 1], &size) || size * strip_widest(a, n) > SHORT;
}

/* What is the same for all of a row, and more than a number in memory: computed for all rows of a run, side by side. */
static bool is_factor(Lower *l, const Domain *d, const Value *v, const int *axis) {
    if (!v || v->type->rank != 1 || d->n - d->nkept != 1 || axis[0] < d->nkept) return false;
    return v->def && !home_of(l, v).ptr && !dtype_is_complex(v->type->dtype) && pull_cost(l, v) > 0;
}

/* Too much is done with a term to write out a run of them. */
bool strip_is_heavy(Lower *l, const Domain *d, const Accum *a, int n) {
    double each = 0;
    for (int i = 0; i < n; i++) {
        each += 0.05 + (is_factor(l, d, a[i].x, a[i].x_axis) ? 0 : pull_cost(l, a[i].x));
        if (a[i].y) each += is_factor(l, d, a[i].y, a[i].y_axis) ? 0 : pull_cost(l, a[i].y);
    }
    return each > 0.6;
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

LValue *strip_row_count(Lower *l, const Domain *d) {
    LValue *rows = loop_i64(&l->b, 1);
    for (int k = d->nkept; k < d->n; k++) rows = loop_mul(&l->b, rows, lower_dim(l, d->dim[k]));
    return rows;
}

void strip_rows(Lower *l, Strip *s, NestBody body, void *context) {
    LBuilder *b = &l->b;
    LLoop f = loop_for(b, loop_i64(b, 0), strip_row_count(l, s->d), 1, 0, NULL);
    find_row(l, s->d, f.i, s->at);
    strip_columns(l, s, body, context);
    loop_end(b, &f, NULL);
}

/* adding up */

typedef struct {
    const Strip *s;
    const Accum *a;
    int n;
    const StripSums *sums;       /* of each: slot 0 the result, slot 1 + k what waits on level k */
    LValue *from, *behind, *to;  /* slots; `behind` has terms that follow those of `from` */
    LValue *first, *end;         /* rows of the run in hand, */
    Idx rows[RUN][2 * MAX_RANK]; /* or all RUN of them, where these are known to be there */
    const StripSums *into;       /* where slots are moved to */
    const Value *factor[2 * MAX_ACCUMS];
    LValue *buffer[2 * MAX_ACCUMS];
    int nfactors;
} Step;

static LValue *slot_index(Pull *p, const Step *t, LValue *slot, const Idx *idx) {
    LBuilder *b = &p->l->b;
    LValue *at = loop_sub(b, idx[t->s->d->nkept - 1].i, t->s->lo);
    return loop_add(b, loop_mul(b, slot, loop_i64(b, t->s->most)), at);
}

static Elem sums_load(Pull *p, const Step *t, int i, LValue *slot, const Idx *idx) {
    LBuilder *b = &p->l->b;
    const Accum *a = &t->a[i];
    StripSums s = t->sums[i];
    LValue *at = slot_index(p, t, slot, idx);
    Elem e = { loop_load(b, part_type(a, false, p->lanes), s.re, at, 1, p->tail), NULL };
    if (s.im) e.im = loop_load(b, part_type(a, true, p->lanes), s.im, at, 1, p->tail);
    return e;
}

static void sums_store(Pull *p, const Step *t, const StripSums *s, LValue *slot, const Idx *idx, Elem e) {
    LBuilder *b = &p->l->b;
    LValue *at = slot_index(p, t, slot, idx);
    loop_store(b, e.re, s->re, at, 1, p->tail);
    if (e.im) loop_store(b, e.im, s->im, at, 1, p->tail);
}

static void start_body(Pull *p, const Idx *idx, void *context) {
    const Step *t = context;
    for (int i = 0; i < t->n; i++) sums_store(p, t, &t->sums[i], t->to, idx, accum_start(p->l, &t->a[i], p->lanes));
}

static void add_row(Pull *p, const Step *t, const Idx *columns, Idx *row, Elem *e) {
    const Domain *d = t->s->d;
    memcpy(row, columns, sizeof *row * (size_t)d->nkept);
    for (int i = 0; i < t->n; i++) e[i] = accum_step(p, d, &t->a[i], e[i], row);
    if (d->also) d->also(p, row, d->also_context);
}

/* A run, in registers, and then whatever waits for it: slots 1 .. to. */
static void run_body(Pull *p, const Idx *idx, void *context) {
    Step *t = context;
    Lower *l = p->l;
    LBuilder *b = &l->b;
    Elem e[MAX_ACCUMS];
    LValue *v[2 * MAX_ACCUMS];
    for (int i = 0; i < t->n; i++) e[i] = accum_start(l, &t->a[i], p->lanes);
    if (t->end) {
        Idx row[2 * MAX_RANK];
        LLoop f = loop_for(b, t->first, t->end, 1, accum_values(t->a, t->n, e, v), v);
        accum_elems(t->a, t->n, e, f.carry);
        find_row(l, t->s->d, f.i, row);
        add_row(p, t, idx, row, e);
        accum_values(t->a, t->n, e, v);
        loop_end(b, &f, v);
        accum_elems(t->a, t->n, e, f.carry);
    } else {
        for (int q = 0; q < RUN; q++) add_row(p, t, idx, t->rows[q], e);
    }
    LLoop up = loop_for(b, loop_i64(b, 1), t->to, 1, accum_values(t->a, t->n, e, v), v);
    accum_elems(t->a, t->n, e, up.carry);
    for (int i = 0; i < t->n; i++) e[i] = accum_merge(l, &t->a[i], sums_load(p, t, i, up.i, idx), e[i]);
    accum_values(t->a, t->n, e, v);
    loop_end(b, &up, v);
    accum_elems(t->a, t->n, e, up.carry);
    for (int i = 0; i < t->n; i++) sums_store(p, t, &t->sums[i], t->to, idx, e[i]);
}

static void merge_body(Pull *p, const Idx *idx, void *context) {
    const Step *t = context;
    for (int i = 0; i < t->n; i++) {
        Elem left = sums_load(p, t, i, t->from, idx), right = sums_load(p, t, i, t->behind, idx);
        sums_store(p, t, &t->sums[i], t->to, idx, accum_merge(p->l, &t->a[i], left, right));
    }
}

static void move_body(Pull *p, const Idx *idx, void *context) {
    const Step *t = context;
    for (int i = 0; i < t->n; i++) sums_store(p, t, &t->into[i], t->to, idx, sums_load(p, t, i, t->from, idx));
}

static int find_factors(Lower *l, const Domain *d, const Accum *a, int n, const Value **v) {
    int count = 0;
    for (int i = 0; i < n; i++) {
        if (is_factor(l, d, a[i].x, a[i].x_axis)) v[count++] = a[i].x;
        if (is_factor(l, d, a[i].y, a[i].y_axis)) v[count++] = a[i].y;
    }
    return count;
}

/* What is computed for a stretch of its last axis, and read there afterwards. */
typedef struct {
    const Value *v;
    LValue *first, *buffer;
} Stretch;

static void stretch_body(Pull *p, const Idx *idx, void *context) {
    const Stretch *s = context;
    const Type *t = s->v->type;
    Elem e = elem_splat(p->l, pull(p, s->v, idx), p->lanes);
    elem_store(p->l, t->dtype, e, s->buffer, loop_sub(&p->l->b, idx[t->rank - 1].i, s->first), 1, p->tail);
}

static void put_factors(Lower *l, const Strip *s, const Step *t, LValue *end) {
    for (int i = 0; i < t->nfactors; i++) {
        Stretch f = { t->factor[i], t->first, t->buffer[i] };
        int lanes = lanes_for(l, dtype_bytes(f.v->type->dtype));
        Idx idx[1] = { { .lo = dim_int(l->cx, 0), .hi = s->d->dim[s->d->nkept] } };
        home_set(l, f.v, (Home){ .ptr = NULL });
        nest_inner(l, t->first, end, lanes < RUN ? lanes : RUN, true, idx, 0, stretch_body, &f);
        home_set(l, f.v, (Home){ .ptr = f.buffer, .from = t->first });
    }
}

/* Run number `run` of those that are in hand: its level is how many of them end with it. */
static void add_run(Lower *l, Strip *s, Step *t, LValue *run, LValue *end, bool whole) {
    LBuilder *b = &l->b;
    LValue *one = loop_i64(b, 1), *number = loop_sub(b, run, s->runs);
    LValue *changed = loop_binary(b, OP_xor, number, loop_add(b, number, one));
    t->to = loop_apply(b, OP_population_count, 1, &changed);
    t->first = loop_mul(b, run, loop_i64(b, RUN));
    t->end = whole ? NULL : end;
    for (int q = 0; whole && q < RUN; q++) find_row(l, s->d, loop_add(b, t->first, loop_i64(b, q)), t->rows[q]);
    if (s->ahead) s->ahead(l, t->first, end, s->context);
    put_factors(l, s, t, end);
    strip_columns(l, s, run_body, t);
    for (int i = 0; i < t->nfactors; i++) home_set(l, t->factor[i], (Home){ .ptr = NULL });
}

/* Run after run; the last one may be shorter. */
static void add_runs(Lower *l, Strip *s, Step *t, LValue *rows) {
    LBuilder *b = &l->b;
    LValue *run_rows = loop_i64(b, RUN), *whole = loop_binary(b, OP_div, rows, run_rows);
    int64_t known;
    bool even = loop_is_const(rows, &known) && known % RUN == 0;
    LValue *end = s->heavy ? s->end : loop_binary(b, OP_min, whole, s->end);
    LLoop run = loop_for(b, s->runs, end, 1, 0, NULL);
    LValue *last = loop_mul(b, loop_add(b, run.i, loop_i64(b, 1)), run_rows);
    if (s->heavy && !even) last = loop_binary(b, OP_min, rows, last);
    add_run(l, s, t, run.i, last, !s->heavy);
    loop_end(b, &run, NULL);
    if (s->heavy || even) return;
    LLoop rest = loop_if(b, loop_binary(b, OP_lt, end, s->end));
    add_run(l, s, t, end, rows, false);
    loop_end_then(b, &rest);
}

/* What waits at the end, lowest level first: the bits of the number of runs say where. */
static void add_levels(Lower *l, Strip *s, Step *t) {
    LBuilder *b = &l->b;
    LValue *zero = loop_i64(b, 0), *one = loop_i64(b, 1);
    LLoop down = loop_while(b, 3, (LValue *[]){ loop_sub(b, s->end, s->runs), one, loop_bool(b, false) });
    LValue *left = loop_binary(b, OP_ne, down.carry[0], zero);
    loop_while_body(b, &down, left);
    LValue *set = loop_binary(b, OP_eq, loop_binary(b, OP_and, down.carry[0], one), one), *has = down.carry[2];
    t->from = down.carry[1];
    t->behind = t->to = zero;
    t->into = t->sums;
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
    Elem e[MAX_ACCUMS];
    for (int i = 0; i < t->n; i++) e[i] = sums_load(p, t, i, t->from, idx);
    accum_finish(p->l, t->a, t->n, e);
    LValue *at = loop_sub(b, idx[t->s->d->nkept - 1].i, t->s->lo);
    for (int i = 0; i < t->n; i++) {
        const Value *y = t->a[i].in->results[0];
        elem_store(p->l, y->type->dtype, e[i], home_of(p->l, y).ptr, at, 1, p->tail);
    }
}

void strip_results(Lower *l, Strip *s, const Accum *a, int n, const StripSums *sums) {
    LBuilder *b = &l->b;
    for (int i = 0; i < n; i++) {
        const Value *y = a[i].in->results[0];
        LValue *at = loop_stack(b, s->most * dtype_bytes(y->type->dtype), 64);
        home_set(l, y, (Home){ .ptr = at, .from = s->lo });
    }
    Step t = { .s = s, .a = a, .n = n, .sums = sums, .from = loop_i64(b, 0) };
    strip_columns(l, s, result_body, &t);
}

void strip_value(Lower *l, Strip *s, const Value *v) {
    Stretch c = { v, s->lo, loop_stack(&l->b, s->most * dtype_bytes(v->type->dtype), 64) };
    strip_columns(l, s, stretch_body, &c);
    home_set(l, v, (Home){ .ptr = c.buffer, .from = s->lo });
}

int64_t strip_slots(const Domain *d, int64_t most_runs) {
    int64_t rows = strip_rows_known(d);
    int levels = LEVELS;
    while (levels > 1 && rows >= 0 && (int64_t)RUN << (levels - 2) >= rows) levels--;
    while (levels > 1 && most_runs && (int64_t)1 << (levels - 2) >= most_runs) levels--;
    return levels + 1;
}

StripSums strip_memory(const Accum *a, LValue *elements, LValue *(*take)(LBuilder *, LValue *), LBuilder *b) {
    StripSums s = { take(b, loop_mul(b, elements, loop_i64(b, loop_bytes(part_type(a, false, 1))))), NULL };
    if (accum_parts(a) == 2) s.im = take(b, loop_mul(b, elements, loop_i64(b, loop_bytes(part_type(a, true, 1)))));
    return s;
}

void strip_add(Lower *l, Strip *s, const Accum *a, int n, const StripSums *sums) {
    LBuilder *b = &l->b;
    Step t = { .s = s, .a = a, .n = n, .sums = sums, .to = loop_i64(b, 0) };
    t.nfactors = find_factors(l, s->d, a, n, t.factor);
    for (int i = 0; i < t.nfactors; i++) t.buffer[i] = loop_stack(b, RUN * dtype_bytes(t.factor[i]->type->dtype), 64);
    strip_columns(l, s, start_body, &t); /* the result where there are no rows */
    add_runs(l, s, &t, strip_row_count(l, s->d));
    add_levels(l, s, &t);
}

void strip_move(Lower *l, Strip *s, const Accum *a, int n, const StripSums *sums, const StripSums *into, LValue *to) {
    Step t = { .s = s, .a = a, .n = n, .sums = sums, .into = into, .from = loop_i64(&l->b, 0), .to = to };
    strip_columns(l, s, move_body, &t);
}

void strip_join(Lower *l, Strip *s, const Accum *a, int n, const StripSums *sums, LValue *left, LValue *right) {
    Step t = { .s = s, .a = a, .n = n, .sums = sums, .from = left, .behind = right, .to = left };
    strip_columns(l, s, merge_body, &t);
}

static LValue *on_the_stack(LBuilder *b, LValue *bytes) {
    int64_t n = 0;
    loop_is_const(bytes, &n);
    return loop_stack(b, n, 64);
}

void strip_reduce(Lower *l, Strip *s, const Accum *a, int n) {
    LBuilder *b = &l->b;
    StripSums sums[MAX_ACCUMS];
    LValue *elements = loop_i64(b, s->most * strip_slots(s->d, 0));
    for (int i = 0; i < n; i++) sums[i] = strip_memory(&a[i], elements, on_the_stack, b);
    s->runs = loop_i64(b, 0);
    s->end = round_up(l, strip_row_count(l, s->d), RUN);
    strip_add(l, s, a, n, sums);
    strip_results(l, s, a, n, sums);
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

void strips_of(Lower *l, const Domain *d, Work w, int64_t most, int lanes, bool heavy, StripBody body, void *context) {
    LBuilder *b = &l->b;
    int last = d->nkept - 1;
    Strips q = { .d = d, .lanes = lanes, .heavy = heavy, .body = body, .context = context, .most = most };
    q.per_row = round_up(l, lower_dim(l, d->dim[last]), most);
    LValue *count = q.per_row;
    for (int k = 0; k < last; k++) count = loop_mul(b, count, lower_dim(l, d->dim[k]));
    pieces(l, count, (Work){ w.each * (double)most, w.times }, some_strips, &q);
}

void strips(Lower *l, const Domain *d, const Accum *a, int n, Work w, int lanes, StripBody body, void *context) {
    strips_of(l, d, w, STRIP_BYTES / strip_widest(a, n), lanes, strip_is_heavy(l, d, a, n), body, context);
}
