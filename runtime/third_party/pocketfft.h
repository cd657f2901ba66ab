/* What is used of pocketfft (pocketfft.c, which has its licence).  Numbers are double; a complex one is two.  A plan is only
** read by transforms, which return 0, or -1 where there is no memory.  Real transforms are r0, r1, i1, r2, i2, ... */
#ifndef JXL_POCKETFFT_H
#define JXL_POCKETFFT_H

#include <stddef.h>

/* The names are ours alone in a program that is linked with another pocketfft. */
#define make_cfft_plan jxl_make_cfft_plan
#define destroy_cfft_plan jxl_destroy_cfft_plan
#define cfft_backward jxl_cfft_backward
#define cfft_forward jxl_cfft_forward
#define make_rfft_plan jxl_make_rfft_plan
#define destroy_rfft_plan jxl_destroy_rfft_plan
#define rfft_backward jxl_rfft_backward
#define rfft_forward jxl_rfft_forward

typedef struct cfft_plan_i *cfft_plan;
cfft_plan make_cfft_plan(size_t length);
void destroy_cfft_plan(cfft_plan);
int cfft_backward(cfft_plan, double c[], double factor);
int cfft_forward(cfft_plan, double c[], double factor);

typedef struct rfft_plan_i *rfft_plan;
rfft_plan make_rfft_plan(size_t length);
void destroy_rfft_plan(rfft_plan);
int rfft_backward(rfft_plan, double c[], double factor);
int rfft_forward(rfft_plan, double c[], double factor);

#endif
