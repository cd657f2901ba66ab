/* shard: the function of a pmap as a process runs it, for its block of the shards.
**
** A value that differs between shards becomes the stack of those of the block; what is the same for all stays what it is.
** The body is cut at its collectives: each piece is a loop over the shards of the block, whose rounds do what one shard does,
** in the shapes of one shard, so that the digits do not depend on how the shards are dealt out.  Between the pieces stand the
** collectives, on stacks, and the branches and loops that hold collectives, which all shards must go through together. */
#include "transform/sharding.h"

#include <string.h>

typedef enum { TURN_PIECE, TURN_ONCE, TURN_COLLECTIVE, TURN_TOGETHER } Turn;

static Turn turn_of(const Vmap *w, const Inst *in) {
    if (op_class(in->op) == CLASS_COLLECTIVE || in->op == OP_print) return TURN_COLLECTIVE;
    if (speaks_of(in, w->name)) return TURN_TOGETHER;
    if (any_marked(&w->batched, in->args, in->nargs) || reads_marked(&w->batched, in) ||
        any_marked(&w->batched, in->results, in->nresults) || decision_is_marked(&w->batched, in))
        return TURN_PIECE;
    bool from_outside = in->op == OP_time || in->op == OP_load || in->op == OP_flag || in->op == OP_argument ||
                        in->op == OP_argument_count || in->op == OP_environment;
    return inst_effect(in) == EFFECT_ORDERED && !from_outside ? TURN_PIECE : TURN_ONCE;
}

/* Whoever has a part in a piece is run for each shard, so all that it gives differs, as far as anybody knows. */
static void mark_pieces(Vmap *w, const Block *block) {
    for (const Inst *in = block->first; in; in = in->next) {
        Turn turn = turn_of(w, in);
        for (int i = 0; i < in->nresults && turn == TURN_PIECE; i++) mark(&w->batched, in->results[i]);
        for (int r = 0; r < in->nregions && turn == TURN_TOGETHER; r++) mark_pieces(w, in->regions[r]);
    }
}

static void find_what_differs(Vmap *w, const Block *body) {
    do {
        marks_block(&w->batched, body);
        w->batched.any = false;
        mark_pieces(w, body);
    } while (w->batched.any);
}

/* Pieces are numbered, then it is seen what leaves them. */

static void put_in_piece(Vmap *w, const Block *b, int piece) {
    for (int i = 0; i < b->nparams; i++) w->sharding->made_in[b->params[i]->id] = piece;
    for (const Inst *in = b->first; in; in = in->next) {
        for (int i = 0; i < in->nresults; i++) w->sharding->made_in[in->results[i]->id] = piece;
        for (int r = 0; r < in->nregions; r++) put_in_piece(w, in->regions[r], piece);
    }
}

/* A sum that is not begun yet. */
static bool joins_others(const Sharding *s, const Inst *in) { return map_get(&s->bucket, in) && !is_begun_at(s, in); }

static void number_pieces(Vmap *w, const Block *block) {
    Sharding *s = w->sharding;
    int piece = ++s->npieces, heavy = 0; /* heavy: the last with work in it that is worth waiting behind */
    collectives_plan(w, block);
    for (const Inst *in = block->first; in; in = in->next) {
        Turn turn = turn_of(w, in);
        if (plan_waits(w, in) && piece == heavy) {
            map_set(&s->cut, in, s);
            piece = ++s->npieces;
        }
        if (turn == TURN_PIECE && !is_light(in)) heavy = piece;
        switch (turn) {
        case TURN_PIECE:
            map_set(&s->piece, in, (void *)(intptr_t)piece);
            for (int i = 0; i < in->nresults; i++) s->made_in[in->results[i]->id] = piece;
            for (int r = 0; r < in->nregions; r++) put_in_piece(w, in->regions[r], piece);
            break;
        case TURN_ONCE:
            if (inst_effect(in) == EFFECT_ORDERED) piece = ++s->npieces;
            break;
        case TURN_TOGETHER:
            for (int r = 0; r < in->nregions; r++) number_pieces(w, in->regions[r]);
            piece = ++s->npieces;
            break;
        case TURN_COLLECTIVE:
            if (!joins_others(s, in)) piece = ++s->npieces;
            break;
        }
    }
}

static void see_reads(Sharding *s, Value *const *v, int n, int piece) {
    for (int i = 0; i < n; i++)
        if (s->made_in[v[i]->id] && s->made_in[v[i]->id] != piece) s->leaves[v[i]->id] = true;
}

