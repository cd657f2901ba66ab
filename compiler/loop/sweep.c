/* sweep: sums of each row, and sums across all rows, in one pass (optimize/sweep.c).
**
** A run of rows is summed, row after row; what is made of these sums is computed for the rows of the run side by side; then the
** run, which is still in the cache, is added to the sums across (strips.c).  Bands of runs are dealt to threads (bands.c). */
#include "loop/lower.h"

typedef struct {
    const Inst *in; /* the kernel */
    const Group *g; /* what is in it */
    Sweep plan;
    Accum row[MAX_ACCUMS], column[MAX_ACCUMS];
    int nrow, ncolumn;
    Domain rows, columns;
    LValue *buffer[MAX_ACCUMS]; /* of a run: what is handed on */
    LValue *first;              /* of the run */
    int turn;                   /* of fetching */
} Rows;

static const Value *handed(const Rows *r, int i) { return r->plan.along.results[i]; }

/* The kernel's result that a value in it is; NULL where it is wanted in the kernel only. */
static const Value *result_of(const Rows *r, const Value *v) {
    for (int i = 0; i < r->g->nresults; i++) {
        if (r->g->results[i] == v) return r->in->results[i];
    }
    return NULL;
}

static void find_sums(Lower *l, const Group *g, Accum *a, int *n, Domain *d) {
    for (int i = 0; i < g->n; i++) {
        if (plan_is_reduction(g->at[i])) accum_of(l, g->at[i], &a[(*n)++], d);
    }
}

static void forget(Lower *l, const Rows *r) {
    for (int i = 0; i < r->plan.along.nresults; i++) home_set(l, handed(r, i), (Home){ .ptr = NULL });
    for (int i = 0; i < r->nrow; i++) home_set(l, r->row[i].in->results[0], (Home){ .ptr = NULL });
}

/* What is made of the sums of rows. */
static void store_numbers(Pull *p, const Idx *idx, void *context) {
    const Rows *r = context;
    LBuilder *b = &p->l->b;
    LValue *at = loop_sub(b, idx[0].i, r->first);
    Elem e[MAX_ACCUMS];
    for (int i = 0; i < r->plan.along.nresults; i++) e[i] = elem_splat(p->l, pull(p, handed(r, i), idx), p->lanes);
    for (int i = 0; i < r->plan.along.nresults; i++) {
        const Value *v = handed(r, i), *result = result_of(r, v);
        if (result) store_at(p, v->type, home_of(p->l, result).ptr, idx, e[i]);
        elem_store(p->l, v->type->dtype, e[i], r->buffer[i], at, 1, p->tail);
    }
}

/* A cache line of the next run, for each array of the rows' shape. */
static void fetch(Pull *p, const Rows *r, Idx row, LValue *column) {
    LBuilder *b = &p->l->b;
    const Block *block = r->in->regions[0];
    Idx at[2] = { idx_add(p, row, loop_i64(b, RUN)), idx_at(column) };
    for (int i = 0; i < block->nparams; i++) {
        const Type *t = block->params[i]->type;
        if (t->rank != 2 || t->dim[0] != r->rows.dim[0] || t->dim[1] != r->rows.dim[1]) continue;
        LValue *byte = loop_mul(b, flat_index(p, t, at).i, loop_i64(b, dtype_bytes(t->dtype)));
        loop_prefetch(b, home_of(p->l, block->params[i]).ptr, byte, false);
    }
}

/* Half of them while rows are summed, half while they are added up: memory is never idle. */
static void fetch_while_summing(Pull *p, const Idx *at, void *context) {
    Rows *r = context;
    if (r->turn++ % 2 == 0) fetch(p, r, at[0], at[1].i);
}

static void fetch_while_adding(Pull *p, const Idx *at, void *context) {
    const Rows *r = context;
    int line = p->l->to->target->cache_line / strip_widest(r->column, r->ncolumn);
    for (int i = line; i < p->lanes; i += 2 * line)
        fetch(p, r, at[1], loop_add(&p->l->b, at[0].i, loop_i64(&p->l->b, i)));
}

