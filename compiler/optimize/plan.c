/* plan: whether a group of instructions can run as one kernel, and how.
**
** Elements are computed where they are wanted, so any chain of elementwise, layout and index operations fits.  Reductions are
** what asks for a plan: those of one kernel reduce the same axes of the same shape, and what depends on one is wanted only
** where the outer loops stand.  To see that, every value is labelled from the results upwards: which axis of the domain does
** each of its axes follow? */
#include "optimize/plan.h"

#include <string.h>

double plan_cost(const Inst *in) {
    if (op_class(in->op) == CLASS_CREATE) return 0;
    if (op_class(in->op) == CLASS_LAYOUT) return in->op == OP_pad || in->op == OP_concatenate ? 0.1 : 0;
    switch ((int)in->op) {
    case OP_add:
    case OP_sub:
    case OP_mul:
    case OP_max:
    case OP_min:
    case OP_neg:
    case OP_abs:
    case OP_select:
    case OP_fma:
    case OP_convert:
    case OP_bitcast:
    case OP_stop_gradient:
    case OP_cotangent_mul:
    case OP_and:
    case OP_or:
    case OP_xor:
    case OP_not:
    case OP_eq:
    case OP_ne:
    case OP_lt:
    case OP_le:
    case OP_gt:
    case OP_ge: return 0.05;
    case OP_div:
    case OP_sqrt:
    case OP_rsqrt: return 0.3;
    case OP_threefry2x32: return 3;
    case OP_gather: return 0.5;
    default: return 0.6;
    }
}

static const double dear = 0.25; /* from here on it is not computed twice */

static bool is_matrix_dot(const Inst *in) {
    if (in->op != OP_dot) return false;
    int batch = (int)in->attrs->batch, n = in->attrs->lhs_axes.n;
    return n == 0 || (in->args[0]->type->rank > batch + n && in->args[1]->type->rank > batch + n);
}

bool plan_is_reduction(const Inst *in) {
    return op_class(in->op) == CLASS_REDUCE || (in->op == OP_dot && !is_matrix_dot(in));
}

static bool is_root(Compiler *cx, const Inst *in) {
    if (in->op == OP_dynamic_update_slice) return !plan_update_is_map(cx, in);
    return in->op == OP_scatter || op_class(in->op) == CLASS_SCAN;
}

bool plan_refuse(Planner *p, const Inst *in, const char *why) {
    p->plan->why_not = why;
    p->plan->because = in;
    return false;
}

static bool reduces(const Inst *in, int axis) {
    if (in->op == OP_argmax || in->op == OP_argmin) return in->attrs->axis == axis;
    Ints axes = in->attrs->axes;
    if (in->op == OP_dot) axes = main_operand(in) == in->args[0] ? in->attrs->lhs_axes : in->attrs->rhs_axes;
    for (int i = 0; i < axes.n; i++) {
        if (axes.at[i] == axis) return true;
    }
    return false;
}

/* The contracted axes of the main operand come as they lie in memory: the order in which a reduction takes them. */
static bool takes_in_order(const Inst *in) {
    if (in->op != OP_dot) return true;
    Ints axes = main_operand(in) == in->args[0] ? in->attrs->lhs_axes : in->attrs->rhs_axes;
    for (int i = 1; i < axes.n; i++) {
        if (axes.at[i] < axes.at[i - 1]) return false;
    }
    return true;
}

static bool in_group(const Planner *p, const Value *v) {
    if (!v->def) return false;
    for (int i = 0; i < p->g->n; i++) {
        if (p->g->at[i] == v->def) return true;
    }
    return false;
}

static int phase_of(const Planner *p, Map *known, const Value *v) {
    if (!in_group(p, v)) return 0;
    intptr_t seen = (intptr_t)map_get(known, v);
    if (seen) return (int)seen - 1;
    int phase = 0;
    for (int i = 0; i < v->def->nargs; i++) {
        int before = phase_of(p, known, v->def->args[i]);
        if (before > phase) phase = before;
    }
    phase += plan_is_reduction(v->def) || is_matrix_dot(v->def);
    map_set(known, v, (void *)(intptr_t)(phase + 1));
    return phase;
}

int plan_phase(const Group *g, const Value *v) {
    Arena *a = arena_new();
    Planner p = { .g = g };
    Map known = map_new(a);
    int phase = phase_of(&p, &known, v);
    arena_free(a);
    return phase;
}

