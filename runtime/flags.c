/* The command line of a program: --name VALUE or --name=VALUE, -n VALUE or -nVALUE, --name or --no-name for a bool, and values
** told by their places.  The words for mistakes name the flag, what it wants and what it got. */
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

Word jxl_next_word(const char **list) {
    Word w = { *list, (int)strcspn(*list, ",") };
    *list += w.n + (w.at[w.n] == ',');
    return w;
}

Word jxl_flag_name(const jxl_flag *f) {
    const char *s = f->names;
    Word first = jxl_next_word(&s), w = first;
    while (w.n && strncmp(w.at, "--", 2)) w = jxl_next_word(&s);
    return w.n ? w : first;
}

static int by_place(const jxl_flag *f) { return *f->names != '-'; }

static int mistake(const Line *l, const char *text) { return jxl_fail_text(l->call, 2, "%s: %s", l->program, text); }

/* Names are the same with - for _. */
static int same_name(Word name, const char *text, size_t n) {
    if ((size_t)name.n != n) return 0;
    for (size_t i = 0; i < n; i++)
        if (name.at[i] != text[i] && !(name.at[i] == '_' && text[i] == '-')) return 0;
    return 1;
}

/* The flag of that name, and which of its names it is; -1 where there is none. */
static int find(const Line *l, const char *text, size_t n, int *which) {
    for (int i = 0; i < l->n; i++) {
        const char *s = l->flags[i].names;
        Word w;
        for (*which = 0; (w = jxl_next_word(&s)).n; ++*which)
            if (*w.at == '-' && same_name(w, text, n)) return i;
    }
    return -1;
}

static int unknown(const Line *l, const char *text, size_t n) {
    char message[256], name[64];
    snprintf(name, sizeof name, "%.*s", (int)n, text);
    Word near = jxl_nearest_flag(name, l->flags, l->n);
    if (near.n)
        snprintf(message, sizeof message, "there is no %s; did you mean %.*s?", name, near.n, near.at);
    else
        snprintf(message, sizeof message, "there is no %s; --help lists the flags", name);
    return mistake(l, message);
}

/* Words that begin with a dash, and are neither negative numbers nor dashes alone. */
static int is_flag(const char *text) {
    char *end;
    if (text[0] != '-' || !text[1] || !strcmp(text, "--")) return 0;
    strtod(text, &end);
    return *end || end == text;
}

/* Takes the flag at argv[i]; returns the index of its last word, -1 after a mistake. */
static int take(Line *l, int argc, char **argv, int i) {
    const char *text = argv[i], *value = text[1] == '-' ? strchr(text, '=') : NULL;
    size_t n = value ? (size_t)(value - text) : strlen(text);
    int which, k = find(l, text, n, &which);
    char message[256];
    if (value) value++;
    if (k < 0 && text[1] != '-') { /* -n3 */
        k = find(l, text, 2, &which);
        if (k >= 0 && l->flags[k].rank == FLAG_SWITCH) k = -1;
        value = text + 2;
    }
    if (k < 0) return unknown(l, text, n), -1;
    Word name = jxl_flag_name(&l->flags[k]);
    if (l->flags[k].rank == FLAG_SWITCH) {
        snprintf(message, sizeof message, "%.*s takes no value", (int)(n < 64 ? n : 64), text);
        if (value) return mistake(l, message), -1;
        l->given[k] = which && !strncmp(text, "--no-", 5) ? "False" : "True";
        return i;
    }
    if (!value &&
        (i + 1 == argc || !strncmp(argv[i + 1], "--", 2) || find(l, argv[i + 1], strlen(argv[i + 1]), &which) >= 0)) {
        snprintf(message, sizeof message, "%.*s needs a value", name.n, name.at);
        return mistake(l, message), -1;
    }
    l->given[k] = value ? value : argv[i + 1];
    return value ? i : i + 1;
}

/* A word that stands by itself: the next of those told by their places. */
static int place(Line *l, const char *text) {
    char message[256];
    int places = 0;
    for (int k = 0; k < l->n; k++) {
        if (!by_place(&l->flags[k])) continue;
        places++;
        if (l->given[k]) continue;
        l->given[k] = text;
        return 0;
    }
    if (places)
        snprintf(message, sizeof message, "'%.64s' is one too many; --help lists what is taken", text);
    else
        snprintf(message, sizeof message, "'%.64s' is not a flag; values are written --name VALUE", text);
    return mistake(l, message);
}

