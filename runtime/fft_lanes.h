/* Fourier transforms of several lines at once, one in each lane of a vector.  Included for every type of numbers and width of
** vectors: REAL, LANES, and NAMED(name), which tells the functions apart.
**
** Products and sums are what they are, never fused, and no number meets one of another lane; so lines have the same bits in
** vectors of any width, and alone.  That is also why how a line is cut depends on its length only.
**
** One transform goes through the factors of n (Stockham's order): with s the product of those done, m of those to come,
** y[q + s (R p + k)] = w^(p k) sum over j of x[q + s (p + m j)] exp(-2 pi i j k / R), where w = exp(-2 pi i / (R m)). */

#if LANES == 1
typedef REAL NAMED(V);
#else
typedef REAL NAMED(V) __attribute__((vector_size(sizeof(REAL) * LANES)));
#endif
#define V NAMED(V)
typedef struct {
    V r, i;
} NAMED(C);
#define C NAMED(C)

static inline C NAMED(plus)(C a, C b) { return (C){ a.r + b.r, a.i + b.i }; }
static inline C NAMED(minus)(C a, C b) { return (C){ a.r - b.r, a.i - b.i }; }
static inline C NAMED(turned)(C a) { return (C){ a.i, -a.r }; } /* -i a */
/* A transform of numbers whose parts have changed places is the inverse transform with the same done to it. */
static inline C NAMED(swapped)(C a, int back) { return back ? (C){ a.i, a.r } : a; }
static inline C NAMED(scaled)(C a, REAL by) { return (C){ a.r * by, a.i * by }; }
static inline C NAMED(times)(C a, REAL re, REAL im) { return (C){ a.r * re - a.i * im, a.i * re + a.r * im }; }
#define PLUS NAMED(plus)
#define MINUS NAMED(minus)
#define TURNED NAMED(turned)

/* Four points to their transform. */
static inline void NAMED(four)(C *x) {
    C a = PLUS(x[0], x[2]), b = MINUS(x[0], x[2]), c = PLUS(x[1], x[3]), d = TURNED(MINUS(x[1], x[3]));
    x[0] = PLUS(a, c);
    x[1] = PLUS(b, d);
    x[2] = MINUS(a, c);
    x[3] = MINUS(b, d);
}

static inline void NAMED(eight)(C *x) {
    const REAL half = (REAL)0.70710678118654752440;
    C even[4], odd[4];
    for (int j = 0; j < 4; j++) {
        even[j] = PLUS(x[j], x[j + 4]);
        odd[j] = MINUS(x[j], x[j + 4]);
    }
    odd[1] = (C){ (odd[1].r + odd[1].i) * half, (odd[1].i - odd[1].r) * half };
    odd[2] = TURNED(odd[2]);
    odd[3] = (C){ (odd[3].i - odd[3].r) * half, (odd[3].r + odd[3].i) * -half };
    NAMED(four)(even);
    NAMED(four)(odd);
    for (int j = 0; j < 4; j++) {
        x[2 * j] = even[j];
        x[2 * j + 1] = odd[j];
    }
}

/* An odd number of points: those opposite one another together.  `roots`: cos and sin of 2 pi j / R. */
static inline __attribute__((always_inline)) void NAMED(odd)(C *x, const int R, const REAL (*roots)[2]) {
    C sum[6], difference[6], y[12], all = x[0];
    for (int j = 1; j <= R / 2; j++) {
        sum[j] = PLUS(x[j], x[R - j]);
        difference[j] = MINUS(x[j], x[R - j]);
        all = PLUS(all, sum[j]);
    }
    y[0] = all;
    for (int k = 1; k <= R / 2; k++) {
        C a = x[0], b = { difference[1].i * roots[k][1], difference[1].r * roots[k][1] };
        for (int j = 1; j <= R / 2; j++) {
            const REAL *w = roots[j * k % R];
            a = (C){ a.r + sum[j].r * w[0], a.i + sum[j].i * w[0] };
            if (j > 1) b = (C){ b.r + difference[j].i * w[1], b.i + difference[j].r * w[1] };
        }
        y[k] = (C){ a.r + b.r, a.i - b.i };
        y[R - k] = (C){ a.r - b.r, a.i + b.i };
    }
    for (int k = 0; k < R; k++) x[k] = y[k];
}

