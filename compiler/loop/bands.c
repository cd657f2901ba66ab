/* bands: sums across rows that are not too long, each row read from end to end.
**
** A band is some hundreds of rows, as many runs of them as a subtree of the tree of runs has (strips.c).  Bands are dealt to
** threads; each leaves the sums of its rows, and these are joined as the tree joins them.  So memory is read as it lies, and
** what else is wanted of a row can be computed while it is in the cache. */
#include "loop/lower.h"

enum {
    LARGEST = 64,            /* runs of a band: a power of two */
    BANDS = 16,              /* at least, if that is known */
    MANY = 2 * LARGEST * RUN /* rows that are worth it */
};

static int64_t width_of(const Domain *d) {
    int64_t width;
    return d->nkept == 1 && dim_is_int(d->dim[0], &width) ? width : -1;
}

bool bands_possible(const Domain *d, const Accum *a, int n) {
    int64_t width = width_of(d);
    return d->across && d->blocks && width > 0 && width * strip_widest(a, n) <= LONGEST_ROW;
}

bool bands_fit(const Domain *d, const Accum *a, int n) {
    int64_t rows = strip_rows_known(d);
    return (rows < 0 || rows >= MANY) && strips_fit(d, a, n, false) && bands_possible(d, a, n);
}

typedef struct {
    const Domain *d;
    const Accum *a;
    int n, lanes;
    bool heavy;
    int64_t width, runs;        /* of a row; of a band */
    StripSums part[MAX_ACCUMS]; /* a slot for each band */
    BandAhead ahead;
    void *context;
} Bands;

static Strip strip_of(Lower *l, const Bands *q) {
    LBuilder *b = &l->b;
    return (Strip){ .d = q->d,
                    .lo = loop_i64(b, 0),
                    .hi = loop_i64(b, q->width),
                    .most = q->width,
                    .lanes = q->lanes,
                    .heavy = q->heavy,
                    .ahead = q->ahead,
                    .context = q->context };
}

static void some_bands(Lower *l, LValue *lo, LValue *hi, void *context) {
    const Bands *q = context;
    LBuilder *b = &l->b;
    StripSums sums[MAX_ACCUMS];
    LValue *elements = loop_i64(b, q->width * strip_slots(q->d, q->runs)),
           *runs = round_up(l, strip_row_count(l, q->d), RUN);
    for (int i = 0; i < q->n; i++) sums[i] = strip_memory(&q->a[i], elements, loop_alloc, b);
    LLoop band = loop_for(b, lo, hi, 1, 0, NULL);
    Strip s = strip_of(l, q);
    s.runs = loop_mul(b, band.i, loop_i64(b, q->runs));
    s.end = loop_binary(b, OP_min, runs, loop_add(b, s.runs, loop_i64(b, q->runs)));
    strip_add(l, &s, q->a, q->n, sums);
    strip_move(l, &s, q->a, q->n, sums, q->part, band.i);
    loop_end(b, &band, NULL);
    for (int i = 0; i < q->n; i++) {
        loop_release(b, sums[i].re);
        if (sums[i].im) loop_release(b, sums[i].im);
    }
}

/* Bands i and i + gap, for gap 1, 2, 4, ... */
static void join_bands(Lower *l, const Bands *q, Strip *s, LValue *count) {
    LBuilder *b = &l->b;
    LValue *zero = loop_i64(b, 0), *one = loop_i64(b, 1);
    LLoop w = loop_while(b, 1, &one);
    LValue *more = loop_binary(b, OP_lt, w.carry[0], count);
    loop_while_body(b, &w, more);
    LValue *gap = w.carry[0], *twice = loop_add(b, gap, gap);
    LValue *pairs = loop_binary(b, OP_div, loop_sub(b, loop_add(b, count, gap), one), twice);
    LLoop f = loop_for(b, zero, pairs, 1, 0, NULL);
    LValue *left = loop_mul(b, f.i, twice);
    strip_join(l, s, q->a, q->n, q->part, left, loop_add(b, left, gap));
    loop_end(b, &f, NULL);
    loop_end(b, &w, &twice);
}

void band_sums(Lower *l, const Domain *d, const Accum *a, int n, Work w, int lanes, BandAhead ahead, StripBody body,
               void *context) {
    LBuilder *b = &l->b;
    Bands q = { .d = d, .a = a, .n = n, .lanes = lanes, .heavy = strip_is_heavy(l, d, a, n), .width = width_of(d) };
    int64_t rows = strip_rows_known(d);
    for (q.runs = LARGEST; q.runs > 1 && rows >= 0 && q.runs * RUN * BANDS > rows;) q.runs /= 2;
    q.ahead = ahead;
    q.context = context;
    LValue *one = loop_i64(b, 1), *count = round_up(l, strip_row_count(l, d), q.runs * RUN);
    count = loop_binary(b, OP_max, count, one); /* of no rows, too, there is a sum */
    for (int i = 0; i < n; i++)
        q.part[i] = strip_memory(&a[i], loop_mul(b, count, loop_i64(b, q.width)), loop_alloc, b);
    pieces(l, count, (Work){ w.each * (double)(q.runs * RUN), loop_i64(b, q.width) }, some_bands, &q);
    Strip s = strip_of(l, &q);
    join_bands(l, &q, &s, count);
    strip_results(l, &s, a, n, q.part);
    body(l, &s, context);
    for (int i = 0; i < n; i++) {
        loop_release(b, q.part[i].re);
        if (q.part[i].im) loop_release(b, q.part[i].im);
    }
}
