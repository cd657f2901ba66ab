#!/bin/sh
# Runs what a document shows.
#
#   run.sh CMAKE BUILD SOURCE DOCUMENT WORK
#
#   ```python NAME      a file: any language, and the name it is given
#   ```console          lines that begin with "$ " are typed; what stands below them is what they print, `...` any rest of it
#
# Files of all documents lie in one new directory each, beside samples/.  Other blocks are not run.
set -eu
cmake=$1 build=$2 source=$3 document=$4 work=$5/$(echo "$4" | tr / -)
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$work"
mkdir -p "$work/steps"
cd "$work"
ln -s "$source/samples" samples

"$cmake" --install "$build" --prefix "$work/prefix" > install.log
JXL_PREFIX=$work/prefix JXL_LIB=$build/lib PATH=$build:$PATH
export JXL_PREFIX JXL_LIB PATH

# Each step is N.cmd and N.want, or the file itself.
awk '
    /^```console$/             { console = 1; next }
    /^```[a-z]+ [^ ]+$/        { file = $2; n++; print "" > ("steps/" n ".file"); printf "" > file; next }
    /^```/                     { console = 0; file = ""; next }
    console && /^\$ /          { n++; print substr($0, 3) > ("steps/" n ".cmd"); printf "" > ("steps/" n ".want"); next }
    console                    { print > ("steps/" n ".want") }
    file != ""                 { if (file == "Makefile") sub(/^    /, "\t"); print > file }
' "$source/$document"

failures=0
for step in $(ls steps | sed -n 's/\.cmd$//p' | sort -n); do
    sh "steps/$step.cmd" > "steps/$step.got" 2>&1 < /dev/null || true
    if [ "$(tail -n 1 "steps/$step.want")" = ... ]; then
        lines=$(($(wc -l < "steps/$step.want") - 1))
        head -n "$lines" "steps/$step.want" > want
        head -n "$lines" "steps/$step.got" > got
    else
        cp "steps/$step.want" want
        cp "steps/$step.got" got
    fi
    if ! cmp -s want got; then
        failures=$((failures + 1))
        echo "$document: $ $(cat "steps/$step.cmd")"
        diff want got || true
    fi
done
[ "$(ls steps/*.cmd | wc -l)" -gt 0 ] || { echo "$document: no commands" >&2; exit 1; }
exit $((failures > 0))
