/* control: branches, loops and calls.
**
** What a loop carries has one buffer from the first iteration to the last, or changes places with what an iteration makes
** (rotate.c); a number is carried in a register.  Results of an iteration that are elsewhere are copied when all are known. */
#include "loop/lower.h"

#include <string.h>

static bool in_register(const Value *v) { return v->type->rank == 0; }
static int register_parts(const Value *v) { return !in_register(v) ? 0 : dtype_is_complex(v->type->dtype) ? 2 : 1; }

/* The registers of the rank 0 values among v, one after another. */
static int to_registers(Lower *l, Value *const *v, int n, LValue **out) {
    int k = 0;
    for (int i = 0; i < n; i++) {
        if (!in_register(v[i])) continue;
        Elem e = scalar_of(l, v[i]);
        out[k++] = e.re;
        if (e.im) out[k++] = e.im;
    }
    return k;
}

static void from_registers(Lower *l, Value *const *v, int n, LValue *const *in) {
    int k = 0;
    for (int i = 0; i < n; i++) {
        if (!in_register(v[i])) continue;
        Elem e = { in[k], register_parts(v[i]) == 2 ? in[k + 1] : NULL };
        k += register_parts(v[i]);
        home_set(l, v[i], (Home){ .elem = e });
    }
}

static LValue **values_for(Lower *l, int n) { return NEW_ARRAY(l->arena, LValue *, 2 * n + MOST_ROTATING + 4); }

static LValue **copied_values(Lower *l, LValue *const *v, int n) {
    return arena_copy(l->arena, v, sizeof *v * (size_t)(n + 1));
}

static LValue **buffers_for(Lower *l, Value *const *v, int n) {
    LValue **at = NEW_ARRAY(l->arena, LValue *, n + 1);
    for (int i = 0; i < n; i++) {
        if (!in_register(v[i])) at[i] = memory_of(l, v[i]);
    }
    return at;
}

static void place_arrays(Lower *l, Value *const *v, LValue *const *buffer, int n) {
    for (int i = 0; i < n; i++) {
        if (!in_register(v[i])) home_set(l, v[i], (Home){ .ptr = buffer[i], .fixed = true });
    }
}

/* Copies the arrays among v to their buffers.  One that lies in another's buffer is moved out of the way first. */
static void hand_on_arrays(Lower *l, Value *const *v, LValue *const *buffer, int n) {
    LBuilder *b = &l->b;
    LValue **from = NEW_ARRAY(l->arena, LValue *, n + 1);
    for (int i = 0; i < n; i++) {
        if (in_register(v[i])) continue;
        from[i] = home_of(l, v[i]).ptr;
        for (int k = 0; k < i; k++) { /* those are written before it is read */
            if (buffer[k] != from[i] || in_register(v[k]) || home_of(l, v[k]).ptr == buffer[k]) continue;
            LValue *bytes = lower_bytes(l, v[i]->type);
            int64_t few;
            bool small = loop_is_const(bytes, &few) && few <= 1024;
            LValue *aside = small ? loop_stack(b, few ? few : 1, 64) : take_memory(l, bytes);
            loop_copy(b, aside, from[i], bytes);
            from[i] = aside;
        }
    }
    for (int i = 0; i < n; i++) {
        if (!in_register(v[i])) loop_copy(b, buffer[i], from[i], lower_bytes(l, v[i]->type));
    }
}

/* branches */

static void close_branch(Lower *l, const Block *side, LValue *const *buffer, LValue **registers) {
    hand_on_arrays(l, side->results, buffer, side->nresults);
    to_registers(l, side->results, side->nresults, registers);
}

static void give_args(Lower *l, const Inst *in, const Block *side) {
    for (int i = 0; i < side->nparams; i++) home_set(l, side->params[i], home_of(l, in->args[1 + i]));
}

