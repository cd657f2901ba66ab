/* module: functions, and the blocks they are made of. */
#include "ir/internal.h"

Module *module_new(Compiler *cx) {
    Arena *arena = arena_new();
    Module *m = NEW(arena, Module);
    m->cx = cx;
    m->arena = arena;
    m->named = map_new(arena);
    m->numbers = map_new(arena);
    return m;
}

void module_free(Module *m) {
    if (m) arena_free(m->arena);
}

Func *module_find(const Module *m, const char *name) { return map_get(&m->named, name_of(m->cx, name)); }

Func *func_new(Module *m, const char *name) {
    Func *f = NEW(m->arena, Func);
    f->module = m;
    const char *base = f->name = name_of(m->cx, name);
    intptr_t number = (intptr_t)map_get(&m->numbers, base);
    for (; map_get(&m->named, f->name); number++)
        f->name = name_of(m->cx, arena_text(m->arena, "%s.%d", name, (int)number + 2));
    map_set(&m->numbers, base, (void *)number);
    map_set(&m->named, f->name, f);
    f->title = f->name;
    f->body = block_new(f, NULL);
    if (m->last)
        m->last->next = f;
    else
        m->first = f;
    return m->last = f;
}

typedef struct {
    Arena *arena;
    const Func *func;
    struct {
        const SizeVar **at;
        int n, cap;
    } found;
} Bound;

static void see(void *context, const SizeVar *v) {
    Bound *b = context;
    for (int i = 0; i < b->func->sizes.n; i++)
        if (b->func->sizes.at[i] == v) return;
    for (int i = 0; i < b->found.n; i++)
        if (b->found.at[i] == v) return;
    PUSH(b->arena, &b->found, v);
}

Sizes func_bound_sizes(Arena *arena, const Func *f) {
    Bound b = { .arena = arena, .func = f };
    for (int i = 0; i < f->body->nresults; i++) {
        const Type *t = f->body->results[i]->type;
        for (int k = 0; k < t->rank; k++) dim_each_var(t->dim[k], see, &b);
    }
    return (Sizes){ b.found.n, b.found.at };
}

bool func_binds_results(const Func *f) { return func_bound_sizes(f->module->arena, f).n > 0; }

Block *block_new(Func *f, Inst *parent) {
    Block *b = NEW(f->module->arena, Block);
    b->func = f;
    b->parent = parent;
    return b;
}

static Value *value_new(Block *b, const Type *type, Inst *def, int index) {
    Value *v = NEW(b->func->module->arena, Value);
    *v = (Value){ .type = type, .def = def, .block = b, .index = index, .id = b->func->nvalues++ };
    return v;
}

Value *block_param(Block *b, const Type *type) {
    Arena *arena = b->func->module->arena;
    struct {
        Value **at;
        int n, cap;
    } params = { b->params, b->nparams, 0 };
    for (params.cap = 8; params.cap < params.n;) params.cap *= 2;
    if (params.n == 0) params.cap = 0;
    Value *v = value_new(b, type, NULL, params.n);
    PUSH(arena, &params, v);
    b->params = params.at;
    b->nparams = params.n;
    return v;
}

void block_append(Block *b, Inst *in, const Type *const *types) {
    in->block = b;
    in->results = NEW_ARRAY(b->func->module->arena, Value *, in->nresults);
    for (int i = 0; i < in->nresults; i++) in->results[i] = value_new(b, types[i], in, i);
    if (b->last)
        b->last->next = in;
    else
        b->first = in;
    b->last = in;
}
