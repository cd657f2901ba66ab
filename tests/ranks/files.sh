#!/bin/sh
# What comes from outside is rank 0's: the other ranks here stand in an empty directory and were started with other arguments.  What
# a shard reads and writes by itself it does on its own rank.  A file that is missing or damaged is told once.
#
#   sh files.sh JXLC WORKDIR
set -eu
. "$(dirname "$0")/mpirun.sh"
jxlc=$1 work=$2 here=$(cd "$(dirname "$0")/.." && pwd)
rm -rf "$work"
mkdir -p "$work/empty"
cd "$work"
export JXL_NUM_DEVICES=6 JXL_TIMEOUT=30

cat >make.jxl <<'END'
import jax.numpy as jnp
import numpy as np

jnp.save("x.npy", jnp.arange(32.0).reshape(8, 4))
jnp.save("y.npy", jnp.arange(12.0).reshape(3, 4))
jnp.save("other.npy", jnp.ones((4, 3)))
np.savez("z.npz", w=np.arange(5.0))
np.savetxt("t.txt", np.eye(3))
END
"$jxlc" run make.jxl
cp "$here/files/good.png" "$here/files/numpy.safetensors" .

cat >whole.jxl <<'END'
from jxl import *
import sys
import time
import matplotlib.pyplot as plt
import numpy as np
import jax
import jax.numpy as jnp
from jax import lax
from jxl import checkpoint


def main(x: f32[n, 4], y: f32[m, 4], scale: float = 1.0, path: str = "none.npy"):
    a: f32[k, 4] = jnp.load(path)
    z, w, p = np.loadtxt("t.txt"), np.load("z.npz")["w"], plt.imread("good.png")
    state = checkpoint.restore("state", {"a": jnp.zeros((3, 4)), "n": 0}, missing_ok=True)
    here = a.sum() + z.sum() + w.sum() + p.sum() + state["a"].sum() + state["n"]
    print(x.shape, y.shape, a.shape, scale, path, z.sum(), w, p.shape, state)
    t = time.time()
    print(jax.pmap(lambda v, u: lax.psum(v * scale + t * 0, "i").sum() + u.sum() + here, axis_name="i", in_axes=(0, None))(x, y))
    checkpoint.save("state", {"a": a, "n": state["n"] + 1})
END
"$jxlc" whole.jxl -o whole
cat >start.sh <<'END'
if [ "${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-0}}" != 0 ]; then cd empty && exec ../whole --scale 7; fi
exec ./whole "$@"
END
sh start.sh --x x.npy --y y.npy --scale 1.5 --path y.npy >alone
sh start.sh --x x.npy --y y.npy --scale 1.5 --path y.npy >>alone
for n in 2 3; do
    rm state.npz
    on "$n" sh start.sh --x x.npy --y y.npy --scale 1.5 --path y.npy >out
    on "$n" sh start.sh --x x.npy --y y.npy --scale 1.5 --path y.npy >>out
    cmp alone out || { diff alone out; echo "on $n ranks"; exit 1; }
done
on 2 sh start.sh --help >out
[ "$(grep -c '^usage: whole' out)" = 1 ] || { cat out; exit 1; }

cat >parts.jxl <<'END'
from jxl import *
import time
import jax
import jax.numpy as jnp


def write(i, v):
    jnp.save(f"part-{i}", v * 2)
    return v.sum()


def read(i):
    x: f32[3] = jnp.load(f"part-{i}.npy")
    return x


def clock(v):
    t, n = time.time(), 0
    while n < v[0]:
        t = time.time()
        n += 1
    return n + 0 * t


n = jax.device_count()
x = jnp.arange(n * 3.0).reshape(n, 3)
print(jax.pmap(write)(jnp.arange(n), x))
print(jax.pmap(read)(jnp.arange(n)))
print(jax.pmap(clock)(x))
END
"$jxlc" parts.jxl -o parts
./parts >alone
for n in 2 4; do
    rm part-*.npy
    on "$n" ./parts >out
    cmp alone out || { diff alone out; echo "on $n ranks"; exit 1; }
done

# told N PATTERN ARGUMENTS...: one line like PATTERN, and a status that is not 0
told() {
    n=$1 pattern=$2 status=0
    shift 2
    timeout 20 "$MPIRUN" -n "$n" sh start.sh "$@" >out 2>&1 </dev/null || status=$?
    if [ $status = 0 ] || [ $status = 124 ] || [ "$(grep -c 'npy\|npz\|jxl:[0-9]\|^rank' out)" != 1 ] || ! grep -q "$pattern" out; then
        echo "on $n ranks, $*: status $status; one line was to be like '$pattern'"
        cat out
        exit 1
    fi
}
head -c 150 y.npy >cut.npy
told 2 'whole.jxl:13: load: cut.npy is cut short' --x x.npy --y y.npy --path cut.npy
told 4 'whole: --x: cut.npy is cut short' --x cut.npy --y y.npy --path y.npy
told 2 'whole: --y: none.npy could not be opened' --x x.npy --y none.npy --path y.npy
told 2 'whole.jxl:13: load: axis 1 has size 3, not 4' --x x.npy --y y.npy --path other.npy
head -c 200 z.npz >less && mv less z.npz
told 4 'whole.jxl:14: load: z.npz is not a .npz file, or it is cut short' --x x.npy --y y.npy --path y.npy
cd /
rm -rf "$work"
