/* Sorting up to sixteen vectors of numbers where they are in registers, for one kind of register: a part of sort_vector.h.
**
** The numbers are the rows of a matrix, a vector each.  Its columns are sorted by a network (Batcher's), all lanes at once.  Then
** pairs of neighbouring columns are merged, pairs of those, and so on: `group` columns hold a sequence row by row.  What is merged is
** two sequences, one in the lanes of even places, so to speak, and a balanced merge (Dowd and others) takes them as they lie:
** number i meets number N - 1 - i, first in all of the rows, then in halves of them, at last within a row. */

static inline void meet(Lanes *x, Lanes *y) {
    Lanes low = least(*x, *y), high = most(*x, *y);
    *x = low;
    *y = high;
}

static inline void columns2(Lanes *x) { meet(x, x + 1); }
static inline void columns4(Lanes *x) {
    columns2(x), columns2(x + 2);
    meet(x, x + 2), meet(x + 1, x + 3);
    meet(x + 1, x + 2);
}
static inline __attribute__((always_inline)) void columns8(Lanes *x) {
    columns4(x), columns4(x + 4);
    meet(x, x + 4), meet(x + 1, x + 5), meet(x + 2, x + 6), meet(x + 3, x + 7);
    meet(x + 2, x + 4), meet(x + 3, x + 5);
    meet(x + 1, x + 2), meet(x + 3, x + 4), meet(x + 5, x + 6);
}
static inline __attribute__((always_inline)) void columns16(Lanes *x) {
    columns8(x), columns8(x + 8);
    meet(x, x + 8), meet(x + 1, x + 9), meet(x + 2, x + 10), meet(x + 3, x + 11);
    meet(x + 4, x + 12), meet(x + 5, x + 13), meet(x + 6, x + 14), meet(x + 7, x + 15);
    meet(x + 4, x + 8), meet(x + 5, x + 9), meet(x + 6, x + 10), meet(x + 7, x + 11);
    meet(x + 2, x + 4), meet(x + 3, x + 5), meet(x + 6, x + 8), meet(x + 7, x + 9);
    meet(x + 10, x + 12), meet(x + 11, x + 13);
    meet(x + 1, x + 2), meet(x + 3, x + 4), meet(x + 5, x + 6), meet(x + 7, x + 8);
    meet(x + 9, x + 10), meet(x + 11, x + 12), meet(x + 13, x + 14);
}

/* Each row of a merge with the one it meets, whose lanes run backwards in each group. */
static inline void meet_back(Lanes *x, Lanes *y, int group) {
    *y = across(*y, group - 1);
    meet(x, y);
}
static inline void rows2(Lanes *x, int group) { meet_back(x, x + 1, group); }
static inline void rows4(Lanes *x, int group) {
    meet_back(x, x + 3, group), meet_back(x + 1, x + 2, group);
    rows2(x, group), rows2(x + 2, group);
}
static inline __attribute__((always_inline)) void rows8(Lanes *x, int group) {
    meet_back(x, x + 7, group), meet_back(x + 1, x + 6, group);
    meet_back(x + 2, x + 5, group), meet_back(x + 3, x + 4, group);
    rows4(x, group), rows4(x + 4, group);
}
static inline __attribute__((always_inline)) void rows16(Lanes *x, int group) {
    meet_back(x, x + 15, group), meet_back(x + 1, x + 14, group), meet_back(x + 2, x + 13, group);
    meet_back(x + 3, x + 12, group), meet_back(x + 4, x + 11, group), meet_back(x + 5, x + 10, group);
    meet_back(x + 6, x + 9, group), meet_back(x + 7, x + 8, group);
    rows8(x, group), rows8(x + 8, group);
}

/* Each lane beside the one whose number differs in `bits`; the smaller to that whose bit `top` is 0. */
static inline Lanes exchange(Lanes x, int bits, int top) {
    Lanes y = across(x, bits);
    return choose(least(x, y), most(x, y), top);
}

/* At last the lanes of each group. */
static inline void lanes1(Lanes *x, int group) {
    *x = exchange(*x, group - 1, group / 2);
    if (group > 8) *x = exchange(*x, 4, 4);
    if (group > 4) *x = exchange(*x, 2, 2);
    if (group > 2) *x = exchange(*x, 1, 1);
}
static inline void lanes2(Lanes *x, int group) { lanes1(x, group), lanes1(x + 1, group); }
static inline void lanes4(Lanes *x, int group) { lanes2(x, group), lanes2(x + 2, group); }
static inline __attribute__((always_inline)) void lanes8(Lanes *x, int group) {
    lanes4(x, group), lanes4(x + 4, group);
}
static inline __attribute__((always_inline)) void lanes16(Lanes *x, int group) {
    lanes8(x, group), lanes8(x + 8, group);
}

static inline __attribute__((always_inline)) void merged(Lanes *x, int rows, int group) {
    if (rows == 2) rows2(x, group), lanes2(x, group);
    if (rows == 4) rows4(x, group), lanes4(x, group);
    if (rows == 8) rows8(x, group), lanes8(x, group);
    if (rows == 16) rows16(x, group), lanes16(x, group);
    if (rows == 1) lanes1(x, group);
}

static inline __attribute__((always_inline)) void sort_registers(Lanes *x, int rows) {
    if (rows == 2) columns2(x);
    if (rows == 4) columns4(x);
    if (rows == 8) columns8(x);
    if (rows == 16) columns16(x);
    merged(x, rows, 2);
    merged(x, rows, 4);
    if (LANES > 4) merged(x, rows, 8);
    if (LANES > 8) merged(x, rows, 16);
}

/* A sequence that rises and then falls, or the other way round, is sorted: halves first. */
static inline void halves2(Lanes *x) { meet(x, x + 1); }
static inline void halves4(Lanes *x) {
    meet(x, x + 2), meet(x + 1, x + 3);
    halves2(x), halves2(x + 2);
}
static inline __attribute__((always_inline)) void halves8(Lanes *x) {
    meet(x, x + 4), meet(x + 1, x + 5), meet(x + 2, x + 6), meet(x + 3, x + 7);
    halves4(x), halves4(x + 4);
}
static inline __attribute__((always_inline)) void halves16(Lanes *x) {
    meet(x, x + 8), meet(x + 1, x + 9), meet(x + 2, x + 10), meet(x + 3, x + 11);
    meet(x + 4, x + 12), meet(x + 5, x + 13), meet(x + 6, x + 14), meet(x + 7, x + 15);
    halves8(x), halves8(x + 8);
}

static inline __attribute__((always_inline)) void join_registers(Lanes *x, int rows) {
    if (rows == 2) halves2(x);
    if (rows == 4) halves4(x);
    if (rows == 8) halves8(x);
    if (rows == 16) halves16(x);
    for (int i = 0; i < rows; i++) {
        if (LANES > 8) x[i] = exchange(x[i], 8, 8);
        if (LANES > 4) x[i] = exchange(x[i], 4, 4);
        x[i] = exchange(exchange(x[i], 2, 2), 1, 1);
    }
}