/* What cannot be read at just any index: a reshape is computed where its argument lies in memory only. */
static bool check_reshapes(Planner *p) {
    for (int i = 0; i < p->g->n; i++) {
        const Inst *in = p->g->at[i];
        if (in->op != OP_reshape || plan_reshape_is_plain(in)) continue;
        if (in_group(p, in->args[0]) && op_class(in->args[0]->def->op) != CLASS_CREATE)
            return plan_refuse(p, in, "a reshape lies between");
    }
    return true;
}

/* What an element of v costs that is computed in the group; each instruction once. */
static double cost_in_group(Planner *p, const Value *v, Map *seen) {
    if (!in_group(p, v) || map_get(seen, v->def)) return 0;
    map_set(seen, v->def, (void *)v->def);
    double cost = plan_cost(v->def);
    for (int i = 0; i < v->def->nargs; i++) cost += cost_in_group(p, v->def->args[i], seen);
    return cost;
}

/* A map's axis of few places is written out: which piece is wanted is known at each of them. */
static bool is_written_out(Planner *p, const Inst *in) {
    const Plan *plan = p->plan;
    const Type *t = in->results[0]->type;
    int64_t axis = in->attrs->axis, n;
    return plan->kind == PLAN_MAP && in->op == OP_concatenate && t->rank == plan->rank &&
           t->dim[axis] == plan->dim[axis] && dim_is_int(t->dim[axis], &n) && n <= SHORT_AXIS;
}

/* The pieces of a concatenation, and what a pad surrounds, are computed for all elements of the result, and thrown away where
** they are not wanted. */
static bool wastes(Planner *p, const Inst *in) {
    if ((in->op != OP_pad && in->op != OP_concatenate) || is_written_out(p, in)) return false;
    int64_t wanted, computed = 0;
    Compiler *cx = p->cx;
    bool known = dim_is_int(type_elements(cx, in->results[0]->type), &wanted);
    double cost = 0;
    for (int i = 0; i < in->nargs; i++) {
        int64_t n = 0;
        Map seen = map_new(p->arena);
        double each = cost_in_group(p, in->args[i], &seen);
        known = known && dim_is_int(type_elements(cx, in->args[i]->type), &n);
        if (each > cost) cost = each, computed = n;
    }
    return cost > 0.1 && !(known && wanted <= computed + computed / 4);
}

static bool check_costs(Planner *p) {
    for (int i = 0; i < p->g->n; i++) {
        const Inst *in = p->g->at[i];
        if (wastes(p, in)) return plan_refuse(p, in, "it would be computed for elements too that are then left out");
        if (plan_is_reduction(in) || in == p->plan->root || plan_cost(in) < dear) continue;
        for (int k = 0; k < in->nresults; k++) {
            if (label_is_repeated(p, in->results[k]))
                return plan_refuse(p, in, "its elements would be computed more than once");
        }
    }
    return true;
}

/* plans by kind */

static bool plan_map(Planner *p) {
    Plan *plan = p->plan;
    const Type *t = p->g->results[0]->type;
    plan->kind = PLAN_MAP;
    plan->rank = t->rank;
    memcpy(plan->dim, t->dim, sizeof *t->dim * (size_t)t->rank);
    return label_all(p) && check_reshapes(p) && check_costs(p);
}

static bool plan_root(Planner *p) {
    Plan *plan = p->plan;
    plan->kind = PLAN_ROOT;
    for (int i = 0; i < p->g->nresults; i++) {
        if (p->g->results[i]->def != plan->root) return plan_refuse(p, p->g->results[i]->def, "others read it too");
    }
    for (int i = 0; i < p->g->n; i++) {
        const Inst *in = p->g->at[i];
        if (in == plan->root) continue;
        for (int k = 0; k < in->nargs; k++) {
            if (in->args[k]->def == plan->root) return plan_refuse(p, in, "it reads what is still being written");
        }
    }
    const Type *t = plan->root->results[0]->type;
    if (op_class(plan->root->op) == CLASS_INDEX) t = plan->root->args[plan->root->op == OP_scatter ? 2 : 1]->type;
    plan->rank = t->rank;
    memcpy(plan->dim, t->dim, sizeof *t->dim * (size_t)t->rank);
    for (int k = 0; k < plan->root->nargs; k++) {
        if (plan->root->args[k]->type == t) label_as_domain(p, plan->root->args[k]);
    }
    label_from(p);
    return check_reshapes(p) && check_costs(p);
}

