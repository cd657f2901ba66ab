#!/bin/sh
# Installs jxl, moves the installed tree, and builds project/ with it, with each generator at hand.
#
#   run.sh CMAKE BUILD WORK
set -eu
cmake=$1 build=$2 work=$3
here=$(cd "$(dirname "$0")/project" && pwd)

work=$work/package
rm -rf "$work"
mkdir -p "$work"
"$cmake" --install "$build" --prefix "$work/first" > "$work/install.log"
mv "$work/first" "$work/moved"

for generator in "Unix Makefiles" Ninja; do
    case $generator in
        Ninja) command -v ninja > /dev/null || continue ;;
        *) command -v make > /dev/null || continue ;;
    esac
    out="$work/$generator"
    "$cmake" -G "$generator" -S "$here" -B "$out" -DCMAKE_PREFIX_PATH="$work/moved" > "$work/log" || { cat "$work/log"; exit 1; }
    "$cmake" --build "$out"

    said=$("$out/hello")
    [ "$said" = "hello from outside the tree: 45" ] || { echo "hello said: $said" >&2; exit 1; }

    said=$(cd "$out" && ./parts)
    [ "$said" = "eigenvalues outside the tree: [2. 3.] [ 5. -1.]" ] || { echo "parts said: $said" >&2; exit 1; }
    [ -s "$out/parts.npz" ] && [ -s "$out/parts.svg" ] || { echo "parts wrote no files" >&2; exit 1; }
    if ldd "$out/hello" | grep -E 'lapack|openblas|cairo|libz|libpng'; then echo "hello is linked with what it does not use" >&2; exit 1; fi

    # Nothing to do the second time; a library module that changes makes the program again.
    stat -c %Y.%i "$out/hello" > "$work/before"
    "$cmake" --build "$out" > "$work/log"
    stat -c %Y.%i "$out/hello" | cmp -s "$work/before" - || { echo "$generator: hello was made again for nothing" >&2; exit 1; }
    module=$(find "$work/moved/include/jxl" -name '__init__.jxl' -path '*jax/numpy*' | head -n 1)
    sleep 1
    touch "$module"
    "$cmake" --build "$out" > "$work/log"
    if stat -c %Y.%i "$out/hello" | cmp -s "$work/before" -; then
        echo "$generator: $module changed, and hello was not made again" >&2
        exit 1
    fi
done
