/* control: loops, branches, parallel pieces and calls.
**
** A `for` is a test, then a body that ends by asking whether to go round again: what a loop carries is a phi at the head of
** the body. */
#include "emit/llvm.h"

#include <string.h>

static LLVMValueRef of(Emit *e, const LValue *x) { return e->value[x->id]; }
static LLVMBasicBlockRef here(Emit *e) { return LLVMGetInsertBlock(e->b); }
static LLVMBasicBlockRef block_here(Emit *e) { return LLVMAppendBasicBlockInContext(e->llvm, e->func, ""); }
static void go_on_in(Emit *e, LLVMBasicBlockRef block) { LLVMPositionBuilderAtEnd(e->b, block); }

static LLVMValueRef phi(Emit *e, LLVMTypeRef t, LLVMValueRef x, LLVMBasicBlockRef from) {
    LLVMValueRef y = LLVMBuildPhi(e->b, t, "");
    LLVMAddIncoming(y, &x, &from, 1);
    return y;
}

static void also(LLVMValueRef y, LLVMValueRef x, LLVMBasicBlockRef from) { LLVMAddIncoming(y, &x, &from, 1); }

/* args: lower, upper, carries */
static void for_loop(Emit *e, const LInst *in) {
    const LBlock *body = in->blocks[0];
    LLVMValueRef lower = of(e, in->args[0]), upper = of(e, in->args[1]);
    LLVMBasicBlockRef before = here(e), head = block_here(e), after = block_here(e);
    LLVMBuildCondBr(e->b, LLVMBuildICmp(e->b, LLVMIntSLT, lower, upper, ""), head, after);

    go_on_in(e, head);
    LLVMValueRef i = e->value[body->params[0]->id] = phi(e, e->i64, lower, before);
    for (int k = 0; k < in->nresults; k++)
        e->value[body->params[k + 1]->id] = phi(e, type_in(e, in->results[k]->type), of(e, in->args[k + 2]), before);
    block_insts(e, body);
    LLVMBasicBlockRef end = here(e);
    LLVMValueRef next = LLVMBuildNSWAdd(e->b, i, int_const(e->i64, in->n), "");
    also(i, next, end);
    for (int k = 0; k < in->nresults; k++) also(of(e, body->params[k + 1]), of(e, body->results[k]), end);
    LLVMBuildCondBr(e->b, LLVMBuildICmp(e->b, LLVMIntSLT, next, upper, ""), head, after);

    go_on_in(e, after);
    for (int k = 0; k < in->nresults; k++) {
        LLVMValueRef y = phi(e, type_in(e, in->results[k]->type), of(e, in->args[k + 2]), before);
        also(y, of(e, body->results[k]), end);
        e->value[in->results[k]->id] = y;
    }
}

/* args: carries; block 0 is the condition, block 1 the body, both of the carries */
static void while_loop(Emit *e, const LInst *in) {
    const LBlock *condition = in->blocks[0], *body = in->blocks[1];
    LLVMBasicBlockRef before = here(e), head = block_here(e);
    LLVMBuildBr(e->b, head);
    go_on_in(e, head);
    for (int k = 0; k < in->nargs; k++) {
        LLVMValueRef x = phi(e, type_in(e, in->args[k]->type), of(e, in->args[k]), before);
        e->value[condition->params[k]->id] = e->value[body->params[k]->id] = x;
    }
    block_insts(e, condition);
    LLVMBasicBlockRef inside = block_here(e), after = block_here(e);
    LLVMBuildCondBr(e->b, of(e, condition->results[0]), inside, after);
    go_on_in(e, inside);
    block_insts(e, body);
    for (int k = 0; k < in->nargs; k++) also(of(e, condition->params[k]), of(e, body->results[k]), here(e));
    LLVMBuildBr(e->b, head);
    go_on_in(e, after);
    for (int k = 0; k < in->nresults; k++) e->value[in->results[k]->id] = of(e, condition->params[k]);
}

/* What lives across the rare side stays in registers on the other, even if there is a call. */
static void hardly_ever(Emit *e, LLVMValueRef branch) {
    LLVMMetadataRef weights[] = { LLVMMDStringInContext2(e->llvm, "branch_weights", 14),
                                  LLVMValueAsMetadata(LLVMConstInt(e->i32, 1, false)),
                                  LLVMValueAsMetadata(LLVMConstInt(e->i32, 1 << 20, false)) };
    LLVMSetMetadata(branch, LLVMGetMDKindIDInContext(e->llvm, "prof", 4),
                    LLVMMetadataAsValue(e->llvm, LLVMMDNodeInContext2(e->llvm, weights, COUNT(weights))));
}

static void branch(Emit *e, const LInst *in) {
    LLVMBasicBlockRef sides[2] = { block_here(e), block_here(e) }, after = block_here(e), ends[2];
    LLVMValueRef way = LLVMBuildCondBr(e->b, of(e, in->args[0]), sides[0], sides[1]);
    if (in->n) hardly_ever(e, way);
    for (int s = 0; s < 2; s++) {
        go_on_in(e, sides[s]);
        if (s < in->nblocks) block_insts(e, in->blocks[s]);
        ends[s] = here(e);
        LLVMBuildBr(e->b, after);
    }
    go_on_in(e, after);
    for (int k = 0; k < in->nresults; k++) {
        LLVMValueRef y = phi(e, type_in(e, in->results[k]->type), of(e, in->blocks[0]->results[k]), ends[0]);
        also(y, of(e, in->blocks[1]->results[k]), ends[1]);
        e->value[in->results[k]->id] = y;
    }
}

