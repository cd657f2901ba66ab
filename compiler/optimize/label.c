/* label: which axis of a kernel's domain each axis of every value follows, from the results upwards. */
#include "optimize/plan.h"

#include <string.h>

/* The operand that has the shape of the domain, and the labels of the other. */
const Value *main_operand(const Inst *in) {
    if (in->op != OP_dot) return in->args[0];
    bool left = in->args[0]->type->rank >= in->args[1]->type->rank;
    return in->args[left ? 0 : 1];
}

const Label *label_of(const Planner *p, const Value *v) { return map_get(&p->labels, v); }

static Label *new_label(Planner *p, const Value *v) {
    Label *l = map_get(&p->labels, v);
    if (l) return l;
    l = NEW(p->arena, Label);
    map_set(&p->labels, v, l);
    return l;
}

static void put_label(Planner *p, const Value *v, const Follows *x) {
    Label *l = new_label(p, v);
    for (int i = 0; i < v->type->rank; i++) {
        Follows wanted = x[i];
        if (wanted.axis == ANY) wanted = (Follows){ ASTRAY, NULL }; /* one of many */
        if (dim_is(v->type->dim[i], 1)) wanted = (Follows){ ANY, NULL };
        if (l->labelled && (l->follows[i].axis != wanted.axis || l->follows[i].offset != wanted.offset))
            l->conflict = true;
        if (l->labelled) continue;
        l->follows[i] = wanted;
        l->axis[i] = wanted.offset ? ASTRAY : wanted.axis;
    }
    l->labelled = true;
}

static Follows shifted(Planner *p, Follows x, const Dim *by) {
    if (x.axis < 0 || dim_is(by, 0)) return x;
    const Dim *offset = x.offset ? dim_add(p->cx, x.offset, by) : by;
    return (Follows){ x.axis, dim_is(offset, 0) ? NULL : offset };
}

static Follows shifted_back(Planner *p, Follows x, const Dim *by) {
    return shifted(p, x, dim_sub(p->cx, dim_int(p->cx, 0), by));
}

