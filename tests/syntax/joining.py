x = 1 + \
    2
y = (1 +
2
  + 3)
z = [
    1,  # one

    2,
]
if a and \
   b:
    c
f(a,
b)
d = {
'a': 1,
}
