"""Writes corpus.txt: values, and how Python, NumPy and JAX print them.

    JAX_PLATFORMS=cpu python make.py > corpus.txt

Each record is a line of five fields split by tabs: the hole of a template, the dtype, the shape, a seed, and a pool of
elements (their bytes in hexadecimal); then "text N" or "error N" and a line of N bytes.  Element i of the array is the
pool's element number (i * 2654435761 + seed mod 2**32) // 65536 mod the pool's size.
"""
import random
import sys

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
from jax._src.lax.lax import _convert_element_type

jax.config.update("jax_enable_x64", True)
r = random.Random(20240607)

INTS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
FLOATS = ["float16", "bfloat16", "float32", "float64"]
COMPLEX = ["complex64", "complex128"]
PART = {"complex64": "float32", "complex128": "float64"}


def dtype_of(name):
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


def random_bits(name, n):
    d = dtype_of(name)
    return np.frombuffer(bytes(r.randrange(256) for _ in range(n * d.itemsize)), d)


def floats(name):
    """A pool of one character: what decides between the ways of printing."""
    n = r.randint(1, 9)
    style = r.randrange(12)
    if style == 0:
        x = [r.uniform(-1, 1) for _ in range(n)]
    elif style == 1:
        x = [r.randint(-20, 20) for _ in range(n)]
    elif style == 2:
        x = [round(r.uniform(-100, 100), r.randint(0, 3)) for _ in range(n)]
    elif style == 3:
        x = [r.uniform(0.5, 9) * 10.0 ** r.randint(-12, 12) for _ in range(n)]
    elif style == 4:
        x = [r.gauss(0, 1) for _ in range(n)]
    elif style == 5:
        x = [r.choice([0.0, -0.0, np.nan, np.inf, -np.inf, 1.5, -2.0, 1e-4, 1e5]) for _ in range(n)]
    elif style == 6:
        x = [2.0 ** r.randint(-60, 60) for _ in range(n)]
    elif style == 7:
        x = [10.0 ** r.randint(-9, 17) * r.choice([1, -1, 0.99999999, 1.00000001]) for _ in range(n)]
    elif style == 8:
        x = [r.choice([1e-4, 9.99e-5, 0.1, 100.1, 1e3, 999.9, 1e6, 99999999.0, 1e8, 0.1 + 0.2]) for _ in range(n)]
    elif style == 9:
        return random_bits(name, n)
    elif style == 10:
        x = [r.choice([np.nan, np.inf, -np.inf]) for _ in range(r.randint(1, 2))]
    else:
        k = 10.0 ** r.randint(-5, 5)
        x = [k * r.randint(1, 1000) for _ in range(n)]
    with np.errstate(all="ignore"):
        return np.array(x, np.float64).astype(dtype_of(name))


def pool_of(name):
    if name == "bool":
        return np.array(r.choice([[True], [False], [True, False]]))
    if name in INTS:
        info = np.iinfo(name)
        style = r.randrange(4)
        n = r.randint(1, 9)
        if style == 0:
            return random_bits(name, n)
        top = [10, 100, info.max][style - 1]
        low = 0 if info.min == 0 else -top
        return np.array([r.randint(low, min(top, info.max)) for _ in range(n)], name)
    if name in COMPLEX:
        re, im = floats(PART[name]), floats(PART[name])
        z = np.zeros(max(len(re), len(im)), name)
        z.real, z.imag = np.resize(re, len(z)), np.resize(im, len(z))
        return z
    return floats(name)


def fill(pool, shape, seed):
    count = int(np.prod(shape, dtype=np.int64))
    i = (np.arange(count, dtype=np.uint64) * 2654435761 + seed) % 2**32 // 65536 % len(pool)
    return pool[i.astype(np.int64)].reshape(shape)


def shape():
    k = r.randrange(20)
    if k == 0:
        return r.choice([(0,), (0, 3), (3, 0), (2, 0, 2), (0, 0), (1, 0)])
    if k == 1:
        return r.choice([(1001,), (1000,), (2000,), (40, 30), (300, 4), (4, 300), (2, 600), (7, 8, 20), (1001, 1),
                         (6, 200), (7, 200), (3, 5, 100), (10, 11, 3, 4), (1, 1, 1, 1500)])
    if k < 9:
        return (r.choice([1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 20, 30]),)
    if k < 15:
        return (r.randint(1, 6), r.choice([1, 2, 3, 4, 5, 8, 12]))
    if k < 18:
        return tuple(r.randint(1, 3) for _ in range(3))
    return tuple(r.randint(1, 2) for _ in range(4))