/* Where results have the axes of the product, each in its place or in another one; neighbours stay neighbours. */
static bool find_places(Planner *p) {
    const Type *t = p->plan->root->results[0]->type;
    const Label *l = label_of(p, p->plan->root->results[0]);
    bool taken[MAX_RANK] = { false };
    if (!l || l->conflict || p->plan->rank != t->rank) return false;
    for (int i = 0; i < t->rank; i++) {
        if (l->axis[i] == ASTRAY || (l->axis[i] != ANY && taken[l->axis[i]])) return false;
        if (l->axis[i] != ANY) taken[l->axis[i]] = true;
    }
    for (int i = 0, next = 0; i < t->rank; i++) { /* axes of size 1 take the places that are left */
        while (next < t->rank && taken[next]) next++;
        p->plan->place[i] = l->axis[i] != ANY ? l->axis[i] : (int8_t)next++;
    }
    for (int i = 0; i < t->rank; i++) {
        if (p->plan->dim[p->plan->place[i]] != t->dim[i]) return false;
    }
    int last = t->rank - 1;
    return p->plan->place[last] == last;
}

/* Whether the product's or the root's own arguments are made of it. */
static bool feeds_root(const Planner *p, const Value *v, const Value *from) {
    if (from == v) return true;
    if (!in_group(p, from)) return false;
    for (int i = 0; i < from->def->nargs; i++) {
        if (feeds_root(p, v, from->def->args[i])) return true;
    }
    return false;
}

/* A part at a time is padded: of an array that lies in memory. */
static bool is_border(const Planner *p, const Inst *in) {
    Border border;
    if (in->op != OP_pad || !plan_border(p->plan->root, &border) || border.pad != in) return false;
    const Value *x = in->args[0];
    if (in_group(p, x) && x->def->op == OP_reshape) x = x->def->args[0];
    return !in_group(p, x);
}

/* Of a product: prologues are computed again whenever an operand is read, so they must cost next to nothing.  What only the
** elements of the product meet is computed once for each, unless it is smaller. */
static bool is_dear_prologue(const Planner *p, const Inst *in) {
    const Inst *root = p->plan->root;
    const Value *v = in->results[0];
    if (plan_cost(in) <= 0 || in->op == OP_convert || is_border(p, in)) return false;
    return label_is_repeated(p, v) || feeds_root(p, v, root->args[0]) || feeds_root(p, v, root->args[1]);
}

static bool plan_dot(Planner *p) {
    Plan *plan = p->plan;
    const Type *t = plan->root->results[0]->type;
    if (p->g->nresults && p->g->results[0]->type->rank == t->rank) t = p->g->results[0]->type;
    plan->kind = PLAN_DOT;
    plan->rank = t->rank;
    memcpy(plan->dim, t->dim, sizeof *t->dim * (size_t)t->rank);
    Map phases = map_new(p->arena);
    for (int i = 0; i < p->g->nresults; i++) {
        if (!phase_of(p, &phases, p->g->results[i]))
            return plan_refuse(p, p->g->results[i]->def,
                               "others read it too, and a matrix product keeps no copy of what it reads");
    }
    if (!label_all(p)) return false;
    if (!find_places(p))
        return plan_refuse(p, plan->root, "the product is not read element by element, in its own order");
    for (int i = 0; i < p->g->n; i++) {
        const Inst *in = p->g->at[i];
        if (in == plan->root || phase_of(p, &phases, in->results[0])) continue;
        if (is_dear_prologue(p, in))
            return plan_refuse(p, in,
                               "a matrix product reads its operands several times, and would compute it each time");
    }
    return check_reshapes(p) && check_costs(p);
}

static bool check_kept(Planner *p, const Inst *in) {
    const Label *l = label_of(p, in->results[0]);
    if (!l || !l->labelled) return true;
    if (l->conflict) return plan_refuse(p, in, "it is read at two different indices");
    int k = 0;
    for (int a = 0; a < p->plan->rank; a++) {
        if (p->plan->reduced[a]) continue;
        if (l->axis[k] != ANY && l->axis[k] != a)
            return plan_refuse(p, in, "the result of a reduction is read at other indices than those it was made at");
        k++;
    }
    return true;
}

