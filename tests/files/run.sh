#!/bin/sh
# Compiles programs that write and read files of every kind, and damages those files.
#
#   run.sh JXLC DAMAGE WORK
set -eu
jxlc=$1 damage=$2 work=$3/work
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$work"
mkdir -p "$work"
cd "$work"

fail() { echo "$*" >&2; exit 1; }

cp "$here"/*.npz "$here"/*.safetensors "$here"/*.csv "$here"/*.png .
"$jxlc" run "$here/read.jxl" > said
cmp said "$here/read.out" || { diff "$here/read.out" said >&2; exit 1; }
"$jxlc" run "$here/write.jxl" > said
"$jxlc" run "$here/again.jxl" > said
cmp said "$here/again.out" || { diff "$here/again.out" said >&2; exit 1; }

# Only programs that read them are linked with zlib and libpng.
printf 'from jxl import *\nimport jax.numpy as jnp\nn = 3\nx: f32[n, 2] = jnp.load("none.npy")\nprint(x)\n' > npy.jxl
"$jxlc" npy.jxl -o npy
if ldd npy | grep -E 'libz|libpng'; then fail "libraries are linked for nothing"; fi

"$damage" . || exit 1
