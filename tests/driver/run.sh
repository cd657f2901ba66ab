#!/bin/sh
# What the command jxlc does: options, outputs, exit statuses, what it leaves behind.
#
#   sh run.sh JXLC DIRECTORY          DIRECTORY is made anew
set -u
jxlc=$1
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$2" && mkdir -p "$2" && cd "$2" || exit 1
. "$here/../asserts.sh"

cp "$here"/*.jxl "$here"/*.jxir "$here"/*.c . || exit 1

# the command line
status 0 --help "$jxlc" --help
for word in -o -c -S --emit -O -g -march -I -L -l -shared -MD -MF -MP -v --version --print-after --why; do holds out "$word"; done
status 0 --version "$jxlc" --version
holds out "^jxlc [0-9]"
status 0 --help-ops "$jxlc" --help-ops
holds out "reduce_sum .*sum over some axes"
status 0 --help-passes "$jxlc" --help-passes
holds out "simplify"
status 2 "an unknown option" "$jxlc" --emmit=ir hello.jxl
holds err "unrecognized command-line option '--emmit=ir'; did you mean '--emit='?"
status 2 "an unknown kind" "$jxlc" --emit=lops hello.jxl
holds err "did you mean 'loops'"
status 2 "a level" "$jxlc" -O9 hello.jxl
status 2 "no files" "$jxlc"
holds err "no input files"
status 2 "an option without its argument" "$jxlc" hello.jxl -o
holds err "missing argument to '-o'"
status 2 "an unknown pass" "$jxlc" --print-after=simplfy hello.jxl
holds err "did you mean 'simplify'"
status 1 "a missing file" "$jxlc" nothing.jxl
holds err "nothing.jxl: No such file or directory"
status 2 "another kind of file" "$jxlc" -c prog.txt
status 1 "an unknown processor" "$jxlc" -march=haswel hello.jxl -o x
holds err "did you mean haswell"

# programs
status 0 "a program" "$jxlc" hello.jxl -o hello
status 0 "its run" ./hello
holds out "^hello 285 1.75$"
status 0 "another name" "$jxlc" hello.jxl
exists a.out
status 0 "run" "$jxlc" run hello.jxl -- one two
holds out "^hello 285 1.75$"
status 2 "run of two" "$jxlc" run hello.jxl trap.jxir
status 1 "a program that fails" "$jxlc" run trap.jxir
holds err "seven is too small"
for level in 0 1 2 3; do
    status 0 "-O$level" "$jxlc" -O$level sizes.jxir -o sizes$level
    status 0 "the run of -O$level" ./sizes$level
    holds out "^sum 4000.0$"
done
status 0 "-march" "$jxlc" -march=x86-64-v2 sizes.jxir -o sizes_v2
status 0 "its run" ./sizes_v2
holds out "^sum 4000.0$"
status 0 --eval "$jxlc" --eval sizes.jxir
holds out "^sum 4000.0$"
status 0 check "$jxlc" check hello.jxl
status 1 "check of a mistake" "$jxlc" check wrong.jxl
holds err "wrong.jxl:2:11: error: the name y is not defined"
status 0 -v "$jxlc" -v hello.jxl -o hello
holds err "libjxlrt.a"

# a failed compile leaves the old output and nothing else
cp hello old
status 1 "a mistake" "$jxlc" wrong.jxl -o old
cmp -s hello old || say "the old output did not survive"
ls >before
status 1 "a mistake" "$jxlc" -c wrong.jxl -MD
ls >after
sed -i '/^before$/d' before after 2>/dev/null
cmp -s before after || [ "$(grep -v -x -F -f before after)" = after ] || say "a failed compile left: $(grep -v -x -F -f before after)"
status 0 "/dev/null" "$jxlc" hello.jxl -o /dev/null
[ -c /dev/null ] || say "/dev/null is no device any more"

cp hello.jxl kept.jxl
status 2 "output over input" "$jxlc" kept.jxl -o kept.jxl
cmp -s hello.jxl kept.jxl || say "the source was overwritten"
echo 'int mine;' >train.h
status 1 "a header of the user's" "$jxlc" -c train.jxl
holds err "train.h would be overwritten"
rm train.h

# ended early: a status of its own, no directory left behind
mkfifo pipe.jxl
mkdir -p tmp
case $jxlc in
*sanitize*) ;; # ASan catches the signal itself
*)
    TMPDIR=$PWD/tmp "$jxlc" pipe.jxl -o x 2>err & pid=$!
    sleep 0.3; kill -SEGV $pid; wait $pid; got=$?
    [ $got = 70 ] || say "a crash: status $got"
    holds err "a mistake in the compiler"
    ;;
esac
TMPDIR=$PWD/tmp "$jxlc" pipe.jxl -o x 2>err & pid=$!
sleep 0.3; kill -TERM $pid; wait $pid; [ $? = 143 ] || say "SIGTERM: another status"
[ -z "$(ls tmp)" ] || say "left behind: $(ls tmp)"
rm pipe.jxl

# texts
status 0 "--print=memory" "$jxlc" --print=memory --emit=loops small.jxl
holds err "powers: 16000"
status 2 "--print=nothing" "$jxlc" --print=nothing --emit=loops sizes.jxir
status 0 "--emit=ir" "$jxlc" --emit=ir sizes.jxir
holds out "reduce_sum"
status 0 "--emit=tree" "$jxlc" --emit=tree hello.jxl
holds out "FunctionDef"
status 0 "--emit=loops" "$jxlc" --emit=loops sizes.jxir
holds out "store"
status 0 "--emit=loops" "$jxlc" --emit=loops small.jxl
[ "$(grep -c '^ *for ' out)" = 2 ] || say "small.jxl: the transpose of x and the scan are not its only loops"
printf 'def main(n: int = 3):\n    print(n)\n' >flags.jxl
status 0 "--emit=loops" "$jxlc" --emit=loops flags.jxl
holds out "null"
status 0 "--emit=llvm" "$jxlc" --emit=llvm small.jxl
sed '/powers.jxl/,/^}/!d' out >powers.ll
lacks powers.ll "alloca"
status 0 "--emit=llvm" "$jxlc" --emit=llvm sizes.jxir
holds out "define "
status 0 "-S" "$jxlc" -S sizes.jxir
exists sizes.s
holds sizes.s "main:"
status 0 "-S -o -" "$jxlc" -S sizes.jxir -o -
holds out "main:"
status 0 "--stop-after" "$jxlc" --stop-after=inline sizes.jxir
holds out "main func @main"
lacks out "callee=@f"
status 0 "--passes" "$jxlc" --passes=inline,simplify sizes.jxir -o text
holds text "main func @main"
status 1 "--passes of nothing" "$jxlc" --passes=inlin sizes.jxir
status 0 "--print-after" "$jxlc" --print-after=all -c sizes.jxir -o sizes.o
holds err "// after simplify"
status 0 "--check-passes" "$jxlc" --check-passes -c sizes.jxir -o sizes.o
status 0 "--time-passes" "$jxlc" --time-passes -c sizes.jxir -o sizes.o
holds err " ms  simplify"

# objects, headers and libraries for C
cc=${CC:-cc}
runtime=$(dirname "$jxlc")/lib/libjxlrt.a
status 0 "-c" "$jxlc" -c shift.jxir -MD -MP
exists shift.o shift.h shift.d
absent a.d
holds shift.d "^shift.o:"
holds shift.d "$PWD/shift.jxir:$"
holds shift.h "int shift(int64_t n, const float \*x0, float x1, const int32_t \*x2, float \*result0, float \*result1, char error"
status 0 "a C program" $cc -std=c11 -Wall -Wextra -Wpedantic -Werror use.c shift.o "$runtime" -pthread -lm -o use
status 0 "its run" ./use
holds out "^2 3 4, 9$"
holds out "^1: n is -1: a size cannot be negative$"
status 0 "-c of exported functions" "$jxlc" -c model.jxl
holds model.h "int step(int64_t k, int64_t n, const Params \*p, const float \*x, const float \*y, float rate, Params \*result, char error"
status 0 "a C program with records" $cc -std=c11 -Wall -Wextra -Wpedantic -Werror model.c model.o "$runtime" -pthread -lm -o model
status 0 "its run" ./model
holds out "^1.00 2.00 0.00, 0.0000$"
holds out "k is -1"
status 0 "the header in C++" $cc -x c++ -Wall -Wextra -Wpedantic -Werror -fsyntax-only shift.h
status 0 "-shared" "$jxlc" -shared shift.jxir -o libshift.so -O3
exists libshift.h
status 0 "linked with it" $cc use.c -L. -lshift -Wl,-rpath,"$PWD" -o use_shared
status 0 "its run" ./use_shared
holds out "^2 3 4, 9$"
nm -D --defined-only libshift.so | grep -q jxl_ && say "libshift.so shows the runtime's names"
$cc -c use.c && status 0 "with a C object" "$jxlc" use.o shift.jxir -o both
status 0 "its run" ./both
holds out "^2 3 4, 9$"
status 1 "only functions" "$jxlc" shift.jxir -o x
holds err "nothing to run"
status 2 "-o with two" "$jxlc" -c hello.jxl sizes.jxir -o x.o
status 1 "two programs" "$jxlc" hello.jxl sizes.jxir -o x
holds err "are both programs"
status 0 "gradients" "$jxlc" -c train.jxl
status 0 "a C program with gradients" $cc -std=c11 -Wall -Wextra -Wpedantic -Werror use_train.c train.o "$runtime" -pthread -lm -o use_train
status 0 "its run" ./use_train
holds out "^29.7500 17.6797$"
holds out "^-1 2$"
holds out "^1: .*train.jxl:31: AssertionError: there is no number 5$"
status 0 "a C program with threads" $cc -std=c11 -Wall -Wextra use_threads.c train.o "$runtime" -pthread -lm -o use_threads
status 0 "its run" env JXL_NUM_THREADS=4 ./use_threads
holds out "^0 of 8"
nm shift.o | grep -q ' main$' && say "shift.o has a main"
nm train.o | grep -q ' main$' && say "train.o has a main"
nm shift.o | grep -q ' [BbDd] ' && say "shift.o has variables"

# why arrays go through memory: the large ones, at the user's places, and nothing of what nobody would expect to share a loop
status 0 "--why=fuse" "$jxlc" --why=fuse apart.jxl -o apart
holds err "^apart.jxl:7:9: the f32\[300, 200\] (235 KiB) of \`jnp.tanh(x)\` goes through memory to \`h @ w\` at 9:12: "
holds err "^apart.jxl:17:9: .* of \`jnp.exp(x)\` goes through memory to \`y / total\` at 19:12: something else must run between them (\`jnp.cumsum(y)\` at 18:13)$"
lacks err "sort\|small\|w\[0\|print\|reshape goes\|constant"
status 0 "--why=fuse of one loop" "$jxlc" --why=fuse hello.jxl -o apart
[ ! -s err ] || say "hello.jxl has something apart"

# line tables
status 0 "-g, after a parallel loop" "$jxlc" -g parallel.jxl -o parallel
status 0 "-g" "$jxlc" -g -O0 trap.jxir -o trap
if command -v gdb >/dev/null 2>&1; then
    gdb -q -batch -ex "break jxl_fail" -ex run -ex bt ./trap >out 2>err </dev/null
holds out "trap.jxir:"
    status 0 "-g" "$jxlc" -g -O0 hello.jxl -o hello_g
    gdb -q -batch -ex "break hello.jxl:8" -ex run -ex bt ./hello_g >out 2>err </dev/null
    holds out "hello.jxl:8"
fi

# ten lines in a fifth of a second; a small binary that starts at once and needs only C's libraries
status 0 "size" strip hello -o stripped
[ "$(stat -c %s stripped)" -lt 1000000 ] || say "hello is $(stat -c %s stripped) bytes"
ldd hello >out
lacks out "LLVM\|python\|mpi"

[ $failures = 0 ] || { echo "$failures failures"; exit 1; }
