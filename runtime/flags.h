/* Between flags.c, which reads the command line, and flags_help.c, which explains it. */
#ifndef JXL_FLAGS_H
#define JXL_FLAGS_H

#include "internal.h"

enum { FLAG_NUMBER = -1, FLAG_TEXT = -2, FLAG_SWITCH = -3 };

void jxl_flags_help(Text *, const char *program, const char *doc, const jxl_flag *, int n);
const char *jxl_nearest_flag(const char *name, const jxl_flag *, int n); /* NULL where none is near */

#endif
