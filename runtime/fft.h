/* What the files of Fourier transforms share. */
#ifndef JXL_FFT_H
#define JXL_FFT_H

#include "jxl/runtime.h"

enum { SPLIT = 16 /* columns of a split line are counted in groups of so many, whatever the vectors */ };

/* n as a product of 2, 3, 4, 5, 7, 8 and 11, and for each of these the powers of w by which its results turn. */
typedef struct {
    int64_t n;
    int count, factor[40];
    void *roots;
} Factors;

/* How lines of one length are transformed. */
typedef struct Fourier {
    int32_t what; /* JXL_FFT and so on */
    double scale; /* of the result */
    int64_t points, nx,
        ny;        /* complex numbers: half as many as there are real ones, unless that is odd; of a line of x and y */
    int odd;       /* real ones, which are not taken in pairs */
    Factors whole; /* as one, ... */
    Factors first, second; /* ... or split into n1 n2 points, where first.n is not 0, ... */
    void *chirp,
        *filter; /* ... or, where they are there, as a convolution of whole.n points: with exp(-pi i k k / n) for k < n
                               before and behind, and the transform of what it is with, divided by whole.n */
    void *fine,
        *coarse; /* w^(k j) for k < n1: j below SPLIT (real parts, then imaginary ones), and its multiples (in pairs) */
    void *half;  /* exp(-2 pi i k / n) of n real numbers, for k up to a quarter of n */
} Fourier;

enum { MOST_GROUPS = 16 };

/* fft_lanes.h: for one type of numbers and one width of vectors */
typedef struct {
    int lanes;
    size_t size; /* of a complex number in every lane */
    void (*lines)(const Fourier *, const void *x, void *y, int64_t step, int groups, void *room);
    void (*columns)(const Fourier *, int64_t from, int64_t to, const void *x, void *re, void *im, void *room);
    void (*rows)(const Fourier *, int64_t from, int64_t to, const void *re, const void *im, void *y, void *room);
    void (*pack)(const Fourier *, const void *y, void *z);
    void (*unpack)(const Fourier *, const void *z, void *y);
} Kernels;
extern const Kernels *const jxl_fft_alone[2], *const jxl_fft_16[2], *const jxl_fft_32[2],
                                                                        *const jxl_fft_64[2]; /* double and float */

/* fft_any.c */
int jxl_fft_any(jxl_call *, int32_t what, int32_t axis, int32_t divided, const jxl_array *x, const jxl_array *y);

/* fft_plan.c.  A long length with other factors, or an odd one of real numbers, has none; kept is what is there for the next
** time, the others the caller frees. */
int jxl_fft_has_plan(int32_t what, int64_t n);
/* split: from so many points on, if it can be, or 0: never; NULL: out of memory */
Fourier *jxl_fft_plan(int32_t what, int64_t n, int divided, int single, int split, int *is_kept);
void jxl_fft_plan_free(Fourier *);

#endif