static void see_what_leaves(Sharding *s, const Block *block, int piece) {
    for (const Inst *in = block->first; in; in = in->next) {
        int own = piece ? piece : (int)(intptr_t)map_get(&s->piece, in);
        see_reads(s, in->args, in->nargs, own);
        for (int r = 0; r < in->nregions; r++) see_what_leaves(s, in->regions[r], own);
    }
    see_reads(s, block->results, block->nresults, piece);
}

/* One piece. */

typedef struct {
    const Inst **at;
    int n, cap;
} Insts;

/* The stacks that the instructions read, each once. */
static Values stacks_read(Vmap *w, const Insts *piece, int number) {
    Values read = { 0 };
    bool *seen = bools_new(w->arena, piece->at[0]->block->func->nvalues);
    for (int i = 0; i < piece->n; i++) {
        Values all = free_values(w->arena, piece->at[i]);
        for (int k = 0; k < piece->at[i]->nargs; k++) PUSH(w->arena, &all, piece->at[i]->args[k]);
        for (int k = 0; k < all.n; k++) {
            const Value *v = all.at[k];
            if (seen[v->id] || !has_lanes(w, v) || w->sharding->made_in[v->id] == number) continue;
            seen[v->id] = true;
            PUSH(w->arena, &read, all.at[k]);
        }
    }
    return read;
}

/* What is as long as this shard says cannot be stacked with the others'. */
static void refuse_own_sizes(Vmap *w, const Insts *piece, const Value *v) {
    for (int i = 0; i < piece->n; i++)
        for (int k = 0; k < piece->at[i]->attrs->binds.n; k++)
            for (int a = 0; a < v->type->rank; a++) {
                if (!dim_mentions(v->type->dim[a], piece->at[i]->attrs->binds.at[k])) continue;
                const Origin *o = piece->at[i]->origin;
                diag(w->m->cx, o ? o->span : (Span){ 0 },
                     "a size that each shard of pmap finds for itself is that of an array which a collective, or what "
                     "follows one, reads");
                return;
            }
}

static void flush(Vmap *w, Insts *piece) {
    if (!piece->n) return;
    Sharding *s = w->sharding;
    int number = (int)(intptr_t)map_get(&s->piece, piece->at[0]);
    Values read = stacks_read(w, piece, number), args = { 0 }, results = { 0 }, leaving = { 0 };
    bool happens = false, ordered = false;
    for (int i = 0; i < read.n; i++) PUSH(w->arena, &args, lanes_value(w, read.at[i]));
    Block *body = block_new(w->b.func, NULL);
    block_param(body, type_scalar(w->m->cx, DT_i64));
    for (int i = 0; i < read.n; i++)
        w->value.at[read.at[i]->id] = block_param(body, type_without_lead(w->m->cx, args.at[i]->type));
    builder_enter(&w->b, body);
    for (int i = 0; i < piece->n; i++) {
        const Inst *in = piece->at[i];
        copy_inst(&w->b, in, &w->value, &w->no_sizes, false);
        happens |= inst_effect(in) != EFFECT_NONE;
        ordered |= inst_effect(in) == EFFECT_ORDERED;
        for (int k = 0; k < in->nresults; k++) {
            if (!s->leaves[in->results[k]->id]) continue;
            refuse_own_sizes(w, piece, in->results[k]);
            PUSH(w->arena, &leaving, in->results[k]);
            PUSH(w->arena, &results, lanes_value(w, in->results[k]));
        }
    }
    block_return(&w->b, results.at, results.n);
    builder_leave(&w->b);
    for (int i = 0; i < read.n; i++) w->value.at[read.at[i]->id] = args.at[i];
    Attrs *attrs = arena_copy(w->arena, attrs_loop(w->arena, w->lanes, 0, false), sizeof *attrs);
    attrs->own = ordered;
    if (results.n || happens) {
        const Inst *loop = emit_region(&w->b, OP_for, args.at, args.n, attrs, &body, 1);
        for (int i = 0; i < leaving.n; i++) w->value.at[leaving.at[i]->id] = loop->results[i];
    }
    piece->n = 0;
}

/* Collectives. */

static const Type *with_first_axis(Vmap *w, const Type *t, const Dim *d) {
    return type_with_lead(w->m->cx, type_without_lead(w->m->cx, t), d);
}

/* The part of [shards, ...] that belongs to the block. */
static Value *own_part(Vmap *w, Value *x) {
    Builder *b = &w->b;
    Value *starts[MAX_RANK];
    x = ir_retype(b, x, with_first_axis(w, x->type, w->sharding->shards), "the axis of the collective");
    for (int i = 0; i < x->type->rank; i++) starts[i] = i ? ir_i64(b, 0) : w->sharding->first;
    return ir_dynamic_slice(b, x, starts, with_first_axis(w, x->type, w->lanes));
}

