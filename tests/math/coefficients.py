#!/usr/bin/env python3
"""Makes compiler/loop/math_tables.h: the polynomials of the elementary functions, from their definitions.

    python3 tests/math/coefficients.py > compiler/loop/math_tables.h     (needs mpmath; takes some minutes)

Each polynomial is the best one in the sense of Chebyshev for a weighted error (Remez' exchange).  Coefficients are rounded
to the dtype from the largest on, and the rest fitted anew after each, so that later ones make good what rounding lost.
"""
import sys
from mpmath import mp, mpf, matrix, lu_solve, pi, log, exp, sqrt, sin, cos, tanh, atan, asin, erf, erfc, erfinv, loggamma, psi
from mpmath import nstr, floor, frexp, ldexp, euler, zeta

mp.prec = 200


def rounded(x, bits):
    if x == 0:
        return mpf(0)
    m, e = frexp(x)
    return ldexp(mpf(int(mp.nint(ldexp(m, bits)))), e - bits)


def chebyshev(a, b, n):
    return [(a + b) / 2 - (b - a) / 2 * cos(pi * (2 * i + 1) / (2 * n)) for i in range(n)]


def horner(c, x):
    y = mpf(0)
    for k in reversed(c):
        y = y * x + k
    return y


def remez(g, w, a, b, n, powers):
    """Coefficients c of sum c[j] x^powers[j], and the largest |w (g - p)|."""
    grid = chebyshev(a, b, 24 * n + 60)
    gs, ws = [g(x) for x in grid], [w(x) for x in grid]
    pw = [[x ** p for p in powers] for x in grid]
    m = len(grid)
    nodes = [int(round((m - 1) * (1 - cos(float(pi) * i / n)) / 2)) for i in range(n + 1)]
    best = None
    for _ in range(30):
        A, r = matrix(n + 1, n + 1), matrix(n + 1, 1)
        for i, k in enumerate(nodes):
            for j in range(n):
                A[i, j] = pw[k][j]
            A[i, n] = (-1) ** i / ws[k]
            r[i] = gs[k]
        c = lu_solve(A, r)
        err = [ws[k] * (gs[k] - sum(c[j] * pw[k][j] for j in range(n))) for k in range(m)]
        worst = max(abs(x) for x in err)
        if best is None or worst < best[1]:
            best = [c[j] for j in range(n)], worst
        if worst <= abs(c[n]) * mpf('1.01'):
            break
        # one extremum in each stretch of one sign, then the n + 1 largest neighbours
        peaks, k = [], 0
        while k < m:
            top = k
            while k < m and (err[k] > 0) == (err[top] > 0):
                if abs(err[k]) > abs(err[top]):
                    top = k
                k += 1
            peaks.append(top)
        while len(peaks) > n + 1:
            if len(peaks) == n + 2:
                peaks.pop(0 if abs(err[peaks[0]]) < abs(err[peaks[-1]]) else -1)
                continue
            i = min(range(len(peaks)), key=lambda i: abs(err[peaks[i]]))
            if i in (0, len(peaks) - 1):
                peaks.pop(i)
            else:
                peaks.pop(i)
                j = i - 1 if abs(err[peaks[i - 1]]) < abs(err[peaks[i]]) else i
                peaks.pop(j)
        if len(peaks) < n + 1:
            break
        nodes = peaks
    return best


def polynomial(bits, g, w, a, b, n, exact=5, fixed=()):
    """n coefficients for g over a..b whose error is weighed with w; `fixed` are the first ones."""
    done = [mpf(x) for x in fixed]
    while len(done) < n:
        k = len(done)
        c, worst = remez(lambda x: g(x) - horner(done, x), w, a, b, n - k, list(range(k, n)))
        if k < exact:
            done.append(rounded(c[0], bits))
        else:
            done += [rounded(x, bits) for x in c]
    return done


def fit(name, bits, g, w, a, b, n, exact=5, fixed=()):
    a, b = mpf(a), mpf(b)
    done = polynomial(bits, g, w, a, b, n, exact, fixed)
    grid = [a + (b - a) * i / 500 for i in range(501)]
    final = max(abs(w(x) * (g(x) - horner(done, x))) for x in grid)
    print(f"{name}: error 2^{float(log(final, 2)):.1f}", file=sys.stderr)
    table(name, bits, done)


