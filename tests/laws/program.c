/* program: a program that checks itself: what its functions compute against what the evaluator says they do.
**
**   program FILE.jxir > checked.jxir
**
** It calls every function of the file, its gradient and its vmap, each on random arguments that the compiler cannot see
** through, and asserts that the results are near.  Sizes are known only at
** run time.  Compile it with any options and run it: it ends with status 0 if compiled code is right. */
#include "lab.h"

#include <string.h>

typedef struct {
    Lab *lab;
    Builder b;
    int cases;
} Writer;

static Value *constant(Writer *w, const Tensor *t) { return ir_constant(&w->b, t->type, t->n, t->bytes); }

/* Behind a barrier nothing is known of a value. */
static Value *hidden(Writer *w, Value *v) { return emit_inst(&w->b, OP_barrier, &v, 1, NULL)->results[0]; }

static void assert_near(Writer *w, const char *name, int result, Value *have, const Tensor *want) {
    Builder *b = &w->b;
    Compiler *cx = w->lab->cx;
    Value *y = constant(w, want), *ok = ir_eq(b, have, y);
    DType d = y->type->dtype;
    if (dtype_is_inexact(d)) { /* near; or both not a number; an infinity is equal */
        double tolerance = dtype_bytes(dtype_real(d)) < 8 ? 1e-4 : 1e-9;
        Value *off = ir_abs(b, ir_sub(b, have, y)), *size = ir_abs(b, y);
        Value *room = ir_mul(b, ir_fill(b, off->type, tolerance), ir_add(b, size, ir_fill(b, off->type, 1)));
        Value *neither = ir_and(b, ir_ne(b, have, have), ir_ne(b, y, y));
        ok = ir_or(b, ok, ir_or(b, neither, ir_le(b, off, room)));
    }
    Ints axes = ints_of(b->arena, 0, NULL);
    int64_t at[MAX_RANK];
    for (int i = 0; i < ok->type->rank; i++) at[i] = i;
    axes = ints_of(b->arena, ok->type->rank, at);
    Value *args[] = { ir_reduce(b, OP_reduce_and, ok, axes.n, axes.at) };
    Attrs attrs = no_attrs;
    attrs.format = name_of(cx, arena_text(b->arena, "result %d of %s is not what the evaluator says", result, name));
    emit_inst(b, OP_assert, args, 1, &attrs);
    w->cases++;
}

static void add_case(Writer *w, const Subject *s) {
    Lab *lab = w->lab;
    Func *f = s->func;
    Arena *arena = arena_new();
    Tensor x[MOST], y[MOST];
    Value *args[MOST];
    const Dim *dims[MOST];
    int n = f->body->nparams;
    for (int i = 0; i < n; i++)
        x[i] = random_tensor(lab, arena, concrete(lab, f, f->body->params[i]->type), s->range[i]);
    if (!run(lab, arena, f, x, y, "value")) goto done;
    DimMap map = { 0 };
    for (int i = 0; i < f->sizes.n; i++) {
        int64_t size = 0;
        dim_is_int(size_number(lab, i), &size);
        dims[i] = ir_bind_size(&w->b, hidden(w, ir_i64(&w->b, size)), f->sizes.at[i]->name);
        dim_map_add(lab->cx, &map, f->sizes.at[i], dims[i]);
    }
    for (int i = 0; i < n; i++)
        args[i] = ir_retype(&w->b, hidden(w, constant(w, &x[i])), type_subst(lab->cx, f->body->params[i]->type, &map),
                            "an argument");
    const Inst *call = transform_call(&w->b, f, args, n, (Dims){ f->sizes.n, dims }, NULL);
    for (int i = 0; i < f->body->nresults; i++)
        assert_near(w, f->name, i, ir_retype(&w->b, call->results[i], y[i].type, "a result"), &y[i]);
done:
    arena_free(arena);
}

static void add_cases(Writer *w, const Subject *s, int order) {
    Subject made;
    if (func_binds_results(s->func) || is_shard(s->func)) return;
    add_case(w, s);
    if (order == 0) return;
    if (gradient_of(w->lab, s, &made)) add_cases(w, &made, order - 1);
    if (vmap_of(w->lab, s, &made)) add_cases(w, &made, order - 1);
}

int main(int argc, char **argv) {
    Lab lab = { .cx = compiler_new(), .nowhere = fopen("/dev/null", "w"), .size = 3, .seed = 7 };
    const char *text;
    Module *m = argc == 2 ? lab_read(&lab, argv[1], &text) : NULL;
    if (!m) return 2;
    Func *last = m->last, *main_func = func_new(m, "main");
    Writer w = { .lab = &lab, .b = builder_new(main_func) };
    for (Func *f = m->first;; f = f->next) {
        Subject s = lab_subject(text, f);
        lab.nsizes = f->sizes.n;
        add_cases(&w, &s, s.order < 1 ? s.order : 1);
        if (f == last) break;
    }
    block_return(&w.b, NULL, 0);
    m->main = main_func;
    if (diag_flush(lab.cx)) lab.failures++;
    verify_module(m);
    Module *reached = module_copy(m);
    print_module(stdout, reached);
    module_free(reached);
    module_free(m);
    fclose(lab.nowhere);
    fprintf(stderr, "%d results\n", w.cases);
    compiler_free(lab.cx);
    return lab.failures > 0 || w.cases == 0;
}
