/* keep: which instructions of a forward block the linear part repeats, and which values are kept for it: a minimum cut.
**
** Every value has a price for keeping it, its bytes written and read back, and every instruction one for repeating it, the
** work it is.  What an instruction reads must be at hand where it is repeated.  Cutting the flow from what can be computed
** to what is needed finds the cheapest choice of all: so a loop keeps what it carries, or less, where the rest follows
** from that by arithmetic, and keeps the results of matrix products.  What is far larger than a cache costs more to keep; so
** a product that is much larger than what it is made of, the scores of attention, is repeated, some rows at a time (blocks.c).
** A size of run time counts as 64. */
#include "transform/split.h"

#include <string.h>

enum { PRICE_OF_BYTE = 8, PRICE_IN_MEMORY = 64, SIZE_OF_RUN_TIME = 64 };
enum { LARGE = 1 << 22 /* bytes */, MUCH_LARGER = 4 /* times */ };
static const int64_t expensive = (int64_t)1 << 44, never = (int64_t)1 << 56;

static int64_t least(int64_t x, int64_t y) { return x < y ? x : y; }

static int64_t estimate(const Dim *);
static int64_t estimate_atom(const Atom *a) {
    if (a->kind == ATOM_VAR) return SIZE_OF_RUN_TIME;
    int64_t x = estimate(a->a), y = estimate(a->b);
    switch (a->kind) {
    case ATOM_FLOORDIV: return y ? x / y : x;
    case ATOM_MOD: return y ? x % y : x;
    case ATOM_MIN: return least(x, y);
    default: return x > y ? x : y;
    }
}
static int64_t estimate(const Dim *d) {
    double sum = 0;
    for (int i = 0; i < d->nterms; i++) {
        double product = (double)d->terms[i].coefficient;
        for (int k = 0; k < d->terms[i].natoms; k++) product *= (double)estimate_atom(d->terms[i].atoms[k]);
        sum += product;
    }
    return sum < 0 ? 0 : sum > 1e10 ? (int64_t)1e10 : (int64_t)sum;
}

static int64_t elements(const Type *t) {
    int64_t n = 1;
    for (int i = 0; i < t->rank; i++) n = least(n * estimate(t->dim[i]), (int64_t)1e10 / (i + 1));
    return n;
}

static int64_t bytes_of(const Type *t) { return elements(t) * dtype_bytes(t->dtype); }

bool is_outer_product(const Inst *in) {
    if (in->op != OP_dot || !type_is_static(in->results[0]->type)) return false;
    int64_t bytes = bytes_of(in->results[0]->type);
    return bytes >= LARGE && bytes >= MUCH_LARGER * bytes_of(in->args[0]->type) &&
           bytes >= MUCH_LARGER * bytes_of(in->args[1]->type);
}

/* A value that has to be kept, if it is needed: what makes it happens once. */
static bool is_once(const Cut *c, const Inst *in) {
    if (!in) return false;
    bool once = in->attrs->binds.n && !c->remat; /* or the linear part would bind again what it is given */
    for (int i = 0; i < in->attrs->binds.n; i++)
        for (int k = 0; k < c->bound.n; k++) once |= in->attrs->binds.at[i] == c->bound.at[k];
    return once || happens_once(c->arena, in);
}

/* Names are separated by spaces. */
static bool is_listed(const char *names, int n, const char *name) {
    int length = (int)strlen(name);
    for (int i = 0; i + length <= n; i++)
        if (!strncmp(names + i, name, (size_t)length) && (i == 0 || names[i - 1] == ' ') &&
            (i + length == n || names[i + length] == ' '))
            return true;
    return false;
}

/* Does one policy of jax.checkpoint keep it?  The text is `kind` or `kind:names`. */
static bool policy_keeps(const char *policy, int n, const Inst *in) {
    bool dot = in && in->op == OP_dot, named = in && in->op == OP_checkpoint_name;
    int kind = (int)strcspn(policy, ":|");
    bool listed = named && kind < n && is_listed(policy + kind + 1, n - kind - 1, in->attrs->name);
    const struct {
        const char *kind;
        bool keeps;
    } kinds[] = { { "everything", true },
                  { "dots", dot },
                  { "dots_without_batch", dot && !in->attrs->batch },
                  { "only", listed },
                  { "but", named && !listed },
                  { "unnamed", !listed } };
    for (int i = 0; i < COUNT(kinds); i++)
        if ((int)strlen(kinds[i].kind) == kind && !strncmp(policy, kinds[i].kind, (size_t)kind)) return kinds[i].keeps;
    return false;
}

