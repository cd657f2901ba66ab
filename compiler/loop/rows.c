/* rows: kernels with reductions, phase after phase: what one phase adds up, later ones read (optimize/plan.c). */
#include "loop/kernel.h"

#include <string.h>

enum {
    MAX_RESULTS = 16,
    MOST_BATCH = 16, /* rows that go together, */
    LEAST_BATCH = 8,
    BATCH_BYTES = 24576, /* ... of so many bytes */
    BATCH_TIME = 60000   /* ... and rough nanoseconds */
};

static bool is_early(const Kernel *k, const Value *v) {
    for (int i = 0; i < k->nearly; i++) {
        if (k->early[i].v == v) return true;
    }
    return false;
}

/* Where the domain stands, in the order of memory: kept axes from one place, reduced ones from another. */
static void whole_index(const Kernel *k, const Idx *kept, const Idx *reduced, Idx *idx) {
    for (int a = 0; a < k->plan.rank; a++) idx[a] = k->plan.reduced[a] ? *reduced++ : *kept++;
}

typedef struct {
    const Kernel *k;
    const Idx *kept;
    Idx reduced[MAX_RANK];
} Inner;

static void inner_body(Pull *p, const Idx *reduced, void *context) {
    const Inner *t = context;
    Idx idx[MAX_RANK];
    whole_index(t->k, t->kept, reduced, idx);
    kernel_store(p, t->k, idx);
}

/* Lanes along the last reduced axis; the others, if any, around it. */
static void store_rows(Lower *l, const Kernel *k, const Idx *kept) {
    Inner t = { .k = k, .kept = kept };
    Axes axes = { 0, { 0 } };
    for (int a = k->domain.nkept; a < k->domain.n; a++) axes.dim[axes.n++] = k->domain.dim[a];
    bool before = l->serial;
    l->serial = true;
    nest(l, &axes, (Work){ kernel_cost(l, k), NULL }, k->lanes, inner_body, &t);
    l->serial = before;
}

/* Lanes along the last kept axis: one step of the reduced axes after another. */
static void store_across(Pull *p, const Kernel *k, const Idx *kept) {
    Lower *l = p->l;
    LBuilder *b = &l->b;
    Idx reduced[MAX_RANK] = { { 0 } }, idx[MAX_RANK];
    LLoop loops[MAX_RANK];
    int n = k->domain.n - k->domain.nkept;
    for (int i = 0; i < n; i++) {
        loops[i] = loop_for(b, loop_i64(b, 0), lower_dim(l, k->domain.dim[k->domain.nkept + i]), 1, 0, NULL);
        reduced[i] = idx_at(loops[i].i);
    }
    whole_index(k, kept, reduced, idx);
    kernel_store(p, k, idx);
    for (int i = n; i-- > 0;) loop_end(b, &loops[i], NULL);
}

static bool any_whole(const Kernel *k) {
    for (int i = 0; i < k->in->nresults; i++) {
        if (kernel_is_whole(k, kernel_result(k, i)) && !kernel_is_written(k, i)) return true;
    }
    return false;
}

static bool over_an_argument(Lower *l, const Kernel *k, const Value *to) {
    for (int i = 0; i < k->in->nargs; i++) {
        if (home_of(l, k->in->args[i]).ptr == home_of(l, to).ptr) return true;
    }
    return false;
}

/* Whether some instruction that runs after that phase reads v. */
static bool read_after(const Kernel *k, const Value *v, int phase) {
    for (int i = 0; i < k->g.n; i++) {
        const Inst *in = k->g.at[i];
        int runs = plan_phase(&k->g, in->results[0]) + !plan_is_reduction(in);
        for (int a = 0; a < in->nargs; a++) {
            if (in->args[a] == v && runs > phase) return true;
        }
    }
    return false;
}

/* Results that are known before the last phase are written then; and what costs much and is read again later waits in the
** memory of a result that is not yet there. */
static void choose_early(Lower *l, Kernel *k) {
    for (int i = 0; i < k->in->nresults && k->nearly < MAX_EARLY; i++) {
        const Value *v = kernel_result(k, i), *to = k->in->results[i];
        if (!kernel_is_whole(k, v) || over_an_argument(l, k, to)) continue;
        int phase = plan_phase(&k->g, v) + 1;
        if (phase <= k->plan.phases) {
            k->early[k->nearly++] = (Early){ v, to, phase };
            continue;
        }
        for (int c = 0; c < k->g.n; c++) {
            const Value *w = k->g.at[c]->results[0];
            int then = plan_phase(&k->g, w) + 1;
            bool dear = op_class(w->def->op) == CLASS_ELEMENTWISE && plan_cost(w->def) >= 0.5;
            if (!dear || w->type != v->type || then > k->plan.phases || is_early(k, w) || !read_after(k, w, then))
                continue;
            k->early[k->nearly++] = (Early){ w, to, then };
            break;
        }
    }
}

