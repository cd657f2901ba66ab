import jax
import jax.numpy as jnp


def steps(n):
    count = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        count += 1
    return count


print(steps(27), steps(1), jnp.array([steps(i) for i in range(1, 11)]))
print(3.0, jnp.array([3.0, 0.0]))
