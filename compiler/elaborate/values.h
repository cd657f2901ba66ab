/* values: what the files of this layer do for each other, file by file. */
#ifndef JXL_ELABORATE_VALUES_H
#define JXL_ELABORATE_VALUES_H

#include "elaborate/objects.h"

/* values.c: making values and asking about them */

Py py_new(Elab *, PyKind);
Py py_bool(Elab *, bool);
Py py_int(Elab *, Int128);
Py py_float(Elab *, double);
Py py_complex(Elab *, double re, double im);
Py py_str(Elab *, const char *);
Py py_str_n(Elab *, const char *, int n);
Py py_dtype(Elab *, DType);
Py py_type(Elab *, const char *name);
Py py_slice(Elab *, Py start, Py stop, Py step);
Py py_tuple(Elab *, int n, Py const *);
Py py_list(Elab *, int n, Py const *);
Py py_dict(Elab *);
Py py_set(Elab *);
Py py_object(Elab *, Py cls);
Py py_method(Elab *, Py function, Py self);
Py py_closure(Elab *, const char *name, ClosureFn, void *data, Py inner);
Py py_native(Elab *, const char *module, const char *name); /* NULL if there is none */
Py py_lazy(Elab *, LazyKind, int n, Py const *);
/* A run-time number (static again if the value is constant); py_size gives an int where the size is one. */
Py py_scalar(Elab *, NumberKind, Value *);
Py py_size(Elab *, const Dim *);
/* An array of its own (no alias yet). */
Py py_array(Elab *, Value *, Flavour, bool weak);
Py py_array_like(Elab *, Value *, Py like); /* flavour of `like`, not weak */

bool py_is_number(Py); /* static or run-time Python number, bool included */
bool py_is_static_number(Py);
bool py_is_array(Py);
bool py_is_int(Py);   /* static or run-time int (not bool) */
bool py_is_index(Py); /* an int, a bool, or a 0-d integer array */
NumberKind py_number_kind(Py);
const char *py_type_name(Elab *, Py); /* as type(x).__name__: "int", "list", "Array", "Params" */
const char *py_describe(Elab *, Py);  /* for messages: "f32[n, 784]", "an int known at run time", "a list of 3" */
/* Static facts; an array of constants is computed where that helps. */
bool py_static_int(Elab *, Py, int64_t *);
bool py_static_real(Elab *, Py, double *);
bool py_static_text(Py, const char **);
bool py_equal_static(Elab *, Py, Py); /* the same for sure: equal statics, the same object, the same SSA value */
/* True, False as Python's truth; -1 where it is known at run time only (then *value is a bool[]), -2 after an error. */
int py_truth(Elab *, Py, Value **value);

/* journal.c: what changes */

Place *place_new(Elab *, const char *name);
void place_set(Elab *, Place *, Py, Span);
Py place_get(Elab *, Place *);           /* PY_UNBOUND where it has none; records a read of the outside */
const Contents *contents_of(Elab *, Py); /* to read */
Contents *contents_change(Elab *, Py);   /* to write: journaled, and nobody else sees it */
void contents_push(Elab *, Contents *, Py key_or_NULL, Py);
int contents_find(Elab *, const Contents *, Py key); /* -1: absent */
Py dict_get(Elab *, Py, Py key);                     /* NULL: absent */
void dict_set(Elab *, Py, Py key, Py);
bool is_mapping(Elab *, Py);                           /* a dict, or an object with keys() and [] */
bool dict_update(Elab *, Py dict, Py from, Span);      /* a mapping, or pairs */
Py attribute_get(Elab *, Py object, const char *name); /* of a PY_OBJECT's own; NULL: absent */
void note_read(Elab *, const void *key, int written);  /* what an attempt reads of what it did not write */
int journal_mark(Elab *);
void journal_keep(Elab *, int mark); /* the writes stay */
void journal_undo(Elab *, int mark); /* the writes are taken back */
/* Takes the writes back and gives what each place and object held at the end, once each, oldest first. */
typedef struct {
    Place *place;
    Py object;
    void *before, *after;
    Span span;
} Written;
typedef struct {
    Written *at;
    int n, cap;
} Writings;
Writings journal_take(Elab *, int mark);
void journal_apply(Elab *, const Writings *);

