/* place.h: what the files of placing share: how long arrays are needed (stretch.c), which are one (place.c), and where they lie
** (share.c). */
#ifndef JXL_OPTIMIZE_PLACE_H
#define JXL_OPTIMIZE_PLACE_H

#include "optimize/optimize.h"

/* Indexed by value id; the first of a class, or of a web of classes, stands for it. */
typedef struct {
    int same, web;  /* towards the one that stands for the class, the web */
    int next;       /* another class of the web, or -1 */
    int start, end; /* of the class: where it is written first and read last */
    int hull;       /* of a result that is written early: where its memory must be free */
    int hole;       /* the first place in between where it is not needed, or -1 */
    bool fixed;     /* the caller's, or constant: never written */
    int result;     /* of a web: which of the function's, or -1 */
    bool slice;     /* of a web: it is made where a loop stacks it */
    Buffer *beside; /* of a web: behind that of another one */
    const Value *value;
} Class;

/* Behind `from`, up to `to`: the rest of one side of a branch, where only another side needs it. */
typedef struct {
    int from, to, next;
} Hole;

typedef struct {
    const Value *v;
    const Block *where;
    int at;
} Use;

typedef struct {
    Compiler *cx;
    Arena *arena;
    Func *f;
    Class *at;
    Map first, last; /* Inst to positions, plus 1 */
    Map over;        /* Inst to what plan_in_place said of it */
    int now;
    struct {
        const Inst **at;
        int n, cap;
    } binders;
    struct {
        Use *at;
        int n, cap;
    } uses;
    struct {
        Hole *at;
        int n, cap;
    } holes;
} Place;

bool place_is_array(const Value *);
bool place_is_loop(const Inst *);

/* stretch.c */
void place_find_stretches(Place *);           /* makes the classes */
int place_first(const Place *, const Inst *); /* positions */
int place_last(const Place *, const Inst *);
int place_class(const Place *, const Value *);
int place_web(const Place *, const Value *);

bool place_ends_at(const Place *, int class, int at); /* it is read there, and not again on any way from there */
bool place_meet(const Place *, int x, int y);         /* whether both classes need their elements at the same time */

bool place_is_alias(const Inst *); /* its results are its arguments */

/* share.c */
bool place_is_tiny(Compiler *, const Type *); /* it may come to live in registers, where a loop works with it */
bool place_in_loop(const Value *);
Buffer **place_share(Place *, Arena *); /* for each web; NULL: the caller's, or constant */

#endif
