/* contract: sums of products. */
#include "ops/rules.h"

static const char *shape_dot(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type, *y = in->args[1]->type;
    const Attrs *a = in->attrs;
    const Dim *dim[2 * MAX_RANK];
    int rank = 0;
    unsigned used_x = 0, used_y = 0;
    const char *both = arena_text(cx->arena, "dot of %s and %s", type_text(cx, x), type_text(cx, y));
    if (x->dtype != y->dtype) return arena_text(cx->arena, "%s: the dtypes differ", both);
    if (a->batch < 0 || a->batch > x->rank || a->batch > y->rank || a->lhs_axes.n != a->rhs_axes.n)
        return arena_text(cx->arena, "%s: the axes do not pair", both);
    for (int i = 0; i < a->batch; i++) {
        if (x->dim[i] != y->dim[i]) return arena_text(cx->arena, "%s: batch axis %d differs", both, i);
        dim[rank++] = x->dim[i];
    }
    for (int i = 0; i < a->lhs_axes.n; i++) {
        int64_t p = a->lhs_axes.at[i], q = a->rhs_axes.at[i];
        if (p < a->batch || p >= x->rank || q < a->batch || q >= y->rank || (used_x >> p & 1) || (used_y >> q & 1))
            return arena_text(cx->arena, "%s: no such axes", both);
        if (x->dim[p] != y->dim[q])
            return arena_text(cx->arena, "%s: the axes that meet are %s and %s", both, dim_text(cx, x->dim[p]),
                              dim_text(cx, y->dim[q]));
        used_x |= 1u << p;
        used_y |= 1u << q;
    }
    for (int i = (int)a->batch; i < x->rank; i++)
        if (!(used_x >> i & 1)) dim[rank++] = x->dim[i];
    for (int i = (int)a->batch; i < y->rank; i++)
        if (!(used_y >> i & 1)) dim[rank++] = y->dim[i];
    if (rank > MAX_RANK) return arena_text(cx->arena, "%s: too many axes", both);
    results[0] = type_of(cx, x->dtype, rank, dim);
    return NULL;
}

/* An axis to walk along, of the result or of the sum: its length, and its strides in the arguments. */
typedef struct {
    int64_t size, x, y;
} Axis;
typedef struct {
    double z[2];
    uint64_t integer; /* wraps */
    bool any;         /* of bools */
} Sum;

/* n products of elements that stand x and y elements apart. */
static void add_products(Sum *s, DType d, const Tensor *args, int64_t p, int64_t q, Axis along) {
    const float *f = args[0].bytes, *g = args[1].bytes;
    for (int64_t k = 0; k < along.size; k++, p += along.x, q += along.y) {
        if (d == DT_f32) {
            s->z[0] += (double)f[p] * (double)g[q];
        } else if (dtype_is_inexact(d)) {
            double u[2], v[2];
            element_complex(d, tensor_at(&args[0], p), u), element_complex(d, tensor_at(&args[1], q), v);
            s->z[0] += dtype_is_complex(d) ? u[0] * v[0] - u[1] * v[1] : u[0] * v[0];
            s->z[1] += dtype_is_complex(d) ? u[0] * v[1] + u[1] * v[0] : 0;
        } else {
            int64_t u = tensor_int(&args[0], p), v = tensor_int(&args[1], q);
            s->integer += (uint64_t)u * (uint64_t)v;
            s->any = s->any || (u && v);
        }
    }
}

/* Over all contracted axes, the last of them innermost. */
static void add_all(Sum *s, DType d, const Tensor *args, int64_t p, int64_t q, const Axis *axes, int n) {
    if (n <= 1) {
        add_products(s, d, args, p, q, n ? axes[0] : (Axis){ 1, 0, 0 });
        return;
    }
    for (int64_t k = 0; k < axes[0].size; k++)
        add_all(s, d, args, p + k * axes[0].x, q + k * axes[0].y, axes + 1, n - 1);
}

static bool eval_dot(Eval *ev, const Inst *in, const Tensor *args, Tensor *z) {
    const Type *x = args[0].type, *y = args[1].type;
    const Attrs *a = in->attrs;
    DType d = x->dtype;
    int64_t size_x[MAX_RANK], size_y[MAX_RANK], stride_x[MAX_RANK], stride_y[MAX_RANK], terms = 1;
    Axis result[2 * MAX_RANK], summed[MAX_RANK];
    int rank = 0;
    unsigned used_x = 0, used_y = 0;
    tensor_sizes(x, size_x), tensor_sizes(y, size_y);
    tensor_strides(x, stride_x), tensor_strides(y, stride_y);
    for (int i = 0; i < a->lhs_axes.n; i++) {
        int64_t p = a->lhs_axes.at[i], q = a->rhs_axes.at[i];
        used_x |= 1u << p;
        used_y |= 1u << q;
        summed[i] = (Axis){ size_x[p], stride_x[p], stride_y[q] };
        terms *= size_x[p];
    }
    for (int i = 0; i < a->batch; i++) result[rank++] = (Axis){ size_x[i], stride_x[i], stride_y[i] };
    for (int i = (int)a->batch; i < x->rank; i++)
        if (!(used_x >> i & 1)) result[rank++] = (Axis){ size_x[i], stride_x[i], 0 };
    for (int i = (int)a->batch; i < y->rank; i++)
        if (!(used_y >> i & 1)) result[rank++] = (Axis){ size_y[i], 0, stride_y[i] };
    ev->steps += z->n * terms / EVAL_STEP;
    for (int64_t i = 0; i < z->n; i++) {
        Sum s = { 0 };
        int64_t p = 0, q = 0, rest = i;
        for (int k = rank - 1; k >= 0; k--) { /* the index of element i */
            p += rest % result[k].size * result[k].x;
            q += rest % result[k].size * result[k].y;
            rest /= result[k].size;
        }
        add_all(&s, d, args, p, q, summed, a->lhs_axes.n);
        if (dtype_is_inexact(d))
            element_set_complex(d, tensor_slot(z, i), s.z);
        else
            element_set_int(d, tensor_slot(z, i), d == DT_bool ? s.any : (int64_t)s.integer);
    }
    return true;
}
const Rules rules_dot = { .shape = shape_dot, .eval = eval_dot, .transpose = transpose_dot, .batch = batch_dot };
