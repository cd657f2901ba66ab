/* The command line of a program whose main has parameters: --name VALUE or --name=VALUE, and --name or --no-name for a
** bool.  The words for mistakes name the flag, what it wants and what it got. */
#include "flags.h"
#include "parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    jxl_call *call;
    const jxl_flag *flags;
    int n;
    const char *program;
    const char **given; /* the text of each flag's value; NULL where there is none yet */
} Line;

static int mistake(const Line *l, const char *text) { return jxl_fail_text(l->call, 2, "%s: %s", l->program, text); }

/* Names are the same with - for _. */
static int same_name(const char *name, const char *text, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!name[i] || (name[i] != text[i] && !(name[i] == '_' && text[i] == '-'))) return 0;
    return !name[n];
}

/* -1 where there is none. */
static int find(const Line *l, const char *text, size_t n) {
    for (int i = 0; i < l->n; i++)
        if (same_name(l->flags[i].name, text, n)) return i;
    return -1;
}

static int unknown(const Line *l, const char *text, size_t n) {
    char message[256], name[64];
    snprintf(name, sizeof name, "%.*s", (int)n, text);
    const char *near = jxl_nearest_flag(name, l->flags, l->n);
    if (near)
        snprintf(message, sizeof message, "there is no --%s; did you mean --%s?", name, near);
    else
        snprintf(message, sizeof message, "there is no --%s; --help lists the flags", name);
    return mistake(l, message);
}

/* Takes the flag at argv[i]; returns the index of its last word, -1 after a mistake. */
static int take(Line *l, int argc, char **argv, int i) {
    const char *text = argv[i] + 2, *equals = strchr(text, '=');
    size_t n = equals ? (size_t)(equals - text) : strlen(text);
    int k = find(l, text, n), off = 0;
    char message[256];
    if (k < 0 && !strncmp(text, "no-", 3)) {
        k = find(l, text + 3, n - 3);
        off = k >= 0 && l->flags[k].rank == FLAG_SWITCH;
        if (!off) k = -1;
    }
    if (k < 0) return unknown(l, text, n), -1;
    if (l->flags[k].rank == FLAG_SWITCH) {
        snprintf(message, sizeof message, "--%.*s takes no value", (int)(n < 64 ? n : 64), text);
        if (equals) return mistake(l, message), -1;
        l->given[k] = off ? "False" : "True";
        return i;
    }
    if (equals) {
        l->given[k] = equals + 1;
        return i;
    }
    if (i + 1 == argc || !strncmp(argv[i + 1], "--", 2)) {
        snprintf(message, sizeof message, "--%s needs a value", l->flags[k].name);
        return mistake(l, message), -1;
    }
    l->given[k] = argv[i + 1];
    return i + 1;
}

static int wrong_number(const Line *l, const jxl_flag *f, const char *text, Parsed why) {
    char message[256];
    const char *wanted = jxl_dtypes[f->dtype].kind == KIND_INT ? "a whole number" : "a number";
    if (why == PARSED_TOO_LARGE)
        snprintf(message, sizeof message, "--%s: %.64s does not fit into %s", f->name, text,
                 jxl_dtypes[f->dtype].brief);
    else
        snprintf(message, sizeof message, "--%s needs %s, not '%.64s'", f->name, wanted, text);
    return mistake(l, message);
}

static int is_true(const char *text) { return *text == 'T' || *text == 't' || *text == '1'; }

/* Turns the text of a flag into its value. */
static int finish(const Line *l, const jxl_flag *f, const char *text, void *value, int64_t *shape) {
    char what[128];
    switch (f->rank) {
    case FLAG_TEXT: *(const char **)value = text; return 0;
    case FLAG_SWITCH: *(unsigned char *)value = (unsigned char)is_true(text); return 0;
    case FLAG_NUMBER: {
        if (f->dtype == JXL_BOOL) return *(unsigned char *)value = (unsigned char)is_true(text), 0;
        Parsed got = jxl_parse_number(text, f->dtype, value);
        return got == PARSED ? 0 : wrong_number(l, f, text, got);
    }
    default:
        snprintf(what, sizeof what, "%s: --%s", l->program, f->name);
        *(void **)value = NULL;
        if (jxl_world_first(l->call) && jxl_load_open(l->call, text, f->dtype, f->rank, what, value, shape))
            return l->call->status = 2;
        return jxl_world_share(l->call, f->name, shape, f->rank * (int64_t)sizeof *shape);
    }
}

static int read_line(Line *l, int argc, char **argv, const char *doc) {
    char message[256];
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help")) {
            Text help = { .call = l->call };
            jxl_flags_help(&help, l->program, doc, l->flags, l->n);
            if (l->call->status) return l->call->status;
            if (!l->call->rank) fputs(help.at, stdout);
            if (l->call->nranks > 1) jxl_world_end(l->call);
            exit(fflush(stdout) ? 1 : 0);
        }
        if (strncmp(argv[i], "--", 2) || !argv[i][2]) {
            snprintf(message, sizeof message, "'%.64s' is not a flag; values are written --name VALUE", argv[i]);
            return mistake(l, message);
        }
        i = take(l, argc, argv, i);
        if (i < 0) return l->call->status;
    }
    return 0;
}

int jxl_flags(jxl_call *c, int argc, char **argv, const char *doc, const jxl_flag *flags, int n, void **values,
              int64_t **shapes) {
    if (jxl_arguments(c, &argc, &argv)) return c->status;
    const char *slash = argc ? strrchr(argv[0], '/') : NULL;
    Line l = { c, flags, n, slash ? slash + 1 : argc ? argv[0] : "program", NULL };
    char message[256];
    l.given = jxl_alloc(c, n * (int64_t)sizeof *l.given);
    if (!l.given) return c->status;
    for (int i = 0; i < n; i++) l.given[i] = NULL;
    int status = read_line(&l, argc, argv, doc);
    for (int i = 0; i < n && !status; i++) {
        const char *text = l.given[i] ? l.given[i] : flags[i].fallback;
        snprintf(message, sizeof message, "--%s must be given; --help says what it is", flags[i].name);
        status = text ? finish(&l, &flags[i], text, values[i], shapes ? shapes[i] : NULL) : mistake(&l, message);
    }
    jxl_release(c, l.given);
    return status;
}
