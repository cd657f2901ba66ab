/* vmap: apply a function to many arguments at once.
**
** Walks the function once and keeps, for every old value, what it means in the new one: the same value, or one value per
** lane along axis 0.  How an operation treats the extra axis is decided by its class, never here (ops_batch). */
#include "transform/lanes.h"

#include <string.h>

typedef struct {
    Func *func;
    bool *out;        /* which results have lanes */
    const Dim *lanes; /* as it is called in there */
    bool whole, promised;
} Made;

static const Made *vmap_of(Module *, const Func *, const bool *batched, const Dim *lanes, const char *name, bool force);

static bool is_own_collective(const Inst *in, const char *name) {
    return name && op_class(in->op) == CLASS_COLLECTIVE && !strcmp(in->attrs->name, name);
}

static void spread(Marks *m, const Inst *in) {
    if (in->op == OP_size && dim_is_marked(m, in->attrs->dim)) mark(m, in->results[0]);
    bool any = any_marked(m, in->args, in->nargs);
    if (is_own_collective(in, m->name)) {
        if (collective_spreads(in->op)) mark(m, in->results[0]);
        return;
    }
    if (in->op == OP_bind_size && any) mark_sizes(m, &in->attrs->binds);
    any |= ragged_spreads(m, in);
    if (!any && !(m->name && in->nregions == 0 && speaks_of(in, m->name))) return;
    const bool *out = is_call(in) ? marked_by_call(m, MEMO_LANES, in) : NULL;
    for (int i = 0; i < in->nresults; i++)
        if (out ? out[i] : in->op != OP_barrier || m->at[in->args[i]->id]) mark(m, in->results[i]);
}

Marks marks_of_lanes(Module *m, const Func *f, const char *name) { return marks_new(m, f, spread, name); }

Value *broadcast_lanes(Vmap *w, Value *x) {
    int64_t map[MAX_RANK];
    for (int i = 0; i < x->type->rank; i++) map[i] = i + 1;
    return ir_broadcast(&w->b, x, type_with_lead(w->m->cx, x->type, w->lanes), map);
}

Value *with_lanes(Vmap *w, const Value *old) {
    Value *x = lanes_value(w, old);
    return has_lanes(w, old) ? x : broadcast_lanes(w, x);
}

const Type *type_lanes(Vmap *w, const Value *old) {
    return has_lanes(w, old) ? type_with_lead(w->m->cx, old->type, w->lanes) : old->type;
}

Value *mask_like(Vmap *w, Value *mask, const Type *type) {
    return ir_broadcast(&w->b, mask, type_with_dtype(w->m->cx, type, DT_bool), &(int64_t){ 0 });
}

/* The number of lanes as a function made by vmap knows it: a number, or its last size parameter. */
static Dims call_sizes(Vmap *w, Dims sizes) {
    if (dim_is_int(w->lanes, NULL)) return sizes;
    const Dim **at = NEW_ARRAY(w->arena, const Dim *, sizes.n + 1);
    for (int i = 0; i < sizes.n; i++) at[i] = sizes.at[i];
    at[sizes.n] = w->lanes;
    return (Dims){ sizes.n + 1, at };
}

/* Lanes of what is stacked by shard stand behind the axis of the shards. */
static Value *behind_shards(Vmap *w, Value *x) {
    int64_t perm[MAX_RANK];
    for (int i = 0; i < x->type->rank; i++) perm[i] = i < 2 ? 1 - i : i;
    return ir_transpose(&w->b, x, perm);
}

static void walk_call(Vmap *w, const Inst *in) {
    Span span = in->origin ? in->origin->span : (Span){ 0 };
    if (w->active && inst_effect(in) == EFFECT_ORDERED) /* others are inlined; a function that calls itself cannot be */
        diag(w->m->cx, span, "%s writes something, calls itself, and runs in some lanes of vmap only",
             in->attrs->callee->title);
    bool *batched = bools_new(w->arena, in->nargs);
    CallArgs args = { 0 };
    for (int i = 0; i < in->nargs; i++) {
        Value *x = lanes_value(w, in->args[i]);
        batched[i] = has_lanes(w, in->args[i]);
        call_arg(w->arena, &args, batched[i] && is_mapped(in, i) ? behind_shards(w, x) : x, is_mapped(in, i));
    }
    const Made *made = vmap_of(w->m, in->attrs->callee, batched, w->lanes, w->name, false);
    const Inst *call = call_like(&w->b, in, made->func, &args, call_sizes(w, in->attrs->sizes), in->attrs->binds);
    for (int i = 0; i < in->nresults; i++)
        w->value.at[in->results[i]->id] =
            in->op == OP_pmap && made->out[i] ? behind_shards(w, call->results[i]) : call->results[i];
}

