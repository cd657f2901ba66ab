import jax.numpy as jnp

t, q = float(jnp.float32(0.1)), float(jnp.float32(0.1)) ** 2
print(jnp.float32(1e6 * t), jnp.float32(1e6 * t), jnp.float32(1e6 * t), jnp.float32(1e6 * t), jnp.float32(t))
print(jnp.array([1e6 * t]), jnp.array([1e6 * t]), jnp.float32(1e6 * t))
print(jnp.float32(1e6 * q), True)
