# tol: 1e-6
"""Derivatives where eigenvalues, singular values or pivots are equal or 0: as differences have them (degenerate.py), where JAX makes 0 or nan of them."""
import jax, jax.numpy as jnp
jax.config.update("jax_enable_x64", True)
g = jax.grad
I = jnp.eye(3)


def differences(f, a, h=1e-4):
    """central, of second order, one element at a time"""
    out = jnp.zeros_like(a)
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            e = jnp.zeros_like(a).at[i, j].set(h)
            out = out.at[i, j].set((f(a + e) - f(a - e)) / (2 * h))
    return out



derivative = differences
print(g(lambda a: jnp.sum(jnp.linalg.eigvalsh(a) ** 3))(I), g(lambda a: jnp.linalg.norm(a, "nuc"))(I))
print(g(lambda a: jnp.sum(jnp.linalg.svdvals(a) ** 2))(jnp.zeros((2, 3))), g(lambda a: jnp.sum(jnp.abs(jnp.linalg.eigvals(a)) ** 2))(I))
print(derivative(jnp.linalg.det, jnp.diag(jnp.array([1.0, 2, 0, 0]))), derivative(jnp.linalg.det, jnp.diag(jnp.array([1.0, 0, 3, 4]))))
m = jnp.arange(16.0).reshape(4, 4) + jnp.diag(jnp.array([1.0, 3, 2, 5]))
print(derivative(jnp.linalg.det, m.at[:, 1].set(2 * m[:, 0])), derivative(jnp.linalg.det, m), derivative(lambda a: jnp.linalg.det(a) ** 2, m / 8))
weights = jnp.arange(12.0).reshape(4, 3)
print(derivative(lambda a: jnp.sum(weights[:3] * jax.scipy.linalg.polar(a, method="svd")[0]), I * 2), derivative(lambda a: jnp.sum(weights * jax.scipy.linalg.polar(a, method="svd")[0]), jnp.eye(4, 3)))
print(derivative(lambda a: jnp.sum(weights[:3] * jax.scipy.linalg.expm(a)), I), derivative(lambda a: jnp.sum(weights[:3] * jnp.real(jax.scipy.linalg.sqrtm(a))), 4 * I))
print(derivative(lambda a: jnp.sum(jnp.linalg.pinv(a) * weights.T), jnp.eye(4, 3)), derivative(lambda a: jnp.linalg.norm(a), I), derivative(lambda a: jnp.sum(jnp.linalg.qr(a)[1] * weights[:3]), I + 0.1))
