/* driver: from a command line to files. */
#ifndef JXL_DRIVER_H
#define JXL_DRIVER_H

#include "base/base.h"

typedef enum { WANT_TREE, WANT_IR, WANT_LOOPS, WANT_LLVM, WANT_ASM, WANT_OBJECT, WANT_PROGRAM } Want;
typedef enum { MODE_COMPILE, MODE_RUN, MODE_CHECK } Mode;

typedef struct {
    const char **at;
    int n, cap;
} Words;

/* What the command line asks for. */
typedef struct {
    Arena *arena;
    Mode mode;
    int want;           /* Want */
    Options options;    /* what the layers see */
    Words inputs;       /* in their order; -l and -L stand among them as they were written */
    Words include_dirs; /* -I */
    Words arguments;    /* of the program that `run` starts */
    bool eval;          /* --eval: the evaluator runs the program */
    bool names;         /* --help-names */
    bool depfile, phony;
    const char *depfile_path, *depfile_target;
} Command;

/* driver_options.c: the table of options.  Prints and exits by itself after --help and its kin, and with 2 after a
** mistake on the command line. */
void command_parse(Command *, int argc, char **argv);

/* driver_depfile.c: a rule for make: the output depends on every file that was read.  False and errno on failure. */
bool depfile_write(Compiler *, const Command *, const char *output, const char *depfile);

/* driver_crash.c: our own mistakes leave bug.jxir behind, and the command that shows them again. */
void crash_watch(Compiler *, int argc, char **argv);
void crash_unwatch(void);

/* driver.c: the exit status. */
int driver(int argc, char **argv);

#endif
