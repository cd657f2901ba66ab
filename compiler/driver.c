/* driver: each source through the layers, then the link. */
#include "driver.h"
#include "check.h"
#include "elaborate/elaborate.h"
#include "emit/emit.h"
#include "optimize/optimize.h"
#include "pipeline.h"
#include "syntax/syntax.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static const Span nowhere = { 0 };

static bool ends_in(const char *path, const char *end) {
    size_t n = strlen(path), m = strlen(end);
    return n > m && !strcmp(path + n - m, end);
}

static bool is_source(const char *path) { return path[0] != '-' && (ends_in(path, ".jxl") || ends_in(path, ".jxir")); }

/* dir/prog.jxl -> prog.o; with `keep`, dir/prog.o */
static const char *with_ending(Compiler *cx, const char *path, const char *ending, bool keep) {
    const char *name = strrchr(path, '/'), *start = name && !keep ? name + 1 : path;
    const char *dot = strrchr(name ? name : path, '.');
    int n = dot ? (int)(dot - start) : (int)strlen(start);
    return arena_text(cx->arena, "%.*s%s", n, start, ending);
}

/* Text for reading goes to standard output unless -o says otherwise. */
static FILE *open_text(Compiler *cx) {
    const char *path = cx->options.output;
    if (!path || !strcmp(path, "-")) return stdout;
    FILE *f = fopen(path, "w");
    if (!f) diag(cx, nowhere, "could not write %s: %s", path, strerror(errno));
    return f;
}

static bool close_text(Compiler *cx, FILE *f) {
    bool ok = !ferror(f) && !fflush(f);
    if (f != stdout && fclose(f)) ok = false;
    if (!ok)
        diag(cx, nowhere, "could not write %s: %s", cx->options.output ? cx->options.output : "standard output",
             strerror(errno));
    return ok;
}

static bool print_ir(Compiler *cx, const Module *m) {
    FILE *f = open_text(cx);
    if (!f) return false;
    print_module(f, m);
    return close_text(cx, f);
}

static bool evaluate(Compiler *cx, const Module *m) {
    if (!m->main) {
        diag(cx, nowhere, "there is nothing to evaluate: the program only defines functions");
        return false;
    }
    Eval ev = { .arena = m->arena, .out = stdout };
    Tensor none = { 0 };
    bool ok = eval_func(&ev, m->main, &none, &none);
    fflush(stdout);
    if (!ok) fprintf(stderr, "%s\n", ev.failure);
    return ok;
}

static int read_source(Compiler *cx, const char *path) {
    size_t length;
    const char *text = read_file(cx->arena, path, &length);
    if (!text) {
        diag(cx, nowhere, "%s: %s", path, strerror(errno));
        return 0;
    }
    if (length > INT32_MAX - 1) {
        diag(cx, nowhere, "%s: a source may have 2 GiB at most", path);
        return 0;
    }
    return add_source(cx, path, text, (int)length, false);
}

/* Text to tensor IR; NULL after diagnostics. */
static Module *front_end(Compiler *cx, int file, const char *path) {
    double start = pipeline_now();
    cx->pass = "elaborate";
    Module *m = ends_in(path, ".jxir") ? read_module(cx, file) : elaborate(cx, file);
    cx->pass = NULL;
    pipeline_time(cx, "front end", start);
    if (!diag_flush(cx)) {
        verify_module(m);
        return m;
    }
    if (m) module_free(m);
    return NULL;
}

/* The loops for a target; what could not be said in loops is a diagnostic. */
static LModule *lower(Compiler *cx, Module *m, const Target *target) {
    cx->pass = "lower";
    LModule *loops = loop_lower(m, target);
    if (!diag_errors(cx)) {
        loop_verify(loops);
        loop_widen(loops);
        loop_unroll(loops);
        loop_verify(loops);
        if (cx->options.check_passes) check_loops(cx, m, loops);
    }
    cx->pass = NULL;
    return loops;
}

