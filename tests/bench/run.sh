#!/bin/sh
# How fast, small and quick to start: jxl beside JAX, NumPy (with its OpenBLAS), oneDNN and C, in one interleaved run, on one
# core and on all.
#
#   PYTHON=/path/to/a/python/with/jax sh tests/bench/run.sh [BUILD [ROUNDS [ROW ...]]]
#
# A ROW is the name of a group (a program of this directory; `whole`: start-up, compile time, size, memory; `samples`: from
# source to the last line printed, of every sample) or a part of rows' names; without any, all are run.  A row's time in a round is the least of some calls; printed is the median over the
# rounds, and the others' over jxl's: above 1, jxl is faster (smaller).  `limit` is the part of what limits.c measured in the
# same run that jxl reaches, where each argument is read once, each result written once, and each flop counted.
#
# MARCH=x86-64-v3 (AVX2) or x86-64-v2 measures another level of processors: jxl and C are compiled for it, and the others are kept
# from using more.
#
# This is no test: nothing fails for being slow.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$(cd "${1:-$root/build}" && pwd)
rounds=${2:-3}
[ $# -lt 2 ] && shift $# || shift 2
python=${PYTHON:-python3}
export JAX_PLATFORMS=cpu
march=${MARCH:-native} others=""
case $march in
native) ! grep -q avx512vl /proc/cpuinfo || blas=SkylakeX ;; # of new processors OpenBLAS uses less than they have
x86-64-v3) isa=AVX2 blas=Haswell others="X86_V4 AVX512_ICL AVX512_SPR" ;;
x86-64-v2) isa=SSE41 blas=Nehalem others="X86_V3 X86_V4 AVX512_ICL AVX512_SPR" ;;
*) echo "run.sh: MARCH is native, x86-64-v3 or x86-64-v2" >&2; exit 1 ;;
esac
[ -z "${blas:-}" ] || export OPENBLAS_CORETYPE="${OPENBLAS_CORETYPE:-$blas}"
if [ -n "$others" ]; then # JAX's products and convolutions are oneDNN's then, or nothing would limit them
    export JXL_CPU="$march" NPY_DISABLE_CPU_FEATURES="$others" ONEDNN_MAX_CPU_ISA=$isa
    export XLA_FLAGS="--xla_cpu_max_isa=$([ $isa = AVX2 ] && echo AVX2 || echo SSE4_2) --xla_cpu_experimental_ynn_fusion_type="
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"

"$python" -c 'import jax' 2> /dev/null || { echo "run.sh: $python has no JAX; set PYTHON" >&2; exit 1; }
cc=${CC:-cc}
$cc -O2 "$here/whole.c" -o "$work/whole"
$cc -O3 "-march=$march" "$here/limits.c" -lpthread -o "$work/limits"
$cc -O3 "-march=$march" "$here/peers.c" -lm -o "$work/peers"
$cc -O3 "-march=$march" "$here/scalars.c" -lm -o "$work/scalars-in-c"
$cc -O3 "-march=$march" "$here/scans.c" -lm -o "$work/scans"
$cc -O3 "-march=$march" -mprefer-vector-width=512 -ffast-math "$here/libmvec.c" -lm -o "$work/libmvec" 2> /dev/null ||
    $cc -O3 "-march=$march" -ffast-math "$here/libmvec.c" -lm -o "$work/libmvec"
$cc -O2 "$here/onednn.c" -ldnnl -o "$work/onednn" 2> /dev/null || echo "run.sh: no oneDNN here (libdnnl-dev)" >&2

