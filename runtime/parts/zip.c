/* .npz: a zip archive of .npy files, by zlib.  A member is read into memory whole and its checksum compared, so that damage
** anywhere is seen.  Nothing in the archive is believed before it was checked. */
#include "npy.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

typedef struct {
    char name[512];
    uint32_t crc, method;
    uint64_t packed, size, at; /* at: of its own header */
} Member;

static uint64_t number(const unsigned char *p, int bytes) {
    uint64_t x = 0;
    for (int i = bytes - 1; i >= 0; i--) x = x << 8 | p[i];
    return x;
}

static int read_at(FILE *file, uint64_t at, void *to, size_t n) {
    return at <= INT64_MAX && !fseeko(file, (off_t)at, SEEK_SET) && fread(to, 1, n, file) == n;
}

/* Where the list of members begins, and how many there are. */
static int find_list(FILE *file, uint64_t *at, uint64_t *count, uint64_t *size) {
    enum { END = 22, COMMENT = 65535 };
    static _Thread_local unsigned char tail[END + COMMENT];
    if (fseeko(file, 0, SEEK_END)) return 0;
    off_t length = ftello(file);
    if (length < END) return 0;
    size_t n = length < (off_t)sizeof tail ? (size_t)length : sizeof tail;
    if (!read_at(file, (uint64_t)length - n, tail, n)) return 0;
    for (size_t i = n - END + 1; i-- > 0;) {
        const unsigned char *p = tail + i;
        if (memcmp(p, "PK\5\6", 4) || number(p + 20, 2) != n - END - i) continue;
        *count = number(p + 10, 2);
        *size = number(p + 12, 4);
        *at = number(p + 16, 4);
        unsigned char more[56];
        if (*count == 0xffff || *size == 0xffffffff || *at == 0xffffffff) { /* a larger archive says it elsewhere */
            if (i < 20 || memcmp(p - 20, "PK\6\7", 4) || !read_at(file, number(p - 12, 8), more, sizeof more) ||
                memcmp(more, "PK\6\6", 4))
                return 0;
            *count = number(more + 32, 8);
            *size = number(more + 40, 8);
            *at = number(more + 48, 8);
        }
        return *at <= (uint64_t)length && *size <= (uint64_t)length - *at;
    }
    return 0;
}

/* Numbers that did not fit stand behind the name. */
static int wide_numbers(const unsigned char *extra, size_t n, Member *m) {
    uint64_t *const wide[] = { &m->size, &m->packed, &m->at };
    while (n >= 4) {
        size_t length = (size_t)number(extra + 2, 2);
        if (length > n - 4) return 0;
        if (number(extra, 2) == 1) {
            const unsigned char *p = extra + 4;
            for (int i = 0; i < 3; i++) {
                if (*wide[i] != 0xffffffff) continue;
                if (length < (size_t)(p - extra - 4) + 8) return 0;
                *wide[i] = number(p, 8);
                p += 8;
            }
            return 1;
        }
        extra += 4 + length;
        n -= 4 + length;
    }
    return 1;
}

/* The members one after another; 0 at the end, -1 where the archive is damaged. */
typedef struct {
    FILE *file;
    uint64_t at, left, end;
} List;

static int next_member(List *l, Member *m) {
    unsigned char p[46], extra[65535];
    if (!l->left) return 0;
    if (l->end < 46 || l->at > l->end - 46 || !read_at(l->file, l->at, p, sizeof p) || memcmp(p, "PK\1\2", 4))
        return -1;
    size_t name = (size_t)number(p + 28, 2), more = (size_t)number(p + 30, 2), comment = (size_t)number(p + 32, 2);
    *m = (Member){ .method = (uint32_t)number(p + 10, 2),
                   .crc = (uint32_t)number(p + 16, 4),
                   .packed = number(p + 20, 4),
                   .size = number(p + 24, 4),
                   .at = number(p + 42, 4) };
    if (number(p + 8, 2) & 1) return -1; /* encrypted */
    if (name >= sizeof m->name || fread(m->name, 1, name, l->file) != name || fread(extra, 1, more, l->file) != more)
        return -1;
    if (memchr(m->name, 0, name) || !wide_numbers(extra, more, m)) return -1;
    l->at += 46 + name + more + comment;
    l->left--;
    return 1;
}

