/* What compiled programs and the runtime say to each other.
**
** Every compiled function is `int f(jxl_call *c, sizes..., inputs..., outputs...)`: 0 on success, non-zero after an
** error was recorded in `c`.  Sizes are int64_t; inputs and outputs are pointers to packed row-major elements, aligned
** to 64 bytes when jxl allocated them.  There is no other state, so calls are thread-safe. */
#ifndef JXL_RUNTIME_H
#define JXL_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* In the order of the compiler's own table (compiler/ir/dtype.def). */
typedef enum {
    JXL_BOOL,
    JXL_I8,
    JXL_I16,
    JXL_I32,
    JXL_I64,
    JXL_U8,
    JXL_U16,
    JXL_U32,
    JXL_U64,
    JXL_F16,
    JXL_BF16,
    JXL_F32,
    JXL_F64,
    JXL_C64,
    JXL_C128
} jxl_dtype;

typedef struct {
    void *data;    /* packed, row-major */
    int32_t dtype; /* jxl_dtype */
    int32_t rank;
    const int64_t *shape;
} jxl_array;

typedef struct jxl_pool jxl_pool;

typedef struct jxl_call {
    int status;        /* 0, or the exit status that the error asks for */
    int64_t place;     /* of a failing parallel loop: the lowest chunk that failed */
    char *message;     /* malloc'ed; NULL while all is well */
    jxl_pool *pool;    /* NULL: everything runs on the calling thread */
    void *blocks;      /* memory taken and not yet given back */
    void *spare;       /* ... and given back, but kept for the next time */
    size_t held, most; /* bytes of both: now, and at most so far */
    int rank, nranks;  /* 0 and 1 without MPI */
    int own;           /* not 0: in work that other ranks do not do */
} jxl_call;

/* call.c */
void jxl_call_init(jxl_call *);            /* takes the process-wide pool */
void jxl_call_free(jxl_call *);            /* and every block that an error left behind */
const char *jxl_message(const jxl_call *); /* "" while all is well */
/* Records an error (the first one wins) and returns its non-zero status.  `format` is a template as below. */
int jxl_fail(jxl_call *, const char *format, int nargs, const jxl_array *args);

/* export.c: what the C functions of @export call.  `jxl_call_end` frees the call and copies its message to `error`, which has
** room for JXL_ERROR_BYTES unless it is NULL; it returns the status. */
#ifndef JXL_ERROR_BYTES
#define JXL_ERROR_BYTES 512
#endif
int jxl_call_end(jxl_call *, char *error);
int jxl_fail_size(jxl_call *, const char *name, int64_t size); /* "n is -1: ..." */

/* cpu.c: a program is compiled for one level of processors or for several, the best one first.  `*chosen` becomes the first that
** this processor can run; or an error says what it lacks.  JXL_CPU=x86-64-v2 makes as if it were no better. */
typedef struct {
    const char *name, *needs; /* "x86-64-v3"; the features of jxl/cpu.def, with commas between */
} jxl_level;
int jxl_choose_level(jxl_call *, const jxl_level *, int n, int *chosen);

/* memory.c: 64-byte aligned blocks; NULL after recording "out of memory" with the size asked for. */
void *jxl_alloc(jxl_call *, int64_t bytes);
void jxl_out_of_memory_at(jxl_call *, const char *where); /* if that was recorded: puts "FILE:LINE: " before it */
void jxl_release(jxl_call *, void *);
/* A block that grows at its end, for stacked results of loops whose trip count is not known: returns the block, maybe
** moved, with room for at least `bytes`. */
void *jxl_grow(jxl_call *, void *, int64_t bytes);

/* pool.c.  Runs body(c, context, lo, hi) over pieces of 0..n of at least `grain`; the pieces are claimed dynamically.
** Non-zero if a piece failed: the error of the lowest piece is in `c`. */
typedef int (*jxl_body)(jxl_call *, void *context, int64_t lo, int64_t hi);
int jxl_parallel_for(jxl_call *, jxl_body, void *context, int64_t n, int64_t grain);
int jxl_num_threads(void); /* JXL_NUM_THREADS, else the affinity mask */

