/* progress: tqdm's bars, on a terminal's standard error.
**
** A bar is drawn ten times a second at most.  So that counting costs nothing, the clock is looked at only when the count
** reaches `next`, which lies half such a time ahead as fast as it went lately; of a bar that nobody sees it is never reached.
** Bars live in a table: a program has few, and their numbers stay good after they are closed. */
#include "internal.h"
#include "progress.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { BARS = 64, LINE = 4096 };
static const double AGAIN = 0.1, SMOOTHING = 0.3; /* seconds between drawings; of the rate */

typedef struct {
    Progress p;
    bool open, shown, leave;
    double next;             /* the count at which the clock is looked at */
    double step;             /* how far ahead of the last time */
    double start, drawn;     /* when */
    double looked, looked_n; /* at the last look */
    double drawn_n, ema_n, ema_t, weight;
    double every;
    int position, wide;
} Bar;

static Bar bars[BARS + 1]; /* the last is for those that find no room: it counts, and is not shown */
static int used;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static Bar *bar_at(int64_t number) { return number > 0 && number <= BARS + 1 ? &bars[number - 1] : NULL; }

static int columns(void) {
    struct winsize size;
    if (!ioctl(2, TIOCGWINSZ, &size) && size.ws_col) return size.ws_col;
    const char *given = getenv("COLUMNS");
    int n = given ? atoi(given) : 0;
    return n > 0 ? n : 80;
}

static bool speaks_utf8(void) {
    static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
    for (int i = 0; i < 3; i++) {
        const char *text = getenv(names[i]);
        if (text && *text) return strstr(text, "UTF-8") || strstr(text, "utf8") || strstr(text, "UTF8");
    }
    return false;
}

static void at_line(int position, const char *text, bool clear) {
    for (int i = 0; i < position; i++) fputc('\n', stderr);
    fprintf(stderr, "\r%s%s", text, clear ? "\x1b[K" : "");
    for (int i = 0; i < position; i++) fputs("\x1b[A", stderr);
    fflush(stderr);
}

static void draw(Bar *b, double now, bool at_end, int position) {
    char line[LINE];
    double dt = now - b->drawn, dn = b->p.n - b->drawn_n;
    if (dt > 0 && dn > 0) { /* as an average in which the past fades */
        b->ema_n = SMOOTHING * dn + (1 - SMOOTHING) * b->ema_n;
        b->ema_t = SMOOTHING * dt + (1 - SMOOTHING) * b->ema_t;
        b->weight = b->weight * (1 - SMOOTHING);
        b->drawn_n = b->p.n;
    }
    b->p.elapsed = now - b->start;
    b->p.rate = !at_end && b->ema_t > 0 ? b->ema_n / b->ema_t : 0;
    b->p.columns = b->wide ? b->wide : columns();
    jxl_progress_line(&b->p, line, sizeof line);
    at_line(position, line, true);
    b->drawn = now;
}

int64_t jxl_progress_new(jxl_call *c, double total, int32_t hidden, const char *options) {
    char text[64];
    pthread_mutex_lock(&lock);
    int at = 0, position = 0;
    for (int i = 0; i < BARS; i++) position += bars[i].shown;
    for (int i = 0; i < BARS; i++) { /* the one closed longest ago */
        at = (used + i) % BARS;
        if (!bars[at].open) break;
    }
    if (bars[at].open) at = BARS;
    used = at + 1;
    Bar *b = &bars[at];
    *b = (Bar){ .p = { .total = total, .unicode = speaks_utf8() }, .open = at < BARS, .position = position };
    b->shown = b->open && !hidden && !c->rank && isatty(2);
    b->leave = jxl_option(options, "leave", text, sizeof text) ? strcmp(text, "False") != 0 : position == 0;
    b->p.initial = b->p.n = b->looked_n = b->drawn_n = jxl_option_number(options, "initial", 0);
    b->every = jxl_option_number(options, "mininterval", AGAIN);
    b->wide = (int)jxl_option_number(options, "ncols", 0);
    b->p.scaled = jxl_option(options, "unit_scale", text, sizeof text) && strcmp(text, "False");
    b->p.divisor = jxl_option_number(options, "unit_divisor", 1000);
    if (jxl_option(options, "ascii", text, sizeof text)) b->p.unicode = !strcmp(text, "False");
    if (!jxl_option(options, "unit", b->p.unit, sizeof b->p.unit)) strcpy(b->p.unit, "it");
    if (!jxl_option(options, "desc", b->p.desc, sizeof b->p.desc)) *b->p.desc = 0;
    b->step = 1;
    b->next = INFINITY;
    if (b->shown) {
        b->next = b->p.n + 1;
        b->start = b->looked = b->drawn = jxl_time(1);
        if (jxl_option_number(options, "delay", 0) <= 0) draw(b, b->start, false, position);
    }
    pthread_mutex_unlock(&lock);
    return at + 1;
}

