f''; f'a'; f'{x}'; F"{x!r}"; f'{x!s:>10}'; f'{x:.3f}'; f'{x=}'; f'{ x = }'; f'{x=:.2f}'; f'{x=!a}'
f'{{}}'; f'{{{x}}}'; f'a{x}b{y}c'; f'{x:{width}.{precision}}'; f'{x:{"a"}>{w}}'
f'{a["k"]}'; f"{d['k']!r:^{n}}"; f'{x if y else z}'; f'{(lambda q: q)(1)}'; f'{x != y}'; f'{x == y}'; f'{x >= 1}'
f'{a, b}'; f'{*a, b}'; f'{yield_}'; f'{[i for i in x]}'; f'{ {1: 2}[1] }'; f'{x:%H:%M}'
'a' f'{x}' 'b' f'c{y}' "d"
rf'\d{x}\n'; fr"{x}\{y}"; f'\n{x}\x41'
f"""{
    x
    + y
}"""
f'{x:\n}'; f'{"}"}'; f'{3.4:10}'; f'{x:{y}{z}}'
