/* One number as Python and NumPy write it. */
#include "internal.h"

#include <inttypes.h>
#include <math.h>

/* Both sides of the decimal point, for the parts of a complex number: 1, 1.5, 1e+20. */
static void drop_point(Text *t, size_t from) {
    size_t point = from;
    while (point < t->n && t->at[point] != '.') point++;
    if (point == t->n || (point + 1 < t->n && t->at[point + 1] != 'e')) return;
    for (size_t i = point; i < t->n; i++) t->at[i] = t->at[i + 1];
    t->n--;
}

static int put_not_finite(Text *t, double x) {
    if (isfinite(x)) return 0;
    jxl_text_put(t, isnan(x) ? "nan" : x < 0 ? "-inf" : "inf");
    return 1;
}

/* With the fewest digits that `dtype` needs; with an exponent below `low` and from `high` on. */
static void put_shortest(Text *t, double x, int dtype, double low, double high, int is_part) {
    if (put_not_finite(t, x)) return;
    if (signbit(x)) jxl_text_put(t, "-");
    Decimal d = jxl_shortest(x, dtype);
    size_t from = t->n;
    int exponent = x != 0 && (fabs(x) < low || fabs(x) >= high);
    if (exponent)
        jxl_put_exponent(t, &d, 2);
    else
        jxl_put_positional(t, &d);
    if (t->call->status) return;
    if (is_part || exponent)
        drop_point(t, from);
    else if (t->at[t->n - 1] == '.')
        jxl_text_put(t, "0");
}

static void put_float(Text *t, double x, int dtype, int is_part) {
    if (dtype == JXL_BF16)
        jxl_text_addf(t, "%g", isnan(x) ? fabs(x) : x);
    else
        put_shortest(t, x, dtype, 1e-4, jxl_dtypes[dtype].exponents_from, is_part);
}

static void put_complex(Text *t, const Number *x, int dtype) {
    int imaginary_only = x->re == 0 && !signbit(x->re);
    if (!imaginary_only) {
        jxl_text_put(t, "(");
        put_float(t, x->re, dtype, 1);
        if (isnan(x->im) || !signbit(x->im)) jxl_text_put(t, "+");
    }
    put_float(t, x->im, dtype, 1);
    jxl_text_put(t, imaginary_only ? "j" : "j)");
}

static void put_scalar(Text *t, const Number *x, int dtype) {
    switch (jxl_dtypes[x->dtype].kind) {
    case KIND_BOOL: jxl_text_put(t, x->magnitude ? "True" : "False"); break;
    case KIND_INT: jxl_text_addf(t, "%s%" PRIu64, x->negative ? "-" : "", x->magnitude); break;
    case KIND_FLOAT: put_float(t, x->re, dtype, 0); break;
    case KIND_COMPLEX: put_complex(t, x, dtype); break;
    }
}

void jxl_python_float(Text *t, double x) { put_float(t, x, JXL_F64, 0); }
void jxl_python_scalar(Text *t, const Number *x) { put_scalar(t, x, JXL_F64); }
void jxl_numpy_scalar(Text *t, const Number *x) { put_scalar(t, x, jxl_dtypes[x->dtype].part); }
