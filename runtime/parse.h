/* Between parse.c and those who read numbers from texts. */
#ifndef JXL_PARSE_H
#define JXL_PARSE_H

#include "internal.h"

typedef enum { PARSED, PARSED_NONSENSE, PARSED_TOO_LARGE } Parsed;
Parsed jxl_parse_number(const char *text, int dtype, void *value);

#endif
