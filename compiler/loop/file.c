/* file: arrays that are read and written, and the command line's flags, some of which name files. */
#include "loop/lower.h"

#include <string.h>

static LValue *word(Lower *l, int64_t n) { return loop_int(&l->b, loop_type(DT_i32, 1), n); }

/* A file name: a template over the arguments. */
static LValue *formatted(Lower *l, const char *format, Value *const *args, int nargs) {
    LBuilder *b = &l->b;
    LValue *v[] = { loop_text(b, format), word(l, nargs), lower_descriptors(l, args, nargs) };
    LValue *text = loop_runtime(b, RUNTIME_format, v, 3);
    PUSH(l->arena, &l->owned, text);
    return text;
}

static bool binds(const Inst *in, const SizeVar *v) {
    for (int i = 0; i < in->attrs->binds.n; i++) {
        if (in->attrs->binds.at[i] == v) return true;
    }
    return false;
}

static bool unknown(const Lower *l, const Inst *in, const Dim *d, const SizeVar **which) {
    for (int i = 0; i < in->attrs->binds.n; i++) {
        const SizeVar *v = in->attrs->binds.at[i];
        if (!binds(in, v) || !dim_mentions(d, v) || map_get(&l->sizes, v)) continue;
        *which = v;
        return true;
    }
    return false;
}

/* Sizes found outside: new ones are bound, known ones compared; `data` and the found shape are for the message. */
static void bind_shape(Lower *l, const Inst *in, const Type *t, LValue *found, const char *what) {
    LBuilder *b = &l->b;
    LValue *have[MAX_RANK];
    for (int i = 0; i < t->rank; i++) have[i] = loop_load(b, loop_type(DT_i64, 1), found, loop_i64(b, i), 1, NULL);
    for (int i = 0; i < in->attrs->binds.n; i++) { /* a size of its own first, whatever the order of the axes */
        const SizeVar *v = in->attrs->binds.at[i];
        for (int a = 0; a < t->rank && !map_get(&l->sizes, v); a++) {
            if (t->dim[a] == dim_var(l->cx, v)) map_set(&l->sizes, (void *)v, have[a]);
        }
    }
    for (int a = 0; a < t->rank; a++) { /* 2*n: n is half of what was found; the check below sees an odd one */
        const SizeVar *v;
        if (!unknown(l, in, t->dim[a], &v)) continue;
        const SizeVar *h = size_var(l->cx, "found", (Span){ 0 });
        const Dim *answer;
        map_set(&l->sizes, (void *)h, have[a]);
        if (t->dim[a]->nterms == 1 && t->dim[a]->terms[0].natoms == 1) {
            answer = dim_floordiv(l->cx, dim_var(l->cx, h), dim_int(l->cx, t->dim[a]->terms[0].coefficient));
        } else if (!dim_solve(l->cx, t->dim[a], dim_var(l->cx, h), v, &answer)) {
            diag(l->cx, in->origin ? in->origin->span : (Span){ 0 }, "the size %s cannot be told from an axis of %s",
                 v->name, dim_text(l->cx, t->dim[a]));
            answer = dim_var(l->cx, h);
        }
        map_set(&l->sizes, (void *)v, lower_dim(l, answer));
    }
    for (int a = 0; a < t->rank; a++) {
        LValue *want = lower_dim(l, t->dim[a]);
        LLoop f = loop_if(b, loop_binary(b, OP_ne, have[a], want));
        const char *text = "%s: axis %d has size {0!ps}, but %s is {1!ps}";
        if (dim_is_int(t->dim[a], NULL)) text = "%s: axis %d has size {0!ps}, not %s";
        lower_fail_sizes(l, arena_text(l->arena, text, what, a, dim_text(l->cx, t->dim[a])), have[a], want);
        loop_end_then(b, &f);
    }
    lower_buffers(l, in);
}

/* What one process does that reads for all, and no other: where there is one, everything. */
static void begin_first(Lower *l, LLoop *f) {
    LBuilder *b = &l->b;
    if (l->many) *f = loop_if(b, loop_binary(b, OP_ne, loop_runtime(b, RUNTIME_world_first, NULL, 0), word(l, 0)));
}
/* ... and so much of what it got goes to the others. */
static void end_first(Lower *l, LLoop *f, const char *what, LValue *data, LValue *bytes) {
    if (!l->many) return;
    loop_end_then(&l->b, f);
    loop_runtime(&l->b, RUNTIME_world_share, (LValue *[]){ loop_text(&l->b, what), data, bytes }, 3);
}

