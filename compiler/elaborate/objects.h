/* objects: Python's values at compile time, and what the elaborator remembers while it runs them.
**
** A value is a `Py`: immutable, except for the contents of containers and objects and for variables, which change
** through the journal only.  Values of the IR inside a Py may belong to an enclosing IR function; `value_here` brings
** them into the one that is being built.  Size variables mean the same in all of them. */
#ifndef JXL_ELABORATE_OBJECTS_H
#define JXL_ELABORATE_OBJECTS_H

#include "elaborate/elaborate.h"

typedef struct Elab Elab;
typedef struct PyObject *Py;
typedef struct Env Env;
typedef struct Frame Frame;
typedef struct Tracing Tracing;
typedef struct PyClass PyClass;

typedef enum {
    PY_ERROR,   /* what a reported mistake gives: agrees with everything, reported no more */
    PY_UNBOUND, /* a variable without a value */
    PY_APART,   /* two sides of a run-time `if` that do not merge: an error where it is used */
    /* static */
    PY_NONE,
    PY_BOOL,    /* integer */
    PY_INT,     /* integer */
    PY_FLOAT,   /* number */
    PY_COMPLEX, /* number + imag j */
    PY_STR,     /* str */
    PY_BYTES,   /* str */
    PY_ELLIPSIS,
    PY_NOT_IMPLEMENTED,
    PY_DTYPE,    /* dtype: jnp.float32, callable too */
    PY_SLICE,    /* slice; its parts may be known at run time only */
    PY_FUNCTION, /* function: def or lambda */
    PY_METHOD,   /* method: a callable with its first argument */
    PY_NATIVE,   /* native: a row of natives.def */
    PY_CLOSURE,  /* closure: a function of this layer with values of its own, like grad(f) or vmap(f) */
    PY_TYPE,     /* type: int, list, ...: callable where a native of its name stands in `builtins` */
    PY_CLASS,    /* class */
    PY_MODULE,   /* module */
    PY_PROPERTY, /* property, staticmethod, classmethod: wrapped */
    /* known at run time */
    PY_SCALAR, /* scalar: a Python number */
    PY_ARRAY,  /* array */
    PY_TEXT,   /* text: a string with run-time values in it */
    /* containers: have contents */
    PY_TUPLE, /* contents fixed; with a class it is a NamedTuple */
    PY_LIST,
    PY_DICT,
    PY_SET,
    PY_OBJECT,    /* of a class: its attributes */
    PY_RANGE,     /* range; its parts may be known at run time only */
    PY_LAZY,      /* lazy: zip, enumerate, map, filter, reversed, iter: what a `for` consumes */
    PY_GENERATOR, /* generator */
    PY_SUPER,     /* method: super() of a class and an object */
    PY_TREEDEF,   /* treedef: the structure of a tree; `wrapped` is a tree whose leaves are numbered */
    PY_KINDS
} PyKind;

typedef enum { NUMBER_BOOL, NUMBER_INT, NUMBER_FLOAT, NUMBER_COMPLEX } NumberKind; /* as bool, i64, f64, c128 */
typedef enum { FLAVOUR_JAX, FLAVOUR_NUMPY } Flavour;

/* A variable.  `born` tells what existed before a branch, an attempt or a function began. */
typedef struct {
    Py value;
    const char *name;
    Span span;         /* where it was last written */
    int born, written; /* written: in which attempt */
    bool control;      /* the state of a frame */
    bool optional;     /* where a side of a branch leaves it unbound, any value will do */
} Place;

/* What a container holds.  Never changed in place once a mark of the journal has seen it. */
typedef struct {
    int n, cap;
    Py *at;
    Py *keys;              /* dict: keys; object: names as PY_STR; else NULL */
    Map *texts;            /* of many keys: where each text was put; it may have moved since */
    int epoch;             /* of the journal when it was made */
    struct Growing *grown; /* of a list: what a run-time loop appended */
    Py apart;              /* not NULL: two sides of a run-time `if` made them differ */
} Contents;

/* The data that names of one array share, as NumPy would: x[i] = v raises the version. */
typedef struct {
    Place version; /* PY_INT */
    const char *changed_name;
    Span changed; /* by what */
} Alias;

typedef struct {
    int nparts;
    struct TextPart {
        const char *text; /* a static part, or */
        int length;
        Py value;              /* PY_SCALAR or PY_ARRAY */
        char conversion;       /* 's', 'r' or 'f' */
        const char *spec;      /* of 'f'; "" else */
        Py which, left, right; /* or one of two texts, by a run-time bool */
        Py each;               /* or the items of a list that grows, */
        Py between;            /* with this text between them; NULL: as the list is printed */
        bool chars;            /* the value, a u64, is the address of characters */
        bool plain;            /* of 'f' with "c": a character that repr() leaves as it is */
    } * part;
} PyText;

