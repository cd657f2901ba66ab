/* .safetensors: eight bytes that say how long the header is, the header in JSON, the elements.  Nothing in it is believed
** before it was checked. */
#include "npy.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_HEADER = 100 << 20 };

static const struct {
    const char *name;
    int dtype;
} dtypes[] = { { "BOOL", JXL_BOOL }, { "U8", JXL_U8 },     { "I8", JXL_I8 },   { "I16", JXL_I16 }, { "U16", JXL_U16 },
               { "F16", JXL_F16 },   { "BF16", JXL_BF16 }, { "I32", JXL_I32 }, { "U32", JXL_U32 }, { "F32", JXL_F32 },
               { "F64", JXL_F64 },   { "I64", JXL_I64 },   { "U64", JXL_U64 }, { "C64", JXL_C64 } };

/* The header, and where in it. */
typedef struct {
    const char *at, *end;
} Json;

static void space(Json *j) {
    while (j->at < j->end && strchr(" \t\r\n", *j->at)) j->at++;
}
static int take(Json *j, char c) {
    space(j);
    if (j->at == j->end || *j->at != c) return 0;
    j->at++;
    return 1;
}
static int peek(Json *j, char c) {
    space(j);
    return j->at < j->end && *j->at == c;
}

/* A string as it stands; names with escapes in them are not known. */
static int take_string(Json *j, const char **text, size_t *n) {
    if (!take(j, '"')) return 0;
    *text = j->at;
    while (j->at < j->end && *j->at != '"' && (unsigned char)*j->at >= ' ')
        if (*j->at++ == '\\' && j->at < j->end) j->at++;
    *n = (size_t)(j->at - *text);
    return take(j, '"');
}

static int take_number(Json *j, int64_t *x) {
    space(j);
    const char *start = j->at;
    for (*x = 0; j->at < j->end && *j->at >= '0' && *j->at <= '9'; j->at++) {
        if (*x > (INT64_MAX - 9) / 10) return 0;
        *x = 10 * *x + (*j->at - '0');
    }
    return j->at > start;
}

static int take_numbers(Json *j, int64_t *x, int most, int32_t *n) {
    *n = 0;
    if (!take(j, '[')) return 0;
    if (take(j, ']')) return 1;
    do {
        if (*n == most || !take_number(j, &x[(*n)++])) return 0;
    } while (take(j, ','));
    return take(j, ']');
}

/* {"dtype":"F32","shape":[2,3],"data_offsets":[0,24]} */
static int take_tensor(Json *j, Npy *f, int64_t offsets[2]) {
    const char *text;
    size_t n;
    int seen = 0;
    int32_t two;
    if (!take(j, '{')) return 0;
    do {
        if (!take_string(j, &text, &n) || !take(j, ':')) return 0;
        if (n == 5 && !memcmp(text, "dtype", 5)) {
            if (!take_string(j, &text, &n)) return 0;
            f->dtype = -1;
            for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
                if (strlen(dtypes[i].name) == n && !memcmp(dtypes[i].name, text, n)) f->dtype = dtypes[i].dtype;
            if (f->dtype < 0) return 0;
            seen |= 1;
        } else if (n == 5 && !memcmp(text, "shape", 5)) {
            if (!take_numbers(j, f->shape, NPY_MOST_AXES, &f->rank)) return 0;
            seen |= 2;
        } else if (n == 12 && !memcmp(text, "data_offsets", 12)) {
            if (!take_numbers(j, offsets, 2, &two) || two != 2) return 0;
            seen |= 4;
        } else {
            return 0;
        }
    } while (take(j, ','));
    return take(j, '}') && seen == 7;
}

/* "__metadata__": texts by name */
static int take_texts(Json *j) {
    const char *text;
    size_t n;
    if (!take(j, '{')) return 0;
    if (take(j, '}')) return 1;
    do {
        if (!take_string(j, &text, &n) || !take(j, ':') || !take_string(j, &text, &n)) return 0;
    } while (take(j, ','));
    return take(j, '}');
}

