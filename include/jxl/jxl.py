"""What jxl has built in, for running the same file under CPython with JAX.

    from __future__ import annotations
    from jxl import *

The types f32, i8[n, 3], ... mean something to jxl only; `export` changes nothing; an `extern` function cannot be called.
A file that is run, defines main(...) and does not call it gets main's parameters as command-line flags, as compiled.
"""
import ast
import functools
import re
import sys

__all__ = ["f16", "bf16", "f32", "f64", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "c64", "c128", "bool_",
           "export", "extern"]


class ArrayType:
    """An element type, or with sizes in brackets an array type.  It stands for its dtype where JAX wants one."""

    def __init__(self, name, dtype_name, sizes=None):
        self.name, self.dtype_name, self.sizes = name, dtype_name, sizes

    def __getitem__(self, sizes):
        return ArrayType(self.name, self.dtype_name, sizes if isinstance(sizes, tuple) else (sizes,))

    def __repr__(self):
        return self.name if self.sizes is None else f"{self.name}[{', '.join(map(str, self.sizes))}]"

    @property
    def dtype(self):
        import jax.numpy as jnp
        return jnp.dtype(self.dtype_name)


TYPES = {name: ArrayType(name, dtype) for name, dtype in {
    "f16": "float16", "bf16": "bfloat16", "f32": "float32", "f64": "float64", "i8": "int8", "i16": "int16",
    "i32": "int32", "i64": "int64", "u8": "uint8", "u16": "uint16", "u32": "uint32", "u64": "uint64",
    "c64": "complex64", "c128": "complex128", "bool_": "bool"}.items()}
globals().update(TYPES)


def export(function=None, **options):
    """Compiled, this makes a C function; here it changes nothing."""
    return function if function else lambda f: f


def extern(*header, **options):
    """Compiled, this declares a C function."""
    def declare(function):
        @functools.wraps(function)
        def call(*args, **kwargs):
            raise NotImplementedError(f"{function.__name__} is a C function; only compiled programs can call it")
        return call
    return declare(header[0]) if header and callable(header[0]) else declare


class checkpoint:
    """`from jxl import checkpoint`: a tree of arrays in a .npz file, for programs that are stopped and go on later."""

    @staticmethod
    def _leaves(tree):
        import jax
        pairs, structure = jax.tree_util.tree_flatten_with_path(tree)
        names = [jax.tree_util.keystr(path, simple=True, separator="/") or "value" for path, _ in pairs]
        return names, [leaf for _, leaf in pairs], structure

    @staticmethod
    def save(path, tree):
        """Writes the leaves to a file, which then is the old one or the new one, whole."""
        import os
        import jax
        import numpy as np
        names, leaves, _ = checkpoint._leaves(tree)
        path = path if path.endswith(".npz") else path + ".npz"
        is_key = [isinstance(x, jax.Array) and jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key) for x in leaves]
        with open(f"{path}.{os.getpid()}", "wb") as file:
            np.savez(file, **{name: np.asarray(jax.random.key_data(x) if k else x) for name, x, k in zip(names, leaves, is_key)})
            file.flush()
            os.fsync(file.fileno())
        os.replace(file.name, path)
        directory = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)

    @staticmethod
    def restore(path, like, missing_ok=False):
        """What was saved, a tree as `like` is; with missing_ok `like` itself where there is no file."""
        import os
        import jax
        import numpy as np
        names, leaves, structure = checkpoint._leaves(like)
        path = path if path.endswith(".npz") else path + ".npz"
        if missing_ok and not os.path.exists(path):
            return structure.unflatten(leaves)
        with np.load(path) as file:
            held = {name: file[name] for name in file.files}
        for name in sorted(set(names) ^ set(held)):
            raise ValueError(f"{path} holds another tree: " + (
                f"it has no leaf {name!r}" if name in names else f"it has a leaf {name!r}, which this tree has not"))
        return structure.unflatten([checkpoint._restored(path, name, leaf, held[name]) for name, leaf in zip(names, leaves)])

    @staticmethod
    def _restored(path, name, leaf, x):
        import jax
        import numpy as np
        if isinstance(leaf, jax.ShapeDtypeStruct):
            leaf = jax.numpy.zeros(leaf.shape, leaf.dtype)
        is_key = isinstance(leaf, jax.Array) and jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)
        like = np.asarray(jax.random.key_data(leaf) if is_key else leaf)
        if x.dtype == np.dtype("V2"):
            x = x.view(jax.numpy.bfloat16)
        if x.dtype != like.dtype or x.shape != like.shape:
            raise ValueError(f"{path} holds another tree: its leaf {name!r} is {x.dtype}{list(x.shape)}, "
                             f"and this tree's is {like.dtype}{list(like.shape)}")
        if is_key:
            return jax.random.wrap_key_data(jax.numpy.asarray(x), impl=jax.random.key_impl(leaf))
        if isinstance(leaf, (bool, int, float, complex)):
            return type(leaf)(x)
        return jax.numpy.asarray(x) if isinstance(leaf, jax.Array) else x