/* [block, shards, ...]: the axis behind that of the block has a place for each shard. */
static Value *with_own_axis(Vmap *w, Value *x) {
    const Dim *dim[MAX_RANK];
    for (int i = 0; i < x->type->rank; i++) dim[i] = i == 1 ? w->sharding->shards : x->type->dim[i];
    return ir_retype(&w->b, x, type_of(w->m->cx, x->type->dtype, x->type->rank, dim), "the axis of the collective");
}

static Value *times_shards(Vmap *w, Value *x) {
    Value *n = ir_convert(&w->b, ir_size(&w->b, w->sharding->shards), x->type->dtype);
    return ir_mul(&w->b, x, ir_broadcast_scalar(&w->b, n, x->type));
}

static const Inst *begun(Vmap *w, Op op, Value **x, int n) {
    Attrs attrs = no_attrs;
    attrs.dim = w->sharding->shards;
    return emit_inst(&w->b, op, x, n, &attrs);
}

static Value *numbers_of_block(Vmap *w) {
    Builder *b = &w->b;
    const Type *type = type_of(w->m->cx, DT_i32, 1, &w->lanes);
    return ir_add(b, ir_iota(b, type, 0), ir_broadcast_scalar(b, ir_convert(b, w->sharding->first, DT_i32), type));
}

/* Who sends to whom: [shards]. */
static Value *senders(Vmap *w, const Inst *in) {
    Builder *b = &w->b;
    Value *from = lanes_value(w, in->args[1]);
    if (has_lanes(w, in->args[1])) {
        diag(w->m->cx, in->origin ? in->origin->span : (Span){ 0 },
             "who sends to whom in ppermute differs from shard to shard of pmap");
        from = ir_index0(b, from, ir_i64(b, 0));
    }
    return ir_retype(b, from, with_first_axis(w, from->type, w->sharding->shards), "the pairs of ppermute");
}

const Inst *begin_alone(Vmap *w, const Inst *in) {
    Value *x = with_lanes(w, in->args[0]);
    switch (in->op) {
    case OP_all_gather: return begun(w, OP_shard_all, &x, 1);
    case OP_ppermute: return begun(w, OP_shard_permute, (Value *[]){ x, senders(w, in) }, 2);
    case OP_psum_scatter: x = with_own_axis(w, x); return begun(w, OP_shard_scatter, &x, 1);
    default: x = with_own_axis(w, x); return begun(w, OP_shard_exchange, &x, 1); /* what each has for each other one */
    }
}

/* Every shard's, one after another, wherever it is: whoever prints needs them all. */
static void print_all(Vmap *w, const Inst *in) {
    Batch d = { .b = &w->b, .in = in, .lanes = w->sharding->shards };
    d.x = values_new(w->arena, in->nargs);
    d.each = bools_new(w->arena, in->nargs);
    for (int i = 0; i < in->nargs; i++) {
        d.each[i] = has_lanes(w, in->args[i]);
        d.x[i] = lanes_value(w, in->args[i]);
        if (!d.each[i]) continue;
        Attrs attrs = no_attrs;
        attrs.dim = w->sharding->shards;
        d.x[i] = emit(&w->b, OP_shard_gather, &d.x[i], 1, &attrs);
    }
    ops_batch(&d);
}

static void collective(Vmap *w, const Inst *in) {
    if (in->op == OP_print) {
        print_all(w, in);
        return;
    }

    if (map_get(&w->sharding->bucket, in)) {
        if (is_begun_at(w->sharding, in)) begin_bucket(w, in);
        return;
    }
    Value *x = in->nargs ? lanes_value(w, in->args[0]) : NULL, *y = x; /* the largest of equal ones */
    if (in->op == OP_axis_index) y = numbers_of_block(w);
    if (in->op == OP_psum) y = times_shards(w, x);
    if (in->op == OP_psum_scatter) y = own_part(w, times_shards(w, x));
    const Type *type =
        collective_spreads(in->op) ? type_with_lead(w->m->cx, in->results[0]->type, w->lanes) : in->results[0]->type;
    w->value.at[in->results[0]->id] = ir_retype(&w->b, y, type, "the axis of the collective");
}