typedef struct {
    Node *node;   /* FunctionDef or Lambda */
    Env *env;     /* where it was defined */
    Py *defaults; /* by parameter, in the order posonly, args, kwonly; NULL: none */
    const char *name;
    bool library;
    bool inline_always; /* it has been seen to write to what it did not make */
    bool called;
} PyFunction;

typedef struct {
    struct TextPart *at;
    int n, cap;
} Parts; /* of a text that is being put together */
typedef struct {
    Py *at;
    int n, cap;
} Leaves;

typedef struct Native Native;

typedef struct {
    int nargs, nkeywords;
    Py *args;
    const char **names; /* of keywords, interned */
    Py *values;
    Span span;   /* the call */
    Span *spans; /* of args then keywords; may be NULL */
} Args;

typedef struct {
    const Native *native;
    Py *arg;          /* by parameter of the signature; *args a tuple, **kwargs a dict; defaults filled in */
    const Args *args; /* as they were given */
    Span span;
} Call;

typedef Py (*NativeFn)(Elab *, Call *);
typedef Py (*ClosureFn)(Elab *, Py self, const Args *);

struct Native {
    const char *module; /* "primitives", "builtins", or the type whose method it is: "str", "list", "array", ... */
    const char *name;
    const char *signature; /* as between Python's parentheses; defaults are literals */
    NativeFn call;
    int op; /* of a primitive made from ops.def; else -1 */
};

typedef enum { LAZY_ZIP, LAZY_ENUMERATE, LAZY_MAP, LAZY_FILTER, LAZY_REVERSED, LAZY_ITERATOR } LazyKind;

struct PyObject {
    PyKind kind;
    int born, written; /* of what has contents */
    Py cls;            /* the class of a PY_OBJECT or of a NamedTuple */
    union {
        Int128 integer;
        struct {
            double number, imag;
        };
        struct {
            const char *at;
            int n;
        } str;
        struct {
            DType dtype;
            const char *maker; /* "jax.numpy", "numpy": the scalar type of that module; NULL: x.dtype */
        };
        struct {
            Py start, stop, step;
        } slice; /* and range */
        PyFunction function;
        struct {
            Py function, self;
        } method;
        const Native *native;
        struct {
            ClosureFn call;
            const char *name;
            void *data;
            Py inner;
        } closure; /* inner: the function it wraps */
        struct {
            const char *name;
        } type;
        PyClass *class_;
        struct PyModule *module;
        struct {
            Py wrapped, setter;
            const char *what;
        } wrapped; /* what: "property", "staticmethod", "classmethod" */
        struct {
            Value *value;
            const Dim *dim;
            NumberKind number;
        } scalar; /* dim: an int whose size expression is known;
                                                                               value may then be NULL until it is asked for */
        struct {
            Value *value;
            Alias *alias;
            int version;
            Flavour flavour;
            bool weak;
            bool numpy_scalar;
            bool key;
        } array; /* key: a typed random key, its last axis hidden */
        PyText text;
        Contents *contents; /* tuple, list, dict, set, object */
        struct {
            LazyKind kind;
            Py *part;
            int nparts;
            Contents *position;
            bool strict;
        } lazy;
        struct {
            Py function;
            Env *env;
            Node *node;
            Py source;
            Contents *position;
        } generator; /* function, or an expression and its first iterable */
        struct {
            Py left, right;
            Span at;
            Py holds, value;
        } apart; /* with `holds`: it has that value if it holds */
    };
};

/* What field(...) says otherwise. */
typedef enum {
    FIELD_NO_INIT = 1,
    FIELD_NO_REPR = 2,
    FIELD_NO_COMPARE = 4,
    FIELD_KEYWORD = 8,
    FIELD_STATIC = 16 /* no child of a tree */
} FieldOption;

struct PyClass {
    const char *name;
    Node *node;
    Py bases[8];
    int nbases;
    Py members; /* a dict */
    Py *order;  /* itself and the classes it is built on, in the order they are searched */
    int norder;
    Env *env;
    bool named_tuple, dataclass, frozen, library;
    bool exception;      /* built on a class of exceptions */
    Names annotated;     /* the names its body annotates */
    const char **fields; /* of NamedTuple and dataclass, in order */
    Py *defaults;        /* NULL: none */
    Py *factories;       /* default_factory; NULL: none */
    unsigned *options;   /* FieldOption */
    int nfields;
    bool tree;             /* registered: its data fields are children of a tree, the others static */
    bool *data;            /* by field: a child of the tree */
    Py flatten, unflatten; /* of register_pytree_node; or NULL */
    bool tree_class;       /* unflatten is the class's method tree_unflatten */
};

typedef struct PyModule {
    const char *name; /* "jax.numpy" */
    Env *env;         /* NULL for the built-in `jxl.primitives` */
    int file;
    bool running; /* its body is being run: a circular import */
} PyModule;

/* A scope that runs, or whose functions still do. */
struct Env {
    Scope *scope;
    Env *outer;  /* the one around it in the text; NULL for a module */
    Env *module; /* the module's */
    Map places;  /* Place by interned name */
    int born;    /* and all of its variables, even if they are first met later */
    Py names;    /* PY_MODULE or PY_CLASS it belongs to */
};

