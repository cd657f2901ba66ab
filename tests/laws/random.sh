#!/bin/sh
# random.sh GENERATE LAWS COMPILED WORKDIR: random functions obey the laws, and are compiled as they are evaluated.
# For a longer search:  for seed in ...; do generate $seed 8 > f.jxir; laws f.jxir; compiled f.jxir; done
set -e
mkdir -p "$4"
for seed in 1 2 3 4; do
  "$1" $seed 6 > "$4/random$seed.jxir"
  "$2" "$4/random$seed.jxir"
  "$3" "$4/random$seed.jxir"
done
