/* command: what a program says of its pictures, one step after another.
**
** The figures are the process's, as they are in matplotlib; a lock makes each step whole. */
#define _GNU_SOURCE
#include "plot.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    Figure **at;
    int n, current; /* current: index, or -1 */
} figures = { NULL, 0, -1 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* One more element at the end of an array, cleared; NULL where there is no memory. */
static void *one_more(void *array, int n, size_t size) {
    char **at = array;
    char *more = realloc(*at, ((size_t)n + 1) * size);
    if (!more) return NULL;
    *at = more;
    return memset(more + (size_t)n * size, 0, size);
}

static void forget_axes(Axes *a) {
    for (int i = 0; i < a->n; i++) {
        for (int k = 0; k < DATA_MOST; k++) free(a->drawn[i].data[k].at);
        free(a->drawn[i].options);
    }
    char *const texts[] = { a->title,   a->legend,        a->grid,          a->x.label,
                            a->y.label, a->x.tick_labels, a->y.tick_labels, a->colour_bar_label };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) free(texts[i]);
    free(a->x.ticks.at);
    free(a->y.ticks.at);
    free(a->drawn);
}

static void forget_figure(Figure *f) {
    for (int i = 0; i < f->naxes; i++) forget_axes(&f->axes[i]);
    free(f->axes);
    free(f->title);
    free(f);
}

static Figure *figure_numbered(int number) {
    for (int i = 0; i < figures.n; i++)
        if (figures.at[i]->number == number) {
            figures.current = i;
            return figures.at[i];
        }
    return NULL;
}

static Figure *figure_new(int number, const char *options) {
    char size[64];
    Figure *f = calloc(1, sizeof *f), **slot = f ? one_more(&figures.at, figures.n, sizeof(Figure *)) : NULL;
    if (!slot) {
        free(f);
        return NULL;
    }
    *slot = f;
    figures.current = figures.n++;
    *f = (Figure){
        .number = number, .width = 6.4, .height = 4.8, .dpi = option_number(options, "dpi", 100), .current = -1
    };
    if (option(options, "figsize", size, sizeof size)) sscanf(size, " %*[([]%lf , %lf", &f->width, &f->height);
    if (!(f->width > 0.1 && f->width < 200)) f->width = 6.4;
    if (!(f->height > 0.1 && f->height < 200)) f->height = 4.8;
    return f;
}

static void close_current(void) {
    if (figures.current < 0) return;
    forget_figure(figures.at[figures.current]);
    figures.at[figures.current] = figures.at[--figures.n];
    figures.current = figures.n - 1;
}

Figure *figure_current(void) { return figures.current < 0 ? figure_new(1, NULL) : figures.at[figures.current]; }

static Axes *axes_new(Figure *f, int rows, int columns, int first, int last) {
    Axes *a = f ? one_more(&f->axes, f->naxes, sizeof *a) : NULL;
    if (!a) return NULL;
    a->rows = rows;
    a->columns = columns;
    a->row = (first - 1) / columns;
    a->column = (first - 1) % columns;
    a->row_span = (last - 1) / columns - a->row + 1;
    a->column_span = (last - 1) % columns - a->column + 1;
    f->current = f->naxes++;
    return a;
}

/* The axes that options name, or the current ones, made where there are none. */
static Axes *axes_of(const char *options) {
    int number = (int)option_number(options, "fig", -1), index = (int)option_number(options, "ax", -1);
    Figure *f = number < 0 ? figure_current() : figure_numbered(number);
    if (!f) f = figure_new(number, NULL);
    if (!f) return NULL;
    if (index >= 0 && index < f->naxes) f->current = index;
    return f->current >= 0 ? &f->axes[f->current] : axes_new(f, 1, 1, 1, 1);
}

static double number_at(const jxl_array *a, int64_t i) {
    Number x = jxl_element(a, i);
    Kind kind = jxl_dtypes[a->dtype].kind;
    if (kind == KIND_BOOL || kind == KIND_INT) return x.negative ? -(double)x.magnitude : (double)x.magnitude;
    return x.re;
}

static int copy_numbers(Numbers *v, const jxl_array *a) {
    *v = (Numbers){ .n = jxl_count(a), .depth = 1 };
    v->rows = a->rank ? a->shape[0] : 1;
    v->columns = a->rank > 1 ? a->shape[1] : 1;
    if (a->rank > 2) v->depth = a->shape[2];
    v->at = malloc(((size_t)v->n + 1) * sizeof *v->at);
    if (!v->at) return -1;
    for (int64_t i = 0; i < v->n; i++) v->at[i] = number_at(a, i);
    return 0;
}

