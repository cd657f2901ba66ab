/* kernel: a group of instructions as one loop nest, as its plan says (optimize/plan.c). */
#include "loop/kernel.h"

enum { TOO_DEAR = 40 /* nanoseconds an element: too much code to have it several times */ };

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
int kernel_lanes(Lower *l, const Kernel *k) {
    int bytes = 1;
    for (int i = 0; i < k->g.n; i++) {
        const Inst *in = k->g.at[i];
        if (in->results[0]->type->rank == 0 || op_class(in->op) == CLASS_CREATE) continue;
        int n = widest_element(in);
        if (n > bytes) bytes = n;
    }
    return lanes_for(l, bytes);
}

double kernel_cost(Lower *l, const Kernel *k) {
    double cost = 0.1;
    for (int i = 0; i < k->in->nresults; i++) cost += 0.1 + pull_cost(l, kernel_result(k, i));
    return cost;
}

/* map */

/* Result i is there already: not only in the memory of another one. */
bool kernel_is_written(const Kernel *k, int i) {
    for (int e = 0; e < k->nearly; e++) {
        if (k->early[e].v == kernel_result(k, i) && k->early[e].into == k->in->results[i]) return true;
    }
    return false;
}

/* All are there before the first is stored: it may be written over an argument. */
void kernel_store(Pull *p, const Kernel *k, const Idx *idx) {
    Elem *y = NEW_ARRAY(p->l->arena, Elem, k->in->nresults + 1);
    for (int i = 0; i < k->in->nresults; i++) {
        if (kernel_is_whole(k, kernel_result(k, i)) && !kernel_is_written(k, i))
            y[i] = pull(p, kernel_result(k, i), idx);
    }
    for (int i = 0; i < k->in->nresults; i++) {
        const Value *to = k->in->results[i];
        if (y[i].re) store_at(p, to->type, home_of(p->l, to).ptr, idx, y[i]);
    }
}

static void map_body(Pull *p, const Idx *idx, void *context) { kernel_store(p, context, idx); }

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
    for (int i = 0; i < k->in->nresults; i++) mark_used(k, kernel_result(k, i), used);
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

/* Whether it makes one row of the first axis after another, of that axis alone; `array` is told what it then reads. */
bool kernel_by_rows(Lower *l, const Inst *in, ReachArray array, void *context) {
    Kernel k = { .in = in };
    gather_group(l, &k);
    if (k.plan.kind != PLAN_MAP || !k.plan.rank) return false;
    Axes axes = merged_axes(l, &k);
    double cost = kernel_cost(l, &k);
    Weave woven = { 0 };
    if (axes.dim[0] != k.plan.dim[0] || dim_is(axes.dim[0], 1)) return false;
    Reach r = reach_of(l, &axes, k.g.results, k.g.nresults);
    if (cost < TOO_DEAR && r.ncrossings && !r.has_interior) return false;
    reach_arrays(l, &axes, k.g.results, k.g.nresults, array, context);
    return cost >= TOO_DEAR / 4 || !weave_of(l, &axes, k.g.at, k.g.n, &woven);
}

/* How many registers at a time give a processor enough to do while the steps of one wait for each other. */
static int registers_at_a_time(Lower *l, const Kernel *k) {
    enum { MUCH = 3 /* nanoseconds: of less a processor looks ahead into the next rounds by itself */ };
    double *until = arena_alloc(l->arena, sizeof *until * (size_t)(k->g.n + 1)), all = 0, longest = 0;
    Map known = map_new(l->arena);
    for (int i = 0; i < k->g.n; i++) {
        const Inst *in = k->g.at[i];
        if (in->op == OP_threefry2x32 && in->results[0]->type->rank) return 4;
        double waits = 0;
        for (int j = 0; j < in->nargs; j++) {
            const double *before = in->args[j]->def ? map_get(&known, in->args[j]->def) : NULL;
            if (before && *before > waits) waits = *before;
        }
        until[i] = waits + plan_cost(in);
        all += plan_cost(in);
        if (until[i] > longest) longest = until[i];
        map_set(&known, in, &until[i]);
    }
    return all >= MUCH && longest > 0.4 * all ? 2 : 1;
}

static void lower_map_kernel(Lower *l, Kernel *k) {
    for (int i = 0; i < k->in->nresults; i++) home_new(l, k->in->results[i]);
    Axes axes = merged_axes(l, k);
    double cost = kernel_cost(l, k);
    Reach r = { 0 };
    if (cost < TOO_DEAR) r = reach_of(l, &axes, k->g.results, k->g.nresults);
    if (r.ncrossings && !r.has_interior) {
        nest_tiles(l, &axes, &r, (Work){ cost, NULL }, kernel_lanes(l, k), map_body, k);
        return;
    }
    if (cost < TOO_DEAR / 4 && weave_of(l, &axes, k->g.at, k->g.n, &k->weave)) {
        r = reach_of(l, &axes, k->g.results, k->g.nresults);
        cost *= k->weave.copies;
        nest_interior(l, &axes, r.has_interior ? &r.interior : NULL, (Work){ cost, NULL },
                      weave_lanes(&k->weave, kernel_lanes(l, k)), weave_body, k);
        return;
    }
    nest_interior(l, &axes, r.has_interior ? &r.interior : NULL, (Work){ cost, NULL },
                  nest_lanes(&axes, cost, registers_at_a_time(l, k), kernel_lanes(l, k)), map_body, k);
}

/* dot */

static void store_tile(Pull *p, const Idx *product, Elem e, void *context) {
    const Kernel *k = context;
    Idx idx[MAX_RANK];
    for (int i = 0; i < k->plan.rank; i++) idx[k->plan.place[i]] = product[i];
    kernel_pin(p->l, k->plan.root, e);
    kernel_store(p, k, idx);
    kernel_unpin(p->l, k->plan.root);
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
        const Inst *made = kernel_result(k, i)->def;
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
    int lanes = domain_lanes(l, k->accum, 1), most = kernel_lanes(l, k);
    nest(l, &axes, w, most < lanes ? most : lanes, dot_body, k);
}

void lower_kernel(Lower *l, const Inst *in) {
    Kernel k = { .in = in };
    gather_group(l, &k);
    switch (k.plan.kind) {
    case PLAN_MAP: lower_map_kernel(l, &k); break;
    case PLAN_ROWS: kernel_rows(l, &k); break;
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
