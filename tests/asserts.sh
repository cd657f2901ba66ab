# What shell tests say of a command and of its output; included by `.`.  A test ends with `[ $failures = 0 ]`.
failures=0

say() { echo "$*"; failures=$((failures + 1)); }

# status WANT WHAT COMMAND...     runs the command; its output is in `out` and `err`
status() {
    want=$1 what=$2
    shift 2
    "$@" >out 2>err
    got=$?
    [ $got = "$want" ] || { say "$what: status $got, not $want"; sed 's/^/    /' err; }
}
holds() { grep -q -e "$2" "$1" || { say "$1 does not hold '$2':"; sed 's/^/    /' "$1" | head -5; }; }
lacks() { ! grep -q -e "$2" "$1" || say "$1 holds '$2'"; }
exists() { for f; do [ -e "$f" ] || say "$f was not made"; done; }
absent() { for f; do [ ! -e "$f" ] || say "$f was left behind"; done; }