/* Policies separated by | keep what one of them keeps. */
static bool is_saveable(const char *policy, const Inst *in) {
    for (;;) {
        int n = (int)strcspn(policy, "|");
        if (policy_keeps(policy, n, in)) return true;
        if (!policy[n]) return false;
        policy += n + 1;
    }
}

static int64_t price_of_keeping(const Cut *c, const Scope *s, const Value *w) {
    if (has_own_size(s, w)) return never;
    if (c->remat && !s->outer)
        return is_saveable(c->remat, w->def) && !has_size_bound_here(s, w) ? 1 : is_once(c, w->def) ? expensive : never;
    return 1 + bytes_of(w->type) * (bytes_of(w->type) < LARGE ? PRICE_OF_BYTE : PRICE_IN_MEMORY);
}

/* For each element; in the units of PRICE_OF_BYTE, where the bytes are in a cache. */
static int64_t work_of_elementwise(Op op) {
    switch (op) {
    case OP_div:
    case OP_sqrt:
    case OP_integer_pow: return 2;
    case OP_exp:
    case OP_exp2:
    case OP_expm1:
    case OP_log:
    case OP_log2:
    case OP_log1p:
    case OP_rsqrt:
    case OP_cbrt:
    case OP_sin:
    case OP_cos:
    case OP_tan:
    case OP_sinh:
    case OP_cosh:
    case OP_tanh:
    case OP_logistic:
    case OP_rem: return 32;
    case OP_asin:
    case OP_acos:
    case OP_atan:
    case OP_atan2:
    case OP_asinh:
    case OP_acosh:
    case OP_atanh:
    case OP_erf:
    case OP_erfc:
    case OP_erf_inv:
    case OP_pow: return 48;
    case OP_lgamma:
    case OP_digamma:
    case OP_threefry2x32: return 80;
    default: return 1;
    }
}

/* How many terms each element of a product is the sum of. */
static int64_t met_by(const Inst *in) {
    int64_t n = 1;
    for (int i = 0; i < in->attrs->lhs_axes.n; i++) n *= estimate(in->args[0]->type->dim[in->attrs->lhs_axes.at[i]]);
    return n;
}

static int64_t work_of(const Inst *in) {
    switch (op_class(in->op)) {
    case CLASS_CREATE: return 0;
    case CLASS_ELEMENTWISE: return work_of_elementwise(in->op) * elements(in->results[0]->type);
    case CLASS_LAYOUT:
        return in->op == OP_broadcast || in->op == OP_reshape || in->op == OP_retype ? 0
                                                                                     : elements(in->results[0]->type);
    case CLASS_REDUCE:
    case CLASS_SCAN: return elements(in->args[0]->type);
    case CLASS_CONTRACT: return is_outer_product(in) ? elements(in->results[0]->type) * met_by(in) : expensive;
    case CLASS_INDEX: return in->nresults ? 12 * elements(in->results[0]->type) : 0;
    default: return expensive;
    }
}

/* The network: node 0 is what can be computed, node 1 what is needed. */

enum { SOURCE, SINK };
typedef struct {
    int to, next; /* the edge back is number ^ 1 */
    int64_t room;
} Edge;
typedef struct {
    int first; /* edge */
    int level, at;
    const Inst *inst; /* repeated where this is on the side of the sink; NULL: a value */
} Node;
typedef struct {
    Cut *c;
    Scope *s;
    struct {
        Node *at;
        int n, cap;
    } nodes;
    struct {
        Edge *at;
        int n, cap;
    } edges;
    Map of; /* Value* or Inst* -> number of its node */
    Values todo;
} Net;

static int node_new(Net *t, const Inst *inst) {
    PUSH(t->c->arena, &t->nodes, ((Node){ .first = -1, .inst = inst }));
    return t->nodes.n - 1;
}
static void half_edge(Net *t, int from, int to, int64_t room) {
    PUSH(t->c->arena, &t->edges, ((Edge){ to, t->nodes.at[from].first, room }));
    t->nodes.at[from].first = t->edges.n - 1;
}
static void edge_new(Net *t, int from, int to, int64_t room) {
    half_edge(t, from, to, room);
    half_edge(t, to, from, 0);
}

static int node_of(Net *t, const void *thing, const Inst *inst) {
    int known = (int)(intptr_t)map_get(&t->of, thing);
    if (known) return known;
    int made = node_new(t, inst);
    map_set(&t->of, thing, (void *)(intptr_t)made);
    return made;
}