static void sum_rows(Lower *l, LValue *first, LValue *end, void *context) {
    Rows *r = context;
    LBuilder *b = &l->b;
    LValue *sums[MAX_ACCUMS];
    Elem e[MAX_ACCUMS];
    int bytes = 1;
    forget(l, r);
    r->first = first;
    for (int i = 0; i < r->nrow; i++) {
        int size = dtype_bytes(r->row[i].in->results[0]->type->dtype);
        sums[i] = loop_stack(b, (int64_t)RUN * size, 64);
        if (size > bytes) bytes = size;
    }
    for (int i = 0; i < r->plan.along.nresults; i++) {
        int size = dtype_bytes(handed(r, i)->type->dtype);
        r->buffer[i] = loop_stack(b, (int64_t)RUN * size, 64);
        if (size > bytes) bytes = size;
    }
    LLoop row = loop_for(b, first, end, 1, 0, NULL);
    Idx idx[1] = { idx_at(row.i) };
    Pull p = { .l = l, .lanes = 1 };
    reduce_at(&p, &r->rows, r->row, r->nrow, idx, e);
    for (int i = 0; i < r->nrow; i++)
        elem_store(l, r->row[i].in->results[0]->type->dtype, e[i], sums[i], loop_sub(b, row.i, first), 1, NULL);
    loop_end(b, &row, NULL);
    for (int i = 0; i < r->nrow; i++) home_set(l, r->row[i].in->results[0], (Home){ .ptr = sums[i], .from = first });
    int lanes = lanes_for(l, bytes);
    idx[0] = (Idx){ .lo = dim_int(l->cx, 0), .hi = r->rows.dim[0] };
    nest_inner(l, first, end, lanes < RUN ? lanes : RUN, true, idx, 0, store_numbers, r);
    forget(l, r);
    for (int i = 0; i < r->plan.along.nresults; i++)
        home_set(l, handed(r, i), (Home){ .ptr = r->buffer[i], .from = first });
}

static void store_across(Pull *p, const Idx *idx, void *context) {
    const Rows *r = context;
    const Group *g = &r->plan.across;
    Elem e[MAX_ACCUMS];
    for (int i = 0; i < g->nresults; i++) e[i] = pull(p, g->results[i], idx);
    for (int i = 0; i < g->nresults; i++)
        store_at(p, g->results[i]->type, home_of(p->l, result_of(r, g->results[i])).ptr, idx, e[i]);
}

static void all_summed(Lower *l, Strip *s, void *context) {
    Rows *r = context;
    forget(l, r);
    strip_columns(l, s, store_across, r);
    for (int i = 0; i < r->ncolumn; i++) home_set(l, r->column[i].in->results[0], (Home){ .ptr = NULL });
}

void lower_sweep(Lower *l, const Inst *in, const Group *g) {
    Rows r = { .in = in, .g = g };
    if (!plan_sweep(l->cx, l->arena, g, &r.plan)) bug(l->cx, "a sweep without a plan");
    find_sums(l, &r.plan.along, r.row, &r.nrow, &r.rows);
    find_sums(l, &r.plan.across, r.column, &r.ncolumn, &r.columns);
    for (int i = 0; i < in->nresults; i++) home_new(l, in->results[i]);
    r.rows.also = fetch_while_summing;
    r.columns.also = fetch_while_adding;
    r.rows.also_context = r.columns.also_context = &r;
    Work w = reduce_work(l, &r.rows, r.row, r.nrow);
    for (int i = 0; i < r.plan.along.nresults; i++) /* a number in memory, for whoever asks what it costs */
        home_set(l, handed(&r, i), (Home){ .ptr = home_of(l, in->results[0]).ptr });
    w.each += reduce_work(l, &r.columns, r.column, r.ncolumn).each;
    int lanes = across_lanes(l, r.column, r.ncolumn, LOOP_MAX_LANES);
    band_sums(l, &r.columns, r.column, r.ncolumn, w, lanes, sum_rows, all_summed, &r);
}
