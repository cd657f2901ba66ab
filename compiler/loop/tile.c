/* tile: arrays read across their rows.
**
** A square block of as many rows as a vector has lanes is loaded row by row and transposed in registers; where the nest then
** asks for a column, it gets one of those, or a row of a small buffer where they lie.  So memory is read and written in whole
** cache lines, and what is computed of the elements needs to know nothing of it. */
#include "loop/lower.h"

#include <string.h>

enum {
    MOST_LANES = 16,
    SQUARE = 8 /* blocks on each side of what is done before going on: pages are visited less often */
};
static const double cheap = 0.4; /* nanoseconds an element: written out for each row of a block */

void turn_blocks(LBuilder *b, LValue **v, int n) {
    int lanes = v[0]->type.lanes;
    for (int half = 1; half < n; half *= 2) { /* blocks of that size change places */
        int low[LOOP_MAX_LANES], high[LOOP_MAX_LANES];
        for (int k = 0; k < lanes; k++) {
            low[k] = k & half ? lanes + k - half : k;
            high[k] = k & half ? lanes + k : k + half;
        }
        for (int k = 0; k < n; k++) {
            if (k & half) continue;
            LValue *x = v[k], *y = v[k + half];
            v[k] = loop_shuffle(b, x, y, lanes, low);
            v[k + half] = loop_shuffle(b, x, y, lanes, high);
        }
    }
}

/* Groups of `size` lanes of x and y in turn, from the first or the second half of every `part` lanes. */
static LValue *interleaved(LBuilder *b, LValue *x, LValue *y, int n, int size, int part, bool second) {
    int pick[LOOP_MAX_LANES];
    for (int k = 0; k < n; k++) {
        int group = k % part / size, from = k / part * part + group / 2 * size + k % size + (second ? part / 2 : 0);
        pick[k] = group % 2 ? n + from : from;
    }
    return loop_shuffle(b, x, y, n, pick);
}

/* Every other group of `size` lanes: those of x, then those of y. */
static LValue *every_other(LBuilder *b, LValue *x, LValue *y, int n, int size, bool second) {
    int pick[LOOP_MAX_LANES];
    for (int k = 0; k < n; k++) {
        int from = 2 * (k / size) * size + k % size + (second ? size : 0);
        pick[k] = from; /* beyond n: of y */
    }
    return loop_shuffle(b, x, y, n, pick);
}

/* v[k] is row k; n vectors of n lanes each, n a power of two.  First within the parts of 16 bytes that machines like to keep
** together, then these as a whole. */
void rows_to_columns(LBuilder *b, LValue **v, int n) {
    int bytes = loop_bytes(v[0]->type), part = 16 / bytes;
    LValue *t[LOOP_MAX_LANES];
    if ((bytes != 4 && bytes != 8) || n < part || n > 16) {
        turn_blocks(b, v, n);
        return;
    }
    for (int size = 1; size < part; size *= 2) {
        for (int k = 0; k < n; k++) {
            if (k & size) continue;
            int first = size == 1 ? k : (k & ~(part - 1)) + 2 * (k & (size - 1));
            t[first] = interleaved(b, v[k], v[k + size], n, size, part, false);
            t[first + 1] = interleaved(b, v[k], v[k + size], n, size, part, true);
        }
        memcpy(v, t, sizeof *t * (size_t)n);
    }
    for (int r = 0; r < part; r++) { /* column r of each part of every row, `part` rows in a vector */
        LValue *x[LOOP_MAX_LANES], *y[LOOP_MAX_LANES];
        int m = n / part;
        for (int i = 0; i < m; i++) x[i] = v[part * i + r];
        for (int width = m; width > 1; width /= 2) {
            for (int i = 0; i < m; i += 2) {
                y[i / 2] = every_other(b, x[i], x[i + 1], n, part, false);
                y[m / 2 + i / 2] = every_other(b, x[i], x[i + 1], n, part, true);
            }
            memcpy(x, y, sizeof *y * (size_t)m);
        }
        for (int i = 0; i < m; i++) t[part * i + r] = x[i];
    }
    memcpy(v, t, sizeof *t * (size_t)n);
}

typedef struct {
    const Axes *axes;
    const Reach *reach;
    int lanes, row, column; /* axes of the nest */
    bool written_out;
    LValue *size[MAX_RANK];
    NestBody body;
    void *context;
} Tiles;

