/* dot: matrix products in tiles of registers.
**
** A piece of work is a panel of columns and some hundreds of rows.  CHUNK steps of the contracted axes at a time, the panel is
** copied so that its rows lie one behind the other, whatever the operand looks like (panel.c); then tiles of a few rows by the
** whole panel run along them: a vector of the panel, a number of the other operand, a multiply-add for each pair.  Every
** element is one chain along k, in chunks of CHUNK that are added in order, so the tile's shape does not show in the result. */
#include "loop/dot.h"

enum {
    MAX_SUMS = 48,
    MANY_SUMS = 12 /* steps have no registers to spare: none is written out */
};

bool dot_has_tiles(const Inst *in) {
    DType d = in->args[0]->type->dtype;
    const Attrs *a = in->attrs;
    if (dtype_is_complex(d) || d == DT_bool || a->lhs_axes.n == 0) return false;
    int batch = (int)a->batch;
    return in->args[0]->type->rank > batch + a->lhs_axes.n && in->args[1]->type->rank > batch + a->rhs_axes.n;
}

/* One row of a tile: where results go, and where x is read. */
typedef struct {
    LValue *row;
    Idx at[MAX_RANK]; /* the free axes of x */
    LValue *ptr;      /* of a view */
    bool guarded;     /* it may lie beyond the end */
} Row;

/* Rows unravelled into the free axes of x, or counted through along the last of them. */
static void put_row(Lower *l, const Dot *d, LValue *row, Idx *at, bool merge) {
    LBuilder *b = &l->b;
    for (int i = 0; i < d->x_outer; i++) at[i] = d->x_at[i];
    if (d->border_x) row = loop_add(b, row, d->before);
    for (int i = d->nx - 1; i >= d->x_outer; i--) {
        if (merge) {
            at[i] = idx_at(i == d->nx - 1 ? row : loop_i64(b, 0));
            continue;
        }
        at[i] = idx_at(i > d->x_outer ? loop_binary(b, OP_rem, row, d->size_x[i]) : row);
        if (i > d->x_outer) row = loop_binary(b, OP_div, row, d->size_x[i]);
    }
}

static LValue *number_of_x(Lower *l, const Dot *d, const Row *row, LValue *k, LValue *offset) {
    LBuilder *b = &l->b;
    Elem e;
    if (d->x_flat) {
        e = elem_load(l, d->x_view.dtype, 1, row->ptr, offset, 1, NULL, d->x_view.home.fixed);
    } else {
        Pull p = { .l = l, .lanes = 1 };
        Idx idx[MAX_RANK], at[MAX_RANK];
        put_row(l, d, row->row, at, false);
        for (int i = 0; i < d->batch; i++) idx[i] = d->at[i];
        for (int i = 0; i < d->nx; i++) idx[d->x_free[i]] = at[i];
        dot_put_k(l, d, true, k, idx);
        e = pull(&p, d->x, idx);
    }
    return loop_convert(b, e.re, d->sum);
}

