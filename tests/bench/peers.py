"""What NumPy has of rows.jxl, programs.jxl, doubles.jxl and algebra.jxl: the least seconds of some calls of each."""
import math
import time

import numpy as np

rng = np.random.default_rng(0)


def normal(*shape):
    return rng.standard_normal(shape, dtype=np.float32)


def measure(name, f, *args):
    f(*args)
    times = []
    for _ in range(7):
        start = time.perf_counter()
        f(*args)
        times.append(time.perf_counter() - start)
    print(f"{name} {min(times):.9f}")


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def layer_norm(x):
    d = x - x.mean(axis=-1, keepdims=True)
    return d / np.sqrt((d * d).mean(axis=-1, keepdims=True) + 1e-5)


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.float32(math.sqrt(2 / math.pi)) * (x + 0.044715 * x * x * x)))


def heat(u):
    for _ in range(20):
        inner = u[1:-1, 1:-1]
        v = u.copy()
        v[1:-1, 1:-1] = inner + np.float32(0.1) * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4 * inner)
        u = v
    return u


def life(b):
    for _ in range(10):
        n = sum(np.roll(b, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j)
        b = np.where((n == 3) | ((b == 1) & (n == 2)), 1, 0).astype(b.dtype)
    return b


def gravity(p, m):
    d = p[None, :, :] - p[:, None, :]
    r2 = np.sum(d * d, axis=-1) + np.float32(1e-3)
    return np.sum(d * (m / (r2 * np.sqrt(r2)))[:, :, None], axis=1)


def logistic(w, x, y):
    p = 1 / (1 + np.exp(y * (x @ w)))
    return w + np.float32(0.1) * ((y * p) @ x) / np.float32(len(x))


x, y, z = normal(3, 1000000)
rows = normal(4096, 1024)
measure("sum(x*2*y+z)-1e3", lambda x, y, z: np.sum(x * 2 * y + z), x[:1000], y[:1000], z[:1000])
measure("sum(x*2*y+z)-1e6", lambda x, y, z: np.sum(x * 2 * y + z), x, y, z)
measure("softmax", softmax, rows)
measure("layer-norm", layer_norm, rows)
measure("gelu", gelu, x)
measure("exp", np.exp, x)
measure("log", np.log, np.abs(x))
measure("sin", np.sin, x)
measure("tanh", np.tanh, x)
measure("sum-axis-0", lambda x: np.sum(x, axis=0), rows)
measure("transpose", lambda x: np.ascontiguousarray(x.T), rows)
measure("cumsum", np.cumsum, x)
measure("cumsum-axis-0", lambda x: np.cumsum(x, axis=0), rows)
measure("sort", np.sort, x)
measure("argsort", np.argsort, x)
measure("uniform", lambda: rng.random(4000000, dtype=np.float32))
measure("normal", lambda: rng.standard_normal(1000000, dtype=np.float32))
for n in [64, 128, 512, 1024]:
    a, b = normal(n, n), normal(n, n)
    measure(f"a@b-{n}", np.matmul, a, b)
    if n >= 128:
        measure(f"a.T@b-{n}", lambda a, b: a.T @ b, a, b)
        measure(f"a@b.T-{n}", lambda a, b: a @ b.T, a, b)
measure("a@b-128x784x512", np.matmul, normal(128, 784), normal(784, 512))
measure("a@b-4096x64x64", np.matmul, normal(4096, 64), normal(64, 64))
measure("a@v-1024", lambda a, b: a @ b, rows[:1024], rows[0])
measure("v@a-1024", lambda a, b: b @ a, rows[:1024], rows[0])
for n, size in [(10000, 4), (1000, 16), (200, 32)]:
    measure(f"batched-{size}", np.matmul, normal(n, size, size), normal(n, size, size))

measure("n-body", gravity, normal(1024, 3), normal(1024))
measure("heat", heat, normal(1024, 1024))
measure("life", life, (normal(512, 512) > 0.5).astype(np.int32))
data = normal(10000, 784)
measure("logistic", logistic, np.zeros(784, np.float32), data, np.sign(data[:, 0]))

a, b = rng.standard_normal((2, 512, 512))
measure("exp-f64", np.exp, a.reshape(-1))
measure("a@b-512-f64", np.matmul, a, b)

for count, n in [(10000, 4), (2000, 8), (1000, 16), (200, 32)]:
    a, b = rng.standard_normal((count, n, n)), rng.standard_normal((count, n, 1))
    measure(f"{count}-solve-{n}", np.linalg.solve, a, b)
    measure(f"{count}-inv-{n}", np.linalg.inv, a)
    measure(f"{count}-det-{n}", np.linalg.det, a)
    measure(f"{count}-cholesky-{n}", np.linalg.cholesky, a @ a.swapaxes(1, 2) + np.eye(n))
