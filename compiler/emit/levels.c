/* levels: what is called from outside chooses, when it is first called, among the levels of processors that the module was
** compiled for, and fails where the processor has none of them.
**
** The choice is one number for the whole module, -1 until it is made; making it twice gives the same. */
#include "emit/llvm.h"
#include "jxl/runtime.h"

static LLVMTypeRef level_type(Emit *e) {
    LLVMTypeRef fields[] = { e->ptr, e->ptr };
    return LLVMStructTypeInContext(e->llvm, fields, 2, false);
}

static LLVMValueRef global(Emit *e, LLVMTypeRef type, LLVMValueRef value, int align, bool constant) {
    LLVMValueRef g = LLVMAddGlobal(e->module, type, "");
    LLVMSetInitializer(g, value);
    LLVMSetLinkage(g, LLVMPrivateLinkage);
    LLVMSetGlobalConstant(g, constant);
    LLVMSetAlignment(g, (unsigned)align);
    return LLVMConstBitCast(g, e->ptr);
}

static const Machine *machine_at(const Levels *levels, int i) { return (const Machine *)levels->loops[i]->target; }

void levels_begin(Emit *e, Levels *levels) {
    if (!machine_at(levels, 0)->needs) return;
    LLVMValueRef rows[EMIT_LEVELS];
    LLVMTypeRef type = level_type(e);
    for (int i = 0; i < levels->n; i++) {
        const Machine *m = machine_at(levels, i);
        LLVMValueRef fields[] = { global_text(e, m->target.name), global_text(e, m->needs) };
        rows[i] = LLVMConstStructInContext(e->llvm, fields, 2, false);
    }
    LLVMTypeRef all = LLVMArrayType(type, (unsigned)levels->n);
    levels->table = global(e, all, LLVMConstArray(type, rows, (unsigned)levels->n), 8, true);
    levels->chosen = global(e, e->i32, int_const(e->i32, -1), 4, false);
}

static const LFunc *same_function(const Levels *levels, int i, const LFunc *f) {
    if (f == levels->loops[0]->main) return levels->loops[i]->main;
    for (const LFunc *at = levels->loops[i]->first; at; at = at->next)
        if (at->source == f->source && at->symbol == f->symbol) return at;
    return NULL;
}

static LLVMValueRef choice_now(Emit *e, const Levels *levels) {
    LLVMValueRef k = load_from(e, e->i32, levels->chosen, 4);
    LLVMSetOrdering(k, LLVMAtomicOrderingMonotonic);
    return k;
}

/* if (chosen < 0 && (status = jxl_choose_level(call, table, n, &chosen))) return status; */
static void choose(Emit *e, const Levels *levels) {
    LLVMTypeRef params[] = { e->ptr, e->ptr, e->i32, e->ptr }, type;
    LLVMBasicBlockRef first = LLVMAppendBasicBlockInContext(e->llvm, e->func, ""),
                      on = LLVMAppendBasicBlockInContext(e->llvm, e->func, "");
    LLVMValueRef unknown = LLVMBuildICmp(e->b, LLVMIntSLT, choice_now(e, levels), int_const(e->i32, 0), "");
    LLVMBuildCondBr(e->b, unknown, first, on);
    LLVMPositionBuilderAtEnd(e->b, first);
    LLVMValueRef f = function_named(e, "jxl_choose_level", e->i32, 4, params, &type);
    LLVMValueRef args[] = { e->call, levels->table, int_const(e->i32, levels->n), levels->chosen };
    leave_unless_zero(e, LLVMBuildCall2(e->b, type, f, args, 4, ""));
    LLVMBuildBr(e->b, on);
    LLVMPositionBuilderAtEnd(e->b, on);
}

LLVMValueRef level_choice(Emit *e, const Levels *levels, const LFunc *f) {
    LLVMValueRef best = map_get(&levels->functions[0], f);
    if (!levels->table) return best;
    LLVMTypeRef type = function_type(e, f);
    unsigned n = LLVMCountParams(best);
    LLVMValueRef it = LLVMAddFunction(e->module, arena_text(e->cx->arena, "%s.level", f->name), type);
    LLVMSetLinkage(it, LLVMInternalLinkage);
    LLVMValueRef *args = NEW_ARRAY(e->cx->arena, LLVMValueRef, (int)n);
    LLVMGetParams(it, args);
    function_begin(e, it);
    debug_function(e, it, f->name, f->origin);
    debug_place(e, f->origin);
    choose(e, levels);
    LLVMValueRef k = choice_now(e, levels);
    for (int i = 0; i < levels->n; i++) {
        LLVMBasicBlockRef here = LLVMAppendBasicBlockInContext(e->llvm, it, ""),
                          next = LLVMAppendBasicBlockInContext(e->llvm, it, "");
        LLVMValueRef own = map_get(&levels->functions[i], same_function(levels, i, f));
        if (i + 1 == levels->n)
            LLVMBuildBr(e->b, here);
        else
            LLVMBuildCondBr(e->b, LLVMBuildICmp(e->b, LLVMIntEQ, k, int_const(e->i32, i), ""), here, next);
        LLVMPositionBuilderAtEnd(e->b, here);
        LLVMBuildRet(e->b, LLVMBuildCall2(e->b, type, own, args, n, ""));
        LLVMPositionBuilderAtEnd(e->b, next);
    }
    LLVMBuildUnreachable(e->b);
    LLVMSetCurrentDebugLocation2(e->b, NULL);
    LLVMPositionBuilderAtEnd(e->b, e->entry);
    LLVMBuildBr(e->b, e->body);
    return it;
}
