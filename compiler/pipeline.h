/* pipeline: everything the compiler does to a module, in order. */
#ifndef JXL_PIPELINE_H
#define JXL_PIPELINE_H

#include "ir/ir.h"

/* A pass reads a module and writes a new one. */
typedef struct {
    const char *name;
    Module *(*run)(const Module *);
    const char *meaning; /* its help text */
} Pass;

extern const Pass passes[];
extern const int npasses;

/* Runs the passes that the options ask for, with verification after each, printing, timing and checking; frees what it is
** given.  NULL where the user's program was found wrong.  After --stop-after `stopped` is true. */
Module *pipeline_run(Compiler *, Module *, bool *stopped);
/* --passes=a,b on a .jxir file. */
Module *pipeline_run_named(Compiler *, Module *, const char *names);
/* Whether there is such a pass; else says so, with the nearest name. */
bool pipeline_knows(Compiler *, const char *option, const char *name);

/* --time-passes: what has passed since `since`, for the step of that name; gives the time now. */
double pipeline_time(Compiler *, const char *step, double since);
double pipeline_now(void);

#endif
