#!/bin/sh
# One binary under the launchers of all MPIs that jxl was built with; a launcher that it cannot work with is told from one it can;
# MPI as a part of the program.
#
#   sh launchers.sh JXLC WORKDIR MPIS...
set -eu
. "$(dirname "$0")/mpirun.sh"
jxlc=$1 work=$2 program=$2/program.jxl
shift 2
rm -rf "$work"
mkdir -p "$work"

mpirun_of() { command -v "mpirun.$1" || command -v mpirun; }

# refused PATTERN COMMAND...: a status that is not 0, and a line like PATTERN
refused() {
    pattern=$1 status=0
    shift
    timeout 30 "$@" >"$work/out" 2>&1 </dev/null || status=$?
    if [ $status = 0 ] || [ $status = 124 ] || ! grep -q "$pattern" "$work/out"; then
        echo "$*: status $status; a line was to be like '$pattern'"
        cat "$work/out"
        exit 1
    fi
}

cat >"$program" <<'END'
import jax
import jax.numpy as jnp
from jax import lax

x = jnp.arange(10.0).reshape(5, 2)
print(jax.pmap(lambda v: v / lax.psum(v, "i"), axis_name="i")(x))
END
"$jxlc" "$program" -o "$work/program"
"$work/program" >"$work/alone"
[ $# = 1 ] || for mpi in "$@"; do
    "$(mpirun_of "$mpi")" -n 2 "$work/program" </dev/null >"$work/out"
    cmp "$work/alone" "$work/out"
done

# advice on binding, once
JXL_NUM_THREADS=$(($(nproc --all) + 1)) on 2 "$work/program" >"$work/out" 2>"$work/said"
cmp "$work/alone" "$work/out"
[ "$(grep -c '^advice: rank 0 is to use .* threads' "$work/said")" = 1 ] || { cat "$work/said"; exit 1; }

# MPI in the program
for mpi in link "$@"; do
    "$jxlc" --mpi="$mpi" "$program" -o "$work/linked"
    [ "$mpi" = link ] && launcher=$MPIRUN || launcher=$(mpirun_of "$mpi")
    JXL_MPI=none "$launcher" -n 2 "$work/linked" </dev/null >"$work/out"
    cmp "$work/alone" "$work/out"
done
refused 'it is plugin, link, openmpi or mpich' "$jxlc" --mpi=none "$program" -o "$work/linked"

# not the launcher of the MPI that is to be used: each process would be the only one
refused 'must be openmpi, mpich, or the path of a plugin' env JXL_MPI=none "$MPIRUN" -n 2 "$work/program"
refused 'could not be loaded' env JXL_MPI=/nowhere.so "$MPIRUN" -n 2 "$work/program"
[ "$MPI" = openmpi ] && size=OMPI_COMM_WORLD_SIZE name="Open MPI" || size=PMI_SIZE name=MPICH
refused "started 3 ranks, and $name,.* sees 1: start it with $name's mpirun" env -i PATH="$PATH" $size=3 MPI_LOCALNRANKS=3 "$work/program"
refused "srun started 3 ranks, and $name,.* sees 1: .*srun --mpi=pmi" env -i PATH="$PATH" SLURM_STEP_NUM_TASKS=3 "$work/program"
[ $# = 1 ] || for mpi in "$@"; do
    [ "$mpi" = "$MPI" ] || refused "started 2 ranks, and $name,.* sees 1: start it with $name's mpirun" \
        env JXL_MPI="$MPI" "$(mpirun_of "$mpi")" -n 2 "$work/program"
done

# a jxl that was built with one of them, or with none
mkdir -p "$work/bin" "$work/lib/jxl" "$work/include"
own=$(dirname "$jxlc") source=$(cd "$(dirname "$0")/../.." && pwd)
cp "$jxlc" "$work/bin/jxlc"
ln -s "$own/lib/libjxlrt.a" "$work/lib/jxl/"
ln -s "$source/include/jxl" "$work/include/jxl"
"$work/bin/jxlc" "$program" -o "$work/program"
refused "jxl was built without MPI" "$MPIRUN" -n 2 "$work/program"
ln -s "$own/lib/libjxlmpi-$MPI.so" "$work/lib/jxl/"
"$MPIRUN" -n 2 "$work/program" </dev/null >"$work/out"
cmp "$work/alone" "$work/out"
for mpi in "$@"; do
    [ "$mpi" = "$MPI" ] || refused "jxl was built with $name only: start it with $name's mpirun" "$(mpirun_of "$mpi")" -n 2 "$work/program"
done
rm -rf "$work"
