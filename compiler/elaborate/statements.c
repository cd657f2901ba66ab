/* statements: what runs, in order, until the function returns or the loop is left.
**
** frame->state says how a body ended.  After a run-time `if` whose sides end differently it is known at run time only,
** and the rest runs where it is 0.  Where one side always leaves, the rest runs inside the other one. */
#include "elaborate/values.h"
#include "elaborate/texts.h"

#include <string.h>

/* What is still to run after the statement at hand, up to the end of the function or of the loop's body. */
typedef struct Rest {
    Nodes body;
    int from;
    struct Rest *next;
} Rest;

static void run_rest(Elab *e, Rest *k);

/* -1 where it is known at run time only. */
int state_of(Elab *e) {
    Py s = e->frame->state.value;
    return s->kind == PY_INT ? (int)s->integer : s->kind == PY_ERROR ? STATE_RETURN : -1;
}

void state_set(Elab *e, State s, Span span) {
    e->frame->returns += s == STATE_RETURN;
    e->frame->breaks += s == STATE_BREAK;
    place_set(e, &e->frame->state, py_int(e, s), span);
}

static bool may_leave(Nodes body) {
    return body_has(body, NODE_Return) || body_has(body, NODE_Break) || body_has(body, NODE_Continue) ||
           body_has(body, NODE_Raise);
}

static bool always_leaves(Nodes body) {
    if (!body.n) return false;
    Node *last = body.at[body.n - 1];
    switch (last->kind) {
    case NODE_Return:
    case NODE_Break:
    case NODE_Continue:
    case NODE_Raise: return true;
    case NODE_If: return always_leaves(last->If.body) && always_leaves(last->If.orelse);
    case NODE_With: return always_leaves(last->With.body);
    default: return false;
    }
}

typedef struct {
    Rest *yes, *no;
} Sides;
static void run_yes(Elab *e, void *data) { run_rest(e, ((Sides *)data)->yes); }
static void run_no(Elab *e, void *data) { run_rest(e, ((Sides *)data)->no); }

/* Outside of loops, what no longer runs has returned. */
static void has_returned(Elab *e, void *data) {
    (void)data;
    if (!e->frame->loops) state_set(e, STATE_RETURN, e->span);
}

/* The rest, where the state is 0. */
static void run_guarded(Elab *e, Rest *rest, Span span) {
    Rest *k = rest;
    while (k && k->from >= k->body.n) k = k->next;
    if (!k) return;
    Sides s = { k, NULL };
    Value *state = scalar_value(e, place_get(e, &e->frame->state), NUMBER_INT);
    branch(e, ir_eq(e->b, state, ir_i64(e->b, STATE_RUNS)), run_yes, has_returned, &s, span);
}

static void run_raise(Elab *e, Node *n, Value *unless);
static bool raises_exit(Node *n);

/* True where the rest has been run too. */
static bool run_if(Elab *e, Node *n, Rest *after) {
    Value *c;
    int known = py_truth(e, eval(e, n->If.test), &c);
    if (known == -2) return false;
    if (known >= 0) {
        Nodes body = known ? n->If.body : n->If.orelse;
        Rest k = { body, 0, NULL };
        if (may_leave(body)) k.next = after;
        run_rest(e, &k);
        return may_leave(body);
    }
    at_node(e, n);
    if (n->If.body.n == 1 && n->If.body.at[0]->kind == NODE_Raise && !raises_exit(n->If.body.at[0])) {
        run_raise(e, n->If.body.at[0], ir_not(e->b, c));
        Rest k = { n->If.orelse, 0, after };
        run_rest(e, &k);
        return true;
    }
    Rest yes = { n->If.body, 0, NULL }, no = { n->If.orelse, 0, NULL };
    Sides s = { &yes, &no };
    bool inside = true;
    if (always_leaves(n->If.body))
        no.next = after;
    else if (always_leaves(n->If.orelse))
        yes.next = after;
    else
        inside = false;
    branch(e, c, run_yes, run_no, &s, n->span);
    return inside;
}

static void trap_text(Elab *e, void *holds, Py text) { emit_message(e, OP_assert, holds, text); }

