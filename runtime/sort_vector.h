/* Sorting numbers in vectors, for one kind of register: what includes this has said what a Key and a Lanes is, and how lanes are
** loaded, compared and moved.
**
** Rows are parted around a pivot until few are left: the lanes that are not above it are put together and written to the front
** of the row, which has been read by then, the others to the back of another place of the same size.  So what is low has its
** free place there, and what is high in the row.  What is left is sorted by bitonic networks: vectors, then pairs of sorted
** vectors joined, and so on. */
enum { MOST_VECTORS = 32, SHORT = MOST_VECTORS * LANES, SAMPLE = 4 * LANES };

/* Each lane beside the one whose number differs in `bits`; the smaller to that whose bit `top` is 0. */
static inline Lanes exchange(Lanes x, int bits, int top) {
    Lanes y = across(x, bits);
    return choose(least(x, y), most(x, y), top);
}

/* Whole vectors are in order of each other; now their lanes. */
static inline Lanes joined_lanes(Lanes x) {
    if (LANES > 8) x = exchange(x, 8, 8);
    if (LANES > 4) x = exchange(x, 4, 4);
    x = exchange(x, 2, 2);
    return exchange(x, 1, 1);
}

static inline Lanes sorted_lanes(Lanes x) {
    x = exchange(x, 1, 1);
    x = exchange(x, 3, 2);
    x = exchange(x, 1, 1);
    if (LANES > 4) {
        x = exchange(x, 7, 4);
        x = exchange(x, 2, 2);
        x = exchange(x, 1, 1);
    }
    if (LANES > 8) {
        x = exchange(x, 15, 8);
        x = exchange(x, 4, 4);
        x = exchange(x, 2, 2);
        x = exchange(x, 1, 1);
    }
    return x;
}

/* Two sorted runs of `size` / 2 vectors each, from vector `from` on, become one; vectors from `count` on are not there: they would
** hold the largest numbers, and stay where they are. */
static inline void join_vectors(Key *x, int from, int size, int count) {
    int first = from + size - count > 0 ? from + size - count : 0;
    for (int i = first; i < size / 2; i++) {
        Key *low = x + (from + i) * LANES, *high = x + (from + size - 1 - i) * LANES;
        Lanes a = load(low), b = across(load(high), LANES - 1);
        store(low, least(a, b));
        store(high, across(most(a, b), LANES - 1));
    }
    for (int step = size / 4; step; step /= 2) {
        for (int part = from; part < from + size; part += 2 * step) {
            for (int i = part; i < part + step && i + step < count; i++) {
                Key *low = x + i * LANES, *high = low + step * LANES;
                Lanes a = load(low), b = load(high);
                store(low, least(a, b));
                store(high, most(a, b));
            }
        }
    }
}

static void sort_vectors(Key *x, int count) {
    for (int i = 0; i < count; i++) store(x + i * LANES, sorted_lanes(load(x + i * LANES)));
    for (int size = 2; size < 2 * count; size *= 2) {
        for (int from = 0; from + size / 2 < count; from += size) join_vectors(x, from, size, count);
        for (int i = 0; i < count; i++) store(x + i * LANES, joined_lanes(load(x + i * LANES)));
    }
}

static void sort_few(Key *to, const Key *x, int64_t n) {
    Key all[SHORT];
    int count = (int)((n + LANES - 1) / LANES);
    for (int i = 1; i <= LANES; i++) all[count * LANES - i] = LARGEST;
    memcpy(all, x, (size_t)n * sizeof *x);
    sort_vectors(all, count);
    memcpy(to, all, (size_t)n * sizeof *x);
}

static Key pivot_of(const Key *x, int64_t n) {
    Key sample[SAMPLE];
    int count = n < 16 * SHORT ? LANES : SAMPLE; /* of few a worse one costs less than its choice */
    int64_t step = n / count;
    for (int i = 0; i < count; i++) sample[i] = x[step * i + step / 2];
    sort_vectors(sample, count / LANES);
    return sample[count / 2];
}

/* x is parted from both ends: so many are low by now, and the high ones begin here. */
typedef struct {
    int64_t low, high;
} Parted;

static inline Parted part_lanes(Key *x, Key *other, Parted at, Lanes v, Lanes pivot, int strict) {
    unsigned above = strict ? ~lanes_below(v, pivot) & ALL_LANES : lanes_below(pivot, v);
    int count = __builtin_popcount(above);
    store(x + at.low, together(v, ~above & ALL_LANES));
    store(other + at.high - LANES, together_at_end(v, above, count));
    return (Parted){ at.low + LANES - count, at.high - count };
}

