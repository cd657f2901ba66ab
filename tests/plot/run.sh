#!/bin/sh
# Compiles programs that plot, runs them, and looks at what they wrote.
#
#   run.sh JXLC WORK
set -eu
jxlc=$1 work=$2/work
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$work"
mkdir -p "$work"
cd "$work"

fail() { echo "$*" >&2; exit 1; }
begins() { [ "$(head -c "$2" "$1")" = "$3" ] || fail "$1 does not begin with $3"; }

"$jxlc" "$here/../../samples/sin_figure.jxl" -o sin
for end in pdf svg png; do ./sin --out "first.$end" > /dev/null && ./sin --out "second.$end" > /dev/null; done
begins first.pdf 5 %PDF-
begins first.svg 5 '<?xml'
[ "$(tail -c +2 first.png | head -c 3)" = PNG ] || fail "first.png is no PNG"
for end in pdf svg png; do cmp "first.$end" "second.$end"; done
grep -q '<path' first.svg || fail "first.svg has no lines"

# 600 x 350 points of 100 to the inch: the size stands in the header
[ "$(od -An -tx1 -j16 -N8 first.png | tr -d ' \n')" = 000002580000015e ] || fail "first.png has another size"

if ./sin --out nowhere/sin.pdf 2> said; then fail "a picture was written where nothing can be"; fi
grep -q 'nowhere/sin.pdf could not be written' said || { cat said >&2; exit 1; }
if ./sin --out sin.gif 2> said; then fail "a picture was written as GIF"; fi
grep -q 'does not end in .png, .svg or .pdf' said || { cat said >&2; exit 1; }
[ ! -e sin.gif.part ] || fail "something was left behind"

for wrong in 'color="nocolour"' 'marker="?"'; do
    printf 'import matplotlib.pyplot as plt\nplt.plot([1, 2], %s)\n' "$wrong" > wrong.jxl
    if "$jxlc" run wrong.jxl 2> said; then fail "$wrong is drawn"; fi
    grep -q ' is not ' said || { cat said >&2; exit 1; }
done

"$jxlc" run "$here/nine.jxl"
for f in nine.png phase-0.png phase-1.png phase-2.png; do [ -s "$f" ] || fail "there is no $f"; done
cmp -s phase-0.png phase-1.png && fail "phase-0.png and phase-1.png are the same picture"

# A program that does not plot is not linked with cairo.
printf 'print(1)\n' > none.jxl
"$jxlc" none.jxl -o none
if ldd none | grep -q cairo; then fail "cairo is linked for nothing"; fi
