/* Fourier transforms along an axis.
**
** Lines go several at once, in the lanes of vectors: where they lie side by side because the axis is not the last, or because
** they are turned that way.  A long line is a matrix, whose columns and then rows go in this way; so a single one does too.
** What a length makes of this depends on nothing else but on there being SPLIT lines, and on how they lie: so the bits do not
** depend on the machine.  x and y may be the same. */
#include "fft.h"
#include "internal.h"

#include <string.h>

enum {
    MOST_IN_LANES = 1 << 14 /* points: what would leave the caches goes alone */,
    LEAST_SHARED = 1 << 14,
    TOGETHER = 1 << 18 /* bytes of lines that are transformed together */
};

typedef struct {
    const Fourier *f;
    const Kernels *k, *alone;
    const char *x;
    char *y;
    int64_t lines, inner; /* numbers between two points of a line */
    int real;             /* bytes */
    int together;         /* groups of lines side by side */
} Job;

static const Kernels *kernels(int single) {
#ifdef __x86_64__
    int bytes = jxl_vector_bytes();
    if (bytes == 64) return jxl_fft_64[single];
    if (bytes == 32) return jxl_fft_32[single];
#endif
    return jxl_fft_16[single];
}

static int is_real(const Fourier *f, int out) { return f->what == (out ? JXL_IRFFT : JXL_RFFT); }

/* Bytes of so many numbers of x, or of y. */
static int64_t bytes(const Job *j, int64_t numbers, int out) {
    return numbers * j->real * (is_real(j->f, out) ? 1 : 2);
}

/* Line number i. */
static const char *line_of_x(const Job *j, int64_t i) {
    return j->x + bytes(j, i / j->inner * j->inner * j->f->nx + i % j->inner, 0);
}
static char *line_of_y(const Job *j, int64_t i) {
    return j->y + bytes(j, i / j->inner * j->inner * j->f->ny + i % j->inner, 1);
}

static int64_t room_for(const Job *j) {
    int64_t most = j->f->points > j->f->whole.n ? j->f->points : j->f->whole.n;
    return (j->together + 2) * (most + 2) * (int64_t)j->k->size;
}

static int64_t pieces_of(const Job *j) {
    int64_t lines = j->together * j->k->lanes;
    return (j->inner + lines - 1) / lines;
}

/* How many groups of lines side by side go together: a few cache lines of each row, and what a cache has room for. */
static int groups_together(const Job *j) {
    int64_t line = j->k->lanes * bytes(j, 1, 0), n = j->f->points, most = 512 / line;
    if (most * n * (int64_t)j->k->size > TOGETHER) most = TOGETHER / (n * (int64_t)j->k->size);
    if (is_real(j->f, 0) || is_real(j->f, 1)) return 1;
    return most < 1 ? 1 : most > MOST_GROUPS ? MOST_GROUPS : (int)most;
}

/* Lines from .. to, fewer than there are lanes: with some of those before them, or one by one where these have been written over. */
static void last_lines(const Job *j, int64_t from, int64_t to, int64_t step, void *room) {
    if (j->x != j->y) {
        from = to - j->k->lanes;
        j->k->lines(j->f, line_of_x(j, from), line_of_y(j, from), step, 1, room);
        return;
    }
    for (; from < to; from++) j->alone->lines(j->f, line_of_x(j, from), line_of_y(j, from), step, 1, room);
}

/* Pieces of `together` groups of lines side by side. */
static int side_by_side(jxl_call *c, void *context, int64_t lo, int64_t hi) {
    const Job *j = context;
    int lanes = j->k->lanes;
    int64_t pieces = pieces_of(j);
    void *room = jxl_alloc(c, room_for(j));
    if (!room) return c->status;
    for (int64_t u = lo; u < hi; u++) {
        int64_t at = u % pieces * j->together * lanes, i = u / pieces * j->inner, have = (j->inner - at) / lanes;
        int groups = have < j->together ? (int)have : j->together;
        if (groups) j->k->lines(j->f, line_of_x(j, i + at), line_of_y(j, i + at), j->inner, groups, room);
        at += groups * lanes;
        if (groups < j->together && at < j->inner) last_lines(j, i + at, i + j->inner, j->inner, room);
    }
    jxl_release(c, room);
    return 0;
}

/* Groups of lines one behind the other. */
static int one_behind_the_other(jxl_call *c, void *context, int64_t lo, int64_t hi) {
    const Job *j = context;
    int64_t step = j->inner > 1 ? j->inner : 0, lanes = j->k->lanes;
    void *room = jxl_alloc(c, room_for(j));
    if (!room) return c->status;
    for (int64_t u = lo; u < hi; u++) {
        int64_t at = u * lanes;
        if (at + lanes <= j->lines)
            j->k->lines(j->f, line_of_x(j, at), line_of_y(j, at), step, 1, room);
        else
            last_lines(j, at, j->lines, step, room);
    }
    jxl_release(c, room);
    return 0;
}

/* a long line */

typedef struct {
    const Job *j;
    const void *x;
    char *y, *re, *im, *room; /* room: NULL where threads have their own */
} Split;

static int64_t split_room(const Job *j) {
    const Fourier *f = j->f;
    return 2 * (f->first.n > f->second.n ? f->first.n : f->second.n) * (int64_t)j->k->size;
}

static int columns(jxl_call *c, void *context, int64_t lo, int64_t hi) {
    const Split *s = context;
    void *room = s->room ? s->room : jxl_alloc(c, split_room(s->j));
    if (!room) return c->status;
    s->j->k->columns(s->j->f, lo * SPLIT, hi * SPLIT, s->x, s->re, s->im, room);
    if (!s->room) jxl_release(c, room);
    return 0;
}

