/* plot: pictures in the manner of matplotlib, kept as figures of axes of things drawn, and drawn by cairo.
**
** A program sends one command after another (command.c); each has options "key=value", one behind the other with '\x1f' between,
** and arrays.  Lengths are points, 72 to an inch, as everything that cairo is told here. */
#ifndef JXL_PLOT_H
#define JXL_PLOT_H

#include "internal.h"

#include <cairo.h>
#include <stdbool.h>
#include <stdio.h>

typedef struct {
    double r, g, b, a;
} Colour;
typedef struct {
    double x, y, w, h;
} Box;

/* An array as it was when the program sent it. */
typedef struct {
    double *at;
    int64_t n, rows, columns, depth; /* depth: numbers for each element of an image; 1 otherwise */
} Numbers;

typedef enum {
    DRAW_LINE,
    DRAW_SCATTER,
    DRAW_BAR,
    DRAW_FILL,
    DRAW_IMAGE,
    DRAW_CONTOUR,
    DRAW_ERRORBAR,
    DRAW_TEXT,
    DRAW_SPAN,
    DRAW_SEGMENTS
} DrawKind;
enum { DATA_MOST = 5 };
typedef struct {
    DrawKind kind;
    Numbers data[DATA_MOST];
    char *options;
    Colour colour;
    double low, high; /* of the numbers that colours stand for */
} Drawn;

typedef struct {
    double low, high; /* what is seen */
    bool low_set, high_set, log, inverted, ticks_set;
    char *label, *tick_labels; /* tick labels: '\n' between */
    Numbers ticks;
} Axis;
typedef struct {
    int rows, columns, row, column, row_span, column_span; /* its place in the grid of the figure */
    Axis x, y;
    char *title, *legend; /* legend: its options, or NULL */
    char *grid;           /* its options, or NULL */
    bool hidden, equal;
    int colours;    /* of the cycle, used so far */
    int bar_of;     /* a colour bar: of which axes, plus 1 */
    int colour_bar; /* has one: which thing drawn, plus 1 */
    char *colour_bar_label;
    int twin_of; /* shares its box with those axes, plus 1: its y axis is on the right */
    Drawn *drawn;
    int n;
} Axes;
typedef struct {
    int number;
    double width, height, dpi;
    char *title;
    Axes *axes;
    int naxes, current;
} Figure;

/* plot_options.c */
const char *option(const char *options, const char *key, char *value,
                   size_t room); /* NULL where it is not given, or None */
double option_number(const char *options, const char *key, double fallback);
bool option_true(const char *options, const char *key, bool fallback);
char *text_copy(const char *); /* NULL for NULL; malloc'ed */

/* colour.c */
bool colour_of(const char *name, Colour *); /* "C0", "red", "#1f77b4", "0.5", "(1, 0, 0)"; false where it is none */
Colour colour_cycle(int i);
bool map_is_known(const char *name);
Colour map_colour(const char *name, double t); /* t from 0 to 1 */

/* ticks.c */
enum { TICKS_MOST = 64 };
typedef struct {
    int n, nminor;
    double at[TICKS_MOST], minor[4 * TICKS_MOST];
    char label[TICKS_MOST][48];
    char offset[24]; /* "1e6", at the end of the axis; or empty */
} Ticks;
void ticks_of(const Axis *, int most, Ticks *);

/* plot_text.c: "$x^2$" and its kin; the anchor is 0 left, 0.5 middle, 1 right; and 0 bottom, 0.5 middle, 1 top */
typedef struct {
    double width, ascent, descent;
} Extent;
Extent text_extent(cairo_t *, const char *, double size);
void text_draw(cairo_t *, const char *, double size, double x, double y, double across, double up, double degrees);

/* limits.c: what is seen of axes whose limits the program left open */
void limits_of(Axes *);

/* draw.c */
void draw_figure(cairo_t *, Figure *);

/* things.c: what stands in axes; `at` takes numbers to points */
typedef struct {
    cairo_t *cr;
    const Axes *axes;
    Box box;
} Plane;
double plane_x(const Plane *, double);
double plane_y(const Plane *, double);
void draw_thing(const Plane *, const Drawn *);
void draw_sample(cairo_t *, const Drawn *, Box); /* in a legend */
void set_colour(cairo_t *, Colour);
cairo_surface_t *picture_of(const Drawn *); /* of an image: its pixels; NULL where there are none */

/* contour.c */
void draw_contour(const Plane *, const Drawn *);
int contour_levels(const Drawn *, double *levels, int most);

/* command.c */
Figure *figure_current(void);

/* save.c */
int plot_save(jxl_call *, Figure *, const char *path, const char *options);
int plot_save_image(jxl_call *, const Drawn *, const char *path); /* a PNG of its pixels */

#endif