/* Loops, then LLVM. */
static bool back_end(Compiler *cx, const Command *c, Module *m, const char *output) {
    double start = pipeline_now();
    if (cx->options.print) memory_print(stderr, m);
    const Target *targets[EMIT_LEVELS];
    LModule *loops[EMIT_LEVELS];
    int n = emit_targets(cx, targets);
    cx->module = m;
    bool ok = n > 0;
    for (int i = 0; i < n; i++) loops[i] = lower(cx, m, targets[i]);
    ok = ok && !diag_errors(cx);
    start = pipeline_time(cx, "lower", start);
    if (ok && c->want == WANT_LOOPS) {
        FILE *f = open_text(cx);
        for (int i = 0; f && i < n; i++) loop_print(f, loops[i]);
        ok = f && close_text(cx, f);
    } else if (ok) {
        static const EmitKind kinds[] = { [WANT_LLVM] = EMIT_LLVM,
                                          [WANT_ASM] = EMIT_ASSEMBLY,
                                          [WANT_OBJECT] = EMIT_OBJECT,
                                          [WANT_PROGRAM] = EMIT_OBJECT };
        cx->pass = "emit";
        ok = emit_module(loops, n, kinds[c->want], output);
        cx->pass = NULL;
    }
    pipeline_time(cx, "emit", start);
    for (int i = 0; i < n; i++) loop_module_free(loops[i]);
    return ok;
}

static bool print_tree(Compiler *cx, int file) {
    const Node *tree = parse_file(cx, file);
    if (diag_flush(cx)) return false;
    FILE *f = open_text(cx);
    if (!f) return false;
    tree_print(f, tree, false);
    return close_text(cx, f);
}

/* Only definitions, some of them for C. */
static bool is_library(const Module *m) {
    bool exports = false;
    for (const Func *f = m->first; f; f = f->next) exports |= f->exported;
    return exports && m->main && !m->main->body->first;
}

/* What a command wants of a module; `m` is what is left of it, to be freed. */
static bool from_module(Compiler *cx, const Command *c, Module **m, const char *output, const char *header,
                        bool has_main) {
    if (c->mode == MODE_CHECK) return true;
    if (c->options.passes) {
        *m = pipeline_run_named(cx, *m, c->options.passes);
        return *m && print_ir(cx, *m);
    }
    if (c->eval) return evaluate(cx, *m);
    if (c->want == WANT_IR) return print_ir(cx, *m);
    if (header && !emit_header(*m, header)) return false;
    bool stopped = false;
    *m = pipeline_run(cx, *m, &stopped);
    if (!*m) return false;
    if (stopped) return print_ir(cx, *m);
    if (!has_main) (*m)->main = NULL;
    return back_end(cx, c, *m, output);
}

/* One source as far as the command wants it; `output` is the object or text to write.  The C header goes to `header`. */
static bool compile(Compiler *cx, const Command *c, const char *path, const char *output, const char *header,
                    bool *has_main) {
    int file = read_source(cx, path);
    if (!file) return false;
    if (c->want == WANT_TREE) return print_tree(cx, file);
    Module *m = front_end(cx, file, path);
    if (!m) return false;
    *has_main = m->main != NULL && !is_library(m);
    bool ok = from_module(cx, c, &m, output, header, *has_main);
    if (m) module_free(m);
    return ok;
}

static Compiler *compiler_for(const Command *c) {
    Compiler *cx = compiler_new();
    cx->options = c->options;
    cx->options.include_dirs = c->include_dirs.at;
    cx->options.ninclude_dirs = c->include_dirs.n;
    return cx;
}

/* The file that a depfile's rule makes, or NULL where only text is written. */
static const char *final_output(Compiler *cx, const Command *c, const char *path) {
    if (c->options.output && strcmp(c->options.output, "-")) return c->options.output;
    if (c->want == WANT_OBJECT) return with_ending(cx, path, ".o", false);
    if (c->want == WANT_ASM) return c->options.output ? "-" : with_ending(cx, path, ".s", false);
    if (c->want == WANT_PROGRAM) return "a.out";
    return "-";
}

