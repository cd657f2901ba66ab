f(*a, *b)
x = *a, *b
x = [*a, *b]
for x in *a, b: pass
def f(): return *a, b
def f(): yield *a, b
print(*[1], *{2})
x = *a | b,
