/* The elements of .npy files: all of them or some, turned round on the way where that is needed. */
#include "npy.h"

#include <errno.h>
#include <string.h>

static void swap_bytes(unsigned char *at, int64_t n, int size) {
    for (; n-- > 0; at += size) {
        for (int i = 0; i < size / 2; i++) {
            unsigned char b = at[i];
            at[i] = at[size - 1 - i];
            at[size - 1 - i] = b;
        }
    }
}

/* One element, to its narrower partner where the program wants that. */
static void store(void *to, const void *from, int held, int wanted) {
    int size = jxl_dtypes[wanted].size;
    if (held == wanted || held == JXL_I64 || held == JXL_U64) {
        memcpy(to, from, (size_t)size); /* of a little-endian integer the low half is kept, as astype does */
        return;
    }
    double x[2];
    float y[2];
    int n = held == JXL_C128 ? 2 : 1;
    memcpy(x, from, (size_t)n * sizeof *x);
    for (int i = 0; i < n; i++) y[i] = (float)x[i];
    memcpy(to, y, (size_t)n * sizeof *y);
}

/* n elements that follow in the file, to every so manieth place of `data`.  Non-zero if all were there. */
static int read_run(const Opened *o, int64_t n, unsigned char *data, int64_t step) {
    enum { PIECE = 4096 };
    unsigned char piece[PIECE];
    const Npy *f = &o->header;
    const Dtype *held = &jxl_dtypes[f->dtype];
    int parts = held->kind == KIND_COMPLEX ? 2 : 1, size = jxl_dtypes[o->wanted].size;
    if (!f->swapped && f->dtype == o->wanted && step == 1) {
        if (fread(data, (size_t)held->size, (size_t)n, o->file) != (size_t)n) return 0;
        for (int64_t i = 0; f->dtype == JXL_BOOL && i < n; i++) data[i] = data[i] != 0;
        return 1;
    }
    while (n > 0) {
        int64_t k = PIECE / held->size < n ? PIECE / held->size : n;
        if (fread(piece, (size_t)held->size, (size_t)k, o->file) != (size_t)k) return 0;
        if (f->swapped) swap_bytes(piece, k * parts, held->size / parts);
        for (int64_t i = 0; i < k; i++, data += step * size) {
            store(data, piece + i * held->size, f->dtype, o->wanted);
            if (f->dtype == JXL_BOOL) *data = *data != 0;
        }
        n -= k;
    }
    return 1;
}

/* A file that cannot go back and forth is read from where it stands. */
static int go_to(const Opened *o, int64_t element) {
    off_t to = (off_t)(o->start + element * jxl_dtypes[o->header.dtype].size);
    off_t at = o->start < 0 ? to : ftello(o->file);
    return at == to || !fseeko(o->file, to, SEEK_SET);
}

/* Column by column, that is element by element of a row: of each those rows of which it is among the elements from `first` on. */
static int read_columns(const Opened *o, int64_t first, int64_t n, unsigned char *data) {
    const Npy *f = &o->header;
    int64_t rows = f->shape[0], columns = rows ? f->count / rows : 0, index[NPY_MOST_AXES] = { 0 };
    int size = jxl_dtypes[o->wanted].size;
    for (int64_t k = 0; k < columns; k++) {
        int64_t column = 0; /* as rows have it */
        for (int i = 1; i < f->rank; i++) column = column * f->shape[i] + index[i];
        int64_t from = first > column ? (first - column + columns - 1) / columns : 0;
        int64_t to = first + n > column ? (first + n - column + columns - 1) / columns : 0;
        if (to > from && (!go_to(o, k * rows + from) ||
                          !read_run(o, to - from, data + (from * columns + column - first) * size, columns)))
            return 0;
        for (int i = 1; i < f->rank && ++index[i] == f->shape[i]; i++) index[i] = 0;
    }
    return 1;
}

int jxl_read_elements(jxl_call *c, const Opened *o, int64_t first, int64_t n, void *data) {
    int turned = o->header.fortran && o->header.rank > 1;
    int whole = !n || (turned ? read_columns(o, first, n, data) : go_to(o, first) && read_run(o, n, data, 1));
    if (!whole && ferror(o->file))
        jxl_fail_file(c, o->path, o->what, "could not be read: %s", strerror(errno));
    else if (!whole)
        jxl_fail_file(c, o->path, o->what, "is cut short: it ends before its last element");
    return c->status;
}