/* environment.c */

Env *env_new(Elab *, Scope *, Env *outer);
Place *env_place(Elab *, Env *, const char *name);  /* made if need be */
Place *name_place(Elab *, Env *, const char *name); /* the variable a name means here */
Py name_get(Elab *, Env *, const char *name, Span); /* or an error that says so */
Py value_read(Elab *, Py, const char *name,
              Span); /* an error where the value cannot be used: stale, or two sides apart */

/* expressions.c, assign.c, attributes.c */

void at_node(Elab *, const Node *); /* what is made from now on comes from there */
Py eval(Elab *, Node *);
bool eval_items(Elab *, Nodes, Leaves *);
bool key_fits(Elab *, Py key, Span); /* may be the key of a dict */
void assign(Elab *, Node *target, Py, Span);
void assign_update(Elab *, Node *);
void assign_delete(Elab *, Node *);
Py attribute(Elab *, Py, const char *name, Span); /* x.name or an error */
Py attribute_or_null(Elab *, Py, const char *name);
void attribute_set(Elab *, Py, const char *name, Py, Span);

/* operators.c, numbers.c: Python's arithmetic */

Py binary(Elab *, Operator, Py, Py, Span);
Py unary(Elab *, Operator, Py, Span);
Py compare(Elab *, Operator, Py, Py, Span);
Py contains(Elab *, Py container, Py, Span);
Py number_binary(Elab *, Operator, Py, Py, Span);
Py number_unary(Elab *, Operator, Py, Span);
Py number_compare(Elab *, Operator, Py, Py, Span);
Py number_max(Elab *, Py, Py);
const Dim *number_dim(Elab *, Py); /* of an int, its size expression; or NULL */
const char *int_text(Elab *, Int128);

/* arrays.c: borders between Python's numbers and arrays */

Value *value_here(Elab *, Value *);          /* trace.c: the same value in the function that is being built */
Value *scalar_value(Elab *, Py, NumberKind); /* a Python number as bool[], i64[], f64[] or c128[] */
bool int_fits(Int128, DType);
NumberKind number_kind_of(DType);              /* of an element */
DType number_dtype(NumberKind);                /* of a Python number at run time */
bool number_named(const char *, NumberKind *); /* "int"; false: not the name of one */
Value *number_as(Elab *, Py, DType);           /* a Python number as a 0-d array */
Value *array_value(Elab *, Py);                /* of an array (or of a number, as its weak default array) */
Py to_array(Elab *, Py, Flavour, Span);        /* jnp.asarray: numbers (weak), arrays, nested lists of them */
DType default_dtype(Elab *, NumberKind);       /* JAX's: i32, f32, c64 unless 64-bit is enabled */
DType canonical_dtype(Elab *, DType);          /* 64-bit dtypes as JAX holds them now */
const Dim *to_size(Elab *, Py, const char *what,
                   Span);              /* a size from an int; binds a run-time one; NULL after an error */
const Dim *to_count(Elab *, Py, Span); /* the same, how often a loop runs */
int to_shape(Elab *, Py, const Dim **dims, const char *what, Span); /* rank, or -1 after an error */
/* One axis of an array of that rank from an int, negative ones from the end; -1 after an error. */
int to_axis(Elab *, Py, int rank, const char *what, Span);
bool to_dtype(Elab *, Py, DType *, Span); /* dtype objects, names, Python's types */
/* All elements if the value is made of constants: computed by the evaluator. */
bool static_elements(Elab *, Value *, Tensor *);

/* promote.c: JAX's lattice (NumPy's where all are NumPy's), weak types included; shapes that meet */

typedef struct {
    DType dtype;
    bool weak;
    Flavour flavour;
    bool scalar;
} Kind; /* scalar: a Python number */
Kind kind_of(Elab *, Py);
Kind promote(Elab *, Kind, Kind);
Value *as_kind(Elab *, Py, Kind); /* its array, converted */
/* Brings shapes together as NumPy does; false after an error that names `what`. */
bool broadcast_together(Elab *, Value **, int n, const char *what, Span);
bool broadcast_shapes(Elab *, const Type *const *, int n, int *rank, const Dim **dims, bool *check);
Value *broadcast_value(Elab *, Value *, int rank, const Dim *const *dims, const char *what);
Py elementwise(Elab *, Op, int n, Py const *, const char *what, Span); /* promote, broadcast, emit */

