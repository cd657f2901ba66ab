/* op: facts of the loop IR's two tables. */
#include "loop/loop.h"

static const struct {
    const char *name;
    int args, gives;
    const char *meaning;
} ops[] = {
#define LOP(name, args, gives, meaning) { #name, args, gives, meaning },
#include "loop/loop.def"
#undef LOP
};

static const struct {
    const char *name, *args;
    char gives;
} entries[] = {
#define RUNTIME(name, args, gives) { #name, args, gives },
#include "loop/runtime.def"
#undef RUNTIME
};

const char *loop_op_name(LOp op) { return ops[op].name; }
const char *loop_op_meaning(LOp op) { return ops[op].meaning; }
int loop_op_args(LOp op) { return ops[op].args; }
const char *runtime_name(RuntimeEntry e) { return entries[e].name; }
const char *runtime_args(RuntimeEntry e) { return entries[e].args; }
char runtime_gives(RuntimeEntry e) { return entries[e].gives; }

LType loop_type(DType dtype, int lanes) { return (LType){ (uint8_t)dtype, (uint8_t)lanes, SPACE_MAIN }; }
LType loop_ptr_type(void) { return (LType){ LOOP_PTR, 1, SPACE_MAIN }; }
bool loop_is_ptr(LType t) { return t.dtype == LOOP_PTR; }
bool loop_same_type(LType a, LType b) { return a.dtype == b.dtype && a.lanes == b.lanes && a.space == b.space; }
int loop_bytes(LType t) { return loop_is_ptr(t) ? 8 : dtype_bytes((DType)t.dtype); }
