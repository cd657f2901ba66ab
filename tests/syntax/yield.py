def f():
    yield
    x = yield
    x = yield 1
    x = yield 1, 2
    x += yield y
    yield from z
    a = b = yield from c
    (yield)
    f((yield), (yield 1))
    [(yield)]
    return (yield)
    x: int = yield 3
async def g():
    await a
    await a ** 2
    return -await b, [await c for d in e]
    async with a: pass