def table(name, bits, values):
    dtype = "float" if bits == 24 else "double"
    text = ", ".join(hexed(x) for x in values)
    lines, line = [], "   "
    for word in text.split(", "):
        if len(line) + len(word) > 118:
            lines.append(line)
            line = "   "
        line += " " + word + ","
    lines.append(line)
    print(f"static const double {name}[] = {{\n" + "\n".join(lines) + "\n};")


def halves(low, high, parts):
    """From low to high, each octave in equal parts."""
    edges = [mpf(low)]
    while edges[-1] < high:
        octave = mpf(2) ** floor(log(edges[-1], 2) + mpf(2) ** -40)
        edges.append(edges[-1] + octave / parts)
    return edges


def pieces(name, f, edges, n):
    """Rows of 16, a number for each stretch between edges: centre c, value v, then n coefficients q of f(c + t) = v + t q(t); in
    the first stretch, where c is 0, it is t + t q(t).  Centres are such that f(c) is an f32 number to some more bits."""
    columns = []
    runs = edges if isinstance(edges, tuple) else (edges,)
    for a, b in [pair for run in runs for pair in zip(run, run[1:])]:
        a, b = mpf(a), mpf(b)
        c, slope = mpf(0), mpf(1)
        if a:
            c, slope = rounded((a + b) / 2, 12), mpf(0)
            c = min((c + k * (b - a) / 2 ** 12 for k in range(-60, 61)), key=lambda c: abs(f(c) / rounded(f(c), 24) - 1))
        v = f(c)
        g = near0(lambda t: (f(c + t) - v) / t - slope, mp.diff(f, c) - slope, mpf(2) ** -50)
        w = lambda t: (abs(t) + (b - a) / 16) / (f(c + t) + (b - a) / 16)
        q = polynomial(24, g, w, a - c, b - c, n, 4)
        columns.append([c, rounded(v, 24)] + q)
        ts = [a - c + (b - a) * (i + mpf(1) / 2) / 200 for i in range(200)]
        worst = max(abs((rounded(v, 24) + slope * t + t * horner(q, t)) / f(c + t) - 1) for t in ts)
        print(f"{name} {float(a)}..{float(b)}: error 2^{float(log(worst, 2)):.1f}", file=sys.stderr)
    columns += columns[-1:] * (16 - len(columns))
    print(f"static const double {name}[][16] = {{")
    for row in zip(*columns):
        print("    {\n" + "\n".join("        " + " ".join(hexed(x) + "," for x in row[i:i + 4]) for i in range(0, 16, 4)) + "\n    },")
    print("};")


def hexed(x):
    return float(x).hex().replace("0x1.0000000000000p", "0x1p")


def near0(f, at0, tiny=mpf(2) ** -40):
    """f with its limit at 0 filled in."""
    return lambda x: at0 if abs(x) < tiny else f(x)


ONLY = sys.argv[1:]


def group(name):
    return not ONLY or name in ONLY


SIZES = (("f32", 24), ("f64", 53))

print("""/* Made by tests/math/coefficients.py; changes are lost.
**
** The numbers of math*.c.  Polynomials begin with the constant term. */
#ifndef JXL_MATH_TABLES_H
#define JXL_MATH_TABLES_H

#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunused-const-variable" /* a file takes the tables it needs */
#pragma GCC diagnostic ignored "-Wunused-variable"
#endif
""")

if group("exp"):
    h = log(2) / 2 * mpf('1.001')
    for d, bits in SIZES:
        n = 5 if bits == 24 else 10
        # exp(r) = 1 + r + r r q(r)
        fit(f"exp_{d}", bits, near0(lambda r: (exp(r) - 1 - r) / r ** 2, mpf(1) / 2), lambda r: r * r * exp(-r) + mpf(2) ** -80,
            -h, h, n)
        # expm1(r) = r + r r q(r)
        fit(f"expm1_{d}", bits, near0(lambda r: (exp(r) - 1 - r) / r ** 2, mpf(1) / 2),
            near0(lambda r: abs(r * r / (exp(r) - 1)) + mpf(2) ** -80, mpf(2) ** -40), -h, h, n + 1)
        # 2^r = 1 + r q(r)
        fit(f"exp2_{d}", bits, near0(lambda r: (2 ** r - 1) / r, log(2)), lambda r: abs(r) * 2 ** -r + mpf(2) ** -80,
            -mpf('0.5005'), mpf('0.5005'), n + 2)

