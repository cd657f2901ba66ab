/* Fourier transforms of any length, by pocketfft, line after line; computed in double whatever the dtype. */
#include "fft.h"
#include "internal.h"
#include "third_party/pocketfft.h"

#include <string.h>

typedef struct {
    int32_t what;
    const jxl_array *x, *y;
    int64_t n, nx, ny,
        inner; /* points of the transform; of a line of x and of y; numbers between two points of a line */
    double scale;
    cfft_plan complex;
    rfft_plan real;
} Fft;

/* Where part q of number k of a line stands for pocketfft: complex numbers one after another; the first half of the transform
** of real numbers as r0, r1, i1, r2, ..., where what is not there (the imaginary part of r0) has no place: -1. */
static int64_t place(const Fft *f, int half, int64_t k, int q) {
    if (!half) return f->complex ? 2 * k + q : k;
    if (q && (!k || 2 * k == f->n)) return -1;
    return k ? 2 * k - 1 + q : 0;
}

static void read_numbers(const jxl_array *a, int64_t at, int64_t n, double *to) {
    const float *single = (const float *)a->data + at;
    if (jxl_dtypes[a->dtype].part != JXL_F32)
        memcpy(to, (const double *)a->data + at, (size_t)n * sizeof *to);
    else
        for (int64_t i = 0; i < n; i++) to[i] = (double)single[i];
}

static void write_numbers(const jxl_array *a, int64_t at, int64_t n, const double *from) {
    float *single = (float *)a->data + at;
    if (jxl_dtypes[a->dtype].part != JXL_F32)
        memcpy((double *)a->data + at, from, (size_t)n * sizeof *from);
    else
        for (int64_t i = 0; i < n; i++) single[i] = (float)from[i];
}

/* A line whose numbers are neighbours: r0 (0) r1 i1 r2 ... is pocketfft's order but for what stands in brackets. */
static void load_line(const Fft *f, int64_t from, double *line) {
    if (f->what == JXL_IRFFT) {
        read_numbers(f->x, 2 * from, 1, line);
        read_numbers(f->x, 2 * from + 2, f->n - 1, line + 1);
    } else {
        read_numbers(f->x, f->complex ? 2 * from : from, f->complex ? 2 * f->n : f->n, line);
    }
}

static void store_line(const Fft *f, int64_t to, const double *line) {
    const double none = 0;
    if (f->what == JXL_RFFT) {
        write_numbers(f->y, 2 * to, 1, line);
        write_numbers(f->y, 2 * to + 1, 1, &none);
        write_numbers(f->y, 2 * to + 2, f->n - 1, line + 1);
        if (f->n % 2 == 0) write_numbers(f->y, 2 * to + f->n + 1, 1, &none);
    } else {
        write_numbers(f->y, f->complex ? 2 * to : to, f->complex ? 2 * f->n : f->n, line);
    }
}

/* `count` neighbouring lines at once, so that memory is read and written in pieces even where a line is not. */
static void load(const Fft *f, int64_t from, int64_t count, double *line, int64_t length) {
    int parts = jxl_dtypes[f->x->dtype].kind == KIND_COMPLEX ? 2 : 1, half = f->what == JXL_IRFFT;
    int single = jxl_dtypes[f->x->dtype].part == JXL_F32;
    for (int64_t k = 0; k < f->nx; k++)
        for (int q = 0; q < parts; q++) {
            int64_t at = (from + k * f->inner) * parts + q, to = place(f, half, k, q);
            for (int64_t b = 0; to >= 0 && b < count; b++)
                line[b * length + to] = single ? (double)((const float *)f->x->data)[at + b * parts]
                                               : ((const double *)f->x->data)[at + b * parts];
        }
}

static void store(const Fft *f, int64_t to, int64_t count, const double *line, int64_t length) {
    int parts = jxl_dtypes[f->y->dtype].kind == KIND_COMPLEX ? 2 : 1, half = f->what == JXL_RFFT;
    int single = jxl_dtypes[f->y->dtype].part == JXL_F32;
    for (int64_t k = 0; k < f->ny; k++)
        for (int q = 0; q < parts; q++) {
            int64_t at = (to + k * f->inner) * parts + q, from = place(f, half, k, q);
            for (int64_t b = 0; b < count; b++) {
                double x = from < 0 ? 0 : line[b * length + from];
                if (single)
                    ((float *)f->y->data)[at + b * parts] = (float)x;
                else
                    ((double *)f->y->data)[at + b * parts] = x;
            }
        }
}

static int transform(const Fft *f, double *line) {
    switch (f->what) {
    case JXL_FFT: return cfft_forward(f->complex, line, f->scale);
    case JXL_IFFT: return cfft_backward(f->complex, line, f->scale);
    case JXL_RFFT: return rfft_forward(f->real, line, f->scale);
    default: return rfft_backward(f->real, line, f->scale);
    }
}

static int lines(jxl_call *c, void *context, int64_t lo, int64_t hi) {
    enum { TOGETHER = 16 };
    const Fft *f = context;
    int64_t length = (f->complex ? 2 : 1) * f->n, together = f->inner < TOGETHER ? f->inner : TOGETHER;
    double *room = jxl_alloc(c, together * length * (int64_t)sizeof *room);
    if (!room) return c->status;
    int failed = 0;
    for (int64_t i = lo; i < hi && !failed;) {
        int64_t at = i % f->inner, first = i / f->inner * f->inner, count = together;
        if (count > f->inner - at) count = f->inner - at;
        if (count > hi - i) count = hi - i;
        if (f->inner == 1)
            load_line(f, i * f->nx, room);
        else
            load(f, first * f->nx + at, count, room, length);
        for (int64_t b = 0; b < count && !failed; b++) failed = transform(f, room + b * length);
        if (f->inner == 1)
            store_line(f, i * f->ny, room);
        else
            store(f, first * f->ny + at, count, room, length);
        i += count;
    }
    jxl_release(c, room);
    return failed ? jxl_fail_text(c, 1, "out of memory in a Fourier transform of %lld points", (long long)f->n) : 0;
}

int jxl_fft_any(jxl_call *c, int32_t what, int32_t axis, int32_t divided, const jxl_array *x, const jxl_array *y) {
    Fft f = { .what = what, .x = x, .y = y, .nx = x->shape[axis], .ny = y->shape[axis], .inner = 1 };
    for (int i = axis + 1; i < x->rank; i++) f.inner *= x->shape[i];
    f.n = what == JXL_IRFFT ? f.ny : f.nx;
    f.scale = divided ? 1 / (double)f.n : 1;
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
