#!/bin/sh
# Compares the tree of each .py file here with the .tree file beside it, which Python's own parser made.
#   run.sh TREE    where TREE is the program that tree.c becomes
here=$(dirname "$0")
failed=0
for source in "$here"/*.py; do
    [ "$source" = "$here/expect.py" ] && continue
    expected=${source%.py}.tree
    if ! "$1" "$source" 2>&1 | diff "$expected" - >/dev/null; then
        echo "$source:"
        "$1" "$source" 2>&1 | diff "$expected" - | head -10
        failed=1
    fi
done
exit $failed