/* The numbers that colours stand for: what is given, else all there are. */
static void colour_range(Drawn *d, const Numbers *v) {
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < v->n; i++)
        if (isfinite(v->at[i])) low = fmin(low, v->at[i]), high = fmax(high, v->at[i]);
    d->low = option_number(d->options, "vmin", low <= high ? low : 0);
    d->high = option_number(d->options, "vmax", low <= high ? high : 1);
}

static Colour own_colour(Axes *a, const char *options, DrawKind kind) {
    static const char *const keys[] = { "color", "c", "colors", "facecolor" };
    char name[48];
    Colour colour = { 0, 0, 0, 1 };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (option(options, keys[i], name, sizeof name) && colour_of(name, &colour)) return colour;
    if (kind == DRAW_TEXT || kind == DRAW_IMAGE || kind == DRAW_CONTOUR || kind == DRAW_SEGMENTS) return colour;
    return colour_cycle(a->colours++);
}

/* Colours, maps and markers that are none are the user's mistake. */
static int check_names(jxl_call *c, const char *options) {
    static const char *const keys[] = { "color",     "c",      "colors",          "facecolor",
                                        "edgecolor", "ecolor", "markerfacecolor", "markeredgecolor" };
    char name[48];
    Colour colour;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (option(options, keys[i], name, sizeof name) && strcmp(name, "none") && strcmp(name, "face") &&
            !colour_of(name, &colour))
            return jxl_fail_text(c, 1, "plt: %s='%s' is not a colour", keys[i], name);
    if (option(options, "cmap", name, sizeof name) && !map_is_known(name))
        return jxl_fail_text(c, 1, "plt: cmap='%s' is not a colour map; viridis, plasma, gray, coolwarm and others are",
                             name);
    if (option(options, "marker", name, sizeof name) && strcmp(name, "none") && *name &&
        (name[1] || !strchr("o.,sv^<>Ddphx+*|_ ", *name)))
        return jxl_fail_text(c, 1, "plt: marker='%s' is not one of o . , s v ^ < > D d p h x + * | _", name);
    return 0;
}

static int add_drawn(jxl_call *c, DrawKind kind, const char *options, int n, const jxl_array *arrays) {
    if (check_names(c, options)) return c->status;
    Axes *a = axes_of(options);
    Drawn *d = a ? one_more(&a->drawn, a->n, sizeof *d) : NULL;
    int failed = !d || !(d->options = text_copy(options));
    if (d) a->n++;
    for (int i = 0; !failed && i < n && i < DATA_MOST; i++) failed = copy_numbers(&d->data[i], &arrays[i]);
    if (failed) return jxl_fail_text(c, 1, "out of memory for a picture");
    d->kind = kind;
    d->colour = own_colour(a, options, kind);
    if (kind == DRAW_SCATTER) colour_range(d, &d->data[3]);
    if (kind == DRAW_IMAGE || kind == DRAW_CONTOUR) colour_range(d, &d->data[2]);
    if (kind == DRAW_IMAGE && option_true(options, "equal", true)) a->equal = true;
    if (kind == DRAW_IMAGE && !option_true(options, "lower", false))
        a->y.inverted = option_true(options, "downwards", true);
    return 0;
}

static void set_text(char **at, const char *options) {
    char text[1024];
    free(*at);
    *at = option(options, "text", text, sizeof text) ? text_copy(text) : NULL;
}

static void set_limits(Axis *a, const char *options) {
    double low = option_number(options, "low", NAN), high = option_number(options, "high", NAN);
    if (!isnan(low)) a->low = low, a->low_set = true;
    if (!isnan(high)) a->high = high, a->high_set = true;
    if (a->low_set && a->high_set && a->low > a->high) {
        double low_was = a->low;
        a->low = a->high, a->high = low_was;
        a->inverted = !a->inverted;
    }
}

static int set_ticks(jxl_call *c, Axis *a, const char *options, int n, const jxl_array *arrays) {
    char labels[2048];
    free(a->ticks.at);
    free(a->tick_labels);
    a->ticks = (Numbers){ 0 };
    a->tick_labels = option(options, "labels", labels, sizeof labels) ? text_copy(labels) : NULL;
    a->ticks_set = true;
    return n && copy_numbers(&a->ticks, &arrays[0]) ? jxl_fail_text(c, 1, "out of memory for a picture") : 0;
}

