/* kernel: a group of instructions as one loop nest, as its plan says (optimize/plan.c). */
#include "loop/lower.h"

#include <string.h>

enum {
    MAX_EARLY = 8,
    MAX_RESULTS = 16,
    TOO_DEAR = 40 /* nanoseconds an element: too much code to have it several times */
};

/* A value of a row that is written while a phase adds up terms, for what comes later: the kernel's result, or what the result
** is made of, in the result's memory until then. */
typedef struct {
    const Value *v, *into;
    int phase;
} Early;

typedef struct {
    const Inst *in; /* the kernel */
    Group g;
    Plan plan;
    Domain domain;                     /* rows */
    Accum accum[MAX_ACCUMS];           /* rows: in the order of their phases */
    int naccums, from[MAX_ACCUMS + 2]; /* phase p has accum[from[p]] .. */
    int lanes;
    Early early[MAX_EARLY];
    int nearly, phase; /* phase: the one at hand */
    Weave weave;       /* map */
} Kernel;

static const Value *result(const Kernel *k, int i) { return k->in->regions[0]->results[i]; }
/* Has the shape of the domain; else, in rows, that of its kept axes. */
static bool is_whole(const Kernel *k, const Value *v) { return v->type->rank == k->plan.rank; }

static void gather_group(Lower *l, Kernel *k) {
    const Block *block = k->in->regions[0];
    int n = 0;
    for (const Inst *in = block->first; in; in = in->next) n++;
    const Inst **at = NEW_ARRAY(l->arena, const Inst *, n + 1);
    n = 0;
    for (const Inst *in = block->first; in; in = in->next) at[n++] = in;
    k->g = (Group){ at, n, (const Value *const *)block->results, block->nresults };
    if (!plan_group(l->cx, &k->g, &k->plan)) bug(l->cx, "a kernel without a plan: %s", k->plan.why_not);
    for (int i = 0; i < block->nparams; i++) home_set(l, block->params[i], home_of(l, k->in->args[i]));
}

/* Elements in a register: of the widest dtype that is computed with. */
static int lanes_of(Lower *l, const Kernel *k) {
    int bytes = 1;
    for (int i = 0; i < k->g.n; i++) {
        const Inst *in = k->g.at[i];
        if (in->results[0]->type->rank == 0 || op_class(in->op) == CLASS_CREATE) continue;
        int n = widest_element(in);
        if (n > bytes) bytes = n;
    }
    return lanes_for(l, bytes);
}

static double cost_of(Lower *l, const Kernel *k) {
    double cost = 0.1;
    for (int i = 0; i < k->in->nresults; i++) cost += 0.1 + pull_cost(l, result(k, i));
    return cost;
}

/* map */

static bool is_early(const Kernel *k, const Value *v) {
    for (int i = 0; i < k->nearly; i++) {
        if (k->early[i].v == v) return true;
    }
    return false;
}

/* Result i is there already: not only in the memory of another one. */
static bool is_written(const Kernel *k, int i) {
    for (int e = 0; e < k->nearly; e++) {
        if (k->early[e].v == result(k, i) && k->early[e].into == k->in->results[i]) return true;
    }
    return false;
}

/* All are there before the first is stored: it may be written over an argument. */
static void store_results(Pull *p, const Kernel *k, const Idx *idx) {
    Elem *y = NEW_ARRAY(p->l->arena, Elem, k->in->nresults + 1);
    for (int i = 0; i < k->in->nresults; i++) {
        if (is_whole(k, result(k, i)) && !is_written(k, i)) y[i] = pull(p, result(k, i), idx);
    }
    for (int i = 0; i < k->in->nresults; i++) {
        const Value *to = k->in->results[i];
        if (y[i].re) store_at(p, to->type, home_of(p->l, to).ptr, idx, y[i]);
    }
}

static void map_body(Pull *p, const Idx *idx, void *context) { store_results(p, context, idx); }

static void weave_body(Pull *p, const Idx *idx, void *context) {
    const Kernel *k = context;
    weave(p, &k->weave, idx, k->g.results, (const Value *const *)k->in->results, k->in->nresults);
}

