/* border: the padding that windows of images are read through.
**
** A convolution is a product of windows of a padded array with its weights.  Where a product can take a part of that array at a
** time, with what it is padded with around it (loop/border.c), the whole is written nowhere. */
#include "optimize/optimize.h"

#include <string.h>

/* The operand's element at i, j, ... is `x` at origin[s] + i * step[s][0] + j * step[s][1] + ... along each of its axes s;
** from there to what x is made of. */
static bool through(const Inst *in, Border *at) {
    const Attrs *a = in->attrs;
    Border y = *at;
    int rank = in->nargs ? in->args[0]->type->rank : 0;
    switch ((int)in->op) {
    case OP_transpose:
        for (int i = 0; i < rank; i++) memcpy(at->step[a->perm.at[i]], y.step[i], sizeof *y.step);
        for (int i = 0; i < rank; i++) at->origin[a->perm.at[i]] = y.origin[i];
        return true;
    case OP_slice:
        for (int s = 0; s < rank; s++) {
            int64_t start;
            if (!dim_is_int(a->start.at[s], &start)) return false;
            at->origin[s] = start + y.origin[s] * a->stride.at[s];
            for (int i = 0; i < MAX_RANK; i++) at->step[s][i] *= a->stride.at[s];
        }
        return true;
    case OP_windows:
        for (int k = 0; k < a->axes.n; k++) {
            int64_t s = a->axes.at[k], apart = a->dilation.at[k];
            at->origin[s] = y.origin[s] * a->step.at[k] + y.origin[rank + k] * apart;
            for (int i = 0; i < MAX_RANK; i++)
                at->step[s][i] = y.step[s][i] * a->step.at[k] + y.step[rank + k][i] * apart;
        }
        return true;
    default: return false;
    }
}

static bool is_plain_pad(const Inst *in) {
    const Attrs *a = in->attrs;
    if (in->op != OP_pad) return false;
    for (int i = 0; i < in->results[0]->type->rank; i++) {
        int64_t low, high;
        if (a->interior.at[i] || !dim_is_int(a->low.at[i], &low) || !dim_is_int(a->high.at[i], &high)) return false;
        if (low < 0 || high < 0 || !dim_is_int(in->args[0]->type->dim[i], NULL)) return false;
    }
    return true;
}

static bool among(Ints list, int64_t x) {
    for (int i = 0; i < list.n; i++) {
        if (list.at[i] == x) return true;
    }
    return false;
}

/* Whether the axis of the operand moves along one that is padded, or cut into windows. */
static bool slides(const Border *at, const Type *t, int axis) {
    for (int s = 0; s < at->pad->results[0]->type->rank; s++) {
        int64_t low = 0, high = 0;
        if (!at->step[s][axis]) continue;
        dim_is_int(at->pad->attrs->low.at[s], &low);
        dim_is_int(at->pad->attrs->high.at[s], &high);
        if (low || high) return true;
        for (int i = 0; i < t->rank; i++) {
            if (i != axis && at->step[s][i] && !dim_is(t->dim[i], 1)) return true;
        }
    }
    return false;
}

static bool known_type(const Type *t) {
    for (int i = 0; i < t->rank; i++) {
        if (!dim_is_int(t->dim[i], NULL) || dim_is(t->dim[i], 0)) return false;
    }
    return true;
}

static bool reads_padding(const Inst *dot, int operand, Border *border) {
    enum { FEW = 8 /* numbers for which an element is read too seldom */ };
    const Value *v = dot->args[operand], *other = dot->args[1 - operand];
    Ints summed = operand ? dot->attrs->rhs_axes : dot->attrs->lhs_axes;
    Ints others = operand ? dot->attrs->lhs_axes : dot->attrs->rhs_axes;
    int batch = (int)dot->attrs->batch, free = v->type->rank - batch - summed.n, slid = 0;
    int64_t apart = 1, rows = 1, places = 1, inside = 1, n;
    if (!summed.n || free < 1 || dtype_is_complex(v->type->dtype) || v->type->dtype == DT_bool) return false;
    if (!known_type(v->type) || !known_type(other->type)) return false;
    *border = (Border){ .operand = operand };
    for (int i = 0; i < v->type->rank; i++) border->step[i][i] = 1;
    const Value *x = v;
    while (x->def && x->def->op != OP_pad) {
        if (!through(x->def, border)) return false;
        x = x->def->args[0];
    }
    if (!x->def || !is_plain_pad(x->def)) return false;
    border->pad = x->def;
    for (int i = 0; i < v->type->rank; i++) { /* free axes are those of the places of windows, behind others */
        bool here = slides(border, v->type, i);
        dim_is_int(v->type->dim[i], &n);
        if (among(summed, i)) {
            if (here) inside *= n;
            continue;
        }
        if (slid && !here) return false;
        slid += here && i >= batch;
        if (here && i >= batch) places *= n;
        if (!here) apart *= n;
        if (!here && i >= batch) border->apart++;
    }
    for (int i = batch; i < other->type->rank; i++) {
        dim_is_int(other->type->dim[i], &n);
        if (!among(others, i)) rows *= n;
    }
    if (slid > 2) border->apart += slid - 2; /* planes of a volume */
    return slid && apart > 1 && rows >= FEW && places >= inside;
}

bool plan_border(const Inst *dot, Border *border) {
    for (border->operand = 0; border->operand < 2; border->operand++) {
        if (reads_padding(dot, border->operand, border)) return true;
    }
    return false;
}
