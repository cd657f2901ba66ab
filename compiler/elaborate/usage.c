/* usage: whether a variable that a loop leaves behind is looked at. */
#include "elaborate/loops.h"

typedef struct {
    const char *name;
    Span loop;
    bool found;
} Search;

static void search(void *data, Node *n) {
    Search *s = data;
    if (s->found) return;
    if (n->kind == NODE_Name && n->Name.id == s->name && n->Name.ctx == CTX_Load) {
        s->found = n->span.file != s->loop.file || n->span.start < s->loop.start || n->span.start >= s->loop.end;
        return;
    }
    if (n->kind == NODE_AugAssign && n->AugAssign.target->kind == NODE_Name &&
        n->AugAssign.target->Name.id == s->name) {
        int at = n->span.start;
        s->found = at < s->loop.start || at >= s->loop.end;
    }
    node_children(n, search, s);
}

bool used_outside(Elab *e, const Place *p, const Node *loop) {
    for (Frame *f = e->frame; f; f = f->caller)
        for (Env *env = f->env; env; env = env->outer)
            if (map_get(&env->places, p->name) == p) {
                if (!env->scope) return true;
                Search s = { p->name, loop->span, false };
                search(&s, env->scope->node);
                return s.found;
            }
    return true;
}
