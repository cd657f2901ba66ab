/* plan: whether a group of instructions can run as one kernel, and how.
**
** Elements are computed where they are wanted, so any chain of elementwise, layout and index operations fits.  Reductions are
** what asks for a plan: those of one kernel reduce the same axes of the same shape, and what depends on one is wanted only
** where the outer loops stand.  To see that, every value is labelled from the results upwards: which axis of the domain does
** each of its axes follow? */
#include "optimize/optimize.h"

#include <string.h>

enum { ANY = -1 /* an axis of size 1 */, ASTRAY = -2 /* follows no axis of the domain */ };

typedef struct {
    bool labelled, conflict;
    int8_t axis[MAX_RANK];
} Label;

typedef struct {
    Compiler *cx;
    const Group *g;
    Plan *plan;
    Arena *arena;
    Map labels; /* Value to Label */
} Planner;

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

static bool is_root(const Inst *in) {
    return in->op == OP_scatter || in->op == OP_dynamic_update_slice || op_class(in->op) == CLASS_SCAN;
}

static bool refuse(Planner *p, const Inst *in, const char *why) {
    p->plan->why_not = why;
    p->plan->because = in;
    return false;
}

/* The operand that has the shape of the domain, and the labels of the other. */
static const Value *main_operand(const Inst *in) {
    if (in->op != OP_dot) return in->args[0];
    bool left = in->args[0]->type->rank >= in->args[1]->type->rank;
    return in->args[left ? 0 : 1];
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

/* labels */

static Label *label_of(Planner *p, const Value *v) {
    Label *l = map_get(&p->labels, v);
    if (l) return l;
    l = NEW(p->arena, Label);
    map_set(&p->labels, v, l);
    return l;
}

static void put_label(Planner *p, const Value *v, const int8_t *axis) {
    Label *l = label_of(p, v);
    int8_t wanted[MAX_RANK];
    for (int i = 0; i < v->type->rank; i++) wanted[i] = dim_is(v->type->dim[i], 1) ? ANY : axis[i];
    if (l->labelled && memcmp(l->axis, wanted, (size_t)v->type->rank)) l->conflict = true;
    if (l->labelled) return;
    l->labelled = true;
    memcpy(l->axis, wanted, (size_t)v->type->rank);
}

/* Only axes of size 1 come or go. */
bool plan_reshape_is_plain(const Inst *in) {
    const Type *x = in->args[0]->type, *y = in->results[0]->type;
    int i = 0, j = 0;
    while (i < x->rank || j < y->rank) {
        if (i < x->rank && dim_is(x->dim[i], 1))
            i++;
        else if (j < y->rank && dim_is(y->dim[j], 1))
            j++;
        else if (i < x->rank && j < y->rank && x->dim[i] == y->dim[j])
            i++, j++;
        else
            return false;
    }
    return true;
}

static void label_reshape(Planner *p, const Inst *in, const int8_t *axis) {
    const Type *x = in->args[0]->type, *y = in->results[0]->type;
    int8_t from[MAX_RANK];
    memset(from, ASTRAY, sizeof from);
    if (plan_reshape_is_plain(in)) {
        for (int i = 0, j = 0; i < x->rank; i++) {
            if (dim_is(x->dim[i], 1)) continue;
            while (dim_is(y->dim[j], 1)) j++;
            from[i] = axis[j++];
        }
    }
    put_label(p, in->args[0], from);
}

static bool whole_axis(const Inst *in, int a) {
    const Attrs *t = in->attrs;
    if (in->op == OP_slice)
        return dim_is(t->start.at[a], 0) && t->stride.at[a] == 1 && t->limit.at[a] == in->args[0]->type->dim[a];
    if (in->op == OP_pad) return dim_is(t->low.at[a], 0) && dim_is(t->high.at[a], 0) && !t->interior.at[a];
    if (in->op == OP_dynamic_slice) return in->results[0]->type->dim[a] == in->args[0]->type->dim[a];
    if (in->op == OP_concatenate) return t->axis != a;
    return false;
}

static void label_args(Planner *p, const Inst *in, const int8_t *axis) {
    int8_t x[MAX_RANK];
    memset(x, ASTRAY, sizeof x);
    int rank = in->nargs ? in->args[0]->type->rank : 0;
    switch ((int)in->op) {
    case OP_broadcast:
        for (int i = 0; i < rank; i++) x[i] = axis[in->attrs->map.at[i]];
        break;
    case OP_transpose:
        for (int i = 0; i < rank; i++) x[in->attrs->perm.at[i]] = axis[i];
        break;
    case OP_reshape: label_reshape(p, in, axis); return;
    case OP_slice:
    case OP_pad:
    case OP_dynamic_slice:
    case OP_concatenate:
        for (int i = 0; i < rank; i++) x[i] = whole_axis(in, i) ? axis[i] : ASTRAY;
        break;
    case OP_gather: {
        int lead = in->args[1]->type->rank - 1;
        memcpy(x, axis, (size_t)lead);
        put_label(p, in->args[1], x);
        memset(x, ASTRAY, sizeof x);
        break;
    }
    default:
        if (op_class(in->op) == CLASS_ELEMENTWISE) memcpy(x, axis, (size_t)rank);
        break;
    }
    for (int i = 0; i < in->nargs; i++) {
        if (in->op != OP_gather || i == 0) put_label(p, in->args[i], x);
    }
}

static void label_reduction(Planner *p, const Inst *in) {
    const Value *whole = main_operand(in);
    int8_t all[MAX_RANK], other[MAX_RANK];
    for (int i = 0; i < MAX_RANK; i++) all[i] = (int8_t)i;
    put_label(p, whole, all);
    if (in->op != OP_dot) return;
    bool left = whole == in->args[0];
    Ints mine = left ? in->attrs->lhs_axes : in->attrs->rhs_axes,
         theirs = left ? in->attrs->rhs_axes : in->attrs->lhs_axes;
    memcpy(other, all, sizeof other);
    for (int k = 0; k < mine.n; k++) other[theirs.at[k]] = (int8_t)mine.at[k];
    put_label(p, in->args[left ? 1 : 0], other);
}

/* Whether computing v at each place of the domain computes it more than once.  Inner loops do not count: what does not depend
** on them stands before them. */
static bool is_repeated(const Planner *p, const Value *v) {
    const Label *l = map_get(&p->labels, v);
    if (!l || !l->labelled) return false;
    if (l->conflict) return true;
    bool found[MAX_RANK] = { false };
    int last = -1;
    for (int i = 0; i < v->type->rank; i++) {
        if (l->axis[i] == ASTRAY) return false; /* fewer are wanted, or others */
        if (l->axis[i] >= 0) found[l->axis[i]] = true;
        if (l->axis[i] > last) last = l->axis[i];
    }
    const Plan *plan = p->plan;
    if (plan->kind == PLAN_ROWS) { /* outer axes are all there, or it is wanted again for every one of them */
        for (int a = 0; a < plan->rank; a++) {
            if (!found[a] && !plan->reduced[a] && !dim_is(plan->dim[a], 1)) return true;
        }
        return false;
    }
    for (int a = 0; a < last; a++) {
        if (!found[a] && !dim_is(plan->dim[a], 1)) return true;
    }
    return false;
}

static bool same_dims(const Type *t, int rank, const Dim *const *dim) {
    return t->rank == rank && (!rank || !memcmp(t->dim, dim, sizeof *dim * (size_t)rank));
}

static bool label_results(Planner *p) {
    const Plan *plan = p->plan;
    int8_t all[MAX_RANK], kept[MAX_RANK];
    const Dim *kept_dim[MAX_RANK];
    int n = 0;
    for (int a = 0; a < plan->rank; a++) {
        all[a] = (int8_t)a;
        if (plan->reduced[a]) continue;
        kept[n] = (int8_t)a;
        kept_dim[n++] = plan->dim[a];
    }
    for (int i = 0; i < p->g->nresults; i++) {
        const Value *v = p->g->results[i];
        if (same_dims(v->type, plan->rank, plan->dim))
            put_label(p, v, all);
        else if (plan->kind == PLAN_ROWS && same_dims(v->type, n, kept_dim))
            put_label(p, v, kept);
        else
            return refuse(p, v->def, "their shapes differ");
    }
    return true;
}

static bool label_all(Planner *p) {
    if (!label_results(p)) return false;
    for (int i = p->g->n - 1; i >= 0; i--) {
        const Inst *in = p->g->at[i];
        if (plan_is_reduction(in)) {
            label_reduction(p, in);
            continue;
        }
        const Label *l = map_get(&p->labels, in->results[0]);
        const Label *second = in->nresults > 1 ? map_get(&p->labels, in->results[1]) : NULL;
        if (!l || !l->labelled) l = second;
        if (l && l->labelled && in != p->plan->root) label_args(p, in, l->axis);
    }
    return true;
}

/* What cannot be read at just any index: a reshape is computed where its argument lies in memory only. */
static bool check_reshapes(Planner *p) {
    for (int i = 0; i < p->g->n; i++) {
        const Inst *in = p->g->at[i];
        if (in->op != OP_reshape || plan_reshape_is_plain(in)) continue;
        if (in_group(p, in->args[0]) && op_class(in->args[0]->def->op) != CLASS_CREATE)
            return refuse(p, in, "a reshape lies between");
    }
    return true;
}

static bool check_costs(Planner *p) {
    for (int i = 0; i < p->g->n; i++) {
        const Inst *in = p->g->at[i];
        if (plan_is_reduction(in) || in == p->plan->root || plan_cost(in) < dear) continue;
        for (int k = 0; k < in->nresults; k++) {
            if (is_repeated(p, in->results[k])) return refuse(p, in, "it would be computed more than once");
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
        if (p->g->results[i]->def != plan->root)
            return refuse(p, p->g->results[i]->def, "its elements are wanted elsewhere too");
    }
    for (int i = 0; i < p->g->n; i++) {
        const Inst *in = p->g->at[i];
        if (in == plan->root) continue;
        for (int k = 0; k < in->nargs; k++) {
            if (in->args[k]->def == plan->root) return refuse(p, in, "it reads what is still being written");
        }
    }
    const Type *t = plan->root->results[0]->type;
    if (op_class(plan->root->op) == CLASS_INDEX) t = plan->root->args[plan->root->op == OP_scatter ? 2 : 1]->type;
    plan->rank = t->rank;
    memcpy(plan->dim, t->dim, sizeof *t->dim * (size_t)t->rank);
    int8_t all[MAX_RANK];
    for (int i = 0; i < MAX_RANK; i++) all[i] = (int8_t)i;
    for (int k = 0; k < plan->root->nargs; k++) {
        if (plan->root->args[k]->type == t) put_label(p, plan->root->args[k], all);
    }
    for (int i = p->g->n - 1; i >= 0; i--) {
        const Inst *in = p->g->at[i];
        const Label *l = map_get(&p->labels, in->results[0]);
        if (l && l->labelled && in != plan->root) label_args(p, in, l->axis);
    }
    return check_reshapes(p) && check_costs(p);
}

/* Prologues are computed again whenever an operand is read, so they must cost next to nothing. */
static bool plan_dot(Planner *p) {
    Plan *plan = p->plan;
    const Type *t = plan->root->results[0]->type;
    plan->kind = PLAN_DOT;
    plan->rank = t->rank;
    memcpy(plan->dim, t->dim, sizeof *t->dim * (size_t)t->rank);
    Map phases = map_new(p->arena);
    for (int i = 0; i < p->g->nresults; i++) {
        if (!phase_of(p, &phases, p->g->results[i]))
            return refuse(p, p->g->results[i]->def, "it is wanted without the product too");
    }
    if (!label_all(p)) return false;
    const Label *l = map_get(&p->labels, plan->root->results[0]);
    for (int i = 0; l && i < t->rank; i++) {
        if (l->conflict || (l->axis[i] != ANY && l->axis[i] != i))
            return refuse(p, plan->root, "the product is read in another order");
    }
    for (int i = 0; i < p->g->n; i++) {
        const Inst *in = p->g->at[i];
        if (in == plan->root || phase_of(p, &phases, in->results[0])) continue;
        if (plan_cost(in) > 0 && in->op != OP_convert)
            return refuse(p, in, "the product reads its operands several times");
    }
    return check_reshapes(p) && check_costs(p);
}

static bool check_kept(Planner *p, const Inst *in) {
    const Label *l = map_get(&p->labels, in->results[0]);
    if (!l || !l->labelled) return true;
    if (l->conflict) return refuse(p, in, "its result is read in two ways");
    int k = 0;
    for (int a = 0; a < p->plan->rank; a++) {
        if (p->plan->reduced[a]) continue;
        if (l->axis[k] != ANY && l->axis[k] != a)
            return refuse(p, in, "its result is read elsewhere than where the loops stand");
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
            return refuse(p, in, "the shapes that are reduced differ");
        if (order_goes_across(in) != plan->across) return refuse(p, in, "terms are added in another order");
        if (op_has_attr(in->op, ATTR_INDEX_order) && op_has_attr(first->op, ATTR_INDEX_order) &&
            in->attrs->order != first->attrs->order)
            return refuse(p, in, "terms are added in another order");
        for (int a = 0; a < plan->rank; a++) {
            if (reduces(in, a) != plan->reduced[a]) return refuse(p, in, "other axes are reduced");
        }
    }
    int reductions = 0, wholes = 0;
    for (int i = 0; i < p->g->n; i++) reductions += plan_is_reduction(p->g->at[i]);
    for (int i = 0; i < p->g->nresults; i++) wholes += p->g->results[i]->type->rank == plan->rank;
    for (int i = 0; i < p->g->n && reductions + wholes > 1; i++) {
        if (plan_is_reduction(p->g->at[i]) && !takes_in_order(p->g->at[i]))
            return refuse(p, p->g->at[i], "it takes the reduced axes in another order");
    }
    if (!label_all(p)) return false;
    Map phases = map_new(p->arena);
    bool one_pass = kept == 0 || (plan->across && !known);
    for (int i = 0; i < p->g->n; i++) {
        const Inst *in = p->g->at[i];
        int phase = phase_of(p, &phases, in->results[0]);
        if (phase > plan->phases) plan->phases = phase;
        if (plan_is_reduction(in) && !check_kept(p, in)) return false;
        if (one_pass && plan_is_reduction(in) && phase > 1) return refuse(p, in, "it needs all of another reduction");
    }
    for (int i = 0; i < p->g->nresults; i++) {
        const Value *v = p->g->results[i];
        bool whole = same_dims(v->type, plan->rank, plan->dim);
        if (one_pass && whole && phase_of(p, &phases, v) > 0) return refuse(p, v->def, "it needs all of a reduction");
    }
    return check_reshapes(p) && check_costs(p);
}

bool plan_group(Compiler *cx, const Group *g, Plan *plan) {
    Arena *a = arena_new();
    Planner p = { .cx = cx, .g = g, .plan = plan, .arena = a, .labels = map_new(a) };
    memset(plan, 0, sizeof *plan);
    const Inst *reduction = NULL;
    int roots = 0;
    for (int i = 0; i < g->n; i++) {
        const Inst *in = g->at[i];
        if (is_root(in) || is_matrix_dot(in)) {
            plan->root = in;
            roots++;
        } else if (plan_is_reduction(in) && !reduction) {
            reduction = in;
        }
    }
    bool ok;
    if (roots > 1 || (roots && reduction))
        ok = refuse(&p, plan->root,
                    op_class(plan->root->op) == CLASS_CONTRACT ? "one matrix product at a time"
                                                               : "each needs loops of its own");
    else if (roots)
        ok = is_root(plan->root) ? plan_root(&p) : plan_dot(&p);
    else if (reduction)
        ok = plan_rows(&p, reduction);
    else
        ok = plan_map(&p);
    arena_free(a);
    return ok;
}
