#include "levels.h"

#include <stdio.h>

int main(void) {
    float x[5] = { 0, 0, 0, 0, 0 }, y[5] = { 1, 2, 3, 4, 5 }, mean = 0;
    char error[JXL_ERROR_BYTES];
    for (int i = 0; i < 2; i++) {
        int status = mean_of_squares(5, x, y, &mean, error);
        if (status)
            printf("%d: %s\n", status, error);
        else
            printf("%g\n", mean);
    }
}
