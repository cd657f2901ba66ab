/* print: the loop IR as text, for people. */
#include "loop/loop.h"

#include <inttypes.h>

static void print_type(FILE *out, LType t) {
    fputs(loop_is_ptr(t) ? "ptr" : dtype_name((DType)t.dtype), out);
    if (t.lanes > 1) fprintf(out, "x%d", t.lanes);
}

static void print_values(FILE *out, LValue *const *v, int n, bool types) {
    for (int i = 0; i < n; i++) {
        fprintf(out, "%s%%%d", i ? ", " : "", v[i]->id);
        if (!types) continue;
        fputs(": ", out);
        print_type(out, v[i]->type);
    }
}

static void print_text(FILE *out, const char *s) {
    fputc('"', out);
    for (; *s; s++) {
        if (*s == '\n')
            fputs("\\n", out);
        else if (*s == '"' || *s == '\\')
            fprintf(out, "\\%c", *s);
        else
            fputc(*s, out);
    }
    fputc('"', out);
}

static void print_const(FILE *out, const LInst *in) {
    DType d = (DType)in->results[0]->type.dtype;
    if (loop_is_ptr(in->results[0]->type))
        fputs(" null", out);
    else if (dtype_is_float(d))
        fprintf(out, " %.17g", element_real(d, &in->n));
    else if (d == DT_bool)
        fputs(in->n ? " true" : " false", out);
    else
        fprintf(out, " %" PRId64, element_int(d, &in->n));
}

static void print_block(FILE *out, const LBlock *block, int depth, const char *ends);

static void print_one(FILE *out, const LInst *in, int depth) {
    fprintf(out, "%*s", 2 * depth, "");
    print_values(out, in->results, in->nresults, true);
    if (in->nresults) fputs(" = ", out);
    fputs(loop_op_name(in->op), out);
    if (in->op == LOOP_apply || in->op == LOOP_overflows) fprintf(out, " %s", op_name(in->fn));
    if (in->op == LOOP_runtime) fprintf(out, " %s", runtime_name(in->entry));
    if (in->op == LOOP_call) fprintf(out, " @%s", in->callee->name);
    if (in->op == LOOP_const) print_const(out, in);
    if (in->op == LOOP_text) {
        fputc(' ', out);
        print_text(out, in->bytes);
    }
    if (in->nargs) fputc(' ', out);
    print_values(out, in->args, in->nargs, false);
    if (in->op == LOOP_shuffle) {
        fputs(" [", out);
        for (int i = 0; i < in->results[0]->type.lanes; i++) fprintf(out, "%s%d", i ? " " : "", in->pick[i]);
        fputs("]", out);
    }
    if (in->op != LOOP_const && in->n) fprintf(out, " n=%" PRId64, in->n);
    if (in->m) fprintf(out, " m=%" PRId64, in->m);
    if (in->op == LOOP_parallel) {
        fputs(" captured ", out);
        print_values(out, in->captured, in->ncaptured, false);
    }
    for (int k = 0; k < in->nblocks; k++) print_block(out, in->blocks[k], depth, k + 1 < in->nblocks ? "" : "\n");
    if (!in->nblocks) fputc('\n', out);
}

static void print_block(FILE *out, const LBlock *block, int depth, const char *ends) {
    fputs(" {", out);
    if (block->nparams && block->parent) {
        fputs(" |", out);
        print_values(out, block->params, block->nparams, true);
        fputs("|", out);
    }
    fputc('\n', out);
    for (const LInst *in = block->first; in; in = in->next) print_one(out, in, depth + 1);
    if (block->nresults) {
        fprintf(out, "%*sgive ", 2 * depth + 2, "");
        print_values(out, block->results, block->nresults, false);
        fputc('\n', out);
    }
    fprintf(out, "%*s}%s", 2 * depth, "", ends);
}

void loop_print(FILE *out, const LModule *m) {
    for (const LFunc *f = m->first; f; f = f->next) {
        fprintf(out, "%s%s@%s(", f->symbol ? "export " : "", f->is_inner ? "inner " : "", f->name);
        print_values(out, f->body->params, f->body->nparams, true);
        fputc(')', out);
        print_block(out, f->body, 0, "\n");
    }
}
