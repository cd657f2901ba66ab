/* table: the rules of every operation in one array, and whether each brings what its row calls for. */
#include "ops/rules.h"

const Rules *const op_rules[OP_COUNT] = {
#define OP(name, args, results, class, linear, effect, attrs, meaning) [OP_##name] = &rules_##name,
#include "ops/ops.def"
#undef OP
};

/* What is particular to an operation must be there: a derivative where the row says CURVED, and a meaning. */
const char *ops_table_complaint(void) {
    static char text[120];
    for (int i = 0; i < OP_COUNT; i++) {
        Op op = (Op)i;
        const Rules *r = op_rules[i];
        const char *lacks = NULL;
        bool control = op_class(op) == CLASS_CONTROL || op_class(op) == CLASS_KERNEL;
        bool scalar = op_class(op) == CLASS_ELEMENTWISE && (r->real || r->integer || r->complex);
        if (!control && !scalar && !r->eval) lacks = "a meaning";
        bool linear = op_linear(op) >= LINEAR_ALL && op_linear(op) <= LINEAR_REST;
        if (op_linear(op) == LINEAR_CURVED && !r->jvp) lacks = "a derivative";
        if (linear && !r->transpose) lacks = "a transpose";
        if (op_class(op) != CLASS_ELEMENTWISE && op_class(op) != CLASS_REDUCE && !r->shape) lacks = "a shape rule";
        if (!lacks) continue;
        snprintf(text, sizeof text, "%s lacks %s", op_name(op), lacks);
        return text;
    }
    return NULL;
}
