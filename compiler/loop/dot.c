/* dot: matrix products in tiles of registers.
**
** A piece of work is a panel of columns and some hundreds of rows.  The panel is copied so that its rows lie one behind the
** other, whatever the operand looks like; then tiles of a few rows by the whole panel run along all of k: a vector of the
** panel, a number of the other operand, a multiply-add for each pair.  Every element is one chain along k, in chunks of CHUNK
** that are added in order, so the tile's shape does not show in the result. */
#include "loop/lower.h"

enum { ROWS = 252 /* of a piece */, FEW_ROWS = 16 /* too few to copy the panel for */, MAX_ROWS = 12, MAX_VECTORS = 4 };

typedef struct {
    const Inst *in;
    const Value *x, *y;
    int batch, nx, ny, nk; /* axes: shared, free ones of x and of y, contracted */
    int x_free[MAX_RANK], y_free[MAX_RANK];
    bool x_linear;                       /* the free axes of x may be counted through as one */
    LValue *size_x[MAX_RANK];            /* of its free axes */
    LValue *m, *n, *k, *panels, *chunks; /* n: the last free axis of y; its others belong to the outer loops */
    DType sum;
    int rows, vectors, lanes; /* of a tile */
    bool copy, whole;         /* whole: panels have no tail */
    bool across;              /* y lies in memory along the contracted axis */
    Idx outer[MAX_RANK];      /* of the batch axes, then of the outer free axes of y */
    LValue *panel;            /* the copy */
    DotStore store;
    void *context;
} Dot;

static bool listed(Ints list, int64_t x) {
    for (int i = 0; i < list.n; i++) {
        if (list.at[i] == x) return true;
    }
    return false;
}

/* Contracted axes that lie side by side in memory count as one. */
static bool one_axis(Lower *l, const Value *v, Ints axes) {
    if (axes.n == 1) return true;
    for (int i = 1; i < axes.n; i++) {
        if (axes.at[i] != axes.at[i - 1] + 1) return false;
    }
    return home_of(l, v).ptr != NULL;
}

bool dot_has_tiles(Lower *l, const Inst *in) {
    DType d = in->args[0]->type->dtype;
    const Attrs *a = in->attrs;
    if (dtype_is_complex(d) || d == DT_bool || a->lhs_axes.n == 0) return false;
    int batch = (int)a->batch;
    if (in->args[0]->type->rank == batch + a->lhs_axes.n || in->args[1]->type->rank == batch + a->rhs_axes.n)
        return false;
    return one_axis(l, in->args[0], a->lhs_axes) && one_axis(l, in->args[1], a->rhs_axes);
}

/* Rows unravelled into the free axes of x, or counted through along the last of them. */
static void put_row(Lower *l, const Dot *d, LValue *row, Idx *at) {
    LBuilder *b = &l->b;
    for (int i = d->nx - 1; i >= 0; i--) {
        if (d->x_linear) {
            at[i] = idx_at(i == d->nx - 1 ? row : loop_i64(b, 0));
            continue;
        }
        at[i] = idx_at(i ? loop_binary(b, OP_rem, row, d->size_x[i]) : row);
        if (i) row = loop_binary(b, OP_div, row, d->size_x[i]);
    }
}

/* Contracted axes count through along the last of them. */
static void put_k(Lower *l, Ints axes, LValue *k, Idx *idx) {
    for (int i = 0; i < axes.n; i++) idx[axes.at[i]] = idx_at(i == axes.n - 1 ? k : loop_i64(&l->b, 0));
}

static LValue *widened(Lower *l, const Dot *d, Elem e) { return loop_convert(&l->b, e.re, d->sum); }

static LValue *number_of_x(Lower *l, const Dot *d, const Idx *row, LValue *k) {
    Pull p = { .l = l, .lanes = 1 };
    Idx idx[MAX_RANK];
    for (int i = 0; i < d->batch; i++) idx[i] = d->outer[i];
    for (int i = 0; i < d->nx; i++) idx[d->x_free[i]] = row[i];
    put_k(l, d->in->attrs->lhs_axes, k, idx);
    return widened(l, d, pull(&p, d->x, idx));
}

