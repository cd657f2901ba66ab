/* common: small things that every transformation needs. */
#include "transform/walk.h"

Value **values_new(Arena *arena, int n) { return NEW_ARRAY(arena, Value *, n > 0 ? n : 1); }
bool *bools_new(Arena *arena, int n) { return NEW_ARRAY(arena, bool, n > 0 ? n : 1); }

int count_true(const bool *at, int n) {
    int count = 0;
    for (int i = 0; i < n; i++) count += at[i];
    return count;
}

const Origin *origin_made(Arena *arena, const Origin *from, const char *what) {
    if (!from) return NULL;
    Origin *o = NEW(arena, Origin);
    *o = (Origin){ .span = from->span, .what = what, .func = from->func, .inside = from->inside, .caller = from };
    return o;
}

Func *func_like(Module *m, const Func *f, const char *what) {
    Func *made = func_new(m, arena_text(m->arena, "%s.%s", what, f->name));
    made->title = arena_text(m->arena, "%s(%s)", what, f->title);
    made->sizes = f->sizes;
    made->origin = origin_made(m->cx->arena, f->origin, what);
    return made;
}

const Attrs *attrs_loop(Arena *arena, const Dim *trip, int carries, bool reversed) {
    Attrs *a = NEW(arena, Attrs);
    a->trip = trip;
    a->carries = carries;
    a->reversed = reversed;
    return a;
}

Dims sizes_of(Module *m, const Func *f) {
    const Dim **at = NEW_ARRAY(m->arena, const Dim *, f->sizes.n + 1);
    for (int i = 0; i < f->sizes.n; i++) at[i] = dim_var(m->cx, f->sizes.at[i]);
    return (Dims){ f->sizes.n, at };
}

Inst *call_with_sizes(Builder *b, Func *callee, Value *const *args, int nargs, Dims sizes, Sizes binds) {
    Attrs attrs = no_attrs;
    attrs.callee = callee;
    attrs.sizes = sizes;
    attrs.binds = binds;
    return emit_inst(b, OP_call, args, nargs, &attrs);
}
