/* known: derivatives at points where other systems give noise, nan or each something else.
**
**   known FILE.jxir...
**
** Before a function stand lines such as
**   // at 0 1; 2: 0.5 0.5; 3          the gradient of the sum of its results at (0, 1), 2
**   // lanes 0 1; 2 2: 0.5 0.5; 3 3   likewise of its vmap over two lanes; after a * stands what all lanes share
**   // keeps f64[2] i32[]              what its loop, linearized, stacks in each round for the reverse sweep; without a
**                                      loop: what is handed to the reverse sweep
** Numbers are those of all elements, arguments separated by `;`, complex ones as two numbers; arguments that cannot move
** have no gradient and are left out of it.  Values must agree within a few units of the last place. */
#include "transform/transform.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 32, LANES = 2 };

static const char *file;
static int points, failures;

/* Numbers up to `;`, `:` or the end of the line, into the tensor. */
static bool read_numbers(const char **at, const Tensor *t, bool first) {
    if (!first) {
        while (**at == ' ') ++*at;
        if (**at != ';') return false;
        ++*at;
    }
    while (**at == ' ' || **at == '*') ++*at;
    for (int64_t i = 0; i < t->n; i++) {
        double z[2] = { 0, 0 };
        void *to = (char *)t->bytes + i * dtype_bytes(t->type->dtype);
        for (int k = 0; k < 1 + dtype_is_complex(t->type->dtype); k++) {
            char *end;
            z[k] = strtod(*at, &end);
            if (end == *at) return false;
            *at = end;
        }
        if (dtype_is_inexact(t->type->dtype))
            element_set_complex(t->type->dtype, to, z);
        else
            element_set_int(t->type->dtype, to, (int64_t)z[0]);
    }
    return true;
}

static bool close_enough(double x, double y) {
    return x == y || (isnan(x) && isnan(y)) || fabs(x - y) <= 12 * DBL_EPSILON * fabs(y);
}

/* grad(x...) of the sum of the results, as a function of its own without sizes */
static Func *gradient(Module *m, Func *f) {
    int n = f->body->nparams, nresults = f->body->nresults, nct = 0;
    bool active[MOST];
    Value *args[2 * MOST];
    for (int i = 0; i < n; i++) active[i] = type_has_tangent(f->body->params[i]->type);
    Linearized l = transform_linearize(m, f, active);
    Func *back = transform_transpose(m, l.linear, l.nresiduals), *g = func_new(m, "gradient");
    Builder b = builder_new(g);
    Dims none = { 0 }, behind;
    for (int i = 0; i < n; i++) args[i] = block_param(g->body, f->body->params[i]->type);
    const Inst *forward = transform_call(&b, l.forward, args, n, none, &behind);
    for (int i = 0; i < l.nresiduals; i++) args[i] = forward->results[nresults + i];
    for (int i = 0; i < nresults; i++)
        if (l.active_out[i]) args[l.nresiduals + nct++] = ir_fill(&b, f->body->results[i]->type, 1);
    const Inst *in = transform_call(&b, back, args, l.nresiduals + nct, behind, NULL);
    block_return(&b, in->results, in->nresults);
    return g;
}

