(x := 1)
f(x := 1, y=(z := 2))
[x := 1, 2]
{x := 1}
x[y := 1]
while (x := f()) is not None: pass
[y for x in z if (y := x) > 0]
assert (x := 1)
if any((w := v) for v in u): pass
