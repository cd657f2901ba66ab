/* index: the brackets of an array taken apart: one item for each axis, new axes between them.
**
** Masks become the positions where they hold.  Where there are index arrays, scalars are index arrays too. */
#include "elaborate/counters.h"
#include "elaborate/index.h"

static bool is_mask(Py x) { return x->kind == PY_ARRAY && x->array.value->type->dtype == DT_bool; }
static bool is_positions(Py x) { return x->kind == PY_ARRAY && dtype_is_integer(x->array.value->type->dtype); }

/* How many axes of the array an item speaks of; -1: it is no index. */
static int axes_of(Py x) {
    if (x->kind == PY_NONE || x->kind == PY_ELLIPSIS) return 0;
    if (x->kind == PY_SLICE) return 1;
    if (is_mask(x)) return x->array.value->type->rank;
    if (is_positions(x) || (py_is_number(x) && py_number_kind(x) == NUMBER_INT)) return 1;
    if (x->kind == PY_BOOL) return 0;
    return -1;
}

/* A size as one element of that dtype in the shape of `like`. */
static Value *size_like(Elab *e, const Dim *size, const Type *like) {
    int64_t n;
    if (dim_is_int(size, &n)) return ir_fill_int(e->b, like, n);
    return ir_broadcast_scalar(e->b, ir_convert(e->b, ir_size(e->b, size), like->dtype), like);
}

static bool never_negative(Elab *e, Value *v) {
    Tensor t;
    if (dtype_kind(v->type->dtype) == KIND_UNSIGNED) return true;
    if (!static_elements(e, v, &t)) return false;
    for (int64_t i = 0; i < t.n; i++)
        if (element_int(v->type->dtype, (const char *)t.bytes + i * dtype_bytes(v->type->dtype)) < 0) return false;
    return true;
}

static Value *from_end(Elab *e, Value *v, const Dim *size) {
    if (never_negative(e, v)) return v;
    Value *zero = ir_fill_int(e->b, v->type, 0);
    return ir_select(e->b, ir_lt(e->b, v, zero), ir_add(e->b, v, size_like(e, size, v->type)), v);
}

static Value *wide_enough(Elab *e, Value *v) {
    DType t = v->type->dtype;
    DType to = t == DT_i64 || t == DT_u64 || t == DT_u32 ? DT_i64 : DT_i32;
    return t == to ? v : ir_convert(e->b, v, to);
}

/* NumPy's arrays refuse a position that is outside. */
static bool numpy_inside(Elab *e, Value *v, const Dim *size, Span span) {
    Tensor t;
    int64_t n;
    if (dim_is_int(size, &n) && static_elements(e, v, &t)) {
        for (int64_t i = 0; i < t.n; i++) {
            int64_t at = element_int(v->type->dtype, (const char *)t.bytes + i * dtype_bytes(v->type->dtype));
            if (at >= 0 && at < n) continue;
            fail(e, span, "index %lld is out of bounds for an axis of size %lld", (long long)(at < 0 ? at - n : at),
                 (long long)n);
            return false;
        }
        return true;
    }
    Builder *b = e->b;
    Value *inside = ir_and(b, ir_ge(b, v, ir_fill_int(b, v->type, 0)), ir_lt(b, v, size_like(e, size, v->type)));
    int64_t axes[MAX_RANK];
    for (int i = 0; i < v->type->rank; i++) axes[i] = i;
    if (v->type->rank) inside = ir_reduce(b, OP_reduce_and, inside, v->type->rank, axes);
    Attrs a = no_attrs;
    a.format =
        name_of(e->cx, arena_text(e->arena, "an index is out of bounds for an axis of size %s", dim_text(e->cx, size)));
    emit_inst(b, OP_assert, &inside, 1, &a);
    return true;
}

