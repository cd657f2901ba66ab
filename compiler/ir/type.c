/* type: a dtype and a shape, interned for the whole compilation: equal types are one pointer. */
#include "ir/internal.h"

#include <string.h>

const Type *type_of(Compiler *cx, DType dtype, int rank, const Dim *const *dim) {
    if (rank < 0 || rank > MAX_RANK) bug(cx, "a type of rank %d", rank);
    int key[MAX_RANK + 1] = { (int)dtype };
    for (int i = 0; i < rank; i++) key[i + 1] = dim[i]->id;
    Tables *t = tables_of(cx);
    int length = (rank + 1) * (int)sizeof *key;
    Type *type = map_get_bytes(&t->types, key, length);
    if (type) return type;
    type = NEW(cx->arena, Type);
    *type = (Type){ .dtype = dtype, .rank = rank, .id = t->ntypes++ };
    type->dim = arena_copy(cx->arena, dim, sizeof *dim * (size_t)rank);
    map_set_bytes(&t->types, key, length, type);
    return type;
}

const Type *type_scalar(Compiler *cx, DType d) { return type_of(cx, d, 0, NULL); }
const Type *type_with_dtype(Compiler *cx, const Type *t, DType d) { return type_of(cx, d, t->rank, t->dim); }

const Type *type_with_lead(Compiler *cx, const Type *t, const Dim *lanes) {
    const Dim *dim[MAX_RANK + 1] = { lanes };
    if (t->rank == MAX_RANK) bug(cx, "%s cannot have one more axis", type_text(cx, t));
    for (int i = 0; i < t->rank; i++) dim[i + 1] = t->dim[i];
    return type_of(cx, t->dtype, t->rank + 1, dim);
}

const Type *type_without_lead(Compiler *cx, const Type *t) {
    if (t->rank == 0) bug(cx, "%s has no first axis", type_text(cx, t));
    return type_of(cx, t->dtype, t->rank - 1, t->dim + 1);
}

const Type *type_subst(Compiler *cx, const Type *t, const DimMap *m) {
    const Dim *dim[MAX_RANK];
    if (!m || !m->n) return t;
    for (int i = 0; i < t->rank; i++) dim[i] = dim_subst(cx, t->dim[i], m);
    return type_of(cx, t->dtype, t->rank, dim);
}

const Dim *type_elements(Compiler *cx, const Type *t) { return dim_product(cx, t->dim, t->rank); }

bool type_is_static(const Type *t) {
    for (int i = 0; i < t->rank; i++)
        if (!dim_is_int(t->dim[i], NULL)) return false;
    return true;
}
