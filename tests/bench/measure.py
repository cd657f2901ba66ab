"""How a row is timed, by jxl and by JAX: a line with its name, seconds, bytes read and written, flops and the widest type."""
import math
import time

import jax

# run.sh and memory.sh write it: parts of the names ("=NAME=" is a whole one) of the rows that are asked for, all if there are
# none; and whether JAX is to say what memory it needs in place of the time
from wanted import MEMORY, WANTED


def bytes_of(tree):
    return sum(math.prod(x.shape) * x.dtype.itemsize for x in jax.tree.leaves(tree))


def measure(name, f, make, flops=0):
    """The least seconds of some calls of f(*make()); the bytes are those of arguments and results, which must be moved at least."""
    if WANTED and not any(word in f"={name}=" for word in WANTED):
        return
    args = make()
    if MEMORY:
        from memory import memory
        memory(name, f, args)
        return
    results = jax.eval_shape(f, *args)
    widest = max(x.dtype.itemsize for x in jax.tree.leaves((args, results)))
    least, calls, spent = math.inf, 0, 0.0
    while calls < 5 or (spent < 0.05 and calls < 1000):
        start = time.perf_counter()
        jax.block_until_ready(f(*args))
        seconds = time.perf_counter() - start
        least = min(least, seconds)
        if calls > 0:  # JAX compiles in the first
            spent += seconds
        calls += 1
    print(f"{name} {least:.9f} {bytes_of(args)} {bytes_of(results)} {flops} {widest}")