static bool add_scalar(Elab *e, Index *ix, Py x, int axis, Span span) {
    IndexItem *it = &ix->item[ix->n++];
    *it = (IndexItem){ .kind = INDEX_SCALAR, .axis = axis, .size = dim_int(e->cx, 1), .step = 1 };
    const Dim *size = ix->x->type->dim[axis];
    bool numpy = ix->array->array.flavour == FLAVOUR_NUMPY;
    int64_t k, n;
    if (!py_static_int(e, x, &k)) {
        Value *v = x->kind == PY_ARRAY ? ir_convert(e->b, array_value(e, x), DT_i64) : scalar_value(e, x, NUMBER_INT);
        const Dim *d = number_dim(e, x);
        it->at = d && local_at_least(e, d, dim_int(e->cx, 0)) ? v : from_end(e, v, size);
        return !numpy || numpy_inside(e, it->at, size, span);
    }
    if (dim_is_int(size, &n)) {
        int64_t at = k < 0 ? k + n : k;
        if (numpy && (at < 0 || at >= n)) {
            fail(e, span, "index %lld is out of bounds for axis %d with size %lld", (long long)k, axis, (long long)n);
            return false;
        }
        if (n == 0) {
            fail(e, span, "index %lld is out of bounds for axis %d with size 0", (long long)k, axis);
            return false;
        }
        /* jax: reading clamps; writing outside is dropped, which `at` shows */
        if (at < 0 || at >= n) {
            if (!ix->reading)
                it->at = ir_i64(e->b, at);
            else
                at = at < 0 ? 0 : n - 1;
        }
        if (!it->at) it->start = dim_int(e->cx, at);
        return true;
    }
    it->start = k < 0 ? dim_add(e->cx, size, dim_int(e->cx, k)) : dim_int(e->cx, k);
    const Dim *least = dim_int(e->cx, k < 0 ? -k : k + 1);
    if (!dim_at_least(e->cx, size, least)) {
        Value *holds = ir_ge(e->b, ir_size(e->b, size), ir_size(e->b, least));
        Attrs a = no_attrs;
        a.format = name_of(e->cx, arena_text(e->arena, "index %lld is out of bounds for an axis of size %s",
                                             (long long)k, dim_text(e->cx, size)));
        emit_inst(e->b, OP_assert, &holds, 1, &a);
    }
    return true;
}

static bool add_positions(Elab *e, Index *ix, Value *v, int axis, Span span) {
    IndexItem *it = &ix->item[ix->n++];
    const Dim *size = ix->x->type->dim[axis];
    *it = (IndexItem){ .kind = INDEX_ARRAY, .axis = axis };
    it->at = from_end(e, wide_enough(e, v), size);
    return ix->array->array.flavour != FLAVOUR_NUMPY || numpy_inside(e, it->at, size, span);
}

/* A mask as one array of positions for each of its axes. */
static bool add_mask(Elab *e, Index *ix, Value *mask, int axis, Span span) {
    const Type *t = mask->type;
    Compiler *cx = e->cx;
    for (int i = 0; i < t->rank; i++) {
        const Dim *size = ix->x->type->dim[axis + i];
        if (t->dim[i] == size) continue;
        if (dim_never_equal(cx, t->dim[i], size)) {
            fail(e, span, "a mask of type %s does not fit axis %d of %s", type_text(cx, t), axis + i,
                 type_text(cx, ix->x->type));
            return false;
        }
        const Dim *dims[MAX_RANK];
        for (int k = 0; k < t->rank; k++) dims[k] = k == i ? size : t->dim[k];
        mask = ir_retype(e->b, mask, type_of(cx, DT_bool, t->rank, dims), "a mask and the array it indexes");
        t = mask->type;
    }
    Tensor known;
    Value *found;
    if (static_elements(e, mask, &known)) {
        const unsigned char *hold = known.bytes;
        int64_t count = 0, stride[MAX_RANK], n = 1;
        for (int i = t->rank - 1; i >= 0; i--) {
            int64_t size;
            stride[i] = n;
            dim_is_int(t->dim[i], &size);
            n *= size;
        }
        for (int64_t i = 0; i < known.n; i++) count += hold[i];
        int64_t *rows = NEW_ARRAY(e->arena, int64_t, count * t->rank + 1), *row = rows;
        for (int64_t i = 0; i < known.n; i++) {
            int64_t rest = i;
            for (int k = 0; hold[i] && k < t->rank; k++) {
                *row++ = rest / stride[k];
                rest %= stride[k];
            }
        }
        const Dim *dims[] = { dim_int(cx, count), dim_int(cx, t->rank) };
        found = ir_constant(e->b, type_of(cx, DT_i64, 2, dims), count * t->rank, rows);
    } else {
        Attrs a = no_attrs;
        const SizeVar **var = NEW(e->arena, const SizeVar *);
        *var = size_var(cx, "k", span);
        a.binds = (Sizes){ 1, var };
        found = emit(e->b, OP_nonzero, &mask, 1, &a);
    }
    const Dim *count = found->type->dim[0];
    const Type *flat = type_of(cx, DT_i64, 1, &count);
    for (int i = 0; i < t->rank; i++) {
        const Dim *start[] = { dim_int(cx, 0), dim_int(cx, i) }, *limit[] = { count, dim_int(cx, i + 1) };
        static const int64_t stride[] = { 1, 1 };
        IndexItem *it = &ix->item[ix->n++];
        *it = (IndexItem){ .kind = INDEX_ARRAY, .axis = axis + i };
        it->at = ir_reshape(e->b, ir_slice(e->b, found, start, limit, stride), flat);
    }
    return true;
}