static LValue *vector_of_y(Lower *l, const Dot *d, LValue *k, LValue *j, LValue *tail) {
    Pull p = { .l = l, .lanes = d->lanes, .tail = tail };
    Idx idx[MAX_RANK];
    for (int i = 0; i < d->batch; i++) idx[i] = d->outer[i];
    for (int i = 0; i + 1 < d->ny; i++) idx[d->y_free[i]] = d->outer[d->batch + i];
    idx[d->y_free[d->ny - 1]] = (Idx){ .i = j, .step = d->lanes > 1 };
    put_k(l, d->in->attrs->rhs_axes, k, idx);
    Elem e = elem_splat(l, pull(&p, d->y, idx), d->lanes);
    return widened(l, d, e);
}

static LValue *tail_at(Lower *l, const Dot *d, LValue *j) {
    return d->whole ? NULL : loop_lanes_below(&l->b, loop_sub(&l->b, d->n, j), d->lanes);
}

static LValue *column(Lower *l, const Dot *d, LValue *j, int v) {
    return loop_add(&l->b, j, loop_i64(&l->b, (int64_t)v * d->lanes));
}

static LValue *panel_index(Lower *l, const Dot *d, LValue *k, int v) {
    LBuilder *b = &l->b;
    return loop_add(b, loop_mul(b, k, loop_i64(b, (int64_t)d->vectors * d->lanes)), loop_i64(b, (int64_t)v * d->lanes));
}

/* The axis of v along which neighbours lie side by side in memory; -1 where that is not known. */
static int memory_axis(Lower *l, const Value *v) {
    if (home_of(l, v).ptr || !v->def) return v->type->rank - 1;
    const Inst *in = v->def;
    int a = in->nargs && (in->op == OP_transpose || in->op == OP_convert || in->op == OP_slice)
                ? memory_axis(l, in->args[0])
                : -1;
    if (in->op != OP_transpose) return a;
    for (int i = 0; i < v->type->rank; i++) {
        if (in->attrs->perm.at[i] == a) return i;
    }
    return -1;
}

/* Rows j .. of y as columns of the panel: blocks are transposed in registers. */
static void copy_across(Lower *l, const Dot *d, LValue *j) {
    LBuilder *b = &l->b;
    LValue *rows[LOOP_MAX_LANES], *last = loop_sub(b, d->n, loop_i64(b, 1));
    int64_t known;
    bool whole = loop_is_const(d->k, &known) && known % d->lanes == 0;
    LLoop f = loop_for(b, loop_i64(b, 0), d->k, d->lanes, 0, NULL);
    Pull p = { .l = l, .lanes = d->lanes };
    p.tail = whole ? NULL : loop_lanes_below(b, loop_sub(b, d->k, f.i), d->lanes);
    for (int v = 0; v < d->vectors; v++) {
        Idx idx[MAX_RANK];
        for (int i = 0; i < d->batch; i++) idx[i] = d->outer[i];
        for (int i = 0; i + 1 < d->ny; i++) idx[d->y_free[i]] = d->outer[d->batch + i];
        idx[d->in->attrs->rhs_axes.at[0]] = (Idx){ .i = f.i, .step = d->lanes > 1 };
        for (int r = 0; r < d->lanes; r++) {
            LValue *row = loop_add(b, column(l, d, j, v), loop_i64(b, r));
            idx[d->y_free[d->ny - 1]] = idx_at(d->whole ? row : loop_binary(b, OP_min, row, last));
            rows[r] = widened(l, d, elem_splat(l, pull(&p, d->y, idx), d->lanes));
        }
        rows_to_columns(b, rows, d->lanes);
        for (int r = 0; r < d->lanes; r++) {
            LValue *k = loop_add(b, f.i, loop_i64(b, r));
            loop_store(b, rows[r], d->panel, panel_index(l, d, k, v), 1, NULL);
        }
    }
    loop_end(b, &f, NULL);
}

