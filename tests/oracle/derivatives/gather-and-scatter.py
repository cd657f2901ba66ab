# A gather and its transpose agree: repeated indices add up, the last of repeated writes wins, and an index out of range that
# reads the nearest element gives its derivative there too.
import jax
import jax.numpy as jnp
from jax import grad, jvp

x, i, far = jnp.array([1.0, 2.0, 3.0]), jnp.array([0, 0, 2, 0]), jnp.array([-4, 0, 2, 9])
w = jnp.array([1.0, 10.0, 100.0, 1000.0])
u = jnp.array([5.0, 6.0, 7.0, 8.0])


def forward(f, x, v):
    return jvp(f, (x,), (v,))[1]


def agree(f, x):
    rows = jnp.stack([forward(f, x, jnp.eye(x.size)[k]) for k in range(x.size)])
    return grad(lambda x: f(x) @ jnp.arange(1.0, f(x).size + 1))(x) - rows @ jnp.arange(1.0, f(x).size + 1)


print(grad(lambda x: x[i] @ w)(x), agree(lambda x: x[i], x))
print(grad(lambda x: x.at[i].get(mode="clip") @ w)(x), agree(lambda x: x.at[far].get(mode="clip"), x))
print(agree(lambda x: x.at[far].get(mode="fill", fill_value=0.0), x), jnp.zeros(3))  # JAX: [-1, 0, -4]
print(grad(lambda u: x.at[i].add(u) @ jnp.array([1.0, 2.0, 3.0]))(u), grad(lambda x: x.at[i].add(u) @ x)(x))
print(grad(lambda u: x.at[i].set(u) @ jnp.array([1.0, 2.0, 3.0]))(u), grad(lambda x: x.at[i].set(u).sum())(x))
print(agree(lambda u: x.at[i].set(u), u), agree(lambda u: x.at[far].set(u), u), agree(lambda u: x.at[far].add(u), u))
print(agree(lambda x: x.at[i].set(u), x), agree(lambda x: x.at[i].max(u * 0.25), x), agree(lambda u: x.at[i].min(u * 0.3), u))
