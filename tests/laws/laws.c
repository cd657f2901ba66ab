/* laws: what must hold of every operation and every form of control, on random arguments, with no expected numbers.
**
**   laws FILE.jxir...     every function of every file is put through all laws
**   laws --every FILE...  only sees whether every operation of the table stands in some file
**
** A function f obeys when
**   text          it is read back as the same text;
**   jvp           its values are those of f, its tangents the limit of differences, to 1e-11;
**   linearize     it gives the values of f and the tangents of the jvp, to 1e-11;
**   transpose     t of that has <ct, J v> = <t ct, v>, to 1e-11: the two modes agree;
**   vmap          is a loop over the lanes, whichever arguments have them, their number known or not;
**   pmap          is a vmap over a named axis;
**   float32       gives what float64 gives, to 1e-4;
** and when its jvp, its vjp and its vmap do, and theirs, which is every composition of two, and of three:
**
**                 jvp of it                vjp of it                vmap of it
**   jvp f         forward over forward     reverse over forward     vmap of jvp
**   vjp f         forward over reverse     reverse over reverse     vmap of grad
**   vmap f        jvp of vmap              grad of vmap             vmap of vmap
**
** Lines before a function say where its arguments come from: `// 0: 0.1 .. 2` is argument 0.  A line `// order: 1` ends the
** compositions sooner, `// to: 1e-9` forgives what is ill-conditioned, `// to: 1e-11 in float64` says nothing of float32. */
#include "lab.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* a + s b */
static Tensor moved(Arena *arena, const Tensor *a, const Tensor *b, double s) {
    Tensor t = tensor_new(arena, a->type);
    for (int64_t i = 0; i < t.n; i++) {
        double x[2], y[2];
        element(a, i, x);
        element(b, i, y);
        element_set_complex(t.type->dtype, (char *)t.bytes + i * dtype_bytes(t.type->dtype),
                            (double[]){ x[0] + s * y[0], x[1] + s * y[1] });
    }
    return t;
}

/* Of the largest element, at least 1. */
static double size_of(const Tensor *t) {
    double largest = 1;
    for (int64_t i = 0; i < t->n; i++) {
        double z[2];
        element(t, i, z);
        if (isfinite(z[0]) && isfinite(z[1])) largest = fmax(largest, fmax(fabs(z[0]), fabs(z[1])));
    }
    return largest;
}

static double pairing(const Tensor *a, const Tensor *b) { /* the real part of the sum of a b */
    double sum = 0;
    for (int64_t i = 0; i < a->n; i++) {
        double x[2], y[2];
        element(a, i, x);
        element(b, i, y);
        sum += x[0] * y[0] - x[1] * y[1];
    }
    return sum;
}

static Tensor lane_of(Lab *lab, Arena *arena, const Tensor *t, int lane) {
    Tensor one = tensor_new(arena, type_without_lead(lab->cx, t->type));
    size_t bytes = (size_t)one.n * (size_t)dtype_bytes(t->type->dtype);
    if (bytes) memcpy(one.bytes, (const char *)t->bytes + (size_t)lane * bytes, bytes);
    return one;
}

static bool near(Lab *lab, const Func *f, const char *law, const Tensor *have, const Tensor *want, double tolerance) {
    lab->checks++;
    if (have->type != want->type)
        return complain(lab, f, law, "%s, not %s", type_text(lab->cx, have->type), type_text(lab->cx, want->type));
    double largest = 1;
    for (int64_t i = 0; i < want->n; i++) {
        double y[2];
        element(want, i, y);
        if (isfinite(y[0]) && isfinite(y[1])) largest = fmax(largest, fmax(fabs(y[0]), fabs(y[1])));
    }
    for (int64_t i = 0; i < want->n; i++) {
        double x[2], y[2];
        element(have, i, x);
        element(want, i, y);
        for (int k = 0; k < 2; k++)
            if (!(fabs(x[k] - y[k]) <= tolerance * largest) && !(x[k] == y[k]) && !(isnan(x[k]) && isnan(y[k])))
                return law && complain(lab, f, law, "element %lld is %.17g, not %.17g", (long long)i, x[k], y[k]);
    }
    return true;
}

/* the laws */

