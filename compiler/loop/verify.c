/* verify: what must hold in the loop IR.  A mistake is ours, and stops the compiler with the function and the instruction. */
#include "loop/loop.h"

typedef struct {
    const LModule *m;
    const LFunc *f;
    char *known; /* by id: defined, and visible here */
} Verify;

NORETURN static void wrong(const Verify *v, const LInst *in, const char *what) {
    if (in && in->nresults)
        bug(v->m->cx, "loop IR of @%s: %%%d = %s: %s", v->f->name, in->results[0]->id, loop_op_name(in->op), what);
    bug(v->m->cx, "loop IR of @%s: %s: %s", v->f->name, in ? loop_op_name(in->op) : "block", what);
}

static void know(const Verify *v, LValue *const *values, int n, bool known) {
    for (int i = 0; i < n; i++) v->known[values[i]->id] = known;
}

static void check_uses(const Verify *v, const LInst *in, LValue *const *values, int n) {
    for (int i = 0; i < n; i++) {
        if (!values[i]) wrong(v, in, "an argument is missing");
        if (!v->known[values[i]->id]) wrong(v, in, "an argument is not defined here");
    }
}

static bool is_scalar(LType t, DType d) { return t.dtype == d && t.lanes == 1; }

static void check_mask(const Verify *v, const LInst *in, int at, LType value) {
    if (in->nargs <= at) return;
    LType t = in->args[at]->type;
    if (t.dtype != DT_bool || t.lanes != value.lanes) wrong(v, in, "the mask must be a bool for each lane");
}

static void check_apply(const Verify *v, const LInst *in) {
    LType y = in->results[0]->type;
    if (op_class(in->fn) != CLASS_ELEMENTWISE || op_nargs(in->fn) != in->nargs)
        wrong(v, in, "not an operation on elements");
    for (int i = 0; i < in->nargs; i++) {
        if (in->args[i]->type.lanes != y.lanes) wrong(v, in, "lanes differ");
    }
    LType x = in->args[0]->type;
    int first = in->fn == OP_select;
    for (int i = first + 1; i < in->nargs; i++) {
        if (in->args[i]->type.dtype != in->args[first]->type.dtype) wrong(v, in, "dtypes differ");
    }
    if (first && x.dtype != DT_bool) wrong(v, in, "select needs a bool");
    if ((x.dtype == DT_f16 || x.dtype == DT_bf16) && in->fn != OP_convert && in->fn != OP_bitcast) {
        wrong(v, in, "half-width floats are only moved and converted");
    }
    if (in->fn == OP_bitcast && loop_bytes(x) != loop_bytes(y)) wrong(v, in, "bitcast between different widths");
}

static void check_inst(const Verify *v, const LInst *in) {
    int wanted = loop_op_args(in->op);
    if (wanted >= 0 && wanted != in->nargs) wrong(v, in, "wrong number of arguments");
    check_uses(v, in, in->args, in->nargs);
    switch (in->op) {
    case LOOP_apply: check_apply(v, in); break;
    case LOOP_load:
    case LOOP_gather:
        if (in->nargs < 2 || !loop_is_ptr(in->args[0]->type)) wrong(v, in, "needs a ptr and an index");
        check_mask(v, in, 2, in->results[0]->type);
        break;
    case LOOP_store:
    case LOOP_scatter:
        if (in->nargs < 3 || !loop_is_ptr(in->args[1]->type)) wrong(v, in, "needs a value, a ptr and an index");
        check_mask(v, in, 3, in->args[0]->type);
        break;
    case LOOP_if:
        if (!is_scalar(in->args[0]->type, DT_bool)) wrong(v, in, "the condition must be one bool");
        break;
    case LOOP_for:
        if (in->nargs < 2 || in->n < 1) wrong(v, in, "needs bounds and a positive step");
        break;
    case LOOP_call:
        if (in->nargs != in->callee->body->nparams) wrong(v, in, "wrong number of arguments for the callee");
        for (int i = 0; i < in->nargs; i++) {
            if (!loop_same_type(in->args[i]->type, in->callee->body->params[i]->type))
                wrong(v, in, "argument of another type");
        }
        break;
    default: break;
    }
    if (in->op == LOOP_load || in->op == LOOP_store) {
        LType index = in->args[in->op == LOOP_store ? 2 : 1]->type;
        if (!is_scalar(index, DT_i64)) wrong(v, in, "the index must be one i64");
    }
}

static void check_same_types(const Verify *v, const LInst *in, LValue *const *x, LValue *const *y, int n) {
    for (int i = 0; i < n; i++) {
        if (!loop_same_type(x[i]->type, y[i]->type)) wrong(v, in, "what a block is given or gives has another type");
    }
}

static void check_block(const Verify *v, const LBlock *block, const LInst *holder);

static void check_blocks(const Verify *v, const LInst *in) {
    for (int k = 0; k < in->nblocks; k++) check_block(v, in->blocks[k], in);
    const LBlock *last = in->nblocks ? in->blocks[in->nblocks - 1] : NULL;
    if (!last) return;
    if (last->nresults != in->nresults) wrong(v, in, "the block gives another number of results");
    check_same_types(v, in, last->results, in->results, in->nresults);
    if (in->op == LOOP_for) {
        check_same_types(v, in, in->args + 2, last->params + 1, in->nargs - 2);
        check_same_types(v, in, in->args + 2, last->results, in->nargs - 2);
    }
    if (in->op == LOOP_if) check_same_types(v, in, in->blocks[0]->results, last->results, in->nresults);
}

static void check_block(const Verify *v, const LBlock *block, const LInst *holder) {
    know(v, block->params, block->nparams, true);
    const LInst *last = NULL;
    for (const LInst *in = block->first; in; last = in, in = in->next) {
        check_inst(v, in);
        check_blocks(v, in);
        know(v, in->results, in->nresults, true);
    }
    if (last != block->last) wrong(v, holder, "a block whose last instruction is not its last");
    check_uses(v, holder, block->results, block->nresults);
    for (const LInst *in = block->first; in; in = in->next) know(v, in->results, in->nresults, false);
    know(v, block->params, block->nparams, false);
}

void loop_verify(const LModule *m) {
    Arena *a = arena_new();
    for (const LFunc *f = m->first; f; f = f->next) {
        Verify v = { m, f, NEW_ARRAY(a, char, f->nvalues + 1) };
        check_block(&v, f->body, NULL);
    }
    arena_free(a);
}