static bool one_source(const Command *c, const char *path, const char *object, int argc, char **argv, bool *has_main) {
    Compiler *cx = compiler_for(c);
    crash_watch(cx, argc, argv);
    const char *final = final_output(cx, c, path), *header = NULL;
    if (c->want == WANT_OBJECT || (c->want == WANT_PROGRAM && c->options.shared && c->mode == MODE_COMPILE))
        header = with_ending(cx, final, ".h", true);
    bool ok = compile(cx, c, path, object ? object : final, header, has_main);
    if (ok && c->depfile) {
        const char *depfile = c->depfile_path ? c->depfile_path : with_ending(cx, final, ".d", true);
        ok = depfile_write(cx, c, final, depfile);
        if (!ok) diag(cx, nowhere, "could not write %s: %s", depfile, strerror(errno));
    }
    if (diag_flush(cx)) ok = false;
    crash_unwatch();
    compiler_free(cx);
    return ok;
}

/* Becomes the program, which has no name in the file system any more. */
static int start(Compiler *cx, const Command *c, const char *program, const char *directory) {
    Words words = { 0 };
    for (int i = 0; i < c->inputs.n; i++)
        if (is_source(c->inputs.at[i])) PUSH(cx->arena, &words, c->inputs.at[i]);
    words.n = 1; /* argv[0] is the source, as under Python */
    for (int i = 0; i < c->arguments.n; i++) PUSH(cx->arena, &words, c->arguments.at[i]);
    PUSH(cx->arena, &words, NULL);
    char **argv = NEW_ARRAY(cx->arena, char *, words.n);
    for (int i = 0; i + 1 < words.n; i++) argv[i] = arena_text(cx->arena, "%s", words.at[i]);
    int fd = open(program, O_RDONLY | O_CLOEXEC);
    work_directory_remove(directory);
    if (fd >= 0) fexecve(fd, argv, environ);
    diag(cx, nowhere, "could not run the program: %s", strerror(errno));
    diag_flush(cx);
    return 1;
}

static bool link_inputs(Compiler *cx, const Command *c, const Words *objects, const char *output) {
    double begin = pipeline_now();
    bool ok = emit_link(cx, &(Link){ objects->at, objects->n, output, c->options.shared });
    pipeline_time(cx, "link", begin);
    return ok;
}

/* Compiles every source into a directory of our own, then links, and for `run` starts the result. */
static int make_program(const Command *c, int argc, char **argv) {
    Compiler *cx = compiler_for(c);
    const char *directory = work_directory(cx), *program = NULL;
    Words objects = { 0 };
    bool ok = directory != NULL;
    for (int i = 0; directory && i < c->inputs.n; i++) {
        const char *path = c->inputs.at[i], *object = path;
        if (is_source(path)) {
            bool has_main = false;
            object = arena_text(cx->arena, "%s/%d.o", directory, i);
            if (!one_source(c, path, object, argc, argv, &has_main)) ok = false;
            if (ok && has_main && program && !c->options.shared) {
                diag(cx, nowhere, "%s and %s are both programs: each does something when it starts", program, path);
                ok = false;
            }
            if (has_main) program = path;
        } else if (path[0] != '-' && access(path, R_OK)) {
            diag(cx, nowhere, "%s: %s", path, strerror(errno));
            ok = false;
        }
        PUSH(cx->arena, &objects, object);
    }
    bool others = objects.n > 0 && !is_source(c->inputs.at[0]);
    for (int i = 0; i < c->inputs.n; i++) others |= !is_source(c->inputs.at[i]);
    if (ok && !program && !others && !c->options.shared) {
        diag(cx, nowhere, "%s only defines functions: there is nothing to run", c->inputs.at[0]);
        note(cx, "-c makes an object file of what is marked @export, -shared a library");
        ok = false;
    }
    const char *output =
        c->mode == MODE_RUN ? arena_text(cx->arena, "%s/program", directory) : final_output(cx, c, c->inputs.at[0]);
    if (ok) ok = link_inputs(cx, c, &objects, output);
    int status = diag_flush(cx) || !ok;
    if (!status && c->mode == MODE_RUN) status = start(cx, c, output, directory);
    work_directory_remove(directory);
    compiler_free(cx);
    return status;
}

static int sources_among(const Words *inputs) {
    int n = 0;
    for (int i = 0; i < inputs->n; i++) n += is_source(inputs->at[i]);
    return n;
}

