@a
@a.b(1, c=2)
@(lambda f: f)
@x[0] if y else z
def f(): pass

@export
class C: pass

@a
async def g(): await h()
