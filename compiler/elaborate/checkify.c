/* checkify: checks of the program's own, and a function whose checks are values. */
#include "elaborate/transforms.h"
#include "elaborate/texts.h"

/* checkify(fun, kinds, args, kwargs): (failed, where the first failure's text begins, what fun gives) */
Py native_primitives_checkify(Elab *e, Call *c) {
    Traced t;
    Args in;
    Leaves leaves = { 0 };
    int64_t kinds;
    if (!py_static_int(e, c->arg[1], &kinds)) return e->error;
    if (!trace_all(e, &t, c->arg[0], &in, &leaves, c->arg[2], c->arg[3], c->span)) return e->error;
    Func *f = transform_checkify(e->module, t.func, (unsigned)kinds);
    int n = t.nleaves + t.ncaptured;
    Value **given = NEW_ARRAY(e->arena, Value *, t.nleaves + 1), **args = NEW_ARRAY(e->arena, Value *, n + 2);
    for (int i = 0, k = 0; i < leaves.n; i++)
        if (leaves.at[i]->kind == PY_ARRAY) given[k++] = array_value(e, leaves.at[i]);
    Value **all = with_captured(e, &t, given);
    for (int i = 0; i < n; i++) args[i] = all[i];
    args[n] = ir_bool(e->b, false);
    args[n + 1] = ir_fill(e->b, type_scalar(e->cx, DT_u64), 0);
    Inst *call = call_func(e, f, args, n + 2, NULL);
    Py failed = py_array(e, call->results[t.out.n], FLAVOUR_JAX, false);
    Py message = py_array(e, call->results[t.out.n + 1], FLAVOUR_JAX, false);
    return py_tuple(e, 3, (Py[]){ failed, message, rebuilt(e, &t, call->results) });
}

static void check_text(Elab *e, void *holds, Py text) { emit_message(e, OP_check, holds, text); }

Py native_primitives_user_check(Elab *e, Call *c) {
    Value *holds = NULL;
    int known = py_truth(e, c->arg[0], &holds);
    if (known == -2) return e->error;
    if (known >= 0) holds = ir_bool(e->b, known);
    Py text = text_of(e, c->arg[1], 's', "", c->span);
    if (text->kind != PY_ERROR) text_use(e, text, check_text, holds);
    return e->none;
}

/* The text whose characters begin there. */
Py native_primitives_text_at(Elab *e, Call *c) { return text_of_flag(e, array_value(e, c->arg[0])); }
