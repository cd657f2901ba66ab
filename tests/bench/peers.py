"""What NumPy has of the rows that a file names: the least seconds of some calls of each."""
import math
import sys
import time

import numpy as np

rng = np.random.default_rng(0)
wanted = open(sys.argv[1]).read().split()


def normal(*shape):
    return rng.standard_normal(shape, dtype=np.float32)


def measure(name, f, make=lambda: ()):
    if name not in wanted:
        return
    args = make()
    f(*args)
    least, calls, spent = math.inf, 0, 0.0
    while calls < 4 or (spent < 0.05 and calls < 1000):
        start = time.perf_counter()
        f(*args)
        seconds = time.perf_counter() - start
        least, calls, spent = min(least, seconds), calls + 1, spent + seconds
    print(f"{name} {least:.9f}")


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
        v[1:-1, 1:-1] = inner + u.dtype.type(0.1) * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4 * inner)
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


def log_softmax(x):
    d = x - x.max(axis=-1, keepdims=True)
    return d - np.log(np.exp(d).sum(axis=-1, keepdims=True))


for where, n in [("1e3", 1000), ("cache", 20000), ("memory", 10000000)]:
    measure(f"sum(x*2*y+z)-{where}", lambda x, y, z: np.sum(x * 2 * y + z), lambda: normal(3, n))
    measure(f"x*2*y+z-{where}", lambda x, y, z: x * 2 * y + z, lambda: normal(3, n))
    measure(f"gelu-{where}", gelu, lambda: normal(1, n))
for where, n in [("cache", 64), ("memory", 16384)]:
    make = lambda: normal(1, n, 1024)
    measure(f"softmax-{where}", softmax, make)
    measure(f"log-softmax-{where}", log_softmax, make)
    measure(f"layer-norm-{where}", layer_norm, make)
    measure(f"variance-{where}", lambda x: np.var(x, axis=-1), make)
    measure(f"sum-axis-0-{where}", lambda x: np.sum(x, axis=0), make)
    measure(f"sum-axis-1-{where}", lambda x: np.sum(x, axis=1), make)
    measure(f"transpose-{where}", lambda x: np.ascontiguousarray(x.T), make)

functions = [
    ("exp", np.exp, -20, 20), ("exp2", np.exp2, -20, 20), ("expm1", np.expm1, -5, 5),
    ("log", np.log, 0.01, 100), ("log2", np.log2, 0.01, 100), ("log10", np.log10, 0.01, 100), ("log1p", np.log1p, -0.9, 10),
    ("sin", np.sin, -20, 20), ("cos", np.cos, -20, 20), ("tan", np.tan, -20, 20),
    ("asin", np.arcsin, -1, 1), ("acos", np.arccos, -1, 1), ("atan", np.arctan, -5, 5),
    ("sinh", np.sinh, -5, 5), ("cosh", np.cosh, -5, 5), ("tanh", np.tanh, -5, 5),
    ("asinh", np.arcsinh, -5, 5), ("acosh", np.arccosh, 1, 5), ("atanh", np.arctanh, -0.99, 0.99),
    ("cbrt", np.cbrt, -10, 10), ("sqrt", np.sqrt, 0.01, 100),
]
for width, dtype, n in [("f32", np.float32, 32768), ("f64", np.float64, 16384)]:
    for name, f, low, high in functions:
        measure(f"{name}-{width}", f, lambda: [rng.uniform(low, high, n).astype(dtype)])
    measure(f"pow-{width}", np.power, lambda: rng.uniform(0.1, 5, (2, n)).astype(dtype))
    measure(f"atan2-{width}", np.arctan2, lambda: rng.uniform(0.1, 5, (2, n)).astype(dtype))
for name, f in [("exp", np.exp), ("log", np.log), ("sin", np.sin), ("tanh", np.tanh)]:
    measure(f"{name}-f32-memory", f, lambda: [rng.uniform(0.01, 10, 8000000).astype(np.float32)])

for n in [32, 64, 100, 128, 256, 512, 1000, 1024, 2048]:
    measure(f"a@b-{n}", np.matmul, lambda: normal(2, n, n))
    measure(f"a.T@b-{n}", lambda a, b: a.T @ b, lambda: normal(2, n, n))
    measure(f"a@b.T-{n}", lambda a, b: a @ b.T, lambda: normal(2, n, n))
    measure(f"a.T@b.T-{n}", lambda a, b: a.T @ b.T, lambda: normal(2, n, n))
    measure(f"a@b-{n}-f64", np.matmul, lambda: rng.standard_normal((2, n, n)))
for m, k, n in [(128, 784, 512), (4096, 64, 64), (1, 1024, 1024), (8, 1024, 1024), (1024, 8, 1024), (17, 333, 95)]:
    measure(f"a@b-{m}x{k}x{n}", np.matmul, lambda: (normal(m, k), normal(k, n)))
measure("relu(a@b+c)", lambda a, b, c: np.maximum(a @ b + c, 0), lambda: (normal(128, 784), normal(784, 512), normal(512)))
measure("a@v-1024", np.matmul, lambda: (normal(1024, 1024), normal(1024)))
measure("v@a-1024", np.matmul, lambda: (normal(1024), normal(1024, 1024)))
for n, size in [(10000, 4), (4000, 8), (1000, 16), (200, 32)]:
    measure(f"batched-{size}", np.matmul, lambda: normal(2, n, size, size))
