match = 1
match.a = 2
match[0] = 3
match(x)
match (x, y)
match * 2
match - 2
match in x
match, case = 1, 2
case = 3
case(x)
match: int = 1
_ = match
match is None
print(match)
def match(case): return case
match if x else y
match[a:b]
match(a)[b].c
_(1)
