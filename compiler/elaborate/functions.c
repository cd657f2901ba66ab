/* functions: `def`, `lambda`, decorators, and generators that run where they are consumed. */
#include "elaborate/values.h"

#include <string.h>

Py function_new(Elab *e, Node *n, const char *name) {
    Py f = py_new(e, PY_FUNCTION);
    f->function.node = n;
    f->function.env = e->frame->env;
    f->function.name = name;
    f->function.library = source_of(e->cx, n->span.file)->library;
    Node *ps = n->kind == NODE_Lambda ? n->Lambda.args : n->FunctionDef.args;
    Nodes groups[3] = { ps->arguments.posonlyargs, ps->arguments.args, ps->arguments.kwonlyargs };
    f->function.defaults = NEW_ARRAY(e->arena, Py, groups[0].n + groups[1].n + groups[2].n + 1);
    for (int g = 0, number = 0; g < 3; g++)
        for (int i = 0; i < groups[g].n; i++, number++) {
            Node *fallback = groups[g].at[i]->arg.value;
            if (fallback) f->function.defaults[number] = eval(e, fallback);
        }
    return f;
}

Py function_decorated(Elab *e, Node *n) {
    Nodes decorators = n->FunctionDef.decorator_list;
    Py *with = NEW_ARRAY(e->arena, Py, decorators.n + 1);
    for (int i = 0; i < decorators.n; i++) {
        Node *d = decorators.at[i];
        /* @f.setter changes the property that f is */
        bool setter = d->kind == NODE_Attribute && strcmp(d->Attribute.attr, "setter") == 0;
        with[i] = eval(e, setter ? d->Attribute.value : d);
    }
    Py f = function_new(e, n, n->FunctionDef.name);
    for (int i = decorators.n - 1; i >= 0; i--) {
        Node *d = decorators.at[i];
        if (d->kind == NODE_Attribute && strcmp(d->Attribute.attr, "setter") == 0 && with[i]->kind == PY_PROPERTY) {
            Py p = py_new(e, PY_PROPERTY);
            p->wrapped = with[i]->wrapped;
            p->wrapped.setter = f;
            f = p;
            continue;
        }
        at_node(e, d);
        f = call_values(e, with[i], 1, &f, d->span);
    }
    return f;
}

Py generator_new(Elab *e, Py f, Env *env) {
    Py g = py_new(e, PY_GENERATOR);
    g->generator.function = f;
    g->generator.env = env;
    g->generator.position = NEW(e->arena, Contents);
    g->generator.position->epoch = e->epoch;
    return g;
}

/* Runs a generator from its beginning; every `yield` calls back. */
void generator_run(Elab *e, Py g, Py (*on_yield)(Elab *, void *, Py), void *data, Span span) {
    Py f = g->generator.function;
    const char *title = f ? f->function.name : "<genexpr>";
    Frame *frame = frame_begin(e, g->generator.env, f, title, f ? f->function.library : e->frame->library, span);
    frame->on_yield = on_yield;
    frame->yield_data = data;
    if (f)
        run_body(e, f->function.node->FunctionDef.body);
    else
        comprehension_yield(e, g);
    frame->result.value = e->none;
    frame_end(e, span);
}
