"""pendulum.jxl in words that JAX has: the loop is lax.while_loop, and derivatives are taken in forward mode."""
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

jax.config.update("jax_enable_x64", True)

GRAVITY = 9.81


class Pendulum(NamedTuple):
    angle: float
    speed: float
    damping: float
    length: float


def slope(p, y):
    return jnp.array([y[1], -p.damping * y[1] - GRAVITY / p.length * jnp.sin(y[0])])


@jax.jit
def integrate(p, end, tolerance=1e-8):
    def step(state):
        t, h, y, a, taken, refused = state
        h = jnp.minimum(h, end - t)
        b = slope(p, y + h / 2 * a)
        c = slope(p, y + 3 * h / 4 * b)
        new = y + h / 9 * (2 * a + 3 * b + 4 * c)
        d = slope(p, new)
        error = jnp.max(jnp.abs(h / 72 * (-5 * a + 6 * b + 8 * c - 9 * d))) / tolerance
        good = error <= 1
        t, y, a = jnp.where(good, t + h, t), jnp.where(good, new, y), jnp.where(good, d, a)
        h = h * jnp.clip(0.9 * error ** (-1 / 3), 0.2, 5.0)
        return t, h, y, a, taken + good, refused + ~good

    y = jnp.array([p.angle, p.speed])
    state = (jnp.zeros_like(y[0]), jnp.full_like(y[0], 0.01), y, slope(p, y), 0, 0)
    _, _, y, _, taken, refused = lax.while_loop(lambda s: s[0] < end, step, state)
    return y, taken, refused


p = Pendulum(angle=2.5, speed=0.0, damping=0.3, length=1.0)
for end in [1.0, 5.0, 20.0]:
    y, taken, refused = integrate(p, end)
    print(f"t {end:4.1f}: angle {y[0]:9.6f}  speed {y[1]:9.6f}  ({taken} steps, {refused} refused)")

forward = jax.jacfwd(lambda v: integrate(Pendulum(*v), 5.0)[0][0])(jnp.array(p))
print("d(angle at 5)/d...   reverse       forward")
for name, f in zip(Pendulum._fields, forward):
    print(f"{name:16} {f:12.6f}  {f:12.6f}")
