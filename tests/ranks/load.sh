#!/bin/sh
# Of a file that only pmaps map over each rank reads the part of its own shards; a rank that does not see the file is sent it.  The
# same digits on any number of ranks; what is wrong with a file is told once.
#
#   sh load.sh JXLC WORKDIR
set -eu
. "$(dirname "$0")/mpirun.sh"
jxlc=$1 work=$2
rm -rf "$work"
mkdir -p "$work/empty"
cd "$work"
export JXL_NUM_DEVICES=8 JXL_TIMEOUT=30

# bytes FILE ESCAPES: appended
bytes() { printf "$2" >>"$1"; }
# header FILE DESCR FORTRAN SHAPE: of a .npy file, 128 bytes
header() {
    rm -f "$1"
    bytes "$1" '\223NUMPY\001\000\166\000'
    printf '%-117s\n' "{'descr': '$2', 'fortran_order': $3, 'shape': $4, }" >>"$1"
}

cat >make.jxl <<'END'
import jax
import jax.numpy as jnp
import numpy as np

key = jax.random.key(3)
jnp.save("rows.npy", jax.random.normal(key, (8, 5, 3)))
jnp.save("flat.npy", jax.random.normal(key, (48, 3)))
np.save("wide.npy", np.arange(48.0).reshape(16, 3) / 7)
np.save("bits.npy", np.arange(40).reshape(8, 5) % 3 == 0)
np.savez("z.npz", w=np.arange(24.0).reshape(8, 3))
jnp.save("odd.npy", jnp.ones((13, 3)))
END
"$jxlc" run make.jxl
header columns.npy '<i4' True '(16, 3)'
header turned.npy '>i2' False '(16, 3)'
for i in 0 1 2 3 4 5; do
    for k in 0 1 2 3 4 5 6 7; do
        bytes columns.npy "\\$i$k\\000\\000\\000"
        bytes turned.npy "\\000\\$i$k"
    done
done

cat >digits.jxl <<'END'
from jxl import *
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

devices = jax.device_count()
rows = jnp.load("rows.npy")                                      # shard by shard, as it is
print(jax.pmap(lambda v: lax.psum(v * v, "i").sum(0), axis_name="i")(rows)[0])