typedef enum {
    STATE_RUNS,
    STATE_RETURN,
    STATE_BREAK,
    STATE_CONTINUE,
    STATE_NEVER
} State; /* never: it has ended the program */

/* A Python function (or module body) that runs. */
struct Frame {
    Frame *caller;
    Env *env;
    Py function; /* NULL for a module */
    const char *title;
    Span call;   /* where it was called */
    Place state; /* PY_INT of State, or a run-time int after a branch that left on one side only */
    Place result;
    const Origin *origin; /* of the call */
    bool library;
    Py (*on_yield)(Elab *, void *data, Py value); /* of a generator that runs */
    void *yield_data;
    int loops;           /* whose bodies run */
    int returns, breaks; /* how often `return` and `break` were met so far */
};

/* A transformation whose function is traced, as in "inside vmap(loss)". */
typedef struct Inside {
    const char *title, *name; /* its own, and the whole transformation's; NULL: one of the library's */
    const Frame *frame;       /* that transforms */
    struct Inside *outer;
} Inside;

/* An IR function that is being built. */
struct Tracing {
    Tracing *outer;
    Func *func;
    Builder b;
    int born; /* what is older was made outside */
    bool writes_outside;
    Map imports;     /* outer value -> parameter here, in order */
    bool watched;    /* its reads of the outside are recorded */
    Map reads;       /* Place or PyObject -> what it held: a Py or Contents */
    Map read_places; /* the same keys that are places */
};

typedef struct {
    Place *place; /* a variable, or NULL and */
    Py object;    /* what has contents */
    void *old;    /* Py or Contents */
    Span old_span;
    int old_written;
} Write;

/* A loop's body that is run to see what it does. */
typedef struct Attempt {
    struct Attempt *outer;
    int id;
    Func *func;
    int first_value; /* values made in it have this id or a higher one */
    bool counted;    /* how often the loop runs is known when compiling */
    bool tested;     /* it is a `while`, whose test was known on entry */
    Map reads;       /* places and objects it read before it wrote them */
    Map looked;      /* lists it looked into, before or after */
} Attempt;

/* The counter of a run-time loop: no size, but known to be at least 0 and less than `count`. */
typedef struct LoopIndex {
    struct LoopIndex *outer;
    const SizeVar *var;
    Value *value;
    const Dim *count; /* NULL: not known */
    bool can_shorten; /* the last iteration may be made by itself */
    bool shorter;     /* it must be: a slice fits in every iteration but the last */
} LoopIndex;

/* An axis that a vmap or pmap around maps over, by name. */
typedef struct Axis {
    const struct Axis *outer;
    const char *name;   /* as the program calls it */
    const char *unique; /* as the IR does: inner axes may be called the same */
    const Dim *size;
    bool shards; /* of a pmap */
} Axis;

struct Elab {
    Compiler *cx;
    Arena *arena; /* as long as the elaboration */
    Module *module;
    Tracing *tracing;
    Builder *b; /* the tracing's */
    Frame *frame;
    Span span; /* the expression that is evaluated now */
    int serial, epoch, attempts;
    Attempt *attempt;
    LoopIndex *indices;
    const char *last_error;
    struct CustomCall *custom;
    int derivatives; /* how many jvp, vjp and grad what is elaborated stands in */
    int plain_calls; /* so far, of functions whose rules no derivative can reach: custom.c */
    Map sources;     /* parameters of traced functions -> what they stand for outside */
    Map declared;    /* parameters of exported functions -> the Node that declares them */
    Inside *inside;  /* the transformations whose functions are traced now, innermost first */
    struct {
        Write *at;
        int n, cap;
    } journal;
    struct {
        struct Mark {
            int at, serial;
        } * at;
        int n, cap;
    } marks;
    Map modules; /* PyModule by name */
    Map memory;  /* remembered decisions about loops, and traced functions */
    bool x64, partitionable;
    Place *print_options; /* a str: how arrays are printed, in the words of the runtime */
    Flavour flavour;      /* of the arrays that the library makes now */
    int depth;            /* of calls */
    int branches;         /* run-time branches and loops around what runs now */
    bool constructing;
    const char *directory;     /* of the program */
    Py annotation;             /* of the assignment whose value is evaluated */
    struct ActiveCall *active; /* calls of Python functions that run */
    struct {
        struct Recursion **at;
        int n, cap;
    } recursions;
    bool abandoned; /* what runs now would only call itself again: see keys.c */
    struct {
        struct Exported {
            Py function;
            const char *name;
            Span span;
        } * at;
        int n, cap;
    } exported;
    Py none, true_, false_, error, unbound, ellipsis, not_implemented, empty_tuple;
    Env *builtins;
    const Axis *axes;      /* that collectives may name here, innermost first */
    const Dim *devices[3]; /* world_info, where the program has asked for it already */
};

#endif