static void copy_panel(Lower *l, const Dot *d, LValue *j) {
    LBuilder *b = &l->b;
    if (d->across) {
        copy_across(l, d, j);
        return;
    }
    LLoop f = loop_for(b, loop_i64(b, 0), d->k, 1, 0, NULL);
    for (int v = 0; v < d->vectors; v++) {
        LValue *jv = column(l, d, j, v);
        loop_store(b, vector_of_y(l, d, f.i, jv, tail_at(l, d, jv)), d->panel, panel_index(l, d, f.i, v), 1, NULL);
    }
    loop_end(b, &f, NULL);
}

/* Sums along lo .. hi for a tile. */
static void sum_chunk(Lower *l, const Dot *d, Idx rows[][MAX_RANK], LValue *j, LValue *lo, LValue *hi, LValue **sum) {
    LBuilder *b = &l->b;
    int n = d->rows * d->vectors;
    LValue *tail[MAX_VECTORS], *jv[MAX_VECTORS], *y[MAX_VECTORS];
    for (int v = 0; v < d->vectors; v++) {
        jv[v] = column(l, d, j, v);
        tail[v] = tail_at(l, d, jv[v]);
    }
    for (int i = 0; i < n; i++) sum[i] = loop_int(b, loop_type(d->sum, d->lanes), 0);
    LLoop f = loop_for(b, lo, hi, 1, n, sum);
    for (int v = 0; v < d->vectors; v++) {
        LType t = loop_type(d->sum, d->lanes);
        y[v] = d->copy ? loop_load(b, t, d->panel, panel_index(l, d, f.i, v), 1, NULL)
                       : vector_of_y(l, d, f.i, jv[v], tail[v]);
    }
    for (int r = 0; r < d->rows; r++) {
        LValue *x = loop_splat(b, number_of_x(l, d, rows[r], f.i), d->lanes);
        for (int v = 0; v < d->vectors; v++) {
            int i = r * d->vectors + v;
            sum[i] = loop_apply(b, OP_fma, 3, (LValue *[]){ x, y[v], f.carry[i] });
        }
    }
    loop_end(b, &f, sum);
    for (int i = 0; i < n; i++) sum[i] = f.carry[i];
}

static void sum_tile(Lower *l, const Dot *d, Idx rows[][MAX_RANK], LValue *j, LValue **sum) {
    LBuilder *b = &l->b;
    LValue *zero = loop_i64(b, 0), *total[MAX_ROWS * MAX_VECTORS];
    int n = d->rows * d->vectors;
    int64_t known;
    if (loop_is_const(d->k, &known) && known <= CHUNK) {
        sum_chunk(l, d, rows, j, zero, d->k, sum);
        return;
    }
    for (int i = 0; i < n; i++) total[i] = loop_int(b, loop_type(d->sum, d->lanes), 0);
    LLoop f = loop_for(b, zero, d->k, CHUNK, n, total);
    LValue *end = loop_binary(b, OP_min, d->k, loop_add(b, f.i, loop_i64(b, CHUNK)));
    sum_chunk(l, d, rows, j, f.i, end, sum);
    for (int i = 0; i < n; i++) total[i] = loop_add(b, f.carry[i], sum[i]);
    loop_end(b, &f, total);
    for (int i = 0; i < n; i++) sum[i] = f.carry[i];
}

