/* linalg: on the last two axes, batched over the rest. */
#include "ops/rules.h"

#include <math.h>
#include <string.h>

static const char *shape_square(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type;
    if (x->rank < 2 || x->dim[x->rank - 1] != x->dim[x->rank - 2] || !dtype_is_inexact(x->dtype))
        return arena_text(cx->arena, "%s of %s, which is not square", op_name(in->op), type_text(cx, x));
    results[0] = x;
    return NULL;
}
static const char *shape_triangular_solve(Compiler *cx, const Inst *in, const Type **results) {
    const char *wrong = shape_square(cx, in, results);
    if (wrong) return wrong;
    const Type *a = in->args[0]->type, *b = in->args[1]->type;
    bool fits = a->rank == b->rank && a->dtype == b->dtype;
    for (int i = 0; fits && i < a->rank - 1; i++) fits = a->dim[i] == b->dim[i];
    if (!fits) return arena_text(cx->arena, "triangular_solve of %s and %s", type_text(cx, a), type_text(cx, b));
    results[0] = b;
    return NULL;
}

/* One matrix, computed in double whatever its dtype. */
typedef struct {
    const Tensor *t;
    int64_t first, columns;
} Matrix;
static void get(Matrix m, int64_t i, int64_t j, double z[2]) {
    element_complex(m.t->type->dtype, tensor_at(m.t, m.first + i * m.columns + j), z);
}
static void put(Matrix m, int64_t i, int64_t j, const double z[2]) {
    element_set_complex(m.t->type->dtype, tensor_slot(m.t, m.first + i * m.columns + j), z);
}
static void subtract_product(double z[2], const double a[2], const double b[2]) {
    z[0] -= a[0] * b[0] - a[1] * b[1];
    z[1] -= a[0] * b[1] + a[1] * b[0];
}
static void divide(double z[2], const double by[2]) {
    double size = by[0] * by[0] + by[1] * by[1];
    double re = (z[0] * by[0] + z[1] * by[1]) / size, im = (z[1] * by[0] - z[0] * by[1]) / size;
    if (by[1] == 0) re = z[0] / by[0], im = z[1] / by[0];
    z[0] = re;
    z[1] = im;
}

static bool eval_cholesky(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    (void)ev, (void)in;
    int64_t size[MAX_RANK], n;
    tensor_sizes(x->type, size);
    n = size[x->type->rank - 1];
    for (int64_t first = 0; n && first < x->n; first += n * n) {
        Matrix a = { x, first, n }, l = { y, first, n };
        bool positive = true;
        for (int64_t j = 0; j < n; j++)
            for (int64_t i = j; i < n; i++) {
                double z[2], p[2], q[2];
                get(a, i, j, z);
                for (int64_t k = 0; k < j; k++) {
                    get(l, i, k, p);
                    get(l, j, k, q);
                    subtract_product(z, p, (double[]){ q[0], -q[1] });
                }
                if (i == j) {
                    positive = positive && z[0] > 0;
                    z[0] = sqrt(z[0]);
                    z[1] = 0;
                } else {
                    get(l, j, j, q);
                    divide(z, q);
                }
                put(l, i, j, z);
            }
        for (int64_t i = 0; !positive && i < n; i++)
            for (int64_t j = 0; j <= i; j++) put(l, i, j, (double[]){ (double)NAN, 0 });
    }
    return true;
}
const Rules rules_cholesky = { .shape = shape_square, .eval = eval_cholesky, .jvp = jvp_cholesky };

static bool eval_triangular_solve(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    (void)ev;
    int64_t size_a[MAX_RANK], size_b[MAX_RANK];
    int rank = args[0].type->rank;
    tensor_sizes(args[0].type, size_a);
    tensor_sizes(args[1].type, size_b);
    int64_t n = size_a[rank - 1], m = size_b[rank - 1];
    bool flip = in->attrs->transposed != 0, forward = (in->attrs->lower != 0) != flip;
    for (int64_t one = 0; n && m && one < y->n / (n * m); one++) {
        Matrix a = { &args[0], one * n * n, n }, b = { &args[1], one * n * m, m }, x = { y, one * n * m, m };
        for (int64_t column = 0; column < m; column++)
            for (int64_t done = 0; done < n; done++) {
                int64_t i = forward ? done : n - 1 - done;
                double z[2], p[2], q[2];
                get(b, i, column, z);
                for (int64_t k = forward ? 0 : i + 1; k < (forward ? i : n); k++) {
                    get(a, flip ? k : i, flip ? i : k, p);
                    get(x, k, column, q);
                    subtract_product(z, p, q);
                }
                get(a, i, i, p);
                if (!in->attrs->unit) divide(z, p);
                put(x, i, column, z);
            }
    }
    return true;
}
const Rules rules_triangular_solve = { .shape = shape_triangular_solve,
                                       .eval = eval_triangular_solve,
                                       .jvp = jvp_triangular_solve,
                                       .transpose = transpose_triangular_solve,
                                       .batch = batch_triangular_solve };

static double size_of(const double z[2]) { return fabs(z[0]) + fabs(z[1]); }

