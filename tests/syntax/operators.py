a + b - c * d / e // f % g @ h
a ** -b ** c; -a ** 2; (-a) ** 2; ~+-a
a << b >> c & d | e ^ f
not a and b or not c
a or b and c or d
(a or b) and c
a + (b + c)
a if b else c if d else e