static void law_text(Lab *lab) {
    Arena *arena = arena_new();
    const char *text = module_text(arena, lab->m);
    Module *again = read_module(lab->cx, add_source(lab->cx, "printed", text, (int)strlen(text), false));
    lab->checks++;
    if (!again) {
        diag_flush(lab->cx);
        complain(lab, lab->m->first, "text", "is not read back:\n%s", text);
    } else if (strcmp(text, module_text(arena, again)))
        complain(lab, lab->m->first, "text", "is read back as another");
    module_free(again);
    arena_free(arena);
}

/* Eight points: the error is of the eighth power of the step, so that one of a few steps shows eleven digits unless there
** are none.  A tangent that is wrong agrees with no step. */
static bool law_differences(Lab *lab, Arena *arena, const Subject *s, const Tensor *x, const Tensor *v, const Tensor *y,
                            const Tensor *dy) {
    static const double weight[] = { 4. / 5, -1. / 5, 4. / 105, -1. / 280 },
                        step[] = { 0x1p-8, 0x1p-10, 0x1p-6, 0x1p-12 };
    Func *f = s->func;
    bool agrees[MOST] = { false };
    Tensor at[MOST], z[MOST], sum[MOST];
    for (int t = 0; t < COUNT(step); t++) {
        for (int i = 0; i < f->body->nresults; i++) sum[i] = tensor_new(arena, y[i].type);
        for (int k = -4; k <= 4; k++) {
            if (k == 0) continue;
            for (int i = 0; i < f->body->nparams; i++)
                at[i] = type_has_tangent(x[i].type) ? moved(arena, &x[i], &v[i], k * step[t]) : x[i];
            if (!run(lab, arena, f, at, z, "value")) return false;
            for (int i = 0; i < f->body->nresults; i++)
                if (type_has_tangent(y[i].type))
                    sum[i] = moved(arena, &sum[i], &z[i], (k < 0 ? -1 : 1) * weight[abs(k) - 1] / step[t]);
        }
        bool all = true;
        for (int i = 0; i < f->body->nresults; i++) {
            if (!type_has_tangent(y[i].type) || agrees[i]) continue;
            bool last = t == COUNT(step) - 1;
            agrees[i] = near(lab, f, last ? "jvp against differences" : NULL, &dy[i], &sum[i], s->to * size_of(&y[i]));
            if (last && !agrees[i]) return false;
            all &= agrees[i];
        }
        if (all) break;
    }
    return true;
}

static bool law_derivative(Lab *lab, const Subject *s) {
    Func *f = s->func;
    Arena *arena = arena_new();
    int n = f->body->nparams, nresults = f->body->nresults, nv = 0, nct = 0;
    bool active[MOST], active_out[MOST], any = false, all_double = true, ok = true;
    Tensor x[MOST], v[MOST], args[MOST], y[MOST], dy[MOST], results[MOST], ct[MOST];
    for (int i = 0; i < n; i++) {
        const Type *type = concrete(lab, f, f->body->params[i]->type);
        active[i] = type_has_tangent(type);
        any |= active[i];
        x[i] = args[i] = random_tensor(lab, arena, type, s->range[i]);
        if (active[i]) v[i] = args[n + nv++] = random_tensor(lab, arena, type, (Range){ -1, 1 });
        if (active[i]) all_double &= type->dtype == DT_f64 || type->dtype == DT_c128;
    }
    ok = run(lab, arena, f, x, y, "value");
    if (!ok || !any) goto done;
    Func *jvp = transform_jvp(lab->m, f, active, active_out);
    ok = run(lab, arena, jvp, args, results, "jvp");
    for (int i = 0, k = nresults; ok && i < nresults; i++) {
        ok = near(lab, f, "value of the jvp", &results[i], &y[i], 0);
        if (active_out[i])
            dy[i] = results[k++];
        else
            dy[i] = tensor_new(arena, y[i].type);
    }
    ok = ok && (!all_double || law_differences(lab, arena, s, x, v, y, dy));

    Linearized l = { 0 };
    Tensor residuals[MOST];
    if (ok) {
        l = transform_linearize(lab->m, f, active);
        if (nresults + l.nresiduals > MOST || l.nresiduals + nv > MOST) {
            ok = complain(lab, f, "linearize", "%d residuals are more than this test can hold", l.nresiduals);
            goto done;
        }
        ok = run(lab, arena, l.forward, x, results, "forward");
    }
    for (int i = 0; ok && i < nresults; i++)
        ok = near(lab, f, "value of the forward part", &results[i], &y[i], all_double ? 1e-13 : 1e-5);
    if (!ok) goto done;
    for (int i = 0; i < l.nresiduals; i++) residuals[i] = results[nresults + i];
    for (int i = 0; i < nv; i++) residuals[l.nresiduals + i] = args[n + i];
    ok = run(lab, arena, l.linear, residuals, results, "linear");
    double left = 0, right = 0, scale = 1;
    for (int i = 0, k = 0; ok && i < nresults; i++) {
        if (!l.active_out[i]) continue;
        ok = near(lab, f, "linear part against jvp", &results[k++], &dy[i], all_double ? s->to : 1e-4);
        ct[nct] = random_tensor(lab, arena, dy[i].type, (Range){ -1, 1 });
        left += pairing(&ct[nct], &dy[i]);
        scale += sqrt(fabs(pairing(&dy[i], &dy[i])));
        nct++;
    }
    if (!ok || !nct) goto done;
    Func *transposed = transform_transpose(lab->m, l.linear, l.nresiduals);
    for (int i = 0; i < nct; i++) residuals[l.nresiduals + i] = ct[i];
    ok = run(lab, arena, transposed, residuals, results, "transpose");
    for (int i = 0; ok && i < nv; i++) {
        right += pairing(&results[i], &args[n + i]);
        scale += sqrt(fabs(pairing(&results[i], &results[i])));
    }
    lab->checks++;
    if (ok && !(fabs(left - right) <= (all_double ? s->to : 1e-4) * scale))
        ok = complain(lab, f, "transpose against jvp", "<ct, J v> is %.17g and <J' ct, v> is %.17g", left, right);
done:
    arena_free(arena);
    return ok;
}