static void together(Vmap *w, const Inst *in) {
    if (decision_is_marked(&w->batched, in) || in->op == OP_call) {
        diag(w->m->cx, in->origin ? in->origin->span : (Span){ 0 },
             in->op == OP_call ? "a function that calls itself, with collectives in it, cannot be run by pmap"
                               : "a collective runs in some shards of pmap only");
        note(w->m->cx, "the condition of the branch or loop around it differs from shard to shard; all must take part");
        for (int i = 0; i < in->nresults; i++) /* something, to go on with */
            w->value.at[in->results[i]->id] = ir_fill(&w->b, type_lanes(w, in->results[i]), 0);
        return;
    }
    switch (in->op) {
    case OP_cond: vmap_cond(w, in); break;
    case OP_for: vmap_for(w, in); break;
    default: vmap_while(w, in); break;
    }
}

void shard_block(Vmap *w, const Block *block) {
    Insts piece = { 0 };
    for (const Inst *in = block->first; in; in = in->next) {
        Turn turn = turn_of(w, in);
        if (map_get(&w->sharding->cut, in)) flush(w, &piece);
        end_read_by(w, in);
        if (turn == TURN_PIECE) {
            PUSH(w->arena, &piece, in);
            continue;
        }
        if (turn == TURN_COLLECTIVE && joins_others(w->sharding, in)) continue;
        if (turn != TURN_ONCE || inst_effect(in) == EFFECT_ORDERED) flush(w, &piece);
        w->b.origin = in->origin;
        switch (turn) {
        case TURN_COLLECTIVE: collective(w, in); break;
        case TURN_TOGETHER: together(w, in); break;
        default: copy_inst(&w->b, in, &w->value, &w->no_sizes, false);
        }
    }
    flush(w, &piece);
    end_read(w, block->results, block->nresults);
}

static const SizeVar *one_more(Module *m, Func *f, const char *name) {
    const SizeVar **sizes = NEW_ARRAY(m->arena, const SizeVar *, f->sizes.n + 1);
    for (int i = 0; i < f->sizes.n; i++) sizes[i] = f->sizes.at[i];
    sizes[f->sizes.n] = size_var(m->cx, name, f->origin ? f->origin->span : (Span){ 0 });
    f->sizes = (Sizes){ f->sizes.n + 1, sizes };
    return sizes[f->sizes.n - 1];
}

/* How many shards there are, as the function of the pmap says it, or by a size of its own. */
static const Dim *number_of_shards(Module *m, const Inst *pmap, Func *made) {
    const Dim *d = pmap->attrs->dim;
    if (dim_is_int(d, NULL)) return d;
    for (int i = 0; i < pmap->attrs->sizes.n; i++)
        if (pmap->attrs->sizes.at[i] == d) return dim_var(m->cx, made->sizes.at[i]);
    return dim_var(m->cx, one_more(m, made, "shards"));
}

Func *transform_shard(Module *m, const Inst *pmap, bool *stacked) {
    const Func *f = collectives_early(m, with_pmaps_bared(m, pmap->attrs->callee), pmap->attrs->name);
    const Block *body = f->body;
    Func *made = func_like(m, f, "shards");
    Sharding s = { .piece = map_new(m->arena),
                   .cut = map_new(m->arena),
                   .bucket = map_new(m->arena),
                   .made_in = NEW_ARRAY(m->arena, int, f->nvalues + 1),
                   .leaves = bools_new(m->arena, f->nvalues) };
    Vmap w = { .m = m,
               .arena = m->arena,
               .b = builder_new(made),
               .value = value_map_new(m->arena, f),
               .name = pmap->attrs->name,
               .sharding = &s };
    w.lanes = dim_var(m->cx, one_more(m, made, "shards_here"));
    s.shards = number_of_shards(m, pmap, made);
    w.batched = marks_of_lanes(m, f, w.name);
    for (int i = 0; i < body->nparams; i++)
        if (pmap->attrs->mapped.at[i]) mark(&w.batched, body->params[i]);
    find_what_differs(&w, body);
    number_pieces(&w, body);
    see_what_leaves(&s, body, 0);
    for (int i = 0; i < body->nparams; i++)
        w.value.at[body->params[i]->id] = block_param(made->body, type_lanes(&w, body->params[i]));
    s.first = block_param(made->body, type_scalar(m->cx, DT_i64));
    shard_block(&w, body);
    Values results = { 0 };
    for (int i = 0; i < body->nresults; i++) {
        stacked[i] = has_lanes(&w, body->results[i]);
        PUSH(m->arena, &results, lanes_value(&w, body->results[i]));
    }
    block_return(&w.b, results.at, results.n);
    return made;
}
