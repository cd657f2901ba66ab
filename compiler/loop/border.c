/* border: an operand of a matrix product that is read through padding, as the windows of a convolution are.
**
** The padded array is made a part at a time, in memory that stays in the cache: for one index of the outer axes, and some lines
** of windows, a strip.  A product of each part is computed as if it were all.  The zeros behind a line are those before the
** next. */
#include "loop/dot.h"

enum {
    STRIPS = 16, /* parts, to deal to threads */
    ROWS = 256,  /* of the product in one: so few are not worth cutting */
    WAY = 1024   /* bytes: planes that are a multiple of it apart fall into few sets of the cache */
};

void border_find(Lower *l, Dot *d, const Inst *in) {
    Border border;
    if (!plan_border(in, &border)) return;
    const Value *v = in->args[border.operand];
    while (!home_of(l, v).ptr && v != border.pad->results[0]) v = v->def->args[0];
    if (home_of(l, v).ptr) return; /* it is there */
    d->border = arena_copy(l->arena, &border, sizeof border);
    d->border_x = d->x == in->args[border.operand];
    if (d->border_x) d->x_outer = border.apart;
}

static const Value *operand(const Dot *d) { return d->border_x ? d->x : d->y; }

static int64_t known(const Dim *dim) {
    int64_t n = 0;
    dim_is_int(dim, &n);
    return n;
}

/* Its free axes, and how many of them are outer. */
static int free_axes(const Dot *d, const int **axes, int *outer) {
    *axes = d->border_x ? d->x_free : d->y_free;
    *outer = d->border_x ? d->x_outer : d->outer;
    return d->border_x ? d->nx : d->ny;
}

static bool is_outer(const Dot *d, int axis) {
    const int *axes;
    int outer;
    free_axes(d, &axes, &outer);
    for (int i = 0; i < outer; i++) {
        if (axes[i] == axis) return true;
    }
    return axis < d->batch;
}

/* The part for strips of so many lines: its axes, and what it takes. */
static int64_t lay_out(Dot *d, int64_t lines, int64_t bytes) {
    const Value *v = operand(d);
    const Inst *pad = d->border->pad;
    const Type *t = pad->results[0]->type, *from = pad->args[0]->type;
    const int *axes;
    int outer, n = free_axes(d, &axes, &outer), last = t->rank - 1;
    for (int s = 0; s < t->rank; s++) {
        d->extent[s] = 1;
        for (int i = 0; i < v->type->rank; i++) {
            int64_t size = outer < n && i == axes[outer] ? lines : known(v->type->dim[i]);
            if (!is_outer(d, i)) d->extent[s] += d->border->step[s][i] * (size - 1);
        }
    }
    while (last > 0 && t->dim[last] == from->dim[last] && d->extent[last] == known(t->dim[last])) last--;
    d->run = last;
    int64_t step = 1;
    for (int s = t->rank - 1; s >= 0; s--) {
        int64_t size = d->extent[s], low = known(pad->attrs->low.at[s]), high = known(pad->attrs->high.at[s]);
        int64_t shared = known(from->dim[s]) + (low > high ? low : high);
        d->step[s] = step;
        if (s == last && shared < size) size = shared;
        step *= size;
        if (s < last && step * bytes % WAY == 0 && size > 1) step += 64 / bytes;
    }
    return step + d->extent[last] * d->step[last];
}

/* Lines of a strip: as many as stay in the cache, and so few that there is something to deal. */
static int64_t strip_lines(Lower *l, Dot *d, int64_t bytes) {
    const int *axes;
    int outer, n = free_axes(d, &axes, &outer);
    const Type *t = operand(d)->type;
    int64_t all = known(t->dim[axes[outer]]), others = 1, each = 1, room = l->to->target->l2 / 4;
    for (int i = 0; i < outer; i++) others *= known(t->dim[axes[i]]);
    for (int i = 0; i < d->batch; i++) others *= known(t->dim[i]);
    for (int i = outer + 1; i < n; i++) each *= known(t->dim[axes[i]]);
    int64_t least = all;
    for (int64_t lines = all; lines > 0; lines--) {
        if (all % lines) continue;
        bool many = others * (all / lines) >= STRIPS || lines * each <= ROWS;
        if (many && lay_out(d, lines, bytes) * bytes <= room) return lines;
        if (lines * each >= ROWS / 2) least = lines;
    }
    return least;
}

void border_plan(Lower *l, Dot *d) {
    LBuilder *b = &l->b;
    const int *axes;
    const Value *v = operand(d);
    int64_t bytes = dtype_bytes(v->type->dtype);
    int outer, n = free_axes(d, &axes, &outer);
    int64_t lines = strip_lines(l, d, bytes);
    d->part_bytes = lay_out(d, lines, bytes) * bytes;
    d->strips = known(v->type->dim[axes[outer]]) / lines;
    d->each = lines;
    for (int i = outer + 1; i < n; i++) d->each *= known(v->type->dim[axes[i]]);
    View *view = d->border_x ? &d->x_view : &d->y_view;
    view->dtype = v->type->dtype;
    view->base = loop_i64(b, 0);
    for (int i = 0; i < v->type->rank; i++) {
        int64_t step = 0;
        for (int s = 0; s < d->border->pad->results[0]->type->rank; s++) step += d->border->step[s][i] * d->step[s];
        view->stride[i] = loop_i64(b, is_outer(d, i) ? 0 : step);
    }
    *(d->border_x ? &d->m : &d->n) = loop_i64(b, d->each);
}

void border_take(Lower *l, Dot *d) {
    Home home = { .ptr = loop_alloc(&l->b, loop_i64(&l->b, d->part_bytes)) };
    *(d->border_x ? &d->x_view.home : &d->y_view.home) = home;
}