/* Every way to give lanes to some arguments; the number of lanes known or not. */
static bool law_vmap(Lab *lab, const Subject *s, unsigned mask) {
    Func *f = s->func;
    Arena *arena = arena_new();
    int n = f->body->nparams, nresults = f->body->nresults;
    bool batched[MOST], out[MOST], ok = true;
    Tensor x[MOST], y[MOST], one[MOST], want[MOST];
    const Dim *lanes = dim_int(lab->cx, LANES);
    if (mask % 2) lanes = dim_var(lab->cx, size_var(lab->cx, "lanes", (Span){ 0 }));
    for (int i = 0; i < n; i++) {
        const Type *type = concrete(lab, f, f->body->params[i]->type);
        batched[i] = mask >> i & 1;
        x[i] = random_tensor(lab, arena, batched[i] ? type_with_lead(lab->cx, type, dim_int(lab->cx, LANES)) : type,
                             s->range[i]);
    }
    for (int lane = 0; ok && lane < LANES; lane++) { /* what traps in some lane is no business of this law */
        for (int i = 0; i < n; i++) one[i] = batched[i] ? lane_of(lab, arena, &x[i], lane) : x[i];
        if (!run(lab, arena, f, one, want, NULL)) goto done;
    }
    Func *all = transform_vmap(lab->m, f, batched, lanes, false, out);
    ok = run(lab, arena, all, x, y, "vmap");
    for (int lane = 0; ok && lane < LANES; lane++) {
        for (int i = 0; i < n; i++) one[i] = batched[i] ? lane_of(lab, arena, &x[i], lane) : x[i];
        ok = run(lab, arena, f, one, want, "value");
        for (int i = 0; ok && i < nresults; i++) {
            Tensor have = out[i] ? lane_of(lab, arena, &y[i], lane) : y[i];
            ok = near(lab, f, "vmap against a loop", &have, &want[i], want[i].type->dtype == DT_f32 ? 1e-5 : 1e-12);
        }
    }
done:
    arena_free(arena);
    return ok;
}

