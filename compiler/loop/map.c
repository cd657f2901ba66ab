/* map: instructions whose elements are computed one by one, each into memory of its own. */
#include "loop/lower.h"

enum { FEW = 10 /* nanoseconds an element: little enough code to be written out for every place of a short axis */ };

/* Widest element among the results and what they are read from. */
int widest_element(const Inst *in) {
    int bytes = 1;
    for (int i = 0; i < in->nresults; i++) {
        int n = dtype_bytes(dtype_real(in->results[i]->type->dtype));
        if (n > bytes) bytes = n;
    }
    for (int i = 0; i < in->nargs; i++) {
        int n = dtype_bytes(dtype_real(in->args[i]->type->dtype));
        if (n > bytes && op_class(in->op) == CLASS_ELEMENTWISE) bytes = n;
    }
    return bytes;
}

static void map_body(Pull *p, const Idx *idx, void *context) {
    const Inst *in = context;
    Elem y[2];
    for (int i = 0; i < in->nresults; i++) y[i] = pull_inst(p, in, i, idx);
    for (int i = 0; i < in->nresults; i++) {
        store_at(p, in->results[i]->type, home_of(p->l, in->results[i]).ptr, idx, y[i]);
    }
}

typedef struct {
    const Inst *in;
    Weave weave;
} Woven;

static void weave_body(Pull *p, const Idx *idx, void *context) {
    const Woven *w = context;
    const Value *y = w->in->results[0];
    weave(p, &w->weave, idx, &y, &y, 1);
}

/* The run-time sizes that the new type says are equal to the old ones. */
static void check_sizes(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    const Type *x = in->args[0]->type, *y = in->results[0]->type;
    const char *what = in->attrs->message ? in->attrs->message : "array";
    for (int i = 0; i < x->rank; i++) {
        if (x->dim[i] == y->dim[i]) continue;
        LValue *have = lower_dim(l, x->dim[i]), *want = lower_dim(l, y->dim[i]);
        LLoop f = loop_if(b, loop_binary(b, OP_ne, have, want));
        lower_fail_sizes(l,
                         arena_text(l->arena, "%s%s: axis %d has size {0!ps}, not {1!ps}", lower_where(l, in), what, i),
                         have, want);
        loop_end_then(b, &f);
    }
}

static bool is_alias(Op op) {
    return op == OP_retype || op == OP_reshape || op == OP_stop_gradient || op == OP_optimization_barrier;
}

void lower_map(Lower *l, const Inst *in) {
    const Value *y = in->results[0];
    if (in->op == OP_retype) check_sizes(l, in);
    if (y->type->rank == 0) {
        Pull p = { .l = l, .lanes = 1 };
        Elem e[2];
        for (int i = 0; i < in->nresults; i++) e[i] = pull_inst(&p, in, i, NULL);
        for (int i = 0; i < in->nresults; i++) home_set(l, in->results[i], (Home){ .elem = e[i] });
        return;
    }
    if (is_alias(in->op) && home_of(l, in->args[0]).ptr) {
        home_set(l, y, home_of(l, in->args[0]));
        return;
    }
    if (in->op == OP_slice && slice_is_view(in) && y->buffer == in->args[0]->buffer && home_of(l, in->args[0]).ptr) {
        Home h = home_of(l, in->args[0]);
        h.ptr = loop_at(&l->b, h.ptr, lower_dim(l, slice_offset(l->cx, in)), dtype_bytes(y->type->dtype));
        home_set(l, y, h);
        return;
    }
    if (in->op == OP_constant && in->attrs->data.n != 1) {
        Data d = in->attrs->data;
        LValue *ptr = loop_data(&l->b, d.bytes, d.n * dtype_bytes(y->type->dtype), 64);
        home_set(l, y, (Home){ .ptr = ptr, .fixed = true });
        return;
    }
    Axes axes = { y->type->rank, { 0 } };
    for (int i = 0; i < axes.n; i++) axes.dim[i] = y->type->dim[i];
    double each = 0.1;
    for (int i = 0; i < in->nargs; i++) each += pull_cost(l, in->args[i]);
    for (int i = 0; i < in->nresults; i++) home_new(l, in->results[i]);
    const Value *results[2] = { in->results[0], in->nresults > 1 ? in->results[1] : NULL };
    Reach r = reach_of(l, &axes, results, in->nresults > 1 ? 2 : 1);
    Work w = { each + plan_cost(in), NULL };
    int lanes = lanes_for(l, widest_element(in));
    Woven woven = { .in = in };
    if (r.ncrossings) {
        nest_tiles(l, &axes, &r, w, lanes, map_body, (void *)in);
        return;
    }
    if (in->nresults == 1 && w.each < FEW && weave_of(l, &axes, &in, 1, &woven.weave)) {
        r = reach_of(l, &axes, results, 1);
        w.each *= woven.weave.copies;
        nest_interior(l, &axes, r.has_interior ? &r.interior : NULL, w, weave_lanes(&woven.weave, lanes), weave_body,
                      &woven);
        return;
    }
    nest_interior(l, &axes, r.has_interior ? &r.interior : NULL, w,
                  nest_lanes(&axes, w.each, in->op == OP_threefry2x32 ? 4 : 1, lanes), map_body, (void *)in);
}

