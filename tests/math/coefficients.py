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


def pieces(name, f, edges, n, bits=24, odd=True, exact=4):
    """Rows of 16, a number for each stretch between edges: centre c, value v, then n coefficients q of f(c + t) = v + t q(t); in
    the first stretch of an odd function, where c is 0, it is t + t q(t).  Centres are such that f(c) is a number of the dtype to
    some more bits."""
    columns = []
    for a, b in zip(edges, edges[1:]):
        a, b = mpf(a), mpf(b)
        c, slope = mpf(0), mpf(1)
        if a or not odd:
            c, slope = rounded((a + b) / 2, 12), mpf(0)
            c = min((c + k * (b - a) / 2 ** 12 for k in range(-60, 61)), key=lambda c: abs(f(c) / rounded(f(c), bits) - 1))
        v = f(c)
        g = near0(lambda t: (f(c + t) - v) / t - slope, mp.diff(f, c) - slope, mpf(2) ** -50)
        margin = (b - a) / 16
        w = lambda t: (abs(t) + margin) / (f(c + t) + (margin if odd else 0))
        q = polynomial(bits, g, w, a - c, b - c, n, exact)
        columns.append([c, rounded(v, bits)] + q)
        ts = [a - c + (b - a) * (i + mpf(1) / 2) / 200 for i in range(200)]
        worst = max(abs((rounded(v, bits) + slope * t + t * horner(q, t)) / f(c + t) - 1) for t in ts)
        print(f"{name} {float(a)}..{float(b)}: error 2^{float(log(worst, 2)):.1f}", file=sys.stderr)
    rows(name, columns)


def rows(name, columns):
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

def inverses(stretches, fraction):
    """For each of as many stretches of 1..2 a number of few bits, so that a number m there times it less 1 is exactly r, and small.
    At both ends r is what is to be taken the logarithm of, less 1.  Returns them and the limits of r."""
    chosen, limits = [], []
    for i in range(stretches):
        low, high = 1 + mpf(i) / stretches, 1 + mpf(i + 1) / stretches
        best = None
        for bits in range(1, 9):
            for k in range(2 ** (bits - 1), 2 ** bits + 1):
                x = mpf(k) / 2 ** bits
                if i in (0, stretches - 1) and x != (1 if i == 0 else mpf(1) / 2):
                    continue
                far = max(abs(low * x - 1), abs(high * x - 1))
                if far <= mpf(2) ** (1 - bits) and (best is None or far < best[0]):
                    best = far, x
        chosen.append(best[1])
        limits += [low * best[1] - 1, high * best[1] - 1]
    return chosen, min(limits), max(limits)


def log_table(name, bits, inverses, f, grid):
    """-f of the inverses in two numbers; the first are whole multiples of 2^-grid."""
    highs = [mp.nint(-f(x) * mpf(2) ** grid) / mpf(2) ** grid for x in inverses]
    table(f"{name}_high_f{32 if bits == 24 else 64}", bits, highs)
    table(f"{name}_low_f{32 if bits == 24 else 64}", bits, [rounded(-f(x) - h, bits) for x, h in zip(inverses, highs)])


if group("log"):
    a, b = mpf(-1) / 4, mpf(1) / 2
    # log(1 + f) = f + f f q(f), log2(1 + f) = f log2(e) + f f q(f)
    f2 = near0(lambda f: (mp.log1p(f) - f) / f ** 2, mpf(-1) / 2)
    w2 = near0(lambda f: abs(f ** 2 / mp.log1p(f)), mpf(2) ** -80)
    fit("log_f32", 24, f2, w2, a, b, 9)
    fit("log2_f32", 24, lambda f: f2(f) / log(2), lambda f: w2(f) * log(2), a, b, 9)
    # log(1 + f) = 2 atanh(s) = 2 s + s z q(z), s = f / (2 + f), z = s s
    fit("log_f64", 53, near0(lambda z: (2 * mp.atanh(sqrt(z)) / sqrt(z) - 2) / z, mpf(2) / 3, mpf(2) ** -50), lambda z: z / 2, mpf(2) ** -30,
        (b / (2 + b)) ** 2 * mpf('1.001'), 8)

if group("long log"):
    # The highest bits behind the point of a number in 1..2 say which inverse it is multiplied with.
    for d, bits in SIZES:
        few = bits == 24
        stretch, a, b = inverses(32 if few else 16, bits - 1)
        table(f"log_inverse_{d}", bits, stretch)
        log_table("log", bits, stretch, log, 16 if few else 42)
        # log(1 + r) = r - r r / 2 + r r r q(r)
        fit(f"log_long_{d}", bits, near0(lambda r: (mp.log1p(r) - r + r * r / 2) / r ** 3, mpf(1) / 3, mpf(2) ** -30), lambda r: r * r + mpf(2) ** -30,
            a * mpf('1.001'), b * mpf('1.001'), 4 if few else 10)

if group("cbrt"):
    # cbrt and x^(-2/3) of 1..2; what a third of an exponent leaves is 0, 1 and 2 thirds, numbers 0, 1 and 3 of these
    pieces("cbrt_pieces", mp.cbrt, [1 + mpf(i) / 16 for i in range(17)], 3)
    fit("cbrt_start", 53, lambda x: x ** (-mpf(2) / 3), lambda x: x ** (mpf(2) / 3), mpf(1), mpf(2), 11)
    thirds = [0, 1, 1, 2, 0, 1, 1, 2]
    table("cbrt_2", 24, [rounded(mp.cbrt(mpf(2) ** k), 24) for k in thirds])
    table("cbrt_4", 53, [rounded(mpf(2) ** (-2 * mpf(k) / 3), 53) for k in thirds])
    table("cbrt_scale", 53, [mpf(2) ** k for k in thirds])

