/* lanes: what a lane computes with while it is not there.
**
** Where lanes go different ways (transform/vmap_control.c), those that are not on a side are given the values of one that
** is.  So they compute nothing that would not have been computed anyway, and can neither trap, nor run for ever, nor bring
** an infinity that would poison a derivative.  Where lanes cannot meet, the pass `lanes` saves itself the trouble. */
#include "ops/derive.h"
#include "ops/rules.h"

#include <string.h>

/* The axes of the mask are the first of x. */
static const char *shape_of_present(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type, *mask = in->args[1]->type;
    bool fits = mask->dtype == DT_bool && mask->rank <= x->rank;
    for (int i = 0; fits && i < mask->rank; i++) fits = mask->dim[i] == x->dim[i];
    results[0] = x;
    return fits ? NULL : arena_text(cx->arena, "of_present: %s of lanes %s", type_text(cx, x), type_text(cx, mask));
}

static bool eval_of_present(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    (void)ev, (void)in;
    const Tensor *x = &args[0], *mask = &args[1];
    const char *here = mask->bytes;
    size_t bytes = mask->n ? (size_t)(x->n / mask->n) * (size_t)dtype_bytes(x->type->dtype) : 0;
    int64_t first = 0;
    while (first + 1 < mask->n && !here[first]) first++;
    for (int64_t i = 0; i < mask->n; i++)
        memcpy((char *)y->bytes + (size_t)i * bytes, (char *)x->bytes + (size_t)(here[i] ? i : first) * bytes, bytes);
    return true;
}

/* The same for all lanes: so it is for those that are there. */
Value *fold_of_present(Builder *b, const Inst *in) {
    (void)b;
    double real;
    return value_is_splat(in->args[0], &real) ? in->args[0] : NULL;
}

/* No derivative flows from one lane to another. */
void jvp_of_present(const Jvp *d) {
    if (!d->t[0]) return;
    Builder *b = d->b;
    Value *mask = d->x[1];
    const Type *type = type_with_dtype(b->cx, d->t[0]->type, DT_bool);
    Ints axes = axes_from_to(b->arena, 0, mask->type->rank);
    d->dy[0] = ir_select(b, ir_broadcast(b, mask, type, axes.at), d->t[0], zeros(b, d->t[0]->type));
}

const Rules rules_of_present = {
    .shape = shape_of_present, .eval = eval_of_present, .jvp = jvp_of_present, .fold = fold_of_present
};
