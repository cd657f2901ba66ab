/* branches: a run-time `if`, and the merge of what its sides wrote.
**
** Both sides run from the same state, each into a block of its own.  Every place and object that either wrote is merged
** leaf by leaf: equal statics stay static, unequal numbers become run-time numbers, arrays of one shape promote.  What
** does not merge is an error where it is used. */
#include "elaborate/loops.h"

#include <string.h>

typedef struct {
    Elab *e;
    Block *block[2];
    bool fill;    /* a missing side may have any value */
    bool loop;    /* a loop that may not run: what only it gives a value has one if it ran */
    int returned; /* 1 or 2: that side has returned, the other not */
    struct {
        Value **at;
        int n, cap;
    } out[2];
    struct {
        Py *at;
        int n, cap;
    } leaves; /* what result i becomes a part of */
    Value *c; /* as it is outside */
    Span span;
} Merge;

static Py merge_values(Merge *m, Py x, Py y);

static Py apart(Merge *m, Py x, Py y) {
    Py a = py_new(m->e, PY_APART);
    a->apart.left = x;
    a->apart.right = y;
    a->apart.at = m->span;
    return a;
}

/* One result of the `if`: the leaf gets its value when the instruction is made. */
static void result(Merge *m, Py leaf, Value *x, Value *y) {
    PUSH(m->e->arena, &m->out[0], x);
    PUSH(m->e->arena, &m->out[1], y);
    PUSH(m->e->arena, &m->leaves, leaf);
}

static Py merge_numbers(Merge *m, Py x, Py y) {
    Elab *e = m->e;
    NumberKind kx = py_number_kind(x), ky = py_number_kind(y), k = kx > ky ? kx : ky;
    Value *v[2];
    Py side[2] = { x, y };
    for (int i = 0; i < 2; i++) {
        builder_enter(e->b, m->block[i]);
        v[i] = scalar_value(e, side[i], k);
        builder_leave(e->b);
    }
    Py r = py_new(e, PY_SCALAR);
    r->scalar.number = k;
    result(m, r, v[0], v[1]);
    return r;
}

static Py merge_arrays(Merge *m, Py x, Py y) {
    Elab *e = m->e;
    Kind k = promote(e, kind_of(e, x), kind_of(e, y));
    Value *v[2];
    Py side[2] = { x, y };
    for (int i = 0; i < 2; i++) {
        builder_enter(e->b, m->block[i]);
        v[i] = as_kind(e, side[i], k);
        builder_leave(e->b);
    }
    bool keys = x->kind == PY_ARRAY && y->kind == PY_ARRAY && x->array.key != y->array.key;
    if (v[0]->type != v[1]->type || keys) return apart(m, x, y);
    Py r = py_new(e, PY_ARRAY);
    r->array.flavour = k.flavour;
    r->array.weak = k.weak;
    r->array.key = x->kind == PY_ARRAY && x->array.key;
    result(m, r, v[0], v[1]);
    return r;
}

static Py filler(Elab *e, Py x);

static Py filler_grown(Elab *e, Py x) {
    const Growing *g = x->contents->grown;
    Py *stacked = NEW_ARRAY(e->arena, Py, g->nstacked + 1), r = py_new(e, PY_LIST);
    for (int k = 0; k < g->nstacked; k++) stacked[k] = filler(e, g->stacked[k]);
    r->contents = growing_with(e, g, stacked);
    return r;
}

/* The same structure with zeros, made in the block of the side that has no value. */
static Py filler(Elab *e, Py x) {
    switch (x->kind) {
    case PY_SCALAR: {
        Value *zero = ir_fill(e->b, type_scalar(e->cx, number_dtype(x->scalar.number)), 0);
        return py_scalar(e, x->scalar.number, zero);
    }
    case PY_ARRAY: {
        Py r = py_new(e, PY_ARRAY);
        r->array = x->array;
        r->array.value = ir_fill(e->b, x->array.value->type, 0);
        return r;
    }
    case PY_TUPLE:
    case PY_LIST:
    case PY_DICT:
    case PY_OBJECT: {
        if (list_grows(x)) return filler_grown(e, x);
        Contents *c = NEW(e->arena, Contents);
        *c = *contents_of(e, x);
        Py r = py_new(e, x->kind);
        r->cls = x->cls;
        r->contents = c;
        c->at = NEW_ARRAY(e->arena, Py, c->n + 1);
        for (int i = 0; i < c->n; i++) c->at[i] = filler(e, x->contents->at[i]);
        return r;
    }
    default: return x;
    }
}

