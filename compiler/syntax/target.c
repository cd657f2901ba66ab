/* target: what stands left of `=`, and the parameters behind `def` and `lambda`. */
#include "syntax/syntax.h"

static void cannot(Parser *p, const Node *n, Context ctx) {
    const char *words = node_words(n->kind);
    if (n->kind == NODE_Constant && n->Constant.value.kind <= CONSTANT_BOOL)
        words = n->Constant.value.kind == CONSTANT_NONE ? "`None`" : n->Constant.value.integer ? "`True`" : "`False`";
    diag(p->cx, n->span, ctx == CTX_Del ? "%s cannot be deleted" : "%s cannot be assigned to", words);
    bool compares = n->kind == NODE_BinOp || n->kind == NODE_BoolOp || n->kind == NODE_Compare ||
                    n->kind == NODE_Call || n->kind == NODE_UnaryOp || n->kind == NODE_Constant;
    bool assigned = p->at > 0 && p->tokens.at[p->at - 1].kind == TOKEN_ASSIGN;
    if (assigned && compares) caret(p->cx, "`==` compares, `=` assigns");
}

static void elements_as_targets(Parser *p, Nodes elements, Context ctx) {
    int stars = 0;
    for (int i = 0; i < elements.n; i++) {
        Node *e = elements.at[i];
        if (e->kind != NODE_Starred || ctx == CTX_Del) {
            parse_as_target(p, e, ctx);
            continue;
        }
        e->Starred.ctx = ctx;
        parse_as_target(p, e->Starred.value, ctx);
        if (stars++) diag(p->cx, e->span, "only one target of an assignment can have a `*`");
    }
}

void parse_as_target(Parser *p, Node *n, Context ctx) {
    if (p->failed) return;
    switch (n->kind) {
    case NODE_Name: n->Name.ctx = ctx; break;
    case NODE_Attribute: n->Attribute.ctx = ctx; break;
    case NODE_Subscript: n->Subscript.ctx = ctx; break;
    case NODE_Tuple:
        n->Tuple.ctx = ctx;
        elements_as_targets(p, n->Tuple.elts, ctx);
        break;
    case NODE_List:
        n->List.ctx = ctx;
        elements_as_targets(p, n->List.elts, ctx);
        break;
    case NODE_Starred:
        if (ctx == CTX_Del)
            cannot(p, n, ctx);
        else
            diag(p->cx, n->span, "a target with `*` stands among others: write `*x, = ...`");
        break;
    default: cannot(p, n, ctx);
    }
}

/* star_targets: what binds looser than `|` is not read, so that `in` is left alone */
static Node *star_target(Parser *p) {
    int start = parse_start(p);
    bool star = parse_accept(p, TOKEN_STAR);
    Node *value = parse_bitwise_or(p);
    if (!star) return value;
    Node *n = parse_node(p, NODE_Starred, start);
    n->Starred.value = value;
    return n;
}

Node *parse_for_targets(Parser *p) {
    int start = parse_start(p);
    Node *target = star_target(p);
    if (parse_is(p, TOKEN_COMMA)) {
        Nodes all = { 0 };
        PUSH(p->cx->arena, &all, target);
        while (parse_accept(p, TOKEN_COMMA) && !parse_is(p, KEY_in) && !p->failed)
            PUSH(p->cx->arena, &all, star_target(p));
        target = parse_node(p, NODE_Tuple, start);
        target->Tuple.elts = all;
    }
    parse_as_target(p, target, CTX_Store);
    return target;
}

/* param: NAME (`:` annotation)? (`=` default)?; one behind a `*` may be annotated with a starred expression */
static Node *parameter(Parser *p, bool annotated, bool star, bool has_default) {
    int start = parse_start(p);
    Span word;
    const char *name = parse_name(p, "for a parameter", &word);
    Node *annotation = NULL, *value = NULL;
    if (annotated && parse_accept(p, TOKEN_COLON))
        annotation = parse_quoted(p, star ? parse_star_named_expression(p) : parse_expression(p));
    Node *n = parse_node(p, NODE_arg, start);
    if (parse_is(p, TOKEN_ASSIGN)) {
        if (!has_default) return parse_fail(p, "a parameter with `*` has no default");
        parse_next(p);
        value = parse_expression(p);
    }
    n->at = word;
    n->arg.arg = name;
    n->arg.annotation = annotation;
    n->arg.value = value;
    return n;
}

static void distinct(Parser *p, Nodes *seen, Node *arg) {
    if (p->failed) return;
    for (int i = 0; i < seen->n; i++)
        if (seen->at[i]->arg.arg == arg->arg.arg) {
            diag(p->cx, arg->at, "two parameters are named `%s`", arg->arg.arg);
            note_at(p->cx, seen->at[i]->at, "the other one");
            return;
        }
    PUSH(p->cx->arena, seen, arg);
}

static void slash(Parser *p, Node *all, bool star) {
    if (all->arguments.posonlyargs.n)
        parse_fail(p, "`/` stands only once among the parameters");
    else if (star)
        parse_fail(p, "`/` stands before `*` among the parameters");
    else if (!all->arguments.args.n)
        parse_fail(p, "`/` follows the parameters that are positional only");
    parse_next(p);
    all->arguments.posonlyargs = all->arguments.args;
    all->arguments.args = (Nodes){ 0 };
}

/* `*` or `*` NAME */
static void star_parameter(Parser *p, Node *all, Nodes *seen, bool annotated, TokenKind end) {
    Token star = parse_next(p);
    if (parse_is(p, TOKEN_NAME)) {
        all->arguments.vararg = parameter(p, annotated, true, false);
        distinct(p, seen, all->arguments.vararg);
        return;
    }
    Token name = parse_peek(p, 1);
    if (parse_is(p, end) || (parse_is(p, TOKEN_COMMA) && name.kind != TOKEN_NAME))
        parse_fail_at(p, (Span){ p->file, star.start, star.end }, "a parameter with a name follows a bare `*`");
}

Node *parse_parameters(Parser *p, TokenKind end, bool annotated) {
    Node *all = parse_node(p, NODE_arguments, parse_start(p));
    Nodes seen = { 0 };
    bool star = false, defaults = false;
    while (!parse_is(p, end) && !p->failed) {
        if (parse_accept(p, TOKEN_POWER)) {
            all->arguments.kwarg = parameter(p, annotated, false, false);
            distinct(p, &seen, all->arguments.kwarg);
            parse_accept(p, TOKEN_COMMA);
            if (!parse_is(p, end) && !p->failed && parse_is(p, TOKEN_NAME))
                parse_fail(p, "no parameter follows the one with `**`");
            break;
        }
        if (parse_is(p, TOKEN_STAR)) {
            if (star) parse_fail(p, "`*` stands only once among the parameters");
            star = true;
            star_parameter(p, all, &seen, annotated, end);
        } else if (parse_is(p, TOKEN_SLASH)) {
            slash(p, all, star);
        } else {
            Node *one = parameter(p, annotated, false, true);
            distinct(p, &seen, one);
            if (!star && !one->arg.value && defaults && !p->failed) {
                diag(p->cx, one->at, "the parameter `%s` has no default, but one before it has", one->arg.arg);
                caret(p->cx, "give it one, or let it come first");
            }
            defaults |= !star && one->arg.value;
            PUSH(p->cx->arena, star ? &all->arguments.kwonlyargs : &all->arguments.args, one);
        }
        if (!parse_accept(p, TOKEN_COMMA)) break;
    }
    all->span.end = all->at.end = p->last_end;
    return all;
}
