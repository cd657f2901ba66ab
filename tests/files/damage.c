/* damage: files of arrays that are cut short anywhere, or have a byte that is another, end in one clear error or are read;
** nothing crashes, and nothing is read beyond what is there (the sources are compiled with the sanitizers).
**
**   damage DIRECTORY      PNG files for it are there already */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    const char *name, *file, *inside; /* the file, and what is read of it */
    int cut_is_seen;                  /* every shorter file is an error */
    int (*look)(jxl_call *, const char *, const char *, const char *, int32_t *, int32_t *, int64_t *);
    int (*open)(jxl_call *, const char *, const char *, int32_t, int32_t, const char *, void **, int64_t *);
} FileKind;

static int npy_look(jxl_call *c, const char *path, const char *inside, const char *what, int32_t *dtype, int32_t *rank,
                    int64_t *shape) {
    (void)inside;
    return jxl_load_look(c, path, what, dtype, rank, shape);
}
static int npy_open(jxl_call *c, const char *path, const char *inside, int32_t dtype, int32_t rank, const char *what,
                    void **file, int64_t *shape) {
    (void)inside;
    return jxl_load_open(c, path, dtype, rank, what, file, shape);
}

static const FileKind kinds[] = {
    { "npy", "good.npy", "", 1, npy_look, npy_open },
    { "npz", "stored.npz", "b", 1, jxl_zip_look, jxl_zip_open },
    { "npz, compressed", "packed.npz", "a", 1, jxl_zip_look, jxl_zip_open },
    { "safetensors", "good.safetensors", "b", 1, jxl_tensors_look, jxl_tensors_open },
    { "text", "good.csv", "delimiter=,", 0, jxl_csv_look, jxl_csv_open },
    { "PNG", "good.png", "", 1, jxl_png_look, jxl_png_open },
    { "PNG with colours", "colours.png", "", 1, jxl_png_look, jxl_png_open },
};

static int failures;

static void complain(const FileKind *k, const char *how, long at, const char *what) {
    printf("%s, %s %ld: %s\n", k->name, how, at, what);
    failures++;
}

/* Looks, opens, reads; 0 where all went well. */
static int use(const FileKind *k, const char *path, const char *how, long at) {
    jxl_call c = { .nranks = 1 };
    int32_t dtype, rank;
    int64_t shape[32], again[32], n = 1;
    void *file = NULL;
    int status = k->look(&c, path, k->inside, "here", &dtype, &rank, shape);
    for (int i = 0; !status && i < rank; i++) n *= shape[i];
    if (!status) status = k->open(&c, path, k->inside, dtype, rank, "here", &file, again);
    if (!status) {
        void *data = n <= 1 << 24 ? malloc((size_t)(n ? n : 1) * (size_t)jxl_dtypes[dtype].size) : NULL;
        if (!data) complain(k, how, at, "more elements than there can be");
        if (data) status = jxl_load_read(&c, file, data);
        free(data);
    }
    const char *message = jxl_message(&c);
    if (status && (!*message || strchr(message, '\n') || !strstr(message, path)))
        complain(k, how, at, *message ? message : "no message");
    jxl_call_free(&c);
    return status;
}

static void write_bytes(const char *path, const unsigned char *bytes, size_t n) {
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f)) exit(2);
}

static void try_all(const FileKind *k) {
    static unsigned char bytes[1 << 16];
    FILE *f = fopen(k->file, "rb");
    size_t n = f ? fread(bytes, 1, sizeof bytes, f) : 0;
    if (f) fclose(f);
    if (!n) complain(k, "file", 0, "is not there");
    if (use(k, k->file, "whole", (long)n)) complain(k, "whole", (long)n, "is not read");
    for (size_t i = 0; i < n; i++) {
        write_bytes("damaged", bytes, i);
        if (!use(k, "damaged", "cut at", (long)i) && k->cut_is_seen)
            complain(k, "cut at", (long)i, "is read all the same");
    }
    static const unsigned char flips[] = { 0xff, 0x01 };
    for (size_t i = 0; i < n; i++)
        for (size_t m = 0; m < sizeof flips; m++) {
            bytes[i] ^= flips[m];
            write_bytes("damaged", bytes, n);
            use(k, "damaged", "another byte at", (long)i);
            bytes[i] ^= flips[m];
        }
}

static void check(jxl_call *c, int status) {
    if (status) printf("%s\n", jxl_message(c)), exit(2);
}

int main(int argc, char **argv) {
    if (argc != 2 || chdir(argv[1])) return 2;
    jxl_call c = { .nranks = 1 };
    float a[3][4];
    int32_t b[7];
    for (int i = 0; i < 12; i++) a[i / 4][i % 4] = (float)i / 8;
    for (int i = 0; i < 7; i++) b[i] = i * i;
    int64_t two[] = { 3, 4 }, one[] = { 7 };
    jxl_array arrays[] = { { a, JXL_F32, 2, two }, { b, JXL_I32, 1, one } };
    check(&c, jxl_save(&c, "good.npy", &arrays[0], "here"));
    check(&c, jxl_zip_save(&c, "stored.npz", "a\nb", 0, 2, arrays, "here"));
    check(&c, jxl_zip_save(&c, "packed.npz", "a\nb", 1, 2, arrays, "here"));
    check(&c, jxl_tensors_save(&c, "good.safetensors", "a\nb", 2, arrays, "here"));
    check(&c, jxl_csv_save(&c, "good.csv",
                           "delimiter=,\x1f"
                           "fmt=%.3f\x1fheader=x y",
                           &arrays[0], "here"));
    jxl_call_free(&c);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) try_all(&kinds[i]);
    printf("%d failures\n", failures);
    return failures != 0;
}