static int open_list(jxl_call *c, FILE *file, const char *path, const char *what, List *l) {
    uint64_t size;
    *l = (List){ .file = file };
    if (!find_list(file, &l->at, &l->left, &size))
        return jxl_fail_file(c, path, what, "is not a .npz file, or it is cut short");
    l->end = l->at + size;
    return 0;
}

static int damaged(jxl_call *c, const char *path, const char *what, const Member *m) {
    return jxl_fail_file(c, path, what, "is damaged: its member %s cannot be read", m->name);
}

static uint32_t checksum(uint32_t crc, const void *bytes, uint64_t n) {
    for (uint64_t at = 0; at < n; at += 1 << 30)
        crc = (uint32_t)crc32(crc, (const unsigned char *)bytes + at, (unsigned)(n - at < 1 << 30 ? n - at : 1 << 30));
    return crc;
}

/* All bytes of a member, in a block of the call; NULL after an error. */
static void *read_member(jxl_call *c, FILE *file, const char *path, const char *what, const Member *m) {
    unsigned char p[30];
    if (fseeko(file, 0, SEEK_END)) return damaged(c, path, what, m), NULL;
    uint64_t length = (uint64_t)ftello(file);
    if (!read_at(file, m->at, p, sizeof p) || memcmp(p, "PK\3\4", 4)) return damaged(c, path, what, m), NULL;
    uint64_t from = m->at + 30 + number(p + 26, 2) + number(p + 28, 2);
    /* sizes are checked against the file before room is made for them */
    if (from > length || m->packed > length - from || m->size > (m->packed + 64) * 1100 ||
        (m->method == 0 && m->size != m->packed))
        return damaged(c, path, what, m), NULL;
    unsigned char *bytes = jxl_alloc(c, (int64_t)m->size + 1);
    if (!bytes) return NULL;
    int good = 0;
    if (m->method == 0) {
        good = read_at(file, from, bytes, (size_t)m->size);
    } else if (m->method == Z_DEFLATED && !fseeko(file, (off_t)from, SEEK_SET)) {
        unsigned char piece[16384];
        z_stream z = { .next_out = bytes };
        uint64_t left = m->packed, room = m->size;
        int status = inflateInit2(&z, -15);
        while (status == Z_OK) {
            if (!z.avail_in && left) {
                size_t n = left < sizeof piece ? (size_t)left : sizeof piece;
                if (fread(piece, 1, n, file) != n) break;
                z.next_in = piece;
                z.avail_in = (unsigned)n;
                left -= n;
            }
            uint64_t before = room > UINT32_MAX ? UINT32_MAX : room;
            z.avail_out = (unsigned)before;
            status = inflate(&z, Z_NO_FLUSH);
            room -= before - z.avail_out;
            if (status == Z_OK && ((!left && !z.avail_in && z.avail_out) || !room)) break;
        }
        /* its last bytes may be found only after the room is used up */
        if (status == Z_OK && !room) {
            unsigned char beyond;
            z.next_out = &beyond;
            z.avail_out = 1;
            if (!z.avail_in && left) {
                size_t n = left < sizeof piece ? (size_t)left : sizeof piece;
                z.avail_in = fread(piece, 1, n, file) == n ? (unsigned)n : 0;
                z.next_in = piece;
            }
            status = inflate(&z, Z_NO_FLUSH);
            if (!z.avail_out) status = Z_DATA_ERROR;
        }
        good = status == Z_STREAM_END && !room;
        inflateEnd(&z);
    }
    if (good && checksum((uint32_t)crc32(0, NULL, 0), bytes, m->size) == m->crc) return bytes;
    jxl_release(c, bytes);
    return damaged(c, path, what, m), NULL;
}

static int is_called(const Member *m, const char *name) {
    size_t n = strlen(name);
    return !strncmp(m->name, name, n) && (!m->name[n] || !strcmp(m->name + n, ".npy"));
}