static int add_axes(jxl_call *c, const char *options) {
    int number = (int)option_number(options, "fig", -1);
    Figure *f = number < 0 ? figure_current() : figure_numbered(number);
    int rows = (int)option_number(options, "rows", 1), columns = (int)option_number(options, "columns", 1);
    int first = (int)option_number(options, "first", 1), last = (int)option_number(options, "last", first);
    if (rows < 1 || columns < 1 || first < 1 || last > rows * columns || last < first)
        return jxl_fail_text(c, 1, "subplot: %d of %d rows and %d columns", first, rows, columns);
    for (int i = 0; f && i < f->naxes; i++) { /* the same place: the same axes */
        Axes *a = &f->axes[i];
        if (a->rows == rows && a->columns == columns && a->row * columns + a->column + 1 == first && !a->twin_of &&
            !a->bar_of) {
            f->current = i;
            return 0;
        }
    }
    return axes_new(f, rows, columns, first, last) ? 0 : jxl_fail_text(c, 1, "out of memory for a picture");
}

/* A second y axis, on the right of the current axes; or the bar of the colours of the last thing that has some. */
static int add_beside(jxl_call *c, const char *options, bool twin) {
    Axes *of = axes_of(options);
    Figure *f = of ? figure_current() : NULL;
    if (!f) return jxl_fail_text(c, 1, "out of memory for a picture");
    int index = f->current, thing = -1;
    for (int i = 0; !twin && i < of->n; i++) {
        DrawKind kind = of->drawn[i].kind;
        if (kind == DRAW_IMAGE || kind == DRAW_CONTOUR || (kind == DRAW_SCATTER && of->drawn[i].data[3].n)) thing = i;
    }
    if (!twin && thing < 0)
        return jxl_fail_text(c, 1, "colorbar: nothing in these axes has colours that stand for numbers");
    Axes *a = axes_new(f, of->rows, of->columns, of->row * of->columns + of->column + 1,
                       of->row * of->columns + of->column + 1);
    if (!a) return jxl_fail_text(c, 1, "out of memory for a picture");
    of = &f->axes[index];
    if (twin) {
        a->twin_of = index + 1;
        a->colours = of->colours;
    } else {
        char label[256];
        a->bar_of = index + 1;
        of->colour_bar = thing + 1;
        if (option(options, "label", label, sizeof label)) a->y.label = text_copy(label);
        f->current = index;
    }
    return 0;
}

/* Where there is a display the picture is opened; the file stays for the program that shows it. */
static int show(jxl_call *c) {
    while (figures.n) {
        char path[] = "/tmp/figure-XXXXXX.png";
        int fd = mkstemps(path, 4);
        figures.current = 0;
        if (fd < 0) return jxl_fail_text(c, 1, "plt.show: no file could be made in /tmp");
        close(fd);
        if (plot_save(c, figures.at[0], path, NULL)) return c->status;
        const char *display = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");
        bool shown = false;
        if ((display && *display) || (wayland && *wayland)) {
            char command[64];
            snprintf(command, sizeof command, "xdg-open %s >/dev/null 2>&1", path);
            shown = system(command) == 0;
        }
        if (!shown) {
            char line[96];
            snprintf(line, sizeof line, "the picture is in %s\n", path);
            jxl_print(c, 2, line, 0, NULL);
        }
        close_current();
    }
    return c->status;
}

static int save_image(jxl_call *c, const char *options, const jxl_array *array) {
    if (check_names(c, options)) return c->status;
    char path[4096] = "";
    Drawn d = { .kind = DRAW_IMAGE, .options = text_copy(options) };
    if (!d.options || copy_numbers(&d.data[2], array)) {
        free(d.options);
        return jxl_fail_text(c, 1, "out of memory for a picture");
    }
    colour_range(&d, &d.data[2]);
    option(options, "path", path, sizeof path);
    plot_save_image(c, &d, path);
    free(d.data[2].at);
    free(d.options);
    return c->status;
}

