# tol: 2e-6
# Arrays whose length, and loops whose number of rounds, differ between the lanes of vmap: each lane has its own.
import jax
import jax.numpy as jnp
from jax import grad, lax


def vmap(f, in_axes=0):
    def over(*args):
        axes = in_axes if isinstance(in_axes, tuple) else (in_axes,) * len(args)
        n = [jax.tree.leaves(a)[0].shape[0] for a, x in zip(args, axes) if x is not None][0]
        rows = [f(*(a if x is None else jax.tree.map(lambda v: v[i], a) for a, x in zip(args, axes))) for i in range(n)]
        return jax.tree.map(lambda *r: jnp.stack(r), *rows)

    return over


def rounds(n, x):
    return lax.fori_loop(0, int(n), lambda i, s: jnp.sin(s) * x + i, x)


def weighted(n, v):
    s = 0.0
    for i in range(n):
        s = s + v[i] * (i + 1)
    return s


def first(n, v):
    w = v[: int(n)]
    return jnp.sum(w) + jnp.max(w * 2) + w.mean() + jnp.dot(w, w) + jnp.argmin(w) + jnp.cumsum(w).sum()


def grown(x):
    kept = []
    while x < 10.0:
        kept.append(x * x)
        x = x * 2.0
    return jnp.sum(jnp.array(kept)) / len(kept)


b = jnp.array([0.1, 1.0, 2.0, 5.0])
n = jnp.array([1, 3, 0, 5])
m = jnp.array([1, 3, 2, 5])
v = jnp.arange(24.0).reshape(4, 6) * 0.1 + 0.1
print(vmap(rounds)(n, b), vmap(grad(rounds, argnums=1))(n, b))
print(vmap(lambda k: vmap(lambda x: rounds(k, x))(b))(n))
print(grad(lambda x: jnp.sum(vmap(rounds)(n, x)))(b))
print(vmap(weighted)(n, v), vmap(grad(weighted, argnums=1))(n, v))
print(vmap(first)(m, v), vmap(grad(first, argnums=1))(m, v))
print(grad(lambda u: jnp.sum(vmap(first)(m, u) ** 2))(v))
print(vmap(grown)(b), vmap(grad(grown))(b))
