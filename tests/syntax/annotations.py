x: f32[n, 64] = jnp.load("x.npy")
def main(x: f32[n, 784], epochs: int = 10, lr: float = 0.1): pass
def f(x: Optional["f32[n]"], y: "np.ndarray" = None) -> "tuple[f32, i32]": pass
z: "f32[2*n + 1]"
w: "list of numbers"
class P(NamedTuple):
    w: f32[784, 10]
    b: "f32[10]"