static void add_full(Elab *e, Index *ix, int axis) {
    ix->item[ix->n++] = (IndexItem){ .kind = INDEX_SLICE,
                                     .axis = axis,
                                     .size = ix->x->type->dim[axis],
                                     .start = dim_int(e->cx, 0),
                                     .step = 1,
                                     .full = true };
}

static bool bad_item(Elab *e, Py x, Span span) {
    if (x->kind == PY_ERROR) return false;
    if (x->kind == PY_ARRAY || py_is_number(x))
        fail(e, span, "an index must be an integer or a mask, and is %s", py_describe(e, x));
    else if (x->kind == PY_LIST)
        fail(e, span, "%s is no index of a jax array; write jnp.array(...) around it, or a tuple", py_describe(e, x));
    else
        fail(e, span, "%s is no index of an array", py_describe(e, x));
    return false;
}

/* The sizes that the index arrays have together. */
static bool join_arrays(Elab *e, Index *ix, Span span) {
    Value *at[MOST_ITEMS];
    IndexItem *of[MOST_ITEMS];
    int n = 0;
    bool wide = false;
    for (int i = 0; i < ix->n; i++) {
        IndexItem *it = &ix->item[i];
        if (it->kind != INDEX_SCALAR && it->kind != INDEX_ARRAY) continue;
        if (it->kind == INDEX_SCALAR && !it->at) it->at = ir_size(e->b, it->start);
        it->kind = INDEX_ARRAY;
        of[n] = it;
        at[n++] = it->at;
        wide = wide || (it->at->type->rank && it->at->type->dtype == DT_i64);
    }
    for (int i = 0; i < n; i++)
        if (at[i]->type->dtype != (wide ? DT_i64 : DT_i32)) at[i] = ir_convert(e->b, at[i], wide ? DT_i64 : DT_i32);
    if (!broadcast_together(e, at, n, "the index arrays", span)) return false;
    for (int i = 0; i < n; i++) of[i]->at = at[i];
    ix->nlead = at[0]->type->rank;
    for (int i = 0; i < ix->nlead; i++) ix->lead[i] = at[0]->type->dim[i];
    return true;
}

static bool put_out(Elab *e, Index *ix, const Dim *size, Span span) {
    if (ix->nout == MAX_RANK) {
        fail(e, span, "arrays have at most %d axes", MAX_RANK);
        return false;
    }
    ix->out[ix->nout++] = size;
    return true;
}

bool index_shape(Elab *e, Index *ix, Span span) {
    ix->nout = 0;
    bool placed = false;
    if (ix->arrays && ix->apart) {
        for (int k = 0; k < ix->nlead; k++)
            if (!put_out(e, ix, ix->lead[k], span)) return false;
        placed = true;
    }
    for (int i = 0; i < ix->n; i++) {
        IndexItem *it = &ix->item[i];
        if (it->kind == INDEX_SCALAR) continue;
        if (it->kind == INDEX_ARRAY) {
            for (int k = 0; !placed && k < ix->nlead; k++)
                if (!put_out(e, ix, ix->lead[k], span)) return false;
            placed = true;
        } else if (!put_out(e, ix, it->size, span)) {
            return false;
        }
    }
    return true;
}

