/* Between layout.c, which arranges the words of an array, and words.c, which writes them. */
#ifndef JXL_WORDS_H
#define JXL_WORDS_H

#include "internal.h"

/* The elements of an array that its text shows. */
typedef struct {
    const jxl_array *array;
    const int64_t *index;
    int64_t n;
} Shown;

typedef struct {
    const PrintOptions *options;
    int dtype;
    char sign;     /* '+' or ' ' before positive numbers */
    int exponents; /* write all with exponents, of so many digits: */
    int exponent_digits;
    int left, right; /* widths before and after the point */
    int least;       /* digits after the point */
} FloatFormat;

typedef struct {
    int dtype;
    int width; /* of bools and ints */
    char sign; /* of ints */
    FloatFormat re, im;
} WordFormat;

WordFormat jxl_word_format(const Shown *, const PrintOptions *);
void jxl_put_word(Text *, const WordFormat *, const Number *);

#endif