static void check_point(Module *m, Func *f, const char *at, bool lanes) {
    Arena *arena = arena_new();
    bool batched[MOST], out[MOST];
    Tensor args[MOST], have[MOST];
    int n = f->body->nparams, moving = 0;
    const char *line = at;
    if (lanes) {
        const char *arg = at;
        for (int i = 0; i < n; i++) {
            while (*arg == ' ') arg++;
            batched[i] = *arg != '*';
            arg += strcspn(arg, ";:\n");
            if (*arg == ';') arg++;
        }
        f = transform_vmap(m, f, batched, dim_int(m->cx, LANES), true, out);
    }
    points++;
    for (int i = 0; i < n; i++) {
        args[i] = tensor_new(arena, f->body->params[i]->type);
        if (!read_numbers(&at, &args[i], i == 0)) fatal("%s: too few numbers before %.40s", file, at);
    }
    while (*at == ' ') at++;
    if (*at++ != ':') fatal("%s: a colon is missing before %.40s", file, at);
    Eval ev = { .arena = arena, .limit = 100000 };
    bool ok = eval_func(&ev, gradient(m, f), args, have);
    if (!ok) printf("%s: @%s: %s\n", file, f->name, ev.failure);
    for (int i = 0; ok && i < n; i++) {
        if (!type_has_tangent(args[i].type)) continue;
        Tensor want = tensor_new(arena, args[i].type);
        if (!read_numbers(&at, &want, moving == 0)) fatal("%s: too few numbers before %.40s", file, at);
        for (int64_t k = 0; k < want.n; k++) {
            double x[2], y[2];
            element_complex(want.type->dtype, (char *)have[moving].bytes + k * dtype_bytes(want.type->dtype), x);
            element_complex(want.type->dtype, (char *)want.bytes + k * dtype_bytes(want.type->dtype), y);
            if (close_enough(x[0], y[0]) && close_enough(x[1], y[1])) continue;
            ok = false;
            printf("%s: @%s at%.*s: element %lld of gradient %d is %.17g", file, f->name, (int)strcspn(line, "\n"),
                   line, (long long)k, moving, x[0]);
            printf(dtype_is_complex(want.type->dtype) ? "%+.17gj\n" : "\n", x[1]);
        }
        moving++;
    }
    failures += !ok;
    arena_free(arena);
}

static const Inst *loop_of(const Block *b) {
    for (const Inst *in = b->first; in; in = in->next)
        if (in->op == OP_for || in->op == OP_while) return in;
    return NULL;
}

static void check_kept(Module *m, const Func *f, const char *want) {
    bool active[MOST];
    for (int i = 0; i < f->body->nparams; i++) active[i] = type_has_tangent(f->body->params[i]->type);
    Linearized l = transform_linearize(m, f, active);
    const Inst *loop = loop_of(l.forward->body);
    const Block *block = loop ? loop->regions[loop->nregions - 1] : l.forward->body;
    Text have = text_new(m->arena);
    for (int i = loop ? (int)loop->attrs->carries : f->body->nresults; i < block->nresults; i++)
        text_add(&have, " %s", type_text(m->cx, block->results[i]->type));
    points++;
    int n = (int)strcspn(want, "\n");
    if (n == (int)have.n && !strncmp(want, have.at, have.n)) return;
    failures++;
    printf("%s: @%s keeps%.*s, not%.*s\n", file, f->name, (int)have.n, have.at, n, want);
}

static void check_file(Compiler *cx, const char *path) {
    size_t length;
    char *text = read_file(cx->arena, path, &length);
    if (!text) fatal("%s cannot be read", path);
    file = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    Module *m = read_module(cx, add_source(cx, path, text, (int)length, false));
    if (!m) {
        diag_flush(cx);
        failures++;
        return;
    }
    struct {
        const char *at;
        bool lanes;
    } pending[MOST];
    int n = 0;
    const char *kept = NULL;
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line != 0) {
        bool lanes = !strncmp(line, "// lanes ", 9);
        if (lanes || !strncmp(line, "// at ", 6)) {
            if (n == MOST) fatal("%s: too many points of one function", path);
            pending[n].lanes = lanes;
            pending[n++].at = line + (lanes ? 8 : 5);
        } else if (!strncmp(line, "// keeps", 8)) {
            kept = line + 8;
        } else if (!strncmp(line, "func @", 6)) {
            int name = (int)strcspn(line + 6, "([");
            Func *f = module_find(m, arena_text(cx->arena, "%.*s", name, line + 6));
            while (n) check_point(m, f, pending[n - 1].at, pending[n - 1].lanes), n--;
            if (kept) check_kept(m, f, kept);
            kept = NULL;
        }
    }
    if (diag_flush(cx)) failures++;
    module_free(m);
}

int main(int argc, char **argv) {
    Compiler *cx = compiler_new();
    for (int i = 1; i < argc; i++) check_file(cx, argv[i]);
    printf("%d points, %d failures\n", points, failures);
    compiler_free(cx);
    return failures > 0 || points == 0;
}
