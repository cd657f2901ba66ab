import jax.numpy as jnp
from jax import grad, jvp

print(grad(jnp.sqrt)(0.0), jvp(jnp.sqrt, (0.0,), (1.0,))[1], grad(jnp.cbrt)(8.0))
print(jnp.zeros(3), 0.0)
print(jnp.array([[0.6, 0.8], [0.0, 0.0]]))