static int wrong_number(const Line *l, const jxl_flag *f, const char *text, Parsed why) {
    char message[256];
    Word name = jxl_flag_name(f);
    const char *wanted = jxl_dtypes[f->dtype].kind == KIND_INT ? "a whole number" : "a number";
    if (why == PARSED_TOO_LARGE)
        snprintf(message, sizeof message, "%.*s: %.64s does not fit into %s", name.n, name.at, text,
                 jxl_dtypes[f->dtype].brief);
    else
        snprintf(message, sizeof message, "%.*s needs %s, not '%.64s'", name.n, name.at, wanted, text);
    return mistake(l, message);
}

static int is_choice(const jxl_flag *f, const char *text) {
    const char *s = f->choices;
    if (!s) return 1;
    for (Word w; (w = jxl_next_word(&s)).n;)
        if (!strncmp(w.at, text, (size_t)w.n) && !text[w.n]) return 1;
    return 0;
}

static int wrong_choice(const Line *l, const jxl_flag *f, const char *text) {
    char message[512];
    Word name = jxl_flag_name(f);
    snprintf(message, sizeof message, "%.*s is one of %.256s, and was given '%.64s'", name.n, name.at, f->choices,
             text);
    return mistake(l, message);
}

static int is_true(const char *text) { return *text == 'T' || *text == 't' || *text == '1'; }

/* Turns the text of a flag into its value. */
static int finish(const Line *l, const jxl_flag *f, const char *text, void *value, int64_t *shape) {
    char what[128];
    Word name = jxl_flag_name(f);
    switch (f->rank) {
    case FLAG_TEXT: *(const char **)value = text; return 0;
    case FLAG_SWITCH: *(unsigned char *)value = (unsigned char)is_true(text); return 0;
    case FLAG_NUMBER: {
        if (f->dtype == JXL_BOOL) return *(unsigned char *)value = (unsigned char)is_true(text), 0;
        Parsed got = jxl_parse_number(text, f->dtype, value);
        return got == PARSED ? 0 : wrong_number(l, f, text, got);
    }
    default:
        snprintf(what, sizeof what, "%s: %.*s", l->program, name.n, name.at);
        *(void **)value = NULL;
        if (jxl_world_first(l->call) && jxl_load_open(l->call, text, f->dtype, f->rank, what, value, shape))
            return l->call->status = 2;
        snprintf(what, sizeof what, "%.*s", name.n, name.at);
        return jxl_world_share(l->call, what, shape, f->rank * (int64_t)sizeof *shape);
    }
}

static int read_line(Line *l, int argc, char **argv, const char *doc) {
    int words = 0; /* behind "--" all words are values, where there are places for them */
    for (int k = 0; k < l->n; k++) words |= by_place(&l->flags[k]);
    for (int i = 1, only = 0; i < argc; i++) {
        if (!only && (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help"))) {
            Text help = { .call = l->call };
            jxl_flags_help(&help, l->program, doc, l->flags, l->n);
            if (l->call->status) return l->call->status;
            if (!l->call->rank) fputs(help.at, stdout);
            if (l->call->nranks > 1) jxl_world_end(l->call);
            exit(fflush(stdout) ? 1 : 0);
        }
        if (words && !only && !strcmp(argv[i], "--"))
            only = 1;
        else if (!only && is_flag(argv[i]))
            i = take(l, argc, argv, i);
        else if (place(l, argv[i]))
            return l->call->status;
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
        Word name = jxl_flag_name(&flags[i]);
        const char *text = l.given[i] ? l.given[i] : flags[i].fallback;
        snprintf(message, sizeof message, "%.*s must be given; --help says what it is", name.n, name.at);
        if (!text)
            status = mistake(&l, message);
        else if (l.given[i] && !is_choice(&flags[i], text))
            status = wrong_choice(&l, &flags[i], text);
        else
            status = finish(&l, &flags[i], text, values[i], shapes ? shapes[i] : NULL);
    }
    jxl_release(c, l.given);
    return status;
}
