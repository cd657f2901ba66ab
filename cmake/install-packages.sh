#!/bin/sh
# Installs what jxl is built with, on Debian and Ubuntu.  What is there already is left as it is.
#
#   sh cmake/install-packages.sh [--ci]      --ci adds LLVM 14, the oldest that jxl builds against, clang 14 and clang-format 14
set -eu

have() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

missing() {
    for package in "$@"; do
        have "$package" || printf '%s ' "$package"
    done
}

# LLVM: what is installed counts first, from 22 down to 14; else the newest that the archive has.
installed_llvm() {
    for version in 22 21 20 19 18 17 16 15 14; do
        if have llvm-$version-dev && have libclang-$version-dev; then echo $version && return; fi
    done
}
newest_llvm() {
    for version in 22 21 20 19 18 17 16 15 14; do
        if apt-cache show llvm-$version-dev libclang-$version-dev >/dev/null 2>&1; then echo $version && return; fi
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

tools="cmake ninja-build gcc libc6-dev pkgconf libcriterion-dev libopenmpi-dev openmpi-bin libmpich-dev mpich libopenblas-dev libcairo2-dev zlib1g-dev libpng-dev libmpfr-dev"
extra=""
[ "${1:-}" = --ci ] && extra="llvm-14-dev libclang-14-dev clang-14 clang-format-14"

llvm=$(installed_llvm)
if [ "$llvm" = 22 ] && [ -z "$(missing $tools $extra)" ]; then
    exit 0
fi

as_root apt-get update -q
newest=$(newest_llvm)
[ -n "$newest" ] || { echo "install-packages.sh: the archive has no LLVM from 14 to 22" >&2; exit 1; }
packages=$(missing $tools $extra llvm-$newest-dev libclang-$newest-dev)
if [ -n "$packages" ]; then
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages
fi