static Py filled(Merge *m, Py x, int missing) {
    builder_enter(m->e->b, m->block[missing]);
    Py zero = filler(m->e, x);
    builder_leave(m->e->b);
    return missing ? merge_values(m, x, zero) : merge_values(m, zero, x);
}

/* One side appended to a list: whether the new items are there is known at run time.  Such a list cannot be read, but a
** loop that fills it makes a list that grows of it. */
static Contents *merge_lengths(Merge *m, const Contents *a, const Contents *b) {
    Elab *e = m->e;
    int side = a->n < b->n;
    const Contents *shorter = side ? a : b, *longer = side ? b : a;
    for (int i = 0; i < shorter->n; i++)
        if (shorter->at[i] != longer->at[i]) return NULL;
    Contents *c = NEW(e->arena, Contents);
    c->epoch = -1;
    for (int i = 0; i < shorter->n; i++) contents_push(e, c, NULL, longer->at[i]);
    for (int i = shorter->n; i < longer->n; i++) {
        Py x = longer->at[i], maybe = py_new(e, PY_APART);
        bool known = x->kind != PY_APART || !x->apart.holds;
        Value *here = side ? ir_not(e->b, m->c) : m->c;
        maybe->apart.left = maybe->apart.right = e->unbound;
        maybe->apart.holds = known ? py_scalar(e, NUMBER_BOOL, here) : filled(m, x->apart.holds, !side);
        maybe->apart.value = filled(m, known ? x : x->apart.value, !side);
        contents_push(e, c, NULL, maybe);
    }
    Py left = py_new(e, PY_LIST), right = py_new(e, PY_LIST);
    left->contents = arena_copy(e->arena, a, sizeof *a);
    right->contents = arena_copy(e->arena, b, sizeof *b);
    c->apart = apart(m, left, right);
    return c;
}

/* What two sides disagreed on before stays so, but for a list to which one side may have appended. */
static bool no_contents(const Contents *a, const Contents *b) { return a->apart && (!a->n || a->n == b->n); }

static const Contents *contents_read(Merge *m, Py x) { return list_grows(x) ? x->contents : contents_of(m->e, x); }

/* A list of which only one side knows that its items are stacked, item by item, if it is known how many there are. */
static const Contents *spread_in(Merge *m, const Contents *c, int side) {
    if (!c->grown || !dim_is_int(c->grown->count, NULL)) return c;
    builder_enter(m->e->b, m->block[side]);
    c = growing_spread(m->e, c);
    builder_leave(m->e->b);
    return c;
}

static Contents *merge_grown(Merge *m, const Growing *a, const Growing *b) {
    Py *stacked = NEW_ARRAY(m->e->arena, Py, a->nstacked + 1);
    for (int k = 0; k < a->nstacked; k++) {
        stacked[k] = merge_values(m, a->stacked[k], b->stacked[k]);
        if (stacked[k]->kind != PY_ARRAY) return NULL;
    }
    return growing_with(m->e, a, stacked);
}

/* Contents of one object, or of two made alike; NULL where their structures differ. */
static Contents *merge_contents(Merge *m, const Contents *a, const Contents *b) {
    Elab *e = m->e;
    if (no_contents(a, b) || no_contents(b, a)) return NULL;
    if (a->grown && b->grown && growing_alike(e, a->grown, b->grown)) return merge_grown(m, a->grown, b->grown);
    a = spread_in(m, a, 0);
    b = spread_in(m, b, 1);
    if (a->grown || b->grown) return NULL;
    if (!a->keys && !b->keys && a->n != b->n) return merge_lengths(m, a, b);
    Contents *c = NEW(e->arena, Contents);
    c->epoch = -1;
    for (int i = 0; i < a->n; i++) {
        int at = a->keys ? contents_find(e, b, a->keys[i]) : i;
        contents_push(e, c, a->keys ? a->keys[i] : NULL, merge_values(m, a->at[i], at < 0 ? e->unbound : b->at[at]));
    }
    for (int i = 0; b->keys && i < b->n; i++)
        if (!a->keys || contents_find(e, a, b->keys[i]) < 0)
            contents_push(e, c, b->keys[i], merge_values(m, e->unbound, b->at[i]));
    return c;
}

static Py merge_texts(Merge *m, Py x, Py y);

/* The values in a text of one side are results of the `if` too. */
static Py export_text(Merge *m, Py text, int side) {
    Elab *e = m->e;
    if (text->kind == PY_STR) return text;
    Py r = py_new(e, PY_TEXT);
    r->text.nparts = text->text.nparts;
    r->text.part = arena_copy(e->arena, text->text.part, sizeof *text->text.part * (size_t)text->text.nparts);
    for (int i = 0; i < r->text.nparts; i++) {
        struct TextPart *p = &r->text.part[i];
        if (p->value) p->value = filled(m, p->value, !side);
        if (p->each) p->each = filled(m, p->each, !side);
        if (p->left) {
            p->left = export_text(m, p->left, side);
            p->right = export_text(m, p->right, side);
            p->which = filled(m, p->which, !side);
        }
    }
    return r;
}

