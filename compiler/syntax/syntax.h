/* syntax: from a source file to a tree whose names are resolved to scopes.
**
** The tree is Python 3.11's, node for node; see nodes.def. */
#ifndef JXL_SYNTAX_H
#define JXL_SYNTAX_H

#include "base/base.h"

#include <stdio.h>

__extension__ typedef __int128 Int128;

typedef struct Node Node;
typedef struct Scope Scope;

typedef struct {
    Node **at;
    int n, cap;
} Nodes;
typedef struct {
    const char **at;
    int n, cap;
} Names; /* interned */

typedef enum {
#define OPERATOR(name, text, kind) OPERATOR_##name,
#include "syntax/operators.def"
#undef OPERATOR
} Operator;

typedef struct {
    Operator *at;
    int n, cap;
} Operators;

typedef enum { CTX_Load, CTX_Store, CTX_Del } Context;

typedef enum {
    CONSTANT_NONE,
    CONSTANT_BOOL, /* integer is 0 or 1 */
    CONSTANT_INT,
    CONSTANT_FLOAT,
    CONSTANT_COMPLEX, /* `2j`: number is the imaginary part */
    CONSTANT_STR,     /* text: UTF-8, NULs included; lone surrogates as three bytes */
    CONSTANT_BYTES,
    CONSTANT_ELLIPSIS,
} ConstantKind;

typedef struct {
    ConstantKind kind;
    bool too_large;   /* an int literal of 2**127 or more: an error where it is used */
    int length;       /* of text, in bytes */
    const char *text; /* ends in a NUL that is not counted */
    Int128 integer;
    double number;
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

typedef Node *Field_node;
typedef Nodes Field_nodes;
typedef const char *Field_name;
typedef Names Field_names;
typedef Operator Field_op;
typedef Operators Field_ops;
typedef Constant Field_constant;
typedef Context Field_ctx;
typedef int Field_number;
typedef Scope *Field_scope;

/* The fields of a node are in the member of its kind: n->BinOp.left, n->FunctionDef.body.at[i]. */
struct Node {
    NodeKind kind;
    Span span; /* the whole of it */
    Span at;   /* the word to point at: the operator, the attribute, the defined name, the keyword of a statement */
    union {
#define FIELD(type, name) Field_##type name;
#define NODE(kind, group, fields, words)                                                                               \
    struct {                                                                                                           \
        fields                                                                                                         \
    } kind;
#define LEAF(kind, group, words)
#include "syntax/nodes.def"
#undef FIELD
#undef NODE
#undef LEAF
    };
};

/* tree.c: nodes in general */

NodeGroup node_group(NodeKind);
const char *node_name(NodeKind);     /* "BinOp" */
const char *node_words(NodeKind);    /* "an operator": what messages call it */
const char *operator_name(Operator); /* "Add" */
const char *operator_text(Operator); /* "+" */
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

/* The module that a source holds, its scopes resolved.  Mistakes are in the diagnostics; a statement that could not
** be parsed is left out of the tree. */
Node *parse_file(Compiler *, int file);

/* refuse.c: reports a node that refused.def lists, or a part of one that is not supported; whether it did */

bool refuse_node(Compiler *, const Node *);
void refuse_tree(Compiler *, Node *); /* all of them, in functions that nobody calls too */

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
    Binding binding;
    Scope *owner; /* the scope that holds the variable: this one, an enclosing one, or the module's */
    Span span;    /* where it is first bound, else first used */
    bool parameter, assigned, used;
    bool size;                       /* bound by a type in this scope: n of `x: f32[n]` */
    bool said_global, said_nonlocal; /* by a declaration in this scope */
} Symbol;

struct Scope {
    Node *node;    /* Module, FunctionDef, AsyncFunctionDef, ClassDef, Lambda or a comprehension */
    Scope *parent; /* NULL for a module */
    Map symbols;   /* Symbol by name, in the order they are met */
    bool generator;
    bool reads_outside; /* has a FREE symbol: all that it or a scope inside it captures are among its symbols */
};

/* Fills in the scopes of a module; parse_file does it. */
void resolve_scopes(Compiler *, Node *module);
/* What a name used in a scope means; NULL if the scope never mentions it. */
Symbol *symbol_in(const Scope *, const char *name);
/* The scope a node makes, or NULL. */
Scope *scope_of(const Node *);
/* The names that these statements bind, once each, in the order they are met: assignments, loop targets, `:=`, `def`,
** `class`, `import`, `as`, patterns, `del`; nested functions, classes and comprehensions keep theirs. */
Names names_assigned(Compiler *, Nodes body);
/* The variables that these statements change in place: x of `x[i] = v`, `x.a[j] += v`, `del x[i]`. */
Names names_changed(Compiler *, Nodes body);

/* unicode.c */

bool starts_name(uint32_t);
bool continues_name(uint32_t);
int utf8_decode(const char *, int n, uint32_t *); /* bytes read; 0 where it is not UTF-8 */
int utf8_encode(uint32_t, char *);                /* bytes written, up to 4 */

