/* axes: the axes that vmap and pmap name, and the collectives over them. */
#include "elaborate/primitives.h"

#include <string.h>

static const Axis *axis_named(const Elab *e, const char *name) {
    const Axis *a = e->axes;
    while (a && strcmp(a->name, name)) a = a->outer;
    return a;
}

const Axis *axis_enter(Elab *e, Py name, const Dim *size, bool shards, Span span) {
    const char *text;
    Axis *a = NEW(e->cx->arena, Axis);
    if (!py_static_text(name, &text)) {
        fail(e, span, "axis_name is a string, not %s", py_describe(e, name));
        return NULL;
    }
    *a = (Axis){ .outer = e->axes, .name = name_of(e->cx, text), .size = size, .shards = shards };
    int inside = 0;
    for (const Axis *o = e->axes; o; o = o->outer) inside += !strcmp(o->name, text);
    a->unique = inside ? name_of(e->cx, arena_text(e->arena, "%s (%d)", text, inside + 1)) : a->name;
    e->axes = a;
    return a;
}

bool axes_alike(const Axis *a, const Axis *b) {
    for (; a && b && a != b; a = a->outer, b = b->outer)
        if (a->name != b->name || a->size != b->size || a->shards != b->shards) return false;
    return a == b;
}

/* The axis of that name, or an error that says which there are. */
static const Axis *axis_of(Elab *e, Py name, Span span) {
    const char *text;
    if (!py_static_text(name, &text)) {
        fail(e, span, "the name of an axis is a string, not %s", py_describe(e, name));
        return NULL;
    }
    const Axis *a = axis_named(e, text);
    if (a) return a;
    bool any = false;
    for (a = e->axes; a; a = a->outer) any |= *a->name != '<';
    if (!any) {
        fail(e, span, "no vmap or pmap around it names an axis '%s'; write axis_name='%s' there", text, text);
        return NULL;
    }
    Text t = text_new(e->arena);
    int n = 0;
    for (a = e->axes; a; a = a->outer)
        if (*a->name != '<') text_add(&t, "%s'%s'", n++ ? ", " : "", a->name); /* others have no name */
    fail(e, span, "there is no axis '%s' here; %s %s", text, n == 1 ? "the only axis is" : "the axes are", t.at);
    return NULL;
}

Py native_primitives_collective(Elab *e, Call *c) {
    const char *text;
    Op op = OP_psum;
    if (!py_static_text(c->arg[0], &text) || !op_from_name(text, &op) || op_class(op) != CLASS_COLLECTIVE)
        return fail(e, c->span, "%s is no collective", py_describe(e, c->arg[0]));
    const Axis *axis = axis_of(e, c->arg[2], c->span);
    if (!axis) return e->error;
    Attrs attrs = no_attrs;
    attrs.name = axis->unique;
    if (op == OP_all_gather) attrs.dim = axis->size;
    if (op == OP_axis_index) return py_array(e, emit(e->b, op, NULL, 0, &attrs), FLAVOUR_JAX, false);
    Py x = to_array(e, c->arg[1], FLAVOUR_JAX, c->span);
    if (x->kind == PY_ERROR) return x;
    Value *v[2] = { array_value(e, x) };
    const Type *type = v[0]->type;
    if (op == OP_psum_scatter || op == OP_all_to_all) {
        if (!type->rank || dim_never_equal(e->cx, type->dim[0], axis->size))
            return fail(e, c->span, "over '%s' it needs an axis of size %s to scatter, and x is %s", axis->name,
                        dim_text(e->cx, axis->size), type_text(e->cx, type));
        v[0] = ir_retype(e->b, v[0], type_with_lead(e->cx, type_without_lead(e->cx, type), axis->size),
                         "the axis that is scattered");
    }
    if (op == OP_ppermute) {
        Py from = to_array(e, c->arg[3], FLAVOUR_JAX, c->span);
        if (from->kind == PY_ERROR) return from;
        v[1] = ir_convert(e->b, array_value(e, from), DT_i32);
        v[1] = ir_retype(e->b, v[1], type_of(e->cx, DT_i32, 1, &axis->size), "the pairs of ppermute");
    }
    const char *wrong = emit_check(e->b, op, v, op_nargs(op), &attrs);
    if (wrong) return fail(e, c->span, "%s", wrong);
    return array_with(e, emit(e->b, op, v, op_nargs(op), &attrs), x);
}

/* "device_count" and its kin, as a size: one and the same wherever the program asks for it. */
Py native_primitives_world_info(Elab *e, Call *c) {
    static const char *const names[] = { "device_count", "local_device_count", "process_count" };
    const char *name;
    int which = 0;
    if (!py_static_text(c->arg[0], &name)) return fail(e, c->span, "not a fact of the world");
    while (which < COUNT(names) - 1 && strcmp(names[which], name)) which++;
    if (e->devices[which]) return py_size(e, e->devices[which]);
    Attrs attrs = no_attrs;
    attrs.name = name_of(e->cx, names[which]);
    const Dim *d = bind_size(e, emit(e->b, OP_world_info, NULL, 0, &attrs), "devices", c->span);
    if (!d) return e->error;
    bool everywhere = !e->tracing->outer && e->b->block == e->tracing->func->body && !e->attempt && !e->branches;
    if (everywhere) e->devices[which] = d; /* it is bound before all that follows */
    return py_size(e, d);
}

Py native_primitives_axis_size(Elab *e, Call *c) {
    const Axis *axis = axis_of(e, c->arg[0], c->span);
    return axis ? py_size(e, axis->size) : e->error;
}
