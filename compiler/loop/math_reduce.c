/* reduce: an angle to a quarter turn.
**
** x = n pi/2 + r with |r| <= pi/4.  With pi/2 in three parts this is right as long as n has few bits; the first product is
** then exact.  Further out (and there only; a branch that is hardly ever taken) x is multiplied by as many bits of 2/pi as
** matter: a function for one number at a time, in whole numbers, so that nothing is lost however large x is. */
#include "loop/math.h"
#include "loop/math_tables.h"

#include <string.h>

static LValue *int_op(LBuilder *b, Op op, LValue *x, int64_t y) {
    return loop_binary(b, op, x, loop_int(b, x->type, y));
}
static LValue *low_half(LBuilder *b, LValue *x) { return int_op(b, OP_and, x, 0xffffffff); }
static LValue *high_half(LBuilder *b, LValue *x) { return int_op(b, OP_shift_right_logical, x, 32); }
static LValue *times(LBuilder *b, LValue *x, LValue *y) { return loop_binary(b, OP_mul, x, y); }
static LValue *plus(LBuilder *b, LValue *x, LValue *y) { return loop_binary(b, OP_add, x, y); }

/* The six digits of 32 bits of 2/pi that decide x mod 4, x = mantissa 2^p, after it: what comes before makes whole turns.
** Bit i of 2/pi weighs 2^-i; the first that matters is number p - 1. */
static void digits_for(LBuilder *b, LValue *p, LValue *digit[6]) {
    enum { ZEROS = 2 }; /* words before the point */
    static uint32_t words[ZEROS + COUNT(two_over_pi)];
    uint32_t all[COUNT(words)] = { 0 };
    memcpy(all + ZEROS, two_over_pi, sizeof two_over_pi);
    LValue *table = loop_data(b, arena_copy(b->module->arena, all, sizeof all), (int64_t)sizeof all, 4);
    LValue *place = int_op(b, OP_add, p, 32 * ZEROS - 2);
    LValue *word = int_op(b, OP_shift_right_logical, place, 5), *shift = int_op(b, OP_and, place, 31);
    LValue *w[7];
    for (int i = 0; i < 7; i++) {
        LValue *at = loop_convert(b, int_op(b, OP_add, word, i), DT_i64);
        w[i] = loop_convert(b, loop_load(b, loop_type(DT_u32, 1), table, at, 1, NULL), DT_u64);
    }
    for (int i = 0; i < 6; i++) {
        LValue *pair = loop_binary(b, OP_or, int_op(b, OP_shift_left, w[i], 32), w[i + 1]);
        digit[i] = high_half(b, loop_binary(b, OP_shift_left, pair, shift));
    }
}

/* mantissa * digits mod 2^192; digit 0 is the highest. */
static void multiply(LBuilder *b, LValue *mantissa, LValue *digit[6], LValue *product[6]) {
    LValue *low = low_half(b, mantissa), *high = high_half(b, mantissa);
    LValue *carry_low = NULL, *carry_high = NULL;
    for (int k = 5; k >= 0; k--) {
        LValue *t = times(b, low, digit[k]);
        if (carry_low) t = plus(b, t, carry_low);
        carry_low = high_half(b, t);
        LValue *u = low_half(b, t);
        if (k < 5) u = plus(b, u, times(b, high, digit[k + 1]));
        if (carry_high) u = plus(b, u, carry_high);
        carry_high = high_half(b, u);
        product[k] = low_half(b, u);
    }
}

/* The body: x (f64, finite, large) to r and the quadrant. */
static Angle large_angle(LBuilder *b, LValue *x) {
    Math m = math_of(b, x->type);
    LValue *bits = loop_bitcast(b, absolute(&m, x), DT_u64);
    LValue *p = int_op(b, OP_sub, int_op(b, OP_shift_right_logical, bits, 52), 1075);
    LValue *mantissa = int_op(b, OP_or, int_op(b, OP_and, bits, ((int64_t)1 << 52) - 1), (int64_t)1 << 52);
    LValue *digit[6], *t[6];
    digits_for(b, p, digit);
    multiply(b, mantissa, digit, t);
    /* t[0] holds two bits of whole quarters, then the fraction; rounding them to the nearest leaves a signed rest */
    LValue *quadrant = int_op(b, OP_shift_right_logical, int_op(b, OP_add, t[0], 1 << 29), 30);
    LValue *rest = loop_bitcast(b, loop_binary(b, OP_sub, t[0], int_op(b, OP_shift_left, quadrant, 30)), DT_i64);
    LValue *part[4];
    for (int i = 0; i < 4; i++) {
        LValue *whole = i == 0 ? rest : loop_bitcast(b, t[i], DT_i64);
        part[i] = mul_num(&m, loop_convert(b, whole, DT_f64), ldexp(1, -30 - 32 * i));
    }
    Double s = exact_sum(&m, part[0], part[1]), u = exact_sum(&m, s.hi, part[2]);
    s = ordered_sum(&m, u.hi, add(&m, add(&m, s.lo, u.lo), part[3]));
    Double r = exact_product(&m, s.hi, num(&m, half_pi_f64[0]));
    LValue *low = add(&m, mul_num(&m, s.lo, half_pi_f64[0]), mul_num(&m, s.hi, half_pi_f64[1]));
    Double sum = ordered_sum(&m, r.hi, add(&m, r.lo, low));
    LValue *negative = below(&m, x, 0);
    LValue *turned = loop_binary(b, OP_sub, loop_int(b, quadrant->type, 0), quadrant);
    return (Angle){ pick(&m, negative, neg(&m, sum.hi), sum.hi), pick(&m, negative, sum.lo, neg(&m, sum.lo)),
                    loop_bitcast(b, pick(&m, negative, turned, quadrant), DT_i64) };
}