/* Sums along lo .. hi for a tile; the panel begins at lo.  fill: it is empty, and copied on the way. */
static void sum_chunk(Lower *l, const Dot *d, const Row *rows, LValue *j, LValue *lo, LValue *hi, bool fill,
                      LValue **sum) {
    LBuilder *b = &l->b;
    int n = d->rows * d->vectors;
    LValue *tail[MOST_VECTORS], *jv[MOST_VECTORS], *y[MOST_VECTORS];
    for (int v = 0; v < d->vectors; v++) {
        jv[v] = dot_column(l, d, j, v);
        tail[v] = dot_tail(l, d, jv[v]);
    }
    for (int i = 0; i < n; i++) sum[i] = loop_int(b, loop_type(d->sum, d->lanes), 0);
    LLoop f = loop_for(b, lo, hi, 1, n, sum);
    f.inst->m = n >= MANY_SUMS;
    LValue *at = d->copy ? loop_sub(b, f.i, lo) : NULL, *offset = d->x_flat ? strides_offset(l, &d->x_k, f.i) : NULL;
    for (int v = 0; v < d->vectors; v++)
        y[v] = d->copy && !fill ? panel_load(l, d, at, v) : dot_vector_of_y(l, d, f.i, jv[v], tail[v]);
    if (fill) panel_fill(l, d, j, f.i, at, hi, y);
    if (!d->copy && d->rows <= 2 && d->vectors >= 4 && l->to->target->vector_registers < 32)
        panel_ahead(l, d, j, f.i, hi);
    for (int r = 0; r < d->rows; r++) {
        LValue *x = loop_splat(b, number_of_x(l, d, &rows[r], f.i, offset), d->lanes);
        for (int v = 0; v < d->vectors; v++) {
            int i = r * d->vectors + v;
            sum[i] = loop_apply(b, OP_fma, 3, (LValue *[]){ x, y[v], f.carry[i] });
        }
    }
    loop_end(b, &f, sum);
    for (int i = 0; i < n; i++) sum[i] = f.carry[i];
}

static bool is_short(const Dot *d) {
    int64_t known;
    return loop_is_const(d->k, &known) && known <= CHUNK;
}

/* Chunks one after another, in registers. */
static void sum_all(Lower *l, const Dot *d, const Row *rows, LValue *j, LValue **sum) {
    LBuilder *b = &l->b;
    LValue *zero = loop_i64(b, 0), *total[MAX_SUMS];
    int n = d->rows * d->vectors;
    if (is_short(d)) {
        sum_chunk(l, d, rows, j, zero, d->k, false, sum);
        return;
    }
    for (int i = 0; i < n; i++) total[i] = loop_int(b, loop_type(d->sum, d->lanes), 0);
    LLoop f = loop_for(b, zero, d->k, CHUNK, n, total);
    LValue *end = loop_binary(b, OP_min, d->k, loop_add(b, f.i, loop_i64(b, CHUNK)));
    sum_chunk(l, d, rows, j, f.i, end, false, sum);
    for (int i = 0; i < n; i++) total[i] = loop_add(b, f.carry[i], sum[i]);
    loop_end(b, &f, total);
    for (int i = 0; i < n; i++) sum[i] = f.carry[i];
}

/* The lanes of a vector of sums that `p` says, from column jv of the result on. */
static void store_vector(Lower *l, const Dot *d, Pull *p, const Row *row, LValue *jv, LValue *sum) {
    Idx idx[MAX_RANK];
    int of_x = d->batch + (d->swapped ? d->ny : 0), of_y = d->batch + (d->swapped ? 0 : d->nx);
    for (int a = 0; a < d->batch; a++) idx[a] = d->at[a];
    for (int a = 0; a < d->nx; a++) idx[of_x + a] = row->at[a];
    for (int a = 0; a < d->outer; a++) idx[of_y + a] = d->at[d->batch + a];
    for (int a = d->outer; a + 1 < d->ny; a++) idx[of_y + a] = idx_at(loop_i64(&l->b, 0));
    if (d->border && !d->border_x) jv = loop_add(&l->b, jv, d->before);
    idx[of_y + d->ny - 1] = (Idx){ .i = jv, .step = d->lanes > 1 };
    d->store(p, idx, (Elem){ loop_convert(&l->b, sum, d->x->type->dtype), NULL }, d->context);
}

static void store_column(Lower *l, const Dot *d, Pull *p, const Row *rows, LValue *hi, LValue *jv, LValue *const *sum) {
    LBuilder *b = &l->b;
    for (int r = 0; r < d->rows; r++) {
        LLoop f = { 0 };
        if (rows[r].guarded) f = loop_if(b, loop_binary(b, OP_lt, rows[r].row, hi));
        store_vector(l, d, p, &rows[r], jv, sum[r * d->vectors]);
        if (rows[r].guarded) loop_end_then(b, &f);
    }
}

