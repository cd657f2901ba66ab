/* syntax: what names mean, and what stands in a body. */
#include "syntax/syntax.h"

#include <criterion/criterion.h>
#include <string.h>

static Compiler *cx;

static Node *parse(const char *text) {
    cx = compiler_new();
    Node *module = parse_file(cx, add_source(cx, "a.jxl", text, (int)strlen(text), false));
    cr_assert(diag_errors(cx) == 0);
    return module;
}

static void free_compiler(void) { compiler_free(cx); }

static Symbol *look(const Node *n, const char *name) { return symbol_in(scope_of(n), name_of(cx, name)); }

static bool names_are(Names names, const char *expected) {
    Text t = text_new(cx->arena);
    for (int i = 0; i < names.n; i++) text_add(&t, "%s%s", i ? " " : "", names.at[i]);
    return strcmp(t.at, expected) == 0;
}

Test(scope, a_name_bound_anywhere_in_a_function_is_local_to_it, .fini = free_compiler) {
    Node *module = parse("x = 1\n"
                         "def f(a, *b, c=2, **d):\n"
                         "    print(x, y)\n"
                         "    y = x\n"
                         "def g():\n"
                         "    global x\n"
                         "    x = 2\n");
    Node *f = module->Module.body.at[1], *g = module->Module.body.at[2];
    cr_assert(look(f, "x")->binding == BINDING_GLOBAL && look(f, "x")->owner == module->Module.scope);
    cr_assert(look(f, "y")->binding == BINDING_LOCAL && look(f, "y")->used && !look(f, "y")->parameter);
    cr_assert(look(f, "print")->binding == BINDING_GLOBAL && !look(f, "print")->assigned);
    for (int i = 0; i < 4; i++) cr_assert(look(f, (const char *[]){ "a", "b", "c", "d" }[i])->parameter);
    cr_assert(look(g, "x")->binding == BINDING_GLOBAL && look(g, "x")->said_global);
    cr_assert(look(module, "f")->assigned && !look(f, "g"));
}

Test(scope, what_inner_functions_capture_is_a_cell_and_handed_on, .fini = free_compiler) {
    Node *module = parse("def f(a):\n"
                         "    n = 0\n"
                         "    def g():\n"
                         "        def h():\n"
                         "            nonlocal n\n"
                         "            n += a\n"
                         "        return h\n"
                         "    return lambda z: z + n\n");
    Node *f = module->Module.body.at[0], *g = f->FunctionDef.body.at[1], *h = g->FunctionDef.body.at[0];
    cr_assert(look(f, "n")->binding == BINDING_CELL && look(f, "a")->binding == BINDING_CELL);
    cr_assert(look(f, "g")->binding == BINDING_LOCAL && !f->FunctionDef.scope->reads_outside);
    cr_assert(look(h, "n")->binding == BINDING_FREE && look(h, "n")->owner == f->FunctionDef.scope);
    cr_assert(look(g, "n")->binding == BINDING_FREE && !look(g, "n")->used && g->FunctionDef.scope->reads_outside);
    Node *lambda = f->FunctionDef.body.at[2]->Return.value;
    cr_assert(look(lambda, "n")->binding == BINDING_FREE && look(lambda, "z")->binding == BINDING_LOCAL);
}

Test(scope, classes_and_comprehensions, .fini = free_compiler) {
    Node *module = parse("def f(v):\n"
                         "    x = 1\n"
                         "    class C:\n"
                         "        x = 2\n"
                         "        def m(self): return x\n"
                         "    return [x + (last := i) for i in v for j in w]\n");
    Node *f = module->Module.body.at[0], *c = f->FunctionDef.body.at[1], *m = c->ClassDef.body.at[1];
    cr_assert(look(c, "x")->binding == BINDING_LOCAL);
    cr_assert(look(m, "x")->binding == BINDING_FREE && look(m, "x")->owner == f->FunctionDef.scope);
    Node *list = f->FunctionDef.body.at[2]->Return.value;
    cr_assert(look(list, "i")->binding == BINDING_LOCAL && !look(f, "i") && !look(list, "v"));
    cr_assert(look(f, "last")->binding == BINDING_CELL && look(list, "last")->binding == BINDING_FREE);
    cr_assert(look(list, "w")->binding == BINDING_GLOBAL);
}

