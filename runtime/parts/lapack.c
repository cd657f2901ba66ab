/* LAPACK: factorizations of every matrix of a batch.  Only programs that use them are linked with it (compiler/emit/link.c).
**
** Matrices are row-major here and column-major there: each is turned round on the way in and out.  Results of matrices with
** nan or infinity in them, and of those for which LAPACK finds no answer, are nan, as in JAX. */
#include "internal.h"

#include <math.h>
#include <string.h>

/* The four types of numbers; what is complex takes the same routine with room for real numbers. */
typedef void Geqrf(const int *m, const int *n, void *a, const int *lda, void *tau, void *work, const int *lwork,
                   int *info);
typedef void Orgqr(const int *m, const int *n, const int *k, void *a, const int *lda, const void *tau, void *work,
                   const int *lwork, int *info);
typedef void Gesdd(const char *job, const int *m, const int *n, void *a, const int *lda, void *s, void *u,
                   const int *ldu, void *vt, const int *ldvt, void *work, const int *lwork, int *iwork, int *info,
                   size_t);
typedef void GesddComplex(const char *job, const int *m, const int *n, void *a, const int *lda, void *s, void *u,
                          const int *ldu, void *vt, const int *ldvt, void *work, const int *lwork, void *rwork,
                          int *iwork, int *info, size_t);
typedef void Syevd(const char *job, const char *uplo, const int *n, void *a, const int *lda, void *w, void *work,
                   const int *lwork, int *iwork, const int *liwork, int *info, size_t, size_t);
typedef void Heevd(const char *job, const char *uplo, const int *n, void *a, const int *lda, void *w, void *work,
                   const int *lwork, void *rwork, const int *lrwork, int *iwork, const int *liwork, int *info, size_t,
                   size_t);
typedef void Geev(const char *left, const char *right, const int *n, void *a, const int *lda, void *re, void *im,
                  void *vl, const int *ldvl, void *vr, const int *ldvr, void *work, const int *lwork, int *info, size_t,
                  size_t);
typedef void GeevComplex(const char *left, const char *right, const int *n, void *a, const int *lda, void *w, void *vl,
                         const int *ldvl, void *vr, const int *ldvr, void *work, const int *lwork, void *rwork,
                         int *info, size_t, size_t);
typedef void Gees(const char *vectors, const char *sort, const void *select, const int *n, void *a, const int *lda,
                  int *sdim, void *re, void *im, void *z, const int *ldz, void *work, const int *lwork, int *bwork,
                  int *info, size_t, size_t);
typedef void GeesComplex(const char *vectors, const char *sort, const void *select, const int *n, void *a,
                         const int *lda, int *sdim, void *w, void *z, const int *ldz, void *work, const int *lwork,
                         void *rwork, int *bwork, int *info, size_t, size_t);
extern Geqrf sgeqrf_, dgeqrf_, cgeqrf_, zgeqrf_;
extern Orgqr sorgqr_, dorgqr_, cungqr_, zungqr_;
extern Gesdd sgesdd_, dgesdd_;
extern GesddComplex cgesdd_, zgesdd_;
extern Syevd ssyevd_, dsyevd_;
extern Heevd cheevd_, zheevd_;
extern Geev sgeev_, dgeev_;
extern GeevComplex cgeev_, zgeev_;
extern Gees sgees_, dgees_;
extern GeesComplex cgees_, zgees_;
/* OpenBLAS's threads are ours to count, where it is OpenBLAS. */
extern __attribute__((weak)) void openblas_set_num_threads(int);

typedef struct {
    Geqrf *geqrf;
    Orgqr *orgqr;
    Gesdd *gesdd;
    GesddComplex *gesdd_complex;
    Syevd *syevd;
    Heevd *heevd;
    Geev *geev;
    GeevComplex *geev_complex;
    Gees *gees;
    GeesComplex *gees_complex;
} Routines;
static const Routines of_f32 = {
    .geqrf = sgeqrf_, .orgqr = sorgqr_, .gesdd = sgesdd_, .syevd = ssyevd_, .geev = sgeev_, .gees = sgees_
};
static const Routines of_f64 = {
    .geqrf = dgeqrf_, .orgqr = dorgqr_, .gesdd = dgesdd_, .syevd = dsyevd_, .geev = dgeev_, .gees = dgees_
};
static const Routines of_c64 = { .geqrf = cgeqrf_,
                                 .orgqr = cungqr_,
                                 .gesdd_complex = cgesdd_,
                                 .heevd = cheevd_,
                                 .geev_complex = cgeev_,
                                 .gees_complex = cgees_ };
