/* elaborate: the partial evaluator, from the tree to the tensor IR.
**
** Runs the program once, at compile time, in order.  What it can know it knows; what it cannot know becomes SSA. */
#ifndef JXL_ELABORATE_H
#define JXL_ELABORATE_H

#include "syntax/syntax.h"
#include "transform/transform.h"

/* The module that a parsed source means: its `main` is the module body, and its exported functions stand beside it.
** Never NULL; where the program has mistakes they are in the diagnostics and the module is not to be used. */
Module *elaborate(Compiler *, int file);

/* What a C header needs to know of an exported function (Func.export_info).  Parameters and results appear as the user
** wrote them: a record has one entry, whose leaves are consecutive parameters (or results) of the function. */
typedef struct ExportField {
    const char *name;   /* of the parameter, field or dict key; "0", "1", ... in a tuple or list */
    const char *record; /* "Params" where this is a record with `fields`; NULL for a leaf */
    struct ExportField *fields;
    int nfields;
    int leaf; /* which parameter or result of the function */
} ExportField;
typedef struct Export {
    const char *doc; /* the docstring, or NULL */
    ExportField *params, *results;
    int nparams, nresults;
} Export;

#endif
