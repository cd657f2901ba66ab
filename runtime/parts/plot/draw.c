/* draw: a figure: its axes laid out in a grid, each with frame, ticks, words, what stands in it, and a legend. */
#include "plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE = 10, TITLE_SIZE = 12 };
static const double tick_length = 3.5, tick_gap = 3.5, label_gap = 4, title_gap = 6;
static const Colour black = { 0, 0, 0, 1 }, pale = { 0.69, 0.69, 0.69, 1 };

/* How far words reach out of the box on each side. */
typedef struct {
    double left, right, top, bottom;
} Margins;

static int most_ticks(double points, bool across) {
    int n = (int)(points / (across ? 50 : 32));
    return n < 2 ? 2 : n > 9 ? 9 : n;
}

static double widest(cairo_t *cr, const Ticks *t) {
    double w = 0;
    for (int i = 0; i < t->n; i++) w = fmax(w, text_extent(cr, t->label[i], TEXT_SIZE).width);
    return w;
}

static Margins margins_of(cairo_t *cr, const Axes *a, Box cell) {
    Margins m = { 6, 8, 8, 6 };
    Ticks x, y;
    if (a->title)
        m.top +=
            text_extent(cr, a->title, TITLE_SIZE).ascent + text_extent(cr, a->title, TITLE_SIZE).descent + title_gap;
    if (a->hidden) return m;
    ticks_of(&a->x, most_ticks(cell.w, true), &x);
    ticks_of(&a->y, most_ticks(cell.h, false), &y);
    double beside =
        (y.n ? tick_length + tick_gap + widest(cr, &y) : 0) + (a->y.label ? label_gap + 1.2 * TEXT_SIZE : 0);
    bool right = a->twin_of || a->bar_of;
    *(right ? &m.right : &m.left) += beside;
    if (x.n && !a->bar_of && !a->twin_of) m.bottom += tick_length + tick_gap + TEXT_SIZE + (*x.offset ? TEXT_SIZE : 0);
    if (x.n && !a->bar_of && !a->twin_of)
        m.right = fmax(m.right, text_extent(cr, x.label[x.n - 1], TEXT_SIZE).width / 2);
    if (a->x.label) m.bottom += label_gap + 1.3 * TEXT_SIZE;
    if (*y.offset && !a->title) m.top += TEXT_SIZE;
    return m;
}

static double crisp(double x) { return floor(x) + 0.5; }

static void grid_lines(const Plane *p, const Ticks *x, const Ticks *y) {
    char which[8] = "both", style[8] = "-";
    const char *options = p->axes->grid;
    Colour c = pale;
    char name[32];
    option(options, "axis", which, sizeof which);
    option(options, "linestyle", style, sizeof style);
    if (option(options, "color", name, sizeof name)) colour_of(name, &c);
    c.a = option_number(options, "alpha", 1);
    bool minor = option(options, "which", name, sizeof name) && !strcmp(name, "both");
    set_colour(p->cr, c);
    cairo_set_line_width(p->cr, option_number(options, "linewidth", 0.8));
    if (strcmp(style, "-")) cairo_set_dash(p->cr, (double[]){ !strcmp(style, ":") ? 1 : 3, 1.6 }, 2, 0);
    for (int i = 0; *which != 'y' && i < x->n + (minor ? x->nminor : 0); i++) {
        double at = plane_x(p, i < x->n ? x->at[i] : x->minor[i - x->n]);
        cairo_move_to(p->cr, at, p->box.y), cairo_line_to(p->cr, at, p->box.y + p->box.h);
    }
    for (int i = 0; *which != 'x' && i < y->n + (minor ? y->nminor : 0); i++) {
        double at = plane_y(p, i < y->n ? y->at[i] : y->minor[i - y->n]);
        cairo_move_to(p->cr, p->box.x, at), cairo_line_to(p->cr, p->box.x + p->box.w, at);
    }
    cairo_stroke(p->cr);
    cairo_set_dash(p->cr, NULL, 0, 0);
}

static void x_axis(const Plane *p, const Ticks *t) {
    cairo_t *cr = p->cr;
    double bottom = p->box.y + p->box.h;
    cairo_set_line_width(cr, 0.8);
    for (int i = 0; i < t->n + t->nminor; i++) {
        double x = plane_x(p, i < t->n ? t->at[i] : t->minor[i - t->n]);
        if (!(x >= p->box.x - 0.01 && x <= p->box.x + p->box.w + 0.01)) continue;
        cairo_move_to(cr, x, bottom), cairo_line_to(cr, x, bottom + (i < t->n ? tick_length : 2));
        cairo_stroke(cr);
        if (i < t->n) text_draw(cr, t->label[i], TEXT_SIZE, x, bottom + tick_length + tick_gap, 0.5, 1, 0);
    }
    double below = bottom + (t->n ? tick_length + tick_gap + TEXT_SIZE : 0);
    if (*t->offset) text_draw(cr, t->offset, TEXT_SIZE, p->box.x + p->box.w, below + 2, 1, 1, 0), below += TEXT_SIZE;
    if (p->axes->x.label)
        text_draw(cr, p->axes->x.label, TEXT_SIZE, p->box.x + p->box.w / 2, below + label_gap, 0.5, 1, 0);
}