bool index_parse(Elab *e, Index *ix, Py array, Py index, bool reading, Span span) {
    *ix = (Index){ .array = array, .x = array_value(e, array), .reading = reading };
    int n = 1, used = 0, ellipsis = -1, rank = ix->x->type->rank, last = -1;
    Py *at = &index;
    if (index->kind == PY_TUPLE) {
        n = index->contents->n;
        at = NEW_ARRAY(e->arena, Py, n + 1);
        for (int i = 0; i < n; i++) at[i] = index->contents->at[i];
    } else {
        at = NEW_ARRAY(e->arena, Py, 1);
        at[0] = index;
    }
    for (int i = 0; i < n; i++) {
        bool listed = at[i]->kind == PY_LIST && (array->array.flavour == FLAVOUR_NUMPY || index->kind == PY_TUPLE);
        if (listed || (at[i]->kind == PY_TUPLE && index->kind == PY_TUPLE)) {
            at[i] = to_array(e, at[i], FLAVOUR_NUMPY, span);
            if (at[i]->kind == PY_ARRAY && dim_is(type_elements(e->cx, at[i]->array.value->type), 0))
                at[i] = py_array(e, ir_convert(e->b, at[i]->array.value, DT_i64), FLAVOUR_NUMPY, false);
        }
        if (at[i]->kind == PY_ELLIPSIS && ellipsis >= 0) {
            fail(e, span, "an index has one `...` at most");
            return false;
        }
        if (at[i]->kind == PY_ELLIPSIS) ellipsis = i;
        int axes = axes_of(at[i]);
        if (axes < 0) return bad_item(e, at[i], span);
        used += axes;
        if (axes_of(at[i]) && at[i]->kind != PY_SLICE && at[i]->kind == PY_ARRAY &&
            (is_mask(at[i]) || at[i]->array.value->type->rank))
            ix->arrays = true;
    }
    if (n > MOST_ITEMS - MAX_RANK || used > rank) {
        fail(e, span, "too many indices: %s has %d ax%s, and %d are indexed", type_text(e->cx, ix->x->type), rank,
             rank == 1 ? "is" : "es", used);
        return false;
    }
    int axis = 0;
    bool alone = true; /* one array among slices takes the place of a slice */
    for (int i = 0; i < n; i++) alone = alone && (at[i]->kind == PY_SLICE || !axes_of(at[i]));
    for (int i = 0; i < n; i++) {
        Py x = at[i];
        if (x->kind == PY_ELLIPSIS) {
            for (int k = 0; k < rank - used; k++) add_full(e, ix, axis++);
        } else if (x->kind == PY_NONE || x->kind == PY_BOOL) {
            ix->item[ix->n++] =
                (IndexItem){ .kind = INDEX_NEW, .axis = -1, .size = dim_int(e->cx, x->kind == PY_NONE || x->integer) };
        } else if (x->kind == PY_SLICE) {
            IndexItem *it = &ix->item[ix->n];
            *it = (IndexItem){ .kind = INDEX_SLICE, .axis = axis };
            if (!index_slice(e, x, ix->x->type->dim[axis], it, alone, reading, span)) return false;
            if (it->kind == INDEX_ARRAY) {
                ix->arrays = true;
                alone = false;
            }
            ix->n++;
            axis++;
        } else {
            if (ix->arrays && last >= 0 && last != i - 1) ix->apart = true;
            last = i;
            if (is_mask(x)) {
                int r = x->array.value->type->rank;
                if (!r) {
                    fail(e, span,
                         "a mask without axes is not supported as an index yet; write jnp.where(mask, x, ...) instead");
                    return false;
                }
                if (!add_mask(e, ix, array_value(e, x), axis, span)) return false;
                axis += r;
            } else if (is_positions(x) && x->array.value->type->rank) {
                if (!add_positions(e, ix, array_value(e, x), axis++, span)) return false;
            } else if (!add_scalar(e, ix, x, axis++, span)) {
                return false;
            }
        }
    }
    if (ellipsis < 0)
        while (axis < rank) add_full(e, ix, axis++);
    if (ix->arrays && !join_arrays(e, ix, span)) return false;
    return index_shape(e, ix, span);
}