/* What a value or instruction reads that is not at hand anyway. */
static void reads(Net *t, Value *w, int reader) {
    if (is_at_hand(t->s, w)) return;
    bool met = map_get(&t->of, w) != NULL;
    edge_new(t, node_of(t, w, NULL), reader, never);
    if (!met) PUSH(t->c->arena, &t->todo, w);
}

static void add_value(Net *t, Value *w) {
    int node = node_of(t, w, NULL);
    const Inst *in = w->def;
    int64_t price = price_of_keeping(t->c, t->s, w);
    if (!in || (is_once(t->c, in) && price < never)) {
        edge_new(t, SOURCE, node, price);
        return;
    }
    bool met = map_get(&t->of, in) != NULL;
    int work = node_of(t, in, in);
    edge_new(t, work, node, price);
    if (met) return;
    edge_new(t, SOURCE, work, work_of(in));
    Values free = free_values(t->c->arena, in);
    for (int i = 0; i < in->nargs; i++) reads(t, in->args[i], work);
    for (int i = 0; i < free.n; i++) reads(t, free.at[i], work);
}

/* Dinic's algorithm: shortest paths with room, until there is none. */

static bool find_levels(Net *t, int *queue) {
    for (int i = 0; i < t->nodes.n; i++) t->nodes.at[i].level = -1;
    int n = 0;
    t->nodes.at[SOURCE].level = 0;
    queue[n++] = SOURCE;
    for (int i = 0; i < n; i++)
        for (int e = t->nodes.at[queue[i]].first; e >= 0; e = t->edges.at[e].next) {
            Node *to = &t->nodes.at[t->edges.at[e].to];
            if (to->level >= 0 || t->edges.at[e].room == 0) continue;
            to->level = t->nodes.at[queue[i]].level + 1;
            queue[n++] = t->edges.at[e].to;
        }
    for (int i = 0; i < t->nodes.n; i++) t->nodes.at[i].at = t->nodes.at[i].first;
    return t->nodes.at[SINK].level >= 0;
}

/* One path of the levels is filled; false where there is none left. */
static bool fill_path(Net *t, int *path) {
    int n = 0, here = SOURCE;
    while (here != SINK) {
        Node *node = &t->nodes.at[here];
        for (; node->at >= 0; node->at = t->edges.at[node->at].next) {
            const Edge *e = &t->edges.at[node->at];
            if (e->room > 0 && t->nodes.at[e->to].level == node->level + 1) break;
        }
        if (node->at >= 0) {
            path[n++] = node->at;
            here = t->edges.at[node->at].to;
        } else if (n == 0) {
            return false;
        } else { /* a dead end */
            node->level = -1;
            here = t->edges.at[path[--n] ^ 1].to;
        }
    }
    int64_t room = never;
    for (int i = 0; i < n; i++) room = least(room, t->edges.at[path[i]].room);
    for (int i = 0; i < n; i++) {
        t->edges.at[path[i]].room -= room;
        t->edges.at[path[i] ^ 1].room += room;
    }
    return true;
}

/* On the side of the sink is what can still reach it: the smallest such side, so that in doubt things are kept. */
static void take_side_of_sink(Net *t, int *queue) {
    bool *seen = bools_new(t->c->arena, t->nodes.n);
    int n = 0;
    seen[SINK] = true;
    queue[n++] = SINK;
    for (int i = 0; i < n; i++)
        for (int e = t->nodes.at[queue[i]].first; e >= 0; e = t->edges.at[e].next) {
            int from = t->edges.at[e].to;
            if (seen[from] || t->edges.at[e ^ 1].room == 0) continue;
            seen[from] = true;
            queue[n++] = from;
            if (t->nodes.at[from].inst) map_set(&t->s->repeats, t->nodes.at[from].inst, t->s);
        }
}

void choose_repeats(Cut *c, Scope *s) {
    Net t = { .c = c, .s = s, .of = map_new(c->arena) };
    node_new(&t, NULL);
    node_new(&t, NULL);
    for (int i = 0; i < s->needed.n; i++) reads(&t, s->needed.at[i], SINK);
    for (int i = 0; i < t.todo.n; i++) add_value(&t, t.todo.at[i]);
    int *queue = NEW_ARRAY(c->arena, int, t.nodes.n + 1);
    while (find_levels(&t, queue))
        while (fill_path(&t, queue)) {}
    take_side_of_sink(&t, queue);
}
