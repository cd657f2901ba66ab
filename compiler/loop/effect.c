/* effect: what the world sees and what comes from it, through the runtime. */
#include "jxl/runtime.h"
#include "loop/lower.h"

#include <string.h>

static LValue *word(Lower *l, int64_t n) { return loop_int(&l->b, loop_type(DT_i32, 1), n); }

static LValue *element(Lower *l, const Value *x) { return scalar_of(l, x).re; }

static void lower_print(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    LValue *args[] = { word(l, in->attrs->stream == 2 ? 2 : 1), loop_text(b, in->attrs->format), word(l, in->nargs),
                       lower_descriptors(l, in->args, in->nargs) };
    loop_runtime(b, RUNTIME_print, args, 4);
}

static void lower_assert(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    LValue *holds = scalar_of(l, in->args[0]).re;
    LLoop f = loop_if_rare(b, loop_unary(b, OP_not, holds));
    const char *where = lower_where(l, in), *format = in->attrs->format;
    if (!strncmp(format, where, strlen(where))) where = ""; /* the program's own assert says it already */
    lower_fail(l, arena_text(l->arena, "%s%s", where, format), in->args, in->nargs);
    loop_end_then(b, &f);
}

static void lower_plot(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    const char *format = arena_text(l->arena, "%s\x1fwhere=%s", in->attrs->format, lower_where(l, in));
    LValue *args[] = { loop_text(b, in->attrs->name), loop_text(b, format), word(l, in->attrs->count),
                       word(l, in->nargs), lower_descriptors(l, in->args, in->nargs) };
    loop_runtime(b, RUNTIME_plot, args, 5);
}

/* texts of run time */

static void lower_text_ask(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    LValue *args[] = { word(l, in->attrs->kind), loop_text(b, in->attrs->format), loop_text(b, in->attrs->name),
                       word(l, in->nargs), lower_descriptors(l, in->args, in->nargs) };
    home_set(l, in->results[0], (Home){ .elem = { loop_runtime(b, RUNTIME_text_ask, args, 5), NULL } });
}

static void lower_text_make(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    LValue *to = loop_stack(b, 8, 8);
    LValue *args[] = { loop_text(b, in->attrs->format), word(l, in->nargs), lower_descriptors(l, in->args, in->nargs),
                       to };
    loop_runtime(b, RUNTIME_text_make, args, 4);
    home_fill(l, in->results[0], to);
}

static void lower_text_number(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    LValue *to = loop_stack(b, 8, 8);
    LValue *args[] = { loop_text(b, lower_where(l, in)),          loop_text(b, in->attrs->format), word(l, in->nargs),
                       lower_descriptors(l, in->args, in->nargs), word(l, in->attrs->dtype),       to };
    loop_runtime(b, RUNTIME_text_number, args, 6);
    home_fill(l, in->results[0], to);
}

static void lower_from_outside(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    LValue *to = loop_stack(b, 8, 8);
    if (in->op == OP_argument) {
        LValue *args[] = { loop_text(b, lower_where(l, in)), scalar_of(l, in->args[0]).re, to };
        loop_runtime(b, RUNTIME_argument, args, 3);
    } else {
        loop_runtime(b, RUNTIME_environment, (LValue *[]){ loop_text(b, in->attrs->name), to }, 2);
    }
    home_fill(l, in->results[0], to);
}

static void lower_exit(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    LValue *args[] = { scalar_of(l, in->args[0]).re, loop_text(b, in->attrs->format), word(l, in->nargs),
                       lower_descriptors(l, in->args, in->nargs) };
    loop_runtime(b, RUNTIME_exit, args, 4);
}

static void lower_progress(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    LValue *bar = element(l, in->args[0]), *n = element(l, in->args[1]);
    if (in->attrs->kind == PROGRESS_ADD) {
        loop_runtime(b, RUNTIME_progress_add, (LValue *[]){ bar, n }, 2);
        return;
    }
    LValue *args[] = { word(l, in->attrs->kind),
                       bar,
                       n,
                       loop_text(b, in->attrs->format),
                       word(l, in->nargs),
                       lower_descriptors(l, in->args, in->nargs) };
    loop_runtime(b, RUNTIME_progress, args, 6);
}

static void lower_progress_new(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    LValue *hidden = loop_convert(b, element(l, in->args[1]), DT_i32);
    LValue *args[] = { element(l, in->args[0]), hidden, loop_text(b, in->attrs->format) };
    home_set(l, in->results[0], (Home){ .elem = { loop_runtime(b, RUNTIME_progress_new, args, 3), NULL } });
}

