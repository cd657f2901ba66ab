/* verify: is every instruction what the table says, and everything it names there?
**
** Types are inferred anew and compared; a value is used only below its definition, in its block or the blocks inside; a
** size only where it is bound. */
#include "ir/internal.h"

#include <string.h>

typedef struct {
    Compiler *cx;
    const Module *module;
    const Func *func;
    Arena *arena;
    bool *defined; /* by value id */
    bool *bound;   /* by size variable id */
    const Inst *at;
    const char *wrong;
} Verifier;

static bool complain(Verifier *v, const char *format, ...) FORMAT(2, 3);
static bool complain(Verifier *v, const char *format, ...) {
    Text t = text_new(v->cx->arena);
    va_list args;
    va_start(args, format);
    text_addv(&t, format, args);
    va_end(args);
    v->wrong = t.at;
    return false;
}

static void see_var(void *context, const SizeVar *var) {
    Verifier *v = context;
    if (!v->bound[var->id] && !v->wrong) complain(v, "the size %s is not bound here", var->name);
}
static bool check_dim(Verifier *v, const Dim *d) {
    if (d) dim_each_var(d, see_var, v);
    return !v->wrong;
}
static bool check_type(Verifier *v, const Type *t) {
    for (int i = 0; i < t->rank; i++)
        if (!check_dim(v, t->dim[i])) return false;
    return true;
}

static bool define(Verifier *v, const Value *x, const Block *block) {
    if (x->id < 0 || x->id >= v->func->nvalues) return complain(v, "a value has the id %d", x->id);
    if (v->defined[x->id]) return complain(v, "two values have the id %d", x->id);
    if (x->block != block) return complain(v, "a value does not know its block");
    v->defined[x->id] = true;
    return check_type(v, x->type);
}
static bool check_use(Verifier *v, const Value *x) {
    if (!x) return complain(v, "an argument is missing");
    if (x->id < 0 || x->id >= v->func->nvalues || x->block->func != v->func)
        return complain(v, "a value of another function is used");
    if (!v->defined[x->id]) return complain(v, "a value is used where it is not defined");
    return true;
}

static bool check_attrs(Verifier *v, const Inst *in) {
    const Attrs *a = in->attrs;
    const Dims *lists[] = { &a->shape, &a->start, &a->limit, &a->low, &a->high, &a->sizes };
    for (int i = 0; i < COUNT(lists); i++)
        for (int k = 0; k < lists[i]->n; k++)
            if (!check_dim(v, lists[i]->at[k])) return false;
    const Func *funcs[] = { a->callee, a->rule, a->backward };
    for (int i = 0; i < COUNT(funcs); i++) {
        bool found = !funcs[i];
        for (const Func *f = v->module->first; f && !found; f = f->next) found = f == funcs[i];
        if (!found) return complain(v, "a function of another module is named");
    }
    return check_dim(v, a->dim) && check_dim(v, a->trip);
}

static bool check_block(Verifier *, const Block *);

static bool check_region(Verifier *v, const Inst *in, const Block *b) {
    if (b->parent != in || b->func != v->func)
        return complain(v, "a block does not know the instruction that holds it");
    int nvars = tables_of(v->cx)->nvars; /* what is bound inside stays inside */
    bool *outside = v->bound, *inside = arena_copy(v->arena, outside, (size_t)nvars);
    v->bound = inside;
    bool ok = true;
    for (int i = 0; ok && i < b->nparams; i++) ok = define(v, b->params[i], b);
    ok = ok && check_block(v, b);
    v->bound = outside;
    return ok;
}

static void undefine(Verifier *v, const Block *b) { /* values of a block are not seen behind it */
    for (int i = 0; i < b->nparams; i++) v->defined[b->params[i]->id] = false;
    for (const Inst *in = b->first; in; in = in->next)
        for (int i = 0; i < in->nresults; i++) v->defined[in->results[i]->id] = false;
}

static bool check_inst(Verifier *v, const Inst *in, const Block *block) {
    v->at = in;
    if (in->block != block) return complain(v, "an instruction does not know its block");
    for (int i = 0; i < in->nargs; i++)
        if (!check_use(v, in->args[i])) return false;
    for (int i = 0; i < in->nregions; i++)
        if (!check_region(v, in, in->regions[i])) return false;
    v->at = in;
    for (int i = 0; i < in->nregions; i++) undefine(v, in->regions[i]);
    if (op_has_attr(in->op, ATTR_INDEX_binds))
        for (int i = 0; i < in->attrs->binds.n; i++) {
            const SizeVar *var = in->attrs->binds.at[i];
            if (v->bound[var->id]) return complain(v, "the size %s is bound twice", var->name);
            v->bound[var->id] = true;
        }
    if (!check_attrs(v, in)) return false;
    if (inst_result_count(in) != in->nresults)
        return complain(v, "it has %d results, not %d", in->nresults, inst_result_count(in));
    const Type **types = NEW_ARRAY(v->arena, const Type *, in->nresults);
    const char *wrong = inst_types(v->cx, in, types);
    if (wrong) return complain(v, "%s", wrong);
    for (int i = 0; i < in->nresults; i++) {
        const Value *r = in->results[i];
        if (r->type != types[i])
            return complain(v, "result %d is %s, and should be %s", i, type_text(v->cx, r->type),
                            type_text(v->cx, types[i]));
        if (r->def != in || r->index != i) return complain(v, "a result does not know its instruction");
        if (!define(v, r, block)) return false;
    }
    return true;
}

static bool check_block(Verifier *v, const Block *b) {
    const Inst *last = NULL;
    for (const Inst *in = b->first; in; in = in->next) {
        if (!check_inst(v, in, b)) return false;
        last = in;
    }
    v->at = b->parent;
    if (last != b->last) return complain(v, "a block does not know its last instruction");
    for (int i = 0; i < b->nresults; i++)
        if (!check_use(v, b->results[i])) return false;
    return true;
}

static bool check_func(Verifier *v, const Func *f) {
    v->func = f;
    v->at = NULL;
    v->defined = NEW_ARRAY(v->arena, bool, f->nvalues);
    v->bound = NEW_ARRAY(v->arena, bool, tables_of(v->cx)->nvars);
    if (f->module != v->module) return complain(v, "the function does not know its module");
    for (const Func *other = v->module->first; other != f; other = other->next)
        if (!strcmp(other->name, f->name)) return complain(v, "two functions have this name");
    for (int i = 0; i < f->sizes.n; i++) v->bound[f->sizes.at[i]->id] = true;
    for (int i = 0; i < f->body->nparams; i++)
        if (!define(v, f->body->params[i], f->body)) return false;
    return check_block(v, f->body);
}

const char *verify_complaint(const Module *m, const Func **func, const Inst **at) {
    Verifier v = { .cx = m->cx, .module = m, .arena = arena_new() };
    for (const Func *f = m->first; f; f = f->next)
        if (!check_func(&v, f)) break;
    arena_free(v.arena);
    *func = v.func;
    *at = v.at;
    return v.wrong;
}

void verify_module(const Module *m) {
    const Func *f;
    const Inst *in;
    const char *wrong = verify_complaint(m, &f, &in);
    if (!wrong) return;
    if (in) ir_dump(in);
    bug(m->cx, "in @%s%s%s: %s", f->name, in ? ", at " : "", in ? op_name(in->op) : "", wrong);
}