/* Blocks k and on. */
static void lower_sides(Lower *l, const Inst *in, int k, LValue *which, LValue *const *buffer, LValue **registers) {
    LBuilder *b = &l->b;
    const Block *side = in->regions[k];
    if (k == in->nregions - 1) {
        Scope s = scope_open(l);
        give_args(l, in, side);
        lower_block(l, side);
        close_branch(l, side, buffer, registers);
        scope_close(l, s);
        return;
    }
    int n = 0;
    for (int i = 0; i < in->nresults; i++) n += register_parts(in->results[i]);
    LLoop f = loop_if(b, loop_binary(b, OP_le, which, loop_int(b, which->type, k)));
    Scope s = scope_open(l);
    give_args(l, in, side);
    lower_block(l, side);
    close_branch(l, side, buffer, registers);
    scope_close(l, s);
    loop_else(b, &f, n, registers);
    lower_sides(l, in, k + 1, which, buffer, registers);
    loop_end_if(b, &f, n, registers);
    memcpy(registers, f.carry, sizeof *registers * (size_t)n);
}

static void lower_cond(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    LValue *which = loop_convert(b, scalar_of(l, in->args[0]).re, DT_i32);
    LValue **registers = values_for(l, in->nresults);
    LValue **buffer = buffers_for(l, in->results, in->nresults);
    lower_sides(l, in, 0, which, buffer, registers);
    from_registers(l, in->results, in->nresults, registers);
    place_arrays(l, in->results, buffer, in->nresults);
}

/* loops */

/* Slice i of an array along axis 0. */
static LValue *slice_ptr(Lower *l, LValue *ptr, const Type *slice, LValue *i) {
    LBuilder *b = &l->b;
    return loop_at(b, ptr, loop_mul(b, i, lower_elements(l, slice)), dtype_bytes(slice->dtype));
}

typedef struct {
    const Inst *in;
    LValue **buffer;
} Rounds;

static void lower_rounds(Lower *l, LValue *lo, LValue *hi, void *context) {
    const Rounds *r = context;
    const Inst *in = r->in;
    const Block *body = in->regions[0];
    LBuilder *b = &l->b;
    Map before = l->buffers;
    Scope piece = scope_open(l);
    l->buffers = map_new(l->arena);
    lower_buffers(l, in); /* other threads are at other rounds */
    LLoop f = loop_for(b, lo, hi, 1, 0, NULL);
    Scope s = scope_open(l);
    home_set(l, body->params[0], (Home){ .elem = { f.i, NULL } });
    for (int k = 0; k < in->nargs; k++) {
        const Value *slice = body->params[1 + k];
        home_fill(l, slice, slice_ptr(l, home_of(l, in->args[k]).ptr, slice->type, f.i));
    }
    lower_block(l, body);
    for (int k = 0; k < in->nresults; k++)
        store_home(l, body->results[k], slice_ptr(l, r->buffer[k], body->results[k]->type, f.i));
    scope_close(l, s);
    loop_end(b, &f, NULL);
    scope_close(l, piece);
    l->buffers = before;
}

/* Rounds that know nothing of each other. */
static void lower_apart(Lower *l, const Inst *in) {
    Rounds r = { in, buffers_for(l, in->results, in->nresults) };
    LValue *trip = lower_dim(l, in->attrs->trip);
    pieces(l, trip, (Work){ 1e9, NULL }, lower_rounds, &r);
    place_arrays(l, in->results, r.buffer, in->nresults);
}