static const Routines of_c128 = { .geqrf = zgeqrf_,
                                  .orgqr = zungqr_,
                                  .gesdd_complex = zgesdd_,
                                  .heevd = zheevd_,
                                  .geev_complex = zgeev_,
                                  .gees_complex = zgees_ };

/* One matrix at a time; `room` is cut into what LAPACK wants, twice the same way: first to learn how long the work is. */
typedef struct {
    jxl_call *c;
    const Routines *r;
    int32_t what;
    int m, n, k, size; /* k: the smaller of m and n; size: of a number */
    int dtype, real_size;
    const jxl_array *x, *y[3];
    int64_t count;
    int lwork, lrwork, liwork;
    int64_t bytes; /* of the room of one thread, without the work */
} Job;

typedef struct {
    char *at;
} Room;
static void *take(Room *r, int64_t bytes) {
    void *p = r->at;
    r->at += (bytes + 63) / 64 * 64;
    return p;
}

static int longest(const Job *j) { return j->m > j->n ? j->m : j->n; }

/* `rows` rows, `from_step` numbers apart, to columns, a few of each at a time: what lies far apart is in few lines of the cache. */
static inline __attribute__((always_inline)) void transpose_of(const size_t size, const char *from, int from_step,
                                                               int rows, int columns, char *to, int to_step) {
    enum { FEW = 8 };
    for (int i0 = 0; i0 < rows; i0 += FEW)
        for (int k0 = 0; k0 < columns; k0 += FEW)
            for (int k = k0; k < columns && k < k0 + FEW; k++)
                for (int i = i0; i < rows && i < i0 + FEW; i++)
                    memcpy(to + ((size_t)k * (size_t)to_step + (size_t)i) * size,
                           from + ((size_t)i * (size_t)from_step + (size_t)k) * size, size);
}
static void transpose(int size, const char *from, int from_step, int rows, int columns, char *to, int to_step) {
    if (size == 4)
        transpose_of(4, from, from_step, rows, columns, to, to_step);
    else if (size == 8)
        transpose_of(8, from, from_step, rows, columns, to, to_step);
    else
        transpose_of(16, from, from_step, rows, columns, to, to_step);
}

/* A matrix to columns that are `lda` apart. */
static void turn(const Job *j, const char *from, int rows, int columns, char *to, int lda) {
    transpose(j->size, from, columns, rows, columns, to, lda);
}

/* Columns that are `lda` apart to rows; `from` is where the result of a routine is. */
static void turn_back(const Job *j, const char *from, int lda, int rows, int columns, void *to) {
    transpose(j->size, from, lda, columns, rows, to, columns);
}

static double real_at(const Job *j, const void *p, int64_t i) {
    return j->real_size == 4 ? (double)((const float *)p)[i] : ((const double *)p)[i];
}

static int all_finite(const Job *j, const void *p, int64_t n) {
    int64_t parts = n * (j->size / j->real_size);
    int fine = 1;
    if (j->real_size == 4)
        for (int64_t i = 0; i < parts; i++) fine &= isfinite(((const float *)p)[i]) != 0;
    else
        for (int64_t i = 0; i < parts; i++) fine &= isfinite(((const double *)p)[i]) != 0;
    return fine;
}

static void fill_nan(int dtype, void *p, int64_t n) {
    int part = jxl_dtypes[dtype].part;
    int64_t parts = n * (jxl_dtypes[dtype].size / jxl_dtypes[part].size);
    for (int64_t i = 0; i < parts; i++) {
        if (part == JXL_F32)
            ((float *)p)[i] = NAN;
        else
            ((double *)p)[i] = (double)NAN;
    }
}

/* Result number i of matrix number `one`; NULL where nobody wants it. */
static void *result(const Job *j, int i, int64_t one, int64_t elements) {
    const jxl_array *y = j->y[i];
    return y->data ? (char *)y->data + one * elements * jxl_dtypes[y->dtype].size : NULL;
}

