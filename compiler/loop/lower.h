/* lower: what the files of lowering share.
**
** A value of the tensor IR has a home: rank 0 lives in registers, an array in packed row-major memory, and what is computed
** where it is needed has none.  `pull` asks for one element (or a vector of neighbours) of any value at an index. */
#ifndef JXL_LOOP_LOWER_H
#define JXL_LOOP_LOWER_H

#include "loop/loop.h"
#include "optimize/optimize.h"

enum { CHUNK = 512, BLOCK = 4096, RUN = 8, LANE_BYTES = 256 }; /* the orders in which terms are added: optimize.h */

/* One element, or one per lane: a complex number has two parts; so has a running argmax (value, index). */
typedef struct {
    LValue *re, *im;
} Elem;

typedef struct {
    Elem elem;   /* known here: rank 0, or what is fixed while the outer axes of a kernel stand still */
    LValue *ptr; /* an array's first element */
    LValue
        *from; /* of a strip: ptr is the element with that index of the last axis, and others do not count; else NULL */
    bool fixed; /* nobody writes it while it has a name */
} Home;

/* The index along one axis: lane k is at i + k*step, or each[k] where that is not NULL. */
typedef struct {
    LValue *i;
    int64_t step;
    LValue *each;
    const Dim *lo, *hi; /* lo <= it < hi, in lanes that exist; NULL where that is not known */
} Idx;

typedef struct {
    LValue *value, *shape;
} Flag; /* where the command line left it */

typedef struct Lower {
    Compiler *cx;
    const Module *from;
    LModule *to;
    Arena *arena;
    Map funcs;        /* Func to LFunc */
    const Func *func; /* in hand */
    LBuilder b;
    Home *homes; /* by value id */
    Map sizes;   /* SizeVar to LValue */
    Map memo;    /* of pull */
    bool serial; /* inside a parallel loop */
    struct {
        LValue **at;
        int n, cap;
    } owned;             /* memory to give back when its scope is left */
    LValue *argc, *argv; /* of the program */
    bool many;           /* the program may run as several processes */
    Map flags;           /* Inst to Flag */
    Map buffers;         /* Buffer to LValue */
    Map underway;        /* Value to LValue: where a number will be once a sum over shards has ended */
    int nunderway;       /* such sums */
    struct Wave *wave;   /* of the loop whose kernels make some rows at a time, or NULL (wavefront.c) */
} Lower;

/* lower.c */
LValue *lower_dim(Lower *, const Dim *);
LValue *lower_elements(Lower *, const Type *); /* their number */
LValue *lower_bytes(Lower *, const Type *);
void lower_block(Lower *, const Block *);
void lower_inst(Lower *, const Inst *);
LValue *take_memory(Lower *, LValue *bytes); /* given back when the scope is left */
typedef struct {
    int owned;
} Scope;
Scope scope_open(Lower *);
void scope_close(Lower *, Scope);
LValue *memory_of(Lower *, const Value *);      /* where an array is to live */
void lower_buffers(Lower *, const Inst *after); /* memory whose sizes have just become known; NULL: on entry */
Home home_new(Lower *, const Value *);          /* ... and it does */
Elem scalar_of(Lower *, const Value *);         /* rank 0 */
void home_set(Lower *, const Value *, Home);
Home home_of(Lower *, const Value *);
LValue *home_ptr(Lower *, const Value *);            /* in memory: a number is written to the stack */
void home_fill(Lower *, const Value *, LValue *ptr); /* that value out of memory: a number is read, an array is there */
void store_home(Lower *, const Value *, LValue *ptr); /* that value into memory */
LValue *lower_index(Lower *, LValue *integer);        /* any integer dtype as i64 */
const char *lower_where(Lower *, const Inst *);       /* "file:line: " at the user's innermost call, braces doubled */
Elem elem_load(Lower *, DType, int lanes, LValue *ptr, LValue *index, int64_t step, LValue *mask, bool fixed);
void elem_store(Lower *, DType, Elem, LValue *ptr, LValue *index, int64_t step, LValue *mask);
LValue *lower_descriptors(Lower *, Value *const *, int n); /* ptr to n jxl_array */
LValue *lower_descriptor(Lower *, LValue *data, const Type *);
LValue *lower_describe(Lower *, LValue *const *data, const Type *const *, int n); /* of memory that is no value's */
void lower_fail(Lower *, const char *format, Value *const *args, int nargs);
void lower_fail_sizes(Lower *, const char *format, LValue *x, LValue *y); /* of two i64 */