static bool plan_rows(Planner *p, const Inst *first) {
    enum { SMALL = 4096 };
    Plan *plan = p->plan;
    const Type *t = main_operand(first)->type;
    plan->kind = PLAN_ROWS;
    plan->rank = t->rank;
    memcpy(plan->dim, t->dim, sizeof *t->dim * (size_t)t->rank);
    plan->across = order_goes_across(first);
    int kept = 0;
    bool known = true;
    int64_t terms = 1, size;
    for (int a = 0; a < t->rank; a++) {
        plan->reduced[a] = reduces(first, a);
        if (!plan->reduced[a])
            kept += !dim_is(t->dim[a], 1);
        else
            known = known && dim_is_int(t->dim[a], &size) && (terms *= size) <= SMALL;
    }
    for (int i = 0; i < p->g->n; i++) {
        const Inst *in = p->g->at[i];
        if (!plan_is_reduction(in)) continue;
        if (!same_dims(main_operand(in)->type, plan->rank, plan->dim))
            return plan_refuse(p, in, "the shapes that are reduced differ");
        for (int a = 0; a < plan->rank; a++) {
            if (reduces(in, a) != plan->reduced[a]) return plan_refuse(p, in, "other axes are reduced");
        }
        if (order_goes_across(in) != plan->across)
            return plan_refuse(p, in, "one is summed row by row, the other across the rows");
        if (op_has_attr(in->op, ATTR_INDEX_order) && op_has_attr(first->op, ATTR_INDEX_order) &&
            in->attrs->order != first->attrs->order)
            return plan_refuse(p, in,
                               "their sums group the terms differently, and other groups would give other digits");
    }
    int reductions = 0, wholes = 0;
    for (int i = 0; i < p->g->n; i++) reductions += plan_is_reduction(p->g->at[i]);
    if (reductions > MOST_SUMS) return plan_refuse(p, first, "there are too many sums");
    for (int i = 0; i < p->g->nresults; i++) wholes += p->g->results[i]->type->rank == plan->rank;
    for (int i = 0; i < p->g->n && reductions + wholes > 1; i++) {
        if (plan_is_reduction(p->g->at[i]) && !takes_in_order(p->g->at[i]))
            return plan_refuse(p, p->g->at[i], "it sums over its axes in another order than they lie in memory");
    }
    if (!label_all(p)) return false;
    Map phases = map_new(p->arena);
    bool one_pass = kept == 0 || (plan->across && !known);
    for (int i = 0; i < p->g->n; i++) {
        const Inst *in = p->g->at[i];
        int phase = phase_of(p, &phases, in->results[0]);
        if (phase > plan->phases) plan->phases = phase;
        if (plan_is_reduction(in) && !check_kept(p, in)) return false;
        if (one_pass && plan_is_reduction(in) && phase > 1)
            return plan_refuse(p, in, "it needs another reduction to be complete");
    }
    for (int i = 0; i < p->g->nresults; i++) {
        const Value *v = p->g->results[i];
        bool whole = same_dims(v->type, plan->rank, plan->dim);
        if (one_pass && whole && phase_of(p, &phases, v) > 0)
            return plan_refuse(p, v->def, "it needs a reduction to be complete");
    }
    return check_reshapes(p) && check_costs(p);
}

static bool plan_lanes(Planner *p, const Type *domain) {
    Plan *plan = p->plan;
    plan->kind = PLAN_LANES;
    plan->rank = domain->rank;
    plan->root = p->g->at[0];
    memcpy(plan->dim, domain->dim, sizeof *domain->dim * (size_t)domain->rank);
    return true;
}

/* Reductions of rows, and others across rows. */
static bool is_swept(const Planner *p) {
    bool along = false, across = false;
    for (int i = 0; i < p->g->n; i++) {
        if (!plan_is_reduction(p->g->at[i])) continue;
        along = along || !order_goes_across(p->g->at[i]);
        across = across || order_goes_across(p->g->at[i]);
    }
    return along && across;
}

static bool plan_by_kind(Planner *p) {
    Plan *plan = p->plan;
    memset(plan, 0, sizeof *plan);
    const Type *carried = p->g->n == 1 ? plan_lanewise(p->g->at[0]) : NULL;
    if (carried) return plan_lanes(p, carried);
    const Inst *reduction = NULL;
    int roots = 0;
    for (int i = 0; i < p->g->n; i++) {
        const Inst *in = p->g->at[i];
        if (is_root(p->cx, in) || is_matrix_dot(in)) {
            plan->root = in;
            roots++;
        } else if (plan_is_reduction(in) && !reduction) {
            reduction = in;
        }
    }
    if (roots > 1 || (roots && reduction)) {
        bool product = op_class(plan->root->op) == CLASS_CONTRACT;
        return plan_refuse(p, plan->root, product ? "one matrix product at a time" : "each needs loops of its own");
    }
    if (roots) return is_root(p->cx, plan->root) ? plan_root(p) : plan_dot(p);
    Sweep sweep;
    if (reduction && is_swept(p) && plan_sweep(p->cx, p->arena, p->g, &sweep)) {
        *plan = sweep.rows;
        plan->kind = PLAN_SWEEP;
        return true;
    }
    return reduction ? plan_rows(p, reduction) : plan_map(p);
}

