with a: pass
with a as b: pass
with a, b as c, d: pass
with (a): pass
with (a, b): pass
with (a as b): pass
with (a as b, c as d,): pass
with (a, b) as c: pass
with (a), b: pass
with (a).b as c, (d): pass
with (yield_, 1)[0]: pass
with (a := b): pass
with (x for x in y): pass
with (*a, b): pass
with open(x) as (f, g), h as i.j, k as l[0]: pass
with a as (b), c as [d]: pass
async def f():
    async with a as b, c: pass
