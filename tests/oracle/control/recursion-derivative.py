import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)


def nested(x, n):
    y = x
    for _ in range(n): y = jnp.sin(x + y)
    return y


def fixed(x, n):
    """the same by a loop of jax, and its derivative beside it"""
    def body(_, s):
        y, dy = s
        return jnp.sin(x + y), jnp.cos(x + y) * (1 + dy)
    return jax.lax.fori_loop(0, n, body, (x, jnp.ones_like(x)))


n, x = 9, jnp.array([0.5, 1.1])
print(n * x ** (n - 1))
print(n * x ** (n - 1))
print(jnp.array(n * (n - 1) * 1.1 ** (n - 2)))
print(*jax.value_and_grad(lambda x: nested(x, n))(0.3), n)
print(jnp.stack([jax.grad(lambda x: nested(x, 1))(x[0]), jax.grad(lambda x: nested(x, 4))(x[1])]))
c, signs = jnp.arange(1.0, 7.0), jnp.array([1.0, -1.0] * 3)
print(jax.grad(lambda c, x: jnp.sum(signs * c * x ** jnp.arange(6.0)), argnums=(0, 1))(c, 0.5))
def bisect(low, high, steps):
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (low, middle) if middle > 0.3 else (middle, high)
    return (low + high) / 2
print(jax.grad(lambda h: bisect(0.0, h, n))(1.0))
def simpson(t, m):
    a = jnp.linspace(0.0, 1.0, m + 1)
    low, high = a[:-1], a[1:]
    return jnp.sum((high - low) / 6 * (jnp.exp(t * low) + 4 * jnp.exp(t * (low + high) / 2) + jnp.exp(t * high)))
print(jax.grad(lambda t: simpson(t, 2 ** (n - 4)))(0.7))
print(fixed(jnp.array(0.3), 4900)[1])
