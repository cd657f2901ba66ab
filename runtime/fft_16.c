/* Fourier transforms in vectors of 16 bytes: any machine. */
#define BYTES 16
#define LEVEL jxl_fft_16
#define ALONE
#include "fft_level.h"
