import jax.numpy as jnp
from jax import grad

print(0.0, 0.0, 0.0)
print(grad(lambda x: x**1.0)(0.0), grad(lambda x: x**2.0)(0.0), grad(lambda x: x**2)(0.0), grad(lambda x: x**3)(-2.0))
print(grad(lambda y: 0.0**y)(2.0), grad(lambda y: 3.0**y)(0.0), 0.0)
print(2.0, 0.0)
