/* things: lines, markers, bars, areas, images, error bars, words and spans, inside their axes. */
#include "plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double along(const Axis *a, double x) {
    double low = a->low, high = a->high;
    if (a->log) {
        if (!(x > 0)) return NAN;
        x = log10(x), low = log10(low), high = log10(high);
    }
    double t = (x - low) / (high - low);
    return a->inverted ? 1 - t : t;
}
double plane_x(const Plane *p, double x) { return p->box.x + along(&p->axes->x, x) * p->box.w; }
double plane_y(const Plane *p, double y) { return p->box.y + (1 - along(&p->axes->y, y)) * p->box.h; }

void set_colour(cairo_t *cr, Colour c) { cairo_set_source_rgba(cr, c.r, c.g, c.b, c.a); }

static Colour faded(const Drawn *d, Colour c) {
    c.a *= option_number(d->options, "alpha", 1);
    return c;
}

static bool named_colour(const Drawn *d, const char *key, Colour *c) {
    char name[48];
    return option(d->options, key, name, sizeof name) && colour_of(name, c);
}

/* "-", "--", "-.", ":" or "none"; false for none */
static bool set_dashes(cairo_t *cr, const char *style, double width) {
    double dashed[] = { 3.7 * width, 1.6 * width }, dotted[] = { width, 1.65 * width };
    double both[] = { 6.4 * width, 1.6 * width, width, 1.6 * width };
    if (!strcmp(style, "none") || !*style || !strcmp(style, " ")) return false;
    if (!strcmp(style, "--") || !strcmp(style, "dashed"))
        cairo_set_dash(cr, dashed, 2, 0);
    else if (!strcmp(style, ":") || !strcmp(style, "dotted"))
        cairo_set_dash(cr, dotted, 2, 0);
    else if (!strcmp(style, "-.") || !strcmp(style, "dashdot"))
        cairo_set_dash(cr, both, 4, 0);
    else
        cairo_set_dash(cr, NULL, 0, 0);
    return true;
}

static bool set_line(cairo_t *cr, const Drawn *d) {
    char style[16] = "-";
    double width = option_number(d->options, "linewidth", 1.5);
    option(d->options, "linestyle", style, sizeof style);
    cairo_set_line_width(cr, width);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    bool solid = !strcmp(style, "-") || !strcmp(style, "solid");
    cairo_set_line_cap(cr, solid ? CAIRO_LINE_CAP_SQUARE : CAIRO_LINE_CAP_BUTT);
    return width > 0 && set_dashes(cr, style, width);
}

static void polygon(cairo_t *cr, double x, double y, double r, int n, double turn) {
    for (int k = 0; k < n; k++) {
        double angle = turn + 6.283185307179586 * k / n;
        (k ? cairo_line_to : cairo_move_to)(cr, x + r * sin(angle), y - r * cos(angle));
    }
    cairo_close_path(cr);
}

/* A marker `size` points across; crosses are only lines. */
static void marker(cairo_t *cr, const char *kind, double x, double y, double size, Colour face, Colour edge,
                   double edge_width) {
    double r = size / 2;
    bool lines = false;
    cairo_new_path(cr);
    switch (*kind) {
    case 's': cairo_rectangle(cr, x - r, y - r, size, size); break;
    case '^': polygon(cr, x, y, r * 1.15, 3, 0); break;
    case 'v': polygon(cr, x, y, r * 1.15, 3, 3.14159265358979); break;
    case '<': polygon(cr, x, y, r * 1.15, 3, -1.5707963); break;
    case '>': polygon(cr, x, y, r * 1.15, 3, 1.5707963); break;
    case 'D': polygon(cr, x, y, size * 0.7071, 4, 0); break;
    case 'd': polygon(cr, x, y, r, 4, 0); break;
    case 'p': polygon(cr, x, y, r, 5, 0); break;
    case 'h': polygon(cr, x, y, r, 6, 0); break;
    case '*':
        for (int k = 0; k < 10; k++) {
            double angle = 3.14159265358979 * k / 5, reach = k % 2 ? 0.382 * r : r;
            (k ? cairo_line_to : cairo_move_to)(cr, x + reach * sin(angle), y - reach * cos(angle));
        }
        cairo_close_path(cr);
        break;
    case 'x':
        lines = true;
        cairo_move_to(cr, x - r, y - r), cairo_line_to(cr, x + r, y + r);
        cairo_move_to(cr, x - r, y + r), cairo_line_to(cr, x + r, y - r);
        break;
    case '+':
        lines = true;
        cairo_move_to(cr, x - r, y), cairo_line_to(cr, x + r, y);
        cairo_move_to(cr, x, y - r), cairo_line_to(cr, x, y + r);
        break;
    case '|':
        lines = true;
        cairo_move_to(cr, x, y - r), cairo_line_to(cr, x, y + r);
        break;
    case '_':
        lines = true;
        cairo_move_to(cr, x - r, y), cairo_line_to(cr, x + r, y);
        break;
    case '.': r *= 0.5; /* fall through */
    case ',':
        if (*kind == ',') r = 0.5; /* fall through */
    default: cairo_arc(cr, x, y, r, 0, 6.283185307179586); break;
    }
    if (!lines) {
        set_colour(cr, face);
        cairo_fill_preserve(cr);
    }
    set_colour(cr, lines ? face : edge);
    cairo_set_dash(cr, NULL, 0, 0);
    cairo_set_line_width(cr, lines && edge_width <= 0 ? 1 : edge_width);
    if (lines || edge_width > 0)
        cairo_stroke(cr);
    else
        cairo_new_path(cr);
}

