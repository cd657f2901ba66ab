/* base: what every layer of the compiler stands on.
**
** Memory that goes away with its stage, interned names, text that grows, maps,
** and diagnostics that point at the user's own words. */
#ifndef JXL_BASE_H
#define JXL_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Compiler Compiler;

#if defined(__GNUC__)
#define FORMAT(f, a) __attribute__((format(printf, f, a)))
#define NORETURN __attribute__((noreturn))
#else
#define FORMAT(f, a)
#define NORETURN
#endif

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

/* arena.c: memory that is freed all at once */

typedef struct Arena Arena;

Arena *arena_new(void);
void arena_free(Arena *);
void *arena_alloc(Arena *, size_t bytes); /* zeroed, 16-byte aligned, never NULL */
void *arena_copy(Arena *, const void *, size_t bytes);
char *arena_text(Arena *, const char *format, ...) FORMAT(2, 3);
void *arena_grow(Arena *, void *old, size_t old_bytes, size_t new_bytes);

#define NEW(arena, T) ((T *)arena_alloc((arena), sizeof(T)))
#define NEW_ARRAY(arena, T, n) ((T *)arena_alloc((arena), sizeof(T) * (size_t)(n)))

/* A growing array is any struct with `T *at; int n, cap;`. */
#define PUSH(arena, v, x)                                                                                              \
    do {                                                                                                               \
        if ((v)->n == (v)->cap) {                                                                                      \
            int cap_ = (v)->cap ? 2 * (v)->cap : 8;                                                                    \
            (v)->at =                                                                                                  \
                arena_grow((arena), (v)->at, sizeof *(v)->at * (size_t)(v)->cap, sizeof *(v)->at * (size_t)cap_);      \
            (v)->cap = cap_;                                                                                           \
        }                                                                                                              \
        (v)->at[(v)->n++] = (x);                                                                                       \
    } while (0)

/* text.c: text that grows */

typedef struct {
    Arena *arena;
    char *at; /* always ends in NUL */
    int n, cap;
} Text;

Text text_new(Arena *);
void text_add(Text *, const char *format, ...) FORMAT(2, 3);
void text_addv(Text *, const char *format, va_list);
void text_put(Text *, const char *bytes, int n);
int edit_distance(const char *a, const char *b); /* for "did you mean" */

/* A whole file as bytes plus NUL; NULL and errno where it cannot be read. */
char *read_file(Arena *, const char *path, size_t *length);
/* Writes beside `path`, then renames: a killed write leaves the old file.  False and errno on failure. */
bool write_file(const char *path, const void *bytes, size_t length);

/* name.c: interned names; equal names are one pointer */

const char *name_of(Compiler *, const char *text);
const char *name_of_n(Compiler *, const char *text, int length);

/* map.c: from bytes or pointers to pointers, in insertion order */

typedef struct {
    const void *key;
    int length; /* of the key in bytes, -1 where the key is the pointer itself */
    uint64_t hash;
    void *value;
} MapEntry;

typedef struct {
    Arena *arena;
    MapEntry *entries; /* in the order they were added: iterate i < n */
    int n, cap;
    int *slots; /* open addressing; 0 is empty, else entry number + 1 */
    int nslots;
} Map;

Map map_new(Arena *);
void *map_get(const Map *, const void *key);       /* by pointer; NULL if absent */
void map_set(Map *, const void *key, void *value); /* adds or replaces */
void *map_get_bytes(const Map *, const void *key, int length);
void map_set_bytes(Map *, const void *key, int length, void *value); /* copies the key */

uint64_t hash_bytes(const void *, size_t, uint64_t seed);

/* diag.c: what goes wrong, and where */

typedef struct {
    int file;       /* index into the sources; 0 is "nowhere" */
    int start, end; /* byte offsets, end exclusive */
} Span;

