#include "train.h"

#include <math.h>
#include <stdio.h>

int main(void) {
    float w[6] = { 1, 2, 3, 4, 5, 6 }, b[2] = { 0.5f, -0.5f }, x[6] = { 1, 0, -1, 2, 1, 0 }, new_w[6], new_b[2];
    Params p = { w, b }, q = { new_w, new_b };
    char error[JXL_ERROR_BYTES];
    float before, after, number;
    if (loss(3, 2, &p, x, 1, &before, error)) return 1;
    if (step(3, 2, &p, x, &q, error)) return 2;
    if (loss(3, 2, &q, x, 1, &after, error)) return 3;
    printf("%.4f %.4f\n", before, after);
    for (int i = 0; i < 6; i++) { /* the gradient is what differences say */
        float eps = 1e-2f, w2[6], up, down;
        for (int k = 0; k < 6; k++) w2[k] = w[k] + (k == i ? eps : 0);
        Params r = { w2, b };
        loss(3, 2, &r, x, 1, &up, NULL);
        w2[i] = w[i] - eps;
        loss(3, 2, &r, x, 1, &down, NULL);
        if (fabsf((up - down) / (2 * eps) - 2 * (w[i] - new_w[i])) > 1e-2f) return 4;
    }
    int32_t at;
    if (chosen(6, x, 2, true, &number, &at, error)) return 5;
    printf("%g %d\n", number, (int)at);
    int status = chosen(6, x, 5, true, &number, &at, error);
    printf("%d: %s\n", status, error);
    return 0;
}
