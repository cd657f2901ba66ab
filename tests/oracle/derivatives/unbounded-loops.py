import jax.numpy as jnp
from jax import grad


def root(x):
    s = x
    while jnp.abs(s * s - x) > 1e-5 * x:
        s = 0.5 * (s + x / s)
    return s


def turned(n, x):
    s = x
    for _ in range(n):
        s = jnp.sin(s) * x
    return s


n = int(jnp.sum(jnp.ones(4)))
print(grad(root)(2.0), grad(lambda x: root(root(x)))(16.0))
print(grad(turned, argnums=1)(n, 1.5), grad(turned, argnums=1)(n, 1.5), grad(turned, argnums=1)(n - n, 1.5))
