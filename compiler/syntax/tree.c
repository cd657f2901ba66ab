/* tree: what the tables say about nodes: their names, their children, their text. */
#include "syntax/syntax.h"

#include <stddef.h>
#include <string.h>

typedef enum {
    FIELD_end,
    FIELD_node,
    FIELD_nodes,
    FIELD_name,
    FIELD_names,
    FIELD_op,
    FIELD_ops,
    FIELD_constant,
    FIELD_ctx,
    FIELD_number,
    FIELD_scope,
} FieldType;

typedef struct {
    FieldType type;
    const char *name;
    size_t size, align;
} Field;

#define FIELD(type, name) { FIELD_##type, #name, sizeof(Field_##type), _Alignof(Field_##type) },
#define NODE(kind, group, fields, words) static const Field fields_##kind[] = { fields{ 0 } };
#define LEAF(kind, group, words) static const Field fields_##kind[] = { { 0 } };
#include "syntax/nodes.def"
#undef FIELD
#undef NODE
#undef LEAF

static const struct {
    const char *name, *words;
    NodeGroup group;
    const Field *fields;
} kinds[] = {
#define NODE(kind, group, fields, words) { #kind, words, GROUP_##group, fields_##kind },
#define LEAF(kind, group, words) { #kind, words, GROUP_##group, fields_##kind },
#include "syntax/nodes.def"
#undef NODE
#undef LEAF
};

static const struct {
    const char *name, *text;
} operators[] = {
#define OPERATOR(name, text, kind) { #name, text },
#include "syntax/operators.def"
#undef OPERATOR
};

NodeGroup node_group(NodeKind kind) { return kinds[kind].group; }
const char *node_name(NodeKind kind) { return kinds[kind].name; }
const char *node_words(NodeKind kind) { return kinds[kind].words; }
const char *operator_name(Operator op) { return operators[op].name; }
const char *operator_text(Operator op) { return operators[op].text; }

/* Where the field stands in the node: fields follow each other as C lays out a struct.  `at` is where the one before
** it ended. */
static const void *field_at(const Node *n, const Field *f, size_t *at) {
    *at = (*at + f->align - 1) / f->align * f->align;
    const void *field = (const char *)n + *at;
    *at += f->size;
    return field;
}

static const size_t first_field = offsetof(Node, Module);

void node_children(const Node *n, void (*visit)(void *, Node *), void *data) {
    size_t at = first_field;
    for (const Field *f = kinds[n->kind].fields; f->type; f++) {
        const void *field = field_at(n, f, &at);
        if (f->type == FIELD_node && *(Node *const *)field) visit(data, *(Node *const *)field);
        if (f->type != FIELD_nodes) continue;
        const Nodes *list = field;
        for (int i = 0; i < list->n; i++)
            if (list->at[i]) visit(data, list->at[i]);
    }
}

const Constant *docstring(Nodes body) {
    if (!body.n || body.at[0]->kind != NODE_Expr) return NULL;
    const Node *value = body.at[0]->Expr.value;
    bool text = value->kind == NODE_Constant && value->Constant.value.kind == CONSTANT_STR;
    return text ? &value->Constant.value : NULL;
}

typedef struct {
    NodeKind kind;
    bool found;
    int loops;
} Search;

static void search_all(Search *s, Nodes list);

static void search(void *data, Node *n) {
    Search *s = data;
    if (s->found) return;
    bool jump = s->kind == NODE_Break || s->kind == NODE_Continue;
    s->found = n->kind == s->kind && !(jump && s->loops);
    switch (n->kind) {
    case NODE_FunctionDef:
    case NODE_AsyncFunctionDef:
    case NODE_ClassDef:
    case NODE_Lambda: return;
    case NODE_For:
    case NODE_AsyncFor:
    case NODE_While: {
        Nodes body = n->kind == NODE_While ? n->While.body : n->For.body;
        Nodes orelse = n->kind == NODE_While ? n->While.orelse : n->For.orelse;
        if (n->kind == NODE_While)
            search(s, n->While.test);
        else
            search(s, n->For.iter);
        s->loops++;
        search_all(s, body);
        s->loops--;
        search_all(s, orelse); /* a `break` there belongs to the loop outside */
        return;
    }
    default: node_children(n, search, s);
    }
}

static void search_all(Search *s, Nodes list) {
    for (int i = 0; i < list.n; i++) search(s, list.at[i]);
}

bool body_has(Nodes body, NodeKind kind) {
    Search s = { .kind = kind };
    search_all(&s, body);
    return s.found;
}

typedef struct {
    FILE *to;
    bool spans;
} Printer;

static void print_text(FILE *to, const char *text, int n) {
    fputc('\'', to);
    for (int i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < ' ' || c >= 0x7f || c == '\'' || c == '\\')
            fprintf(to, "\\x%02x", c);
        else
            fputc(c, to);
    }
    fputc('\'', to);
}

