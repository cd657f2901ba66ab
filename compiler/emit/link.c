/* link: runs cc, by its absolute path and without a shell, on objects and the runtime.
**
** Parts of the runtime that need another library (parts.def) are told from what the objects call.
**
** What need not stay is made in a directory of our own; the result is moved into place at the end, so that an old output
** survives a failure. */
#include "emit/emit.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <dirent.h>

extern char **environ;

/* What is to be removed when jxlc is ended by a signal or a mistake of its own. */
static char open_directories[4][256];

const char *work_directory(Compiler *cx) {
    const char *base = getenv("TMPDIR");
    char *path = arena_text(cx->arena, "%s/jxlc-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(path)) { /* mode 0700 */
        diag(cx, (Span){ 0 }, "could not make a temporary directory %s: %s", path, strerror(errno));
        return NULL;
    }
    for (int i = 0; i < COUNT(open_directories); i++)
        if (!*open_directories[i] && strlen(path) < sizeof open_directories[i]) {
            strcpy(open_directories[i], path);
            break;
        }
    return path;
}

void work_directories_abandon(void) {
    for (int i = 0; i < COUNT(open_directories); i++)
        if (*open_directories[i]) work_directory_remove(open_directories[i]);
}

void work_directory_remove(const char *path) {
    DIR *d = path ? opendir(path) : NULL;
    if (!d) return;
    for (struct dirent *entry; (entry = readdir(d));)
        if (entry->d_name[0] != '.') unlinkat(dirfd(d), entry->d_name, 0);
    closedir(d);
    rmdir(path);
    for (int i = 0; i < COUNT(open_directories); i++)
        if (!strcmp(open_directories[i], path)) *open_directories[i] = 0;
}

/* The absolute path of a program, as a shell would find it. */
static const char *program_path(Compiler *cx, const char *name) {
    if (strchr(name, '/')) return name;
    const char *path = getenv("PATH");
    if (!path) path = "/usr/local/bin:/usr/bin:/bin";
    while (*path) {
        size_t n = strcspn(path, ":");
        const char *at = arena_text(cx->arena, "%.*s/%s", (int)n, path, name);
        if (*path == '/' && access(at, X_OK) == 0) return at;
        path += n + (path[n] == ':');
    }
    return NULL;
}

static const char *c_compiler(Compiler *cx) {
    static const char *const known[] = { "cc", "gcc", "clang" };
    const char *chosen = getenv("CC");
    if (chosen && *chosen && !strchr(chosen, ' ')) {
        const char *path = program_path(cx, chosen);
        if (path) return path;
    }
    for (int i = 0; i < COUNT(known); i++) {
        const char *path = program_path(cx, known[i]);
        if (path) return path;
    }
    return NULL;
}

static bool run(Compiler *cx, char *const *words) {
    if (cx->options.verbose) {
        for (char *const *w = words; *w; w++) fprintf(stderr, "%s%s", w == words ? "" : " ", *w);
        fputc('\n', stderr);
    }
    pid_t child;
    int why = posix_spawn(&child, words[0], NULL, NULL, words, environ), status;
    if (why) {
        diag(cx, (Span){ 0 }, "could not run %s: %s", words[0], strerror(why));
        return false;
    }
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return false;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    if (WIFSIGNALED(status))
        diag(cx, (Span){ 0 }, "the linker (%s) was ended by signal %d", words[0], WTERMSIG(status));
    else
        diag(cx, (Span){ 0 }, "the linker (%s) ended with status %d", words[0], WEXITSTATUS(status));
    return false;
}

/* Moves even between file systems; a device or a pipe is written to. */
static bool move(Compiler *cx, const char *from, const char *to) {
    struct stat was;
    if ((stat(to, &was) || S_ISREG(was.st_mode)) && rename(from, to) == 0) return true;
    size_t n;
    const char *bytes = read_file(cx->arena, from, &n);
    if (!bytes || !write_file(to, bytes, n)) return false;
    if (stat(to, &was) == 0 && S_ISREG(was.st_mode)) chmod(to, was.st_mode | ((was.st_mode & 0444) >> 2));
    return true;
}

