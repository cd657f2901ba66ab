import jax.numpy as jnp
from jax import grad, hessian

x, u = jnp.array([2.0, 3.0, 0.5]), jnp.array([5.0, 0.0, 7.0])


def f(x, u):
    return jnp.array([x[0] * u[0] * u[1], x[1] * u[2], x[2]])


print(f(x, u), grad(lambda x: f(x, u).sum())(x), grad(lambda u: f(x, u).sum())(u))
print(hessian(lambda u: f(x, u).sum())(u))
print(jnp.array([4.0, 1.0, 1.0]))
print(jnp.array([12.0, 1.0, 1.0]), jnp.array([1.0, 0.25, 1.0]))
