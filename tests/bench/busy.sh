#!/bin/sh
# Threads where another process is busy on one of the processors: how long a call takes on average with all threads, over the same
# with one.  It should never be more than 1.3: a thread that does not run must not be waited for.
#
#   sh tests/bench/busy.sh [BUILD [ROUNDS [GROUP ROW ...]]]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:-$here/../../build}" && pwd)
rounds=${2:-3}
[ $# -lt 2 ] && shift $# || shift 2
work=$(mktemp -d)
busy=
trap 'kill $busy 2> /dev/null || :; rm -rf "$work"' EXIT
last=$(taskset -pc $$ | sed 's/.*: //; s/.*[-,]//')

# Short pieces of work and long ones, sums, products, and what alternates between them.
short="chains gelu-cache softmax-cache layer-norm-gradient-cache sum-axis-1-cache products a@b-128 programs life-cache per-example"
long="chains gelu-memory sum-axis-0-memory products a@b-1024 programs mlp-step heat-f64-memory attention-gradient-memory gpt-step"
[ $# -gt 0 ] || set -- $short $long
for word in "$@"; do
    case $word in
    chains | elementary | products | convolutions | order | algebra | programs | gradients) group=$word ;;
    *) echo "'=$word='," >> "$work/$group.rows" ;;
    esac
done
for rows in "$work"/*.rows; do
    group=$(basename "$rows" .rows)
    echo "HOW, WANTED = 'mean', [$(cat "$rows")]" > "$work/wanted.py"
    "$build/jxlc" -I "$work" "$here/$group.jxl" -o "$work/$group"
done
taskset -c "$last" sh -c 'while :; do :; done' &
busy=$!
for round in $(seq "$rounds"); do
    for rows in "$work"/*.rows; do
        program=${rows%.rows}
        JXL_NUM_THREADS=1 "$program" | sed 's/^/one /'
        "$program" | sed 's/^/all /'
    done
done > "$work/times"
awk '!seen[$2]++ { names[++n] = $2 }
     !($1 SUBSEP $2 in least) || $3 < least[$1, $2] { least[$1, $2] = $3 }
     END {
         printf "%-30s %12s %12s %6s\n", "", "one thread", "all", "ratio"
         for (i = 1; i <= n; i++) {
             one = least["one", names[i]]; all = least["all", names[i]]
             printf "%-30s %9.1f us %9.1f us %6.2f\n", names[i], one * 1e6, all * 1e6, all / one
         }
     }' "$work/times"
