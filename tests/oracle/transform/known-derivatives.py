# tol: 3e-6
# Where other systems give nan, noise, or each something else.
import jax
import jax.numpy as jnp
from jax import grad, jvp, lax, nn
from jax.scipy.special import logsumexp


def d(f):
    return lambda x: jvp(f, (x,), (1.0,))[1]


s = jnp.sinc
print(jnp.zeros(3), jnp.zeros(()))  # JAX itself has nan, noise or an error here
print(-jnp.inf, jnp.zeros(2))  # JAX itself has nan, noise or an error here
print(0.0, 0.0, 0.0)  # JAX itself has nan, noise or an error here
print(0.0, grad(jnp.sqrt)(0.0))  # JAX itself has nan, noise or an error here
print(jnp.exp(-40.0), 4 * jnp.exp(-40.0))  # JAX itself has nan, noise or an error here
print(jnp.array([6.0, 1.0, 1.0]))  # JAX itself has nan, noise or an error here
print(grad(nn.relu)(0.0), grad(lambda x: jnp.clip(x, 0.0, 1.0))(0.0), grad(lambda x: lax.clamp(0.0, x, 1.0))(0.0))
print(grad(jnp.abs)(0.0), grad(lambda x: jnp.maximum(x, 1.0))(1.0), grad(jnp.max)(jnp.array([1.0, 3.0, 3.0])))
print(grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0))
print(grad(s)(0.0), d(s)(0.0), d(grad(s))(0.0), grad(d(s))(0.0), d(grad(d(s)))(0.0), d(d(grad(grad(s))))(0.0), grad(d(grad(d(s))))(0.0))
print(grad(lambda z: jnp.abs(z) ** 2)(1.0 + 2.0j))
print(grad(jnp.prod)(jnp.array([1.0, 0.0, 2.0])), jax.hessian(jnp.prod)(jnp.array([0.0, 0.0, 2.0])))
print(jax.hessian(lambda x: jnp.sum(jnp.cumprod(x)))(jnp.array([0.0, 3.0, 0.0])))
print(grad(lambda x: x.at[1:].set(1 + x[:-1]).sum())(jnp.arange(4.0)))
print(grad(lambda x: jnp.sum(jnp.sort(x) * jnp.arange(3.0)))(jnp.array([3.0, 1.0, 2.0])))
