import jax.numpy as jnp

print("shapes")
SIDES = 4


def area(a, b):
    return jnp.array(a) * b