static int rows(jxl_call *c, void *context, int64_t lo, int64_t hi) {
    const Split *s = context;
    int64_t n = s->j->f->first.n, to = hi * SPLIT;
    void *room = s->room ? s->room : jxl_alloc(c, split_room(s->j));
    if (!room) return c->status;
    s->j->k->rows(s->j->f, lo * SPLIT, to < n ? to : n, s->re, s->im, s->y, room);
    if (!s->room) jxl_release(c, room);
    return 0;
}

/* `n` numbers, so many bytes each and `step` of them apart, to where they are neighbours; or from there. */
static void gather(char *to, const char *from, int64_t n, int64_t size, int64_t step) {
    for (int64_t k = 0; k < n; k++) memcpy(to + k * size, from + k * step * size, (size_t)size);
}
static void spread(char *to, const char *from, int64_t n, int64_t size, int64_t step) {
    for (int64_t k = 0; k < n; k++) memcpy(to + k * step * size, from + k * size, (size_t)size);
}

/* Each in two steps, which are shared among threads where there are few lines. */
static int long_lines(jxl_call *c, const Job *j, int64_t lo, int64_t hi, int shared) {
    const Fourier *f = j->f;
    int64_t n1 = f->first.n, n2 = f->second.n, plane = f->points * j->real, line = 2 * (f->points + 1) * j->real;
    int64_t steps = shared ? 0 : split_room(j);
    char *room = jxl_alloc(c, steps + 2 * plane + 2 * line);
    if (!room) return c->status;
    char *re = room + steps, *im = re + plane, *near_x = im + plane, *near_y = near_x + line;
    int status = 0;
    for (int64_t i = lo; i < hi && !status; i++) {
        Split s = { j, line_of_x(j, i), line_of_y(j, i), re, im, shared ? NULL : room };
        if (j->inner > 1) {
            gather(near_x, s.x, f->nx, bytes(j, 1, 0), j->inner);
            s.x = near_x;
            s.y = near_y;
        }
        if (f->what == JXL_IRFFT) {
            j->k->pack(f, s.x, near_y);
            s.x = near_y;
        }
        int64_t grain = shared ? 1 + LEAST_SHARED / SPLIT / n1 : n2;
        status = shared ? jxl_parallel_for(c, columns, &s, n2 / SPLIT, grain) : columns(c, &s, 0, n2 / SPLIT);
        if (!status)
            status = shared ? jxl_parallel_for(c, rows, &s, (n1 + SPLIT - 1) / SPLIT, grain)
                            : rows(c, &s, 0, (n1 + SPLIT - 1) / SPLIT);
        if (f->what == JXL_RFFT) j->k->unpack(f, s.y, s.y);
        if (j->inner > 1) spread(line_of_y(j, i), near_y, f->ny, bytes(j, 1, 1), j->inner);
    }
    jxl_release(c, room);
    return status;
}

/* From how many points on a line is split; in lanes, where there are lines enough for them, it is the quicker. */
static int least_split(const Job *j) { return j->inner >= SPLIT ? 0 : j->lines >= SPLIT ? 512 : 256; }

static int some_long_lines(jxl_call *c, void *context, int64_t lo, int64_t hi) {
    return long_lines(c, context, lo, hi, 0);
}

int jxl_fft(jxl_call *c, int32_t what, int32_t axis, int32_t divided, const jxl_array *x, const jxl_array *y) {
    int64_t n = what == JXL_IRFFT ? y->shape[axis] : x->shape[axis];
    int single = jxl_dtypes[x->dtype].part == JXL_F32, is_kept;
    if (!jxl_count(x) || !jxl_count(y)) return 0;
    if (!jxl_fft_has_plan(what, n)) return jxl_fft_any(c, what, axis, divided, x, y);
    Job j = { .k = kernels(single),
              .alone = jxl_fft_alone[single],
              .x = x->data,
              .y = y->data,
              .lines = jxl_count(x) / x->shape[axis],
              .inner = 1,
              .real = single ? 4 : 8,
              .together = 1 };
    for (int i = axis + 1; i < x->rank; i++) j.inner *= x->shape[i];
    Fourier *f = jxl_fft_plan(what, n, divided, single, least_split(&j), &is_kept);
    if (!f) return jxl_fail_text(c, 1, "out of memory for a Fourier transform of %lld points", (long long)n);
    j.f = f;
    int64_t grain = 1 + 20000 / n;
    int status;
    if (j.inner >= SPLIT) {
        j.together = groups_together(&j);
        status = jxl_parallel_for(c, side_by_side, &j, j.lines / j.inner * pieces_of(&j),
                                  1 + grain / j.k->lanes / j.together);
    } else if (!f->first.n) {
        if (j.inner > 1 || j.lines < j.k->lanes || f->points > MOST_IN_LANES) j.k = j.alone;
        status = jxl_parallel_for(c, one_behind_the_other, &j, (j.lines + j.k->lanes - 1) / j.k->lanes,
                                  1 + grain / j.k->lanes);
    } else if (j.lines < 4 && f->points >= LEAST_SHARED) {
        status = long_lines(c, &j, 0, j.lines, 1);
    } else {
        status = jxl_parallel_for(c, some_long_lines, &j, j.lines, grain);
    }
    if (!is_kept) jxl_fft_plan_free(f);
    return status;
}
