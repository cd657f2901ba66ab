/* eval: runs the IR as it stands, slowly and simply: the meaning that every pass must keep.
**
** Values of one function call are in one array by id; blocks share it with the blocks around them.  What an iteration of
** a loop makes is freed when the next one has read it. */
#include "ir/internal.h"

#include <string.h>

enum { DEEPEST = 2000 };

bool eval_fail(Eval *ev, const char *format, ...) {
    if (ev->failure) return false;
    Text t = text_new(ev->home ? ev->home : ev->arena);
    va_list args;
    va_start(args, format);
    text_addv(&t, format, args);
    va_end(args);
    ev->failure = t.at;
    return false;
}

Tensor tensor_new(Arena *arena, const Type *type) {
    Tensor t = { .type = type, .n = 1 };
    for (int i = 0; i < type->rank; i++) {
        int64_t size = 0;
        dim_is_int(type->dim[i], &size);
        t.n *= size;
    }
    t.bytes = arena_alloc(arena, (size_t)t.n * (size_t)dtype_bytes(type->dtype));
    return t;
}

bool eval_dim(Eval *ev, const Dim *d, int64_t *value) {
    return dim_eval(d, ev->sizes, value) || eval_fail(ev, "a size that cannot be computed");
}

static Compiler *compiler_of(const Inst *in) { return in->block->func->module->cx; }

/* The type with its sizes as numbers. */
static const Type *concrete(Eval *ev, Compiler *cx, const Type *t) {
    const Dim *dim[MAX_RANK];
    if (type_is_static(t)) return t;
    int64_t elements = dtype_bytes(t->dtype);
    for (int i = 0; i < t->rank; i++) {
        int64_t size;
        if (!eval_dim(ev, t->dim[i], &size)) return NULL;
        if (size < 0 || __builtin_mul_overflow(elements, size ? size : 1, &elements) || elements > INT64_C(1) << 40) {
            eval_fail(ev, "an array of size %lld", (long long)size);
            return NULL;
        }
        dim[i] = dim_int(cx, size);
    }
    return type_of(cx, t->dtype, t->rank, dim);
}

bool eval_make_results(Eval *ev, const Inst *in, Tensor *results) {
    for (int i = 0; i < in->nresults; i++) {
        const Type *type = concrete(ev, compiler_of(in), in->results[i]->type);
        if (!type) return false;
        results[i] = tensor_new(ev->arena, type);
    }
    return true;
}

void eval_bind(Eval *ev, const Inst *in, int which, int64_t size) { ev->sizes[in->attrs->binds.at[which]->id] = size; }

enum { MOST_ELEMENTWISE = 4 };

static bool elementwise(const Inst *in, const Tensor *args, Tensor *y) {
    const Rules *r = op_rules[in->op];
    DType d = args[0].type->dtype, out = y->type->dtype;
    int width = dtype_bytes(d), width_out = dtype_bytes(out);
    if (dtype_is_float(d)) {
        for (int64_t i = 0; i < y->n; i++) {
            double x[MOST_ELEMENTWISE];
            for (int k = 0; k < in->nargs; k++) x[k] = element_real(d, (const char *)args[k].bytes + i * width);
            double result = r->real(x);
            if (out == DT_bool) /* of a comparison */
                element_set_int(out, (char *)y->bytes + i, result != 0);
            else
                element_set_real(out, (char *)y->bytes + i * width_out, result);
        }
    } else if (dtype_is_complex(d)) {
        for (int64_t i = 0; i < y->n; i++) {
            double x[MOST_ELEMENTWISE][2], result[2] = { 0, 0 };
            for (int k = 0; k < in->nargs; k++) element_complex(d, (const char *)args[k].bytes + i * width, x[k]);
            r->complex((const double(*)[2])x, result);
            element_set_complex(out, (char *)y->bytes + i * width_out, result);
        }
    } else {
        for (int64_t i = 0; i < y->n; i++) {
            int64_t x[MOST_ELEMENTWISE];
            for (int k = 0; k < in->nargs; k++) x[k] = element_int(d, (const char *)args[k].bytes + i * width);
            element_set_int(out, (char *)y->bytes + i * width_out, r->integer(x, d));
        }
    }
    return true;
}

