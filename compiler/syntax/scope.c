/* scope: what each name means.
**
** One walk notes which names each scope binds, uses and declares; a second one, from
** the module inwards, decides for each whose variable it is. */
#include "syntax/syntax.h"

#include <string.h>

typedef struct {
    Scope **at;
    int n, cap;
} Scopes;

typedef struct {
    Compiler *cx;
    Scope *scope; /* the innermost one */
    Scopes all;   /* outer ones before inner ones */
    bool in_loop, in_size;
    struct {
        Node **at;
        int n, cap;
    } nonlocals; /* the declarations, beside their scopes */
    Scopes nonlocal_scopes;
} Walk;

static void walk(void *data, Node *n);

static void walk_all(Walk *w, Nodes list) {
    for (int i = 0; i < list.n; i++)
        if (list.at[i]) walk(w, list.at[i]);
}

static void walk_maybe(Walk *w, Node *n) {
    if (n) walk(w, n);
}

Symbol *symbol_in(const Scope *s, const char *name) { return map_get(&s->symbols, name); }

Scope *scope_of(const Node *n) {
    switch (n->kind) {
    case NODE_Module: return n->Module.scope;
    case NODE_FunctionDef:
    case NODE_AsyncFunctionDef: return n->FunctionDef.scope;
    case NODE_ClassDef: return n->ClassDef.scope;
    case NODE_Lambda: return n->Lambda.scope;
    case NODE_ListComp:
    case NODE_SetComp:
    case NODE_GeneratorExp: return n->ListComp.scope;
    case NODE_DictComp: return n->DictComp.scope;
    default: return NULL;
    }
}

static bool is_comprehension(const Scope *s) {
    NodeKind kind = s->node->kind;
    return kind == NODE_ListComp || kind == NODE_SetComp || kind == NODE_DictComp || kind == NODE_GeneratorExp;
}

static bool is_function(const Scope *s) {
    NodeKind kind = s->node->kind;
    return kind == NODE_FunctionDef || kind == NODE_AsyncFunctionDef || kind == NODE_Lambda;
}

static Symbol *mention(Walk *w, Scope *s, const char *name, Span span) {
    Symbol *y = symbol_in(s, name);
    if (y) return y;
    y = NEW(w->cx->arena, Symbol);
    y->name = name;
    y->span = span;
    map_set(&s->symbols, name, y);
    return y;
}

static Symbol *bind(Walk *w, const char *name, Span span) {
    if (!name) return NULL;
    Symbol *y = mention(w, w->scope, name, span);
    if (!y->assigned && !y->parameter) y->span = span;
    y->assigned = true;
    return y;
}

static void use(Walk *w, const char *name, Span span) { mention(w, w->scope, name, span)->used = true; }

static Scope *enter(Walk *w, Node *n) {
    Scope *s = NEW(w->cx->arena, Scope);
    s->node = n;
    s->parent = w->scope;
    s->symbols = map_new(w->cx->arena);
    PUSH(w->cx->arena, &w->all, s);
    w->scope = s;
    return s;
}

