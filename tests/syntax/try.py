try: a
except: b
try:
    a
except A: b
except (B, C) as e:
    d
except D.e as f: g
else:
    h
finally:
    i
try: a
finally: b
try: a
except* A as b: c
except* B: d