/* reductions and dots, one instruction at a time */

typedef struct {
    Accum a;
    Domain d;
    LValue *to;
} Reduction;

static void reduce_body(Pull *p, const Idx *idx, void *context) {
    const Reduction *r = context;
    const Value *y = r->a.in->results[0];
    Elem e;
    ShortRows rows;
    if (r->d.side_by_side) short_begin(p, &rows);
    reduce_at(p, &r->d, &r->a, 1, idx, &e);
    store_at(p, y->type, home_of(p->l, y).ptr, idx, e);
}

static void store_strip(Pull *p, const Idx *idx, void *context) {
    const Reduction *r = context;
    const Value *y = r->a.in->results[0];
    store_at(p, y->type, r->to, idx, pull(p, y, idx));
}

static void store_sums(Lower *l, Strip *s, void *context) { strip_columns(l, s, store_strip, context); }

static void strip_body(Lower *l, Strip *s, void *context) {
    const Reduction *r = context;
    strip_reduce(l, s, &r->a, 1);
    store_sums(l, s, context);
}

void lower_reduce(Lower *l, const Inst *in) {
    const Value *y = in->results[0];
    Reduction r;
    accum_of(l, in, &r.a, &r.d);
    if (y->type->rank == 0) {
        Elem e;
        reduce_all(l, &r.d, &r.a, 1, &e);
        home_set(l, y, (Home){ .elem = e });
        return;
    }
    home_new(l, y);
    Axes axes = { r.d.nkept, { 0 } };
    for (int i = 0; i < axes.n; i++) axes.dim[i] = r.d.dim[i];
    int lanes = r.d.across ? across_lanes(l, &r.a, 1, LOOP_MAX_LANES) : 1;
    Work w = reduce_work(l, &r.d, &r.a, 1);
    int rank = r.a.x->type->rank;
    bool last = rank && r.a.x_axis[rank - 1] == r.d.n - 1;
    r.d.side_by_side = !r.a.y && last && short_fits(l, &r.d, &r.a.x, 1, w.each, false);
    if (r.d.side_by_side) lanes = domain_lanes(l, &r.a, 1);
    r.to = home_of(l, y).ptr;
    if (strips_fit(&r.d, &r.a, 1, false)) {
        if (bands_fit(&r.d, &r.a, 1))
            band_sums(l, &r.d, &r.a, 1, w, lanes, NULL, store_sums, &r);
        else
            strips(l, &r.d, &r.a, 1, w, lanes, strip_body, &r);
        home_set(l, y, (Home){ .ptr = r.to, .fixed = true });
        return;
    }
    nest(l, &axes, w, lanes, reduce_body, &r);
}
