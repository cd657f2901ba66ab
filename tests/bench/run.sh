#!/bin/sh
# How fast, small and quick to start: jxl beside JAX, NumPy (with its OpenBLAS) and C, in one interleaved run, on one core and
# on all.  Absolute times on a shared machine mean little: what is printed is jxl's least time, and the others' over it; above
# 1, jxl is faster (smaller).  The last column is what a gradient costs: its time, in times of its function.
#
#   PYTHON=/path/to/a/python/with/jax sh tests/bench/run.sh [BUILD [ROUNDS]]
#
# This is no test: nothing fails for being slow.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$(cd "${1:-$root/build}" && pwd)
rounds=${2:-3}
python=${PYTHON:-python3}
export JAX_PLATFORMS=cpu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"

"$python" -c 'import jax' 2> /dev/null || { echo "run.sh: $python has no JAX; set PYTHON" >&2; exit 1; }
${CC:-cc} -O2 "$here/whole.c" -o "$work/whole"
${CC:-cc} -O3 -march=native "$here/peers.c" -lm -o "$work/peers"
kernels="rows programs doubles gradients algebra"
for program in $kernels hello transformer; do "$build/jxlc" "$here/$program.jxl" -o "$work/$program"; done
"$build/jxlc" samples/digits.jxl -o "$work/digits"

# seconds and mebibytes of a command, as lines "SYSTEM NAME VALUE"
whole() {
    system=$1 name=$2
    shift 2
    "$work/whole" "$@" > "$work/figures"
    read -r seconds mebibytes < "$work/figures"
    echo "$system $name $seconds"
    echo "$system $name-MiB $mebibytes"
}

# the kernels, on some cores; what is appended to the systems' names says which
all_kernels() {
    cores=$1 name=$2
    for program in $kernels; do
        taskset -c "$cores" "$work/$program" | sed "s/^/jxl$name /"
        taskset -c "$cores" "$python" "$here/$program.jxl" | sed "s/^/jax$name /"
    done
    taskset -c "$cores" "$python" "$here/peers.py" | sed "s/^/numpy$name /"
}

first=$(taskset -pc $$ | sed 's/.*: //; s/[-,].*//')
every=$(taskset -pc $$ | sed 's/.*: //')
for round in $(seq "$rounds"); do
    echo "round $round of $rounds" >&2
    all_kernels "$first" ""
    taskset -c "$first" "$work/peers" | sed 's/^/c /'
    all_kernels "$every" -all
    "$work/transformer" | sed 's/^/jxl /'
    "$python" "$here/transformer.jxl" | sed 's/^/jax /'
    for program in hello digits; do
        source="$here/hello.jxl"
        [ $program = hello ] || source=samples/digits.jxl
        whole jxl $program "$work/$program"
        whole jax $program "$python" "$source"
        whole jxl compile-$program "$build/jxlc" "$source" -o "$work/again"
    done
    whole jxl compile-transformer "$build/jxlc" "$here/transformer.jxl" -o "$work/again"
done > "$work/all"
for program in hello digits; do
    strip "$work/$program" && echo "jxl size-$program-KiB $(($(stat -c %s "$work/$program") / 1024))"
done >> "$work/all"

awk '
    function number(x) { return x == "" ? "-" : x < 0.01 ? sprintf("%.1f us", x * 1e6) : x < 1 ? sprintf("%.1f ms", x * 1e3) : sprintf("%.2f s", x) }
    function ratio(other, mine) { return (name, other) in least ? sprintf("%.2f", least[name, other] / least[name, mine]) : "-" }
    {
        key = $2 SUBSEP $1
        if (!(key in least) || $3 < least[key]) least[key] = $3
        if (!seen[$2]++) names[++count] = $2
    }
    END {
        printf "%-24s %12s %8s %8s %8s   %12s %8s %8s %12s\n", "", "jxl, 1 core", "JAX", "NumPy", "cc -O3", "jxl, all", "JAX", "NumPy", "of function"
        for (i = 1; i <= count; i++) {
            name = names[i]
            value = least[name, "jxl"]
            value = name ~ /iB$/ ? sprintf("%.1f", value) : number(value)
            function_name = name
            sub(/-(gradient|jacobian)$/, "", function_name)
            cost = function_name == name ? "-" : sprintf("%.2f", least[name, "jxl"] / least[function_name, "jxl"])
            printf "%-24s %12s %8s %8s %8s   %12s %8s %8s %12s\n", name, value, ratio("jax", "jxl"), ratio("numpy", "jxl"),
                ratio("c", "jxl"), number(least[name, "jxl-all"]), ratio("jax-all", "jxl-all"), ratio("numpy-all", "jxl-all"), cost
        }
    }' "$work/all"