if group("log"):
    a, b = mpf(-1) / 4, mpf(1) / 2
    # log(1 + f) = f + f f q(f), log2(1 + f) = f log2(e) + f f q(f)
    f2 = near0(lambda f: (mp.log1p(f) - f) / f ** 2, mpf(-1) / 2)
    w2 = near0(lambda f: abs(f ** 2 / mp.log1p(f)), mpf(2) ** -80)
    fit("log_f32", 24, f2, w2, a, b, 9)
    fit("log2_f32", 24, lambda f: f2(f) / log(2), lambda f: w2(f) * log(2), a, b, 9)
    # log((1 + s) / (1 - s)) = 2 s + s z q(z), z = s s
    top = mpf('0.2') ** 2 * mpf('1.001')
    atanh2 = near0(lambda z: (2 * mp.atanh(sqrt(z)) - 2 * sqrt(z)) / (sqrt(z) * z), mpf(2) / 3)
    fit("log_f64", 53, atanh2, lambda z: z, mpf(2) ** -30, top, 8)

if group("pow"):
    # The four highest bits of a number in 3/4..3/2 behind its point say in which of 16 stretches it is; times the stretch's inverse
    # it is 1 + r.  Next to 1 the inverse is 1, so r is exact.
    inverses = [rounded(1 / ((1 + (i + mpf(1) / 2) / 16) / (1 if i < 8 else 2)), 9) for i in range(16)]
    inverses[0] = inverses[15] = mpf(1)
    table("pow_inverse", 53, inverses)
    table("pow_log2", 53, [rounded(-log(x, 2), 53) for x in inverses])
    highs = [mp.nint(-log(x) * mpf(2) ** 42) / mpf(2) ** 42 for x in inverses]
    table("pow_log_high", 53, highs)
    table("pow_log_low", 53, [rounded(-log(x) - h, 53) for x, h in zip(inverses, highs)])
    a, b = mpf('-0.0325'), mpf('0.0626')
    # log2(1 + r) = r q(r)
    fit("pow_log_f32", 53, near0(lambda r: mp.log1p(r) / r / log(2), 1 / log(2)), lambda r: mpf(1), a, b, 6)
    # log(1 + r) = r - r r / 2 + r r r q(r)
    fit("pow_log_f64", 53, near0(lambda r: (mp.log1p(r) - r + r * r / 2) / r ** 3, mpf(1) / 3, mpf(2) ** -30), lambda r: r * r + mpf(2) ** -30, a, b, 9)
    # 2^r
    fit("pow_exp_f32", 53, lambda r: 2 ** r, lambda r: 2 ** -r, -mpf('0.5001'), mpf('0.5001'), 8)

if group("cbrt"):
    # cbrt on the same stretches; x^(-2/3) on 3/4..3/2
    edges = [1 + mpf(i) / 16 for i in range(9)], [(1 + mpf(i) / 16) / 2 for i in range(8, 17)]
    pieces("cbrt_pieces", mp.cbrt, edges, 3)
    table("cbrt_2", 24, [rounded(mp.cbrt(mpf(2) ** k), 24) for k in (0, 1, 2, 3, 0, 0, -2, -1)])
    table("cbrt_4", 53, [rounded(mpf(2) ** (-2 * mpf(k) / 3), 53) for k in (0, 1, 2, 3, 0, 0, -2, -1)])
    fit("cbrt_start", 53, lambda x: x ** (-mpf(2) / 3), lambda x: x ** (mpf(2) / 3), mpf(3) / 4, mpf(3) / 2, 11)

