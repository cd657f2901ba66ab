/* laws: what must hold of every operation, on random arguments, with no expected numbers.
**
**   laws FILE.jxir...     every function of every file is put through all laws
**   laws --every FILE...  only sees whether every operation of the table stands in some file
**
** A function f obeys when
**   its text is read back as the same text;
**   its jvp is the limit of differences, and its values are those of f;
**   its linearization gives the values and the tangents of its jvp;
**   its transpose t of that has <ct, J v> = <t ct, v>;
**   its vmap is a loop over the lanes, whichever arguments have them;
**   its pmap is a vmap over a named axis;
** and when its gradient and its vmap do, and theirs: so vmap(grad), grad(vmap), jvp(grad) and grad(grad) are seen too.
**
** Lines before a function say where its arguments come from: `// 0: 0.1 .. 2` is argument 0.  A line `// order: 1` ends the
** compositions sooner. */
#include "lab.h"

#include <math.h>
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
                return complain(lab, f, law, "element %lld is %.17g, not %.17g", (long long)i, x[k], y[k]);
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

/* Four points, so that the error is of the fourth power of the step. */
static bool law_differences(Lab *lab, Arena *arena, const Subject *s, const Tensor *x, const Tensor *v, Tensor *dy) {
    static const double step[] = { 1, -1, 2, -2 }, weight[] = { 8, -8, -1, 1 };
    Func *f = s->func;
    double h = 5e-4;
    Tensor at[MOST], y[4][MOST];
    for (int k = 0; k < 4; k++) {
        for (int i = 0; i < f->body->nparams; i++)
            at[i] = type_has_tangent(x[i].type) ? moved(arena, &x[i], &v[i], h * step[k]) : x[i];
        if (!run(lab, arena, f, at, y[k], "value")) return false;
    }
    for (int i = 0; i < f->body->nresults; i++) {
        if (!type_has_tangent(y[0][i].type)) continue;
        Tensor sum = tensor_new(arena, y[0][i].type);
        for (int k = 0; k < 4; k++) sum = moved(arena, &sum, &y[k][i], weight[k] / (12 * h));
        if (!near(lab, f, "jvp against differences", &dy[i], &sum, 2e-7)) return false;
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
    ok = ok && (!all_double || law_differences(lab, arena, s, x, v, dy));

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
    for (int i = 0; ok && i < nresults; i++) ok = near(lab, f, "value of the forward part", &results[i], &y[i], 1e-13);
    if (!ok) goto done;
    for (int i = 0; i < l.nresiduals; i++) residuals[i] = results[nresults + i];
    for (int i = 0; i < nv; i++) residuals[l.nresiduals + i] = args[n + i];
    ok = run(lab, arena, l.linear, residuals, results, "linear");
    double left = 0, right = 0, scale = 1;
    for (int i = 0, k = 0; ok && i < nresults; i++) {
        if (!l.active_out[i]) continue;
        ok = near(lab, f, "linear part against jvp", &results[k++], &dy[i], 1e-10);
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
    if (ok && !(fabs(left - right) <= (all_double ? 1e-9 : 1e-2) * scale))
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
    if (gradient_of(lab, s, &made)) check(lab, &made);
    if (vmap_of(lab, s, &made)) check(lab, &made);
}

static void see_ops(const Block *b, bool *seen) {
    for (const Inst *in = b->first; in; in = in->next) {
        seen[in->op] = true;
        for (int r = 0; r < in->nregions; r++) see_ops(in->regions[r], seen);
    }
}

static void check_file(Lab *lab, const char *path, bool *seen, bool only_see) {
    const char *text;
    Module *m = lab_read(lab, path, &text);
    if (!m) return;
    law_text(lab);
    const Func *last = m->last;
    for (Func *f = m->first; f; f = f->next) {
        see_ops(f->body, seen);
        if (only_see) continue;
        static const int64_t sizes[] = { 3, 1, 0 };
        for (int i = 0; i < (f->sizes.n ? COUNT(sizes) : 1); i++) {
            Subject s = lab_subject(text, f);
            lab->size = sizes[i];
            lab->nsizes = f->sizes.n;
            if (i > 0 && s.order > 1) s.order = 1;
            lab->seed = (uint64_t)(i + 1) * 1000003;
            check(lab, &s);
        }
        if (f == last) break;
    }
    if (diag_flush(lab->cx)) lab->failures++;
    verify_module(m);
    law_text(lab);
    module_free(m);
}

int main(int argc, char **argv) {
    bool seen[OP_COUNT] = { false }, every = argc > 1 && !strcmp(argv[1], "--every");
    Lab lab = { .cx = compiler_new(), .nowhere = fopen("/dev/null", "w") };
    for (int i = 1 + every; i < argc; i++) check_file(&lab, argv[i], seen, every);
    static const Op outside[] = {
        OP_load,         OP_save,          OP_flag,
        OP_plot,         OP_world,         OP_world_info, /* the world outside */
        OP_kernel,       OP_shard_range,   OP_shard_gather,
        OP_shard_reduce, OP_shard_permute, OP_shard_exchange /* made by passes */
    };
    for (int i = 0; i < COUNT(outside); i++) seen[outside[i]] = true;
    for (int op = 0; every && op < OP_COUNT; op++)
        if (!seen[op]) lab.failures++, printf("no law is tested on %s\n", op_name((Op)op));
    printf("%d checks, %d failures\n", lab.checks, lab.failures);
    if (lab.nowhere) fclose(lab.nowhere);
    compiler_free(lab.cx);
    return lab.failures > 0;
}
