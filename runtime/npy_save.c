/* Saving .npy files, byte for byte as numpy.save does.  What is written is another file beside the old one, which it
** replaces when it is complete: a program that is killed leaves the old one as it was. */
#define _GNU_SOURCE
#include "npy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const codes[] = { "|b1", "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4",
                                     "<u8", "<f2", "<V2", "<f4", "<f8", "<c8", "<c16" };

static int width_of(int64_t n) { return snprintf(NULL, 0, "%lld", (long long)n); }

/* The header's text, with NumPy's room for the first axis to grow, and what aligns the elements to 64 bytes. */
static void put_header(Text *t, const jxl_array *a) {
    jxl_text_addf(t, "{'descr': '%s', 'fortran_order': False, 'shape': (", codes[a->dtype]);
    for (int i = 0; i < a->rank; i++) jxl_text_addf(t, i ? ", %lld" : "%lld", (long long)a->shape[i]);
    jxl_text_put(t, a->rank == 1 ? ",), }" : "), }");
    if (a->rank) jxl_text_fill(t, ' ', 21 - width_of(a->shape[0]));
    jxl_text_fill(t, ' ', 63 - (10 + (int64_t)t->n) % 64);
    jxl_text_put(t, "\n");
}

void jxl_put_npy_header(Text *t, const jxl_array *a) {
    Text words = { .call = t->call };
    put_header(&words, a);
    if (t->call->status) return;
    unsigned char start[10] = {
        0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)words.n, (unsigned char)(words.n >> 8)
    };
    jxl_text_add(t, (const char *)start, sizeof start);
    jxl_text_add(t, words.at, words.n);
    jxl_release(t->call, words.at);
}

int jxl_write_npy(jxl_call *c, FILE *file, const jxl_array *a) {
    Text t = { .call = c };
    jxl_put_npy_header(&t, a);
    if (c->status) return 0;
    size_t size = (size_t)jxl_dtypes[a->dtype].size, count = (size_t)jxl_count(a);
    int good = fwrite(t.at, 1, t.n, file) == t.n && fwrite(a->data, size, count, file) == count;
    jxl_release(c, t.at);
    return good;
}

static int write_array(jxl_call *c, FILE *file, const void *array) { return jxl_write_npy(c, file, array); }

int jxl_ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

/* A file without a name where the system has such: it vanishes with a program that is killed.  Else one with a name of its own,
** which is then in `name`. */
static int open_beside(const char *directory, char *name) {
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
    if (fd >= 0) {
        *name = 0;
        return fd;
    }
    mode_t mask = umask(0);
    umask(mask);
    fd = mkstemp(name);
    if (fd >= 0 && fchmod(fd, 0666 & ~mask)) close(fd), unlink(name), fd = -1;
    return fd;
}

/* The file gets a name, and that becomes `path`.  A nameless one is called `name` in between, which stays behind when the program
** is killed just then; the next one takes it away, also from a process that does the same at this moment and then tries again. */
static int put_in_place(int fd, int nameless, const char *name, const char *path) {
    char held[64];
    snprintf(held, sizeof held, "/proc/self/fd/%d", fd);
    for (int tries = 0; tries < 100; tries++) {
        if (nameless && linkat(AT_FDCWD, held, AT_FDCWD, name, AT_SYMLINK_FOLLOW)) {
            if (errno != EEXIST || (unlink(name) && errno != ENOENT)) return 0;
            continue;
        }
        if (!rename(name, path)) return 1;
        if (!nameless || errno != ENOENT) break;
    }
    int why = errno;
    unlink(name);
    errno = why;
    return 0;
}

/* What was written, and then the name, are on the disk before this returns: after a crash of the machine too the file is the
** old one or the new one. */
static int save_beside(jxl_call *c, const char *path, const char *what, FileWriter write, const void *context) {
    Text beside = { .call = c }, name = { .call = c }, own = { .call = c };
    const char *slash = strrchr(path, '/');
    jxl_text_addf(&beside, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    jxl_text_addf(&name, "%s.part", path);
    jxl_text_addf(&own, "%s.XXXXXX", path);
    if (c->status) return c->status;
    int fd = open_beside(beside.at, own.at), nameless = fd >= 0 && !*own.at;
    FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");
    int good = file && write(c, file, context) && !fflush(file) && !fsync(fd);
    if (good) good = put_in_place(fd, nameless, nameless ? name.at : own.at, path);
    int error = errno, directory = good ? open(beside.at, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (directory >= 0) fsync(directory), close(directory); /* some file systems cannot, and need not */
    if (fd >= 0 && !good && !nameless) unlink(own.at);
    if (file && fclose(file) && good) good = 0, error = errno;
    if (!good) jxl_fail_file(c, path, what, "could not be written: %s", strerror(error));
    jxl_release(c, beside.at);
    jxl_release(c, name.at);
    jxl_release(c, own.at);
    return c->status;
}

/* A device or a pipe is not replaced but written to. */
static int save_into(jxl_call *c, const char *path, const char *what, FileWriter write, const void *context) {
    FILE *file = fopen(path, "wb");
    int good = file && write(c, file, context);
    int error = errno;
    if (file && fclose(file)) good = 0, error = errno;
    return good ? 0 : jxl_fail_file(c, path, what, "could not be written: %s", strerror(error));
}

int jxl_write_file(jxl_call *c, const char *path, const char *what, FileWriter write, const void *context) {
    struct stat st;
    int exists = !stat(path, &st);
    char *target = exists ? realpath(path, NULL) : NULL; /* what a link points to is replaced, not the link */
    const char *to = target ? target : path;
    int beside = !exists || S_ISREG(st.st_mode);
    int status = (beside ? save_beside : save_into)(c, to, what, write, context);
    free(target);
    return status;
}

int jxl_save(jxl_call *c, const char *path, const jxl_array *a, const char *what) {
    if (!jxl_world_first(c)) return 0;
    Text name = { .call = c };
    jxl_text_addf(&name, "%s%s", path, jxl_ends_with(path, ".npy") ? "" : ".npy");
    if (c->status) return c->status;
    int status = jxl_write_file(c, name.at, what, write_array, a);
    jxl_release(c, name.at);
    return status;
}