static void go_astray(Follows *x) {
    for (int i = 0; i < MAX_RANK; i++) x[i] = (Follows){ ASTRAY, NULL };
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

static void label_reshape(Planner *p, const Inst *in, const Follows *axis) {
    const Type *x = in->args[0]->type, *y = in->results[0]->type;
    Follows from[MAX_RANK];
    go_astray(from);
    if (plan_reshape_is_plain(in)) {
        for (int i = 0, j = 0; i < x->rank; i++) {
            if (dim_is(x->dim[i], 1)) continue;
            while (dim_is(y->dim[j], 1)) j++;
            from[i] = axis[j++];
        }
    }
    put_label(p, in->args[0], from);
}

static void label_concatenate(Planner *p, const Inst *in, const Follows *axis) {
    const Dim *start = dim_int(p->cx, 0);
    for (int k = 0; k < in->nargs; k++) {
        Follows x[MAX_RANK];
        memcpy(x, axis, sizeof *x * (size_t)in->args[k]->type->rank);
        x[in->attrs->axis] = shifted_back(p, axis[in->attrs->axis], start);
        put_label(p, in->args[k], x);
        start = dim_add(p->cx, start, in->args[k]->type->dim[in->attrs->axis]);
    }
}

/* What is written over the middle of an array, and the array. */
static void label_update(Planner *p, const Inst *in, const Follows *axis) {
    Follows x[MAX_RANK];
    int64_t start = 0;
    go_astray(x);
    for (int i = 0; i < in->args[0]->type->rank; i++) {
        if (plan_update_start(in, i, &start)) x[i] = shifted_back(p, axis[i], dim_int(p->cx, start));
    }
    put_label(p, in->args[0], axis);
    put_label(p, in->args[1], x);
}

static void label_args(Planner *p, const Inst *in, const Follows *axis) {
    const Attrs *attrs = in->attrs;
    Follows x[MAX_RANK];
    go_astray(x);
    int rank = in->nargs ? in->args[0]->type->rank : 0;
    switch ((int)in->op) {
    case OP_broadcast:
        for (int i = 0; i < rank; i++) x[i] = axis[attrs->map.at[i]];
        break;
    case OP_transpose:
        for (int i = 0; i < rank; i++) x[attrs->perm.at[i]] = axis[i];
        break;
    case OP_reshape: label_reshape(p, in, axis); return;
    case OP_concatenate: label_concatenate(p, in, axis); return;
    case OP_dynamic_update_slice: label_update(p, in, axis); return;
    case OP_windows: /* each element is wanted at several places */
        new_label(p, in->args[0])->conflict = true;
        memcpy(x, axis, sizeof *x * (size_t)rank);
        for (int i = 0; i < attrs->axes.n; i++) x[attrs->axes.at[i]] = (Follows){ ASTRAY, NULL };
        break;
    case OP_slice:
        for (int i = 0; i < rank; i++) {
            if (attrs->stride.at[i] == 1) x[i] = shifted(p, axis[i], attrs->start.at[i]);
        }
        break;
    case OP_pad:
        for (int i = 0; i < rank; i++) {
            if (!attrs->interior.at[i]) x[i] = shifted_back(p, axis[i], attrs->low.at[i]);
        }
        break;
    case OP_dynamic_slice:
        for (int i = 0; i < rank; i++) {
            if (in->results[0]->type->dim[i] == in->args[0]->type->dim[i]) x[i] = axis[i];
        }
        break;
    case OP_gather: {
        int lead = in->args[1]->type->rank - 1;
        memcpy(x, axis, sizeof *x * (size_t)lead);
        put_label(p, in->args[1], x);
        go_astray(x);
        break;
    }
    default:
        if (op_class(in->op) == CLASS_ELEMENTWISE) memcpy(x, axis, sizeof *x * (size_t)rank);
        break;
    }
    for (int i = 0; i < in->nargs; i++) {
        if (in->op != OP_gather || i == 0) put_label(p, in->args[i], x);
    }
}

static void label_reduction(Planner *p, const Inst *in) {
    const Value *whole = main_operand(in);
    Follows all[MAX_RANK], other[MAX_RANK];
    for (int i = 0; i < MAX_RANK; i++) all[i] = (Follows){ (int8_t)i, NULL };
    put_label(p, whole, all);
    if (in->op != OP_dot) return;
    bool left = whole == in->args[0];
    Ints mine = left ? in->attrs->lhs_axes : in->attrs->rhs_axes,
         theirs = left ? in->attrs->rhs_axes : in->attrs->lhs_axes;
    memcpy(other, all, sizeof other);
    for (int k = 0; k < mine.n; k++) other[theirs.at[k]] = (Follows){ (int8_t)mine.at[k], NULL };
    put_label(p, in->args[left ? 1 : 0], other);
}

/* Whether computing v at each place of the domain computes it more than once.  Inner loops do not count: what does not depend
** on them stands before them. */
bool label_is_repeated(const Planner *p, const Value *v) {
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

bool same_dims(const Type *t, int rank, const Dim *const *dim) {
    return t->rank == rank && (!rank || !memcmp(t->dim, dim, sizeof *dim * (size_t)rank));
}

static bool label_results(Planner *p) {
    const Plan *plan = p->plan;
    Follows all[MAX_RANK], kept[MAX_RANK];
    const Dim *kept_dim[MAX_RANK];
    int n = 0;
    for (int a = 0; a < plan->rank; a++) {
        all[a] = (Follows){ (int8_t)a, NULL };
        if (plan->reduced[a]) continue;
        kept[n] = all[a];
        kept_dim[n++] = plan->dim[a];
    }
    for (int i = 0; i < p->g->nresults; i++) {
        const Value *v = p->g->results[i];
        if (same_dims(v->type, plan->rank, plan->dim))
            put_label(p, v, all);
        else if (plan->kind == PLAN_ROWS && same_dims(v->type, n, kept_dim))
            put_label(p, v, kept);
        else
            return plan_refuse(p, v->def, "they run over different shapes");
    }
    return true;
}

void label_as_domain(Planner *p, const Value *v) {
    Follows all[MAX_RANK];
    for (int i = 0; i < MAX_RANK; i++) all[i] = (Follows){ (int8_t)i, NULL };
    put_label(p, v, all);
}

void label_from(Planner *p) {
    for (int i = p->g->n - 1; i >= 0; i--) {
        const Inst *in = p->g->at[i];
        if (plan_is_reduction(in)) {
            label_reduction(p, in);
            continue;
        }
        const Label *l = map_get(&p->labels, in->results[0]);
        const Label *second = in->nresults > 1 ? map_get(&p->labels, in->results[1]) : NULL;
        if (!l || !l->labelled) l = second;
        if (!l || !l->labelled || in == p->plan->root) continue;
        label_args(p, in, l->follows);
        for (int k = 0; k < in->nargs && l->conflict; k++) new_label(p, in->args[k])->conflict = true;
    }
}

bool label_all(Planner *p) {
    if (!label_results(p)) return false;
    label_from(p);
    return true;
}
