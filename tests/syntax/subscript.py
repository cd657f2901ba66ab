x[1]; x[1, 2]; x[1,]; x[:]; x[1:]; x[:1]; x[::2]; x[1:2:3]; x[1:-1, None, ::2]
x[...]; x[..., 0]; x[a][b]; x[a := 1]; x[*a]; x[*a, 1]; x[1:2, *a]
x[lambda: 1]; x[a if b else c:d]; x.at[i].set(v)
