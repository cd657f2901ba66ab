/* leaked: a value that left a traced function by other ways than its result ended with that function.
**
** Where the program uses one all the same, it became a parameter of main.  Uses of which nothing comes are let be: the
** library looks at results of finished functions, and needs their shapes only. */
#include "elaborate/values.h"

static bool is_live(const bool *used, const Inst *in) {
    bool live = !inst_is_pure(in);
    for (int i = 0; i < in->nresults; i++) live |= used[in->results[i]->id];
    return live;
}

/* By number of the value: whether anything comes of it. */
static void mark_live(Elab *e, bool *used, const Block *b) {
    struct {
        const Inst **at;
        int n, cap;
    } all = { 0 };
    for (int i = 0; i < b->nresults; i++) used[b->results[i]->id] = true;
    for (const Inst *in = b->first; in; in = in->next) PUSH(e->arena, &all, in);
    while (all.n--) {
        const Inst *in = all.at[all.n];
        if (!is_live(used, in)) continue;
        for (int i = 0; i < in->nargs; i++) used[in->args[i]->id] = true;
        for (int i = 0; i < in->nregions; i++) mark_live(e, used, in->regions[i]);
    }
}

static void refuse_uses(Elab *e, const Tracing *t, bool *used, const Block *b) {
    for (const Inst *in = b->first; in; in = in->next) {
        if (!is_live(used, in)) continue;
        for (int i = 0; i < in->nargs; i++) {
            if (in->args[i]->def || in->args[i]->block != t->func->body || !used[in->args[i]->id]) continue;
            used[in->args[i]->id] = false; /* said once */
            const Value *v = NULL;
            for (int k = 0; k < t->imports.n; k++)
                if (t->imports.entries[k].value == in->args[i]) v = t->imports.entries[k].key;
            const Func *f = v->block->func;
            const char *title = f->title ? f->title : f->name;
            fail(e, in->origin->span,
                 "this uses a value that %s had while it was traced, and which ended with it; let %s return it", title,
                 title);
            note_at(e->cx, (v->def ? v->def->origin : f->origin)->span, "%s is made here", type_text(e->cx, v->type));
        }
        for (int i = 0; i < in->nregions; i++) refuse_uses(e, t, used, in->regions[i]);
    }
}

void refuse_leaked(Elab *e, const Tracing *program) {
    Func *f = program->func;
    if (!f->body->nparams) return;
    bool *used = NEW_ARRAY(e->arena, bool, f->nvalues + 1);
    mark_live(e, used, f->body);
    refuse_uses(e, program, used, f->body);
}