measure("conv-1d", lambda x, w: np.convolve(x, w, mode="same"), lambda: (normal(4 * 56 * 56), normal(9)))

for where, n in [("cache", 16384), ("1e6", 1000000), ("memory", 8000000)]:
    numbers, indices = lambda: normal(1, n), lambda: rng.integers(0, 1000, n)
    measure(f"cumsum-{where}", np.cumsum, numbers)
    measure(f"scatter-add-{where}", lambda x, i: np.bincount(i, x, 1000), lambda: (normal(n), indices()))
    measure(f"gather-{where}", lambda x, i: x[i], lambda: (normal(n), indices() * (n // 1000)))
    measure(f"uniform-{where}", lambda: rng.random(n, dtype=np.float32))
    measure(f"normal-{where}", lambda: rng.standard_normal(n, dtype=np.float32))
    measure(f"sort-{where}", np.sort, numbers)
    measure(f"argsort-{where}", np.argsort, numbers)
    measure(f"top_k-{where}", lambda x: np.sort(np.partition(x, n - 10)[-10:]), numbers)
    measure(f"searchsorted-{where}", np.searchsorted, lambda: (np.sort(normal(10000)), normal(n)))
    measure(f"histogram-{where}", lambda x: np.histogram(x, 100), numbers)
    measure(f"median-{where}", np.median, numbers)
    measure(f"quantile-{where}", lambda x: np.quantile(x, 0.99), numbers)
    measure(f"permutation-{where}", lambda: rng.permutation(n))
measure("cumsum-axis-0", lambda x: np.cumsum(x, axis=0), lambda: normal(1, 1024, 1024))
measure("searchsorted-in-1e5", np.searchsorted, lambda: (np.sort(normal(100000)), normal(1000000)))
measure("top_k-rows", lambda x: np.sort(np.partition(x, 4995)[:, -5:]), lambda: normal(1, 500, 5000))
measure("median-rows", lambda x: np.median(x, axis=1), lambda: normal(1, 500, 5000))
measure("sort-rows", np.sort, lambda: normal(1, 1024, 1024))


def regular(n, size):
    return rng.standard_normal((n, size, size)) + size * np.eye(size)


def positive(n, size):
    a = regular(n, size)
    return a @ a.swapaxes(1, 2)


for count, n in [(10000, 4), (2000, 8), (1000, 16), (200, 32), (1, 512)]:
    both, square = lambda: (regular(count, n), rng.standard_normal((count, n, 1))), lambda: [regular(count, n)]
    measure(f"{count}-solve-{n}", np.linalg.solve, both)
    measure(f"{count}-inv-{n}", np.linalg.inv, square)
    measure(f"{count}-det-{n}", np.linalg.det, square)
    measure(f"{count}-cholesky-{n}", np.linalg.cholesky, lambda: [positive(count, n)])
    measure(f"{count // 20}-eigh-{n}", lambda a: np.linalg.eigh(a)[0], lambda: [positive(count // 20, n)])
for count, n in [(500, 4), (50, 16), (10, 32), (4, 64), (1, 256)]:
    square = lambda: [regular(count, n)]
    measure(f"{count}-eigenvectors-{n}", np.linalg.eigh, lambda: [positive(count, n)])
    measure(f"{count}-eig-{n}", np.linalg.eig, square)
    measure(f"{count}-svd-{n}", np.linalg.svd, square)
    measure(f"{count}-svdvals-{n}", lambda a: np.linalg.svd(a, compute_uv=False), square)
    measure(f"{count}-qr-{n}", np.linalg.qr, square)
    measure(f"{count}-slogdet-{n}", np.linalg.slogdet, square)
for n, size in [(1, 1024), (100, 1000), (256, 256), (1, 262144)]:
    measure(f"fft-{n}x{size}", np.fft.fft, lambda: [rng.standard_normal((n, size)) + 1j])
    measure(f"rfft-{n}x{size}", np.fft.rfft, lambda: [rng.standard_normal((n, size))])
    measure(f"fft-{n}x{size}-c64", np.fft.fft, lambda: [(rng.standard_normal((n, size)) + 1j).astype(np.complex64)])
measure("ifft-256x256", np.fft.ifft, lambda: [rng.standard_normal((256, 256)) + 1j])
for n in [256, 512]:
    measure(f"fft2-{n}x{n}", np.fft.fft2, lambda: [rng.standard_normal((n, n)) + 1j])
    measure(f"rfft2-{n}x{n}", np.fft.rfft2, lambda: [rng.standard_normal((n, n))])
    measure(f"fft-axis-0-{n}x{n}", lambda x: np.fft.fft(x, axis=0), lambda: [rng.standard_normal((n, n)) + 1j])
measure("covariance-1000x100", lambda x: np.cov(x, rowvar=False), lambda: [rng.standard_normal((1000, 100))])

for n in [256, 2048]:
    measure(f"n-body-{n}", gravity, lambda: (normal(n, 3), normal(n)))
for where, n in [("cache", 256), ("memory", 2048)]:
    measure(f"heat-{where}", heat, lambda: normal(1, n, n))
    measure(f"heat-f64-{where}", heat, lambda: [rng.standard_normal((n, n))])
    measure(f"life-{where}", life, lambda: [(normal(n, n) > 0.5).astype(np.int32)])
for where, n in [("cache", 200), ("memory", 20000)]:
    measure(f"logistic-{where}", logistic, lambda: (np.zeros(784, np.float32), normal(n, 784), np.sign(normal(n))))
