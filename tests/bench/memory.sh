#!/bin/sh
# What each row of the benchmark needs of memory, in KiB: what jxl plans for the program that makes the row's arguments and calls
# it (--print=memory), what that process holds at most beside what a program without rows does, and what JAX plans for the
# function and its process grows by, arguments counted too.  Behind those the ratio of the plans, JAX's over jxl's.
#
#   PYTHON=/path/to/a/python/with/jax sh tests/bench/memory.sh [BUILD [GROUP|ROW ...]]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$(cd "${1:-$root/build}" && pwd)
[ $# = 0 ] || shift
python=${PYTHON:-python3}
export JAX_PLATFORMS=cpu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
${CC:-cc} -O2 "$here/whole.c" -o "$work/whole"

# KiB that were planned, and that the process held, for the rows of a group with such names
planned_and_held() {
    echo "HOW, WANTED = 'least', ['$2']" > "$work/wanted.py"
    "$build/jxlc" -I "$work" "$here/$1.jxl" -o "$work/program" --print=memory 2> "$work/plan" || return
    "$work/whole" "$work/program" > "$work/figures" || return
    awk 'NR == FNR { held = $3 * 1024; next } $1 == "main:" { printf "%.0f %.0f\n", $2 / 1024, held }' "$work/figures" "$work/plan"
}

printf "%-30s %12s %12s %12s %12s %7s\n" "" "jxl's plan" "process" "JAX's plan" "process" "ratio"
for group in chains elementary products convolutions order algebra programs gradients; do
    wanted=""
    for row in "$@"; do
        [ "$row" != $group ] || { wanted=""; break; }
        wanted="$wanted'$row', "
    done
    [ $# = 0 ] || [ -n "$wanted" ] || [ "$row" = $group ] || continue
    echo "HOW, WANTED = 'memory', [$wanted]" > "$work/wanted.py"
    PYTHONPATH="$work:$here" "$python" "$here/$group.jxl" > "$work/jax"
    [ -s "$work/jax" ] || continue
    echo "== $group"
    bare=$(planned_and_held $group =none=)
    while read -r name plan process; do
        mine=$(planned_and_held $group "=$name=") || continue
        echo "$name $mine ${bare#* } $plan $process" | awk '{
            printf "%-30s %12d %12d %12.0f %12.0f %7.2f\n", $1, $2, $3 - $4, $5 / 1024, $6 / 1024, $5 / 1024 / ($2 ? $2 : 1) }'
    done < "$work/jax"
done
