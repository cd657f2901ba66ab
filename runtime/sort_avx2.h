/* What numbers of 32 and 64 bits have in common in registers of 32 bytes: a part of both their files, which say what a Key is. */
typedef __m256i Lanes;

static inline Lanes load(const Key *x) { return _mm256_loadu_si256((const Lanes *)x); }
static inline void store(Key *x, Lanes v) { _mm256_storeu_si256((Lanes *)x, v); }
/* The first n; the others stay as they are. */
static inline void store_first(Key *x, Lanes v, int n) {
    if (n >= LANES) {
        store(x, v);
    } else {
        Key all[LANES];
        store(all, v);
        for (int i = 0; i < n; i++) x[i] = all[i];
    }
}
static inline Lanes both(Lanes x, Lanes y) { return _mm256_and_si256(x, y); }
static inline Lanes differ(Lanes x, Lanes y) { return _mm256_xor_si256(x, y); }