/* subscript.c: of containers; arrays are in index.c */

Py subscript(Elab *, Py, Py index, Span);
Py subscript_set(Elab *, Py, Py index, Py, Span); /* for arrays the new array; else the container itself */
Py array_subscript(Elab *, Py, Py index, Span);
Py array_subscript_set(Elab *, Py, Py index, Py, Span);

/* statements.c, match.c */

void run_body(Elab *, Nodes); /* in the frame at hand; frame->state says how it ended */
int state_of(Elab *);         /* -1: known at run time only */
void state_set(Elab *, State, Span);
void run_match(Elab *, Node *);

/* branches.c */

typedef void (*Side)(Elab *, void *);
/* A run-time `if`: both sides from the same state, what they wrote merged. */
void branch(Elab *, Value *c, Side yes, Side no, void *data, Span);
/* A loop that runs at all only if c holds. */
void branch_loop(Elab *, Value *c, Side loop, void *data, Span);
bool inside_branch(Elab *); /* what runs now may not run at all */

/* loops.c, iterate.c, comprehensions.c */

void run_for(Elab *, Node *);
void run_for_over(Elab *, const Node *, Node *target, Py source, void (*body)(Elab *, void *), void *data);
void run_while(Elab *, Node *);
/* All values of an iterable whose number is known; false after an error. */
bool iterate(Elab *, Py, Py **items, int *n, Span);
/* A generator that has not begun, or zip, enumerate, map or filter of one: each item is handed over as it comes; the
** function that takes it is called in the generator's frame, and ends it by setting that frame's state. */
enum { GENERATOR_LEFT = -1 }; /* position of one that was left before its end */
bool is_driven(Py);
bool drive(Elab *, Py, Py (*on_item)(Elab *, void *data, Py), void *data, Span);
Py eval_comprehension(Elab *, Node *);
void comprehension_yield(Elab *, Py generator);
bool list_grows(Py); /* growing.c: its length is known at run time only */
Py growing_array(Elab *, Py, Flavour);
Py growing_of_array(Elab *, Value *); /* x.tolist() */
Py growing_tree(Elab *, Py);          /* one tree of stacked arrays */
Py growing_joined(Elab *, Py, int axis);
Py growing_length(Elab *, Py);
Py growing_item(Elab *, Py, Py index, Span);
Py growing_join(Elab *, Py, Py between, Span);
Value *index_within(Elab *, Py index, Value *n, const char *what,
                    Span);                            /* from the front; a trap where it is outside */
Py growing_repeated(Elab *, Py item, Py times, Span); /* [item] * times */
const Contents *growing_spread(Elab *, const Contents *);
/* Calls `body` for each item, in a run-time loop where that is possible. */
void for_each(Elab *, Py, void (*body)(Elab *, void *, Py item), void *data, Span);
Py range_length(Elab *, Py, Span);
bool dim_is_local(Elab *, const Dim *); /* counters.c: mentions a loop's counter, which is no size */
const Dim *bind_size(Elab *, Value *i64, const char *name, Span); /* a size of its own; NULL after an error */

/* calls.c, functions.c, classes.c */

Py call(Elab *, Py f, const Args *);
Py call_values(Elab *, Py f, int n, Py const *, Span); /* plain positional arguments */
Py call_method(Elab *, Py, const char *name, int n, Py const *, Span);
Py call_function(Elab *, Py f, const Args *); /* keys.c: by an IR function of its own where that is possible */
Py memo_call(Elab *, Py f, const Args *);     /* memo.c: by the IR function of an earlier call like it */
Py run_function(Elab *, Py f, const Args *);  /* here and now */
Frame *frame_begin(Elab *, Env *, Py function, const char *title, bool library, Span);
Py frame_end(Elab *, Span);
Py function_new(Elab *, Node *, const char *name);
Py function_decorated(Elab *, Node *);
Py generator_new(Elab *, Py f, Env *);
bool is_endless(Py); /* endless.c: a generator that next() can be asked of for ever */
Py endless_next(Elab *, Py, Span);
void generator_run(Elab *, Py, Py (*on_yield)(Elab *, void *, Py), void *data, Span);
Py class_new(Elab *, Node *);
Py class_call(Elab *, Py, const Args *);
void class_set(Elab *, Py, const char *name, Py);
bool class_annotation(Elab *, Node *, Py value_or_NULL); /* a field of the class whose body runs; false elsewhere */
bool is_subclass(Elab *, Py, Py);
Py class_lookup(Elab *, Py cls, const char *name);   /* through the bases; NULL: absent */
Py super_lookup(Elab *, Py super, const char *name); /* unbound; NULL: absent */

