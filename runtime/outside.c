/* The command line and the environment.  Where several ranks run one program they are rank 0's, so that all go the same way. */
#include "comm.h"
#include "internal.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Set once, before the program runs; a library has no command line. */
static int count;
static char **words;
static bool shared;

/* Texts that have come from rank 0 stay as long as the process. */
typedef struct Received {
    struct Received *next;
    char *name, *value; /* value NULL: not set */
} Received;
static Received *received;

void jxl_arguments_are(int argc, char **argv) {
    count = argc;
    words = argv;
}

/* Rank 0's text on every rank, NULL for none; at rank 0 `text` itself. */
static char *everybodys(jxl_call *c, char *text) {
    int64_t n = c->rank || !text ? -1 : (int64_t)strlen(text);
    const jxl_comm *comm = jxl_comm_at_hand();
    jxl_watch("reading what rank 0 was given");
    comm->broadcast(&n, sizeof n);
    char *to = c->rank && n >= 0 ? malloc((size_t)n + 1) : text;
    if (n > 0 && to) comm->broadcast(to, n);
    jxl_watch(NULL);
    if (n < 0) return NULL;
    if (!to)
        jxl_fail_text(c, 1, "out of memory");
    else
        to[n] = 0;
    return to;
}

static void share(jxl_call *c) {
    int64_t n = count;
    if (c->nranks <= 1 || shared) return;
    shared = true;
    jxl_comm_at_hand()->broadcast(&n, sizeof n);
    char **all = malloc((size_t)(n + 1) * sizeof *all);
    if (!all) {
        jxl_fail_text(c, 1, "out of memory");
        return;
    }
    for (int64_t i = 0; i < n; i++) all[i] = everybodys(c, c->rank ? NULL : words[i]);
    count = (int)n;
    words = all;
}

int jxl_arguments(jxl_call *c, int *argc, char ***argv) {
    if (c->nranks <= 1) return 0;
    share(c);
    *argc = count;
    *argv = words;
    return c->status;
}

int64_t jxl_argument_count(jxl_call *c) {
    share(c);
    return count;
}

int jxl_argument(jxl_call *c, const char *where, int64_t index, const char **text) {
    share(c);
    int64_t i = index < 0 ? index + count : index;
    *text = "";
    if (c->status) return c->status;
    if (i < 0 || i >= count) {
        int given = count > 0 ? count - 1 : 0;
        return jxl_fail_text(c, 1, "%ssys.argv[%lld]: the program was given %d argument%s", where, (long long)index,
                             given, given == 1 ? "" : "s");
    }
    *text = words[i];
    return 0;
}

static char *from_rank_0(jxl_call *c, const char *name) {
    for (Received *r = received; r; r = r->next)
        if (!strcmp(r->name, name)) return r->value;
    char *value = everybodys(c, c->rank ? NULL : getenv(name));
    Received *r = malloc(sizeof *r);
    if (!r) return value;
    *r = (Received){ received, strdup(name), value };
    if (r->name) received = r;
    return value;
}

int jxl_environment(jxl_call *c, const char *name, const char **text) {
    *text = c->nranks > 1 ? from_rank_0(c, name) : getenv(name);
    return c->status;
}
