/* emit: loops built by hand, compiled, loaded and called. */
#include "emit/emit.h"
#include "jxl/runtime.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Every function is `int f(jxl_call *, const void *x, void *y, int64_t n)`. */
typedef int (*Compiled)(jxl_call *, const void *, void *, int64_t);

typedef struct {
    Compiler *cx;
    LModule *module;
    LFunc *func;
    LBuilder b;
    LValue *x, *y, *n;
    void *library;
    jxl_call call;
} Made;

static Made begin(const char *march, int level) {
    Made m = { .cx = compiler_new() };
    m.cx->options.march = march;
    m.cx->options.opt_level = level;
    m.cx->options.shared = true;
    m.module = loop_module_new(m.cx, emit_target(m.cx));
    m.func = loop_func_new(m.module, "f");
    m.func->symbol = "f";
    m.b = loop_builder(m.module, m.func);
    m.x = loop_param(&m.b, loop_ptr_type());
    m.y = loop_param(&m.b, loop_ptr_type());
    m.n = loop_param(&m.b, loop_type(DT_i64, 1));
    return m;
}

static Compiled finish(Made *m) {
    loop_verify(m->module);
    const char *dir = work_directory(m->cx);
    const char *object = arena_text(m->cx->arena, "%s/f.o", dir), *library = arena_text(m->cx->arena, "%s/f.so", dir);
    cr_assert(emit_module(&m->module, 1, EMIT_OBJECT, object));
    cr_assert(emit_link(m->cx, &(Link){ &object, 1, library, true }));
    m->library = dlopen(library, RTLD_NOW);
    cr_assert(m->library, "%s", dlerror());
    work_directory_remove(dir);
    Compiled f;
    *(void **)&f = dlsym(m->library, "f");
    cr_assert(f);
    jxl_call_init(&m->call);
    return f;
}

static void end(Made *m) {
    jxl_call_free(&m->call);
    dlclose(m->library);
    loop_module_free(m->module);
    compiler_free(m->cx);
}

static const char *const targets[] = { "native", "x86-64-v2", "x86-64-v3" };

/* y = 2 x + 1 in vectors, the rest under a mask. */
static LValue *twice_and_one(LBuilder *b, LValue *x) {
    LType t = x->type;
    return loop_add(b, loop_mul(b, x, loop_real(b, t, 2)), loop_real(b, t, 1));
}

Test(emit, vectors_with_a_masked_rest) {
    for (int i = 0; i < COUNT(targets); i++) {
        Made m = begin(targets[i], 2);
        int lanes = m.module->target->vector_bytes / 4;
        LType v = loop_type(DT_f32, lanes);
        LValue *whole = loop_mul(&m.b, loop_binary(&m.b, OP_div, m.n, loop_i64(&m.b, lanes)), loop_i64(&m.b, lanes));
        LLoop l = loop_for(&m.b, loop_i64(&m.b, 0), whole, lanes, 0, NULL);
        loop_store(&m.b, twice_and_one(&m.b, loop_load(&m.b, v, m.x, l.i, 1, NULL)), m.y, l.i, 1, NULL);
        loop_end(&m.b, &l, NULL);
        LValue *mask = loop_lanes_below(&m.b, loop_sub(&m.b, m.n, whole), lanes);
        loop_store(&m.b, twice_and_one(&m.b, loop_load(&m.b, v, m.x, whole, 1, mask)), m.y, whole, 1, mask);
        Compiled f = finish(&m);
        float x[100], y[101];
        for (int n = 0; n <= 100; n++) {
            for (int k = 0; k < 100; k++) x[k] = (float)k, y[k] = -1;
            y[n] = -7;
            cr_assert(f(&m.call, x, y, n) == 0);
            for (int k = 0; k < n; k++) cr_assert(y[k] == 2 * x[k] + 1);
            cr_assert(y[n] == -7);
        }
        end(&m);
    }
}

Test(emit, carried_values_branches_and_whiles) {
    Made m = begin(NULL, 2);
    /* counts Collatz steps of x[0], then adds the odd numbers below n */
    LValue *zero = loop_i64(&m.b, 0), *one = loop_i64(&m.b, 1), *two = loop_i64(&m.b, 2), *three = loop_i64(&m.b, 3);
    LValue *init[] = { loop_load(&m.b, loop_type(DT_i64, 1), m.x, zero, 1, NULL), zero };
    LLoop w = loop_while(&m.b, 2, init);
    loop_while_body(&m.b, &w, loop_binary(&m.b, OP_ne, w.carry[0], one));
    LValue *odd = loop_binary(&m.b, OP_eq, loop_binary(&m.b, OP_rem, w.carry[0], two), one);
    LLoop c = loop_if(&m.b, odd);
    LValue *up = loop_add(&m.b, loop_mul(&m.b, w.carry[0], three), one);
    loop_else(&m.b, &c, 1, &up);
    LValue *down = loop_binary(&m.b, OP_div, w.carry[0], two);
    loop_end_if(&m.b, &c, 1, &down);
    LValue *next[] = { c.carry[0], loop_add(&m.b, w.carry[1], one) };
    loop_end(&m.b, &w, next);
    LLoop l = loop_for(&m.b, one, m.n, 2, 1, &zero);
    LValue *sum = loop_add(&m.b, l.carry[0], l.i);
    loop_end(&m.b, &l, &sum);
    loop_store(&m.b, w.carry[1], m.y, zero, 1, NULL);
    loop_store(&m.b, l.carry[0], m.y, one, 1, NULL);
    Compiled f = finish(&m);
    int64_t x = 27, y[2];
    cr_assert(f(&m.call, &x, y, 10) == 0);
    cr_assert(y[0] == 111 && y[1] == 1 + 3 + 5 + 7 + 9);
    cr_assert(f(&m.call, &x, y, 0) == 0);
    cr_assert(y[1] == 0);
    end(&m);
}

