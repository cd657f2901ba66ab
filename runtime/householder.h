/* Reflections of small real matrices, for one type of numbers, REAL, and vectors of one size, BYTES: wider ones than a processor
** has go through memory.  FOR_LEVEL(name) tells the functions apart, and LEVEL says for which processors they are made.
**
** A matrix lies in rows that are padded to whole vectors.  Products and sums are what they are, never fused, and each number of
** a row is summed up by itself: the bits are the same in registers of any width.  Signs are LAPACK's. */

typedef REAL FOR_LEVEL(V) __attribute__((vector_size(BYTES)));
#define V FOR_LEVEL(V)
#define LANES ((int)(BYTES / sizeof(REAL)))

/* The reflection I - tau v v^T, v[0] = 1, that makes (alpha, x[1], ... x[n - 1]) a multiple of the first axis, the result; x, whose
** numbers are `step` apart, to v.  False where squares would leave the range of numbers. */
static inline LEVEL __attribute__((always_inline)) bool FOR_LEVEL(reflection)(REAL *alpha, const REAL *x, int step,
                                                                              int n, REAL *v, REAL *tau) {
    REAL sums[4] = { 0 }, most = 0;
    for (int i = 1; i < n; i++) {
        REAL one = x[i * step];
        v[i] = one;
        sums[i % 4] += one * one;
        most = one < 0 ? (most > -one ? most : -one) : (most > one ? most : one);
    }
    v[0] = 1;
    *tau = 0;
    if (most == 0) return true;
    REAL a = *alpha, size = a < 0 ? -a : a;
    if (!(most > LEAST && most < MOST && size < MOST)) return false;
    REAL norm = NAMED(root)(a * a + ((sums[0] + sums[1]) + (sums[2] + sums[3]))), beta = signbit(a) ? norm : -norm;
    *tau = (beta - a) / beta;
    REAL scale = 1 / (a - beta);
    for (int i = 1; i < n; i++) v[i] *= scale;
    *alpha = beta;
    return true;
}

/* Rows from `a` on, n of them with `stride` numbers each, reflected, in the vectors from .. to. */
static inline LEVEL __attribute__((always_inline)) void FOR_LEVEL(reflect)(REAL *a, int stride, int n, const REAL *v,
                                                                           REAL tau, int from, int to) {
    for (int j = from * LANES; j < to * LANES; j += LANES) {
        V even = *(const V *)(a + j), odd = { 0 };
        int i = 1;
        for (; i + 1 < n; i += 2) {
            odd += v[i] * *(const V *)(a + i * stride + j);
            even += v[i + 1] * *(const V *)(a + (i + 1) * stride + j);
        }
        if (i < n) odd += v[i] * *(const V *)(a + i * stride + j);
        V w = tau * (even + odd);
        for (i = 0; i < n; i++) *(V *)(a + i * stride + j) -= v[i] * w;
    }
}

/* x, m by n, to q with `columns` columns and r with as many rows, either of which may be NULL. */
static LEVEL bool FOR_LEVEL(qr)(int m, int n, int columns, const REAL *x, REAL *q, REAL *r, REAL *room) {
    int k = m < n ? m : n, wide = (n + LANES - 1) / LANES, wide_q = (columns + LANES - 1) / LANES;
    int stride = wide * LANES, stride_q = wide_q * LANES, stride_v = (m + LANES - 1) / LANES * LANES;
    REAL *a = room, *vs = a + m * stride, *b = vs + k * stride_v, *tau = b + m * stride_q;
    for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) a[i * stride + j] = x[i * n + j];
        for (int j = n; j < stride; j++) a[i * stride + j] = 0;
    }
    for (int i = 0; i < k; i++) {
        REAL *at = a + i * stride, *v = vs + i * stride_v, diagonal = at[i];
        if (!FOR_LEVEL(reflection)(&diagonal, at + i, stride, m - i, v, &tau[i])) return false;
        if (tau[i] != 0) FOR_LEVEL(reflect)(at, stride, m - i, v, tau[i], (i + 1) / LANES, wide);
        at[i] = diagonal;
    }
    for (int i = 0; r && i < columns; i++)
        for (int j = 0; j < n; j++) r[i * n + j] = j < i ? 0 : a[i * stride + j];
    if (!q) return true;
    for (int i = 0; i < m; i++)
        for (int j = 0; j < stride_q; j++) b[i * stride_q + j] = i == j ? (REAL)1 : 0;
    for (int i = k - 1; i >= 0; i--)
        if (tau[i] != 0)
            FOR_LEVEL(reflect)(b + i * stride_q, stride_q, m - i, vs + i * stride_v, tau[i], i / LANES, wide_q);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < columns; j++) q[i * columns + j] = b[i * stride_q + j];
    return true;
}