out = sys.stdout.buffer


def record(hole, dtype, dims, seed, pool, value):
    kind = "text"
    try:
        text = value()
    except (ValueError, TypeError, OverflowError) as e:
        kind, text = "error", str(e)
    text = text.encode()
    dims = ",".join(map(str, dims))
    out.write(f"{hole}\t{dtype}\t{dims}\t{seed}\t{pool.hex()}\n{kind} {len(text)}\n".encode() + text + b"\n")


def as_jax(a, weak=False):
    x = jnp.asarray(a)
    return _convert_element_type(x, x.dtype, weak_type=True) if weak else x


def array_record(name):
    pool, dims, seed = pool_of(name), shape(), r.randrange(2**32)
    a = fill(pool, dims, seed)
    hole = r.choice(["js", "jr", "jr", "nr", "wr", "ns"])
    value = {
        "js": lambda: str(as_jax(a)), "jr": lambda: repr(as_jax(a)), "wr": lambda: repr(as_jax(a, True)),
        "nr": lambda: repr(a), "ns": lambda: str(a),
    }[hole]
    record("0!" + hole, name, dims, seed, pool.tobytes(), value)


def scalar_record(name):
    pool = pool_of(name)[:1]
    a = pool.reshape(())
    holes = {
        "js": lambda: str(as_jax(a)), "jr": lambda: repr(as_jax(a)), "jf": lambda: format(as_jax(a)),
        "wr": lambda: repr(as_jax(a, True)), "nr": lambda: repr(a), "ns": lambda: str(a), "gs": lambda: str(a[()]),
        "gr": lambda: repr(a[()]), "gf": lambda: format(a[()]),
    }
    if name in ("bool", "int64", "float64", "complex128"):
        holes |= {"ps": lambda: str(a.item()), "pr": lambda: repr(a.item()), "pf": lambda: format(a.item())}
    hole = r.choice(list(holes))
    record("0!" + hole, name, (), 0, pool.tobytes(), holes[hole])


def spec():
    s = ""
    if r.random() < 0.4:
        s += r.choice(["", "", "*", "0", "é", "x"]) + r.choice("<>^=")
    if r.random() < 0.3:
        s += r.choice("+- ")
    if r.random() < 0.08:
        s += "z"
    if r.random() < 0.15:
        s += "#"
    if r.random() < 0.25:
        s += "0"
    if r.random() < 0.5:
        s += str(r.choice([1, 3, 5, 8, 10, 13, 20, 26]))
    if r.random() < 0.25:
        s += r.choice(",_")
    if r.random() < 0.5:
        s += "." + str(r.choice([0, 1, 2, 3, 4, 6, 8, 12, 17, 20]))
    if r.random() < 0.7:
        s += r.choice("bcdoxXeEfFgGn%s" + "fffeegg")
    return s or "5"


TEXTS = ["", "a", "naïve", "loss", "x'y", "日本語", "a longer text", 'q"', "tab\t"]


def spec_record():
    s = spec()
    if r.random() < 0.1:
        text = r.choice(TEXTS)
        record("0!tf:" + s, "text", (), 0, text.encode(), lambda: format(text, s))
        return
    name = r.choice(["bool", "int64", "int64", "float64", "float64", "float64", "complex128", "float32", "uint64"])
    pool = pool_of(name)[:1]
    if name in INTS and r.random() < 0.5:
        pool = np.array([r.choice([0, 1, 7, 65, 8364, 120000, 1234567])], name)
    a = pool.reshape(())
    flavour = r.choice("pjng") if name in ("bool", "int64", "float64", "complex128") else r.choice("jng")
    record(f"0!{flavour}f:{s}", name, (), 0, pool.tobytes(),
           lambda: format({"p": a.item(), "j": as_jax(a), "n": a, "g": a[()]}[flavour], s))


out.write(f"# Python {sys.version.split()[0]}, NumPy {np.__version__}, JAX {jax.__version__}\n".encode())
names = ["bool"] + INTS + FLOATS * 4 + COMPLEX * 4
for _ in range(2050):
    array_record(r.choice(names))
for _ in range(1000):
    scalar_record(r.choice(names))
for _ in range(2500):
    spec_record()
for text in TEXTS:
    record("0!tr", "text", (), 0, text.encode(), lambda: repr(text))
record("0!jf:.2f", "float32", (2,), 0, np.ones(1, "f").tobytes(), lambda: format(np.ones(2, "f"), ".2f"))
