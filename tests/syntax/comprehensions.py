[x for x in y]; [x for x in y if a if b]; [x for x in y for z in x if z]
{x for x in y}; {k: v for k, v in z.items()}; (x for x in y)
[x for x, *y in z]; [x for x.a in y]; [x for x in a if b if c]
[(x, y) for x in range(3) for y in range(x)]
[x async for x in y]
[y := f(x), y ** 2]; [y for x in z if (y := x)]
[x for x in (lambda: y)]
