/* memo: every function is transformed once for each way of asking. */
#include "transform/walk.h"

#include <string.h>

static Text key_text(Module *m, const MemoKey *k) {
    Text t = text_new(m->arena);
    int kind = (int)k->kind;
    text_put(&t, (const char *)&kind, sizeof kind);
    text_put(&t, (const char *)&k->func, sizeof k->func);
    text_put(&t, (const char *)&k->number, sizeof k->number);
    text_add(&t, "%s ", k->name ? k->name : "");
    for (int i = 0; i < k->nmask; i++) text_put(&t, k->mask[i] ? "1" : "0", 1);
    return t;
}

void *memo_get(Module *m, const MemoKey *k) {
    if (!m->memo) return NULL;
    Text t = key_text(m, k);
    return map_get_bytes(m->memo, t.at, t.n);
}

void memo_set(Module *m, const MemoKey *k, void *made) {
    if (!m->memo) {
        Map *map = NEW(m->arena, Map);
        *map = map_new(m->arena);
        m->memo = map;
    }
    Text t = key_text(m, k);
    map_set_bytes(m->memo, t.at, t.n, made);
}

void promise_result(Func *f, const Type *type) {
    Block *body = f->body;
    Value **results = NEW_ARRAY(f->module->arena, Value *, body->nresults + 1);
    for (int i = 0; i < body->nresults; i++) results[i] = body->results[i];
    Value *v = results[body->nresults] = NEW(f->module->arena, Value);
    *v = (Value){ .type = type, .block = body, .index = body->nresults, .id = -1 };
    body->results = results;
    body->nresults++;
}

static bool reaches(const Block *b, const Func *f, Map *seen) {
    for (const Inst *in = b->first; in; in = in->next) {
        for (int r = 0; r < in->nregions; r++)
            if (reaches(in->regions[r], f, seen)) return true;
        const Func *callee = in->attrs->callee;
        if ((in->op != OP_call && in->op != OP_pmap) || !callee) continue;
        if (callee == f) return true;
        if (map_get(seen, callee)) continue;
        map_set(seen, callee, (void *)callee);
        if (reaches(callee->body, f, seen)) return true;
    }
    return false;
}

bool func_reaches(Module *m, const Func *from, const Func *to) {
    Map seen = map_new(m->arena);
    return reaches(from->body, to, &seen);
}

bool calls_itself(Module *m, const Func *f) { return func_reaches(m, f, f); }
