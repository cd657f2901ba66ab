import jax
import jax.numpy as jnp


def show(name, *xs):
    print(name, *["{}".format(x) for x in xs])


def outer(x, say):
    s = 0.0
    while x < 4.0:
        y = x
        while y > 1.0:
            y = y * 0.5
            say("inner", y)
            s = s + jnp.sin(y) * x
        say("outer", x)
        x = x * 1.5
    return s + x


def told(x, say):
    y = jnp.sin(x)
    say("told", y)
    return y * y


def branch(x, n, say):
    for i in range(n):
        if i % 2 == 0:
            say("even", i, x)
            x = jnp.sin(x) * told(x, say)
        else:
            x = x + 0.5
    return x


def down(x, n, say):
    say("down", n, x)
    if n == 0: return x
    return jnp.sin(down(x * 0.5, n - 1, say)) * down(x * 2, n - 1, say)


def twice(f, *args):
    """Its text, and then its derivative."""
    f(jnp.float32(args[0]), *args[1:], show)
    return jax.value_and_grad(lambda x: f(x, *args[1:], lambda *_: None))(args[0])


print(twice(outer, 1.1)[1])
print(twice(lambda x, say: told(x, say) * x, 0.5)[1])
print(twice(branch, 0.7, 4)[1])
print(twice(down, 0.3, 2))
