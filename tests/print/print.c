/* Prints every value of corpus.txt (make.py says how it is written) and compares with what Python printed. */
#include "jxl/runtime.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DIMS = 8, MOST_POOL = 4096 };

static const struct {
    const char *name;
    int32_t dtype;
    size_t size;
} dtypes[] = {
    { "bool", JXL_BOOL, 1 },   { "int8", JXL_I8, 1 },       { "int16", JXL_I16, 2 },        { "int32", JXL_I32, 4 },
    { "int64", JXL_I64, 8 },   { "uint8", JXL_U8, 1 },      { "uint16", JXL_U16, 2 },       { "uint32", JXL_U32, 4 },
    { "uint64", JXL_U64, 8 },  { "float16", JXL_F16, 2 },   { "bfloat16", JXL_BF16, 2 },    { "float32", JXL_F32, 4 },
    { "float64", JXL_F64, 8 }, { "complex64", JXL_C64, 8 }, { "complex128", JXL_C128, 16 }, { "text", JXL_U8, 1 },
};

typedef struct {
    char *hole, *name;
    int type; /* in the table above */
    int rank;
    int64_t shape[MOST_DIMS], count;
    uint32_t seed;
    char pool[MOST_POOL];
    size_t bytes;
} Record;

static char *field(char **rest) {
    char *start = *rest, *tab = strchr(start, '\t');
    if (tab)
        *tab = 0, *rest = tab + 1;
    else
        *rest = start + strlen(start);
    return start;
}

static int digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

static void read_record(char *line, Record *r) {
    r->hole = field(&line);
    r->name = field(&line);
    char *dims = field(&line);
    r->seed = (uint32_t)strtoul(field(&line), NULL, 10);
    for (r->bytes = 0; line[0] && line[1]; line += 2)
        r->pool[r->bytes++] = (char)(digit(line[0]) * 16 + digit(line[1]));
    r->pool[r->bytes] = 0;
    r->rank = 0;
    r->count = 1;
    while (*dims) {
        r->shape[r->rank] = strtoll(dims, &dims, 10);
        r->count *= r->shape[r->rank++];
        if (*dims == ',') dims++;
    }
    for (r->type = 0; strcmp(dtypes[r->type].name, r->name); r->type++) {}
}

static void *elements(const Record *r) {
    size_t size = dtypes[r->type].size, n = r->bytes / size;
    char *data = malloc((size_t)r->count * size + 1);
    for (int64_t i = 0; i < r->count; i++) {
        uint32_t k = (uint32_t)((uint64_t)i * 2654435761U + r->seed) / 65536;
        memcpy(data + (size_t)i * size, r->pool + k % n * size, size);
    }
    return data;
}

static int check(const Record *r, int error, const char *wanted) {
    int is_text = !strcmp(r->name, "text");
    void *data = is_text ? NULL : elements(r);
    jxl_array a = { is_text ? (void *)r->pool : data, dtypes[r->type].dtype, r->rank, r->shape };
    char template[256];
    snprintf(template, sizeof template, "{%s}", r->hole);
    jxl_call c;
    jxl_call_init(&c);
    const char *text = jxl_format(&c, template, 1, &a);
    if (!text) text = jxl_message(&c);
    int right = !strcmp(text, wanted) && error == (c.status != 0);
    if (!right)
        fprintf(stderr, "%s %s of rank %d\nwanted %s: %s\ngot %s: %s\n\n", r->hole, r->name, r->rank,
                error ? "error" : "text", wanted, c.status ? "error" : "text", text);
    jxl_call_free(&c);
    free(data);
    return right;
}

int main(int argc, char **argv) {
    FILE *f = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (!f) return perror(argv[1]), 1;
    char *line = NULL, *wanted = NULL;
    size_t room = 0;
    int records = 0, wrong = 0;
    Record r;
    while (getline(&line, &room, f) > 0) {
        char kind[8];
        size_t n;
        if (line[0] == '#') continue;
        line[strcspn(line, "\n")] = 0;
        read_record(line, &r);
        if (fscanf(f, "%7s %zu", kind, &n) != 2) return fprintf(stderr, "a damaged corpus\n"), 1;
        getc(f);
        wanted = realloc(wanted, n + 1);
        if (fread(wanted, 1, n, f) != n) return fprintf(stderr, "a damaged corpus\n"), 1;
        wanted[n] = 0;
        getc(f);
        records++;
        wrong += !check(&r, kind[0] == 'e', wanted);
    }
    free(line);
    free(wanted);
    fclose(f);
    printf("%d values printed, %d of them wrong\n", records, wrong);
    return wrong || records < 5000;
}