static Py merge_texts(Merge *m, Py x, Py y) {
    Py r = py_new(m->e, PY_TEXT);
    r->text.nparts = 1;
    r->text.part = NEW(m->e->arena, struct TextPart);
    r->text.part->which = py_scalar(m->e, NUMBER_BOOL, m->c);
    r->text.part->left = export_text(m, x, 0);
    r->text.part->right = export_text(m, y, 1);
    return r;
}

static bool is_text(Py x) { return x->kind == PY_STR || x->kind == PY_TEXT; }

static Py merge_values(Merge *m, Py x, Py y) {
    Elab *e = m->e;
    if (x->kind == PY_ERROR || y->kind == PY_ERROR) return e->error;
    if (py_equal_static(e, x, y)) return x;
    if (x->kind == PY_UNBOUND && m->fill) return filled(m, y, 0);
    if (y->kind == PY_UNBOUND && m->fill) return filled(m, x, 1);
    if (m->loop && (y->kind == PY_UNBOUND || y->kind == PY_NONE)) {
        Py a = apart(m, x, y);
        a->apart.holds = py_scalar(m->e, NUMBER_BOOL, m->c);
        a->apart.value = filled(m, x, 1);
        return a;
    }
    if (py_is_number(x) && py_is_number(y)) return merge_numbers(m, x, y);
    bool nx = py_is_number(x) || x->kind == PY_ARRAY, ny = py_is_number(y) || y->kind == PY_ARRAY;
    if (nx && ny) return merge_arrays(m, x, y);
    if (is_text(x) && is_text(y)) return merge_texts(m, x, y);
    if (x->kind != y->kind || x->cls != y->cls) return apart(m, x, y);
    switch (x->kind) {
    case PY_TUPLE:
    case PY_LIST:
    case PY_DICT:
    case PY_OBJECT: {
        Contents *c = merge_contents(m, contents_read(m, x), contents_read(m, y));
        if (!c) return apart(m, x, y);
        Py r = py_new(e, x->kind);
        r->cls = x->cls;
        r->contents = c;
        return r;
    }
    case PY_SLICE:
    case PY_RANGE: {
        Py r = py_new(e, x->kind);
        r->slice.start = merge_values(m, x->slice.start, y->slice.start);
        r->slice.stop = merge_values(m, x->slice.stop, y->slice.stop);
        r->slice.step = merge_values(m, x->slice.step, y->slice.step);
        return r;
    }
    case PY_METHOD: {
        if (!py_equal_static(e, x->method.function, y->method.function)) return apart(m, x, y);
        return py_method(e, x->method.function, merge_values(m, x->method.self, y->method.self));
    }
    default: return apart(m, x, y);
    }
}

static const Written *written(const Writings *w, const void *key) {
    for (int i = 0; i < w->n; i++)
        if ((w->at[i].place ? (void *)w->at[i].place : (void *)w->at[i].object) == key) return &w->at[i];
    return NULL;
}

typedef struct {
    Place *place;
    Py object, value;
    Contents *contents;
    Span span;
} Merged;

typedef struct {
    Merged *at;
    int n, cap;
} Merges;

/* A variable of the running function that nothing else can see: once it has returned, what it holds does not matter. */
static bool is_private(Elab *e, const Place *p) {
    Env *env = e->frame->env;
    if (!p->name || !env->scope || map_get(&env->places, p->name) != p) return false;
    NodeKind kind = env->scope->node->kind;
    Symbol *s = symbol_in(env->scope, p->name);
    return s && s->binding == BINDING_LOCAL && (kind == NODE_FunctionDef || kind == NODE_Lambda);
}