flat: f32[n, 3] = jnp.load("flat.npy")                           # cut into shards after some arithmetic
flat = (flat - jnp.arange(3.0)) / 2 + flat
shards = flat.reshape(devices, n // devices, 3)
w = jnp.zeros(3)
step = jax.pmap(lambda w, v: w - lax.pmean((v @ w - 1) @ v, "i") / 10, axis_name="i", in_axes=(None, 0))
for i in range(3):                                               # some rows of each shard in each round
    w = step(w, shards[:, 2 * i:2 * i + 2])[0]
print(w, jax.pmap(lambda v: v.sum(0))(shards))

wide = np.load("wide.npy")                                       # 64-bit numbers, for two pmaps with shards of their own
print(jax.pmap(lambda v: v.sum())(wide), jax.pmap(lambda v: v * 2)(wide.reshape(4, 4, 3)))
columns: i32[16, 3] = jnp.load("columns.npy")                    # in Fortran's order, cut between rows and inside of them
print(jax.pmap(lambda v: v)(columns.reshape(devices, 2, 3)), jax.pmap(lambda v: v)(columns.reshape(3, 16)))
turned: i16[16, 3] = jnp.load("turned.npy")                      # the other order of bytes
print(jax.pmap(lambda v: v * 2)(turned.reshape(devices, -1)))
bits = jnp.load("bits.npy")
print(jax.pmap(lambda v: v.sum())(bits), jax.pmap(lambda v: v + 0)(bits)[:, 0], jax.pmap(lambda v: v)(np.load("z.npz")["w"]))
print(jax.pmap(lambda v: v + 1)(jnp.load("rows.npy")), rows.mean())  # and whole, too

train = jnp.load("flat.npy")                                     # some rows for this, the rest for that
print(jax.pmap(lambda v: v.sum(0))(train[:40].reshape(devices, 5, 3)), jax.pmap(lambda v: v * v)(train[40:]))


def whole(x): return x + 0 * x.sum()                             # which is read by all


def own(x): return jax.pmap(lambda v: v)(x)


print(jnp.array_equal(own(train[:40].reshape(devices, 5, 3)), whole(jnp.load("flat.npy"))[:40].reshape(devices, 5, 3)))
print(jnp.array_equal(own(train[40:]), whole(jnp.load("flat.npy"))[40:]))
for shape in ((devices, 2, 3), (3, 16), (devices, -1), (16, 3)):
    print(jnp.array_equal(own(columns.reshape(shape)), whole(jnp.load("columns.npy")).reshape(shape)))
    print(jnp.array_equal(own(turned.reshape(shape)), whole(jnp.load("turned.npy")).reshape(shape)))
    print(jnp.array_equal(own(wide.reshape(shape)), whole(np.load("wide.npy")).reshape(shape)))
END
"$jxlc" --why=loads digits.jxl -o digits 2>why # a loop that is unrolled says it several times
sort -u -o why why
[ "$(wc -l <why)" = 5 ] && grep -q '^digits.jxl:[0-9]*:[0-9]*: every process gets all of the file: reduce_sum reads it outside of pmap, at digits.jxl:[0-9]*:[0-9]*$' why ||
    { cat why; exit 1; }
cat >hidden.sh <<'END'
if [ "${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-0}}" -gt "$SEE" ]; then cd empty && exec ../"$@"; fi
exec ./"$@"
END
./digits >alone
if grep -q False alone; then grep -n False alone; exit 1; fi
for n in 1 2 3 4 8; do
    on "$n" ./digits >out
    cmp alone out || { diff alone out; echo "on $n ranks"; exit 1; }
done
for see in 0 1; do # ranks above it see no file
    SEE=$see on 3 sh hidden.sh digits >out
    cmp alone out || { diff alone out; echo "with ranks above $see that see no file"; exit 1; }
done
mkfifo pipe.npy
cat >pipe.jxl <<'END'
from jxl import *
import jax
import jax.numpy as jnp

x: f32[8, 5, 3] = jnp.load("pipe.npy")
print(jax.pmap(lambda v: v.sum(0))(x), jax.pmap(lambda v: v.sum())(x.reshape(4, 10, 3)))
END
"$jxlc" pipe.jxl -o pipe
for n in 1 3; do
    cat rows.npy >pipe.npy &
    on "$n" ./pipe >pipe-$n
done
cmp pipe-1 pipe-3

# A rank has no memory for the whole of it.  (The file is one hole: 640 MB.)
header large.npy '<f4' False '(16, 10000000)'
truncate -s 640000128 large.npy
cat >large.jxl <<'END'
import jax
import jax.numpy as jnp
from jax import lax

x = jnp.load("large.npy")
x = x.reshape(jax.device_count(), -1)
print(jax.pmap(lambda v: lax.psum(v.sum(), "i"), axis_name="i")(x)[0])
END
"$jxlc" large.jxl -o large
JXL_COMM_TIME=1 on 4 sh -c 'ulimit -v 600000 && exec ./large' >out 2>&1
grep -q '^rank 0 of 4 read 160.000 MB of files that hold 640.000 MB' out || { cat out; exit 1; }

# told N PATTERN PROGRAM: one line like PATTERN, and a status that is not 0
told() {
    status=0
    timeout 20 "$MPIRUN" -n "$1" "$3" >out 2>&1 </dev/null || status=$?
    if [ $status = 0 ] || [ $status = 124 ] || [ "$(grep -c 'npy\|jxl:[0-9]\|^rank' out)" != 1 ] || ! grep -q "$2" out; then
        echo "on $1 ranks, $3: status $status; one line was to be like '$2'"
        cat out
        exit 1
    fi
}
truncate -s 560000128 large.npy # the last shard is missing
told 4 '^large.jxl:5: load: large.npy is cut short: f32\[16, 10000000\] takes 640000000 bytes, and 560000000 are there' ./large
cp odd.npy large.npy
told 3 '^large.jxl:6: reshape: axis 0 has size 39, not 32' ./large
cp bits.npy pipe.npy.new && mv pipe.npy.new pipe.npy
told 3 '^pipe.jxl:5: load: pipe.npy holds bool_\[8, 5\]; expected was f32\[_, _, _\]' ./pipe
header pipe.npy '<f4' False '(8, 5, 4)'
truncate -s 768 pipe.npy
told 4 '^pipe.jxl:5: load: axis 2 has size 4, not 3' ./pipe
cd /
rm -rf "$work"
