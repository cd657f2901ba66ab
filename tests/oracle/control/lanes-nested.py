# tol: 3e-6
# Conditions and loops inside one another, under vmap in vmap and with derivatives on either side: each lane does what it
# would do alone.
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


def inside(x, y):
    total = 0.0 * x
    while x < 8.0:
        if y > 0.0:
            z = y
            while z < x:
                if z > 2.0:
                    total = total + jnp.log(z)
                else:
                    total = total + jnp.sqrt(z) * y
                z = z * 1.5 + 0.3
            total = total + z
        else:
            total = total - x * y
        x = x * 1.7 + 0.1
    return total


def endless(x):
    if x > 0.0:
        y = x
        while y < 10.0:
            y = y * (1.0 + x)
        return y
    return jnp.exp(x)


def singular(x):
    if x > 1.0:
        return jnp.log(x - 1.0) / (x - 1.0)
    if x == 1.0:
        return 3.0 * x
    return jnp.sqrt(1.0 - x)


def ended(x):
    n = 0
    while x > 1e-3:
        x = jnp.where(x > 2e-3, jnp.log1p(x) * 0.5, x * 0.25)
        n = n + 1
    return x * 1000.0 + n


def broken(x):
    total = 0.0
    for i in range(12):
        x = x * 1.3
        if x > 20.0:
            break
        if i % 3 == 1:
            continue
        if total > 15.0:
            return total * x
        total = total + jnp.sin(x) * x
    return total


def turns(n, x):
    return lax.fori_loop(0, int(n), lambda i, s: jnp.sin(s) * x + i, x)


def power(x, n):
    if n == 0:
        return 1.0 + 0.0 * x
    if n % 2 == 0:
        return power(x * x, n // 2)
    return x * power(x, n - 1)


def smaller(x):
    if x < 1.0:
        return jnp.exp(x)
    return x * smaller(x / 2.0)


def tall(v):
    s = v
    while s < 9.0:
        s = s * v
    return s


def chosen(k, x):
    return [jnp.sin, lambda v: jnp.sqrt(v - 2.0), tall][min(int(k), 2)](x)


xs = jnp.array([0.5, 1.0, 3.0, 9.0])
ys = jnp.array([-1.0, 0.7, 2.5])
print(vmap(lambda x: vmap(lambda y: inside(x, y))(ys))(xs))
print(vmap(lambda x: vmap(grad(inside, argnums=(0, 1)), in_axes=(None, 0))(x, ys))(xs))
print(grad(lambda v: jnp.sum(vmap(lambda x: vmap(lambda y: inside(x, y))(ys))(v)))(xs))
print(grad(lambda v: jnp.sum(vmap(lambda y: jnp.sum(vmap(lambda x: inside(x, y))(xs)))(v)))(ys))
print(vmap(grad(lambda x: jnp.sum(vmap(lambda y: inside(x, y))(ys))))(xs))
e = jnp.array([-1.0, 0.0, 0.5, 4.0])
print(vmap(endless)(e), vmap(grad(endless))(e), grad(lambda v: jnp.sum(vmap(endless)(v) ** 2))(e))
print(vmap(vmap(endless))(jnp.stack([e, e[::-1]])))
s = jnp.array([0.0, 1.0, 2.0])
print(vmap(singular)(s), vmap(grad(singular))(s), vmap(grad(grad(singular)))(s))
print(grad(lambda v: vmap(singular)(v).sum())(s))
print(vmap(ended)(xs), vmap(grad(ended))(xs), vmap(lambda x: jax.jvp(ended, (x,), (x,)))(xs))
b = jnp.array([0.1, 1.0, 2.0, 5.0])
print(vmap(broken)(b), vmap(grad(broken))(b), grad(lambda v: jnp.sum(vmap(broken)(v)))(b))
n = jnp.array([0, 3, 1, 7])
print(vmap(turns)(n, b), vmap(grad(turns, argnums=1))(n, b), vmap(lambda k: vmap(lambda x: turns(k, x))(b))(n))
print(grad(lambda v: jnp.sum(vmap(turns)(n, v)))(b))
print(vmap(power)(b, n), vmap(grad(power))(b, n), vmap(vmap(power, in_axes=(None, 0)), in_axes=(0, None))(b, n))
print(vmap(smaller)(xs), vmap(grad(smaller))(xs), grad(lambda v: vmap(smaller)(v).sum())(xs))
k = jnp.array([0, 1, 2, 5])
print(vmap(chosen)(k, b + 1.5), vmap(grad(chosen, argnums=1))(k, b + 1.5))
none = xs[:0]
print(none, none, none, none)
