/* revolve: gradients of loops that may store only so many states, against those that keep everything.
**
**   revolve FILE.jxir
**
** For every function of the file, every length of its loop from 0 to 60, and every budget from 1 to 9 states: the gradient is the
** same to the last bit, under vmap too, and the rounds that are run for it are as many as they must be.  Each round runs one
** `sin`, so the evaluator counts them.  Second derivatives add in another order, and agree to 1e-12. */
#include "lab.h"

#include <math.h>
#include <string.h>

enum { LONGEST = 60, MOST_STATES = 9, LONGEST_COMPOSED = 12, MOST_COMPOSED = 3 };

typedef struct {
    Compiler *cx;
    Module *m;
    const char *text;
    Func *f;
} Program;

/* The program read again, since functions are transformed once in a module, and budgets differ. */
static Program program_new(const char *text, const char *name, int states) {
    Program p = { .cx = compiler_new(), .text = text };
    p.cx->options.tape_states = states;
    p.m = read_module(p.cx, add_source(p.cx, "revolve.jxir", text, (int)strlen(text), false));
    if (!p.m) fatal("the functions cannot be read");
    p.f = module_find(p.m, name);
    return p;
}
static void program_free(Program *p) {
    module_free(p->m);
    compiler_free(p->cx);
}

/* The gradient of the sum of the results of f[n](...), as a function with the same size and parameters. */
static Func *gradient(Module *m, Func *f) {
    int n = f->body->nparams, nresults = f->body->nresults, nct = 0;
    bool active[MOST];
    Value *args[MOST];
    for (int i = 0; i < n; i++) active[i] = type_has_tangent(f->body->params[i]->type);
    Linearized l = transform_linearize(m, f, active);
    Func *back = transform_transpose(m, l.linear, l.nresiduals), *g = func_new(m, "gradient");
    g->sizes = f->sizes;
    Builder b = builder_new(g);
    const Dim *sizes[4] = { NULL };
    Dims behind;
    for (int i = 0; i < f->sizes.n; i++) sizes[i] = dim_var(m->cx, f->sizes.at[i]);
    for (int i = 0; i < n; i++) args[i] = block_param(g->body, f->body->params[i]->type);
    const Inst *forward = transform_call(&b, l.forward, args, n, (Dims){ f->sizes.n, sizes }, &behind);
    for (int i = 0; i < l.nresiduals; i++) args[i] = forward->results[nresults + i];
    for (int i = 0; i < nresults; i++)
        if (l.active_out[i]) args[l.nresiduals + nct++] = ir_fill(&b, f->body->results[i]->type, 1);
    const Inst *in = transform_call(&b, back, args, l.nresiduals + nct, behind, NULL);
    block_return(&b, in->results, in->nresults);
    return g;
}

/* The result's bytes and the number of sines, for that length. */
static Text evaluate(Program *p, Func *g, int length, Arena *arena, int64_t *sines) {
    Lab lab = { .cx = p->cx, .seed = 7 };
    Func *call = func_new(p->m, "run");
    Builder b = builder_new(call);
    Tensor args[MOST], results[MOST];
    const Dim *size = dim_int(p->cx, length);
    DimMap map = { 0 };
    dim_map_add(p->cx, &map, g->sizes.at[0], size);
    for (int i = 0; i < g->body->nparams; i++) {
        const Type *type = type_subst(p->cx, g->body->params[i]->type, &map);
        block_param(call->body, type);
        args[i] = random_tensor(&lab, arena, type, (Range){ 0.2, 1.2 });
    }
    const Inst *in = transform_call(&b, g, call->body->params, call->body->nparams, (Dims){ 1, &size }, NULL);
    block_return(&b, in->results, in->nresults);
    int64_t ran[OP_COUNT] = { 0 };
    Eval ev = { .arena = arena, .limit = 4000000, .ran = ran };
    if (!eval_func(&ev, call, args, results)) fatal("@%s of length %d: %s", g->name, length, ev.failure);
    Text bytes = text_new(arena);
    for (int i = 0; i < in->nresults; i++)
        text_put(&bytes, results[i].bytes, (int)results[i].n * dtype_bytes(results[i].type->dtype));
    *sines = ran[OP_sin];
    return bytes;
}

