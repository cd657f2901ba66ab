/* Loading .npy files: opened and checked first, so that the program can make room, then read. */
#include "npy.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static char *copy(jxl_call *c, const char *text) {
    size_t n = strlen(text) + 1;
    char *to = jxl_alloc(c, (int64_t)n);
    return to ? memcpy(to, text, n) : NULL;
}

/* Like jnp.load without 64-bit types, a file of 64-bit numbers serves for an array of their 32-bit partner. */
static int fits(int held, int wanted) {
    static const int narrower[][2] = {
        { JXL_F64, JXL_F32 }, { JXL_I64, JXL_I32 }, { JXL_U64, JXL_U32 }, { JXL_C128, JXL_C64 }
    };
    for (int i = 0; i < 4; i++)
        if (held == narrower[i][0] && wanted == narrower[i][1]) return 1;
    return held == wanted;
}

static int wrong_type(jxl_call *c, const char *path, const char *what, const Npy *f, int32_t dtype, int32_t rank) {
    Text held = { .call = c }, wanted = { .call = c };
    jxl_put_type(&held, &(jxl_array){ .dtype = f->dtype, .rank = f->rank, .shape = f->shape });
    jxl_text_put(&wanted, jxl_dtypes[dtype].brief);
    for (int i = 0; i < rank; i++) jxl_text_put(&wanted, i ? ", _" : "[_");
    if (rank) jxl_text_put(&wanted, "]");
    if (!c->status) jxl_fail_file(c, path, what, "holds %s; expected was %s", held.at, wanted.at);
    jxl_release(c, held.at);
    jxl_release(c, wanted.at);
    return c->status;
}

/* Of a regular file the length is known before the elements are read, and before room for them is made. */
static int check_length(jxl_call *c, FILE *file, const char *path, const char *what, const Npy *f) {
    struct stat st;
    off_t at = ftello(file);
    int64_t bytes = f->count * jxl_dtypes[f->dtype].size;
    if (at < 0 || fstat(fileno(file), &st) || !S_ISREG(st.st_mode) || st.st_size - at >= bytes) return 0;
    Text held = { .call = c };
    jxl_put_type(&held, &(jxl_array){ .dtype = f->dtype, .rank = f->rank, .shape = f->shape });
    if (!c->status)
        jxl_fail_file(c, path, what, "is cut short: %s takes %lld bytes, and %lld are there", held.at, (long long)bytes,
                      (long long)(st.st_size - at));
    jxl_release(c, held.at);
    return c->status;
}

Opened *jxl_opened_new(jxl_call *c, const char *path, const char *what) {
    Opened *o = jxl_alloc(c, sizeof *o);
    if (!o) return NULL;
    *o = (Opened){ .path = copy(c, path), .what = copy(c, what ? what : "") };
    if (!c->status) return o;
    jxl_opened_close(c, o);
    return NULL;
}

void jxl_opened_close(jxl_call *c, Opened *o) {
    if (o->file) fclose(o->file);
    if (o->memory) jxl_release(c, o->memory);
    if (o->path) jxl_release(c, o->path);
    if (o->what) jxl_release(c, o->what);
    jxl_release(c, o);
}

int jxl_opened_memory(jxl_call *c, Opened *o, void *bytes, size_t n) {
    o->memory = bytes;
    o->file = fmemopen(n ? bytes : (void *)"", n ? n : 1, "rb");
    return o->file ? 0 : jxl_fail_file(c, o->path, o->what, "could not be read: %s", strerror(errno));
}

int jxl_opened_as(jxl_call *c, Opened *o, int32_t dtype, int32_t rank, void **file, int64_t *shape) {
    o->wanted = dtype;
    if (!fits(o->header.dtype, dtype) || o->header.rank != rank) {
        wrong_type(c, o->path, o->what, &o->header, dtype, rank);
        jxl_opened_close(c, o);
        return c->status;
    }
    memcpy(shape, o->header.shape, (size_t)rank * sizeof *shape);
    *file = o;
    return 0;
}

int jxl_opened_look(jxl_call *c, Opened *o, int32_t *dtype, int32_t *rank, int64_t *shape) {
    *dtype = o->header.dtype;
    *rank = o->header.rank;
    memcpy(shape, o->header.shape, (size_t)o->header.rank * sizeof *shape);
    jxl_opened_close(c, o);
    return 0;
}