static Func *all_batched(Vmap *w, Func *f) {
    if (!f) return NULL;
    bool *batched = bools_new(w->arena, f->body->nparams);
    for (int i = 0; i < f->body->nparams; i++) batched[i] = true;
    return vmap_of(w->m, f, batched, w->lanes, w->name, true)->func;
}

/* The rules that travel on a call are batched with it, all their values having lanes. */
static void walk_custom(Vmap *w, const Inst *in) {
    Values args = { 0 };
    for (int i = 0; i < in->nargs; i++) PUSH(w->arena, &args, with_lanes(w, in->args[i]));
    Attrs attrs = *in->attrs;
    attrs.callee = all_batched(w, attrs.callee);
    attrs.rule = all_batched(w, attrs.rule);
    attrs.backward = all_batched(w, attrs.backward);
    attrs.sizes = call_sizes(w, attrs.sizes);
    const Inst *call = emit_inst(&w->b, in->op, args.at, args.n, &attrs);
    for (int i = 0; i < in->nresults; i++) w->value.at[in->results[i]->id] = call->results[i];
}

static void walk_plain(Vmap *w, const Inst *in) {
    Batch d = { .b = &w->b, .in = in, .lanes = w->lanes };
    d.x = values_new(w->arena, in->nargs);
    d.each = bools_new(w->arena, in->nargs);
    d.y = values_new(w->arena, in->nresults);
    d.y_each = bools_new(w->arena, in->nresults);
    for (int i = 0; i < in->nargs; i++) {
        d.x[i] = lanes_value(w, in->args[i]);
        d.each[i] = has_lanes(w, in->args[i]);
    }
    ops_batch(&d);
    for (int i = 0; i < in->nresults; i++)
        w->value.at[in->results[i]->id] =
            d.y_each[i] || !has_lanes(w, in->results[i]) ? d.y[i] : broadcast_lanes(w, d.y[i]);
}

/* Something that happens in order, and where not all lanes are, for some of them only.  Files and clocks are read once. */
static bool is_masked(const Vmap *w, const Inst *in) {
    return w->active && inst_effect(in) == EFFECT_ORDERED && (op_class(in->op) != CLASS_EFFECT || in->op == OP_print);
}

/* The others would wait for ever, or (between lanes) have nothing to give. */
static void refuse_in_some_lanes(Vmap *w, const Inst *in) {
    if (op_class(in->op) != CLASS_COLLECTIVE && !is_call(in)) return; /* it is met again inside */
    diag(w->m->cx, in->origin ? in->origin->span : (Span){ 0 }, "%s runs in some lanes of vmap only",
         is_call(in) ? arena_text(w->arena, "a collective in %s", in->attrs->callee->title) : op_name(in->op));
    note(w->m->cx, "the condition of the branch or loop around it differs from lane to lane; all must take part");
}

static void walk_inst(Vmap *w, const Inst *in) {
    bool any = any_marked(&w->batched, in->args, in->nargs) || reads_marked(&w->batched, in) ||
               decision_is_marked(&w->batched, in) || any_marked(&w->batched, in->results, in->nresults);
    bool masked = is_masked(w, in);
    bool speaks = w->name && speaks_of(in, w->name);
    if (w->active && in->op != OP_pmap && speaks_of(in, NULL)) refuse_in_some_lanes(w, in);
    if (vmap_ragged(w, in)) return;
    if (!any && !masked && !speaks) {
        w->b.origin = NULL;
        copy_inst(&w->b, in, &w->value, &w->no_sizes, false);
        return;
    }
    w->b.origin = origin_made(w->b.cx->arena, in->origin, "vmap");
    if (masked && in->op == OP_print) {
        vmap_print(w, in);
        return;
    }
    if (is_own_collective(in, w->name)) {
        vmap_collective(w, in);
        return;
    }
    switch (in->op) {
    case OP_call:
    case OP_pmap: walk_call(w, in); break;
    case OP_custom_jvp_call:
    case OP_custom_vjp_call:
    case OP_linear_call: walk_custom(w, in); break;
    case OP_cond: vmap_cond(w, in); break;
    case OP_for: vmap_for(w, in); break;
    case OP_while: vmap_while(w, in); break;
    case OP_bind_size: vmap_bind_size(w, in); break;
    case OP_size: w->value.at[in->results[0]->id] = own_size(w, in->attrs->dim); break;
    default: walk_plain(w, in);
    }
}