/* Rows i .. i + rows of the panel at j; those at hi and beyond are computed from the last row and not stored. */
static void tile(Lower *l, const Dot *d, LValue *i, LValue *hi, LValue *j) {
    LBuilder *b = &l->b;
    Idx rows[MAX_ROWS][MAX_RANK], idx[MAX_RANK];
    LValue *sum[MAX_ROWS * MAX_VECTORS], *row[MAX_ROWS];
    LValue *last = loop_sub(b, hi, loop_i64(b, 1));
    int64_t known;
    bool all = loop_is_const(d->m, &known) && known % d->rows == 0 &&
               (ROWS / d->rows * d->rows >= known || known % (ROWS / d->rows * d->rows) % d->rows == 0);
    for (int r = 0; r < d->rows; r++) {
        row[r] = loop_add(b, i, loop_i64(b, r));
        put_row(l, d, all || !r ? row[r] : loop_binary(b, OP_min, row[r], last), rows[r]);
    }
    sum_tile(l, d, rows, j, sum);
    for (int r = 0; r < d->rows; r++) {
        LLoop f = { 0 };
        bool guarded = !all && r;
        if (guarded) f = loop_if(b, loop_binary(b, OP_lt, row[r], hi));
        for (int v = 0; v < d->vectors; v++) {
            LValue *jv = column(l, d, j, v);
            Pull p = { .l = l, .lanes = d->lanes, .tail = tail_at(l, d, jv) };
            int n = 0;
            for (int a = 0; a < d->batch; a++) idx[n++] = d->outer[a];
            for (int a = 0; a < d->nx; a++) idx[n++] = rows[r][a];
            for (int a = 0; a + 1 < d->ny; a++) idx[n++] = d->outer[d->batch + a];
            idx[n++] = (Idx){ .i = jv, .step = d->lanes > 1 };
            LValue *y = loop_convert(b, sum[r * d->vectors + v], d->x->type->dtype);
            d->store(&p, idx, (Elem){ y, NULL }, d->context);
        }
        if (guarded) loop_end_then(b, &f);
    }
}

static void dot_pieces(Lower *l, LValue *lo, LValue *hi, void *context) {
    Dot d = *(Dot *)context;
    LBuilder *b = &l->b;
    LValue *columns = loop_i64(b, (int64_t)d.vectors * d.lanes), *rows = loop_i64(b, ROWS / d.rows * d.rows);
    if (d.copy) {
        LValue *k = loop_mul(b, round_up(l, d.k, d.lanes), loop_i64(b, d.lanes));
        LValue *room = loop_mul(b, loop_mul(b, k, columns), loop_i64(b, dtype_bytes(d.sum)));
        d.panel = loop_alloc(b, room);
    }
    LLoop f = loop_for(b, lo, hi, 1, 0, NULL);
    LValue *chunk = loop_binary(b, OP_rem, f.i, d.chunks), *rest = loop_binary(b, OP_div, f.i, d.chunks);
    LValue *panel = loop_binary(b, OP_rem, rest, d.panels);
    rest = loop_binary(b, OP_div, rest, d.panels);
    int64_t known;
    if (loop_is_const(d.chunks, &known) && known == 1) chunk = loop_i64(b, 0);
    if (loop_is_const(d.panels, &known) && known == 1) panel = loop_i64(b, 0);
    for (int i = d.batch + d.ny - 2; i >= 0; i--) {
        const Dim *size = i < d.batch ? d.x->type->dim[i] : d.y->type->dim[d.y_free[i - d.batch]];
        LValue *n = lower_dim(l, size);
        d.outer[i] = idx_at(i ? loop_binary(b, OP_rem, rest, n) : rest);
        if (i) rest = loop_binary(b, OP_div, rest, n);
    }
    LValue *j = loop_mul(b, panel, columns), *first = loop_mul(b, chunk, rows);
    LValue *end = loop_binary(b, OP_min, d.m, loop_add(b, first, rows));
    if (d.copy) copy_panel(l, &d, j);
    LLoop i = loop_for(b, first, end, d.rows, 0, NULL);
    tile(l, &d, i.i, end, j);
    loop_end(b, &i, NULL);
    loop_end(b, &f, NULL);
    if (d.copy) loop_release(b, d.panel);
}

