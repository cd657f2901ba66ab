/* Fourier transforms along an axis, by pocketfft, line after line; computed in double whatever the dtype. */
#include "internal.h"
#include "third_party/pocketfft.h"

#include <string.h>

typedef struct {
    int32_t what;
    const jxl_array *x, *y;
    int64_t n, nx, ny,
        inner; /* points of the transform; of a line of x and of y; numbers between two points of a line */
    cfft_plan complex;
    rfft_plan real;
} Fft;

static double part_at(const jxl_array *a, int64_t part) {
    int single = jxl_dtypes[a->dtype].part == JXL_F32;
    return single ? (double)((const float *)a->data)[part] : ((const double *)a->data)[part];
}

static void set_part(const jxl_array *a, int64_t part, double value) {
    if (jxl_dtypes[a->dtype].part == JXL_F32)
        ((float *)a->data)[part] = (float)value;
    else
        ((double *)a->data)[part] = value;
}

static int whole_complex(const Fft *f, int64_t from, int64_t to, double *line) {
    for (int64_t i = 0; i < f->n; i++) {
        line[2 * i] = part_at(f->x, 2 * (from + i * f->inner));
        line[2 * i + 1] = part_at(f->x, 2 * (from + i * f->inner) + 1);
    }
    int failed = f->what == JXL_FFT ? cfft_forward(f->complex, line, 1) : cfft_backward(f->complex, line, 1);
    for (int64_t i = 0; i < f->n; i++) {
        set_part(f->y, 2 * (to + i * f->inner), line[2 * i]);
        set_part(f->y, 2 * (to + i * f->inner) + 1, line[2 * i + 1]);
    }
    return failed;
}

static int from_real(const Fft *f, int64_t from, int64_t to, double *line) {
    for (int64_t i = 0; i < f->n; i++) line[i] = part_at(f->x, from + i * f->inner);
    int failed = rfft_forward(f->real, line, 1);
    for (int64_t i = 0; i < f->ny; i++) {
        int64_t at = 2 * (to + i * f->inner);
        set_part(f->y, at, line[i ? 2 * i - 1 : 0]);
        set_part(f->y, at + 1, i && 2 * i < f->n ? line[2 * i] : 0);
    }
    return failed;
}

/* The imaginary parts of the first number, and of the last of an even transform, do not count. */
static int to_real(const Fft *f, int64_t from, int64_t to, double *line) {
    for (int64_t i = 0; i < f->nx; i++) {
        int64_t at = 2 * (from + i * f->inner);
        line[i ? 2 * i - 1 : 0] = part_at(f->x, at);
        if (i && 2 * i < f->n) line[2 * i] = part_at(f->x, at + 1);
    }
    int failed = rfft_backward(f->real, line, 1);
    for (int64_t i = 0; i < f->n; i++) set_part(f->y, to + i * f->inner, line[i]);
    return failed;
}

static int lines(jxl_call *c, void *context, int64_t lo, int64_t hi) {
    const Fft *f = context;
    double *line = jxl_alloc(c, 2 * f->n * (int64_t)sizeof *line);
    if (!line) return c->status;
    int failed = 0;
    for (int64_t i = lo; i < hi && !failed; i++) {
        int64_t from = i / f->inner * f->inner * f->nx + i % f->inner,
                to = i / f->inner * f->inner * f->ny + i % f->inner;
        failed = f->complex ? whole_complex(f, from, to, line)
                            : (f->what == JXL_RFFT ? from_real : to_real)(f, from, to, line);
    }
    jxl_release(c, line);
    return failed ? jxl_fail_text(c, 1, "out of memory in a Fourier transform of %lld points", (long long)f->n) : 0;
}

int jxl_fft(jxl_call *c, int32_t what, int32_t axis, const jxl_array *x, const jxl_array *y) {
    Fft f = { .what = what, .x = x, .y = y, .nx = x->shape[axis], .ny = y->shape[axis], .inner = 1 };
    for (int i = axis + 1; i < x->rank; i++) f.inner *= x->shape[i];
    f.n = what == JXL_IRFFT ? f.ny : f.nx;
    if (!f.n || !f.nx || !jxl_count(x)) return 0;
    int complex = what == JXL_FFT || what == JXL_IFFT;
    if (complex)
        f.complex = make_cfft_plan((size_t)f.n);
    else
        f.real = make_rfft_plan((size_t)f.n);
    if (!f.complex && !f.real)
        return jxl_fail_text(c, 1, "out of memory for a Fourier transform of %lld points", (long long)f.n);
    int status = jxl_parallel_for(c, lines, &f, jxl_count(x) / f.nx, 1 + 20000 / f.n);
    if (f.complex) destroy_cfft_plan(f.complex);
    if (f.real) destroy_rfft_plan(f.real);
    return status;
}