/* The columns of the block of an array. */
static void load_block(Lower *l, const Tiles *t, const Crossing *c, const Idx *at, LValue **v) {
    LBuilder *b = &l->b;
    LValue *rows = t->size[t->row], *columns = t->size[t->column];
    Idx x[MAX_RANK], from[MAX_RANK];
    int64_t n;
    Pull p = { .l = l, .lanes = t->lanes };
    if (!loop_is_const(rows, &n) || n % t->lanes)
        p.tail = loop_lanes_below(b, loop_sub(b, rows, at[t->row].i), t->lanes);
    bool whole = loop_is_const(columns, &n) && n % t->lanes == 0;
    memcpy(from, at, sizeof *from * (size_t)t->axes->n);
    from[t->row] = (Idx){ .i = at[t->row].i, .step = 1 };
    for (int i = 0; i < c->v->type->rank; i++) x[i] = along_index(&p, &c->at[i], from);
    for (int k = 0; k < t->lanes; k++) { /* those that are not there: the last one again */
        LValue *i = loop_add(b, at[t->column].i, loop_i64(b, k));
        from[t->column] = idx_at(whole ? i : loop_binary(b, OP_min, i, loop_sub(b, columns, loop_i64(b, 1))));
        x[c->column] = along_index(&p, &c->at[c->column], from);
        v[k] = load_at(&p, c->v->type, reshaped_home(l, c->v).ptr, x).re;
    }
    rows_to_columns(b, v, t->lanes);
}

static void one_row(Lower *l, const Tiles *t, const Idx *at, Crossed crossed) {
    LBuilder *b = &l->b;
    LValue *columns = t->size[t->column];
    Idx idx[MAX_RANK];
    int64_t n;
    memcpy(idx, at, sizeof idx);
    idx[t->row] = idx_at(crossed.row);
    idx[t->column] = (Idx){ .i = at[t->column].i, .step = 1 };
    crossed.nest = idx;
    Pull p = { .l = l, .lanes = t->lanes, .crossed = &crossed };
    if (!loop_is_const(columns, &n) || n % t->lanes)
        p.tail = loop_lanes_below(b, loop_sub(b, columns, at[t->column].i), t->lanes);
    t->body(&p, idx, t->context);
}

static void one_tile(Lower *l, const Tiles *t, const Idx *at, LValue *const *buffers) {
    LBuilder *b = &l->b;
    const Reach *r = t->reach;
    LValue *lanes = loop_i64(b, t->lanes), *from = at[t->row].i, *rows = t->size[t->row], *v[MOST_LANES];
    Crossed crossed = { .reach = r, .lanes = t->lanes };
    int64_t n;
    bool whole = loop_is_const(rows, &n) && n % t->lanes == 0;
    LValue *to = whole ? loop_add(b, from, lanes) : loop_binary(b, OP_min, rows, loop_add(b, from, lanes));
    LLoop all = { 0 };
    if (t->written_out) {
        load_block(l, t, &r->crossing[0], at, v);
        if (!whole) all = loop_if(b, loop_binary(b, OP_le, loop_add(b, from, lanes), rows));
        for (int k = 0; k < t->lanes; k++) {
            crossed.row = loop_add(b, from, loop_i64(b, k));
            crossed.value = v[k];
            one_row(l, t, at, crossed);
        }
        crossed.value = NULL;
        if (whole) return;
        loop_else(b, &all, 0, NULL);
    }
    for (int i = 0; i < r->ncrossings; i++) {
        if (!t->written_out) load_block(l, t, &r->crossing[i], at, v);
        for (int k = 0; k < t->lanes; k++) loop_store(b, v[k], buffers[i], loop_i64(b, (int64_t)k * t->lanes), 1, NULL);
    }
    crossed.buffers = buffers;
    LLoop f = loop_for(b, from, to, 1, 0, NULL);
    crossed.row = f.i;
    crossed.at = loop_mul(b, loop_sub(b, f.i, from), lanes);
    one_row(l, t, at, crossed);
    loop_end(b, &f, NULL);
    if (t->written_out) loop_end_if(b, &all, 0, NULL);
}