static void y_axis(const Plane *p, const Ticks *t) {
    cairo_t *cr = p->cr;
    bool right = p->axes->twin_of || p->axes->bar_of;
    double edge = right ? p->box.x + p->box.w : p->box.x, out = right ? 1 : -1;
    cairo_set_line_width(cr, 0.8);
    for (int i = 0; i < t->n + t->nminor; i++) {
        double y = plane_y(p, i < t->n ? t->at[i] : t->minor[i - t->n]);
        if (!(y >= p->box.y - 0.01 && y <= p->box.y + p->box.h + 0.01)) continue;
        cairo_move_to(cr, edge, y), cairo_line_to(cr, edge + out * (i < t->n ? tick_length : 2), y);
        cairo_stroke(cr);
        if (i < t->n)
            text_draw(cr, t->label[i], TEXT_SIZE, edge + out * (tick_length + tick_gap), y, right ? 0 : 1, 0.5, 0);
    }
    if (*t->offset) text_draw(cr, t->offset, TEXT_SIZE, p->box.x, p->box.y - 3, 0, 0, 0);
    double beside = edge + out * ((t->n ? tick_length + tick_gap + widest(cr, t) : 0) + label_gap);
    if (p->axes->y.label)
        text_draw(cr, p->axes->y.label, TEXT_SIZE, beside, p->box.y + p->box.h / 2, 0.5, right ? 1 : 0, 90);
}

/* How many points of what is drawn a legend there would hide. */
static int hidden_by(const Plane *p, Box b) {
    int n = 0;
    for (int i = 0; i < p->axes->n; i++) {
        const Drawn *d = &p->axes->drawn[i];
        if (d->kind != DRAW_LINE && d->kind != DRAW_SCATTER && d->kind != DRAW_ERRORBAR && d->kind != DRAW_FILL &&
            d->kind != DRAW_BAR)
            continue;
        for (int64_t k = 0; k < d->data[0].n; k++) {
            double y0 = d->data[1].at[d->data[1].n ? k % d->data[1].n : 0];
            double x = plane_x(p, d->data[0].at[k]), y = plane_y(p, y0);
            if (x >= b.x && x <= b.x + b.w && y >= b.y && y <= b.y + b.h) n++;
            if (d->kind == DRAW_BAR && x >= b.x && x <= b.x + b.w && y <= b.y + b.h) n += 5;
        }
    }
    return n;
}

static Box legend_place(const Plane *p, double w, double h) {
    static const struct {
        const char *name;
        double across, down;
    } places[] = { { "upper right", 1, 0 },    { "upper left", 0, 0 },     { "lower left", 0, 1 },
                   { "lower right", 1, 1 },    { "right", 1, 0.5 },        { "center left", 0, 0.5 },
                   { "center right", 1, 0.5 }, { "lower center", 0.5, 1 }, { "upper center", 0.5, 0 },
                   { "center", 0.5, 0.5 } };
    char wanted[24] = "best";
    option(p->axes->legend, "loc", wanted, sizeof wanted);
    Box best = { 0 };
    int least = 1 << 30;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        Box b = { p->box.x + 5 + places[i].across * (p->box.w - w - 10),
                  p->box.y + 5 + places[i].down * (p->box.h - h - 10), w, h };
        char number[4];
        snprintf(number, sizeof number, "%d", (int)i + 1);
        if (!strcmp(wanted, places[i].name) || !strcmp(wanted, number)) return b;
        int n = hidden_by(p, b);
        if (n < least) least = n, best = b;
    }
    return best;
}

