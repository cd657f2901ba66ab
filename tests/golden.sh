#!/bin/sh
# Does golden accept what it should, refuse what it should, and bless?  The "compiler" here prints its input backwards
# for a .jxir, complains about any .jxl it checks, and compiles a .jxl to a program that stops.
#
#   golden.sh GOLDEN
set -eu
golden=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat > "$dir/jxlc" <<'COMPILER'
#!/bin/sh
case $1 in
check) echo "$2:1:1: error: no"; echo; echo "that"; exit 1 ;;
--passes=swap) tac "$2" ;;
*.jxl) printf '#!/bin/sh\necho stopped >&2\nexit 3\n' > "$3" && chmod +x "$3" ;;
*) exit 9 ;;
esac
COMPILER
chmod +x "$dir/jxlc"
check() { "$golden" "$dir/jxlc" "$dir" "$1" > /dev/null 2>&1; }
refuse() { if check "$1"; then echo "accepted $1:" >&2; cat "$1" >&2; exit 1; fi; }

printf '// run with: swap\na\n// becomes\na\n// run with: swap\n' > "$dir/a.jxir"
printf 'x\n# says\n# b.jxl:1:1: error: no\n#\n# that\n' > "$dir/b.jxl"
printf 'x\n# stops\n# stopped\n' > "$dir/c.jxl"
for f in a.jxir b.jxl c.jxl; do check "$dir/$f" || { echo "refused $f" >&2; exit 1; }; done

printf '// run with: other\na\n// becomes\na\n' > "$dir/d.jxir"
refuse "$dir/d.jxir"
for f in a.jxir b.jxl c.jxl; do
    cp "$dir/$f" "$dir/keep"
    echo "# more" >> "$dir/$f"
    refuse "$dir/$f"
    "$golden" --bless "$dir/jxlc" "$dir" "$dir/$f" > /dev/null
    cmp "$dir/keep" "$dir/$f"
done
