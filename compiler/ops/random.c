/* random: threefry2x32, the counter-based generator under jax.random (Salmon et al., 2011). */
#include "ops/rules.h"

static const char *shape_threefry(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type;
    for (int i = 0; i < 4; i++)
        if (in->args[i]->type != x || x->dtype != DT_u32)
            return arena_text(cx->arena, "threefry2x32 of %s", type_text(cx, in->args[i]->type));
    results[0] = results[1] = x;
    return NULL;
}

static uint32_t turned(uint32_t x, int by) { return x << by | x >> (32 - by); }

static bool eval_threefry(Eval *ev, const Inst *in, const Tensor *args, Tensor *results) {
    (void)ev, (void)in;
    static const int turns[2][4] = { { 13, 15, 26, 6 }, { 17, 29, 16, 24 } };
    for (int64_t i = 0; i < results[0].n; i++) {
        uint32_t key[3], x[2];
        for (int k = 0; k < 2; k++) {
            key[k] = (uint32_t)tensor_int(&args[k], i);
            x[k] = (uint32_t)tensor_int(&args[2 + k], i) + key[k];
        }
        key[2] = 0x1bd11bda ^ key[0] ^ key[1];
        for (uint32_t group = 0; group < 5; group++) {
            for (int r = 0; r < 4; r++) {
                x[0] += x[1];
                x[1] = turned(x[1], turns[group % 2][r]) ^ x[0];
            }
            x[0] += key[(group + 1) % 3];
            x[1] += key[(group + 2) % 3] + group + 1;
        }
        element_set_int(DT_u32, tensor_slot(&results[0], i), x[0]);
        element_set_int(DT_u32, tensor_slot(&results[1], i), x[1]);
    }
    return true;
}
const Rules rules_threefry2x32 = { .shape = shape_threefry, .eval = eval_threefry };
