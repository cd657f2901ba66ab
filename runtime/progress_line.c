/* progress_line: how tqdm writes a bar: `desc:  42%|####2     | 42/100 [00:01<00:02, 31.40it/s, loss=0.5]`. */
#include "progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void interval(double seconds, char *to, size_t room) {
    long s = (long)seconds;
    if (s >= 3600)
        snprintf(to, room, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(to, room, "%02ld:%02ld", s / 60, s % 60);
}

/* 1234567 as 1.23M */
static void sized(double x, double divisor, char *to, size_t room) {
    static const char *const units[] = { "", "k", "M", "G", "T", "P", "E", "Z" };
    for (int i = 0; i < 8; i++, x /= divisor) {
        if (fabs(x) >= 999.5) continue;
        int digits = fabs(x) >= 99.95 || (!i && x == floor(x)) ? 0 : fabs(x) >= 9.995 ? 1 : 2;
        snprintf(to, room, "%.*f%s", digits, x, units[i]);
        return;
    }
    snprintf(to, room, "%.1fY", x);
}

static void count(const Progress *p, double x, char *to, size_t room) {
    if (p->scaled)
        sized(x, p->divisor, to, room);
    else
        snprintf(to, room, x == floor(x) ? "%.0f" : "%g", x);
}

static void rate(const Progress *p, double r, char *to, size_t room) {
    char number[64];
    bool slow = r > 0 && r < 1;
    if (r <= 0)
        snprintf(number, sizeof number, "?");
    else if (p->scaled)
        sized(slow ? 1 / r : r, p->divisor, number, sizeof number);
    else
        snprintf(number, sizeof number, "%5.2f", slow ? 1 / r : r);
    snprintf(to, room, slow ? "%ss/%s" : "%s%s/s", number, p->unit);
}

static int letters(const char *s) {
    int n = 0;
    for (; *s; s++) n += (*s & 0xc0) != 0x80;
    return n;
}

/* `width` cells, the last one filled by eighths, or tenths of digits. */
static void cells(const Progress *p, double part, int width, char *to, size_t room) {
    static const char *const eighths[] = { " ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█" };
    int steps = p->unicode ? 8 : 10, filled = (int)(part * width * steps);
    size_t at = 0;
    for (int i = 0; i < width && at + 4 < room; i++) {
        int f = filled - i * steps;
        f = f < 0 ? 0 : f > steps ? steps : f;
        char digit[2] = { f == 10 ? '#' : f ? (char)('0' + f) : ' ', 0 };
        at += (size_t)snprintf(to + at, room - at, "%s", p->unicode ? eighths[f] : digit);
    }
    to[at] = 0;
}

void jxl_progress_line(const Progress *p, char *line, size_t room) {
    char n[64], total[64], elapsed[64], left[64] = "?", speed[160], before[600], behind[1600], bar[2048];
    double r = p->rate > 0 ? p->rate : p->elapsed > 0 ? (p->n - p->initial) / p->elapsed : 0;
    bool known = p->total >= 0 && p->n < p->total + 0.5;
    size_t named = strlen(p->desc);
    bool colon = named && !(named > 1 && !strcmp(p->desc + named - 2, ": "));
    count(p, p->n, n, sizeof n);
    count(p, p->total, total, sizeof total);
    interval(p->elapsed, elapsed, sizeof elapsed);
    if (known && r > 0) interval((p->total - p->n) / r, left, sizeof left);
    rate(p, r, speed, sizeof speed);
    const char *comma = *p->postfix ? ", " : "";
    if (!known) {
        snprintf(line, room, "%s%s%s%s [%s, %s%s%s]", p->desc, colon ? ": " : "", n, p->unit, elapsed, speed, comma,
                 p->postfix);
        return;
    }
    double part = p->total > 0 ? p->n / p->total : 0;
    snprintf(before, sizeof before, "%s%s%3.0f%%|", p->desc, colon ? ": " : "", floor(part * 100));
    snprintf(behind, sizeof behind, "| %s/%s [%s<%s, %s%s%s]", n, total, elapsed, left, speed, comma, p->postfix);
    int width = p->columns - letters(before) - letters(behind);
    cells(p, part, width < 1 ? 1 : width > 500 ? 500 : width, bar, sizeof bar);
    snprintf(line, room, "%s%s%s", before, bar, behind);
}