/* print.c.  A template is text with holes: {k!KC} or {k!KC:spec}; `{{` and `}}` are braces.
**   k     which argument
**   K     p a Python number, j a JAX array, w a weakly typed JAX array, n a NumPy array, g a NumPy scalar,
**         t a text, whose `data` is a C string, or, with the dtype u64, points to where one begins
**   C     s as str(), r as repr(), f as format(value, spec), t its type as programs write it: f32[3, 4]
** A hole prints what CPython with that library prints, to the digit.  `spec` may have holes itself: {0!pf:{1!ps}.2f}. */
int jxl_print(jxl_call *, int stream, const char *format, int nargs, const jxl_array *args); /* stream 1 or 2 */
char *jxl_format(jxl_call *, const char *format, int nargs, const jxl_array *args);          /* jxl_release it */

/* sort.c: for each row along the last axis the stable permutation that sorts it, as i32 or i64 by index->dtype.  `keys`
** are arrays of one shape; where the first is equal the second decides, and so on.  lax.sort's order: -0.0 equals
** 0.0, all NaNs are equal and last, complex numbers go by their real part first; where it is `descending`, all of that the
** other way round.  The rows of the results may be shorter: they begin at place `first`.  The second: one key, sorted. */
int jxl_argsort(jxl_call *, const jxl_array *index, int nkeys, const jxl_array *keys, int64_t first, int descending);
int jxl_sort(jxl_call *, const jxl_array *sorted, const jxl_array *keys, int64_t first);

/* parts/lapack.c: factorizations of every matrix of a batch (the last two axes); the arrays are the argument, then the results, of
** which those without data are not wanted.  Part of programs that use it, which are linked with LAPACK.
**   QR      q, r              SVD     s, u, vh         FULL   orthogonal matrices are square
**   EIGH    w, v              EIG     w, vl, vr        SCHUR  t, z */
enum { JXL_QR, JXL_QR_FULL, JXL_SVD, JXL_SVD_FULL, JXL_EIGH, JXL_EIG, JXL_SCHUR };
int jxl_lapack(jxl_call *, int32_t what, int32_t narrays, const jxl_array *);

/* fft.c: Fourier transforms of the lines along an axis, divided by their points or not; x and y may be the same.  RFFT gives the first half of the transform of
** real numbers, IRFFT takes it. */
enum { JXL_FFT, JXL_IFFT, JXL_RFFT, JXL_IRFFT };
int jxl_fft(jxl_call *, int32_t what, int32_t axis, int32_t divided, const jxl_array *x, const jxl_array *y);

/* parts/plot: a step of a picture; `format` gives its options, "key=value" with '\x1f' between, over all of `args`, of which the
** first `count` are what it draws.  Part of programs that plot, which are linked with cairo. */
int jxl_plot(jxl_call *, const char *name, const char *format, int32_t count, int32_t nargs, const jxl_array *args);

/* npy_load.c, npy_save.c.  `what` names the program's place and expression for messages, which begin with it.  A file of
** 64-bit numbers may be read into an array of their 32-bit partner, as jnp.load does; else the dtypes must be equal.
** Byte order and Fortran order are turned round.  Saving adds ".npy" to the name where it is missing. */
int jxl_load_open(jxl_call *, const char *path, int32_t dtype, int32_t rank, const char *what, void **file,
                  int64_t *shape);                     /* reads the header, checks dtype and rank */
int jxl_load_read(jxl_call *, void *file, void *data); /* reads the elements, closes */
/* npy_parts.c: of a file that rank 0 has opened every rank reads a part; all come to the same calls.  A rank that does not see that
** file, with that length and time, is sent its part by rank 0; so are all where the path is empty.  `file` is a number from then on. */
int jxl_load_join(jxl_call *, const char *what, const char *path, int32_t dtype, void **file);
int jxl_load_part(jxl_call *, int64_t file, int64_t first, int64_t n, void *data);
void jxl_load_close(jxl_call *, int64_t file);
/* What a file holds, for the compiler: `shape` has room for 32 sizes. */
int jxl_load_look(jxl_call *, const char *path, const char *what, int32_t *dtype, int32_t *rank, int64_t *shape);
int jxl_save(jxl_call *, const char *path, const jxl_array *, const char *what);

/* Other files of arrays are read the same way.  What is read of them, or how:
**   zip      parts/zip.c: a .npz file's member of that name              (linked with zlib)
**   tensors  tensors.c: a .safetensors file's tensor of that name
**   csv      csv.c: a table written as text, with options as "delimiter=,"
**   png      parts/png.c: a picture as float32 numbers from 0 to 1       (linked with libpng) */
int jxl_zip_open(jxl_call *, const char *path, const char *name, int32_t dtype, int32_t rank, const char *what,
                 void **file, int64_t *shape);