/* Householder's Q, then R above the diagonal of what is left. */
static int qr(const Job *j, int64_t one, Room room, char *a, void *work, int lwork) {
    int m = j->m, n = j->n, columns = j->what == JXL_QR_FULL ? m : j->k, info = 0;
    char *tau = take(&room, (int64_t)j->k * j->size), *q = take(&room, (int64_t)m * longest(j) * j->size);
    j->r->geqrf(&m, &n, a, &m, tau, work, &lwork, &info);
    if (lwork < 0) { /* only asking: the longer of the two is wanted */
        double first = real_at(j, work, 0);
        j->r->orgqr(&m, &columns, &j->k, q, &m, tau, work, &lwork, &info);
        return (int)fmax(first, real_at(j, work, 0));
    }
    char *r = result(j, 1, one, (int64_t)columns * n), *to = result(j, 0, one, (int64_t)m * columns);
    size_t size = (size_t)j->size;
    for (int i = 0; r && i < columns; i++)
        for (int k = 0; k < n; k++) {
            char *at = r + ((size_t)i * (size_t)n + (size_t)k) * size;
            if (k < i)
                memset(at, 0, size);
            else
                memcpy(at, a + ((size_t)k * (size_t)m + (size_t)i) * size, size);
        }
    memcpy(q, a, (size_t)m * (size_t)j->k * size);
    j->r->orgqr(&m, &columns, &j->k, q, &m, tau, work, &lwork, &info);
    if (to) turn_back(j, q, m, m, columns, to);
    return info;
}

static int svd(const Job *j, int64_t one, Room room, char *a, void *work, int lwork) {
    int m = j->m, n = j->n, k = j->k, full = j->what == JXL_SVD_FULL, info = 0, us = full ? m : k, vs = full ? n : k;
    char *s = take(&room, (int64_t)k * j->real_size), *u = take(&room, (int64_t)m * us * j->size);
    char *vt = take(&room, (int64_t)vs * n * j->size);
    int *iwork = take(&room, 8 * (int64_t)k * (int64_t)sizeof(int));
    const char *job = !j->y[1]->data && !j->y[2]->data ? "N" : full ? "A" : "S";
    if (j->r->gesdd) {
        j->r->gesdd(job, &m, &n, a, &m, s, u, &m, vt, &vs, work, &lwork, iwork, &info, 1);
    } else {
        int64_t l = longest(j);
        void *rwork = take(&room, (5 * (int64_t)k * k + 7 * k + 2 * l * k + 2 * (int64_t)k * k + k) * j->real_size);
        j->r->gesdd_complex(job, &m, &n, a, &m, s, u, &m, vt, &vs, work, &lwork, rwork, iwork, &info, 1);
    }
    if (lwork < 0) return (int)real_at(j, work, 0);
    void *ys = result(j, 0, one, k), *yu = result(j, 1, one, (int64_t)m * us), *yv = result(j, 2, one, (int64_t)vs * n);
    if (ys) memcpy(ys, s, (size_t)k * (size_t)j->real_size);
    if (yu) turn_back(j, u, m, m, us, yu);
    if (yv) turn_back(j, vt, vs, vs, n, yv);
    return info;
}

static int eigh(const Job *j, int64_t one, Room room, char *a, void *work, int lwork) {
    int n = j->n, info = 0, liwork = 3 + 5 * n, lrwork = 1 + 5 * n + 2 * n * n;
    char *w = take(&room, (int64_t)n * j->real_size);
    int *iwork = take(&room, liwork * (int64_t)sizeof(int));
    const char *job = j->y[1]->data ? "V" : "N";
    if (j->r->syevd) {
        j->r->syevd(job, "L", &n, a, &n, w, work, &lwork, iwork, &liwork, &info, 1, 1);
    } else {
        void *rwork = take(&room, (int64_t)lrwork * j->real_size);
        int asked_r = lwork < 0 ? -1 : lrwork, asked_i = lwork < 0 ? -1 : liwork;
        j->r->heevd(job, "L", &n, a, &n, w, work, &lwork, rwork, &asked_r, iwork, &asked_i, &info, 1, 1);
    }
    if (lwork < 0) return (int)real_at(j, work, 0);
    void *yw = result(j, 0, one, n), *yv = result(j, 1, one, (int64_t)n * n);
    if (yw) memcpy(yw, w, (size_t)n * (size_t)j->real_size);
    if (yv) turn_back(j, a, n, n, n, yv);
    return info;
}

/* Real eigenvectors of a pair of complex eigenvalues are the real and imaginary part of the first. */
static void unpack_pairs(const Job *j, const char *v, const void *im, void *to) {
    int n = j->n;
    for (int k = 0; k < n; k++) {
        int first = real_at(j, im, k) > 0, second = real_at(j, im, k) < 0;
        for (int i = 0; i < n; i++) {
            double re = real_at(j, v, (int64_t)(second ? k - 1 : k) * n + i), part = 0;
            if (first) part = real_at(j, v, (int64_t)(k + 1) * n + i);
            if (second) part = -real_at(j, v, (int64_t)k * n + i);
            int64_t at = 2 * ((int64_t)i * n + k);
            if (j->real_size == 4)
                ((float *)to)[at] = (float)re, ((float *)to)[at + 1] = (float)part;
            else
                ((double *)to)[at] = re, ((double *)to)[at + 1] = part;
        }
    }
}

