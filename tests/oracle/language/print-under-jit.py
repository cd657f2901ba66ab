import jax.numpy as jnp


def f(x):
    print("x is", x)
    y = x * 2
    print(f"y is {y}")
    return y


print(f(jnp.arange(3)))
print(f(jnp.arange(3) + 1))
print("debug", jnp.ones(2), 3)
