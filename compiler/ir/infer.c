/* infer: the types of an instruction's results, or what is wrong with it.
**
** Elementwise operations, reductions and scans are alike within their class; the others bring a rule of their own. */
#include "ir/internal.h"

static const char *types_of_args(Compiler *cx, const Inst *in) {
    Text t = text_new(cx->arena);
    for (int i = 0; i < in->nargs; i++)
        text_add(&t, "%s%s", i == 0 ? "" : i == in->nargs - 1 ? " and " : ", ", type_text(cx, in->args[i]->type));
    return t.at;
}

static bool defined_on(const Rules *r, DType d) {
    switch (dtype_kind(d)) {
    case KIND_FLOAT: return r->real != NULL;
    case KIND_COMPLEX: return r->complex != NULL;
    default: return r->integer != NULL;
    }
}

static const char *elementwise(Compiler *cx, const Inst *in, const Type **results) {
    const Type *type = in->args[0]->type;
    for (int i = 1; i < in->nargs; i++)
        if (in->args[i]->type != type)
            return arena_text(cx->arena, "%s of %s: the types differ", op_name(in->op), types_of_args(cx, in));
    if (!defined_on(op_rules[in->op], type->dtype))
        return arena_text(cx->arena, "%s is not defined on %s", op_name(in->op), dtype_name(type->dtype));
    for (int i = 0; i < in->nresults; i++) results[i] = type;
    return NULL;
}

static const char *check_axes(Compiler *cx, const Inst *in, Ints axes, int rank) {
    for (int i = 0; i < axes.n; i++) {
        if (axes.at[i] < 0 || axes.at[i] >= rank)
            return arena_text(cx->arena, "%s has no axis %lld", types_of_args(cx, in), (long long)axes.at[i]);
        for (int k = 0; k < i; k++)
            if (axes.at[k] == axes.at[i])
                return arena_text(cx->arena, "axis %lld is named twice", (long long)axes.at[i]);
    }
    return NULL;
}

static const char *reduce(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type;
    Ints axes = in->attrs->axes;
    if (!op_has_attr(in->op, ATTR_INDEX_axes)) axes = (Ints){ 1, &in->attrs->axis };
    const char *wrong = check_axes(cx, in, axes, x->rank);
    if (wrong) return wrong;
    for (int i = 1; i < axes.n; i++)
        if (axes.at[i] < axes.at[i - 1]) return "the axes are not in ascending order";
    const Dim *dim[MAX_RANK];
    int rank = 0;
    for (int i = 0, k = 0; i < x->rank; i++) {
        if (k < axes.n && axes.at[k] == i)
            k++;
        else
            dim[rank++] = x->dim[i];
    }
    bool to_index = op_has_attr(in->op, ATTR_INDEX_dtype);
    if (to_index && !dtype_is_integer(in->attrs->dtype)) return "the dtype of an index is an integer";
    results[0] = type_of(cx, to_index ? in->attrs->dtype : x->dtype, rank, dim);
    return NULL;
}

static const char *scan(Compiler *cx, const Inst *in, const Type **results) {
    results[0] = in->args[0]->type;
    return check_axes(cx, in, (Ints){ 1, &in->attrs->axis }, results[0]->rank);
}

const char *infer_class(Compiler *cx, const Inst *in, const Type **results) {
    switch (op_class(in->op)) {
    case CLASS_ELEMENTWISE: return elementwise(cx, in, results);
    case CLASS_REDUCE: return reduce(cx, in, results);
    case CLASS_SCAN: return scan(cx, in, results);
    default: return arena_text(cx->arena, "%s has no shape rule", op_name(in->op));
    }
}

const char *inst_types(Compiler *cx, const Inst *in, const Type **results) {
    int want = op_nargs(in->op);
    const Rules *rules = op_rules[in->op];
    if (want >= 0 && in->nargs != want)
        return arena_text(cx->arena, "%s takes %d argument%s, not %d", op_name(in->op), want, want == 1 ? "" : "s",
                          in->nargs);
    for (int i = 0; i < in->nargs; i++)
        if (!in->args[i]) return arena_text(cx->arena, "argument %d is missing", i);
    return rules->shape ? rules->shape(cx, in, results) : infer_class(cx, in, results);
}