/* A column of vectors, of which some lie in one line and others in the next. */
static void store_lines(Lower *l, const Dot *d, const Row *rows, LValue *hi, LValue *jv, LValue *const *sum) {
    LBuilder *b = &l->b;
    LValue *pitch = loop_i64(b, d->pitch), *lanes = loop_i64(b, d->lanes), *left = loop_sub(b, d->n, jv);
    LValue *row = loop_binary(b, OP_div, jv, pitch), *column = loop_binary(b, OP_rem, jv, pitch);
    LValue *first = loop_sub(b, jv, loop_mul(b, row, loop_i64(b, d->pitch - d->line)));
    LValue *end = loop_sub(b, loop_binary(b, OP_min, loop_i64(b, d->line), loop_add(b, column, left)), column);
    Pull p = { .l = l, .lanes = d->lanes };
    LLoop whole = loop_if(b, loop_binary(b, OP_le, lanes, end));
    store_column(l, d, &p, rows, hi, first, sum);
    loop_else(b, &whole, 0, NULL);
    LLoop some = loop_if(b, loop_binary(b, OP_lt, loop_i64(b, 0), end));
    p.tail = loop_lanes_below(b, end, d->lanes);
    store_column(l, d, &p, rows, hi, first, sum);
    loop_end_then(b, &some);
    LValue *begin = loop_sub(b, pitch, column), *stop = loop_binary(b, OP_min, lanes, left);
    LLoop next = loop_for(b, begin, stop, d->pitch, 0, NULL); /* lines that begin in this vector */
    LValue *behind = loop_binary(b, OP_min, loop_add(b, next.i, loop_i64(b, d->line)), stop);
    LValue *before = loop_unary(b, OP_not, loop_lanes_below(b, next.i, d->lanes));
    p.tail = loop_binary(b, OP_and, loop_lanes_below(b, behind, d->lanes), before);
    LValue *line = loop_binary(b, OP_div, loop_add(b, next.i, column), pitch);
    LValue *gone = loop_mul(b, line, loop_i64(b, d->pitch - d->line));
    store_column(l, d, &p, rows, hi, loop_sub(b, first, gone), sum);
    loop_end(b, &next, NULL);
    loop_end_if(b, &whole, 0, NULL);
}

static void store_tile(Lower *l, const Dot *d, const Row *rows, LValue *hi, LValue *j, LValue *const *sum) {
    LBuilder *b = &l->b;
    for (int v = 0; v < d->vectors && d->pitch; v++) {
        LValue *jv = dot_column(l, d, j, v);
        LLoop there = loop_if(b, loop_binary(b, OP_lt, jv, d->n));
        store_lines(l, d, rows, hi, jv, sum + v);
        loop_end_then(b, &there);
    }
    for (int r = 0; r < d->rows && !d->pitch; r++) {
        LLoop f = { 0 };
        if (rows[r].guarded) f = loop_if(b, loop_binary(b, OP_lt, rows[r].row, hi));
        for (int v = 0; v < d->vectors; v++) {
            LValue *jv = dot_column(l, d, j, v);
            Pull p = { .l = l, .lanes = d->lanes, .tail = dot_tail(l, d, jv) };
            store_vector(l, d, &p, &rows[r], jv, sum[r * d->vectors + v]);
        }
        if (rows[r].guarded) loop_end_then(b, &f);
    }
}

