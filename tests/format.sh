#!/bin/sh
# Whether all C is spaced as .clang-format says, but for what others wrote and what programs write.
#
#   sh tests/format.sh CLANG-FORMAT
set -eu
cd "$(dirname "$0")/.."
find compiler runtime include tests -name '*.[ch]' ! -path '*/third_party/*' ! -name math_tables.h -exec "$1" --dry-run -Werror {} +
