# tol: 2e-6
# Under vmap every lane takes its own side and ends when it ends; what a lane does not do cannot poison it.
import jax.numpy as jnp
from jax import grad


def vmap(f):
    return lambda xs: jnp.stack([f(x) for x in xs])


def newton(x):
    y = x
    while jnp.abs(y * y - x) > 1e-5 * x:
        y = 0.5 * (y + x / y)
    return y


def side(x):
    if x > 0:
        return jnp.sqrt(x) * jnp.log(x)
    return x * x


def steps(x):
    i = 0
    total = 0.0 * x
    while x > 0.1:
        if i % 2 == 0:
            total = total + x * x
        else:
            total = total - x
        x = x * 0.75
        i = i + 1
    return total + i


def inner_loop(x):
    y = x * 1.0
    for i in range(3):
        while y < 4.0:
            y = y * y + 0.5
        y = jnp.sqrt(y) * jnp.cos(x)
    return y


def early(x):
    for i in range(6):
        x = x * 1.5
        if x > 10.0:
            return jnp.sin(x)
        if x < 0.0:
            break
    return x * x


def power(x, n):
    if n == 0:
        return x
    return jnp.sin(x) * power(x * 0.5, n - 1)


v = jnp.array([1.0, 2.0, 9.0, 100.0])
print(vmap(newton)(v), vmap(grad(newton))(v))
w = jnp.array([-1.0, 0.0, 4.0])
print(vmap(side)(w), vmap(grad(side))(w), vmap(grad(grad(side)))(w))
u = jnp.array([0.05, 0.3, 2.0, 7.0])
print(vmap(steps)(u), vmap(grad(steps))(u))
print(vmap(inner_loop)(u * 0.2 + 0.6), vmap(grad(inner_loop))(u * 0.2 + 0.6))
print(vmap(early)(jnp.array([-2.0, 0.5, 3.0])), vmap(grad(early))(jnp.array([-2.0, 0.5, 3.0])))
print(grad(lambda x: jnp.sum(vmap(newton)(x)))(v))
print(grad(lambda x: jnp.sum(vmap(side)(x)))(w))
n = int(jnp.sum(jnp.ones(3)))
print(power(1.5, n), grad(power)(1.5, n), grad(grad(power))(1.5, n))
print(vmap(grad(lambda x: power(x, n)))(u))
