raise
def f(): raise
raise ValueError
raise ValueError("x") from e
raise f"{x}"
assert x
assert x, "message"
assert (x, y), z
assert a if b else c
