/* python_int: Python's own integers at run time.  They do not wrap: what 64 bits cannot hold ends the program. */
#include "ops/rules.h"

static const char *shape_python_int(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type, *y = in->args[1]->type;
    if (x != y || x->dtype != DT_i64)
        return arena_text(cx->arena, "%s of %s and %s", op_name(in->op), type_text(cx, x), type_text(cx, y));
    results[0] = x;
    return NULL;
}

static bool power(int64_t x, int64_t n, int64_t *r) {
    int64_t y = 1;
    for (; n > 0; n >>= 1) {
        if ((n & 1) && __builtin_mul_overflow(y, x, &y)) return false;
        if (n > 1 && __builtin_mul_overflow(x, x, &x)) return false;
    }
    *r = y;
    return true;
}

static bool eval_python_int(Eval *ev, const Inst *in, const Tensor *args, Tensor *result) {
    for (int64_t i = 0; i < result->n; i++) {
        int64_t x = tensor_int(&args[0], i), y = tensor_int(&args[1], i), r = 0;
        bool divides = in->op == OP_int_floordiv || in->op == OP_int_mod, fits = true;
        if (divides && y == 0) return eval_fail(ev, "integer division or modulo by zero");
        switch (in->op) {
        case OP_int_add: fits = !__builtin_add_overflow(x, y, &r); break;
        case OP_int_sub: fits = !__builtin_sub_overflow(x, y, &r); break;
        case OP_int_mul: fits = !__builtin_mul_overflow(x, y, &r); break;
        case OP_int_pow:
            if (y < 0) return eval_fail(ev, "a negative power of an integer is not an integer");
            fits = power(x, y, &r);
            break;
        case OP_int_floordiv:
            fits = x != INT64_MIN || y != -1;
            if (fits) r = x / y - (x % y != 0 && (x < 0) != (y < 0));
            break;
        default:
            r = y == -1 ? 0 : x % y;
            if (r && (r < 0) != (y < 0)) r += y;
        }
        if (!fits) return eval_fail(ev, "an integer does not fit into 64 bits");
        element_set_int(DT_i64, tensor_slot(result, i), r);
    }
    return true;
}

const Rules rules_int_add = { .shape = shape_python_int, .eval = eval_python_int, .fold = fold_int_add };
const Rules rules_int_sub = { .shape = shape_python_int, .eval = eval_python_int, .fold = fold_int_sub };
const Rules rules_int_mul = { .shape = shape_python_int, .eval = eval_python_int, .fold = fold_int_mul };
const Rules rules_int_floordiv = { .shape = shape_python_int, .eval = eval_python_int, .fold = fold_int_floordiv };
const Rules rules_int_mod = { .shape = shape_python_int, .eval = eval_python_int, .fold = fold_int_mod };
const Rules rules_int_pow = { .shape = shape_python_int, .eval = eval_python_int };
