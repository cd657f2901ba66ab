"""Writes 500 cases of indexing and einsum as 25 programs of 20 in tests/oracle/cases; bless.sh then asks JAX.

    python3 tests/oracle/generate_indexing.py

Every case indexes an array of distinct whole numbers, so that each element of a result says where it came from.
"""
import random
from pathlib import Path

rng = random.Random(20240611)
here = Path(__file__).resolve().parent


def shape(low=1, high=4):
    return tuple(rng.randint(1, 5) for _ in range(rng.randint(low, high)))


def array(dims, dtype=""):
    size = 1
    for d in dims:
        size *= d
    return f"jnp.arange({size}{dtype}).reshape({dims})"


def a_slice(n):
    start, stop = (rng.choice([None, rng.randint(-n - 2, n + 2)]) for _ in range(2))
    step = rng.choice([None, None, 1, 2, 3, -1, -2])
    part = [("" if v is None else str(v)) for v in (start, stop)]
    return ":".join(part) + ("" if step is None else f":{step}")


def integers(n, dims):
    """An array of indices into an axis of size n, negative ones too, some out of range."""
    size = 1
    for d in dims:
        size *= d
    low, high = (-n - 2, n + 1) if rng.random() < 0.2 else (-n, n - 1)
    values = [rng.randint(low, high) for _ in range(size)]
    return f"jnp.array({values}).reshape({tuple(dims)})" if len(dims) != 1 else f"jnp.array({values})"


def basic(dims):
    parts = []
    for n in dims[: rng.randint(0, len(dims))]:
        parts.append(str(rng.randint(-n, n - 1)) if rng.random() < 0.35 else a_slice(n))
    if rng.random() < 0.3:
        parts.insert(rng.randint(0, len(parts)), "None")
    if rng.random() < 0.3 and len(parts) < len(dims):
        # what stands after an ellipsis counts from the last axis: only slices without bounds are safe there
        parts += ["..."] + [":" for _ in range(rng.randint(0, 1))]
    return parts or ["..."]


def advanced(dims):
    """Integer arrays that broadcast together, beside slices and scalars, with and without axes between them."""
    common = [rng.randint(1, 3) for _ in range(rng.randint(1, 2))]
    parts, arrays = [], 0
    for n in dims:
        pick = rng.random()
        if pick < 0.5 or (arrays == 0 and len(parts) == len(dims) - 1):
            arrays += 1
            own = [d if rng.random() < 0.7 else 1 for d in common][rng.randint(0, len(common) - 1) :]
            parts.append(integers(n, own))
        elif pick < 0.8:
            parts.append(a_slice(n))
        else:
            parts.append(str(rng.randint(-n, n - 1)))
    if rng.random() < 0.2:
        parts.insert(rng.randint(0, len(parts)), "None")
    return parts


def case_basic():
    dims = shape()
    return f"x = {array(dims)}\nshow(x[{', '.join(basic(dims))}])"


def case_advanced():
    dims = shape()
    return f"x = {array(dims)}\nshow(x[{', '.join(advanced(dims))}])"


def case_boolean():
    dims = shape(1, 3)
    k = rng.randint(1, len(dims))
    size = 1
    for d in dims[:k]:
        size *= d
    mask = [rng.random() < 0.5 for _ in range(size)]
    rest = [a_slice(n) for n in dims[k : k + rng.randint(0, 1)]]
    index = ", ".join([f"jnp.array({mask}).reshape({dims[:k]})"] + rest)
    return f"x = {array(dims)}\nshow(x[{index}])"


def case_compare():
    dims = shape(1, 3)
    return f"x = {array(dims)}\nshow(x[(x * 7) % 5 {rng.choice(['<', '>', '==', '!='])} {rng.randint(0, 4)}])"


def case_traced():
    """Indices that the program computes."""
    dims = shape(1, 3)
    i = f"jnp.array({[rng.randint(-n, n - 1) for n in dims]})"
    k = rng.randint(1, len(dims))
    return f"x = {array(dims)}\ni = {i} + 0\nshow(x[{', '.join(f'i[{a}]' for a in range(k))}])"


def case_at(operation):
    dims = shape(1, 3)
    kind = rng.random()
    parts = basic(dims) if kind < 0.5 else advanced(dims)
    value = rng.choice([str(rng.randint(-9, 9)), "-1.5"])
    return f"x = {array(dims, '.0')}\nshow(x.at[{', '.join(parts)}].{operation}({value}))"


def case_at_array():
    """Repeated indices: additions add up."""
    n, m = rng.randint(2, 5), rng.randint(2, 6)
    index = integers(n, [m])
    op = rng.choice(["add", "min", "max"])
    return f"x = {array((n, 3))}\nshow(x.at[{index}].{op}(jnp.arange({m * 3}).reshape({m}, 3) - 4))"


def case_einsum():
    letters = "abcd"
    sizes = {c: rng.randint(1, 4) for c in letters}
    operands = ["".join(rng.sample(letters, rng.randint(1, 3))) for _ in range(rng.randint(1, 3))]
    if rng.random() < 0.2:
        operands[0] += operands[0][rng.randint(0, len(operands[0]) - 1)]
    used = sorted(set("".join(operands)))
    out = rng.sample(used, rng.randint(0, len(used)))
    spec = ",".join(operands)
    if rng.random() < 0.85:
        spec += "->" + "".join(out)
    arrays = [f"{array(tuple(sizes[c] for c in o), '.0')} % 5" for o in operands]
    return f'show(jnp.einsum("{spec}", {", ".join(arrays)}))'


def case_ellipsis():
    batch = [rng.randint(1, 3) for _ in range(rng.randint(0, 2))]
    i, j, k = (rng.randint(1, 4) for _ in range(3))
    spec = rng.choice(["...ij,...jk->...ik", "...ij,jk->...ik", "...ij,...jk->ik...", "...ij,...jk", "...ij,...jk->k"])
    second = batch if spec != "...ij,jk->...ik" else []
    if spec.endswith("->k"):
        spec = "...ij,...jk->...k"
    return (f'show(jnp.einsum("{spec}", {array((*batch, i, j), ".0")} % 7, {array((*second, j, k), ".0")} % 5))')


kinds = [case_basic] * 5 + [case_advanced] * 5 + [case_boolean] * 2 + [case_compare, case_traced, case_at_array]
kinds += [lambda op=op: case_at(op) for op in ("set", "add", "multiply", "min", "max")]
kinds += [case_einsum] * 6 + [case_ellipsis]

head = """# Indexing and einsum, cases {first} to {last}: made by generate_indexing.py.
import jax.numpy as jnp


def show(y):
    print(y.shape, y.dtype, y.reshape(-1))


"""
(here / "cases").mkdir(exist_ok=True)
number = 0
for program in range(25):
    text = head.format(first=number + 1, last=number + 20)
    for _ in range(20):
        number += 1
        text += rng.choice(kinds)() + "\n"
    (here / "cases" / f"index-{program + 1:02d}.jxl").write_text(text)