/* Calls `each` for every tensor; 0 where the header is damaged. */
typedef struct {
    const char *name;
    size_t length;
    Npy header;
    int64_t offsets[2];
} Tensor;
typedef void (*Each)(const Tensor *, void *context);

static int walk(const char *header, size_t n, Each each, void *context) {
    Json j = { header, header + n };
    if (!take(&j, '{')) return 0;
    if (peek(&j, '}')) return take(&j, '}');
    do {
        Tensor t = { 0 };
        if (!take_string(&j, &t.name, &t.length) || !take(&j, ':')) return 0;
        if (t.length == 12 && !memcmp(t.name, "__metadata__", 12)) {
            if (!take_texts(&j)) return 0;
            continue;
        }
        if (!take_tensor(&j, &t.header, t.offsets) || !jxl_count_elements(&t.header)) return 0;
        if (t.offsets[0] > t.offsets[1] ||
            t.offsets[1] - t.offsets[0] != t.header.count * jxl_dtypes[t.header.dtype].size)
            return 0;
        each(&t, context);
    } while (take(&j, ','));
    if (!take(&j, '}')) return 0;
    space(&j);
    return j.at == j.end;
}

/* The header in a block of the call, the file behind it; NULL after an error.  `rest` is how many bytes of elements are there. */
static char *read_header(jxl_call *c, FILE *file, const char *path, const char *what, size_t *n, int64_t *rest) {
    unsigned char start[8];
    struct stat st;
    uint64_t length = 0;
    if (fstat(fileno(file), &st) || fread(start, 1, 8, file) != 8) {
        jxl_fail_file(c, path, what, "is not a .safetensors file");
        return NULL;
    }
    for (int i = 7; i >= 0; i--) length = length << 8 | start[i];
    if (length > MOST_HEADER || (int64_t)length > st.st_size - 8) {
        jxl_fail_file(c, path, what, "is damaged or cut short: its header would be %llu bytes long",
                      (unsigned long long)length);
        return NULL;
    }
    char *header = jxl_alloc(c, (int64_t)length + 1);
    *n = (size_t)length;
    *rest = st.st_size - 8 - (int64_t)length;
    if (header && fread(header, 1, *n, file) == *n) return header;
    if (header) jxl_fail_file(c, path, what, "ends within its header");
    return NULL;
}

typedef struct {
    const char *name;
    int found;
    Npy header;
    int64_t from, last; /* last: where the elements of all tensors end */
    Text *names;
} Search;

static void look_at(const Tensor *t, void *context) {
    Search *s = context;
    if (t->offsets[1] > s->last) s->last = t->offsets[1];
    if (s->names) {
        if (s->names->n) jxl_text_put(s->names, "\n");
        jxl_text_add(s->names, t->name, t->length);
    } else if (strlen(s->name) == t->length && !memcmp(s->name, t->name, t->length)) {
        s->found = 1;
        s->header = t->header;
        s->from = t->offsets[0];
    }
}

static int search(jxl_call *c, FILE *file, const char *path, const char *what, Search *s) {
    size_t n;
    int64_t rest;
    char *header = read_header(c, file, path, what, &n, &rest);
    if (!header) return c->status;
    if (!walk(header, n, look_at, s))
        jxl_fail_file(c, path, what, "has a damaged header");
    else if (s->last != rest)
        jxl_fail_file(c, path, what, "is damaged or cut short: its tensors take %lld bytes, and %lld are there",
                      (long long)s->last, (long long)rest);
    jxl_release(c, header);
    return c->status;
}

static Opened *open_tensor(jxl_call *c, const char *path, const char *name, const char *what) {
    Opened *o = jxl_opened_new(c, path, what);
    if (!o) return NULL;
    o->file = fopen(path, "rb");
    Search s = { .name = name };
    if (!o->file)
        jxl_fail_file(c, path, what, "could not be opened: %s", strerror(errno));
    else if (!search(c, o->file, path, what, &s) && !s.found)
        jxl_fail_file(c, path, what, "holds no tensor '%s'", name);
    else if (!c->status && fseeko(o->file, (off_t)s.from, SEEK_CUR))
        jxl_fail_file(c, path, what, "could not be read: %s", strerror(errno));
    o->header = s.header;
    if (!c->status) return o;
    jxl_opened_close(c, o);
    return NULL;
}

