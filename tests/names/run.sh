#!/bin/sh
# How much of JAX's documentation the library has, page by page, and which names are missing.
#
#   run.sh JXLC          fails if a name is missing that missing.txt does not list
#   run.sh JXLC --bless  writes missing.txt
#   run.sh JXLC --page   writes compiler/NAMES.md, which a run without compares
here=$(cd "$(dirname "$0")" && pwd)
"$1" --help-names > names.$$ || exit 1
awk -v said="$here/jax.txt" '
    FILENAME != said && /^[a-z]/ { module = $1; next }
    FILENAME != said { has[module " " $1] = 1; next }
    /^\[/ { finish(); page = $1; n = missing = 0; lost = ""; count = NF - 1; for (i = 1; i <= count; i++) holds[i] = $(i + 1); next }
    /^#/ { next }
    { for (k = 1; k <= NF; k++) { n++; found = 0; for (i = 1; i <= count; i++) found += (holds[i] " " $k) in has; if (!found) { missing++; lost = lost " " $k } } }
    function finish() { if (page) printf "%s %d of %d; missing:%s\n", page, n - missing, n, lost }
    END { finish() }' names.$$ "$here/jax.txt" > found.$$
rm names.$$
if [ "$2" = --bless ]; then mv found.$$ "$here/missing.txt"; exit; fi
page="$here/../../compiler/NAMES.md"
awk -f "$here/page.awk" found.$$ > page.$$
if [ "$2" = --page ]; then mv page.$$ "$page"; rm found.$$; exit; fi
diff "$page" page.$$ > differs.$$ || { echo "compiler/NAMES.md is not what it should be; write it by run.sh JXLC --page:"; cat differs.$$; }
cat found.$$
awk '
    NR == FNR { page = $1; sub(/.*missing:/, ""); allowed[page] = " " $0 " "; next }
    { page = $1; sub(/.*missing:/, ""); m = split($0, w, " ")
      for (k = 1; k <= m; k++) if (index(allowed[page], " " w[k] " ") == 0) { print page " has lost " w[k]; bad = 1 } }
    END { exit bad }' "$here/missing.txt" found.$$
status=$?
[ -s differs.$$ ] && status=1
rm found.$$ page.$$ differs.$$
exit $status
