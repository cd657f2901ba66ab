type = 1
type(x)
_ = 2
match = case = type
case = match
