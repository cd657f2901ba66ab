/* Eigenvalues and eigenvectors of small symmetric matrices, for the types of householder.h: reflections to a tridiagonal matrix,
** whose rotations are found by implicit QL or QR steps (tridiagonal.h) and applied to rows of the transposed vectors. */

/* x, of which the lower triangle is read, to ascending w and, unless v is NULL, columns of v. */
static LEVEL bool FOR_LEVEL(eigh)(int n, const REAL *x, REAL *w, REAL *v, REAL *room) {
    int wide = (n + LANES - 1) / LANES, stride = wide * LANES;
    REAL *a = room, *vs = a + n * stride, *z = vs + n * stride, *u = z + n * stride, tau[MOST_SYMMETRIC];
    NAMED(Tridiagonal) t = { .n = n };
    for (int i = 0; i < n; i++)
        for (int j = 0; j < stride; j++) a[i * stride + j] = j >= n ? 0 : j <= i ? x[i * n + j] : x[j * n + i];
    for (int i = 0; i + 1 < n; i++) {
        REAL *at = a + (i + 1) * stride, *r = vs + i * stride, beta = at[i];
        int from = (i + 1) / LANES * LANES;
        for (int j = 0; j < stride; j++) r[j] = 0;
        if (!FOR_LEVEL(reflection)(&beta, at + i, stride, n - 1 - i, r + i + 1, &tau[i])) return false;
        t.d[i] = a[i * stride + i];
        t.e[i] = beta;
        if (tau[i] == 0) continue;
        for (int j = from; j < stride; j += LANES) { /* u = tau a r */
            V even = { 0 }, odd = { 0 };
            int k = i + 1;
            for (; k + 1 < n; k += 2) {
                even += r[k] * *(const V *)(a + k * stride + j);
                odd += r[k + 1] * *(const V *)(a + (k + 1) * stride + j);
            }
            if (k < n) even += r[k] * *(const V *)(a + k * stride + j);
            *(V *)(u + j) = tau[i] * (even + odd);
        }
        REAL dot = 0;
        for (int j = from; j <= i; j++) u[j] = 0;
        for (int j = i + 1; j < n; j++) dot += u[j] * r[j];
        dot *= tau[i] / -2;
        for (int j = from; j < stride; j += LANES) *(V *)(u + j) += dot * *(const V *)(r + j);
        for (int k = i + 1; k < n; k++)
            for (int j = from; j < stride; j += LANES)
                *(V *)(a + k * stride + j) -= r[k] * *(const V *)(u + j) + u[k] * *(const V *)(r + j);
    }
    t.d[n - 1] = a[n * stride - stride + n - 1];
    for (int i = 0; v && i < n; i++)
        for (int j = 0; j < stride; j++) z[i * stride + j] = i == j ? (REAL)1 : 0;
    int count;
    while ((count = NAMED(tridiagonal_step)(&t)) > 0)
        for (int i = 0; v && i < count; i++) {
            REAL *p = z + t.row[i] * stride, c = t.c[i], s = t.s[i];
            for (int j = 0; j < stride; j += LANES) {
                V one = *(const V *)(p + j), two = *(const V *)(p + stride + j);
                *(V *)(p + stride + j) = c * two - s * one;
                *(V *)(p + j) = s * two + c * one;
            }
        }
    if (count < 0) return false;
    int order[MOST_SYMMETRIC];
    NAMED(tridiagonal_order)(&t, order);
    for (int i = 0; w && i < n; i++) w[i] = t.d[i];
    if (!v) return true;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < stride; j++) a[i * stride + j] = j < n ? z[order[j] * stride + i] : 0;
    for (int i = n - 2; i >= 0; i--)
        if (tau[i] != 0)
            FOR_LEVEL(reflect)(a + (i + 1) * stride, stride, n - 1 - i, vs + i * stride + i + 1, tau[i], 0, wide);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) v[i * n + j] = a[i * stride + j];
    return true;
}
#undef V
#undef LANES
