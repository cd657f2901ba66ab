/* ticks: round numbers along an axis, and how they are written. */
#include "plot.h"

#include <math.h>
#include <string.h>

static const double steps[] = { 1, 2, 2.5, 5, 10 };

/* The smallest round step that leaves at most `most` intervals. */
static double step_for(double range, int most) {
    double scale = pow(10, floor(log10(range / most)));
    for (int decade = 0; decade < 3; decade++, scale *= 10)
        for (int i = 0; i < 4; i++)
            if (floor(range / (steps[i] * scale) + 1e-9) <= most) return steps[i] * scale;
    return scale;
}

static void label_linear(const Axis *a, Ticks *t, double step) {
    double size = fmax(fabs(a->low), fabs(a->high));
    int power = size > 0 ? (int)floor(log10(size)) : 0;
    bool scientific = size > 0 && (power >= 5 || power < -4);
    double unit = scientific ? pow(10, power) : 1;
    int decimals = 0;
    for (double s = step / unit; decimals < 10 && fabs(s - round(s)) > 1e-6 * fabs(s) + 1e-12; s *= 10) decimals++;
    if (scientific) snprintf(t->offset, sizeof t->offset, "1e%d", power);
    for (int i = 0; i < t->n; i++) {
        double x = t->at[i] / unit;
        if (fabs(x) < 1e-12 * fabs(step / unit)) x = 0;
        snprintf(t->label[i], sizeof t->label[i], "%s%.*f", x < 0 ? "\xe2\x88\x92" : "", decimals, fabs(x));
    }
}

static void linear(const Axis *a, int most, Ticks *t) {
    double range = a->high - a->low;
    if (!(range > 0) || !isfinite(range)) return;
    double step = step_for(range, most);
    for (double k = ceil(a->low / step - 1e-9); t->n < TICKS_MOST && k * step <= a->high + 1e-9 * step; k++)
        t->at[t->n++] = k * step;
    label_linear(a, t, step);
}

static void logarithmic(const Axis *a, int most, Ticks *t) {
    if (!(a->low > 0) || !(a->high > a->low)) return;
    int first = (int)ceil(log10(a->low) - 1e-9), last = (int)floor(log10(a->high) + 1e-9);
    int every = 1 + (last - first) / (most > 1 ? most : 1);
    for (int k = first; k <= last && t->n < TICKS_MOST; k += every) {
        t->at[t->n] = pow(10, k);
        snprintf(t->label[t->n++], sizeof t->label[0], "$10^{%s%d}$", k < 0 ? "\xe2\x88\x92" : "", k < 0 ? -k : k);
    }
    for (int k = first - 1; every == 1 && k <= last; k++)
        for (int i = 2; i < 10; i++) {
            double x = i * pow(10, k);
            if (x >= a->low && x <= a->high && t->nminor < 4 * TICKS_MOST) t->minor[t->nminor++] = x;
        }
}

/* What the program says: its own places, its own words. */
static void own(const Axis *a, Ticks *t) {
    const char *words = a->tick_labels;
    for (int64_t i = 0; i < a->ticks.n && t->n < TICKS_MOST; i++) t->at[t->n++] = a->ticks.at[i];
    if (!words) {
        double step = 1;
        for (int i = 1; i < t->n; i++) step = fabs(t->at[i] - t->at[i - 1]);
        label_linear(a, t, t->n > 1 && step > 0 ? step : t->n && t->at[0] != 0 ? t->at[0] : 1);
        return;
    }
    for (int i = 0; i < t->n; i++) {
        size_t n = strcspn(words, "\n");
        snprintf(t->label[i], sizeof t->label[i], "%.*s", (int)n, words);
        words += n + (words[n] == '\n');
    }
}

void ticks_of(const Axis *a, int most, Ticks *t) {
    *t = (Ticks){ 0 };
    if (a->ticks_set)
        own(a, t);
    else if (a->log)
        logarithmic(a, most, t);
    else
        linear(a, most, t);
}
