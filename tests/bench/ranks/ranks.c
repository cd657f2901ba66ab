/* The same as ranks.jxl, with MPI by hand and the matrix products of OpenBLAS: lines "NAME SECONDS". */
#include <cblas.h>
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 12, EACH = 64, LAYERS = 3 };
static const int sizes[] = { 784, 512, 512, 10 };
static int rank, n;

static float *numbers(size_t count, float x) {
    float *p = aligned_alloc(64, (count * sizeof *p + 63) / 64 * 64);
    for (size_t i = 0; i < count; i++) p[i] = x;
    return p;
}

static void summed(float *x, float *y, int size) {
    for (int k = 0; k < 100; k++) {
        MPI_Allreduce(x, y, size, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
        for (int i = 0; i < size; i++) x[i] = y[i] * 0.5f;
    }
}

static void passed_on(float *x, float *y, int size) {
    for (int k = 0; k < 100; k++) {
        MPI_Sendrecv(x, size, MPI_FLOAT, (rank + 1) % n, 0, y, size, MPI_FLOAT, (rank + n - 1) % n, 0, MPI_COMM_WORLD,
                     MPI_STATUS_IGNORE);
        float *z = x;
        x = y, y = z;
    }
}

/* Rows 1..rows of u and v are this rank's; columns and rows around them are zero, or the neighbours'. */
static void heat(float *u, float *v, int rows, int columns) {
    int up = rank ? rank - 1 : MPI_PROC_NULL, down = rank < n - 1 ? rank + 1 : MPI_PROC_NULL, width = columns + 2;
    for (int k = 0; k < 50; k++) {
        MPI_Sendrecv(u + width, width, MPI_FLOAT, up, 0, u + (rows + 1) * width, width, MPI_FLOAT, down, 0,
                     MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        MPI_Sendrecv(u + rows * width, width, MPI_FLOAT, down, 0, u, width, MPI_FLOAT, up, 0, MPI_COMM_WORLD,
                     MPI_STATUS_IGNORE);
        for (int i = 1; i <= rows; i++) {
            const float *restrict a = u + (i - 1) * width, *restrict b = u + i * width,
                                  *restrict c = u + (i + 1) * width;
            float *restrict d = v + i * width;
            for (int j = 1; j <= columns; j++) d[j] = b[j] + 0.2f * (c[j] + a[j] + b[j + 1] + b[j - 1] - 4 * b[j]);
        }
        float *w = u;
        u = v, v = w;
    }
}

/* A network: weights, biases, and their gradients, each all in one piece, so that one message has them. */
static struct {
    float *params, *gradients, *w[LAYERS], *b[LAYERS], *dw[LAYERS], *db[LAYERS], *x[LAYERS + 1], *d[LAYERS + 1],
        *labels;
    int count;
} net;

static void make_network(void) {
    for (int l = 0; l < LAYERS; l++) net.count += (sizes[l] + 1) * sizes[l + 1];
    net.params = numbers((size_t)net.count, 0);
    net.gradients = numbers((size_t)net.count, 0);
    for (int l = 0, at = 0; l < LAYERS; l++) {
        int weights = sizes[l] * sizes[l + 1];
        net.w[l] = net.params + at, net.dw[l] = net.gradients + at;
        net.b[l] = net.params + at + weights, net.db[l] = net.gradients + at + weights;
        at += weights + sizes[l + 1];
        for (int i = 0; i < weights; i++) net.w[l][i] = ((float)rand() / (float)RAND_MAX - 0.5f) * 0.1f;
    }
    for (int l = 0; l <= LAYERS; l++) {
        net.x[l] = numbers((size_t)(EACH * sizes[l]), 0);
        net.d[l] = numbers((size_t)(EACH * sizes[l]), 0);
    }
    net.labels = numbers(EACH * 10, 0);
    for (int i = 0; i < EACH; i++) net.labels[i * 10 + rand() % 10] = 1;
    for (int i = 0; i < EACH * sizes[0]; i++) net.x[0][i] = (float)rand() / (float)RAND_MAX - 0.5f;
}

static void forward(void) {
    for (int l = 0; l < LAYERS; l++) {
        int m = sizes[l], k = sizes[l + 1];
        float *y = net.x[l + 1];
        for (int i = 0; i < EACH; i++) memcpy(y + i * k, net.b[l], (size_t)k * sizeof *y);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, EACH, k, m, 1, net.x[l], m, net.w[l], k, 1, y, k);
        for (int i = 0; i < EACH * k && l < LAYERS - 1; i++) y[i] = y[i] > 0 ? y[i] : 0;
    }
}

static void backward(void) {
    const float *y = net.x[LAYERS];
    for (int i = 0; i < EACH; i++) {
        float most = y[i * 10], sum = 0;
        for (int j = 1; j < 10; j++) most = fmaxf(most, y[i * 10 + j]);
        for (int j = 0; j < 10; j++) sum += expf(y[i * 10 + j] - most);
        for (int j = 0; j < 10; j++)
            net.d[LAYERS][i * 10 + j] = (expf(y[i * 10 + j] - most) / sum - net.labels[i * 10 + j]) / EACH;
    }
    for (int l = LAYERS - 1; l >= 0; l--) {
        int m = sizes[l], k = sizes[l + 1];
        const float *d = net.d[l + 1];
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, k, EACH, 1, net.x[l], m, d, k, 0, net.dw[l], k);
        memset(net.db[l], 0, (size_t)k * sizeof(float));
        for (int i = 0; i < EACH; i++)
            for (int j = 0; j < k; j++) net.db[l][j] += d[i * k + j];
        if (!l) break;
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, EACH, m, k, 1, d, k, net.w[l], k, 0, net.d[l], m);
        for (int i = 0; i < EACH * m; i++) net.d[l][i] = net.x[l][i] > 0 ? net.d[l][i] : 0;
    }
}

static void train(void) {
    for (int k = 0; k < 10; k++) {
        forward();
        backward();
        MPI_Allreduce(MPI_IN_PLACE, net.gradients, net.count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
        for (int i = 0; i < net.count; i++) net.params[i] -= 0.01f / (float)n * net.gradients[i];
    }
}

int main(int argc, char **argv) {
    static const int lengths[] = { 16, 4096, 262144 }, plates[] = { 256, 2048 };
    char name[32];
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n);
    make_network();
    for (int what = 0; what < 9; what++) {
        double best = 1e9;
        int size = lengths[what / 2 % 3], plate = plates[what % 2], width = plate + 2, rows = plate / n;
        size_t room = (size_t)(rows + 2) * (size_t)width;
        float *x = numbers((size_t)size, 1.0f / (float)n), *y = numbers((size_t)size, 0);
        float *u = numbers(room, 0), *v = numbers(room, 0);
        for (int round = 0; round < ROUNDS; round++) {
            int times = what < 6 ? 100 : what < 8 ? 50 : 10;
            double start = MPI_Wtime();
            if (what < 6)
                (what % 2 ? passed_on : summed)(x, y, size);
            else if (what < 8)
                heat(u, v, rows, plate);
            else
                train();
            double each = (MPI_Wtime() - start) / times;
            if (each < best) best = each;
        }
        if (what < 6)
            snprintf(name, sizeof name, "%s-%d", what % 2 ? "ppermute" : "psum", size);
        else if (what < 8)
            snprintf(name, sizeof name, "heat-%d", plate);
        else
            snprintf(name, sizeof name, "train-step");
        if (!rank) printf("%s %.3e\n", name, best);
        free(x), free(y), free(u), free(v);
    }
    MPI_Finalize();
    return 0;
}
