/* Between flags.c, which reads the command line, and flags_help.c, which explains it. */
#ifndef JXL_FLAGS_H
#define JXL_FLAGS_H

#include "internal.h"

enum { FLAG_NUMBER = -1, FLAG_TEXT = -2, FLAG_SWITCH = -3 };

typedef struct {
    const char *at;
    int n;
} Word;

/* The words of a list with commas between, one after another: of no letters behind the last. */
Word jxl_next_word(const char **list);
Word jxl_flag_name(const jxl_flag *); /* the first of its names with two dashes, or else the first */

void jxl_flags_help(Text *, const char *program, const char *doc, const jxl_flag *, int n);
Word jxl_nearest_flag(const char *name, const jxl_flag *, int n); /* of no letters where none is near */

#endif
