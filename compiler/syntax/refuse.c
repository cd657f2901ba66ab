/* refuse: the parts of Python that are parsed and not run, said by name with what to write instead. */
#include "syntax/syntax.h"

#include <string.h>

static const char *const instead[NODE_KINDS] = {
#define REFUSED(kind, text) [NODE_##kind] = text,
#include "syntax/refused.def"
#undef REFUSED
};

bool refuse_node(Compiler *cx, const Node *n) {
    if (instead[n->kind]) {
        diag(cx, n->at, "%s is not supported", node_words(n->kind));
        caret(cx, "%s", instead[n->kind]);
        return true;
    }
    for (int i = 0; n->kind == NODE_ClassDef && i < n->ClassDef.keywords.n; i++) {
        const Node *k = n->ClassDef.keywords.at[i];
        if (k->keyword.arg && strcmp(k->keyword.arg, "metaclass") != 0) continue;
        diag(cx, k->span, "metaclasses are not supported");
        caret(cx, "write a plain class, a `NamedTuple` or a `@dataclass`");
        return true;
    }
    if (n->kind == NODE_comprehension && n->comprehension.is_async) {
        diag(cx, n->at, "`async for` is not supported");
        caret(cx, "write `for`");
        return true;
    }
    return false;
}

static void refuse_below(void *data, Node *n) {
    if (!refuse_node(data, n)) node_children(n, refuse_below, data);
}

void refuse_tree(Compiler *cx, Node *tree) { refuse_below(cx, tree); }