/* Where the part begins along axis s of the padded array. */
static LValue *first_of(Lower *l, const Dot *d, int s) {
    LBuilder *b = &l->b;
    const int *axes;
    int outer, n = free_axes(d, &axes, &outer);
    const int64_t *step = d->border->step[s];
    LValue *first = loop_i64(b, d->border->origin[s]);
    for (int i = 0; i < d->batch; i++) first = loop_add(b, first, loop_mul(b, d->at[i].i, loop_i64(b, step[i])));
    for (int i = 0; i < outer; i++) {
        LValue *at = d->border_x ? d->x_at[i].i : d->at[d->batch + i].i;
        first = loop_add(b, first, loop_mul(b, at, loop_i64(b, step[axes[i]])));
    }
    if (outer >= n || !step[axes[outer]]) return first;
    int64_t lines = known(operand(d)->type->dim[axes[outer]]) / d->strips;
    return loop_add(b, first, loop_mul(b, d->strip, loop_i64(b, lines * step[axes[outer]])));
}

typedef struct {
    LValue *first[MAX_RANK]; /* in what is padded */
    LValue *from;            /* that, */
    LValue *to;              /* and the part */
    LValue *padding;
    int bytes;
} Fill;

/* So many elements of padding. */
static void put_padding(Lower *l, const Fill *f, LValue *at, LValue *n) {
    LBuilder *b = &l->b;
    int64_t bits, count;
    if (loop_is_const(n, &count) && !count) return;
    if (loop_is_const(f->padding, &bits) && !bits) {
        loop_clear(b, loop_at(b, f->to, at, f->bytes), loop_mul(b, n, loop_i64(b, f->bytes)));
        return;
    }
    LLoop i = loop_for(b, loop_i64(b, 0), n, 1, 0, NULL);
    loop_store(b, f->padding, f->to, loop_add(b, at, i.i), 1, NULL);
    loop_end(b, &i, NULL);
}

/* 0 <= x <= n */
static LValue *clamped(LBuilder *b, LValue *x, int64_t n) {
    return loop_binary(b, OP_max, loop_i64(b, 0), loop_binary(b, OP_min, x, loop_i64(b, n)));
}

/* A line of the part, from elements `from` of what is padded on. */
static void put_line(Lower *l, const Dot *d, const Fill *f, LValue *from, LValue *at) {
    LBuilder *b = &l->b;
    int64_t s = d->run, n = d->extent[s], each = d->step[s], size = known(d->border->pad->args[0]->type->dim[s]);
    LValue *zero = loop_i64(b, 0), *elements = loop_i64(b, each);
    LValue *front = clamped(b, loop_sub(b, zero, f->first[s]), n);
    LValue *end = clamped(b, loop_sub(b, loop_i64(b, size), f->first[s]), n);
    LValue *start = loop_mul(b, loop_add(b, f->first[s], front), elements);
    LValue *to = loop_add(b, at, loop_mul(b, front, elements)),
           *inside = loop_mul(b, loop_sub(b, end, front), elements);
    put_padding(l, f, at, loop_mul(b, front, elements));
    loop_copy(b, loop_at(b, f->to, to, f->bytes), loop_at(b, f->from, loop_add(b, from, start), f->bytes),
              loop_mul(b, inside, loop_i64(b, f->bytes)));
    put_padding(l, f, loop_add(b, to, inside), loop_mul(b, loop_sub(b, loop_i64(b, n), end), elements));
}

void border_fill(Lower *l, const Dot *d) {
    LBuilder *b = &l->b;
    const Inst *pad = d->border->pad;
    const Type *t = pad->args[0]->type;
    Fill f = { .bytes = dtype_bytes(t->dtype), .from = reshaped_home(l, pad->args[0]).ptr };
    f.to = d->border_x ? d->x_view.home.ptr : d->y_view.home.ptr;
    f.padding = scalar_of(l, pad->args[1]).re;
    LLoop loops[MAX_RANK];
    LValue *at = loop_i64(b, 0), *from = at, *inside = NULL, *zero = at;
    int64_t stride = 1, strides[MAX_RANK];
    for (int s = t->rank - 1; s >= 0; s--) {
        strides[s] = stride;
        stride *= known(t->dim[s]);
        f.first[s] = loop_sub(b, first_of(l, d, s), loop_i64(b, known(pad->attrs->low.at[s])));
    }
    for (int s = 0; s < d->run; s++) {
        LValue *i = zero;
        if (d->extent[s] > 1) {
            loops[s] = loop_for(b, zero, loop_i64(b, d->extent[s]), 1, 0, NULL);
            i = loops[s].i;
        }
        LValue *x = loop_add(b, f.first[s], i);
        if (t->dim[s] != pad->results[0]->type->dim[s]) {
            LValue *below = loop_binary(b, OP_lt, x, loop_i64(b, known(t->dim[s])));
            inside = masks_both(b, inside, loop_binary(b, OP_and, loop_binary(b, OP_ge, x, zero), below));
        }
        at = loop_add(b, at, loop_mul(b, i, loop_i64(b, d->step[s])));
        from = loop_add(b, from, loop_mul(b, x, loop_i64(b, strides[s])));
    }
    LLoop there = { 0 };
    if (inside) there = loop_if(b, inside);
    put_line(l, d, &f, from, at);
    if (inside) {
        loop_else(b, &there, 0, NULL);
        put_padding(l, &f, at, loop_i64(b, d->extent[d->run] * d->step[d->run]));
        loop_end_if(b, &there, 0, NULL);
    }
    for (int s = (int)d->run - 1; s >= 0; s--) {
        if (d->extent[s] > 1) loop_end(b, &loops[s], NULL);
    }
}