typedef struct {
    const char *path; /* as the user wrote it, or as it is found in the library */
    const char *text; /* NUL-terminated */
    int length;
    bool library; /* a module of jxl's own: errors are shown at the user's call instead */
    int *lines;   /* offset of each line's first byte */
    int nlines;
} Source;

/* The user's mistake: file:line:col, message, the line and a caret.  Compilation goes on and finds the next. */
void diag(Compiler *, Span, const char *format, ...) FORMAT(3, 4);
void diagv(Compiler *, Span, const char *format, va_list);
void warn(Compiler *, Span, const char *format, ...) FORMAT(3, 4);
/* Adds a "note:" line to the last diagnostic. */
void note(Compiler *, const char *format, ...) FORMAT(2, 3);
void note_at(Compiler *, Span, const char *format, ...) FORMAT(3, 4);
/* Adds the words after the caret of the last diagnostic. */
void caret(Compiler *, const char *format, ...) FORMAT(2, 3);
/* Prints what is pending; diagnostics appear sorted by place, the same one once.  Returns the number of errors. */
int diag_flush(Compiler *);
/* Speculation: errors after `diag_mark` can be taken back by `diag_rewind`. */
int diag_mark(Compiler *);
void diag_rewind(Compiler *, int mark);
bool diag_newest_is_at(const Compiler *, Span); /* whether the last diagnostic is about exactly that */
int diag_errors(const Compiler *);

/* Our own mistake: says so with the evidence and exits with 70.  cx->on_bug, if set, is called first. */
NORETURN void bug(Compiler *, const char *format, ...) FORMAT(2, 3);
/* The machine's mistake (no memory, no file): one sentence, exit status 1. */
NORETURN void fatal(const char *format, ...) FORMAT(1, 2);

int add_source(Compiler *, const char *path, const char *text, int length, bool library);
const Source *source_of(const Compiler *, int file);
void line_column(const Compiler *, Span, int *line, int *column); /* from 1; column in code points */

/* install.c: where jxl's own files are, told from where jxlc stands */

const char *install_include(Compiler *); /* the directory of the library modules and headers */
const char *install_runtime(Compiler *); /* libjxlrt.a */

/* What the command line asked for; the driver fills it in. */
typedef struct {
    const char *output;
    const char *march;  /* NULL is native */
    const char *target; /* a triple; NULL is this machine's */
    int jobs;           /* processes that LLVM may run in; 0: as there are processors */
    bool multi;         /* for several levels of processors, chosen at start */
    int opt_level;      /* 0..3 */
    bool debug_info;    /* -g */
    bool shared;
    bool verbose;
    const char *print_after; /* pass name or "all" */
    const char *stop_after;
    const char *passes; /* comma-separated, for .jxir input */
    bool check_passes, time_passes;
    int tape_states;           /* carries that the reverse sweep of a loop may store; 0: all */
    int tape_mb;               /* likewise, by their size */
    const char *why;           /* "fuse" */
    const char *print;         /* "memory" */
    const char *mpi;           /* "plugin" (or NULL), "link", or the name of one to link */
    const char **include_dirs; /* -I, then the library's own */
    int ninclude_dirs;
    int max_unroll; /* instructions one unrolled loop may make */
} Options;

struct Compiler {
    Arena *arena; /* lives as long as the compilation */
    Map names;
    struct {
        Source *at;
        int n, cap;
    } sources; /* at[0] is "nowhere" */
    struct {
        const char **at;
        int n, cap;
    } files_read; /* beside the sources, .npy headers: for the depfile */
    struct Diags *diags;
    Options options;
    const char *pass;            /* the pass that runs now, for bug() */
    const struct Module *module; /* what it was given */
    void (*on_bug)(Compiler *);  /* shows that module */
    void *tables;                /* interned types and sizes; belongs to ir */
    const void *machine;         /* the targets; belongs to emit */
};

Compiler *compiler_new(void);
void compiler_free(Compiler *);

#endif