static int eig(const Job *j, int64_t one, Room room, char *a, void *work, int lwork) {
    int n = j->n, info = 0;
    char *re = take(&room, (int64_t)n * j->size), *im = take(&room, (int64_t)n * j->size);
    char *vl = take(&room, (int64_t)n * n * j->size), *vr = take(&room, (int64_t)n * n * j->size);
    void *yw = result(j, 0, one, n), *yl = result(j, 1, one, (int64_t)n * n), *yr = result(j, 2, one, (int64_t)n * n);
    const char *left = yl ? "V" : "N", *right = yr ? "V" : "N";
    if (j->r->geev) {
        j->r->geev(left, right, &n, a, &n, re, im, vl, &n, vr, &n, work, &lwork, &info, 1, 1);
    } else {
        void *rwork = take(&room, 2 * (int64_t)n * j->real_size);
        j->r->geev_complex(left, right, &n, a, &n, re, vl, &n, vr, &n, work, &lwork, rwork, &info, 1, 1);
    }
    if (lwork < 0) return (int)real_at(j, work, 0);
    if (j->r->geev) {
        for (int i = 0; yw && i < n; i++) {
            if (j->real_size == 4)
                ((float *)yw)[2 * i] = ((float *)re)[i], ((float *)yw)[2 * i + 1] = ((float *)im)[i];
            else
                ((double *)yw)[2 * i] = ((double *)re)[i], ((double *)yw)[2 * i + 1] = ((double *)im)[i];
        }
        if (yl) unpack_pairs(j, vl, im, yl);
        if (yr) unpack_pairs(j, vr, im, yr);
        return info;
    }
    if (yw) memcpy(yw, re, (size_t)n * (size_t)j->size);
    if (yl) turn_back(j, vl, n, n, n, yl);
    if (yr) turn_back(j, vr, n, n, n, yr);
    return info;
}

static int schur(const Job *j, int64_t one, Room room, char *a, void *work, int lwork) {
    int n = j->n, info = 0, sdim = 0;
    char *re = take(&room, (int64_t)n * j->size), *im = take(&room, (int64_t)n * j->size);
    char *z = take(&room, (int64_t)n * n * j->size);
    int *bwork = take(&room, n * (int64_t)sizeof(int));
    if (j->r->gees) {
        j->r->gees("V", "N", NULL, &n, a, &n, &sdim, re, im, z, &n, work, &lwork, bwork, &info, 1, 1);
    } else {
        void *rwork = take(&room, (int64_t)n * j->real_size);
        j->r->gees_complex("V", "N", NULL, &n, a, &n, &sdim, re, z, &n, work, &lwork, rwork, bwork, &info, 1, 1);
    }
    if (lwork < 0) return (int)real_at(j, work, 0);
    void *yt = result(j, 0, one, (int64_t)n * n), *yz = result(j, 1, one, (int64_t)n * n);
    if (yt) turn_back(j, a, n, n, n, yt);
    if (yz) turn_back(j, z, n, n, n, yz);
    return info;
}

/* Matrices that need not be LAPACK's: small real ones. */
static int is_small(const Job *j) {
    enum { SMALL = 96 << 10 /* bytes of a matrix and its factors */ };
    if (j->size != j->real_size) return 0;
    if (j->what == JXL_EIGH) return j->n <= jxl_eigh_most();
    if (j->what != JXL_QR && j->what != JXL_QR_FULL) return 0;
    return (int64_t)j->m * (j->what == JXL_QR_FULL && j->m > j->n ? j->m : j->n) * j->size <= SMALL;
}

static int64_t small_room(const Job *j) {
    return j->what == JXL_EIGH ? jxl_eigh_room(j->n) : jxl_qr_room(j->m, j->n, j->what == JXL_QR_FULL ? j->m : j->k);
}

/* False where its numbers are too large or too small for that. */
static int factor_small(const Job *j, int64_t one, const char *x, char *room) {
    int64_t n = j->n, columns = j->what == JXL_QR_FULL ? j->m : j->k;
    if (j->what == JXL_EIGH)
        return jxl_eigh(j->n, j->size == 4, x, result(j, 0, one, n), result(j, 1, one, n * n), room);
    return jxl_qr(j->m, j->n, (int)columns, j->size == 4, x, result(j, 0, one, j->m * columns),
                  result(j, 1, one, columns * n), room);
}

