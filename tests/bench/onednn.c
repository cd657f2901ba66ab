/* What oneDNN has of the rows that a file names: the least seconds of some calls of each. */
#define _POSIX_C_SOURCE 200809L
#include <dnnl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NAMES = 1 << 16, ARGUMENTS = 3 };
static char wanted[NAMES + 1] = "\n";
static dnnl_engine_t engine;
static dnnl_stream_t stream;

static void must(dnnl_status_t status) {
    if (status == dnnl_success) return;
    fprintf(stderr, "oneDNN: status %d\n", (int)status);
    exit(1);
}
static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
static int is_wanted(const char *name) {
    char line[64];
    snprintf(line, sizeof line, "\n%s\n", name);
    return strstr(wanted, line) != NULL;
}

typedef struct {
    int is; /* DNNL_ARG_... */
    const dnnl_memory_desc_t *type;
} Argument;

/* A primitive, applied to new memory of these types. */
static void measure(const char *name, dnnl_op_desc_t description, const Argument *of, int count) {
    dnnl_primitive_desc_t chosen;
    dnnl_primitive_t primitive;
    dnnl_exec_arg_t args[ARGUMENTS];
    must(dnnl_primitive_desc_create(&chosen, description, NULL, engine, NULL));
    must(dnnl_primitive_create(&primitive, chosen));
    for (int i = 0; i < count; i++) {
        void *data;
        args[i].arg = of[i].is;
        must(dnnl_memory_create(&args[i].memory, of[i].type, engine, DNNL_MEMORY_ALLOCATE));
        must(dnnl_memory_get_data_handle(args[i].memory, &data));
        size_t n = dnnl_memory_desc_get_size(of[i].type) / sizeof(float);
        for (size_t k = 0; k < n; k++) ((float *)data)[k] = (float)rand() / (float)RAND_MAX - 0.5f;
    }
    double least = 1e9, spent = 0;
    for (int i = 0; i < 5 || (spent < 0.05 && i < 1000); i++) {
        double start = now();
        must(dnnl_primitive_execute(primitive, stream, count, args));
        must(dnnl_stream_wait(stream));
        double t = now() - start;
        if (i) spent += t;
        if (t < least) least = t;
    }
    printf("%s %.9f\n", name, least);
    for (int i = 0; i < count; i++) must(dnnl_memory_destroy(args[i].memory));
    must(dnnl_primitive_destroy(primitive));
    must(dnnl_primitive_desc_destroy(chosen));
}

static dnnl_memory_desc_t matrix(dnnl_dim_t rows, dnnl_dim_t columns, dnnl_format_tag_t layout) {
    dnnl_memory_desc_t type;
    must(dnnl_memory_desc_init_by_tag(&type, 2, (dnnl_dims_t){ rows, columns }, dnnl_f32, layout));
    return type;
}
static void product(const char *name, dnnl_dim_t m, dnnl_dim_t k, dnnl_dim_t n, dnnl_format_tag_t first,
                    dnnl_format_tag_t second) {
    dnnl_memory_desc_t a = matrix(m, k, first), b = matrix(k, n, second), c = matrix(m, n, dnnl_ab);
    dnnl_matmul_desc_t d;
    if (!is_wanted(name)) return;
    must(dnnl_matmul_desc_init(&d, &a, &b, NULL, &c));
    measure(name, &d, (Argument[]){ { DNNL_ARG_SRC, &a }, { DNNL_ARG_WEIGHTS, &b }, { DNNL_ARG_DST, &c } }, 3);
}
static void batched(const char *name, dnnl_dim_t count, dnnl_dim_t n) {
    dnnl_memory_desc_t a;
    dnnl_matmul_desc_t d;
    if (!is_wanted(name)) return;
    must(dnnl_memory_desc_init_by_tag(&a, 3, (dnnl_dims_t){ count, n, n }, dnnl_f32, dnnl_abc));
    must(dnnl_matmul_desc_init(&d, &a, &a, NULL, &a));
    measure(name, &d, (Argument[]){ { DNNL_ARG_SRC, &a }, { DNNL_ARG_WEIGHTS, &a }, { DNNL_ARG_DST, &a } }, 3);
}
static void softmax(const char *name, dnnl_dim_t rows, dnnl_alg_kind_t kind) {
    dnnl_memory_desc_t a = matrix(rows, 1024, dnnl_ab);
    dnnl_softmax_v2_desc_t d;
    if (!is_wanted(name)) return;
    must(dnnl_softmax_v2_forward_desc_init(&d, dnnl_forward_inference, kind, &a, &a, 1));
    measure(name, &d, (Argument[]){ { DNNL_ARG_SRC, &a }, { DNNL_ARG_DST, &a } }, 2);
}
static void layer_norm(const char *name, dnnl_dim_t rows) {
    dnnl_memory_desc_t a = matrix(rows, 1024, dnnl_ab);
    dnnl_layer_normalization_desc_t d;
    if (!is_wanted(name)) return;
    must(dnnl_layer_normalization_forward_desc_init(&d, dnnl_forward_inference, &a, NULL, 1e-5f, 0));
    measure(name, &d, (Argument[]){ { DNNL_ARG_SRC, &a }, { DNNL_ARG_DST, &a } }, 2);
}
static void elementwise(const char *name, dnnl_dim_t n, dnnl_alg_kind_t kind) {
    dnnl_memory_desc_t a = matrix(1, n, dnnl_ab);
    dnnl_eltwise_desc_t d;
    if (!is_wanted(name)) return;
    must(dnnl_eltwise_forward_desc_init(&d, dnnl_forward_inference, kind, &a, 0, 0));
    measure(name, &d, (Argument[]){ { DNNL_ARG_SRC, &a }, { DNNL_ARG_DST, &a } }, 2);
}
/* Plain layouts, as the others have: oneDNN's own blocked ones are chosen when a whole network uses them. */
static void convolve(const char *name, dnnl_dim_t batch, dnnl_dim_t in, dnnl_dim_t out, dnnl_dim_t size,
                     dnnl_dim_t kernel, dnnl_dim_t stride) {
    dnnl_memory_desc_t x, w, y;
    dnnl_convolution_desc_t d;
    dnnl_dim_t smaller = (size + stride - 1) / stride, pad = (smaller - 1) * stride + kernel - size;
    if (!is_wanted(name)) return;
    if (pad < 0) pad = 0;
    must(dnnl_memory_desc_init_by_tag(&x, 4, (dnnl_dims_t){ batch, in, size, size }, dnnl_f32, dnnl_nchw));
    must(dnnl_memory_desc_init_by_tag(&w, 4, (dnnl_dims_t){ out, in, kernel, kernel }, dnnl_f32, dnnl_oihw));
    must(dnnl_memory_desc_init_by_tag(&y, 4, (dnnl_dims_t){ batch, out, smaller, smaller }, dnnl_f32, dnnl_nchw));
    must(dnnl_convolution_forward_desc_init(&d, dnnl_forward_inference, dnnl_convolution_direct, &x, &w, NULL, &y,
                                            (dnnl_dims_t){ stride, stride }, (dnnl_dims_t){ pad / 2, pad / 2 },
                                            (dnnl_dims_t){ pad - pad / 2, pad - pad / 2 }));
    measure(name, &d, (Argument[]){ { DNNL_ARG_SRC, &x }, { DNNL_ARG_WEIGHTS, &w }, { DNNL_ARG_DST, &y } }, 3);
}

