#!/bin/sh
# From a fresh Debian 12 to a trained network: installs the packages, builds jxlc, compiles samples/digits.jxl, runs it.
#
#   sh cmake/try.sh [BUILD]                  BUILD is the build directory, else build/ beside the sources
set -eu
cd "$(dirname "$0")/.."
build=${1:-build}
set --

sh cmake/install-packages.sh
[ -e "$build/CMakeCache.txt" ] || set -- -G Ninja
cmake -B "$build" "$@"
cmake --build "$build" --target jxlc --parallel
"$build/jxlc" samples/digits.jxl -o "$build/digits"
"$build/digits"
