#!/bin/sh
# What goes wrong on one rank ends all of them: a status that is not 0, soon, and one message that names the rank and the line.
#
#   sh faults.sh JXLC WORKDIR
set -eu
. "$(dirname "$0")/mpirun.sh"
jxlc=$1 work=$2
rm -rf "$work"
mkdir -p "$work"
export JXL_NUM_DEVICES=4 STARTED="$work/started.npy"

# program NAME: what is read, compiled as $work/NAME.jxl
program() {
    cat >"$work/$1.jxl"
    "$jxlc" "$work/$1.jxl" -o "$work/$1"
}

# On rank $RANK something happens before or while the program runs: hit.sh WHAT PROGRAM
cat >"$work/hit.sh" <<'END'
if [ "${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-}}" = "$RANK" ]; then
    case $1 in
        KILL | STOP) (i=0; while [ ! -e "$STARTED" ] && [ $((i += 1)) -lt 150 ]; do sleep 0.1; done; kill -"$1" $$) & ;;
        LEAVE) export LEAVE=1 LD_PRELOAD="$HOOK" ;;
        MEMORY) ulimit -v 400000 ;;
        DEVICES) export JXL_NUM_DEVICES=5 ;;
        *) exec "$1" ;;
    esac
fi
exec "$2"
END
hit() {
    rm -f "$STARTED"
    printf 'env RANK=%s HOOK=%s sh %s/hit.sh %s' "$1" "$work/leave.so" "$work" "$2"
}

# expect RANKS PATTERN COMMAND...: it ends with another status than 0, and of what the program says one line is like PATTERN and
# no other one names a rank or a place.
expect() {
    ranks=$1 pattern=$2 status=0
    shift 2
    timeout 20 "$MPIRUN" -n "$ranks" "$@" >"$work/out" 2>&1 </dev/null || status=$?
    grep -aE '^rank [0-9]+|jxl:[0-9]' "$work/out" >"$work/said" || true
    if [ $status = 0 ] || [ $status = 124 ] || [ "$(wc -l <"$work/said")" != 1 ] || ! grep -q "$pattern" "$work/said"; then
        echo "on $ranks ranks, $*: status $status; one line was to be like '$pattern'"
        cat "$work/out"
        exit 1
    fi
}

# an assertion in one shard, which the last rank has
program shard <<'END'
import jax
import jax.numpy as jnp
from jax import lax

x = jnp.arange(jax.device_count() * 2.0).reshape(-1, 2)


def f(v):
    assert v[0] < 5.0, f"{v[0]} is too large"
    return lax.psum(v, "i")


print(jax.pmap(f, axis_name="i")(x))
END
expect 4 '^rank 3: .*shard.jxl:9.*6.0 is too large' "$work/shard"
expect 2 '^rank 1: .*shard.jxl:9.*6.0 is too large' "$work/shard"
! grep -q '^\[\[' "$work/out" || { echo "the sum was printed all the same"; exit 1; }

# a mistake that all ranks make is told once
program all <<'END'
import time
import jax
import jax.numpy as jnp

print(jax.pmap(lambda v: v + 1)(jnp.ones(jax.device_count())))
assert time.time() < 5.0, "it is late"
END
expect 3 'all.jxl:6: .*it is late' "$work/all"

# a rank that is killed (MPICH's launcher kills the others at once, and names the process), one that stands still, one that C
# code leaves
program long <<END
import jax
import jax.numpy as jnp
from jax import lax

x = jnp.ones((jax.device_count(), 3))
step = jax.pmap(lambda v: lax.pmean(jnp.sin(v), "i") + 1, axis_name="i")
x = step(x)
jnp.save("$STARTED", x)
for i in range(1000000000): x = step(x)
print(x)
END
cat >"$work/leave.c" <<'END'
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static void *leave(void *none) {
    while (access(getenv("STARTED"), F_OK)) usleep(100000);
    exit(0);
    return none;
}
__attribute__((constructor)) static void start(void) {
    pthread_t thread;
    if (getenv("LEAVE")) pthread_create(&thread, NULL, leave, NULL);
}
END
${CC:-cc} -shared -fPIC "$work/leave.c" -o "$work/leave.so" -pthread
if [ "$MPI" = openmpi ]; then
    expect 2 '^rank 0: .*long.jxl:6, .*psum was the last place' $(hit 1 KILL) "$work/long"
    expect 4 '^rank [123]: .*long.jxl:6, .*psum was the last place' $(hit 0 KILL) "$work/long"
else
    for rank in 0 1; do
        status=0
        timeout 20 "$MPIRUN" -n 4 $(hit $rank KILL) "$work/long" >"$work/out" 2>&1 </dev/null || status=$?
        [ $status != 0 ] && [ $status != 124 ] && grep -q 'signal 9' "$work/out" || { echo "killed: status $status"; cat "$work/out"; exit 1; }
    done
fi
export JXL_TIMEOUT=5
expect 2 '^rank 0: .*long.jxl:6.*psum: the other ranks did not come within 5 s' $(hit 1 STOP) "$work/long"
expect 4 '^rank [123]: .*long.jxl:6.*psum: the other ranks did not come within 5 s' $(hit 0 STOP) "$work/long"
unset JXL_TIMEOUT
expect 2 '^rank 1: .*long.jxl:6.*: exit() was called' $(hit 1 LEAVE) "$work/long"
expect 4 '^rank 0: .*long.jxl:6.*: exit() was called' $(hit 0 LEAVE) "$work/long"

# no memory
program large <<'END'
import jax
import jax.numpy as jnp
from jax import lax


def f(v): return lax.psum(jnp.sort(jnp.arange(50000000.0) * v[0])[:3], "i")


print(jax.pmap(f, axis_name="i")(jnp.ones((jax.device_count(), 3))))
END
expect 2 '^rank 1: .*large.jxl:6: out of memory: [0-9.]* MB' $(hit 1 MEMORY) "$work/large"
expect 4 '^rank 2: .*large.jxl:6: out of memory: [0-9.]* MB' $(hit 2 MEMORY) "$work/large"

# other programs, other settings
expect 2 'rank 1 runs another program than rank 0' $(hit 1 "$work/shard") "$work/all"
expect 4 'rank 3 runs another program than rank 0' $(hit 3 "$work/shard") "$work/all"
expect 2 'rank 1 has another JXL_NUM_DEVICES than rank 0' $(hit 1 DEVICES) "$work/all"
rm -rf "$work"
