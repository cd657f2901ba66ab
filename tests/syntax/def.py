def f(): pass
def f(a, b=1, /, c=2, *args, d, e=3, **kw): return a
def f(x: f32[n, 784], w: f32[784, k]) -> f32[n, k]:
    """Doc."""
    return x @ w
def f(x: "f32[n]", *args: *Ts, y: "not a type, but text!" = 1) -> "f32[n]": ...
def f(
    a,
    b,  # a comment
):

    # another

    return (a,
        b)

def f(*, a): return
def f(a, /): yield
def f(**k): yield from g()