static Opened *open_member(jxl_call *c, const char *path, const char *name, const char *what) {
    Opened *o = jxl_opened_new(c, path, what);
    if (!o) return NULL;
    FILE *archive = fopen(path, "rb");
    List l;
    Member m;
    int more = 0;
    if (!archive)
        jxl_fail_file(c, path, what, "could not be opened: %s", strerror(errno));
    else if (!open_list(c, archive, path, what, &l))
        while ((more = next_member(&l, &m)) > 0 && !is_called(&m, name)) {}
    void *bytes = NULL;
    if (!c->status && more < 0) jxl_fail_file(c, path, what, "is damaged: its list of members cannot be read");
    if (!c->status && !more) jxl_fail_file(c, path, what, "holds no array '%s'", name);
    if (!c->status && (bytes = read_member(c, archive, path, what, &m)) != NULL)
        if (!jxl_opened_memory(c, o, bytes, (size_t)m.size)) jxl_read_npy_header(c, o->file, path, what, &o->header);
    if (!c->status && (int64_t)m.size - ftello(o->file) != o->header.count * jxl_dtypes[o->header.dtype].size)
        damaged(c, path, what, &m);
    if (archive) fclose(archive);
    if (!c->status) return o;
    jxl_opened_close(c, o);
    return NULL;
}

int jxl_zip_open(jxl_call *c, const char *path, const char *name, int32_t dtype, int32_t rank, const char *what,
                 void **file, int64_t *shape) {
    Opened *o = open_member(c, path, name, what);
    return o ? jxl_opened_as(c, o, dtype, rank, file, shape) : c->status;
}

int jxl_zip_look(jxl_call *c, const char *path, const char *name, const char *what, int32_t *dtype, int32_t *rank,
                 int64_t *shape) {
    Opened *o = open_member(c, path, name, what);
    return o ? jxl_opened_look(c, o, dtype, rank, shape) : c->status;
}

char *jxl_zip_names(jxl_call *c, const char *path, const char *what) {
    FILE *archive = fopen(path, "rb");
    Text names = { .call = c };
    List l;
    Member m;
    int more = 0;
    jxl_text_put(&names, "");
    if (!archive)
        jxl_fail_file(c, path, what, "could not be opened: %s", strerror(errno));
    else if (!open_list(c, archive, path, what, &l))
        while (!c->status && (more = next_member(&l, &m)) > 0) {
            if (jxl_ends_with(m.name, ".npy")) m.name[strlen(m.name) - 4] = 0;
            jxl_text_addf(&names, names.n ? "\n%s" : "%s", m.name);
        }
    if (!c->status && more < 0) jxl_fail_file(c, path, what, "is damaged: its list of members cannot be read");
    if (archive) fclose(archive);
    return c->status ? NULL : names.at;
}

/* ---- trees ---- */

/* As savez calls it. */
static const char *with_ending(jxl_call *c, Text *t, const char *path) {
    *t = (Text){ .call = c };
    jxl_text_addf(t, "%s%s", path, jxl_ends_with(path, ".npz") ? "" : ".npz");
    return t->at;
}

/* The first of the names, '\n' between, that is not among the others; NULL where all are. */
static const char *missing_from(const char *names, const char *others, int *length) {
    for (; *names; names += *length + (names[*length] == '\n')) {
        const char *o = others;
        *length = (int)strcspn(names, "\n");
        for (size_t n; *o; o += n + (o[n] == '\n'))
            if ((n = strcspn(o, "\n")) == (size_t)*length && !memcmp(names, o, n)) break;
        if (!*o) return names;
    }
    return NULL;
}

static void compare_names(jxl_call *c, const char *path, const char *what, const char *wanted, const char *held) {
    int n = 0;
    const char *name = missing_from(wanted, held, &n);
    if (name) {
        jxl_fail_file(c, path, what, "holds another tree: it has no leaf '%.*s'", n, name);
    } else if ((name = missing_from(held, wanted, &n))) {
        jxl_fail_file(c, path, what, "holds another tree: it has a leaf '%.*s', which this tree has not", n, name);
    }
}

int jxl_tree_open(jxl_call *c, const char *path, const char *names, int32_t dtype, int32_t rank, const char *what,
                  void **file, int64_t *shape) {
    Text full;
    if (!with_ending(c, &full, path)) return c->status;
    Opened *o = jxl_opened_new(c, full.at, what);
    char *there = o ? jxl_alloc(c, 1) : NULL;
    if (there) *there = *names == '!' || !access(full.at, F_OK);
    if (there && *there) {
        char *held = jxl_zip_names(c, full.at, what);
        if (held) compare_names(c, full.at, what, names + 1, held);
        if (held) jxl_release(c, held);
    }
    jxl_release(c, full.at);
    if (there && !c->status) {
        o->header = (Npy){ .dtype = JXL_BOOL, .count = 1 };
        if (!jxl_opened_memory(c, o, there, 1)) return jxl_opened_as(c, o, dtype, rank, file, shape);
    }
    if (o) jxl_opened_close(c, o);
    return c->status;
}