static int step(jxl_call *c, const char *name, const char *options, int n, const jxl_array *arrays) {
    static const char *const things[] = {
        [DRAW_LINE] = "line",   [DRAW_SCATTER] = "scatter",  [DRAW_BAR] = "bar",           [DRAW_FILL] = "fill",
        [DRAW_IMAGE] = "image", [DRAW_CONTOUR] = "contour",  [DRAW_ERRORBAR] = "errorbar", [DRAW_TEXT] = "text",
        [DRAW_SPAN] = "span",   [DRAW_SEGMENTS] = "segments"
    };
    for (size_t i = 0; i < sizeof things / sizeof *things; i++)
        if (!strcmp(name, things[i])) return add_drawn(c, (DrawKind)i, options, n, arrays);
    if (!strcmp(name, "figure")) {
        int number = (int)option_number(options, "fig", 1);
        if (option_true(options, "keep", false) && figure_numbered(number)) return 0;
        if (figure_numbered(number)) close_current();
        return figure_new(number, options) ? 0 : jxl_fail_text(c, 1, "out of memory for a picture");
    }
    if (!strcmp(name, "show")) return show(c);
    if (!strcmp(name, "close")) {
        int number = (int)option_number(options, "fig", -1);
        if (option_true(options, "all", false))
            while (figures.n) close_current();
        else if (number < 0 || figure_numbered(number))
            close_current();
        return 0;
    }
    if (!strcmp(name, "imsave")) return save_image(c, options, arrays);
    if (!strcmp(name, "axes")) return add_axes(c, options);
    if (!strcmp(name, "twin") || !strcmp(name, "colorbar")) return add_beside(c, options, *name == 't');
    Axes *a = axes_of(options);
    Figure *f = figure_current();
    if (!a || !f) return jxl_fail_text(c, 1, "out of memory for a picture");
    if (!strcmp(name, "save")) {
        char path[4096] = "";
        option(options, "path", path, sizeof path);
        return plot_save(c, f, path, options);
    }
    if (!strcmp(name, "suptitle")) set_text(&f->title, options);
    if (!strcmp(name, "title")) set_text(&a->title, options);
    if (!strcmp(name, "xlabel")) set_text(&a->x.label, options);
    if (!strcmp(name, "ylabel")) set_text(&a->y.label, options);
    if (!strcmp(name, "xlim")) set_limits(&a->x, options);
    if (!strcmp(name, "ylim")) set_limits(&a->y, options);
    if (!strcmp(name, "xscale")) a->x.log = option_true(options, "log", false);
    if (!strcmp(name, "yscale")) a->y.log = option_true(options, "log", false);
    if (!strcmp(name, "xticks")) return set_ticks(c, &a->x, options, n, arrays);
    if (!strcmp(name, "yticks")) return set_ticks(c, &a->y, options, n, arrays);
    if (!strcmp(name, "invert_x")) a->x.inverted = !a->x.inverted;
    if (!strcmp(name, "invert_y")) a->y.inverted = !a->y.inverted;
    if (!strcmp(name, "frame")) a->hidden = !option_true(options, "on", true);
    if (!strcmp(name, "aspect")) a->equal = option_true(options, "equal", false);
    if (!strcmp(name, "legend")) free(a->legend), a->legend = text_copy(options);
    if (!strcmp(name, "grid"))
        free(a->grid), a->grid = option_true(options, "visible", true) ? text_copy(options) : NULL;
    if (!strcmp(name, "clear")) {
        Axes fresh = { .rows = a->rows,
                       .columns = a->columns,
                       .row = a->row,
                       .column = a->column,
                       .row_span = a->row_span,
                       .column_span = a->column_span };
        forget_axes(a);
        *a = fresh;
    }
    return 0;
}

/* The program's place in front of what went wrong. */
static void say_where(jxl_call *c, const char *options) {
    char where[512];
    if (!c->message || !option(options, "where", where, sizeof where)) return;
    size_t n = strlen(where) + strlen(c->message) + 1;
    char *whole = malloc(n);
    if (!whole) return;
    snprintf(whole, n, "%s%s", where, c->message);
    free(c->message);
    c->message = whole;
}

int jxl_plot(jxl_call *c, const char *name, const char *format, int32_t count, int32_t nargs, const jxl_array *args) {
    if (c->rank) return 0;
    char *options = jxl_format(c, format, nargs, args);
    if (!options) return c->status;
    pthread_mutex_lock(&lock);
    int status = step(c, name, options, count, args);
    pthread_mutex_unlock(&lock);
    if (status) say_where(c, options);
    jxl_release(c, options);
    return status;
}
