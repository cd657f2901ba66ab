/* Loops that carry a small state, as a person would write them in C: the least seconds of some calls.
**
** The rows are those that the file names which is its argument: some of gradients.jxl and order.jxl.  The gradient of the
** filter is the reverse sweep by hand: a step's mean and covariance are kept, the rest of it is computed again. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STEPS = 10000, NUMBERS = 100000, NAMES = 1 << 16 };
static double seen[STEPS][2], means[STEPS][4], covariances[STEPS][4][4];
static float matrices[STEPS][3][3], numbers[NUMBERS], out[NUMBERS];
static volatile double sink;

static double uniform(void) { return (double)rand() / RAND_MAX; }

/* a Kalman filter: position and speed in the plane, of which the position is seen */

typedef struct {
    double f[4][4], q, r;
} Model;
static Model model(double log_q, double log_r, double drag) {
    double speed = 1 - 0.1 * drag;
    return (Model){ { { 1, 0.1, 0, 0 }, { 0, speed, 0, 0 }, { 0, 0, 1, 0.1 }, { 0, 0, 0, speed } },
                    exp(log_q),
                    exp(log_r) };
}

typedef struct {
    double mean[4], cov[4][4], inverse[2][2], gain[4][2], off[2], log_det;
} Step;

/* The state before a step to what is expected of it, and what is seen then to the gain. */
static inline void expect(const Model *m, const double mean[4], double cov[4][4], const double z[2], Step *s) {
    double moved[4][4];
    for (int i = 0; i < 4; i++) {
        s->mean[i] = 0;
        for (int k = 0; k < 4; k++) s->mean[i] += m->f[i][k] * mean[k];
    }
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) {
            moved[i][j] = 0;
            for (int k = 0; k < 4; k++) moved[i][j] += m->f[i][k] * cov[k][j];
        }
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) {
            s->cov[i][j] = i == j ? m->q : 0;
            for (int k = 0; k < 4; k++) s->cov[i][j] += moved[i][k] * m->f[j][k];
        }
    double a = s->cov[0][0] + m->r, b = s->cov[0][2], c = s->cov[2][0], d = s->cov[2][2] + m->r, det = a * d - b * c;
    s->log_det = log(det);
    s->inverse[0][0] = d / det, s->inverse[0][1] = -b / det;
    s->inverse[1][0] = -c / det, s->inverse[1][1] = a / det;
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 2; j++) s->gain[i][j] = s->cov[i][0] * s->inverse[0][j] + s->cov[i][2] * s->inverse[1][j];
    s->off[0] = z[0] - s->mean[0];
    s->off[1] = z[1] - s->mean[2];
}

static inline double correct(const Step *s, double mean[4], double cov[4][4]) {
    double loss = s->log_det;
    for (int i = 0; i < 4; i++) {
        mean[i] = s->mean[i] + s->gain[i][0] * s->off[0] + s->gain[i][1] * s->off[1];
        for (int j = 0; j < 4; j++)
            cov[i][j] = s->cov[i][j] - s->gain[i][0] * s->cov[0][j] - s->gain[i][1] * s->cov[2][j];
    }
    for (int i = 0; i < 2; i++) loss += s->off[i] * (s->inverse[i][0] * s->off[0] + s->inverse[i][1] * s->off[1]);
    return loss;
}

static void start(double mean[4], double cov[4][4]) {
    for (int i = 0; i < 4; i++) {
        mean[i] = 0;
        for (int j = 0; j < 4; j++) cov[i][j] = i == j;
    }
}

static void kalman(void) {
    Model m = model(-2, -1, 0.1);
    Step s;
    double mean[4], cov[4][4], loss = 0;
    start(mean, cov);
    for (int t = 0; t < STEPS; t++) {
        expect(&m, mean, cov, seen[t], &s);
        loss += correct(&s, mean, cov);
    }
    sink = loss;
}