int jxl_leaf_open(jxl_call *c, const char *path, const char *name, int32_t dtype, int32_t rank, const char *what,
                  void **file, int64_t *shape) {
    Text full, is = { .call = c }, was = { .call = c };
    if (!with_ending(c, &full, path)) return c->status;
    Opened *o = open_member(c, full.at, name, what);
    if (o && (o->header.dtype != dtype || o->header.rank != rank ||
              memcmp(o->header.shape, shape, (size_t)rank * sizeof *shape))) {
        jxl_put_type(&was, &(jxl_array){ .dtype = o->header.dtype, .rank = o->header.rank, .shape = o->header.shape });
        jxl_put_type(&is, &(jxl_array){ .dtype = dtype, .rank = rank, .shape = shape });
        if (!c->status)
            jxl_fail_file(c, full.at, what, "holds another tree: its leaf '%s' is %s, and this tree's is %s", name,
                          was.at, is.at);
        jxl_opened_close(c, o);
    }
    jxl_release(c, full.at);
    return c->status ? c->status : jxl_opened_as(c, o, dtype, rank, file, shape);
}

/* ---- writing ---- */

typedef struct {
    const char *names;
    int n, compressed;
    const jxl_array *arrays;
} Archive;

static void put(Text *t, uint64_t x, int bytes) {
    char p[8];
    for (int i = 0; i < bytes; i++) p[i] = (char)(unsigned char)(x >> 8 * i);
    jxl_text_add(t, p, (size_t)bytes);
}

#define NO_ROOM UINT64_C(0xffffffff) /* in 4 bytes: the number stands elsewhere */
static int is_wide(uint64_t x) { return x >= NO_ROOM; }

/* What a member's own header and its line in the list have in common; a large one says its sizes in `wide` more bytes. */
static void put_member(Text *t, const Member *m, int wide) {
    int large = is_wide(m->size) || is_wide(m->packed);
    put(t, wide ? 45 : 20, 2), put(t, 0, 2), put(t, m->method, 2);
    put(t, 0, 2), put(t, 33, 2); /* 1980-01-01 */
    put(t, m->crc, 4), put(t, large ? NO_ROOM : m->packed, 4), put(t, large ? NO_ROOM : m->size, 4);
    put(t, strlen(m->name), 2), put(t, (uint64_t)wide, 2);
}

static void put_own_header(Text *t, const Member *m) {
    int large = is_wide(m->size) || is_wide(m->packed);
    jxl_text_put(t, "PK\3\4"), put_member(t, m, large ? 20 : 0), jxl_text_put(t, m->name);
    if (large) put(t, 1, 2), put(t, 16, 2), put(t, m->size, 8), put(t, m->packed, 8);
}

static void put_line(Text *t, const Member *m) {
    int large = is_wide(m->size) || is_wide(m->packed), far = is_wide(m->at), more = 16 * large + 8 * far;
    int wide = more ? 4 + more : 0;
    jxl_text_put(t, "PK\1\2"), put(t, wide ? 45 : 20, 2), put_member(t, m, wide);
    put(t, 0, 2), put(t, 0, 2), put(t, 0, 2), put(t, 0600u << 16, 4), put(t, far ? NO_ROOM : m->at, 4);
    jxl_text_put(t, m->name);
    if (more) put(t, 1, 2), put(t, (uint64_t)more, 2);
    if (large) put(t, m->size, 8), put(t, m->packed, 8);
    if (far) put(t, m->at, 8);
}

static void put_end(Text *t, uint64_t n, uint64_t at) {
    uint64_t size = t->n;
    int wide = is_wide(size) || is_wide(at) || n >= 0xffff;
    if (wide) {
        jxl_text_put(t, "PK\6\6"), put(t, 44, 8), put(t, 45, 2), put(t, 45, 2), put(t, 0, 8);
        put(t, n, 8), put(t, n, 8), put(t, size, 8), put(t, at, 8);
        jxl_text_put(t, "PK\6\7"), put(t, 0, 4), put(t, at + size, 8), put(t, 1, 4);
    }
    jxl_text_put(t, "PK\5\6"), put(t, 0, 4), put(t, wide ? 0xffff : n, 2), put(t, wide ? 0xffff : n, 2);
    put(t, wide ? NO_ROOM : size, 4), put(t, wide ? NO_ROOM : at, 4), put(t, 0, 2);
}