/* Rows i .. i + rows; where their number is not known, those at hi and beyond are computed from the last and not stored. */
static void put_rows(Lower *l, const Dot *d, LValue *i, LValue *hi, Row *rows) {
    LBuilder *b = &l->b;
    LValue *last = loop_sub(b, hi, loop_i64(b, 1));
    int64_t known;
    bool all = loop_is_const(d->m, &known) && (d->rest || known % d->rows == 0);
    for (int r = 0; r < d->rows; r++) {
        LValue *row = loop_add(b, i, loop_i64(b, r));
        rows[r].guarded = !all && r;
        rows[r].row = row;
        LValue *there = rows[r].guarded ? loop_binary(b, OP_min, row, last) : row;
        put_row(l, d, there, rows[r].at, d->rows_merge);
        if (!d->x_flat) {
            rows[r].row = there;
            continue;
        }
        LValue *at =
            d->packed ? loop_add(b, loop_mul(b, i, d->k), loop_i64(b, r)) : strides_offset(l, &d->x_rows, there);
        at = loop_add(b, d->x_base, at);
        rows[r].ptr = loop_at(b, d->x_view.home.ptr, at, dtype_bytes(d->x_view.dtype));
    }
}

/* For a product of one row (row.c). */
LValue *dot_number_of_x(Lower *l, const Dot *d, LValue *k) {
    Row row[MAX_ROWS];
    put_rows(l, d, loop_i64(&l->b, 0), d->m, row);
    return number_of_x(l, d, row, k, d->x_flat ? strides_offset(l, &d->x_k, k) : NULL);
}

void dot_store_vector(Lower *l, const Dot *d, LValue *j, LValue *sum, bool whole) {
    Dot one = *d;
    Row row = { 0 };
    one.rows = one.vectors = 1;
    one.whole = whole;
    put_row(l, d, loop_i64(&l->b, 0), row.at, d->rows_merge);
    store_tile(l, &one, &row, NULL, j, &sum);
}

typedef struct {
    LValue *first, *end;  /* rows */
    LValue *left, *right; /* columns, of some panels */
    LValue *j;            /* the first column of the panel at hand */
    LValue *from, *to;    /* of the contracted axes */
    LValue *totals;       /* of the rows so far, or NULL where one chunk is all */
} Piece;

/* Totals lie row by row, each as wide as the panels of a piece. */
static LValue *total_index(Lower *l, const Dot *d, const Piece *p, LValue *row, LValue *vector) {
    LBuilder *b = &l->b;
    LValue *at = loop_mul(b, loop_sub(b, row, p->first), d->wide);
    at = loop_add(b, at, loop_sub(b, p->j, p->left));
    return loop_add(b, at, loop_mul(b, vector, loop_i64(b, d->lanes)));
}

static void sum_tile(Lower *l, const Dot *d, const Piece *p, LValue *i, bool fill) {
    LBuilder *b = &l->b;
    Row rows[MAX_ROWS];
    LValue *sum[MAX_SUMS];
    put_rows(l, d, i, p->end, rows);
    if (d->copy)
        sum_chunk(l, d, rows, p->j, p->from, p->to, fill, sum);
    else
        sum_all(l, d, rows, p->j, sum);
    if (!p->totals) {
        store_tile(l, d, rows, p->end, p->j, sum);
        return;
    }
    LValue *at[MAX_SUMS];
    for (int n = 0; n < d->rows * d->vectors; n++) {
        LValue *row = loop_add(b, i, loop_i64(b, n / d->vectors));
        at[n] = total_index(l, d, p, row, loop_i64(b, n % d->vectors));
        if (d->copy && !is_short(d))
            sum[n] = loop_add(b, loop_load(b, sum[n]->type, p->totals, at[n], 1, NULL), sum[n]);
    }
    LLoop last = { 0 };
    if (!d->dear) { /* the last chunk makes them whole */
        last = loop_if(b, loop_binary(b, OP_eq, p->to, d->k));
        store_tile(l, d, rows, p->end, p->j, sum);
        loop_else(b, &last, 0, NULL);
    }
    for (int n = 0; n < d->rows * d->vectors; n++) loop_store(b, sum[n], p->totals, at[n], 1, NULL);
    if (!d->dear) loop_end_if(b, &last, 0, NULL);
}

