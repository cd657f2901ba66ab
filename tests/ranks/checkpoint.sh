#!/bin/sh
# A training that is killed and started again prints the digits of one that was not; a kill at any moment leaves the old or the new
# checkpoint; another tree, and a damaged file, are refused; on 1, 2 and 4 ranks.
#
#   sh checkpoint.sh JXLC WORKDIR
set -eu
. "$(dirname "$0")/mpirun.sh"
jxlc=$1 work=$2
rm -rf "$work"
mkdir -p "$work"
cd "$work"
export JXL_NUM_DEVICES=4 JXL_TIMEOUT=60

cat >train.jxl <<'END'
from functools import partial
import jax
import jax.numpy as jnp
from jax import lax
from jxl import checkpoint

n = jax.device_count()
data = jax.random.normal(jax.random.key(1), (n, 8, 5))
true = jnp.arange(5.0)


@partial(jax.pmap, axis_name="i", in_axes=(None, 0, 0), out_axes=None)
def step(state, x, key):
    y = x @ true + 0.1 * jax.random.normal(key, (8,))
    g = jax.grad(lambda w: jnp.mean((x @ w - y) ** 2))(state["w"])
    v = 0.9 * state["v"] + lax.pmean(g, "i")
    return {"w": state["w"] - 0.01 * v, "v": v}


def main(rounds: int = 60):
    state = {"net": {"w": jnp.zeros(5), "v": jnp.zeros(5)}, "key": jax.random.key(7), "round": 0}
    state = checkpoint.restore("state", state, missing_ok=True)
    for i in range(state["round"], rounds):
        key, sub = jax.random.split(state["key"])
        net = step(state["net"], data, jax.random.split(sub, n))
        state = {"net": net, "key": key, "round": i + 1}
        checkpoint.save("state", state)
    print(state["round"], state["net"]["w"], state["net"]["v"])
END
"$jxlc" train.jxl -o train
./train >whole
rm state.npz
for n in 1 2 4; do
    on "$n" ./train --rounds 21 >/dev/null
    on "$((n % 4 + 1))" ./train >out
    cmp whole out || { echo "stopped on $n ranks"; diff whole out; exit 1; }
    rm state.npz
done

# Killed at moments that differ, again and again, until it is done: alone, and one of several ranks.
kills=0
until timeout -s KILL "0.0$((kills * 7 % 90 + 10))" ./train --rounds 150 >out 2>/dev/null; do
    kills=$((kills + 1))
    [ ! -e state.npz ] || ./train --rounds 0 >/dev/null # it can be read
    [ $kills -lt 400 ] || { echo "it does not get on"; exit 1; }
done
mv out killed
echo "killed $kills times"
[ "$(ls | grep -c state)" -le 2 ] || { echo "files are left behind"; ls; exit 1; }
rm state.npz
./train --rounds 150 >out
cmp killed out
rm state.npz
cat >hit.sh <<'END'
if [ "${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-}}" = "$RANK" ]; then (sleep "$1"; kill -KILL $$) & fi
shift
exec "$@"
END
for rank in 0 1; do
    on 2 env RANK=$rank sh hit.sh 0.9 ./train --rounds 100000000 >out 2>&1 && { echo "it was not killed"; exit 1; }
    ./train --rounds 0 >/dev/null
done

# other trees, and damage
cat >other.jxl <<'END'
import jax.numpy as jnp
from jxl import checkpoint


def main(which: int):
    if which == 0: checkpoint.save("other", {"a": jnp.zeros((2, 3)), "b": [jnp.ones(4, int), 1.5]})
    if which == 1: checkpoint.restore("other", {"a": jnp.zeros((2, 3)), "b": [jnp.ones(4, int)]})
    if which == 2: checkpoint.restore("other", {"a": jnp.zeros((2, 3)), "b": [jnp.ones(4, int), 1.5], "c": 1})
    if which == 3: checkpoint.restore("other", {"a": jnp.zeros((2, 4)), "b": [jnp.ones(4, int), 1.5]})
    if which == 4: checkpoint.restore("other", {"a": jnp.zeros((2, 3)), "b": [jnp.ones(4), 1.5]})
    if which == 5: checkpoint.restore("none", {"a": 1})
END
"$jxlc" other.jxl -o other
./other --which 0
refused() {
    status=0
    ./other --which "$1" >out 2>&1 || status=$?
    [ $status != 0 ] && [ "$(wc -l <out)" = 1 ] && grep -qF "$2" out || { echo "status $status; '$2' was to be said"; cat out; exit 1; }
}
refused 1 "other.npz holds another tree: it has a leaf 'b/1', which this tree has not"
refused 2 "other.npz holds another tree: it has no leaf 'c'"
refused 3 "other.npz holds another tree: its leaf 'a' is f32[2, 3], and this tree's is f32[2, 4]"
refused 4 "other.npz holds another tree: its leaf 'b/0' is i32[4], and this tree's is f32[4]"
refused 5 "none.npz could not be opened: No such file or directory"
cp other.npz good.npz
for bytes in 0 10 100 300 500; do
    head -c $bytes good.npz >other.npz
    refused 4 "other.npz is not a .npz file, or it is cut short"
done
printf X | cat good.npz - >other.npz
refused 4 "other.npz"
dd if=good.npz of=other.npz bs=1 count=150 2>/dev/null
printf '\377\377' >>other.npz
tail -c +153 good.npz >>other.npz
refused 3 "other.npz is damaged: its member a.npy cannot be read"
cd /
rm -rf "$work"