/* The bytes of a .npy file: its header, and its elements where they are. */
typedef struct {
    const char *at[2];
    uint64_t n[2];
} Parts;

static void deflate_parts(jxl_call *c, const Parts *p, Text *packed) {
    static _Thread_local unsigned char piece[1 << 16];
    z_stream z = { 0 };
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        jxl_fail_text(c, 1, "out of memory for an archive");
        return;
    }
    for (int i = 0; i < 2; i++)
        for (uint64_t at = 0; !c->status && at < p->n[i];) {
            uint64_t n = p->n[i] - at < 1 << 30 ? p->n[i] - at : 1 << 30;
            z.next_in = (unsigned char *)p->at[i] + at;
            z.avail_in = (unsigned)n;
            at += n;
            do {
                z.next_out = piece;
                z.avail_out = sizeof piece;
                deflate(&z, at == p->n[i] && (i == 1 || !p->n[1]) ? Z_FINISH : Z_NO_FLUSH);
                jxl_text_add(packed, (char *)piece, sizeof piece - z.avail_out);
            } while (!z.avail_out);
        }
    deflateEnd(&z);
}

static int write_all(FILE *file, const char *at, uint64_t n) { return fwrite(at, 1, (size_t)n, file) == n; }

/* Non-zero after writing it; `end` becomes where the next one begins. */
static int write_member(jxl_call *c, FILE *file, const jxl_array *a, int compressed, Member *m, uint64_t *end) {
    Text npy = { .call = c }, packed = { .call = c }, own = { .call = c };
    jxl_put_npy_header(&npy, a);
    Parts p = { { npy.at, a->data }, { npy.n, (uint64_t)(jxl_count(a) * jxl_dtypes[a->dtype].size) } };
    if (!c->status && compressed) deflate_parts(c, &p, &packed);
    if (c->status) return 0;
    m->size = p.n[0] + p.n[1];
    m->packed = compressed ? packed.n : m->size;
    m->method = compressed ? Z_DEFLATED : 0;
    m->crc = checksum(checksum((uint32_t)crc32(0, NULL, 0), p.at[0], p.n[0]), p.at[1], p.n[1]);
    put_own_header(&own, m);
    int good = !c->status && write_all(file, own.at, own.n);
    if (good && compressed) good = write_all(file, packed.at, packed.n);
    if (good && !compressed) good = write_all(file, p.at[0], p.n[0]) && write_all(file, p.at[1], p.n[1]);
    *end = m->at + own.n + m->packed;
    jxl_release(c, npy.at);
    if (packed.at) jxl_release(c, packed.at);
    if (own.at) jxl_release(c, own.at);
    return good;
}

static int write_archive(jxl_call *c, FILE *file, const void *context) {
    const Archive *all = context;
    Text list = { .call = c };
    const char *name = all->names;
    uint64_t at = 0;
    int good = 1;
    jxl_text_put(&list, "");
    for (int i = 0; i < all->n && good; i++) {
        Member m = { .at = at };
        size_t length = strcspn(name, "\n");
        snprintf(m.name, sizeof m.name, "%.*s.npy", (int)(length < 500 ? length : 500), name);
        name += length + (name[length] == '\n');
        good = write_member(c, file, &all->arrays[i], all->compressed, &m, &at);
        put_line(&list, &m);
    }
    put_end(&list, (uint64_t)all->n, at);
    good = good && !c->status && write_all(file, list.at, list.n);
    if (!c->status) jxl_release(c, list.at);
    return good;
}

int jxl_zip_save(jxl_call *c, const char *path, const char *names, int32_t compressed, int32_t n,
                 const jxl_array *arrays, const char *what) {
    if (!jxl_world_first(c)) return 0;
    Archive all = { names, n, compressed, arrays };
    Text name;
    if (!with_ending(c, &name, path)) return c->status;
    int status = jxl_write_file(c, name.at, what, write_archive, &all);
    jxl_release(c, name.at);
    return status;
}