Test(emit, parallel_pieces_read_what_is_around_them) {
    Made m = begin(NULL, 2);
    LValue *base = loop_load(&m.b, loop_type(DT_f64, 1), m.x, loop_i64(&m.b, 0), 1, NULL);
    LValue *flag = loop_binary(&m.b, OP_gt, base, loop_real(&m.b, base->type, 0));
    LLoop p = loop_parallel(&m.b, m.n, loop_i64(&m.b, 16));
    LLoop l = loop_for(&m.b, p.i, p.hi, 1, 0, NULL);
    LValue *i = loop_convert(&m.b, l.i, DT_f64);
    loop_store(&m.b, loop_select(&m.b, flag, loop_add(&m.b, base, i), i), m.y, l.i, 1, NULL);
    loop_end(&m.b, &l, NULL);
    loop_end(&m.b, &p, NULL);
    Compiled f = finish(&m);
    double x = 0.5, y[1000];
    cr_assert(f(&m.call, &x, y, 1000) == 0);
    for (int k = 0; k < 1000; k++) cr_assert(y[k] == k + 0.5);
    end(&m);
}

Test(emit, a_failure_leaves_the_function) {
    Made m = begin(NULL, 2);
    LFunc *checked = loop_func_new(m.module, "checked");
    LBuilder b = loop_builder(m.module, checked);
    LValue *n = loop_param(&b, loop_type(DT_i64, 1));
    LLoop c = loop_if(&b, loop_binary(&b, OP_lt, n, loop_i64(&b, 0)));
    LValue *args[] = { loop_text(&b, "too small"), loop_const_bits(&b, loop_type(DT_i32, 1), 0),
                       loop_const_bits(&b, loop_ptr_type(), 0) };
    loop_runtime(&b, RUNTIME_fail, args, 3);
    loop_end_then(&b, &c);
    loop_call(&m.b, checked, &m.n, 1);
    loop_store(&m.b, m.n, m.y, loop_i64(&m.b, 0), 1, NULL);
    Compiled f = finish(&m);
    int64_t y = 5;
    cr_assert(f(&m.call, NULL, &y, 3) == 0 && y == 3);
    cr_assert(f(&m.call, NULL, &y, -3) == 1 && y == 3);
    cr_assert_str_eq(jxl_message(&m.call), "too small");
    end(&m);
}

/* Every f16 and bf16 to f32 and back, and every rounding of f64 that lies between two of them. */
static void half_round_trip(const char *march, DType half) {
    Made m = begin(march, 2);
    LType v = loop_type(half, 8);
    LLoop l = loop_for(&m.b, loop_i64(&m.b, 0), m.n, 8, 0, NULL);
    LValue *x = loop_load(&m.b, v, m.x, l.i, 1, NULL);
    LValue *wide = loop_convert(&m.b, loop_convert(&m.b, x, DT_f32), DT_f64);
    LValue *near = loop_mul(&m.b, wide, loop_real(&m.b, wide->type, 1 + ldexp(1, -40)));
    loop_store(&m.b, loop_convert(&m.b, near, half), m.y, l.i, 1, NULL);
    loop_end(&m.b, &l, NULL);
    Compiled f = finish(&m);
    static uint16_t in[65536], out[65536];
    for (int i = 0; i < 65536; i++) in[i] = (uint16_t)i;
    cr_assert(f(&m.call, in, out, 65536) == 0);
    for (int i = 0; i < 65536; i++) {
        int magnitude = i & 0x7fff, infinite = half == DT_f16 ? 0x7c00 : 0x7f80;
        if (magnitude > infinite)
            cr_assert((out[i] & 0x7fff) > infinite, "nan %04x gives %04x", i, out[i]);
        else
            cr_assert(out[i] == in[i], "%04x gives %04x on %s", i, out[i], march);
    }
    end(&m);
}

Test(emit, small_floats_round_once) {
    for (int i = 0; i < COUNT(targets); i++) {
        half_round_trip(targets[i], DT_f16);
        half_round_trip(targets[i], DT_bf16);
    }
}

