/* --help, in the form that argparse gives it, and the flag whose name is nearest to a wrong one. */
#include "flags.h"

#include <string.h>

enum { WIDTH = 78, HELP_COLUMN = 24, LONGEST = 160 };

/* "--epochs EPOCHS"; a switch has two names, joined by `between`. */
static void put_invocation(Text *t, const jxl_flag *f, const char *between) {
    jxl_text_addf(t, "--%s", f->name);
    if (f->rank == FLAG_SWITCH) {
        jxl_text_addf(t, "%s--no-%s", between, f->name);
    } else if (f->rank >= 0) {
        jxl_text_put(t, " FILE.npy");
    } else {
        jxl_text_put(t, " ");
        for (const char *s = f->name; *s; s++) {
            char c = *s >= 'a' && *s <= 'z' ? (char)(*s - 'a' + 'A') : *s;
            jxl_text_add(t, &c, 1);
        }
    }
}

/* The words of the usage line, broken where the next would pass the edge. */
static void put_usage(Text *t, const char *program, const jxl_flag *flags, int n) {
    int64_t start = (int64_t)strlen("usage: ") + (int64_t)strlen(program), column = start;
    int64_t indent = start + 1 <= WIDTH * 3 / 4 ? start + 1 : (int64_t)strlen("usage: ");
    jxl_text_addf(t, "usage: %s", program);
    for (int i = -1; i < n; i++) {
        Text word = { .call = t->call };
        if (i < 0) {
            jxl_text_put(&word, "[-h]");
        } else {
            if (flags[i].fallback) jxl_text_put(&word, "[");
            put_invocation(&word, &flags[i], " | ");
            if (flags[i].fallback) jxl_text_put(&word, "]");
        }
        if (!word.at) return;
        if (column + 1 + (int64_t)word.n > WIDTH) {
            jxl_text_put(t, "\n");
            jxl_text_fill(t, ' ', indent);
            column = indent;
        } else {
            jxl_text_put(t, " ");
            column++;
        }
        jxl_text_add(t, word.at, word.n);
        column += (int64_t)word.n;
        jxl_release(t->call, word.at);
    }
    jxl_text_put(t, "\n");
}

/* A text in lines that begin at `column`; the first begins where we are. */
static void put_wrapped(Text *t, const char *text, int64_t column) {
    int64_t at = column;
    for (const char *s = text; *s;) {
        size_t n = strcspn(s, " \n");
        if (at > column && at + 1 + (int64_t)n > WIDTH) {
            jxl_text_put(t, "\n");
            jxl_text_fill(t, ' ', column);
            at = column;
        } else if (at > column) {
            jxl_text_put(t, " ");
            at++;
        }
        jxl_text_add(t, s, n);
        at += (int64_t)n;
        s += n;
        s += strspn(s, " \n");
    }
    jxl_text_put(t, "\n");
}

static void put_option(Text *t, const char *invocation, const char *help, int64_t column) {
    jxl_text_addf(t, "  %s", invocation);
    int64_t length = 2 + (int64_t)strlen(invocation);
    if (!*help) {
        jxl_text_put(t, "\n");
        return;
    }
    if (length > column - 2) {
        jxl_text_put(t, "\n");
        length = 0;
    }
    jxl_text_fill(t, ' ', column - length);
    put_wrapped(t, help, column);
}

void jxl_flags_help(Text *t, const char *program, const char *doc, const jxl_flag *flags, int n) {
    int64_t column = (int64_t)strlen("  -h, --help  ");
    for (int i = 0; i < n; i++) {
        Text word = { .call = t->call };
        put_invocation(&word, &flags[i], ", ");
        if ((int64_t)word.n + 4 > column) column = (int64_t)word.n + 4;
        jxl_release(t->call, word.at);
    }
    if (column > HELP_COLUMN) column = HELP_COLUMN;
    put_usage(t, program, flags, n);
    if (doc && *doc) jxl_text_addf(t, "\n%s\n", doc);
    jxl_text_put(t, "\noptions:\n");
    put_option(t, "-h, --help", "show this help message and exit", column);
    for (int i = 0; i < n && !t->call->status; i++) {
        Text word = { .call = t->call }, help = { .call = t->call };
        put_invocation(&word, &flags[i], ", ");
        jxl_text_put(&help, flags[i].help ? flags[i].help : "");
        if (flags[i].fallback) jxl_text_addf(&help, "%s(default: %s)", help.n ? " " : "", flags[i].fallback);
        if (!t->call->status) put_option(t, word.at, help.at, column);
        jxl_release(t->call, word.at);
        jxl_release(t->call, help.at);
    }
}

/* How many letters must be put in, left out or changed. */
static int distance(const char *x, const char *y) {
    int row[LONGEST + 1], n = (int)strlen(y);
    if (n > LONGEST) return LONGEST;
    for (int k = 0; k <= n; k++) row[k] = k;
    for (int i = 0; x[i]; i++) {
        int corner = row[0];
        row[0] = i + 1;
        for (int k = 0; k < n; k++) {
            int changed = corner + (x[i] != y[k]), best = row[k] < row[k + 1] ? row[k] : row[k + 1];
            corner = row[k + 1];
            row[k + 1] = changed < best + 1 ? changed : best + 1;
        }
    }
    return row[n];
}

const char *jxl_nearest_flag(const char *name, const jxl_flag *flags, int n) {
    const char *near = NULL;
    int least = (int)strlen(name) / 3 + 2;
    for (int i = 0; i < n; i++) {
        int d = distance(name, flags[i].name);
        if (d < least) least = d, near = flags[i].name;
    }
    return near;
}