/* NULL after an error. */
static Opened *open_npy(jxl_call *c, const char *path, const char *what) {
    struct stat st;
    Opened *o = jxl_opened_new(c, path, what);
    if (!o) return NULL;
    o->file = fopen(path, "rb");
    if (!o->file)
        jxl_fail_file(c, path, what, "could not be opened: %s", strerror(errno));
    else if (!fstat(fileno(o->file), &st) && S_ISDIR(st.st_mode))
        jxl_fail_file(c, path, what, "is a directory");
    else if (!jxl_read_npy_header(c, o->file, path, what, &o->header))
        check_length(c, o->file, path, what, &o->header);
    if (!c->status) return o;
    jxl_opened_close(c, o);
    return NULL;
}

int jxl_load_open(jxl_call *c, const char *path, int32_t dtype, int32_t rank, const char *what, void **opened,
                  int64_t *shape) {
    Opened *o = open_npy(c, path, what);
    return o ? jxl_opened_as(c, o, dtype, rank, opened, shape) : c->status;
}

int jxl_load_look(jxl_call *c, const char *path, const char *what, int32_t *dtype, int32_t *rank, int64_t *shape) {
    Opened *o = open_npy(c, path, what);
    return o ? jxl_opened_look(c, o, dtype, rank, shape) : c->status;
}

/* ---- elements ---- */

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

/* Where the element after the one at `index` lies in row-major order, the first axis moving fastest. */
static int64_t next_in_fortran_order(const Npy *f, int64_t *index) {
    int64_t at = 0;
    for (int i = 0; i < f->rank && ++index[i] == f->shape[i]; i++) index[i] = 0;
    for (int i = 0; i < f->rank; i++) at = at * f->shape[i] + index[i];
    return at;
}

/* Piece by piece, what has to be turned round on the way. */
static int read_converting(FILE *file, const Npy *f, int wanted, unsigned char *data) {
    enum { PIECE = 4096 };
    unsigned char piece[PIECE];
    const Dtype *held = &jxl_dtypes[f->dtype];
    int parts = held->kind == KIND_COMPLEX ? 2 : 1, size = jxl_dtypes[wanted].size;
    int64_t index[NPY_MOST_AXES] = { 0 }, at = 0;
    for (int64_t i = 0; i < f->count;) {
        int64_t n = PIECE / held->size;
        if (n > f->count - i) n = f->count - i;
        if (fread(piece, (size_t)held->size, (size_t)n, file) != (size_t)n) return 0;
        if (f->swapped) swap_bytes(piece, n * parts, held->size / parts);
        for (int64_t k = 0; k < n; k++) {
            store(data + at * size, piece + k * held->size, f->dtype, wanted);
            at = f->fortran ? next_in_fortran_order(f, index) : at + 1;
        }
        i += n;
    }
    return 1;
}

int jxl_load_read(jxl_call *c, void *opened, void *data) {
    Opened *o = opened;
    const Npy *f = &o->header;
    size_t size = (size_t)jxl_dtypes[f->dtype].size, count = (size_t)f->count;
    int as_it_is = !f->swapped && (!f->fortran || f->rank < 2) && f->dtype == o->wanted;
    int whole = as_it_is ? fread(data, size, count, o->file) == count : read_converting(o->file, f, o->wanted, data);
    if (!whole && ferror(o->file))
        jxl_fail_file(c, o->path, o->what, "could not be read: %s", strerror(errno));
    else if (!whole)
        jxl_fail_file(c, o->path, o->what, "is cut short: it ends before its last element");
    unsigned char *bytes = data;
    if (whole && f->dtype == JXL_BOOL)
        for (size_t i = 0; i < count; i++) bytes[i] = bytes[i] != 0;
    jxl_opened_close(c, o);
    return c->status;
}

int jxl_there_open(jxl_call *c, const char *path, const char *kind, int32_t dtype, int32_t rank, const char *what,
                   void **file, int64_t *shape) {
    Opened *o = jxl_opened_new(c, path, what);
    char *there = o ? jxl_alloc(c, 1) : NULL;
    struct stat s;
    if (there) {
        *there = !stat(path, &s) && (!*kind || (*kind == 'd' ? S_ISDIR(s.st_mode) : S_ISREG(s.st_mode)));
        o->header = (Npy){ .dtype = JXL_BOOL, .count = 1 };
        if (!jxl_opened_memory(c, o, there, 1)) return jxl_opened_as(c, o, dtype, rank, file, shape);
    }
    if (o) jxl_opened_close(c, o);
    return c->status;
}
