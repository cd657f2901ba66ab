/* Sorting numbers in vectors, for one kind of register: what includes this has said what a Key and a Lanes is, and how lanes are
** loaded, compared and moved.
**
** Rows are parted around a pivot until few are left (sort_few.h), in their place: the lanes that are not above it are put together
** and written to the front of what has been read, the others to the back. */
enum { SHORT = 32 * LANES, SAMPLE = 4 * LANES, PART = 8 };

#include "sort_few.h"

/* Floats are ordered as their bits are, the negative ones turned round.  Its own inverse. */
static inline Key turned_one(Key x, int kind) {
    if (kind == SORT_UNSIGNED) return x ^ (-LARGEST - 1);
    return kind == SORT_FLOAT && x < 0 ? x ^ LARGEST : x;
}
static inline Lanes turned(Lanes v, int kind) {
    Lanes largest = all_lanes(LARGEST);
    if (kind == SORT_UNSIGNED) return differ(v, differ(largest, all_lanes(-1)));
    return kind == SORT_FLOAT ? differ(v, both(negative(v), largest)) : v;
}

/* n numbers, in more than the first half of so many rows; the rows are filled with the largest. */
static inline void sort_rows(Key *to, const Key *x, int n, int rows) {
    Lanes v[16];
    for (int i = 0; i < rows; i++) v[i] = i < rows / 2 ? load(x + i * LANES) : load_first(x + i * LANES, n - i * LANES);
    sort_registers(v, rows);
    for (int i = 0; i < rows; i++) store(to + i * LANES, v[i]);
}
static inline void join_rows(Key *x, int rows) {
    Lanes v[16];
    for (int i = 0; i < rows; i++) v[i] = load(x + i * LANES);
    join_registers(v, rows);
    for (int i = 0; i < rows; i++) store(x + i * LANES, v[i]);
}

static void sort_1(Key *to, const Key *x, int n) { sort_rows(to, x, n, 1); }
static void sort_2(Key *to, const Key *x, int n) { sort_rows(to, x, n, 2); }
static void sort_4(Key *to, const Key *x, int n) { sort_rows(to, x, n, 4); }
static void sort_8(Key *to, const Key *x, int n) { sort_rows(to, x, n, 8); }
static void sort_16(Key *to, const Key *x, int n) { sort_rows(to, x, n, 16); }
static void join_1(Key *x) { join_rows(x, 1); }
static void join_2(Key *x) { join_rows(x, 2); }
static void join_4(Key *x) { join_rows(x, 4); }
static void join_8(Key *x) { join_rows(x, 8); }
static void join_16(Key *x) { join_rows(x, 16); }

static int rows_for(int n) { return n > 8 * LANES ? 4 : n > 4 * LANES ? 3 : n > 2 * LANES ? 2 : n > LANES; }

/* Into `to`, whole rows of which there are as many as rows_for needs. */
static void sort_whole(Key *to, const Key *x, int n) {
    static void (*const sort[])(Key *, const Key *, int) = { sort_1, sort_2, sort_4, sort_8, sort_16 };
    static void (*const join[])(Key *) = { join_1, join_2, join_4, join_8, join_16 };
    int half = 16 * LANES, rest = n - half;
    sort[rows_for(n)](to, x, n);
    if (rest <= 0) return;
    sort[rows_for(rest)](to + half, x + half, rest);
    for (int i = 0; i * LANES < rest; i++) {
        Key *low = to + half - (i + 1) * LANES, *high = to + half + i * LANES;
        Lanes a = load(low), b = load(high);
        store(low, least(a, across(b, LANES - 1)));
        store(high, most(across(a, LANES - 1), b));
    }
    join_16(to);
    join[rows_for(rest)](to + half);
}

static inline void sort_few(Key *x, int n, int kind) {
    Key all[SHORT];
    sort_whole(all, x, n);
    int i = 0;
    for (; i + LANES <= n; i += LANES) store(x + i, turned(load(all + i), kind));
    if (i < n) store_first(x + i, turned(load(all + i), kind), n - i);
}

/* A number in the middle; or, if what is wanted are a few places, one a little further in than they are. */
static Key pivot_of(const Key *x, int64_t n, int64_t lo, int64_t hi) {
    Key sample[SAMPLE];
    int count = n < 16 * SHORT ? LANES : SAMPLE; /* of few a worse one costs less than its choice */
    int64_t step = n / count;
    for (int i = 0; i < count; i++) sample[i] = x[step * i + step / 2];
    sort_few(sample, count, SORT_SIGNED);
    if (hi - lo > n / 8) return sample[count / 2];
    int at = (int)((double)(lo < 0 ? 0 : lo) / (double)n * count), further = 1 + count / 16;
    int more = at + further < count / 2 ? at + further : count / 2,
        less = at - further > count / 2 ? at - further : count / 2;
    return sample[2 * at < count ? more : less];
}

/* A row that is being parted: what was read of it, low and high, and what was written. */
typedef struct {
    Key *low, *high, *read_low, *read_high;
} Parted;

static inline void part_vector(Parted *at, Lanes v, Lanes pivot) {
    unsigned above = lanes_below(pivot, v);
    int count = __builtin_popcount(above);
    part(at->low, at->high, v, above, count);
    at->low += LANES - count;
    at->high -= count;
}

/* So many vectors from the end that has less room for what is written; all are read before one is written. */
static inline void part_vectors(Parted *at, int count, Lanes pivot) {
    int64_t back = at->high - at->read_high < at->read_low - at->low ? count * LANES : 0;
    const Key *from = back ? at->read_high - back : at->read_low;
    at->read_high -= back;
    at->read_low += count * LANES - back;
    Lanes v[PART];
    for (int i = 0; i < count; i++) v[i] = load(from + i * LANES);
    for (int i = 0; i < count; i++) part_vector(at, v[i], pivot);
}