/* Whether the first tile of every piece can copy the panel: it needs all of its rows, and vectors that are read as they lie. */
static bool first_tile_copies(const Dot *d) {
    int64_t m, stride;
    if (!d->copy || d->across || !d->y_flat || !strides_are_line(&d->y_columns, &stride) || stride != 1) return false;
    return !d->rest || (loop_is_const(d->m, &m) && (m % d->tall == 0 || m % d->tall >= d->rows));
}

/* Tile after tile, then the rows that are left over. */
static void sum_tiles(Lower *l, const Dot *d, const Piece *p) {
    LBuilder *b = &l->b;
    LValue *end = p->end;
    if (d->rest) { /* in the last of the pieces */
        LValue *all = loop_sub(b, p->end, p->first), *rows = loop_i64(b, d->rows);
        end = loop_add(b, p->first, loop_mul(b, loop_binary(b, OP_div, all, rows), rows));
    }
    LValue *first = p->first;
    if (first_tile_copies(d)) {
        sum_tile(l, d, p, first, true);
        first = loop_add(b, first, loop_i64(b, d->rows));
    } else if (d->copy) {
        panel_copy(l, d, p->j, p->from, p->to);
    }
    LLoop i = loop_for(b, first, end, d->rows, 0, NULL);
    if (d->several) panel_next(l, d, p->j, p->from, loop_sub(b, i.i, p->first));
    sum_tile(l, d, p, i.i, false);
    loop_end(b, &i, NULL);
    if (!d->rest) return;
    Dot few = *d;
    few.rows = d->rest;
    LLoop f = loop_if(b, loop_binary(b, OP_lt, end, p->end));
    sum_tile(l, &few, p, end, false);
    loop_end_then(b, &f);
}

/* The last panel may be narrower. */
static void sum_panel(Lower *l, const Dot *d, const Piece *p) {
    LBuilder *b = &l->b;
    int64_t n;
    bool dear = l->to->target->vector_registers < 32 || !d->copy; /* masks */
    if (!loop_is_const(d->n, &n) || n <= d->width || !(dot_wastes(n, d->width) || (dear && n % d->width))) {
        sum_tiles(l, d, p);
        return;
    }
    Dot full = *d, last = *d;
    full.whole = true;
    last.vectors = (int)((n % d->width + d->lanes - 1) / d->lanes);
    last.whole = n % d->width % d->lanes == 0;
    LLoop f = loop_if(b, loop_binary(b, OP_le, p->j, loop_i64(b, n - d->width)));
    sum_tiles(l, &full, p);
    loop_else(b, &f, 0, NULL);
    sum_tiles(l, &last, p);
    loop_end_if(b, &f, 0, NULL);
}

/* What is made of the sums: little code, however much that is. */
static void store_totals(Lower *l, const Dot *d, const Piece *p) {
    LBuilder *b = &l->b;
    Dot one = *d;
    Row row = { 0 };
    one.vectors = 1;
    LLoop i = loop_for(b, p->first, p->end, 1, 0, NULL);
    put_row(l, d, i.i, row.at, d->rows_merge);
    LLoop j = loop_for(b, p->left, p->right, d->lanes, 0, NULL);
    LValue *vector = loop_binary(b, OP_div, loop_sub(b, j.i, p->left), loop_i64(b, d->lanes));
    LValue *sum = loop_load(b, loop_type(d->sum, d->lanes), p->totals, total_index(l, d, p, i.i, vector), 1, NULL);
    one.rows = 1;
    store_tile(l, &one, &row, p->end, j.i, &sum);
    loop_end(b, &j, NULL);
    loop_end(b, &i, NULL);
}

