/* What the files of the runtime share and programs do not see. */
#ifndef JXL_INTERNAL_H
#define JXL_INTERNAL_H

#include "jxl/runtime.h"

#include <stdbool.h>

/* call.c: records an error in printf's words without the printer; the first error wins.  Returns the call's status. */
int jxl_fail_text(jxl_call *, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* cpu.c: whether this processor has vectors of 64 bytes, or of 32, of level x86-64-v4 and v3, and JXL_CPU allows them: else 16 */
int jxl_vector_bytes(void);

/* householder.c: Q with so many columns, and R, of a small real matrix; false where its numbers are too large or too small for it */
int64_t jxl_qr_room(int m, int n, int columns);
bool jxl_qr(int m, int n, int columns, int single, const void *x, void *q, void *r, void *room);

/* ... and eigenvalues and, unless v is NULL, eigenvectors of a symmetric one of at most so many rows */
int jxl_eigh_most(void);
int64_t jxl_eigh_room(int n);
bool jxl_eigh(int n, int single, const void *x, void *w, void *v, void *room);

/* memory.c: what stands before the bytes of a block; and every block of a call, given back for good */
enum { JXL_BLOCK_HEADER = 64 };
void jxl_release_all(jxl_call *);

/* threads.c: 0 after recording that JXL_NUM_THREADS makes no sense */
int jxl_threads_wanted(jxl_call *);

/* quota.c: processors' worth of time that the control groups give; 0 where they set no bound */
double jxl_processor_quota(const char *groups, const char *membership);

/* pool.c */
jxl_pool *jxl_process_pool(void);

/* text.c: a text that grows, in a block of the call.  After "out of memory" adding does nothing. */
typedef struct {
    jxl_call *call;
    char *at; /* ends with NUL once something was added */
    size_t n;
} Text;
void jxl_text_add(Text *, const char *bytes, size_t n);
void jxl_text_put(Text *, const char *text);
void jxl_text_fill(Text *, char, int64_t n);
void jxl_text_addf(Text *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* outside.c: what the command line is */
void jxl_arguments_are(int argc, char **argv);
int jxl_arguments(jxl_call *, int *argc, char ***argv); /* of several ranks the first one's; else as they are */

/* options.c: "key=value", one behind the other with '\x1f' between; NULL where the key is not there, or its value None */
const char *jxl_option(const char *options, const char *key, char *value, size_t room);
double jxl_option_number(const char *options, const char *key, double fallback);

/* comm.h's functions of the processes that run together; NULL where there is one.  Numbers of the ranks' shares. */
const struct jxl_comm *jxl_comm_at_hand(void);
void jxl_share(int64_t n, int rank, int nranks, int64_t *first, int64_t *count);
/* cost.c: communication began to start then; what it cost, if somebody wants to know */
void jxl_cost_starts(double since);
void jxl_cost_print(const jxl_call *);
/* Around what waits for others: `what` is named if it takes too long. */
void jxl_watch(const char *what);    /* NULL: it is over */
void jxl_comes_to(const char *what); /* it need not wait there */
/* The end of a program of several processes: all end well, or one says why not and ends them all. */
void jxl_world_end(jxl_call *);

/* dtype.c: what the runtime knows about an element type */
typedef enum { KIND_BOOL, KIND_INT, KIND_FLOAT, KIND_COMPLEX } Kind;
typedef struct {
    const char *name;  /* as NumPy calls it */
    const char *brief; /* as programs write it */
    Kind kind;
    int size;
    int part;              /* of a complex type: the dtype of its parts, else the dtype itself */
    double exponents_from; /* NumPy prints numbers from here on with exponents */
} Dtype;
extern const Dtype jxl_dtypes[];
double jxl_half_to_double(uint16_t);
uint16_t jxl_double_to_half(double);

/* One element of an array. */
typedef struct {
    int dtype, negative;
    uint64_t magnitude; /* of a bool or an int */
    double re, im;
} Number;
Number jxl_element(const jxl_array *, int64_t index);
int64_t jxl_count(const jxl_array *); /* of its elements */

/* digits.c: finite numbers as decimal digits, 0.ddd times ten to the power `point`.  The sign of x is not looked at;
** zero is the one digit 0 with point 1. */
typedef struct {
    int n, point;
    char digit[32];
} Decimal;
Decimal jxl_shortest(double x, int dtype);        /* the fewest digits that only this number of its type has */
Decimal jxl_rounded(double x, int digits);        /* at most 30; no zeros at the end */
Decimal jxl_rounded_after(double x, int places);  /* so many after the point: at most 20, of x below 1e8 */
void jxl_put_positional(Text *, const Decimal *); /* 12.5, 0.02, 12. */
void jxl_put_exponent(Text *, const Decimal *, int least_digits); /* 1.25e+01, 1.e+01 */

/* scalar.c: one number as Python or NumPy writes it */
void jxl_python_float(Text *, double);
void jxl_python_scalar(Text *, const Number *); /* str() and repr() of a Python number */
void jxl_numpy_scalar(Text *, const Number *);  /* str() of a NumPy scalar */

/* spec.c: format(value, spec) of Python's numbers and texts; a wrong spec is recorded in the text's call */
void jxl_format_number(Text *, const Number *, const char *spec);
void jxl_format_string(Text *, const char *value, const char *spec);

/* How arrays are printed: numpy.printoptions. */
typedef struct {
    int precision; /* digits after the point at most; below 0: as many as tell a number from its neighbours */
    int64_t threshold, edge_items;
    int line_width, suppress;
    char sign; /* '-', '+' or ' ' */
    enum { FLOATS_MAXPREC, FLOATS_MAXPREC_EQUAL, FLOATS_FIXED } mode;
    char nan[16], infinity[16];
    char separator[16]; /* of str() */
    int prefix, suffix;
} PrintOptions;
PrintOptions jxl_print_options(const char *spec); /* print_options.c: "precision=3;suppress=1;" */

/* layout.c: the elements of an array, as numpy.array2string arranges them */
void jxl_put_array(Text *, const jxl_array *, const PrintOptions *);

/* repr.c */
void jxl_repr_jax(Text *, const jxl_array *, const char *options, int weak);
void jxl_repr_numpy(Text *, const jxl_array *, const char *options);
void jxl_repr_numpy_scalar(Text *, const Number *);
void jxl_repr_string(Text *, const char *);
void jxl_put_type(Text *, const jxl_array *);

/* format.c: expands a template */
void jxl_expand(Text *, const char *format, int nargs, const jxl_array *args);

#endif
