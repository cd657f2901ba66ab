#!/bin/sh
# Parts of a function that become functions of their own: equal ones are there once, wherever their data stands; a long block is
# cut; and what they compute is what --eval says.
#
#   sh run.sh JXLC DIRECTORY          DIRECTORY is made anew
set -u
jxlc=$1
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$2" && mkdir -p "$2" && cd "$2" || exit 1
cp "$here"/*.jxl .
failures=0
say() { echo "$*"; failures=$((failures + 1)); }

# How many functions of more than 200 lines a training step with some layers has.
functions() {
    echo "from transformer_step import data, train
params, tokens = data(layers=$1)
print(train(params, tokens)[1])" >step.jxl
    "$jxlc" -I "$here/../bench" --emit=llvm step.jxl -o step.ll || say "a step of $1 layers does not compile"
    awk '/^define/ { n = 0 } { n++ } /^}/ && n > 200 { count++ } END { print count }' step.ll
}
few=$(functions 3) more=$(functions 6)
[ "$more" -le $((few + 6)) ] || say "three layers have $few large functions, six have $more"

# Large modules are compiled in several processes: the same program each time, with the same digits.
"$jxlc" -j 1 -I "$here/../bench" step.jxl -o step1 && ./step1 >step1.out
for k in 1 2; do "$jxlc" -j 3 -I "$here/../bench" -c step.jxl -o step3.$k.o || say "-j 3 does not compile"; done
cmp step3.1.o step3.2.o || say "-j 3 makes other objects each time"
nm step3.1.o | grep -q " T jxl\.[0-9a-f]*\.[0-9]" || say "-j 3 is one process"
"$jxlc" step3.1.o -o step3 2>err || "${CC:-cc}" step3.1.o "$(dirname "$jxlc")/lib/libjxlrt.a" -pthread -lm -o step3 || say "-j 3 does not link"
./step3 >step3.out
cmp step1.out step3.out || say "-j 3 computes other numbers"

# the numbers, to the digits that both ways share
close() { awk 'NR == FNR { a[FNR] = $0; next } { n = split($0, x, /[][ ]+/); split(a[FNR], y, /[][ ]+/)
    for (i = 1; i <= n; i++) if (x[i] != y[i] && (x[i] - y[i]) ^ 2 > 1e-8 * (1 + x[i] ^ 2)) { print FILENAME ": " $0 " | " a[FNR]; exit 1 } }' "$1" "$2"; }
for program in layers long; do
    "$jxlc" --eval $program.jxl >$program.eval 2>$program.said
    [ $(wc -l <$program.eval) -gt 9 ] || say "--eval $program: $(head -1 $program.said)"
    for options in -O2 -O0 "-O2 -g" "-O2 --multi"; do
        "$jxlc" $options $program.jxl -o $program || say "$program $options does not compile"
        for threads in 1 3; do
            JXL_NUM_THREADS=$threads ./$program >out 2>err
            [ $? = $([ $program = long ] && echo 1 || echo 0) ] || say "$program $options: status $?"
            [ "$(wc -l <out)" = "$(wc -l <$program.eval)" ] || say "$program $options: $(wc -l <out) lines"
            close $program.eval out || say "$program $options with $threads threads"
        done
    done
done
grep -q "long.jxl:18: AssertionError: the end, [0-9]" err || say "the end of long.jxl: $(cat err)"
exit $failures
