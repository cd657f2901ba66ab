match x:
    case 1: pass
    case -1 | 2.5 | -3j | 1+2j | 1.5 - 2j: pass
    case "a" "b" | b"c": pass
    case None | True | False: pass
    case _: pass
match x, y:
    case a, b: pass
    case a, *rest: pass
    case *_, last: pass
    case (a, b) | [a, b]: pass
    case []: pass
    case (): pass
    case (a,): pass
    case (a): pass
    case [a, [b, *c], (d, e)]: pass
match *a, b:
    case {}: pass
    case {"k": v, 1: w, A.b: z, None: n, **rest}: pass
    case {-1: x}: pass
match x.y:
    case Point(): pass
    case Point(1, y, z=3, w=Point(x=0),): pass
    case a.b.Point(x): pass
    case a.b: pass
    case (1 | 2) as n if n > 1: pass
    case Point(x=0) as p: pass
    case x if (y := x): pass
match (x):
    case y: pass
match [a, b]:
    case y:
        pass
match -x:
    case y: pass
match not x:
    case y: pass