/* records.c: NamedTuple and @dataclass */

void record_inherit(Elab *, Py cls); /* fields of its bases */
void record_annotation(Elab *, PyClass *, const char *name, const Node *annotation);
void record_named_tuple(Elab *, Py cls, Span);
Py record_tuple(Elab *, Py cls, const Args *);
Py record_tuple_of(Elab *, Py cls, Py const *values); /* one for each field */

/* annotations.c: shapes in signatures and assignments */

Py annotation_type(Elab *, Node *);
/* Whether an annotation declares an array; its free sizes become those of `sizes`, by name, or new ones.  NULL: an error. */
bool annotation_array(Elab *, Env *, Node *, Map *sizes, const Type **);
/* The type that an annotated assignment wants of the call at this place, which is all of its value; binds new sizes. */
bool annotation_wanted(Elab *, Span, const Type **like, Sizes *binds);
Py annotation_check(Elab *, Py, Py declared, Span);
Py annotation_parameter(Elab *, Py f, Env *, Node *parameter, Py, Span);
Py annotation_result(Elab *, Py f, Env *, Py, Span);

/* natives.c: the functions that are written in C, one row each in natives.def and in ops.def */

const Native *native_find(const char *module, const char *name);
Py native_call(Elab *, const Native *, const Args *);
const Native *native_at(int i); /* NULL behind the last */

/* axes.c: names of axes */

const Axis *axis_enter(Elab *, Py name, const Dim *size, bool shards,
                       Span); /* names it from here on; NULL after an error */
bool axes_alike(const Axis *, const Axis *);

/* trace.c: an IR function inside another */

void tracing_begin(Elab *, Tracing *, const char *name, const char *title);
void tracing_into(Elab *, Tracing *, Func *);     /* the same, for a function that is there and empty */
void tracing_end(Elab *, Value **results, int n); /* closes the function: its results and its size parameters */
void drop_unreached(Elab *);
void refuse_leaked(Elab *, const Tracing *program);
Value **tracing_captured(Elab *, const Tracing *, int *n); /* what it captured, in the function around it */
/* `map`: what some of its size parameters stand for, where that is not themselves; or NULL. */
Inst *call_func(Elab *, Func *, Value **args, int nargs, const DimMap *map);
DimMap sizes_bound_by(Elab *, const Inst *call); /* the sizes that its function binds, as the call calls them */

/* trees.c */

bool tree_is_node(Py);
void tree_flatten(Elab *, Py, Leaves *);
/* The prefix's leaf for each leaf of `like`; `what` and `value` are what the two are called. */
bool tree_spread(Elab *, Py prefix, Py like, Leaves *, const char *what, const char *value, Span);
Py tree_unflatten(Elab *, Py like, Py **leaves); /* takes them one after the other */
bool tree_same(Elab *, Py, Py);
Py *sorted_keys(Elab *, const Contents *); /* of a dict, in the order in which its values are leaves */
void put_treedef(Elab *, Parts *, Py, Span);
/* Leaves in parallel, `f` called with one leaf of each; trees[0] says the structure. */
Py tree_map(Elab *, int n, Py const *trees, Py (*f)(Elab *, void *, Py *), void *data, Span);

/* arguments.c */

const char *argument_name(Elab *, Py f, int i); /* for messages: "x", or "argument 0" */
bool has_parameter(Elab *, Py f, const char *name);
/* Whether positional argument i of n, or the one of that name, is meant by these numbers (from the end too) and names. */
bool argument_listed(Elab *, Py f, int i, int n, Py numbers, Py names);
bool keyword_listed(Elab *, Py f, const char *name, Py numbers, Py names);