/* A pmap of the parameters is what vmap over an axis of that name makes of its function. */
static void law_shards(Lab *lab, const Subject *s) {
    Func *f = s->func;
    const Inst *in = f->body->first;
    if (!in || in->op != OP_pmap || in->next || in->nargs != f->body->nparams) return;
    Arena *arena = arena_new();
    bool batched[MOST], out[MOST];
    Tensor x[MOST], y[MOST], z[MOST];
    for (int i = 0; i < in->nargs; i++) {
        if (in->args[i] != f->body->params[i]) goto done;
        batched[i] = in->attrs->mapped.at[i];
        x[i] = random_tensor(lab, arena, concrete(lab, f, f->body->params[i]->type), s->range[i]);
    }
    Func *lanes = transform_vmap_named(lab->m, in->attrs->callee, batched, in->attrs->dim, in->attrs->name, true, out);
    if (!run(lab, arena, f, x, y, "pmap") || !run(lab, arena, lanes, x, z, "vmap")) goto done;
    for (int i = 0; i < f->body->nresults; i++)
        near(lab, f, "pmap against vmap", &y[i], &z[f->body->results[i]->index], 1e-13);
done:
    arena_free(arena);
}

static void check(Lab *lab, const Subject *s) {
    int n = s->func->body->nparams;
    int failures = lab->failures;
    if (is_shard(s->func)) return;
    if (func_binds_results(s->func)) return; /* its results would differ in shape between lanes and between steps */
    law_derivative(lab, s);
    law_shards(lab, s);
    if (n <= 3)
        for (unsigned mask = 1; mask < 1u << n; mask++) law_vmap(lab, s, mask);
    else
        for (int i = 0; i <= n; i++) law_vmap(lab, s, i < n ? 1u << i : (1u << n) - 1);
    if (s->order == 0 || lab->failures > failures) return;
    Subject made;
    if (jvp_of(lab, s, &made)) check(lab, &made);
    if (gradient_of(lab, s, &made)) check(lab, &made);
    if (vmap_of(lab, s, &made)) check(lab, &made);
}

/* In float32 as in float64, to four digits: the module read again with other dtypes, and what is made of it alike. */

static Tensor narrowed(Lab *lab, Arena *arena, const Tensor *x) {
    DType to = x->type->dtype == DT_f64 ? DT_f32 : x->type->dtype == DT_c128 ? DT_c64 : x->type->dtype;
    Tensor t = tensor_new(arena, type_with_dtype(lab->cx, x->type, to));
    int bytes = dtype_bytes(to);
    for (int64_t i = 0; i < x->n; i++) {
        double z[2];
        const char *from = (const char *)x->bytes + i * dtype_bytes(x->type->dtype);
        if (dtype_is_inexact(to)) {
            element_complex(x->type->dtype, from, z);
            element_set_complex(to, (char *)t.bytes + i * bytes, z);
            element_complex(to, (char *)t.bytes + i * bytes, z); /* both begin with the same numbers */
            element_set_complex(x->type->dtype, (char *)x->bytes + i * dtype_bytes(x->type->dtype), z);
        } else {
            memcpy((char *)t.bytes + i * bytes, from, (size_t)bytes);
        }
    }
    return t;
}

static void check_single(Lab *lab, Lab *single, const Subject *s, const Subject *t) {
    const Func *f = s->func, *g = t->func;
    Arena *arena = arena_new();
    Tensor x[MOST], z[MOST], y[MOST], have[MOST];
    bool ok = f->body->nresults == g->body->nresults;
    for (int i = 0; i < f->body->nparams; i++) {
        x[i] = random_tensor(lab, arena, concrete(lab, f, f->body->params[i]->type), s->range[i]);
        z[i] = narrowed(lab, arena, &x[i]);
    }
    if (!ok) complain(lab, f, "float32", "%d results, not %d", g->body->nresults, f->body->nresults);
    ok = ok && run(lab, arena, s->func, x, y, NULL) && run(single, arena, t->func, z, have, "float32");
    for (int i = 0; ok && i < f->body->nresults; i++) {
        Tensor want = narrowed(lab, arena, &y[i]);
        ok = near(lab, f, "float32 against float64", &have[i], &want, 1e-4);
    }
    arena_free(arena);
    Subject a, b;
    if (s->order == 0 || !ok) return;
    if (jvp_of(lab, s, &a) && jvp_of(single, t, &b)) check_single(lab, single, &a, &b);
    if (gradient_of(lab, s, &a) && gradient_of(single, t, &b)) check_single(lab, single, &a, &b);
    if (vmap_of(lab, s, &a) && vmap_of(single, t, &b)) check_single(lab, single, &a, &b);
}

