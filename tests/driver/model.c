#include "model.h"

#include <stdio.h>

int main(void) {
    float x[4][2] = { { 1, 0 }, { 0, 1 }, { 1, 1 }, { 2, 1 } }, y[4] = { 1, 2, 3, 4 }, w[2] = { 0, 0 }, next[2], loss;
    Params p = { w, 0 }, q = { next, 0 };
    char error[JXL_ERROR_BYTES];
    for (int i = 0; i < 400; i++) {
        if (step(2, 4, &p, *x, y, 0.1f, &q, error)) return puts(error), 1;
        w[0] = q.w[0], w[1] = q.w[1], p.b = q.b;
    }
    if (model_loss(2, 4, &p, *x, y, &loss, error)) return puts(error), 1;
    printf("%.2f %.2f %.2f, %.4f\n", w[0], w[1], p.b, loss);
    return step(-1, 4, &p, *x, y, 0.1f, &q, error) ? puts(error), 0 : 1;
}