bool plan_group(Compiler *cx, const Group *g, Plan *plan) {
    Arena *a = arena_new();
    Planner p = { .cx = cx, .g = g, .plan = plan, .arena = a, .labels = map_new(a) };
    bool ok = plan_by_kind(&p);
    arena_free(a);
    return ok;
}

bool plan_follows(Compiler *cx, const Group *g, const Value *v, int axis) {
    Arena *a = arena_new();
    Plan plan;
    Planner p = { .cx = cx, .g = g, .plan = &plan, .arena = a, .labels = map_new(a) };
    bool ok = plan_by_kind(&p);
    const Label *l = label_of(&p, v);
    ok = ok && (!l || !l->labelled || (!l->conflict && l->axis[0] == axis));
    arena_free(a);
    return ok;
}

static int times_read(const Group *g, const Value *v) {
    int n = 0;
    for (int i = 0; i < g->n; i++) {
        for (int k = 0; k < g->at[i]->nargs; k++) n += g->at[i]->args[k] == v;
    }
    return n;
}

/* Of a single element: all that it is made of is read before it is written. */
static bool updates_one(const Group *g, const Inst *root) {
    if (root->op != OP_dynamic_update_slice || g->nresults != 1) return false;
    const Type *t = root->args[1]->type;
    for (int i = 0; i < t->rank; i++)
        if (!dim_is(t->dim[i], 1)) return false;
    return true;
}

static bool is_read_in_place(const Planner *p, const Value *x) {
    const Plan *plan = p->plan;
    if (plan->kind == PLAN_LANES) {
        bool ok = value_is_used_only_by(x, plan->root) && times_read(p->g, x) == 1;
        for (int i = 0; i < plan->root->nargs; i++)
            ok = ok && (plan->root->args[i] != x || i < plan->root->attrs->carries);
        return ok;
    }
    if (plan->kind == PLAN_ROOT)
        return plan->root->args[0] == x && (times_read(p->g, x) == 1 || updates_one(p->g, plan->root));
    const Label *l = label_of(p, x);
    bool ok = l && l->labelled && !l->conflict && same_dims(x->type, plan->rank, plan->dim);
    for (int i = 0; ok && i < plan->rank; i++) ok = l->axis[i] == i || l->axis[i] == ANY;
    for (int i = 0; ok && plan->kind == PLAN_DOT && i < 2; i++) ok = !feeds_root(p, x, plan->root->args[i]);
    return ok;
}

static int kernel_in_place(Compiler *cx, const Inst *kernel, bool *args) {
    const Block *block = kernel->regions[0];
    Arena *a = arena_new();
    int n = 0;
    for (const Inst *in = block->first; in; in = in->next) n++;
    const Inst **at = NEW_ARRAY(a, const Inst *, n + 1);
    n = 0;
    for (const Inst *in = block->first; in; in = in->next) at[n++] = in;
    Group g = { at, n, (const Value *const *)block->results, block->nresults };
    Plan plan;
    Planner p = { .cx = cx, .g = &g, .plan = &plan, .arena = a, .labels = map_new(a) };
    bool planned = plan_by_kind(&p);
    for (int i = 0; i < kernel->nargs; i++) args[i] = planned && is_read_in_place(&p, block->params[i]);
    int results = planned && plan.kind == PLAN_LANES ? (int)plan.root->attrs->carries : block->nresults;
    arena_free(a);
    return results;
}

int plan_in_place(Compiler *cx, const Inst *in, bool *args) {
    OpClass class = op_class(in->op);
    if (class == CLASS_KERNEL) return kernel_in_place(cx, in, args);
    bool updates = in->op == OP_dynamic_update_slice || in->op == OP_scatter;
    for (int i = 0; i < in->nargs; i++)
        args[i] = class == CLASS_ELEMENTWISE || class == CLASS_SCAN || in->op == OP_fft || (updates && i == 0);
    for (int i = 1; i < in->nargs && updates; i++) args[0] = args[0] && in->args[i] != in->args[0];
    return in->nresults;
}
