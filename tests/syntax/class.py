class A: pass
class B(): x = 1
class C(A, B, metaclass=M, **kw):
    x: int
    y: f32[n] = 0.5

    def m(self):
        return self.x

    class D(NamedTuple):
        z: int
class E(*bases): """doc"""