int main(int argc, char **argv) {
    FILE *names = argc > 1 ? fopen(argv[1], "r") : NULL;
    static const dnnl_dim_t squares[] = { 32, 64, 100, 128, 256, 512, 1000, 1024, 2048 };
    static const dnnl_dim_t others[][3] = { { 128, 784, 512 }, { 4096, 64, 64 },  { 1, 1024, 1024 },
                                            { 8, 1024, 1024 }, { 1024, 8, 1024 }, { 17, 333, 95 } };
    static const struct {
        const char *name;
        dnnl_format_tag_t first, second;
    } forms[] = { { "a@b", dnnl_ab, dnnl_ab },
                  { "a.T@b", dnnl_ba, dnnl_ab },
                  { "a@b.T", dnnl_ab, dnnl_ba },
                  { "a.T@b.T", dnnl_ba, dnnl_ba } };
    char name[64];
    if (!names) return 2;
    wanted[1 + fread(wanted + 1, 1, NAMES - 1, names)] = 0;
    fclose(names);
    must(dnnl_engine_create(&engine, dnnl_cpu, 0));
    must(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags));
    elementwise("gelu-1e3", 1000, dnnl_eltwise_gelu_tanh);
    elementwise("gelu-cache", 20000, dnnl_eltwise_gelu_tanh);
    elementwise("gelu-memory", 10000000, dnnl_eltwise_gelu_tanh);
    elementwise("gelu-erf-cache", 20000, dnnl_eltwise_gelu_erf);
    elementwise("gelu-erf-memory", 10000000, dnnl_eltwise_gelu_erf);
    elementwise("exp-f32", 32768, dnnl_eltwise_exp);
    elementwise("exp-f32-memory", 8000000, dnnl_eltwise_exp);
    elementwise("log-f32", 32768, dnnl_eltwise_log);
    elementwise("tanh-f32", 32768, dnnl_eltwise_tanh);
    elementwise("sigmoid-f32", 32768, dnnl_eltwise_logistic);
    softmax("softmax-cache", 64, dnnl_softmax_accurate);
    softmax("softmax-memory", 16384, dnnl_softmax_accurate);
    softmax("log-softmax-cache", 64, dnnl_softmax_log);
    softmax("log-softmax-memory", 16384, dnnl_softmax_log);
    layer_norm("layer-norm-cache", 64);
    layer_norm("layer-norm-memory", 16384);
    for (int i = 0; i < 9; i++)
        for (int k = 0; k < 4; k++) {
            snprintf(name, sizeof name, "%s-%d", forms[k].name, (int)squares[i]);
            product(name, squares[i], squares[i], squares[i], forms[k].first, forms[k].second);
        }
    for (int i = 0; i < 6; i++) {
        snprintf(name, sizeof name, "a@b-%dx%dx%d", (int)others[i][0], (int)others[i][1], (int)others[i][2]);
        product(name, others[i][0], others[i][1], others[i][2], dnnl_ab, dnnl_ab);
    }
    batched("batched-4", 10000, 4);
    batched("batched-8", 4000, 8);
    batched("batched-16", 1000, 16);
    batched("batched-32", 200, 32);
    convolve("conv-3x3", 8, 64, 64, 56, 3, 1);
    convolve("conv-3x3-stride-2", 8, 64, 64, 56, 3, 2);
    convolve("conv-1x1", 8, 64, 64, 56, 1, 1);
    convolve("conv-first-layer", 8, 3, 64, 112, 7, 2);
}