def split_annotation(text):
    """'f32[n, 784]' is ('f32', ['n', '784']), 'int' is ('int', None)."""
    m = re.fullmatch(r"\s*(\w+)\s*(?:\[(.*)\])?\s*", text, re.S)
    if not m:
        return text.strip(), None
    return m[1], None if m[2] is None else [size.strip() for size in m[2].split(",")]


def load(parser, flag, path, dtype_name, text, sizes, known):
    """The array a file holds, checked against its annotation as compiled programs do."""
    import jax.numpy as jnp
    import numpy as np
    try:
        x = jnp.asarray(np.load(path))
    except (OSError, ValueError, EOFError) as e:
        parser.error(f"--{flag}: {path}: {e}")
    held = f"{x.dtype}{list(x.shape)}"
    if x.dtype.name != dtype_name or x.ndim != len(sizes):
        parser.error(f"--{flag}: {path} holds {held}; expected was {text}")
    for size, wanted in zip(x.shape, sizes):
        wanted = int(wanted) if wanted.isdigit() else known.setdefault(wanted, size) if wanted.isidentifier() else size
        if size != wanted:
            parser.error(f"--{flag}: {path} holds {held}; expected was {text}")
    return x


def number(name):
    """A flag of a 0-d type: a number that becomes an array."""
    is_float = name in ("f16", "bf16", "f32", "f64")

    def read(text):
        import jax.numpy as jnp
        return jnp.asarray(float(text) if is_float else int(text), TYPES[name].dtype)
    read.__name__ = "float" if is_float else "int"
    return read


def call_with_flags(main, parameters, doc):
    """Calls main with what the command line says.  `parameters` are those of its `def`, as ast nodes."""
    import argparse
    import inspect
    import os
    parser = argparse.ArgumentParser(prog=os.path.basename(sys.argv[0]), description=doc, allow_abbrev=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    files, elements, scalars = {}, {}, {"int": int, "float": float, "str": str}
    for name, p in inspect.signature(main).parameters.items():
        node = parameters[name]
        text = ast.unparse(node) if node else type(p.default).__name__
        kind, sizes = split_annotation(text)
        options = {"required": True, "help": text} if p.default is p.empty else {
            "default": p.default, "help": f"{text} (default: {p.default})"}
        if kind in ("bool", "bool_") and sizes is None:
            options["action"] = argparse.BooleanOptionalAction
        elif sizes is not None and kind in TYPES:
            options["metavar"] = "FILE.npy"
            files[name] = kind, text, sizes
        elif kind in TYPES or kind in scalars:
            options["type"] = scalars.get(kind) or number(kind)
            if kind in TYPES:
                elements[name] = kind
        else:
            parser.error(f"main's parameter {name}: {text} cannot be a flag")
        parser.add_argument("--" + name, **options)
    names = set(inspect.signature(main).parameters)
    words = []
    for word in sys.argv[1:]:
        flag, equals, value = word.partition("=")
        known = flag.startswith("--") and flag[2:].replace("-", "_")
        if known in names:
            flag = "--" + known
        elif known and known.startswith("no_") and known[3:] in names:
            flag = "--no-" + known[3:]
        words.append(flag + equals + value)
    values, known = vars(parser.parse_args(words)), {}
    for name, (kind, text, sizes) in files.items():
        if isinstance(values[name], str):
            values[name] = load(parser, name, values[name], TYPES[kind].dtype_name, text, sizes, known)
    for name, kind in elements.items():
        if isinstance(values[name], (int, float)):
            values[name] = number(kind)(str(values[name]))
    main(**values)


def calls_main(node):
    """Whether running these statements may call main: a call of that name, outside functions and classes."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
        return False
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "main":
        return True
    return any(calls_main(child) for child in ast.iter_child_nodes(node))


def run_program():
    """If we are imported by a program that leaves calling main to us, runs that program and ends."""
    frame = sys._getframe(1)
    while frame and (frame.f_globals is globals() or "importlib" in frame.f_code.co_filename):
        frame = frame.f_back
    if not frame or frame.f_globals.get("__name__") != "__main__" or "__file__" not in frame.f_globals:
        return
    program, path = frame.f_globals, frame.f_globals["__file__"]
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read(), path)
    mains = [s for s in tree.body if isinstance(s, ast.FunctionDef) and s.name == "main"]
    if not mains or calls_main(tree):
        return
    # The import is the program's first statement, so its body can as well be run from here, and main after it.
    sys.modules.setdefault("jxl", sys.modules[__name__])
    exec(compile(tree, path, "exec"), program)
    a = mains[-1].args
    parameters = {p.arg: p.annotation for p in a.posonlyargs + a.args + a.kwonlyargs}
    doc = ast.get_docstring(mains[-1]) or ast.get_docstring(tree)
    call_with_flags(program["main"], parameters, doc)
    sys.exit()


run_program()
