/* lab: random arguments, evaluation with given sizes, and what is made of a function. */
#include "lab.h"

#include <math.h>
#include <string.h>

double uniform(Lab *lab) { /* splitmix64 */
    uint64_t z = lab->seed += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

Tensor random_tensor(Lab *lab, Arena *arena, const Type *type, Range r) {
    Tensor t = tensor_new(arena, type);
    int bytes = dtype_bytes(type->dtype);
    for (int64_t i = 0; i < t.n; i++) {
        void *at = (char *)t.bytes + i * bytes;
        double x = r.low + (r.high - r.low) * uniform(lab);
        if (dtype_is_inexact(type->dtype))
            element_set_complex(type->dtype, at, (double[]){ x, r.low + (r.high - r.low) * uniform(lab) });
        else
            element_set_int(type->dtype, at, (int64_t)floor(x));
    }
    return t;
}

const Dim *size_number(Lab *lab, int i) { return dim_int(lab->cx, lab->size ? lab->size + i % 2 : 0); }

const Type *concrete(Lab *lab, const Func *f, const Type *type) {
    DimMap map = { 0 };
    for (int i = 0; i < f->sizes.n; i++) dim_map_add(lab->cx, &map, f->sizes.at[i], size_number(lab, i));
    return type_subst(lab->cx, type, &map);
}

void element(const Tensor *t, int64_t i, double z[2]) {
    const void *at = (const char *)t->bytes + i * dtype_bytes(t->type->dtype);
    if (dtype_is_inexact(t->type->dtype)) {
        element_complex(t->type->dtype, at, z);
        return;
    }
    z[0] = (double)element_int(t->type->dtype, at);
    z[1] = 0;
}

bool complain(Lab *lab, const Func *f, const char *law, const char *format, ...) {
    va_list args;
    va_start(args, format);
    printf("%s: @%s: %s: ", lab->file, f->name, law);
    vprintf(format, args);
    printf("\n");
    va_end(args);
    lab->failures++;
    return false;
}

/* Sizes of f: of the subject's own what `concrete` says, of others (lanes, and those bound on the way) what fits. */
static Dims sizes_for(Lab *lab, Arena *arena, const Func *f, const Tensor *args) {
    const Dim **at = NEW_ARRAY(arena, const Dim *, f->sizes.n + 1);
    for (int i = 0; i < f->sizes.n; i++) {
        at[i] = i < lab->nsizes ? size_number(lab, i) : NULL;
        for (int p = 0; !at[i] && p < f->body->nparams; p++)
            for (int k = 0; !at[i] && k < args[p].type->rank; k++)
                if (!dim_solve(lab->cx, f->body->params[p]->type->dim[k], args[p].type->dim[k], f->sizes.at[i], &at[i]))
                    at[i] = NULL;
        if (!at[i]) at[i] = dim_int(lab->cx, 0);
    }
    return (Dims){ f->sizes.n, at };
}

bool run(Lab *lab, Arena *arena, Func *f, const Tensor *args, Tensor *results, const char *law) {
    Module *outside = module_new(lab->cx);
    Func *call = func_new(outside, "run");
    Builder b = builder_new(call);
    for (int i = 0; i < f->body->nparams; i++) block_param(call->body, args[i].type);
    const Inst *in = transform_call(&b, f, call->body->params, f->body->nparams, sizes_for(lab, arena, f, args), NULL);
    block_return(&b, in->results, in->nresults);
    Eval ev = { .arena = arena, .out = lab->nowhere, .limit = 2000000 };
    bool ok = eval_func(&ev, call, args, results);
    if (!ok && law && lab->size) complain(lab, f, law, "%s", ev.failure); /* nothing may be read from what is empty */
    module_free(outside);
    return ok;
}

bool jvp_of(Lab *lab, const Subject *s, Subject *j) {
    bool active[MOST], out[MOST];
    int n = s->func->body->nparams, moving = 0;
    *j = *s;
    j->order = s->order - 1;
    for (int i = 0; i < n; i++) {
        active[i] = type_has_tangent(s->func->body->params[i]->type);
        if (active[i]) j->range[n + moving++] = (Range){ -1, 1 };
    }
    j->func = transform_jvp(lab->m, s->func, active, out);
    return j->func->body->nresults > s->func->body->nresults;
}

bool gradient_of(Lab *lab, const Subject *s, Subject *g) {
    Func *f = s->func;
    Arena *arena = lab->m->arena;
    int n = f->body->nparams, nresults = f->body->nresults, nct = 0, moving = 0;
    bool active[MOST];
    Value *args[2 * MOST];
    for (int i = 0; i < n; i++) moving += active[i] = type_has_tangent(f->body->params[i]->type);
    Linearized l = transform_linearize(lab->m, f, active);
    Func *transposed = transform_transpose(lab->m, l.linear, l.nresiduals);
    for (int i = 0; i < nresults; i++) nct += l.active_out[i];
    if (!moving || !nct) return false;
    *g = *s;
    g->func = func_new(lab->m, arena_text(arena, "grad.%s", f->name));
    g->order = s->order - 1;
    g->func->sizes = f->sizes;
    Builder b = builder_new(g->func);
    const Dim *dims[MOST];
    for (int i = 0; i < f->sizes.n; i++) dims[i] = dim_var(lab->cx, f->sizes.at[i]);
    Dims sizes = { f->sizes.n, dims }, behind;
    for (int i = 0; i < n; i++) {
        g->range[i] = s->range[i];
        args[i] = block_param(g->func->body, f->body->params[i]->type);
    }
    const Inst *forward = transform_call(&b, l.forward, args, n, sizes, &behind);
    for (int i = 0; i < l.nresiduals; i++) args[i] = forward->results[nresults + i];
    for (int i = 0, k = 0; i < nresults; i++) {
        if (!l.active_out[i]) continue;
        g->range[n + k] = (Range){ -1, 1 };
        args[l.nresiduals + k++] = block_param(g->func->body, f->body->results[i]->type);
    }
    const Inst *back = transform_call(&b, transposed, args, l.nresiduals + nct, behind, NULL);
    block_return(&b, back->results, back->nresults);
    return true;
}

bool vmap_of(Lab *lab, const Subject *s, Subject *v) {
    bool batched[MOST], out[MOST];
    *v = *s;
    v->order = s->order - 1;
    for (int i = 0; i < s->func->body->nparams; i++) batched[i] = true;
    if (s->func->body->nparams == 0) return false;
    v->func = transform_vmap(lab->m, s->func, batched, dim_int(lab->cx, 2), false, out);
    return true;
}

bool is_shard(const Func *f) {
    for (const Func *g = f->module->first; g; g = g->next)
        for (const Inst *in = g->body->first; in; in = in->next)
            if (in->op == OP_pmap && in->attrs->callee == f) return true;
    return false;
}

/* The comment lines right before `func @name`. */
static void read_ranges(const char *text, Subject *s) {
    char head[200];
    for (int i = 0; i < MOST; i++) s->range[i] = (Range){ -1, 1 };
    s->order = 2;
    s->to = 1e-11;
    snprintf(head, sizeof head, "func @%s(", s->func->name);
    const char *at = strstr(text, head);
    snprintf(head, sizeof head, "func @%s[", s->func->name);
    if (!at) at = strstr(text, head);
    while (at && at > text) { /* line by line upwards */
        const char *line = at - 1;
        while (line > text && line[-1] != '\n') line--;
        int arg;
        Range r;
        if (strncmp(line, "//", 2)) break;
        if (sscanf(line, "// %d: %lf .. %lf", &arg, &r.low, &r.high) == 3 && arg >= 0 && arg < MOST) s->range[arg] = r;
        sscanf(line, "// order: %d", &s->order);
        if (sscanf(line, "// to: %lf", &s->to) == 1)
            s->no_single |= strstr(line, "in float64") < at && strstr(line, "in float64");
        at = line;
    }
}

Subject lab_subject(const char *text, Func *f) {
    Subject s = { .func = f };
    read_ranges(text, &s);
    return s;
}

Module *lab_read(Lab *lab, const char *path, const char **text) {
    size_t length;
    *text = read_file(lab->cx->arena, path, &length);
    if (!*text) fatal("%s cannot be read", path);
    lab->file = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    lab->m = read_module(lab->cx, add_source(lab->cx, path, *text, (int)length, false));
    if (lab->m) return lab->m;
    diag_flush(lab->cx);
    lab->failures++;
    return NULL;
}