bool eval_inst(Eval *ev, const Inst *in, const Tensor *args, Tensor *results) {
    const Rules *r = op_rules[in->op];
    if (!op_has_attr(in->op, ATTR_INDEX_binds) && !eval_make_results(ev, in, results)) return false;
    if (r->eval) return r->eval(ev, in, args, results);
    if (op_class(in->op) == CLASS_ELEMENTWISE) return elementwise(in, args, results);
    return eval_fail(ev, "%s cannot be evaluated", op_name(in->op));
}

static bool run_block(Eval *, const Block *, Tensor *env);

static Tensor copied(Arena *arena, Tensor t) {
    Tensor c = tensor_new(arena, t.type);
    memcpy(c.bytes, t.bytes, (size_t)t.n * (size_t)dtype_bytes(t.type->dtype));
    return c;
}

/* Element number i along axis 0. */
static bool slice_of(Eval *ev, Compiler *cx, Tensor x, const Type *type, int64_t i, Tensor *slice) {
    const Type *t = concrete(ev, cx, type);
    if (!t) return false;
    *slice = (Tensor){ .type = t, .n = 1 };
    for (int k = 0; k < t->rank; k++) {
        int64_t size = 0;
        dim_is_int(t->dim[k], &size);
        slice->n *= size;
    }
    slice->bytes = (char *)x.bytes + i * slice->n * dtype_bytes(t->dtype);
    return true;
}

/* What the iterations of a loop stack up, growing. */
typedef struct {
    Text bytes;
    const Type *slice;
} Stack;

typedef struct {
    Eval *ev;
    const Inst *in;
    Tensor *env;
    int ncarries, nstacks;
    Tensor *carries;
    Stack *stacks;
    Arena *home; /* the arena of the instruction itself */
    Arena *last; /* that the carries are in, where an iteration made them */
} Loop;

/* One iteration: the parameters of the block are set, the arena is its own. */
static bool iterate(Loop *l, const Block *b) {
    if (!run_block(l->ev, b, l->env)) return false;
    Tensor *next = NEW_ARRAY(l->ev->arena, Tensor, l->ncarries);
    for (int i = 0; i < l->ncarries; i++) next[i] = copied(l->ev->arena, l->env[b->results[i]->id]);
    for (int i = 0; i < l->nstacks; i++) {
        Tensor t = l->env[b->results[l->ncarries + i]->id];
        if (l->stacks[i].slice && l->stacks[i].slice != t.type)
            return eval_fail(l->ev, "a stacked result changes its shape");
        l->stacks[i].slice = t.type;
        if (t.n * dtype_bytes(t.type->dtype) > INT32_MAX / 2) return eval_fail(l->ev, "a stacked result is too large");
        text_put(&l->stacks[i].bytes, t.bytes, (int)(t.n * dtype_bytes(t.type->dtype)));
    }
    if (l->last) arena_free(l->last);
    l->last = l->ev->arena;
    l->carries = next;
    return true;
}

static Loop loop_begin(Eval *ev, const Inst *in, const Tensor *args, Tensor *env, const Block *body) {
    Loop l = { .ev = ev, .in = in, .env = env, .home = ev->arena };
    l.ncarries = (int)in->attrs->carries;
    l.nstacks = body->nresults - l.ncarries;
    l.carries = arena_copy(ev->arena, args, sizeof *args * (size_t)l.ncarries);
    l.stacks = NEW_ARRAY(ev->arena, Stack, l.nstacks);
    for (int i = 0; i < l.nstacks; i++) l.stacks[i].bytes = text_new(ev->arena);
    return l;
}

static bool loop_end(Loop *l, bool ok, Tensor *results) {
    Eval *ev = l->ev;
    if (ev->arena != l->home && ev->arena != l->last) arena_free(ev->arena);
    ev->arena = l->home;
    for (int i = 0; ok && i < l->ncarries; i++) results[i] = copied(ev->arena, l->carries[i]);
    for (int i = 0; ok && i < l->nstacks; i++) {
        const Type *t = concrete(ev, compiler_of(l->in), l->in->results[l->ncarries + i]->type);
        ok = t != NULL;
        if (!ok) break;
        Tensor r = tensor_new(ev->arena, t);
        if (l->stacks[i].bytes.n) memcpy(r.bytes, l->stacks[i].bytes.at, (size_t)l->stacks[i].bytes.n);
        results[l->ncarries + i] = r;
    }
    if (l->last) arena_free(l->last);
    return ok;
}

