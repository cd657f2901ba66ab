"""How a row is timed, by jxl and by JAX: a line with its name, seconds, bytes read and written, flops and the widest type."""
import math
import time

import jax

# The scripts write it.  HOW is what is asked of each row: "least", the time of the fastest call; "mean", that of a call where
# calls disturb each other; or "memory", what JAX needs.  WANTED are parts of the rows' names ("=NAME=" is a whole one), all
# rows if there are none.
from wanted import HOW, WANTED


def bytes_of(tree):
    return sum(math.prod(x.shape) * x.dtype.itemsize for x in jax.tree.leaves(tree))


def measure(name, f, make, flops=0):
    """The seconds of a call of f(*make()); the bytes are those of arguments and results, which must be moved at least."""
    if WANTED and not any(word in f"={name}=" for word in WANTED):
        return
    args = make()
    if HOW == "memory":
        from memory import memory
        memory(name, f, args)
        return
    results = jax.eval_shape(f, *args)
    widest = max(x.dtype.itemsize for x in jax.tree.leaves((args, results)))
    least, calls, spent = math.inf, 0, 0.0
    while calls < 5 or (spent < (0.05 if HOW == "least" else 0.5) and (calls < 1000 or HOW == "mean")):
        start = time.perf_counter()
        jax.block_until_ready(f(*args))
        seconds = time.perf_counter() - start
        least = min(least, seconds)
        if calls > 0:  # JAX compiles in the first
            spent += seconds
        calls += 1
    seconds = least if HOW == "least" else spent / (calls - 1)
    print(f"{name} {seconds:.9f} {bytes_of(args)} {bytes_of(results)} {flops} {widest}")
