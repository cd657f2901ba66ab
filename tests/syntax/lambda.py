lambda: 0
lambda x: x
lambda x, y=1, *a, z, w=2, **k: (x, y)
lambda x, /, y: x
lambda *, k: k
lambda *a: a
lambda **k: k
lambda: (yield)
lambda x: lambda y: x + y
lambda x=lambda: 1: x