static bool same(Text have, Text want, bool exactly) {
    if (have.n != want.n) return false;
    if (exactly || have.n == 0) return have.n == 0 || !memcmp(have.at, want.at, (size_t)want.n);
    for (int i = 0; i < (int)want.n; i += (int)sizeof(double)) {
        double x, y;
        memcpy(&x, have.at + i, sizeof x);
        memcpy(&y, want.at + i, sizeof y);
        if (!(fabs(x - y) <= 1e-12 * fmax(1, fabs(y)))) return false;
    }
    return true;
}

/* The least number of rounds run again, for the states of `length` rounds, with `states` stored at a time: by trying all. */
static int64_t least_rounds(int length, int states) {
    static int64_t known[LONGEST + 1][MOST_STATES + 1];
    if (length <= 1) return 0;
    if (states == 1) return (int64_t)length * (length - 1) / 2;
    int64_t *best = &known[length][states];
    for (int m = 1; m < length && *best == 0; m++) { /* filled once */
        int64_t least = INT64_MAX;
        for (int k = 1; k < length; k++) {
            int64_t n = k + least_rounds(length - k, states - 1) + least_rounds(k, states);
            if (n < least) least = n;
        }
        *best = least;
    }
    return *best;
}

typedef Func *(*Made)(Module *, Func *);

static Func *second(Module *m, Func *f) { return gradient(m, gradient(m, f)); }

static Func *mapped(Module *m, Func *f) {
    bool batched[MOST], out[MOST];
    for (int i = 0; i < f->body->nparams; i++) batched[i] = true;
    return transform_vmap(m, gradient(m, f), batched, dim_int(m->cx, LANES), true, out);
}

static int failures, checks;

static void compare(const char *text, const char *name, const char *what, Made make, int longest, int most) {
    Program whole = program_new(text, name, 0);
    Func *want_func = make(whole.m, whole.f);
    for (int states = 1; states <= most; states++) {
        Program p = program_new(text, name, states);
        Func *have_func = make(p.m, p.f);
        for (int length = 0; length <= longest; length++) {
            Arena *arena = arena_new();
            int64_t before, after;
            Text want = evaluate(&whole, want_func, length, arena, &before);
            Text have = evaluate(&p, have_func, length, arena, &after);
            checks++;
            if (!same(have, want, make != second)) {
                failures++;
                printf("@%s: %s of length %d with %d states differs\n", name, what, length, states);
            }
            /* the loop itself, what must be run again, and each round once more when it is its turn */
            int64_t rounds = length + least_rounds(length, states) + length;
            if (make == gradient && after != rounds) {
                failures++;
                printf("@%s: length %d with %d states runs %lld rounds, not %lld\n", name, length, states,
                       (long long)after, (long long)rounds);
            }
            arena_free(arena);
        }
        program_free(&p);
    }
    program_free(&whole);
}

int main(int argc, char **argv) {
    Compiler *cx = compiler_new();
    size_t length;
    const char *text = argc > 1 ? read_file(cx->arena, argv[1], &length) : NULL;
    if (!text) fatal("a file of functions is needed");
    Module *m = read_module(cx, add_source(cx, argv[1], text, (int)length, false));
    if (!m) return diag_flush(cx), 1;
    for (const Func *f = m->first; f; f = f->next) {
        compare(text, f->name, "the gradient", gradient, LONGEST, MOST_STATES);
        compare(text, f->name, "the second derivative", second, LONGEST_COMPOSED, MOST_COMPOSED);
        compare(text, f->name, "the gradient under vmap", mapped, LONGEST_COMPOSED, MOST_COMPOSED);
    }
    printf("%d checks, %d failures\n", checks, failures);
    module_free(m);
    compiler_free(cx);
    return failures > 0;
}
