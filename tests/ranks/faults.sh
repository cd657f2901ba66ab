#!/bin/sh
# What goes wrong on one rank ends all of them: a status that is not 0, soon, and one message that names the rank.
#
#   sh faults.sh JXLC WORKDIR
set -eu
. "$(dirname "$0")/mpirun.sh"
jxlc=$1 work=$2
rm -rf "$work"
mkdir -p "$work"
export JXL_NUM_DEVICES=4

# expect RANKS STATUS-IS-0 PATTERN COUNT COMMAND...: how it ends, and how many lines of what it says are like PATTERN
expect() {
    ranks=$1 pattern=$2 count=$3
    shift 3
    status=0
    timeout 20 mpirun -n "$ranks" "$@" >"$work/out" 2>&1 </dev/null || status=$?
    if [ $status = 0 ] || [ $status = 124 ]; then
        echo "$*: status $status"
        cat "$work/out"
        exit 1
    fi
    found=$(grep -c "$pattern" "$work/out" || true)
    if [ "$found" != "$count" ]; then
        echo "$*: '$pattern' was said $found times, not $count"
        cat "$work/out"
        exit 1
    fi
}

# an assertion in one shard, which the last rank has
cat >"$work/shard.jxl" <<'END'
import jax
import jax.numpy as jnp
from jax import lax

x = jnp.arange(jax.device_count() * 2.0).reshape(-1, 2)


def f(v):
    assert v[0] < 5.0, f"{v[0]} is too large"
    return lax.psum(v, "i")


print(jax.pmap(f, axis_name="i")(x))
END
"$jxlc" "$work/shard.jxl" -o "$work/shard"
expect 4 '^rank 3: .*shard.jxl:9.*6.0 is too large' 1 "$work/shard"
expect 2 '^rank 1: .*shard.jxl:9.*6.0 is too large' 1 "$work/shard"

# a mistake that all ranks make is told once
cat >"$work/all.jxl" <<'END'
import time
import jax
import jax.numpy as jnp

print(jax.pmap(lambda v: v + 1)(jnp.ones(jax.device_count())))
assert time.time() < 5.0, "it is late"
END
"$jxlc" "$work/all.jxl" -o "$work/all"
expect 3 'it is late' 1 "$work/all"

# a rank that is killed, and one that stands still
cat >"$work/long.jxl" <<'END'
import jax
import jax.numpy as jnp
from jax import lax

x = jnp.ones((jax.device_count(), 3))
step = jax.pmap(lambda v: lax.pmean(jnp.sin(v), "i") + 1, axis_name="i")
for i in range(1000000000): x = step(x)
print(x)
END
"$jxlc" "$work/long.jxl" -o "$work/long"
cat >"$work/hit.sh" <<'END'
if [ "$OMPI_COMM_WORLD_RANK" = 1 ]; then (sleep 2; kill -"$1" $$) & fi
exec "$2"
END
expect 2 'rank 1.*signal 9' 1 sh "$work/hit.sh" KILL "$work/long"
export JXL_TIMEOUT=2
expect 2 '^rank 0: .*long.jxl:6.*did not come within 2 s' 1 sh "$work/hit.sh" STOP "$work/long"
unset JXL_TIMEOUT

# other programs, other settings, other launchers
cat >"$work/other.sh" <<'END'
if [ "$OMPI_COMM_WORLD_RANK" = 1 ]; then exec "$2"; else exec "$1"; fi
END
expect 2 'runs another program' 1 sh "$work/other.sh" "$work/all" "$work/shard"
cat >"$work/devices.sh" <<'END'
if [ "$OMPI_COMM_WORLD_RANK" = 1 ]; then export JXL_NUM_DEVICES=5; fi
exec "$1"
END
expect 2 'has another JXL_NUM_DEVICES' 1 sh "$work/devices.sh" "$work/all"
if env -i PATH="$PATH" OMPI_COMM_WORLD_SIZE=3 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 "$work/all" >"$work/out" 2>&1 ||
    ! grep -q "started 3 ranks" "$work/out"; then
    echo "a launcher whose MPI is another"
    cat "$work/out"
    exit 1
fi
if JXL_COMM=/nowhere.so on 2 "$work/all" >"$work/out" 2>&1 || ! grep -q "MPI plugin is not there" "$work/out"; then
    echo "without the plugin"
    cat "$work/out"
    exit 1
fi
rm -rf "$work"
