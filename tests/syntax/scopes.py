x = 1
def f(a):
    global x, y
    x = y = a
    def g():
        nonlocal a
        a = 1
        return [b for b in a if b in x]
    return g
del x, y[0], z.a
del (a, b), [c]
del (d)