/* A message with the place in front, as a template and its values. */
static void trap(Elab *e, Value *holds, Span span, const char *what, Py message) {
    const char *head = arena_text(e->arena, "%s: %s", place_text(e, span), what);
    Py parts[3] = { py_str(e, head), py_str(e, message ? ": " : ""), message ? message : e->none };
    Py text = text_join(e, message ? 3 : 1, parts);
    if (text->kind == PY_ERROR) return;
    text_use(e, text, trap_text, holds);
}

static void run_assert(Elab *e, Node *n) {
    Value *c;
    int known = py_truth(e, eval(e, n->Assert.test), &c);
    if (known == 1 || known == -2) return;
    Py message = n->Assert.msg ? text_of(e, eval(e, n->Assert.msg), 's', "", n->span) : NULL;
    at_node(e, n);
    if (message && message->kind == PY_ERROR) return;
    if (known == 0 && !inside_branch(e)) {
        fail(e, n->span, message && message->kind == PY_STR ? "assertion failed: %s" : "assertion failed",
             message ? message->str.at : "");
        place_set(e, &e->frame->result, e->error, n->span);
        state_set(e, STATE_RETURN, n->span);
        return;
    }
    trap(e, known == 0 ? ir_bool(e->b, false) : c, n->span, "AssertionError", message);
}

/* The class that is raised and what it is given, in words. */
static Py raised(Elab *e, Node *n, const char **what) {
    Node *exc = n->Raise.exc;
    Py message = NULL;
    *what = "error";
    if (!exc) return NULL;
    Node *cls = exc->kind == NODE_Call ? exc->Call.func : exc;
    if (cls->kind == NODE_Name) *what = cls->Name.id;
    if (cls->kind == NODE_Attribute) *what = cls->Attribute.attr;
    if (exc->kind == NODE_Call && exc->Call.args.n)
        message = text_of(e, eval(e, exc->Call.args.at[0]), 's', "", n->span);
    return message;
}

/* `raise SystemExit(x)` is sys.exit(x). */
static bool raises_exit(Node *n) {
    Node *exc = n->Raise.exc, *cls = exc && exc->kind == NODE_Call ? exc->Call.func : exc;
    return cls && cls->kind == NODE_Name && !strcmp(cls->Name.id, "SystemExit");
}

static void run_exit(Elab *e, Node *n) {
    Node *exc = n->Raise.exc;
    Py status = exc->kind == NODE_Call && exc->Call.args.n ? eval(e, exc->Call.args.at[0]) : e->none;
    call_values(e, py_native(e, "primitives", "exit"), 1, &status, n->span);
}

static void run_raise(Elab *e, Node *n, Value *unless) {
    if (raises_exit(n)) {
        run_exit(e, n);
        return;
    }
    const char *what;
    Py message = raised(e, n, &what);
    if (message && message->kind == PY_ERROR) message = NULL;
    at_node(e, n);
    if (unless) {
        trap(e, unless, n->span, what, message);
        return;
    }
    if (inside_branch(e)) {
        trap(e, ir_bool(e->b, false), n->span, what, message);
        state_set(e, STATE_NEVER, n->span);
        return;
    }
    const char *words = message && message->kind == PY_STR ? message->str.at : NULL;
    if (words && e->frame->library) /* the class is the library's own affair */
        fail(e, n->span, "%s", words);
    else
        fail(e, n->span, words ? "%s: %s" : "%s", what, words);
    place_set(e, &e->frame->result, e->error, n->span);
    state_set(e, STATE_RETURN, n->span);
}

static void run_annotated(Elab *e, Node *n) {
    if (!n->AnnAssign.value) {
        if (n->AnnAssign.target->kind == NODE_Name) class_annotation(e, n, NULL);
        return;
    }
    Py outer = e->annotation;
    e->annotation = annotation_type(e, n->AnnAssign.annotation);
    Py x = eval(e, n->AnnAssign.value);
    Py declared = e->annotation;
    e->annotation = outer;
    x = annotation_check(e, x, declared, n->AnnAssign.target->span);
    if (!class_annotation(e, n, x))
        assign(e, n->AnnAssign.target, x, n->span);
    else
        assign(e, n->AnnAssign.target, x, n->span);
}