/* Chunk after chunk along the contracted axes; panel after panel in each: what is read of x then stays in the cache. */
static void piece(Lower *l, Dot *d, Piece *p) {
    LBuilder *b = &l->b;
    p->from = loop_i64(b, 0);
    p->to = d->k;
    p->j = p->left;
    if (!d->copy || is_short(d)) {
        sum_panel(l, d, p);
    } else {
        LValue *row = loop_mul(b, d->wide, loop_i64(b, dtype_bytes(d->sum)));
        loop_clear(b, p->totals, loop_mul(b, loop_sub(b, p->end, p->first), row));
        LLoop f = loop_for(b, loop_i64(b, 0), d->k, CHUNK, 0, NULL);
        p->from = f.i;
        p->to = loop_binary(b, OP_min, d->k, loop_add(b, f.i, loop_i64(b, CHUNK)));
        LLoop j = loop_for(b, p->left, p->right, d->width, 0, NULL);
        p->j = j.i;
        sum_panel(l, d, p);
        loop_end(b, &j, NULL);
        loop_end(b, &f, NULL);
    }
    p->j = p->left;
    if (p->totals && d->dear) store_totals(l, d, p);
}

static bool is_one(const LValue *n) {
    int64_t known;
    return loop_is_const(n, &known) && known == 1;
}

/* The next of these indices out of what is left of a number. */
static LValue *taken(Lower *l, LValue **rest, LValue *count, bool last) {
    LBuilder *b = &l->b;
    LValue *i = is_one(count) ? loop_i64(b, 0) : last ? *rest : loop_binary(b, OP_rem, *rest, count);
    if (!last) *rest = loop_binary(b, OP_div, *rest, count);
    return i;
}

/* Panels change faster than rows: those of x stay in the cache. */
static LValue *take_inner(Lower *l, const Dot *d, LValue *rest, Piece *p) {
    LBuilder *b = &l->b;
    p->left = loop_mul(b, taken(l, &rest, d->panels, false), d->wide);
    p->right = loop_binary(b, OP_min, d->n, loop_add(b, p->left, d->wide));
    p->first = loop_mul(b, taken(l, &rest, d->chunks, false), loop_i64(b, d->tall));
    p->end = loop_binary(b, OP_min, d->m, loop_add(b, p->first, loop_i64(b, d->tall)));
    return rest;
}

static void take_outer(Lower *l, Dot *d, LValue *rest) {
    int n = d->batch + d->outer;
    for (int i = n + d->x_outer - 1; i >= 0; i--) {
        const Type *t = i < d->batch || i >= n ? d->x->type : d->y->type;
        int axis = i < d->batch ? i : i < n ? d->y_free[i - d->batch] : d->x_free[i - n];
        Idx at = idx_at(taken(l, &rest, lower_dim(l, t->dim[axis]), i == 0));
        *(i < n ? &d->at[i] : &d->x_at[i - n]) = at;
    }
    dot_put_outer(l, d);
}

static void dot_pieces(Lower *l, LValue *lo, LValue *hi, void *context) {
    Dot d = *(Dot *)context;
    LBuilder *b = &l->b;
    Piece p = { 0 };
    int64_t bytes = dtype_bytes(d.sum);
    if (d.copy) {
        LValue *k = loop_binary(b, OP_min, d.k, loop_i64(b, CHUNK));
        d.panel = loop_alloc(b, loop_mul(b, round_up(l, k, d.lanes), loop_i64(b, d.lanes * d.width * bytes)));
    }
    if (d.copy ? !is_short(&d) || d.dear : d.pitch && d.dear) {
        LValue *rows = loop_mul(b, round_up(l, d.m, d.rows), loop_i64(b, d.rows * bytes));
        rows = loop_binary(b, OP_min, rows, loop_i64(b, d.tall * bytes));
        p.totals = loop_alloc(b, loop_mul(b, d.wide, rows));
    }
    if (d.border) border_take(l, &d);
    LLoop f = loop_for(b, lo, hi, 1, 0, NULL), of_part = { 0 };
    if (d.border) {
        LValue *rest = f.i;
        d.strip = taken(l, &rest, loop_i64(b, d.strips), false);
        d.before = loop_mul(b, d.strip, loop_i64(b, d.each));
        take_outer(l, &d, rest);
        border_fill(l, &d);
        of_part = loop_for(b, loop_i64(b, 0), loop_mul(b, d.panels, d.chunks), 1, 0, NULL);
        take_inner(l, &d, of_part.i, &p);
    } else {
        take_outer(l, &d, take_inner(l, &d, f.i, &p));
    }
    int64_t always;
    if (!d.row) {
        piece(l, &d, &p);
    } else if (loop_is_const(d.row, &always)) {
        dot_row(l, &d, p.left, p.right);
    } else {
        LLoop one = loop_if(b, d.row);
        dot_row(l, &d, p.left, p.right);
        loop_else(b, &one, 0, NULL);
        piece(l, &d, &p);
        loop_end_if(b, &one, 0, NULL);
    }
    if (d.border) loop_end(b, &of_part, NULL);
    loop_end(b, &f, NULL);
    if (d.border) loop_release(b, d.border_x ? d.x_view.home.ptr : d.y_view.home.ptr);
    if (p.totals) loop_release(b, p.totals);
    if (d.copy) loop_release(b, d.panel);
}