/* The elements of a file whose header has been read. */
static void read_file_into(Lower *l, const Value *y, LValue *file, const char *what) {
    LBuilder *b = &l->b;
    LLoop f;
    LValue *to = y->type->rank ? home_new(l, y).ptr : loop_stack(b, dtype_bytes(y->type->dtype), 16);
    LValue *bytes = lower_bytes(l, y->type);
    begin_first(l, &f);
    LValue *handle = loop_load(b, loop_ptr_type(), file, loop_i64(b, 0), 1, NULL);
    loop_runtime(b, RUNTIME_load_read, (LValue *[]){ handle, to }, 2);
    end_first(l, &f, what, to, bytes);
    if (!y->type->rank) home_fill(l, y, to);
}

/* Opens the file and binds its sizes; all processes are told them. */
static LValue *open_file(Lower *l, const Inst *in, LValue *path, const char *what) {
    LBuilder *b = &l->b;
    const Attrs *a = in->attrs;
    const Type *t = type_of(l->cx, a->dtype, a->shape.n, a->shape.at);
    LValue *file = loop_stack(b, 8, 8), *shape = loop_stack(b, 8 * (t->rank + 1), 8);
    static const RuntimeEntry entries[] = {
        [FILE_NPZ] = RUNTIME_zip_open,         [FILE_NPZ_COMPRESSED] = RUNTIME_zip_open,
        [FILE_TENSORS] = RUNTIME_tensors_open, [FILE_TEXT] = RUNTIME_csv_open,
        [FILE_PNG] = RUNTIME_png_open,         [FILE_TREE] = RUNTIME_tree_open,
        [FILE_LEAF] = RUNTIME_leaf_open,       [FILE_THERE] = RUNTIME_there_open
    };
    for (int i = 0; i < t->rank; i++) /* what a leaf is to have */
        if (a->kind == FILE_LEAF) loop_store(b, lower_dim(l, t->dim[i]), shape, loop_i64(b, i), 1, NULL);
    LValue *dtype = word(l, t->dtype), *rank = word(l, t->rank), *words = loop_text(b, what);
    LValue *bytes = loop_i64(b, 8 * t->rank);
    LLoop f;
    begin_first(l, &f);
    if (a->kind == FILE_NPY) {
        loop_runtime(b, RUNTIME_load_open, (LValue *[]){ path, dtype, rank, words, file, shape }, 6);
    } else {
        LValue *name = loop_text(b, a->name ? a->name : "");
        loop_runtime(b, entries[a->kind], (LValue *[]){ path, name, dtype, rank, words, file, shape }, 7);
    }
    end_first(l, &f, what, shape, bytes);
    bind_shape(l, in, t, shape, what);
    return file;
}

static const char *loading(Lower *l, const Inst *in) {
    const char *where = lower_where(l, in), *what = in->attrs->message ? in->attrs->message : "load";
    return strncmp(what, where, strlen(where)) ? arena_text(l->arena, "%s%s", where, what) : what;
}

static void lower_load(Lower *l, const Inst *in) {
    const char *what = loading(l, in);
    LValue *file = open_file(l, in, formatted(l, in->attrs->format, in->args, in->nargs), what);
    read_file_into(l, in->results[0], file, what);
}

/* All processes that can open the file, do; others will be sent their parts. */
static void lower_load_open(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    const char *what = loading(l, in);
    LValue *path = formatted(l, in->attrs->format, in->args, in->nargs), *file = open_file(l, in, path, what);
    LValue *args[] = { loop_text(b, what), path, word(l, in->attrs->dtype), file };
    loop_runtime(b, RUNTIME_load_join, args, 4);
    LValue *number = loop_load(b, loop_type(DT_i64, 1), file, loop_i64(b, 0), 1, NULL);
    home_set(l, in->results[0], (Home){ .elem = { number, NULL } });
}

static void lower_load_parts(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    LValue *file = scalar_of(l, in->args[0]).re;
    for (int i = 0; i < in->nresults; i++) {
        LValue *first = scalar_of(l, in->args[1 + i]).re, *count = lower_dim(l, in->attrs->shape.at[i]);
        loop_runtime(b, RUNTIME_load_part, (LValue *[]){ file, first, count, home_new(l, in->results[i]).ptr }, 4);
    }
    loop_runtime(b, RUNTIME_load_close, &file, 1);
}

