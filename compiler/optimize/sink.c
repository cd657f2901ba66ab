/* sink: arrays of one number, and counters, stand where they are read.
**
** Shared, they came to stand outside of a loop that reads them; there they would be arrays in memory, read in every round.
** Beside the instruction that reads them they are numbers in registers (fuse.c). */
#include "optimize/optimize.h"

static bool is_formula(const Inst *in) {
    return in->results[0]->type->rank && (in->op == OP_iota || (in->op == OP_constant && in->attrs->data.n == 1));
}

static void sink_inst(Walk *w, const Inst *in) {
    Value **before = NEW_ARRAY(w->b.arena, Value *, in->nargs + 1);
    bool reads = op_class(in->op) == CLASS_ELEMENTWISE && in->results[0]->type->rank;
    w->b.plain = true;
    for (int i = 0; i < in->nargs; i++) before[i] = w->map.at[in->args[i]->id];
    for (int i = 0; i < in->nargs && reads; i++) {
        const Inst *made = in->args[i]->def;
        if (made && made->block != in->block && is_formula(made)) walk_copy(w, made);
    }
    walk_copy(w, in);
    for (int i = 0; i < in->nargs; i++) w->map.at[in->args[i]->id] = before[i];
}

Module *sink_formulas(const Module *m) { return walk_module(m, sink_inst, NULL); }