/* pull.c */
typedef struct {
    Lower *l;
    int lanes;
    LValue *tail;       /* lanes that exist, or NULL for all */
    const Idx *element; /* of a loop that is taken through all rounds, element by element; NULL: only its numbers */
    LValue *valid; /* where elements may be read: inside a pad or a piece of a concatenation; NULL for everywhere */
    const struct Crossed *crossed; /* arrays of which blocks lie transposed in buffers, or NULL */
    struct ShortRows *rows;        /* short rows that lie in registers, or NULL */
} Pull;
Elem pull(Pull *, const Value *, const Idx *);
Elem pull_inst(Pull *, const Inst *, int result, const Idx *); /* computed here even if it has a home */
Elem load_at(Pull *, const Type *, LValue *ptr, const Idx *);  /* an element of an array of that type, as it is now */
void store_at(Pull *, const Type *, LValue *ptr, const Idx *, Elem); /* into an array of that type */
void pull_known(Pull *, const Value *, const Idx *, Elem);           /* that is what it is there */
bool can_pull(const Inst *);                                         /* each element depends on few others */
Idx idx_at(LValue *i);
Idx idx_from(LValue *); /* one for all lanes, or one for each */
Idx idx_add(Pull *, Idx, LValue *);
Idx idx_sub(Pull *, Idx, LValue *);
Idx idx_shift(Pull *, Idx, const Dim *); /* ... by a size: its range moves too */
Idx idx_scale(Pull *, Idx, LValue *);
Idx idx_sum(Pull *, Idx, Idx);
Idx idx_op(Pull *, Op, Idx, LValue *);
Idx flat_index(Pull *, const Type *, const Idx *);
Elem load_flat(Pull *, const Home *, DType, Idx at);
LValue *masks_both(LBuilder *, LValue *, LValue *);  /* either may be NULL, for all lanes */
LValue *idx_value(Pull *, Idx);                      /* i64, one per lane unless it is the same for all */
LValue *pull_live(Pull *);                           /* tail and valid, or NULL */
LValue *idx_as(Pull *, Idx, DType, bool small);      /* as numbers of that dtype; small: all indices fit into i32 */
int lanes_for(const Lower *, int bytes);             /* of a register, for elements of that many bytes */
double pull_cost(Lower *, const Value *);            /* rough nanoseconds an element */
LValue *slice_start(Pull *, const Inst *, int axis); /* where a dynamic slice starts */

/* lanes.c */
void pull_control(Pull *, const Inst *); /* a loop or branch each of whose elements goes its own way */
void lower_lanes(Lower *, const Inst *kernel, const Plan *);

/* layout.c */
Elem pull_layout(Pull *, const Inst *, const Idx *);
/* Where the argument of one that only moves the index, by a sum of multiples, is read; false where it is another one. */
bool layout_index(Pull *, const Inst *, const Idx *, Idx *x);
LValue *within(Pull *, LValue *mask, Idx, const Dim *lo, const Dim *hi); /* mask, and lo <= it < hi */
Elem pull_where(Pull *, LValue *inside, const Value *, const Idx *, Elem outside);

/* complex.c */
Elem elem_apply(Lower *, const Inst *, const Elem *x, DType from,
                LValue *live); /* live: lanes that may trap; NULL is all */
