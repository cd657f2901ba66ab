/* The command line: every kind of flag, its --help as argparse gives it, and one sentence for each mistake. */
#include "flags.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FLAGS = 6, WORDS = 12 };

static const jxl_flag flags[FLAGS] = {
    { "--x", JXL_F32, 2, "x.npy", "f32[n, 784] (default: x.npy)", NULL },
    { "--epochs,-e", JXL_I64, -1, "10", "int (default: 10)", NULL },
    { "--lr", JXL_F64, -1, "0.1", "float (default: 0.1)", NULL },
    { "-o,--optimizer", JXL_U8, -2, "adam", "str (default: adam)", "adam,sgd" },
    { "--dry_run,--no-dry_run", JXL_BOOL, -3, "False", "bool (default: False)", NULL },
    { "--depth", JXL_I8, -1, NULL, "i8", NULL },
};

typedef struct {
    jxl_call call;
    int64_t epochs;
    double lr;
    const char *optimizer;
    uint8_t dry_run;
    int8_t depth;
} Values;

/* The file's flag, the first, is left out. */
static int read_flags(Values *v, const char *const *words) {
    char *argv[WORDS] = { "/usr/bin/train" };
    int argc = 1;
    for (; words[argc - 1]; argc++) argv[argc] = strdup(words[argc - 1]);
    jxl_call_init(&v->call);
    void *to[] = { &v->epochs, &v->lr, &v->optimizer, &v->dry_run, &v->depth };
    int status = jxl_flags(&v->call, argc, argv, "Trains.", flags + 1, FLAGS - 1, to, NULL);
    if (!status && strcmp(v->optimizer, "adam")) v->optimizer = strcmp(v->optimizer, "sgd") ? "?" : "sgd";
    for (int i = 1; i < argc; i++) free(argv[i]);
    return status;
}

Test(flags, values_and_defaults) {
    static const char *const words[][WORDS] = {
        { "--depth", "3" },
        { "--depth=-128", "--epochs", "1_000", "--lr=1e-3", "--optimizer", "sgd", "--dry-run" },
        { "--dry_run", "--no-dry_run", "--lr", "-inf", "--depth", "1", "--depth", "+2" },
        { "-e", "7", "-osgd", "--depth", "-3" },
    };
    static const Values wanted[] = {
        { .epochs = 10, .lr = 0.1, .optimizer = "adam", .depth = 3 },
        { .epochs = 1000, .lr = 1e-3, .optimizer = "sgd", .dry_run = 1, .depth = -128 },
        { .epochs = 10, .lr = -INFINITY, .optimizer = "adam", .depth = 2 },
        { .epochs = 7, .lr = 0.1, .optimizer = "sgd", .depth = -3 },
    };
    for (int i = 0; i < 4; i++) {
        Values v = { 0 };
        cr_assert(read_flags(&v, words[i]) == 0, "%s", jxl_message(&v.call));
        cr_assert(v.epochs == wanted[i].epochs && v.lr == wanted[i].lr && v.depth == wanted[i].depth);
        cr_assert(v.dry_run == wanted[i].dry_run);
        cr_assert_str_eq(v.optimizer, wanted[i].optimizer);
        cr_assert_null(v.call.blocks);
        jxl_call_free(&v.call);
    }
}

