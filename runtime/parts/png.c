/* PNG: a picture as float32 numbers from 0 to 1, [rows, columns] where it is grey, else with 3 or 4 colours; by libpng. */
#include "npy.h"

#include <png.h>
#include <string.h>

/* Whether all its pieces are there, up to the one that says it is the last; libpng stops at the last pixel. */
static int is_whole(const char *path) {
    unsigned char head[8];
    FILE *file = fopen(path, "rb");
    if (!file) return 1; /* libpng says why */
    int last = 0;
    if (fread(head, 1, 8, file) == 8 && !png_sig_cmp(head, 0, 8))
        while (!last && fread(head, 1, 8, file) == 8) {
            unsigned char check[4];
            off_t length = (off_t)((uint32_t)head[0] << 24 | head[1] << 16 | head[2] << 8 | head[3]);
            if (fseeko(file, length, SEEK_CUR) || fread(check, 1, 4, file) != 4) break;
            last = !memcmp(head + 4, "IEND", 4);
        }
    else
        last = 1;
    fclose(file);
    return last;
}

static Opened *open_png(jxl_call *c, const char *path, const char *what) {
    Opened *o = jxl_opened_new(c, path, what);
    if (!o) return NULL;
    png_image image = { .version = PNG_IMAGE_VERSION };
    unsigned char *bytes = NULL;
    float *numbers = NULL;
    if (!png_image_begin_read_from_file(&image, path)) {
        jxl_fail_file(c, path, what, "could not be read as PNG: %s", image.message);
        jxl_opened_close(c, o);
        return NULL;
    }
    if (!is_whole(path)) jxl_fail_file(c, path, what, "is cut short");
    int alpha = (image.format & PNG_FORMAT_FLAG_ALPHA) != 0, colour = (image.format & PNG_FORMAT_FLAG_COLOR) != 0;
    image.format = alpha ? PNG_FORMAT_RGBA : colour ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    int depth = alpha ? 4 : colour ? 3 : 1;
    int64_t n = (int64_t)image.height * image.width * depth;
    if (!c->status && n > INT64_C(1) << 31)
        jxl_fail_file(c, path, what, "is a picture of %u by %u pixels, which is too large", image.width, image.height);
    if (!c->status) bytes = jxl_alloc(c, n);
    if (bytes && !png_image_finish_read(&image, NULL, bytes, 0, NULL))
        jxl_fail_file(c, path, what, "is damaged: %s", image.message);
    else if (bytes && image.warning_or_error & PNG_IMAGE_WARNING)
        jxl_fail_file(c, path, what, "is damaged: %s", image.message);
    if (bytes && !c->status) numbers = jxl_alloc(c, n * (int64_t)sizeof *numbers);
    for (int64_t i = 0; numbers && i < n; i++) numbers[i] = (float)bytes[i] / 255;
    if (bytes) jxl_release(c, bytes);
    png_image_free(&image);
    o->header =
        (Npy){ .dtype = JXL_F32, .rank = depth > 1 ? 3 : 2, .shape = { image.height, image.width, depth }, .count = n };
    if (numbers && !jxl_opened_memory(c, o, numbers, (size_t)n * sizeof *numbers)) return o;
    jxl_opened_close(c, o);
    return NULL;
}

int jxl_png_open(jxl_call *c, const char *path, const char *options, int32_t dtype, int32_t rank, const char *what,
                 void **file, int64_t *shape) {
    (void)options;
    Opened *o = open_png(c, path, what);
    return o ? jxl_opened_as(c, o, dtype, rank, file, shape) : c->status;
}

int jxl_png_look(jxl_call *c, const char *path, const char *options, const char *what, int32_t *dtype, int32_t *rank,
                 int64_t *shape) {
    (void)options;
    Opened *o = open_png(c, path, what);
    return o ? jxl_opened_look(c, o, dtype, rank, shape) : c->status;
}