static inline __attribute__((always_inline)) void NAMED(points)(C *x, const int R) {
    static const REAL three[3][2] = ROOTS_OF_3, five[5][2] = ROOTS_OF_5, seven[7][2] = ROOTS_OF_7,
                      eleven[11][2] = ROOTS_OF_11;
    switch (R) {
    case 2: {
        C a = x[0];
        x[0] = PLUS(a, x[1]);
        x[1] = MINUS(a, x[1]);
        break;
    }
    case 3: NAMED(odd)(x, 3, three); break;
    case 4: NAMED(four)(x); break;
    case 5: NAMED(odd)(x, 5, five); break;
    case 7: NAMED(odd)(x, 7, seven); break;
    case 8: NAMED(eight)(x); break;
    default: NAMED(odd)(x, 11, eleven);
    }
}

/* One factor, R. */
static inline __attribute__((always_inline)) void NAMED(pass)(const int R, int64_t m, int64_t s, const REAL *w,
                                                              const C *x, C *y) {
    C a[11];
    for (int64_t q = 0; q < s; q++) { /* p = 0: nothing turns */
        for (int j = 0; j < R; j++) a[j] = x[q + s * m * j];
        NAMED(points)(a, R);
        for (int k = 0; k < R; k++) y[q + s * k] = a[k];
    }
    for (int64_t p = 1; p < m; p++) {
        const REAL *by = w + p * 2 * (R - 1);
        for (int64_t q = 0; q < s; q++) {
            for (int j = 0; j < R; j++) a[j] = x[q + s * (p + m * j)];
            NAMED(points)(a, R);
            y[q + s * R * p] = a[0];
            for (int k = 1; k < R; k++) y[q + s * (R * p + k)] = NAMED(times)(a[k], by[2 * k - 2], by[2 * k - 1]);
        }
    }
}

static __attribute__((noinline)) void NAMED(factor)(int R, int64_t m, int64_t s, const REAL *w, const C *x, C *y) {
    switch (R) {
    case 2: NAMED(pass)(2, m, s, w, x, y); break;
    case 3: NAMED(pass)(3, m, s, w, x, y); break;
    case 4: NAMED(pass)(4, m, s, w, x, y); break;
    case 5: NAMED(pass)(5, m, s, w, x, y); break;
    case 7: NAMED(pass)(7, m, s, w, x, y); break;
    case 8: NAMED(pass)(8, m, s, w, x, y); break;
    default: NAMED(pass)(11, m, s, w, x, y);
    }
}

/* Where the transform of x is: in x or in y. */
static C *NAMED(transform)(const Factors *f, C *x, C *y) {
    int64_t s = 1, m = f->n;
    const REAL *w = f->roots;
    for (int i = 0; i < f->count; i++) {
        int R = f->factor[i];
        m /= R;
        NAMED(factor)(R, m, s, w, x, y);
        w += m * 2 * (R - 1);
        s *= R;
        C *t = x;
        x = y;
        y = t;
    }
    return x;
}

/* Of as many points as there are, in place of x or y: as a convolution where they have factors that no pass is for. */
static C *NAMED(transform_points)(const Fourier *f, C *x, C *y) {
    const REAL *chirp = f->chirp, *filter = f->filter;
    int64_t n = f->points, m = f->whole.n;
    if (!chirp) return NAMED(transform)(&f->whole, x, y);
    for (int64_t k = 0; k < n; k++) x[k] = NAMED(times)(x[k], chirp[2 * k], chirp[2 * k + 1]);
    memset(x + n, 0, (size_t)(m - n) * sizeof *x);
    C *z = NAMED(transform)(&f->whole, x, y);
    for (int64_t k = 0; k < m; k++) z[k] = NAMED(swapped)(NAMED(times)(z[k], filter[2 * k], filter[2 * k + 1]), 1);
    z = NAMED(transform)(&f->whole, z, z == x ? y : x);
    for (int64_t k = 0; k < n; k++) z[k] = NAMED(times)(NAMED(swapped)(z[k], 1), chirp[2 * k], chirp[2 * k + 1]);
    return z;
}

/* between memory and lanes */