static void lower_progress_count(Lower *l, const Inst *in) {
    LValue *bar = element(l, in->args[0]);
    home_set(l, in->results[0], (Home){ .elem = { loop_runtime(&l->b, RUNTIME_progress_count, &bar, 1), NULL } });
}

/* communication */

/* As messages call it: what the program wrote at that place, if that was a collective. */
static const char *collective_called(const Inst *in) {
    if (in->op == OP_shard_gather || in->op == OP_shard_take) return "the shards of pmap";
    if (in->op == OP_shard_all) return "all_gather";
    if (in->op == OP_shard_permute) return "ppermute";
    if (in->op == OP_shard_exchange) return "all_to_all";
    if (in->op == OP_shard_scatter) return "psum_scatter";
    return in->attrs->combine == COMBINE_ADD ? "psum" : in->attrs->combine == COMBINE_MAX ? "pmax" : "pmin";
}

/* The plugin that the runtime asks for is found from where jxl is installed.  All processes must run the same program. */
void lower_world(Lower *l) {
    LBuilder *b = &l->b;
    Arena *scratch = arena_new();
    const char *text = module_text(scratch, l->from);
    uint64_t hash = hash_bytes(text, strlen(text), 0);
    arena_free(scratch);
    const char *runtime = install_runtime(l->cx), *slash = strrchr(runtime, '/');
    const char *directory = arena_text(l->arena, "%.*s", (int)(slash - runtime), runtime);
    loop_runtime(b, RUNTIME_meet, (LValue *[]){ loop_text(b, directory), loop_i64(b, (int64_t)hash) }, 2);
}

static void lower_world_info(Lower *l, const Inst *in) {
    static const char *const names[] = { "device_count", "local_device_count", "process_count" };
    int which = 0;
    while (which < COUNT(names) - 1 && strcmp(names[which], in->attrs->name)) which++;
    LValue *number = word(l, which);
    home_set(l, in->results[0], (Home){ .elem = { loop_runtime(&l->b, RUNTIME_world_info, &number, 1), NULL } });
}

static void lower_shard_range(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    LValue *two = loop_stack(b, 16, 16);
    loop_runtime(b, RUNTIME_shard_range, (LValue *[]){ lower_dim(l, in->attrs->dim), two }, 2);
    for (int i = 0; i < 2; i++) {
        LValue *x = loop_load(b, loop_type(DT_i64, 1), two, loop_i64(b, i), 1, NULL);
        home_set(l, in->results[i], (Home){ .elem = { x, NULL } });
    }
}

static int collective_kind(const Inst *in) {
    switch (in->op) {
    case OP_shard_gather:
    case OP_shard_all: return JXL_GATHER;
    case OP_shard_take: return JXL_TAKE;
    case OP_shard_permute: return JXL_PERMUTE;
    case OP_shard_exchange: return JXL_EXCHANGE;
    case OP_shard_scatter: return JXL_SCATTER;
    default: return in->attrs->combine == COMBINE_ADD ? JXL_SUM : in->attrs->combine == COMBINE_MAX ? JXL_MAX : JXL_MIN;
    }
}

static LValue *collective_text(Lower *l, const Inst *in) {
    return loop_text(&l->b, arena_text(l->arena, "%s%s", lower_where(l, in), collective_called(in)));
}

/* Where an instruction's result goes before it is known to be there. */
static LValue *result_room(Lower *l, const Value *y) {
    return y->type->rank ? home_new(l, y).ptr : loop_stack(&l->b, dtype_bytes(y->type->dtype), 16);
}

/* Whether those arrays stand one behind the other, each from a multiple of 64 bytes on. */
static bool side_by_side(Lower *l, Value *const *v, LValue *const *at, int n) {
    for (int i = 0; i < n; i++) {
        const Buffer *u = v[i]->buffer, *before = i ? v[i - 1]->buffer : u;
        if (!u || u->kind != BUFFER_ARENA || at[i] != map_get(&l->buffers, u) || u->after != before->after)
            return false;
        if (i && !buffer_is_behind(l->cx, u, before)) return false;
        if (type_elements(l->cx, u->type) != type_elements(l->cx, v[i]->type)) return false;
    }
    return n > 1;
}

