#!/bin/sh
# program.sh PROGRAM JXLC WORKDIR FILE.jxir: the program that checks what is made of FILE, compiled and run.
set -e
mkdir -p "$3"
made=$3/$(basename "$4" .jxir)
"$1" "$4" > "$made.jxir"
"$2" "$made.jxir" -o "$made"
for threads in 1 5; do JXL_NUM_THREADS=$threads "$made" > "$made.out"; done
