/* oracle: compile a program, run it, and hold its output against what JAX said.
**
**   oracle JXLC WORKDIR PROGRAM.jxl EXPECTED.out
**
** Without more the two texts are equal, byte for byte.  A line `# tol: 1e-6` at the head of the program loosens that for
** numbers written with a point or an exponent: |got - expected| <= tol * max(1, |expected|), and white space, which
** follows the digits in a printed array, is then left out of the comparison.  Whole numbers stay exact.
** `# args: --n 3` gives the program arguments, `# devices: 8` that many logical devices. */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

__attribute__((noreturn)) static void stop(const char *format, ...) {
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

static char *read_whole(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f) stop("%s: %s", path, strerror(errno));
    size_t length = 0, room = 1 << 16;
    char *text = malloc(room);
    for (size_t n; text && (n = fread(text + length, 1, room - length - 1, f)) > 0;) {
        length += n;
        if (length + 1 == room) text = realloc(text, room *= 2);
    }
    if (!text) stop("out of memory");
    fclose(f);
    text[length] = 0;
    return text;
}

/* The value of `# key: value` among the comment lines a program begins with, NULL where it has none. */
static char *directive(const char *program, const char *key) {
    for (const char *line = program; *line == '#';) {
        const char *end = strchrnul(line, '\n');
        const char *p = line + 1;
        while (*p == ' ') p++;
        size_t n = strlen(key);
        if (!strncmp(p, key, n) && p[n] == ':') {
            p += n + 1;
            while (*p == ' ') p++;
            return strndup(p, (size_t)(end - p));
        }
        line = *end ? end + 1 : end;
    }
    return NULL;
}

/* Runs a command with its output in a file; what it says on stderr reaches ctest.  The exit status, or 128 + signal. */
static int run(char **argv, const char *output) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (output) posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    pid_t pid;
    int error = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
    if (error) stop("%s: %s", argv[0], strerror(error));
    posix_spawn_file_actions_destroy(&actions);
    int status;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) stop("waitpid: %s", strerror(errno));
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The number at p, if one begins there: its value, whether it is whole, and where it ends. */
static bool number_at(const char *start, const char *p, double *value, bool *whole, const char **end) {
    if (p > start && (isalnum((unsigned char)p[-1]) || p[-1] == '_')) return false; /* the 32 of float32 */
    bool word = !strncmp(p, "inf", 3) || !strncmp(p, "nan", 3);
    bool sign = (*p == '-' || *p == '+') && (isdigit((unsigned char)p[1]) || p[1] == '.' || !strncmp(p + 1, "inf", 3));
    bool digit = isdigit((unsigned char)*p) || (*p == '.' && isdigit((unsigned char)p[1]));
    if (!word && !sign && !digit) return false;
    if (word && isalpha((unsigned char)p[3])) return false;
    char *after;
    *value = strtod(p, &after);
    *whole = true;
    for (const char *q = p; q < after; q++) {
        if (!isdigit((unsigned char)*q) && *q != '-' && *q != '+') *whole = false;
    }
    *end = after;
    return after > p;
}

static bool close_to(double got, double expected, double tol) {
    if (isnan(expected) || isnan(got)) return isnan(expected) && isnan(got);
    if (isinf(expected) || isinf(got)) return got == expected;
    return fabs(got - expected) <= tol * fmax(1, fabs(expected));
}

/* The first place in `got` that differs from `expected`, NULL where there is none; *where is its twin. */
static const char *difference(const char *got, const char *expected, double tol, const char **where) {
    const char *g = got, *e = expected;
    if (tol == 0) {
        while (*g && *g == *e) g++, e++;
        *where = e;
        return *g == *e ? NULL : g;
    }
    for (;;) {
        while (isspace((unsigned char)*g)) g++;
        while (isspace((unsigned char)*e)) e++;
        *where = e;
        double a, b;
        bool a_whole, b_whole;
        const char *g_end, *e_end;
        if (number_at(got, g, &a, &a_whole, &g_end) && number_at(expected, e, &b, &b_whole, &e_end)) {
            if (a_whole && b_whole) {
                if (g_end - g != e_end - e || memcmp(g, e, (size_t)(g_end - g))) return g;
            } else if (a_whole != b_whole || !close_to(a, b, tol)) {
                return g;
            }
            g = g_end, e = e_end;
        } else if (*g != *e) {
            return g;
        } else if (!*g) {
            return NULL;
        } else {
            g++, e++;
        }
    }
}

static void show_line(const char *label, const char *text, const char *at) {
    int line = 1;
    const char *start = text;
    for (const char *p = text; p < at; p++) {
        if (*p == '\n') line++, start = p + 1;
    }
    fprintf(stderr, "  %s line %d: %.*s\n", label, line, (int)(strchrnul(start, '\n') - start), start);
}

int main(int argc, char **argv) {
    if (argc != 5) stop("usage: oracle JXLC WORKDIR PROGRAM.jxl EXPECTED.out");
    char *jxlc = argv[1], *program = argv[3], *expected_path = argv[4];

    /* Each program has files of its own in WORKDIR, so that tests may run side by side. */
    char *name = strdup(program), *binary, *output;
    if (!name) stop("out of memory");
    for (char *p = name; *p; p++) {
        if (*p == '/' || *p == '.') *p = '_';
    }
    if (asprintf(&binary, "%s/%s.exe", argv[2], name) < 0 || asprintf(&output, "%s/%s.got", argv[2], name) < 0)
        stop("out of memory");

    char *source = read_whole(program);
    char *tol_text = directive(source, "tol"), *args = directive(source, "args");
    char *devices = directive(source, "devices");
    if (devices) setenv("JXL_NUM_DEVICES", devices, 1);
    double tol = tol_text ? strtod(tol_text, NULL) : 0;

    char *compile[] = { jxlc, program, "-o", binary, NULL };
    int status = run(compile, NULL);
    if (status) stop("%s: jxlc ended with status %d", program, status);

    char *run_argv[32] = { binary };
    int n = 1;
    for (char *word = args ? strtok(args, " ") : NULL; word && n < 31; word = strtok(NULL, " ")) run_argv[n++] = word;
    status = run(run_argv, output);

    char *got = read_whole(output), *expected = read_whole(expected_path);
    const char *e, *g = difference(got, expected, tol, &e);
    if (g) {
        fprintf(stderr, "%s: the output is not what JAX prints\n", program);
        show_line("expected", expected, e);
        show_line("got     ", got, g);
    }
    if (status) fprintf(stderr, "%s: the program ended with status %d\n", program, status);
    if (!g && !status) unlink(binary);
    free(got), free(expected), free(source), free(tol_text), free(args), free(devices), free(name), free(binary),
        free(output);
    return g || status;
}