static inline V NAMED(read)(const REAL *p) {
    V v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline void NAMED(write)(REAL *p, V v) { memcpy(p, &v, sizeof v); }

#if LANES == 1
#define APART(a, b, re, im) (re = (a), im = (b))
#define TOGETHER(re, im, a, b) (a = (re), b = (im))
#define TRANSPOSE(v) ((void)(v))
#else
#define APART(a, b, re, im) (re = SHUFFLE(a, b, EVEN), im = SHUFFLE(a, b, ODD))
#define TOGETHER(re, im, a, b) (a = SHUFFLE(re, im, LOW), b = SHUFFLE(re, im, HIGH))
static inline void NAMED(transpose)(V *v) {
    V a, b;
#define STEP(half, low, high)                                                                                          \
    for (int k = 0; k < LANES; k++)                                                                                    \
        if (!(k & (half))) {                                                                                           \
            a = v[k], b = v[k + (half)];                                                                               \
            v[k] = SHUFFLE(a, b, LIST low);                                                                            \
            v[k + (half)] = SHUFFLE(a, b, LIST high);                                                                  \
        }
    STEPS
#undef STEP
}
#define TRANSPOSE(v) NAMED(transpose)(v)
#endif

/* LANES complex neighbours, each of its own line. */
static inline C NAMED(read_across)(const REAL *p) {
    C c;
    V a = NAMED(read)(p), b = NAMED(read)(p + LANES);
    APART(a, b, c.r, c.i);
    return c;
}
static inline void NAMED(write_across)(REAL *p, C c) {
    V a, b;
    TOGETHER(c.r, c.i, a, b);
    NAMED(write)(p, a);
    NAMED(write)(p + LANES, b);
}

/* n vectors, v[k] holding number k of LANES lines that begin `apart` numbers from one another; `swap`: each changes places
** with the one beside it. */
static void NAMED(read_lines)(const REAL *p, int64_t apart, int64_t n, int swap, V *v) {
    int64_t k = 0;
    for (; k + LANES <= n; k += LANES) {
        V t[LANES];
        for (int b = 0; b < LANES; b++) t[b] = NAMED(read)(p + b * apart + k);
        TRANSPOSE(t);
        for (int b = 0; b < LANES; b++) v[(k + b) ^ swap] = t[b];
    }
    for (; k < n; k++)
        for (int b = 0; b < LANES; b++) ((REAL *)&v[k ^ swap])[b] = p[b * apart + k];
}
static void NAMED(write_lines)(REAL *p, int64_t apart, int64_t n, int swap, REAL scale, const V *v) {
    int64_t k = 0;
    for (; k + LANES <= n; k += LANES) {
        V t[LANES];
        for (int b = 0; b < LANES; b++) t[b] = v[(k + b) ^ swap] * scale;
        TRANSPOSE(t);
        for (int b = 0; b < LANES; b++) NAMED(write)(p + b * apart + k, t[b]);
    }
    for (; k < n; k++)
        for (int b = 0; b < LANES; b++) p[b * apart + k] = ((const REAL *)&v[k ^ swap])[b] * scale;
}

/* real numbers: n of them are n / 2 complex ones, and what becomes of these is taken apart */

/* From the transform z of x[2j] + i x[2j + 1], h numbers, to that of x: what becomes of z[k] and z[h - k], w being exp(-pi i
** k / h). */
static inline void NAMED(unpack_two)(C *a, C *c, V re, V im) {
    const REAL half = (REAL)0.5;
    C b = { c->r, -c->i }, even = PLUS(*a, b), odd = TURNED(MINUS(*a, b));
    odd = (C){ odd.r * re - odd.i * im, odd.i * re + odd.r * im };
    C low = PLUS(even, odd), high = MINUS(even, odd);
    *a = (C){ low.r * half, low.i * half };
    *c = (C){ high.r * half, high.i * -half };
}

/* And back, twice as large. */
static inline void NAMED(pack_two)(C *a, C *c, V re, V im) {
    C b = { c->r, -c->i }, even = PLUS(*a, b), odd = MINUS(*a, b);
    odd = (C){ odd.r * re + odd.i * im, odd.i * re - odd.r * im };
    odd = (C){ -odd.i, odd.r };
    C low = PLUS(even, odd), high = MINUS(even, odd);
    *a = low;
    *c = (C){ high.r, -high.i };
}

/* Of all numbers; packed they are as the inverse transform wants them, with their parts swapped. */
static inline V NAMED(all)(REAL x) {
    V v = { 0 };
    return v + x;
}
static void NAMED(unpack)(int64_t h, const REAL *w, const C *z, C *y) {
    C first = z[0];
    y[0] = (C){ first.r + first.i, NAMED(all)(0) };
    y[h] = (C){ first.r - first.i, NAMED(all)(0) };
    for (int64_t k = 1; 2 * k <= h; k++) {
        C a = z[k], b = z[h - k];
        NAMED(unpack_two)(&a, &b, NAMED(all)(w[2 * k]), NAMED(all)(w[2 * k + 1]));
        y[h - k] = b;
        y[k] = a;
    }
}
static void NAMED(pack)(int64_t h, const REAL *w, const C *y, C *z) {
    z[0] = (C){ y[0].r - y[h].r, y[0].r + y[h].r };
    for (int64_t k = 1; 2 * k <= h; k++) {
        C a = y[k], b = y[h - k];
        NAMED(pack_two)(&a, &b, NAMED(all)(w[2 * k]), NAMED(all)(w[2 * k + 1]));
        z[h - k] = NAMED(swapped)(b, 1);
        z[k] = NAMED(swapped)(a, 1);
    }
}

/* An odd number of real numbers: each is a complex one; the transform of such is the same at its other end, but for signs. */

static void NAMED(read_reals)(const REAL *x, const Fourier *f, int64_t step, C *a) {
    V *v = (V *)a;
    if (!step) NAMED(read_lines)(x, f->nx, f->nx, 0, v);
    for (int64_t k = f->nx - 1; k >= 0; k--) a[k] = (C){ step ? NAMED(read)(x + k * step) : v[k], NAMED(all)(0) };
}
static void NAMED(write_reals)(REAL *y, const Fourier *f, int64_t step, C *z) {
    V *v = (V *)z;
    REAL scale = (REAL)f->scale;
    for (int64_t k = 0; k < f->ny; k++) {
        if (step)
            NAMED(write)(y + k * step, z[k].i * scale);
        else
            v[k] = z[k].i;
    }
    if (!step) NAMED(write_lines)(y, f->ny, f->ny, 0, scale, v);
}
static void NAMED(other_end)(const Fourier *f, C *a) {
    a[0].i = NAMED(all)(0);
    for (int64_t k = 1; k < f->nx; k++) a[f->ny - k] = (C){ a[k].r, -a[k].i };
    for (int64_t k = 0; k < f->ny; k++) a[k] = NAMED(swapped)(a[k], 1);
}

/* `groups` times LANES lines of complex numbers side by side: all are read, and then written, a row of each at a time, since a
** row is another page, and may fall where all others do in a cache.  room: groups + 1 times n + 2 of C. */
static void NAMED(side_by_side)(const Fourier *f, const REAL *x, REAL *y, int64_t step, int groups, C *room) {
    int64_t size = (f->points > f->whole.n ? f->points : f->whole.n) + 2;
    int back = f->what == JXL_IFFT;
    C *z[MOST_GROUPS], *spare = room + groups * size;
    for (int64_t k = 0; k < f->nx; k++)
        for (int g = 0; g < groups; g++)
            room[g * size + k] = NAMED(swapped)(NAMED(read_across)(x + 2 * (k * step + g * LANES)), back);
    for (int g = 0; g < groups; g++) {
        C *own = room + g * size;
        z[g] = NAMED(transform_points)(f, own, spare);
        if (z[g] == spare) spare = own;
    }
    for (int64_t k = 0; k < f->ny; k++)
        for (int g = 0; g < groups; g++) {
            C c = NAMED(scaled)(NAMED(swapped)(z[g][k], back), (REAL)f->scale);
            NAMED(write_across)(y + 2 * (k * step + g * LANES), c);
        }
}

/* LANES lines.  What stands `step` apart in a line is read across: its lanes are neighbours; with step 0 lines follow one
** another, and the lanes are nx (ny) apart.  room: 3 (n + 2) of C. */
static void NAMED(lines)(const Fourier *f, const REAL *x, REAL *y, int64_t step, C *room) {
    int64_t n = f->points, most = n > f->whole.n ? n : f->whole.n;
    C *a = room, *b = a + most + 2, *c = b + most + 2;
    int reals_in = f->what == JXL_RFFT, reals_out = f->what == JXL_IRFFT, back = reals_out || f->what == JXL_IFFT;
    int swap = back && !reals_out;
    REAL scale = (REAL)f->scale;
    if (reals_in && f->odd) {
        NAMED(read_reals)(x, f, step, a);
    } else if (!step) {
        int64_t numbers = reals_in ? f->nx : 2 * f->nx;
        NAMED(read_lines)(x, numbers, numbers, swap, (V *)a);
    } else if (reals_in) {
        for (int64_t k = 0; k < n; k++)
            a[k] = (C){ NAMED(read)(x + 2 * k * step), NAMED(read)(x + (2 * k + 1) * step) };
    } else {
        for (int64_t k = 0; k < f->nx; k++) a[k] = NAMED(read_across)(x + 2 * k * step);
    }
    if (reals_out && f->odd) {
        NAMED(other_end)(f, a);
    } else if (reals_out) {
        NAMED(pack)(n, f->half, a, c);
        C *t = a;
        a = c;
        c = t;
    }
    C *z = NAMED(transform_points)(f, a, b);
    if (reals_in && !f->odd) {
        NAMED(unpack)(n, f->half, z, c);
        z = c;
    }
    if (reals_out && f->odd) {
        NAMED(write_reals)(y, f, step, z);
    } else if (!step) {
        int64_t numbers = reals_out ? f->ny : 2 * f->ny;
        NAMED(write_lines)(y, numbers, numbers, back, scale, (const V *)z);
    } else if (reals_out) {
        for (int64_t k = 0; k < n; k++) {
            NAMED(write)(y + 2 * k * step, z[k].i * scale);
            NAMED(write)(y + (2 * k + 1) * step, z[k].r * scale);
        }
    } else {
        for (int64_t k = 0; k < f->ny; k++)
            NAMED(write_across)(y + 2 * k * step, NAMED(scaled)(NAMED(swapped)(z[k], back), scale));
    }
}

/* a line of n1 n2 points, element j1 n2 + j2 to k1 + n1 k2: transforms of columns, a turn of each number by
** w^(k1 j2), transforms of rows */

/* Columns from .. to, multiples of SPLIT, of x to the planes re and im. */
static void NAMED(columns)(const Fourier *f, int64_t from, int64_t to, const REAL *x, REAL *re, REAL *im, C *room) {
    int64_t n1 = f->first.n, n2 = f->second.n;
    int back = f->what == JXL_IRFFT || f->what == JXL_IFFT;
    for (int64_t j = from; j < to; j += LANES) {
        const REAL *coarse = (const REAL *)f->coarse + 2 * n1 * (j / SPLIT), *fine = (const REAL *)f->fine + j % SPLIT;
        for (int64_t k = 0; k < n1; k++) room[k] = NAMED(swapped)(NAMED(read_across)(x + 2 * (k * n2 + j)), back);
        C *z = NAMED(transform)(&f->first, room, room + n1);
        for (int64_t k = 0; k < n1; k++) {
            C w = { NAMED(read)(fine + 2 * k * SPLIT), NAMED(read)(fine + (2 * k + 1) * SPLIT) };
            w = NAMED(times)(w, coarse[2 * k], coarse[2 * k + 1]);
            NAMED(write)(re + k * n2 + j, z[k].r * w.r - z[k].i * w.i);
            NAMED(write)(im + k * n2 + j, z[k].i * w.r + z[k].r * w.i);
        }
    }
}

/* Rows from .. to of these to y. */
static void NAMED(rows)(const Fourier *f, int64_t from, int64_t to, const REAL *re, const REAL *im, REAL *y, C *room) {
    int64_t n1 = f->first.n, n2 = f->second.n;
    int back = f->what == JXL_IRFFT || f->what == JXL_IFFT;
    for (int64_t i = from; i < to; i += LANES) {
        int64_t k = i + LANES <= n1 ? i : n1 - LANES; /* some twice */
        for (int64_t j = 0; j < n2; j += LANES) {
            V a[LANES], b[LANES];
            for (int r = 0; r < LANES; r++) {
                a[r] = NAMED(read)(re + (k + r) * n2 + j);
                b[r] = NAMED(read)(im + (k + r) * n2 + j);
            }
            TRANSPOSE(a);
            TRANSPOSE(b);
            for (int r = 0; r < LANES; r++) room[j + r] = (C){ a[r], b[r] };
        }
        C *z = NAMED(transform)(&f->second, room, room + n2);
        for (int64_t j = 0; j < n2; j++) {
            C c = NAMED(scaled)(NAMED(swapped)(z[j], back), (REAL)f->scale);
            NAMED(write_across)(y + 2 * (j * n1 + k), c);
        }
    }
}

static inline void NAMED(write_first)(REAL *p, C c) {
    memcpy(p, &c.r, sizeof *p);
    memcpy(p + 1, &c.i, sizeof *p);
}

/* unpack (back: pack) of one line in memory, LANES of its numbers at a time with those at its other end; what is left in the
** middle alone. */
static void NAMED(unpack_line)(int64_t h, const REAL *w, const REAL *from, REAL *to, int back) {
    int64_t k = 1;
    REAL re = from[0], im = back ? from[2 * h] : from[1];
    to[0] = re + im;
    if (back) {
        to[1] = re - im;
    } else {
        to[1] = to[2 * h + 1] = 0;
        to[2 * h] = re - im;
    }
#if LANES > 1
    for (; 2 * (k + LANES - 1) < h; k += LANES) {
        int64_t other = h - k - LANES + 1;
        C a = NAMED(read_across)(from + 2 * k), b = NAMED(read_across)(from + 2 * other),
          by = NAMED(read_across)(w + 2 * k);
        b = (C){ SHUFFLE(b.r, b.r, REVERSED), SHUFFLE(b.i, b.i, REVERSED) };
        if (back)
            NAMED(pack_two)(&a, &b, by.r, by.i);
        else
            NAMED(unpack_two)(&a, &b, by.r, by.i);
        NAMED(write_across)(to + 2 * k, a);
        NAMED(write_across)(to + 2 * other, (C){ SHUFFLE(b.r, b.r, REVERSED), SHUFFLE(b.i, b.i, REVERSED) });
    }
#endif
    for (; 2 * k <= h; k++) {
        const REAL *p = from + 2 * k, *q = from + 2 * (h - k);
        C a = { NAMED(all)(p[0]), NAMED(all)(p[1]) }, b = { NAMED(all)(q[0]), NAMED(all)(q[1]) };
        if (back)
            NAMED(pack_two)(&a, &b, NAMED(all)(w[2 * k]), NAMED(all)(w[2 * k + 1]));
        else
            NAMED(unpack_two)(&a, &b, NAMED(all)(w[2 * k]), NAMED(all)(w[2 * k + 1]));
        NAMED(write_first)(to + 2 * (h - k), b);
        NAMED(write_first)(to + 2 * k, a);
    }
}

/* The same without types. */
static void NAMED(any_lines)(const Fourier *f, const void *x, void *y, int64_t step, int groups, void *room) {
    if (step && (f->what == JXL_FFT || f->what == JXL_IFFT))
        NAMED(side_by_side)(f, x, y, step, groups, room);
    else
        NAMED(lines)(f, x, y, step, room);
}
static void NAMED(any_columns)(const Fourier *f, int64_t from, int64_t to, const void *x, void *re, void *im,
                               void *room) {
    NAMED(columns)(f, from, to, x, re, im, room);
}
static void NAMED(any_rows)(const Fourier *f, int64_t from, int64_t to, const void *re, const void *im, void *y,
                            void *room) {
    NAMED(rows)(f, from, to, re, im, y, room);
}
static void NAMED(any_pack)(const Fourier *f, const void *y, void *z) {
    NAMED(unpack_line)(f->points, f->half, y, z, 1);
}
static void NAMED(any_unpack)(const Fourier *f, const void *z, void *y) {
    NAMED(unpack_line)(f->points, f->half, z, y, 0);
}
static const Kernels NAMED(kernels) = { LANES,           sizeof(C),       NAMED(any_lines), NAMED(any_columns),
                                        NAMED(any_rows), NAMED(any_pack), NAMED(any_unpack) };

#undef V
#undef C
#undef PLUS
#undef MINUS
#undef TURNED
#undef APART
#undef TOGETHER
#undef TRANSPOSE
