/* limits: what is seen of axes: all that is drawn, with some room around it, unless the program says otherwise. */
#include "plot.h"

#include <math.h>
#include <string.h>

typedef struct {
    double low, high, least; /* least: the smallest above 0, for logarithms */
    bool tight_low, tight_high;
} Range;

static void see(Range *r, double x) {
    if (!isfinite(x)) return;
    if (x < r->low) r->low = x;
    if (x > r->high) r->high = x;
    if (x > 0 && x < r->least) r->least = x;
}

static void see_all(Range *r, const Numbers *v, double around) {
    for (int64_t i = 0; i < v->n; i++) see(r, v->at[i] - around), see(r, v->at[i] + around);
}

/* The numbers of a bar: where it stands, how long it is, how wide, where it begins. */
static void see_bars(Range *along, Range *length, const Drawn *d) {
    for (int64_t i = 0; i < d->data[0].n; i++) {
        double half = d->data[2].at[i % d->data[2].n] / 2, from = d->data[3].at[i % d->data[3].n];
        see(along, d->data[0].at[i] - half);
        see(along, d->data[0].at[i] + half);
        see(length, from);
        see(length, from + d->data[1].at[i]);
        if (from == 0 && d->data[1].at[i] >= 0) length->tight_low = true;
    }
}

static void see_drawn(const Drawn *d, Range *x, Range *y) {
    char where[16];
    bool upright = !option_true(d->options, "horizontal", false);
    switch (d->kind) {
    case DRAW_LINE:
    case DRAW_SCATTER: {
        bool across = option(d->options, "across", where, sizeof where); /* axhline: only y counts; axvline: only x */
        if (!across || *where == 'v') see_all(x, &d->data[0], 0);
        if (!across || *where == 'h') see_all(y, &d->data[1], 0);
        break;
    }
    case DRAW_BAR: see_bars(upright ? x : y, upright ? y : x, d); break;
    case DRAW_FILL:
        see_all(x, &d->data[0], 0);
        see_all(y, &d->data[1], 0);
        see_all(y, &d->data[2], 0);
        break;
    case DRAW_ERRORBAR:
        for (int64_t i = 0; i < d->data[0].n; i++) {
            double dx = d->data[3].n ? d->data[3].at[i % d->data[3].n] : 0,
                   dy = d->data[2].n ? d->data[2].at[i % d->data[2].n] : 0;
            see(x, d->data[0].at[i] - dx), see(x, d->data[0].at[i] + dx);
            see(y, d->data[1].at[i] - dy), see(y, d->data[1].at[i] + dy);
        }
        break;
    case DRAW_IMAGE:
    case DRAW_CONTOUR:
        see_all(x, &d->data[0], 0);
        see_all(y, &d->data[1], 0);
        x->tight_low = x->tight_high = y->tight_low = y->tight_high = true;
        break;
    case DRAW_SEGMENTS:
        see_all(x, &d->data[0], 0), see_all(x, &d->data[2], 0);
        see_all(y, &d->data[1], 0), see_all(y, &d->data[3], 0);
        break;
    case DRAW_TEXT:
    case DRAW_SPAN: break;
    }
}

static void settle(Axis *a, Range r) {
    if (r.low > r.high) r.low = a->log ? 1 : 0, r.high = a->log ? 10 : 1, r.least = r.low;
    if (a->log) {
        double low = log10(r.least < 1e300 ? r.least : 1), high = log10(fmax(r.high, pow(10, low)));
        if (!(high > low)) low -= 0.5, high += 0.5;
        double room = 0.05 * (high - low);
        if (!a->low_set) a->low = pow(10, low - room);
        if (!a->high_set) a->high = pow(10, high + room);
        return;
    }
    if (r.low == r.high) {
        double room = r.low == 0 ? 0.055 : 0.055 * fabs(r.low);
        r.low -= room;
        r.high += room;
    } else {
        double room = 0.05 * (r.high - r.low);
        if (!r.tight_low) r.low -= room;
        if (!r.tight_high) r.high += room;
    }
    if (!a->low_set) a->low = r.low;
    if (!a->high_set) a->high = r.high;
}

void limits_of(Axes *axes) {
    Range x = { 1e308, -1e308, 1e308, false, false }, y = x;
    for (int i = 0; i < axes->n; i++) see_drawn(&axes->drawn[i], &x, &y);
    settle(&axes->x, x);
    settle(&axes->y, y);
}
