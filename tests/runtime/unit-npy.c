/* .npy files: what is saved comes back and is what NumPy writes; other orders and versions; damage of every kind. */
#include "jxl/runtime.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/jxl-npy-XXXXXX";
static char path[64];

static void make_directory(void) {
    cr_assert_not_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/x.npy", directory);
}

static void remove_directory(void) {
    unlink(path);
    cr_assert(rmdir(directory) == 0, "something was left behind");
}

TestSuite(npy, .init = make_directory, .fini = remove_directory);

static void write_file(const char *bytes, size_t n) {
    FILE *f = fopen(path, "wb");
    cr_assert_not_null(f);
    cr_assert(fwrite(bytes, 1, n, f) == n);
    fclose(f);
}

/* A file of the given version whose header is `header` as it stands. */
static size_t build(char *to, int version, const char *header, const void *data, size_t bytes) {
    size_t n = strlen(header), start = version == 1 ? 10 : 12;
    memcpy(to, "\x93NUMPY\0\0\0\0\0\0", 12);
    to[6] = (char)version;
    to[8] = (char)n;
    to[9] = (char)(n >> 8);
    memcpy(to + start, header, n);
    memcpy(to + start + n, data, bytes);
    return start + n + bytes;
}

static void write_npy(int version, const char *header, const void *data, size_t bytes) {
    char file[4096];
    size_t n = build(file, version, header, data, bytes);
    write_file(file, n);
}

static void expect_floats(int version, const char *header, const void *data, size_t bytes, const float *wanted) {
    jxl_call c;
    int64_t shape[2];
    float got[6];
    void *file;
    jxl_call_init(&c);
    write_npy(version, header, data, bytes);
    jxl_load_open(&c, path, JXL_F32, 2, "", &file, shape);
    cr_assert(c.status == 0, "%s", jxl_message(&c));
    cr_assert(shape[0] == 2 && shape[1] == 3);
    cr_assert(jxl_load_read(&c, file, got) == 0);
    cr_assert(memcmp(got, wanted, sizeof got) == 0);
    cr_assert_null(c.blocks);
    jxl_call_free(&c);
}

