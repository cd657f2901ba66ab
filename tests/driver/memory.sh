#!/bin/sh
# What programs need of memory, as --print=memory says: each as much as its arrays that have to be there, and little more.
#
#   sh memory.sh JXLC DIRECTORY       DIRECTORY is made anew
set -u
jxlc=$1
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$2" && mkdir -p "$2" && cd "$2" || exit 1
. "$here/../asserts.sh"

# needs WHAT LEAST MOST             the program on standard input, in kilobytes
needs() {
    cat >program.jxl
    status 0 "$1" "$jxlc" --print=memory --emit=loops program.jxl
    bytes=$(sed -n 's/^main: \([0-9]*\).*/\1/p' err)
    [ "$((${bytes:-0} / 1000))" -ge "$2" ] && [ "$((${bytes:-0} / 1000))" -le "$3" ] || say "$1 needs $bytes bytes"
}

# of two products the square matrices would be 33.6 MB, with heads and batch 67 MB
attention='import jax
import jax.numpy as jnp
from jax import random

def attend(q, k, v):
    scores = q @ k.T / 8
    n = q.shape[0]
    scores = jnp.where(jnp.tril(jnp.ones((n, n), dtype=bool)), scores, -jnp.inf)
    return jnp.sum(jax.nn.softmax(scores) @ v)
'
{ echo "$attention"; cat <<'end'; } | needs "the gradient of attention" 1500 6000
q, k, v = random.normal(random.key(0), (3, 2048, 64))
print([jnp.sum(g) for g in jax.grad(attend, argnums=(0, 1, 2))(q, k, v)])
end
{ echo "$attention"; cat <<'end'; } | needs "the gradient of attention, many heads" 4000 22000
q, k, v = random.normal(random.key(0), (3, 2, 4, 1024, 64))
each = jax.vmap(jax.vmap(attend))
print([jnp.sum(g) for g in jax.grad(lambda q, k, v: jnp.sum(each(q, k, v)), argnums=(0, 1, 2))(q, k, v)])
end

# the inputs of 12 layers are 12.6 MB, what is between them 3 times as much; of 100 layers 26.2 MB
layers='import jax
import jax.numpy as jnp
from jax import lax, random

def layer(x, w):
    return jnp.tanh(jnp.sin(x @ w) @ w.T), None

def deep(w, x, layer):
    for i in range(12): x = layer(x, w[i])[0]
    return jnp.sum(x)

def scanned(w, x, layer):
    return jnp.sum(lax.scan(layer, x, w)[0])

def data(layers, rows):
    return random.normal(random.key(0), (layers, 64, 64)) / 8, random.normal(random.key(1), (rows, 64))
'
for way in layer "jax.checkpoint(layer)"; do
    [ "$way" = layer ] && many="50000 60000" || many="13000 20000"
    { echo "$layers"; echo "print(jnp.sum(jax.grad(deep)(*data(12, 4096), $way)))"; } | needs "the gradient through 12 layers, $way" $many
    [ "$way" = layer ] && many="100000 120000" || many="20000 30000"
    { echo "$layers"; echo "print(jnp.sum(jax.grad(scanned)(*data(100, 1024), $way)))"; } | needs "the gradient of a scan of 100, $way" $many
done
[ $failures = 0 ]