static bool run_for(Eval *ev, const Inst *in, const Tensor *args, Tensor *results, Tensor *env) {
    const Block *b = in->regions[0];
    Compiler *cx = compiler_of(in);
    int64_t trip;
    if (!eval_dim(ev, in->attrs->trip, &trip)) return false;
    if (trip < 0) return eval_fail(ev, "a loop of %lld iterations", (long long)trip);
    Loop l = loop_begin(ev, in, args, env, b);
    bool ok = true;
    for (int64_t step = 0; ok && step < trip; step++) {
        int64_t i = in->attrs->reversed ? trip - 1 - step : step;
        ev->arena = arena_new();
        Tensor index = tensor_new(ev->arena, type_scalar(cx, DT_i64));
        element_set_int(DT_i64, index.bytes, i);
        env[b->params[0]->id] = index;
        for (int k = 0; k < l.ncarries; k++) env[b->params[1 + k]->id] = l.carries[k];
        for (int k = l.ncarries; ok && k < in->nargs; k++)
            ok = slice_of(ev, cx, args[k], b->params[1 + k]->type, i, &env[b->params[1 + k]->id]);
        ok = ok && iterate(&l, b);
    }
    if (!loop_end(&l, ok, results)) return false;
    for (int k = l.ncarries; in->attrs->reversed && k < in->nresults; k++) { /* slice i belongs to iteration i */
        Tensor r = results[k];
        size_t bytes = trip ? (size_t)(r.n / trip * dtype_bytes(r.type->dtype)) : 0;
        char *turned = arena_alloc(ev->arena, bytes * (size_t)trip);
        for (int64_t i = 0; i < trip; i++)
            memcpy(turned + (size_t)i * bytes, (char *)r.bytes + (size_t)(trip - 1 - i) * bytes, bytes);
        results[k].bytes = turned;
    }
    return true;
}

static bool run_while(Eval *ev, const Inst *in, const Tensor *args, Tensor *results, Tensor *env) {
    const Block *test = in->regions[0], *body = in->regions[1];
    Loop l = loop_begin(ev, in, args, env, body);
    int64_t trip = 0;
    bool ok = true;
    for (;; trip++) {
        ev->arena = arena_new();
        for (int k = 0; k < l.ncarries; k++) env[test->params[k]->id] = env[body->params[k]->id] = l.carries[k];
        ok = run_block(ev, test, env);
        if (!ok) break;
        if (!*(const char *)env[test->results[0]->id].bytes) break;
        ok = iterate(&l, body);
        if (!ok) break;
    }
    if (in->attrs->binds.n) eval_bind(ev, in, 0, trip);
    return loop_end(&l, ok, results);
}

static bool run_cond(Eval *ev, const Inst *in, const Tensor *args, Tensor *results, Tensor *env) {
    const Tensor *p = &args[0];
    int64_t which = element_int(p->type->dtype, p->bytes), last = in->nregions - 1;
    const Block *b = in->regions[which < 0 ? 0 : which > last ? last : which];
    for (int i = 0; i < b->nparams; i++) env[b->params[i]->id] = args[1 + i];
    if (!run_block(ev, b, env)) return false;
    for (int i = 0; i < in->nresults; i++) results[i] = env[b->results[i]->id];
    return true;
}

static bool run_func(Eval *ev, const Func *f, const Tensor *args, Tensor *results) {
    if (++ev->depth > DEEPEST) return eval_fail(ev, "calls are nested too deep in %s", f->title);
    Tensor *env = NEW_ARRAY(ev->arena, Tensor, f->nvalues);
    for (int i = 0; i < f->body->nparams; i++) env[f->body->params[i]->id] = args[i];
    if (!run_block(ev, f->body, env)) return false;
    for (int i = 0; i < f->body->nresults; i++) results[i] = env[f->body->results[i]->id];
    ev->depth--;
    return true;
}

/* Sizes belong to one activation: a recursive call must not change the caller's. */
bool eval_call(Eval *ev, const Inst *in, const Tensor *args, Tensor *results) {
    const Func *f = in->attrs->callee;
    Compiler *cx = compiler_of(in);
    int nvars = tables_of(cx)->nvars;
    int64_t *mine = ev->sizes, *theirs = NEW_ARRAY(ev->arena, int64_t, nvars);
    for (int i = 0; i < f->sizes.n; i++)
        if (!eval_dim(ev, in->attrs->sizes.at[i], &theirs[f->sizes.at[i]->id])) return false;
    ev->sizes = theirs;
    bool ok = run_func(ev, f, args, results);
    ev->sizes = mine;
    if (!ok) return false;
    Sizes bound = func_bound_sizes(ev->arena, f);
    for (int i = 0; i < bound.n; i++) eval_bind(ev, in, i, theirs[bound.at[i]->id]);
    return true;
}

