x = a if b else c
x = (a if b else c) if d else e
x = lambda: a if b else c
x = a if (lambda: b)() else c
f(a if b else c)
[a if b else c for d in e if f]
x = not a if b else -c
