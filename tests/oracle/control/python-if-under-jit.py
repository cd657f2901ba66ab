import jax
import jax.numpy as jnp


def f(x):
    return jnp.where(x > 0, x * 2, -x) + 1


print(jax.jit(f)(3.0), jax.jit(f)(-4.0))
print(jax.vmap(f)(jnp.array([1.0, -1.0, 5.0])))
print(jax.grad(f)(3.0), jax.grad(f)(-3.0), jax.vmap(jax.grad(f))(jnp.array([2.0, -2.0])))


def g(x):
    return jnp.where(x.sum() > 10, x / x.sum(), x)


print(g(jnp.array([1.0, 2.0])), g(jnp.array([8.0, 8.0])))
print(jnp.array([0, 10, 2, 30]))
