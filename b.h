/* Made by jxlc; changes are lost.  Arrays are packed, row-major; what is not a result is only read.
** Link with libjxlrt.a, -pthread and -lm. */
#ifndef JXL_B_H
#define JXL_B_H

#include <stdbool.h>
#include <stdint.h>

#ifndef JXL_ERROR_BYTES
#define JXL_ERROR_BYTES 512
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* f
**
**   x              f32[2, 6, 20, 36]
**   w              f32[10, 6, 3, 3]
**   result         f32[2, 10, 20, 37]
**
** 0, or a status; then `error`, unless NULL, holds what went wrong. */
int f(const float *x, const float *w, float *result, char error[JXL_ERROR_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