static void lower_for(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    if (in->attrs->apart && !in->attrs->carries && !l->serial) {
        lower_apart(l, in);
        return;
    }
    const Block *body = in->regions[0];
    int carries = (int)in->attrs->carries, stacked = in->nresults - carries;
    Scope whole = scope_open(l);
    lower_buffers(l, in);
    if (in->attrs->own) loop_runtime(b, RUNTIME_world_own, (LValue *[]){ loop_int(b, loop_type(DT_i32, 1), 1) }, 1);
    LValue *trip = lower_dim(l, in->attrs->trip);
    LValue **buffer = buffers_for(l, in->results, in->nresults), **registers = values_for(l, in->nresults);
    LValue **at = copied_values(l, buffer, carries);
    Rotation r = rotation_of(l, in);
    rotation_plan(l, in, &r, trip, at);
    hand_on_arrays(l, in->args, at, carries);
    rotation_begin(l, in, &r, trip);
    LValue **begin = copied_values(l, r.at, r.n);
    if (wave_rounds(l, in, &r, trip, at)) {
        rotation_end(l, in, &r, trip, begin);
        place_arrays(l, in->results, buffer, in->nresults);
        return;
    }
    int n = to_registers(l, in->args, carries, registers), names = n;
    for (int k = 0; k < r.n; k++) registers[n++] = r.at[k];
    LLoop f = loop_for(b, loop_i64(b, 0), trip, 1, n, registers);
    rotation_inside(l, in, &r, f.carry + names, at);
    Scope s = scope_open(l);
    LValue *i = in->attrs->reversed ? loop_sub(b, loop_sub(b, trip, loop_i64(b, 1)), f.i) : f.i;
    home_set(l, body->params[0], (Home){ .elem = { i, NULL } });
    from_registers(l, body->params + 1, carries, f.carry);
    place_arrays(l, body->params + 1, at, carries);
    for (int k = carries; k < in->nargs; k++) {
        const Value *slice = body->params[1 + k];
        home_fill(l, slice, slice_ptr(l, home_of(l, in->args[k]).ptr, slice->type, i));
    }
    LValue **place = NEW_ARRAY(l->arena, LValue *, stacked + 1);
    for (int k = 0; k < stacked; k++) {
        const Value *v = body->results[carries + k];
        place[k] = slice_ptr(l, buffer[carries + k], v->type, i);
        if (v->buffer && v->buffer->kind == BUFFER_SLICE && v->block == body)
            map_set(&l->buffers, (void *)v->buffer, place[k]);
    }
    lower_block(l, body);
    for (int k = 0; k < stacked; k++) {
        const Value *v = body->results[carries + k];
        if (!v->type->rank || home_of(l, v).ptr != place[k]) store_home(l, v, place[k]);
    }
    rotation_turn(l, in, &r, f.i, registers + names, at);
    hand_on_arrays(l, body->results, at, carries);
    to_registers(l, body->results, carries, registers);
    scope_close(l, s);
    loop_end(b, &f, registers);
    rotation_end(l, in, &r, trip, f.carry + names);
    from_registers(l, in->results, carries, f.carry);
    place_arrays(l, in->results, buffer, in->nresults);
    if (in->attrs->own) loop_runtime(b, RUNTIME_world_own, (LValue *[]){ loop_int(b, loop_type(DT_i32, 1), -1) }, 1);
    scope_close(l, whole);
}

