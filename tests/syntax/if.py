if a: b
if a: b; c;
if a:
    b
elif c:
    d
elif e: f
else:
    g
if a:
    if b:
        c
    else:
        d
if (n := f()) > 1: pass
if x := 1: pass
