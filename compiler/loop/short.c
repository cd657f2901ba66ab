/* short: reductions along rows of a few elements, which would leave most of a register empty.
**
** As many rows as a register has lanes are taken together: they are loaded one by one and turned round in registers, so that
** each column is a vector.  The terms of a row, all of them in hand, are joined in the order of reduce.c, and what has the whole
** shape is computed column by column, turned back and stored. */
#include "loop/lower.h"

#include <string.h>

enum { MOST_TERMS = 128 };
static const double most_work = 600; /* nanoseconds a row: all of it is written out */

static bool turns(DType d) { return !dtype_is_complex(d) && (dtype_bytes(d) == 4 || dtype_bytes(d) == 8); }

/* So many elements as the domain has, in rows of its length. */
static bool has_rows(Lower *l, const Value *v, const Domain *d) {
    const Dim *n = dim_int(l->cx, 1), *m = n;
    for (int i = 0; i < v->type->rank; i++) n = dim_mul(l->cx, n, v->type->dim[i]);
    for (int i = 0; i < d->n; i++) m = dim_mul(l->cx, m, d->dim[i]);
    return n == m || dim_at_least(l->cx, n, m);
}

/* The axis along which rows that are taken together follow one another. */
static const Dim *beside(const Domain *d) {
    int i = d->nkept - 1;
    while (i && dim_is(d->dim[i], 1)) i--;
    return d->dim[i];
}

/* Rows may be longer where columns lie in memory as they are wanted, and nothing of the whole shape is stored. */
bool short_fits(Lower *l, const Domain *d, const Value *const *arrays, int n, double each, bool stores) {
    int64_t size, rows;
    if (d->n - d->nkept != 1 || !d->nkept || l->to->target->vector_bytes < 32) return false;
    if (!dim_is_int(d->dim[d->n - 1], &size) || size < 2 || size > (d->across ? RUN : MOST_TERMS)) return false;
    if (each * (double)size > most_work || (dim_is_int(beside(d), &rows) && rows < 8)) return false;
    bool turned = false, columns = false;
    for (int i = 0; i < n; i++) {
        const Type *t = arrays[i]->type;
        if (t->rank < 2 || !has_rows(l, arrays[i], d)) continue;
        if (t->dim[t->rank - 1] != d->dim[d->n - 1]) {
            columns |= t->dim[t->rank - 1] == beside(d);
            continue;
        }
        if (!turns(t->dtype)) return false;
        turned = true;
    }
    return size > MOST_SHORT ? columns && !turned && !stores : columns || turned;
}

/* The side of the blocks for so many columns. */
static int side_of(int columns, int lanes) {
    int n = 4;
    while (n < columns && n < lanes) n *= 2;
    return n < lanes ? n : lanes;
}

typedef struct {
    LValue *ptr, *begin, *count; /* count: rows that exist, or NULL for all lanes */
    int64_t step;
} Rows;

/* False where rows do not lie at equal distances. */
static bool rows_of(Pull *p, const Value *v, LValue *ptr, const Idx *kept, Rows *r) {
    LBuilder *b = &p->l->b;
    Idx at[MAX_RANK];
    int last = v->type->rank - 1;
    memcpy(at, kept, sizeof *at * (size_t)last);
    at[last] = idx_at(loop_i64(b, 0));
    Idx flat = flat_index(p, v->type, at);
    if (p->valid || flat.each || !flat.step || (p->tail && p->tail->def->op != LOOP_lanes_below)) return false;
    *r = (Rows){ ptr, flat.i, p->tail ? p->tail->def->args[0] : NULL, flat.step };
    return true;
}

static LValue *row_begin(LBuilder *b, const Rows *r, int row, int column, bool clamp) {
    LValue *k = loop_i64(b, row);
    if (clamp && r->count && row) k = loop_binary(b, OP_min, k, loop_sub(b, r->count, loop_i64(b, 1)));
    return loop_add(b, loop_add(b, r->begin, loop_mul(b, k, loop_i64(b, r->step))), loop_i64(b, column));
}

/* Vectors of n lanes, in order, as one. */
static LValue *joined(LBuilder *b, LValue **v, int n) {
    int pick[LOOP_MAX_LANES];
    for (; n > 1; n /= 2) {
        int lanes = 2 * v[0]->type.lanes;
        for (int k = 0; k < lanes; k++) pick[k] = k;
        for (int k = 0; k < n / 2; k++) v[k] = loop_shuffle(b, v[2 * k], v[2 * k + 1], lanes, pick);
    }
    return v[0];
}

static void load_columns(Pull *p, const Value *v, const Rows *r, int columns, LValue **to) {
    Lower *l = p->l;
    LBuilder *b = &l->b;
    int n = side_of(columns, p->lanes), parts = p->lanes / n;
    for (int from = 0; from < columns; from += n) {
        LValue *x[LOOP_MAX_LANES], *some = NULL;
        if (columns - from < n) some = loop_lanes_below(b, loop_i64(b, columns - from), n);
        for (int k = 0; k < n; k++) {
            LValue *part[LOOP_MAX_LANES] = { NULL };
            for (int t = 0; t < parts; t++) { /* those that are not there: the last one again */
                int row = t * n + k;
                bool alone = r->count || r->step < 0 || row == p->lanes - 1; /* no other row lies behind it, for sure */
                LValue *mask = alone ? some : NULL, *at = row_begin(b, r, row, from, true);
                part[t] = elem_load(l, v->type->dtype, n, r->ptr, at, 1, mask, false).re;
            }
            x[k] = joined(b, part, parts);
        }
        turn_blocks(b, x, n);
        for (int k = 0; k < n && from + k < columns; k++) to[from + k] = x[k];
    }
}

