θ = ângulo = 日本 = _x1 = __init__ = print = 1
print(θ)
nonlocal_ = is_ = None_ = type = 2
x·y = 3
