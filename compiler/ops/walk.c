/* walk: elements of tensors by their indices, for evaluators. */
#include "ops/rules.h"

void tensor_sizes(const Type *t, int64_t *size) {
    for (int i = 0; i < t->rank; i++)
        if (!dim_is_int(t->dim[i], &size[i])) size[i] = 0;
}

void tensor_strides(const Type *t, int64_t *stride) {
    int64_t size[MAX_RANK], n = 1;
    tensor_sizes(t, size);
    for (int i = t->rank - 1; i >= 0; i--) {
        stride[i] = n;
        n *= size[i];
    }
}

bool next_index(const int64_t *size, int rank, int64_t *index) {
    for (int i = rank - 1; i >= 0; i--) {
        if (++index[i] < size[i]) return true;
        index[i] = 0;
    }
    return false;
}

int64_t offset_at(const int64_t *stride, const int64_t *index, int rank) {
    int64_t at = 0;
    for (int i = 0; i < rank; i++) at += stride[i] * index[i];
    return at;
}

void *tensor_slot(const Tensor *t, int64_t element) { return (char *)t->bytes + element * dtype_bytes(t->type->dtype); }
const void *tensor_at(const Tensor *t, int64_t element) { return tensor_slot(t, element); }
int64_t tensor_int(const Tensor *t, int64_t element) { return element_int(t->type->dtype, tensor_at(t, element)); }

bool eval_dims(Eval *ev, Dims d, int64_t *values) {
    for (int i = 0; i < d.n; i++)
        if (!eval_dim(ev, d.at[i], &values[i])) return false;
    return true;
}
