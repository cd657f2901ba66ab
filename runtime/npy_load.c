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
    if (o->lacks) jxl_release(c, o->lacks);
    jxl_release(c, o);
}

int jxl_opened_memory(jxl_call *c, Opened *o, void *bytes, size_t n) {
    o->memory = bytes;
    o->file = fmemopen(n ? bytes : (void *)"", n ? n : 1, "rb");
    return o->file ? 0 : jxl_fail_file(c, o->path, o->what, "could not be read: %s", strerror(errno));
}

int jxl_opened_as(jxl_call *c, Opened *o, int32_t dtype, int32_t rank, void **file, int64_t *shape) {
    o->wanted = dtype;
    o->start = ftello(o->file);
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

int jxl_load_read(jxl_call *c, void *opened, void *data) {
    Opened *o = opened;
    jxl_read_elements(c, o, 0, o->header.count, data);
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
