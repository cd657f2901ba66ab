/* options: the command line as a table.
**
** A row says how an option is spelled, what it takes, where that goes, and what --help says of it. */
#include "driver.h"
#include "emit/emit.h"
#include "ir/ir.h"
#include "pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum {
    HEADING, /* a line of --help */
    SETS,    /* the int at `place` becomes `value` */
    TURNS_ON,
    TAKES,     /* the text at `place` becomes what follows */
    COLLECTS,  /* what follows is added to the Words at `place` */
    PASSES_ON, /* to the linker, among the inputs */
    LEVEL,     /* a digit 0..3 */
    NUMBER,    /* from 1 to `value` */
    EMITS,     /* one of the kinds below */
    SHOWS      /* calls `show` and exits */
} How;

typedef struct {
    const char *spelling; /* ends in '=' where the argument must stand behind it */
    const char *argument; /* what --help calls it; NULL for none */
    How how;
    size_t place;
    int value;
    void (*show)(void);
    const char *meaning;
} Option;

static void show_help(void);
static void show_version(void);
static void show_ops(void);
static void show_passes(void);

#define AT(field) offsetof(Command, field)
static const Option options[] = {
    { "what to make", 0, HEADING, 0, 0, 0, 0 },
    { "-o", "FILE", TAKES, AT(options.output), 0, 0, "write the result to FILE (- is standard output, for text)" },
    { "-c", 0, SETS, AT(want), WANT_OBJECT, 0, "make an object file, and a C header for the functions marked @export" },
    { "-S", 0, SETS, AT(want), WANT_ASM, 0, "make assembly" },
    { "-shared", 0, TURNS_ON, AT(options.shared), 0, 0, "make a shared library, and the C header" },
    { "--emit=", "KIND", EMITS, AT(want), 0, 0, "stop at tree, ir, loops, llvm, asm, obj or exe" },
    { "how to compile", 0, HEADING, 0, 0, 0, 0 },
    { "-O", "LEVEL", LEVEL, AT(options.opt_level), 0, 0, "effort from 0 to 3; 2 unless said" },
    { "-g", 0, TURNS_ON, AT(options.debug_info), 0, 0, "tell debuggers the lines of the program" },
    { "-march=", "CPU", TAKES, AT(options.march), 0, 0, "native (unless said), x86-64-v2, -v3, -v4, or a processor" },
    { "-j", "N", NUMBER, AT(options.jobs), 1000, 0,
      "compile large programs in N processes at most; the processors' number unless said" },
    { "--multi", 0, TURNS_ON, AT(options.multi), 0, 0, "for x86-64-v2, -v3 and -v4 at once; what starts chooses" },
    { "--target=", "TRIPLE", TAKES, AT(options.target), 0, 0, "make objects for another machine: aarch64-linux-gnu" },
    { "--tape-states=", "N", NUMBER, AT(options.tape_states), 1000000, 0,
      "in reverse mode a loop stores its state N times at most, and runs the rounds between them again" },
    { "--tape-mb=", "M", NUMBER, AT(options.tape_mb), 1000000, 0, "likewise, as many states as M megabytes hold" },
    { "-I", "DIR", COLLECTS, AT(include_dirs), 0, 0, "look for imported modules in DIR too" },
    { "how to link", 0, HEADING, 0, 0, 0, 0 },
    { "-L", "DIR", PASSES_ON, 0, 0, 0, "look for libraries in DIR too" },
    { "-l", "LIBRARY", PASSES_ON, 0, 0, 0, "link with LIBRARY" },
    { "--mpi=", "HOW", TAKES, AT(options.mpi), 0, 0,
      "plugin: programs with pmap load MPI, that of their launcher; link, or openmpi or mpich: it is linked" },
    { "for make, CMake and Ninja", 0, HEADING, 0, 0, 0, 0 },
    { "-MD", 0, TURNS_ON, AT(depfile), 0, 0, "write a depfile: every file that was read" },
    { "-MF", "FILE", TAKES, AT(depfile_path), 0, 0, "its name, else that of the output ending in .d" },
    { "-MT", "TARGET", TAKES, AT(depfile_target), 0, 0, "the target it names, else the output" },
    { "-MP", 0, TURNS_ON, AT(phony), 0, 0, "a target for each file read, so that removing one breaks nothing" },
    { "about jxlc", 0, HEADING, 0, 0, 0, 0 },
    { "-v", 0, TURNS_ON, AT(options.verbose), 0, 0, "show the commands that are run, and the target" },
    { "--version", 0, SHOWS, 0, 0, show_version, "versions of jxlc and of LLVM" },
    { "--help", 0, SHOWS, 0, 0, show_help, "this text" },
    { "--help-ops", 0, SHOWS, 0, 0, show_ops, "every operation of the tensor IR" },
    { "--help-names", 0, TURNS_ON, AT(names), 0, 0, "every name of the library, with its meaning" },
    { "--help-passes", 0, SHOWS, 0, 0, show_passes, "every pass, in order" },
    { "to look inside", 0, HEADING, 0, 0, 0, 0 },
    { "--print-after=", "PASS", TAKES, AT(options.print_after), 0, 0, "print the module after PASS, or after `all`" },
    { "--stop-after=", "PASS", TAKES, AT(options.stop_after), 0, 0, "stop there and write the module" },
    { "--passes=", "A,B", TAKES, AT(options.passes), 0, 0, "run just these on a .jxir file and write the module" },
    { "--check-passes", 0, TURNS_ON, AT(options.check_passes), 0, 0,
      "evaluate every function before and after each pass, and name the pass that changed what it computes" },
    { "--time-passes", 0, TURNS_ON, AT(options.time_passes), 0, 0, "how long each step took" },
    { "--eval", 0, TURNS_ON, AT(eval), 0, 0, "let the evaluator run the program, slowly and simply" },
    { "--print=", "memory", TAKES, AT(options.print), 0, 0, "bytes each function needs, as a formula in its sizes" },
    { "--why=", "PASS", TAKES, AT(options.why), 0, 0, "why PASS did not do more" },
};