Test(scope, types_bind_sizes, .fini = free_compiler) {
    Node *module = parse("def f(x: f32[n, 2*m, K], y: 'i32[p]', z: tuple[int, f64[q]]) -> f32[n]:\n"
                         "    w: f32[r] = load()\n"
                         "    return lambda: x / n\n");
    Node *f = module->Module.body.at[0];
    for (const char *name = "nmpqr"; *name; name++) {
        Symbol *s = look(f, (char[]){ *name, 0 });
        cr_assert(s && s->size && s->assigned && !s->parameter);
    }
    cr_assert(look(f, "n")->binding == BINDING_CELL && !look(f, "K") && !look(f, "int"));
}

Test(scope, generators_are_known, .fini = free_compiler) {
    Node *module = parse("def f(): return (yield)\n"
                         "def g(): return lambda: (yield from f())\n");
    cr_assert(module->Module.body.at[0]->FunctionDef.scope->generator);
    cr_assert_not(module->Module.body.at[1]->FunctionDef.scope->generator);
}

Test(names, assigned_and_changed, .fini = free_compiler) {
    Nodes body = parse("a, (b, *c) = 1, (2, 3)\n"
                       "for d in a: e += 1\n"
                       "import f.g, h as i\n"
                       "with j as k: l[0].m = n = 1\n"
                       "def o(): p = 1\n"
                       "class q: r = 1\n"
                       "[s for s in (t := u) if (v := s)]\n"
                       "match w:\n"
                       "    case [x, {'k': y, **z}]: del aa, bb[0]\n"
                       "x.at[i] += 1\n")
                     ->Module.body;
    cr_assert(names_are(names_assigned(cx, body), "a b c d e f i k n o q t v x z y aa"));
    cr_assert(names_are(names_changed(cx, body), "l bb x"));
}

Test(body, has, .fini = free_compiler) {
    Nodes body = parse("for i in x:\n"
                       "    if i: break\n"
                       "else:\n"
                       "    while (yield_): continue\n"
                       "def f(): return 1\n")
                     ->Module.body;
    cr_assert(body_has(body, NODE_While) && body_has(body, NODE_FunctionDef));
    cr_assert_not(body_has(body, NODE_Break));
    cr_assert(body_has(body.at[0]->For.body, NODE_Break));
    cr_assert_not(body_has(body.at[0]->For.orelse, NODE_Continue));
    cr_assert_not(body_has(body, NODE_Return));
}

Test(docstring, is_the_first_statement, .fini = free_compiler) {
    Nodes body = parse("def f(): 'what it does'\ndef g(): return 'this'\n")->Module.body;
    cr_assert_str_eq(docstring(body.at[0]->FunctionDef.body)->text, "what it does");
    cr_assert_null(docstring(body.at[1]->FunctionDef.body));
}

static int mistakes(const char *text, int length) {
    cx = compiler_new();
    parse_file(cx, add_source(cx, "a.jxl", text, length, false));
    return diag_errors(cx);
}

/* What cannot stand in a file under tests/check, where more text follows. */
Test(lex, the_end_of_a_file_is_a_mistake_like_any_other, .fini = free_compiler) {
    static const struct {
        const char *text;
        int length;
    } files[] = {
        { "x = 1\ny = \0 2\nz = 3\n", 20 }, /* a NUL */
        { "y = \"\"\"a\n", 9 },
        { "f(\n", 3 },
        { "x = 1 \\", 7 },
        { "x = 'a", 6 },
        { "x = '\\", 6 },
        { "if x:\n", 6 },
        { "f'{", 3 },
        { "\xef\xbb", 2 },
    };
    for (int i = 0; i < COUNT(files); i++) {
        cr_expect(mistakes(files[i].text, files[i].length) == 1, "file %d", i);
        if (i + 1 < COUNT(files)) compiler_free(cx);
    }
}

Test(lex, a_file_needs_no_last_newline, .fini = free_compiler) { cr_assert(mistakes("\xef\xbb\xbfif x: y", 10) == 0); }