int jxl_tensors_open(jxl_call *c, const char *path, const char *name, int32_t dtype, int32_t rank, const char *what,
                     void **file, int64_t *shape) {
    Opened *o = open_tensor(c, path, name, what);
    return o ? jxl_opened_as(c, o, dtype, rank, file, shape) : c->status;
}

int jxl_tensors_look(jxl_call *c, const char *path, const char *name, const char *what, int32_t *dtype, int32_t *rank,
                     int64_t *shape) {
    Opened *o = open_tensor(c, path, name, what);
    return o ? jxl_opened_look(c, o, dtype, rank, shape) : c->status;
}

char *jxl_tensors_names(jxl_call *c, const char *path, const char *what) {
    FILE *file = fopen(path, "rb");
    Text names = { .call = c };
    Search s = { .names = &names };
    jxl_text_put(&names, "");
    if (!file)
        jxl_fail_file(c, path, what, "could not be opened: %s", strerror(errno));
    else
        search(c, file, path, what, &s);
    if (file) fclose(file);
    return c->status ? NULL : names.at;
}

typedef struct {
    const char *names;
    int n;
    const jxl_array *arrays;
} Tensors;

static int write_tensors(jxl_call *c, FILE *file, const void *context) {
    const Tensors *all = context;
    Text header = { .call = c };
    const char *name = all->names;
    int64_t at = 0;
    for (int i = 0; i < all->n; i++) {
        const jxl_array *a = &all->arrays[i];
        size_t length = strcspn(name, "\n");
        const char *dtype = "F32";
        for (size_t k = 0; k < sizeof dtypes / sizeof *dtypes; k++)
            if (dtypes[k].dtype == a->dtype) dtype = dtypes[k].name;
        jxl_text_addf(&header, "%s\"%.*s\":{\"dtype\":\"%s\",\"shape\":[", i ? "," : "{", (int)length, name, dtype);
        for (int k = 0; k < a->rank; k++) jxl_text_addf(&header, k ? ",%lld" : "%lld", (long long)a->shape[k]);
        int64_t end = at + jxl_count(a) * jxl_dtypes[a->dtype].size;
        jxl_text_addf(&header, "],\"data_offsets\":[%lld,%lld]}", (long long)at, (long long)end);
        at = end;
        name += length + (name[length] == '\n');
    }
    jxl_text_put(&header, all->n ? "}" : "{}");
    if (c->status) return 0;
    jxl_text_fill(&header, ' ', (8 - (int64_t)header.n % 8) % 8);
    if (c->status) return 0;
    unsigned char start[8];
    for (int i = 0; i < 8; i++) start[i] = (unsigned char)((uint64_t)header.n >> 8 * i);
    int good = fwrite(start, 1, 8, file) == 8 && fwrite(header.at, 1, header.n, file) == header.n;
    for (int i = 0; good && i < all->n; i++) {
        size_t size = (size_t)jxl_dtypes[all->arrays[i].dtype].size, count = (size_t)jxl_count(&all->arrays[i]);
        good = fwrite(all->arrays[i].data, size, count, file) == count;
    }
    jxl_release(c, header.at);
    return good;
}

int jxl_tensors_save(jxl_call *c, const char *path, const char *names, int32_t n, const jxl_array *arrays,
                     const char *what) {
    if (!jxl_world_first(c)) return 0;
    Tensors all = { names, n, arrays };
    for (int i = 0; i < n; i++)
        if (arrays[i].dtype == JXL_C128)
            return jxl_fail_text(c, 1, "%s: a .safetensors file cannot hold complex128", what);
    if (strpbrk(names, "\"\\")) return jxl_fail_text(c, 1, "%s: a tensor's name cannot have \" or \\ in it", what);
    return jxl_write_file(c, path, what, write_tensors, &all);
}