if group("trig"):
    h = (pi / 4 * mpf('1.01')) ** 2
    for d, bits in SIZES:
        fit(f"sin_{d}", bits, near0(lambda z: (sin(sqrt(z)) - sqrt(z)) / (sqrt(z) * z), -mpf(1) / 6), lambda z: z, mpf(2) ** -30, h,
            3 if bits == 24 else 6)
        fit(f"cos_{d}", bits, near0(lambda z: (cos(sqrt(z)) - 1 + z / 2) / z ** 2, mpf(1) / 24), lambda z: z * z, mpf(2) ** -30, h,
            3 if bits == 24 else 6)

if group("arc"):
    for d, bits in SIZES:
        s = bits == 24
        fit(f"asin_{d}", bits, near0(lambda z: (asin(sqrt(z)) / sqrt(z) - 1) / z, mpf(1) / 6), lambda z: z, mpf(2) ** -30, mpf('0.2501'),
            5 if s else 13)
        fit(f"atan_{d}", bits, near0(lambda z: (atan(sqrt(z)) / sqrt(z) - 1) / z, -mpf(1) / 3), lambda z: z, mpf(2) ** -30, mpf('0.1720'),
            5 if s else 11)

if group("sinh"):
    for d, bits in SIZES:
        fit(f"sinh_{d}", bits, near0(lambda z: (mp.sinh(sqrt(z)) / sqrt(z) - 1) / z, mpf(1) / 6), lambda z: z, mpf(2) ** -30,
            mpf('1.01'), 4 if bits == 24 else 8)

if group("pieces"):
    pieces("tanh_pieces", tanh, [0] + halves('0.25', 8, 2) + ['9.25'], 7)
    pieces("erf_pieces", erf, [0] + halves('0.375', 4, 4), 7)

if group("erf"):
    for d, bits in SIZES:
        s = bits == 24
        # erf(x) = x + x q(x x)
        fit(f"erf_{d}", bits, near0(lambda z: erf(sqrt(z)) / sqrt(z) - 1, 2 / sqrt(pi) - 1), lambda z: 1 / (erf(sqrt(z)) / sqrt(z)),
            mpf(2) ** -30, mpf('1.01'), 7 if s else 13)
        # erfc(x) = exp(-x x) q(t) / (1 + 2 x), t = (x - K) / (x + K)
        K = mpf(2) if s else mpf(4)
        top = mpf('10.2') if s else mpf('27.5')
        back = lambda t: K * (1 + t) / (1 - t)
        g = lambda t: (1 + 2 * back(t)) * exp(back(t) ** 2) * erfc(back(t))
        fit(f"erfc_{d}", bits, g, lambda t: 1 / g(t), mpf(-1), (top - K) / (top + K), 11 if s else 24, exact=24)

if group("erf_inv"):
    # erf_inv(x) = x q(w - c) or x q(sqrt(w) - c), w = -log(1 - x x)
    def of_w(w):
        y = mp.expm1(-w)  # -(x x)
        x = sqrt(-y)
        # 1 - |x| without cancellation
        q = exp(-w) / (1 + x)
        return inverse_erfc(q) / x

    def inverse_erfc(q):
        y = erfinv(1 - q) if q > mpf(2) ** -60 else sqrt(-log(q))
        for _ in range(8):
            step = (erfc(y) - q) / (2 / sqrt(pi) * exp(-y * y))
            y += step / (1 + y * step)
            if abs(step) < mpf(2) ** -150:
                break
        return y

    one = lambda w: 1 / abs(g1(w))
    g1 = near0(lambda w: of_w(w + mpf('3.125')), of_w(mpf('3.125')))
    low = mpf('-3.125') + mpf(2) ** -40
    fit("erf_inv_f64_low", 53, g1, lambda w: 1 / g1(w), low, mpf('3.126'), 23, exact=12)
    g2 = lambda r: of_w((r + mpf('3.25')) ** 2)
    fit("erf_inv_f64_mid", 53, g2, lambda r: 1 / g2(r), mpf('-0.7501'), mpf('0.7501'), 19, exact=12)
    g3 = lambda r: of_w((r + mpf(5)) ** 2)
    fit("erf_inv_f64_high", 53, g3, lambda r: 1 / g3(r), mpf('-1.0001'), mpf('1.05'), 17, exact=12)