Elem elem_select(Lower *, LValue *c, Elem x, Elem y);
Elem elem_splat(Lower *, Elem, int lanes);
Elem complex_mul(Lower *, Elem, Elem);
Elem complex_div(Lower *, Elem, Elem);

/* integer.c */
Elem elem_integer_pow(Lower *, Elem, int64_t n);
LValue *integer_pow(LBuilder *, LValue *x, LValue *y);
LValue *python_int(Lower *, const Inst *, LValue *x, LValue *y, LValue *live);

/* nest.c: loops over axes */
typedef struct {
    int n;
    const Dim *dim[MAX_RANK];
} Axes;
typedef struct {
    double each;   /* rough nanoseconds an element of the nest costs ... */
    LValue *times; /* ... this many times; NULL is once */
} Work;
typedef void (*NestBody)(Pull *, const Idx *, void *context);
/* body at every index, the last axis in vectors of so many lanes; on the pool where that pays. */
void nest(Lower *, const Axes *, Work, int lanes, NestBody, void *context);
/* Where, along each axis, nothing has to be asked (reach.c): lo <= index < hi, in order; n is 0 where the whole axis is such a
** stretch.  Of the axes but the last only one has several. */
enum { MOST_STRETCHES = 6 };
typedef struct {
    struct {
        int n;
        const Dim *lo[MOST_STRETCHES], *hi[MOST_STRETCHES];
    } along[MAX_RANK];
} Interior;
void nest_interior(Lower *, const Axes *, const Interior *, Work, int lanes, NestBody, void *context);
/* The lanes that suit a body of that work: of so many registers, or of two. */
int nest_lanes(const Axes *, double each, int registers, int lanes);
/* body at the indices lo .. hi of one axis: whole vectors, then a tail. */
void nest_inner(Lower *, LValue *lo, LValue *hi, int lanes, bool heavy, Idx *idx, int axis, NestBody, void *context);
/* body(lo, hi) for pieces of 0 .. n, on the pool where that pays. */
typedef void (*PieceBody)(Lower *, LValue *lo, LValue *hi, void *context);
void pieces(Lower *, LValue *n, Work, PieceBody, void *context);
LValue *round_up(Lower *, LValue *n, int64_t by); /* n divided by it, rounded up */

/* rotate.c: buffers that change places from one round of a loop to the next */
enum { MOST_ROTATING = 12 };
typedef struct {
    int n, order; /* after so many rounds all are where they were */
    const Buffer *buffer[MOST_ROTATING];
    LValue *home[MOST_ROTATING];    /* outside of the loop */
    LValue *at[MOST_ROTATING];      /* in the round at hand */
    LValue *instead[MOST_ROTATING]; /* the first round only reads what it was given, and hands this on; or NULL */
    int next[MOST_ROTATING];        /* whose memory it has in the next round */
    bool moves;                     /* initial values go from home to where they are wanted */
} Rotation;
Rotation rotation_of(Lower *, const Inst *loop);
/* Where to begin, in r->at; begin[i]: where the initial value of carry i is wanted.  rounds: NULL if nobody knows yet. */
void rotation_plan(Lower *, const Inst *loop, Rotation *, LValue *rounds, LValue **begin);
void rotation_begin(Lower *, const Inst *loop, const Rotation *, LValue *rounds); /* when they are there */
/* In the body; buffer[i]: of carry i.  memory: what the loop carries for the names. */
void rotation_inside(Lower *, const Inst *loop, Rotation *, LValue *const *memory, LValue **buffer);
/* At its end: for the next round. */
void rotation_turn(Lower *, const Inst *loop, const Rotation *, LValue *round, LValue **memory, LValue **buffer);
/* Behind the loop: the results are at home. */
void rotation_end(Lower *, const Inst *loop, const Rotation *, LValue *rounds, LValue *const *memory);

