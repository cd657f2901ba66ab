/* memory: what a function needs beside its arguments and results, as a formula in its sizes (--print=memory). */
#include "optimize/optimize.h"

#include <stdio.h>

static const Dim *bytes_of(Compiler *cx, const Type *t) {
    const Dim *n = dim_int(cx, dtype_bytes(t->dtype));
    for (int i = 0; i < t->rank; i++) n = dim_mul(cx, n, t->dim[i]);
    return n;
}

static void print_calls(FILE *out, const Block *block) {
    for (const Inst *in = block->first; in; in = in->next) {
        if (in->op == OP_call) fprintf(out, " + %s", in->attrs->callee->name);
        for (int k = 0; k < in->nregions; k++) print_calls(out, in->regions[k]);
    }
}

/* What is taken on entry, and what after instructions that bind a size. */
static const Dim *arenas_of(Compiler *cx, const Func *f) {
    const Dim *sum = arena_bytes(cx, f, NULL);
    for (int i = 0; i < f->nbuffers; i++) {
        const Inst *after = f->buffers[i]->after;
        bool first = after != NULL;
        for (int k = 0; k < i; k++) first = first && f->buffers[k]->after != after;
        if (first) sum = dim_add(cx, sum, arena_bytes(cx, f, after));
    }
    return sum;
}

/* "step: 4*n + 800, on the stack 64". */
void memory_print(FILE *out, const Module *m) {
    Compiler *cx = m->cx;
    for (const Func *f = m->first; f; f = f->next) {
        const Dim *stack = dim_int(cx, 0);
        for (int i = 0; i < f->nbuffers; i++) {
            const Buffer *u = f->buffers[i];
            if (u->kind == BUFFER_STACK) stack = dim_add(cx, stack, bytes_of(cx, u->type));
        }
        fprintf(out, "%s: %s", f->name, dim_text(cx, arenas_of(cx, f)));
        print_calls(out, f->body);
        if (!dim_is(stack, 0)) fprintf(out, ", on the stack %s", dim_text(cx, stack));
        fputc('\n', out);
    }
}
