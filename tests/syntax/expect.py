"""Prints the tree of a Python file as `tree` does, but made by Python's own `ast`: how the .tree files came to be.

    python3.11 tests/syntax/expect.py FILE.py > FILE.tree
"""
import ast
import sys

BLOCKS = (ast.stmt, ast.ExceptHandler, ast.match_case)
LEFT_OUT = ("type_comment", "type_ignores", "kind")


def text(data):
    plain = lambda c: 32 <= c < 127 and chr(c) not in "'\\"
    return "'" + "".join(chr(c) if plain(c) else f"\\x{c:02x}" for c in data) + "'"


def constant(v):
    if v is None or v is True or v is False:
        return repr(v)
    if v is ...:
        return "..."
    if isinstance(v, int):
        return str(v) if v < 2**127 else "too_large"
    if isinstance(v, float):
        return "%.17g" % v
    if isinstance(v, complex):
        return "%.17gj" % v.imag
    return "b" + text(v) if isinstance(v, bytes) else text(v.encode("utf-8", "surrogatepass"))


def unquoted(node):
    """A type in quotes stands for what is in them."""
    plain = isinstance(node, ast.Constant) and isinstance(node.value, str) and node.lineno == node.end_lineno
    if plain and node.value and node.end_col_offset - node.col_offset == len(node.value.encode()) + 2:
        try:
            return ast.parse(node.value, mode="eval").body
        except SyntaxError:
            pass
    return node


def parameter(a, default):
    parts = ["arg=" + a.arg]
    if a.annotation:
        parts.append("annotation=" + line(unquoted(a.annotation)))
    if default:
        parts.append("value=" + line(default))
    return "arg(" + ", ".join(parts) + ")"


def parameters(n):
    positional = n.posonlyargs + n.args
    defaults = [None] * (len(positional) - len(n.defaults)) + n.defaults
    shown = [parameter(a, d) for a, d in zip(positional, defaults)]
    k = len(n.posonlyargs)
    parts = []
    if shown[:k]:
        parts.append("posonlyargs=[" + ", ".join(shown[:k]) + "]")
    if shown[k:]:
        parts.append("args=[" + ", ".join(shown[k:]) + "]")
    if n.vararg:
        parts.append("vararg=" + parameter(n.vararg, None))
    if n.kwonlyargs:
        parts.append("kwonlyargs=[" + ", ".join(map(parameter, n.kwonlyargs, n.kw_defaults)) + "]")
    if n.kwarg:
        parts.append("kwarg=" + parameter(n.kwarg, None))
    return "arguments(" + ", ".join(parts) + ")"


def item(x):
    if x is None:
        return "-"
    if isinstance(x, str):
        return x
    return type(x).__name__ if isinstance(x, ast.cmpop) else line(x)


def line(n):
    """A node without the statements in it."""
    if isinstance(n, ast.arguments):
        return parameters(n)
    parts = []
    for f in n._fields:
        v = getattr(n, f, None)
        if isinstance(n, (ast.Constant, ast.MatchSingleton)) and f == "value":
            parts.append("value=" + constant(v))
        elif f in LEFT_OUT or v is None or isinstance(v, ast.Load) or (f == "conversion" and v == -1):
            continue
        elif isinstance(v, list):
            if v and not isinstance(v[0], BLOCKS):
                parts.append(f + "=[" + ", ".join(map(item, v)) + "]")
        elif isinstance(v, (ast.expr_context, ast.operator, ast.boolop, ast.unaryop)):
            parts.append(f + "=" + type(v).__name__)
        elif isinstance(v, ast.AST):
            parts.append(f + "=" + line(unquoted(v) if f in ("annotation", "returns") else v))
        elif v != 0:
            parts.append(f + "=" + str(v))
    return type(n).__name__ + "(" + ", ".join(parts) + ")"


def show(n, indent):
    print(" " * indent + line(n))
    for f in n._fields:
        v = getattr(n, f, None)
        if isinstance(v, list) and v and isinstance(v[0], BLOCKS):
            print(" " * indent + f" {f}:")
            for x in v:
                show(x, indent + 2)


show(ast.parse(open(sys.argv[1], "rb").read()), 0)
