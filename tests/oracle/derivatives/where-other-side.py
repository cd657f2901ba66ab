# JAX gives nan here: the side that is taken, alone.
import jax.numpy as jnp
from jax import grad


def root_log(x):
    return jnp.sqrt(x) * jnp.log(x)


def root(x):
    return x**0.125


def quotient(x):
    return jnp.sin(x) / x


print(1.0, grad(jnp.sqrt)(4.0), 1.0)
print(0.0, grad(root_log)(4.0), 0.0)
print(0.0, grad(root_log)(4.0), 0.0)
print(2.0, grad(root)(4.0), 2.0)
print(0.0, grad(quotient)(4.0), 0.0)
print(1.0, 1.0, grad(lambda x: jnp.log(jnp.log(jnp.log(x))))(30.0))
print(jnp.zeros(3), jnp.array([0.6, 0.8]))
