/* module: a module of the loop IR through LLVM into a file. */
#include "emit/llvm.h"

#include <llvm-c/Transforms/PassBuilder.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void types(Emit *e) {
    LLVMContextRef c = e->llvm;
    e->i1 = LLVMInt1TypeInContext(c);
    e->i8 = LLVMInt8TypeInContext(c);
    e->i16 = LLVMInt16TypeInContext(c);
    e->i32 = LLVMInt32TypeInContext(c);
    e->i64 = LLVMInt64TypeInContext(c);
    e->f16 = LLVMHalfTypeInContext(c);
    e->f32 = LLVMFloatTypeInContext(c);
    e->f64 = LLVMDoubleTypeInContext(c);
    e->none = LLVMVoidTypeInContext(c);
#if LLVM_VERSION_MAJOR < 15
    e->ptr = LLVMPointerType(e->i8, 0);
#else
    e->ptr = LLVMPointerTypeInContext(c, 0);
#endif
}

static LLVMTargetMachineRef target_machine(Emit *e) {
    static const LLVMCodeGenOptLevel levels[] = { LLVMCodeGenLevelNone, LLVMCodeGenLevelLess, LLVMCodeGenLevelDefault,
                                                  LLVMCodeGenLevelAggressive };
    LLVMTargetRef target;
    char *why = NULL;
    if (LLVMGetTargetFromTriple(e->machine->triple, &target, &why)) fatal("LLVM does not know this machine: %s", why);
    return LLVMCreateTargetMachine(target, e->machine->triple, e->machine->cpu, e->machine->features,
                                   levels[e->cx->options.opt_level], LLVMRelocPIC, LLVMCodeModelDefault);
}

/* One level's functions. */
static void translate_level(Emit *e, Levels *levels, int i) {
    e->loops = levels->loops[i];
    e->machine = (const Machine *)e->loops->target;
    e->functions = map_new(e->cx->arena);
    e->parts = NEW(e->cx->arena, Map);
    *e->parts = map_new(e->cx->arena);
    for (const LFunc *f = e->loops->first; f; f = f->next) function_declare(e, f);
    for (const LFunc *f = e->loops->first; f; f = f->next) {
        function_define(e, f);
        if (e->packed && f->source) packed_define(e, f);
    }
    levels->functions[i] = e->functions;
}

static void translate(Emit *e, Levels *levels) {
    if (e->cx->options.debug_info) debug_begin(e);
    for (int i = 0; i < levels->n; i++) translate_level(e, levels, i);
    const LModule *first = levels->loops[0];
    e->machine = machine_least(e->machine); /* what is called before the processor is known */
    levels_begin(e, levels);
    for (const LFunc *f = first->first; f; f = f->next)
        if (f->symbol && f->source) export_define(e, f, level_choice(e, levels, f));
    if (first->main && !e->cx->options.shared) program_entry(e, level_choice(e, levels, first->main));
    if (e->debug) debug_finish(e);
    char *why = NULL;
    if (LLVMVerifyModule(e->module, LLVMReturnStatusAction, &why)) {
        char *text = LLVMPrintModuleToString(e->module);
        if (e->cx->options.verbose) fputs(text, stderr);
        bug(e->cx, "LLVM does not accept what was made of the loops: %s", why);
    }
    LLVMDisposeMessage(why);
}

static void optimize(Emit *e) {
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    LLVMErrorRef error = LLVMRunPasses(e->module, pass_list(e->cx->options.opt_level), e->generator, options);
    if (error) bug(e->cx, "LLVM's passes: %s", LLVMGetErrorMessage(error));
    LLVMDisposePassBuilderOptions(options);
}

static bool put(Compiler *cx, const char *path, const void *bytes, size_t n) {
    bool ok = strcmp(path, "-") ? write_file(path, bytes, n) : fwrite(bytes, 1, n, stdout) == n && !fflush(stdout);
    if (!ok) diag(cx, (Span){ 0 }, "could not write %s: %s", path, strerror(errno));
    return ok;
}

static bool write_out(Emit *e, EmitKind kind, const char *path) {
    if (kind == EMIT_LLVM) {
        char *text = LLVMPrintModuleToString(e->module);
        bool ok = put(e->cx, path, text, strlen(text));
        LLVMDisposeMessage(text);
        return ok;
    }
    LLVMMemoryBufferRef buffer;
    char *why = NULL;
    LLVMCodeGenFileType type = kind == EMIT_ASSEMBLY ? LLVMAssemblyFile : LLVMObjectFile;
    if (LLVMTargetMachineEmitToMemoryBuffer(e->generator, e->module, type, &why, &buffer)) bug(e->cx, "LLVM: %s", why);
    bool ok = put(e->cx, path, LLVMGetBufferStart(buffer), LLVMGetBufferSize(buffer));
    LLVMDisposeMemoryBuffer(buffer);
    return ok;
}

static bool object(Emit *e, const char *path) {
    optimize(e);
    return write_out(e, EMIT_OBJECT, path);
}

static bool emit_with(Levels *levels, EmitKind kind, const char *path, bool packed) {
    const LModule *least = levels->loops[levels->n - 1];
    Emit e = { .cx = least->cx, .machine = (const Machine *)least->target, .packed = packed };
    e.llvm = LLVMContextCreate();
    e.module = LLVMModuleCreateWithNameInContext("jxl", e.llvm);
    e.b = LLVMCreateBuilderInContext(e.llvm);
    types(&e);
    e.generator = target_machine(&e);
    LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(e.generator);
    LLVMSetModuleDataLayout(e.module, layout);
    LLVMSetTarget(e.module, e.machine->triple);
    translate(&e, levels);
    int parts = kind == EMIT_OBJECT ? split_parts(&e) : 1;
    bool ok;
    if (parts > 1) {
        ok = split_object(&e, parts, path, object);
    } else {
        optimize(&e);
        ok = write_out(&e, kind, path);
    }
    LLVMDisposeTargetData(layout);
    LLVMDisposeTargetMachine(e.generator);
    LLVMDisposeBuilder(e.b);
    LLVMDisposeModule(e.module);
    LLVMContextDispose(e.llvm);
    return ok;
}

bool emit_module(LModule *const *levels, int n, EmitKind kind, const char *path) {
    Levels all = { .n = n };
    for (int i = 0; i < n; i++) all.loops[i] = levels[i];
    return emit_with(&all, kind, path, false);
}

bool emit_packed(const LModule *loops, const char *path) {
    return emit_with(&(Levels){ .n = 1, .loops = { loops } }, EMIT_OBJECT, path, true);
}