/* wavefront.c: several rounds of a loop over grids while their rows are at hand */
bool wave_rounds(Lower *, const Inst *loop, Rotation *, LValue *trip,
                 LValue **buffer);                 /* false where it is another loop */
void wave_rows(Lower *, PieceBody, void *context); /* the rows of the kernel at hand, as so many pieces */

/* reach.c: what an element of a nest reads, before any code is made */
/* The index along an axis of an array: that of an axis of the nest, or its negative, or 0; and to it an offset, and where a
** dynamic slice starts. */
typedef struct {
    int axis; /* -1: none */
    bool back;
    const Dim *offset; /* NULL: nothing is known of the index */
    const Inst *slice; /* along its axis slice_axis, or NULL */
    int slice_axis;
} Along;
Idx along_index(Pull *, const Along *, const Idx *nest);
typedef struct {
    const Value *v; /* an array in memory, or a reshape of one, */
    int row,
        column; /* ... whose last axis that is longer than 1 follows that axis of the nest, and another one its last */
    int last;
    Along at[MAX_RANK];
} Crossing;
enum { MAX_CROSSINGS = 4 };
typedef struct {
    Interior interior;
    bool has_interior;
    Crossing crossing[MAX_CROSSINGS]; /* all with the same row */
    int ncrossings;
} Reach;
Reach reach_of(Lower *, const Axes *, const Value *const *results, int n);
/* Every array in memory that is read, and the index along each of its axes. */
typedef void (*ReachArray)(const Value *, const Along *, void *context);
void reach_arrays(Lower *, const Axes *, const Value *const *results, int n, ReachArray, void *context);

/* tile.c */
typedef struct Crossed {
    const Idx *nest;  /* the index in hand */
    LValue *row, *at; /* its row, and where that begins in the buffers */
    LValue *value;    /* the elements themselves, or NULL */
    const Reach *reach;
    LValue *const *buffers;
    int lanes;
} Crossed;
void rows_to_columns(LBuilder *, LValue **rows, int n);
/* n vectors hold squares of n x n side by side, row k of each in vector k; afterwards column k. */
void turn_blocks(LBuilder *, LValue **, int n);
void nest_tiles(Lower *, const Axes *, const Reach *, Work, int lanes, NestBody, void *context);
bool crossed_load(Pull *, const Value *, const Idx *, Elem *);
Home reshaped_home(Lower *, const Value *); /* of what it is a reshape of, or its own */

/* weave.c: short axes of a map, written out */
typedef struct {
    int n, axis[MAX_RANK], size[MAX_RANK], copies;
    bool woven; /* the last of them is the last axis: vectors lie along the axis before it */
} Weave;
/* Takes such axes out of those of a nest over a group of instructions; false where there are none. */
bool weave_of(Lower *, Axes *, const Inst *const *group, int n, Weave *);
/* Stores v[i] to the memory of to[i], for all places along these axes. */
int weave_lanes(const Weave *, int lanes);
void weave(Pull *, const Weave *, const Idx *, const Value *const *v, const Value *const *to, int n);

/* accum.c: what reductions, dots and argmax add up */
enum { MAX_ACCUMS = MOST_SUMS };
typedef struct {
    const Inst *in;
    const Value *x, *y;                     /* y: of a dot */
    DType dtype;                            /* of the running sums */
    int x_axis[MAX_RANK], y_axis[MAX_RANK]; /* which axis of the domain each of theirs is */
} Accum;
typedef struct {
    int nkept, n; /* kept axes, then reduced ones */
    const Dim *dim[2 * MAX_RANK];
    bool across;       /* lanes are neighbours along the last kept axis; else along the last reduced one */
    bool side_by_side; /* lanes are rows, too short for lanes of their own (short.c) */
    bool blocks;       /* sums longer than BLOCK (across: RUN) are cut, and joined by a tree; else a chain, in chunks */
    void (*also)(Pull *, const Idx *at, void *context); /* what else is done with every term, or NULL */
    void *also_context;
} Domain;
void accum_of(Lower *, const Inst *, Accum *, Domain *);
bool accum_is_arg(const Accum *);
int accum_parts(const Accum *); /* a complex sum has two, and so has (value, index) */
int accum_lanes(const Accum *); /* how many running sums along the last axis: a power of two */
/* The registers of n of them in a row, and back. */
int accum_values(const Accum *, int n, const Elem *, LValue **);
void accum_elems(const Accum *, int n, Elem *, LValue *const *);
Elem accum_start(Lower *, const Accum *, int lanes);
Elem accum_merge(Lower *, const Accum *, Elem, Elem);
Elem accum_step(Pull *, const Domain *, const Accum *, Elem sum, const Idx *at); /* one more term */
Work reduce_work(Lower *, const Domain *, const Accum *, int n);
void accum_finish(Lower *, const Accum *, int n, Elem *sums); /* in the dtypes of the instructions */