static void exchange_rows(Matrix a, int64_t i, int64_t j) {
    for (int64_t k = 0; i != j && k < a.columns; k++) {
        double p[2], q[2];
        get(a, i, k, p);
        get(a, j, k, q);
        put(a, i, k, q);
        put(a, j, k, p);
    }
}

/* One column of Gauss's elimination: the rows below lose what they have of row k, and keep how often. */
static void eliminate(Matrix a, int64_t rows, int64_t k) {
    double pivot[2], p[2], z[2];
    get(a, k, k, pivot);
    for (int64_t i = k + 1; i < rows && size_of(pivot) != 0; i++) {
        double factor[2];
        get(a, i, k, factor);
        divide(factor, pivot);
        put(a, i, k, factor);
        get(a, i, k, factor); /* rounded */
        for (int64_t j = k + 1; j < a.columns; j++) {
            get(a, i, j, z);
            get(a, k, j, p);
            subtract_product(z, factor, p);
            put(a, i, j, z);
        }
    }
}

bool eval_lu(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    (void)ev, (void)in;
    int64_t size[MAX_RANK];
    int rank = x->type->rank;
    tensor_sizes(x->type, size);
    int64_t m = size[rank - 2], n = size[rank - 1], least = m < n ? m : n;
    memcpy(y[0].bytes, x->bytes, (size_t)x->n * (size_t)dtype_bytes(x->type->dtype));
    int32_t *pivots = y[1].bytes, *order = y[2].bytes;
    for (int64_t one = 0; m && one < y[2].n / m; one++, pivots += least, order += m) {
        Matrix a = { &y[0], one * m * n, n };
        for (int64_t i = 0; i < m; i++) order[i] = (int32_t)i;
        for (int64_t k = 0; k < least; k++) {
            double z[2], best = -1;
            pivots[k] = (int32_t)k;
            for (int64_t i = k; i < m; i++) {
                get(a, i, k, z);
                if (size_of(z) > best) best = size_of(z), pivots[k] = (int32_t)i;
            }
            int32_t was = order[k];
            order[k] = order[pivots[k]];
            order[pivots[k]] = was;
            exchange_rows(a, k, pivots[k]);
            eliminate(a, m, k);
        }
    }
    return true;
}

static const char *shape_solve(Compiler *cx, const Inst *in, const Type **results) {
    const char *wrong = shape_square(cx, in, results);
    if (wrong) return wrong;
    const Type *a = in->args[0]->type, *b = in->args[1]->type;
    int64_t n, m;
    bool fits = a->rank == b->rank && a->dtype == b->dtype && dim_is_int(a->dim[a->rank - 1], &n) && n <= MOST_SMALL;
    for (int i = 0; fits && i < a->rank - 1; i++) fits = a->dim[i] == b->dim[i];
    fits = fits && dim_is_int(b->dim[b->rank - 1], &m) && m <= MOST_SMALL;
    if (!fits) return arena_text(cx->arena, "solve of %s and %s", type_text(cx, a), type_text(cx, b));
    results[0] = b;
    return NULL;
}

static bool eval_solve(Eval *ev, const Inst *in, const Tensor *args, Tensor *x) {
    (void)ev;
    int64_t size_a[MAX_RANK], size_b[MAX_RANK];
    int rank = args[0].type->rank;
    tensor_sizes(args[0].type, size_a);
    tensor_sizes(args[1].type, size_b);
    int64_t n = size_a[rank - 1], m = size_b[rank - 1];
    double z[2], p[2], q[2];
    for (int64_t one = 0; n && m && one < x->n / (n * m); one++) {
        double both[MOST_SMALL][2 * MOST_SMALL][2]; /* a and b side by side */
        Matrix a = { &args[0], one * n * n, n }, b = { &args[1], one * n * m, m }, y = { x, one * n * m, m };
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < n + m; j++)
                if (j < n)
                    get(a, in->attrs->transposed ? j : i, in->attrs->transposed ? i : j, both[i][j]);
                else
                    get(b, i, j - n, both[i][j]);
        for (int64_t k = 0; k < n; k++) {
            int64_t pivot = k;
            for (int64_t i = k; i < n; i++)
                if (size_of(both[i][k]) > size_of(both[pivot][k])) pivot = i;
            double row[2 * MOST_SMALL][2];
            memcpy(row, both[k], sizeof row);
            memcpy(both[k], both[pivot], sizeof row);
            memcpy(both[pivot], row, sizeof row);
            for (int64_t i = k + 1; i < n && size_of(both[k][k]) != 0; i++) {
                memcpy(z, both[i][k], sizeof z);
                divide(z, both[k][k]);
                for (int64_t j = k + 1; j < n + m; j++) subtract_product(both[i][j], z, both[k][j]);
            }
        }
        for (int64_t j = 0; j < m; j++)
            for (int64_t i = n - 1; i >= 0; i--) {
                memcpy(z, both[i][n + j], sizeof z);
                for (int64_t k = n - 1; k > i; k--) {
                    memcpy(p, both[i][k], sizeof p);
                    get(y, k, j, q);
                    subtract_product(z, p, q);
                }
                divide(z, both[i][i]);
                put(y, i, j, z);
            }
    }
    return true;
}

const Rules rules_solve = {
    .shape = shape_solve, .eval = eval_solve, .jvp = jvp_solve, .transpose = transpose_solve, .batch = batch_solve
};
