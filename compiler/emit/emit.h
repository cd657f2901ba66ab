/* emit: the loop IR to LLVM, object files, C headers and programs.  The last layer; LLVM is seen nowhere else. */
#ifndef JXL_EMIT_H
#define JXL_EMIT_H

#include "loop/loop.h"

/* target.c: the machine that -march and --target name, told from its features and never from its name; with --multi, several of
** them, the best first.  How many; 0 after a diagnostic. */
enum { EMIT_LEVELS = 3 };
int emit_targets(Compiler *, const Target *at[EMIT_LEVELS]);
const Target *emit_target(Compiler *); /* the first; NULL after a diagnostic */
const char *emit_llvm_version(void);

/* module.c: writes the module, lowered for each of the targets, as `kind` says; "-" is standard output.  False after a
** diagnostic. */
typedef enum { EMIT_LLVM, EMIT_ASSEMBLY, EMIT_OBJECT } EmitKind;
bool emit_module(LModule *const *levels, int n, EmitKind, const char *path);

/* load.c: the module in this process, for checks.  `args` are a function's parameters, pointers as integers; the status, with
** its message in `error` (JXL_ERROR_BYTES). */
typedef struct Loaded Loaded;
Loaded *emit_load(const LModule *);
int loaded_call(const Loaded *, const char *function, const int64_t *args, char *error);
void loaded_free(Loaded *);

/* header.c: plain C declarations of the exported functions, beside the object.  Nothing to declare: nothing written. */
bool emit_header(const Module *, const char *path);

/* link.c */
typedef struct {
    const char *const *inputs; /* objects, libraries, -l and -L, in order */
    int ninputs;
    const char *output;
    bool shared;
} Link;
bool emit_link(Compiler *, const Link *);
bool link_can_join(Compiler *); /* several objects as one, which takes a C compiler too */
bool link_join(Compiler *, const char *const *objects, int n, const char *path);
/* A directory that only we can read, for what need not stay; removed by the next two. */
const char *work_directory(Compiler *);
void work_directory_remove(const char *);
void work_directories_abandon(void); /* all that are left, when the process ends early */

#endif