/* Those not above the pivot to the front of x, the others behind them; how many are in front.  The vectors at both ends are kept, which
** makes room for those that are read next. */
static int64_t part_around(Key *x, int64_t n, Key pivot) {
    Parted at = { x, x + n, x + PART * LANES, x + n - PART * LANES };
    Lanes p = all_lanes(pivot), first[PART], last[PART];
    for (int i = 0; i < PART; i++) first[i] = load(x + i * LANES), last[i] = load(at.read_high + i * LANES);
    while (at.read_high - at.read_low >= PART * LANES) part_vectors(&at, PART, p);
    while (at.read_high - at.read_low >= LANES) part_vectors(&at, 1, p);
    Key rest[LANES];
    int few = (int)(at.read_high - at.read_low);
    for (int i = 0; i < few; i++) rest[i] = at.read_low[i];
    for (int i = 0; i < few; i++) { /* to both sides, and counted on one */
        int above = rest[i] > pivot;
        *at.low = at.high[-1] = rest[i];
        at.low += !above;
        at.high -= above;
    }
    for (int i = 0; i < PART; i++) part_vector(&at, first[i], p);
    for (int i = 0; i < PART; i++) part_vector(&at, last[i], p);
    return at.low - x;
}

/* Where the pivot is the largest: those that are less than that. */
static int64_t part_below(Key *x, int64_t n, Key pivot) { return pivot < -LARGEST ? 0 : part_around(x, n, pivot - 1); }

/* Those from place lo to hi come to be there, as numbers.  0 where the pivots were so bad that something else had better sort. */
static int sort_part(Key *x, int64_t n, int64_t lo, int64_t hi, int kind, int depth) {
    while (n > SHORT) {
        if (lo >= n || hi <= 0) return 1;
        if (!depth--) return 0;
        Key pivot = pivot_of(x, n, lo, hi);
        int64_t low = part_around(x, n, pivot);
        if (low == n) {
            low = part_below(x, n, pivot);
            for (int64_t i = low; i < n; i++) x[i] = turned_one(pivot, kind);
        } else if (!sort_part(x + low, n - low, lo - low, hi - low, kind, depth)) {
            return 0;
        }
        n = low;
    }
    if (n && lo < n && hi > 0) sort_few(x, (int)n, kind);
    return 1;
}

static int sort_window(void *x, int64_t n, int64_t lo, int64_t hi, int kind) {
    int depth = 8;
    for (int64_t k = n; k; k >>= 1) depth += 2;
    return sort_part(x, n, lo, hi, kind, depth);
}

/* Once: how many are in front; 0 where all are equal. */
static int64_t part_row(void *x, int64_t n) {
    Key pivot = pivot_of(x, n, 0, n);
    int64_t low = part_around(x, n, pivot);
    return low == n ? part_below(x, n, pivot) : low;
}

/* NaNs become the largest of all; what is seen of them and of negative zeros is counted. */
static void see(Key *to, Lanes v, int count, SortSeen *seen) {
    unsigned there = (2u << (count - 1)) - 1,
             nan = lanes_below(all_lanes(INFINITE), both(v, all_lanes(LARGEST))) & there;
    seen->minus_zeros += __builtin_popcount(lanes_below(v, all_lanes(-LARGEST)) & there);
    seen->nans += __builtin_popcount(nan);
    for (int k = 0; nan; k++, nan >>= 1)
        if (nan & 1) to[k] = LARGEST;
}
static inline void keys_of(Key *to, const Key *from, int64_t n, int kind, SortSeen *seen) {
    Lanes largest = all_lanes(LARGEST), infinite = all_lanes(INFINITE), least_number = all_lanes(-LARGEST);
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        Lanes v = load(from + i);
        store(to + i, turned(v, kind));
        if (kind == SORT_FLOAT && lanes_below(infinite, both(v, largest)) | lanes_below(v, least_number))
            see(to + i, v, LANES, seen);
    }
    if (i == n) return;
    Lanes v = load_first(from + i, (int)(n - i));
    store_first(to + i, turned(v, kind), (int)(n - i));
    if (kind == SORT_FLOAT) see(to + i, v, (int)(n - i), seen);
}

static void to_keys(void *to, const void *from, int64_t n, int kind, SortSeen *seen) {
    switch (kind) {
    case SORT_FLOAT: keys_of(to, from, n, SORT_FLOAT, seen); break;
    case SORT_UNSIGNED: keys_of(to, from, n, SORT_UNSIGNED, seen); break;
    default: memcpy(to, from, (size_t)n * sizeof(Key));
    }
}

/* Zeros are equal, and so are NaNs: they keep their order. */
static void settle(void *sorted, const void *row, int64_t n, int64_t lo, int64_t hi, const SortSeen *seen) {
    Key *to = sorted;
    const Key *from = row;
    int64_t zero = 0, nan = n - seen->nans;
    for (int64_t i = 0; i < n && seen->minus_zeros; i++)
        zero += from[i] < -LARGEST ? 0 : from[i] < 0 && (from[i] & LARGEST) <= INFINITE;
    for (int64_t i = 0; i < n && seen->minus_zeros; i++) {
        if (from[i] & LARGEST) continue;
        if (zero >= lo && zero < hi) to[zero] = from[i];
        zero++;
    }
    for (int64_t i = 0; i < n && nan < hi; i++) {
        if ((from[i] & LARGEST) <= INFINITE) continue;
        if (nan >= lo) to[nan] = from[i];
        nan++;
    }
}