/* Those not above the pivot (below it, where it is `strict`) to the front of x; how many.  The others to the back of `other`. */
static inline int64_t part_around(Key *x, Key *other, int64_t n, Key pivot, int strict) {
    Parted at = { 0, n };
    Lanes p = all_lanes(pivot);
    int64_t i = 0;
    for (; i + 4 * LANES <= n; i += 4 * LANES) { /* four are read before any is written: nothing waits for an address */
        Lanes a = load(x + i), b = load(x + i + LANES), c = load(x + i + 2 * LANES), d = load(x + i + 3 * LANES);
        at = part_lanes(x, other, at, a, p, strict);
        at = part_lanes(x, other, at, b, p, strict);
        at = part_lanes(x, other, at, c, p, strict);
        at = part_lanes(x, other, at, d, p, strict);
    }
    for (; i + LANES <= n; i += LANES) at = part_lanes(x, other, at, load(x + i), p, strict);
    for (; i < n; i++) { /* to both sides, and counted on one */
        Key v = x[i];
        int above = strict ? v >= pivot : v > pivot;
        x[at.low] = other[at.high - 1] = v;
        at.low += !above;
        at.high -= above;
    }
    return at.low;
}

/* Sorts x into `to`, which is x or `other`.  0 where the pivots were so bad that something else had better sort. */
static int sort_part(Key *to, Key *x, Key *other, int64_t n, int depth) {
    while (n > SHORT) {
        if (!depth--) return 0;
        Key pivot = pivot_of(x, n);
        int64_t low = part_around(x, other, n, pivot, 0);
        if (low == n) { /* the pivot is the largest */
            low = part_around(x, other, n, pivot, 1);
            for (int64_t i = low; i < n; i++) to[i] = pivot;
        } else if (!sort_part(to + low, other + low, x + low, n - low, depth)) {
            return 0;
        }
        n = low;
    }
    if (n) sort_few(to, x, n);
    return 1;
}

static inline Key turned_one(Key x) { return x < 0 ? x ^ LARGEST : x; }

/* Floats are ordered as their bits are, the negative ones turned round.  Its own inverse. */
static inline Lanes turned(Lanes v, int kind) {
    Lanes largest = all_lanes(LARGEST);
    if (kind == SORT_UNSIGNED) return differ(v, differ(largest, all_lanes(-1)));
    return kind == SORT_FLOAT ? differ(v, both(negative(v), largest)) : v;
}

/* NaNs become the largest of all, and are counted, as negative zeros are. */
static void to_keys(Key *to, const Key *from, int64_t n, int kind, int64_t *nans, int64_t *minus_zeros) {
    for (int64_t i = 0; i < n; i += LANES) {
        Key rest[LANES] = { 0 }, *at = i + LANES <= n ? to + i : rest;
        size_t count = (size_t)(i + LANES <= n ? LANES : n - i);
        if (at == rest) memcpy(rest, from + i, count * sizeof *from);
        Lanes v = load(at == rest ? rest : from + i);
        store(at, turned(v, kind));
        if (kind == SORT_FLOAT) {
            unsigned nan = lanes_below(all_lanes(INFINITE), both(v, all_lanes(LARGEST)));
            *minus_zeros += __builtin_popcount(lanes_below(v, all_lanes(-LARGEST)));
            *nans += __builtin_popcount(nan);
            for (int k = 0; nan; k++, nan >>= 1)
                if (nan & 1) at[k] = LARGEST;
        }
        if (at == rest) memcpy(to + i, rest, count * sizeof *to);
    }
}

/* Zeros are equal, and so are NaNs: they keep their order. */
static void in_order(Key *to, const Key *from, int64_t n, int64_t nans, int64_t minus_zeros) {
    int64_t first = 0, behind = n - nans; /* the first that is not below -0, whose key is -1 */
    for (int64_t end = behind; first < end;) {
        int64_t middle = first + (end - first) / 2;
        if (to[middle] < -1)
            first = middle + 1;
        else
            end = middle;
    }
    for (int64_t i = 0; i < n && nans; i++)
        if ((from[i] & LARGEST) > INFINITE) to[behind++] = turned_one(from[i]);
    for (int64_t i = 0; i < n && minus_zeros; i++)
        if (!(from[i] & LARGEST)) to[first++] = turned_one(from[i]);
}

static int sort_numbers(Key *to, const Key *from, Key *other, int64_t n, int kind) {
    int64_t nans = 0, minus_zeros = 0;
    int depth = 8;
    for (int64_t k = n; k; k >>= 1) depth += 2;
    to_keys(to, from, n, kind, &nans, &minus_zeros);
    if (!sort_part(to, to, other, n, depth)) return 0;
    in_order(to, from, n, nans, minus_zeros);
    int64_t i = 0;
    for (; kind != SORT_SIGNED && i + LANES <= n; i += LANES) store(to + i, turned(load(to + i), kind));
    for (; kind != SORT_SIGNED && i < n; i++) to[i] = kind == SORT_FLOAT ? turned_one(to[i]) : to[i] ^ (-LARGEST - 1);
    return 1;
}