if group("gamma"):
    # lgamma(1 + t) = t q(t) on -0.5 .. 0.5, lgamma(2 + t) = t q(t)
    lg = lambda x: loggamma(x)
    fit("lgamma_1", 53, near0(lambda t: lg(1 + t) / t, -euler, mpf(2) ** -90), near0(lambda t: t / lg(1 + t), 1 / euler, mpf(2) ** -90),
        mpf('-0.3001'), mpf('0.5001'), 24, exact=2)
    fit("lgamma_2", 53, near0(lambda t: lg(2 + t) / t, 1 - euler, mpf(2) ** -90), near0(lambda t: abs(t / lg(2 + t)), 1 / (1 - euler), mpf(2) ** -90),
        mpf('-0.5001'), mpf('0.5001'), 20, exact=2)
    # lgamma(x) = (x - 1/2) log x - x + log(2 pi) / 2 + q(1 / (x x)) / x, x >= 8
    stirling = lambda y: (lg(1 / sqrt(y)) - ((1 / sqrt(y) - mpf(1) / 2) * log(1 / sqrt(y)) - 1 / sqrt(y) + log(2 * pi) / 2)) / sqrt(y)
    fit("lgamma_large", 53, near0(stirling, mpf(1) / 12, mpf(2) ** -60), lambda y: mpf(1), mpf(2) ** -40, mpf(1) / 63, 7, exact=1)
    # digamma(x) = log x - 1 / (2 x) - q(1 / (x x)) / (x x), x >= 10
    tail = lambda y: (log(1 / sqrt(y)) - sqrt(y) / 2 - psi(0, 1 / sqrt(y))) / y
    fit("digamma_large", 53, near0(tail, mpf(1) / 12, mpf(2) ** -60), lambda y: mpf(1), mpf(2) ** -40, mpf(1) / 99, 7, exact=1)
    # digamma(x) = (x - x0) q(x - 3/2) on 1 .. 2, x0 its zero
    x0 = mp.findroot(lambda x: psi(0, x), mpf('1.4616321449683623'))
    print(f"static const double digamma_zero[] = {{ {hexed(rounded(x0, 53))}, {hexed(rounded(x0 - rounded(x0, 53), 53))} }};")
    ratio = lambda t: psi(0, t + mpf(3) / 2) / (t + mpf(3) / 2 - x0)
    fit("digamma_near", 53, lambda t: ratio(t) if abs(t + mpf(3) / 2 - x0) > mpf(2) ** -60 else psi(1, x0), lambda t: 1 / ratio(t), mpf('-0.5001'), mpf('0.5001'), 22, exact=2)

if group("constants"):
    def parts(x, n, bits):  # all positive
        out = []
        for _ in range(n):
            m, e = frexp(x)
            out.append(ldexp(floor(ldexp(m, bits)), e - bits))
            x -= out[-1]
        return out

    for d, bits in SIZES:
        table(f"half_pi_{d}", bits, parts(pi / 2, 3, bits))
        low = bits - 11 if bits == 53 else bits - 8  # ends in zeros, so that times an exponent it is exact
        high = rounded(log(2), low)
        table(f"ln2_{d}", bits, [high, rounded(log(2) - high, bits)])
    table("log2_e", 53, [rounded(1 / log(2), 53), rounded(1 / log(2) - rounded(1 / log(2), 53), 53)])
    high = rounded(log(2), 42)
    table("ln2_long", 53, [high, rounded(log(2) - high, 53)])
    mp.prec = 1400
    words = int(floor(2 / pi * mpf(2) ** 1248))
    mp.prec = 200
    print("/* 2 / pi behind the binary point, 32 bits a word */\nstatic const uint32_t two_over_pi[] = {")
    for i in range(0, 39, 8):
        print("   " + "".join(f" 0x{words >> (1248 - 32 * (k + 1)) & 0xffffffff:08x}," for k in range(i, min(i + 8, 39))))
    print("};")

print("\n#endif")