/* What a step's results' cotangents mean for its arguments': by mean, cov and gradient (of log_q, log_r, drag). */
static inline void back(const Model *m, const double mean0[4], double cov0[4][4], const Step *s, double mean[4],
                        double cov[4][4], double gradient[3]) {
    double gain[4][2], seen_rows[2][4], off[2], inverse[2][2], spread[2][2], left[2][2], turned[4][4], both[4][4];
    const double(*w)[2] = s->inverse;
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 2; j++) {
            gain[i][j] = mean[i] * s->off[j];
            for (int k = 0; k < 4; k++) gain[i][j] -= cov[i][k] * s->cov[2 * j][k];
        }
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 4; j++) {
            seen_rows[i][j] = 0;
            for (int k = 0; k < 4; k++) seen_rows[i][j] -= s->gain[k][i] * cov[k][j];
        }
    for (int i = 0; i < 2; i++) {
        off[i] = (w[i][0] + w[0][i]) * s->off[0] + (w[i][1] + w[1][i]) * s->off[1];
        for (int k = 0; k < 4; k++) off[i] += s->gain[k][i] * mean[k];
        for (int j = 0; j < 2; j++) {
            inverse[i][j] = s->off[i] * s->off[j];
            for (int k = 0; k < 4; k++) inverse[i][j] += s->cov[k][2 * i] * gain[k][j];
        }
    }
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++) left[i][j] = w[0][i] * inverse[0][j] + w[1][i] * inverse[1][j];
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++) spread[i][j] = w[j][i] - left[i][0] * w[j][0] - left[i][1] * w[j][1];
    gradient[1] += m->r * (spread[0][0] + spread[1][1]);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 2; j++) cov[i][2 * j] += gain[i][0] * w[j][0] + gain[i][1] * w[j][1];
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 4; j++) cov[2 * i][j] += seen_rows[i][j];
        for (int j = 0; j < 2; j++) cov[2 * i][2 * j] += spread[i][j];
        mean[2 * i] -= off[i];
    }
    for (int i = 0; i < 4; i++) gradient[0] += m->q * cov[i][i];
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) { /* f cov0, of a symmetric cov0 */
            both[i][j] = turned[i][j] = 0;
            for (int k = 0; k < 4; k++) both[i][j] += m->f[i][k] * cov0[k][j];
        }
    for (int i = 1; i < 4; i += 2) {
        double slope = mean[i] * mean0[i];
        for (int k = 0; k < 4; k++) slope += (cov[i][k] + cov[k][i]) * both[k][i];
        gradient[2] -= 0.1 * slope;
    }
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            for (int k = 0; k < 4; k++) turned[i][j] += m->f[k][i] * cov[k][j];
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) {
            cov[i][j] = 0;
            for (int k = 0; k < 4; k++) cov[i][j] += turned[i][k] * m->f[k][j];
        }
    double old[4];
    memcpy(old, mean, sizeof old);
    for (int i = 0; i < 4; i++) {
        mean[i] = 0;
        for (int k = 0; k < 4; k++) mean[i] += m->f[k][i] * old[k];
    }
}

static void kalman_gradient(void) {
    Model m = model(-2, -1, 0.1);
    Step s;
    double mean[4], cov[4][4], gradient[3] = { 0 };
    start(mean, cov);
    for (int t = 0; t < STEPS; t++) {
        memcpy(means[t], mean, sizeof mean);
        memcpy(covariances[t], cov, sizeof cov);
        expect(&m, mean, cov, seen[t], &s);
        correct(&s, mean, cov);
    }
    memset(mean, 0, sizeof mean);
    memset(cov, 0, sizeof cov);
    for (int t = STEPS - 1; t >= 0; t--) {
        expect(&m, means[t], covariances[t], seen[t], &s);
        back(&m, means[t], covariances[t], &s, mean, cov, gradient);
    }
    sink = gradient[0] + gradient[1] + gradient[2];
}

/* an LSTM of two layers that predicts what comes next */

enum { TIMES = 20, BATCH = 32, SIZE = 64, GATES = 4 * SIZE };
static double words[TIMES][BATCH][SIZE], weights[2][2][SIZE][GATES], bias[2][GATES], leave[SIZE][SIZE];

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

