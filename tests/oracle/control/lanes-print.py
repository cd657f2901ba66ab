# All lanes go step by step: first those on the side that is not taken are passed over, then the others.
import jax.numpy as jnp
import numpy as np


def noisy(xs, ks):
    x, k = np.array(xs, np.float32), np.array(ks)
    while (x < 10).any():
        goes = x < 10
        low, y = goes & ~(k > 1), x.copy()
        while (low & (y < 4)).any():
            turn = low & (y < 4)
            for i in np.flatnonzero(turn):
                print(f"inner {y[i]} of {k[i]}")
            y[turn] *= 2
        high = goes & (k > 1)
        for i in np.flatnonzero(high):
            print(f"up {x[i]} {k[i]}")
        x = np.where(low, x + y, np.where(high, x * 3, x))
    return jnp.array(x)


xs = jnp.array([1.0, 2.0, 20.0])
print(noisy(xs, [1, 2, 3]))
print(noisy(np.repeat(xs, 2), [0, 5] * 3).reshape(3, 2))
print(noisy(xs[:2], [0, 1]))
print(xs[:0])