int jxl_tensors_open(jxl_call *, const char *path, const char *name, int32_t dtype, int32_t rank, const char *what,
                     void **file, int64_t *shape);
int jxl_csv_open(jxl_call *, const char *path, const char *options, int32_t dtype, int32_t rank, const char *what,
                 void **file, int64_t *shape);
int jxl_png_open(jxl_call *, const char *path, const char *options, int32_t dtype, int32_t rank, const char *what,
                 void **file, int64_t *shape);
int jxl_zip_look(jxl_call *, const char *path, const char *name, const char *what, int32_t *dtype, int32_t *rank,
                 int64_t *shape);
int jxl_tensors_look(jxl_call *, const char *path, const char *name, const char *what, int32_t *dtype, int32_t *rank,
                     int64_t *shape);
int jxl_csv_look(jxl_call *, const char *path, const char *options, const char *what, int32_t *dtype, int32_t *rank,
                 int64_t *shape);
int jxl_png_look(jxl_call *, const char *path, const char *options, const char *what, int32_t *dtype, int32_t *rank,
                 int64_t *shape);
/* Trees of arrays in a .npz file.  The "array" of a tree is whether the file is there, with these `names` and no others ('\n'
** between, after a '?' where it need not be there, else '!').  Of a leaf `shape` is what it must have. */
int jxl_tree_open(jxl_call *, const char *path, const char *names, int32_t dtype, int32_t rank, const char *what,
                  void **file, int64_t *shape);
int jxl_leaf_open(jxl_call *, const char *path, const char *name, int32_t dtype, int32_t rank, const char *what,
                  void **file, int64_t *shape);
/* The "array" is whether there is anything of that name (kind ""), or a "file", or a "dir". */
int jxl_there_open(jxl_call *, const char *path, const char *kind, int32_t dtype, int32_t rank, const char *what,
                   void **file, int64_t *shape);
/* The names in such a file, '\n' between; NULL after an error. */
char *jxl_zip_names(jxl_call *, const char *path, const char *what);
char *jxl_tensors_names(jxl_call *, const char *path, const char *what);
int jxl_zip_save(jxl_call *, const char *path, const char *names, int32_t compressed, int32_t n, const jxl_array *,
                 const char *what);
int jxl_tensors_save(jxl_call *, const char *path, const char *names, int32_t n, const jxl_array *, const char *what);
int jxl_csv_save(jxl_call *, const char *path, const char *options, const jxl_array *, const char *what);

/* time.c: seconds */
double jxl_time(int32_t clock); /* 0 time.time, 1 perf_counter (and monotonic), 2 process_time */

/* world.c, collective.c: processes that run one program together.  `jxl_meet` meets the others, where a launcher says that
** there are any, through a plugin that stands in `directory`; all must bring the same hash of the program. */
int jxl_meet(jxl_call *, const char *directory, int64_t hash);
int64_t jxl_world_info(jxl_call *, int32_t which); /* 0 device_count, 1 local_device_count, 2 process_count */
double jxl_world_time(jxl_call *, int32_t clock);  /* rank 0's */
/* What comes from outside is rank 0's.  Who reads it does; then the others get those bytes of it.  Within what a shard does by itself
** (from own(1) to own(-1)) everybody reads, and nothing is sent. */
int32_t jxl_world_first(jxl_call *);
int jxl_world_share(jxl_call *, const char *what, void *data, int64_t bytes);
void jxl_world_own(jxl_call *, int32_t more);
/* Shards are dealt in blocks: the first of this process, and how many. */
void jxl_shard_range(jxl_call *, int64_t n, int64_t *first_and_count);
/* collective.c: arrays x, each a block of n shards stacked, and as many y: all n of them, or a block again, in which shard i has
** what shard from[i] had (0 where that is negative; one more array), or at [j] what j had at [i]; or what they come to, by a tree
** over their numbers; or, SCATTER, of the sum each shard's own part; or, TAKE, as many shards as
** y has, from the one on whose number is in one more array.  It begins, the arrays staying where they are, and is waited
** for where it ends; between, a program polls now and then.  Of several arrays x, or y, the kind says whether they stand side by
** side: each from the next multiple of 64 bytes behind another on. */
enum { JXL_GATHER, JXL_PERMUTE, JXL_EXCHANGE, JXL_SUM, JXL_MIN, JXL_MAX, JXL_SCATTER, JXL_TAKE };
enum { JXL_SIDE_BY_SIDE = 16, JXL_COME_SIDE_BY_SIDE = 32 };
int jxl_collective_begin(jxl_call *, const char *what, int32_t kind, int64_t n, int32_t narrays,
                         const jxl_array *xs_ys_from, int64_t *token);