/* `int f(x, r, less, quadrant, n)` for n numbers; those that are small or not finite are left alone. */
static LFunc *large_angles(LModule *module, double limit) {
    static const char name[] = "large_angles";
    const char *full = arena_text(module->arena, "%s_%s", name, limit < 1e6 ? "f32" : "f64");
    for (LFunc *f = module->first; f; f = f->next)
        if (!strcmp(f->name, full)) return f;
    LFunc *f = loop_func_new(module, full);
    f->is_inner = true;
    LBuilder b = loop_builder(module, f);
    LValue *x = loop_param(&b, loop_ptr_type()), *r = loop_param(&b, loop_ptr_type());
    LValue *less = loop_param(&b, loop_ptr_type()), *q = loop_param(&b, loop_ptr_type());
    LValue *n = loop_param(&b, loop_type(DT_i64, 1));
    LLoop l = loop_for(&b, loop_i64(&b, 0), n, 1, 0, NULL);
    LType t = loop_type(DT_f64, 1);
    LValue *one = loop_load(&b, t, x, l.i, 1, NULL);
    Math m = math_of(&b, t);
    LValue *size = absolute(&m, one);
    LLoop c = loop_if(&b, both(&m, above(&m, size, limit), below(&m, size, INFINITY)));
    Angle a = large_angle(&b, one);
    loop_store(&b, a.r, r, l.i, 1, NULL);
    loop_store(&b, a.less, less, l.i, 1, NULL);
    loop_store(&b, a.quadrant, q, l.i, 1, NULL);
    loop_end_then(&b, &c);
    loop_end(&b, &l, NULL);
    return f;
}

/* Lanes through memory to that function and back. */
static Angle far_out(const Math *m, LValue *x, Angle near, double limit) {
    LBuilder *b = m->b;
    int lanes = m->type.lanes;
    LValue *place[4], *zero = loop_i64(b, 0);
    for (int i = 0; i < COUNT(place); i++) place[i] = loop_stack(b, 8 * lanes, 64);
    loop_store(b, loop_convert(b, x, DT_f64), place[0], zero, 1, NULL);
    loop_store(b, loop_convert(b, near.r, DT_f64), place[1], zero, 1, NULL);
    loop_store(b, loop_convert(b, near.less, DT_f64), place[2], zero, 1, NULL);
    loop_store(b, loop_convert(b, near.quadrant, DT_i64), place[3], zero, 1, NULL);
    LValue *args[] = { place[0], place[1], place[2], place[3], loop_i64(b, lanes) };
    loop_call(b, large_angles(b->module, limit), args, 5);
    LValue *r = loop_load(b, loop_type(DT_f64, lanes), place[1], zero, 1, NULL);
    LValue *low = loop_load(b, loop_type(DT_f64, lanes), place[2], zero, 1, NULL);
    LValue *q = loop_convert(b, loop_load(b, loop_type(DT_i64, lanes), place[3], zero, 1, NULL), (DType)m->bits.dtype);
    if (m->wide) return (Angle){ r, low, q };
    LValue *narrow = loop_convert(b, r, DT_f32);
    LValue *lost = loop_binary(b, OP_sub, loop_convert(b, narrow, DT_f64), r);
    return (Angle){ narrow, loop_convert(b, lost, DT_f32), q };
}

Angle math_reduce(const Math *m, LValue *x) {
    const double *half_pi = m->wide ? half_pi_f64 : half_pi_f32, limit = m->wide ? 0x1p29 : 0x1p16;
    LValue *shifted = mul_add(m, x, num(m, 0x1.45f306dc9c883p-1), num(m, m->magic)),
           *n = add_num(m, shifted, -m->magic);
    /* x - n half_pi[0] is exact, and so is what follows in two parts: the first is a multiple of the second's last place */
    LValue *first = less_product(m, x, n, half_pi[0]);
    Double second = exact_product(m, n, num(m, half_pi[1])), r = ordered_sum(m, first, neg(m, second.hi));
    LValue *less = sub(m, second.lo, r.lo);
    less = m->fused ? mul_add(m, n, num(m, half_pi[2]), less) : add(m, mul_num(m, n, half_pi[2]), less);
    Angle near = { r.hi, less, as_bits(m, shifted) };
    LValue *large = above(m, absolute(m, x), limit);
    LLoop c = loop_if(m->b, loop_any(m->b, large));
    Angle far = far_out(m, x, near, limit);
    /* lanes that were left alone come back as they went, but for f32's low part */
    LValue *then[] = { far.r, pick(m, large, far.less, near.less), far.quadrant };
    LValue *otherwise[] = { near.r, near.less, near.quadrant };
    loop_else(m->b, &c, 3, then);
    loop_end_if(m->b, &c, 3, otherwise);
    return (Angle){ c.carry[0], c.carry[1], c.carry[2] };
}
