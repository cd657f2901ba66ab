"""A training step of a transformer that is shaped as GPT-2, 256 wide."""
import jax
import jax.numpy as jnp
from jax import lax, random

width, heads, length, words = 256, 4, 64, 512


def norm(x, scale):
    x = x - jnp.mean(x, axis=-1, keepdims=True)
    return x * lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + 1e-5) * scale


def attend(x, p):
    split = lambda w: (x @ w).reshape(x.shape[0], length, heads, width // heads)
    q, k, v = split(p["q"]), split(p["k"]), split(p["v"])
    scores = jnp.einsum("bqhd,bkhd->bhqk", q, k) / (width / heads) ** 0.5
    mask = jnp.tril(jnp.ones((length, length), dtype=bool))
    weights = jax.nn.softmax(jnp.where(mask, scores, -1e9), axis=-1)
    return jnp.einsum("bhqk,bkhd->bqhd", weights, v).reshape(x.shape) @ p["o"]


def forward(params, tokens):
    x = params["embed"][tokens] + params["place"]
    for p in params["layers"]:
        x = x + attend(norm(x, p["norm1"]), p)
        x = x + jax.nn.gelu(norm(x, p["norm2"]) @ p["up"]) @ p["down"]
    return norm(x, params["norm"]) @ params["embed"].T


def loss(params, tokens):
    scores = jax.nn.log_softmax(forward(params, tokens[:, :-1]))
    return -jnp.mean(jnp.take_along_axis(scores, tokens[:, 1:, None], axis=-1))


@jax.jit
def train(params, tokens):
    value, g = jax.value_and_grad(loss)(params, tokens)
    return jax.tree.map(lambda p, d: p - 0.1 * d, params, g), value


def layer(key):
    k = random.split(key, 6)
    some = lambda key, n, m: random.normal(key, (n, m), jnp.float32) / n**0.5
    return {"q": some(k[0], width, width), "k": some(k[1], width, width), "v": some(k[2], width, width),
            "o": some(k[3], width, width), "up": some(k[4], width, 4 * width), "down": some(k[5], 4 * width, width),
            "norm1": jnp.ones(width, jnp.float32), "norm2": jnp.ones(width, jnp.float32)}


def data(layers):
    keys = random.split(random.key(0), layers + 3)
    params = {"layers": [layer(keys[i]) for i in range(layers)], "norm": jnp.ones(width, jnp.float32),
              "embed": random.normal(keys[-1], (words, width), jnp.float32) * 0.1,
              "place": random.normal(keys[-2], (length, width), jnp.float32) * 0.1}
    return params, random.randint(keys[-3], (4, length + 1), 0, words, jnp.int32)