if group("trig"):
    for d, bits in SIZES:
        # sin(r) = r (1 + v + v q(v)), v = - r r / 8
        angle = lambda v: sqrt(-8 * v)
        fit(f"sin_{d}", bits, near0(lambda v: (sin(angle(v)) / angle(v) - 1) / v - 1, mpf(1) / 3), lambda v: abs(v) * angle(v) / sin(angle(v)),
            -(pi / 2 * mpf('1.005')) ** 2 / 8, -mpf(2) ** -34, 4 if bits == 24 else 8)

if group("tan"):
    for d, bits in SIZES:
        # 2 tan(r / 2) = r + r z q(z), z = r r
        fit(f"tan_{d}", bits, near0(lambda z: (2 * mp.tan(sqrt(z) / 2) / sqrt(z) - 1) / z, mpf(1) / 12, mpf(2) ** -50), lambda z: z, mpf(2) ** -30,
            (pi / 4 * mpf('1.01')) ** 2, 4 if bits == 24 else 9)

if group("arc"):
    for d, bits in SIZES:
        s = bits == 24
        fit(f"asin_{d}", bits, near0(lambda z: (asin(sqrt(z)) / sqrt(z) - 1) / z, mpf(1) / 6), lambda z: z, mpf(2) ** -30, mpf('0.2501'),
            5 if s else 13)
        fit(f"atan_{d}", bits, near0(lambda z: (atan(sqrt(z)) / sqrt(z) - 1) / z, -mpf(1) / 3), lambda z: z, mpf(2) ** -30, mpf('0.1720'),
            5 if s else 11)

if group("atanh"):
    # atanh(s) = s + s z q(z), z = s s
    fit("atanh_f32", 24, near0(lambda z: (mp.atanh(sqrt(z)) / sqrt(z) - 1) / z, mpf(1) / 3), lambda z: z, mpf(2) ** -30, mpf('0.065'), 4)

if group("sinh"):
    for d, bits in SIZES:
        fit(f"sinh_{d}", bits, near0(lambda z: (mp.sinh(sqrt(z)) / sqrt(z) - 1) / z, mpf(1) / 6), lambda z: z, mpf(2) ** -30,
            mpf('1.01'), 4 if bits == 24 else 8)

if group("pieces"):
    pieces("tanh_pieces", tanh, [x - 1 for x in halves(1, 8, 2)] + ['9.25'], 8)
    pieces("erf_pieces", erf, [mpf(k) / 2 for k in range(9)], 7)

if group("erf"):
    # erf(k / 2.56 + t) = sum of q_i t^i, k from 0 to 15; the last row is what q_0 lacks
    columns = []
    for k in range(16):
        c = k * mpf(25) / 64
        g = near0(lambda t: (erf(c + t) - erf(c)) / t, 2 / sqrt(pi) * exp(-c * c), mpf(2) ** -60)
        w = lambda t: (abs(t) + mpf(1) / 64) / (erf(c + abs(t)) + mpf(1) / 64)
        columns.append([rounded(erf(c), 53)] + polynomial(53, g, w, -mpf('0.1954'), mpf('0.1954'), 13, 3))
        columns[-1].append(rounded(erf(c) - columns[-1][0], 53))
        worst = max(abs((horner(columns[-1][:-1], t) - erf(c + t)) / erf(c + abs(t))) for t in [mpf(i) / 512 for i in range(-100, 101) if i])
        print(f"erf_f64 {k}: error 2^{float(log(worst, 2)):.1f}", file=sys.stderr)
    rows("erf_rows", columns)

if group("erfc"):
    # exp(x x) erfc(x)
    scaled = lambda x: exp(x * x) * erfc(x)
    pieces("erfc_pieces_f32", scaled, [x - 1 for x in halves(1, 12, 2)], 8, odd=False, exact=0)
    pieces("erfc_pieces_f64", scaled, [x - 2 for x in halves(2, 32, 4)], 14, 53, odd=False, exact=0)

if group("erf_inv"):
    # erf_inv(x) / x of w = -log(1 - x x)
    def of_w(w):
        if w < mpf(2) ** -70:
            return sqrt(pi) / 2
        x = sqrt(-mp.expm1(-w))
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

    pieces("erf_inv_pieces_f32", of_w, [0] + halves('0.5', 16, 2) + [17], 6, odd=False, exact=0)
    pieces("erf_inv_pieces_f64", of_w, [0] + halves('0.5', 32, 2) + [37], 15, 53, odd=False, exact=0)

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
    def parts(x, widths):  # all positive
        out = []
        for bits in widths:
            m, e = frexp(x)
            out.append(ldexp(floor(ldexp(m, bits)), e - bits))
            x -= out[-1]
        return out

    for d, bits in SIZES:
        table(f"half_pi_{d}", bits, parts(pi / 2, [53, 26, 53] if bits == 53 else [24, 24, 24]))
        low = bits - 11 if bits == 53 else bits - 8  # ends in zeros, so that times an exponent it is exact
        high = rounded(log(2), low)
        table(f"ln2_{d}", bits, [high, rounded(log(2) - high, bits)])
    table("log2_e", 53, [rounded(1 / log(2), 53), rounded(1 / log(2) - rounded(1 / log(2), 53), 53)])
    mp.prec = 1400
    words = int(floor(2 / pi * mpf(2) ** 1248))
    mp.prec = 200
    print("/* 2 / pi behind the binary point, 32 bits a word */\nstatic const uint32_t two_over_pi[] = {")
    for i in range(0, 39, 8):
        print("   " + "".join(f" 0x{words >> (1248 - 32 * (k + 1)) & 0xffffffff:08x}," for k in range(i, min(i + 8, 39))))
    print("};")

print("\n#endif")
