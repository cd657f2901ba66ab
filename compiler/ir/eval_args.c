/* eval_args: random arguments, in the spirit of their dtypes. */
#include "ir/internal.h"

static uint64_t next(uint64_t *state) { /* splitmix64 */
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* Mostly between -2 and 2; now and then exactly 0, 1 or -1, or large. */
static double real(uint64_t *state) {
    static const double special[] = { 0, 1, -1, -0.0, 7.5, -30 };
    uint64_t r = next(state);
    if (r % 16 == 0) return special[(r >> 8) % COUNT(special)];
    return (double)(int64_t)(next(state) >> 12) * 0x1p-50 - 2;
}

static void fill(Tensor t, uint64_t *state) {
    DType d = t.type->dtype;
    for (int64_t i = 0; i < t.n; i++) {
        void *p = (char *)t.bytes + i * dtype_bytes(d);
        if (dtype_is_inexact(d))
            element_set_complex(d, p, (double[]){ real(state), real(state) });
        else if (d == DT_bool)
            element_set_int(d, p, (int64_t)(next(state) >> 40 & 1));
        else if (dtype_kind(d) == KIND_UNSIGNED)
            element_set_int(d, p, (int64_t)(next(state) % 8 ? next(state) % 10 : next(state)));
        else
            element_set_int(d, p, (int64_t)(next(state) % 12) - 5);
    }
}

bool eval_random_args(Compiler *cx, Arena *arena, const Func *f, uint64_t seed, Tensor *args) {
    uint64_t state = seed * 0x2545f4914f6cdd1du + 1;
    int64_t *sizes = NEW_ARRAY(arena, int64_t, tables_of(cx)->nvars);
    for (int attempt = 0; attempt < 100; attempt++) {
        bool ok = true;
        for (int i = 0; i < f->sizes.n; i++) sizes[f->sizes.at[i]->id] = (int64_t)(next(&state) % 6);
        for (int i = 0; ok && i < f->body->nparams; i++) {
            const Type *t = f->body->params[i]->type;
            const Dim *dim[MAX_RANK];
            for (int k = 0; ok && k < t->rank; k++) {
                int64_t size;
                ok = dim_eval(t->dim[k], sizes, &size) && size >= 0;
                if (ok) dim[k] = dim_int(cx, size);
            }
            if (!ok) break;
            args[i] = tensor_new(arena, type_of(cx, t->dtype, t->rank, dim));
            fill(args[i], &state);
        }
        if (ok) return true;
    }
    return false;
}
