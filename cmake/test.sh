#!/bin/sh
# Builds everything and runs all tests.  The last lines are ctest's summary.
#
#   sh cmake/test.sh [BUILD [CMAKE-OPTIONS...] [-- CTEST-OPTIONS...]]
#
# BUILD is the build directory, else build/ beside the sources.
set -eu
cd "$(dirname "$0")/.."
build=${1:-build}
[ $# -gt 0 ] && shift

# The words before `--` are cmake's; what is left after the loop is ctest's.
configure="-DCMAKE_BUILD_TYPE=RelWithDebInfo"
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    configure="$configure $1"
    shift
done
[ $# -gt 0 ] && shift

sh cmake/install-packages.sh
[ -e "$build/CMakeCache.txt" ] || configure="-G Ninja $configure"
cmake -B "$build" $configure
cmake --build "$build" --parallel
ctest --test-dir "$build" --parallel "$(nproc)" --output-on-failure --no-tests=error "$@"