/* paths.c: where something stands in a tree, in the user's words: params['w'][0] */

typedef struct {
    const char *path, *x, *y; /* what stands there in one tree and in the other */
} TreeDifference;
bool tree_difference(Elab *, Py, Py, const char *root, TreeDifference *); /* false: there is none */
const char *tree_path(Elab *, Py, const char *root, int leaf);
const char *tree_item_path(Elab *, Py, const char *root, int item);
const char *tree_node_text(Elab *, Py); /* what stands there, without what is below */
/* Of a leaf of the chosen arguments of f (NULL: all of them), keyword arguments last. */
const char *argument_path(Elab *, Py f, const Args *, const bool *chosen, int leaf);

/* modules.c, elaborate.c */

Py import_module(Elab *, const char *name, Span); /* runs its body the first time */
/* names.c */
const Constant *doc_of(Py); /* the docstring of a function or class, or NULL */

Py import_or_null(Elab *, const char *name);
Py submodule(Elab *, PyModule *, const char *name); /* NULL: there is none */
Py run_module(Elab *, const char *name, Node *tree);
void run_import(Elab *, Node *);
Py py_builtin(Elab *, const char *name); /* NULL: no such */
void run_main(Elab *);                   /* program.c: main(...) and its command-line flags */
void run_exports(Elab *);                /* exports.c: the functions under @export */

/* text.c */

Py text_of(Elab *, Py, char conversion, const char *spec,
           Span); /* str(x), repr(x) or format(x, spec): PY_STR or PY_TEXT */
Py text_join(Elab *, int n, Py const *);
Py text_of_flag(Elab *, Value *);      /* a string from the command line */
Py text_percent(Elab *, Py, Py, Span); /* "%d" % x */
/* One of n texts, by an index that is known at run time only; `what` they are the items of. */
bool py_all(int n, Py const *, bool (*holds)(Py)); /* of n values, and there is one */
/* One of several items, by its number, by an index or by a key known at run time; NULL where they have nothing in common. */
Py choose_item(Elab *, int n, Py const *items, Value *i, Span); /* i lies inside */
Py item_choice(Elab *, int n, Py const *items, Py index, const char *what, Span);
bool item_choice_set(Elab *, Py list, Py index, Py, Span); /* list[index] = x; false where that is not done so */
Py value_choice(Elab *, const Contents *dict, Py key, Span);

/* run_order.c: the numbers of the items in their order, by keys known at run time; item number k of that order */
Value *run_order(Elab *, int n, Py const *keys, bool backwards, Span); /* NULL after an error */
Py run_order_item(Elab *, int n, Py const *items, Value *order, int k, Span);
void text_put_literal(Elab *, Parts *, const char *);
/* The template (runtime.h) of a text and the values it prints, the first of which is argument number `first`; choices made
** first by text_use. */
const char *text_template(Elab *, Py, int first, Value ***values, int *n);
typedef void (*TextUse)(Elab *, void *, Py);
void text_use(Elab *, Py text, TextUse, void *data);
void text_use_pieces(Elab *, Py text, TextUse, void *data); /* one piece after the other, for what may be written so */

/* instead.c: what to write in the place of a module or name ("jax.sharding") that is not there; NULL: nothing is known */
const char *instead_of(const char *name);

/* text_ask.c: what the characters of a text that is known at run time only decide */
Py text_ask(Elab *, int question, Py, Py other, Span); /* runtime.h's questions; an int */
Py text_number(Elab *, Py text, NumberKind, Span);

/* errors: at the span, or where the user called the library; the result is e->error */

Py fail(Elab *, Span, const char *format, ...) FORMAT(3, 4);
void note_shape(Elab *, Span mistake, const Value *); /* to the last diagnostic: where the program made it */
Span user_span(Elab *, Span);
const char *place_text(Elab *, Span);     /* "f.jxl:12, inside vmap(loss)", for messages of the program */
const char *inside_title(const Inside *); /* "vmap(loss)"; inside the library what the user called of it, or NULL */

#endif
