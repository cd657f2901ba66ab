import jax.numpy as jnp

x = jnp.zeros(4)
x = x.at[1].set(5)
x = x.at[2:].add(1.5)
print(x)
m = jnp.zeros((2, 2))
m = m.at[0, :].set(7)
m = m.at[:, 1].multiply(2)
print(m)
for i in range(4):
    x = x.at[i].set(x[i] * 2 + i)
print(x)
p = {"w": [jnp.ones(2), 3]}
p["w"][0] = p["w"][0].at[1].set(-1)
print(p)
x = jnp.where(x > 4, 0, x)
print(x)
