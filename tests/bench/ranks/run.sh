#!/bin/sh
# Ranks together: jxl beside the same in C, with MPI by hand and OpenBLAS, and beside JAX with as many devices in one process,
# on as many ranks as there are cores, or as are named; then the training step alone, on fewer ranks.
#
#   PYTHON=/path/to/a/python/with/jax sh tests/bench/ranks/run.sh [BUILD [RANKS [ROUNDS]]]
#
# Printed: jxl's least time, and the others' over it: above 1, jxl is faster.  Each rank has one thread.  This is no test:
# nothing fails for being slow.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
build=$(cd "${1:-$root/build}" && pwd)
all=${2:-$(nproc)}
rounds=${3:-3}
export MPIRUN="${MPIRUN:-mpirun}" OPENBLAS_NUM_THREADS=1 JAX_PLATFORMS=cpu
. "$root/tests/ranks/mpirun.sh"
unset OMPI_MCA_mpi_yield_when_idle OMPI_MCA_btl_vader_single_copy_mechanism
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"

"$build/jxlc" "$here/ranks.jxl" -o "$work/jxl"
${MPICC:-mpicc} -O3 -march=native "$here/ranks.c" -o "$work/c" -lopenblas -lm
"${PYTHON:-python3}" -c 'import jax' 2>/dev/null || echo "run.sh: no JAX; set PYTHON" >&2

# What a command prints, with a system's name before each line.
rows() {
    system=$1
    shift
    "$@" >"$work/rows" 2>"$work/errors" || echo "run.sh: $system: $(tail -n 1 "$work/errors")" >&2
    sed "s/^/$system /" "$work/rows"
}

for round in $(seq "$rounds"); do
    rows jxl on "$all" "$work/jxl"
    rows c on "$all" "$work/c"
    rows jax env XLA_FLAGS="--xla_force_host_platform_device_count=$all" "${PYTHON:-python3}" "$here/ranks.jxl"
    # strong: all devices' work on one rank; weak: one device's
    rows jxl-strong env JXL_NUM_DEVICES="$all" "$work/jxl"
    rows jxl-weak env JXL_NUM_DEVICES=1 "$work/jxl"
    rows c-weak on 1 "$work/c"
    # sums that are waited for where they begin
    rows jxl-waiting env JXL_COMM_WAIT=1 "$MPIRUN" -n "$all" "$work/jxl"
done | awk -v ranks="$all" '
    function ratio(who, name) { return least[who, name] ? sprintf("%.2f", least[who, name] / least["jxl", name]) : "-" }
    !(($1, $2) in least) || $3 < least[$1, $2] { least[$1, $2] = $3 }
    $1 == "jxl" && !seen[$2]++ { names[++n] = $2 }
    END {
        printf "%-16s %9s %7s %7s %9s %9s %9s\n", ranks " ranks", "jxl, s", "C", "JAX", "1 rank", "1 device", "waiting"
        for (i = 1; i <= n; i++)
            printf "%-16s %.2e %7s %7s %9s %9s %9s\n", names[i], least["jxl", names[i]], ratio("c", names[i]), ratio("jax", names[i]),
                ratio("jxl-strong", names[i]), ratio("jxl-weak", names[i]), ratio("jxl-waiting", names[i])
        name = "train-step"
        printf "train-step: strong scaling %.2f, weak scaling %.2f (C: %.2f)\n", least["jxl-strong", name] / least["jxl", name] / ranks,
            least["jxl-weak", name] / least["jxl", name], least["c-weak", name] / least["c", name]
    }'
