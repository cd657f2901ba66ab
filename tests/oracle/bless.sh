#!/bin/sh
# Remakes expected outputs with JAX; read the diff like any other.
#
#   PYTHON=/path/to/python sh tests/oracle/bless.sh [PROGRAM.jxl...]     a python that has JAX
#
# Without names: every program that has no .out yet; with --all: every program.
exec "${PYTHON:-python3}" "$(dirname "$0")/bless.py" "$@"