Test(emit, ties_and_ranges_of_conversions) {
    for (int i = 0; i < COUNT(targets); i++) {
        Made m = begin(targets[i], 2);
        LValue *zero = loop_i64(&m.b, 0);
        LValue *x = loop_load(&m.b, loop_type(DT_f64, 4), m.x, zero, 1, NULL);
        loop_store(&m.b, loop_convert(&m.b, x, DT_i32), m.y, zero, 1, NULL);
        loop_store(&m.b, loop_convert(&m.b, x, DT_u8), loop_at(&m.b, m.y, loop_i64(&m.b, 16), 1), zero, 1, NULL);
        loop_store(&m.b, loop_unary(&m.b, OP_round, x), loop_at(&m.b, m.y, loop_i64(&m.b, 24), 1), zero, 1, NULL);
        loop_store(&m.b, loop_convert(&m.b, x, DT_bool), loop_at(&m.b, m.y, loop_i64(&m.b, 20), 1), zero, 1, NULL);
        Compiled f = finish(&m);
        struct {
            int32_t i[4];
            uint8_t u[4];
            bool b[4];
            double r[4];
        } y;
        double in[] = { -1e300, NAN, 2.5, 300.99 };
        cr_assert(f(&m.call, in, &y, 0) == 0);
        cr_assert(y.i[0] == INT32_MIN && y.i[1] == 0 && y.i[2] == 2 && y.i[3] == 300);
        cr_assert(y.u[0] == 0 && y.u[1] == 0 && y.u[2] == 2 && y.u[3] == 255);
        cr_assert(y.b[0] && y.b[1] && y.b[2] && y.b[3]);
        cr_assert(y.r[2] == 2 && y.r[3] == 301 && isnan(y.r[1]));
        end(&m);
    }
}

Test(emit, strides_gathers_and_scatters) {
    for (int i = 0; i < COUNT(targets); i++) {
        Made m = begin(targets[i], 2);
        LValue *zero = loop_i64(&m.b, 0), *seven = loop_i64(&m.b, 7);
        LType v = loop_type(DT_i32, 8);
        LValue *backwards = loop_load(&m.b, v, m.x, seven, -1, NULL);
        LValue *same = loop_load(&m.b, v, m.x, loop_i64(&m.b, 3), 0, NULL);
        LValue *third = loop_load(&m.b, v, m.x, zero, 3, loop_lanes_below(&m.b, loop_i64(&m.b, 5), 8));
        LValue *sum = loop_add(&m.b, loop_add(&m.b, backwards, same), third);
        LValue *at = loop_mul(&m.b, loop_iota(&m.b, loop_type(DT_i64, 8)), loop_splat(&m.b, loop_i64(&m.b, 2), 8));
        loop_scatter(&m.b, sum, m.y, at, NULL);
        Compiled f = finish(&m);
        int32_t x[24], y[16] = { 0 };
        for (int k = 0; k < 24; k++) x[k] = 100 * k;
        cr_assert(f(&m.call, x, y, 0) == 0);
        for (int k = 0; k < 8; k++)
            cr_assert(y[2 * k] == x[7 - k] + x[3] + (k < 5 ? x[3 * k] : 0) && y[2 * k + 1] == 0);
        end(&m);
    }
}

Test(emit, every_level_and_debug_information) {
    for (int level = 0; level <= 3; level++) {
        Made m = begin(NULL, level);
        m.cx->options.debug_info = true;
        LValue *x = loop_load(&m.b, loop_type(DT_f64, 4), m.x, loop_i64(&m.b, 0), 1, NULL);
        loop_store(&m.b, loop_binary(&m.b, OP_max, x, loop_real(&m.b, x->type, 0)), m.y, loop_i64(&m.b, 0), 1, NULL);
        Compiled f = finish(&m);
        double in[] = { -1, NAN, 2, -0.0 }, y[4];
        cr_assert(f(&m.call, in, y, 0) == 0);
        cr_assert(y[0] == 0 && isnan(y[1]) && y[2] == 2 && y[3] == 0);
        end(&m);
    }
}

Test(emit, targets_are_told_from_features) {
    static const struct {
        const char *name;
        int bytes, registers;
        bool fma;
    } rows[] = { { "x86-64-v2", 16, 16, false }, { "haswell", 32, 16, true }, { "x86-64-v4", 64, 32, true } };
    for (int i = 0; i < COUNT(rows); i++) {
        Compiler *cx = compiler_new();
        cx->options.march = rows[i].name;
        const Target *t = emit_target(cx);
        cr_assert(t->vector_bytes == rows[i].bytes && t->vector_registers == rows[i].registers &&
                  t->fma == rows[i].fma);
        compiler_free(cx);
    }
    Compiler *cx = compiler_new();
    cx->options.march = "haswel";
    cr_assert(!emit_target(cx) && diag_errors(cx) == 1);
    compiler_free(cx);
}
