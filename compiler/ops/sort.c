/* sort: arrays sorted together, stably, by the first few of them. */
#include "ops/rules.h"

#include <math.h>
#include <string.h>

static const char *shape_sort(Compiler *cx, const Inst *in, const Type **results) {
    if (!in->nargs) return "sort of nothing";
    const Type *x = in->args[0]->type;
    if (in->attrs->axis < 0 || in->attrs->axis >= x->rank) return "sort along an axis it has not";
    if (in->attrs->keys < 1 || in->attrs->keys > in->nargs) return "sort by no key";
    const Dim *dim[MAX_RANK], *first = in->attrs->first, *places = in->attrs->places, *n = x->dim[in->attrs->axis];
    if (!first != !places) return "sort for places that are not all said";
    const Dim *below = dim_int(cx, -1);
    if (places && (dim_at_least(cx, below, first) || dim_at_least(cx, below, places) ||
                   dim_at_least(cx, dim_add(cx, dim_add(cx, first, places), below), n)))
        return arena_text(cx->arena, "sort for %s places from %s on, of %s", dim_text(cx, places), dim_text(cx, first),
                          dim_text(cx, n));
    for (int i = 0; i < x->rank; i++) dim[i] = places && i == in->attrs->axis ? places : x->dim[i];
    for (int i = 0; i < in->nargs; i++) {
        const Type *t = in->args[i]->type;
        if (type_with_dtype(cx, t, x->dtype) != x)
            return arena_text(cx->arena, "sort of %s and %s: the shapes differ", type_text(cx, x), type_text(cx, t));
        results[i] = type_of(cx, t->dtype, x->rank, dim);
    }
    return NULL;
}

/* -1, 0 or 1; -0 is 0, and nan comes last.  Complex numbers are ordered by their real parts first. */
static int compare_real(double x, double y) {
    if (isnan(x) || isnan(y)) return (isnan(x) != 0) - (isnan(y) != 0);
    return (x > y) - (x < y);
}
static int compare(DType d, const void *a, const void *b) {
    if (dtype_is_inexact(d)) {
        double x[2], y[2];
        element_complex(d, a, x);
        element_complex(d, b, y);
        int c = compare_real(x[0], y[0]);
        return c ? c : compare_real(x[1], y[1]);
    }
    int64_t x = element_int(d, a), y = element_int(d, b);
    if (d == DT_u64) return ((uint64_t)x > (uint64_t)y) - ((uint64_t)x < (uint64_t)y);
    return (x > y) - (x < y);
}
static int compare_rows(const Inst *in, const Tensor *args, int64_t i, int64_t j) {
    for (int k = 0; k < in->attrs->keys; k++) {
        int c = compare(args[k].type->dtype, tensor_at(&args[k], i), tensor_at(&args[k], j));
        if (c) return in->attrs->descending ? -c : c;
    }
    return 0;
}

/* Merges the sorted halves of order[0..n). */
static void merge_sort(const Inst *in, const Tensor *args, int64_t *order, int64_t n, int64_t *spare) {
    if (n < 2) return;
    int64_t half = n / 2;
    merge_sort(in, args, order, half, spare);
    merge_sort(in, args, order + half, n - half, spare);
    memcpy(spare, order, sizeof *order * (size_t)n);
    for (int64_t i = 0, j = half, k = 0; k < n; k++) {
        bool right = i == half || (j < n && compare_rows(in, args, spare[j], spare[i]) < 0);
        order[k] = right ? spare[j++] : spare[i++];
    }
}

static bool eval_sort(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    int64_t size[MAX_RANK], stride[MAX_RANK];
    const Type *t = args[0].type;
    int axis = (int)in->attrs->axis;
    tensor_sizes(t, size);
    tensor_strides(t, stride);
    int64_t n = size[axis], inner = stride[axis], first = 0, places = n;
    if (in->attrs->places && !(eval_dim(ev, in->attrs->first, &first) && eval_dim(ev, in->attrs->places, &places)))
        return false;
    if (first < 0 || places < 0 || first + places > n) return eval_fail(ev, "places that a sorted row has not");
    int64_t *order = NEW_ARRAY(ev->arena, int64_t, n), *spare = NEW_ARRAY(ev->arena, int64_t, n);
    for (int64_t line = 0; n && line < args[0].n / n; line++) {
        int64_t from = line / inner * inner * n + line % inner, to = line / inner * inner * places + line % inner;
        for (int64_t i = 0; i < n; i++) order[i] = from + i * inner;
        merge_sort(in, args, order, n, spare);
        for (int k = 0; k < in->nargs; k++)
            for (int64_t i = 0; i < places; i++)
                memcpy(tensor_slot(&y[k], to + i * inner), tensor_at(&args[k], order[first + i]),
                       (size_t)dtype_bytes(args[k].type->dtype));
    }
    return true;
}
const Rules rules_sort = { .shape = shape_sort, .eval = eval_sort, .jvp = jvp_sort };
