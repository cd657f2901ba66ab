#!/bin/sh
# The same digits on any number of threads and with vectors of any width: a program is compiled for this machine, for AVX-512
# and for AVX2, as far as the machine has them, and run with 1, 2 and 5 threads.
#
#   sh run.sh JXLC DIRECTORY PROGRAM          from the top of the source tree
set -eu
jxlc=$1 directory=$2 program=$3
name=$(basename "$program" .jxl)
mkdir -p "$directory"
first= failures=0
for march in native x86-64-v4 x86-64-v3; do
    case $march in
    x86-64-v4) grep -q avx512vl /proc/cpuinfo || continue ;;
    x86-64-v3) grep -q avx2 /proc/cpuinfo || continue ;;
    esac
    "$jxlc" -march=$march "$program" -o "$directory/$name.$march"
    for threads in 1 2 5; do
        out=$directory/$name.$march.$threads
        JXL_NUM_THREADS=$threads "$directory/$name.$march" > "$out"
        [ -n "$first" ] || first=$out
        cmp "$first" "$out" || failures=$((failures + 1))
    done
done
# chosen at start, among levels compiled at once
"$jxlc" --multi "$program" -o "$directory/$name.multi"
for level in x86-64-v4 x86-64-v3; do
    grep -q avx2 /proc/cpuinfo || continue
    JXL_CPU=$level "$directory/$name.multi" > "$directory/$name.multi.$level"
    cmp "$first" "$directory/$name.multi.$level" || failures=$((failures + 1))
done
[ -s "$first" ] || { echo "$program prints nothing"; exit 1; }
exit $failures
