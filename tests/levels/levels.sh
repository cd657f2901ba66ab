#!/bin/sh
# A program for several levels of processors runs on the best that is there; one that finds too little says what it lacks.
# JXL_CPU makes this processor less than it is.
#
#   sh levels.sh JXLC DIRECTORY          DIRECTORY is made anew
set -u
jxlc=$1
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$2" && mkdir -p "$2" && cd "$2" || exit 1
. "$here/../asserts.sh"

cp "$here"/*.jxl "$here"/*.c .
case $(uname -m) in
x86_64)
    # executables: with and without multiply-add the digits differ, with vectors of 32 and 64 bytes they do not
    status 0 "--multi" "$jxlc" --multi levels.jxl -o levels
    status 0 "its run" ./levels
    cp out best
    for level in 2 3 4; do
        status 0 "level $level" env JXL_CPU=x86-64-v$level ./levels
        cp out level$level
        status 0 "-march" "$jxlc" -march=x86-64-v$level levels.jxl -o only$level
    done
    cmp level4 best || say "the best level has other digits"
    grep -q fma /proc/cpuinfo && { cmp level3 level4 || say "vectors of 32 and of 64 bytes give other digits"; }
    status 0 "v2 alone" ./only2
    cmp out level2 || say "v2 alone and v2 among others give other digits"
    status 1 "less than the least" env JXL_CPU=x86-64 ./levels
    holds err "^this program needs a processor of level x86-64-v2 at least; this one, of which JXL_CPU allows a part, lacks .*sse4.2$"
    status 1 "v4 on less" env JXL_CPU=x86-64-v3 ./only4
    holds err "^this program was compiled with -march=x86-64-v4; this processor, .*, lacks avx512f, .*; compile it with --multi$"
    status 0 "native" "$jxlc" levels.jxl -o native
    status 1 "native on less" env JXL_CPU=x86-64 ./native
    holds err "^this program was compiled for the processor it was compiled on (-march=native); this one, .* lacks .*sse4.2"
    status 1 "no level" env JXL_CPU=v3 ./levels
    holds err "^JXL_CPU=v3: say x86-64, "
    status 0 "-g" "$jxlc" -g --multi levels.jxl -o debug
    status 0 "its run" ./debug
    cmp out best || say "-g gives other digits"

    # objects and shared libraries
    status 0 "-c" "$jxlc" -c --multi levels.jxl
    status 0 "a C program" ${CC:-cc} use.c levels.o "$(dirname "$jxlc")/lib/libjxlrt.a" -pthread -lm -o use
    status 0 "-shared" "$jxlc" -shared --multi levels.jxl -o liblevels.so
    status 0 "another" ${CC:-cc} use.c -L. -llevels -Wl,-rpath,"$PWD" -o use_shared
    for program in use use_shared; do
        for level in 2 3 4; do
            status 0 "$program at level $level" env JXL_CPU=x86-64-v$level ./$program
            [ "$(cat out)" = "3
3" ] || say "$program at level $level: $(cat out)"
        done
        status 0 "$program on less" env JXL_CPU=x86-64 ./$program
        [ "$(grep -c '^1: this program needs a processor of level x86-64-v2 at least' out)" = 2 ] || say "$program on less: $(cat out)"
    done
    ;;
esac

exit $failures
