/* reduce: an angle to a quarter of a turn, or a half.
**
** x = n pi/2 + r with |r| <= pi/4, or n pi + r with |r| <= pi/2.  With pi/2 in three parts this is right as long as n has few bits; the first product is
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
    loop_store(&b, a.turns, q, l.i, 1, NULL);
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
    loop_store(b, loop_convert(b, near.turns, DT_i64), place[3], zero, 1, NULL);
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

/* x - n part, n what `turns` is as a number.  x less n times its first part is exact, but for a small x and half a turn (`lost` is
** what that loses), and so is what follows: n times the second part is, in f64, whose bits are few, or in two numbers, and x less
** the first is a multiple of its last place. */
static Angle near_angle(const Math *m, LValue *x, LValue *n, LValue *turns, double scale, bool halves) {
    const double *half_pi = m->wide ? half_pi_f64 : half_pi_f32;
    LValue *part[3];
    for (int i = 0; i < COUNT(part); i++) part[i] = num(m, half_pi[i] * scale);
    LValue *first = less_product(m, x, n, half_pi[0] * scale);
    LValue *r, *less;
    if (m->wide && m->fused) {
        r = mul_add(m, n, neg(m, part[1]), first);
        less = mul_add(m, n, part[1], sub(m, r, first));
    } else {
        Double second = exact_product(m, n, part[1]);
        r = sub(m, first, second.hi);
        less = add(m, sub(m, second.hi, sub(m, first, r)), second.lo);
    }
    if (halves) {
        LValue *lost = sub(m, product_plus(m, n, part[0], first), x);
        less = add(m, less, m->fused ? lost : pick(m, below(m, absolute(m, x), 1), lost, num(m, 0)));
    }
    return (Angle){ r, mul_add(m, n, part[2], less), turns };
}

/* From quarters to halves of a turn: from every other one it is a quarter to the next. */
static Angle halved(const Math *m, Angle a) {
    LBuilder *b = m->b;
    LValue *odd = loop_binary(b, OP_ne, loop_binary(b, OP_and, a.turns, bits_num(m, 1)), bits_num(m, 0));
    LValue *back = below(m, a.r, 0), *zero = num(m, 0), *none = bits_num(m, 0);
    const double *half_pi = m->wide ? half_pi_f64 : half_pi_f32;
    LValue *high = pick(m, back, num(m, half_pi[0]), num(m, -half_pi[0]));
    LValue *low = pick(m, back, num(m, half_pi[1]), num(m, -half_pi[1]));
    Double sum = exact_sum(m, pick(m, odd, high, zero), a.r);
    LValue *less = sub(m, a.less, add(m, sum.lo, pick(m, odd, low, zero)));
    Double r = ordered_sum(m, sum.hi, neg(m, less));
    LValue *turns = add(m, a.turns, pick(m, odd, pick(m, back, bits_num(m, -1), bits_num(m, 1)), none));
    return (Angle){ r.hi, neg(m, r.lo), loop_binary(b, OP_shift_right_arithmetic, turns, bits_num(m, 1)) };
}

static Angle reduced(const Math *m, LValue *x, Angle near, bool halves, int quarters) {
    double limit = m->wide ? 0x1p27 : 0x1p16;
    LValue *large = loop_binary(m->b, OP_gt, as_bits(m, absolute(m, x)), as_bits(m, num(m, limit))); /* or nan */
    LLoop c = loop_if_rare(m->b, loop_any(m->b, large));
    Angle far = far_out(m, x, near, limit);
    if (quarters) far.turns = loop_binary(m->b, OP_add, far.turns, bits_num(m, quarters));
    if (halves) far = halved(m, far);
    LValue *then[] = { pick(m, large, far.r, near.r), pick(m, large, far.less, near.less),
                       pick(m, large, far.turns, near.turns) };
    LValue *otherwise[] = { near.r, near.less, near.turns };
    loop_else(m->b, &c, 3, then);
    loop_end_if(m->b, &c, 3, otherwise);
    return (Angle){ c.carry[0], c.carry[1], c.carry[2] };
}

Angle math_quarter_turns(const Math *m, LValue *x) {
    LValue *shifted = mul_add(m, x, num(m, 0x1.45f306dc9c883p-1), num(m, m->magic));
    Angle near = near_angle(m, x, add_num(m, shifted, -m->magic), as_bits(m, shifted), 1, false);
    return reduced(m, x, near, false, 0);
}

Angle math_half_turns(const Math *m, LValue *x, bool cosine) {
    LValue *per_pi = num(m, 0x1.45f306dc9c883p-2), *shifted, *n;
    if (cosine)
        shifted = add_num(m, mul_add(m, x, per_pi, num(m, 0.5)), m->magic);
    else
        shifted = mul_add(m, x, per_pi, num(m, m->magic));
    n = add_num(m, shifted, -m->magic);
    if (cosine) n = add_num(m, n, -0.5);
    return reduced(m, x, near_angle(m, x, n, as_bits(m, shifted), 2, cosine), true, cosine);
}
