#!/bin/sh
# The same digits on any number of ranks, and without mpirun.
#
#   sh ranks.sh JXLC WORKDIR PROGRAM.jxl RANKS...
set -eu
. "$(dirname "$0")/mpirun.sh"
jxlc=$1 work=$2 program=$3
shift 3
rm -rf "$work"
mkdir -p "$work"
JXL_NUM_DEVICES=$(sed -n 's/^# devices: //p' "$program")
export JXL_NUM_DEVICES=${JXL_NUM_DEVICES:-8}
"$jxlc" "$program" -o "$work/program"
"$work/program" >"$work/alone"
for n in "$@"; do
    on "$n" "$work/program" >"$work/on-$n" || { echo "on $n ranks: status $?"; exit 1; }
    cmp "$work/alone" "$work/on-$n" || { diff "$work/alone" "$work/on-$n" | head -20; echo "on $n ranks"; exit 1; }
done
JXL_MPI_PIECE=1000 on 2 "$work/program" >"$work/in-pieces" # messages that are longer go in several
cmp "$work/alone" "$work/in-pieces"
rm -rf "$work"
