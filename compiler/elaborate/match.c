/* match: which `case` a value takes.
**
** A pattern is tried as an expression that is True, False or, where it compares a run-time number with a literal, known
** at run time; such a `case` becomes a run-time `if` with the cases behind it on its other side. */
#include "elaborate/values.h"

#include <string.h>

typedef struct {
    struct Capture {
        Node *pattern;
        const char *name;
        Py value;
    } * at;
    int n, cap;
} Captures;

static Py try_pattern(Elab *e, Node *p, Py x, Captures *out);

static void capture(Elab *e, Captures *out, Node *pattern, const char *name, Py value) {
    struct Capture c = { pattern, name, value };
    if (name) PUSH(e->arena, out, c);
}

/* Both hold; the second is tried only if the first may. */
static Py both(Elab *e, Py a, Node *p, Py x, Captures *out) {
    if (a == e->false_ || a->kind == PY_ERROR) return a;
    Py b = try_pattern(e, p, x, out);
    if (a == e->true_ || b == e->false_ || b->kind == PY_ERROR) return b;
    return b == e->true_ ? a : number_binary(e, OPERATOR_BitAnd, a, b, p->span);
}

/* True, False or a run-time bool. */
static Py truth(Elab *e, Py x) {
    Value *v;
    int known = py_truth(e, x, &v);
    if (known == -2) return e->error;
    return known >= 0 ? py_bool(e, known) : py_scalar(e, NUMBER_BOOL, v);
}

static Py try_sequence(Elab *e, Node *p, Py x, Captures *out) {
    Nodes parts = p->MatchSequence.patterns;
    int star = -1, n;
    Py *items;
    if (x->kind != PY_LIST && x->kind != PY_TUPLE && x->kind != PY_RANGE) return e->false_;
    for (int i = 0; i < parts.n; i++)
        if (parts.at[i]->kind == NODE_MatchStar) star = i;
    if (!iterate(e, x, &items, &n, p->span)) return e->error;
    if (star < 0 ? n != parts.n : n < parts.n - 1) return e->false_;
    Py r = e->true_;
    int rest = n - (parts.n - 1);
    for (int i = 0, at = 0; i < parts.n; i++) {
        if (i == star) {
            capture(e, out, parts.at[i], parts.at[i]->MatchStar.name, py_list(e, rest, items + at));
            at += rest;
        } else {
            r = both(e, r, parts.at[i], items[at++], out);
        }
    }
    return r;
}

static Py try_mapping(Elab *e, Node *p, Py x, Captures *out) {
    if (x->kind != PY_DICT) return e->false_;
    Py r = e->true_, rest = py_dict(e);
    const Contents *have = contents_of(e, x);
    Contents *left = contents_change(e, rest);
    for (int i = 0; i < have->n; i++) contents_push(e, left, have->keys[i], have->at[i]);
    for (int i = 0; i < p->MatchMapping.keys.n; i++) {
        Py key = eval(e, p->MatchMapping.keys.at[i]);
        if (!key_fits(e, key, p->span)) return e->error;
        int at = contents_find(e, left, key);
        if (at < 0) return e->false_;
        Py value = left->at[at];
        for (int k = at; k + 1 < left->n; k++) left->at[k] = left->at[k + 1], left->keys[k] = left->keys[k + 1];
        left->n--;
        r = both(e, r, p->MatchMapping.patterns.at[i], value, out);
    }
    capture(e, out, p, p->MatchMapping.rest, rest);
    return r;
}

/* int(), str(x), Point(0, y=1): an instance of the class whose attributes match. */
static Py try_class(Elab *e, Node *p, Py x, Captures *out) {
    Py cls = eval(e, p->MatchClass.cls);
    if (cls->kind == PY_ERROR) return cls;
    Py r = call_values(e, py_native(e, "builtins", "isinstance"), 2, (Py[]){ x, cls }, p->span);
    if (r != e->true_) return r;
    Nodes parts = p->MatchClass.patterns;
    if (parts.n && cls->kind != PY_CLASS) {
        if (parts.n > 1) return fail(e, p->span, "%s() has one pattern in its parentheses", py_describe(e, cls));
        return both(e, r, parts.at[0], x, out);
    }
    Py names = parts.n ? class_lookup(e, cls, "__match_args__") : NULL;
    if (parts.n && (!names || names->kind != PY_TUPLE || names->contents->n < parts.n))
        return fail(e, p->span, "%s has no %d fields in order; name them: %s(field=...)", py_describe(e, cls), parts.n,
                    cls->class_->name);
    int n = parts.n + p->MatchClass.kwd_attrs.n;
    for (int i = 0; i < n; i++) {
        const char *name;
        Node *part = i < parts.n ? parts.at[i] : p->MatchClass.kwd_patterns.at[i - parts.n];
        if (i >= parts.n)
            name = p->MatchClass.kwd_attrs.at[i - parts.n];
        else if (!py_static_text(names->contents->at[i], &name))
            return fail(e, p->span, "__match_args__ must hold str");
        Py value = attribute_or_null(e, x, name);
        if (!value) return e->false_;
        r = both(e, r, part, value_read(e, value, name, p->span), out);
    }
    return r;
}