/* The block that leaves the function with the status that is handed to it from here. */
static LLVMBasicBlockRef way_out(Emit *e, LLVMValueRef status) {
    LLVMBasicBlockRef from = here(e);
    if (!e->failed) {
        e->failed = block_here(e);
        go_on_in(e, e->failed);
        e->failed_status = LLVMBuildPhi(e->b, e->i32, "");
        LLVMBuildRet(e->b, e->failed_status);
        go_on_in(e, from);
    }
    also(e->failed_status, status, from);
    return e->failed;
}

/* Leaves the function with that status unless it is 0. */
void leave_unless_zero(Emit *e, LLVMValueRef status) {
    LLVMBasicBlockRef out = way_out(e, status), on = block_here(e);
    LLVMBuildCondBr(e->b, LLVMBuildICmp(e->b, LLVMIntEQ, status, int_const(e->i32, 0), ""), on, out);
    go_on_in(e, on);
}

static void call(Emit *e, const LInst *in) {
    LLVMValueRef args[256], f = map_get(&e->functions, in->callee);
    if (in->nargs > 255) bug(e->cx, "a call with %d arguments", in->nargs);
    args[0] = e->call;
    for (int i = 0; i < in->nargs; i++) args[i + 1] = of(e, in->args[i]);
    LLVMValueRef status = LLVMBuildCall2(e->b, function_type(e, in->callee), f, args, (unsigned)in->nargs + 1, "");
    if (!in->callee->is_inner) leave_unless_zero(e, status);
}

static LLVMTypeRef type_of_letter(Emit *e, char letter) {
    switch (letter) {
    case 'i': return e->i64;
    case 'w':
    case 'm':
    case 's': return e->i32;
    case 'd': return e->f64;
    case 'v': return e->none;
    default: return e->ptr;
    }
}

/* Where `wrong` holds, the function is left with a status; if there was no memory, the message gets the place. */
static void leave_if(Emit *e, LLVMValueRef wrong, LLVMValueRef status, const Origin *origin) {
    LLVMBasicBlockRef failed = block_here(e), on = block_here(e);
    LLVMBuildCondBr(e->b, wrong, failed, on);
    go_on_in(e, failed);
    const char *where = debug_place_text(e, origin);
    LLVMTypeRef params[] = { e->ptr, e->ptr }, type;
    LLVMValueRef args[] = { e->call, where ? global_text(e, where) : NULL };
    LLVMValueRef f = where ? function_named(e, "jxl_out_of_memory_at", e->none, 2, params, &type) : NULL;
    if (f) LLVMBuildCall2(e->b, type, f, args, 2, "");
    leave_unless_zero(e, status ? status : load_from(e, e->i32, e->call, 8)); /* the call's first word is its status */
    LLVMBuildBr(e->b, on);
    go_on_in(e, on);
}

/* A status that is never 0, and a way that is seldom gone. */
static void fails(Emit *e, LLVMValueRef f, LLVMValueRef status) {
    function_attribute(e, f, "cold", NULL);
    LLVMBuildBr(e->b, way_out(e, status));
    go_on_in(e, block_here(e));
}

static void runtime(Emit *e, const LInst *in) {
    const char *letters = runtime_args(in->entry), *name = arena_text(e->cx->arena, "jxl_%s", runtime_name(in->entry));
    char gives = runtime_gives(in->entry);
    LLVMTypeRef params[12], type;
    LLVMValueRef args[12];
    int n = 0, given = 0;
    for (const char *l = letters; *l; l++, n++) {
        params[n] = type_of_letter(e, *l);
        args[n] = *l == 'c' ? e->call : of(e, in->args[given++]);
    }
    LLVMValueRef f = function_named(e, name, type_of_letter(e, gives), n, params, &type);
    LLVMValueRef y = LLVMBuildCall2(e->b, type, f, args, (unsigned)n, "");
    if (in->entry == RUNTIME_fail)
        fails(e, f, y);
    else if (gives == 's')
        leave_unless_zero(e, y);
    if (gives == 'P') leave_if(e, LLVMBuildIsNull(e->b, y, ""), NULL, in->origin);
    if (gives == 'm') leave_if(e, LLVMBuildIsNotNull(e->b, y, ""), y, in->origin);
    if (in->nresults) e->value[in->results[0]->id] = y;
}

bool control_inst(Emit *e, const LInst *in) {
    switch (in->op) {
    case LOOP_for: for_loop(e, in); return true;
    case LOOP_while: while_loop(e, in); return true;
    case LOOP_if: branch(e, in); return true;
    case LOOP_parallel: parallel(e, in); return true;
    case LOOP_call: call(e, in); return true;
    case LOOP_runtime: runtime(e, in); return true;
    default: return false;
    }
}