/* The kinds of --emit, by Want. */
static const char *const kinds[] = { "tree", "ir", "loops", "llvm", "asm", "obj", "exe" };

NORETURN static void usage(const char *what, const char *word, const char *nearest) {
    fprintf(stderr, "jxlc: error: %s '%s'", what, word);
    if (nearest) fprintf(stderr, "; did you mean '%s'?", nearest);
    fputc('\n', stderr);
    exit(2);
}

static void show_help(void) {
    puts("usage: jxlc [options] file...               compile programs, link them with objects and libraries\n"
         "       jxlc run [options] prog.jxl -- ...   compile and run\n"
         "       jxlc check [options] file...         only say what is wrong");
    for (int i = 0; i < COUNT(options); i++) {
        const Option *o = &options[i];
        char left[40];
        if (o->how == HEADING) {
            printf("\n%s\n", o->spelling);
            continue;
        }
        bool joined = o->spelling[strlen(o->spelling) - 1] == '=' || o->how == LEVEL || o->how == PASSES_ON;
        snprintf(left, sizeof left, "%s%s%s", o->spelling, o->argument && !joined ? " " : "",
                 o->argument ? o->argument : "");
        printf("  %-20s %s\n", left, o->meaning);
    }
}

static void show_version(void) { printf("jxlc %s, LLVM %s\n", JXL_VERSION, emit_llvm_version()); }

static void show_ops(void) {
    static const char *const classes[] = {
        [CLASS_CREATE] = "creation",         [CLASS_ELEMENTWISE] = "elementwise",
        [CLASS_LAYOUT] = "layout",           [CLASS_REDUCE] = "reductions",
        [CLASS_SCAN] = "running reductions", [CLASS_CONTRACT] = "contraction",
        [CLASS_INDEX] = "indexing",          [CLASS_SORT] = "sorting",
        [CLASS_CONTROL] = "control",         [CLASS_EFFECT] = "effects",
        [CLASS_LINALG] = "linear algebra",   [CLASS_COLLECTIVE] = "collectives",
        [CLASS_KERNEL] = "made by fuse",
    };
    static const char *const effects[] = {
        [EFFECT_NONE] = "", [EFFECT_TRAP] = " (may end the program)", [EFFECT_ORDERED] = " (happens once, in order)"
    };
    for (int class = 0; class < COUNT(classes); class ++) {
        printf("%s%s\n", class ? "\n" : "", classes[class]);
        for (int op = 0; op < OP_COUNT; op++) {
            if ((int)op_class(op) != class) continue;
            char args[8] = "any";
            if (op_nargs(op) >= 0) snprintf(args, sizeof args, "%d", op_nargs(op));
            printf("  %-22s %-4s %s%s\n", op_name(op), args, op_meaning(op), effects[op_effect(op)]);
            bool any = false;
            for (int a = 0; a < ATTR_COUNT; a++) {
                if (!op_has_attr(op, a)) continue;
                printf("%s%s", any ? ", " : "                              {", attr_name(a));
                any = true;
            }
            if (any) puts("}");
        }
    }
}

