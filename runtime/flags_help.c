/* --help, in the form that argparse gives it, and the flag whose name is nearest to a wrong one. */
#include "flags.h"

#include <string.h>

enum { WIDTH = 78, HELP_COLUMN = 24, LONGEST = 160 };

static int by_place(const jxl_flag *f) { return *f->names != '-'; }

/* What stands for the value: "EPOCHS", "{adam,sgd}"; of one told by its place its name. */
static void put_value(Text *t, const jxl_flag *f) {
    Word name = jxl_flag_name(f);
    if (f->choices) {
        jxl_text_addf(t, "{%s}", f->choices);
        return;
    }
    for (int dashes = 1, i = 0; i < name.n; i++) {
        char c = name.at[i];
        if (dashes && c == '-') continue;
        dashes = 0;
        if (!by_place(f)) c = c == '-' ? '_' : c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        jxl_text_add(t, &c, 1);
    }
}

/* "-n EPOCHS, --epochs EPOCHS", or in the usage line its first name; a switch has two there, if it can be turned off. */
static void put_invocation(Text *t, const jxl_flag *f, int usage) {
    const char *s = f->names;
    Word first = jxl_next_word(&s);
    int turned_off = f->rank == FLAG_SWITCH && strncmp(s, "--no-", 5) == 0;
    if (by_place(f)) {
        put_value(t, f);
        return;
    }
    for (Word w = first; w.n; w = jxl_next_word(&s)) {
        if (w.at != first.at) {
            if (usage && !turned_off) return;
            jxl_text_put(t, usage ? " | " : ", ");
        }
        jxl_text_add(t, w.at, (size_t)w.n);
        if (f->rank == FLAG_SWITCH) continue;
        jxl_text_put(t, " ");
        if (f->rank >= 0)
            jxl_text_put(t, "FILE.npy");
        else
            put_value(t, f);
    }
}

typedef struct {
    Text *to;
    int64_t start, indent, column; /* the program's name ends at start */
} Usage;

static void put_word(Usage *u, const char *word, size_t n, int on_its_own) {
    if (on_its_own || (u->column + 1 + (int64_t)n > WIDTH && u->column > u->indent)) {
        jxl_text_put(u->to, "\n");
        jxl_text_fill(u->to, ' ', u->indent);
        u->column = u->indent;
    } else {
        jxl_text_put(u->to, " ");
        u->column++;
    }
    jxl_text_add(u->to, word, n);
    u->column += (int64_t)n;
}

/* The flags of one kind in the usage line; returns what they take there. */
static int64_t put_flags(Usage *u, const jxl_flag *flags, int n, int placed, int on_its_own) {
    int64_t length = 0;
    for (int i = 0; i < n; i++) {
        if (by_place(&flags[i]) != placed) continue;
        Text word = { .call = u->to->call };
        if (flags[i].fallback) jxl_text_put(&word, "[");
        put_invocation(&word, &flags[i], 1);
        if (flags[i].fallback) jxl_text_put(&word, "]");
        if (!word.at) return length;
        put_word(u, word.at, word.n, on_its_own && !length);
        length += 1 + (int64_t)word.n;
        jxl_release(u->to->call, word.at);
    }
    return length;
}

/* The words of the usage line, broken where the next would pass the edge; what is told by its place then begins a line. */
static void put_usage(Text *t, const char *program, const jxl_flag *flags, int n) {
    int64_t start = (int64_t)strlen("usage: ") + (int64_t)strlen(program);
    int64_t indent = start + 1 <= WIDTH * 3 / 4 ? start + 1 : (int64_t)strlen("usage: ");
    Text all = { .call = t->call };
    Usage measured = { &all, start, indent, start }, u = { t, start, indent, start };
    put_word(&measured, "[-h]", 4, 0);
    int64_t length = 5 + put_flags(&measured, flags, n, 0, 0) + put_flags(&measured, flags, n, 1, 0);
    jxl_release(t->call, all.at);
    jxl_text_addf(t, "usage: %s", program);
    put_word(&u, "[-h]", 4, 0);
    put_flags(&u, flags, n, 0, 0);
    put_flags(&u, flags, n, 1, start + length > WIDTH);
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

/* A section: the flags told by their places, or the others. */
static void put_section(Text *t, const jxl_flag *flags, int n, int placed, int64_t column) {
    for (int i = 0; i < n && !t->call->status; i++) {
        if (by_place(&flags[i]) != placed) continue;
        Text word = { .call = t->call };
        put_invocation(&word, &flags[i], 0);
        if (!t->call->status) put_option(t, word.at, flags[i].help ? flags[i].help : "", column);
        jxl_release(t->call, word.at);
    }
}

void jxl_flags_help(Text *t, const char *program, const char *doc, const jxl_flag *flags, int n) {
    int64_t column = (int64_t)strlen("  -h, --help  ");
    int places = 0;
    for (int i = 0; i < n; i++) {
        Text word = { .call = t->call };
        put_invocation(&word, &flags[i], 0);
        if ((int64_t)word.n + 4 > column) column = (int64_t)word.n + 4;
        jxl_release(t->call, word.at);
        places |= by_place(&flags[i]);
    }
    if (column > HELP_COLUMN) column = HELP_COLUMN;
    put_usage(t, program, flags, n);
    if (doc && *doc) jxl_text_addf(t, "\n%s\n", doc);
    if (places) jxl_text_put(t, "\npositional arguments:\n");
    put_section(t, flags, n, 1, column);
    jxl_text_put(t, "\noptions:\n");
    put_option(t, "-h, --help", "show this help message and exit", column);
    put_section(t, flags, n, 0, column);
}

/* How many letters must be put in, left out or changed. */
static int distance(const char *x, Word y) {
    int row[LONGEST + 1];
    if (y.n > LONGEST) return LONGEST;
    for (int k = 0; k <= y.n; k++) row[k] = k;
    for (int i = 0; x[i]; i++) {
        int corner = row[0];
        row[0] = i + 1;
        for (int k = 0; k < y.n; k++) {
            int changed = corner + (x[i] != y.at[k]), best = row[k] < row[k + 1] ? row[k] : row[k + 1];
            corner = row[k + 1];
            row[k + 1] = changed < best + 1 ? changed : best + 1;
        }
    }
    return row[y.n];
}

Word jxl_nearest_flag(const char *name, const jxl_flag *flags, int n) {
    Word near = { name, 0 };
    int least = ((int)strlen(name) - 2) / 3 + 2;
    for (int i = 0; i < n; i++) {
        Word w = jxl_flag_name(&flags[i]);
        int d = by_place(&flags[i]) ? least : distance(name, w);
        if (d < least) least = d, near = w;
    }
    return near;
}
