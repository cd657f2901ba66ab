/* check: whether a pass kept what every function computes.
**
** Both modules are evaluated on the same random inputs; passes may add in another order and fuse, so numbers are compared
** with a tolerance, everything else exactly.  A difference is our mistake, shown with the function and both values. */
#include "pipeline.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TRIALS = 4, LONGEST = 300000 };

typedef struct {
    Arena *arena;
    bool ok;
    char *failure, *printed;
    Tensor *results;
} Outcome;

static Outcome run(Arena *arena, const Func *f, const Tensor *args) {
    size_t n;
    Outcome o = { .arena = arena, .results = NEW_ARRAY(arena, Tensor, f->body->nresults + 1) };
    FILE *out = open_memstream(&o.printed, &n);
    if (!out) fatal("no memory for what a program prints");
    Eval ev = { .arena = arena, .out = out, .limit = LONGEST };
    o.ok = eval_func(&ev, f, args, o.results);
    o.failure = ev.failure;
    fclose(out);
    return o;
}

static double tolerance(DType d) {
    switch (d) {
    case DT_f64:
    case DT_c128: return 1e-9;
    case DT_f32:
    case DT_c64: return 1e-4;
    case DT_f16: return 2e-2;
    case DT_bf16: return 1e-1;
    default: return 0;
    }
}

static bool near(double x, double y, double scale, double tol) {
    if (isnan(x) || isnan(y)) return isnan(x) && isnan(y);
    if (x == y) return true;
    if (isinf(x) || isinf(y)) return false;
    return fabs(x - y) <= tol * (1 + fabs(x) + scale);
}

/* Sums of large terms may leave small ones: differences are seen beside the largest finite element. */
static double largest(const Tensor *t, DType real, int64_t n) {
    double most = 0;
    for (int64_t i = 0; i < n; i++) {
        double x = fabs(element_real(real, (const char *)t->bytes + i * dtype_bytes(real)));
        if (isfinite(x) && x > most) most = x;
    }
    return most;
}

/* The first element that differs, or -1. */
static int64_t difference(const Tensor *a, const Tensor *b) {
    DType d = a->type->dtype, real = dtype_real(d);
    int bytes = dtype_bytes(real);
    int64_t n = a->n * (dtype_is_complex(d) ? 2 : 1);
    double scale = dtype_is_inexact(d) ? largest(a, real, n) : 0;
    for (int64_t i = 0; i < n; i++) {
        const char *x = (const char *)a->bytes + i * bytes, *y = (const char *)b->bytes + i * bytes;
        bool same = dtype_is_inexact(d) ? near(element_real(real, x), element_real(real, y), scale, tolerance(d))
                                        : !memcmp(x, y, (size_t)bytes);
        if (!same) return i;
    }
    return -1;
}

/* Printed text word by word: equal, or numbers that are near.  How many spaces stand between them follows from the digits
** of all numbers of an array, so it does not count. */
static bool same_text(const char *x, const char *y) {
    for (;;) {
        while (*x == ' ') x++;
        while (*y == ' ') y++;
        if (!*x || !*y) break;
        char *end_x, *end_y;
        double a = strtod(x, &end_x), b = strtod(y, &end_y);
        if (end_x != x && end_y != y) {
            if (!near(a, b, 0, 1e-3)) return false;
            x = end_x, y = end_y;
        } else if (*x++ != *y++) {
            return false;
        }
    }
    return *x == *y;
}

static const char *element_text(Arena *arena, const Tensor *t, int64_t i) {
    DType real = dtype_real(t->type->dtype);
    const char *at = (const char *)t->bytes + i * dtype_bytes(real);
    if (dtype_is_inexact(t->type->dtype)) return arena_text(arena, "%.17g", element_real(real, at));
    return arena_text(arena, "%" PRId64, element_int(real, at));
}

static void compare(Compiler *cx, const char *pass, const Func *f, int trial, const Outcome *a, const Outcome *b) {
    const char *way =
        arena_text(a->arena, "%s changed what %s computes (random inputs number %d)", pass, f->name, trial);
    if (a->ok != b->ok)
        bug(cx, "%s: it %s, and before it %s", way, b->ok ? "ends well" : b->failure,
            a->ok ? "ended well" : a->failure);
    if (!a->ok && strcmp(a->failure, b->failure))
        bug(cx, "%s: it fails with \"%s\", and before with \"%s\"", way, b->failure, a->failure);
    if (!same_text(a->printed, b->printed))
        bug(cx, "%s: it prints\n%sand before it printed\n%s", way, b->printed, a->printed);
    for (int i = 0; a->ok && i < f->body->nresults; i++) {
        const Tensor *x = &a->results[i], *y = &b->results[i];
        if (x->type != y->type)
            bug(cx, "%s: result %d is %s, and before was %s", way, i, type_text(cx, y->type), type_text(cx, x->type));
        int64_t at = difference(x, y);
        if (at >= 0)
            bug(cx, "%s: element %" PRId64 " of result %d is %s, and before was %s", way, at, i,
                element_text(a->arena, y, at), element_text(a->arena, x, at));
    }
}

static bool comparable(const Func *f, const Func *g) {
    if (!g || f->body->nparams != g->body->nparams || f->body->nresults != g->body->nresults) return false;
    for (int i = 0; i < f->body->nparams; i++)
        if (f->body->params[i]->type != g->body->params[i]->type) return false;
    return true;
}

static bool too_long(const Outcome *o) { return !o->ok && o->failure && !strcmp(o->failure, "too long"); }

void pipeline_check(Compiler *cx, const char *pass, const Module *before, const Module *after) {
    for (const Func *f = before->first; f; f = f->next) {
        const Func *g = module_find(after, f->name);
        if (!comparable(f, g)) continue;
        int trials = f->body->nparams ? TRIALS : 1;
        for (int trial = 0; trial < trials; trial++) {
            Arena *arena = arena_new();
            Tensor *args = NEW_ARRAY(arena, Tensor, f->body->nparams + 1);
            if (eval_random_args(cx, arena, f, (uint64_t)trial, args)) {
                Outcome a = run(arena, f, args), b = run(arena, g, args);
                if (!too_long(&a) && !too_long(&b)) compare(cx, pass, f, trial, &a, &b);
                free(a.printed);
                free(b.printed);
            }
            arena_free(arena);
        }
    }
}
