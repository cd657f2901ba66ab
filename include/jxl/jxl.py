"""What is built into jxl, for CPython: with it a .jxl file runs under JAX as it stands.

    from __future__ import annotations
    from jxl import *

Shapes in annotations are not checked here.  As in a compiled program, a function `main` that the module does not call
itself is called at its end, with its parameters taken from the command line.
"""
import ast
import atexit
import inspect
import sys

__all__ = ["export", "extern", "bool_", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f16", "bf16", "f32",
           "f64", "c64", "c128"]

_program = getattr(sys.modules["__main__"], "__file__", None)  # gone when the program has ended


class _Type:
    """A dtype in an annotation: `f32`, `f32[n, 3]`."""

    def __init__(self, name):
        self.name = name

    def __getitem__(self, shape):
        return self

    def __repr__(self):
        return self.name


bool_, i8, i16, i32, i64 = map(_Type, ("bool", "i8", "i16", "i32", "i64"))
u8, u16, u32, u64 = map(_Type, ("u8", "u16", "u32", "u64"))
f16, bf16, f32, f64, c64, c128 = map(_Type, ("f16", "bf16", "f32", "f64", "c64", "c128"))


def export(f):
    """A C function in the object file that jxlc -c makes; here the function itself."""
    return f


def extern(header):
    """A C function.  CPython cannot call it: what needs it says so."""

    def declare(f):
        def refuse(*args):
            raise NotImplementedError(f"{f.__name__} is a C function declared in {header}")

        return refuse

    return declare


def _calls_main(tree):
    """Does a statement of the module itself call main?"""
    for statement in tree.body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "main":
                return True
    return False


def _value(text, kind):
    if text.endswith(".npy") and kind not in ("int", "float", "str"):
        import jax.numpy as jnp

        return jnp.load(text)
    return {"int": int, "float": float, "str": str}.get(kind, float)(text)


def _run_main():
    module = sys.modules["__main__"]
    main = getattr(module, "main", None)
    if not inspect.isfunction(main) or main.__module__ != "__main__" or _program is None:
        return
    with open(_program) as file:
        if _calls_main(ast.parse(file.read())):
            return
    import argparse

    parser = argparse.ArgumentParser(description=main.__doc__)
    parameters = inspect.signature(main).parameters
    for name, p in parameters.items():
        kind = p.annotation if isinstance(p.annotation, str) else getattr(p.annotation, "__name__", "")
        needed = p.default is inspect.Parameter.empty
        if kind == "bool":
            parser.add_argument("--" + name, action="store_true")
        else:
            parser.add_argument("--" + name, required=needed, default=None if needed else p.default,
                                type=lambda text, kind=kind: _value(text, kind))
    main(**vars(parser.parse_args()))


atexit.register(_run_main)
