/* syntax: from a source file to a tree whose names are resolved to scopes.
**
** The tree is Python 3.11's, node for node; see nodes.def. */
#ifndef JXL_SYNTAX_H
#define JXL_SYNTAX_H

#include "base/base.h"

#include <stdio.h>

__extension__ typedef __int128 Int128;

typedef struct Node  Node;
typedef struct Scope Scope;

typedef struct { Node **at; int n, cap; } Nodes;
typedef struct { const char **at; int n, cap; } Names; /* interned */

typedef enum {
#define OPERATOR(name, text, kind) OPERATOR_##name,
#include "syntax/operators.def"
#undef OPERATOR
} Operator;

typedef struct { Operator *at; int n, cap; } Operators;

typedef enum { CTX_Load, CTX_Store, CTX_Del } Context;

typedef enum {
    CONSTANT_NONE,
    CONSTANT_BOOL,     /* integer is 0 or 1 */
    CONSTANT_INT,
    CONSTANT_FLOAT,
    CONSTANT_COMPLEX,  /* `2j`: number is the imaginary part */
    CONSTANT_STR,      /* text: UTF-8, NULs included; lone surrogates as three bytes */
    CONSTANT_BYTES,
    CONSTANT_ELLIPSIS,
} ConstantKind;

typedef struct {
    ConstantKind kind;
    bool         too_large; /* an int literal of 2**127 or more: an error where it is used */
    int          length;    /* of text, in bytes */
    const char  *text;      /* ends in a NUL that is not counted */
    Int128       integer;
    double       number;
} Constant;

typedef enum {
#define NODE(kind, group, fields, words) NODE_##kind,
#define LEAF(kind, group, words) NODE_##kind,
#include "syntax/nodes.def"
#undef NODE
#undef LEAF
    NODE_KINDS
} NodeKind;

typedef enum { GROUP_MODULE, GROUP_STMT, GROUP_EXPR, GROUP_PART, GROUP_BLOCK, GROUP_PATTERN } NodeGroup;

typedef Node       *Field_node;
typedef Nodes       Field_nodes;
typedef const char *Field_name;
typedef Names       Field_names;
typedef Operator    Field_op;
typedef Operators   Field_ops;
typedef Constant    Field_constant;
typedef Context     Field_ctx;
typedef int         Field_number;
typedef Scope      *Field_scope;

/* The fields of a node are in the member of its kind: n->BinOp.left, n->FunctionDef.body.at[i]. */
struct Node {
    NodeKind kind;
    Span     span; /* the whole of it */
    Span     at;   /* the word to point at: the operator, the attribute, the defined name, the keyword of a statement */
    union {
#define FIELD(type, name) Field_##type name;
#define NODE(kind, group, fields, words) struct { fields } kind;
#define LEAF(kind, group, words)
#include "syntax/nodes.def"
#undef FIELD
#undef NODE
#undef LEAF
    };
};

/* tree.c: nodes in general */

NodeGroup   node_group(NodeKind);
const char *node_name(NodeKind);       /* "BinOp" */
const char *node_words(NodeKind);      /* "an operator": what messages call it */
const char *operator_name(Operator);   /* "Add" */
const char *operator_text(Operator);   /* "+" */
/* Calls `visit` with each child that is a node, in the order of the text's fields. */
void node_children(const Node *, void (*visit)(void *data, Node *child), void *data);
/* The string that documents a module, class or function: its body's first statement; NULL if it has none. */
const Constant *docstring(Nodes body);
/* Whether a statement or expression of this kind stands in the body, not counting nested functions and classes.
** Break and Continue count only if they belong to the loop whose body this is. */
bool body_has(Nodes body, NodeKind kind);

/* print.c: the tree as text, one line a statement; with `spans`, each node's byte offsets */

void tree_print(FILE *, const Node *, bool spans);

/* parse.c */

/* The module that a source holds, its scopes resolved.  Mistakes are in the diagnostics, and what could be parsed
** is in the tree; where an expression could not, stands a node Error. */
Node *parse_file(Compiler *, int file);

/* scope.c: what each name means
**
** Modules, classes, functions, lambdas and comprehensions are scopes.  As in Python, a name bound anywhere in a
** function is local to all of it, and what a class binds is not seen by the functions inside it. */

typedef enum {
    BINDING_GLOBAL, /* of the module, or built in */
    BINDING_LOCAL,  /* of this scope alone */
    BINDING_CELL,   /* of this scope, and an inner function reads or writes it */
    BINDING_FREE,   /* of an enclosing function: symbol->owner */
} Binding;

typedef struct {
    const char *name;
    Binding     binding;
    Scope      *owner;    /* the scope that holds the variable: this one, an enclosing one, or the module's */
    Span        span;     /* where it is first bound, else first used */
    bool        parameter, assigned, used;
    bool        said_global, said_nonlocal; /* by a declaration in this scope */
} Symbol;

struct Scope {
    Node  *node;    /* Module, FunctionDef, AsyncFunctionDef, ClassDef, Lambda or a comprehension */
    Scope *parent;  /* NULL for a module */
    Map    symbols; /* Symbol by name, in the order they are met */
    bool   generator;
    bool   reads_outside; /* has a FREE symbol, or an inner scope has one that is not its own */
};

/* What a name used in a scope means; NULL if the scope never mentions it. */
Symbol *symbol_in(const Scope *, const char *name);
/* The scope a node makes, or NULL. */
Scope *scope_of(const Node *);
/* The names that these statements bind, once each, in the order they are met: assignments, loop targets, `:=`, `def`,
** `class`, `import`, `as`, patterns, `del`; nested functions, classes and comprehensions keep theirs. */
Names names_assigned(Compiler *, Nodes body);
/* The variables that these statements change in place: x of `x[i] = v`, `x.a[j] += v`, `del x[i]`. */
Names names_changed(Compiler *, Nodes body);

#endif
