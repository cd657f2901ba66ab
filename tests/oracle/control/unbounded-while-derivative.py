import jax
import jax.numpy as jnp


def sqrt(a, n):
    x = a
    for _ in range(n):
        x = 0.5 * (x + a / x)
    return x


def count(a):
    x, n = a, 0
    while abs(x * x - a) > 1e-4 * a:
        x = 0.5 * (x + a / x)
        n += 1
    return n


print(jax.grad(sqrt)(4.0, count(4.0)), jax.grad(sqrt)(9.0, count(9.0)))
print(jax.grad(lambda x: x**8)(3.0), jax.grad(lambda x: x)(200.0))