Test(flags, each_mistake_is_one_sentence) {
    static const struct {
        const char *words[4], *message;
    } cases[] = {
        { { NULL }, "train: --depth must be given; --help says what it is" },
        { { "--epoch", "3" }, "train: there is no --epoch; did you mean --epochs?" },
        { { "--verbose" }, "train: there is no --verbose; --help lists the flags" },
        { { "--no-epochs" }, "train: there is no --no-epochs; did you mean --epochs?" },
        { { "--epochs" }, "train: --epochs needs a value" },
        { { "--epochs", "--lr", "1" }, "train: --epochs needs a value" },
        { { "--epochs", "ten" }, "train: --epochs needs a whole number, not 'ten'" },
        { { "--epochs", "1.5" }, "train: --epochs needs a whole number, not '1.5'" },
        { { "--epochs", "9223372036854775808" }, "train: --epochs: 9223372036854775808 does not fit into i64" },
        { { "--depth", "128" }, "train: --depth: 128 does not fit into i8" },
        { {
              "--lr",
              "0x1p3",
          },
          "train: --lr needs a number, not '0x1p3'" },
        { { "--lr=" }, "train: --lr needs a number, not ''" },
        { { "--dry-run=yes" }, "train: --dry-run takes no value" },
        { { "x.npy" }, "train: 'x.npy' is not a flag; values are written --name VALUE" },
        { { "-q" }, "train: there is no -q; --help lists the flags" },
        { { "--optimizer", "lion" }, "train: --optimizer is one of adam,sgd, and was given 'lion'" },
        { { "--lr", "-e" }, "train: --lr needs a value" },
        { { "--" }, "train: '--' is not a flag; values are written --name VALUE" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *words[WORDS] = { cases[i].words[0], cases[i].words[1], cases[i].words[2] };
        int n = 0;
        while (words[n]) n++;
        if (i && strncmp(cases[i].message, "train: --depth", 14)) words[n] = "--depth=1";
        if (n && !strcmp(words[n - 1], "--epochs")) words[n] = NULL;
        Values v = { 0 };
        cr_assert(read_flags(&v, words) == 2);
        cr_assert_str_eq(jxl_message(&v.call), cases[i].message);
        jxl_call_free(&v.call);
    }
}

Test(flags, files) {
    char path[] = "/tmp/jxl-flags-XXXXXX", *argv[] = { "train", "--x", path };
    float data[6] = { 1, 2, 3, 4, 5, 6 }, back[6];
    int64_t shape[] = { 2, 3 }, seen[2], *shapes[] = { seen };
    void *file, *values[] = { &file };
    char name[64];
    close(mkstemp(path));
    snprintf(name, sizeof name, "%s.npy", path);
    jxl_call c;
    jxl_call_init(&c);
    cr_assert(jxl_save(&c, path, &(jxl_array){ data, JXL_F32, 2, shape }, "") == 0);
    argv[2] = name;
    cr_assert(jxl_flags(&c, 3, argv, "", flags, 1, values, shapes) == 0, "%s", jxl_message(&c));
    cr_assert(seen[0] == 2 && seen[1] == 3 && jxl_load_read(&c, file, back) == 0 && !memcmp(data, back, sizeof data));
    argv[2] = path;
    cr_assert(jxl_flags(&c, 3, argv, "", flags, 1, values, shapes) == 2);
    cr_assert(strstr(jxl_message(&c), "train: --x: /tmp/jxl-flags-") && strstr(jxl_message(&c), "is not a .npy file"));
    jxl_call_free(&c);
    unlink(path);
    unlink(name);
}

/* What argparse prints for the same flags at 80 columns. */
static const char help[] = "usage: train [-h] [--x FILE.npy] [--epochs EPOCHS] [--lr LR] [-o {adam,sgd}]\n"
                           "             [--dry_run | --no-dry_run] --depth DEPTH\n"
                           "\n"
                           "Trains.\n"
                           "\n"
                           "options:\n"
                           "  -h, --help            show this help message and exit\n"
                           "  --x FILE.npy          f32[n, 784] (default: x.npy)\n"
                           "  --epochs EPOCHS, -e EPOCHS\n"
                           "                        int (default: 10)\n"
                           "  --lr LR               float (default: 0.1)\n"
                           "  -o {adam,sgd}, --optimizer {adam,sgd}\n"
                           "                        str (default: adam)\n"
                           "  --dry_run, --no-dry_run\n"
                           "                        bool (default: False)\n"
                           "  --depth DEPTH         i8\n";

Test(flags, help_is_argparse_s, .init = cr_redirect_stdout, .exit_code = 0) {
    char *argv[] = { "train", "--help" };
    jxl_call c;
    jxl_call_init(&c);
    Text t = { .call = &c };
    jxl_flags_help(&t, "train", "Trains.", flags, FLAGS);
    cr_assert_str_eq(t.at, help);
    jxl_release(&c, t.at);
    jxl_flags(&c, 2, argv, "Trains.", flags, FLAGS, NULL, NULL);
    cr_assert_fail("--help goes on");
}

Test(flags, told_by_their_places) {
    static const jxl_flag placed[] = {
        { "rate", JXL_F64, -1, NULL, "", NULL },
        { "--quiet", JXL_BOOL, -3, "False", "", NULL },
        { "where", JXL_U8, -2, "here", "", NULL },
    };
    static const struct {
        char *argv[6];
        const char *message; /* NULL: rate is -2, where "--quiet" */
    } cases[] = {
        { { "t", "-2", "--", "--quiet" }, NULL },
        { { "t" }, "t: rate must be given; --help says what it is" },
        { { "t", "1", "2", "3" }, "t: '3' is one too many; --help lists what is taken" },
        { { "t", "--rate", "1" }, "t: there is no --rate; --help lists the flags" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        jxl_call c;
        double rate;
        uint8_t quiet;
        const char *where;
        int argc = 0;
        while (cases[i].argv[argc]) argc++;
        jxl_call_init(&c);
        int status =
            jxl_flags(&c, argc, (char **)cases[i].argv, "", placed, 3, (void *[]){ &rate, &quiet, &where }, NULL);
        cr_assert(status == (cases[i].message ? 2 : 0), "%s", jxl_message(&c));
        if (status) cr_assert_str_eq(jxl_message(&c), cases[i].message);
        if (!status) cr_assert(rate == -2 && !quiet && !strcmp(where, "--quiet"));
        jxl_call_free(&c);
    }
}

Test(flags, numbers_from_texts) {
    static const struct {
        const char *text;
        int32_t dtype;
        int good;
        double value;
    } cases[] = {
        { "12", JXL_I64, 1, 12 },         { "  -7\n", JXL_I64, 1, -7 },
        { "1_0", JXL_I64, 1, 10 },        { "_1", JXL_I64, 0, 0 },
        { "1__0", JXL_I64, 0, 0 },        { "", JXL_I64, 0, 0 },
        { "-", JXL_I64, 0, 0 },           { "1.0", JXL_I64, 0, 0 },
        { "1 2", JXL_I64, 0, 0 },         { "1.5", JXL_F64, 1, 1.5 },
        { ".5e1", JXL_F64, 1, 5 },        { "5.", JXL_F64, 1, 5 },
        { "1_0.2_5", JXL_F64, 1, 10.25 }, { "Infinity", JXL_F64, 1, INFINITY },
        { "1e", JXL_F64, 0, 0 },          { "nan(3)", JXL_F64, 0, 0 },
        { ".", JXL_F64, 0, 0 },           { "1e400", JXL_F64, 1, INFINITY },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        jxl_call c;
        int64_t n = 0;
        double x = 0;
        jxl_call_init(&c);
        int is_int = cases[i].dtype == JXL_I64;
        int status = jxl_number(&c, cases[i].text, cases[i].dtype, is_int ? (void *)&n : &x);
        cr_assert((status == 0) == cases[i].good, "'%s'", cases[i].text);
        if (cases[i].good) cr_assert((is_int ? (double)n : x) == cases[i].value, "'%s'", cases[i].text);
        jxl_call_free(&c);
    }
    for (uint32_t h = 0; h < 0x7c00; h++) cr_assert(jxl_double_to_half(jxl_half_to_double((uint16_t)h)) == h);
    cr_assert(jxl_double_to_half(65519.9) == 0x7bff && jxl_double_to_half(-65520) == 0xfc00);
    cr_assert(jxl_double_to_half(0x1p-25) == 0 && jxl_double_to_half(0x1.8p-24) == 2);
}
