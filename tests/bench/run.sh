#!/bin/sh
# How fast, small and quick to start: jxl beside JAX, NumPy and C, in one interleaved run.  Absolute times on a shared machine
# mean little, so what is printed is medians and their ratios to jxl's; above 1, jxl is faster (smaller).  The last column is
# what a gradient costs: its time, in times of its function.
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
${CC:-cc} -O3 -march=native "$here/kernels.c" -lm -o "$work/kernels-c"
for program in "$here/kernels.jxl" "$here/gradients.jxl" "$here/hello.jxl" samples/digits.jxl; do
    "$build/jxlc" "$program" -o "$work/$(basename "$program" .jxl)"
done

# seconds and kilobytes of a command, as lines "SYSTEM NAME VALUE"
whole() {
    system=$1 name=$2
    shift 2
    "$work/whole" "$@" > "$work/figures"
    read -r seconds mebibytes < "$work/figures"
    echo "$system $name $seconds"
    echo "$system $name-MiB $mebibytes"
}

for round in $(seq "$rounds"); do
    echo "round $round of $rounds" >&2
    "$work/kernels" | sed 's/^/jxl /'
    "$python" "$here/kernels.jxl" | sed 's/^/jax /'
    "$work/gradients" | sed 's/^/jxl /'
    "$python" "$here/gradients.jxl" | sed 's/^/jax /'
    "$python" "$here/kernels.py" | sed 's/^/numpy /'
    "$work/kernels-c" | sed 's/^/c /'
    whole jxl hello "$work/hello"
    whole jax hello "$python" "$here/hello.jxl"
    whole jxl digits "$work/digits"
    whole jax digits "$python" samples/digits.jxl
    whole jxl compile-hello "$build/jxlc" "$here/hello.jxl" -o "$work/again"
    whole jxl compile-digits "$build/jxlc" samples/digits.jxl -o "$work/again"
done > "$work/all"
for program in hello digits; do
    strip "$work/$program" && echo "jxl size-$program-KiB $(($(stat -c %s "$work/$program") / 1024))"
done >> "$work/all"

sort -k2,2 -k1,1 -k3,3g "$work/all" | awk '
    function number(x) { return x == "" ? "-" : x < 0.01 ? sprintf("%.1f us", x * 1e6) : x < 1 ? sprintf("%.1f ms", x * 1e3) : sprintf("%.2f s", x) }
    function ratio(other) { return (name, other) in median ? sprintf("%.2f", median[name, other] / median[name, "jxl"]) : "-" }
    { key = $2 SUBSEP $1; all[key, ++n[key]] = $3; if (!($2 in seen)) { seen[$2] = 1; names[++count] = $2 } }
    END {
        for (key in n) median[key] = all[key, int((n[key] + 1) / 2)]
        printf "%-29s %12s %10s %10s %10s %11s\n", "", "jxl", "JAX", "NumPy", "cc -O3", "of function"
        for (i = 1; i <= count; i++) {
            name = names[i]
            value = median[name, "jxl"]
            function_name = name
            sub(/-(gradient|jacobian)$/, "", function_name)
            cost = function_name == name ? "-" : sprintf("%.2f", value / median[function_name, "jxl"])
            printf "%-29s %12s %10s %10s %10s %11s\n", name, name ~ /iB$/ ? sprintf("%.1f", value) : number(value), ratio("jax"), ratio("numpy"), ratio("c"), cost
        }
    }'