static void path_of(const Plane *p, const Drawn *d) {
    char steps[16] = "default";
    option(d->options, "drawstyle", steps, sizeof steps);
    bool pen_down = false;
    double before_x = 0, before_y = 0;
    for (int64_t i = 0; i < d->data[0].n; i++) {
        double x = plane_x(p, d->data[0].at[i]), y = plane_y(p, d->data[1].at[i]);
        if (!isfinite(x) || !isfinite(y)) {
            pen_down = false;
            continue;
        }
        x = fmax(-1e5, fmin(1e5, x)), y = fmax(-1e5, fmin(1e5, y)); /* cairo's numbers end there */
        if (pen_down && strstr(steps, "mid")) {
            cairo_line_to(p->cr, (before_x + x) / 2, before_y);
            cairo_line_to(p->cr, (before_x + x) / 2, y);
        } else if (pen_down && strstr(steps, "post")) {
            cairo_line_to(p->cr, x, before_y);
        } else if (pen_down && strstr(steps, "steps")) {
            cairo_line_to(p->cr, before_x, y);
        }
        (pen_down ? cairo_line_to : cairo_move_to)(p->cr, x, y);
        pen_down = true;
        before_x = x, before_y = y;
    }
}

static void markers(const Plane *p, const Drawn *d, const char *kind) {
    Colour face = d->colour, edge = d->colour;
    named_colour(d, "markerfacecolor", &face);
    named_colour(d, "markeredgecolor", &edge);
    char name[16];
    if (option(d->options, "markerfacecolor", name, sizeof name) && !strcmp(name, "none")) face.a = 0;
    int64_t every = (int64_t)fmax(1, option_number(d->options, "markevery", 1));
    for (int64_t i = 0; i < d->data[0].n; i += every) {
        double x = plane_x(p, d->data[0].at[i]), y = plane_y(p, d->data[1].at[i]);
        if (isfinite(x) && isfinite(y))
            marker(p->cr, kind, x, y, option_number(d->options, "markersize", 6), faded(d, face), faded(d, edge),
                   option_number(d->options, "markeredgewidth", 1));
    }
}

static void line(const Plane *p, const Drawn *d) {
    char kind[8], across[8];
    if (option(d->options, "across", across, sizeof across)) { /* from edge to edge */
        bool flat = *across == 'h';
        for (int64_t i = 0; i < (flat ? d->data[1] : d->data[0]).n; i++) {
            double at = flat ? plane_y(p, d->data[1].at[i]) : plane_x(p, d->data[0].at[i]);
            cairo_move_to(p->cr, flat ? p->box.x : at, flat ? at : p->box.y);
            cairo_line_to(p->cr, flat ? p->box.x + p->box.w : at, flat ? at : p->box.y + p->box.h);
        }
    } else {
        path_of(p, d);
    }
    set_colour(p->cr, faded(d, d->colour));
    if (set_line(p->cr, d))
        cairo_stroke(p->cr);
    else
        cairo_new_path(p->cr);
    if (option(d->options, "marker", kind, sizeof kind) && strcmp(kind, "none")) markers(p, d, kind);
}

