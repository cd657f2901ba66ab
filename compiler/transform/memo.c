/* memo: every function is transformed once for each way of asking. */
#include "transform/walk.h"

#include <string.h>

char memo_busy;

static Text key_text(Module *m, const MemoKey *k) {
    Text t = text_new(m->arena);
    int kind = (int)k->kind;
    text_put(&t, (const char *)&kind, sizeof kind);
    text_put(&t, (const char *)&k->func, sizeof k->func);
    text_put(&t, (const char *)&k->number, sizeof k->number);
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

void recursion_error(Module *m, const Func *f, const char *what) {
    diag(m->cx, f->origin ? f->origin->span : (Span){ 0 }, "%s of %s, which calls itself, is not supported yet", what,
         f->title);
    note(m->cx, "write the recursion as a loop");
}