static void lower_save(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    const Attrs *a = in->attrs;
    LValue *path = formatted(l, a->format, in->args, in->nargs), *name = loop_text(b, a->name ? a->name : "");
    LValue *what = loop_text(b, arena_text(l->arena, "%ssave", lower_where(l, in)));
    LValue *count = word(l, a->count), *arrays = lower_descriptors(l, in->args, (int)a->count);
    switch ((FileKind)a->kind) {
    case FILE_NPZ:
    case FILE_NPZ_COMPRESSED: {
        LValue *compressed = word(l, a->kind == FILE_NPZ_COMPRESSED);
        loop_runtime(b, RUNTIME_zip_save, (LValue *[]){ path, name, compressed, count, arrays, what }, 6);
        break;
    }
    case FILE_TENSORS: loop_runtime(b, RUNTIME_tensors_save, (LValue *[]){ path, name, count, arrays, what }, 5); break;
    case FILE_TEXT: loop_runtime(b, RUNTIME_csv_save, (LValue *[]){ path, name, arrays, what }, 4); break;
    default: loop_runtime(b, RUNTIME_save, (LValue *[]){ path, arrays, what }, 3); break;
    }
}

/* flags: all of them are read together, where the first stands */

static const Inst *first_flag(const Block *block) {
    for (const Inst *in = block->first; in; in = in->next) {
        if (in->op == OP_flag) return in;
    }
    return NULL;
}

static int64_t flag_rank(const Inst *in) {
    const Type *t = in->results[0]->type;
    if (t->rank) return t->rank;
    return t->dtype == DT_bool ? -3 : t->dtype == DT_u64 ? -2 : -1; /* u64: where a text begins */
}

static void read_flags(Lower *l, const Block *block) {
    LBuilder *b = &l->b;
    int n = 0;
    for (const Inst *in = block->first; in; in = in->next) n += in->op == OP_flag;
    LValue *zero = loop_i64(b, 0), *none = loop_const_bits(b, loop_ptr_type(), 0);
    LValue *table = loop_stack(b, 40 * n, 8), *values = loop_stack(b, 8 * n, 8), *shapes = loop_stack(b, 8 * n, 8);
    n = 0;
    for (const Inst *in = block->first; in; in = in->next) {
        if (in->op != OP_flag) continue;
        const Attrs *a = in->attrs;
        LValue *row = loop_at(b, table, loop_i64(b, n), 40), *value = loop_stack(b, 16, 16);
        LValue *shape = loop_stack(b, 8 * (in->results[0]->type->rank + 1), 8);
        loop_store(b, loop_text(b, a->name), row, zero, 1, NULL);
        loop_store(b, word(l, in->results[0]->type->dtype), row, loop_i64(b, 2), 1, NULL);
        loop_store(b, word(l, flag_rank(in)), row, loop_i64(b, 3), 1, NULL);
        loop_store(b, a->format ? loop_text(b, a->format) : none, row, loop_i64(b, 2), 1, NULL);
        loop_store(b, a->message ? loop_text(b, a->message) : none, row, loop_i64(b, 3), 1, NULL);
        loop_store(b, a->choices ? loop_text(b, a->choices) : none, row, loop_i64(b, 4), 1, NULL);
        loop_store(b, value, values, loop_i64(b, n), 1, NULL);
        loop_store(b, shape, shapes, loop_i64(b, n), 1, NULL);
        map_set(&l->flags, (void *)in, arena_copy(l->arena, &(Flag){ value, shape }, sizeof(Flag)));
        n++;
    }
    LValue *args[] = {
        l->argc, l->argv,    loop_text(b, first_flag(block)->attrs->doc ? first_flag(block)->attrs->doc : ""),
        table,   word(l, n), values,
        shapes
    };
    loop_runtime(b, RUNTIME_flags, args, 7);
}

static void lower_flag(Lower *l, const Inst *in) {
    const Value *y = in->results[0];
    if (!l->argc) bug(l->cx, "flag outside of the program");
    if (in == first_flag(in->block)) read_flags(l, in->block);
    Flag *f = map_get(&l->flags, in);
    if (y->type->rank) {
        const char *what = in->attrs->message ? in->attrs->message : "the array";
        bind_shape(l, in, y->type, f->shape, arena_text(l->arena, "%s%s", lower_where(l, in), what));
        read_file_into(l, y, f->value, in->attrs->name);
    } else {
        home_fill(l, y, f->value);
    }
}

void lower_file(Lower *l, const Inst *in) {
    switch ((int)in->op) {
    case OP_load: lower_load(l, in); break;
    case OP_load_open: lower_load_open(l, in); break;
    case OP_load_parts: lower_load_parts(l, in); break;
    case OP_save: lower_save(l, in); break;
    default: lower_flag(l, in); break;
    }
}