/* The text with 64 bits become 32: f64 is f32, and c128 c64. */
static char *in_single(Arena *arena, const char *text) {
    Text t = text_new(arena);
    for (const char *at = text; *at;) {
        bool real = !strncmp(at, "f64", 3), complex = !strncmp(at, "c128", 4);
        if (real || complex)
            text_add(&t, real ? "f32" : "c64");
        else
            text_add(&t, "%c", *at);
        at += real ? 3 : complex ? 4 : 1;
    }
    return t.at;
}

static void check_in_single(Lab *lab, const char *path, const char *text, const Func *f) {
    Subject s = lab_subject(text, module_find(lab->m, f->name)), t = s;
    if (s.no_single || func_binds_results(f) || !strncmp(text, "// float64 only", 15)) return;
    Lab single = *lab;
    char *other = in_single(lab->cx->arena, text);
    single.failures = single.checks = 0;
    single.m = read_module(lab->cx, add_source(lab->cx, path, other, (int)strlen(other), false));
    if (!single.m) {
        diag_flush(lab->cx);
        lab->failures++;
        return;
    }
    t.func = module_find(single.m, f->name);
    lab->size = single.size = 3;
    lab->nsizes = single.nsizes = f->sizes.n;
    lab->seed = 77;
    check_single(lab, &single, &s, &t);
    lab->failures += single.failures;
    module_free(single.m);
}

static void see_ops(const Block *b, bool *seen) {
    for (const Inst *in = b->first; in; in = in->next) {
        seen[in->op] = true;
        for (int r = 0; r < in->nregions; r++) see_ops(in->regions[r], seen);
    }
}

/* The function of that number, in a module of its own that holds what is made of it; false where there is none. */
static bool check_func(Lab *lab, const char *path, int number, bool *seen, bool only_see) {
    static const int64_t sizes[] = { 3, 1, 0 };
    const char *text;
    Module *m = lab_read(lab, path, &text);
    Func *f = m ? m->first : NULL;
    for (int i = 0; f && i < number; i++) f = f->next;
    if (f) see_ops(f->body, seen);
    if (f && !only_see) {
        if (number == 0) law_text(lab);
        for (int i = 0; i < (f->sizes.n ? COUNT(sizes) : 1); i++) {
            Subject s = lab_subject(text, f);
            lab->size = sizes[i];
            lab->nsizes = f->sizes.n;
            if (i > 0 && s.order > 1) s.order = 1;
            lab->seed = (uint64_t)(i + 1) * 1000003;
            check(lab, &s);
        }
        check_in_single(lab, path, text, f);
        verify_module(m);
        law_text(lab);
    }
    if (diag_flush(lab->cx)) lab->failures++;
    if (m) module_free(m);
    return f != NULL;
}

static void check_file(Lab *lab, const char *path, bool *seen, bool only_see) {
    for (int i = 0; check_func(lab, path, i, seen, only_see);) i++;
}

int main(int argc, char **argv) {
    bool seen[OP_COUNT] = { false }, every = argc > 1 && !strcmp(argv[1], "--every");
    Lab lab = { .cx = compiler_new(), .nowhere = fopen("/dev/null", "w") };
    for (int i = 1 + every; i < argc; i++) check_file(&lab, argv[i], seen, every);
    static const Op outside[] = {
        OP_load,        OP_save,           OP_flag,           OP_plot,           OP_world,
        OP_world_info,  OP_argument,       OP_argument_count, OP_environment,    OP_text_ask,
        OP_text_number, OP_exit,           OP_check,          OP_text_make,      OP_progress_new,
        OP_progress,    OP_progress_count, /* the world outside */
        OP_kernel,      OP_shard_range,    OP_shard_gather,   OP_shard_all,      OP_shard_begin,
        OP_shard_end,   OP_shard_scatter,  OP_shard_permute,  OP_shard_exchange, OP_shard_take,
        OP_load_open,   OP_load_parts /* made by passes */
    };
    for (int i = 0; i < COUNT(outside); i++) seen[outside[i]] = true;
    for (int op = 0; every && op < OP_COUNT; op++)
        if (!seen[op]) lab.failures++, printf("no law is tested on %s\n", op_name((Op)op));
    printf("%d checks, %d failures\n", lab.checks, lab.failures);
    if (lab.nowhere) fclose(lab.nowhere);
    compiler_free(lab.cx);
    return lab.failures > 0;
}
