/* file: whole files in, whole files out. */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *read_file(Arena *arena, const char *path, size_t *length) {
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    char *bytes = arena_alloc(arena, 4096);
    size_t n = 0, cap = 4096;
    for (;;) {
        n += fread(bytes + n, 1, cap - 1 - n, f);
        if (n < cap - 1) break;
        bytes = arena_grow(arena, bytes, cap, 2 * cap);
        cap *= 2;
    }
    int failed = ferror(f) ? errno : 0; /* a directory opens, but cannot be read */
    fclose(f);
    errno = failed;
    if (failed) return NULL;
    bytes[n] = 0;
    if (length) *length = n;
    return bytes;
}

static bool write_all(int fd, const char *bytes, size_t length) {
    while (length) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        bytes += n;
        length -= (size_t)n;
    }
    return true;
}

/* Closes in any case; the first failure is the one that errno keeps. */
static bool finish(int fd, const void *bytes, size_t length) {
    bool ok = write_all(fd, bytes, length);
    int why = errno;
    if (close(fd) && ok) return false;
    errno = why;
    return ok;
}

bool write_file(const char *path, const void *bytes, size_t length) {
    struct stat was;
    bool there = stat(path, &was) == 0;
    if (there && !S_ISREG(was.st_mode)) { /* /dev/null, a pipe: nothing to keep */
        int fd = open(path, O_WRONLY);
        return fd >= 0 && finish(fd, bytes, length);
    }
    size_t size = strlen(path) + 32;
    char *beside = malloc(size);
    if (!beside) return false;
    snprintf(beside, size, "%s.%ld.part", path, (long)getpid());
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC, there ? was.st_mode & 0777 : 0666);
    bool ok = fd >= 0 && finish(fd, bytes, length) && rename(beside, path) == 0;
    int why = errno;
    if (!ok && fd >= 0) unlink(beside);
    free(beside);
    errno = why;
    return ok;
}
