#!/bin/sh
# Objects for another machine: every program of the benchmark compiles for AArch64.  (They are not run here.)
#
#   sh aarch64.sh JXLC DIRECTORY          DIRECTORY is made anew
set -u
jxlc=$1
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$2" && mkdir -p "$2" && cd "$2" || exit 1
. "$here/../asserts.sh"

cp "$here"/*.jxl .
status 2 "both" "$jxlc" --multi -march=x86-64-v3 levels.jxl -o x
holds err "say one of them"
status 2 "a program for another machine" "$jxlc" --target=aarch64-linux-gnu levels.jxl -o x
holds err "link them there"
status 1 "no such machine" "$jxlc" --target=z80 -c levels.jxl
holds err "error: --target=z80: no such target"
"$jxlc" --target=aarch64-linux-gnu -c levels.jxl -o arm.o 2>err
if grep -q "this LLVM was built without it" err; then
    echo "no AArch64 in this LLVM"
else
    echo "HOW, WANTED = 'least', []" > wanted.py
    for program in "$here"/../bench/*.jxl levels.jxl; do
        [ "${program##*/}" = transformer.jxl ] && continue # programs.jxl has its kernels
        status 0 "$program for AArch64" "$jxlc" -O1 --target=aarch64-linux-gnu -I . -c "$program" -o arm.o
        readelf -h arm.o >out
        holds out "Machine: .*AArch64"
    done
    status 0 "AArch64 has one level" "$jxlc" --target=aarch64-linux-gnu --multi -c levels.jxl -o arm.o
    status 1 "no such processor" "$jxlc" --target=aarch64-linux-gnu -march=x86-64-v3 -c levels.jxl -o arm.o
    holds err "no such AArch64 processor"
fi
exit $failures
