/* grid: matrices side by side in registers. */
#ifndef JXL_LOOP_GRID_H
#define JXL_LOOP_GRID_H

#include "loop/lower.h"

typedef struct {
    Lower *l;
    const Inst *in;
    DType dtype, index; /* index: the integers that are as wide as the numbers */
    int lanes;
    bool written_out;
    LValue *count; /* of the batch */
} Small;

/* Rows one after another, each with room for a group of columns that begins in its last one. */
typedef struct {
    LValue *at;
    int rows, columns, pitch, together;
} Grid;

/* for i = lo, lo + step, ... below hi: `while (turn(&t))` goes through it once and makes a loop of what is appended there, or as
** often as it says.  `carry` is what it hands from one turn to the next, and in the end. */
typedef struct {
    LBuilder *b;
    LLoop loop;
    LValue *lo, *hi, *i, *carry[2];
    int64_t step, next;
    int ncarry;
    bool written_out, open;
} Turns;

static inline LValue *known(Small *s, int64_t i) { return loop_i64(&s->l->b, i); }
static inline LValue *after(Small *s, LValue *i) { return loop_add(&s->l->b, i, known(s, 1)); }
static inline LValue *wide(Small *s, LValue *x) { return loop_splat(&s->l->b, x, s->lanes); }

Turns turns(Small *, LValue *lo, LValue *hi, int step);
bool turn(Turns *);

Grid grid_new(Small *, int rows, int columns, bool rows_count);
Grid grid_like(Small *, const Value *, bool rows_count);
Elem grid_get(Small *, const Grid *, LValue *i, LValue *j);
Elem grid_get_row(Small *, const Grid *, LValue *i, LValue *j); /* columns that lie together */
void grid_put(Small *, const Grid *, LValue *i, LValue *j, Elem);
LValue *grid_repeated(Small *, LValue *, int together); /* one number of each matrix, for all columns of a group */
Elem grid_repeated_elem(Small *, Elem, int together);
Elem grid_zero(Small *);
Grid grid_load(Small *, const Value *, LValue *first, bool rows_count);
void grid_store(Small *, const Value *, LValue *first, const Grid *);
Grid grid_turned(Small *, const Grid *); /* the transpose */

#endif