Test(npy, versions_and_orders) {
    static const float x[] = { 1, 2, 3, 4, 5, 6 }, turned[] = { 1, 4, 2, 5, 3, 6 };
    static const double wide[] = { 1, 2, 3, 4, 5, 6 };
    static const unsigned char big[] = { 0x3f, 0x80, 0, 0, 0x40, 0,    0, 0, 0x40, 0x40, 0, 0,
                                         0x40, 0x80, 0, 0, 0x40, 0xa0, 0, 0, 0x40, 0xc0, 0, 0 };
    expect_floats(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", x, sizeof x, x);
    expect_floats(2, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", x, sizeof x, x);
    expect_floats(3, " { \"shape\" : ( 2,3 ,),'descr':'=f4','fortran_order':False} \n", x, sizeof x, x);
    expect_floats(1, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }\n", turned, sizeof turned, x);
    expect_floats(1, "{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3), }\n", big, sizeof big, x);
    expect_floats(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }\n", wide, sizeof wide, x);
}

Test(npy, what_is_saved_comes_back) {
    static const char *const code[] = { "|b1", "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4",
                                        "<u8", "<f2", "<V2", "<f4", "<f8", "<c8", "<c16" };
    static const int size[] = { 1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 2, 4, 8, 8, 16 };
    for (int32_t dtype = JXL_BOOL; dtype <= JXL_C128; dtype++) {
        unsigned char data[15 * 16], back[15 * 16], file[1024];
        char header[128], padded[129];
        int64_t shape[] = { 3, 5 }, seen[2];
        size_t bytes = 15 * (size_t)size[dtype];
        for (size_t i = 0; i < sizeof data; i++) data[i] = dtype == JXL_BOOL ? i % 3 == 0 : (unsigned char)(i * 37);
        jxl_call c;
        jxl_call_init(&c);
        cr_assert(jxl_save(&c, path, &(jxl_array){ data, dtype, 2, shape }, "") == 0, "%s", jxl_message(&c));

        FILE *f = fopen(path, "rb");
        size_t n = fread(file, 1, sizeof file, f);
        fclose(f);
        snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (3, 5), }", code[dtype]);
        snprintf(padded, sizeof padded, "%-117s\n", header);
        cr_assert(n == 128 + bytes && memcmp(file, "\x93NUMPY\1\0v\0", 10) == 0);
        cr_assert(memcmp(file + 10, padded, 118) == 0 && memcmp(file + 128, data, bytes) == 0);

        void *opened;
        int status = jxl_load_open(&c, path, dtype, 2, "", &opened, seen);
        cr_assert(status == 0, "%s", jxl_message(&c));
        cr_assert(seen[0] == 3 && seen[1] == 5);
        cr_assert(jxl_load_read(&c, opened, back) == 0 && memcmp(back, data, bytes) == 0);
        jxl_call_free(&c);
    }
}

Test(npy, saving_replaces_what_a_link_points_to) {
    char target[80];
    float x = 7;
    int64_t none;
    void *file;
    snprintf(target, sizeof target, "%s/other.npy", directory);
    FILE *f = fopen(target, "w");
    fclose(f);
    cr_assert(symlink("other.npy", path) == 0);
    jxl_call c;
    jxl_call_init(&c);
    char bare[64]; /* without .npy */
    snprintf(bare, sizeof bare, "%.*s", (int)strlen(path) - 4, path);
    cr_assert(jxl_save(&c, bare, &(jxl_array){ &x, JXL_F32, 0, NULL }, "") == 0, "%s", jxl_message(&c));
    struct stat st;
    cr_assert(lstat(path, &st) == 0 && S_ISLNK(st.st_mode));
    cr_assert(jxl_load_open(&c, target, JXL_F32, 0, "", &file, &none) == 0);
    x = 0;
    cr_assert(jxl_load_read(&c, file, &x) == 0 && x == 7);
    jxl_call_free(&c);
    unlink(target);
}

Test(npy, a_failed_save_leaves_the_old_file) {
    float x = 7;
    write_file("old", 3);
    jxl_call c;
    jxl_call_init(&c);
    cr_assert(jxl_save(&c, "/nowhere/x.npy", &(jxl_array){ &x, JXL_F32, 0, NULL }, "p.jxl:3:1") == 1);
    cr_assert_str_eq(jxl_message(&c), "p.jxl:3:1: /nowhere/x.npy could not be written: No such file or directory");
    jxl_call_free(&c);
    struct stat st;
    cr_assert(stat(path, &st) == 0 && st.st_size == 3);
}

static void expect_error(const char *message) {
    jxl_call c;
    int64_t shape[2];
    char wanted[256];
    void *file;
    jxl_call_init(&c);
    snprintf(wanted, sizeof wanted, "p.jxl:3:1: %s %s", path, message);
    cr_assert(jxl_load_open(&c, path, JXL_F32, 2, "p.jxl:3:1", &file, shape) == 1, "no error: %s", message);
    cr_assert_str_eq(jxl_message(&c), wanted);
    jxl_call_free(&c);
}

Test(npy, each_damage_has_its_message) {
    static const char zeros[64];
    static const struct {
        const char *header;
        size_t bytes;
        const char *message;
    } cases[] = {
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 23,
          "is cut short: f32[2, 3] takes 24 bytes, and 23 are there" },
        { "{'descr': '<i8', 'fortran_order': False, 'shape': (2, 3), }", 48,
          "holds i64[2, 3]; expected was f32[_, _]" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }", 24, "holds f32[6]; expected was f32[_, _]" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (), }", 4, "holds f32; expected was f32[_, _]" },
        { "{'descr': '<U5', 'fortran_order': False, 'shape': (), }", 20,
          "holds elements of NumPy's type '<U5', not numbers" },
        { "{'descr': '<V3', 'fortran_order': False, 'shape': (2,), }", 4,
          "holds elements of NumPy's type '<V3', not numbers" },
        { "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", 8, "holds records, not numbers" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (2, -3), }", 24, "has a damaged header" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (2 3), }", 24, "has a damaged header" },
        { "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2, 3), }", 24, "has a damaged header" },
        { "{'descr': '<f4', 'fortran_order': False}", 24, "has a damaged header" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }", 24,
          "has a damaged header: its shape is too large" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 3), }", 24,
          "has a damaged header" },
        { "", 0, "has a damaged header" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_npy(1, cases[i].header, zeros, cases[i].bytes);
        expect_error(cases[i].message);
    }
    write_file("hello, world", 12);
    expect_error("is not a .npy file");
    write_file("", 0);
    expect_error("is not a .npy file");
    write_file("\x93NUMPY\x07\0v\0", 10);
    expect_error("is a .npy file of version 7.0; 1.0, 2.0 and 3.0 are known");
    write_file("\x93NUMPY\1\0v\0{", 11);
    expect_error("ends within its header");
    write_file("\x93NUMPY\2\0\xff\xff\xff\xff", 12);
    expect_error("has a damaged header: it would be 4294967295 bytes long");
    unlink(path);
    expect_error("could not be opened: No such file or directory");
    mkdir(path, 0777);
    expect_error("is a directory");
    rmdir(path);
}

Test(npy, random_damage_never_crashes) {
    static const char header[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";
    float x[6] = { 1, 2, 3, 4, 5, 6 };
    char whole[256], file[256];
    int loaded = 0, refused = 0;
    srand(5);
    for (int round = 0; round < 4000; round++) {
        size_t n = build(whole, 1 + round % 3, header, x, sizeof x);
        memcpy(file, whole, n);
        for (int k = rand() % 3; k >= 0; k--) {
            size_t at = (size_t)rand() % n;
            switch (rand() % 3) {
            case 0: file[at] = (char)rand(); break;
            case 1: file[at] = "0123456789(),'{} <>=FTf"[rand() % 23]; break;
            default: n = at ? at : 1; break;
            }
        }
        write_file(file, n);
        jxl_call c;
        int64_t shape[2] = { 0 };
        void *opened, *data;
        jxl_call_init(&c);
        if (!jxl_load_open(&c, path, JXL_F32, 2, "", &opened, shape) &&
            (data = jxl_alloc(&c, shape[0] * shape[1] * 4)) && !jxl_load_read(&c, opened, data))
            loaded++;
        else
            refused++;
        cr_assert(c.status == 0 || strlen(jxl_message(&c)) > 10);
        jxl_call_free(&c);
    }
    cr_assert(loaded > 100 && refused > 1000, "%d loaded, %d refused", loaded, refused);
}