static void merge_written(Merge *m, const Writings *mine, const Writings *other, bool swapped, Merges *out) {
    Elab *e = m->e;
    for (int i = 0; i < mine->n; i++) {
        const Written *w = &mine->at[i];
        const Written *v = written(other, w->place ? (void *)w->place : (void *)w->object);
        if (v && swapped) continue; /* merged already */
        void *x = w->after, *y = v ? v->after : w->before;
        bool unbound = w->place && ((Py)w->before)->kind == PY_UNBOUND; /* nothing of it is in what they merge to */
        if (!v && w->place && !w->place->optional && !unbound) note_read(e, w->place, w->place->written);
        if (swapped) {
            void *t = x;
            x = y;
            y = t;
        }
        Merged r = { .place = w->place, .object = w->object, .span = w->span };
        bool fill = m->fill;
        if (w->place) {
            m->fill |= w->place->optional;
            if (m->returned && is_private(e, w->place))
                r.value = filled(m, m->returned == 1 ? y : x, m->returned - 1);
            else
                r.value = merge_values(m, x, y);
        } else {
            r.contents = merge_contents(m, x, y);
            if (!r.contents) {
                r.contents = NEW(e->arena, Contents);
                Py left = py_new(e, w->object->kind), right = py_new(e, w->object->kind);
                left->contents = x;
                right->contents = y;
                r.contents->apart = apart(m, left, right);
            }
        }
        m->fill = fill;
        PUSH(e->arena, out, r);
    }
}

static void run_branch(Elab *e, Value *c, Side yes, Side no, void *data, bool loop, Span span) {
    Merge m = { .e = e, .c = c, .loop = loop, .span = span };
    Writings w[2];
    bool never[2];
    int state[2];
    bool abandoned = e->abandoned;
    int gone = 0;
    e->abandoned = false;
    c = value_here(e, c);
    for (int i = 0; i < 2; i++) {
        int mark = journal_mark(e);
        m.block[i] = block_new(e->tracing->func, NULL);
        builder_enter(e->b, m.block[i]);
        e->branches++;
        (i ? no : yes)(e, data);
        e->branches--;
        state[i] = state_of(e);
        never[i] = e->abandoned || state[i] == STATE_NEVER;
        gone += e->abandoned;
        e->abandoned = false;
        builder_leave(e->b);
        w[i] = journal_take(e, mark);
    }
    /* block[0] is the side where c holds */
    Merges all = { 0 };
    if (never[0] != never[1]) {
        /* what the side that ends the program wrote does not matter: the other's writes stand */
        int live = never[0];
        m.fill = true;
        for (int i = 0; i < w[live].n; i++) {
            Written *x = &w[live].at[i];
            Merged r = { .place = x->place, .object = x->object, .span = x->span };
            if (x->place) {
                r.value = filled(&m, x->after, !live);
            } else if (((Contents *)x->after)->grown) {
                Py list = py_new(e, PY_LIST);
                list->contents = x->after;
                r.contents = filled(&m, list, !live)->contents;
            } else {
                Contents *after = x->after, *zero = NEW(e->arena, Contents);
                *zero = *after;
                zero->at = NEW_ARRAY(e->arena, Py, after->n + 1);
                for (int k = 0; k < after->n; k++) zero->at[k] = e->unbound;
                r.contents = live ? merge_contents(&m, zero, after) : merge_contents(&m, after, zero);
            }
            PUSH(e->arena, &all, r);
        }
    } else {
        bool back[2] = { state[0] == STATE_RETURN, state[1] == STATE_RETURN };
        if (back[0] != back[1]) m.returned = back[0] ? 1 : 2;
        merge_written(&m, &w[0], &w[1], false, &all);
        merge_written(&m, &w[1], &w[0], true, &all);
    }
    e->abandoned = abandoned || gone == 2;
    bool empty = !m.block[0]->first && !m.block[1]->first && !m.leaves.n;
    if (!empty) {
        for (int i = 0; i < 2; i++) {
            builder_enter(e->b, m.block[i]);
            block_return(e->b, m.out[i].at, m.out[i].n);
            builder_leave(e->b);
        }
        Block *regions[2] = { m.block[1], m.block[0] };
        Inst *in = emit_region(e->b, OP_cond, &c, 1, &no_attrs, regions, 2);
        for (int i = 0; i < m.leaves.n; i++) {
            Py leaf = m.leaves.at[i];
            if (leaf->kind == PY_SCALAR)
                leaf->scalar.value = in->results[i];
            else
                leaf->array.value = in->results[i];
        }
    }
    for (int i = 0; i < all.n; i++) {
        Merged *r = &all.at[i];
        if (r->place) {
            place_set(e, r->place, r->value, r->span);
        } else {
            Contents *to = contents_change(e, r->object);
            int epoch = to->epoch;
            *to = *r->contents;
            to->epoch = epoch;
        }
    }
}

void branch(Elab *e, Value *c, Side yes, Side no, void *data, Span span) {
    run_branch(e, c, yes, no, data, false, span);
}

static void nothing(Elab *e, void *data) { (void)e, (void)data; }

void branch_loop(Elab *e, Value *c, Side loop, void *data, Span span) {
    run_branch(e, c, loop, nothing, data, true, span);
}
