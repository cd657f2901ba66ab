/* Factorizations of small real matrices by reflections in vectors: QR, and eigenvalues and eigenvectors of symmetric ones.  Most
** of the time that LAPACK needs for one of these is not arithmetic. */
#include "internal.h"

#include <float.h>
#include <math.h>

enum { MOST_SYMMETRIC = 25 /* rows; of larger ones LAPACK's way, and so the signs, are others */, MOST_STEPS = 30 };

#define REAL double
#define EPSILON (DBL_EPSILON / 2)
#define SAFE DBL_MIN
#define LEAST_BLOCK 1e-120
#define LEAST 1e-140
#define MOST 1e140
#define NAMED(name) name##_double
static inline double root_double(double x) { return sqrt(x); }
static inline double size_double(double x) { return fabs(x); }
static inline double larger_double(double x, double y) { return x > y ? x : y; }
static inline double signed_as_double(double x, double y) { return copysign(x, y); }
#include "householder_levels.h"
#undef REAL
#undef EPSILON
#undef SAFE
#undef LEAST_BLOCK
#undef LEAST
#undef MOST
#undef NAMED

#define REAL float
#define EPSILON (FLT_EPSILON / 2)
#define SAFE FLT_MIN
#define LEAST_BLOCK 4e-5f
#define LEAST 1e-15f
#define MOST 1e15f
#define NAMED(name) name##_float
static inline float root_float(float x) { return sqrtf(x); }
static inline float size_float(float x) { return fabsf(x); }
static inline float larger_float(float x, float y) { return x > y ? x : y; }
static inline float signed_as_float(float x, float y) { return copysignf(x, y); }
#include "householder_levels.h"

int64_t jxl_qr_room(int m, int n, int columns) {
    int64_t k = m < n ? m : n, l = m > n ? m : n;
    return (m * (int64_t)(n + 16) + k * (m + 16) + m * (int64_t)(columns + 16) + l) * 8;
}

bool jxl_qr(int m, int n, int columns, int single, const void *x, void *q, void *r, void *room) {
    return (single ? qr_float : qr_double)(m, n, columns, x, q, r, room);
}

int jxl_eigh_most(void) { return MOST_SYMMETRIC; }
int64_t jxl_eigh_room(int n) { return (4 * (int64_t)n + 1) * (n + 16) * 8; }

bool jxl_eigh(int n, int single, const void *x, void *w, void *v, void *room) {
    return (single ? eigh_float : eigh_double)(n, x, w, v, room);
}