/* With every term of a phase. */
static void store_early(Pull *p, const Idx *at, void *context) {
    const Kernel *k = context;
    Idx idx[MAX_RANK];
    whole_index(k, at, at + k->domain.nkept, idx);
    for (int i = 0; i < k->nearly; i++) {
        const Early *e = &k->early[i];
        if (e->phase == k->phase) store_at(p, e->v->type, home_of(p->l, e->into).ptr, idx, pull(p, e->v, idx));
    }
}

static bool early_in(const Kernel *k, int phase) {
    for (int i = 0; i < k->nearly; i++) {
        if (k->early[i].phase == phase) return true;
    }
    return false;
}

/* From now on it is read where it was written. */
static void read_early(Lower *l, const Kernel *k, int phase) {
    for (int i = 0; i < k->nearly; i++) {
        if (k->early[i].phase == phase) home_set(l, k->early[i].v, (Home){ .ptr = home_of(l, k->early[i].into).ptr });
    }
}

static void unpin_all(Lower *l, const Kernel *k) {
    for (int i = 0; i < k->naccums; i++) kernel_unpin(l, k->accum[i].in);
    for (int i = 0; i < k->nearly; i++) home_set(l, k->early[i].v, (Home){ .ptr = NULL });
    for (int i = 0; i < k->ncolumns; i++) home_set(l, k->column[i], (Home){ .ptr = NULL });
}

/* What has the whole shape, of rows that lie side by side. */
static void store_side_by_side(Pull *p, const Kernel *k, const Idx *kept) {
    const Value *v[MAX_RESULTS], *to[MAX_RESULTS];
    int n = 0;
    for (int i = 0; i < k->in->nresults; i++) {
        if (!kernel_is_whole(k, kernel_result(k, i))) continue;
        v[n] = kernel_result(k, i);
        to[n++] = k->in->results[i];
    }
    short_store(p, &k->domain, v, to, n, kept);
}

static void rows_body(Pull *p, const Idx *kept, void *context) {
    Kernel *k = context;
    Lower *l = p->l;
    Elem e[MAX_ACCUMS];
    ShortRows rows;
    if (k->domain.side_by_side) short_begin(p, &rows);
    for (int phase = 1; phase <= k->plan.phases; phase++) {
        int from = k->from[phase], n = k->from[phase + 1] - from;
        k->phase = phase;
        k->domain.also = early_in(k, phase) ? store_early : NULL;
        reduce_at(p, &k->domain, k->accum + from, n, kept, e);
        for (int i = 0; i < n; i++) kernel_pin(l, k->accum[from + i].in, e[i]);
        read_early(l, k, phase);
    }
    for (int i = 0; i < k->in->nresults; i++) {
        const Value *to = k->in->results[i];
        if (!kernel_is_whole(k, kernel_result(k, i)))
            store_at(p, to->type, home_of(l, to).ptr, kept, pull(p, kernel_result(k, i), kept));
    }
    if (any_whole(k)) {
        if (k->domain.side_by_side)
            store_side_by_side(p, k, kept);
        else if (k->plan.across)
            store_across(p, k, kept);
        else
            store_rows(l, k, kept);
    }
    unpin_all(l, k);
}

/* In strips across rows: the same, phase after phase. */
static void store_kept(Pull *p, const Idx *idx, void *context) {
    const Kernel *k = context;
    for (int i = 0; i < k->in->nresults; i++) {
        const Value *to = k->in->results[i];
        if (!kernel_is_whole(k, kernel_result(k, i)))
            store_at(p, to->type, home_of(p->l, to).ptr, idx, pull(p, kernel_result(k, i), idx));
    }
}

static void store_whole(Pull *p, const Idx *at, void *context) {
    const Kernel *k = context;
    Idx idx[MAX_RANK];
    whole_index(k, at, at + k->domain.nkept, idx);
    kernel_store(p, k, idx);
}

/* Whether v is computed from sums alone, those of that phase the last of them, and read with every row. */
static bool is_column(Lower *l, const Kernel *k, const Value *v, int phase) {
    if (v->type->rank != k->domain.nkept || plan_is_reduction(v->def) || home_of(l, v).ptr || pull_cost(l, v) <= 0.1)
        return false;
    for (int a = 0; a < v->type->rank; a++)
        if (v->type->dim[a] != k->domain.dim[a]) return false;
    if (plan_phase(&k->g, v) != phase) return false;
    for (int i = 0; i < k->g.n; i++) {
        const Inst *in = k->g.at[i];
        if (in->op == OP_broadcast && in->args[0] == v) return true;
    }
    return false;
}