static void legend(const Plane *p, const Axes *all, int naxes, int own) {
    cairo_t *cr = p->cr;
    char label[256];
    double size = option_number(p->axes->legend, "fontsize", 10), line = 1.45 * size, wide = 0, widths[8] = { 0 };
    const Drawn *shown[32];
    int n = 0,
        columns = (int)fmax(1, option_number(p->axes->legend, "ncol", option_number(p->axes->legend, "ncols", 1)));
    for (int k = 0; k < naxes; k++) { /* its own, and those of a twin */
        if (k != own && all[k].twin_of != own + 1) continue;
        for (int i = 0; i < all[k].n && n < 32; i++)
            if (option(all[k].drawn[i].options, "label", label, sizeof label) && *label && *label != '_')
                shown[n++] = &all[k].drawn[i];
    }
    if (!n) return;
    if (columns > n) columns = n;
    if (columns > 8) columns = 8;
    int rows = (n + columns - 1) / columns;
    for (int i = 0; i < n; i++) {
        option(shown[i]->options, "label", label, sizeof label);
        widths[i / rows] = fmax(widths[i / rows], 3.8 * size + text_extent(cr, label, size).width);
    }
    for (int i = 0; i < columns; i++) wide += widths[i];
    double title = option(p->axes->legend, "title", label, sizeof label) ? line : 0;
    Box b = legend_place(p, wide, rows * line + 0.6 * size + title);
    if (option_true(p->axes->legend, "frameon", true)) {
        double r = 2;
        cairo_new_path(cr);
        cairo_arc(cr, b.x + b.w - r, b.y + r, r, -1.5708, 0), cairo_arc(cr, b.x + b.w - r, b.y + b.h - r, r, 0, 1.5708);
        cairo_arc(cr, b.x + r, b.y + b.h - r, r, 1.5708, 3.14159), cairo_arc(cr, b.x + r, b.y + r, r, 3.14159, 4.71239);
        cairo_close_path(cr);
        cairo_set_source_rgba(cr, 1, 1, 1, 0.8);
        cairo_fill_preserve(cr);
        cairo_set_source_rgba(cr, 0.8, 0.8, 0.8, 0.8);
        cairo_set_line_width(cr, 1);
        cairo_set_dash(cr, NULL, 0, 0);
        cairo_stroke(cr);
    }
    if (title > 0) {
        set_colour(cr, black);
        text_draw(cr, label, size, b.x + b.w / 2, b.y + 0.4 * size, 0.5, 1, 0);
    }
    double x = b.x;
    for (int i = 0; i < n; i++) {
        if (i && i % rows == 0) x += widths[i / rows - 1];
        double middle = b.y + 0.3 * size + title + (i % rows + 0.5) * line;
        draw_sample(cr, shown[i], (Box){ x + 0.4 * size, middle - 0.35 * size, 2 * size, 0.7 * size });
        option(shown[i]->options, "label", label, sizeof label);
        set_colour(cr, black);
        text_draw(cr, label, size, x + 3.1 * size, middle, 0, 0.5, 0);
    }
}

/* The colours of the thing that it is the bar of, from low to high. */
static void colour_bar(const Plane *p, const Drawn *d) {
    char map[32] = "viridis";
    option(d->options, "cmap", map, sizeof map);
    bool filled = d->kind == DRAW_CONTOUR;
    double levels[128];
    int n = filled ? contour_levels(d, levels, 128) - 1 : 256;
    cairo_set_antialias(p->cr, CAIRO_ANTIALIAS_NONE); /* no seams between colours */
    for (int i = 0; i < n; i++) {
        set_colour(p->cr, map_colour(map, n > 1 ? filled ? (i + 0.5) / n : i / (n - 1.0) : 0.5));
        cairo_rectangle(p->cr, p->box.x, p->box.y + p->box.h * (n - 1 - i) / n, p->box.w, p->box.h / n + (i ? 0.5 : 0));
        cairo_fill(p->cr);
    }
    cairo_set_antialias(p->cr, CAIRO_ANTIALIAS_DEFAULT);
}

static void draw_axes(cairo_t *cr, Figure *f, int k, Box box) {
    Axes *a = &f->axes[k];
    Plane p = { cr, a, box };
    Ticks x, y;
    ticks_of(&a->x, most_ticks(box.w, true), &x);
    ticks_of(&a->y, most_ticks(box.h, false), &y);
    if (!a->hidden && !a->twin_of) {
        cairo_set_source_rgb(cr, 1, 1, 1);
        cairo_rectangle(cr, box.x, box.y, box.w, box.h);
        cairo_fill(cr);
    }
    cairo_save(cr);
    cairo_rectangle(cr, box.x - 0.5, box.y - 0.5, box.w + 1, box.h + 1);
    cairo_clip(cr);
    for (int pass = 0; pass < 3; pass++) { /* pictures and areas, the grid, then lines */
        if (pass == 1 && a->grid && !a->hidden) grid_lines(&p, &x, &y);
        for (int i = 0; pass != 1 && i < a->n; i++) {
            DrawKind kind = a->drawn[i].kind;
            bool under = kind == DRAW_IMAGE || kind == DRAW_FILL || kind == DRAW_SPAN ||
                         (kind == DRAW_CONTOUR && option_true(a->drawn[i].options, "filled", false));
            if (under == (pass == 0) && kind != DRAW_TEXT) draw_thing(&p, &a->drawn[i]);
        }
    }
    if (a->bar_of) colour_bar(&p, &f->axes[a->bar_of - 1].drawn[f->axes[a->bar_of - 1].colour_bar - 1]);
    cairo_restore(cr);
    cairo_set_dash(cr, NULL, 0, 0);
    for (int i = 0; i < a->n; i++)
        if (a->drawn[i].kind == DRAW_TEXT) draw_thing(&p, &a->drawn[i]);
    set_colour(cr, black);
    if (!a->hidden) {
        cairo_set_line_width(cr, 0.8);
        cairo_set_line_join(cr, CAIRO_LINE_JOIN_MITER);
        cairo_rectangle(cr, box.x, box.y, box.w, box.h);
        cairo_stroke(cr);
        if (!a->bar_of && !a->twin_of) x_axis(&p, &x);
        y_axis(&p, &y);
    }
    set_colour(cr, black);
    if (a->title) text_draw(cr, a->title, TITLE_SIZE, box.x + box.w / 2, box.y - title_gap, 0.5, 0, 0);
    if (a->legend) legend(&p, f->axes, f->naxes, k);
}