static void cell(int layer, const double x[SIZE], double h[SIZE], double c[SIZE]) {
    double gates[GATES];
    memcpy(gates, bias[layer], sizeof gates);
    for (int k = 0; k < SIZE; k++)
        for (int j = 0; j < GATES; j++) gates[j] += x[k] * weights[layer][0][k][j] + h[k] * weights[layer][1][k][j];
    for (int j = 0; j < SIZE; j++) {
        c[j] = sigmoid(gates[j]) * c[j] + sigmoid(gates[SIZE + j]) * tanh(gates[3 * SIZE + j]);
        h[j] = sigmoid(gates[2 * SIZE + j]) * tanh(c[j]);
    }
}

static void lstm(void) {
    static double h[2][BATCH][SIZE], c[2][BATCH][SIZE];
    double loss = 0;
    memset(h, 0, sizeof h);
    memset(c, 0, sizeof c);
    for (int t = 0; t + 1 < TIMES; t++)
        for (int b = 0; b < BATCH; b++) {
            double y[SIZE] = { 0 }, most, sum = 0;
            cell(0, words[t][b], h[0][b], c[0][b]);
            cell(1, h[0][b], h[1][b], c[1][b]);
            for (int k = 0; k < SIZE; k++)
                for (int j = 0; j < SIZE; j++) y[j] += h[1][b][k] * leave[k][j];
            most = y[0];
            for (int j = 1; j < SIZE; j++) most = y[j] > most ? y[j] : most;
            for (int j = 0; j < SIZE; j++) sum += exp(y[j] - most);
            for (int j = 0; j < SIZE; j++) loss -= words[t + 1][b][j] * (y[j] - most - log(sum));
        }
    sink = loss / ((TIMES - 1) * BATCH);
}

static void scan_scalar(void) {
    float c = 0;
    for (int i = 0; i < NUMBERS; i++) {
        out[i] = c;
        c = (0.9f * c + numbers[i]) * 0.99f;
    }
    sink = (double)out[rand() % NUMBERS];
}

static void scan_matrices(void) {
    float c[3] = { 1, 1, 1 }, y[3];
    for (int t = 0; t < STEPS; t++) {
        out[t] = c[0];
        for (int i = 0; i < 3; i++) {
            y[i] = 0;
            for (int k = 0; k < 3; k++) y[i] += matrices[t][i][k] * c[k];
        }
        for (int i = 0; i < 3; i++) c[i] = tanhf(y[i]);
    }
    sink = (double)out[rand() % STEPS];
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*f)(void);
    } rows[] = { { "kalman", kalman },
                 { "kalman-gradient", kalman_gradient },
                 { "lstm", lstm },
                 { "scan-scalar", scan_scalar },
                 { "scan-3x3", scan_matrices } };
    static char wanted[NAMES + 1] = "\n";
    FILE *names = argc > 1 ? fopen(argv[1], "r") : NULL;
    if (!names) return 2;
    wanted[1 + fread(wanted + 1, 1, NAMES - 1, names)] = 0;
    fclose(names);
    for (int i = 0; i < 2 * STEPS; i++) seen[i / 2][i % 2] = 2 * uniform() - 1;
    for (int i = 0; i < 9 * STEPS; i++) matrices[i / 9][i / 3 % 3][i % 3] = (float)uniform();
    for (int i = 0; i < NUMBERS; i++) numbers[i] = (float)uniform();
    for (int i = 0; i < TIMES * BATCH * SIZE; i++)
        words[i / SIZE / BATCH][i / SIZE % BATCH][i % SIZE] = uniform() / SIZE * 2;
    for (int i = 0; i < 4 * SIZE * GATES; i++)
        weights[i / GATES / SIZE / 2][i / GATES / SIZE % 2][i / GATES % SIZE][i % GATES] = (uniform() - 0.5) / 2;
    for (int i = 0; i < SIZE * SIZE; i++) leave[i / SIZE][i % SIZE] = (uniform() - 0.5) / 2;
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        char line[64];
        double least = 1e9, spent = 0;
        snprintf(line, sizeof line, "\n%s\n", rows[r].name);
        if (!strstr(wanted, line)) continue;
        rows[r].f();
        for (int i = 0; i < 4 || (spent < 0.05 && i < 1000); i++) {
            double before = now();
            rows[r].f();
            double t = now() - before;
            spent += t;
            if (t < least) least = t;
        }
        printf("%s %.9f\n", rows[r].name, least);
    }
}