static void run_with(Elab *e, Node *n) {
    int count = n->With.items.n;
    Py *managers = NEW_ARRAY(e->arena, Py, count + 1);
    for (int i = 0; i < count; i++) {
        Node *item = n->With.items.at[i];
        Py m = managers[i] = eval(e, item->withitem.context_expr);
        if (m->kind == PY_ERROR) continue;
        at_node(e, item);
        Py enter = attribute_or_null(e, m, "__enter__");
        if (!enter) {
            fail(e, item->span, "%s cannot stand in a `with`: it has no __enter__", py_describe(e, m));
            managers[i] = e->error;
            continue;
        }
        Py x = call_values(e, enter, 0, NULL, item->span);
        if (item->withitem.optional_vars) assign(e, item->withitem.optional_vars, x, item->span);
    }
    run_body(e, n->With.body);
    for (int i = count - 1; i >= 0; i--) {
        if (managers[i]->kind == PY_ERROR) continue;
        Py none[3] = { e->none, e->none, e->none };
        Py leave = attribute_or_null(e, managers[i], "__exit__");
        if (leave) call_values(e, leave, 3, none, n->span);
    }
}

/* What it would have bound is an error, so that it is not missed later. */
static void refuse_statement(Elab *e, Node *n) {
    refuse_node(e->cx, n);
    Names bound = names_assigned(e->cx, (Nodes){ &n, 1, 1 });
    for (int i = 0; i < bound.n; i++) place_set(e, name_place(e, e->frame->env, bound.at[i]), e->error, n->span);
}

static void run_statement(Elab *e, Node *n) {
    at_node(e, n);
    switch (n->kind) {
    case NODE_FunctionDef: {
        Py f = function_decorated(e, n);
        place_set(e, name_place(e, e->frame->env, n->FunctionDef.name), f, n->at);
        break;
    }
    case NODE_ClassDef: {
        Py c = class_new(e, n);
        place_set(e, name_place(e, e->frame->env, n->ClassDef.name), c, n->at);
        break;
    }
    case NODE_Return:
        place_set(e, &e->frame->result, n->Return.value ? eval(e, n->Return.value) : e->none, n->span);
        state_set(e, STATE_RETURN, n->span);
        break;
    case NODE_Delete: assign_delete(e, n); break;
    case NODE_Assign: {
        Py x = eval(e, n->Assign.value);
        for (int i = 0; i < n->Assign.targets.n; i++) assign(e, n->Assign.targets.at[i], x, n->span);
        break;
    }
    case NODE_AugAssign: assign_update(e, n); break;
    case NODE_AnnAssign: run_annotated(e, n); break;
    case NODE_For: run_for(e, n); break;
    case NODE_While: run_while(e, n); break;
    case NODE_With: run_with(e, n); break;
    case NODE_Match: run_match(e, n); break;
    case NODE_Raise: run_raise(e, n, NULL); break;
    case NODE_Assert: run_assert(e, n); break;
    case NODE_Import:
    case NODE_ImportFrom: run_import(e, n); break;
    case NODE_Global:
    case NODE_Nonlocal:
    case NODE_Pass: break;
    case NODE_Expr: eval(e, n->Expr.value); break;
    case NODE_Break: state_set(e, STATE_BREAK, n->span); break;
    case NODE_Continue: state_set(e, STATE_CONTINUE, n->span); break;
    default: refuse_statement(e, n); break;
    }
}

static void run_rest(Elab *e, Rest *k) {
    for (; k; k = k->next)
        for (int i = k->from; i < k->body.n; i++) {
            Node *n = k->body.at[i];
            Rest after = { k->body, i + 1, k->next };
            if (n->kind == NODE_If) {
                at_node(e, n);
                if (run_if(e, n, &after)) return;
            } else {
                run_statement(e, n);
            }
            int state = state_of(e);
            if (state == STATE_RUNS) continue;
            if (state < 0) run_guarded(e, &after, n->span);
            return;
        }
}

void run_body(Elab *e, Nodes body) {
    Rest k = { body, 0, NULL };
    run_rest(e, &k);
}
