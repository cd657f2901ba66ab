/* crash: our own mistakes leave bug.jxir behind, and the command that shows them again.
**
** bug() calls `show` in good order.  A signal calls it from its handler, on a stack of its own: not what a handler should
** do, but the process is lost anyway, and an alarm ends it if showing hangs. */
#include "driver.h"
#include "emit/emit.h"
#include "pipeline.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static Compiler *watched; /* the compilation in hand; a handler has no other way to it */
static char **command;
static char stack[1 << 17];

static void show(Compiler *cx) {
    const Module *m = cx->module;
    if (!m) return;
    FILE *f = fopen("bug.jxir", "w");
    if (!f) return;
    fprintf(f, "// what %s was given, by:", cx->pass ? cx->pass : "the pass");
    for (char **word = command; *word; word++) fprintf(f, " %s", *word);
    fputc('\n', f);
    print_module(f, m);
    bool whole = !ferror(f);
    if (fclose(f) || !whole) return;
    fprintf(stderr, "jxlc: the module is in bug.jxir; `jxlc --passes=%s bug.jxir` shows the mistake again\n",
            cx->pass ? cx->pass : "...");
}

static void on_signal(int number) {
    static volatile sig_atomic_t again;
    if (again) _exit(70);
    again = 1;
    alarm(5);
    fprintf(stderr, "jxlc: this is a mistake in the compiler%s%s: %s\n", watched && watched->pass ? ", in " : "",
            watched && watched->pass ? watched->pass : "", strsignal(number));
    if (watched) show(watched);
    fflush(stderr);
    work_directories_abandon();
    _exit(70);
}

static void on_end(int number) {
    work_directories_abandon();
    signal(number, SIG_DFL);
    raise(number);
}

void crash_watch(Compiler *cx, int argc, char **argv) {
    static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
    (void)argc;
    watched = cx;
    command = argv;
    cx->on_bug = show;
    static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
    for (int i = 0; i < COUNT(ends); i++) signal(ends[i], on_end);
    static bool registered;
    if (!registered) registered = !atexit(work_directories_abandon); /* bug() and fatal() exit */
#if !defined(__SANITIZE_ADDRESS__)
    stack_t on = { .ss_sp = stack, .ss_size = sizeof stack };
    sigaltstack(&on, NULL);
    struct sigaction what = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_RESETHAND };
    sigemptyset(&what.sa_mask);
    for (int i = 0; i < COUNT(signals); i++) sigaction(signals[i], &what, NULL);
#else
    (void)on_signal;
    (void)stack;
    (void)signals;
#endif
}

void crash_unwatch(void) { watched = NULL; }
