print("0.25 0.0 0.0")
print("0.0")