/* data: x, y, size (area in square points), colours (numbers) */
static void scatter(const Plane *p, const Drawn *d) {
    char kind[8] = "o", map[32] = "viridis";
    option(d->options, "marker", kind, sizeof kind);
    option(d->options, "cmap", map, sizeof map);
    for (int64_t i = 0; i < d->data[0].n; i++) {
        double x = plane_x(p, d->data[0].at[i]), y = plane_y(p, d->data[1].at[i]);
        double area = d->data[2].n ? d->data[2].at[i % d->data[2].n] : 36;
        Colour c = d->colour, edge;
        if (d->data[3].depth >= 3) {
            const double *q = d->data[3].at + i * d->data[3].depth;
            c = (Colour){ q[0], q[1], q[2], d->data[3].depth > 3 ? q[3] : 1 };
        } else if (d->data[3].n) {
            c = map_colour(map,
                           d->high > d->low ? (d->data[3].at[i % d->data[3].n] - d->low) / (d->high - d->low) : 0.5);
        }
        edge = c;
        bool edged = named_colour(d, "edgecolors", &edge) || named_colour(d, "edgecolor", &edge);
        if (isfinite(x) && isfinite(y) && isfinite(area))
            marker(p->cr, kind, x, y, sqrt(fmax(area, 0)), faded(d, c), faded(d, edge),
                   option_number(d->options, "linewidths", edged || strchr("x+|_", *kind) ? 1.5 : 0));
    }
}

/* data: where, how long, how wide, from where */
static void bars(const Plane *p, const Drawn *d) {
    bool flat = option_true(d->options, "horizontal", false);
    Colour edge = d->colour;
    bool edged = named_colour(d, "edgecolor", &edge);
    for (int64_t i = 0; i < d->data[0].n; i++) {
        double half = d->data[2].at[i % d->data[2].n] / 2, from = d->data[3].at[i % d->data[3].n],
               to = from + d->data[1].at[i];
        double a = d->data[0].at[i] - half, b = d->data[0].at[i] + half;
        const Axis *length = flat ? &p->axes->x : &p->axes->y;
        if (length->log && from <= 0) from = length->low;
        double x0 = plane_x(p, flat ? from : a), x1 = plane_x(p, flat ? to : b);
        double y0 = plane_y(p, flat ? a : from), y1 = plane_y(p, flat ? b : to);
        if (!isfinite(x0 + x1 + y0 + y1)) continue;
        cairo_rectangle(p->cr, x0, y0, x1 - x0, y1 - y0);
        set_colour(p->cr, faded(d, d->colour));
        cairo_fill_preserve(p->cr);
        set_colour(p->cr, faded(d, edge));
        cairo_set_dash(p->cr, NULL, 0, 0);
        cairo_set_line_width(p->cr, option_number(d->options, "linewidth", edged ? 1 : 0));
        cairo_set_line_join(p->cr, CAIRO_LINE_JOIN_MITER);
        if (edged && option_number(d->options, "linewidth", 1) > 0)
            cairo_stroke(p->cr);
        else
            cairo_new_path(p->cr);
    }
}

/* data: x, y1, y2 */
static void area(const Plane *p, const Drawn *d) {
    int64_t n = d->data[0].n;
    for (int64_t i = 0; i < 2 * n; i++) {
        int64_t k = i < n ? i : 2 * n - 1 - i;
        const Numbers *v = &d->data[i < n ? 1 : 2];
        double x = plane_x(p, d->data[0].at[k]), y = plane_y(p, v->at[k % v->n]);
        if (isfinite(x) && isfinite(y)) cairo_line_to(p->cr, fmax(-1e5, fmin(1e5, x)), fmax(-1e5, fmin(1e5, y)));
    }
    cairo_close_path(p->cr);
    set_colour(p->cr, faded(d, d->colour));
    cairo_fill(p->cr);
}

static unsigned byte_of(double x) { return (unsigned)(fmax(0, fmin(1, isnan(x) ? 0 : x)) * 255 + 0.5); }

/* The numbers z as pixels, row 0 above unless `lower`; NULL where there are none, or no memory. */
static cairo_surface_t *surface_of(const Drawn *d, const Numbers *z, bool lower) {
    char map[32] = "viridis";
    option(d->options, "cmap", map, sizeof map);
    if (z->rows < 1 || z->columns < 1 || z->rows > 32767 || z->columns > 32767) return NULL;
    int rows = (int)z->rows, columns = (int)z->columns;
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, columns, rows);
    unsigned char *pixels = cairo_image_surface_get_data(s);
    size_t stride = (size_t)cairo_image_surface_get_stride(s);
    if (!pixels) {
        cairo_surface_destroy(s);
        return NULL;
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) {
            const double *q = z->at + ((int64_t)(lower ? rows - 1 - i : i) * columns + j) * z->depth;
            Colour c = { q[0], z->depth > 1 ? q[1] : 0, z->depth > 2 ? q[2] : 0, z->depth > 3 ? q[3] : 1 };
            if (z->depth == 1) c = map_colour(map, d->high > d->low ? (q[0] - d->low) / (d->high - d->low) : 0);
            if (z->depth == 1 && isnan(q[0])) c.a = 0;
            c.a *= option_number(d->options, "alpha", 1);
            uint32_t word =
                byte_of(c.a) << 24 | byte_of(c.r * c.a) << 16 | byte_of(c.g * c.a) << 8 | byte_of(c.b * c.a);
            memcpy(pixels + (size_t)i * stride + 4 * (size_t)j, &word, 4);
        }
    cairo_surface_mark_dirty(s);
    return s;
}