static int columns_of(const Domain *d) {
    int64_t n;
    dim_is_int(d->dim[d->n - 1], &n);
    return (int)n;
}

void short_begin(Pull *p, ShortRows *s) {
    *s = (ShortRows){ .block = p->l->b.block };
    p->rows = s;
}

bool short_column(Pull *p, const Value *v, LValue *ptr, const Idx *idx, Elem *e) {
    ShortRows *s = p->rows;
    int last = v->type->rank - 1;
    int64_t size, column;
    if (!s || p->lanes == 1 || last < 1 || !turns(v->type->dtype) || !dim_is_int(v->type->dim[last], &size) ||
        size < 2 || size > MOST_SHORT || idx[last].each || idx[last].step || !loop_is_const(idx[last].i, &column))
        return false;
    int k = 0;
    for (; k < s->n; k++) {
        bool same = s->tile[k].v == v;
        for (int i = 0; i < last; i++)
            same = same && s->tile[k].at[i].i == idx[i].i && s->tile[k].at[i].step == idx[i].step && !idx[i].each;
        if (same) break;
    }
    if (k == s->n) { /* in a branch it would be there for that branch only */
        Rows r;
        if (k == MOST_SHORT_ARRAYS || p->l->b.block != s->block || !rows_of(p, v, ptr, idx, &r)) return false;
        load_columns(p, v, &r, (int)size, s->tile[k].column);
        s->tile[k].v = v;
        memcpy(s->tile[k].at, idx, sizeof *idx * (size_t)last);
        s->n++;
    }
    *e = (Elem){ s->tile[k].column[column], NULL };
    return true;
}

static Idx column_at(Lower *l, int j) {
    return (Idx){ .i = loop_i64(&l->b, j), .lo = dim_int(l->cx, j), .hi = dim_int(l->cx, j + 1) };
}

void short_reduce(Pull *p, const Domain *d, const Accum *a, int n, const Idx *kept, Elem *results) {
    Lower *l = p->l;
    Idx at[2 * MAX_RANK];
    memcpy(at, kept, sizeof *at * (size_t)d->nkept);
    for (int i = 0; i < n; i++) {
        Elem term[MOST_TERMS];
        int terms = columns_of(d), sums = d->across ? 1 : accum_lanes(&a[i]);
        for (int j = 0; j < terms; j++) {
            at[d->nkept] = column_at(l, j);
            Elem before = j < sums ? accum_start(l, &a[i], p->lanes) : term[j % sums];
            term[j % sums] = accum_step(p, d, &a[i], before, at);
        }
        if (terms > sums) terms = sums;
        for (int half = sums / 2; half; half /= 2) {
            for (int j = 0; j + half < terms; j++) term[j] = accum_merge(l, &a[i], term[j], term[j + half]);
            if (terms > half) terms = half;
        }
        results[i] = term[0];
    }
    accum_finish(l, a, n, results);
}

/* What is stored behind the end of a row is written over by the next one, but for the last. */
static void store_columns(Pull *p, const Rows *r, const Elem *y, int columns) {
    LBuilder *b = &p->l->b;
    int n = side_of(columns, p->lanes), pick[LOOP_MAX_LANES];
    LValue *x[MOST_SHORT + LOOP_MAX_LANES];
    for (int from = 0; from < columns; from += n) {
        for (int k = 0; k < n; k++)
            x[from + k] = elem_splat(p->l, y[from + k < columns ? from + k : columns - 1], p->lanes).re;
        turn_blocks(b, x + from, n);
    }
    for (int row = 0; row < p->lanes; row++) {
        for (int from = 0; from < columns; from += n) {
            for (int k = 0; k < n; k++) pick[k] = row / n * n + k;
            LValue *v = x[from + row % n], *mask = NULL, *there = loop_i64(b, columns - from);
            if (n < p->lanes) v = loop_shuffle(b, v, v, n, pick);
            if (r->count)
                there = loop_select(b, loop_binary(b, OP_lt, loop_i64(b, row), r->count), there, loop_i64(b, 0));
            if (r->count || (columns - from < n && row == p->lanes - 1)) mask = loop_lanes_below(b, there, n);
            loop_store(b, v, r->ptr, row_begin(b, r, row, from, false), 1, mask);
        }
    }
}

void short_store(Pull *p, const Domain *d, const Value *const *v, const Value *const *to, int n, const Idx *kept) {
    Lower *l = p->l;
    int columns = columns_of(d);
    Elem(*y)[MOST_SHORT] = arena_alloc(l->arena, sizeof *y * (size_t)n);
    Idx at[2 * MAX_RANK];
    memcpy(at, kept, sizeof *at * (size_t)d->nkept);
    for (int j = 0; j < columns; j++) {
        at[d->nkept] = column_at(l, j);
        for (int i = 0; i < n; i++) y[i][j] = pull(p, v[i], at);
    }
    for (int i = 0; i < n; i++) {
        LValue *ptr = home_of(l, to[i]).ptr;
        Rows r;
        if (p->lanes == 1 || !turns(to[i]->type->dtype) || !rows_of(p, to[i], ptr, kept, &r)) {
            for (int j = 0; j < columns; j++) {
                at[d->nkept] = column_at(l, j);
                store_at(p, to[i]->type, ptr, at, y[i][j]);
            }
            continue;
        }
        store_columns(p, &r, y[i], columns);
    }
}
