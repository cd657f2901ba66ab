/* contour: lines of equal height through a grid, and the areas between them, cell by cell (marching squares). */
#include "plot.h"

#include <math.h>
#include <stdlib.h>

int contour_levels(const Drawn *d, double *levels, int most) {
    if (d->data[3].n > 1 || (d->data[3].n == 1 && !option_true(d->options, "count", false))) {
        int n = d->data[3].n < most ? (int)d->data[3].n : most;
        for (int i = 0; i < n; i++) levels[i] = d->data[3].at[i];
        return n;
    }
    int about = d->data[3].n ? (int)d->data[3].at[0] : 7;
    Axis a = { .low = d->low, .high = d->high };
    Ticks t;
    ticks_of(&a, about < 1 ? 1 : about, &t);
    int n = 0;
    double step = t.n > 1 ? t.at[1] - t.at[0] : 1;
    bool filled = option_true(d->options, "filled", false);
    if (filled && t.n && t.at[0] > d->low && n < most) levels[n++] = t.at[0] - step;
    for (int i = 0; i < t.n && n < most; i++) levels[n++] = t.at[i];
    if (filled && t.n && t.at[t.n - 1] < d->high && n < most) levels[n++] = t.at[t.n - 1] + step;
    return n;
}

/* The corners of cell (i, j), counter-clockwise, in points, with their heights. */
typedef struct {
    double x, y, z;
} Corner;

static void corners(const Plane *p, const Drawn *d, int64_t i, int64_t j, Corner c[4]) {
    static const int di[] = { 0, 0, 1, 1 }, dj[] = { 0, 1, 1, 0 };
    int64_t columns = d->data[2].columns;
    for (int k = 0; k < 4; k++) {
        int64_t row = i + di[k], column = j + dj[k];
        bool grid = d->data[0].n == d->data[2].n && d->data[0].rows == d->data[2].rows && d->data[0].columns == columns;
        double x = d->data[0].at[grid ? row * columns + column : column],
               y = d->data[1].at[grid ? row * columns + column : row];
        c[k] = (Corner){ plane_x(p, x), plane_y(p, y), d->data[2].at[row * columns + column] };
    }
}

static Corner between(Corner a, Corner b, double level) {
    double t = (level - a.z) / (b.z - a.z);
    return (Corner){ a.x + t * (b.x - a.x), a.y + t * (b.y - a.y), level };
}

/* What of a polygon is on the side of `level` that is wanted. */
static int clip(const Corner *from, int n, double level, bool above, Corner *to) {
    int m = 0;
    for (int k = 0; k < n; k++) {
        Corner a = from[k], b = from[(k + 1) % n];
        bool in_a = above ? a.z >= level : a.z <= level, in_b = above ? b.z >= level : b.z <= level;
        if (in_a) to[m++] = a;
        if (in_a != in_b && a.z != b.z) to[m++] = between(a, b, level);
    }
    return m;
}

static void band(const Plane *p, const Drawn *d, double low, double high) {
    Corner c[4], part[10], rest[12];
    for (int64_t i = 0; i + 1 < d->data[2].rows; i++)
        for (int64_t j = 0; j + 1 < d->data[2].columns; j++) {
            corners(p, d, i, j, c);
            if (!isfinite(c[0].z + c[1].z + c[2].z + c[3].z)) continue;
            int n = clip(c, 4, low, true, part);
            n = clip(part, n, high, false, rest);
            for (int k = 0; k < n; k++) (k ? cairo_line_to : cairo_move_to)(p->cr, rest[k].x, rest[k].y);
            if (n) cairo_close_path(p->cr);
        }
}

static void line_at(const Plane *p, const Drawn *d, double level) {
    Corner c[4];
    for (int64_t i = 0; i + 1 < d->data[2].rows; i++)
        for (int64_t j = 0; j + 1 < d->data[2].columns; j++) {
            corners(p, d, i, j, c);
            Corner cut[4];
            int n = 0;
            for (int k = 0; k < 4; k++) {
                Corner a = c[k], b = c[(k + 1) % 4];
                if ((a.z > level) != (b.z > level) && isfinite(a.z + b.z)) cut[n++] = between(a, b, level);
            }
            /* a saddle: where the middle is on the other side than corner 0, that corner is cut off alone */
            static const int as_found[] = { 0, 1, 2, 3 }, around[] = { 3, 0, 1, 2 };
            double middle = (c[0].z + c[1].z + c[2].z + c[3].z) / 4;
            const int *order = n == 4 && (middle > level) != (c[0].z > level) ? around : as_found;
            for (int k = 0; k + 1 < n; k += 2) {
                Corner a = cut[order[k]], b = cut[order[k + 1]];
                cairo_move_to(p->cr, a.x, a.y);
                cairo_line_to(p->cr, b.x, b.y);
            }
        }
}

static Colour level_colour(const Drawn *d, const char *map, double t) {
    char name[32];
    Colour c;
    if (option(d->options, "colors", name, sizeof name) && colour_of(name, &c)) return c;
    return map_colour(map, t);
}

void draw_contour(const Plane *p, const Drawn *d) {
    double levels[128];
    char map[32] = "viridis";
    int n = contour_levels(d, levels, 128);
    option(d->options, "cmap", map, sizeof map);
    if (option_true(d->options, "filled", false)) {
        cairo_set_antialias(p->cr, CAIRO_ANTIALIAS_NONE); /* no seams between cells */
        for (int k = 0; k + 1 < n; k++) {
            double middle = (levels[k] + levels[k + 1]) / 2, range = levels[n - 1] - levels[0];
            set_colour(p->cr, level_colour(d, map, range > 0 ? (middle - levels[0]) / range : 0.5));
            band(p, d, levels[k], levels[k + 1]);
            cairo_fill(p->cr);
        }
        cairo_set_antialias(p->cr, CAIRO_ANTIALIAS_DEFAULT);
        return;
    }
    cairo_set_line_width(p->cr, option_number(d->options, "linewidths", 1.5));
    cairo_set_line_cap(p->cr, CAIRO_LINE_CAP_ROUND);
    for (int k = 0; k < n; k++) {
        double range = d->high - d->low;
        set_colour(p->cr, level_colour(d, map,
                                       n > 1 && levels[n - 1] > levels[0]
                                           ? (levels[k] - levels[0]) / (levels[n - 1] - levels[0])
                                       : range > 0 ? (levels[k] - d->low) / range
                                                   : 0.5));
        line_at(p, d, levels[k]);
        cairo_stroke(p->cr);
    }
}