cairo_surface_t *picture_of(const Drawn *d) {
    return surface_of(d, &d->data[2], option_true(d->options, "lower", false));
}

/* data: the edges x, the edges y (both in pairs, low and high), the pixels */
static void image(const Plane *p, const Drawn *d) {
    char smooth[24] = "nearest";
    option(d->options, "interpolation", smooth, sizeof smooth);
    cairo_surface_t *s = picture_of(d);
    if (!s) return;
    int columns = (int)d->data[2].columns, rows = (int)d->data[2].rows;
    double x0 = plane_x(p, d->data[0].at[0]), x1 = plane_x(p, d->data[0].at[1]);
    double y0 = plane_y(p, d->data[1].at[1]), y1 = plane_y(p, d->data[1].at[0]);
    if (p->axes->y.inverted && !option_true(d->options, "lower", false)) { /* row 0, the lowest number, is above */
        double swap = y0;
        y0 = y1, y1 = swap;
    }
    cairo_save(p->cr);
    cairo_translate(p->cr, x0, y0);
    cairo_scale(p->cr, (x1 - x0) / columns, (y1 - y0) / rows);
    cairo_set_source_surface(p->cr, s, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(p->cr),
                             strcmp(smooth, "bilinear") ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_BILINEAR);
    cairo_pattern_set_extend(cairo_get_source(p->cr), CAIRO_EXTEND_PAD);
    cairo_rectangle(p->cr, 0, 0, columns, rows);
    cairo_fill(p->cr);
    cairo_restore(p->cr);
    cairo_surface_destroy(s);
}

static void whisker(const Plane *p, double x0, double y0, double x1, double y1, double cap) {
    bool upright = x0 == x1;
    cairo_move_to(p->cr, x0, y0), cairo_line_to(p->cr, x1, y1);
    if (cap <= 0) return;
    cairo_move_to(p->cr, x0 - (upright ? cap : 0), y0 - (upright ? 0 : cap));
    cairo_line_to(p->cr, x0 + (upright ? cap : 0), y0 + (upright ? 0 : cap));
    cairo_move_to(p->cr, x1 - (upright ? cap : 0), y1 - (upright ? 0 : cap));
    cairo_line_to(p->cr, x1 + (upright ? cap : 0), y1 + (upright ? 0 : cap));
}

/* data: x, y, dy, dx */
static void error_bars(const Plane *p, const Drawn *d) {
    double cap = option_number(d->options, "capsize", 0);
    Colour c = d->colour;
    named_colour(d, "ecolor", &c);
    for (int64_t i = 0; i < d->data[0].n; i++) {
        double x = d->data[0].at[i], y = d->data[1].at[i];
        double dy = d->data[2].n ? d->data[2].at[i % d->data[2].n] : 0,
               dx = d->data[3].n ? d->data[3].at[i % d->data[3].n] : 0;
        if (dy != 0) whisker(p, plane_x(p, x), plane_y(p, y - dy), plane_x(p, x), plane_y(p, y + dy), cap);
        if (dx != 0) whisker(p, plane_x(p, x - dx), plane_y(p, y), plane_x(p, x + dx), plane_y(p, y), cap);
    }
    set_colour(p->cr, faded(d, c));
    cairo_set_dash(p->cr, NULL, 0, 0);
    cairo_set_line_width(p->cr, option_number(d->options, "elinewidth", option_number(d->options, "linewidth", 1.5)));
    cairo_stroke(p->cr);
    line(p, d);
}

/* data: x0, y0, x1, y1 */
static void segments(const Plane *p, const Drawn *d) {
    for (int64_t i = 0; i < d->data[0].n; i++) {
        cairo_move_to(p->cr, plane_x(p, d->data[0].at[i]), plane_y(p, d->data[1].at[i % d->data[1].n]));
        cairo_line_to(p->cr, plane_x(p, d->data[2].at[i % d->data[2].n]), plane_y(p, d->data[3].at[i % d->data[3].n]));
    }
    set_colour(p->cr, faded(d, d->colour));
    if (set_line(p->cr, d)) cairo_stroke(p->cr);
    cairo_new_path(p->cr);
}