# The groups that have rows which are asked for, each compiled with those rows alone.
groups=""
whole="" samples=""
[ $# -gt 0 ] || whole=yes samples=yes
for row in "$@"; do
    [ "$row" != whole ] || whole=yes
    [ "$row" != samples ] || samples=yes
done
for group in chains elementary products convolutions order algebra programs gradients scalars; do
    wanted=""
    for row in "$@"; do
        [ "$row" != $group ] || { wanted=""; break; }
        case $row in whole | samples) ;; *) wanted="$wanted'$row', " ;; esac
    done
    [ $# = 0 ] || [ -n "$wanted" ] || [ "$row" = $group ] || continue
    mkdir "$work/$group"
    echo "HOW, WANTED = 'least', [$wanted]" > "$work/$group/wanted.py"
    "$build/jxlc" "-march=$march" -I "$work/$group" "$here/$group.jxl" -o "$work/$group/program"
    groups="$groups $group"
done
[ -z "$whole" ] || for program in hello transformer; do "$build/jxlc" "-march=$march" "$here/$program.jxl" -o "$work/$program"; done
[ -z "$whole" ] || "$build/jxlc" "-march=$march" samples/digits.jxl -o "$work/digits"

# What a command prints, with a system's name before each line; a command that fails has no rows.
rows() {
    system=$1
    shift
    "$@" > "$work/rows" 2> "$work/errors" || { echo "run.sh: $system: $*: $(tail -n 1 "$work/errors")" >&2; }
    sed "s/^/$system /" "$work/rows"
}

# seconds, those of the processor, and mebibytes of a command, as rows
whole() {
    system=$1 name=$2
    shift 2
    "$work/whole" "$@" > "$work/figures" 2> "$work/errors" || { echo "run.sh: $system $name: $(tail -n 1 "$work/errors")" >&2; return; }
    read -r seconds processor mebibytes < "$work/figures"
    echo "$system $name $seconds"
    echo "$system $name-processor $processor"
    echo "$system $name-MiB $mebibytes"
}

# the groups, on some cores; what is appended to the systems' names says which
kernels() {
    cores=$1 name=$2
    rows "limit$name" taskset -c "$cores" "$work/limits"
    : > "$work/names" # the rows that others are to run
    for group in $groups; do
        rows "jxl$name" taskset -c "$cores" "$work/$group/program" > "$work/mine"
        [ -s "$work/mine" ] || continue
        echo "group $group"
        cat "$work/mine"
        cut -d ' ' -f 2 "$work/mine" >> "$work/names"
        rows "jax$name" env PYTHONPATH="$work/$group:$here" taskset -c "$cores" "$python" "$here/$group.jxl"
    done
    rows "numpy$name" taskset -c "$cores" "$python" "$here/peers.py" "$work/names"
    [ ! -x "$work/onednn" ] || rows "onednn$name" env OMP_NUM_THREADS="$(taskset -c "$cores" nproc)" taskset -c "$cores" "$work/onednn" "$work/names"
}

first=$(taskset -pc $$ | sed 's/.*: //; s/[-,].*//')
every=$(taskset -pc $$ | sed 's/.*: //')
for round in $(seq "$rounds"); do
    echo "round $round of $rounds" >&2
    if [ -n "$groups" ]; then
        kernels "$first" ""
        rows c taskset -c "$first" "$work/peers" "$work/names"
        rows c taskset -c "$first" "$work/scalars-in-c" "$work/names"
        rows c taskset -c "$first" "$work/scans" "$work/names"
        rows c taskset -c "$first" "$work/libmvec" "$work/names"
        kernels "$every" -all
    fi
    [ -z "$samples" ] || echo "group samples"
    [ -z "$samples" ] || for sample in samples/*.jxl; do
        name=$(basename "$sample" .jxl)
        whole jxl "$name" "$build/jxlc" run "$sample"
        whole jax "$name" env PYTHONPATH=include/jxl XLA_FLAGS=--xla_force_host_platform_device_count=8 "$python" "$sample"
    done
    [ -n "$whole" ] || continue
    echo "group whole"
    rows jxl "$work/transformer"
    rows jax "$python" "$here/transformer.jxl"
    for program in hello digits; do
        source="$here/hello.jxl"
        [ $program = hello ] || source=samples/digits.jxl
        whole jxl $program "$work/$program"
        whole jax $program "$python" "$source"
        whole jxl compile-$program "$build/jxlc" "$source" -o "$work/again"
    done
    whole jxl compile-transformer "$build/jxlc" "$here/transformer.jxl" -o "$work/again"
done > "$work/all"
[ -z "$whole" ] || for program in hello digits; do
    strip "$work/$program" && echo "jxl size-$program-KiB $(($(stat -c %s "$work/$program") / 1024))"
done >> "$work/all"
[ -z "${KEEP:-}" ] || cp "$work/all" "$KEEP"
awk -f "$here/table.awk" "$work/all"
