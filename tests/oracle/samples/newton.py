"""newton.jxl in words that JAX has: the loop is lax.while_loop, and its derivative is taken in forward mode."""
import jax
import jax.numpy as jnp
from jax import lax

jax.config.update("jax_enable_x64", True)


def newton(f, x, a):
    slope = jax.grad(f)

    def step(state):
        x, _, steps = state
        change = f(x, a) / slope(x, a)
        return x - change, change, steps + 1

    x, _, steps = lax.while_loop(lambda s: (abs(s[1]) > 1e-10) & (s[2] < 50), step, (x, jnp.ones_like(x), 0))
    return x, steps


problems = {
    "x^2 = a": (lambda x, a: x**2 - a, 1.0, 2.0),
    "cos x = a x": (lambda x, a: jnp.cos(x) - a * x, 1.0, 1.0),
    "x^3 = x + a": (lambda x, a: x**3 - x - a, 1.5, 1.0),
    "x - a sin x = 1": (lambda x, a: x - a * jnp.sin(x) - 1, 1.0, 0.9),
}
print("                        x   steps   dx/da, the loop   dx/da, theorem")
for name, (f, guess, a) in problems.items():
    root, steps = newton(f, jnp.array(guess), a)
    through_loop = jax.jacfwd(lambda a: newton(f, jnp.array(guess), a)[0])(a)
    by_theorem = -jax.grad(f, 1)(root, a) / jax.grad(f, 0)(root, a)
    print(f"{name:16} {root:8.6f}   {steps:5d}   {through_loop:15.8f}   {by_theorem:14.8f}")

square_root = lambda a: newton(lambda x, a: x**2 - a, a, a)[0]
numbers = jnp.array([0.25, 1.0, 2.0, 9.0, 1e6])
print("square roots", jax.vmap(square_root)(numbers))
print("their slopes", jax.vmap(jax.jacfwd(square_root))(numbers))