static bool same_file(const char *x, const char *y) {
    struct stat a, b;
    return stat(x, &a) == 0 && stat(y, &b) == 0 && S_ISREG(a.st_mode) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static bool known_mpi(const char *how) {
    static const char *const known[] = { "plugin", "link", "openmpi", "mpich" };
    bool found = !how;
    for (int i = 0; i < COUNT(known); i++) found |= how && !strcmp(how, known[i]);
    return found;
}

/* What cannot be meant; 2 after saying so. */
static int nonsense(const Command *c) {
    const char *unknown = NULL, *itself = NULL, *output = c->options.output;
    bool linking = c->mode != MODE_CHECK && c->want == WANT_PROGRAM;
    for (int i = 0; i < c->inputs.n; i++)
        if (c->inputs.at[i][0] != '-' && !is_source(c->inputs.at[i]) && !(linking && strrchr(c->inputs.at[i], '.')))
            unknown = c->inputs.at[i];
    for (int i = 0; i < c->inputs.n; i++)
        if (output && c->inputs.at[i][0] != '-' && same_file(output, c->inputs.at[i])) itself = c->inputs.at[i];
    int sources = sources_among(&c->inputs);
    if (itself) {
        fprintf(stderr, "jxlc: error: input file '%s' is the same as output file\n", itself);
    } else if (unknown) {
        fprintf(stderr, "jxlc: error: %s: not a .jxl or .jxir file%s\n", unknown,
                linking ? ", nor an object or library" : "");
    } else if (c->mode == MODE_RUN && sources != 1) {
        fprintf(stderr, "jxlc: error: run takes one program; its arguments follow --\n");
    } else if (c->mode == MODE_COMPILE && !linking && sources > 1 && c->options.output &&
               strcmp(c->options.output, "-")) {
        fprintf(stderr, "jxlc: error: cannot specify '-o' with '-c', '-S' or '--emit' with multiple files\n");
    } else if (c->options.multi && c->options.march) {
        fprintf(stderr, "jxlc: error: --multi is for several processors, and -march=%s for one: say one of them\n",
                c->options.march);
    } else if (c->options.target && linking) {
        fprintf(stderr, "jxlc: error: --target=%s makes object files (-c) and assembly (-S); link them there\n",
                c->options.target);
    } else if (c->options.print && strcmp(c->options.print, "memory")) {
        fprintf(stderr, "jxlc: error: --print=%s: only `memory` can be printed\n", c->options.print);
    } else if (!known_mpi(c->options.mpi)) {
        fprintf(stderr, "jxlc: error: --mpi=%s: it is plugin, link, openmpi or mpich\n", c->options.mpi);
    } else if (c->depfile && c->depfile_path && sources > 1) {
        fprintf(stderr, "jxlc: error: cannot specify '-MF' with multiple files\n");
    } else {
        return 0;
    }
    return 2;
}

int driver(int argc, char **argv) {
    Arena *arena = arena_new();
    Compiler *defaults = compiler_new();
    Command c = { .arena = arena, .want = WANT_PROGRAM, .options = defaults->options };
    command_parse(&c, argc, argv);
    if (c.names) { /* the list is a program: it asks the modules themselves */
        c.inputs.n = 0;
        PUSH(arena, &c.inputs, arena_text(arena, "%s/jxl/names.jxl", install_include(defaults)));
        c.eval = true;
    }
    bool only_text = c.options.passes || c.options.stop_after || c.eval;
    if (only_text && c.want > WANT_LLVM) c.want = WANT_LLVM; /* nothing to link */
    int status = nonsense(&c);
    const char *const named[][2] = { { "--print-after", c.options.print_after },
                                     { "--stop-after", c.options.stop_after } };
    for (int i = 0; !status && i < COUNT(named); i++)
        if (named[i][1] && !pipeline_knows(defaults, named[i][0], named[i][1])) status = 2;
    if (status)
        diag_flush(defaults);
    else if (c.mode != MODE_CHECK && c.want == WANT_PROGRAM)
        status = make_program(&c, argc, argv);
    else
        for (int i = 0; i < c.inputs.n; i++) {
            bool has_main;
            if (is_source(c.inputs.at[i]) && !one_source(&c, c.inputs.at[i], NULL, argc, argv, &has_main)) status = 1;
        }
    compiler_free(defaults);
    arena_free(arena);
    return status;
}