/* Bands of SQUARE blocks, lo .. hi, counted through all other axes. */
static void bands(Lower *l, LValue *lo, LValue *hi, void *tiles) {
    const Tiles *t = tiles;
    LBuilder *b = &l->b;
    LValue *buffers[MAX_CROSSINGS], *zero = loop_i64(b, 0);
    for (int k = 0; k < t->reach->ncrossings; k++) {
        int bytes = dtype_bytes(t->reach->crossing[k].v->type->dtype);
        buffers[k] = loop_stack(b, (int64_t)t->lanes * t->lanes * bytes, 64);
    }
    LLoop band = loop_for(b, lo, hi, 1, 0, NULL);
    int64_t tall = (int64_t)SQUARE * t->lanes;
    LValue *per = round_up(l, t->size[t->row], tall), *rest = band.i, *size = t->size[t->row];
    LValue *first = loop_mul(b, loop_binary(b, OP_rem, rest, per), loop_i64(b, tall));
    rest = loop_binary(b, OP_div, rest, per);
    Idx at[MAX_RANK];
    for (int a = t->axes->n - 1; a >= 0; a--) {
        at[a] = idx_at(zero);
        if (a == t->row || a == t->column) continue;
        at[a] = idx_at(loop_binary(b, OP_rem, rest, t->size[a]));
        rest = loop_binary(b, OP_div, rest, t->size[a]);
    }
    LLoop square = loop_for(b, zero, t->size[t->column], tall, 0, NULL);
    LValue *end = loop_binary(b, OP_min, size, loop_add(b, first, loop_i64(b, tall)));
    LLoop i = loop_for(b, first, end, t->lanes, 0, NULL);
    LValue *wide = loop_binary(b, OP_min, t->size[t->column], loop_add(b, square.i, loop_i64(b, tall)));
    LLoop j = loop_for(b, square.i, wide, t->lanes, 0, NULL);
    at[t->row] = idx_at(i.i);
    at[t->column] = idx_at(j.i);
    one_tile(l, t, at, buffers);
    loop_end(b, &j, NULL);
    loop_end(b, &i, NULL);
    loop_end(b, &square, NULL);
    loop_end(b, &band, NULL);
}

void nest_tiles(Lower *l, const Axes *axes, const Reach *r, Work w, int lanes, NestBody body, void *context) {
    LBuilder *b = &l->b;
    Tiles t = { .axes = axes, .reach = r, .lanes = lanes, .row = r->crossing[0].row, .body = body, .context = context };
    if (t.lanes > MOST_LANES) t.lanes = MOST_LANES;
    t.written_out = w.each < cheap && r->ncrossings == 1;
    for (int a = 0; a < axes->n; a++) {
        t.size[a] = lower_dim(l, axes->dim[a]);
        if (!dim_is(axes->dim[a], 1)) t.column = a;
    }
    int64_t tall = (int64_t)SQUARE * t.lanes;
    LValue *all = round_up(l, t.size[t.row], tall);
    for (int a = 0; a < axes->n; a++) {
        if (a != t.row && a != t.column) all = loop_mul(b, all, t.size[a]);
    }
    pieces(l, all, (Work){ w.each * (double)tall, t.size[t.column] }, bands, &t);
}

Home reshaped_home(Lower *l, const Value *v) {
    Home h = home_of(l, v);
    return !h.ptr && v->def && v->def->op == OP_reshape ? home_of(l, v->def->args[0]) : h;
}

/* An index as a sum: terms, some of them negative, and a constant. */
typedef struct {
    LValue *term[8];
    bool minus[8];
    int n;
    int64_t constant;
} Sum;

static bool add_terms(Sum *s, LValue *v, bool minus) {
    int64_t k;
    const LInst *in = v->def;
    if (loop_is_const(v, &k)) {
        s->constant += minus ? -k : k;
        return true;
    }
    if (in && in->op == LOOP_apply && (in->fn == OP_add || in->fn == OP_sub))
        return add_terms(s, in->args[0], minus) && add_terms(s, in->args[1], minus != (in->fn == OP_sub));
    if (s->n == 8) return false;
    s->term[s->n] = v;
    s->minus[s->n++] = minus;
    return true;
}

/* Whether two indices are the same sum, in whatever order. */
static bool same_index(const Idx *x, const Idx *y) {
    Sum s = { .n = 0 };
    if (x->each || y->each || x->step != y->step) return false;
    if (!add_terms(&s, x->i, false) || !add_terms(&s, y->i, true) || s.constant) return false;
    for (int i = 0; i < s.n; i++) {
        int k = i + 1;
        while (s.term[i] && k < s.n && !(s.term[k] == s.term[i] && s.minus[k] != s.minus[i])) k++;
        if (s.term[i] && k >= s.n) return false;
        if (s.term[i]) s.term[k] = NULL;
    }
    return true;
}

/* A row of a buffer, where the index is that of a column of the block in it. */
bool crossed_load(Pull *p, const Value *v, const Idx *idx, Elem *e) {
    const Crossed *c = p->crossed;
    for (int k = 0; c && k < c->reach->ncrossings; k++) {
        const Crossing *x = &c->reach->crossing[k];
        if (x->v != v || p->lanes != c->lanes || p->valid) continue;
        bool same = true;
        for (int i = 0; i < v->type->rank && same; i++) {
            Idx there = along_index(p, &x->at[i], c->nest);
            same = same_index(&idx[i], &there);
        }
        if (!same) continue;
        if (c->value)
            *e = (Elem){ c->value, NULL };
        else
            *e = elem_load(p->l, v->type->dtype, p->lanes, c->buffers[k], c->at, 1, NULL, false);
        return true;
    }
    return false;
}
