/* What read.c and read_attrs.c share: a place in the text, and the names of one function. */
#ifndef JXL_IR_READ_H
#define JXL_IR_READ_H

#include "ir/internal.h"

typedef struct {
    Compiler *cx;
    Module *module;
    Func *func;
    int file;
    const char *text, *at;
    bool failed;
    struct {
        Value **at; /* by the number in the text */
        int n, cap;
    } values;
    struct {
        const SizeVar **at; /* bound or not: that is the verifier's question */
        int n, cap;
    } sizes;
} Reader;

/* All of these report what is wrong and return false or NULL. */
bool read_wrong(Reader *, const char *format, ...) FORMAT(2, 3);
bool read_if(Reader *, const char *what); /* takes it if it is there; reports nothing */
bool read_expect(Reader *, const char *what);
const char *read_word(Reader *); /* reports nothing */
const char *read_quoted(Reader *);
Func *read_func_name(Reader *);

/* read_attrs.c */
const Dim *read_dim(Reader *);
const SizeVar *read_size_name(Reader *, const char *name);
bool read_attrs(Reader *, Op, Attrs *); /* behind the opening brace */

#endif
