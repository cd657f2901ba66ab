import jax, jax.numpy as jnp
from jax import grad, jit, vmap

def loss(params, x, y):
    for w, b in params[:-1]:
        x = jnp.tanh(x @ w + b)
    w, b = params[-1]
    logits = x @ w + b
    return -jnp.mean(jnp.sum(jax.nn.log_softmax(logits) * y, axis=-1))

@jit
def step(params, x, y, lr=1e-1):
    g = grad(loss)(params, x, y)
    return [(w - lr * dw, b - lr * db) for (w, b), (dw, db) in zip(params, g)]

key = jax.random.PRNGKey(42)
for epoch in range(10):
    params = step(params, x[epoch * 32 : (epoch + 1) * 32], y)
    print(f"epoch {epoch:2d}  loss {loss(params, x, y):.4f}")