/* Stacked results grow: how often it runs is known only at the end. */
static void lower_while(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    const Block *test = in->regions[0], *body = in->regions[1];
    int carries = (int)in->attrs->carries, stacked = in->nresults - carries;
    LValue **buffer = buffers_for(l, in->results, carries), **registers = values_for(l, in->nresults + 1);
    LValue **at = copied_values(l, buffer, carries);
    Rotation r = rotation_of(l, in);
    rotation_plan(l, in, &r, NULL, at);
    hand_on_arrays(l, in->args, at, carries);
    int n = to_registers(l, in->args, carries, registers), names = n, grown = n + r.n;
    for (int k = 0; k < r.n; k++) registers[n++] = r.at[k];
    for (int k = 0; k < stacked; k++)
        registers[n++] = loop_runtime(b, RUNTIME_alloc, (LValue *[]){ loop_i64(b, 0) }, 1);
    registers[n++] = loop_i64(b, 0);
    LLoop w = loop_while(b, n, registers);
    rotation_inside(l, in, &r, w.carry + names, at);
    Scope s = scope_open(l);
    from_registers(l, test->params, carries, w.carry);
    place_arrays(l, test->params, at, carries);
    lower_block(l, test);
    LValue *condition = scalar_of(l, test->results[0]).re;
    scope_close(l, s);
    loop_while_body(b, &w, condition);
    rotation_inside(l, in, &r, w.carry + names, at);
    s = scope_open(l);
    from_registers(l, body->params, carries, w.carry);
    place_arrays(l, body->params, at, carries);
    lower_block(l, body);
    LValue *count = w.carry[n - 1];
    LValue *more = loop_add(b, count, loop_i64(b, 1));
    for (int k = 0; k < stacked; k++) {
        const Value *v = body->results[carries + k];
        LValue *bytes = loop_mul(b, more, lower_bytes(l, v->type));
        registers[grown + k] = loop_runtime(b, RUNTIME_grow, (LValue *[]){ w.carry[grown + k], bytes }, 2);
        store_home(l, v, slice_ptr(l, registers[grown + k], v->type, count));
    }
    rotation_turn(l, in, &r, count, registers + names, at);
    hand_on_arrays(l, body->results, at, carries);
    to_registers(l, body->results, carries, registers);
    registers[n - 1] = more;
    scope_close(l, s);
    loop_end(b, &w, registers);
    rotation_end(l, in, &r, w.carry[n - 1], w.carry + names);
    from_registers(l, in->results, carries, w.carry);
    place_arrays(l, in->results, buffer, carries);
    for (int k = 0; k < stacked; k++) {
        home_set(l, in->results[carries + k], (Home){ .ptr = w.carry[grown + k], .fixed = true });
        PUSH(l->arena, &l->owned, w.carry[grown + k]);
    }
    if (!in->attrs->binds.n) return;
    map_set(&l->sizes, (void *)in->attrs->binds.at[0], w.carry[n - 1]);
    lower_buffers(l, in);
}

/* calls */

static void lower_call(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    LFunc *callee = map_get(&l->funcs, in->attrs->callee);
    if (!callee) bug(l->cx, "@%s binds sizes and was not inlined", in->attrs->callee->name);
    int n = 0, sizes = in->attrs->sizes.n;
    LValue **args = NEW_ARRAY(l->arena, LValue *, sizes + in->nargs + in->nresults + 1);
    LValue **out = NEW_ARRAY(l->arena, LValue *, in->nresults + 1);
    for (int i = 0; i < sizes; i++) args[n++] = lower_dim(l, in->attrs->sizes.at[i]);
    for (int i = 0; i < in->nargs; i++) args[n++] = home_ptr(l, in->args[i]);
    for (int i = 0; i < in->nresults; i++) {
        const Value *v = in->results[i];
        out[i] = in_register(v) ? loop_stack(b, dtype_bytes(v->type->dtype), 16) : home_new(l, v).ptr;
        args[n++] = out[i];
    }
    loop_call(b, callee, args, n);
    for (int i = 0; i < in->nresults; i++) {
        if (in_register(in->results[i])) home_fill(l, in->results[i], out[i]);
    }
}

static void lower_bind_size(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    LValue *n = scalar_of(l, in->args[0]).re, *zero = loop_i64(b, 0);
    LLoop f = loop_if(b, loop_binary(b, OP_lt, n, zero));
    lower_fail_sizes(l, arena_text(l->arena, "%sa size of {0!ps}", lower_where(l, in)), n, zero);
    loop_end_then(b, &f);
    map_set(&l->sizes, (void *)in->attrs->binds.at[0], n);
    lower_buffers(l, in);
}

void lower_control(Lower *l, const Inst *in) {
    switch ((int)in->op) {
    case OP_cond: lower_cond(l, in); break;
    case OP_for: lower_for(l, in); break;
    case OP_while: lower_while(l, in); break;
    case OP_bind_size: lower_bind_size(l, in); break;
    default: lower_call(l, in); break;
    }
}
