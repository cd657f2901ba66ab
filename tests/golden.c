/* golden: tests whose expected text stands in the file itself, below a marker.
**
**   golden [--bless] JXLC WORKDIR FILE...
**
**   name.jxir   // run with: fuse        the passes; what stands above the marker goes through them
**               // becomes               what jxlc prints then
**   name.jxl    # says                   what `jxlc check` says of the program, which it must refuse
**               # stops                  what the compiled program says on its way to a non-zero status
**
** The last two markers are followed by comment lines.  --bless writes what was said in place of what was expected. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char *jxlc;
static const char *work;

__attribute__((noreturn)) static void stop(const char *format, ...) {
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(2);
}

static char *text(const char *format, ...) {
    char *t;
    va_list args;
    va_start(args, format);
    if (vasprintf(&t, format, args) < 0) stop("out of memory");
    va_end(args);
    return t;
}

static char *read_whole(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f) stop("%s: %s", path, strerror(errno));
    char *all = NULL;
    size_t room = 0;
    if (getdelim(&all, &room, 0, f) < 0 && !(all = strdup(""))) stop("out of memory");
    fclose(f);
    return all;
}

static void write_whole(const char *path, const char *a, const char *b) {
    FILE *f = fopen(path, "wb");
    if (!f || fputs(a, f) < 0 || fputs(b, f) < 0 || fclose(f)) stop("%s: %s", path, strerror(errno));
}

/* Runs a command in `directory`; *said is its output on the streams asked for.  The exit status, or 128 + signal. */
static int run(char *const *argv, const char *directory, bool out, bool err, char **said) {
    char *path = text("%s/said.%d", work, (int)getpid());
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, directory);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 3, path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
    if (out) posix_spawn_file_actions_adddup2(&actions, 3, 1);
    if (err) posix_spawn_file_actions_adddup2(&actions, 3, 2);
    posix_spawn_file_actions_addclose(&actions, 3);
    pid_t pid;
    int status, error = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
    if (error) stop("%s: %s", argv[0], strerror(error));
    posix_spawn_file_actions_destroy(&actions);
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) stop("waitpid: %s", strerror(errno));
    }
    *said = read_whole(path);
    unlink(path);
    free(path);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The line that is exactly `marker`, NULL where there is none. */
static char *marker_line(char *all, const char *marker) {
    size_t n = strlen(marker);
    for (char *p = all; p; p = strchr(p, '\n'), p = p ? p + 1 : NULL) {
        if (!strncmp(p, marker, n) && (p[n] == '\n' || !p[n])) return p;
    }
    return NULL;
}

/* Each line becomes a comment line. */
static char *commented(const char *said) {
    char *t = strdup("");
    while (*said) {
        const char *end = strchrnul(said, '\n');
        char *more = text("%s#%s%.*s\n", t, end > said ? " " : "", (int)(end - said), said);
        free(t);
        t = more;
        said = *end ? end + 1 : end;
    }
    return t;
}

static void split_path(const char *path, char **directory, const char **base) {
    const char *slash = strrchr(path, '/');
    *directory = slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
    *base = slash ? slash + 1 : path;
}

/* What the compiler makes of the part above the marker, as it would stand below it; NULL after a complaint. */
static char *becomes(const char *path, char *all, char *marker) {
    char *with = strstr(all, "run with: ");
    if (!with || with > marker) stop("%s: no line `// run with: PASSES`", path);
    char *passes = text("--passes=%.*s", (int)strcspn(with + 10, "\n"), with + 10);
    char *above = strndup(all, (size_t)(marker - all)), *input = text("%s/above.%d.jxir", work, (int)getpid()), *said;
    write_whole(input, above, "");
    char *argv[] = { jxlc, passes, input, "-o", "-", NULL };
    int status = run(argv, ".", true, false, &said);
    unlink(input);
    free(passes), free(above), free(input);
    if (!status) return said;
    fprintf(stderr, "%s: jxlc ended with status %d\n", path, status);
    return NULL;
}

static char *says(const char *path) {
    char *directory, *said;
    const char *base;
    split_path(path, &directory, &base);
    char *argv[] = { jxlc, "check", (char *)base, NULL };
    int status = run(argv, directory, true, true, &said);
    free(directory);
    if (status == 1) return commented(said);
    fprintf(stderr, "%s: jxlc check ended with status %d\n%s", path, status, said);
    return NULL;
}

static char *stops(const char *path) {
    char *directory, *said, *binary = text("%s/stops.%d", work, (int)getpid());
    const char *base;
    split_path(path, &directory, &base);
    char *compile[] = { jxlc, (char *)base, "-o", binary, NULL }, *program[] = { binary, NULL };
    int status = run(compile, directory, true, true, &said);
    if (status) {
        fprintf(stderr, "%s: jxlc ended with status %d\n%s", path, status, said);
        return NULL;
    }
    free(said);
    status = run(program, directory, false, true, &said);
    unlink(binary);
    free(directory), free(binary);
    if (status && status < 128) return commented(said);
    fprintf(stderr, "%s: the program ended with status %d\n", path, status);
    return NULL;
}

static bool test(const char *path, bool bless) {
    char *all = read_whole(path), *marker, *got;
    if ((marker = marker_line(all, "// becomes")))
        got = becomes(path, all, marker);
    else if ((marker = marker_line(all, "# says")))
        got = says(path);
    else if ((marker = marker_line(all, "# stops")))
        got = stops(path);
    else
        stop("%s: none of `// becomes`, `# says`, `# stops`", path);
    if (!got) return false;

    char *expected = strchr(marker, '\n');
    expected = expected ? expected + 1 : marker + strlen(marker);
    bool same = !strcmp(got, expected);
    if (!same && bless) {
        char *above = text("%.*s\n", (int)strcspn(marker, "\n") + (int)(marker - all), all);
        write_whole(path, above, got);
        printf("%s: blessed\n", path);
        free(above);
    } else if (!same) {
        fprintf(stderr, "%s: expected\n%s\n%s: got\n%s\n", path, expected, path, got);
    }
    free(all), free(got);
    return same || bless;
}

int main(int argc, char **argv) {
    bool bless = argc > 1 && !strcmp(argv[1], "--bless");
    int first = bless ? 2 : 1, failed = 0;
    if (argc - first < 2) stop("usage: golden [--bless] JXLC WORKDIR FILE...");
    jxlc = realpath(argv[first], NULL);
    work = realpath(argv[first + 1], NULL);
    if (!jxlc || !work) stop("%s, %s: %s", argv[first], argv[first + 1], strerror(errno));
    for (int i = first + 2; i < argc; i++) failed += !test(argv[i], bless);
    int passed = argc - first - 2 - failed;
    printf("%d of %d as expected\n", passed, passed + failed);
    return failed > 0;
}
