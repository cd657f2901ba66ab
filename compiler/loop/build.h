/* build: how instructions without blocks are appended, for build.c and values.c. */
#ifndef JXL_LOOP_BUILD_H
#define JXL_LOOP_BUILD_H

#include "loop/loop.h"

/* Something with an effect, or that reads memory: it stays here. */
LInst *build_append(LBuilder *, LOp, LValue *const *args, int nargs, int64_t n, int64_t m);
/* Something that depends on its arguments only: found if it is there, else put as far out as it goes. */
LValue *build_pure(LBuilder *, LInst shape, LType, LValue *const *args, int nargs);
/* ... and its result, which stands in that block. */
LValue *build_result(LBuilder *, LInst *, LBlock *, LType);
/* An instruction that stood somewhere else. */
void build_move(LBuilder *, LInst *);

#endif