/* Parts of the runtime that need another library. */
typedef struct {
    const char *symbol;       /* what a program calls of it begins so */
    const char *libraries[3]; /* alternatives, each the words for the linker with a space between */
    const char *needs;        /* in words, for a message */
} Part;
static const Part parts[] = {
#define PART(symbol, first, second, third, needs) { symbol, { first, second, third }, needs },
#include "emit/parts.def"
#undef PART
};

static bool mentions(const char *bytes, size_t n, const char *symbol) {
    size_t m = strlen(symbol);
    for (const char *at = bytes; (at = memchr(at, symbol[0], n - (size_t)(at - bytes))); at++)
        if (n - (size_t)(at - bytes) < m)
            return false;
        else if (!memcmp(at, symbol, m))
            return true;
    return false;
}

static bool any_mentions(Compiler *cx, const Link *link, const char *symbol) {
    for (int i = 0; i < link->ninputs; i++) {
        size_t n;
        const char *bytes = link->inputs[i][0] == '-' ? NULL : read_file(cx->arena, link->inputs[i], &n);
        if (bytes && mentions(bytes, n, symbol)) return true;
    }
    return false;
}

/* Whether the linker finds the library of `-lname`: cc says where it is, or only its name again. */
static bool library_is_there(Compiler *cx, const char *cc, const char *directory, const char *name) {
    const char *ask = arena_text(cx->arena, "-print-file-name=lib%s.so", name);
    const char *answer = arena_text(cx->arena, "%s/answer", directory);
    posix_spawn_file_actions_t to_file;
    posix_spawn_file_actions_init(&to_file);
    posix_spawn_file_actions_addopen(&to_file, 1, answer, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    char *words[] = { arena_text(cx->arena, "%s", cc), arena_text(cx->arena, "%s", ask), NULL };
    pid_t child;
    int status = 1;
    if (!posix_spawn(&child, cc, &to_file, NULL, words, environ)) waitpid(child, &status, 0);
    posix_spawn_file_actions_destroy(&to_file);
    size_t n = 0;
    const char *path = status == 0 ? read_file(cx->arena, answer, &n) : NULL;
    return path && n && *path == '/';
}

/* The words for the linker of every part that the objects use; NULL after saying what is not installed. */
static const char *words_of_parts(Compiler *cx, const Link *link, const char *cc, const char *directory) {
    Text words = text_new(cx->arena);
    for (int i = 0; i < COUNT(parts); i++) {
        const Part *p = &parts[i];
        if (!any_mentions(cx, link, p->symbol)) continue;
        const char *chosen = NULL;
        for (int k = 0; k < COUNT(p->libraries) && !chosen; k++) {
            const char *l = p->libraries[k];
            if (l && library_is_there(cx, cc, directory, arena_text(cx->arena, "%.*s", (int)strcspn(l, " "), l)))
                chosen = l;
        }
        if (!chosen) {
            diag(cx, (Span){ 0 }, "this program uses %s", p->needs);
            return NULL;
        }
        text_add(&words, " %s", chosen);
    }
    return words.at ? words.at : "";
}

/* The MPIs that jxl was built with, that of mpicc first. */
static const struct { const char *name, *library; } mpis[] = { JXL_MPIS{ NULL, NULL } };

/* The linker's words for the MPI that is to be part of the program, up to a NULL; NULL after saying that it is not there. */
static const char *const *words_of_mpi(Compiler *cx, const Link *link, const char *runtime) {
    static const char *const none[] = { NULL };
    const char *how = cx->options.mpi;
    if (!how || !strcmp(how, "plugin") || !any_mentions(cx, link, "jxl_meet")) return none;
    int i = 0;
    while (mpis[i].name && strcmp(how, "link") && strcmp(how, mpis[i].name)) i++;
    if (!mpis[i].name) {
        diag(cx, (Span){ 0 }, "--mpi=%s: jxl was built without %s", how, strcmp(how, "link") ? "that MPI" : "MPI");
        return NULL;
    }
    const char *library = mpis[i].library;
    const char *words[] = {
        "-Wl,--undefined=jxl_comm_table",
        arena_text(cx->arena, "%.*s/libjxlmpi-%s.a", (int)(strrchr(runtime, '/') - runtime), runtime, mpis[i].name),
        library,
        arena_text(cx->arena, "-Wl,-rpath,%.*s", (int)(strrchr(library, '/') - library), library),
        NULL,
    };
    return arena_copy(cx->arena, words, sizeof words);
}

bool link_can_join(Compiler *cx) { return c_compiler(cx) != NULL; }

bool link_join(Compiler *cx, const char *const *objects, int n, const char *path) {
    struct {
        char **at;
        int n, cap;
    } words = { 0 };
    const char *const first[] = { c_compiler(cx), "-r", "-nostdlib", "-o", path };
    for (int i = 0; i < COUNT(first); i++) PUSH(cx->arena, &words, arena_text(cx->arena, "%s", first[i]));
    for (int i = 0; i < n; i++) PUSH(cx->arena, &words, arena_text(cx->arena, "%s", objects[i]));
    PUSH(cx->arena, &words, NULL);
    return run(cx, words.at);
}

bool emit_link(Compiler *cx, const Link *link) {
    struct {
        char **at;
        int n, cap;
    } words = { 0 };
    const char *cc = c_compiler(cx), *runtime = install_runtime(cx);
    if (!cc) {
        diag(cx, (Span){ 0 }, "linking needs a C compiler, and there is no cc in PATH");
        note(cx, "jxlc -c makes an object file without one");
        return false;
    }
    if (access(runtime, R_OK)) {
        diag(cx, (Span){ 0 }, "jxl's runtime library is not where it should be: %s", runtime);
        return false;
    }
    const char *directory = work_directory(cx);
    if (!directory) return false;
    const char *of_parts = words_of_parts(cx, link, cc, directory);
    const char *const *of_mpi = words_of_mpi(cx, link, runtime);
    if (!of_parts || !of_mpi) {
        work_directory_remove(directory);
        return false;
    }
    const char *result = arena_text(cx->arena, "%s/out", directory);
    const char *const first[] = { cc, "-o", result };
    for (int i = 0; i < COUNT(first); i++) PUSH(cx->arena, &words, arena_text(cx->arena, "%s", first[i]));
    if (link->shared) PUSH(cx->arena, &words, "-shared");
    for (int i = 0; i < link->ninputs; i++) PUSH(cx->arena, &words, arena_text(cx->arena, "%s", link->inputs[i]));
    for (; *of_mpi; of_mpi++) PUSH(cx->arena, &words, arena_text(cx->arena, "%s", *of_mpi));
    PUSH(cx->arena, &words, arena_text(cx->arena, "%s", runtime));
    const char *const last[] = { "-Wl,--gc-sections", "-Wl,-O1", "-Wl,--as-needed", "-pthread" };
    for (int i = 0; i < COUNT(last); i++) PUSH(cx->arena, &words, arena_text(cx->arena, "%s", last[i]));
    for (const char *w = of_parts; *w;) {
        size_t n = strcspn(w += strspn(w, " "), " ");
        if (n) PUSH(cx->arena, &words, arena_text(cx->arena, "-l%.*s", (int)n, w));
        w += n;
    }
    PUSH(cx->arena, &words, arena_text(cx->arena, "-lm"));
    /* the runtime's names stay inside; its threads never end, so the library must not be unloaded under them */
    const char *const of_shared[] = { "-Wl,--exclude-libs,ALL", "-Wl,-z,nodelete" };
    for (int i = 0; link->shared && i < COUNT(of_shared); i++)
        PUSH(cx->arena, &words, arena_text(cx->arena, "%s", of_shared[i]));
    PUSH(cx->arena, &words, NULL);
    bool ok = run(cx, words.at);
    if (ok && !move(cx, result, link->output)) {
        diag(cx, (Span){ 0 }, "could not write %s: %s", link->output, strerror(errno));
        ok = false;
    }
    work_directory_remove(directory);
    return ok;
}
