/* sweep: rows that are summed one by one, and then across, in one pass over them.
**
** x @ w, a number for each row made of that, and their sum times the rows, as in the gradient of a loss: read by themselves, the
** first product and the last read all of x.  Here the group is two: `along`, what is computed of each row, and `across`, sums
** over all rows, which read single numbers of what `along` makes, and the rows again while they are in the cache. */
#include "optimize/plan.h"

#include <string.h>

typedef struct {
    const Group *g;
    Sweep *s;
    Map part; /* Inst to the parts it is in */
    const Inst *because;
} Split;

enum { ALONG = 1, ACROSS = 2, LATE = 4 /* made of sums across */ };

static int parts_of(const Split *t, const Inst *in) { return in ? (int)(intptr_t)map_get(&t->part, in) : 0; }
static void add_part(Split *t, const Inst *in, int part) {
    map_set(&t->part, in, (void *)(intptr_t)(parts_of(t, in) | part));
}

static bool in_group(const Group *g, const Value *v) {
    for (int i = 0; v->def && i < g->n; i++) {
        if (g->at[i] == v->def) return true;
    }
    return false;
}

static void add_result(Group *g, const Value **list, const Value *v) {
    for (int i = 0; i < g->nresults; i++) {
        if (list[i] == v) return;
    }
    list[g->nresults++] = v;
}

/* What sums across are made of: numbers of rows come from the other part, the rest is computed again. */
static bool feed(Split *t, const Value **handed, const Value *v) {
    if (!in_group(t->g, v)) return true;
    const Inst *in = v->def;
    if (parts_of(t, in) & LATE) {
        t->because = in;
        return false; /* a sum across that waits for another */
    }
    if (op_class(in->op) != CLASS_CREATE && v->type->rank == 1) {
        add_result(&t->s->along, handed, v);
        return true;
    }
    if (plan_is_reduction(in) || plan_cost(in) >= 0.25) {
        t->because = in;
        return false;
    }
    add_part(t, in, ACROSS);
    for (int i = 0; i < in->nargs; i++) {
        if (!feed(t, handed, in->args[i])) return false;
    }
    return true;
}

static bool split(Split *t, Arena *a) {
    const Group *g = t->g;
    Sweep *s = t->s;
    const Inst **along = NEW_ARRAY(a, const Inst *, g->n), **across = NEW_ARRAY(a, const Inst *, g->n);
    const Value **handed = NEW_ARRAY(a, const Value *, 2 * g->n + g->nresults),
                **sums = NEW_ARRAY(a, const Value *, g->nresults + 1);
    for (int i = 0; i < g->n; i++) {
        const Inst *in = g->at[i];
        bool late = plan_is_reduction(in) && order_goes_across(in);
        for (int k = 0; k < in->nargs; k++)
            late = late || (in_group(g, in->args[k]) && parts_of(t, in->args[k]->def) & LATE);
        add_part(t, in, late ? LATE | ACROSS : ALONG);
    }
    for (int i = 0; i < g->nresults; i++) {
        bool late = parts_of(t, g->results[i]->def) & LATE;
        add_result(late ? &s->across : &s->along, late ? sums : handed, g->results[i]);
    }
    for (int i = 0; i < g->n; i++) {
        const Inst *in = g->at[i];
        if (!(parts_of(t, in) & LATE)) continue;
        for (int k = 0; k < in->nargs; k++) {
            bool made = in_group(g, in->args[k]) && parts_of(t, in->args[k]->def) & LATE;
            if (made && plan_is_reduction(in)) return (t->because = in, false);
            if (!made && !feed(t, handed, in->args[k])) return false;
        }
    }
    for (int i = 0; i < g->n; i++) {
        if (parts_of(t, g->at[i]) & ALONG) along[s->along.n++] = g->at[i];
        if (parts_of(t, g->at[i]) & ACROSS) across[s->across.n++] = g->at[i];
    }
    s->along.at = along;
    s->across.at = across;
    s->along.results = handed;
    s->across.results = sums;
    return s->along.nresults <= MOST_SUMS && s->across.nresults > 0;
}

/* Along the last of two axes, one pass over each row; nothing of a row's length is left behind. */
static bool fits(Compiler *cx, Sweep *s) {
    Plan *x = &s->rows, *y = &s->columns;
    int64_t width;
    if (!plan_group(cx, &s->along, x) || !plan_group(cx, &s->across, y)) return false;
    if (x->kind != PLAN_ROWS || y->kind != PLAN_ROWS || x->rank != 2 || y->rank != 2) return false;
    if (x->across || !y->across || x->phases != 1 || y->phases != 1) return false;
    if (x->reduced[0] || !x->reduced[1] || !y->reduced[0] || y->reduced[1]) return false;
    if (memcmp(x->dim, y->dim, sizeof *x->dim * 2) || !dim_is_int(x->dim[1], &width) || dim_is(x->dim[0], 1))
        return false;
    for (int i = 0; i < s->along.nresults; i++) {
        const Value *v = s->along.results[i];
        if (v->type->rank != 1 || dtype_is_complex(v->type->dtype)) return false;
        if (!plan_follows(cx, &s->across, v, 0)) return false;
    }
    for (int i = 0; i < s->across.n; i++) {
        const Inst *in = s->across.at[i];
        if (plan_is_reduction(in) && width * dtype_bytes(main_operand(in)->type->dtype) > LONGEST_ROW) return false;
    }
    for (int i = 0; i < s->across.nresults; i++) {
        if (s->across.results[i]->type->rank != 1) return false;
    }
    return true;
}

bool plan_sweep(Compiler *cx, Arena *a, const Group *g, Sweep *s) {
    memset(s, 0, sizeof *s);
    Split t = { .g = g, .s = s, .part = map_new(a) };
    return split(&t, a) && fits(cx, s);
}