/* The names in the brackets of a type, f32[n, 2*m]: those in lower case are sizes, which the arguments bind. */
static bool is_dtype(const char *name) {
    static const char *const names[] = { "bool", "i8",  "i16", "i32",  "i64", "u8",  "u16", "u32",
                                         "u64",  "f16", "f32", "bf16", "f64", "c64", "c128" };
    for (int i = 0; i < COUNT(names); i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

static void bind_sizes(void *data, Node *n) {
    Walk *w = data;
    bool was = w->in_size;
    if (n->kind == NODE_Subscript && n->Subscript.value->kind == NODE_Name && is_dtype(n->Subscript.value->Name.id)) {
        w->in_size = true;
        bind_sizes(w, n->Subscript.slice);
    } else if (n->kind == NODE_Name && w->in_size && n->Name.id[0] >= 'a' && n->Name.id[0] <= 'z') {
        bind(w, n->Name.id, n->span)->size = true;
    } else if (n->kind != NODE_Call && n->kind != NODE_Attribute) {
        node_children(n, bind_sizes, w);
    }
    w->in_size = was;
}

static void parameter(Walk *w, Node *arg) {
    if (!arg) return;
    Symbol *y = mention(w, w->scope, arg->arg.arg, arg->at);
    y->parameter = y->assigned = true;
}

static void parameters(Walk *w, Node *args) {
    for (int i = 0; i < args->arguments.posonlyargs.n; i++) parameter(w, args->arguments.posonlyargs.at[i]);
    for (int i = 0; i < args->arguments.args.n; i++) parameter(w, args->arguments.args.at[i]);
    parameter(w, args->arguments.vararg);
    for (int i = 0; i < args->arguments.kwonlyargs.n; i++) parameter(w, args->arguments.kwonlyargs.at[i]);
    parameter(w, args->arguments.kwarg);
}

static void parameter_sizes(void *data, Node *arg) {
    if (arg->arg.annotation) bind_sizes(data, arg->arg.annotation);
}

static void walk_function(Walk *w, Node *n) {
    Scope *outer = w->scope;
    bool loop = w->in_loop;
    Node *args = n->kind == NODE_Lambda ? n->Lambda.args : n->FunctionDef.args;
    if (n->kind != NODE_Lambda) {
        bind(w, n->FunctionDef.name, n->at);
        walk_all(w, n->FunctionDef.decorator_list);
        walk_maybe(w, n->FunctionDef.returns);
    }
    walk(w, args);
    Scope *s = enter(w, n);
    w->in_loop = false;
    parameters(w, args);
    node_children(args, parameter_sizes, w);
    if (n->kind == NODE_Lambda) {
        n->Lambda.scope = s;
        walk(w, n->Lambda.body);
    } else {
        n->FunctionDef.scope = s;
        if (n->FunctionDef.returns) bind_sizes(w, n->FunctionDef.returns);
        walk_all(w, n->FunctionDef.body);
    }
    w->scope = outer;
    w->in_loop = loop;
}

static void walk_class(Walk *w, Node *n) {
    Scope *outer = w->scope;
    bool loop = w->in_loop;
    bind(w, n->ClassDef.name, n->at);
    walk_all(w, n->ClassDef.decorator_list);
    walk_all(w, n->ClassDef.bases);
    walk_all(w, n->ClassDef.keywords);
    n->ClassDef.scope = enter(w, n);
    w->in_loop = false;
    walk_all(w, n->ClassDef.body);
    w->scope = outer;
    w->in_loop = loop;
}

/* What the first `for` runs over belongs to the scope outside. */
static void walk_comprehension(Walk *w, Node *n) {
    Scope *outer = w->scope;
    bool dict = n->kind == NODE_DictComp;
    Nodes clauses = dict ? n->DictComp.generators : n->ListComp.generators;
    walk(w, clauses.at[0]->comprehension.iter);
    Scope *s = enter(w, n);
    for (int i = 0; i < clauses.n; i++) {
        Node *c = clauses.at[i];
        walk(w, c->comprehension.target);
        if (i) walk(w, c->comprehension.iter);
        walk_all(w, c->comprehension.ifs);
    }
    if (dict) {
        n->DictComp.scope = s;
        walk(w, n->DictComp.key);
        walk(w, n->DictComp.value);
    } else {
        n->ListComp.scope = s;
        walk(w, n->ListComp.elt);
    }
    w->scope = outer;
}

/* `:=` in a comprehension binds in the function around it. */
static void walk_named(Walk *w, Node *n) {
    Scope *inner = w->scope, *s = inner;
    const char *name = n->NamedExpr.target->Name.id;
    while (is_comprehension(s)) {
        Symbol *y = symbol_in(s, name);
        if (y && y->assigned) diag(w->cx, n->span, "`:=` cannot bind `%s`, the variable of the comprehension", name);
        s = s->parent;
    }
    if (s != inner && s->node->kind == NODE_ClassDef)
        diag(w->cx, n->span, "`:=` in a comprehension cannot bind a name of a class");
    walk(w, n->NamedExpr.value);
    w->scope = s;
    bind(w, name, n->NamedExpr.target->span);
    w->scope = inner;
    if (s != inner) use(w, name, n->NamedExpr.target->span);
}

static void walk_declaration(Walk *w, Node *n) {
    bool global = n->kind == NODE_Global;
    Names names = global ? n->Global.names : n->Nonlocal.names;
    if (!global && w->scope->node->kind == NODE_Module) {
        diag(w->cx, n->span, "`nonlocal` stands in a function inside another");
        return;
    }
    for (int i = 0; i < names.n; i++) {
        Symbol *y = mention(w, w->scope, names.at[i], n->span);
        const char *word = global ? "global" : "nonlocal";
        if (y->parameter)
            diag(w->cx, n->span, "`%s` is a parameter; it cannot be %s", y->name, word);
        else if (global ? y->said_nonlocal : y->said_global)
            diag(w->cx, n->span, "`%s` is both global and nonlocal", y->name);
        else if (y->used || (y->assigned && w->scope->node->kind != NODE_Module)) {
            diag(w->cx, n->span, "`%s` is used before it is said to be %s", y->name, word);
            note_at(w->cx, y->span, "here");
        }
        y->said_global |= global;
        y->said_nonlocal |= !global;
    }
    if (!global) {
        PUSH(w->cx->arena, &w->nonlocals, n);
        PUSH(w->cx->arena, &w->nonlocal_scopes, w->scope);
    }
}

static void walk_import(Walk *w, Node *n) {
    Nodes names = n->kind == NODE_Import ? n->Import.names : n->ImportFrom.names;
    for (int i = 0; i < names.n; i++) {
        Node *a = names.at[i];
        const char *name = a->alias.asname ? a->alias.asname : a->alias.name;
        if (n->kind == NODE_Import && !a->alias.asname) name = name_of_n(w->cx, name, (int)strcspn(name, "."));
        if (strcmp(name, "*") != 0)
            bind(w, name, a->span);
        else if (w->scope->node->kind != NODE_Module)
            diag(w->cx, n->span, "`from ... import *` stands at the top of a module only");
    }
}

static void walk_loop(Walk *w, Node *n) {
    bool outer = w->in_loop, is_while = n->kind == NODE_While;
    if (is_while) {
        walk(w, n->While.test);
    } else {
        walk(w, n->For.iter);
        walk(w, n->For.target);
    }
    w->in_loop = true;
    walk_all(w, is_while ? n->While.body : n->For.body);
    w->in_loop = outer;
    walk_all(w, is_while ? n->While.orelse : n->For.orelse);
}

static void only_in_function(Walk *w, Node *n) {
    const char *words = node_words(n->kind);
    if (is_comprehension(w->scope))
        diag(w->cx, n->span, "%s cannot stand in a comprehension", words);
    else if (!is_function(w->scope))
        diag(w->cx, n->span, "%s outside a function", words);
    else if (n->kind != NODE_Return)
        w->scope->generator = true;
}

static void walk(void *data, Node *n) {
    Walk *w = data;
    switch (n->kind) {
    case NODE_FunctionDef:
    case NODE_AsyncFunctionDef:
    case NODE_Lambda: walk_function(w, n); return;
    case NODE_ClassDef: walk_class(w, n); return;
    case NODE_ListComp:
    case NODE_SetComp:
    case NODE_DictComp:
    case NODE_GeneratorExp: walk_comprehension(w, n); return;
    case NODE_NamedExpr: walk_named(w, n); return;
    case NODE_Global:
    case NODE_Nonlocal: walk_declaration(w, n); return;
    case NODE_Import:
    case NODE_ImportFrom: walk_import(w, n); return;
    case NODE_For:
    case NODE_AsyncFor:
    case NODE_While: walk_loop(w, n); return;
    case NODE_Name:
        if (n->Name.ctx == CTX_Load)
            use(w, n->Name.id, n->span);
        else
            bind(w, n->Name.id, n->span);
        return;
    case NODE_AnnAssign: bind_sizes(w, n->AnnAssign.annotation); break;
    case NODE_AugAssign:
        if (n->AugAssign.target->kind == NODE_Name) use(w, n->AugAssign.target->Name.id, n->AugAssign.target->span);
        break;
    case NODE_ExceptHandler: bind(w, n->ExceptHandler.name, n->at); break;
    case NODE_MatchAs: bind(w, n->MatchAs.name, n->at); break;
    case NODE_MatchStar: bind(w, n->MatchStar.name, n->at); break;
    case NODE_MatchMapping: bind(w, n->MatchMapping.rest, n->at); break;
    case NODE_Return:
    case NODE_Yield:
    case NODE_YieldFrom: only_in_function(w, n); break;
    case NODE_Break:
    case NODE_Continue:
        if (!w->in_loop) diag(w->cx, n->span, "%s outside a loop", node_words(n->kind));
        break;
    default: break;
    }
    node_children(n, walk, w);
}

/* The scope whose variable a name of `s` is that `s` does not bind itself; NULL for a global. */
static Scope *find_owner(const Scope *s, const char *name) {
    for (Scope *outer = s->parent; outer && outer->parent; outer = outer->parent) {
        Symbol *y = outer->node->kind == NODE_ClassDef ? NULL : symbol_in(outer, name);
        if (y && y->said_global) return NULL;
        if (y && y->assigned && !y->said_nonlocal) return outer;
    }
    return NULL;
}

static void resolve(Walk *w, Scope *s, Symbol *y, Scope *module) {
    bool own = y->assigned && !y->said_global && !y->said_nonlocal;
    if (!s->parent || y->said_global) {
        y->binding = BINDING_GLOBAL;
        y->owner = module;
    } else if (own) {
        y->binding = BINDING_LOCAL; /* a CELL as soon as an inner scope asks for it */
        y->owner = s;
    } else if ((y->owner = find_owner(s, y->name))) {
        y->binding = BINDING_FREE;
        s->reads_outside = true;
        Symbol *theirs = symbol_in(y->owner, y->name);
        theirs->binding = BINDING_CELL;
        for (Scope *between = s->parent; between != y->owner; between = between->parent) { /* they hand it on */
            Symbol *handed = mention(w, between, y->name, y->span);
            if (handed->assigned && !handed->said_nonlocal) continue; /* a class with such a name of its own */
            handed->binding = BINDING_FREE;
            handed->owner = y->owner;
            between->reads_outside = true;
        }
    } else {
        y->binding = BINDING_GLOBAL;
        y->owner = module;
    }
}

static void check_nonlocals(Walk *w) {
    for (int i = 0; i < w->nonlocals.n; i++) {
        Names names = w->nonlocals.at[i]->Nonlocal.names;
        Scope *s = w->nonlocal_scopes.at[i];
        for (int k = 0; k < names.n; k++)
            if (!find_owner(s, names.at[k]) && !symbol_in(s, names.at[k])->parameter)
                diag(w->cx, w->nonlocals.at[i]->span, "no enclosing function has a variable `%s`", names.at[k]);
    }
}

void resolve_scopes(Compiler *cx, Node *module) {
    Walk w = { .cx = cx };
    Scope *top = enter(&w, module);
    module->Module.scope = top;
    walk_all(&w, module->Module.body);
    for (int i = 0; i < w.all.n; i++)
        for (int k = 0; k < w.all.at[i]->symbols.n; k++)
            resolve(&w, w.all.at[i], w.all.at[i]->symbols.entries[k].value, top);
    check_nonlocals(&w);
}

typedef struct {
    Compiler *cx;
    Map seen;
    Names names;
    bool changed; /* what is changed in place, instead of what is bound */
} Collect;

static void collect(Collect *c, const char *name) {
    if (!name || map_get(&c->seen, name)) return;
    map_set(&c->seen, name, c);
    PUSH(c->cx->arena, &c->names, name);
}

/* x of x[i].a[j] */
static const char *base_name(const Node *n) {
    for (;;) {
        if (n->kind == NODE_Subscript)
            n = n->Subscript.value;
        else if (n->kind == NODE_Attribute)
            n = n->Attribute.value;
        else
            return n->kind == NODE_Name ? n->Name.id : NULL;
    }
}

static void collect_in(void *data, Node *n) {
    Collect *c = data;
    bool stored = (n->kind == NODE_Subscript && n->Subscript.ctx != CTX_Load) ||
                  (n->kind == NODE_Attribute && n->Attribute.ctx != CTX_Load);
    if (c->changed) {
        if (stored) collect(c, base_name(n));
    } else {
        switch (n->kind) {
        case NODE_Name:
            if (n->Name.ctx != CTX_Load) collect(c, n->Name.id);
            break;
        case NODE_FunctionDef:
        case NODE_AsyncFunctionDef: collect(c, n->FunctionDef.name); break;
        case NODE_ClassDef: collect(c, n->ClassDef.name); break;
        case NODE_ExceptHandler: collect(c, n->ExceptHandler.name); break;
        case NODE_MatchAs: collect(c, n->MatchAs.name); break;
        case NODE_MatchStar: collect(c, n->MatchStar.name); break;
        case NODE_MatchMapping: collect(c, n->MatchMapping.rest); break;
        case NODE_alias:
            if (n->alias.asname)
                collect(c, n->alias.asname);
            else if (n->alias.name[0] != '*')
                collect(c, name_of_n(c->cx, n->alias.name, (int)strcspn(n->alias.name, ".")));
            break;
        default: break;
        }
    }
    switch (n->kind) {
    case NODE_FunctionDef:
    case NODE_AsyncFunctionDef:
    case NODE_ClassDef:
    case NODE_Lambda: return;
    case NODE_comprehension: /* its target is its own; a `:=` in it is not */
        collect_in(c, n->comprehension.iter);
        for (int i = 0; i < n->comprehension.ifs.n; i++) collect_in(c, n->comprehension.ifs.at[i]);
        return;
    default: node_children(n, collect_in, c);
    }
}

static Names collect_all(Compiler *cx, Nodes body, bool changed) {
    Collect c = { .cx = cx, .seen = map_new(cx->arena), .changed = changed };
    for (int i = 0; i < body.n; i++) collect_in(&c, body.at[i]);
    return c.names;
}

Names names_assigned(Compiler *cx, Nodes body) { return collect_all(cx, body, false); }
Names names_changed(Compiler *cx, Nodes body) { return collect_all(cx, body, true); }