static void keep_columns(Lower *l, Strip *s, Kernel *k) {
    for (int i = 0; i < k->g.n && k->ncolumns < MAX_COLUMNS; i++) {
        const Value *v = k->g.at[i]->results[0];
        if (!is_column(l, k, v, k->phase)) continue;
        strip_value(l, s, v);
        k->column[k->ncolumns++] = v;
    }
}

static void strip_body(Lower *l, Strip *s, void *context) {
    Kernel *k = context;
    k->ncolumns = 0;
    for (k->phase = 1; k->phase <= k->plan.phases; k->phase++) {
        int from = k->from[k->phase], n = k->from[k->phase + 1] - from;
        k->domain.also = early_in(k, k->phase) ? store_early : NULL;
        strip_reduce(l, s, k->accum + from, n);
        read_early(l, k, k->phase);
        keep_columns(l, s, k);
    }
    strip_columns(l, s, store_kept, k);
    if (any_whole(k)) strip_rows(l, s, store_whole, k);
    unpin_all(l, k);
}

/* Some rows together, phase after phase: nothing waits for the sums of the row before, and what is made of the sums of rows is
** computed side by side. */
static LLoop each_row(Lower *l, const Strip *s, Idx *kept) {
    LLoop row = loop_for(&l->b, s->lo, s->hi, 1, 0, NULL);
    memcpy(kept, s->at, sizeof *kept * (size_t)s->d->nkept);
    kept[s->d->nkept - 1] = idx_at(row.i);
    return row;
}

static void sum_each_row(Lower *l, const Strip *s, const Kernel *k, const Accum *a, int n) {
    LBuilder *b = &l->b;
    LValue *sums[MAX_ACCUMS];
    Idx kept[2 * MAX_RANK];
    Elem e[MAX_ACCUMS];
    Pull p = { .l = l, .lanes = 1 };
    for (int i = 0; i < n; i++) sums[i] = loop_stack(b, s->most * dtype_bytes(a[i].in->results[0]->type->dtype), 64);
    LLoop row = each_row(l, s, kept);
    reduce_at(&p, &k->domain, a, n, kept, e);
    for (int i = 0; i < n; i++)
        elem_store(l, a[i].in->results[0]->type->dtype, e[i], sums[i], loop_sub(b, row.i, s->lo), 1, NULL);
    loop_end(b, &row, NULL);
    for (int i = 0; i < n; i++) home_set(l, a[i].in->results[0], (Home){ .ptr = sums[i], .from = s->lo });
}

static void batch_body(Lower *l, Strip *s, void *context) {
    Kernel *k = context;
    Idx kept[2 * MAX_RANK];
    k->ncolumns = 0;
    for (k->phase = 1; k->phase <= k->plan.phases; k->phase++) {
        int from = k->from[k->phase], n = k->from[k->phase + 1] - from;
        k->domain.also = early_in(k, k->phase) ? store_early : NULL;
        sum_each_row(l, s, k, k->accum + from, n);
        read_early(l, k, k->phase);
        keep_columns(l, s, k);
    }
    strip_columns(l, s, store_kept, k);
    if (any_whole(k)) {
        LLoop row = each_row(l, s, kept);
        store_rows(l, k, kept);
        loop_end(&l->b, &row, NULL);
    }
    unpin_all(l, k);
}

/* How many rows go together: they stay in the first cache, and are not worth handing to several threads; 1 where nothing is
** gained.  Few rows gain nothing but where numbers are dear. */
static int64_t batch_of(const Kernel *k, double each) {
    const Domain *d = &k->domain;
    const Block *block = k->in->regions[0];
    int64_t terms = strip_rows_known(d), bytes = 0, rows, most = MOST_BATCH;
    bool dear = false;
    for (int i = 0; i < block->nparams; i++)
        if (kernel_is_whole(k, block->params[i])) bytes += dtype_bytes(block->params[i]->type->dtype);
    for (int i = 0; i < k->in->nresults; i++)
        if (kernel_is_whole(k, kernel_result(k, i))) bytes += dtype_bytes(kernel_result(k, i)->type->dtype);
    for (int i = 0; i < k->g.n; i++)
        if (!kernel_is_whole(k, k->g.at[i]->results[0]) && !plan_is_reduction(k->g.at[i]))
            dear |= plan_cost(k->g.at[i]) >= 0.5;
    if (d->across || terms <= 0 || (k->plan.phases == 1 && !(dear && !any_whole(k)))) return 1;
    if (dim_is_int(d->dim[d->nkept - 1], &rows))
        while (most > 1 && 2 * most > rows) most /= 2;
    while (most > 1 && (most * terms * bytes > BATCH_BYTES || (double)(most * terms) * each > BATCH_TIME)) most /= 2;
    return most >= LEAST_BATCH || dear ? most : 1;
}