void vmap_block(Vmap *w, const Block *block) {
    if (w->sharding) {
        shard_block(w, block);
        return;
    }
    for (const Inst *in = block->first; in; in = in->next) walk_inst(w, in);
}

/* An empty function; where the number of lanes is known at run time only it is one more size. */
static Made *made_new(Module *m, const Func *f, const Dim *lanes) {
    Made *made = NEW(m->arena, Made);
    made->func = func_like(m, f, "vmap");
    made->out = bools_new(m->arena, f->body->nresults);
    made->lanes = lanes;
    if (dim_is_int(lanes, NULL)) return made;
    const SizeVar **sizes = NEW_ARRAY(m->arena, const SizeVar *, f->sizes.n + 1);
    for (int i = 0; i < f->sizes.n; i++) sizes[i] = f->sizes.at[i];
    sizes[f->sizes.n] = size_var(m->cx, "lanes", f->origin ? f->origin->span : (Span){ 0 });
    made->func->sizes = (Sizes){ f->sizes.n + 1, sizes };
    made->lanes = dim_var(m->cx, sizes[f->sizes.n]);
    return made;
}

static void vmap_make(Made *made, Module *m, const Func *f, const bool *batched, const char *name, bool force) {
    f = with_calls_bared(m, f);
    const Block *body = f->body;
    Vmap w = { .m = m,
               .arena = m->arena,
               .b = builder_new(made->func),
               .value = value_map_new(m->arena, f),
               .lanes = made->lanes,
               .name = name };
    w.batched = marks_new(m, f, spread, name);
    for (int i = 0; i < body->nparams; i++)
        if (batched[i]) mark(&w.batched, body->params[i]);
    marks_block(&w.batched, body);
    for (int i = 0; i < body->nparams; i++)
        w.value.at[body->params[i]->id] = block_param(made->func->body, type_lanes(&w, body->params[i]));
    vmap_block(&w, body);
    Values results = { 0 };
    for (int i = 0; i < body->nresults; i++) {
        if (ragged_result(&w, body->results[i])) refuse_ragged(m->cx, body->results[i]->def);
        made->out[i] = force || has_lanes(&w, body->results[i]);
        PUSH(m->arena, &results, made->out[i] ? with_lanes(&w, body->results[i]) : lanes_value(&w, body->results[i]));
    }
    block_return(&w.b, results.at, results.n);
    clean_made(m, made->func);
    made->whole = true;
}

/* A function that is met while its vmap is made calls itself. */
static void promise(Made *made, Module *m, const Func *f, const bool *batched, const char *name, bool force) {
    if (made->promised) return;
    made->promised = true;
    const bool *out = marked_results(m, MEMO_LANES, f, batched, spread, name);
    for (int i = 0; i < f->body->nresults; i++) {
        const Type *type = f->body->results[i]->type;
        made->out[i] = force || out[i];
        promise_result(made->func, made->out[i] ? type_with_lead(m->cx, type, made->lanes) : type);
    }
}

static const Made *vmap_of(Module *m, const Func *f, const bool *batched, const Dim *lanes, const char *name,
                           bool force) {
    int64_t number = -1;
    dim_is_int(lanes, &number);
    MemoKey key = { .kind = MEMO_VMAP,
                    .func = f,
                    .mask = batched,
                    .nmask = f->body->nparams,
                    .number = 2 * number + force,
                    .name = name };
    Made *made = memo_get(m, &key);
    if (made && !made->whole) promise(made, m, f, batched, name, force);
    if (made) return made;
    made = made_new(m, f, lanes);
    memo_set(m, &key, made);
    vmap_make(made, m, f, batched, name, force);
    return made;
}

Func *transform_vmap(Module *m, const Func *f, const bool *batched, const Dim *lanes, bool force, bool *batched_out) {
    return transform_vmap_named(m, f, batched, lanes, NULL, force, batched_out);
}

Func *transform_vmap_named(Module *m, const Func *f, const bool *batched, const Dim *lanes, const char *name,
                           bool force, bool *batched_out) {
    const Made *made = vmap_of(m, f, batched, lanes, name, force);
    for (int i = 0; i < f->body->nresults; i++) batched_out[i] = made->out[i];
    return made->func;
}
