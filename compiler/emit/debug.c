/* debug: line tables for -g, from the origins of instructions.
**
** A place inside a library module is shown as the user's call of it, as messages do. */
#include "emit/llvm.h"

#include <string.h>
#include <unistd.h>

typedef struct Debug {
    LLVMDIBuilderRef b;
    LLVMMetadataRef unit, type;
    Map *files;            /* LLVMMetadataRef by source path */
    LLVMMetadataRef scope; /* the function being built */
    int scope_file;        /* where it begins */
} Debug;

static const Origin *users_place(Compiler *cx, const Origin *o) {
    while (o && o->caller && (!o->span.file || source_of(cx, o->span.file)->library)) o = o->caller;
    return o;
}

const char *debug_place_text(Emit *e, const Origin *origin) {
    const Origin *o = users_place(e->cx, origin);
    int line, column;
    if (!o || !o->span.file) return NULL;
    line_column(e->cx, o->span, &line, &column);
    return arena_text(e->cx->arena, "%s:%d: ", source_of(e->cx, o->span.file)->path, line);
}

static LLVMMetadataRef file_of(Emit *e, int file) {
    Debug *d = e->debug;
    const Source *s = source_of(e->cx, file);
    LLVMMetadataRef it = map_get(d->files, s->path);
    if (it) return it;
    char directory[4096];
    if (s->path[0] == '/' || !getcwd(directory, sizeof directory)) strcpy(directory, "/");
    it = LLVMDIBuilderCreateFile(d->b, s->path, strlen(s->path), directory, strlen(directory));
    map_set(d->files, s->path, it);
    return it;
}

static void module_flag(Emit *e, const char *name, int value) {
    LLVMMetadataRef it = LLVMValueAsMetadata(LLVMConstInt(e->i32, (unsigned)value, false));
    LLVMAddModuleFlag(e->module, LLVMModuleFlagBehaviorWarning, name, strlen(name), it);
}

void debug_begin(Emit *e) {
    Debug *d = e->debug = NEW(e->cx->arena, Debug);
    const char *producer = "jxlc " JXL_VERSION;
    d->b = LLVMCreateDIBuilder(e->module);
    d->files = NEW(e->cx->arena, Map);
    *d->files = map_new(e->cx->arena);
    int first = 1; /* the program itself is the first source */
    LLVMMetadataRef file = file_of(e, first < e->cx->sources.n ? first : 0);
    d->unit = LLVMDIBuilderCreateCompileUnit(d->b, LLVMDWARFSourceLanguageC99, file, producer, strlen(producer),
                                             e->cx->options.opt_level > 0, "", 0, 0, "", 0, LLVMDWARFEmissionFull, 0,
                                             false, false, "", 0, "", 0);
    d->type = LLVMDIBuilderCreateSubroutineType(d->b, file, NULL, 0, LLVMDIFlagZero);
    module_flag(e, "Debug Info Version", (int)LLVMDebugMetadataVersion());
    module_flag(e, "Dwarf Version", 4);
}

static int line_of(Emit *e, const Origin *o) {
    int line, column;
    if (!o || !o->span.file) return 0;
    line_column(e->cx, o->span, &line, &column);
    return line;
}

void debug_function(Emit *e, LLVMValueRef f, const char *title, const Origin *origin) {
    if (!e->debug) return;
    Debug *d = NEW(e->cx->arena, Debug); /* its own: who builds the function around it goes on with what he has */
    *d = *e->debug;
    e->debug = d;
    const Origin *o = users_place(e->cx, origin);
    size_t length;
    const char *symbol = LLVMGetValueName2(f, &length);
    d->scope_file = o && o->span.file ? o->span.file : e->cx->sources.n > 1 ? 1 : 0;
    LLVMMetadataRef file = file_of(e, d->scope_file);
    unsigned line = (unsigned)line_of(e, o);
    d->scope = LLVMDIBuilderCreateFunction(d->b, file, title, strlen(title), symbol, length, file, line, d->type, true,
                                           true, line, LLVMDIFlagZero, e->cx->options.opt_level > 0);
    LLVMSetSubprogram(f, d->scope);
}

void debug_place(Emit *e, const Origin *origin) {
    Debug *d = e->debug;
    if (!d) return;
    const Origin *o = users_place(e->cx, origin);
    int line = 0, column = 0;
    LLVMMetadataRef scope = d->scope;
    if (o && o->span.file) {
        line_column(e->cx, o->span, &line, &column);
        if (o->span.file != d->scope_file)
            scope = LLVMDIBuilderCreateLexicalBlockFile(d->b, scope, file_of(e, o->span.file), 0);
    }
    LLVMMetadataRef place = LLVMDIBuilderCreateDebugLocation(e->llvm, (unsigned)line, (unsigned)column, scope, NULL);
    LLVMSetCurrentDebugLocation2(e->b, place);
}

void debug_finish(Emit *e) {
    LLVMDIBuilderFinalize(e->debug->b);
    LLVMDisposeDIBuilder(e->debug->b);
}
