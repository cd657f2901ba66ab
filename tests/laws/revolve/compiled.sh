#!/bin/sh
# compiled.sh JXLC DIRECTORY: the compiled gradients of compiled.jxl, whatever may be stored, are the same to the last bit.
set -eu
jxlc=$1 work=$2 program=$(dirname "$0")/compiled.jxl
mkdir -p "$work"
"$jxlc" -o "$work/all" "$program"
"$work/all" > "$work/all.out"
[ "$(wc -l < "$work/all.out")" -gt 61 ]
for budget in states=1 states=2 states=3 states=4 states=5 states=6 states=7 states=8 states=9 mb=1; do
    "$jxlc" --tape-$budget -o "$work/some" "$program"
    "$work/some" > "$work/some.out"
    cmp "$work/all.out" "$work/some.out" || { echo "--tape-$budget changes a gradient"; exit 1; }
done
