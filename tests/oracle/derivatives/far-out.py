# With 80 digits: JAX has few or none left.
from decimal import Decimal as D, getcontext

getcontext().prec = 80
one, two = D(1), D(2)
pi = D("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798")


def erf(x):
    term, total, n = x, x, 0
    while abs(term) > D("1e-75"):
        n += 1
        term = -term * x * x / n
        total += term / (2 * n + 1)
    return two / pi.sqrt() * total


def erfinv(y):
    low, high = D(-7), D(7)
    for _ in range(260):
        middle = (low + high) / 2
        low, high = (middle, high) if erf(middle) < y else (low, middle)
    return low


def sigmoid(x):
    return 1 / (1 + (-x).exp())


def tanh(x):
    return 2 * sigmoid(2 * x) - 1


def slope(x):
    return sigmoid(x) * sigmoid(-x)


def show(d, *xs):
    print(" ".join(f"{float(d(D(x))):.17e}" for x in xs))


show(lambda x: 4 * slope(2 * x), 20.0, -100.0, 0.001, 3.0)
show(slope, 40.0, -40.0, 700.0, 0.5)
show(slope, 40.0, -5.0)
show(lambda x: x.exp(), -40.0, -1e-9, 2.0)
show(lambda x: pi.sqrt() / 2 * (erfinv(x) ** 2).exp(), 0.9999999999990905, -0.9999990463256836, 0.3)
show(lambda x: 2 / pi.sqrt() * (-x * x).exp(), 5.0, 20.0, 0.1)
show(lambda x: -2 / pi.sqrt() * (-x * x).exp(), 5.0, 20.0)
show(lambda x: 1 / (1 - x * x).sqrt(), 0.9999999999990905, -0.9999999990686774)
show(lambda x: 1 / (1 - x * x), 0.9999999999990905, -0.9999999990686774)
show(lambda x: 1 / (x * x - 1).sqrt(), 1.0000000000009095, 5.0)
show(sigmoid, -40.0, 40.0, 0.0)
show(lambda x: sigmoid(-x), 40.0, -40.0)
show(lambda x: sigmoid(x) * (1 + x * sigmoid(-x)), 40.0, -40.0)
show(lambda x: -8 * tanh(x) * slope(2 * x), 20.0, 1.0)
