/* save: a figure as a file: PNG, SVG or PDF, by the end of its name.  It is written beside the old one, which it replaces when
** it is complete. */
#define _GNU_SOURCE
#include "plot.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static cairo_status_t put(void *file, const unsigned char *bytes, unsigned n) {
    return fwrite(bytes, 1, n, file) == n ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static cairo_status_t draw_on(cairo_surface_t *s, Figure *f, double scale) {
    cairo_t *cr = cairo_create(s);
    cairo_scale(cr, scale, scale);
    draw_figure(cr, f);
    cairo_status_t status = cairo_status(cr);
    cairo_destroy(cr);
    return status;
}

int plot_save(jxl_call *c, Figure *f, const char *path, const char *options) {
    const char *dot = strrchr(path, '.'), *end = dot && !strchr(dot, '/') ? dot + 1 : "";
    bool pdf = !strcasecmp(end, "pdf"), svg = !strcasecmp(end, "svg"), png = !strcasecmp(end, "png") || !*end;
    if (!pdf && !svg && !png) return jxl_fail_text(c, 1, "savefig: %s does not end in .png, .svg or .pdf", path);
    Text name = { .call = c }, beside = { .call = c };
    jxl_text_addf(&name, "%s%s", path, *end ? "" : ".png");
    jxl_text_addf(&beside, "%s.part", name.at ? name.at : path);
    if (c->status) return c->status;
    FILE *file = fopen(beside.at, "wb");
    if (!file) return jxl_fail_text(c, 1, "savefig: %s could not be written: %s", name.at, strerror(errno));
    double dpi = option_number(options, "dpi", f->dpi), width = f->width * 72, height = f->height * 72;
    cairo_surface_t *s;
    cairo_status_t status;
    if (png) {
        s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)lround(f->width * dpi), (int)lround(f->height * dpi));
        status = draw_on(s, f, dpi / 72);
        if (!status) status = cairo_surface_write_to_png_stream(s, put, file);
    } else {
        s = pdf ? cairo_pdf_surface_create_for_stream(put, file, width, height)
                : cairo_svg_surface_create_for_stream(put, file, width, height);
        if (pdf)
            cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_CREATE_DATE,
                                           "2000-01-01T00:00:00Z"); /* the same bytes each time */
        status = draw_on(s, f, 1);
        cairo_surface_finish(s);
        if (!status) status = cairo_surface_status(s);
    }
    cairo_surface_destroy(s);
    int failed = fclose(file) != 0 || status != CAIRO_STATUS_SUCCESS;
    if (failed || rename(beside.at, name.at)) {
        unlink(beside.at);
        return jxl_fail_text(c, 1, "savefig: %s could not be written: %s", name.at,
                             status ? cairo_status_to_string(status) : strerror(errno));
    }
    jxl_release(c, beside.at);
    jxl_release(c, name.at);
    return 0;
}

int plot_save_image(jxl_call *c, const Drawn *d, const char *path) {
    cairo_surface_t *s = picture_of(d);
    if (!s)
        return jxl_fail_text(c, 1, "imsave: a picture of %lld by %lld pixels cannot be made",
                             (long long)d->data[2].rows, (long long)d->data[2].columns);
    FILE *file = fopen(path, "wb");
    cairo_status_t status = file ? cairo_surface_write_to_png_stream(s, put, file) : CAIRO_STATUS_WRITE_ERROR;
    int failed = !file || fclose(file) || status;
    cairo_surface_destroy(s);
    return failed ? jxl_fail_text(c, 1, "imsave: %s could not be written: %s", path, strerror(errno)) : 0;
}