static void look(Bar *b) {
    double now = jxl_time(1), dt = now - b->looked, dn = b->p.n - b->looked_n;
    double ahead = dt > 0 ? dn / dt * b->every * 0.5 : 4 * b->step;
    if (ahead > 4 * b->step) ahead = 4 * b->step;
    b->step = ahead < 1 ? 1 : floor(ahead);
    b->next = b->p.n + b->step;
    b->looked = now;
    b->looked_n = b->p.n;
    if (now - b->drawn >= b->every) draw(b, now, false, b->position);
}

void jxl_progress_add(int64_t number, double n) {
    Bar *b = bar_at(number);
    if (!b) return;
    b->p.n += n;
    if (b->p.n >= b->next) look(b);
}

static void close_bar(Bar *b) {
    if (b->shown && b->leave) {
        draw(b, jxl_time(1), true, 0);
        fputc('\n', stderr);
    } else if (b->shown) {
        at_line(b->position, "", true);
        if (!b->position) fputc('\r', stderr);
    }
    for (int i = 0; i < BARS; i++) bars[i].position -= bars[i].shown && bars[i].position > b->position;
    b->open = b->shown = false;
    b->next = INFINITY;
}

/* Bars out of the way of what is written, and back. */
static void each_shown(void (*f)(Bar *)) {
    for (int i = 0; i < BARS; i++)
        if (bars[i].shown) f(&bars[i]);
}
static void clear_bar(Bar *b) { at_line(b->position, "", true); }
static void show_bar(Bar *b) { draw(b, jxl_time(1), false, b->position); }

static void set_text(jxl_call *c, char *to, size_t room, const char *format, int nargs, const jxl_array *args) {
    Text t = { .call = c };
    jxl_expand(&t, format, nargs, args);
    snprintf(to, room, "%s", t.at ? t.at : "");
    jxl_release(c, t.at);
}

int jxl_progress(jxl_call *c, int32_t what, int64_t number, double n, const char *format, int32_t nargs,
                 const jxl_array *args) {
    Bar *b = bar_at(number);
    if (what == PROGRESS_CLEAR || what == PROGRESS_SHOW) {
        if (what == PROGRESS_SHOW && c->rank == 0) fflush(stdout);
        each_shown(what == PROGRESS_CLEAR ? clear_bar : show_bar);
        return 0;
    }
    if (!b) return 0;
    switch (what) {
    case PROGRESS_TOTAL: b->p.total = n; break;
    case PROGRESS_COUNT:
        b->p.n = b->looked_n = b->drawn_n = n;
        if (b->shown) b->next = n + 1;
        break;
    case PROGRESS_RESET:
        b->p.n = b->looked_n = b->drawn_n = b->p.initial = 0;
        if (n >= 0) b->p.total = n;
        if (b->shown) b->start = b->looked = jxl_time(1), b->next = 1;
        break;
    default: break;
    }
    if (!b->shown) {
        if (what == PROGRESS_CLOSE) b->open = false;
        return 0;
    }
    switch (what) {
    case PROGRESS_DESCRIBE:
        set_text(c, b->p.desc, sizeof b->p.desc, format, nargs, args);
        if (!strcmp(b->p.desc, ": ")) *b->p.desc = 0; /* of nothing */
        break;
    case PROGRESS_POSTFIX: set_text(c, b->p.postfix, sizeof b->p.postfix, format, nargs, args); break;
    case PROGRESS_CLOSE:
        pthread_mutex_lock(&lock);
        close_bar(b);
        pthread_mutex_unlock(&lock);
        return c->status;
    default: break;
    }
    double now = jxl_time(1);
    if (what == PROGRESS_REFRESH || now - b->drawn >= b->every) draw(b, now, false, b->position);
    return c->status;
}

int64_t jxl_progress_count(int64_t number) {
    const Bar *b = bar_at(number);
    return b ? (int64_t)b->p.n : 0;
}

void jxl_progress_stop(void) {
    bool any = false;
    for (int i = 0; i < BARS; i++) any |= bars[i].shown;
    if (any) fputc('\n', stderr);
}