static Py try_alternatives(Elab *e, Node *p, Py x, Captures *out) {
    Py r = e->false_;
    for (int i = 0; i < p->MatchOr.patterns.n; i++) {
        int before = out->n;
        Py one = try_pattern(e, p->MatchOr.patterns.at[i], x, out);
        if (one->kind == PY_ERROR) return one;
        if (one == e->false_) {
            out->n = before;
            continue;
        }
        if (one != e->true_ && out->n > before)
            return fail(
                e, p->span,
                "which alternative matches is known at run time only, so it cannot name a value; write two cases");
        if (one == e->true_)
            return r == e->false_ || out->n == before
                       ? one
                       : fail(e, p->span, "which alternative matches is known at run time only; write two cases");
        r = r == e->false_ ? one : number_binary(e, OPERATOR_BitOr, r, one, p->span);
    }
    return r;
}

static Py singleton(Elab *e, const Constant *c) {
    return c->kind == CONSTANT_NONE ? e->none : py_bool(e, c->integer != 0);
}

static Py try_pattern(Elab *e, Node *p, Py x, Captures *out) {
    switch (p->kind) {
    case NODE_MatchValue: return truth(e, compare(e, OPERATOR_Eq, x, eval(e, p->MatchValue.value), p->span));
    case NODE_MatchSingleton:
        return truth(e, compare(e, OPERATOR_Is, x, singleton(e, &p->MatchSingleton.value), p->span));
    case NODE_MatchSequence: return try_sequence(e, p, x, out);
    case NODE_MatchMapping: return try_mapping(e, p, x, out);
    case NODE_MatchClass: return try_class(e, p, x, out);
    case NODE_MatchOr: return try_alternatives(e, p, x, out);
    case NODE_MatchAs: {
        Py r = p->MatchAs.pattern ? try_pattern(e, p->MatchAs.pattern, x, out) : e->true_;
        capture(e, out, p, p->MatchAs.name, x);
        return r;
    }
    default: return fail(e, p->span, "%s cannot stand alone", node_words(p->kind));
    }
}

typedef struct {
    Node *match;
    int at; /* the case */
    Py subject;
    const Captures *captures;
    Place *guard;
} Cases;

static void run_cases(Elab *e, Cases *s);

static void bind_captures(Elab *e, const Captures *c) {
    for (int i = 0; i < c->n; i++)
        place_set(e, name_place(e, e->frame->env, c->at[i].name), c->at[i].value, c->at[i].pattern->span);
}

static Node *case_at(const Cases *s) { return s->match->Match.cases.at[s->at]; }

static void guard_asked(Elab *e, void *data) {
    Cases *s = data;
    bind_captures(e, s->captures);
    Node *guard = case_at(s)->match_case.guard;
    place_set(e, s->guard, truth(e, eval(e, guard)), guard->span);
}
static void guard_passed_over(Elab *e, void *data) {
    Cases *s = data;
    place_set(e, s->guard, e->false_, s->match->span);
}

static void run_case(Elab *e, void *data) {
    Cases *s = data;
    bind_captures(e, s->captures);
    run_body(e, case_at(s)->match_case.body);
}
static void run_others(Elab *e, void *data) {
    Cases rest = *(Cases *)data;
    rest.at++;
    run_cases(e, &rest);
}

static void run_cases(Elab *e, Cases *s) {
    for (; s->at < s->match->Match.cases.n; s->at++) {
        Node *c = case_at(s);
        Captures captures = { 0 };
        s->captures = &captures;
        Py holds = try_pattern(e, c->match_case.pattern, s->subject, &captures);
        Value *v;
        if (holds->kind == PY_ERROR) return;
        if (holds == e->false_) continue;
        if (c->match_case.guard) {
            s->guard = place_new(e, "the guard");
            if (py_truth(e, holds, &v) == 1)
                guard_asked(e, s);
            else
                branch(e, v, guard_asked, guard_passed_over, s, c->match_case.guard->span);
            holds = place_get(e, s->guard);
        }
        int known = py_truth(e, holds, &v);
        if (known == -2) return;
        if (known == 0) continue;
        at_node(e, c);
        if (known == 1)
            run_case(e, s);
        else
            branch(e, v, run_case, run_others, s, c->span);
        return;
    }
}

void run_match(Elab *e, Node *n) {
    Cases s = { .match = n, .subject = eval(e, n->Match.subject) };
    if (s.subject->kind != PY_ERROR) run_cases(e, &s);
}
