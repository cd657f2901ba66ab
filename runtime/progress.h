/* Between progress.c, which keeps bars, and progress_line.c, which says what one looks like. */
#ifndef JXL_PROGRESS_H
#define JXL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    double n, initial, total; /* total: negative where it is not known */
    double elapsed, rate;     /* seconds; per second lately, 0: of all the time so far */
    double divisor;           /* where counts are scaled: 1000 or 1024 */
    int columns;
    bool unicode, scaled;
    char unit[64], desc[512], postfix[1024];
} Progress;

void jxl_progress_line(const Progress *, char *line, size_t room);

#endif
