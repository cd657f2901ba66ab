import beside_shapes

print("package")


def double(x):
    return 2 * x + 0 * beside_shapes.SIDES