/* Equal lengths along both axes: the limits give way for `axis("equal")`, the box for pictures. */
static Box equal_box(Axes *a, Box b) {
    double w = fabs(a->x.high - a->x.low), h = fabs(a->y.high - a->y.low);
    if (!a->equal || !(w > 0) || !(h > 0)) return b;
    double scale = fmin(b.w / w, b.h / h);
    Box fit = { b.x + (b.w - scale * w) / 2, b.y + (b.h - scale * h) / 2, scale * w, scale * h };
    return fit;
}

void draw_figure(cairo_t *cr, Figure *f) {
    double width = f->width * 72, height = f->height * 72, top = 4;
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    if (f->title) {
        set_colour(cr, black);
        text_draw(cr, f->title, 12, width / 2, 8, 0.5, 1, 0);
        top += 22;
    }
    Box *boxes = calloc((size_t)f->naxes + 1, sizeof *boxes);
    if (!boxes) return;
    for (int k = 0; k < f->naxes; k++) limits_of(&f->axes[k]);
    for (int k = 0; k < f->naxes; k++) { /* axes of one grid keep the same margins, so that they stand in line */
        Axes *a = &f->axes[k];
        if (a->bar_of || a->twin_of) continue;
        double w = (width - 8) / a->columns, h = (height - top - 4) / a->rows;
        Box cell = { 4 + a->column * w, top + a->row * h, w * a->column_span, h * a->row_span };
        Margins m = { 0, 0, 0, 0 };
        for (int i = 0; i < f->naxes; i++) {
            Axes *other = &f->axes[i];
            int owner = other->bar_of ? other->bar_of - 1 : other->twin_of ? other->twin_of - 1 : i;
            if (f->axes[owner].rows != a->rows || f->axes[owner].columns != a->columns) continue;
            Margins o = margins_of(cr, other, cell);
            if (other->bar_of) o.right += 0.05 * w + 14;
            bool column = f->axes[owner].column == a->column, row = f->axes[owner].row == a->row;
            if (column || owner == k) m.left = fmax(m.left, o.left), m.right = fmax(m.right, o.right);
            if (row || owner == k) m.top = fmax(m.top, o.top), m.bottom = fmax(m.bottom, o.bottom);
        }
        Box box = { cell.x + m.left, cell.y + m.top, fmax(10, cell.w - m.left - m.right),
                    fmax(10, cell.h - m.top - m.bottom) };
        boxes[k] = equal_box(a, box);
    }
    for (int k = 0; k < f->naxes; k++) {
        Axes *a = &f->axes[k];
        if (a->twin_of) {
            boxes[k] = boxes[a->twin_of - 1];
            a->x = f->axes[a->twin_of - 1].x;
            a->x.label = NULL;
        }
        if (a->bar_of) {
            Box b = boxes[a->bar_of - 1];
            boxes[k] = (Box){ b.x + b.w + 10, b.y, fmax(8, fmin(16, 0.05 * b.w)), b.h };
            const Drawn *d = &f->axes[a->bar_of - 1].drawn[f->axes[a->bar_of - 1].colour_bar - 1];
            double levels[128];
            int n = d->kind == DRAW_CONTOUR ? contour_levels(d, levels, 128) : 0;
            a->y.low = n > 1 ? levels[0] : d->low;
            a->y.high = n > 1 ? levels[n - 1] : d->high;
        }
        Box b = boxes[k];
        b.x = crisp(b.x), b.y = crisp(b.y);
        draw_axes(cr, f, k, b);
    }
    free(boxes);
}