int jxl_collective_poll(jxl_call *);
int jxl_collective_end(jxl_call *, int64_t token);

/* progress.c: bars like tqdm's, seen on a terminal by the first rank's user only.  `total` is negative where it is not known;
** options are "desc=...", "unit=it", "leave=False", ... with '\x1f' between.  What else is done to one: */
enum {
    PROGRESS_DESCRIBE,
    PROGRESS_POSTFIX,
    PROGRESS_CLOSE,
    PROGRESS_REFRESH,
    PROGRESS_TOTAL,
    PROGRESS_COUNT,
    PROGRESS_RESET,
    PROGRESS_CLEAR,
    PROGRESS_SHOW,
    PROGRESS_ADD
};
int64_t jxl_progress_new(jxl_call *, double total, int32_t hidden, const char *options);
void jxl_progress_add(int64_t bar, double n);
int jxl_progress(jxl_call *, int32_t what, int64_t bar, double n, const char *format, int32_t nargs,
                 const jxl_array *args);
int64_t jxl_progress_count(int64_t bar);
void jxl_progress_stop(void); /* the program ends with a message: on a line of its own */

/* flags.c: the command line of a program: main(...)'s parameters, or what argparse was told */
typedef struct {
    const char *names;    /* "--epochs,-n"; of a switch "--loud,--no-loud"; "data": by its place on the line */
    int32_t dtype;        /* of a number or of the file's elements */
    int32_t rank;         /* -1 a number, -2 text, -3 a switch, else --name FILE.npy of that rank */
    const char *fallback; /* its default as text ("True" or "False" for a switch); NULL where it must be given */
    const char *help;     /* one line, such as the annotation */
    const char *choices;  /* "adam,sgd": the texts that may be given; NULL: any */
} jxl_flag;
/* Fills values[i]: a number of that dtype (rank -1, -3: one byte), const char * (-2), or a file for jxl_load_read (>= 0)
** with its shape in shapes[i].  --help prints and exits 0; a mistake is an error of one sentence with status 2. */
int jxl_flags(jxl_call *, int argc, char **argv, const char *doc, const jxl_flag *, int n, void **values,
              int64_t **shapes);

/* outside.c: the command line and the environment as texts, of several ranks the first one's */
int64_t jxl_argument_count(jxl_call *);
int jxl_argument(jxl_call *, const char *where, int64_t index, const char **text); /* sys.argv[index] */
int jxl_environment(jxl_call *, const char *name, const char **text); /* "" and 0 at *text where it is not set */

/* ask.c: questions about texts, each a template over the same arguments.  A length is counted in code points. */
enum { TEXT_ORDER, TEXT_STARTS, TEXT_ENDS, TEXT_CONTAINS, TEXT_LENGTH };
int64_t jxl_text_ask(jxl_call *, int32_t question, const char *text, const char *other, int32_t nargs,
                     const jxl_array *args);
int jxl_text_make(jxl_call *, const char *text, int32_t nargs, const jxl_array *args, const char **made);
/* int(text) or float(text), by dtype */
int jxl_text_number(jxl_call *, const char *where, const char *text, int32_t nargs, const jxl_array *args,
                    int32_t dtype, void *value);
/* sys.exit(status), with what is said on standard error; the program ends without a further word. */
enum { JXL_EXIT = 256 };
int jxl_exit(jxl_call *, int64_t status, const char *message, int32_t nargs, const jxl_array *args);

/* parse.c: int(text) or float(text), by dtype */
int jxl_number(jxl_call *, const char *text, int32_t dtype, void *value);

/* start.c: main of an executable calls this with the compiled program; returns the exit status. */
int jxl_main(int argc, char **argv, int (*program)(jxl_call *, int argc, char **argv));

#ifdef __cplusplus
}
#endif
#endif