/* reduce.c: in the fixed orders */
/* At one index of the kept axes: the results, in the dtype of the instruction. */
void reduce_at(Pull *, const Domain *, const Accum *, int n, const Idx *kept, Elem *results);
/* Where nothing is kept: the same, its blocks on the pool. */
void reduce_all(Lower *, const Domain *, const Accum *, int n, Elem *results);
int domain_lanes(Lower *, const Accum *, int n);
int across_lanes(Lower *, const Accum *, int n, int most); /* neighbours that go together: a few registers of them */

/* strips.c: the same across rows, for some neighbours along the last kept axis at a time */
typedef struct {
    const Domain *d;
    LValue *lo, *hi;      /* along the last kept axis */
    int64_t most;         /* at most so many */
    Idx at[2 * MAX_RANK]; /* the other kept axes, and the row in hand */
    LValue *runs, *end;   /* the runs that are added up */
    int lanes;
    bool heavy;
    void (*ahead)(Lower *, LValue *first, LValue *end, void *context); /* of rows that are about to be added; or NULL */
    void *context;
} Strip;
typedef void (*StripBody)(Lower *, Strip *, void *context);
bool strips_fit(const Domain *, const Accum *, int n, bool again); /* again: the rows are read more than once */
/* The same for so many at a time. */
void strips_of(Lower *, const Domain *, Work, int64_t most, int lanes, bool heavy, StripBody body, void *context);
void strips(Lower *, const Domain *, const Accum *, int n, Work, int lanes, StripBody, void *context);
/* The results, at home in strips of their own. */
void strip_reduce(Lower *, Strip *, const Accum *, int n);
/* body at every index of the strip, or of all its rows: kept axes, then reduced ones. */
void strip_columns(Lower *, Strip *, NestBody, void *context);
void strip_rows(Lower *, Strip *, NestBody, void *context);
/* What that consists of.  Running sums lie in slots of a strip's width. */
typedef struct {
    LValue *re, *im;
} StripSums;
int strip_widest(const Accum *, int n); /* bytes of a number */
bool strip_is_heavy(Lower *, const Domain *, const Accum *, int n);
int64_t strip_rows_known(const Domain *); /* or -1 */
LValue *strip_row_count(Lower *, const Domain *);
int64_t strip_slots(const Domain *, int64_t most_runs); /* that strip_add needs; 0: all runs */
StripSums strip_memory(const Accum *, LValue *elements, LValue *(*take)(LBuilder *, LValue *bytes), LBuilder *);
void strip_add(Lower *, Strip *, const Accum *, int n, const StripSums *); /* the strip's runs, to slot 0 */
void strip_move(Lower *, Strip *, const Accum *, int n, const StripSums *from, const StripSums *to, LValue *slot);
void strip_join(Lower *, Strip *, const Accum *, int n, const StripSums *, LValue *left, LValue *right); /* to left */
void strip_results(Lower *, Strip *, const Accum *, int n, const StripSums *);                           /* of slot 0 */
void strip_value(Lower *, Strip *, const Value *); /* what has one element for each column: computed once, and kept */