static bool run_kernel(Eval *ev, const Inst *in, const Tensor *args, Tensor *results, Tensor *env) {
    const Block *b = in->regions[0];
    for (int i = 0; i < b->nparams; i++) env[b->params[i]->id] = args[i];
    if (!run_block(ev, b, env)) return false;
    for (int i = 0; i < b->nresults; i++) results[i] = env[b->results[i]->id];
    return true;
}

static bool run_inst(Eval *ev, const Inst *in, Tensor *env) {
    ev->steps++;
    if (ev->ran) ev->ran[in->op]++;
    if (ev->limit && ev->steps > ev->limit) return eval_fail(ev, "too long");
    Tensor few[16], *args = few, *results = few + 8;
    if (in->nargs > 8 || in->nresults > 8) {
        args = NEW_ARRAY(ev->arena, Tensor, in->nargs + in->nresults);
        results = args + in->nargs;
    }
    for (int i = 0; i < in->nargs; i++) args[i] = env[in->args[i]->id];
    bool ok;
    switch (in->op) {
    case OP_for: ok = run_for(ev, in, args, results, env); break;
    case OP_while: ok = run_while(ev, in, args, results, env); break;
    case OP_cond: ok = run_cond(ev, in, args, results, env); break;
    case OP_kernel: ok = run_kernel(ev, in, args, results, env); break;
    case OP_call:
    case OP_custom_jvp_call:
    case OP_custom_vjp_call:
    case OP_linear_call: ok = eval_call(ev, in, args, results); break;
    case OP_pmap: ok = eval_pmap(ev, in, args, results); break;
    default: ok = eval_inst(ev, in, args, results);
    }
    for (int i = 0; ok && i < in->nresults; i++) {
        env[in->results[i]->id] = results[i];
        ev->steps += results[i].n / EVAL_STEP;
    }
    return ok;
}

static bool run_block(Eval *ev, const Block *b, Tensor *env) {
    for (const Inst *in = b->first; in; in = in->next)
        if (!run_inst(ev, in, env)) return false;
    return true;
}

/* Sizes of parameters from the shapes of arguments; what a size expression says must agree. */
static bool bind_params(Eval *ev, Compiler *cx, const Func *f, const Tensor *args) {
    DimMap known = { 0 };
    bool *bound = NEW_ARRAY(ev->arena, bool, f->sizes.n);
    for (int round = 0; round <= f->sizes.n; round++)
        for (int i = 0; i < f->body->nparams; i++)
            for (int k = 0; k < args[i].type->rank; k++)
                for (int s = 0; s < f->sizes.n; s++) {
                    const Dim *want = dim_subst(cx, f->body->params[i]->type->dim[k], &known), *size;
                    if (bound[s] || !dim_mentions(want, f->sizes.at[s])) continue;
                    if (!dim_solve(cx, want, args[i].type->dim[k], f->sizes.at[s], &size)) continue;
                    if (!dim_is_int(size, &ev->sizes[f->sizes.at[s]->id])) continue;
                    dim_map_add(cx, &known, f->sizes.at[s], size);
                    bound[s] = true;
                }
    for (int i = 0; i < f->body->nparams; i++) {
        const Type *want = concrete(ev, cx, f->body->params[i]->type);
        if (!want) return false;
        if (want != args[i].type)
            return eval_fail(ev, "argument %d of %s is %s, not %s", i, f->title, type_text(cx, args[i].type),
                             type_text(cx, want));
    }
    return true;
}

bool eval_func(Eval *ev, const Func *f, const Tensor *args, Tensor *results) {
    Compiler *cx = f->module->cx;
    ev->home = ev->arena;
    ev->sizes = NEW_ARRAY(ev->arena, int64_t, tables_of(cx)->nvars);
    for (int i = 0; i < f->body->nparams; i++)
        if (args[i].type->rank != f->body->params[i]->type->rank)
            return eval_fail(ev, "argument %d of %s has another rank", i, f->title);
    bool ok = bind_params(ev, cx, f, args) && run_func(ev, f, args, results);
    ev->arena = ev->home;
    return ok;
}
