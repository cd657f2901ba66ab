/* Tables of numbers as text: what np.loadtxt, np.genfromtxt and np.savetxt read and write. */
#include "npy.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How a table is written. */
typedef struct {
    char delimiter[16], comments[16]; /* delimiter "": white space */
    int64_t skip, most;               /* lines before the table; rows read at most, -1: all */
    int dtype, missing;               /* missing: an empty or strange field is nan */
    int64_t use[64];
    int nuse, least_axes;
} Format;

static int format_of(jxl_call *c, const char *options, Format *f) {
    char text[512];
    *f = (Format){ .comments = "#", .most = -1, .dtype = JXL_F64 };
    jxl_option(options, "delimiter", f->delimiter, sizeof f->delimiter);
    jxl_option(options, "comments", f->comments, sizeof f->comments);
    f->skip = (int64_t)jxl_option_number(options, "skip", 0);
    f->most = (int64_t)jxl_option_number(options, "most", -1);
    f->dtype = (int)jxl_option_number(options, "dtype", JXL_F64);
    f->missing = (int)jxl_option_number(options, "missing", 0);
    f->least_axes = (int)jxl_option_number(options, "ndmin", 0);
    if (jxl_option(options, "use", text, sizeof text))
        for (char *at = text; *at && f->nuse < 64;) {
            f->use[f->nuse++] = strtoll(at, &at, 10);
            at += *at == ',';
        }
    if (f->dtype < 0 || f->dtype > JXL_C128 || jxl_dtypes[f->dtype].kind == KIND_COMPLEX)
        return jxl_fail_text(c, 1, "a table of text holds real numbers");
    return 0;
}

typedef struct {
    const Format *f;
    Opened *o;
    unsigned char *at; /* the elements, as they will be read */
    int64_t n, room, rows, columns, line;
} Table;

static int put_number(jxl_call *c, Table *t, const char *field, size_t length) {
    char text[128], *end;
    int size = jxl_dtypes[t->f->dtype].size, whole = jxl_dtypes[t->f->dtype].kind != KIND_FLOAT;
    while (length && (*field == ' ' || *field == '\t')) field++, length--;
    while (length && (field[length - 1] == ' ' || field[length - 1] == '\t' || field[length - 1] == '\r')) length--;
    if (t->n == t->room) {
        t->room = t->room ? 2 * t->room : 1024;
        t->at = jxl_grow(c, t->at, t->room * size);
        if (!t->at) return c->status;
    }
    size_t m = length < sizeof text ? length : sizeof text - 1;
    memcpy(text, field, m);
    text[m] = 0;
    errno = 0;
    double x = strtod(text, &end);
    int64_t i = whole ? strtoll(text, &end, 10) : 0;
    int strange = !m || *end || length >= sizeof text || (whole && errno == ERANGE);
    if (strange && t->f->missing && !whole)
        x = (double)NAN;
    else if (strange)
        return jxl_fail_file(c, t->o->path, t->o->what, "line %lld: '%.40s' is not %s", (long long)t->line, text,
                             whole ? "a whole number" : "a number");
    unsigned char *to = t->at + t->n++ * size;
    float single = (float)x;
    uint16_t half = jxl_double_to_half(x);
    if (t->f->dtype == JXL_F64)
        memcpy(to, &x, 8);
    else if (t->f->dtype == JXL_F32)
        memcpy(to, &single, 4);
    else if (t->f->dtype == JXL_F16)
        memcpy(to, &half, 2);
    else
        memcpy(to, &i, (size_t)size); /* little-endian: the low bytes */
    return 0;
}

/* The fields of one line, those that are wanted. */
static int read_fields(jxl_call *c, Table *t, const char *line) {
    const char *fields[4096];
    size_t length[4096];
    int64_t n = 0;
    const char *d = t->f->delimiter;
    size_t width = strlen(d);
    for (const char *at = line; n < 4096;) {
        if (!width) at += strspn(at, " \t\r");
        if (!width && !*at) break;
        const char *end = width ? strstr(at, d) : at + strcspn(at, " \t\r");
        if (!end) end = at + strlen(at);
        fields[n] = at;
        length[n++] = (size_t)(end - at);
        if (!*end) break;
        at = end + width;
    }
    int64_t want = t->f->nuse ? t->f->nuse : n;
    if (t->rows && want != t->columns)
        return jxl_fail_file(c, t->o->path, t->o->what, "line %lld has %lld columns, the lines before %lld",
                             (long long)t->line, (long long)want, (long long)t->columns);
    t->columns = want;
    for (int64_t k = 0; k < want && !c->status; k++) {
        int64_t i = t->f->nuse ? t->f->use[k] : k;
        if (i < 0) i += n;
        if (i < 0 || i >= n)
            return jxl_fail_file(c, t->o->path, t->o->what, "line %lld has no column %lld", (long long)t->line,
                                 (long long)(t->f->nuse ? t->f->use[k] : k));
        put_number(c, t, fields[i], length[i]);
    }
    t->rows++;
    return c->status;
}

static void read_table(jxl_call *c, Table *t, FILE *file) {
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    while (!c->status && (t->f->most < 0 || t->rows < t->f->most) && (n = getline(&line, &room, file)) >= 0) {
        if (++t->line <= t->f->skip) continue;
        if (strlen(line) != (size_t)n) {
            jxl_fail_file(c, t->o->path, t->o->what, "line %lld is not text", (long long)t->line);
            break;
        }
        line[strcspn(line, "\n")] = 0;
        char *comment = *t->f->comments ? strstr(line, t->f->comments) : NULL;
        if (comment) *comment = 0;
        if (line[strspn(line, " \t\r")]) read_fields(c, t, line);
    }
    if (!c->status && ferror(file)) jxl_fail_file(c, t->o->path, t->o->what, "could not be read: %s", strerror(errno));
    free(line);
}

