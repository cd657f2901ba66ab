/* plan.h: what the files of planning share: the labels of values (label.c), and what is planned (plan.c). */
#ifndef JXL_OPTIMIZE_PLAN_H
#define JXL_OPTIMIZE_PLAN_H

#include "optimize/optimize.h"

enum { ANY = -1 /* an axis of size 1 */, ASTRAY = -2 /* follows no axis of the domain */ };

/* Which axis of the domain an axis of a value follows, and how far off; no offset is none. */
typedef struct {
    int8_t axis;
    const Dim *offset;
} Follows;

typedef struct {
    bool labelled, conflict; /* conflict: it is read in two ways */
    int8_t axis[MAX_RANK];   /* an axis that it follows at an offset counts as astray */
    Follows follows[MAX_RANK];
} Label;

typedef struct {
    Compiler *cx;
    const Group *g;
    Plan *plan;
    Arena *arena;
    Map labels; /* Value to Label */
} Planner;

/* label.c */
bool label_all(Planner *);  /* from the results upwards; false where a result has another shape */
void label_from(Planner *); /* what stands above values that have labels */
void label_as_domain(Planner *, const Value *);
const Label *label_of(const Planner *, const Value *);  /* NULL: not read */
bool label_is_repeated(const Planner *, const Value *); /* computed more than once for an element of the domain */
bool same_dims(const Type *, int rank, const Dim *const *);
const Value *main_operand(const Inst *); /* of a reduction or a dot that is one: the one with the shape of the domain */

/* plan.c */
bool plan_refuse(Planner *, const Inst *, const char *why);
bool plan_follows(Compiler *, const Group *, const Value *,
                  int axis); /* wherever it is read, its only axis is that one */

#endif
