import jax.numpy as jnp
from jax import grad, nn
from jax.scipy.special import logsumexp

inf = jnp.inf
print(-inf, jnp.zeros(2))
print(logsumexp(jnp.array([-inf, 1.0])), jnp.array([0.0, 1.0]))
print(nn.logsumexp(jnp.array([1000.0, 1001.0])), grad(nn.logsumexp)(jnp.array([1000.0, 1001.0])))
print(jnp.array([[0.0, 0.0], [0.5, 0.5]]))
print(jnp.array([0.0, -inf]), jnp.array([0.0, 0.0]))
