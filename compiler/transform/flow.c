/* flow: which results of a function are marked if some of its parameters are, through calls, recursive ones included.
**
** Rounds: in each, every function that is met is walked once, and a call gives what is known of its callee so far.  Marks
** are only ever added; when a round adds none, all that was found is right. */
#include "transform/walk.h"

typedef struct {
    bool *out;
    bool final;
    int64_t round; /* in which it was last walked */
} Flow;
typedef struct {
    bool running, more;
    int64_t round;
    Map met; /* Flow* -> Flow*, in this search */
} Search;

static Flow *flow_of(Module *m, Search *search, const MemoKey *key, void (*spread)(Marks *, const Inst *)) {
    const Func *f = key->kind == MEMO_LANES     ? with_calls_bared(m, key->func)
                    : key->kind == MEMO_UNKNOWN ? as_loops(m, key->func)
                                                : key->func;
    const Block *body = f->body;
    Flow *flow = memo_get(m, key);
    if (!flow) {
        flow = NEW(m->arena, Flow);
        flow->out = bools_new(m->arena, body->nresults);
        memo_set(m, key, flow);
    }
    if (flow->final || flow->round == search->round) return flow;
    flow->round = search->round;
    map_set(&search->met, flow, flow);
    Marks marks = marks_new(m, f, spread, key->name);
    for (int i = 0; i < body->nparams; i++)
        if (key->mask[i]) mark(&marks, body->params[i]);
    marks_block(&marks, body);
    for (int i = 0; i < body->nresults; i++) {
        if (!marks.at[body->results[i]->id] || flow->out[i]) continue;
        flow->out[i] = search->more = true;
    }
    return flow;
}

const bool *marked_results(Module *m, MemoKind kind, const Func *f, const bool *mask,
                           void (*spread)(Marks *, const Inst *), const char *name) {
    MemoKey one = { .kind = MEMO_SEARCH };
    MemoKey key = { .kind = kind, .func = f, .mask = mask, .nmask = f->body->nparams, .name = name };
    Search *search = memo_get(m, &one);
    if (!search) {
        search = NEW(m->arena, Search);
        memo_set(m, &one, search);
    }
    if (search->running) return flow_of(m, search, &key, spread)->out;
    search->running = true;
    search->met = map_new(m->arena);
    Flow *flow;
    do {
        search->round++;
        search->more = false;
        flow = flow_of(m, search, &key, spread);
    } while (search->more);
    for (int i = 0; i < search->met.n; i++) ((Flow *)search->met.entries[i].value)->final = true;
    search->running = false;
    return flow->out;
}

const bool *marked_by_call(Marks *m, MemoKind kind, const Inst *call) {
    bool *mask = bools_new(m->arena, call->nargs);
    for (int i = 0; i < call->nargs; i++) mask[i] = m->at[call->args[i]->id];
    return marked_results(m->module, kind, call->attrs->callee, mask, m->spread, m->name);
}
