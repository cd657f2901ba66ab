/* The QR factorization of a small real matrix, by reflections in vectors: most of the time that LAPACK needs for one is not
** arithmetic. */
#include "internal.h"

#include <math.h>

#define REAL double
#define LANES 8
#define LEAST 1e-140
#define MOST 1e140
#define NAMED(name) name##_double
static inline double root_double(double x) { return sqrt(x); }
#include "householder.h"
#undef REAL
#undef LANES
#undef LEAST
#undef MOST
#undef NAMED

#define REAL float
#define LANES 16
#define LEAST 1e-15f
#define MOST 1e15f
#define NAMED(name) name##_float
static inline float root_float(float x) { return sqrtf(x); }
#include "householder.h"

int64_t jxl_qr_room(int m, int n, int columns) {
    int64_t k = m < n ? m : n, l = m > n ? m : n;
    return (m * (int64_t)(n + 16) + k * (m + 16) + m * (int64_t)(columns + 16) + l) * 8;
}

bool jxl_qr(int m, int n, int columns, int single, const void *x, void *q, void *r, void *room) {
    return (single ? qr_float : qr_double)(m, n, columns, x, q, r, room);
}