static int place_in_group(const Kernel *k, const Value *v) {
    for (int i = 0; v->def && i < k->g.n; i++) {
        if (k->g.at[i] == v->def) return i;
    }
    return -1;
}

/* What is pulled where the results are: not what only the product's operands are made of. */
static void mark_used(const Kernel *k, const Value *v, bool *used) {
    int i = place_in_group(k, v);
    if (i < 0 || used[i] || v->def == k->plan.root) return;
    used[i] = true;
    for (int x = 0; x < v->def->nargs; x++) mark_used(k, v->def->args[x], used);
}

static bool keeps_together(const Kernel *k, const Inst *in, int a) {
    const Type *y = in->results[0]->type;
    if (y->rank == 0 || (in->op == OP_broadcast && in->args[0]->type->rank == 0)) return true;
    if (in->op == OP_constant && in->attrs->data.n == 1) return true;
    if (op_class(in->op) == CLASS_ELEMENTWISE) return true;
    if (in->op == OP_transpose && in->args[0]->def == k->plan.root && k->plan.kind == PLAN_DOT)
        return true; /* no index moves */
    if (in->op != OP_broadcast || y->rank != k->plan.rank) return false;
    Ints map = in->attrs->map;
    int first = -1, second = -1;
    for (int m = 0; m < map.n; m++) {
        if (map.at[m] == a) first = m;
        if (map.at[m] == a + 1) second = m;
    }
    return (first < 0 && second < 0) || (first >= 0 && second == first + 1);
}

/* Whether axes a and a+1 must stay apart: an array that is read has one of them only, or not side by side. */
static void find_splits(Lower *l, const Kernel *k, bool *split) {
    bool *used = NEW_ARRAY(l->arena, bool, k->g.n + 1);
    for (int i = 0; i < k->in->nresults; i++) mark_used(k, result(k, i), used);
    for (int i = 0; i < k->g.n; i++) {
        for (int a = 0; used[i] && a + 1 < k->plan.rank; a++) {
            if (!keeps_together(k, k->g.at[i], a)) split[a] = true;
        }
    }
}

/* The domain with axes run together where that changes no index: the index along the last of them then counts through all. */
static Axes merged_axes(Lower *l, const Kernel *k) {
    bool split[MAX_RANK] = { false };
    Axes axes = { k->plan.rank, { 0 } };
    find_splits(l, k, split);
    const Dim *run = dim_int(l->cx, 1);
    for (int a = 0; a < axes.n; a++) {
        run = dim_mul(l->cx, run, k->plan.dim[a]);
        bool ends = a == axes.n - 1 || split[a];
        axes.dim[a] = ends ? run : dim_int(l->cx, 1);
        if (ends) run = dim_int(l->cx, 1);
    }
    return axes;
}

static void lower_map_kernel(Lower *l, Kernel *k) {
    for (int i = 0; i < k->in->nresults; i++) home_new(l, k->in->results[i]);
    Axes axes = merged_axes(l, k);
    double cost = cost_of(l, k);
    Reach r = { 0 };
    if (cost < TOO_DEAR) r = reach_of(l, &axes, k->g.results, k->g.nresults);
    if (r.ncrossings && !r.has_interior) {
        nest_tiles(l, &axes, &r, (Work){ cost, NULL }, lanes_of(l, k), map_body, k);
        return;
    }
    if (cost < TOO_DEAR / 4 && weave_of(l, &axes, k->g.at, k->g.n, &k->weave)) {
        r = reach_of(l, &axes, k->g.results, k->g.nresults);
        cost *= k->weave.copies;
        nest_interior(l, &axes, r.has_interior ? &r.interior : NULL, (Work){ cost, NULL }, lanes_of(l, k), weave_body,
                      k);
        return;
    }
    nest_interior(l, &axes, r.has_interior ? &r.interior : NULL, (Work){ cost, NULL }, lanes_of(l, k), map_body, k);
}

/* rows */

static void pin(Lower *l, const Inst *in, Elem e) { home_set(l, in->results[0], (Home){ .elem = e }); }
static void unpin(Lower *l, const Inst *in) { home_set(l, in->results[0], (Home){ .ptr = NULL }); }

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
    store_results(p, t->k, idx);
}

