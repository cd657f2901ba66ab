/* primitives_number: the functions of `math`, on Python's numbers: known ones as the C library has them. */
#include "elaborate/primitives.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    double (*known)(double);
    int op; /* at run time; -1: none of its own */
} one[] = {
    { "sqrt", sqrt, OP_sqrt },    { "cbrt", cbrt, OP_cbrt },    { "exp", exp, OP_exp },
    { "exp2", exp2, OP_exp2 },    { "expm1", expm1, OP_expm1 }, { "log", log, OP_log },
    { "log2", log2, OP_log2 },    { "log10", log10, -1 },       { "log1p", log1p, OP_log1p },
    { "sin", sin, OP_sin },       { "cos", cos, OP_cos },       { "tan", tan, OP_tan },
    { "asin", asin, OP_asin },    { "acos", acos, OP_acos },    { "atan", atan, OP_atan },
    { "sinh", sinh, OP_sinh },    { "cosh", cosh, OP_cosh },    { "tanh", tanh, OP_tanh },
    { "asinh", asinh, OP_asinh }, { "acosh", acosh, OP_acosh }, { "atanh", atanh, OP_atanh },
    { "erf", erf, OP_erf },       { "erfc", erfc, OP_erfc },    { "lgamma", lgamma, OP_lgamma },
    { "gamma", tgamma, -1 },      { "floor", floor, OP_floor }, { "ceil", ceil, OP_ceil },
};

static const struct {
    const char *name;
    double (*known)(double, double);
    int op;
} two[] = {
    { "atan2", atan2, OP_atan2 },
    { "fmod", fmod, OP_rem },
    { "hypot", hypot, -1 },
    { "copysign", copysign, OP_copysign },
};

static Value *run_time_one(Elab *e, const char *name, int op, Value *x) {
    Builder *b = e->b;
    if (op >= 0) return ir_unary(b, (Op)op, x);
    if (strcmp(name, "log10") == 0) return ir_div(b, ir_log(b, x), ir_fill(b, x->type, log(10)));
    return ir_exp(b, ir_lgamma(b, x)); /* gamma, where x is positive */
}

static Value *run_time_two(Elab *e, int op, Value *x, Value *y) {
    Builder *b = e->b;
    if (op >= 0) return ir_binary(b, (Op)op, x, y);
    return ir_sqrt(b, ir_add(b, ir_mul(b, x, x), ir_mul(b, y, y))); /* hypot */
}

Py native_primitives_number_function(Elab *e, Call *c) {
    const char *name;
    const Contents *xs = contents_of(e, c->arg[1]);
    if (!py_static_text(c->arg[0], &name)) return e->error;
    double known[2];
    Py x[2];
    bool all = true;
    for (int i = 0; i < xs->n && i < 2; i++) {
        x[i] = call_values(e, py_native(e, "builtins", "float"), 1, &xs->at[i], c->span);
        if (x[i]->kind == PY_ERROR) return x[i];
        if (x[i]->kind == PY_FLOAT)
            known[i] = x[i]->number;
        else
            all = false;
    }
    for (int i = 0; xs->n == 1 && i < COUNT(one); i++) {
        if (strcmp(one[i].name, name) != 0) continue;
        if ((strcmp(name, "floor") == 0 || strcmp(name, "ceil") == 0) && py_is_int(xs->at[0])) return xs->at[0];
        if (!all)
            return py_scalar(e, NUMBER_FLOAT, run_time_one(e, name, one[i].op, scalar_value(e, x[0], NUMBER_FLOAT)));
        double r = one[i].known(known[0]);
        if (isnan(r) && !isnan(known[0])) return fail(e, c->span, "math domain error: %s(%g)", name, known[0]);
        if (isinf(r) && !isinf(known[0]))
            return fail(e, c->span,
                        strncmp(name, "log", 3) == 0 || strcmp(name, "atanh") == 0 ? "math domain error: %s(%g)"
                                                                                   : "math range error: %s(%g)",
                        name, known[0]);
        return py_float(e, r);
    }
    for (int i = 0; xs->n == 2 && i < COUNT(two); i++) {
        if (strcmp(two[i].name, name) != 0) continue;
        if (all) return py_float(e, two[i].known(known[0], known[1]));
        Value *v = scalar_value(e, x[0], NUMBER_FLOAT), *w = scalar_value(e, x[1], NUMBER_FLOAT);
        return py_scalar(e, NUMBER_FLOAT, run_time_two(e, two[i].op, v, w));
    }
    return fail(e, c->span, "there is no function %s of numbers", name);
}

/* From now on arrays are printed so; returns how they were. */
Py native_primitives_print_arrays(Elab *e, Call *c) {
    Py before = place_get(e, e->print_options);
    place_set(e, e->print_options, c->arg[0], c->span);
    return before;
}

/* functools.wraps: the wrapper goes by the name of what it wraps. */
static Py call_inner(Elab *e, Py self, const Args *args) { return call(e, self->closure.data, args); }
Py native_primitives_named_like(Elab *e, Call *c) {
    return py_closure(e, "function", call_inner, c->arg[0], c->arg[1]);
}

Py native_primitives_builtin(Elab *e, Call *c) {
    const char *name;
    Py f = py_static_text(c->arg[0], &name) ? py_native(e, "builtins", name) : NULL;
    return f ? f : fail(e, c->span, "there is no such built-in function");
}
