/* main of an executable: runs the compiled program and says what went wrong, if anything did. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int jxl_main(int argc, char **argv, int (*program)(jxl_call *, int argc, char **argv)) {
    jxl_call c;
    jxl_call_init(&c);
    jxl_arguments_are(argc, argv);
    if (jxl_threads_wanted(&c)) program(&c, argc, argv);
    int left = c.status >= JXL_EXIT ? c.status - JXL_EXIT : -1; /* by sys.exit */
    if (left >= 0) {
        if (*jxl_message(&c) && !c.rank) fflush(stdout), fprintf(stderr, "%s\n", jxl_message(&c));
        c.status = 0;
    }
    if (fflush(stdout)) jxl_fail_text(&c, 1, "could not write standard output: %s", strerror(errno));
    if (c.nranks > 1)
        jxl_world_end(&c);
    else if (c.status && *jxl_message(&c)) {
        jxl_progress_stop();
        fprintf(stderr, "%s\n", jxl_message(&c));
    }
    int status = c.status || left < 0 ? c.status : left;
    jxl_call_free(&c);
    return status;
}