/* Lanes along the last reduced axis; the others, if any, around it. */
static void store_rows(Lower *l, const Kernel *k, const Idx *kept) {
    Inner t = { .k = k, .kept = kept };
    Axes axes = { 0, { 0 } };
    for (int a = k->domain.nkept; a < k->domain.n; a++) axes.dim[axes.n++] = k->domain.dim[a];
    bool before = l->serial;
    l->serial = true;
    nest(l, &axes, (Work){ cost_of(l, k), NULL }, k->lanes, inner_body, &t);
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
    store_results(p, k, idx);
    for (int i = n; i-- > 0;) loop_end(b, &loops[i], NULL);
}

static bool any_whole(const Kernel *k) {
    for (int i = 0; i < k->in->nresults; i++) {
        if (is_whole(k, result(k, i)) && !is_written(k, i)) return true;
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
        const Value *v = result(k, i), *to = k->in->results[i];
        if (!is_whole(k, v) || over_an_argument(l, k, to)) continue;
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
    for (int i = 0; i < k->naccums; i++) unpin(l, k->accum[i].in);
    for (int i = 0; i < k->nearly; i++) home_set(l, k->early[i].v, (Home){ .ptr = NULL });
}

/* What has the whole shape, of rows that lie side by side. */
static void store_side_by_side(Pull *p, const Kernel *k, const Idx *kept) {
    const Value *v[MAX_RESULTS], *to[MAX_RESULTS];
    int n = 0;
    for (int i = 0; i < k->in->nresults; i++) {
        if (!is_whole(k, result(k, i))) continue;
        v[n] = result(k, i);
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
        for (int i = 0; i < n; i++) pin(l, k->accum[from + i].in, e[i]);
        read_early(l, k, phase);
    }
    for (int i = 0; i < k->in->nresults; i++) {
        const Value *to = k->in->results[i];
        if (!is_whole(k, result(k, i))) store_at(p, to->type, home_of(l, to).ptr, kept, pull(p, result(k, i), kept));
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
        if (!is_whole(k, result(k, i))) store_at(p, to->type, home_of(p->l, to).ptr, idx, pull(p, result(k, i), idx));
    }
}

static void store_whole(Pull *p, const Idx *at, void *context) {
    const Kernel *k = context;
    Idx idx[MAX_RANK];
    whole_index(k, at, at + k->domain.nkept, idx);
    store_results(p, k, idx);
}

static void strip_body(Lower *l, Strip *s, void *context) {
    Kernel *k = context;
    for (k->phase = 1; k->phase <= k->plan.phases; k->phase++) {
        int from = k->from[k->phase], n = k->from[k->phase + 1] - from;
        k->domain.also = early_in(k, k->phase) ? store_early : NULL;
        strip_reduce(l, s, k->accum + from, n);
        read_early(l, k, k->phase);
    }
    strip_columns(l, s, store_kept, k);
    if (any_whole(k)) strip_rows(l, s, store_whole, k);
    unpin_all(l, k);
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
    for (int i = 0; i < k->naccums; i++) pin(l, k->accum[i].in, e[i]);
    for (int i = 0; i < k->in->nresults; i++) {
        const Value *to = k->in->results[i];
        if (!is_whole(k, result(k, i))) home_set(l, to, (Home){ .elem = scalar_of(l, result(k, i)) });
    }
    if (any_whole(k)) store_rows(l, k, NULL);
}

/* Rows of a few elements each (short.c). */
static bool is_short(Lower *l, const Kernel *k) {
    const Block *block = k->in->regions[0];
    if (k->in->nresults > MAX_RESULTS || !k->plan.rank || !k->plan.reduced[k->plan.rank - 1]) return false;
    double each = reduce_work(l, &k->domain, k->accum, k->naccums).each + cost_of(l, k);
    return short_fits(l, &k->domain, (const Value *const *)block->params, block->nparams, each);
}

static int short_lanes(Lower *l, const Kernel *k) {
    int lanes = domain_lanes(l, k->accum, k->naccums);
    return lanes < k->lanes ? lanes : k->lanes;
}

static void lower_rows(Lower *l, Kernel *k) {
    for (int phase = 1; phase <= k->plan.phases; phase++) {
        k->from[phase] = k->naccums;
        for (int i = 0; i < k->g.n; i++) {
            const Inst *in = k->g.at[i];
            if (!plan_is_reduction(in) || plan_phase(&k->g, in->results[0]) != phase) continue;
            accum_of(l, in, &k->accum[k->naccums++], &k->domain);
        }
    }
    k->from[k->plan.phases + 1] = k->naccums;
    k->lanes = lanes_of(l, k);
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
    w.each += cost_of(l, k);
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
    nest(l, &axes, w, lanes, rows_body, k);
}

/* dot */

static void store_tile(Pull *p, const Idx *product, Elem e, void *context) {
    const Kernel *k = context;
    Idx idx[MAX_RANK];
    for (int i = 0; i < k->plan.rank; i++) idx[k->plan.place[i]] = product[i];
    pin(p->l, k->plan.root, e);
    store_results(p, k, idx);
    unpin(p->l, k->plan.root);
}

static void dot_body(Pull *p, const Idx *idx, void *context) {
    const Kernel *k = context;
    Elem e;
    reduce_at(p, &k->domain, k->accum, 1, idx, &e);
    store_tile(p, idx, e, context);
}

/* Whether axes a and a+1 of the product lie side by side wherever results are made of them. */
static bool stay_together(const Kernel *k, const bool *split, int a) {
    return k->plan.place[a + 1] == k->plan.place[a] + 1 && !split[k->plan.place[a]];
}

static DotMerge axes_that_merge(Lower *l, const Kernel *k) {
    bool split[MAX_RANK] = { false };
    const Inst *dot = k->plan.root;
    int first = (int)dot->attrs->batch, last = dot->args[0]->type->rank - dot->attrs->lhs_axes.n;
    find_splits(l, k, split);
    DotMerge merge = { true, 1, false };
    for (int i = 0; i < k->in->nresults; i++) {
        const Inst *made = result(k, i)->def;
        merge.dear = merge.dear || (made != dot && (made->op != OP_transpose || made->args[0]->def != dot));
    }
    for (int a = first; a + 1 < last; a++) merge.rows = merge.rows && stay_together(k, split, a);
    for (int a = k->plan.rank - 2; a >= last && stay_together(k, split, a); a--) merge.columns++;
    return merge;
}

static void lower_dot_kernel(Lower *l, Kernel *k) {
    for (int i = 0; i < k->in->nresults; i++) home_new(l, k->in->results[i]);
    if (dot_has_tiles(k->plan.root)) {
        dot_tiles(l, k->plan.root, axes_that_merge(l, k), store_tile, k);
        return;
    }
    accum_of(l, k->plan.root, &k->accum[0], &k->domain);
    Axes axes = { k->domain.nkept, { 0 } };
    for (int a = 0; a < axes.n; a++) axes.dim[a] = k->domain.dim[a];
    Work w = reduce_work(l, &k->domain, k->accum, 1);
    int lanes = domain_lanes(l, k->accum, 1), most = lanes_of(l, k);
    nest(l, &axes, w, most < lanes ? most : lanes, dot_body, k);
}

void lower_kernel(Lower *l, const Inst *in) {
    Kernel k = { .in = in };
    gather_group(l, &k);
    switch (k.plan.kind) {
    case PLAN_MAP: lower_map_kernel(l, &k); break;
    case PLAN_ROWS: lower_rows(l, &k); break;
    case PLAN_DOT: lower_dot_kernel(l, &k); break;
    case PLAN_SWEEP: lower_sweep(l, in, &k.g); break;
    case PLAN_LANES: lower_lanes(l, in, &k.plan); break;
    case PLAN_ROOT:
        if (op_class(k.plan.root->op) == CLASS_SCAN)
            lower_scan(l, k.plan.root);
        else
            lower_index_op(l, k.plan.root);
        home_set(l, in->results[0], home_of(l, k.plan.root->results[0]));
        break;
    }
}
