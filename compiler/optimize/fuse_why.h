/* fuse_why.h: what fuse.c tells --why=fuse. */
#ifndef JXL_OPTIMIZE_FUSE_WHY_H
#define JXL_OPTIMIZE_FUSE_WHY_H

#include "optimize/optimize.h"

typedef struct Why Why;
Why *why_new(Compiler *, Arena *); /* NULL: nobody asks */
/* No loop was found for both; they may come together later, by way of others. */
void why_apart(Why *, const Inst *made, const Inst *reader, const char *why, const Inst *because);
/* At the end.  ask: whether the two are apart still, and the reader one that could have been joined with something. */
typedef bool (*WhyAsk)(void *context, const Inst *made, const Inst *reader);
void why_say(Why *, WhyAsk ask, void *context);

#endif