static double anchor(const Drawn *d, const char *key, double fallback) {
    char where[16];
    if (!option(d->options, key, where, sizeof where)) return fallback;
    if (!strcmp(where, "center")) return 0.5;
    return !strcmp(where, "right") || !strcmp(where, "top") ? 1 : 0;
}

/* data: x, y; an arrow goes from the words to (x, y) of data 2 and 3 */
static void words(const Plane *p, const Drawn *d) {
    char text[512];
    if (!option(d->options, "text", text, sizeof text) || !d->data[0].n || !d->data[1].n) return;
    bool of_axes = option_true(d->options, "of_axes", false);
    double x = of_axes ? p->box.x + d->data[0].at[0] * p->box.w : plane_x(p, d->data[0].at[0]);
    double y = of_axes ? p->box.y + (1 - d->data[1].at[0]) * p->box.h : plane_y(p, d->data[1].at[0]);
    set_colour(p->cr, faded(d, d->colour));
    if (d->data[2].n && d->data[3].n) {
        double tx = plane_x(p, d->data[2].at[0]), ty = plane_y(p, d->data[3].at[0]), angle = atan2(ty - y, tx - x);
        cairo_set_line_width(p->cr, 1);
        cairo_move_to(p->cr, x, y), cairo_line_to(p->cr, tx, ty);
        cairo_move_to(p->cr, tx - 7 * cos(angle - 0.4), ty - 7 * sin(angle - 0.4));
        cairo_line_to(p->cr, tx, ty), cairo_line_to(p->cr, tx - 7 * cos(angle + 0.4), ty - 7 * sin(angle + 0.4));
        cairo_stroke(p->cr);
    }
    text_draw(p->cr, text, option_number(d->options, "fontsize", 10), x, y, anchor(d, "ha", 0), anchor(d, "va", 0),
              option_number(d->options, "rotation", 0));
}

/* data: low, high */
static void span(const Plane *p, const Drawn *d) {
    bool flat = option_true(d->options, "horizontal", false);
    double a = flat ? plane_y(p, d->data[0].at[0]) : plane_x(p, d->data[0].at[0]);
    double b = flat ? plane_y(p, d->data[1].at[0]) : plane_x(p, d->data[1].at[0]);
    cairo_rectangle(p->cr, flat ? p->box.x : a, flat ? a : p->box.y, flat ? p->box.w : b - a, flat ? b - a : p->box.h);
    set_colour(p->cr, faded(d, d->colour));
    cairo_fill(p->cr);
}

void draw_thing(const Plane *p, const Drawn *d) {
    cairo_new_path(p->cr);
    switch (d->kind) {
    case DRAW_LINE: line(p, d); break;
    case DRAW_SCATTER: scatter(p, d); break;
    case DRAW_BAR: bars(p, d); break;
    case DRAW_FILL: area(p, d); break;
    case DRAW_IMAGE: image(p, d); break;
    case DRAW_CONTOUR: draw_contour(p, d); break;
    case DRAW_ERRORBAR: error_bars(p, d); break;
    case DRAW_TEXT: words(p, d); break;
    case DRAW_SPAN: span(p, d); break;
    case DRAW_SEGMENTS: segments(p, d); break;
    }
}

void draw_sample(cairo_t *cr, const Drawn *d, Box box) {
    char kind[8];
    double middle = box.y + box.h / 2;
    set_colour(cr, faded(d, d->colour));
    cairo_new_path(cr);
    if (d->kind == DRAW_BAR || d->kind == DRAW_FILL || d->kind == DRAW_SPAN) {
        cairo_rectangle(cr, box.x, box.y, box.w, box.h);
        cairo_fill(cr);
        return;
    }
    if (d->kind != DRAW_SCATTER && set_line(cr, d)) {
        cairo_move_to(cr, box.x, middle), cairo_line_to(cr, box.x + box.w, middle);
        cairo_stroke(cr);
    }
    if (option(d->options, "marker", kind, sizeof kind) ? strcmp(kind, "none") != 0 : d->kind == DRAW_SCATTER)
        marker(cr, d->kind == DRAW_SCATTER && !option(d->options, "marker", kind, sizeof kind) ? "o" : kind,
               box.x + box.w / 2, middle, option_number(d->options, "markersize", 6), faded(d, d->colour),
               faded(d, d->colour), 1);
}