/* With lwork -1 how long the work is to be; else whether it failed. */
static int factor(const Job *j, int64_t one, char *room, void *work, int lwork) {
    Room rest = { room };
    const char *x = (const char *)j->x->data + one * j->m * j->n * j->size;
    if (lwork >= 0 && is_small(j) && factor_small(j, one, x, room)) return 0;
    char *a = take(&rest, (int64_t)j->m * j->n * j->size);
    if (lwork >= 0) turn(j, x, j->m, j->n, a, j->m);
    switch (j->what) {
    case JXL_QR:
    case JXL_QR_FULL: return qr(j, one, rest, a, work, lwork);
    case JXL_SVD:
    case JXL_SVD_FULL: return svd(j, one, rest, a, work, lwork);
    case JXL_EIGH: return eigh(j, one, rest, a, work, lwork);
    case JXL_EIG: return eig(j, one, rest, a, work, lwork);
    default: return schur(j, one, rest, a, work, lwork);
    }
}

static int each(jxl_call *c, void *context, int64_t lo, int64_t hi) {
    const Job *j = context;
    int64_t work_bytes = ((int64_t)j->lwork * j->size + 63) / 64 * 64; /* what follows is read in vectors */
    char *room = jxl_alloc(c, j->bytes + work_bytes);
    if (!room) return c->status;
    for (int64_t one = lo; one < hi; one++) {
        const char *x = (const char *)j->x->data + one * j->m * j->n * j->size;
        int good = all_finite(j, x, (int64_t)j->m * j->n) && !factor(j, one, room + work_bytes, room, j->lwork);
        for (int i = 0; !good && i < 3; i++) {
            const jxl_array *y = j->y[i];
            if (!y || !y->data) continue;
            int64_t elements = jxl_count(y) / j->count;
            fill_nan(y->dtype, result(j, i, one, elements), elements);
        }
    }
    jxl_release(c, room);
    return 0;
}

/* An orthogonal matrix that need not turn anything. */
static void identity(const jxl_array *y) {
    int64_t rows = y->shape[y->rank - 2], columns = y->shape[y->rank - 1];
    int size = jxl_dtypes[y->dtype].size;
    for (int64_t i = 0; i < jxl_count(y); i++) {
        char *at = (char *)y->data + i * size;
        memset(at, 0, (size_t)size);
        int64_t in_matrix = i % (rows * columns);
        if (in_matrix / columns != in_matrix % columns) continue;
        if (jxl_dtypes[jxl_dtypes[y->dtype].part].size == 4)
            *(float *)(void *)at = 1;
        else
            *(double *)(void *)at = 1;
    }
}

int jxl_lapack(jxl_call *c, int32_t what, int32_t narrays, const jxl_array *arrays) {
    const jxl_array *x = arrays;
    int64_t m = x->shape[x->rank - 2], n = x->shape[x->rank - 1], l = m > n ? m : n, count = 1;
    for (int i = 0; i + 2 < x->rank; i++) count *= x->shape[i];
    if (l > 32000)
        return jxl_fail_text(c, 1, "a factorization of a matrix with an axis of %lld: 32000 is the longest",
                             (long long)l);
    int complex = x->dtype >= JXL_C64, single = x->dtype == JXL_F32 || x->dtype == JXL_C64;
    Job j = { .c = c,
              .what = what,
              .m = (int)m,
              .n = (int)n,
              .k = (int)(m < n ? m : n),
              .size = jxl_dtypes[x->dtype].size,
              .dtype = x->dtype,
              .real_size = single ? 4 : 8,
              .x = x,
              .count = count,
              .r = complex ? (single ? &of_c64 : &of_c128) : (single ? &of_f32 : &of_f64) };
    for (int i = 1; i < narrays && i < 4; i++) j.y[i - 1] = &arrays[i];
    if (!j.k || !count) {
        for (int i = 1; i < narrays; i++)
            if (arrays[i].data && arrays[i].rank == x->rank && arrays[i].shape[x->rank - 1] > 0) identity(&arrays[i]);
        return 0;
    }
    int svd_complex = complex && (what == JXL_SVD || what == JXL_SVD_FULL);
    j.bytes = 3 * l * l * j.size + (svd_complex ? 9 : 2) * l * l * j.real_size + 64 * l * 16 + 1024;
    if (is_small(&j)) j.bytes += small_room(&j);
    double answer[2] = { 0 };
    char *room = jxl_alloc(c, j.bytes);
    if (!room) return c->status;
    if (openblas_set_num_threads) openblas_set_num_threads(count > 1 || l < 128 ? 1 : jxl_num_threads());
    j.lwork = factor(&j, 0, room, answer, -1) + 64;
    jxl_release(c, room);
    return jxl_parallel_for(c, each, &j, count, 1 + 20000 / (l * l * l + 1000)); /* a call costs a microsecond or two */
}
