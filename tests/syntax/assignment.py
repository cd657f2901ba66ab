x = 1
a = b = c = 2
x, y = y, x
(a), [b, *c] = 1, (2, 3)
*init, last = values
first, *_ = values,
x.a.b = x[1] = 3
x: int = 1
(x): int = 1
x.a: float
y: tuple = 1, 2
z = yield_ = 3
p["w"][0] = v