/* The sums are there. */
static void band_body(Lower *l, Strip *s, void *context) {
    const Kernel *k = context;
    strip_columns(l, s, store_kept, context);
    unpin_all(l, k);
}

/* Nothing is kept: sums of everything, and what is stored on the way. */
static void lower_sums(Lower *l, Kernel *k) {
    Elem e[MAX_ACCUMS];
    k->phase = 1;
    k->domain.also = early_in(k, 1) ? store_early : NULL;
    reduce_all(l, &k->domain, k->accum, k->naccums, e);
    for (int i = 0; i < k->naccums; i++) kernel_pin(l, k->accum[i].in, e[i]);
    for (int i = 0; i < k->in->nresults; i++) {
        const Value *to = k->in->results[i];
        if (!kernel_is_whole(k, kernel_result(k, i)))
            home_set(l, to, (Home){ .elem = scalar_of(l, kernel_result(k, i)) });
    }
    if (any_whole(k)) store_rows(l, k, NULL);
}

/* Rows of a few elements each (short.c). */
static bool is_short(Lower *l, const Kernel *k) {
    const Block *block = k->in->regions[0];
    if (k->in->nresults > MAX_RESULTS || !k->plan.rank || !k->plan.reduced[k->plan.rank - 1]) return false;
    double each = reduce_work(l, &k->domain, k->accum, k->naccums).each + kernel_cost(l, k);
    return short_fits(l, &k->domain, (const Value *const *)block->params, block->nparams, each, any_whole(k));
}

static int short_lanes(Lower *l, const Kernel *k) {
    int lanes = domain_lanes(l, k->accum, k->naccums);
    return lanes < k->lanes ? lanes : k->lanes;
}

void kernel_rows(Lower *l, Kernel *k) {
    for (int phase = 1; phase <= k->plan.phases; phase++) {
        k->from[phase] = k->naccums;
        for (int i = 0; i < k->g.n; i++) {
            const Inst *in = k->g.at[i];
            if (!plan_is_reduction(in) || plan_phase(&k->g, in->results[0]) != phase) continue;
            accum_of(l, in, &k->accum[k->naccums++], &k->domain);
        }
    }
    k->from[k->plan.phases + 1] = k->naccums;
    k->lanes = kernel_lanes(l, k);
    for (int i = 0; i < k->in->nresults; i++) {
        if (k->in->results[i]->type->rank) home_new(l, k->in->results[i]);
    }
    if (is_short(l, k))
        k->domain.side_by_side = true;
    else
        choose_early(l, k);
    k->domain.also_context = k;
    if (k->domain.nkept == 0) {
        lower_sums(l, k);
        return;
    }
    Axes axes = { k->domain.nkept, { 0 } };
    for (int a = 0; a < axes.n; a++) axes.dim[a] = k->domain.dim[a];
    Work w = reduce_work(l, &k->domain, k->accum, k->naccums);
    w.each += kernel_cost(l, k);
    int lanes = 1;
    if (k->plan.across) lanes = across_lanes(l, k->accum, k->naccums, k->lanes);
    if (k->domain.side_by_side) lanes = short_lanes(l, k);
    if (k->plan.phases == 1 && !any_whole(k) && bands_fit(&k->domain, k->accum, k->naccums)) {
        k->phase = 1;
        k->domain.also = early_in(k, 1) ? store_early : NULL;
        band_sums(l, &k->domain, k->accum, k->naccums, w, lanes, NULL, band_body, k);
        return;
    }
    if (strips_fit(&k->domain, k->accum, k->naccums, k->plan.phases > 1 || any_whole(k))) {
        strips(l, &k->domain, k->accum, k->naccums, w, lanes, strip_body, k);
        return;
    }
    int64_t batch = k->domain.side_by_side ? 1 : batch_of(k, w.each);
    if (batch > 1) {
        lanes = k->lanes < batch ? k->lanes : (int)batch;
        strips_of(l, &k->domain, w, batch, lanes, false, batch_body, k);
        return;
    }
    nest(l, &axes, w, lanes, rows_body, k);
}
