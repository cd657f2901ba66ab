/* load: a module compiled, linked as a library and loaded into this process, so that its functions can be called beside the
** evaluator.
**
** Every function made from the tensor IR gets a second one, `int NAME.packed(const int64_t *args, char *error)`, which makes a
** call, takes sizes and pointers from the array, and ends the call. */
#include "emit/llvm.h"
#include "jxl/runtime.h"

#include <dlfcn.h>
#include <string.h>

struct Loaded {
    Compiler *cx;
    void *library;
};

void packed_define(Emit *e, const LFunc *lf) {
    LLVMTypeRef params[] = { e->ptr, e->ptr }, type;
    LLVMValueRef it = LLVMAddFunction(e->module, arena_text(e->cx->arena, "%s.packed", lf->name),
                                      LLVMFunctionType(e->i32, params, 2, false));
    function_begin(e, it);
    own_call_begin(e);
    LLVMValueRef *args = NEW_ARRAY(e->cx->arena, LLVMValueRef, lf->body->nparams + 1);
    args[0] = e->call;
    for (int i = 0; i < lf->body->nparams; i++) {
        LLVMValueRef at = byte_offset(e, LLVMGetParam(it, 0), int_const(e->i64, 8 * i));
        args[i + 1] = load_from(e, type_in(e, lf->body->params[i]->type), at, 8);
    }
    type = function_type(e, lf);
    leave_unless_zero(
        e, LLVMBuildCall2(e->b, type, map_get(&e->functions, lf), args, (unsigned)lf->body->nparams + 1, ""));
    own_call_end(e, LLVMGetParam(it, 1));
}

Loaded *emit_load(const LModule *loops) {
    Compiler *cx = loops->cx;
    Options before = cx->options;
    const char *directory = work_directory(cx);
    if (!directory) return NULL;
    const char *object = arena_text(cx->arena, "%s/m.o", directory),
               *library = arena_text(cx->arena, "%s/m.so", directory);
    Loaded *l = NULL;
    cx->options.shared = true;
    if (emit_packed(loops, object) && emit_link(cx, &(Link){ &object, 1, library, true })) {
        l = NEW(cx->arena, Loaded);
        *l = (Loaded){ cx, dlopen(library, RTLD_NOW | RTLD_LOCAL) };
        if (!l->library) bug(cx, "what was compiled cannot be loaded: %s", dlerror());
    }
    cx->options = before;
    work_directory_remove(directory);
    return l;
}

int loaded_call(const Loaded *l, const char *function, const int64_t *args, char *error) {
    int (*packed)(const int64_t *, char *);
    *(void **)&packed = dlsym(l->library, arena_text(l->cx->arena, "%s.packed", function));
    if (!packed) bug(l->cx, "%s was not compiled", function);
    error[0] = 0;
    return packed(args, error);
}

void loaded_free(Loaded *l) {
    if (l) dlclose(l->library);
}
