/* The functions of householder.h and symmetric.h for one type of numbers, REAL, and for every size of vectors. */
#include "tridiagonal.h"

#ifdef __x86_64__
#define BYTES 64
#define LEVEL __attribute__((target("avx512f,avx512dq,avx512vl")))
#define FOR_LEVEL(name) NAMED(name##_64)
#include "householder.h"
#include "symmetric.h"
#undef BYTES
#undef LEVEL
#undef FOR_LEVEL

#define BYTES 32
#define LEVEL __attribute__((target("avx2")))
#define FOR_LEVEL(name) NAMED(name##_32)
#include "householder.h"
#include "symmetric.h"
#undef BYTES
#undef LEVEL
#undef FOR_LEVEL
#endif

#define BYTES 16
#define LEVEL
#define FOR_LEVEL(name) NAMED(name##_16)
#include "householder.h"
#include "symmetric.h"
#undef BYTES
#undef LEVEL
#undef FOR_LEVEL

static bool NAMED(qr)(int m, int n, int columns, const void *x, void *q, void *r, void *room) {
#ifdef __x86_64__
    int bytes = jxl_vector_bytes();
    if (bytes == 64) return NAMED(qr_64)(m, n, columns, x, q, r, room);
    if (bytes == 32) return NAMED(qr_32)(m, n, columns, x, q, r, room);
#endif
    return NAMED(qr_16)(m, n, columns, x, q, r, room);
}

static bool NAMED(eigh)(int n, const void *x, void *w, void *v, void *room) {
#ifdef __x86_64__
    int bytes = jxl_vector_bytes();
    if (bytes == 64) return NAMED(eigh_64)(n, x, w, v, room);
    if (bytes == 32) return NAMED(eigh_32)(n, x, w, v, room);
#endif
    return NAMED(eigh_16)(n, x, w, v, room);
}
