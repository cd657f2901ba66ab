# A variable that one side of a branch in a loop makes and uses up is nobody else's business.
import jax.numpy as jnp


def f(x, y):
    while x < 300.0:
        if y > 0.3:
            x = x + 100.0
        else:
            z = x
            while z < 20.0:
                z = z * 2.0
            if z > 100.0:
                w = z
                z = w - 1.0
            x = x + z
    return x


print(f(1.0, 2.0), f(1.0, 0.0), f(150.0, 0.0))