/* One row, or one column, is a vector; one number is a number: as NumPy has it, unless more axes are asked for. */
static void shape_of(const Table *t, Npy *h) {
    int64_t full[2] = { t->rows, t->rows ? t->columns : 0 };
    h->rank = 0;
    if (!t->rows) {
        h->shape[h->rank++] = 0;
    } else {
        for (int i = 0; i < 2; i++)
            if (full[i] != 1 || t->f->least_axes == 2) h->shape[h->rank++] = full[i];
        if (h->rank < t->f->least_axes) h->shape[h->rank++] = 1;
    }
    h->dtype = t->f->dtype;
    h->count = t->n;
}

static Opened *open_table(jxl_call *c, const char *path, const char *options, const char *what) {
    Format f;
    if (format_of(c, options, &f)) return NULL;
    Table t = { .f = &f, .o = jxl_opened_new(c, path, what) };
    if (!t.o) return NULL;
    FILE *file = fopen(path, "rb");
    if (file) {
        read_table(c, &t, file);
        fclose(file);
    } else {
        jxl_fail_file(c, path, what, "could not be opened: %s", strerror(errno));
    }
    shape_of(&t, &t.o->header);
    if (!c->status) jxl_opened_memory(c, t.o, t.at, (size_t)(t.n * jxl_dtypes[f.dtype].size));
    if (!c->status) return t.o;
    if (!t.o->memory && t.at) jxl_release(c, t.at);
    jxl_opened_close(c, t.o);
    return NULL;
}

int jxl_csv_open(jxl_call *c, const char *path, const char *options, int32_t dtype, int32_t rank, const char *what,
                 void **file, int64_t *shape) {
    Opened *o = open_table(c, path, options, what);
    return o ? jxl_opened_as(c, o, dtype, rank, file, shape) : c->status;
}

int jxl_csv_look(jxl_call *c, const char *path, const char *options, const char *what, int32_t *dtype, int32_t *rank,
                 int64_t *shape) {
    Opened *o = open_table(c, path, options, what);
    return o ? jxl_opened_look(c, o, dtype, rank, shape) : c->status;
}

/* Writing: one number by one conversion of printf's. */
typedef struct {
    const jxl_array *a;
    char number[32], delimiter[16], newline[8];
    char header[2048], footer[2048], comments[16];
    int whole;
} Layout;

/* "%.18e" and its kin, and nothing else: what it converts is set by the last letter. */
static int check_conversion(jxl_call *c, Layout *l, const char *what) {
    const char *at = l->number;
    size_t n = strlen(at);
    const char *kinds = "eEfFgGdi";
    int good = n >= 2 && *at == '%' && strchr(kinds, at[n - 1]) != NULL;
    for (size_t i = 1; good && i + 1 < n; i++) good = strchr("0123456789.+- #", at[i]) != NULL;
    if (!good)
        return jxl_fail_text(c, 1, "%s: savetxt: '%s' is not a format such as '%%.6f' or '%%d'", what, l->number);
    l->whole = at[n - 1] == 'd' || at[n - 1] == 'i';
    if (l->whole) memcpy(l->number + n - 1, "lld", 4);
    return 0;
}

static int write_remark(FILE *file, const Layout *l, const char *text) {
    for (const char *at = text; *at;) {
        size_t n = strcspn(at, "\n");
        if (fprintf(file, "%s%.*s\n", l->comments, (int)n, at) < 0) return 0;
        at += n + (at[n] == '\n');
    }
    return 1;
}

static int write_table(jxl_call *c, FILE *file, const void *context) {
    (void)c;
    const Layout *l = context;
    const jxl_array *a = l->a;
    int64_t rows = a->rank ? a->shape[0] : 1, columns = a->rank > 1 ? a->shape[1] : 1;
    if (!write_remark(file, l, l->header)) return 0;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t k = 0; k < columns; k++) {
            Number x = jxl_element(a, i * columns + k);
            double value = jxl_dtypes[a->dtype].kind == KIND_FLOAT ? x.re
                           : x.negative                            ? -(double)x.magnitude
                                                                   : (double)x.magnitude;
            long long whole = jxl_dtypes[a->dtype].kind == KIND_FLOAT ? (long long)x.re
                              : x.negative                            ? -(long long)x.magnitude
                                                                      : (long long)x.magnitude;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            if ((l->whole ? fprintf(file, l->number, whole) : fprintf(file, l->number, value)) < 0) return 0;
#pragma GCC diagnostic pop
            if (fputs(k + 1 < columns ? l->delimiter : l->newline, file) < 0) return 0;
        }
    return write_remark(file, l, l->footer);
}

int jxl_csv_save(jxl_call *c, const char *path, const char *options, const jxl_array *a, const char *what) {
    if (!jxl_world_first(c)) return 0;
    Layout l = { .a = a, .number = "%.18e", .delimiter = " ", .newline = "\n", .comments = "# " };
    jxl_option(options, "fmt", l.number, sizeof l.number - 2);
    jxl_option(options, "delimiter", l.delimiter, sizeof l.delimiter);
    jxl_option(options, "newline", l.newline, sizeof l.newline);
    jxl_option(options, "header", l.header, sizeof l.header);
    jxl_option(options, "footer", l.footer, sizeof l.footer);
    jxl_option(options, "comments", l.comments, sizeof l.comments);
    if (a->rank > 2 || jxl_dtypes[a->dtype].kind == KIND_COMPLEX)
        return jxl_fail_text(c, 1, "%s: savetxt writes real numbers along one or two axes", what);
    if (check_conversion(c, &l, what)) return c->status;
    return jxl_write_file(c, path, what, write_table, &l);
}
