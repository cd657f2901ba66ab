/* pipeline: everything the compiler does to a module, in order. */
#ifndef JXL_PIPELINE_H
#define JXL_PIPELINE_H

#include "ir/ir.h"

/* A pass reads a module and writes a new one. */
typedef struct {
    const char *name;
    Module   *(*run)(const Module *);
    const char *meaning; /* its help text */
} Pass;

extern const Pass passes[];
extern const int  npasses;

/* Runs the passes that the options ask for, with verification after each, printing, timing and checking; frees what it is
** given.  NULL after --stop-after, or where the user's program was found wrong. */
Module *pipeline_run(Compiler *, Module *);
/* --passes=a,b on a .jxir file. */
Module *pipeline_run_named(Compiler *, Module *, const char *names);

#endif