/* As many accumulators as there are registers for, and for a narrow product more rows instead. */
static void choose_tile(Lower *l, Dot *d) {
    const Target *t = l->to->target;
    int64_t m, n;
    d->lanes = lanes_for(l, dtype_bytes(d->sum));
    d->vectors = t->vector_registers >= 32 ? 4 : 2;
    if (loop_is_const(d->n, &n)) {
        while (d->lanes > 1 && d->lanes / 2 >= n) d->lanes /= 2;
        int64_t needed = (n + d->lanes - 1) / d->lanes;
        if (needed < d->vectors) d->vectors = needed < 1 ? 1 : (int)needed;
    }
    d->rows = (t->vector_registers - 2 - d->vectors) / d->vectors;
    if (d->rows > MAX_ROWS) d->rows = MAX_ROWS;
    d->copy = true;
    if (loop_is_const(d->m, &m)) {
        if (m < d->rows) d->rows = m < 1 ? 1 : (int)m;
        d->copy = m > FEW_ROWS;
    }
    d->across = d->nk == 1 && d->lanes > 1 && d->lanes <= 16 && memory_axis(l, d->y) == d->in->attrs->rhs_axes.at[0];
    int64_t k;
    bool small = loop_is_const(d->m, &m) && m <= FEW_ROWS && loop_is_const(d->k, &k) && loop_is_const(d->n, &n) &&
                 n * k <= FEW_ROWS * FEW_ROWS;
    d->across &= !small;
    d->copy |= d->across;
    d->whole = loop_is_const(d->n, &n) && n % ((int64_t)d->vectors * d->lanes) == 0;
}

void dot_tiles(Lower *l, const Inst *in, bool rows_merge, DotStore store, void *context) {
    LBuilder *b = &l->b;
    Dot d = {
        .in = in, .x = in->args[0], .y = in->args[1], .batch = (int)in->attrs->batch, .store = store, .context = context
    };
    DType type = d.x->type->dtype;
    d.sum = type == DT_f16 || type == DT_bf16 ? DT_f32 : type;
    d.nk = in->attrs->lhs_axes.n;
    d.m = d.k = loop_i64(b, 1);
    bool adjacent = true;
    for (int i = d.batch; i < d.x->type->rank; i++) {
        if (listed(in->attrs->lhs_axes, i)) continue;
        if (d.nx && d.x_free[d.nx - 1] != i - 1) adjacent = false;
        d.size_x[d.nx] = lower_dim(l, d.x->type->dim[i]);
        d.m = loop_mul(b, d.m, d.size_x[d.nx]);
        d.x_free[d.nx++] = i;
    }
    for (int i = d.batch; i < d.y->type->rank; i++) {
        if (!listed(in->attrs->rhs_axes, i)) d.y_free[d.ny++] = i;
    }
    for (int i = 0; i < d.nk; i++) d.k = loop_mul(b, d.k, lower_dim(l, d.x->type->dim[in->attrs->lhs_axes.at[i]]));
    d.x_linear = d.nx == 1 || (adjacent && rows_merge && home_of(l, d.x).ptr);
    d.n = lower_dim(l, d.y->type->dim[d.y_free[d.ny - 1]]);
    choose_tile(l, &d);
    int64_t columns = (int64_t)d.vectors * d.lanes, rows = ROWS / d.rows * d.rows;
    d.panels = round_up(l, d.n, columns);
    d.chunks = round_up(l, d.m, rows);
    LValue *all = loop_mul(b, d.panels, d.chunks);
    for (int i = 0; i < d.batch; i++) all = loop_mul(b, all, lower_dim(l, d.x->type->dim[i]));
    for (int i = 0; i + 1 < d.ny; i++) all = loop_mul(b, all, lower_dim(l, d.y->type->dim[d.y_free[i]]));
    LValue *used = loop_binary(b, OP_min, d.m, loop_i64(b, rows));
    pieces(l, all, (Work){ 0.03 * (double)columns, loop_mul(b, used, d.k) }, dot_pieces, &d);
}

static void store_plain(Pull *p, const Idx *idx, Elem e, void *context) {
    const Value *y = context;
    store_at(p, y->type, home_of(p->l, y).ptr, idx, e);
}

void lower_dot(Lower *l, const Inst *in) {
    if (!dot_has_tiles(l, in)) {
        lower_reduce(l, in);
        return;
    }
    home_new(l, in->results[0]);
    dot_tiles(l, in, true, store_plain, in->results[0]);
}
