#include "shift.h"

#include <stdio.h>

int main(void) {
    float x[3] = { 1, 2, 3 }, y[3], sum;
    int32_t unused[3] = { 0 };
    char error[JXL_ERROR_BYTES];
    if (shift(3, x, 1, unused, y, &sum, error)) return 1;
    printf("%g %g %g, %g\n", y[0], y[1], y[2], sum);
    int status = shift(-1, x, 1, unused, y, &sum, error);
    printf("%d: %s\n", status, error);
    return shift(3, x, 1, unused, y, &sum, NULL);
}
