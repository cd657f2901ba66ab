/* Bars of progress: the line, as tqdm writes it; seen on a terminal, and on nothing else. */
#define _GNU_SOURCE
#include "internal.h"
#include "progress.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <fcntl.h>
#include <stdio.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *line_of(Progress p) {
    static char line[4096];
    if (!*p.unit) strcpy(p.unit, "it");
    jxl_progress_line(&p, line, sizeof line);
    return line;
}

Test(progress, lines) {
    Progress p = { .n = 42, .total = 100, .elapsed = 1.4, .rate = 31.4, .columns = 60 };
    cr_expect_str_eq(line_of(p), " 42%|#########2            | 42/100 [00:01<00:01, 31.40it/s]");
    p.unicode = true;
    cr_expect_str_eq(line_of(p), " 42%|█████████▏            | 42/100 [00:01<00:01, 31.40it/s]");
    strcpy(p.desc, "train");
    strcpy(p.postfix, "loss=0.5");
    p.columns = 0;
    cr_expect_str_eq(line_of(p), "train:  42%|▍| 42/100 [00:01<00:01, 31.40it/s, loss=0.5]");
    p.rate = 0.25;
    cr_expect_str_eq(line_of(p), "train:  42%|▍| 42/100 [00:01<03:52,  4.00s/it, loss=0.5]");
    p.total = 20000;
    cr_expect_str_eq(line_of(p), "train:   0%| | 42/20000 [00:01<22:10:32,  4.00s/it, loss=0.5]");
}

Test(progress, lines_without_an_end_or_a_beginning) {
    Progress p = { .n = 1536, .total = -1, .elapsed = 3, .columns = 60, .unit = "B", .scaled = true, .divisor = 1024 };
    cr_expect_str_eq(line_of(p), "1.50kB [00:03, 512B/s]");
    p = (Progress){ .total = 4, .columns = 50, .unicode = true };
    cr_expect_str_eq(line_of(p), "  0%|                       | 0/4 [00:00<?, ?it/s]");
    p = (Progress){ .n = 7, .total = 4, .elapsed = 7, .columns = 50 }; /* more than there were to be */
    cr_expect_str_eq(line_of(p), "7it [00:07,  1.00it/s]");
}

Test(progress, nobody_sees_it_elsewhere, .init = cr_redirect_stderr) {
    jxl_call c;
    jxl_call_init(&c);
    int64_t bar = jxl_progress_new(&c, 1000, 0, "leave=True");
    for (int i = 0; i < 1000; i++) jxl_progress_add(bar, 1);
    cr_expect_eq(jxl_progress_count(bar), 1000);
    jxl_progress(&c, PROGRESS_POSTFIX, bar, 0, "no template {", 0, NULL);
    cr_expect(!c.status);
    jxl_progress(&c, PROGRESS_CLOSE, bar, 0, "", 0, NULL);
    jxl_progress_add(0, 1); /* no bar */
    jxl_progress_stop();
    fflush(stderr);
    FILE *out = cr_get_redirected_stderr();
    cr_expect_eq(fgetc(out), EOF);
    jxl_call_free(&c);
}

Test(progress, more_bars_than_there_is_room_for) {
    jxl_call c;
    jxl_call_init(&c);
    int64_t bar[200];
    for (int i = 0; i < 200; i++) jxl_progress_add(bar[i] = jxl_progress_new(&c, -1, 0, ""), i);
    cr_expect_eq(jxl_progress_count(bar[3]), 3);
    for (int i = 0; i < 200; i++) jxl_progress(&c, PROGRESS_CLOSE, bar[i], 0, "", 0, NULL);
    bar[0] = jxl_progress_new(&c, -1, 0, "initial=5");
    cr_expect_eq(jxl_progress_count(bar[0]), 5);
    jxl_call_free(&c);
}

Test(progress, on_a_terminal) {
    int ours = posix_openpt(O_RDWR | O_NOCTTY);
    cr_assert(ours >= 0 && !grantpt(ours) && !unlockpt(ours));
    int theirs = open(ptsname(ours), O_RDWR | O_NOCTTY), kept = dup(2);
    dup2(theirs, 2);
    jxl_call c;
    jxl_call_init(&c);
    int64_t hidden = jxl_progress_new(&c, 4, 1, "");
    int64_t bar = jxl_progress_new(&c, 4, 0,
                                   "ncols=60\x1f"
                                   "ascii=True\x1f"
                                   "desc=fit: ");
    for (int i = 0; i < 4; i++) jxl_progress_add(bar, 1), jxl_progress_add(hidden, 1);
    jxl_progress(&c, PROGRESS_POSTFIX, bar, 0, "a={{}}", 0, NULL);
    jxl_progress(&c, PROGRESS_CLOSE, bar, 0, "", 0, NULL);
    dup2(kept, 2);
    char seen[4096] = "";
    struct pollfd more = { .fd = ours, .events = POLLIN }; /* a terminal hands on what was written bit by bit */
    for (size_t n = 0; n < sizeof seen - 1 && !strstr(seen, ", a={}]") && poll(&more, 1, 1000) > 0;) {
        ssize_t got = read(ours, seen + n, sizeof seen - 1 - n);
        cr_assert(got > 0);
        seen[n += (size_t)got] = 0;
    }
    cr_expect(strstr(seen, "fit:   0%|"), "%s", seen);
    cr_expect(strstr(seen, "fit: 100%|###"), "%s", seen);
    cr_expect(strstr(seen, "4/4 [00:00<00:00, "), "%s", seen);
    cr_expect(strstr(seen, ", a={}]"), "%s", seen);
    jxl_call_free(&c);
}
