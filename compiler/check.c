/* check: whether a pass kept what every function computes, and whether compiled code computes it.
**
** Passes may add in another order and fuse, so numbers are compared with a tolerance, everything else exactly.  A difference
** is our mistake, shown with the function and both values. */
#include "check.h"
#include "jxl/runtime.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRIALS = 4, LONGEST = 300000 };

/* arguments */

static uint64_t next(uint64_t *state) { /* splitmix64 */
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static void fill(Tensor t, uint64_t *state) {
    DType d = dtype_real(t.type->dtype);
    int64_t n = t.n * (dtype_is_complex(t.type->dtype) ? 2 : 1);
    for (int64_t i = 0; i < n; i++) {
        void *p = (char *)t.bytes + i * dtype_bytes(d);
        uint64_t r = next(state);
        if (d == DT_bool)
            element_set_int(d, p, (int64_t)(r >> 40 & 1));
        else if (dtype_is_float(d))
            element_set_real(d, p, r % 16 ? (double)(int64_t)(r >> 12) * 0x1p-50 - 2 : (double)(r >> 8 & 3) - 1);
        else
            element_set_int(d, p, (int64_t)(r % 12) - (dtype_kind(d) == KIND_SIGNED ? 5 : 0));
    }
}

bool check_draw(Compiler *cx, Arena *arena, const Func *f, uint64_t seed, int64_t size, Tensor *args) {
    if (!size) return eval_random_args(cx, arena, f, seed, args);
    int most = 0;
    for (int i = 0; i < f->sizes.n; i++) most = f->sizes.at[i]->id > most ? f->sizes.at[i]->id : most;
    int64_t *sizes = NEW_ARRAY(arena, int64_t, most + 1);
    uint64_t state = seed * 0x2545f4914f6cdd1du + 1;
    for (int i = 0; i < f->sizes.n; i++) sizes[f->sizes.at[i]->id] = size + (int64_t)(next(&state) % 8);
    for (int i = 0; i < f->body->nparams; i++) {
        const Type *t = f->body->params[i]->type;
        const Dim *dim[MAX_RANK];
        for (int k = 0; k < t->rank; k++) {
            int64_t n;
            if (!dim_eval(t->dim[k], sizes, &n) || n < 0) return false;
            dim[k] = dim_int(cx, n);
        }
        args[i] = tensor_new(arena, type_of(cx, t->dtype, t->rank, dim));
        fill(args[i], &state);
    }
    return true;
}

/* two ways to run */

Outcome check_evaluated(Arena *arena, const Func *f, const Tensor *args) {
    size_t n;
    Outcome o = { .results = NEW_ARRAY(arena, Tensor, f->body->nresults + 1) };
    FILE *out = open_memstream(&o.printed, &n);
    if (!out) fatal("no memory for what a program prints");
    Eval ev = { .arena = arena, .out = out, .limit = LONGEST };
    o.ok = eval_func(&ev, f, args, o.results);
    o.failure = ev.failure;
    fclose(out);
    return o;
}

/* The value of each size parameter: some axis of an argument, or an expression over it, has it. */
static bool sizes_from(const Func *f, const Tensor *args, int64_t *sizes) {
    Compiler *cx = f->module->cx;
    for (int s = 0; s < f->sizes.n; s++) {
        bool found = false;
        for (int i = 0; !found && i < f->body->nparams; i++)
            for (int k = 0; !found && k < args[i].type->rank; k++) {
                const Dim *answer;
                found =
                    dim_solve(cx, f->body->params[i]->type->dim[k], args[i].type->dim[k], f->sizes.at[s], &answer) &&
                    dim_is_int(answer, &sizes[s]);
            }
        if (!found) return false;
    }
    return true;
}

Outcome check_compiled(Arena *arena, const Loaded *l, const LFunc *lf, const Tensor *args, const Outcome *evaluated) {
    const Func *f = lf->source;
    int nin = f->body->nparams, nout = f->body->nresults;
    int64_t *values = NEW_ARRAY(arena, int64_t, f->sizes.n + nin + nout + 1);
    Outcome o = { .results = NEW_ARRAY(arena, Tensor, nout + 1) };
    if (!sizes_from(f, args, values)) bug(f->module->cx, "the sizes of %s do not follow from its arguments", f->name);
    for (int i = 0; i < nin; i++) values[f->sizes.n + i] = (int64_t)(intptr_t)args[i].bytes;
    for (int i = 0; i < nout; i++) {
        o.results[i] =
            tensor_new(arena, evaluated->results[i].type ? evaluated->results[i].type : f->body->results[i]->type);
        values[f->sizes.n + nin + i] = (int64_t)(intptr_t)o.results[i].bytes;
    }
    char error[JXL_ERROR_BYTES];
    o.ok = loaded_call(l, lf->name, values, error) == 0;
    if (!o.ok) o.failure = arena_text(arena, "%s", error);
    return o;
}

/* differences */

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

static double loosest_in_block(const Block *block) {
    double most = 0;
    for (int i = 0; i < block->nparams; i++) most = fmax(most, tolerance(block->params[i]->type->dtype));
    for (const Inst *in = block->first; in; in = in->next) {
        for (int i = 0; i < in->nresults; i++) most = fmax(most, tolerance(in->results[i]->type->dtype));
        for (int i = 0; i < in->nregions; i++) most = fmax(most, loosest_in_block(in->regions[i]));
    }
    return most;
}

/* An f64 that was an f32 on the way has no more digits than that. */
static double loosest(const Func *f) { return loosest_in_block(f->body); }

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
static int64_t difference(const Tensor *a, const Tensor *b, double tol) {
    DType d = a->type->dtype, real = dtype_real(d);
    int bytes = dtype_bytes(real);
    int64_t n = a->n * (dtype_is_complex(d) ? 2 : 1);
    double scale = dtype_is_inexact(d) ? largest(a, real, n) : 0;
    for (int64_t i = 0; i < n; i++) {
        const char *x = (const char *)a->bytes + i * bytes, *y = (const char *)b->bytes + i * bytes;
        if (!memcmp(x, y, (size_t)bytes)) continue;
        if (!dtype_is_inexact(d)) return i;
        double p = element_real(real, x), q = element_real(real, y);
        if (!(tol > 0 ? near(p, q, scale, tol) : isnan(p) && isnan(q))) return i;
    }
    return -1;
}

/* Printed text word by word: equal, or numbers that are near. */
static bool same_text(const char *x, const char *y) {
    for (;;) {
        x += strspn(
            x, " \n"); /* how arrays are filled and broken into lines follows from the digits of all their numbers */
        y += strspn(y, " \n");
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

static bool ends_in(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

const char *check_difference(Arena *arena, const Func *f, const Outcome *a, const Outcome *b, bool exact) {
    Compiler *cx = f->module->cx;
    if (a->ok != b->ok)
        return arena_text(arena, "it %s, and before it %s", b->ok ? "ends well" : b->failure,
                          a->ok ? "ended well" : a->failure);
    if (!a->ok && !ends_in(b->failure, a->failure)) /* what is compiled says where, too */
        return arena_text(arena, "it fails with \"%s\", and before with \"%s\"", b->failure, a->failure);
    if (a->printed && b->printed && !same_text(a->printed, b->printed))
        return arena_text(arena, "it prints\n%sand before it printed\n%s", b->printed, a->printed);
    for (int i = 0; a->ok && i < f->body->nresults; i++) {
        const Tensor *x = &a->results[i], *y = &b->results[i];
        if (x->type != y->type)
            return arena_text(arena, "result %d is %s, and before was %s", i, type_text(cx, y->type),
                              type_text(cx, x->type));
        int64_t at = difference(x, y, exact ? 0 : loosest(f));
        if (at >= 0)
            return arena_text(arena, "element %" PRId64 " of result %d is %s, and before was %s", at, i,
                              element_text(arena, y, at), element_text(arena, x, at));
    }
    return NULL;
}

bool check_is_quiet(const Func *f) {
    for (const Inst *in = f->body->first; in; in = in->next)
        if (inst_effect(in) == EFFECT_ORDERED) return false;
    return true;
}

/* --check-passes */

static bool comparable(const Func *f, const Func *g) {
    if (!g || f->body->nparams != g->body->nparams || f->body->nresults != g->body->nresults) return false;
    for (int i = 0; i < f->body->nparams; i++)
        if (f->body->params[i]->type != g->body->params[i]->type) return false;
    return true;
}

static bool too_long(const Outcome *o) { return !o->ok && o->failure && !strcmp(o->failure, "too long"); }
/* Where the operations leave open what happens, compiled code may do as it likes. */
static bool is_open(const Outcome *o) {
    return too_long(o) || (!o->ok && o->failure && !strcmp(o->failure, "an element of an empty array is read"));
}

void check_pass(Compiler *cx, const char *pass, const Module *before, const Module *after) {
    for (const Func *f = before->first; f; f = f->next) {
        const Func *g = module_find(after, f->name);
        if (!comparable(f, g)) continue;
        int trials = f->body->nparams ? TRIALS : 1;
        for (int trial = 0; trial < trials; trial++) {
            Arena *arena = arena_new();
            Tensor *args = NEW_ARRAY(arena, Tensor, f->body->nparams + 1);
            if (check_draw(cx, arena, f, (uint64_t)trial, 0, args)) {
                Outcome a = check_evaluated(arena, f, args), b = check_evaluated(arena, g, args);
                const char *what = too_long(&a) || too_long(&b) ? NULL : check_difference(arena, f, &a, &b, false);
                if (what)
                    bug(cx, "%s changed what %s computes (random inputs number %d): %s", pass, f->name, trial, what);
                free(a.printed);
                free(b.printed);
            }
            arena_free(arena);
        }
    }
}

/* Small sizes, where loops do not run, and such as need whole vectors and a rest. */
void check_loops(Compiler *cx, const Module *m, const LModule *loops) {
    Loaded *l = emit_load(loops);
    if (!l) return;
    for (const LFunc *lf = loops->first; lf; lf = lf->next) {
        const Func *f = lf->source;
        if (!f || f == m->main || !check_is_quiet(f) || func_binds_results(f)) continue;
        for (int trial = 0; trial < TRIALS; trial++) {
            Arena *arena = arena_new();
            Tensor *args = NEW_ARRAY(arena, Tensor, f->body->nparams + 1);
            if (check_draw(cx, arena, f, (uint64_t)trial, trial % 2 ? 29 : 0, args)) {
                Outcome a = check_evaluated(arena, f, args);
                if (!is_open(&a)) {
                    Outcome b = check_compiled(arena, l, lf, args, &a);
                    const char *what = check_difference(arena, f, &a, &b, false);
                    if (what)
                        bug(cx, "compiled, %s computes something else (random inputs number %d): %s", f->name, trial,
                            what);
                }
                free(a.printed);
            }
            arena_free(arena);
        }
    }
    loaded_free(l);
}
