for x in y: pass
for x, y in z:
    break
else:
    continue_
for x, in y: pass
for (x, y), *z in w: continue
for x[0] in y: pass
for x.a, [b] in 1, 2, *c: pass
for i in range(n // b):
    while i < 10:
        i += 1
    else:
        pass
while x := f(): pass
while True: break
async def f():
    async for x in y: pass
    else: pass
