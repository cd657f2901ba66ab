a; b
a;
a; b = 1; pass;
if x: a; b;
else: c
