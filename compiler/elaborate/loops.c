/* loops: `for` and `while`. */
#include "elaborate/values.h"

#include <string.h>

bool inside_branch(Elab *e) { return e->branches > 0; }
bool inside_branch_since(Elab *e, const Frame *f) { return e->branches > f->branches; }
bool dim_is_local(Elab *e, const Dim *d) {
    (void)e, (void)d;
    return false;
}
Py growing_array(Elab *e, Py x) {
    (void)x;
    return e->error;
}
Py growing_length(Elab *e, Py x) {
    (void)x;
    return e->error;
}

void run_for_over(Elab *e, const Node *node, Node *target, Py source, void (*body)(Elab *, void *), void *data) {
    Py *items;
    int n;
    if (!iterate(e, source, &items, &n, node->span)) return;
    for (int i = 0; i < n; i++) {
        assign(e, target, items[i], node->span);
        body(e, data);
        int s = state_of(e);
        if (s == STATE_CONTINUE) state_set(e, STATE_RUNS, node->span);
        if (s == STATE_BREAK) {
            state_set(e, STATE_RUNS, node->span);
            break;
        }
        if (s == STATE_RETURN) return;
    }
}
static void for_body(Elab *e, void *data) { run_body(e, ((Node *)data)->For.body); }
void run_for(Elab *e, Node *n) { run_for_over(e, n, n->For.target, eval(e, n->For.iter), for_body, n); }
void run_while(Elab *e, Node *n) { fail(e, n->span, "`while` comes next"); }