/* lex.c: source to tokens, for the parser alone */

typedef enum {
    TOKEN_FAILED, /* what the parser sees after a mistake: nothing accepts it */
    TOKEN_BROKEN, /* a mistake that the lexer has reported */
    TOKEN_END,
    TOKEN_NEWLINE,
    TOKEN_INDENT,
    TOKEN_DEDENT,
    TOKEN_NAME,
    TOKEN_NUMBER,
    TOKEN_STRING,
#define PUNCTUATION(name, text) TOKEN_##name,
#define KEYWORD(name, text) KEY_##name,
#include "syntax/tokens.def"
#undef PUNCTUATION
#undef KEYWORD
    TOKEN_KINDS
} TokenKind;

typedef struct {
    TokenKind kind;
    int start, end;
    const char *name; /* of a name, interned */
} Token;

typedef struct {
    Token *at;
    int n, cap;
} Tokens;

/* The tokens between two offsets of a source, END last; `inside` brackets, lines and indentation mean nothing. */
Tokens lex(Compiler *, int file, int start, int end, bool inside);
const char *token_text(TokenKind); /* of punctuation and keywords; NULL for others */

/* number.c */

/* The length of the number literal that begins at text; `wrong` says what is the matter with it, or is NULL. */
int number_length(const char *text, int n, const char **wrong);
Constant number_value(Compiler *, const char *text, int length);

/* The parser's own: one function for each rule of Python's grammar, which reads what it names and returns its node.
** After a mistake every token looks like TOKEN_FAILED, so that the rules end by themselves; the statement is given up,
** and the next one read. */

typedef struct {
    Compiler *cx;
    int file;
    Tokens tokens;
    int at;         /* of the next token */
    int last_end;   /* where the last token ended: so does the node that is complete with it */
    int depth;      /* of nesting, in units of a link of a chain such as a + b + c */
    int level;      /* of indentation: INDENTs read and not yet left */
    int recovering; /* reading the rest of a statement whose head was wrong */
    bool failed;
    bool in_braces; /* of an f-string */
} Parser;

enum { DEPTH_LINK = 1, DEPTH_LEVEL = 5, DEPTH_MOST = 200 * DEPTH_LEVEL };

/* parser.c: what all rules stand on */

Token parse_peek(const Parser *, int ahead);
bool parse_is(const Parser *, TokenKind);
bool parse_is_name(const Parser *, const char *word); /* a soft keyword */
int parse_start(const Parser *);                      /* offset of the next token */
Token parse_next(Parser *);
bool parse_accept(Parser *, TokenKind);
bool parse_expect(Parser *, TokenKind, const char *where);        /* "after the condition of `if`" */
const char *parse_name(Parser *, const char *where, Span *);      /* a name, or NULL after failing */
const char *parse_met(const Parser *);                            /* what comes next, in words */
Node *parse_fail(Parser *, const char *format, ...) FORMAT(2, 3); /* at the next token */
Node *parse_fail_at(Parser *, Span, const char *format, ...) FORMAT(3, 4);
Node *parse_node(Parser *, NodeKind, int start); /* from start to the last token */
bool parse_enter(Parser *, int depth);           /* false, after failing, where the nesting is too deep */
void parse_leave(Parser *, int depth);

/* parse.c */

Nodes parse_block(Parser *, Span owner, const char *words); /* from behind `:` */
void parse_colon(Parser *, const char *where);
void parse_simple_statements(Parser *, Nodes *); /* up to the end of the line */

/* compound.c */

Node *parse_compound(Parser *); /* NULL, nothing read, where a simple statement comes next */

/* expression.c */

Node *parse_expression(Parser *);
Node *parse_named_expression(Parser *);
Node *parse_star_named_expression(Parser *);
Node *parse_star_expressions(Parser *); /* or a yield, if `yield` comes next */
Node *parse_disjunction(Parser *);
Node *parse_bitwise_or(Parser *);
Node *parse_sum(Parser *);
void parse_arguments(Parser *, Nodes *args, Nodes *keywords); /* from behind `(` to behind `)` */
bool parse_starts_expression(TokenKind);

/* atom.c */

Node *parse_atom(Parser *);
Node *parse_paren_contents(Parser *, TokenKind end, int start); /* from behind `(` to behind `)` */
bool parse_clauses_follow(const Parser *);                      /* the `for` of a comprehension */
Node *parse_comprehension(Parser *, NodeKind, Node *element, int start);

/* target.c: what stands left of `=` and behind `def` */

void parse_as_target(Parser *, Node *, Context);
Node *parse_for_targets(Parser *); /* up to `in` */
Node *parse_parameters(Parser *, TokenKind end, bool annotated);

/* pattern.c */

bool parse_begins_match(const Parser *); /* whether `match` is the statement here, not a name */
bool parse_begins_case(const Parser *);
Node *parse_match(Parser *);
Node *parse_case(Parser *);

/* string.c */

Node *parse_strings(Parser *);
Node *parse_quoted(Parser *, Node *type);

#endif