/* bands.c: the same, rows read from end to end, some hundreds of them by one thread */
typedef void (*BandAhead)(Lower *, LValue *first, LValue *end, void *context); /* before rows first .. end are added */
bool bands_possible(const Domain *, const Accum *, int n);
bool bands_fit(const Domain *, const Accum *, int n); /* and they pay */
void band_sums(Lower *, const Domain *, const Accum *, int n, Work, int lanes, BandAhead, StripBody, void *context);

/* short.c: the same along rows of a few elements */
enum { MOST_SHORT = 32, MOST_SHORT_ARRAYS = 4 };
typedef struct ShortRows {
    LBlock *block;
    int n;
    struct {
        const Value *v;
        Idx at[MAX_RANK]; /* but for its last axis */
        LValue *column[MOST_SHORT];
    } tile[MOST_SHORT_ARRAYS];
} ShortRows;
bool short_fits(Lower *, const Domain *, const Value *const *arrays, int n, double each,
                bool stores);          /* each: ns an element */
void short_begin(Pull *, ShortRows *); /* from here on rows are loaded so, once */
bool short_column(Pull *, const Value *, LValue *ptr, const Idx *, Elem *);
void short_reduce(Pull *, const Domain *, const Accum *, int n, const Idx *kept, Elem *results);
/* v[i] to the memory of to[i]: whole rows. */
void short_store(Pull *, const Domain *, const Value *const *v, const Value *const *to, int n, const Idx *kept);

/* sweep.c */
void lower_sweep(Lower *, const Inst *kernel, const Group *);

/* dot.c: matrix products; `store` is given a vector of neighbours along the last axis of the result at a time */
typedef void (*DotStore)(Pull *, const Idx *, Elem, void *context);
bool dot_has_tiles(const Inst *);
/* Of what becomes of a product: which axes of the result may be counted through as one, their indices along the last of them
** (nobody asks for one of them alone); and whether it is more than storing it. */
typedef struct {
    bool rows;   /* all that come from the first operand */
    int columns; /* so many of the last that come from the second */
    bool dear;
} DotMerge;
void dot_tiles(Lower *, const Inst *, DotMerge, DotStore, void *context);

/* linalg.c */
typedef struct {
    const Inst *in;
    DType dtype;
    LValue *x, *y, *n,
        *m; /* the matrix and the result at hand; rows; columns, of the right-hand side if there is one */
    LValue *pivots, *order; /* of LU */
} Matrix;
Elem elem_minus_product(Lower *, Elem, Elem, Elem); /* s - p q */
Elem elem_divided(Lower *, Elem, Elem);
LValue *elem_size(Lower *, Elem); /* |re| + |im| */

/* small.c */
bool lower_small(Lower *, const Inst *); /* false where it is not one of small matrices */

/* map.c */
int widest_element(const Inst *); /* in bytes, of what it reads and makes */

/* the rest, by class */
void lower_map(Lower *, const Inst *); /* map.c */
void lower_reduce(Lower *, const Inst *);
void lower_scan(Lower *, const Inst *);     /* scan.c */
void lower_dot(Lower *, const Inst *);      /* dot.c */
void lower_index_op(Lower *, const Inst *); /* index.c: scatter, dynamic_update_slice, nonzero */
void lower_sort(Lower *, const Inst *);     /* sort.c */
void lower_control(Lower *, const Inst *);  /* control.c */
void lower_effect(Lower *, const Inst *);   /* effect.c */
void lower_file(Lower *, const Inst *);     /* file.c */
void lower_world(Lower *);                  /* effect.c: the program begins by meeting the other processes */
void lower_linalg(Lower *, const Inst *);   /* linalg.c */
void lower_fft(Lower *, const Inst *);      /* fft.c */
void lower_kernel(Lower *, const Inst *);   /* kernel.c */

#endif