static void show_passes(void) {
    for (int i = 0; i < npasses; i++) printf("  %-12s %s\n", passes[i].name, passes[i].meaning);
}

/* An option stands for a word exactly, or with its argument joined to it. */
static const Option *option_of(const char *word, const char **joined) {
    *joined = NULL;
    for (int i = 0; i < COUNT(options); i++)
        if (options[i].how != HEADING && !strcmp(options[i].spelling, word)) return &options[i];
    for (int i = 0; i < COUNT(options); i++) {
        const Option *o = &options[i];
        size_t n = strlen(o->spelling);
        if (o->how == HEADING || !o->argument || strncmp(o->spelling, word, n)) continue;
        *joined = word + n;
        return o;
    }
    return NULL;
}

static const char *nearest_option(const char *word) {
    char name[64]; /* --emmit=ir is compared as --emmit= */
    size_t n = strcspn(word, "=");
    snprintf(name, sizeof name, "%.*s", (int)(n < 60 ? n + (word[n] == '=') : 60), word);
    const char *best = NULL;
    int least = (int)strlen(name) / 2 + 1;
    for (int i = 0; i < COUNT(options); i++) {
        if (options[i].how == HEADING) continue;
        int d = edit_distance(name, options[i].spelling);
        if (d < least) least = d, best = options[i].spelling;
    }
    return best;
}

static int kind_of(const char *word) {
    const char *best = NULL;
    int least = 4;
    for (int i = 0; i < COUNT(kinds); i++) {
        int d = edit_distance(word, kinds[i]);
        if (d == 0) return i;
        if (d < least) least = d, best = kinds[i];
    }
    usage("there is no kind of output", word, best);
}

static void take(Command *c, const Option *o, const char *word, const char *value) {
    void *place = (char *)c + o->place;
    switch (o->how) {
    case SETS: *(int *)place = o->value; break;
    case TURNS_ON: *(bool *)place = true; break;
    case TAKES: *(const char **)place = value; break;
    case COLLECTS: PUSH(c->arena, (Words *)place, value); break;
    case PASSES_ON: PUSH(c->arena, &c->inputs, arena_text(c->arena, "%s%s", o->spelling, value)); break;
    case EMITS: *(int *)place = kind_of(value); break;
    case LEVEL:
        if (value[0] < '0' || value[0] > '3' || value[1])
            usage("the levels are -O0, -O1, -O2 and -O3; there is no", word, NULL);
        *(int *)place = value[0] - '0';
        break;
    case NUMBER: {
        char *end;
        long n = strtol(value, &end, 10);
        if (*end || end == value || n < 1 || n > o->value) {
            const char *range = arena_text(c->arena, "%s takes a number from 1 to %d, and not", o->spelling, o->value);
            usage(range, value, NULL);
        }
        *(int *)place = (int)n;
        break;
    }
    case SHOWS: o->show(); exit(fflush(stdout) ? 1 : 0);
    case HEADING: break;
    }
}

void command_parse(Command *c, int argc, char **argv) {
    int i = 1;
    bool sources = false;
    if (argc > 1 && !strcmp(argv[1], "run")) c->mode = MODE_RUN, i++;
    if (argc > 1 && !strcmp(argv[1], "check")) c->mode = MODE_CHECK, i++;
    for (; i < argc; i++) {
        const char *word = argv[i], *value;
        if (!strcmp(word, "--")) {
            i++;
            break;
        }
        if (word[0] != '-' || !word[1]) {
            PUSH(c->arena, &c->inputs, word);
            sources = true;
            continue;
        }
        const Option *o = option_of(word, &value);
        if (!o) usage("unrecognized command-line option", word, nearest_option(word));
        if (o->argument && !value && o->spelling[strlen(o->spelling) - 1] != '=') {
            if (o->how == LEVEL)
                value = "1"; /* -O */
            else if (i + 1 < argc)
                value = argv[++i];
        }
        if (o->argument && (!value || !*value)) usage("missing argument to", word, NULL);
        take(c, o, word, value);
    }
    for (; i < argc; i++) {
        if (c->mode == MODE_RUN) {
            PUSH(c->arena, &c->arguments, argv[i]);
        } else { /* a file, whatever it begins with */
            PUSH(c->arena, &c->inputs, argv[i][0] == '-' ? arena_text(c->arena, "./%s", argv[i]) : argv[i]);
            sources = true;
        }
    }
    if (!sources && !c->names) {
        fprintf(stderr, "jxlc: error: no input files\n");
        exit(2);
    }
}
