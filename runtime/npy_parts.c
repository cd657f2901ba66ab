/* Of one file, each rank reads the part that its shards need, by itself where it sees the file; else rank 0 does it for it. */
#define _DEFAULT_SOURCE
#include "collective.h"
#include "npy.h"

#include <string.h>
#include <sys/stat.h>

enum { PIECE = 1 << 22 }; /* bytes that rank 0 reads at a time of what others need */

/* What rank 0 knows of the file. */
typedef struct {
    Npy header;
    int64_t start, length, seconds, nanoseconds;
} Card;

/* What there is to read, for those who can go to any place of it; a pipe's elements are taken into memory. */
static int make_ready(jxl_call *c, Opened *o) {
    if (o->start >= 0) return 0;
    Npy *f = &o->header;
    size_t bytes = (size_t)f->count * (size_t)jxl_dtypes[o->wanted].size;
    void *all = jxl_alloc(c, (int64_t)bytes + 1);
    if (!all || jxl_read_elements(c, o, 0, f->count, all)) return c->status;
    fclose(o->file);
    if (jxl_opened_memory(c, o, all, bytes)) return c->status;
    f->dtype = o->wanted;
    f->swapped = f->fortran = 0;
    o->start = 0;
    return 0;
}

static int is_same_file(FILE *file, const Card *card) {
    struct stat s;
    return !fstat(fileno(file), &s) && S_ISREG(s.st_mode) && s.st_size == card->length &&
           s.st_mtim.tv_sec == card->seconds && s.st_mtim.tv_nsec == card->nanoseconds;
}

static void write_card(const Opened *o, Card *card) {
    struct stat s;
    *card = (Card){ o->header, o->start, -1, 0, 0 };
    if (o->memory || fstat(fileno(o->file), &s) || !S_ISREG(s.st_mode)) return;
    card->length = s.st_size;
    card->seconds = s.st_mtim.tv_sec;
    card->nanoseconds = s.st_mtim.tv_nsec;
}

/* Another rank's. */
static Opened *open_likewise(jxl_call *c, const char *what, const char *path, const Card *card) {
    Opened *o = jxl_opened_new(c, path, what);
    if (!o) return NULL;
    o->header = card->header;
    o->start = card->start;
    o->file = *path && card->length >= 0 ? fopen(path, "rb") : NULL;
    if (o->file && !is_same_file(o->file, card)) fclose(o->file), o->file = NULL;
    return o;
}

/* So many bytes of every rank's. */
static int tell_all(jxl_call *c, const char *what, const void *mine, void *all, int64_t bytes) {
    int64_t *size = jxl_alloc(c, 2 * c->nranks * (int64_t)sizeof *size), *at = size + c->nranks;
    if (!size) return c->status;
    for (int r = 0; r < c->nranks; r++) size[r] = bytes, at[r] = r * bytes;
    jxl_watch(what);
    if (jxl_comm_at_hand()->gather(mine, all, size, at)) jxl_fail_text(c, 1, "%s: MPI failed", what);
    jxl_watch(NULL);
    jxl_release(c, size);
    return c->status;
}

int jxl_load_join(jxl_call *c, const char *what, const char *path, int32_t dtype, void **file) {
    Card card;
    if (c->rank == 0) {
        if (make_ready(c, *file)) return c->status;
        write_card(*file, &card);
    }
    if (c->nranks == 1) return 0;
    if (jxl_world_share(c, what, &card, sizeof card)) return c->status;
    Opened *o = c->rank ? *file = open_likewise(c, what, path, &card) : *file;
    if (!o || !(o->lacks = jxl_alloc(c, c->nranks))) return c->status;
    o->wanted = dtype;
    return tell_all(c, what, &(char){ !o->file }, o->lacks, 1);
}

/* From rank 0 to one other, piece by piece.  Nothing else is on the way between them meanwhile that began later. */
typedef struct {
    jxl_call *c;
    const Opened *o;
    int64_t *bytes, *none; /* by rank */
    char *piece;
} Way;

static int travel(const Way *w, const void *out, void *in) {
    enum { TAG = JXL_COMM_TAGS - 1 };
    const jxl_comm *comm = jxl_comm_at_hand();
    const int64_t *sent = in ? w->none : w->bytes, *taken = in ? w->bytes : w->none;
    void *started = comm->start(JXL_FIRST_STREAM, TAG, out, sent, w->none, in, taken, w->none);
    if (!started || comm->finish(started, 1) < 0) jxl_fail_text(w->c, 1, "%s: MPI failed", w->o->what);
    return w->c->status;
}

static void send_part(const Way *w, int to, int64_t first, int64_t n) {
    int64_t size = jxl_dtypes[w->o->wanted].size, most = PIECE / size;
    for (int64_t at = 0, k; at < n; at += k) {
        k = n - at < most ? n - at : most;
        w->bytes[to] = k * size;
        if (jxl_read_elements(w->c, w->o, first + at, k, w->piece) || travel(w, w->piece, NULL)) break;
    }
    w->bytes[to] = 0;
}

static void take_part(const Way *w, int64_t n, char *data) {
    int64_t size = jxl_dtypes[w->o->wanted].size, most = PIECE / size;
    for (int64_t at = 0, k; at < n; at += k) {
        k = n - at < most ? n - at : most;
        w->bytes[0] = k * size;
        if (travel(w, NULL, data + at * size)) return;
    }
}

/* Rank 0 reads for those who lack the file. */
static int hand_out(jxl_call *c, const Opened *o, int64_t first, int64_t n, void *data) {
    int64_t *wants = jxl_alloc(c, 4 * c->nranks * (int64_t)sizeof *wants);
    if (!wants || tell_all(c, o->what, (int64_t[]){ first, n }, wants, 2 * sizeof *wants)) return c->status;
    Way w = { c, o, wants + 2 * c->nranks, wants + 3 * c->nranks, c->rank ? NULL : jxl_alloc(c, PIECE) };
    memset(w.bytes, 0, 2 * sizeof *wants * (size_t)c->nranks);
    jxl_watch(o->what);
    for (int i = 1; i < c->nranks && w.piece && !c->status; i++)
        if (o->lacks[i]) send_part(&w, i, wants[2 * i], wants[2 * i + 1]);
    if (o->lacks[c->rank]) take_part(&w, n, data);
    jxl_watch(NULL);
    jxl_release(c, w.piece);
    jxl_release(c, wants);
    return c->status;
}

int jxl_load_part(jxl_call *c, int64_t file, int64_t first, int64_t n, void *data) {
    const Opened *o = (const Opened *)(intptr_t)file;
    int64_t there = o->header.count - first;
    if (n > there) n = there > 0 ? there : 0; /* sizes that are not the program's are about to be told */
    if (o->file && jxl_read_elements(c, o, first, n, data)) return c->status;
    if (o->file) jxl_cost_read(n * jxl_dtypes[o->wanted].size, o->header.count * jxl_dtypes[o->wanted].size);
    for (int i = 0; i < c->nranks && o->lacks; i++)
        if (o->lacks[i]) return hand_out(c, o, first, n, data);
    return 0;
}

void jxl_load_close(jxl_call *c, int64_t file) { jxl_opened_close(c, (Opened *)(intptr_t)file); }