/* Something that begins: what goes in, where the results go, and who gets what if that is to be said.  All of that stays where
** it is until it has ended. */
static LValue *begin(Lower *l, const Inst *in, int n, LValue *const *to) {
    LBuilder *b = &l->b;
    int more = in->op == OP_shard_permute || in->op == OP_shard_take;
    LValue **data = NEW_ARRAY(l->arena, LValue *, 2 * n + 1), *number = loop_stack(b, 8, 8);
    const Type **types = NEW_ARRAY(l->arena, const Type *, 2 * n + 1);
    for (int i = 0; i < n; i++) {
        data[i] = home_ptr(l, in->args[i]);
        types[i] = in->args[i]->type;
        data[n + i] = to[i];
        types[n + i] = in->results[i]->type;
    }
    for (int i = 0; i < more; i++) {
        data[2 * n + i] = home_ptr(l, in->args[n + i]);
        types[2 * n + i] = in->args[n + i]->type;
    }
    int how = collective_kind(in);
    if (side_by_side(l, in->args, data, n)) how |= JXL_SIDE_BY_SIDE;
    if (side_by_side(l, in->results, data + n, n)) how |= JXL_COME_SIDE_BY_SIDE;
    LValue *args[] = { collective_text(l, in),
                       word(l, how),
                       lower_dim(l, in->attrs->dim),
                       word(l, n),
                       lower_describe(l, data, types, 2 * n + more),
                       number };
    loop_runtime(b, RUNTIME_collective_begin, args, 6);
    return loop_load(b, loop_type(DT_i64, 1), number, loop_i64(b, 0), 1, NULL);
}

static void lower_begin(Lower *l, const Inst *in) {
    int n = in->nresults - 1;
    LValue **to = NEW_ARRAY(l->arena, LValue *, n);
    for (int i = 0; i < n; i++) {
        const Value *y = in->results[i];
        to[i] = result_room(l, y);
        if (!y->type->rank) map_set(&l->underway, y, to[i]); /* read when it has ended */
    }
    home_set(l, in->results[n], (Home){ .elem = { begin(l, in, n, to), NULL } });
    l->nunderway++;
}

static void lower_shard_end(Lower *l, const Inst *in) {
    LValue *number = scalar_of(l, in->args[in->nargs - 1]).re;
    loop_runtime(&l->b, RUNTIME_collective_end, &number, 1);
    for (int i = 0; i < in->nresults; i++) {
        const Value *y = in->args[i];
        if (y->type->rank)
            home_set(l, in->results[i], home_of(l, y));
        else
            home_fill(l, in->results[i], map_get(&l->underway, y));
    }
    l->nunderway--;
}

/* Begun and waited for at once. */
static void lower_shard_gather(Lower *l, const Inst *in) {
    LValue *to = result_room(l, in->results[0]);
    LValue *number = begin(l, in, 1, &to);
    loop_runtime(&l->b, RUNTIME_collective_end, &number, 1);
    if (!in->results[0]->type->rank) home_fill(l, in->results[0], to);
}

void lower_effect(Lower *l, const Inst *in) {
    switch ((int)in->op) {
    case OP_print: lower_print(l, in); break;
    case OP_check:
    case OP_assert: lower_assert(l, in); break;
    case OP_text_make: lower_text_make(l, in); break;
    case OP_load:
    case OP_load_open:
    case OP_load_parts:
    case OP_save:
    case OP_flag: lower_file(l, in); break;
    case OP_plot: lower_plot(l, in); break;
    case OP_argument_count:
        home_set(l, in->results[0], (Home){ .elem = { loop_runtime(&l->b, RUNTIME_argument_count, NULL, 0), NULL } });
        break;
    case OP_argument:
    case OP_environment: lower_from_outside(l, in); break;
    case OP_text_ask: lower_text_ask(l, in); break;
    case OP_text_number: lower_text_number(l, in); break;
    case OP_exit: lower_exit(l, in); break;
    case OP_progress: lower_progress(l, in); break;
    case OP_progress_new: lower_progress_new(l, in); break;
    case OP_progress_count: lower_progress_count(l, in); break;
    case OP_world: break; /* before the program takes memory: lower_body */
    case OP_world_info: lower_world_info(l, in); break;
    case OP_shard_range: lower_shard_range(l, in); break;
    case OP_shard_all:
    case OP_shard_begin:
    case OP_shard_scatter:
    case OP_shard_permute:
    case OP_shard_exchange: lower_begin(l, in); break;
    case OP_shard_end: lower_shard_end(l, in); break;
    case OP_shard_take:
    case OP_shard_gather: lower_shard_gather(l, in); break;
    case OP_time: {
        LValue *clock = word(l, in->attrs->clock);
        home_set(l, in->results[0], (Home){ .elem = { loop_runtime(&l->b, RUNTIME_world_time, &clock, 1), NULL } });
        break;
    }
    default: /* barrier: what was to be computed before it has been */
        for (int i = 0; i < in->nargs; i++) {
            loop_keep(&l->b, home_ptr(l, in->args[i]));
            home_set(l, in->results[i], home_of(l, in->args[i]));
        }
        break;
    }
}
