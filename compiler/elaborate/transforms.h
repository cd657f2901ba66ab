/* transforms: what grad, vjp, jvp, vmap and jit share.
**
** The function is traced into an IR function whose first parameters are the leaves that are differentiated or mapped
** over; all else it captures.  The transformation makes new IR functions of it, which are called. */
#ifndef JXL_ELABORATE_TRANSFORMS_H
#define JXL_ELABORATE_TRANSFORMS_H

#include "elaborate/values.h"

typedef struct {
    Func *func;
    Py result;        /* the tree it returned */
    Leaves out;       /* its leaves */
    Value **captured; /* after the leaves, as arguments */
    int nleaves, ncaptured;
} Traced;

/* Which arguments' leaves become parameters; the others are captured. */
typedef struct {
    const Args *args;
    const bool *chosen; /* by positional argument */
    bool keywords;      /* all of the keyword arguments' leaves too */
    const Leaves *leaves;
    const Type *const *types; /* of the parameters; NULL: this leaf stays as it is */
    const char *title;        /* "grad(loss)": said of mistakes that are found inside; or NULL */
} Entering;

const char *title_of(Elab *, Py f);                         /* "grad(loss)" */
const char *result_path(Elab *, Py result, Py f, int leaf); /* "['w'] of the result of loss" */
/* A leaf as its array; numbers become weak ones.  NULL after an error. */
Value *leaf_value(Elab *, Py, const char *what, Span);
bool leaf_weak(Py);
Py no_tangent(Elab *, Py leaf);              /* zeros of bool, for what has no tangent */
Py numbers_to_arrays(Elab *, Py tree, Span); /* Python numbers that enter a transformation become weak arrays */
Args arguments_entering(Elab *, const Args *, Span);
bool trace(Elab *, Traced *, Py f, const Entering *, Span);
/* With every leaf that is an array or a number as a parameter; the numbers in `in` are arrays then.  abstract.c */
bool trace_all(Elab *, Traced *, Py f, Args *in, Leaves *, Py args, Py kwargs, Span);
Value **with_captured(Elab *, const Traced *, Value **leaves); /* all arguments of the traced function */
Py rebuilt(Elab *, const Traced *, Value **values);            /* the result with its leaves replaced by these */
Py rebuilt_keeping(Elab *, const Traced *, Value **values, const bool *stays); /* known numbers stay where it says so */
Py rebuilt_aux(Elab *, const Traced *, Value **values); /* of (value, aux): known numbers in aux stay */
Py rebuilt_tangents(Elab *, const Traced *, Value **values);
bool *flags_of(Elab *, int n, int set); /* n flags, the first `set` of them true */

#endif