static void print_integer(FILE *to, Int128 value) {
    char digits[48], *p = digits + sizeof digits - 1;
    *p = 0;
    do *--p = (char)('0' + (int)(value % 10));
    while (value /= 10);
    fputs(p, to);
}

static void print_constant(FILE *to, const Constant *c) {
    switch (c->kind) {
    case CONSTANT_NONE: fputs("None", to); break;
    case CONSTANT_BOOL: fputs(c->integer ? "True" : "False", to); break;
    case CONSTANT_INT:
        if (c->too_large)
            fputs("too_large", to);
        else
            print_integer(to, c->integer);
        break;
    case CONSTANT_FLOAT: fprintf(to, "%.17g", c->number); break;
    case CONSTANT_COMPLEX: fprintf(to, "%.17gj", c->number); break;
    case CONSTANT_BYTES: fputc('b', to); /* fall through */
    case CONSTANT_STR: print_text(to, c->text, c->length); break;
    case CONSTANT_ELLIPSIS: fputs("...", to); break;
    }
}

static void print_node(const Printer *p, const Node *n);

static bool on_lines(const Nodes *list) {
    NodeGroup g = list->n && list->at[0] ? kinds[list->at[0]->kind].group : GROUP_EXPR;
    return g == GROUP_STMT || g == GROUP_BLOCK;
}

static bool empty_field(const Field *f, const void *at) {
    switch (f->type) {
    case FIELD_node: return !*(Node *const *)at;
    case FIELD_nodes: return !((const Nodes *)at)->n || on_lines(at);
    case FIELD_name: return !*(const char *const *)at;
    case FIELD_names: return !((const Names *)at)->n;
    case FIELD_ctx: return *(const Context *)at == CTX_Load;
    case FIELD_number: return !*(const int *)at;
    case FIELD_scope: return true;
    default: return false;
    }
}

static void print_field(const Printer *p, const Field *f, const void *at) {
    FILE *to = p->to;
    const Nodes *nodes = at;
    const Names *names = at;
    const Operators *ops = at;
    switch (f->type) {
    case FIELD_node: print_node(p, *(Node *const *)at); break;
    case FIELD_nodes:
        for (int i = 0; i < nodes->n; i++) {
            fputs(i ? ", " : "[", to);
            if (nodes->at[i])
                print_node(p, nodes->at[i]);
            else
                fputc('-', to);
        }
        fputc(']', to);
        break;
    case FIELD_name: fputs(*(const char *const *)at, to); break;
    case FIELD_names:
        for (int i = 0; i < names->n; i++) fprintf(to, "%s%s", i ? ", " : "[", names->at[i]);
        fputc(']', to);
        break;
    case FIELD_op: fputs(operator_name(*(const Operator *)at), to); break;
    case FIELD_ops:
        for (int i = 0; i < ops->n; i++) fprintf(to, "%s%s", i ? ", " : "[", operator_name(ops->at[i]));
        fputc(']', to);
        break;
    case FIELD_constant: print_constant(to, at); break;
    case FIELD_ctx: fputs(*(const Context *)at == CTX_Del ? "Del" : "Store", to); break;
    case FIELD_number: fprintf(to, "%d", *(const int *)at); break;
    default: break;
    }
}

/* A node on one line; the statements in it are left to print_lines. */
static void print_node(const Printer *p, const Node *n) {
    fputs(node_name(n->kind), p->to);
    if (p->spans && n->kind != NODE_Module) fprintf(p->to, "@%d-%d", n->span.start, n->span.end);
    fputc('(', p->to);
    size_t at = first_field;
    const char *comma = "";
    for (const Field *f = kinds[n->kind].fields; f->type; f++) {
        const void *field = field_at(n, f, &at);
        if (empty_field(f, field)) continue;
        fprintf(p->to, "%s%s=", comma, f->name);
        print_field(p, f, field);
        comma = ", ";
    }
    fputc(')', p->to);
}

static void print_lines(const Printer *p, const Node *n, int indent) {
    fprintf(p->to, "%*s", indent, "");
    print_node(p, n);
    fputc('\n', p->to);
    size_t at = first_field;
    for (const Field *f = kinds[n->kind].fields; f->type; f++) {
        const Nodes *list = field_at(n, f, &at);
        if (f->type != FIELD_nodes || !on_lines(list)) continue;
        fprintf(p->to, "%*s%s:\n", indent + 1, "", f->name);
        for (int i = 0; i < list->n; i++) print_lines(p, list->at[i], indent + 2);
    }
}

void tree_print(FILE *to, const Node *n, bool spans) {
    Printer p = { to, spans };
    print_lines(&p, n, 0);
}
