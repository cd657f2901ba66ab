/* Keys of 32 bits with their places in a row: the key above, the place below in one number of 64 bits, so that the order of those is
** that of a stable sort.  A part of the levels' files for 32 bits. */

/* Zeros are equal; the largest first where it is `descending`. */
static inline Lanes stable(Lanes v, int kind, int descending) {
    Lanes minus_one = all_lanes(-1), y = turned(v, kind);
    if (kind == SORT_FLOAT) {
        Lanes magnitude = both(v, all_lanes(LARGEST));
        y = largest_where(lanes_below(all_lanes(INFINITE), magnitude), y);
        y = zero_where(~lanes_below(all_lanes(0), magnitude) & ALL_LANES, y);
    }
    return descending ? differ(y, minus_one) : y;
}

static inline void stable_all(Key *to, const Key *from, int64_t n, int kind, int descending) {
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) store(to + i, stable(load(from + i), kind, descending));
    if (i < n) store_first(to + i, stable(load_first(from + i, (int)(n - i)), kind, descending), (int)(n - i));
}

static void to_stable(int32_t *to, const void *from, int64_t n, int kind, int descending) {
    switch (2 * kind + descending) {
    case 2 * SORT_FLOAT: stable_all(to, from, n, SORT_FLOAT, 0); break;
    case 2 * SORT_FLOAT + 1: stable_all(to, from, n, SORT_FLOAT, 1); break;
    default: stable_all(to, from, n, kind, descending);
    }
}

static inline int64_t pair_below_all(SortBelow *b, const Key *from, int64_t lo, int64_t hi, int kind, int descending) {
    int64_t i = lo;
    Lanes bound = all_lanes(b->bound);
    for (; i < hi && b->count + LANES <= b->room; i += LANES) {
        int count = hi - i < LANES ? (int)(hi - i) : LANES;
        Lanes v = stable(count == LANES ? load(from + i) : load_first(from + i, count), kind, descending);
        unsigned below = lanes_below(v, bound) & ((2u << (count - 1)) - 1);
        if (!below) continue;
        Key key[LANES];
        store(key, v);
        for (; below; below &= below - 1) {
            int k = __builtin_ctz(below);
            b->pairs[b->count++] = (int64_t)key[k] * ((int64_t)1 << 32) + i + k;
        }
    }
    return i < hi ? i : hi;
}

static int64_t pair_below(SortBelow *b, const void *from, int64_t lo, int64_t hi, int kind, int descending) {
    switch (2 * kind + descending) {
    case 2 * SORT_FLOAT: return pair_below_all(b, from, lo, hi, SORT_FLOAT, 0);
    case 2 * SORT_FLOAT + 1: return pair_below_all(b, from, lo, hi, SORT_FLOAT, 1);
    default: return pair_below_all(b, from, lo, hi, kind, descending);
    }
}
