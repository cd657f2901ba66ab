#!/bin/sh
# Does the comparison accept what it should and refuse what it should?  The "compiler" here copies a shell script whose
# output is the text after the program's comments.
#
#   itself.sh ORACLE
set -eu
oracle=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat > "$dir/jxlc" <<'COMPILER'
#!/bin/sh
{ echo "#!/bin/sh"; echo "cat <<'END'"; grep -v '^#' "$1"; echo END; } > "$3" && chmod +x "$3"
COMPILER
chmod +x "$dir/jxlc"

failures=0
# expect STATUS HEADER GOT EXPECTED
expect() {
    printf '%s\n%s\n' "$2" "$3" > "$dir/case.jxl"
    printf '%s\n' "$4" > "$dir/case.out"
    if "$oracle" "$dir/jxlc" "$dir" "$dir/case.jxl" "$dir/case.out" 2> "$dir/log"; then status=0; else status=1; fi
    if [ $status != "$1" ]; then
        echo "status $status for got '$3', expected '$4' under '$2'" >&2
        failures=1
    fi
}
expect 0 '# plain'     'a 1.5 [1. 2.]'         'a 1.5 [1. 2.]'
expect 1 '# plain'     'a 1.5'                 'a 1.50'
expect 1 '# plain'     'a 1.5'                 'a  1.5'
expect 0 '# tol: 1e-3' '[ 1.0001 -2. ]'        '[1.0002 -2.0001]'
expect 1 '# tol: 1e-3' '[1.01 2.]'             '[1. 2.]'
expect 0 '# tol: 1e-3' '1000.5'                '1000.'
expect 1 '# tol: 1e-3' '0.001 x'               '0.001 y'
expect 1 '# tol: 1e-3' '3'                     '4'
expect 1 '# tol: 1e-3' '1000000'               '1000001'
expect 1 '# tol: 1e-3' '3'                     '3.'
expect 1 '# tol: 1e-3' 'float32[2]'            'float32[3]'
expect 1 '# tol: 1e-3' 'float32'               'float64'
expect 0 '# tol: 1e-3' 'nan inf -inf'          'nan inf -inf'
expect 1 '# tol: 1e-3' 'nan'                   'inf'
expect 1 '# tol: 1e-3' '-inf'                  'inf'
expect 1 '# tol: 1e-3' '1. 2.'                 '1. 2. 3.'
expect 1 '# tol: 1e-3' '1. 2. 3.'              '1. 2.'
expect 1 '# tol: 1e-3' '12'                    '1 2'
expect 0 '# tol: 1e-3' 'Array(1.00001e-05)'    'Array(1e-05)'
exit $failures