void dot_tiles(Lower *l, const Inst *in, DotMerge merge, DotStore store, void *context) {
    LBuilder *b = &l->b;
    Dot d = { .batch = (int)in->attrs->batch, .store = store, .context = context, .dear = merge.dear, .strips = 1 };
    d.swapped = dot_is_narrow(l, in);
    d.x = in->args[d.swapped], d.y = in->args[!d.swapped];
    d.x_axes = d.swapped ? in->attrs->rhs_axes : in->attrs->lhs_axes;
    d.y_axes = d.swapped ? in->attrs->lhs_axes : in->attrs->rhs_axes;
    DType type = d.x->type->dtype;
    d.sum = type == DT_f16 || type == DT_bf16 ? DT_f32 : type;
    border_find(l, &d, in);
    dot_find_axes(l, &d);
    d.rows_merge = d.nx == 1 || (d.swapped ? merge.columns >= d.nx : merge.rows);
    dot_find_views(l, &d, d.swapped ? (merge.rows ? d.ny : 1) : merge.columns);
    dot_choose_lines(l, &d);
    dot_choose_tile(l, &d);
    dot_choose_panels(l, &d);
    if (!d.border_x && pack_pays(&d)) pack(l, &d);
    if (d.x_flat) strides_tabulate(l, &d.x_k, d.k);
    if (d.y_flat && !d.across) strides_tabulate(l, &d.y_k, d.k);
    d.panels = loop_binary(b, OP_div, loop_add(b, d.n, loop_sub(b, d.wide, loop_i64(b, 1))), d.wide);
    d.chunks = round_up(l, d.m, d.tall);
    LValue *inner = loop_mul(b, d.panels, d.chunks), *all = loop_i64(b, d.strips);
    for (int i = 0; i < d.batch; i++) all = loop_mul(b, all, lower_dim(l, d.x->type->dim[i]));
    for (int i = 0; i < d.outer; i++) all = loop_mul(b, all, lower_dim(l, d.y->type->dim[d.y_free[i]]));
    for (int i = 0; i < d.x_outer; i++) all = loop_mul(b, all, d.size_x[i]);
    LValue *used = loop_mul(b, loop_binary(b, OP_min, d.m, loop_i64(b, d.tall)), d.k);
    if (d.border)
        used = loop_mul(b, used, inner);
    else
        all = loop_mul(b, all, inner);
    pieces(l, all, (Work){ 0.03, loop_mul(b, d.wide, used) }, dot_pieces, &d);
}

static void store_plain(Pull *p, const Idx *idx, Elem e, void *context) {
    const Value *y = context;
    store_at(p, y->type, home_of(p->l, y).ptr, idx, e);
}

void lower_dot(Lower *l, const Inst *in) {
    if (!dot_has_tiles(in)) {
        lower_reduce(l, in);
        return;
    }
    home_new(l, in->results[0]);
    dot_tiles(l, in, (DotMerge){ true, MAX_RANK, false }, store_plain, in->results[0]);
}
